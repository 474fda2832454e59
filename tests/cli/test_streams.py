"""The command as a process: streams that take nothing, or are not there, and ^C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.fleet.tools import GOREWRITE, monorepo
from tests.repositories import repository


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return repository(tmp_path, {"Dockerfile": "FROM debian:bookworm\nRUN apt-get clean\n"})


def run(top: Path, redirection: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command with what a shell makes of a redirection."""
    command = ["sh", "-c", f'exec "$@" {redirection}', "sh", *GOREWRITE, *arguments]
    return subprocess.run(command, cwd=top, capture_output=True, text=True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize(
    "arguments", [("--dry-run", "--output-format=json"), ("list",), ("--help",)]
)
def test_no_room_for_the_output(shop: Path, arguments: Sequence[str]) -> None:
    done = run(shop, "> /dev/full", *arguments)
    said = "gorewrite: the output cannot be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (2, said)


def test_closed_streams(shop: Path) -> None:
    """They are none of the files that are opened next."""
    before = (shop / "Dockerfile").read_bytes()
    assert run(shop, "<&- >&- 2>&-", "--dry-run").returncode == 0
    done = run(shop, "<&- >&-", "-")
    assert (done.returncode, done.stderr.partition(":")[0]) == (2, "gorewrite")
    assert (shop / "Dockerfile").read_bytes() == before
    assert json.loads(run(shop, "2>&-", "--check", "--output-format", "json").stdout)


def test_directory_that_is_gone(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    code = 'cd gone && rmdir ../gone && exec "$@"'
    command = ["sh", "-c", code, "sh", *GOREWRITE, "--dry-run"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    said = "gorewrite: the current directory is gone: No such file or directory\n"
    assert (done.returncode, done.stderr) == (2, said)


@pytest.mark.parametrize("arguments", [("-",), ("report", "-")])
def test_interrupted(shop: Path, arguments: Sequence[str]) -> None:
    """Nobody takes it for what `--check` found."""
    code = (
        "import sys; from gorewrite.cli import main; import gorewrite.formats.join; "
        "print(file=sys.stderr, flush=True); main()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=shop,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        process.stderr.readline()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)  # It waits for its input.
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
        assert (process.wait(), said) == (130, "\ngorewrite: interrupted\n")


def test_interrupted_while_nobody_reads(tmp_path: Path) -> None:
    """What is reported is whole, and what is written is reported."""
    top = monorepo(tmp_path, 40, 0)
    with subprocess.Popen(
        [*GOREWRITE, "--output-format=json"],
        cwd=top,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(2)  # The pipe is full.
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate()
    assert process.returncode == 130
    reported = [file["path"] for file in json.loads(said)["files"]]
    assert reported
    written = [
        path.parent.name for path in top.rglob("Dockerfile") if "AS builder" in path.read_text()
    ]
    assert sorted(reported) == sorted(f"own/{name}/Dockerfile" for name in written)

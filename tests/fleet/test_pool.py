"""Many processes: the same result as one, whatever happens to them."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from tests.fleet.tools import NAIVE, hostile, monorepo, ran, started

#: Asks for processes, however few the files are.
LIMITED = ("--jobs", "2", "--timeout-per-file", "20")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More files than are done in one process, some odd."""
    odd = {
        "own/broken/Dockerfile": "FROM golang:1.24\nENV KEY\nRUN go build\n",
        "own/binary/Dockerfile": b"\0\0".decode(),
        "own/template/Dockerfile.tmpl": "FROM golang\nRUN go build\nRUN {{ x }}\n",
        "own/python/Dockerfile": "FROM python\nCOPY . .\n",
        "docker/tool.Dockerfile": "FROM golang:1.24\nCOPY README.md /\nRUN go install a@latest\n",
    }
    return monorepo(tmp_path_factory.mktemp("repository"), 30, 30, odd)


@pytest.mark.parametrize(
    "args",
    [
        ("--dry-run",),
        ("--dry-run", "--output-format", "json"),
        ("--dry-run", "--output-format", "markdown"),
        ("--dry-run", "--review", "--verbose"),
        ("--dry-run", "cmd/c003", "own", "cmd"),
    ],
)
def test_the_same_as_in_one_process(repository: Path, args: tuple[str, ...]) -> None:
    one, two = (ran(*args, "--jobs", jobs, cwd=repository) for jobs in ("1", "2"))
    assert two.stdout == one.stdout and two.stderr == one.stderr
    assert one.stdout and two.returncode == one.returncode


def test_what_is_written_is_what_was_shown(tmp_path: Path) -> None:
    top = monorepo(tmp_path, 26, 26)
    shown = json.loads(ran("--dry-run", "--output-format", "json", cwd=top).stdout)
    done = ran("--jobs", "2", "--output-format", "json", cwd=top)
    assert json.loads(done.stdout) == shown and done.returncode == 0
    assert shown["summary"]["changed"] == 52
    assert ran("--check", "--jobs", "2", cwd=top).returncode == 0, "a second run changes something"


@pytest.mark.parametrize(
    ("comment", "why"),
    [
        ("# kill", "its planning was killed twice (SIGKILL); the file is left alone"),
        ("# exit", "its planning was killed twice (exit status 3); the file is left alone"),
        ("# memory", "its planning takes more memory than there is; the file is left alone"),
    ],
)
def test_a_crash_costs_one_file(tmp_path: Path, comment: str, why: str) -> None:
    bad = f"{comment}\n{NAIVE.format('.')}"
    top = monorepo(tmp_path / "top", 8, 4, {"own/s003/Dockerfile": bad})
    done = ran(*LIMITED, "-q", cwd=top, **hostile(tmp_path / "hostile"))
    assert done.stderr.decode() == f"gorewrite: own/s003/Dockerfile: {why}\n"
    assert done.returncode == 3
    texts = {path: path.read_text() for path in top.glob("own/*/Dockerfile")}
    unchanged = [str(path.relative_to(top)) for path, text in texts.items() if " AS " not in text]
    assert unchanged == ["own/s003/Dockerfile"]


@pytest.mark.parametrize("comment", ["# loop", "# code in C", "# sleep"])
def test_a_deadline_costs_one_file(tmp_path: Path, comment: str) -> None:
    bad = f"{comment}\n{NAIVE.format('.')}"
    top = monorepo(tmp_path / "top", 4, 0, {"own/s001/Dockerfile": bad})
    args = ("--dry-run", "--jobs", "2", "--timeout-per-file", "4")
    done = ran(*args, cwd=top, **hostile(tmp_path / "hostile"))
    said = done.stderr.decode()
    why = "its planning was killed after 4 s (--timeout-per-file); the file is left alone"
    assert f"gorewrite: own/s001/Dockerfile: {why}\n" in said
    assert said.endswith("4 Dockerfiles: 3 would change, 1 failed.\n")


def test_who_is_killed_once_is_innocent(tmp_path: Path) -> None:
    text = f"# once\n{NAIVE.format('.')}"
    top = monorepo(tmp_path / "top", 8, 0, {"own/s003/Dockerfile": text})
    env = hostile(tmp_path / "hostile")
    done = ran(*LIMITED, "--dry-run", cwd=top, **env)
    assert Path(env["ONCE"]).exists()
    assert (done.returncode, b"failed" in done.stderr) == (0, False)


def test_what_a_transform_prints_is_no_answer(tmp_path: Path) -> None:
    text = f"# print\n{NAIVE.format('.')}"
    top = monorepo(tmp_path / "top", 2, 0, {"own/s001/Dockerfile": text})
    done = ran(*LIMITED, "--dry-run", cwd=top, **hostile(tmp_path / "hostile"))
    assert (done.returncode, done.stdout.count(b"\n+++ b/own/")) == (0, 4)
    assert b"noise" in done.stderr


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_interrupted(tmp_path: Path, sent: signal.Signals, jobs: str) -> None:
    """What was done is told, and nobody goes on."""
    text = f"# sleep\n{NAIVE.format('.')}"
    top = monorepo(tmp_path / "top", 60, 0, {"own/s059/Dockerfile": text})
    env = hostile(tmp_path / "hostile")
    process = started("--output-format", "json", "--jobs", jobs, cwd=top, **env)
    assert process.stdout is not None
    begun = os.read(process.stdout.fileno(), 1000)
    time.sleep(0.5)
    process.send_signal(sent)
    at = time.monotonic()
    rest, said = process.communicate(timeout=20)
    assert time.monotonic() - at < 2
    assert process.returncode == 130
    assert b"interrupted" in said and b"Traceback" not in said
    report = json.loads(begun + rest)
    assert 0 < len(report["files"]) == report["summary"]["files"] < 60
    for file in report["files"]:
        assert " AS " in (top / file["path"]).read_text()
    assert workers_of(process.pid) == []


def test_workers_end_with_the_process_that_is_killed(tmp_path: Path) -> None:
    text = f"# loop\n{NAIVE.format('.')}"
    top = monorepo(tmp_path / "top", 3, 0, {"own/s001/Dockerfile": text})
    process = started(*LIMITED, "--dry-run", cwd=top, **hostile(tmp_path / "hostile"))
    end = time.monotonic() + 20
    while not (found := workers_of(process.pid)) and time.monotonic() < end:
        time.sleep(0.1)
    time.sleep(0.5)
    process.kill()
    process.communicate(timeout=20)
    while any(Path(f"/proc/{pid}").exists() for pid in found) and time.monotonic() < end:
        time.sleep(0.1)
    assert found and not any(Path(f"/proc/{pid}").exists() for pid in found)


def workers_of(parent: int) -> list[int]:
    """The processes that a process has started."""
    found = []
    for pid in (path.name for path in Path("/proc").iterdir() if path.name.isdecimal()):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(state[1]) == parent and state[0] != "Z":
            found.append(int(pid))
    return found

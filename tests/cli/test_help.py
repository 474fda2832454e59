"""What `--help` says, as it stands in a terminal."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from gorewrite.cli import cli
from gorewrite.cli.help import _SECTIONS

COMMANDS = cli.list_commands(click.Context(cli))


def run(*args: str, width: int = 80) -> Result:
    return CliRunner().invoke(
        cli, args, prog_name="gorewrite", terminal_width=width, max_content_width=width
    )


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_fits_80_columns(command: str) -> None:
    text = run(*command.split(), "--help").stdout
    assert text.startswith(f"Usage: {f'gorewrite {command}'.strip()} ")
    assert max(map(len, text.splitlines())) <= 80
    assert "..." not in text.partition("Commands:")[2], "no description is cut off"
    assert text == run(*command.split(), "-h").stdout


def test_every_option_is_in_one_section() -> None:
    for name in ("rewrite", "verify", "config", "explain"):
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        text = command.get_help(click.Context(command, help_option_names=["-h", "--help"]))
        for param in command.params:
            if isinstance(param, click.Option) and not param.hidden:
                name_ = max(param.opts, key=len)
                entries = [line for line in text.splitlines() if line.startswith("  -")]
                assert (
                    sum(name_ in line.split("   ")[0].replace(",", " ").split() for line in entries)
                    == 1
                ), name_
        sections = [
            line[:-1] for line in text.splitlines() if line.endswith(":") and line[0] != " "
        ]
        assert [title for title in sections if title in _SECTIONS] == [
            title for title in _SECTIONS if title in sections
        ]


def test_options_stay_in_one_piece() -> None:
    text = run("--help", width=60).stdout
    assert "--verify-option=--network=host" in text
    assert max(map(len, text.splitlines())) <= 76


def test_errors_speak_of_gorewrite_alone() -> None:
    result = run("--no-such")
    assert result.exit_code == 2
    assert "Usage: gorewrite [OPTIONS] [PATH]..." in result.stderr
    assert "Try 'gorewrite --help'" in result.stderr


@pytest.mark.parametrize(
    ("word", "meant"),
    [("verfy", "verify"), ("lsit", "list"), ("help", "--help"), ("exlpain", "explain")],
)
def test_a_slip_of_a_command_rewrites_nothing(
    word: str, meant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine\nRUN apk add git\n")
    monkeypatch.chdir(tmp_path)
    result = run(word, "Dockerfile")
    assert result.exit_code == 2
    problem = f"{word}: no such file, directory or command; did you mean {meant}?"
    assert problem in result.stderr
    assert "git" in (tmp_path / "Dockerfile").read_text().split()
    (tmp_path / word).mkdir()
    assert run("--dry-run", word).exit_code == run(word).exit_code == 0, "a directory of that name"


def test_other_words_are_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "gorewrite: services: no such file or directory" in run("services").stderr

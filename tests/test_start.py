"""What a start loads: its cost is that of its imports, so no measuring is needed to keep it low."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

RUN = """
import sys
from gorewrite.cli import cli
cli({arguments!r}, standalone_mode=False)
print(*sys.modules, file=sys.stderr)
"""
#: What only some runs need: a terminal's progress, compose files, an installation that cannot
#: be read from its directories.
RARE = {
    "rich",
    "importlib.metadata",
    "secrets",
    "gorewrite.callers.compose",
    "yaml",
}


def loaded(directory: Path, *arguments: str) -> set[str]:
    """The modules that a run has loaded at its end."""
    code = RUN.format(arguments=list(arguments))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=directory, capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


def test_version_loads_nothing_but_the_command_line(tmp_path: Path) -> None:
    modules = loaded(tmp_path, "--version")
    assert {name for name in modules if name.startswith("gorewrite")} == {
        "gorewrite",
        "gorewrite.cli",
        "gorewrite.cli.help",
        "gorewrite.cli.planning",
        "gorewrite.cli.rewrite",
        "gorewrite.cli.scale",
        "gorewrite.formats",
    }
    heavy = {"tree_sitter", "dockerfile_parse", "tomllib", "subprocess", "json"}
    assert modules.isdisjoint(RARE | heavy)


@pytest.mark.parametrize("text", ["FROM golang:1.24\nRUN go version\n", "FROM alpine\n"])
def test_small_service_loads_nothing_rare(tmp_path: Path, text: str) -> None:
    (tmp_path / "Dockerfile").write_text(text)
    assert loaded(tmp_path, "--dry-run", "-q").isdisjoint(RARE)

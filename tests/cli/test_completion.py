"""Completion, as bash asks for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from gorewrite.cli import cli
from gorewrite.engine import available

#: Presses Tab behind the words of a command line, and prints what is offered.
TAB = """
set -euo pipefail
compopt() { echo "compopt $2" >&2; }
eval "$(gorewrite completion bash)"
complete -p gorewrite >&2
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
_gorewrite_completion gorewrite
printf '%s\\n' "${COMPREPLY[@]}"
"""


SORTED = sorted(transform.name for transform in available())


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """PATH with a gorewrite that is this one."""
    directory = tmp_path_factory.mktemp("bin")
    program = directory / "gorewrite"
    program.write_text(f"#!{sys.executable}\nfrom gorewrite.cli import main\nmain()\n")
    program.chmod(0o755)
    return f"{directory}:{os.environ['PATH']}"


def tab(path: str, *words: str, cwd: Path | None = None) -> list[str]:
    done = subprocess.run(
        ["bash", "-c", TAB, "bash", "gorewrite", *words],
        env={**os.environ, "PATH": path},
        cwd=cwd,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "-F _gorewrite_completion gorewrite" in done.stderr
    files = ["FILES"] if "compopt default" in done.stderr else []
    return [*filter(None, done.stdout.split("\n")), *files]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--sel",), ["--select"]),
        (("expl",), ["explain", "FILES"]),
        (("Dockerf",), ["FILES"]),
        (("--dry-run", ""), ["FILES"]),
        (("--dry-run", "--select", "sp"), ["split-stages"]),
        (("--select", "="), SORTED),
        (("--ignore", "slim-base,sp"), ["slim-base,split-stages"]),
        (("--ignore", "split-stages,sp"), []),
        (("--runtime", "d"), ["distroless"]),
        (("verify", "--select", "hoist"), ["hoist-modules"]),
        (("verify", "--qui"), ["--quick", "--quiet"]),
        (("explain", "cgo-re"), ["cgo-required", "cgo-resolver"]),
        (("explain", "hoist"), ["hoist-modules"]),
        (("explain", "--refusal", "odd"), ["odd-path"]),
        (("config", "--get", "max"), ["max-file-size"]),
        (("config", "s"), ["FILES"]),
        (("completion", "b"), ["bash"]),
    ],
    ids=" ".join,
)
def test_tab(path: str, words: tuple[str, ...], expected: list[str]) -> None:
    found = tab(path, *words)
    assert sorted(found) == sorted(expected)


def test_the_first_word_may_be_a_command(path: str) -> None:
    found = tab(path, "")
    assert {"verify", "list", "explain", "config", "FILES"} <= set(found)
    assert "rewrite" not in found


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script_says_where_it_belongs(shell: str) -> None:
    result = CliRunner().invoke(cli, ["completion", shell], prog_name="gorewrite")
    assert result.exit_code == 0
    first, _, script = result.stdout.partition("\n")
    assert first.startswith("# ") and f"completion {shell}" in first
    assert "_GOREWRITE_COMPLETE" in script


def test_of_another_shell_nothing_is_known() -> None:
    result = CliRunner().invoke(cli, ["completion", "tcsh"], prog_name="gorewrite")
    assert result.exit_code == 2

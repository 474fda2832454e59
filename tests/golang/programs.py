"""Small Go programs for the analysis tests."""

from __future__ import annotations

import textwrap

from gorewrite.golang.analysis import ProgramNeeds, analyse
from tests.golang.trees import MemoryTree

MODULE = "module example.com/app\n\ngo 1.24\n"


def program(body: str, *imports: str, **files: str) -> ProgramNeeds:
    """Analyse a main package: statements of main, its imports, further files by path."""
    return analyse(MemoryTree({"go.mod": MODULE, "main.go": main(body, *imports), **files}), ".")


def main(body: str, *imports: str) -> str:
    """A main package. An import may carry an alias: `t html/template`."""
    specs = "".join(f"\t{spec(text)}\n" for text in imports)
    text = textwrap.indent(textwrap.dedent(body).strip(), "\t")
    return f"package main\n\nimport (\n{specs})\n\nfunc main() {{\n{text}\n}}\n"


def spec(text: str) -> str:
    alias, _, path = text.rpartition(" ")
    return f'{alias} "{path}"'.strip()


def paths(needs: ProgramNeeds) -> list[str | None]:
    """The paths that are read."""
    return [read.path for read in needs.reads]


def programs(needs: ProgramNeeds) -> list[str | None]:
    """The programs that are started."""
    return [found.program for found in needs.executes]

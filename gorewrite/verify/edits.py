"""The edits after which a build is measured again: of a source file, and of go.mod."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from gorewrite.context import Context
from gorewrite.evidence import Unknown
from gorewrite.facts import Facts
from gorewrite.golang.commands import BuildOutput
from gorewrite.golang.gomod import GoMod, find_module
from gorewrite.golang.packages import GO_FILE_LIMIT

_MAIN = re.compile(rb"^func main\(", re.MULTILINE)


class Edit(NamedTuple):
    """New content for a file of the context. path: relative to its root."""

    path: str
    data: bytes


def source_edit(facts: Facts, run: str) -> Edit | Unknown:
    """A comment at the end of the file with `func main`. run: makes the edit one of its own, so
    that no builder knows it from an earlier run."""
    context = facts.project.context
    for path in _main_files(facts):
        data = context.read(path, GO_FILE_LIMIT)
        if data is not None and _MAIN.search(data):
            return Edit(path, _with_comment(data, run))
    return Unknown("no file of a main package is in the build context")


def dependency_edit(facts: Facts, run: str) -> Edit | Unknown:
    """Two requirements in the other order, and a comment, in the go.mod of the built program."""
    context = facts.project.context
    module = _module(facts)
    data = context.read(module.path) if module is not None else None
    if module is None or data is None:
        return Unknown("no go.mod of the program is in the build context")
    lines = (data if data.endswith(b"\n") else data + b"\n").splitlines(keepends=True)
    numbers = [require.line - 1 for require in module.requires]
    for first, second in pairwise(numbers):
        if second == first + 1:
            lines[first], lines[second] = lines[second], lines[first]
            break
    return Edit(module.path, _with_comment(b"".join(lines), run))


def _with_comment(data: bytes, run: str) -> bytes:
    return data + (b"" if data.endswith(b"\n") else b"\n") + f"// gorewrite verify {run}\n".encode()


def _outputs(facts: Facts) -> Iterator[BuildOutput]:
    """What is built, the stages that the final one copies from first."""
    shipped = (*facts.final.takes_from, *facts.final.lineage)
    for stage in (*shipped, *facts.stages):
        for _, output in stage.output_paths.values():
            yield output


def _main_files(facts: Facts) -> Iterator[str]:
    context = facts.project.context
    for output in _outputs(facts):
        yield from output.files or _go_files(context, output.package_dir)
    # Built behind make or a script: the one nearest to the root.
    found = [path for path in context.walk() if path.rpartition("/")[2] == "main.go"]
    yield from sorted(found, key=lambda path: (path.count("/"), path))


def _go_files(context: Context, directory: str) -> Iterator[str]:
    for name in context.listdir(directory):
        if name.endswith(".go") and not name.endswith("_test.go"):
            yield name if directory == "." else f"{directory}/{name}"


def _module(facts: Facts) -> GoMod | None:
    context = facts.project.context
    directories = [output.package_dir for output in _outputs(facts)]
    directories += [path.rpartition("/")[0] or "." for path in _main_files(facts)]
    modules = (find_module(context, directory) for directory in directories)
    return next((module for module in modules if module is not None), None)

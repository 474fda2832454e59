"""Builds in the commands that a Python or Starlark file runs, told as calls of that file."""

from __future__ import annotations

import ast
import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Final

from gorewrite.callers import places
from gorewrite.callers.model import BuildCall, Source, bare_image
from gorewrite.callers.pyexpressions import Called
from gorewrite.callers.pyvalues import Value, plain
from gorewrite.evidence import Evidence

_OPEN: Final = re.compile(r"\$\{([^}]*?)(\[@\])?\}")
_TOOL: Final = r"\b(?:docker|podman|nerdctl|buildah|kaniko)\b"
_WRITTEN: Final = re.compile(rb"[\"'][^\"']*" + _TOOL.encode())
_SHELLS: Final = ("sh", "bash", "/bin/sh", "/bin/bash")
_SETTING: Final = re.compile(rb"DOCKER_BUILDKIT")


class Host:
    """A Python or Starlark file, and where in it something stands."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.data = source.data

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        for line in self.data.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        return starts

    def span(self, node: ast.expr) -> tuple[int, int]:
        """The byte offsets of an expression."""
        # What a byte order mark takes is in no column.
        mark = 3 if self.data.startswith(b"\xef\xbb\xbf") else 0

        def offset(line: int, column: int) -> int:
            return self._starts[line - 1] + column + (mark if line == 1 else 0)

        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
        return offset(node.lineno, node.col_offset), offset(end_line, end_column)

    def line(self, at: int) -> Evidence:
        """The line of a byte offset."""
        start, end = self.data.rfind(b"\n", 0, at) + 1, self.data.find(b"\n", at)
        text = self.data[start : end if end >= 0 else None].decode("utf-8", "replace").strip()
        return Evidence(self.source.path, self.data.count(b"\n", 0, at) + 1, text[:200])

    def place(self, called: Called) -> tuple[tuple[int, int], Evidence]:
        """(span, line) of the call in which the command is written: a function that runs what it
        is given is called with that by another. Otherwise that of the call itself."""
        spans = [self.span(node) for node in called.within]
        for span in spans:
            if found := _WRITTEN.search(self.data, *span):
                return span, self.line(found.end() - 1)
        return spans[0], self.line(spans[0][0])

    def keyword(self, called: Called, name: str) -> Evidence | None:
        """The line in which an argument of a call is given by its name."""
        call = called.within[0]
        keywords = call.keywords if isinstance(call, ast.Call) else ()
        found = next((keyword for keyword in keywords if keyword.arg == name), None)
        return self.line(self.span(found.value)[0]) if found is not None else None

    def setting(self, span: tuple[int, int]) -> Evidence | None:
        """Where the file says which builder a call is to use: in it, or last before it."""
        found = [m.start() for m in _SETTING.finditer(self.data)]
        before = [at for at in found if at < span[1]] or found[:1]
        return self.line(before[-1]) if before else None


def builds(
    command: Value, host: Host, called: Called, cwd: str | None, environ: Mapping[str, Value]
) -> Iterator[BuildCall]:
    """The builds that a command starts, at the place of the call that runs it.

    command: the words, or a text for a shell; cwd: as `places.absolute` gives it; environ: what
    is known of its environment.
    """
    text = _script(command)
    if text is None or not re.search(_TOOL, text):
        return
    from gorewrite.callers.excerpt import Document
    from gorewrite.callers.shellscript import Setting, commands

    variables = {
        name: value if isinstance(value, str) and plain(value) else None
        for name, value in environ.items()
    }
    document = Document(host.source.path, text.encode("utf-8", "replace"))
    span, here = host.place(called)
    told = "DOCKER_BUILDKIT" in variables and "DOCKER_BUILDKIT" not in text
    because = host.setting(span) if told else here
    for call in commands(document.excerpt(), Setting(cwd, variables), host.source):
        context, dockerfile = (_shown(word) for word in call.written)
        yield call._replace(
            file=here.path,
            line=here.line,
            text=here.text,
            span=span,
            written=(context, dockerfile),
            tags=tuple(_shown(tag) for tag in call.tags),
            builder_because=because if call.builder_because is not None else None,
            target_because=None,
            exports_because=None,
        )


def moved(cwd: str | None, value: Value) -> str | None:
    """The directory that a path leads to from another."""
    if not isinstance(value, str) or not plain(value):
        return None
    if value.startswith("/"):
        return posixpath.normpath(value)
    return None if cwd is None else posixpath.normpath(f"{cwd}/{value}")


def _script(command: Value) -> str | None:
    """A command as a text for a shell, what is not known as variables that are not set."""
    if isinstance(command, str):
        return _OPEN.sub(_variable, command)
    if not isinstance(command, list):
        return None
    if len(command) == 3 and command[0] in _SHELLS and command[1] in ("-c", "-ec", "-lc"):
        return _script(command[2])
    return " ".join(_word(word) for word in command)


def _word(word: Value) -> str:
    text = word if isinstance(word, str) else str(word)
    if plain(text):
        return shlex.quote(text)
    if text.endswith("[@]}") and _OPEN.fullmatch(text):
        return _OPEN.sub(_variable, text)
    quoted = re.sub(r'(["\\`]|\$(?!\{))', r"\\\1", text)
    return '"' + _OPEN.sub(_variable, quoted) + '"'


def _variable(found: re.Match[str]) -> str:
    # A prefix, so that none is taken for a variable of the environment.
    return "${py_" + re.sub(r"\W+", "_", found[1].replace(".", "__")).strip("_") + "}"


def _shown(written: str) -> str:
    """A word as it stands in the file, with the names that it has there."""
    plainly = re.sub(r"\$\{py_(\w*)\}", _named, written.strip("\"'"))
    return re.sub(rf"{places.ROOT}(?:/|$)", "./", plainly)


def _named(found: re.Match[str]) -> str:
    return "${" + found[1].replace("__", ".") + "}"


def inside(cwd: str | None, path: Value) -> str | None:
    """A path as docker is given it, relative to the repository."""
    if not isinstance(path, str) or not places.is_plain(path):
        return None
    return places.inside(moved(cwd, path))


def shown(value: Value) -> str:
    """A path as it is written."""
    if isinstance(value, str):
        return value.replace(places.ROOT + "/", "./")
    return "" if value is None else "${…}"


def arguments(value: Value) -> tuple[tuple[str, str | None], ...]:
    """Build arguments of a dictionary."""
    given: Mapping[str, Value] = value if isinstance(value, dict) else {}
    return tuple(
        (name, item if isinstance(item, str) and plain(item) else None)
        for name, item in given.items()
    )


def tags(value: Value) -> tuple[str, ...]:
    """The names of images in a text or a list of them."""
    every = value if isinstance(value, list) else [value]
    return tuple(bare_image(name) for name in every if isinstance(name, str) and name)

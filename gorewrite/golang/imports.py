"""The head of a Go file: build constraints, package clause and imports, without parsing the rest.

The Go specification puts every import before the first declaration, so a scan that knows
comments, identifiers and string literals reads the head exactly; the body is never looked at.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from gorewrite.golang.constraints import Constraint, build_constraint

# What stands between tokens. Atomic, so that what follows in a pattern is never tried in it.
_BLANK = rb"(?>(?:[ \t\r\n]+|//[^\n]*|/\*.*?\*/)*)"
_SKIP = rb"(?>(?:[\s;]+|//[^\n]*|/\*.*?\*/)*)"
_NAME = rb"[A-Za-z_\x80-\xff][\w\x80-\xff]*"
_STRING = rb'"(?:[^"\\\n]|\\.)*"|`[^`]*`'
_CLAUSE = re.compile(
    rb"(?:\xef\xbb\xbf)?" + _SKIP + rb"package(?![\w\x80-\xff])" + _BLANK + rb"(" + _NAME + rb")",
    re.DOTALL,
)
_IMPORT = re.compile(_SKIP + rb"import(?![\w\x80-\xff])" + _BLANK + rb"(\()?", re.DOTALL)
_SPEC = re.compile(
    _SKIP + rb"(\.|" + _NAME + rb")?(?>(?:[ \t]+|/\*.*?\*/)*)(" + _STRING + rb")", re.DOTALL
)
_CLOSED = re.compile(_SKIP + rb"\)?", re.DOTALL)


class Import(NamedTuple):
    """One import: the path, the name given to it (None, "_", "." or an alias), its 1-based line."""

    path: str
    name: str | None
    line: int


class Header(NamedTuple):
    """Package name ("" when there is no package clause), imports in source order, where the
    head ends (byte offset behind the last import), the test whether it builds (None: always)."""

    package: str
    imports: tuple[Import, ...]
    end: int = 0
    constraint: Constraint | None = None

    @property
    def uses_c(self) -> bool:
        """Whether it has `import "C"`."""
        return "C" in [found.path for found in self.imports]


def scan(data: bytes) -> Header:
    """Read the head of a Go file.

    data: the whole file or at least everything up to its first declaration.
    Returns what could be read; a file that is not Go gives an empty package name.
    """
    header = _scan(data)
    head = data[: header.end] if header.package else data
    # Only a line that names a constraint can be one; most files have none.
    if b"build" not in head:
        return header
    return header._replace(constraint=build_constraint(_text(head).removeprefix("\ufeff")))


def _scan(data: bytes) -> Header:
    clause = _CLAUSE.match(data)
    package = _text(clause[1]) if clause is not None else ""
    if clause is None or not package.isidentifier():
        return Header("", ())
    found: list[Import] = []
    position, line, counted = clause.end(), 1, 0
    while declaration := _IMPORT.match(data, position):
        grouped = declaration[1] is not None
        position = declaration.end()
        while spec := _SPEC.match(data, position):
            name, path = spec.groups()
            line += data.count(b"\n", counted, spec.start(2))
            counted, position = spec.start(2), spec.end()
            found.append(Import(_text(path[1:-1]), None if name is None else _text(name), line))
            if not grouped:
                break
        if grouped and (closed := _CLOSED.match(data, position)):
            position = closed.end()
    return Header(package, tuple(found), position)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")

"""The head of a Go file: package clause and imports, without parsing the rest.

The Go specification puts every import before the first declaration, so a scan that knows
comments, identifiers and string literals reads the head exactly; the body is never looked at.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_NAME = rb"[A-Za-z_\x80-\xff][\w\x80-\xff]*"
_STRING = rb'"(?:[^"\\\n]|\\.)*"|`[^`]*`'
_SKIP = re.compile(rb"(?:[\s;]+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_BLANK = re.compile(rb"(?:[ \t\r\n]+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_WORD = re.compile(_NAME)
_SPEC = re.compile(rb"(\.|" + _NAME + rb")?(?:[ \t]|/\*.*?\*/)*(" + _STRING + rb")", re.DOTALL)
_BOM = b"\xef\xbb\xbf"


class Import(NamedTuple):
    """One import: the path, the name given to it (None, "_", "." or an alias), its 1-based line."""

    path: str
    name: str | None
    line: int


class Header(NamedTuple):
    """Package name ("" when there is no package clause), imports in source order, where the
    head ends (byte offset behind the last import)."""

    package: str
    imports: tuple[Import, ...]
    end: int = 0

    def paths(self) -> frozenset[str]:
        """The imported paths, once each."""
        return frozenset(found.path for found in self.imports)


def scan(data: bytes) -> Header:
    """Read the head of a Go file.

    data: the whole file or at least everything up to its first declaration.
    Returns what could be read; a file that is not Go gives an empty package name.
    """
    position = len(_BOM) if data.startswith(_BOM) else 0
    position = _end(_SKIP, data, position)
    if not data.startswith(b"package", position):
        return Header("", ())
    position = _end(_BLANK, data, position + len(b"package"))
    name = _WORD.match(data, position)
    if name is None:
        return Header("", ())
    imports: list[tuple[int, bytes | None, bytes]] = []
    position = name.end()
    while word := _WORD.match(data, _end(_SKIP, data, position)):
        if word[0] != b"import":
            break
        position = _declaration(data, word.end(), imports)
    found: list[Import] = []
    line, counted = 1, 0
    for offset, alias, path in imports:
        line += data.count(b"\n", counted, offset)
        counted = offset
        name_given = _text(alias) if alias is not None else None
        found.append(Import(_text(path), name_given, line))
    return Header(_text(name[0]), tuple(found), position)


def _declaration(data: bytes, position: int, into: list[tuple[int, bytes | None, bytes]]) -> int:
    """Read what follows the word `import`; returns the offset behind it."""
    position = _end(_BLANK, data, position)
    if not data.startswith(b"(", position):
        return _spec(data, position, into) or position
    position = _end(_SKIP, data, position + 1)
    while (after := _spec(data, position, into)) is not None:
        position = _end(_SKIP, data, after)
    return position + 1 if data.startswith(b")", position) else position


def _spec(data: bytes, position: int, into: list[tuple[int, bytes | None, bytes]]) -> int | None:
    found = _SPEC.match(data, position)
    if found is None:
        return None
    into.append((found.start(2), found[1], found[2][1:-1]))
    return found.end()


def _end(pattern: re.Pattern[bytes], data: bytes, position: int) -> int:
    found = pattern.match(data, position)
    return found.end() if found else position


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")

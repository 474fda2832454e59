"""`//go:embed` patterns and the files they take into the program.

Rules: package embed documentation ("Directives") and cmd/go `load.resolveEmbed`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gorewrite.context.globs import BadPattern, has_wildcard, is_pattern, match, unescape
from gorewrite.golang.closure import Unit
from gorewrite.golang.needs import Embed
from gorewrite.golang.source import SourceFile

if TYPE_CHECKING:
    from gorewrite.context import SourceTree

_DIRECTIVE = re.compile(rb"^[ \t]*//go:embed[ \t]+([^\n]*)", re.MULTILINE)
_PATTERN = re.compile(r'`([^`]*)`|"((?:[^"\\]|\\.)*)"|(\S+)')
_ESCAPE = re.compile(r"\\(.)")
_VERSION_CONTROL = frozenset({".bzr", ".hg", ".git", ".svn"})


def embeds(unit: Unit) -> Iterator[Embed]:
    """The embed patterns of one package, expanded. Needs `import "embed"`, as the compiler does."""
    for file in unit.files:
        if b"//go:embed" not in file.data:
            continue
        if "embed" not in file.imported:
            continue
        for pattern, offset in _patterns(file):
            files = tuple(sorted(expand(unit.package.module.tree, unit.package.directory, pattern)))
            yield Embed(pattern, unit.package.directory, files, file.evidence(offset))


def _patterns(file: SourceFile) -> Iterator[tuple[str, int]]:
    strings = file.strings
    for found in _DIRECTIVE.finditer(file.data, file.header.end):
        # A directive inside a raw string or a block comment is text; there the slashes are
        # either kept (string: inside a known range) or blanked with no line comment of its own.
        if any(start < found.start() < end for start, end in strings):
            continue
        if file.in_block_comment(found.start(1)):
            continue
        text = found[1].decode("utf-8", "surrogateescape").strip()
        for pattern in _PATTERN.finditer(text):
            if pattern[2] is not None:
                yield _ESCAPE.sub(r"\1", pattern[2]), found.start(1)
            else:
                yield pattern[1] if pattern[1] is not None else pattern[3], found.start(1)


def expand(tree: SourceTree, directory: str, pattern: str) -> set[str]:
    """Files, relative to the tree, that one pattern of a package in `directory` embeds.

    Matched directories are taken in whole, without names starting with "." or "_" unless the
    pattern starts with `all:`; version control directories and nested modules never are.
    """
    hidden = pattern.startswith("all:")
    pattern = pattern.removeprefix("all:")
    found: set[str] = set()
    try:
        if is_pattern(pattern):
            matches = _glob(tree, directory, pattern.split("/"))
        else:
            matches = [_under(directory, pattern)]
    except BadPattern:
        return found
    for path in matches:
        match tree.kind(path):
            case "file":
                found.add(path)
            case "dir":
                _take(tree, path, hidden, found)
            case _:
                pass
    return found


def _glob(tree: SourceTree, directory: str, elements: list[str]) -> list[str]:
    if not elements:
        return [directory]
    first, rest = elements[0], elements[1:]
    if first in ("", "."):
        return _glob(tree, directory, rest)
    if not has_wildcard(first):
        path = _under(directory, unescape(first) if is_pattern(first) else first)
        return _glob(tree, path, rest) if tree.kind(path) else []
    result: list[str] = []
    for name in tree.listdir(directory):
        if match(first, name):
            result += _glob(tree, _under(directory, name), rest)
    return result


def _take(tree: SourceTree, directory: str, hidden: bool, into: set[str]) -> None:
    names = tree.listdir(directory)
    if "go.mod" in names:
        return
    for name in names:
        if name in _VERSION_CONTROL or (name[0] in "._" and not hidden):
            continue
        path = _under(directory, name)
        match tree.kind(path):
            case "file":
                into.add(path)
            case "dir":
                _take(tree, path, hidden, into)
            case _:
                pass


def _under(directory: str, name: str) -> str:
    return posixpath.normpath(posixpath.join(directory, name))

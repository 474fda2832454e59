"""A Go file as the analysis looks at it: cheap views first, a syntax tree only where needed.

Three views, each made on demand:

* the head (`imports.scan`);
* `code`: the bytes with every comment and the inside of every string blanked out, same
  offsets, so that a regular expression cannot see what the compiler does not;
* the syntax tree of one top-level declaration (tree-sitter-go). A whole file costs
  milliseconds, the one function that matters a tenth of that.
"""

from __future__ import annotations

import bisect
import functools
import re
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gorewrite.evidence import Evidence
from gorewrite.golang import imports
from gorewrite.memo import cached_property

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

# Comments, raw strings, strings, runes: the only places of Go's lexical grammar whose inside
# is not code (Go specification, "Comments", "String literals", "Rune literals").
_OPAQUE = re.compile(
    rb"//[^\n]*|/\*.*?\*/|`[^`]*`"
    rb"|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)+'",
    re.DOTALL,
)
_NOT_NEWLINE = re.compile(rb"[^\n]")
_TOP_LEVEL = re.compile(rb"^(?:func|var|const|type|import)\b", re.MULTILINE)
_WORD_OR_DOT = frozenset(
    bytes((code,)) for code in range(256) if chr(code).isalnum() or code >= 128 or code in b"_."
)
_OPERAND = re.compile(rb"([A-Za-z_][\w\x80-\xff]*)\s*\Z")
_BEHIND_DOT = re.compile(rb"\.\s*\Z")
_SELECTED = re.compile(rb"\.\s*([A-Za-z_]\w*)")


@functools.cache
def _parser() -> Parser:
    # Imported here: loading the grammar costs more than many commands take.
    import tree_sitter_go
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_go.language()))


def parse(data: bytes) -> Node:
    """The root of the syntax tree of some Go text."""
    return _parser().parse(data).root_node


@dataclass(frozen=True, slots=True, eq=False)
class Declaration:
    """One top-level declaration with its syntax tree.

    file: where it stands; start, end: its byte offsets in the file; root: tree of that slice,
    whose node offsets are relative to `start`.
    """

    file: SourceFile
    start: int
    end: int
    root: Node

    @property
    def code(self) -> bytes:
        """The blanked code of the slice."""
        return self.file.code[self.start : self.end]

    def text(self, node: Node) -> str:
        start = self.start + node.start_byte
        raw = self.file.data[start : self.start + node.end_byte]
        return raw.decode("utf-8", "surrogateescape")

    def node_at(self, start: int, end: int) -> Node | None:
        """The smallest node over a byte range of the file."""
        return self.root.descendant_for_byte_range(start - self.start, end - self.start)

    def evidence(self, node: Node) -> Evidence:
        return self.file.evidence(self.start + node.start_byte)


class SourceFile:
    """One Go file of a package: path (relative to the tree), bytes, head, and lazy views.

    What follows from it alone is remembered here: it is part of several programs.
    """

    __slots__ = ("__dict__", "_trees", "data", "header", "memory", "name_of", "path")

    def __init__(self, path: str, data: bytes, header: imports.Header | None = None) -> None:
        self.path = path
        self.data = data
        self.header = imports.scan(data) if header is None else header
        # How packages are called that are imported without an alias; the closure knows better.
        self.name_of: Callable[[str], str] = default_name
        self._trees: dict[int, Declaration] = {}
        #: See gorewrite.memo.
        self.memory: dict[Hashable, Any] = {}

    @cached_property
    def imported(self) -> frozenset[str]:
        """The imported paths."""
        return frozenset([found.path for found in self.header.imports])

    @cached_property
    def selected(self) -> frozenset[bytes]:
        """Every name behind a dot, comments and strings included: a cheap first filter."""
        return frozenset(_SELECTED.findall(self.data))

    @cached_property
    def code(self) -> bytes:
        return _OPAQUE.sub(_blank, self.data)

    @cached_property
    def strings(self) -> tuple[tuple[int, int], ...]:
        """Byte ranges of the string literals, quotes included."""
        return tuple(found.span() for found in _OPAQUE.finditer(self.data) if found[0][:1] in b'"`')

    def in_block_comment(self, offset: int) -> bool:
        """Whether a byte offset lies in a `/* */` comment."""
        return any(
            found.start() < offset < found.end()
            for found in _OPAQUE.finditer(self.data)
            if found[0].startswith(b"/*")
        )

    @cached_property
    def aliases(self) -> dict[str, str]:
        """The name an import is used by in this file -> import path."""
        names: dict[str, str] = {}
        for found in self.header.imports:
            if found.name not in ("_", "."):
                names[found.name or self.name_of(found.path)] = found.path
        return names

    @cached_property
    def _starts(self) -> list[int]:
        return [found.start() for found in _TOP_LEVEL.finditer(self.code)]

    @cached_property
    def _lines(self) -> list[int]:
        return [found.start() for found in re.finditer(rb"\n", self.data)]

    def line_at(self, offset: int) -> int:
        """1-based line of a byte offset."""
        return bisect.bisect_left(self._lines, offset) + 1

    def evidence(self, offset: int) -> Evidence:
        """The line at a byte offset as evidence, shortened to 120 characters."""
        line = self.line_at(offset)
        start = self._lines[line - 2] + 1 if line > 1 else 0
        end = self._lines[line - 1] if line <= len(self._lines) else len(self.data)
        text = self.data[start:end].decode("utf-8", "replace").strip()
        return Evidence(self.path, line, text if len(text) <= 120 else text[:119] + "…")

    def import_evidence(self, path: str) -> Evidence:
        for found in self.header.imports:
            if found.path == path:
                return Evidence(self.path, found.line, f'import "{path}"')
        return Evidence(self.path, 0, f'import "{path}"')

    def declaration(self, offset: int) -> Declaration:
        """The top-level declaration around a byte offset.

        Slices run from one keyword in the first column to the next, as gofmt lays files out.
        A slice that does not parse on its own (other layouts) is replaced by the whole file.
        """
        start, end = self.declaration_range(offset)
        known = self._trees.get(start)
        if known is None:
            known = Declaration(self, start, end, parse(self.data[start:end]))
            if known.root.has_error and (start, end) != (0, len(self.data)):
                known = self._whole
            self._trees[start] = known
        return known

    @cached_property
    def _whole(self) -> Declaration:
        return Declaration(self, 0, len(self.data), parse(self.data))

    def declaration_range(self, offset: int) -> tuple[int, int]:
        """Start and end of the slice that `declaration` parses first."""
        index = bisect.bisect_right(self._starts, offset) - 1
        start = self._starts[index] if index >= 0 else 0
        end = self._starts[index + 1] if index + 1 < len(self._starts) else len(self.data)
        return start, end

    def places(self, name: str, start: int = 0, end: int | None = None) -> Iterator[int]:
        """Offsets where an identifier stands in code (not behind a dot, not in a string)."""
        encoded = name.encode("utf-8", "surrogateescape")
        if encoded in self.data:
            code = self.code
            stop = len(code) if end is None else end
            # No look-behind in the pattern: it would cost the fast search for the literal.
            for found in _identifier(encoded).finditer(code, start, stop):
                if code[found.start() - 1 : found.start()] not in _WORD_OR_DOT:
                    yield found.start()

    def selections(self, names: frozenset[bytes]) -> Iterator[tuple[int, bytes]]:
        """(offset, name) wherever one of some names stands behind a dot in code."""
        if names & self.selected:
            for found in _SELECTED.finditer(self.code):
                if found[1] in names:
                    yield found.start(1), found[1]

    def operand_package(self, offset: int) -> str | None:
        """The import path in front of `.Name` at an offset, None unless it is a package name."""
        dot = self.code.rindex(b".", 0, offset)
        window = max(0, dot - 80)
        operand = _OPERAND.search(self.code, window, dot)
        if operand is None or _BEHIND_DOT.search(self.code, window, operand.start()):
            return None
        return self.aliases.get(operand[1].decode("utf-8", "surrogateescape"))


@functools.lru_cache(maxsize=4096)
def _identifier(name: bytes) -> re.Pattern[bytes]:
    return re.compile(re.escape(name) + rb"(?![\w\x80-\xff])")


def _blank(found: re.Match[bytes]) -> bytes:
    token = found[0]
    if token[:1] == b"/":
        return _NOT_NEWLINE.sub(b" ", token) if b"\n" in token else b" " * len(token)
    if b"\n" in token:
        return token[:1] + _NOT_NEWLINE.sub(b" ", token[1:-1]) + token[-1:]
    return token[:1] + b" " * (len(token) - 2) + token[-1:]


_VERSION = re.compile(r"v[0-9]+")
_DECORATION = re.compile(r"^(?:go|golang)[-.]|[-.](?:go|golang)$|\.v[0-9]+$")


@functools.lru_cache(maxsize=8192)
def default_name(path: str) -> str:
    """The name a package is most likely used by when its import has no alias.

    The package clause of the imported package decides; for packages that cannot be read the
    common layout does: the last element, without a major version (`/v2`, `.v3`) and without
    the `go-` and `-go` decoration that cannot be part of an identifier.
    """
    elements = path.split("/")
    last = elements[-1]
    if len(elements) > 1 and _VERSION.fullmatch(last):
        last = elements[-2]
    return _DECORATION.sub("", _DECORATION.sub("", last)).replace("-", "_").replace(".", "_")

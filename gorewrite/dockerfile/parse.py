"""The line layer: which lines make up which instruction.

Behaviour of `Parse` in moby/buildkit frontend/dockerfile/parser/parser.go and of
`DirectiveParser` in directives.go.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from gorewrite.dockerfile.arguments import read
from gorewrite.dockerfile.errors import ArgumentError, ParseError
from gorewrite.dockerfile.heredoc import Heredoc, HeredocStart
from gorewrite.dockerfile.lexical import SPACE
from gorewrite.dockerfile.nodes import (
    Blank,
    BlankLine,
    BodyNode,
    Comment,
    CommentLine,
    Continuation,
    Directive,
    Instruction,
    Newline,
    Part,
    Text,
)
from gorewrite.dockerfile.tree import Dockerfile

_BOM = "\ufeff"

# bufio.Scanner's buffer is 64 KiB and has to hold the newline too.
_MAX_LINE = 65_535

_DIRECTIVE = re.compile(r"#(?P<name>[a-zA-Z][a-zA-Z0-9]*)[\t\n\f\r ]*=[\t\n\f\r ]*(?P<value>.+)")
_DIRECTIVE_NAMES = frozenset({"syntax", "escape", "check"})


def parse(data: bytes | str) -> Dockerfile:
    """The tree of a Dockerfile; printing it gives the same bytes.

    data: the file. Bytes are decoded as UTF-8; bytes that are none survive as surrogates.
    Raises ParseError for whatever BuildKit's parser rejects. Instructions nobody knows are
    accepted, as they are there: a custom `# syntax=` frontend may define them.
    """
    text = data.decode("utf-8", "surrogateescape") if isinstance(data, bytes) else data
    _check_line_lengths(text)
    bom = _BOM if text.startswith(_BOM) else ""
    reader = _Reader(text[len(bom) :], "\\", in_directives=True)
    body = tuple(reader.read())
    if not any(isinstance(node, Instruction) for node in body):
        raise ParseError(len(reader.lines), "file with no instructions")
    return Dockerfile(bom, body)


def parse_body(text: str, escape: str) -> tuple[BodyNode, ...]:
    """The nodes of lines from the middle of a file with that escape character.

    A line like `# escape=x` is a comment there. Raises ParseError.
    """
    _check_line_lengths(text)
    return tuple(_Reader(text, escape, in_directives=False).read())


def _check_line_lengths(text: str) -> None:
    if len(text) * 4 <= _MAX_LINE:
        return
    for number, line in enumerate(text.split("\n"), 1):
        # A character takes at most four bytes.
        if len(line) * 4 > _MAX_LINE:
            size = len(line.encode("utf-8", "surrogateescape"))
            if size > _MAX_LINE:
                raise ParseError(
                    number, f"dockerfile line greater than max allowed size of {_MAX_LINE}"
                )


class _Reader:
    """Goes over the lines once."""

    def __init__(self, text: str, escape: str, *, in_directives: bool) -> None:
        lines = text.split("\n")
        last = lines.pop()
        self.lines = [line + "\n" for line in lines]
        if last:
            self.lines.append(last)
        self.escape = escape
        self._at = 0
        self._in_directives = in_directives
        self._directives: set[str] = set()

    def read(self) -> list[BodyNode]:
        nodes: list[BodyNode] = []
        while self._at < len(self.lines):
            line = self.lines[self._at]
            text = line.rstrip("\r\n")
            stripped = text.lstrip(SPACE)
            if stripped and stripped[0] != "#":
                self._in_directives = False
                nodes.append(self._instruction(line, text))
                continue
            nodes.append(self._line_node(text, line[len(text) :], stripped))
            self._at += 1
        return nodes

    def _line_node(self, text: str, newline: str, stripped: str) -> BodyNode:
        if not stripped:
            self._in_directives = False
            return Blank(text, newline)
        if self._in_directives:
            self._in_directives = self._is_directive("#" + stripped[1:].lstrip(SPACE))
            if self._in_directives:
                return Directive(text, newline)
        return Comment(text, newline)

    def _is_directive(self, line: str) -> bool:
        match = _DIRECTIVE.match(line)
        if match is None or match["name"].lower() not in _DIRECTIVE_NAMES:
            return False
        name = match["name"].lower()
        if name in self._directives:
            raise self._error(f"only one {name} parser directive can be used")
        self._directives.add(name)
        if name == "escape":
            value = match["value"].rstrip("\t\n\f\r ")
            if value not in ("\\", "`"):
                raise self._error(f"invalid escape token '{value}' does not match ` or \\")
            self.escape = value
        return True

    def _error(self, problem: str, line: int | None = None) -> ParseError:
        return ParseError((self._at if line is None else line) + 1, problem)

    def _instruction(self, line: str, text: str) -> Instruction:
        """The instruction that begins with a line. text: the line without what ends it."""
        first = self._at
        parts: list[Part]
        if text.rstrip("\t ").endswith(self.escape):
            parts = []
            logical = self._join_lines(parts)
        else:
            self._at += 1
            logical, ending = text, line[len(text) :]
            parts = [Text(text), _newline(ending)] if ending else [Text(text)]
        try:
            reading = read(logical, self.escape)
            starts = reading.heredoc_starts() if "<<" in logical else ()
        except ArgumentError as error:
            raise self._error(str(error), first) from error
        heredocs = tuple([self._heredoc(start, first) for start in starts]) if starts else ()
        return Instruction.read(tuple(parts), heredocs, reading)

    def _join_lines(self, parts: list[Part]) -> str:
        """Take the lines of one instruction into `parts`; returns them joined."""
        logical: list[str] = []
        while self._at < len(self.lines):
            line = self.lines[self._at]
            self._at += 1
            text = line.rstrip("\r\n")
            if parts and (ignored := _ignored(text)):
                parts.append(ignored(line))
                continue
            body = text.rstrip("\t ")
            continued = body.endswith(self.escape) and body[-2:-1] != self.escape
            if continued:
                text = body[:-1]
            if text:
                logical.append(text)
                parts.append(Text(text))
            ending = line[len(text) :]
            if continued:
                parts.append(Continuation(ending))
                continue
            if ending:
                parts.append(_newline(ending))
            break
        return "".join(logical)

    def _heredoc(self, start: HeredocStart, first: int) -> Heredoc:
        begin = self._at
        while self._at < len(self.lines):
            line = self.lines[self._at]
            self._at += 1
            text = line.rstrip("\r\n")
            if (text.lstrip("\t") if start.strip_tabs else text) == start.name:
                content = "".join(self.lines[begin : self._at - 1])
                return Heredoc(start.name, content, line, start.expand, start.strip_tabs, start.fd)
        raise self._error("unterminated heredoc", first)


# One node per kind of ending is enough: a quarter less to create for a usual file.
_newline = lru_cache(maxsize=16)(Newline)


def _ignored(text: str) -> Callable[[str], Part] | None:
    """What a line BuildKit leaves out of a continued instruction becomes."""
    stripped = text.lstrip(SPACE)
    if not stripped:
        return BlankLine
    return CommentLine if stripped[0] == "#" else None

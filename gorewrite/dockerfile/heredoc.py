"""Heredocs: which a line announces, and their bodies.

Behaviour of `heredocsFromLine`, `heredocFromMatch` and `ChompHeredocContent` in
moby/buildkit frontend/dockerfile/parser/parser.go.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from gorewrite.dockerfile.errors import ArgumentError
from gorewrite.dockerfile.lexer import Lexer, LexError

_HEREDOC = re.compile(r"([0-9]*)<<(-?)[\t\n\f\r ]*([^<]*)\Z")
_LEADING_TABS = re.compile(r"^\t+", re.MULTILINE)


class HeredocStart(NamedTuple):
    """What `3<<-"EOF"` announces: a body that ends at the line `name`."""

    name: str
    expand: bool
    strip_tabs: bool
    fd: int


@dataclass(frozen=True, slots=True, eq=False)
class Heredoc:
    """A heredoc that belongs to an instruction.

    name: the word its last line consists of.
    content: the lines before that one, as they stand in the file.
    terminator: that last line, with its newline.
    expand: variables in it are expanded (no part of the name was quoted).
    strip_tabs: it was announced with `<<-`.
    fd: the number before `<<`, 0 without one.
    """

    name: str
    content: str
    terminator: str
    expand: bool = True
    strip_tabs: bool = False
    fd: int = 0

    @property
    def raw(self) -> str:
        """All of its text in the file."""
        return self.content + self.terminator

    @property
    def source(self) -> str:
        return self.raw

    @property
    def body(self) -> str:
        """What the command or file gets: the content, without leading tabs after `<<-`."""
        return _LEADING_TABS.sub("", self.content) if self.strip_tabs else self.content


def heredoc_starts(line: str) -> tuple[HeredocStart, ...]:
    """The heredocs a joined line announces, in order.

    The line is read with `\\` as the escape character, whatever `# escape=` says, and a line
    with an open quote announces none: both as in BuildKit. Raises ArgumentError.
    """
    try:
        words = Lexer(line, _unset, keep_unknown=True, raw_quotes=True, raw_escapes=True).words()
    except LexError:
        return ()
    starts = (heredoc_start(word) for word in words)
    return tuple(start for start in starts if start is not None)


def heredoc_start(word: str) -> HeredocStart | None:
    """The heredoc one word announces, None if it announces none. Raises ArgumentError."""
    match = _HEREDOC.match(word)
    if match is None or not match[3]:
        return None
    try:
        names = Lexer(match[3], _unset, keep_unknown=True).words()
        quoted = Lexer(match[3], _unset, keep_unknown=True, raw_quotes=True).words()
    except LexError as error:
        raise ArgumentError(str(error)) from error
    if len(names) != 1:
        return None
    expand = _quotes(names[0]) == _quotes(quoted[0])
    return HeredocStart(names[0], expand, bool(match[2]), int(match[1][:9] or "0"))


def _quotes(text: str) -> int:
    return text.count("'") + text.count('"')


def _unset(_name: str) -> None:
    return None

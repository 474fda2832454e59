"""One pattern of an ignore file, matched as moby matches it.

moby turns a pattern into a regular expression for Go's regexp package, which never backtracks;
the same expression in Python's `re` can take exponential time on a pattern someone wrote, so
it is run here as an automaton, in time proportional to the length of the path.
Source of the rules: github.com/moby/patternmatcher v0.6.1 (`Pattern.compile`, `Pattern.match`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from gorewrite.context.globs import BadPattern

Kind = Literal["exact", "prefix", "suffix", "regexp"]

_ESCAPED: Final = frozenset(".+()$")
"""What moby takes the regular expression's meaning from. It means to do so for `|{}` too, but its
bitmap has no room for characters from 64 on, so `*.log|*.tmp` is an alternative."""
_DIRECTORIES: Final = "(.*/)?"
_NAME: Final = "[^/]*"
_REPEAT: Final = re.compile(r"\{\d+(,\d*)?\}")
_CACHED_STEPS: Final = 4096
"""Automaton steps remembered per pattern; real patterns need some dozens."""


def translate(pattern: str) -> tuple[Kind, str]:
    """(how moby compares, the Go regular expression, "" unless the kind is "regexp").

    pattern: cleaned (`filepath.Clean`), without the `!`.
    """
    kind: Kind = "exact"
    pieces = ["^"]
    at = 0
    while at < len(pattern):
        char, first = pattern[at], at == 0
        at += 1
        if pattern.startswith("*", at) and char == "*":
            at += 2 if pattern.startswith("/", at + 1) else 1
            if at < len(pattern):
                pieces.append(_DIRECTORIES)
                kind = "regexp"
            elif kind == "exact":
                kind = "prefix"
            else:
                pieces.append(".*")
                kind = "regexp"
            if first:
                kind = "suffix"
        elif char in "*?":
            pieces.append(_NAME if char == "*" else "[^/]")
            kind = "regexp"
        elif char in _ESCAPED:
            pieces.append("\\" + char)
        elif char == "\\" and at < len(pattern):
            pieces.append("\\" + pattern[at])
            at += 1
            kind = "regexp"
        else:
            pieces.append(char)
            if char in "[]":
                kind = "regexp"
    return kind, "".join(pieces) + "$" if kind == "regexp" else ""


@dataclass(frozen=True, slots=True)
class _Chars:
    """A set of characters: those within `ranges`, or all others."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool = False

    def __contains__(self, char: str) -> bool:
        return any(low <= char <= high for low, high in self.ranges) != self.negated


class _Item(NamedTuple):
    """A step of the expression. kind: "one" char, any number of chars ("many"), "directories"
    (`(.*/)?`), or "start" (a `^` in the middle, true only where the text begins)."""

    kind: Literal["one", "many", "directories", "start"]
    chars: _Chars = _Chars(())


_NOT_NEWLINE: Final = _Chars((("\n", "\n"),), negated=True)
_ANYTHING: Final = _Item("many", _Chars((), negated=True))


def _alternatives(expression: str) -> list[tuple[_Item, ...]]:
    """The steps of an expression made by `translate`; there is more than one way through it when
    a `|` divides it, and then only the first is bound to the start of the text and only the last
    to its end. Raises BadPattern where Go's regexp does, and for escapes and repeats, which nobody
    means in an ignore file."""
    alternatives = []
    items: list[_Item] = []
    at, end = 1, len(expression) - 1
    while at < end:
        char = expression[at]
        if char == "|":
            alternatives.append((*items, _ANYTHING))
            items = [_ANYTHING]
            at += 1
            continue
        if char == "(":
            items.append(_Item("directories"))
            at += len(_DIRECTORIES)
            continue
        if char == "^":
            items.append(_Item("start"))
            at += 1
            continue
        if char == "[":
            chars, at = _class(expression, at + 1, end)
        elif char == ".":
            chars, at = _NOT_NEWLINE, at + 1
        else:
            literal, at = _literal(expression, at)
            chars = _Chars(((literal, literal),))
        many = at < end and expression[at] == "*"
        items.append(_Item("many" if many else "one", chars))
        at += many
    return [*alternatives, tuple(items)]


def _literal(expression: str, at: int) -> tuple[str, int]:
    if _REPEAT.match(expression, at):
        raise BadPattern("`{…}` would be read as a repeat of a regular expression")
    if expression[at] != "\\":
        return expression[at], at + 1
    char = expression[at + 1]
    if char.isalnum() or not char.isascii():
        raise BadPattern(f"`\\{char}` would be read as an escape of a regular expression")
    return char, at + 2


def _class(expression: str, at: int, end: int) -> tuple[_Chars, int]:
    """The class whose `[` ends at `at`. Go allows `]` as its first and `-` as any character."""
    negated = expression.startswith("^", at)
    at += negated
    ranges: list[tuple[str, str]] = []
    while at < end and (expression[at] != "]" or not ranges):
        if expression.startswith("[:", at) and expression.find(":]", at + 2, end) >= 0:
            raise BadPattern("`[:` would be read as a named class of a regular expression")
        low, at = _literal(expression, at)
        high = low
        if at + 1 < end and expression[at] == "-" and expression[at + 1] != "]":
            high, at = _literal(expression, at + 1)
        if high < low:
            raise BadPattern(f"the range {low}-{high} runs backwards")
        ranges.append((low, high))
    if at >= end:
        raise BadPattern("a character class is not closed")
    return _Chars(tuple(ranges), negated), at + 1


class _Automaton:
    """Runs the steps over a text; a set of places in the expression is one int, a bit per place.

    "directories" takes two places: before it, and inside its `.*`, which cannot be left without
    a `/`.
    """

    def __init__(self, items: tuple[_Item, ...]) -> None:
        self._places: list[_Item] = []
        for item in items:
            self._places.extend([item] * (2 if item.kind == "directories" else 1))
        self._inside = [
            n > 0 and item.kind == "directories" and item is self._places[n - 1]
            for n, item in enumerate(self._places)
        ]
        self._accept = 1 << len(self._places)
        self._start = self._closure(1, at_start=True)
        self._steps: dict[tuple[int, str], int] = {}
        runs = _literal_runs(items)
        self._prefix, self._suffix, self._within = runs[0], runs[-1], max(runs, key=len)

    def matches(self, text: str) -> bool:
        # Most texts fail here, without a step.
        if self._within not in text:
            return False
        if not (text.startswith(self._prefix) and text.endswith(self._suffix)):
            return False
        places = self._start
        for char in text:
            following = self._steps.get((places, char))
            if following is None:
                following = self._step(places, char)
                if len(self._steps) >= _CACHED_STEPS:
                    self._steps.clear()
                self._steps[places, char] = following
            places = following
            if not places:
                return False
        return bool(places & self._accept)

    def _step(self, places: int, char: str) -> int:
        following = 0
        for n in _bits(places & ~self._accept):
            item, here = self._places[n], 1 << n
            if item.kind == "directories":
                inside = here if self._inside[n] else here << 1
                following |= inside if char != "\n" else 0
                following |= inside << 1 if char == "/" else 0
            elif item.kind != "start" and char in item.chars:
                following |= here if item.kind == "many" else here << 1
        return self._closure(following, at_start=False)

    def _closure(self, places: int, at_start: bool) -> int:
        """`places` and all that can be reached from them without reading a character."""
        waiting = places & ~self._accept
        while waiting:
            n = next(_bits(waiting))
            item, reached = self._places[n], 0
            if item.kind == "many" or (item.kind == "start" and at_start):
                reached = 1 << n + 1
            elif item.kind == "directories" and not self._inside[n]:
                reached = 1 << n + 2
            places |= reached
            waiting = (waiting & (waiting - 1) | reached) & ~self._accept
        return places


def _bits(places: int) -> Iterator[int]:
    """The numbers of the bits that are set, the lowest first."""
    while places:
        yield (places & -places).bit_length() - 1
        places &= places - 1


def _literal_runs(items: tuple[_Item, ...]) -> list[str]:
    """The texts that must stand one after another in whatever matches; the first begins it, the
    last ends it, and both may be empty."""
    runs: list[list[str]] = [[]]
    for item in items:
        ranges = item.chars.ranges
        single = item.kind == "one" and not item.chars.negated and len(ranges) == 1
        if single and ranges[0][0] == ranges[0][1]:
            runs[-1].append(ranges[0][0])
        else:
            runs.append([])
    return ["".join(run) for run in runs]


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """A pattern in force.

    text: cleaned, without `!` and without a leading `/`.
    negated: whether it was written with `!` (it takes paths back in).
    line: 1-based line in the ignore file.
    Creating one raises BadPattern when the builder would refuse it.
    """

    text: str
    negated: bool = False
    line: int = 0
    _kind: Kind = field(init=False, repr=False)
    _automata: tuple[_Automaton, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        kind, expression = translate(self.text)
        ways: list[tuple[_Item, ...]] = []
        if expression:
            # Go's text/scanner drops a byte order mark before the first character.
            ways = _alternatives(expression.replace("^\ufeff", "^", 1))
        object.__setattr__(self, "_kind", kind)
        object.__setattr__(self, "_automata", tuple(_Automaton(items) for items in ways))

    def matches(self, path: str) -> bool:
        """Whether the pattern names exactly this path (not one below it)."""
        match self._kind:
            case "exact":
                return path == self.text
            case "prefix":
                return path.startswith(self.text[:-2])
            case "suffix":
                end = self.text[2:]
                return path.endswith(end) or (end[:1] == "/" and path == end[1:])
            case _:
                return any(automaton.matches(path) for automaton in self._automata)

    @property
    def literal_directory(self) -> str | None:
        """The path without a trailing `/*` or `/**`, None when wildcards are left in it.

        With it a builder knows which excluded directories it need not enter
        (fsutil filter.go `patternWithoutTrailingGlob`).
        """
        text = self.text.removesuffix("/**").removesuffix("/*")
        return None if any(char in text for char in "*[]?^\\") else text

    def __str__(self) -> str:
        return ("!" if self.negated else "") + self.text

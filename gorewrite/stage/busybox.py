"""Whether busybox does what a tool of Debian is called for (data/busybox.toml)."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from gorewrite.shell import Argument, Call, Some, executed_by_find

_OPTIONS: Final = re.compile(r"--([\w-]+)(:?)|(\S)([:!]?)")


class _Rule(NamedTuple):
    """How a tool can be called; see the head of the data file. options: with their mark."""

    options: dict[str, str]
    kind: str
    needs: frozenset[str]
    script: re.Pattern[str] | None
    words: re.Pattern[str] | None
    values: re.Pattern[str] | None
    never: re.Pattern[str] | None
    prefix: bool
    bundled: bool


@cache
def _rules() -> dict[str, _Rule]:
    path = Path(__file__).with_name("data") / "busybox.toml"
    raw = tomllib.loads(path.read_text("utf-8"))
    found = {}
    for name, entry in raw.items():
        text = entry["options"]
        kind = text if text in ("*", "-") else ""
        options = {m[1] or m[3]: m[2] or m[4] or "" for m in _OPTIONS.finditer(text) if not kind}
        patterns = {
            key: re.compile(entry[key]) if key in entry else None
            for key in ("script", "words", "values", "never")
        }
        found[name] = _Rule(
            options,
            kind,
            frozenset(entry.get("needs", "")),
            **patterns,
            prefix=entry.get("prefix", False),
            bundled=entry.get("bundled", False),
        )
    return found


def does(call: Call) -> bool:
    """Whether busybox, as alpine has it, is known to do the same for a call as Debian's tool."""
    rule = _rules().get(call.name or "")
    if rule is None:
        return False
    arguments = executed_by_find(call.words)[0][1:] if call.name == "find" else call.words[1:]
    reader = _Reader(rule)
    try:
        reader.read(arguments)
    except _NotKnown:
        return False
    return True


class _NotKnown(Exception):
    """A call that busybox may not understand."""


@dataclass
class _Reader:
    """Reads the arguments of one call."""

    rule: _Rule
    given: set[str] = field(default_factory=set)
    operands: list[Argument] = field(default_factory=list)
    values: list[Argument] = field(default_factory=list)
    scripts: list[Argument] = field(default_factory=list)

    def read(self, arguments: tuple[Argument, ...]) -> None:
        rule = self.rule
        if rule.kind:
            self.operands += arguments
            if rule.kind == "-" and any(isinstance(w, Some) and w.many for w in arguments):
                raise _NotKnown
        else:
            self._options(arguments)
        if rule.needs and rule.needs.isdisjoint(self.given):
            raise _NotKnown
        if rule.script is not None and not self.scripts:
            self.scripts = self.operands[:1]
        for pattern, words in ((rule.script, self.scripts), (rule.words, self.operands)):
            if pattern is not None:
                known = [word for word in words if isinstance(word, str)]
                if len(known) < len(words) or not all(map(pattern.fullmatch, known)):
                    raise _NotKnown
        for word in (*self.values, *self.operands):
            text = word.start if isinstance(word, Some) else word
            if rule.never is not None and text and rule.never.search(text):
                raise _NotKnown
        for word in self.values:
            if rule.values and isinstance(word, str) and not rule.values.fullmatch(word):
                raise _NotKnown

    def _options(self, arguments: tuple[Argument, ...]) -> None:
        """Sorts the words as getopt_long does: options anywhere before `--`."""
        left = list(arguments)
        if self.rule.bundled and left and isinstance(left[0], str) and left[0][:1] != "-":
            # The values follow the word one by one: read here is only the last letter's.
            if any(self.rule.options.get(letter) for letter in left[0][:-1]):
                raise _NotKnown
            left[0] = f"-{left[0]}"
        ended = False
        while left:
            word = left.pop(0)
            text = word.start if isinstance(word, Some) else word
            if isinstance(word, Some) and word.many and not ended and not text:
                raise _NotKnown
            if ended or text == "-" == word or not text.startswith("-"):
                self.operands.append(word)
                if self.rule.prefix:
                    return
            elif word == "--":
                ended = True
            elif text.startswith("--"):
                self._long(word, text, left)
            else:
                self._cluster(word, text, left)

    def _long(self, word: Argument, text: str, left: list[Argument]) -> None:
        option, equals, value = text[2:].partition("=")
        mark = self.rule.options.get(option) if len(option) > 1 else None
        if mark is None or (isinstance(word, Some) and not equals) or (equals and not mark):
            raise _NotKnown
        joined: Argument | None = value if equals else None
        if isinstance(word, Some):
            joined = word._replace(start=value)
        if mark:
            self._value(mark, left, joined)

    def _cluster(self, word: Argument, text: str, left: list[Argument]) -> None:
        for index, letter in enumerate(text[1:], 2):
            mark = self.rule.options.get(letter)
            if mark is None:
                raise _NotKnown
            self.given.add(letter)
            if mark:
                rest = text[index:]
                joined: Argument | None = rest or None
                if isinstance(word, Some):
                    joined = word._replace(start=rest)
                self._value(mark, left, joined)
                return
        if isinstance(word, Some):
            raise _NotKnown

    def _value(self, mark: str, left: list[Argument], joined: Argument | None) -> None:
        """Notes the value of an option: what stands behind it in its word, or the next word."""
        if joined is None:
            if not left:
                raise _NotKnown
            joined = left.pop(0)
        (self.scripts if mark == "!" else self.values).append(joined)

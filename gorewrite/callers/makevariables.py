"""Make's variables and functions, as far as their values can be told without running make.

Source: GNU make manual, "How to Use Variables", "Functions for Transforming Text". A variable that
conditional parts set differently, and what a shell command prints, is not known.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from gorewrite.callers import places

_DEEPEST: Final = 20
#: Variables that name others several times over grow without end.
_MOST_STEPS: Final = 20_000
_LONGEST: Final = 1 << 16
_REFERENCE: Final = re.compile(r"\$(?:(\$)|([({])|(.))")
_NAME: Final = re.compile(r"[\w.@%<^*+-]+")
_SUBSTITUTED: Final = re.compile(r"([\w.]+):([^=]*)=(.*)")

#: A value, or None for what is not known.
Value = str | None


def references(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, what stands in it) of each `$(…)`, `${…}` and `$x`; `$$` as `$`."""
    at = 0
    while found := _REFERENCE.search(text, at):
        at = found.end()
        if found[2]:
            at = _closed(text, at, found[2])
            yield found.start(), at, text[found.end() : at - 1]
        else:
            yield found.start(), at, found[1] or found[3]


def _closed(text: str, at: int, opened: str) -> int:
    """Where the reference ends whose parenthesis or brace is open at `at`."""
    closing = ")" if opened == "(" else "}"
    depth = 1
    while at < len(text) and depth:
        depth += {opened: 1, closing: -1}.get(text[at], 0)
        at += 1
    return at


class Variables:
    """What the variables of a Makefile stand for.

    defined: name -> the text that it stands for; None for a name with several. directory: where
    make runs, relative to the repository.
    """

    def __init__(self, defined: Mapping[str, Value], directory: str, makefile: str) -> None:
        self.defined = defined
        self._place = directory, makefile
        self._left = _MOST_STEPS
        self.known: dict[str, Value] = {
            **places.CHECKOUT,
            "CURDIR": places.absolute(directory),
            "PWD": places.absolute(directory),
            "MAKEFILE_LIST": f"{places.ROOT}/{makefile}",
            "MAKE": "make",
            "SHELL": "sh",
        }

    def overridden(self, values: Mapping[str, Value]) -> Variables:
        """With the variables of a command line."""
        return Variables({**self.defined, **values}, *self._place)

    def expand(self, text: str, local: Mapping[str, Value], depth: int = 0) -> Value:
        """The value of a text; None when something in it is not known. local: `@`, `*`, `1` …"""
        found: list[str] = []
        at = 0
        for start, end, inner in references(text):
            value = self.reference(inner, local, depth)
            if value is None:
                return None
            found += [text[at:start], value]
            at = end
        whole = "".join([*found, text[at:]])
        return whole if len(whole) <= _LONGEST else None

    def for_shell(self, inner: str, local: Mapping[str, Value], depth: int = 0) -> str:
        """What a reference stands for in a command; in place of what is not known a variable of
        the shell that nobody sets."""
        value = self.reference(inner, local)
        if value is not None:
            return value
        if inner.startswith("call "):
            inner, local = self._called(inner, local, depth)
        text = self.defined.get(inner)
        if text is None or depth > _DEEPEST or self._left < 0:
            return f"${{{inner}}}" if re.fullmatch(r"[A-Za-z_]\w*", inner) else "${_unknown_}"
        found: list[str] = []
        at = 0
        for start, end, nested in references(text):
            found += [text[at:start], self.for_shell(nested, local, depth + 1)]
            at = end
        return "".join([*found, text[at:]])

    def reference(self, inner: str, local: Mapping[str, Value], depth: int = 0) -> Value:
        """What a reference stands for."""
        if inner == "$":
            return "$"
        self._left -= 1
        if depth > _DEEPEST or self._left < 0:
            return None
        if inner in local:
            return local[inner]
        if inner in self.known and inner not in self.defined:
            return self.known[inner]
        if _NAME.fullmatch(inner):
            text = self.defined.get(inner)
            return None if text is None else self.expand(text, local, depth + 1)
        name, _, rest = inner.partition(" ")
        function = _FUNCTIONS.get(name)
        if function is not None and rest:
            given = [self.expand(part.strip(), local, depth + 1) for part in _split(rest)]
            return None if None in given else function(*[part or "" for part in given])
        if name == "foreach":
            return self._foreach(_split(rest), local, depth)
        if name == "call":
            called, numbered = self._called(inner, local, depth)
            return self.reference(called, numbered, depth + 1)
        if name == "shell":
            return self._shell(rest, local, depth)
        return self._substituted(inner, local, depth)

    def _called(
        self, inner: str, local: Mapping[str, Value], depth: int
    ) -> tuple[str, Mapping[str, Value]]:
        """The variable that `call name,…` names, and what it is given as `1` …"""
        name, *given = _split(inner.partition(" ")[2])
        numbered = {
            str(n): self.expand(part.strip(), local, depth + 1) for n, part in enumerate(given, 1)
        }
        return name.strip(), {**local, **numbered}

    def _foreach(self, parts: list[str], local: Mapping[str, Value], depth: int) -> Value:
        if len(parts) != 3:
            return None
        items = self.expand(parts[1], local, depth + 1)
        if items is None:
            return None
        name = parts[0].strip()
        found = [self.expand(parts[2], {**local, name: i}, depth + 1) for i in items.split()]
        return None if None in found else " ".join(part or "" for part in found)

    def _shell(self, command: str, local: Mapping[str, Value], depth: int) -> Value:
        here = self.known["CURDIR"]
        if command.strip() in ("pwd", "pwd -P", "realpath .", "readlink -f ."):
            return here
        if command.strip() == "git rev-parse --show-toplevel":
            return places.ROOT
        text = self.expand(command, local, depth + 1) or ""
        found = re.fullmatch(r"(?:cd\s+(\S+)\s*&&\s*pwd(?: -P)?|(dirname)\s+(\S+))", text.strip())
        if found is None or here is None:
            return None
        if found[2]:
            return posixpath.dirname(found[3]) or "."
        return posixpath.normpath(posixpath.join(here, found[1]))

    def _substituted(self, inner: str, local: Mapping[str, Value], depth: int) -> Value:
        """`$(X:.c=.o)`."""
        found = _SUBSTITUTED.fullmatch(inner)
        words = self.reference(found[1], local, depth + 1) if found is not None else None
        if found is None or words is None:
            return None
        if "%" in found[2]:
            return _patsubst(found[2], found[3], words)
        ends = (word.removesuffix(found[2]) for word in words.split() if word.endswith(found[2]))
        return " ".join(word + found[3] for word in ends)


def _split(text: str) -> list[str]:
    """The arguments of a function: what stands between commas outside of references."""
    inside = [(start, end) for start, end, _ in references(text)]
    parts, last = [], 0
    for found in re.finditer(",", text):
        if not any(start < found.start() < end for start, end in inside):
            parts.append(text[last : found.start()])
            last = found.end()
    return [*parts, text[last:]]


def _patsubst(pattern: str, new: str, words: str) -> str:
    found = []
    for word in words.split():
        stem = stem_of(pattern, word)
        found.append(word if stem is None else new.replace("%", stem, 1))
    return " ".join(found)


def stem_of(pattern: str, word: str) -> str | None:
    """What `%` of a pattern stands for in a word that matches it."""
    before, percent, after = pattern.partition("%")
    if not percent:
        return "" if word == pattern else None
    fits = word.startswith(before) and word.endswith(after) and len(word) > len(before + after)
    return word[len(before) : len(word) - len(after)] if fits else None


def _each(change: Callable[[str], str]) -> Callable[..., str]:
    return lambda words: " ".join(change(word) for word in words.split())


def _dir(path: str) -> str:
    head, slash, _ = path.rpartition("/")
    return head + slash if slash else "./"


_FUNCTIONS: Final[Mapping[str, Callable[..., str]]] = {
    "abspath": _each(posixpath.normpath),
    "realpath": _each(posixpath.normpath),
    "addprefix": lambda prefix, words: " ".join(prefix + word for word in words.split()),
    "addsuffix": lambda suffix, words: " ".join(word + suffix for word in words.split()),
    "basename": _each(lambda path: posixpath.splitext(path)[0]),
    "dir": _each(_dir),
    "firstword": lambda words: next(iter(words.split()), ""),
    "lastword": lambda words: next(iter(words.split()[::-1]), ""),
    "notdir": _each(posixpath.basename),
    "patsubst": _patsubst,
    "sort": lambda words: " ".join(sorted(set(words.split()))),
    "strip": lambda words: " ".join(words.split()),
    "subst": lambda old, new, text: text.replace(old, new),
}

"""A text taken out of a file, each character of which knows its place there.

Commands stand in YAML scalars, in recipes, in strings of other languages; what is found in them
is told as byte offsets of the file, whatever was taken off or put in on the way.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

#: `name=(…)`, `name+=(…)` over any lines, and `"${name[@]}"`.
_ARRAY: Final = re.compile(
    r"(?m)(?:^|(?<=[;\s]))(?:(?:local|declare|readonly)[ ]+(?:-a[ ]+)?)?"
    r"(?P<name>\w+)(?P<more>\+?)=\((?P<words>[^()]*)\)|\"?\$\{(?P<used>\w+)\[@\]\}\"?"
)


_LONGEST_ARRAY: Final = 4096
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class Document:
    """A whole file: its text, and where its lines and bytes are.

    Bytes that are not UTF-8 are kept as surrogates, so that offsets stay true.
    """

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.text = data.decode("utf-8", "surrogateescape")
        self._ascii = len(self.text) == len(data)

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        while end := self.text.find("\n", starts[-1]) + 1:
            starts.append(end)
        return starts

    def line(self, at: int) -> int:
        """The 1-based line of a character offset."""
        return bisect_right(self._starts, at)

    def text_of(self, line: int) -> str:
        """What stands in a line, without blanks around it."""
        start = self._starts[line - 1]
        end = self._starts[line] if line < len(self._starts) else len(self.text)
        return _SURROGATE.sub("\ufffd", self.text[start:end].strip())

    def bytes_span(self, start: int, end: int) -> tuple[int, int]:
        """Byte offsets of two character offsets."""
        if self._ascii:
            return start, end
        first = len(self.text[:start].encode("utf-8", "surrogateescape"))
        return first, first + len(self.text[start:end].encode("utf-8", "surrogateescape"))

    def trimmed(self, start: int, end: int) -> tuple[int, int]:
        """Byte offsets of what stands between two character offsets, without blanks behind it."""
        return self.bytes_span(start, start + len(self.text[start:end].rstrip()))

    def excerpt(self, start: int = 0, end: int | None = None) -> Excerpt:
        """A part of the file, or the whole."""
        end = len(self.text) if end is None else end
        return Excerpt(self, self.text[start:end], range(start, end))

    def value(self, start: int, end: int, value: str) -> Excerpt:
        """What a quoted or indented text between two offsets stands for, as its reader told it.

        Each character of the value is looked for in order; what lies between (indentation,
        quotes, backslashes of escapes) belongs to none.
        """
        places: list[int] = []
        at = start
        for character in value:
            if character.isspace():
                there = next((n for n in range(at, end) if self.text[n].isspace()), at)
                # Blank space may be put in or folded: it never moves behind the next word.
                at = there if not self.text[at:there].strip() else at
            else:
                found = self.text.find(character, at, end)
                at = found if found >= 0 else at
            places.append(at)
            at = min(at + 1, end)
        return Excerpt(self, value, places)


@dataclass(frozen=True)
class Excerpt:
    """Text with, for each of its characters, the character offset in the file it comes from."""

    document: Document
    text: str
    places: Sequence[int]

    @classmethod
    def joined(cls, parts: Sequence[Excerpt]) -> Excerpt:
        """Several texts of one file as the lines of one text."""
        first = parts[0]
        text = "\n".join(part.text for part in parts)
        found: list[int] = []
        for part in parts:
            end = part.places[-1] + 1 if part.places else found[-1] if found else 0
            found += [*part.places, end]
        return cls(first.document, text, found[:-1])

    def cut(self, start: int, end: int) -> Excerpt:
        return Excerpt(self.document, self.text[start:end], self.places[start:end])

    def replaced(self, edits: Sequence[tuple[int, int, str]]) -> Excerpt:
        """With other text at some places; edits: (start, end, new text), in order, apart."""
        if not edits:
            return self
        texts: list[str] = []
        places: list[int] = []
        at = 0
        for start, end, new in edits:
            here = self.places[start] if start < len(self.places) else len(self.document.text)
            texts += [self.text[at:start], new]
            places += [*self.places[at:start], *[here] * len(new)]
            at = end
        texts.append(self.text[at:])
        places += self.places[at:]
        return Excerpt(self.document, "".join(texts), places)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Character offsets in the file of a part of this text."""
        if not self.places:
            return 0, 0
        first = self.places[min(start, len(self.places) - 1)]
        last = self.places[min(max(start, end - 1), len(self.places) - 1)]
        return first, last + 1


def with_arrays(script: Excerpt) -> Excerpt:
    """A script with the words of bash's arrays in place of `"${name[@]}"`, as they are written
    above; their definitions, which the shell's grammar here does not know, are left out."""
    words: dict[str, list[str]] = {}
    edits: list[tuple[int, int, str]] = []
    for found in _ARRAY.finditer(script.text):
        if found["used"]:
            text = " ".join(words.get(found["used"], ()))
            if 0 < len(text) <= _LONGEST_ARRAY:
                edits.append((*found.span(), text))
            continue
        lines = (re.sub(r"(^|\s)#.*", "", line) for line in found["words"].split("\n"))
        given = [line.strip() for line in lines if line.strip()]
        before = words.get(found["name"], []) if found["more"] else []
        words[found["name"]] = [*before, *given]
        edits.append((*found.span(), ":"))
    return script.replaced(edits)

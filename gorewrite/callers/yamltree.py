"""A small YAML reader that keeps line numbers and says so when it meets what it does not read.

Enough for the files that teams write by hand: block and flow collections, plain and quoted
scalars, literal and folded text, comments, anchors, aliases, merge keys. All else (tags, complex
keys, scalars quoted over several lines …) becomes an `Odd` node in its place: what is read is
what YAML says (the last line end of a text block aside), and the rest of the file is still read.
Source: YAML 1.2.2, chapters 6 to 9; the merge key of YAML 1.1 (https://yaml.org/type/merge.html).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

_DEEPEST: Final = 60

_KEY: Final = re.compile(
    r"(?P<key>\"[^\"\\]*\"|'[^']*'"
    r"|(?:[^\s#&*!|>'\"%@`{}\[\],?:-]|[?:-](?=\S))(?:[^\s:#]|(?<=\S)#|:(?=\S)|[ \t](?!#))*?)"
    r"[ \t]*:(?:[ \t]+(?P<rest>.*)|$)"
)
_QUOTED: Final = re.compile(r"'(?:[^'\n]|'')*'|\"(?:[^\"\\\n]|\\.)*\"")
_ESCAPE: Final = re.compile(r"\\(.)")
_ESCAPES: Final = {"n": "\n", "t": "\t", '"': '"', "\\": "\\", "/": "/", "0": "\0", " ": " "}
_TEXT: Final = re.compile(r"(?P<style>[|>])(?P<chomp>[+-]?)[ \t]*(?:#.*)?")
_NAME: Final = re.compile(r"[^\s,\[\]{}]+")
_FLOW_PLAIN: Final = re.compile(
    r"(?:[^\s,\[\]{}#&*!|>'\"%@`:?-]|[:?-](?=[^\s,\[\]{}]))"
    r"(?:[^\s,\[\]{}:#]|(?<=\S)#|:(?=[^\s,\[\]{}])|[ \t]+(?=[^\s,\[\]{}:#]))*"
)
_MARKER: Final = re.compile(r"(---|\.\.\.)(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Scalar:
    """Text. plain: written without quotes and not as a text block, so `null` and `~` are null."""

    text: str
    line: int
    plain: bool = True

    @property
    def null(self) -> bool:
        return self.plain and self.text in ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True, slots=True)
class Mapping:
    """items: (key, line of the key, value), each key once; merged keys are put in."""

    items: tuple[tuple[str, int, Node], ...]
    line: int

    def get(self, key: str) -> Node | None:
        """The value of a key; None when it is absent or null."""
        for name, _, value in self.items:
            if name == key:
                return None if isinstance(value, Scalar) and value.null else value
        return None

    def line_of(self, key: str) -> int:
        """The line of a key, that of the mapping when it is absent."""
        return next((line for name, line, _ in self.items if name == key), self.line)


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple[Node, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Odd:
    """What is not read, and why."""

    why: str
    line: int


Node: TypeAlias = Scalar | Mapping | Sequence | Odd


def read(text: str) -> tuple[Node, ...]:
    """The documents of a file; line numbers are 1-based. Never raises."""
    found: list[Node] = []
    lines: list[str] = []
    start = 0
    every = [line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n")]
    for number, line in enumerate([*every, "---"]):
        if _MARKER.match(line):
            if any(kept.strip() and not kept.lstrip().startswith("#") for kept in lines):
                found.append(_Reader(lines, start).document())
            rest = line[3:].strip()
            start, lines = number, [""]
            if rest and not rest.startswith("#"):
                lines = [f"    {rest}"]
        else:
            lines.append("" if line.startswith("%") and not any(lines) else line)
    return tuple(found)


class _Failed(Exception): ...


class _Reader:
    """Reads the lines of one document; `first` is the 0-based line of its first one."""

    def __init__(self, lines: list[str], first: int) -> None:
        self.lines, self.at, self.first = lines, 0, first
        self.anchors: dict[str, Node] = {}
        self.depth = 0

    def document(self) -> Node:
        node = self._block(0)
        return node if self._next() is None else Odd("text after the end", self._line())

    def _line(self) -> int:
        return self.first + self.at + 1

    def _next(self) -> int | None:
        """The indentation of the next line that says something; None at the end."""
        while self.at < len(self.lines):
            line = self.lines[self.at]
            text = line.lstrip(" ")
            if text.strip() and not text.lstrip().startswith("#"):
                return len(line) - len(text)
            self.at += 1
        return None

    def _skip(self, parent: int) -> None:
        """Passes over what is indented deeper than `parent`."""
        indent = self._next()
        while indent is not None and indent > parent:
            self.at += 1
            indent = self._next()

    def _odd(self, why: str, line: int, parent: int) -> Odd:
        self._skip(parent)
        return Odd(why, line)

    def _block(self, least: int) -> Node:
        indent = self._next()
        line = self._line()
        if indent is None or indent < least:
            return Scalar("", line)
        text = self.lines[self.at][indent:]
        if text.startswith("\t") or self.depth >= _DEEPEST:
            why = "indented by a tab" if text.startswith("\t") else "nested too deeply"
            return self._odd(why, line, least - 1)
        self.depth += 1
        try:
            if _is_item(text):
                return self._sequence(indent)
            if _KEY.fullmatch(text):
                return self._mapping(indent, least)
            self.at += 1
            return self._value(text, least - 1, line, in_mapping=False)
        finally:
            self.depth -= 1

    def _sequence(self, indent: int) -> Node:
        line = self._line()
        items: list[Node] = []
        while self._next() == indent and _is_item(self.lines[self.at][indent:]):
            # The dash counts as indentation (YAML 1.2.2, 8.2.1).
            self.lines[self.at] = " " * (indent + 1) + self.lines[self.at][indent + 1 :]
            items.append(self._block(indent + 1))
        return Sequence(tuple(items), line)

    def _mapping(self, indent: int, least: int) -> Node:
        line = self._line()
        items: dict[str, tuple[int, Node]] = {}
        merged: list[Node] = []
        odd: Odd | None = None
        while self._next() == indent:
            at = self._line()
            found = _KEY.fullmatch(self.lines[self.at][indent:])
            if found is None:
                return self._odd("a line that is no key", at, least - 1)
            key = found["key"].rstrip()
            key = key[1:-1] if key[0] in "\"'" else key
            self.at += 1
            value = self._value(found["rest"] or "", indent, at, in_mapping=True)
            if key == "<<":
                merged += value.items if isinstance(value, Sequence) else (value,)
            elif key in items:
                odd = Odd(f"the key {key} twice", at)
            else:
                items[key] = (at, value)
        return odd or _merge(items, merged, line)

    def _value(self, rest: str, parent: int, line: int, *, in_mapping: bool) -> Node:
        """What stands behind a key or a dash, and on the deeper lines below."""
        rest = rest.strip()
        anchor = None
        if rest.startswith("&"):
            word, _, rest = rest.partition(" ")
            anchor, rest = word[1:], rest.lstrip()
        if rest[:1] in ("&", "!"):
            return self._odd(f"the tag {rest.split()[0]}", line, parent)
        node = self._content(rest, parent, line, in_mapping)
        if anchor:
            self.anchors[anchor] = node
        indent = self._next()
        if indent is not None and indent > parent:
            node = self._odd("text below a finished value", self._line(), parent)
        return node

    def _content(self, rest: str, parent: int, line: int, in_mapping: bool) -> Node:
        if not rest or rest.startswith("#"):
            indent = self._next()
            if in_mapping and indent == parent and _is_item(self.lines[self.at][indent:]):
                return self._sequence(indent)
            node = self._block(parent + 1)
            return Scalar("", line) if isinstance(node, Scalar) and node.null else node
        if rest[0] in "|>":
            return self._text(rest, parent, line)
        if rest[0] in "[{":
            flow = _Flow("\n".join([rest, *self.lines[self.at : self.at + 200]]), line, self)
            try:
                node, used = flow.whole()
            except _Failed as failed:
                return self._odd(str(failed), line, parent)
            self.at += used
            return node
        if rest[0] == "*":
            name, _, after = rest[1:].partition(" ")
            if after.strip() and not after.lstrip().startswith("#"):
                return self._odd("text behind an alias", line, parent)
            return self.anchors.get(name) or Odd(f"the alias {name} of nothing", line)
        if rest[0] in "\"'":
            quoted = _QUOTED.match(rest)
            after = rest[quoted.end() :] if quoted else "…"
            if quoted is None or not re.fullmatch(r"\s*|\s+#.*", after):
                return self._odd("a quoted text over several lines", line, parent)
            text = _unquoted(quoted[0])
            return Odd("an escape in a text", line) if text is None else Scalar(text, line, False)
        return self._plain(rest, parent, line)

    def _plain(self, rest: str, parent: int, line: int) -> Node:
        if rest[0] in "%@`,]}" or re.match(r"[?:-](\s|$)", rest):
            return self._odd("a text that begins with a mark", line, parent)
        pieces, text = [_uncommented(rest)], rest
        # A comment ends a text (YAML 1.2.2, 7.3.3); so, to this reader, does a blank line.
        while pieces[-1] == text and (indent := self._next_line()) is not None and indent > parent:
            text = self.lines[self.at].strip()
            if text.startswith("#"):
                break
            pieces.append(_uncommented(text))
            self.at += 1
        if any(re.search(r":(\s|$)", piece) or not piece for piece in pieces):
            return self._odd("a key inside of a text", line, parent)
        return Scalar(" ".join(pieces), line)

    def _next_line(self) -> int | None:
        """The indentation of the very next line; None when it is blank or there is none."""
        if self.at >= len(self.lines) or not self.lines[self.at].strip():
            return None
        line = self.lines[self.at]
        return len(line) - len(line.lstrip(" "))

    def _text(self, rest: str, parent: int, line: int) -> Node:
        """A literal (`|`) or folded (`>`) text."""
        found = _TEXT.fullmatch(rest)
        raw: list[str] = []
        while self.at < len(self.lines):
            text = self.lines[self.at]
            if text.strip() and len(text) - len(text.lstrip(" ")) <= parent:
                break
            raw.append(text)
            self.at += 1
        while raw and not raw[-1].strip():
            raw.pop()
        if found is None or found["chomp"] == "+" or not raw or not raw[0].strip():
            return Odd("a text block with an indicator", line)
        margin = len(raw[0]) - len(raw[0].lstrip(" "))
        lines = [text[margin:] for text in raw]
        if any(text[:margin].strip() for text in raw):
            return Odd("a text block that loses its indentation", line)
        if found["style"] == ">" and any(text[:1] in ("", " ", "\t") for text in lines):
            return Odd("a folded text of several paragraphs", line)
        return Scalar(("\n" if found["style"] == "|" else " ").join(lines), line, False)


class _Flow:
    """Reads `[…]` and `{…}`, which may run over several lines. Raises _Failed."""

    def __init__(self, text: str, line: int, reader: _Reader) -> None:
        self.text, self.line, self.reader = text, line, reader
        self.pos = 0

    def whole(self) -> tuple[Node, int]:
        """(the node, number of line ends in it); nothing but a comment may stand behind it."""
        node = self._node(0)
        rest = self.text[self.pos :].partition("\n")[0]
        if not re.fullmatch(r"\s*|\s+#.*", rest):
            raise _Failed("text behind a list or mapping")
        return node, self.text.count("\n", 0, self.pos)

    def _at(self) -> int:
        return self.line + self.text.count("\n", 0, self.pos)

    def _peek(self) -> str:
        """The next character, behind blanks, line ends and comments."""
        while found := re.compile(r"\s+(?:#[^\n]*)?|(?<=[,\[{])#[^\n]*").match(self.text, self.pos):
            self.pos = found.end()
        if self.pos >= len(self.text):
            raise _Failed("a list or mapping that does not end")
        return self.text[self.pos]

    def _node(self, depth: int) -> Node:
        first = self._peek()
        line = self._at()
        if depth > _DEEPEST:
            raise _Failed("nested too deeply")
        if first == "[":
            return Sequence(tuple(self._items("]", depth)), line)
        if first == "{":
            return self._pairs(depth, line)
        if first == "*":
            found = _NAME.match(self.text, self.pos + 1)
            node = self.reader.anchors.get(found[0]) if found else None
            if found is None or node is None:
                raise _Failed("an alias of nothing")
            self.pos = found.end()
            return node
        return self._scalar()

    def _scalar(self) -> Scalar:
        line, first = self._at(), self._peek()
        found = (_QUOTED if first in "\"'" else _FLOW_PLAIN).match(self.text, self.pos)
        text = found and (_unquoted(found[0]) if first in "\"'" else found[0])
        if found is None or text is None:
            raise _Failed("a value that is not read")
        self.pos = found.end()
        return Scalar(text, line, first not in "\"'")

    def _items(self, end: str, depth: int) -> Iterator[Node]:
        self.pos += 1
        while self._peek() != end:
            yield self._node(depth + 1)
            self._comma(end)
        self.pos += 1

    def _comma(self, end: str) -> None:
        if self._peek() == ",":
            self.pos += 1
        elif self._peek() != end:
            raise _Failed("a list without commas")

    def _pairs(self, depth: int, line: int) -> Node:
        items: dict[str, tuple[int, Node]] = {}
        merged: list[Node] = []
        self.pos += 1
        while self._peek() != "}":
            key = self._scalar()
            value: Node = Scalar("", key.line)
            if self._peek() == ":":
                self.pos += 1
                if self._peek() not in ",}":
                    value = self._node(depth + 1)
            if key.text == "<<":
                merged += value.items if isinstance(value, Sequence) else (value,)
            elif key.text in items:
                raise _Failed(f"the key {key.text} twice")
            else:
                items[key.text] = (key.line, value)
            self._comma("}")
        self.pos += 1
        return _merge(items, merged, line)


def _merge(items: dict[str, tuple[int, Node]], merged: list[Node], line: int) -> Node:
    """A mapping with its merge keys put in: its own keys win, then the earlier ones."""
    for node in merged:
        if not isinstance(node, Mapping):
            return Odd("a merge of what is no mapping", line)
        for key, at, value in node.items:
            items.setdefault(key, (at, value))
    return Mapping(tuple((key, at, value) for key, (at, value) in items.items()), line)


def _is_item(text: str) -> bool:
    return text == "-" or text.startswith("- ")


def _uncommented(text: str) -> str:
    return re.sub(r"\s+#.*", "", text).rstrip()


def _unquoted(text: str) -> str | None:
    """The value of a quoted text; None for an escape that is not read."""
    if text[0] == "'":
        return text[1:-1].replace("''", "'")
    if any(mark not in _ESCAPES for mark in _ESCAPE.findall(text[1:-1])):
        return None
    return _ESCAPE.sub(lambda found: _ESCAPES[found[1]], text[1:-1])

"""Edits of one instruction that leave everything around them alone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import cache

from gorewrite.dockerfile.errors import ParseError
from gorewrite.dockerfile.lexical import SPACE
from gorewrite.dockerfile.nodes import (
    CommentLine,
    Continuation,
    Instruction,
    Newline,
    Part,
    Text,
)
from gorewrite.dockerfile.parse import parse_body

Edit = tuple[int, int, str]


@cache
def _joint(escape: str) -> re.Pattern[str]:
    """A continuation, the newline, and the comments and blank lines behind it: what joining
    drops."""
    return re.compile(rf"{re.escape(escape)}[\t ]*\r*\n(?:[\t ]*(?:#[^\n]*)?\n)*")


def edit(instruction: Instruction, edits: Iterable[Edit]) -> Instruction:
    """A copy of `instruction` with pieces of its logical text replaced.

    edits: (start, end, new text), offsets into `logical`, not overlapping. The new text may
    hold continuations and comment lines, written with a backslash and `\\n`; they take the
    instruction's own escape character and newlines.

    Continuations, comments and heredocs outside the edits survive byte for byte. Inside a
    replaced piece continuations go, comments stay: they then precede what follows the piece.
    A text inserted at a joint of two lines goes to the end of the first.

    Raises ValueError when the edits overlap or are out of range, and when the result is not
    the one instruction the edits describe (a heredoc cut off, a new text that does not end
    its own lines, a comment left with nothing behind it).
    """
    ordered = _ordered(edits, len(instruction.logical))
    pieces = _Pieces(instruction)
    expected = instruction.logical
    joint = _joint(instruction.escape)
    for start, end, new in reversed(ordered):
        styled = _styled(new, instruction)
        pieces.replace(start, end, styled)
        expected = expected[:start] + joint.sub("", styled) + expected[end:]
    result = _reparsed(instruction, pieces.source())
    if result.logical != expected:
        raise ValueError(f"the edit gives {result.logical!r} instead of {expected!r}")
    if result.is_open and not instruction.is_open:
        raise ValueError("the edit ends the instruction in a continuation")
    return result


def edit_heredoc(instruction: Instruction, index: int, edits: Iterable[Edit]) -> Instruction:
    """A copy of `instruction` with pieces of the body of one of its heredocs replaced.

    edits: (start, end, new text), offsets into `heredocs[index].body`, not overlapping; the
    new text has `\\n` newlines and takes the heredoc's own. Tabs that `<<-` strips stay
    where they are. Raises IndexError, and ValueError as `edit` does.
    """
    heredoc = instruction.heredocs[index]
    content, expected = heredoc.content, heredoc.body
    newline = "\r\n" if heredoc.raw.endswith("\r\n") else "\n"
    places = _body_places(content, heredoc.strip_tabs)
    for start, end, new in reversed(_ordered(edits, len(expected))):
        styled = new.replace("\r\n", "\n").replace("\n", newline)
        begin = places[start]
        # The end is where the last replaced character ends: before the tabs of the next line.
        finish = places[end - 1] + 1 if end > start else begin
        content = content[:begin] + styled + content[finish:]
        expected = expected[:start] + styled + expected[end:]
    heredocs = list(instruction.heredocs)
    heredocs[index] = replace(heredoc, content=content)
    changed = instruction.with_changes(heredocs=tuple(heredocs))
    result = _reparsed(instruction, changed.source)
    bodies = [each.body for each in heredocs]
    bodies[index] = expected
    if [each.body for each in result.heredocs] != bodies:
        raise ValueError("the edit ends the heredoc early or changes its tabs")
    return result


def _ordered(edits: Iterable[Edit], length: int) -> list[Edit]:
    ordered = sorted(edits, key=lambda each: (each[0], each[1]))
    at = 0
    for start, end, _ in ordered:
        if not at <= start <= end <= length:
            raise ValueError(f"edit {start}:{end} overlaps another one or is out of range")
        at = end
    return ordered


def _reparsed(instruction: Instruction, source: str) -> Instruction:
    try:
        nodes = parse_body(source, instruction.escape)
    except ParseError as error:
        raise ValueError(f"the edit breaks the instruction: {error.problem}") from error
    if len(nodes) != 1 or not isinstance(nodes[0], Instruction):
        raise ValueError("the edit does not leave exactly one instruction")
    return nodes[0]


def _newline_of(instruction: Instruction) -> str:
    for part in instruction.parts:
        if part.text.endswith("\n"):
            return "\r\n" if part.text.endswith("\r\n") else "\n"
    return "\n"


def _styled(new: str, instruction: Instruction) -> str:
    """`new` with the continuations and newlines `instruction` has."""
    if "\n" not in new:
        return new
    text = new.replace("\r\n", "\n")
    if instruction.escape != "\\":
        text = re.sub(r"\\([\t ]*\n)", lambda m: instruction.escape + m[1], text)
    return text.replace("\n", _newline_of(instruction))


def _body_places(content: str, strip_tabs: bool) -> list[int]:
    """For each character of a heredoc's body (and its end) where it stands in the content."""
    if not strip_tabs:
        return list(range(len(content) + 1))
    places: list[int] = []
    at = 0
    for line in content.split("\n"):
        end = at + len(line) + 1
        places.extend(range(end - 1 - len(line.lstrip("\t")), end))
        at = end
    return places


class _Pieces:
    """The lines of an instruction, its texts as plain strings that can be changed."""

    def __init__(self, instruction: Instruction) -> None:
        parts = instruction.parts
        self._items: list[str | Part] = [p.text if isinstance(p, Text) else p for p in parts]
        if not isinstance(parts[0], Text):
            self._items.insert(0, "")
        self._heredocs = "".join(heredoc.raw for heredoc in instruction.heredocs)
        self._open = instruction.is_open

    def replace(self, start: int, end: int, new: str) -> None:
        """Replace one range. The ranges have to come last one first."""
        first, first_at = self._find(start if end > start else start - 1)
        last, last_at = self._find(end - 1) if end > start else (first, first_at)
        head, tail = self._text(first), self._text(last)
        before = head[: start - first_at] + new
        after = tail[end - last_at :]
        between = self._items[first + 1 : last]
        comments = [item for item in between if isinstance(item, CommentLine)]
        if not comments:
            self._items[first : last + 1] = [before + after]
            return
        joint = [item for item in between if isinstance(item, Continuation)][:1]
        following = self._items[last + 1 : last + 2]
        if not after.strip(SPACE) and following and isinstance(following[0], Continuation):
            # Nothing but space would be left of that line: end the line before with it.
            self._items[first : last + 2] = [before + after, *joint, *comments]
        else:
            self._items[first : last + 1] = [before, *joint, *comments, after]

    def source(self) -> str:
        self._drop_empty_lines()
        if not self._open:
            self._settle_end()
        lines = "".join([i if isinstance(i, str) else i.text for i in self._items])
        return lines + self._heredocs

    def _find(self, offset: int) -> tuple[int, int]:
        """The item that holds a character of the logical text, and where that item begins."""
        at = 0
        texts = [(i, item) for i, item in enumerate(self._items) if isinstance(item, str)]
        for index, item in texts[:-1]:
            if offset < at + len(item):
                return index, at
            at += len(item)
        return texts[-1][0], at

    def _text(self, index: int) -> str:
        item = self._items[index]
        assert isinstance(item, str)
        return item

    def _drop_empty_lines(self) -> None:
        """Take out the lines of which an edit left nothing but the continuation."""
        kept: list[str | Part] = []
        for item in self._items:
            emptied = kept and kept[-1] == "" and len(kept) > 1
            if emptied:
                kept.pop()
                if isinstance(item, Continuation):
                    continue
            kept.append(item)
        self._items = kept

    def _settle_end(self) -> None:
        """Let the last line hold text: an empty one would carry the instruction on."""
        texts = [i for i, item in enumerate(self._items) if _is_text(item)]
        if not texts:
            return
        last = texts[-1]
        tail = self._items[last + 1 :]
        blank = "".join([item for item in tail if isinstance(item, str)])
        end = [item for item in tail if isinstance(item, Newline)]
        joints: list[str | Part] = [item for item in tail if isinstance(item, Continuation)]
        comments = [item for item in tail if isinstance(item, CommentLine)]
        if not comments:
            self._items[last:] = [self._text(last) + blank, *end]
            return
        head, word = _split_last_word(self._text(last))
        if head.strip(SPACE):
            self._items[last:] = [head, joints[0], *comments, word + blank, *end]
        elif last > 0:
            self._items[last:] = [*comments, self._text(last) + blank, *end]
        else:
            raise ValueError("the edit leaves nothing behind the comments of the instruction")


def _is_text(item: str | Part) -> bool:
    return isinstance(item, str) and bool(item.strip(SPACE))


def _split_last_word(text: str) -> tuple[str, str]:
    at = max(text.rstrip(SPACE).rfind(char) for char in "\t ") + 1
    return text[:at], text[at:]

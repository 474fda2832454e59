"""The edits of a unified diff, as lines that are replaced: what fixes are made of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_HUNK: Final = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_ESCAPE: Final = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_NAMED: Final = dict(zip(b"abtnvfr", b"\a\b\t\n\v\f\r", strict=True))
#: Stands where bytes were no UTF-8: such lines cannot be given back as they are.
_LOST: Final = "\N{REPLACEMENT CHARACTER}"


class Edit(NamedTuple):
    """Lines of a file that give way to others.

    line: 1-based, the first of `old`, or the line in front of which `new` is inserted.
    old, new: whole lines with their ends; only the last line of a file may have none.
    above, below: the lines around, as far as the diff shows them; "" where it does not.
    """

    line: int
    old: tuple[str, ...]
    new: tuple[str, ...]
    above: str = ""
    below: str = ""

    @property
    def exact(self) -> bool:
        """Whether the text of the edit is what stands in the files."""
        return not any(_LOST in line for line in (*self.old, *self.new))


class FilePatch(NamedTuple):
    """What a diff does to one file. path: without `a/` and `b/`; lost: see `Ground`."""

    path: str
    created: bool
    edits: tuple[Edit, ...]
    lost: bool = False

    @property
    def exact(self) -> bool:
        """Whether the edits give the new file byte for byte."""
        return not self.lost and all(edit.exact for edit in self.edits)


class Ground:
    """The files as they were before a run.

    The diffs of a run apply one after the other, so that of a file that several of them edit (a
    Makefile) the later ones count lines which the earlier ones have moved.
    """

    def __init__(self) -> None:
        #: Path -> (line, old lines, new lines) of the edits so far, by line; None from the first on
        #: that edits what another has written: how lines have moved is not known then.
        self._done: dict[str, list[tuple[int, int, int]] | None] = {}

    def seen(self, patch: FilePatch) -> FilePatch:
        """The next patch with the lines of the file as it was; lost where these are not known."""
        done = self._done.setdefault(patch.path, [])
        edits = [self._moved(edit, done) if done else edit for edit in patch.edits]
        if done is None or None in edits:
            self._done[patch.path] = None
            return patch._replace(lost=True)
        patch = patch._replace(edits=tuple(edit for edit in edits if edit is not None))
        done += [(edit.line, len(edit.old), len(edit.new)) for edit in patch.edits]
        done.sort()
        return patch

    @staticmethod
    def _moved(edit: Edit, done: list[tuple[int, int, int]]) -> Edit | None:
        shift = 0
        for line, old, new in done:
            if edit.line + len(edit.old) <= line + shift:
                break
            if edit.line < line + shift + new:
                return None
            shift += new - old
        # The lines around may be of an earlier edit.
        return edit._replace(line=edit.line - shift, above="", below="")


def file_patches(diff: str) -> Iterator[FilePatch]:
    """The files of a diff as `gorewrite.differ.unified` writes it, in its order."""
    lines = [line + "\n" for line in diff.split("\n")]
    lines.pop()
    at = 0
    while at < len(lines):
        path, created = "", False
        at += 1  # `diff --git`, which is what the last file ended at.
        name = lines[at - 1].rstrip("\n").removeprefix("diff --git ")
        while at < len(lines) and not lines[at].startswith(("@@ ", "diff --git ")):
            created = created or lines[at].startswith("new file mode")
            if lines[at].startswith("+++ "):
                path = _unquoted(lines[at][4:].rstrip("\n").removesuffix("\t"))
            at += 1
        edits: list[Edit] = []
        while at < len(lines) and lines[at].startswith("@@ "):
            at = _hunk(lines, at, edits)
        yield FilePatch(path or _second(name), created, tuple(edits))


def _hunk(lines: list[str], at: int, edits: list[Edit]) -> int:
    """Adds the edits of the hunk that begins at an index; the index behind it."""
    head = _HUNK.match(lines[at])
    assert head is not None
    start, old_left, _, new_left = (int(number or 1) for number in head.groups())
    number = start if old_left else start + 1
    at += 1
    above = ""
    old: list[str] = []
    new: list[str] = []
    while at < len(lines) and (old_left or new_left):
        mark, line = lines[at][0], lines[at][1:]
        at += 1
        if at < len(lines) and lines[at].startswith("\\"):
            line = line[:-1]
            at += 1
        old_left -= mark in " -"
        new_left -= mark in " +"
        if mark == "-":
            old.append(line)
        elif mark == "+":
            new.append(line)
        else:
            if old or new:
                edits.append(Edit(number, tuple(old), tuple(new), above, line))
            number += len(old) + 1
            above = line
            old, new = [], []
    if old or new:
        edits.append(Edit(number, tuple(old), tuple(new), above))
    return at


def _second(names: str) -> str:
    """The name in `a/NAME b/NAME`, of a patch without lines."""
    return _unquoted(names[(len(names) + 1) // 2 :])


def _unquoted(name: str) -> str:
    """A name as it is, of one that git has put into C quotes (git quote.c)."""
    if name.startswith('"'):
        raw = _ESCAPE.sub(_byte, name[1:-1].encode("utf-8", "surrogateescape"))
        name = raw.decode("utf-8", "surrogateescape")
    return name.partition("/")[2]


def _byte(match: re.Match[bytes]) -> bytes:
    code = match[1]
    if len(code) == 3:
        return bytes([int(code, 8)])
    return bytes([_NAMED.get(code[0], code[0])])

"""The nodes of a Dockerfile: every byte of the file belongs to exactly one of them.

Nodes are frozen and compare by identity, so a node is also a place in the file; a change
makes new nodes (the model is LibCST's). `source` gives back the exact text.
"""

from __future__ import annotations

import dataclasses
from bisect import bisect_right
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from gorewrite.dockerfile.arguments import Flag, Reading, Word
from gorewrite.dockerfile.heredoc import Heredoc
from gorewrite.memo import cached_property


class Node:
    """Anything with a source text."""

    __slots__ = ()
    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]

    @property
    def source(self) -> str:
        """The exact text, newlines included."""
        raise NotImplementedError

    @property
    def first_line(self) -> str:
        """The first line that is not blank, without the space around it; "" when all are."""
        return next(iter(self.source.strip().splitlines()), "")

    def with_changes(self, **fields: Any) -> Self:
        """A copy with some fields replaced. Raises TypeError for a name that is none."""
        return dataclasses.replace(self, **fields)

    def deep_equals(self, other: object) -> bool:
        """Whether `other` is the same kind of node with the same text."""
        return isinstance(other, Node) and type(self) is type(other) and self.source == other.source


@dataclass(frozen=True, slots=True, eq=False)
class _Line(Node):
    """One line: its text and what ends it (`\\n`, `\\r\\n`, or nothing at the end of the file)."""

    text: str
    newline: str = "\n"

    @property
    def source(self) -> str:
        return self.text + self.newline


class Directive(_Line):
    """A parser directive: `# syntax=…`, `# escape=…` or `# check=…` at the top of the file."""

    __slots__ = ()

    @property
    def name(self) -> str:
        return self._halves()[0].lower()

    @property
    def value(self) -> str:
        return self._halves()[1]

    def _halves(self) -> tuple[str, str]:
        name, _, value = self.text.partition("#")[2].partition("=")
        return name.strip(), value.strip("\t\n\f\r ")


class Comment(_Line):
    """A comment line outside any instruction, indentation included."""

    __slots__ = ()


class Blank(_Line):
    """A line of nothing but space outside any instruction."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Part(Node):
    text: str

    @property
    def source(self) -> str:
        return self.text


class Text(_Part):
    """A piece of the instruction itself; the pieces together are `Instruction.logical`."""

    __slots__ = ()


class Continuation(_Part):
    """The escape character, space and newline that carry an instruction to the next line."""

    __slots__ = ()


class CommentLine(_Part):
    """A comment line inside a continued instruction, newline included."""

    __slots__ = ()


class BlankLine(_Part):
    """An empty line inside a continued instruction, newline included."""

    __slots__ = ()


class Newline(_Part):
    """What ends the last line of an instruction, before its heredocs."""

    __slots__ = ()


Part = Text | Continuation | CommentLine | BlankLine | Newline


@dataclass(frozen=True, eq=False)
class Instruction(Node):
    """One instruction with everything between its first and last byte.

    parts: its lines in pieces; heredocs: the bodies that follow them.
    escape: the escape character of the file.
    """

    parts: tuple[Part, ...]
    heredocs: tuple[Heredoc, ...] = ()
    escape: str = "\\"

    @classmethod
    def read(
        cls, parts: tuple[Part, ...], heredocs: tuple[Heredoc, ...], reading: Reading
    ) -> Instruction:
        """An instruction of which the argument layer is there already."""
        made = cls.__new__(cls)  # The __init__ of a frozen dataclass takes several times as long.
        vars(made).update(
            parts=parts,
            heredocs=heredocs,
            escape=reading.escape,
            reading=reading,
            keyword=reading.keyword,
        )
        return made

    @cached_property
    def source(self) -> str:
        lines = "".join([part.text for part in self.parts])
        return lines + "".join([heredoc.raw for heredoc in self.heredocs])

    @cached_property
    def first_line(self) -> str:
        """See Node."""
        return super().first_line

    @cached_property
    def memory(self) -> dict[Hashable, Any]:
        """See gorewrite.memo."""
        return {}

    @cached_property
    def reading(self) -> Reading:
        """The argument layer."""
        logical = "".join([part.text for part in self.parts if isinstance(part, Text)])
        return Reading(logical, self.escape)

    @cached_property
    def keyword(self) -> str:
        """In upper case: `RUN`, `COPY`, or whatever a custom frontend may define."""
        return self.reading.keyword

    @property
    def logical(self) -> str:
        """The text once continuations are joined, leading and inner space kept.

        BuildKit's own joined line is this without the space the first line begins with.
        """
        return self.reading.logical

    @cached_property
    def flags(self) -> tuple[Flag, ...]:
        """The `--name=value` words behind the keyword."""
        return self.reading.flags

    @cached_property
    def rest(self) -> str:
        """The arguments behind keyword and flags, without space at either end."""
        return self.reading.rest

    @property
    def rest_start(self) -> int:
        """Where `rest` begins in `logical`."""
        return self.reading.rest_start

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """`rest` in words: split as BuildKit splits ENV, LABEL and ARG, otherwise at space.

        The argument of WORKDIR, USER, STOPSIGNAL and MAINTAINER is one word. For a JSON
        form see `json`.
        """
        return self.reading.words

    @cached_property
    def json(self) -> tuple[str, ...] | None:
        """The strings of the JSON (exec) form; None for the shell form."""
        return self.reading.json

    @property
    def arguments(self) -> tuple[str, ...]:
        """The arguments as BuildKit's parser lists them: for ENV and LABEL in threes, (name,
        value, "=" or ""), for an unknown instruction one empty string, for ONBUILD none."""
        return self.reading.arguments

    @property
    def newline(self) -> str:
        """What ends its last line: `\\n`, `\\r\\n`, or "" at the end of a file without one."""
        source = self.source
        return source[len(source.rstrip("\r\n")) :] if source.endswith(("\n", "\r")) else ""

    @property
    def line_count(self) -> int:
        """How many lines of the file it takes."""
        source = self.source
        return source.count("\n") + (not source.endswith("\n"))

    @property
    def is_open(self) -> bool:
        """It ends in a continuation: only at the end of a file, where nothing may follow."""
        return not self.heredocs and isinstance(
            self.parts[-1], Continuation | CommentLine | BlankLine
        )

    def flag(self, name: str) -> str | None:
        """The value of the first flag of that name, None without one.

        A flag without `=` has the value "true", as in BuildKit (instructions/bflag.go).
        """
        for flag in self.flags:
            if flag.name == name:
                return "true" if flag.value is None else flag.value
        return None

    def flag_values(self, name: str) -> tuple[str, ...]:
        """The values of all flags of that name, for `--mount` and `--exclude`."""
        if not self.flags:
            return ()
        return tuple(
            "true" if flag.value is None else flag.value for flag in self.flags if flag.name == name
        )

    def line_at(self, offset: int) -> int:
        """The line, 0 for its first, that holds offset `offset` of `logical`.

        Raises IndexError beyond the end of `logical`.
        """
        length = len(self.logical)
        if offset > length:
            raise IndexError(offset)
        ends, lines = self._texts
        return lines[bisect_right(ends, min(offset, length - 1))] if lines else 0

    @cached_property
    def _texts(self) -> tuple[Sequence[int], Sequence[int]]:
        """(where in `logical` each text ends, the line that each stands on)."""
        ends, lines = [], []
        at = line = 0
        for part in self.parts:
            if isinstance(part, Text):
                at += len(part.text)
                ends.append(at)
                lines.append(line)
            line += part.text.count("\n")
        return ends, lines

    def edit(self, *edits: tuple[int, int, str]) -> Instruction:
        """A copy with pieces of `logical` replaced; see `edit.edit`."""
        from gorewrite.dockerfile.edit import edit

        return edit(self, edits)

    def edit_heredoc(self, index: int, *edits: tuple[int, int, str]) -> Instruction:
        """A copy with pieces of `heredocs[index].body` replaced; see `edit.edit_heredoc`."""
        from gorewrite.dockerfile.edit import edit_heredoc

        return edit_heredoc(self, index, edits)


BodyNode = Directive | Comment | Blank | Instruction

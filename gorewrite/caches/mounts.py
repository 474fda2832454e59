"""The `--mount` flags of RUN: read, and written in front of an untouched command.

Rules: Dockerfile reference, "RUN --mount"; moby/buildkit instructions/commands_runmount.go.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from gorewrite.dockerfile import Instruction
from gorewrite.memo import remembered
from gorewrite.stage.scope import State


class Mount(NamedTuple):
    """One `--mount`. text: the flag's value as written; kind: "bind" when not said.

    target: absolute path, None when it is not known; options: the other keys as written.
    """

    text: str
    kind: str
    target: str | None
    from_: str | None
    source: str | None
    options: frozenset[str]

    @property
    def read_only(self) -> bool:
        """Whether it says so: what one command only reads, another one has to fill."""
        return not self.options.isdisjoint(("readonly", "ro"))


_TARGET = ("target", "dst", "destination")
_NAMED = frozenset({"type", *_TARGET})


def mounts(instruction: Instruction, state: State) -> tuple[Mount, ...]:
    """The mounts of a RUN; `state` is the one before it."""
    return _mounts(instruction, state) if instruction.flags else ()


@remembered
def _mounts(instruction: Instruction, state: State) -> tuple[Mount, ...]:
    return tuple(_mount(text, state) for text in instruction.flag_values("mount"))


@lru_cache(maxsize=256)
def _values(text: str) -> Mapping[str, str]:
    """The keys of a `--mount` and their values."""
    values = {}
    for field in next(csv.reader([text]), []):
        key, _, value = field.partition("=")
        values[key.strip().lower()] = value
    return values


def _mount(text: str, state: State) -> Mount:
    values = _values(text)
    raw = next((values[key] for key in _TARGET if key in values), None)
    target = state.path(raw) if raw is not None else None
    return Mount(
        text,
        values.get("type", "bind"),
        target,
        values.get("from"),
        values.get("source", values.get("src")),
        frozenset(values).difference(_NAMED),
    )


def with_mounts(instruction: Instruction, added: Sequence[str], *, one_line: bool) -> Instruction:
    """The RUN with `--mount=` flags put right behind the keyword, all else as it was.

    added: values of the flags. Each stands on a line of its own, or all of them on the first
    line of the instruction with `one_line`.
    """
    flags = [f"--mount={value}" for value in added]
    logical = instruction.logical
    start = len(logical) - len(logical.lstrip()) + len(instruction.keyword)
    text = logical[start:]
    behind = start + len(text) - len(text.lstrip())
    if instruction.line_at(behind) > instruction.line_at(start - 1):
        # `RUN \` goes on in the next line already.
        return instruction.edit((start, start, " " + " \\\n    ".join(flags)))
    # Where the arguments of all instructions begin in one column, they still do.
    indent = " " * (behind if text.startswith("  ") else 4)
    joint = " " if one_line else f" \\\n{indent}"
    return instruction.edit((behind, behind, joint.join(flags) + joint))

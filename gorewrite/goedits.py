"""Edits of one `go build` command line: assignments in front, flags behind the verb.

Each function gives (start, end, text) edits of the RUN's text. Text that is not named in an edit
stays byte for byte, so comments, continuations and quoting survive.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from gorewrite.evidence import Unknown
from gorewrite.golang.ldflags import Declined, parse_ldflags, strip_edits
from gorewrite.runs import Edit, Invocation

_PREFIXES: Final = ("env", "sudo")
_WRAPPERS: Final = frozenset(
    "time nice ionice exec command builtin nohup setsid stdbuf timeout".split()
)


def assign(invocation: Invocation, text: str) -> Edit | None:
    """Puts `text` (`NAME=value …`) where it reaches the go command; None when no place is sure.

    In front of the whole simple command, wrappers and all; behind `env` and `sudo`, which take
    assignments themselves and may drop others. bash's keyword `time` is one only in front.
    """
    step = invocation.step
    words = step.command.words
    first = next(i for i, word in enumerate(words) if word.start == invocation.words[0].start)
    names = [(word.value or "").rpartition("/")[2] for word in words[:first]]
    behind = max((i for i, name in enumerate(names) if name in _PREFIXES), default=-1)
    if behind >= 0:
        at = next((i for i in range(behind + 1, first) if names[i] in _WRAPPERS), first)
        return words[at].start, words[at].start, f"{text} "
    start = min(a.start for a in step.command.assignments) if step.command.assignments else None
    if names[:1] == ["time"] and start is None and _has_time_keyword(invocation):
        return None if words[1].text.startswith("-") else (words[1].start,) * 2 + (f"{text} ",)
    start = words[0].start if start is None else start
    return start, start, f"{text} "


def _has_time_keyword(invocation: Invocation) -> bool:
    shell = invocation.run.state.shell[:1]
    name = shell[0].rpartition("/")[2] if shell and invocation.run.form != "exec" else ""
    return name in ("bash", "zsh", "ksh")


def add_flags(invocation: Invocation, flags: Collection[str]) -> Edit:
    """Puts flags right behind `go build`, in front of those that are there."""
    at = invocation.words[invocation.go.insertion - 1].end
    return at, at, "".join(f" {flag}" for flag in flags)


def drop_flag(invocation: Invocation, name: str) -> tuple[Edit, ...]:
    """Takes out every occurrence of a flag, with its value and the blank in front of it."""
    words = invocation.words
    return tuple(
        (words[flag.index - 1].end, words[flag.value_index].end, "")
        for flag in invocation.go.flags
        if flag.name == name
    )


def merge_strip(invocation: Invocation, s_implies_w: bool) -> tuple[Edit, ...] | Declined:
    """Puts what is missing of `-s -w` into the -ldflags of the command line."""
    flag = invocation.go.flag("ldflags")
    assert flag is not None
    word = invocation.words[flag.value_index]
    edits = strip_edits(word.text, flag.value, s_implies_w=s_implies_w)
    if isinstance(edits, Declined):
        return edits
    return tuple((word.start + start, word.start + end, text) for start, end, text in edits)


def strips(value: str | None) -> bool:
    """Whether a known -ldflags value leaves the symbol table out."""
    flags = parse_ldflags(value) if value else None
    return flags is not None and not isinstance(flags, Unknown) and flags.has_s

"""Edits of one `go build` command line: assignments in front, flags behind the verb.

Each function gives (start, end, text) edits of the RUN's text. Text that is not named in an edit
stays byte for byte, so comments, continuations and quoting survive.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from gorewrite import shell
from gorewrite.evidence import Unknown
from gorewrite.golang.ldflags import Declined, parse_ldflags, strip_edits
from gorewrite.stage.runs import Edit, Invocation, Run

_PREFIXES: Final = ("env", "sudo")
_WRAPPERS: Final = frozenset(
    ["time", "nice", "ionice", "exec", "command", "builtin", "nohup", "setsid", "stdbuf", "timeout"]
)


def assign(run: Run, step: shell.Step, text: str) -> Edit | None:
    """Puts `text` (`NAME=value …`) where it reaches a step's command; None when no place is sure.

    In front of the whole simple command, wrappers and all; behind `env` and `sudo`, which take
    assignments themselves and may drop others. bash's keyword `time` is one only in front.
    """
    words = step.command.words
    (first,) = shell.unwrap(step.command)
    names = [(word.value or "").rpartition("/")[2] for word in words[:first]]
    behind = max((i for i, name in enumerate(names) if name in _PREFIXES), default=-1)
    if behind >= 0:
        at = next((i for i in range(behind + 1, first) if names[i] in _WRAPPERS), first)
        return words[at].start, words[at].start, f"{text} "
    start = min(a.start for a in step.command.assignments) if step.command.assignments else None
    if names[:1] == ["time"] and start is None and _has_time_keyword(run):
        return None if words[1].text.startswith("-") else (words[1].start,) * 2 + (f"{text} ",)
    start = words[0].start if start is None else start
    return start, start, f"{text} "


def _has_time_keyword(run: Run) -> bool:
    words = run.state.shell[:1]
    name = words[0].rpartition("/")[2] if words and run.form != "exec" else ""
    return name in ("bash", "zsh", "ksh")


def add_flags(invocation: Invocation, flags: Collection[str]) -> Edit:
    """Puts flags right behind `go build`, in front of those that are there."""
    at = invocation.words[invocation.go.insertion - 1].end
    return at, at, "".join(f" {flag}" for flag in flags)


#: Suffixes people gave the package directory of cgo-free builds before Go 1.10.
_SUFFIXES: Final = frozenset({"cgo", "nocgo", "netgo", "static"})


def obsolete(invocation: Invocation) -> tuple[str, ...]:
    """Those of the flags `-a -installsuffix cgo` that the command has.

    Both kept packages built with and without cgo apart until Go 1.10, which looks at their
    content instead (https://go.dev/doc/go1.10#build).
    """
    every, suffix = invocation.go.flag("a"), invocation.go.flag("installsuffix")
    found = ("a",) if every is not None and every.value == "true" else ()
    return (*found, "installsuffix") if suffix and suffix.value in _SUFFIXES else found


def shown(invocation: Invocation, names: Collection[str]) -> tuple[str, ...]:
    """The flags as words: `-a`, `-installsuffix cgo`."""
    found = (flag for flag in invocation.go.flags if flag.name in names)
    return tuple(f"-{flag.name}" + (f" {flag.value}" if flag.name != "a" else "") for flag in found)


def drop_flags(invocation: Invocation, names: Collection[str]) -> tuple[Edit, ...]:
    """Takes out every occurrence of the flags, with their values and one blank each."""
    groups: list[tuple[int, int]] = []
    for flag in invocation.go.flags:
        if flag.name not in names:
            continue
        if groups and groups[-1][1] + 1 == flag.index:
            groups[-1] = groups[-1][0], flag.value_index
        else:
            groups.append((flag.index, flag.value_index))
    return tuple(_without(invocation, first, last) for first, last in groups)


def _without(invocation: Invocation, first: int, last: int) -> Edit:
    """Takes out words; what stood behind them on their line then begins it."""
    words = invocation.words
    begins = _line(invocation, first) > _line(invocation, first - 1)
    if begins and last + 1 < len(words) and _line(invocation, last + 1) == _line(invocation, last):
        return words[first].start, words[last + 1].start, ""
    return words[first - 1].end, words[last].end, ""


def _line(invocation: Invocation, index: int) -> int:
    return invocation.run.line_at(invocation.words[index].start)


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


def listed(words: Iterable[str]) -> str:
    """The words as a list in a sentence; there must be one."""
    *head, last = words
    return f"{', '.join(head)} and {last}" if head else last

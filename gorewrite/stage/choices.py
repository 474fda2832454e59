"""Build arguments that choose which program is built (`ARG SERVICE`, `go build ./cmd/$SERVICE`).

The default of such an argument is one choice of many: what holds for the image has to hold for all
programs that callers may choose, whether they are known or not.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gorewrite.dockerfile import copy_parts, pairs, variables
from gorewrite.evidence import Unknown
from gorewrite.golang.targets import NotKnown, Package, Wanted, module_at, packages_of
from gorewrite.memo import remembered

if TYPE_CHECKING:
    from gorewrite.facts import StageFacts
    from gorewrite.shell import Word
    from gorewrite.stage.runs import Invocation, Run

#: Up to the last directory of a path that a variable does not decide.
_ABOVE: Final = re.compile(r"[\"']?(\.{0,2}/(?:[\w.@-]+/)*)")
_MOST: Final = 100


@remembered
def choices_of(stage: StageFacts, invocation: Invocation) -> tuple[Package, ...] | Unknown | None:
    """The programs of which a build argument chooses one, whatever its default is: all below the
    directory that it does not decide. None when no argument decides."""
    go, run = invocation.go, invocation.run
    roles = zip(invocation.words, go.roles, strict=True) if go.packages else ()
    words = [word for word, role in roles if role == "package"]
    named = frozenset[str]().union(*(word.variables for word in words))
    loop = invocation.step.loop
    if loop is not None and loop.variable in named:
        named = named.union(*(item.variables for item in loop.items))
    moved = frozenset(_moved_by(run))
    if not (named or moved) or not (chosen := (named | moved) & _settable(stage)):
        return None
    why = f"which program is built depends on {', '.join(sorted(chosen))}"
    view = stage.view(run.instruction)
    start = _literal(run) if moved & chosen else go.directory
    if start is None:
        return Unknown(why)
    below = f"{module_at(view, start)[0].rstrip('/')}/..."
    arguments: tuple[str | None, ...] = (below,)
    if not moved & chosen:
        each = zip(words, go.packages, strict=True)
        arguments = tuple(_all(word, value, below) for word, value in each)
    try:
        wanted = Wanted.by(replace(go, packages=arguments, cwd=start), ("linux", "amd64"), None)
        packages = packages_of(view, wanted)
    except NotKnown as reason:
        return Unknown(f"{why}: {reason}")
    if isinstance(packages, Unknown):
        return Unknown(f"{why}: {packages.why}")
    mains = tuple(package for package in packages if package.is_main)
    return mains if len(mains) <= _MOST else Unknown(why)


def _all(word: Word, value: str | None, below: str) -> str | None:
    """A package argument as a pattern for all that it may stand for; None where a variable is all
    there is, without a default: it may be anything, and any number of words.

    below: the pattern for the whole module.
    """
    if not word.variables:
        return value
    above = _ABOVE.match(word.text)
    return f"{above[1]}..." if above else value and below


def _moved_by(run: Run) -> Iterator[str]:
    """The variables in the directory that a RUN works in: those of WORKDIR and of its `cd`s."""
    if run.state.workdir_from is not None:
        yield from variables(run.state.workdir_from.rest)
    for step in run.steps:
        if step.argv[:1] == ("cd",):
            yield from (name for word in step.command.words[1:] for name in word.variables)


def _literal(run: Run) -> str | None:
    """Where a RUN starts, up to the last directory that no variable decides."""
    if run.state.workdir is not None or run.state.workdir_from is None:
        return run.state.workdir
    match = _ABOVE.match(run.state.workdir_from.rest)
    return posixpath.normpath(match[1]) if match and match[1].startswith("/") else None


@remembered
def _settable(stage: StageFacts) -> frozenset[str]:
    """The variables that callers can set, and that do not only say where the sources are put."""
    found: set[str] = set()
    where: set[str] = set()
    what: set[str] = set()
    waiting: frozenset[str] = frozenset()  # Those of a WORKDIR, until something is copied there.
    for instruction in (i for member in stage.lineage for i in member.stage.instructions):
        match instruction.keyword:
            case "ARG":
                found.update(name for name, _ in pairs(instruction))
            case "ENV":
                for name, raw in pairs(instruction):
                    chosen = not found.isdisjoint(variables(raw or ""))
                    (found.add if chosen else found.discard)(name)
            case "WORKDIR":
                waiting = variables(instruction.rest)
            case "COPY" | "ADD":
                parts = copy_parts(instruction)
                where |= waiting | variables(parts.dest)
                what = what.union(*map(variables, parts.sources))
    return frozenset(found - (where - what))

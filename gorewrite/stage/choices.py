"""Build arguments that choose which program is built (`ARG SERVICE`, `go build ./cmd/$SERVICE`).

The default of such an argument is one choice of many: what holds for the image has to hold for all
programs that callers may choose, whether they are known or not.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gorewrite.dockerfile import copy_parts, pairs, variables
from gorewrite.evidence import Unknown
from gorewrite.golang.targets import NotKnown, Package, Wanted, module_at, packages_of
from gorewrite.memo import remembered
from gorewrite.stage.layout import under
from gorewrite.stage.scope import join, state_of

if TYPE_CHECKING:
    from gorewrite.facts import StageFacts
    from gorewrite.shell import Word
    from gorewrite.stage.runs import Invocation

#: Up to the last directory of a path that a variable does not decide.
_ABOVE: Final = re.compile(r"[\"']?(\.{0,2}/(?:[\w.@-]+/)*)")
_VARIABLE: Final = re.compile(r"\$(?:\w+|\{[^}]*\})")
_MOST: Final = 100


@remembered
def choices_of(stage: StageFacts, invocation: Invocation) -> tuple[Package, ...] | Unknown | None:
    """The programs of which a build argument chooses one, whatever its default is: all below the
    directory that it does not decide. None when no argument decides."""
    go, run = invocation.go, invocation.run
    chosen = arguments_of_choice(stage, invocation)
    if not chosen:
        return None
    words, placed = _packages(invocation), arguments_of_place(stage, invocation)
    why = f"which program is built depends on {', '.join(sorted(chosen))}"
    view = stage.view(run.instruction)
    if _copied(stage, go.directory) & chosen:
        return Unknown(why)
    directories: Sequence[str] = [go.directory] if go.directory else []
    if placed:
        place = _place(stage, invocation)
        directories = matches(stage, invocation, _VARIABLE.sub("*", place)) or ()
        go = replace(go, flags=tuple(flag for flag in go.flags if flag.name != "C"))
    found: list[Package] = []
    for directory in directories[:_MOST]:
        below = f"{module_at(view, directory)[0].rstrip('/')}/..."
        each = zip(words, go.packages, strict=True)
        arguments = tuple(_all(word, value, below) for word, value in each)
        try:
            wanted = replace(go, packages=arguments, cwd=directory)
            packages = packages_of(view, Wanted.by(wanted, ("linux", "amd64"), None))
        except NotKnown as reason:
            packages = Unknown(str(reason))
        if not isinstance(packages, Unknown):
            found += (package for package in packages if package.is_main)
        elif len(directories) == 1:
            return Unknown(f"{why}: {packages.why}")
    return tuple(found) if 0 < len(found) <= _MOST else Unknown(why)


@remembered
def arguments_of_choice(stage: StageFacts, invocation: Invocation) -> frozenset[str]:
    """The build arguments on which it depends what a command builds."""
    named = frozenset[str]().union(*(word.variables for word in _packages(invocation)))
    loop = invocation.step.loop
    if loop is not None and loop.variable in named:
        named = named.union(*(item.variables for item in loop.items))
    placed = arguments_of_place(stage, invocation)
    return placed | (named & _settable(stage)) if named else placed


def _packages(invocation: Invocation) -> list[Word]:
    """The words that name packages."""
    roles = zip(invocation.words, invocation.go.roles, strict=True)
    return [word for word, role in roles if role == "package"]


@remembered
def arguments_of_place(stage: StageFacts, invocation: Invocation) -> frozenset[str]:
    """The build arguments on which it depends in which directory, and so in which module, a
    command works, or what is copied there."""
    found = variables(_place(stage, invocation)) | _copied(stage, invocation.go.directory)
    return found & _settable(stage) if found else found


def _all(word: Word, value: str | None, below: str) -> str | None:
    """A package argument as a pattern for all that it may stand for; None where a variable is all
    there is, without a default: it may be anything, and any number of words.

    below: the pattern for the whole module.
    """
    if not word.variables:
        return value
    above = _ABOVE.match(word.text)
    return f"{above[1]}..." if above else value and below


def _place(stage: StageFacts, invocation: Invocation) -> str:
    """The directory in which a command works, as WORKDIR, `cd` and `-C` write it."""
    run, go = invocation.run, invocation.go
    texts = [run.state.workdir or ""]
    if (workdir := run.state.workdir_from) is not None and "$" in workdir.rest:
        texts = [state_of(stage, workdir).workdir or "", workdir.rest]
    for step in run.steps:
        if step is invocation.step:
            break
        if step.argv[:1] == ("cd",) and len(step.command.words) == 2:
            texts.append(step.command.words[1].text)
    flag = go.flag("C")
    texts += [invocation.words[flag.value_index].text] if flag is not None and flag.separate else []
    return posixpath.join(*(text.strip("\"'") for text in texts))


def _copied(stage: StageFacts, directory: str | None) -> frozenset[str]:
    """The variables in the sources of a COPY that brings what is built in a directory."""
    found = (names for path, names in _brought(stage) if under(directory or "", path))
    return frozenset[str]().union(*found)


@remembered
def _brought(stage: StageFacts) -> tuple[tuple[str, frozenset[str]], ...]:
    """(image path, variables) of the directories that a COPY brings from one of several."""
    found = []
    for placed in stage.placed:
        if placed.origin != "context" or not placed.directory or placed.path is None:
            continue
        sources = [s for s in copy_parts(placed.instruction).sources if "$" in s]
        if sources and _others(stage, sources):
            found.append((placed.path, frozenset[str]().union(*map(variables, sources))))
    return tuple(found)


def _others(stage: StageFacts, sources: Sequence[str]) -> bool:
    """Whether sources with variables may be several directories of Go modules or packages."""
    tree = stage.facts.project.context
    found = {
        place
        for source in sources
        for place in tree.glob(_VARIABLE.sub("*", source).strip("./") or "*")
        if any(name == "go.mod" or name.endswith(".go") for name in tree.listdir(place))
    }
    return len(found) > 1


def matches(stage: StageFacts, invocation: Invocation, text: str) -> tuple[str, ...] | None:
    """The words that a pattern of the shell becomes (`./cmd/*`); None when that is not known."""
    cwd = invocation.step.cwd or invocation.run.state.workdir
    if any(char in text for char in "$`'\"\\{~"):
        return None
    top = posixpath.dirname(text.partition("*")[0].partition("?")[0].partition("[")[0] + "x")
    absolute = join(cwd, top or ".")
    source = stage.source_of(absolute, invocation.run.instruction) if absolute else None
    if source is None:
        return None
    tree = stage.facts.project.context
    below = text[len(top) :].lstrip("/") if top else text
    prefix = "" if source == "." else source + "/"
    lead = f"{top}/" if top and not top.endswith("/") else top
    return tuple(lead + m.removeprefix(prefix) for m in tree.glob(prefix + below.rstrip("/")))


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

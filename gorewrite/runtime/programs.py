"""The programs that a stage builds, each with what its sources say it needs.

Ties the facts of a stage (which go command runs where, what it writes) to the analysis of the
Go sources in the build context.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gorewrite.evidence import Unknown
from gorewrite.facts import StageFacts
from gorewrite.gobuild.toolchain import at, cgo_setting
from gorewrite.golang.analysis import analyse
from gorewrite.golang.commands import BuildOutput, GoCommand
from gorewrite.golang.ldflags import linked_variables
from gorewrite.golang.needs import ProgramNeeds
from gorewrite.golang.targets import NotKnown, Wanted, packages_of
from gorewrite.memo import remembered
from gorewrite.runtime.linkage import Linkage, linkage
from gorewrite.stage.choices import choices_of
from gorewrite.stage.layout import tops
from gorewrite.stage.outputs import rounds
from gorewrite.stage.runs import Invocation
from gorewrite.stage.views import View

#: What the programs of one command need, one by one.
Needs = tuple[ProgramNeeds | Unknown, ...]


class Program(NamedTuple):
    """A binary in the file system of a stage.

    path: absolute in the image. invocation, output: the command that writes it. needs: what its
    sources show. linkage: how it is linked.
    """

    path: str
    invocation: Invocation
    output: BuildOutput
    needs: ProgramNeeds | Unknown
    linkage: Linkage


@remembered
def programs(stage: StageFacts) -> tuple[Program, ...]:
    """The known binaries of the stage and of the stages it is built on, in path order, and
    then those that it copies from other stages.

    A path that is written twice is the later command's. Where a build argument chooses what is
    built, each choice is a program of its own at the same path.
    """
    found = []
    for path, (invocation, outputs) in sorted(_written(stage).items()):
        for output in outputs:
            needs = needs_of(stage, invocation, output)
            link = linkage(stage, invocation, needs)
            found.append(Program(path, invocation, output, needs, link))
    for placed in stage.placed:
        other = stage.facts.stage_named(placed.from_ or "", stage.index)
        if placed.origin != "stage" or other is None:
            continue
        for program in _at(other, placed.source):
            copied = placed.image_path(program.path)
            if copied is not None:
                found.append(program._replace(path=copied))
    return tuple(found)


def _written(stage: StageFacts) -> dict[str, tuple[Invocation, list[BuildOutput]]]:
    """Each path -> the command that writes it, and what that may be."""
    found: dict[str, tuple[Invocation, list[BuildOutput]]] = {}
    for invocation, outputs in stage.outputs:
        for output in () if isinstance(outputs, Unknown) else outputs:
            if output.path not in found or found[output.path][0] is not invocation:
                found[output.path] = (invocation, [])
            found[output.path][1].append(output)
    return found


def _at(stage: StageFacts, path: str) -> Sequence[Program]:
    """The programs that a copy of a path may bring: the one there, or those in a directory."""
    found = _below(stage).get(path, ())
    return [program for program in found if program.path == path] or found


@remembered
def _below(stage: StageFacts) -> Mapping[str, Sequence[Program]]:
    """Each path and each directory above one -> the programs there, of a path those that the last
    command may write."""
    last = {program.path: program.invocation for program in programs(stage)}
    found: dict[str, list[Program]] = {}
    for program in programs(stage):
        if last[program.path] is program.invocation:
            for top in tops(program.path):
                found.setdefault(top, []).append(program)
    return found


@remembered
def needs_of(
    stage: StageFacts, invocation: Invocation, output: BuildOutput
) -> ProgramNeeds | Unknown:
    """What the program needs as the command builds it: its build tags, cgo as it is set.

    Unknown when the tags are not known or the package is no program.
    """
    setting = cgo_setting(stage, invocation)
    return package_needs(stage, invocation, output.package_dir, setting.value)


def package_needs(
    stage: StageFacts, invocation: Invocation, directory: str, cgo: bool | None
) -> ProgramNeeds | Unknown:
    """What the main package in a context directory needs, with the command's tags.

    cgo: whether cgo is on; None keeps files with and without it, to judge what cgo is for.
    """
    go = invocation.go
    place = at(stage, invocation)
    if go.tags is None:
        return Unknown("the build tags are not known", (place,))
    needs = analyse(
        stage.facts.project.context,
        directory,
        tags=frozenset(go.tags),
        cgo=cgo,
        goarch=go.env.get("GOARCH") or "amd64",
        linked=linked_variables([word.text for word in invocation.words]),
    )
    if needs.not_main:
        return Unknown(f"{directory} is no program that can be read", (place,))
    return needs


def main_packages(stage: StageFacts, invocation: Invocation) -> tuple[str, ...] | Unknown:
    """The context directories of the programs that a command builds, wherever it writes them.

    In a `for` loop the command is read once for each item; where a build argument chooses what is
    built, all that it may choose counts. Unknown with the reason when some package cannot be told.
    """
    choices = choices_of(stage, invocation)
    if isinstance(choices, Unknown):
        return Unknown(choices.why, (at(stage, invocation),))
    if choices is not None:
        return tuple(package.directory for package in choices)
    view = stage.view(invocation.run.instruction)
    found: dict[str, None] = {}
    for go in rounds(stage, invocation):
        if isinstance(go, Unknown):
            return go
        if go.uncertain:
            return Unknown(go.uncertain[0], (at(stage, invocation),))
        mains = _mains(view, go)
        if isinstance(mains, Unknown):
            return Unknown(mains.why, (at(stage, invocation),))
        found |= dict.fromkeys(mains)
    return tuple(found)


def _mains(view: View, go: GoCommand) -> tuple[str, ...] | Unknown:
    try:
        packages = packages_of(view, Wanted.by(go, ("linux", "amd64"), None))
    except NotKnown as reason:
        return Unknown(str(reason))
    if isinstance(packages, Unknown):
        return packages
    return tuple(package.directory for package in packages if package.is_main)

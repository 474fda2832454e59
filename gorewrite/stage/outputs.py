"""Which binaries the go commands of a stage write, loops and partial copies included."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gorewrite import shell
from gorewrite.evidence import Unknown
from gorewrite.golang.commands import BuildOutput, GoCommand, build_outputs, parse_go
from gorewrite.memo import remembered
from gorewrite.stage.images import Image
from gorewrite.stage.scope import join
from gorewrite.stage.views import View

if TYPE_CHECKING:
    from gorewrite.facts import StageFacts
    from gorewrite.stage.runs import Invocation


@remembered
def outputs_of(stage: StageFacts, invocation: Invocation) -> tuple[BuildOutput, ...] | Unknown:
    """The binaries that a `go build` or `go install` writes, in a loop those of each round."""
    found: list[BuildOutput] = []
    for go in rounds(stage, invocation):
        outputs = go if isinstance(go, Unknown) else _outputs(stage, invocation, go)
        if isinstance(outputs, Unknown):
            return outputs
        found += outputs
    return tuple(found)


def _outputs(
    stage: StageFacts, invocation: Invocation, go: GoCommand
) -> tuple[BuildOutput, ...] | Unknown:
    base = stage.base
    minor = base.go.version.minor if isinstance(base, Image) and base.go else None
    view = stage.view(invocation.run.instruction)
    return _seen_outputs(view, go, _directories(stage), minor)


@remembered
def _seen_outputs(
    view: View, go: GoCommand, directories: frozenset[str], go_minor: int | None
) -> tuple[BuildOutput, ...] | Unknown:
    outputs = build_outputs(go, view, directories=directories, go_minor=go_minor)
    whole = go.directory is not None and view.mounted(go.directory)
    if isinstance(outputs, Unknown) or whole:
        return outputs
    return tuple(o for o in outputs if view.copies.brings_sources(o.package_dir))


@remembered
def _directories(stage: StageFacts) -> frozenset[str]:
    """The known directories, with what the `mkdir`s of the lineage create."""
    made = [
        path
        for member in stage.lineage
        for run in member.runs
        for step in run.steps
        if step.argv[:1] == ("mkdir",)
        for path in shell.writes(step)
    ]
    return stage.facts.lasting.same(stage.directories.union(filter(None, made)))


def rounds(stage: StageFacts, invocation: Invocation) -> Iterator[GoCommand | Unknown]:
    """The go command once, or in a loop with each value of its variable."""
    loop = invocation.step.loop
    go = invocation.go
    if loop is None or not any(
        loop.variable in word.variables for word in invocation.words if loop.variable
    ):
        yield go
        return
    place = stage.facts.at(invocation.run.instruction, offset=invocation.line_offset)
    if loop.kind != "for" or loop.variable is None:
        yield Unknown("what the loop builds is not known", (place,))
        return
    for item in loop.items:
        values = _values(stage, invocation, item.value, item.text)
        if values is None:
            yield Unknown(f"what {item.text} stands for is not known", (place,))
            return
        for value in values:
            env = {**invocation.step.variables, loop.variable: value}
            argv = [word.expand(env) for word in invocation.words]
            raw = [word.text for word in invocation.words]
            yield parse_go(argv, go.cwd, go.env, raw) or Unknown("no go command", (place,))


def _values(
    stage: StageFacts, invocation: Invocation, value: str | None, text: str
) -> tuple[str, ...] | None:
    """The words that an item of a loop becomes: itself, or what its pattern matches."""
    if value is not None:
        return (value,)
    cwd = invocation.step.cwd
    if cwd is None or any(char in text for char in "$`'\"\\{~"):
        return None
    top = posixpath.dirname(text.partition("*")[0].partition("?")[0].partition("[")[0] + "x")
    absolute = join(cwd, top or ".")
    source = stage.source_of(absolute, invocation.run.instruction) if absolute else None
    if source is None:
        return None
    tree = stage.facts.project.context
    below = text[len(top) :].lstrip("/") if top else text
    prefix = "" if source == "." else source + "/"
    matches = tree.glob(prefix + below.rstrip("/"))
    lead = f"{top}/" if top and not top.endswith("/") else top
    return tuple(lead + match.removeprefix(prefix) for match in matches)

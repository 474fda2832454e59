"""Which binaries the go commands of a stage write, loops and partial copies included."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from gorewrite.context.globs import BadPattern, has_wildcard, match
from gorewrite.evidence import Unknown
from gorewrite.golang.commands import BuildOutput, GoCommand, build_outputs, parse_go
from gorewrite.golang.targets import Package
from gorewrite.memo import remembered
from gorewrite.stage.choices import choices_of, matches
from gorewrite.stage.images import Image
from gorewrite.stage.layout import tops
from gorewrite.stage.places import SYSTEM
from gorewrite.stage.scope import join
from gorewrite.stage.views import View

if TYPE_CHECKING:
    from gorewrite.facts import StageFacts
    from gorewrite.stage.runs import Invocation


@remembered
def outputs_of(stage: StageFacts, invocation: Invocation) -> tuple[BuildOutput, ...] | Unknown:
    """The binaries that a `go build` or `go install` writes, in a loop those of each round. Where a
    build argument chooses, the one file that is written is told for each choice."""
    choices = choices_of(stage, invocation)
    if choices is not None:
        return _of_choices(stage, invocation, choices)
    found: list[BuildOutput] = []
    for go in rounds(stage, invocation):
        outputs = go if isinstance(go, Unknown) else _outputs(stage, invocation, go)
        if isinstance(outputs, Unknown):
            return outputs
        found += outputs
    return tuple(found)


def is_directory(stage: StageFacts, path: str) -> bool | None:
    """Whether an absolute path is a directory at the end of a stage; None when it is not known."""
    if path in stage.directories or path in SYSTEM:
        return True
    source = stage.source_of(path)
    kind = stage.facts.project.context.kind(source) if source is not None else None
    if kind is not None:
        return kind == "dir"
    # What a binary was written into is a directory, though nothing else shows it.
    if path in _written_into(stage):
        return True
    return False if path in stage.output_paths else None


class OtherStages(NamedTuple):
    """What the other stages hold, for the sources of `COPY --from` in one (layout.Elsewhere)."""

    stage: StageFacts

    def is_directory(self, reference: str, path: str) -> bool | None:
        other = self._named(reference)
        return is_directory(other, path) if other is not None else None

    def matches(self, reference: str, pattern: str) -> tuple[str, ...]:
        other, (directory, last) = self._named(reference), posixpath.split(pattern)
        if other is None or has_wildcard(directory):
            return ()
        source = other.source_of(directory)
        names = {
            posixpath.basename(p) for p in other.output_paths if posixpath.dirname(p) == directory
        }
        names.update(other.facts.project.context.listdir(source) if source is not None else ())
        return tuple(posixpath.join(directory, n) for n in sorted(names) if _matches(last, n))

    def _named(self, reference: str) -> StageFacts | None:
        return self.stage.facts.stage_named(reference, self.stage.index)


def _matches(pattern: str, name: str) -> bool:
    try:
        return match(pattern, name)
    except BadPattern:
        return False


def named_outputs(stage: StageFacts) -> dict[str, str]:
    """The paths that `-o` gives to what is built from sources that are not known -> why not."""
    found = {}
    for invocation, outputs in stage.outputs:
        path = join(invocation.go.directory, invocation.go.output or "/")
        if isinstance(outputs, Unknown) and path is not None and invocation.go.output:
            found[path] = outputs.why
    return found


@remembered
def _written_into(stage: StageFacts) -> frozenset[str]:
    """The directories that go builds into, and those above them."""
    return frozenset(top for path in stage.output_paths for top in tops(posixpath.dirname(path)))


def _outputs(
    stage: StageFacts, invocation: Invocation, go: GoCommand
) -> tuple[BuildOutput, ...] | Unknown:
    base = stage.base
    minor = base.go.version.minor if isinstance(base, Image) and base.go else None
    view = stage.view(invocation.run.instruction)
    return _seen_outputs(view, go, stage.facts.lasting.same(stage.directories), minor)


@remembered
def _seen_outputs(
    view: View, go: GoCommand, directories: frozenset[str], go_minor: int | None
) -> tuple[BuildOutput, ...] | Unknown:
    outputs = build_outputs(go, view, directories=directories, go_minor=go_minor)
    whole = go.directory is not None and view.mounted(go.directory)
    if isinstance(outputs, Unknown) or whole:
        return outputs
    return tuple(o for o in outputs if view.copies.brings_sources(o.package_dir))


def _of_choices(
    stage: StageFacts, invocation: Invocation, choices: tuple[Package, ...] | Unknown
) -> tuple[BuildOutput, ...] | Unknown:
    """The one file that a command writes, whatever an argument chooses, for each choice."""
    go = invocation.go
    if isinstance(choices, Unknown):
        return choices
    if None in go.packages or go.directory is None:
        # Its name may not depend on the package, which is not known without the argument.
        if not choices or not go.output or go.output.endswith("/"):
            return Unknown("which program is built is known only to the caller")
        go = replace(go, packages=(choices[0].place,), cwd=go.cwd or choices[0].place)
    outputs = _outputs(stage, invocation, go)
    if isinstance(outputs, Unknown) or len(outputs) != 1:
        return outputs
    directories = dict.fromkeys((outputs[0].package_dir, *(p.directory for p in choices)))
    return tuple(outputs[0]._replace(package_dir=each, files=()) for each in directories)


def rounds(stage: StageFacts, invocation: Invocation) -> Iterator[GoCommand | Unknown]:
    """The go command once, with the names that its patterns match (`./cmd/*`), or in a loop with
    each value of its variable."""
    loop = invocation.step.loop
    go = invocation.go
    if loop is None or not any(
        loop.variable in word.variables for word in invocation.words if loop.variable
    ):
        yield _matched(stage, invocation) if None in go.packages else go
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


def _matched(stage: StageFacts, invocation: Invocation) -> GoCommand:
    """The go command with what the shell puts in for its patterns, where that is known."""
    go = invocation.go
    argv: list[str | None] = []
    raw: list[str] = []
    for word, value, role in zip(invocation.words, go.argv, go.roles, strict=True):
        found = _values(stage, invocation, None, word.text) if role == "package" else None
        argv += found if value is None and found else (value,)
        raw += found if value is None and found else (word.text,)
    return parse_go(argv, go.cwd, go.env, raw) or go


def _values(
    stage: StageFacts, invocation: Invocation, value: str | None, text: str
) -> tuple[str, ...] | None:
    """The words that an item of a loop becomes: itself, or what its pattern matches."""
    if value is not None:
        return (value,)
    known = invocation.step.cwd is not None
    return matches(stage, invocation, text) if known else None

"""What the build of a Dockerfile, and the program in its image, take from the build context.

It answers which files at the root of the context could be left out: patterns without a `/` in
an ignore file match nothing else (github.com/moby/patternmatcher).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from gorewrite import shell
from gorewrite.caches.mounts import mounts
from gorewrite.context import Context
from gorewrite.context.globs import relative
from gorewrite.dockerfile import Instruction, copy_parts
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import Facts, StageFacts
from gorewrite.memo import lasting, remembered
from gorewrite.runtime.programs import programs
from gorewrite.stage.layout import relative as below
from gorewrite.stage.layout import under
from gorewrite.stage.runs import Run


class ContextUse(NamedTuple):
    """What one Dockerfile takes from its context.

    whole: the first COPY, ADD or bind mount of its root, where it takes all of it.
    named: names at the root (or patterns of such) that the build takes by name, and where.
    read: the same of what the programs read.
    unknown: a source of which the name is not known.
    opaque: a RUN that may read any file that was copied.
    ships: what brings files of the context, as they are, into the final image.
    dynamic: a program in the image that may read any file.
    """

    whole: Instruction | None
    named: tuple[tuple[str, Evidence], ...]
    unknown: Evidence | None = None
    opaque: Evidence | None = None
    ships: Evidence | None = None
    dynamic: Evidence | None = None
    read: tuple[tuple[str, Evidence], ...] = ()


@remembered
def copied(facts: Facts) -> ContextUse:
    """What COPY, ADD and bind mounts take, without a look at programs."""
    whole: Instruction | None = None
    unknown: Evidence | None = None
    named: list[tuple[str, Evidence]] = []
    for stage in facts.stages:
        for instruction, state in stage.states.items():
            for source in _sources(stage, instruction):
                value = state.expand(source)
                place = facts.at(instruction)
                if value is None:
                    unknown = unknown or place
                elif relative(value) == ".":
                    whole = whole or instruction
                else:
                    named.append((_top(value), place))
    return ContextUse(whole, tuple(named), unknown)


@remembered
def context_use(facts: Facts) -> ContextUse:
    """All that can be told, the programs that are built and their sources included."""
    found = copied(facts)
    reader = _Reader(facts)
    named = [*found.named, *_embedded(facts.project.context)]
    read = tuple(reader.programs())
    for stage in facts.stages:
        for run in stage.runs:
            reader.run(stage, run)
    reader.shipped()
    if reader.opaque is not None:
        named += _generated_from(facts.project.context)
    return ContextUse(
        found.whole,
        (*named, *reader.named),
        found.unknown,
        reader.opaque,
        reader.ships,
        reader.dynamic,
        read,
    )


def _sources(stage: StageFacts, instruction: Instruction) -> Iterator[str]:
    """The raw context sources of an instruction; "." for the root."""
    if instruction.keyword in ("COPY", "ADD"):
        parts = copy_parts(instruction)
        if parts.from_ is None:
            yield from (s for s in parts.sources if not re.match(r"[a-z]+://|git@", s))
    elif instruction.keyword == "RUN":
        for mount in mounts(instruction, stage.states[instruction]):
            if mount.kind == "bind" and mount.from_ is None:
                yield mount.source or "."


def _top(path: str) -> str:
    return relative(path).split("/")[0]


_GENERATE: Final = re.compile(rb"(?m)^//go:generate[ \t]+(.+)$")
_MOST_SOURCES: Final = 20_000


@remembered
@lasting
def _generated_from(context: Context) -> tuple[tuple[str, Evidence], ...]:
    """What `//go:generate` names, by its name at the root; it runs in the directory of its file."""
    named: list[tuple[str, Evidence]] = []
    walk = context.walk(".", _MOST_SOURCES)
    for name in walk:
        data = walk.read(name) if name.endswith(".go") else None
        for found in _GENERATE.finditer(data or b""):
            text = found[1].decode("utf-8", "replace").strip()
            line = (data or b"").count(b"\n", 0, found.start()) + 1
            for word in re.findall(r"[\w.*?/-]+", text):
                path = posixpath.normpath(posixpath.join(posixpath.dirname(name), word))
                if path != "." and not path.startswith(".."):
                    named.append((_top(path), Evidence(name, line, f"//go:generate {text}")))
    return tuple(named)


_EMBED: Final = re.compile(rb"(?m)^[ \t]*//go:embed[ \t]+(.+)$")


def _embedded(context: Context) -> Iterator[tuple[str, Evidence]]:
    """What the Go files at the root embed; those elsewhere cannot embed anything at the root."""
    for name in context.listdir("."):
        data = context.read(name) if name.endswith(".go") else None
        for found in _EMBED.finditer(data or b""):
            text = found[1].decode("utf-8", "replace").strip()
            line = (data or b"").count(b"\n", 0, found.start()) + 1
            for pattern in text.split():
                bare = pattern.strip('"`').removeprefix("all:")
                yield _top(bare), Evidence(name, line, f"//go:embed {text}")


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Go commands that read Go packages and modules, and no other file of the tree.
_BUILDS: Final = _names("""build install get env version clean fmt telemetry""") | {
    "mod download",
    "mod verify",
    "mod tidy",
    "mod vendor",
    "mod graph",
}
#: Commands that read no files but those they are given by name.
_BY_NAME: Final = _names(
    """cat chgrp chmod chown cp head install ln ls mkdir mv rm rmdir sed stat strip tail test touch
    upx wc [ ldd file"""
)
#: Of those, the ones to which it is all the same what a directory holds.
_NO_CONTENT: Final = _names("chgrp chmod chown ls mkdir rm rmdir touch")
#: Commands that read no file of the tree.
_NO_FILES: Final = _names(
    """: addgroup adduser apk apt apt-get cd curl date dnf dpkg echo env export false git groupadd
    ldconfig microdnf nproc printf pwd set setcap sleep true uname unset update-ca-certificates
    useradd usermod wget yum id which command exit ulimit umask"""
)


#: What the builder gives by itself (Dockerfile reference, "Automatic platform ARGs").
_PLATFORM: Final = re.compile(r"(?:TARGET|BUILD)(?:PLATFORM|OS|ARCH|VARIANT)")


def _is_chosen(run: Run, word: shell.Word) -> bool:
    """Whether a word is made of a build argument, for which callers may give another value."""
    names = re.findall(r"\$\{?(\w+)", word.text)
    args, env = run.state.args, run.state.env
    return any(n in args and n not in env and not _PLATFORM.fullmatch(n) for n in names)


class _Reader:
    """Collects what RUNs, programs and the final image take."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.named: list[tuple[str, Evidence]] = []
        self.opaque: Evidence | None = None
        self.ships: Evidence | None = None
        self.dynamic: Evidence | None = None

    def run(self, stage: StageFacts, run: Run) -> None:
        """Looks at the commands of a RUN, and of the substitutions in it."""
        mounted = any(m.kind == "bind" for m in mounts(run.instruction, run.state))
        if not mounted and not self._holds_tree(stage, run.instruction):
            return
        if isinstance(run.script, Unknown):
            self.opaque = self.opaque or self.facts.at(run.instruction)
            return
        inner = (
            step
            for script in run.substitutions
            for step in shell.steps(script, run.state.workdir, run.state.shell_env)
        )
        for step in (*run.steps, *inner):
            self._step(stage, run, shell.unwrapped(step))

    def _holds_tree(self, stage: StageFacts, before: Instruction | None) -> bool:
        """Whether files of the context lie in the stage."""
        for placed in stage.placed_before(before):
            other = self.facts.stage_named(placed.from_ or "", stage.index)
            if placed.origin == "context" or (other and self._holds_tree(other, None)):
                return True
        return False

    def _step(self, stage: StageFacts, run: Run, step: shell.Step) -> None:
        line = run.line_at(step.command.start)
        text = " ".join(run.text[step.command.start : step.command.end].split())
        place = self.facts.at(run.instruction, text, line)
        argv = step.argv
        name = (argv[0] or "?").rpartition("/")[2] if argv else ":"
        words = [r.target for r in step.command.redirects if r.operator == "<" and r.target]
        if name == "go":
            kinds = {i.go.kind for i in run.invocations if i.words[0] is step.command.words[0]}
            if not kinds or not kinds <= _BUILDS:
                self.opaque = self.opaque or place
                words += step.command.words[2:]
        elif name in _BY_NAME:
            words += [word for word in step.command.words[1:] if not word.text.startswith("-")]
        elif name not in _NO_FILES:
            self.opaque = self.opaque or place
            words += step.command.words[1:]
        for word in words:
            if name in ("test", "[") and word.expand(step.variables) is None:
                continue  # What it compares is computed; which file it looks at rarely is.
            source = self._source(stage, run, step, word)
            if source == "." and name not in _NO_CONTENT:
                self.opaque = self.opaque or place
            elif source is not None:
                self.named.append((_top(source), place))

    def _source(
        self, stage: StageFacts, run: Run, step: shell.Step, word: shell.Word
    ) -> str | None:
        """The context path of what a word names; "." too where that is not known."""
        value = word.expand(step.variables)
        if value is not None and _is_chosen(run, word):
            path = step.path(value)
            if path is not None and any(p.origin == "context" for p in stage.copies.over(path)):
                return "."  # Whatever is there may be given instead.
        if value is None:
            # Of a pattern such as `/var/cache/apk/*` the directory before it tells enough.
            literal = word.text.partition("*")[0].partition("?")[0].partition("[")[0]
            if not literal.startswith("/") or "$" in literal or "`" in literal:
                return "."
            value = literal.rpartition("/")[0] or "/"
        _, _, given = value.partition("=")
        if given and not stage.source_of(step.path(value) or "", run.instruction):
            value = given  # `-func=coverage.out`, `PROFILE=coverage.out`
        path = step.path(value)
        if path is None:
            return "."
        if any(placed.path != path for placed in stage.copies.below(path)):
            return "."  # A directory that holds what was copied, `/` for example.
        return stage.source_of(path, run.instruction)

    def programs(self) -> Iterator[tuple[str, Evidence]]:
        """What the programs read by name; sets `dynamic`."""
        some = False
        final = self.facts.final
        for stage in self.facts.stages:
            for program in programs(stage):
                needs = program.needs
                some = True
                if isinstance(needs, Unknown):
                    first = next(iter(needs.evidence), Evidence("", 0, needs.why))
                    self.dynamic = self.dynamic or first
                    continue
                for unknown in (*needs.dynamic, *needs.problems):
                    first = next(iter(unknown.evidence), Evidence("", 0, unknown.why))
                    self.dynamic = self.dynamic or first
                for evidence in (*needs.caller_paths, *needs.toolchain_paths, *needs.self_path):
                    self.dynamic = self.dynamic or evidence
                for read in needs.reads:
                    if read.kind == "write":
                        continue
                    path = read.path or read.default
                    if read.path is None or _top(read.path) == ".":
                        self.dynamic = self.dynamic or read.evidence
                    if path is None:
                        continue
                    source = final.source_of(path) if path.startswith("/") else path
                    if source is not None:
                        yield _top(source), read.evidence
        if not some:
            self.dynamic = Evidence("", 0, "it is not known which programs are in the image")

    def shipped(self) -> None:
        """Finds what brings files of the context into the final image."""
        for member in self.facts.final.lineage:
            self._shipped(member, "/")
            for run in member.runs:
                if any(m.from_ for m in mounts(run.instruction, run.state)):
                    self.ships = self.ships or self.facts.at(run.instruction)

    def _shipped(self, stage: StageFacts, top: str) -> None:
        """What lies at or below an image path of a stage."""
        for placed in stage.copies.touching(top):
            place = self.facts.at(placed.instruction)
            if placed.path is None:
                self.ships = self.ships or place
                continue
            if under(placed.path, top):
                inside = "."
            elif placed.directory is not False and under(top, placed.path):
                inside = below(top, placed.path) or "."
            else:
                continue
            if placed.origin == "stage":
                other = self.facts.stage_named(placed.from_ or "", stage.index)
                if other is not None:
                    source = placed.source if inside == "." else f"{placed.source}/{inside}"
                    self._shipped(other, source)
            elif placed.origin == "context":
                source = relative(f"{placed.source}/{inside}")
                if source == ".":
                    self.ships = self.ships or place
                else:
                    self.named.append((_top(source), place))

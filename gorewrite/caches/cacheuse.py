"""Who else reads or cleans a directory that a cache mount would take out of the layers.

A cache mount hides what a layer has at its path, and nothing written to it is in the image
(Dockerfile reference, "RUN --mount=type=cache"); removing a mount point fails with "Device or
resource busy" after the shared cache has been emptied.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gorewrite import shell
from gorewrite.caches.mounts import mounts
from gorewrite.callers.composeruns import runs_go
from gorewrite.dockerfile import Instruction, copy_parts
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import Facts, StageFacts
from gorewrite.gobuild.gouse import GoUse
from gorewrite.memo import cached_property, remembered
from gorewrite.modules.gomodules import module_of
from gorewrite.runtime.programs import programs
from gorewrite.stage.commands import DEV_TOOLS, last
from gorewrite.stage.entry import read_entry
from gorewrite.stage.images import Image
from gorewrite.stage.layout import under
from gorewrite.stage.runs import Run


@dataclass(frozen=True)
class Cache:
    """One of Go's two caches, as a family of stages uses it.

    code: the refusal when its content is needed; variable: what names it; clean: the flag of
    `go clean`; mention: text that speaks of a place in it; paths: where it lies for the family.
    """

    name: str
    code: str
    variable: str
    clean: str
    mention: re.Pattern[str]
    paths: frozenset[str] = frozenset()

    def overlaps(self, path: str) -> bool:
        """Whether a path is in the cache or above it."""
        return any(under(path, cache) or under(cache, path) for cache in self.paths)

    def holds(self, path: str) -> bool:
        """Whether a path is the cache or in it."""
        return path in self.paths or path.startswith(self._inside)

    @cached_property
    def _inside(self) -> tuple[str, ...]:
        return tuple(f"{cache.rstrip('/')}/" for cache in self.paths)


MODULES = Cache(
    "module cache",
    "modcache-needed-in-layer",
    "GOMODCACHE",
    "modcache",
    re.compile(r"\bpkg/mod\b|\bGOMODCACHE\b(?!=)|\{\{-?\s*\.Dir\b"),
)
BUILD = Cache(
    "build cache",
    "buildcache-needed-in-layer",
    "GOCACHE",
    "cache",
    re.compile(r"\.cache/go-build\b|\bGOCACHE\b(?!=)"),
)


def written_later(
    use: GoUse, paths: Sequence[str | Unknown | None], mounted: Sequence[GoUse]
) -> Iterator[Evidence]:
    """Where a user other than root may write beside the mount points of `use` in a later RUN.

    Builders make what is missing of the way to a mount point as root, and older ones leave it
    behind (BuildKit issue 3153). mounted: the RUNs that get mounts themselves.
    """
    places = [posixpath.dirname(path) for path in paths if isinstance(path, str)]
    own = {other.run for other in mounted}
    for stage in use.stage.facts.stages:
        if use.stage not in stage.lineage:
            continue
        same = stage is use.stage
        for run in stage.runs[stage.runs.index(use.run) + 1 if same else 0 :]:
            if run in own or run.state.is_root:
                continue
            written = [path for step in run.steps for path in shell.writes(step)]
            unknown = isinstance(run.script, Unknown) or None in written
            if unknown or any(under(p, place) for p in written if p for place in places):
                yield stage.facts.at(run.instruction)


def has_sums(use: GoUse) -> bool:
    """Whether the modules of a RUN have a go.sum: without one go asks the checksum database
    and keeps what it says beside the module cache, in a directory that belongs to root."""
    for invocation in use.invocations:
        module = module_of(use.stage, invocation)
        if module is None:
            return False
        path = posixpath.join(module.directory, "go.sum")
        if use.stage.source_of(path, use.run.instruction) is None:
            return False
    return True


class Conflict(NamedTuple):
    """Why a cache must stay in the layers."""

    code: str
    message: str
    evidence: Evidence


def conflicts(
    family: Sequence[StageFacts], uses: Sequence[GoUse], wanting: Sequence[GoUse], cache: Cache
) -> Iterator[Conflict]:
    """Every use of a cache besides the go commands themselves, in no particular order.

    wanting: those of the uses that fill the cache. A stage has the layers of its lineage: one
    beside theirs never sees it.
    """
    facts = family[0].facts
    filling = {use.stage for use in wanting}
    filled = [stage for stage in family if not filling.isdisjoint(stage.lineage)]
    below = {stage for use in wanting for stage in use.stage.lineage}
    for stage in facts.stages:
        yield from _copied(stage, filled, cache)
    for stage in family:
        if stage not in below and stage not in filled:
            continue
        yield from _placed(stage, cache)
        for run in stage.runs:
            yield from _run(stage, run, cache)
    for stage in filled:
        yield from _at_run_time(stage, cache)
        for caller in stage.synced:
            message = f"a caller may build anew in running containers; that needs the {cache.name}"
            yield Conflict(cache.code, message, caller)
    for use in uses:
        for source, text in use.texts:
            yield from _text(text, source, cache)
    for started in runs_go(facts.project):
        if (started.path, started.line) in _run_beside(facts, filled):
            continue
        message = f"a compose file runs go in a container, which then has no {cache.name}"
        yield Conflict(cache.code, message, started)


def _run_beside(facts: Facts, filled: Sequence[StageFacts]) -> Iterator[tuple[str, int]]:
    """Where compose files say what runs in a container of another stage than those."""
    for stage in facts.stages:
        for service in stage.services if stage not in filled else ():
            line = service.entrypoint or service.command
            if line is not None:
                yield line.evidence.path, line.evidence.line


def _copied(stage: StageFacts, family: Sequence[StageFacts], cache: Cache) -> Iterator[Conflict]:
    """COPY --from and --mount=from= of a stage that has the cache."""
    for instruction, other, raw, path in _taken(stage):
        if other in family and (cache.overlaps(path) or cache.mention.search(raw)):
            message = f"its content is copied from the layer here: {raw}"
            yield Conflict(cache.code, message, stage.facts.at(instruction))


@remembered
def _taken(stage: StageFacts) -> tuple[tuple[Instruction, StageFacts | None, str, str], ...]:
    """(instruction, other stage, path as written, plain path) of what a stage takes from others."""
    found = []
    for instruction, state in stage.states.items():
        taken: list[tuple[str, str]] = []
        if instruction.keyword in ("COPY", "ADD"):
            parts = copy_parts(instruction)
            taken = [(parts.from_, source) for source in parts.sources if parts.from_]
        elif instruction.keyword == "RUN" and instruction.flags:
            mounted = mounts(instruction, state)
            taken = [(mount.from_, mount.source or "/") for mount in mounted if mount.from_]
        for reference, raw in taken:
            other = stage.facts.stage_named(state.expand(reference) or reference, stage.index)
            found.append((instruction, other, raw, _plain(state.expand(raw) or raw)))
    return tuple(found)


def _placed(stage: StageFacts, cache: Cache) -> Iterator[Conflict]:
    """COPY and ADD into the cache, which a mount would hide."""
    context = stage.facts.project.context
    for placed in stage.placed:
        if placed.path is None or placed.instruction not in stage.states:
            continue
        hidden = cache.holds(placed.path)
        other = stage.facts.stage_named(placed.from_ or "", stage.index)
        base = other.base if other is not None else None
        golang = isinstance(base, Image) and base.family == "golang"
        for path in cache.paths:
            source = placed.source_path(path)
            if source is None or placed.directory is False:
                continue
            there = placed.origin == "context" and context.kind(source) is not None
            hidden = hidden or there or (placed.origin == "stage" and golang)
        if hidden:
            message = f"a mount would hide what is copied into the {cache.name} here"
            yield Conflict(cache.code, message, stage.facts.at(placed.instruction))


#: Without any of these a RUN reaches no cache that it does not speak of.
_REACHING = re.compile(r"[/$]|\brm|\bclean")


def _run(stage: StageFacts, run: Run, cache: Cache) -> Iterator[Conflict]:
    facts = stage.facts
    if isinstance(run.script, Unknown):
        found = _text(run.text, "", cache)
        yield from (Conflict(c.code, c.message, facts.at(run.instruction)) for c in found)
        return
    spoken = cache.mention.search(run.text) is not None
    if not spoken and not _REACHING.search(run.text):
        return
    for step in run.steps:
        inner = shell.unwrapped(step)
        if not spoken and inner.argv[:1] == ("go",) and "clean" not in inner.argv:
            continue  # The words of go count only where they speak of a place in the cache.
        code = _step(inner, cache)
        if code is None:
            continue
        at = run.line_at(inner.command.start)
        text = run.text[inner.command.start : inner.command.end].partition("\n")[0]
        yield _conflict(code, cache, facts.at(run.instruction, text, at))


def _conflict(code: str, cache: Cache, evidence: Evidence) -> Conflict:
    if code == "cache-cleaned":
        message = f"the {cache.name} is cleaned here, which a mount makes fail or wipes for all"
    else:
        message = f"the {cache.name} is read here; a mount may be empty"
    return Conflict(code, message, evidence)


#: Commands that name a directory without needing what is in it.
_HARMLESS = frozenset(["mkdir", "chown", "chmod", "chgrp", "echo", "printf", "cd", "ls", "du"])
_WHOLE_TREES = frozenset(["cp", "mv", "tar", "rsync", "find"])
_DECLARING = frozenset(["export", "declare", "readonly", "local", "typeset"])


def _step(step: shell.Step, cache: Cache) -> str | None:
    """The refusal code for one command, None when it leaves the cache alone."""
    words = step.command.words
    argv = step.argv
    name = (argv[0] or "").rpartition("/")[2] if argv else ""
    texts = [word.text for word in words[1:]]
    if name == "go":
        if "clean" in argv and f"-{cache.clean}" in argv:
            return "cache-cleaned"
    elif name in ("rm", "rmdir"):
        recursive = any(re.match(r"-\w*[rR]|--recursive", text) for text in texts)
        paths = [_expanded(step, text, cache) for text in texts if not text.startswith("-")]
        cleaned = any(path is not None and cache.overlaps(path) for path in paths)
        return "cache-cleaned" if cleaned and recursive else None
    if name in _HARMLESS:
        texts = [text for text in texts if "$(" in text or "`" in text]
    if name in _DECLARING:
        texts = [text.partition("=")[2] for text in texts]
    texts += [a.word.text for a in step.command.assignments if a.word and "$(" in a.word.text]
    for text in texts:
        if cache.mention.search(text):
            return cache.code
        path = _expanded(step, text, cache) if "/" in text and name != "go" else None
        if path is None or name in _HARMLESS:
            continue
        if cache.holds(path) or (name in _WHOLE_TREES and cache.overlaps(path)):
            return cache.code
    return None


_HOME = re.compile(r"^~(?=/|$)|\$HOME\b|\$\{HOME\}")
_NAMED = re.compile(r"\$\{(\w+)\}|\$(\w+)|\$\(go env (\w+)\)")


def _expanded(step: shell.Step, text: str, cache: Cache) -> str | None:
    """A word of a command as an absolute path, up to its first pattern; None when not known."""
    text = text.replace('"', "").replace("'", "")
    known = step.variables

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2] or match[3]
        if name == cache.variable:
            return min(cache.paths)
        return known.get(name) or match.group()

    if "~" in text or "$" in text:
        home = known.get("HOME") or "/root"
        text = _NAMED.sub(value, _HOME.sub(home, text))
    if "$" in text or not text:
        return None
    return step.path(_plain(text) if text.startswith("/") else re.split(r"[*?\[]", text)[0])


def _plain(path: str) -> str:
    """A path up to its first pattern, without a slash at its end."""
    return posixpath.normpath("/" + re.split(r"[*?\[]", path)[0].lstrip("/"))


def _text(text: str, source: str, cache: Cache) -> Iterator[Conflict]:
    """A script that is only searched: a Makefile, a shell script, an unread RUN."""
    parents = {posixpath.dirname(path) for path in cache.paths} | cache.paths
    listed = "|".join(re.escape(path) for path in sorted(parents))
    cleaned = re.compile(
        rf"\bclean\b[^\n;&|]*-{cache.clean}\b|\brm\s+-\w*[rR][^\n;&|]*(?:{listed}|{cache.mention.pattern})"
    )
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip().startswith("#"):
            continue
        evidence = Evidence(source, number, line.strip()[:200])
        if cleaned.search(line):
            yield _conflict("cache-cleaned", cache, evidence)
        elif cache.mention.search(line):
            yield _conflict(cache.code, cache, evidence)


def without_command(stage: StageFacts) -> Evidence | None:
    """The final stage, when nothing says what a container of it runs."""
    if not stage.is_final:
        return None
    refusal = read_entry(stage).refusal
    said = last(stage, "CMD") or last(stage, "ENTRYPOINT")
    unsaid = refusal is not None and refusal[0] == "no-entrypoint"
    return stage.facts.at(stage.stage.from_) if unsaid or not said else None


def _at_run_time(stage: StageFacts, cache: Cache) -> Iterator[Conflict]:
    """The container of a stage that is not only there for later stages may need the cache."""
    leaf = stage.is_final or not stage.referenced
    own = any(i.keyword in ("CMD", "ENTRYPOINT") for i in stage.stage.instructions)
    if not leaf and not own and not stage.services:
        return
    entry = read_entry(stage)
    code = entry.refusal[0] if entry.refusal else ""
    evidence = entry.refusal[2] if entry.refusal else stage.facts.at(stage.stage.from_)
    tools = sorted(DEV_TOOLS & set(entry.tools))
    if tools:
        code, evidence = "dev-or-test-image", entry.tools[tools[0]]
    if code == "dev-or-test-image":
        message = (
            f"the container runs the go command or a tool that does; it needs the {cache.name}"
        )
        yield Conflict(cache.code, message, evidence)
    elif (runs := _program_runs_go(stage)) is not None:
        message = f"the program itself runs go, which then has no {cache.name}"
        yield Conflict(cache.code, message, runs)
    elif leaf and code == "no-entrypoint":
        if last(stage, "CMD") is not None or not stage.runs:
            message = (
                f"what a container of this stage is for is not known; it may need the {cache.name}"
            )
            yield Conflict(cache.code, message, evidence)
    elif leaf and code:
        message = f"what the container runs cannot be followed; it may need the {cache.name}"
        yield Conflict(cache.code, message, evidence)


_GO = ("go", "/usr/local/go/bin/go")


def _program_runs_go(stage: StageFacts) -> Evidence | None:
    """Where a program of a stage runs the go command: it may build what it is given offline."""
    known = (p.needs for p in programs(stage) if not isinstance(p.needs, Unknown))
    executes = (found for need in known for found in need.executes)
    return next((f.evidence for f in executes if f.program in _GO), None)

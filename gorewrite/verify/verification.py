"""One Dockerfile proven, or not: both images built, compared and run.

The verdicts: *verified*; *failed*, when the rewrite is to blame; *unverified*, when nothing can be
said, as the Dockerfile does not build as it is; *unchanged*, when there is nothing to prove.
"""

from __future__ import annotations

import enum
import hashlib
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from gorewrite.context import Context
from gorewrite.context.ignorefile import IgnoreFile
from gorewrite.discovery import repository_root
from gorewrite.dockerfile import parse
from gorewrite.facts import Facts, StageFacts
from gorewrite.files import real
from gorewrite.outcome import changes_on_disk
from gorewrite.project import Result
from gorewrite.surroundings import Project
from gorewrite.transform import Safety
from gorewrite.verify.compare import Difference, Sides, compare_configs, compare_files
from gorewrite.verify.edits import dependency_edit, source_edit
from gorewrite.verify.engines import Engine
from gorewrite.verify.images import BuiltImage, ImageError, Images
from gorewrite.verify.janitor import PREFIX, Janitor
from gorewrite.verify.measure import Builder, BuildError, Times, base_images
from gorewrite.verify.processes import Processes
from gorewrite.verify.smoke import Smoke, SmokeError, SmokeOptions, tcp_ports
from gorewrite.verify.workarea import Copy, make_copies


class Verdict(enum.StrEnum):
    """What became of a verification."""

    VERIFIED = "verified"
    FAILED = "failed"
    UNVERIFIED = "unverified"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class VerifyOptions:
    """What the user wants.

    rebuilds: whether rebuilds are measured; run: whether the containers are run; timeout: seconds
    for one build; build: options of the engine's build command; target: the stage to build, None
    for the last one and those that callers name.
    """

    rebuilds: bool = True
    run: bool = True
    timeout: float = 1800.0
    build: tuple[str, ...] = ()
    target: str | None = None
    smoke: SmokeOptions = field(default_factory=SmokeOptions)


class Side(NamedTuple):
    """One image and what its builds took."""

    image: BuiltImage
    times: Times


class BuiltFile(NamedTuple):
    """A file that a rewrite edits, as it was built.

    path: relative to the root of the repository; before, after: sha256 of its bytes in hexadecimal
    digits, None where there is no such file.
    """

    path: str
    before: str | None
    after: str


class Verification(NamedTuple):
    """What was found of one Dockerfile.

    reason: in one line; log: the last lines of a build that failed; before, after: None as far as
    it did not come to that; runs: what was seen of the containers; notes: what could not be told;
    files: what was built, the Dockerfile first.
    """

    display: str
    verdict: Verdict
    reason: str
    log: str = ""
    before: Side | None = None
    after: Side | None = None
    differences: tuple[Difference, ...] = ()
    runs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    review: bool = False
    files: tuple[BuiltFile, ...] = ()


class _Unverified(Exception):
    """Nothing can be said; the reason, and a log."""

    def __init__(self, reason: str, log: str = "") -> None:
        super().__init__(reason)
        self.log = log


#: Told what is being done; and, while that takes long, the last line of output.
Say = Callable[[str], None]


def verify(
    result: Result,
    engine: Engine,
    options: VerifyOptions,
    say: Say = lambda _: None,
    tick: Say = lambda _: None,
) -> Verification:
    """Builds, compares and runs what a planned rewrite starts from and ends with.

    What it leaves on the engine and on disk is removed when it returns or raises, and also when
    the process is killed. Raises OSError when the context cannot be copied.
    """
    if not result.plan.changed:
        return Verification(result.display, Verdict.UNCHANGED, "nothing would change")
    run = secrets.token_hex(6)
    directory = Path(tempfile.gettempdir(), PREFIX + run)
    janitor = Janitor(run, directory, engine.program, engine.kind)
    try:
        directory.mkdir(mode=0o700)
        processes = Processes(janitor, tick)
        return _Verifier(result, engine, options, processes, directory, run, say).work()
    finally:
        janitor.close()


class _Verifier:
    def __init__(
        self,
        result: Result,
        engine: Engine,
        options: VerifyOptions,
        processes: Processes,
        directory: Path,
        run: str,
        say: Say,
    ) -> None:
        assert result.project is not None
        self.result = result
        self.options = options
        self.directory = directory
        self.run = run
        self.name = PREFIX + run
        self.facts = Facts(parse(result.plan.old), result.project)
        self.after_facts = Facts(parse(result.plan.new), _after(result))
        self.processes = processes
        self.engine = engine
        self.say = say
        self.images = Images(engine, processes, directory)
        self.notes: list[str] = []
        self.differences: list[Difference] = []
        self.runs: list[str] = []

    def work(self) -> Verification:
        before: Side | None = None
        after: Side | None = None
        try:
            sides = self._stage(self.options.target)
            copies = self._copies()
            builder = self._builder(self.options.target)
            syntax = self.facts.dockerfile.directives.get("syntax")
            images = [*base_images(self.facts), *base_images(self.after_facts)]
            builder.prepare(self.directory / "bases", list(dict.fromkeys(images)), syntax)
            try:
                before = self._built(builder, copies[0], "before")
            except BuildError as error:
                reason = f"it does not build as it is: {error}"
                raise _Unverified(reason, error.log) from None
            try:
                after = self._built(builder, copies[1], "after")
            except BuildError as error:
                reason = f"the rewritten Dockerfile does not build: {error}"
                return self._told(Verdict.FAILED, reason, before, None, error.log)
            self._rebuilds(before.times, after.times)
            self._compare(sides, before.image, after.image)
            if self.options.target is None:
                self._targets(copies)
        except (_Unverified, ImageError, SmokeError) as error:
            log = error.log if isinstance(error, _Unverified) else ""
            return self._told(Verdict.UNVERIFIED, str(error), before, after, log)
        faults = [difference for difference in self.differences if not difference.expected]
        if faults:
            more = f" and {len(faults) - 1} more" if len(faults) > 1 else ""
            return self._told(Verdict.FAILED, f"{faults[0]}{more}", before, after)
        return self._told(Verdict.VERIFIED, self._seen(), before, after)

    def _told(
        self,
        verdict: Verdict,
        reason: str,
        before: Side | None,
        after: Side | None,
        log: str = "",
    ) -> Verification:
        return Verification(
            self.result.display,
            verdict,
            reason,
            log,
            before,
            after,
            tuple(self.differences),
            tuple(self.runs),
            tuple(dict.fromkeys(self.notes)),
            any(c.applied and c.safety is Safety.REVIEW for c in self.result.plan.changes),
            tuple(built_files(self.result)),
        )

    def _seen(self) -> str:
        return "the contract and the run are the same" if self.options.run else "the same contract"

    def _copies(self) -> tuple[Copy, Copy]:
        assert self.result.project is not None
        context = self.result.project.context
        plan = self.result.plan
        self.say("copying the build context")
        files = {change.path: change.new for change in plan.files}
        ignores = context.ignore, self.after_facts.project.context.ignore
        return make_copies(
            self.directory,
            context.root,
            self.result.path,
            (plan.old, plan.new),
            files,
            ignores,
        )

    def _builder(self, target: str | None) -> Builder:
        options = (*self.options.build, *(("--target", target) if target else ()))
        return Builder(
            self.engine,
            self.processes,
            self.name,
            options=options,
            timeout=self.options.timeout,
            say=self.say,
        )

    def _built(self, builder: Builder, copy: Copy, side: str) -> Side:
        if self.options.rebuilds:
            edits = source_edit(self.facts, self.run), dependency_edit(self.facts, self.run)
            times = builder.measure(copy, side, *edits)
        else:
            times = builder.once(copy, side)
        self.notes += times.problems
        return Side(self.images.inspect(f"{self.name}:{side}"), times)

    def _rebuilds(self, before: Times, after: Times) -> None:
        """What can be built again before must be so after."""
        for name in ("source", "dependency"):
            if getattr(before, name) is not None and getattr(after, name) is None:
                why = "; ".join(after.problems)
                self.differences.append(Difference(f"rebuild, {name} edit", "works", why))

    def _stage(self, name: str | None) -> Sides:
        found = [_stage(facts, name) for facts in (self.facts, self.after_facts)]
        if found[0] is None or found[1] is None:
            raise _Unverified(f"there is no stage {name}")
        plan = self.result.plan
        written = (plan.new, *(change.new for change in plan.files))
        # What is declared is said of the last stage.
        declared = plan.declared if found[0].is_final else frozenset()
        return Sides(found[0], found[1], declared, written)

    def _compare(self, sides: Sides, before: BuiltImage, after: BuiltImage) -> None:
        """Compares two built images and, unless that is not wanted, runs them."""
        self.say("comparing")
        self.differences += compare_configs(before, after, sides)
        containers = self._container(before), self._container(after)
        self.differences += compare_files(self.images, containers, sides)
        if not self.options.run:
            return
        self.say("running")
        smoke = Smoke(self.engine, self.processes, self.name, self.options.smoke)
        ports = tcp_ports(before.config.get("ExposedPorts"))
        try:
            told, found = smoke.compare(before.name, after.name, ports)
        except SmokeError as error:
            raise _Unverified(f"it cannot be run: {error}") from None
        self.differences += found
        self.runs.append(told)

    def _container(self, image: BuiltImage) -> str:
        """A container of an image, to read files from."""
        name = image.name.replace(":", "-files-")
        self.images.container(image.name, name)
        return name

    def _targets(self, copies: tuple[Copy, Copy]) -> None:
        """The other stages that callers build: they must go on working, too."""
        for name in self._named_targets():
            builder = self._builder(name)
            try:
                builder.build(copies[0], f"before-{name}", f"target {name}")
            except BuildError as error:
                self.notes.append(f"target {name} does not build as it is: {error}")
                continue
            try:
                builder.build(copies[1], f"after-{name}", f"target {name}")
            except BuildError as error:
                text = f"{error}: {error.log.rpartition(chr(10))[2]}"
                self.differences.append(Difference(f"target {name}", "builds", text))
                continue
            before = self.images.inspect(f"{self.name}:before-{name}")
            after = self.images.inspect(f"{self.name}:after-{name}")
            self._compare(self._stage(name), before, after)

    def _named_targets(self) -> list[str]:
        assert self.result.project is not None
        final = self.facts.final
        own = (str(final.index), (final.name or "").lower())
        names = (name for name, _ in self.result.project.callers.targets)
        there = (name for name in names if name not in own and _stage(self.facts, name))
        return list(dict.fromkeys(there))


def built_files(result: Result) -> Iterator[BuiltFile]:
    """The Dockerfile of a plan, and the files that it edits besides."""
    top = repository_root(result.path.parent)
    top = Path(real(top or result.path.parent))
    dockerfile = Path(real(result.path.parent)) / result.path.name
    edits: list[tuple[Path, bytes | None, bytes]] = [(dockerfile, result.plan.old, result.plan.new)]
    edits += [edit for edit in changes_on_disk(result) if edit[0] != result.path]
    for path, old, new in edits:
        name = os.path.relpath(Path(real(path.parent)) / path.name, top)
        before = hashlib.sha256(old).hexdigest() if old is not None else None
        yield BuiltFile(name, before, hashlib.sha256(new).hexdigest())


def _stage(facts: Facts, name: str | None) -> StageFacts | None:
    """The stage that `--target` means: by its name in any case, or by its number."""
    if name is None:
        return facts.final
    return facts.stage_named(name, len(facts.stages))


def _after(result: Result) -> Project:
    """The surroundings once the plan is applied: with the ignore rules that it writes."""
    project = result.project
    assert project is not None
    pending = {change.path: change.new for change in result.plan.files}
    context = project.context
    own = result.path.name + ".dockerignore"
    names = [path for path in pending if path.rpartition("/")[2] in (own, ".dockerignore")]
    if names:
        chosen = min(names, key=lambda path: path.rpartition("/")[2] != own)
        ignore = IgnoreFile.parse(pending[chosen])
        context = Context(context.root, ignore, chosen)
    return replace(project, context=context, pending={**project.pending, **pending})

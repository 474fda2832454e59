"""Which modules a stage could download ahead of its sources, and why there are none."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from gorewrite import shell
from gorewrite.caches.gocaches import module_cache
from gorewrite.caches.mounts import mounts
from gorewrite.dockerfile import Instruction
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import StageFacts
from gorewrite.gobuild.gouse import GoUse, go_uses
from gorewrite.gobuild.recipes import run_texts
from gorewrite.gobuild.toolchain import at, go_version
from gorewrite.golang.gomod import find_module
from gorewrite.golang.targets import ignores_modules
from gorewrite.modules.gomodules import PlacedModule, module_at, module_of, uses_vendor
from gorewrite.modules.hoisting import Job
from gorewrite.stage.choices import arguments_of_place, choices_of
from gorewrite.stage.images import describe
from gorewrite.stage.layout import Placed, under
from gorewrite.stage.runs import Invocation, Run
from gorewrite.transform import Refusal

#: Commands that download what they lack.
_DOWNLOADING = frozenset({"build", "install", "test", "run", "vet", "generate", "mod vendor"})
#: Commands ahead of the source copy after which there is nothing left to hoist.
_DONE = frozenset({"mod download", "mod vendor", "mod tidy", "get", "build", "install", "list"})
#: Flags of `go mod edit` that change what is downloaded (`go help mod edit`).
_CHANGES = re.compile(r"--?(?:drop)?(?:require|replace|exclude)\b")
#: As much in a Makefile or script, which is only searched.
_CHANGES_THEM = re.compile(
    rf"\bmod\s+edit\b.*\s{_CHANGES.pattern}|\bwork\s+(?:init|use|edit)\b"
    r"|(?:>|\b(?:sed|perl|tee|cp|mv|ln|install)\s.*\s)[\s\"']*[\w./-]*\bgo\.(?:mod|work)[\"']?(?=$|[\s;&|)])"
)


def jobs(stage: StageFacts) -> Iterator[Job | Refusal]:
    """The modules to download ahead of a stage's own source copy, and why there are none."""
    found: dict[str, Job] = {}
    for candidate in _candidates(stage):
        known = found.get(candidate.module.root)
        if known is not None and candidate.rank <= known.rank:
            continue
        source = _source_copy(stage, candidate.module, candidate.use.run.instruction)
        if source is not None:
            found[candidate.module.root] = candidate.job(stage, source)
    waiting = [
        job
        for job in found.values()
        if not (_downloaded_before(job) or _mounts_modules(job) or _copies_modules(job))
    ]
    if not found:
        yield from _no_module(stage)
        return
    if not waiting:
        return
    if len(found) > 1:
        paths = ", ".join(sorted(job.module.mod.path for job in found.values()))
        message = f"several modules are built here ({paths}); add a go.work or hoist them by hand"
        yield Refusal(waiting[0].source, "multi-module", message, (waiting[0].evidence,))
        return
    chosen = _chosen(waiting[0])
    if chosen is not None:
        message = f"{chosen.why}, and so does its go.mod; download the modules of each by hand"
        yield Refusal(waiting[0].source, "multi-module", message, (waiting[0].evidence,))
        return
    yield _judged(waiting[0])


def _chosen(job: Job) -> Unknown | None:
    """Whether a build argument chooses among programs of several modules."""
    for invocation in job.run.invocations:
        found = choices_of(job.user_stage, invocation)
        if isinstance(found, Unknown) and arguments_of_place(job.user_stage, invocation):
            return found
        if isinstance(found, Unknown) or found is None or job.module.workspace is not None:
            continue
        modules = (find_module(package.tree, package.directory) for package in found)
        if any(m is not None and m.directory != job.module.mod.directory for m in modules):
            return Unknown("a build argument chooses which program is built")
    return None


def _judged(job: Job) -> Job | Refusal:
    stage = job.user_stage
    others = [i for i in stage.invocations if i.go.kind in _DOWNLOADING and not i.go.versioned]
    modes = [i.go.setting("mod") for i in others] or [""]
    view = stage.view(job.user)
    if all(uses_vendor(view, job.module, mode) for mode in modes):
        top = job.module.workspace.directory if job.module.workspace else job.module.mod.directory
        prefix = "" if top == "." else f"{top}/"
        path = f"{prefix}vendor/modules.txt"
        text = (stage.facts.project.context.read(path) or b"").partition(b"\n")[0]
        evidence = Evidence(path, 1, text.decode("utf-8", "replace"))
        message = "the modules are in the vendor directory, nothing is downloaded"
        return Refusal(job.source, "vendored", message, (evidence,))
    changed = _changed(job)
    if changed is not None:
        message = "go.mod or go.work is changed in the image; commit it as the build needs it"
        return Refusal(job.source, "go-mod-changed", message, (changed,))
    named = _reads_other_files(job.env)
    if named:
        return Refusal(job.source, "go-mod-changed", named, (job.evidence,))
    version = go_version(job.stage)
    old = ignores_modules(job.env, version.minor if version else None, job.module.directory)
    if old is not None:
        return Refusal(job.source, "gopath-mode", "go ignores go.mod here: " + old, (job.evidence,))
    return job


def _changed(job: Job) -> Evidence | None:
    """Where the image makes go.mod or go.work ask for other modules than the files that would be
    copied ahead. `go get` and `go mod tidy` only complete them."""
    tops = {job.module.directory, job.module.root}
    files = {f"{top.rstrip('/')}/{name}" for top in tops for name in ("go.mod", "go.work")}
    for run in (*job.runs_between, job.run):
        where = job.user_stage.facts.at(run.instruction)
        for invocation in run.invocations:
            kind, argv = invocation.go.kind, invocation.go.argv
            edited = kind == "mod edit" and any(w is None or _CHANGES.match(w) for w in argv)
            if edited or kind in ("work init", "work use", "work edit"):
                return where
        if any(files & _written(step) for step in run.steps):
            return where
        for path, text in run_texts(job.user_stage, run):
            for number, line in enumerate(text.split("\n"), 1):
                if _CHANGES_THEM.search(line):
                    return Evidence(path, number, line.strip()[:200])
    return None


def _reads_other_files(env: Mapping[str, str | None]) -> str:
    """That go reads another go.mod or go.work, or settings of its own, "" when it does not
    (`go help build`, -modfile; `go help environment`, GOWORK, GOENV)."""
    flag = re.search(r"(?:^|\s)--?modfile=[^\s'\"]*", env.get("GOFLAGS") or "")
    named = [f"GOFLAGS={flag.group().strip()}"] if flag is not None else []
    for name in ("GOWORK", "GOENV"):
        if env.get(name, "") not in ("", "off"):
            named.append(f"{name}={env[name] or '…'}")
    message = "names another file that go reads; copy that ahead by hand"
    return f"{named[0]} {message}" if named else ""


def _written(step: shell.Step) -> set[str]:
    """The paths that a command other than go changes; all that it names when it is not known."""
    if shell.unwrapped(step).argv[:1] == ("go",):
        return set()
    found = shell.writes(step)
    named = [step.path(word) for word in step.argv[1:] if word] if None in found else []
    return {path for path in (*found, *named) if path}


def _sometimes(use: GoUse) -> bool:
    """Whether a RUN may succeed without its go commands: `if [ ! -f app ]; then go build; fi`."""
    script = use.run.script
    starts = [invocation.words[0].start for invocation in use.invocations]
    return (
        bool(starts)
        and not isinstance(script, Unknown)
        and not shell.surely_runs(script, lambda c: any(c.start <= at < c.end for at in starts))
    )


class _Candidate(NamedTuple):
    """A RUN that downloads a module. invocation: its go command, None when it runs one through a
    Makefile or script; explicit: whether that is a `go mod download` that is sure to run."""

    use: GoUse
    module: PlacedModule
    invocation: Invocation | None
    explicit: bool

    @property
    def rank(self) -> int:
        """How much it tells: an explicit download most, go behind a Makefile least."""
        return 2 if self.explicit else 1 if self.invocation is not None else 0

    def job(self, stage: StageFacts, source: Instruction) -> Job:
        """source: the COPY or ADD of `stage` that first brings Go sources of the module."""
        use, invocation = self.use, self.invocation
        through = use.through if invocation is None else None
        return Job(
            stage,
            self.module,
            source,
            use.run.instruction,
            use.stage,
            invocation.go.env if invocation is not None else use.run.state.go_env,
            at(use.stage, invocation) if invocation is not None else use.evidence,
            invocation if self.explicit else None,
            through,
            _sometimes(use),
        )


def _candidates(stage: StageFacts) -> Iterator[_Candidate]:
    """The go commands whose module's sources this very stage may copy."""
    for user_stage in stage.facts.stages:
        if stage not in user_stage.lineage:
            continue
        for use in go_uses(user_stage):
            for invocation in use.invocations:
                kind, go = invocation.go.kind, invocation.go
                explicit = kind == "mod download" and not go.packages and user_stage is stage
                if not explicit and kind not in _DOWNLOADING:
                    continue
                if go.flag("modfile") is not None:
                    continue  # It downloads what another file asks for.
                module = module_of(user_stage, invocation)
                if module is not None:
                    sure = explicit and not invocation.step.conditional
                    yield _Candidate(use, module, invocation, sure)
            if use.through is not None and not use.invocations and use.run.state.workdir:
                module = module_at(user_stage.view(use.run.instruction), use.run.state.workdir)
                if module is not None:
                    yield _Candidate(use, module, None, False)


def _source_copy(stage: StageFacts, module: PlacedModule, user: Instruction) -> Instruction | None:
    """The first COPY or ADD of the stage that brings Go sources of the module."""
    order, directories = stage.order, module.directories
    limit = order.get(user, len(order))
    for placed in stage.placed:
        path = placed.path
        if path is None or placed.origin != "context":
            continue
        if order.get(placed.instruction, limit) >= limit:
            continue
        if not any(under(path, top) or under(top, path) for top in directories):
            continue
        if _brings_sources(stage, path, placed, module):
            return placed.instruction
    return None


def _brings_sources(stage: StageFacts, path: str, placed: Placed, module: PlacedModule) -> bool:
    if placed.directory is False:
        return placed.source.endswith(".go")
    top = module.workspace.directory if module.workspace else module.mod.directory
    if placed.directory is None:
        # A source that is not in the context brings nothing, one that is not known anything.
        return "$" in placed.source
    if under(top, placed.source) and under(module.root, path):
        return True
    return any(file.endswith(".go") for file in stage.facts.project.context.walk(placed.source))


_BY_TEXT = re.compile(r"\bmod\s+(?:download|vendor|tidy)\b")


def _downloaded_before(job: Job) -> bool:
    """Whether the modules have been downloaded ahead of the source copy already."""
    for member in job.stage.lineage:
        for use_run in member.runs:
            if member is job.stage and _behind(member, use_run.instruction, job.source):
                break
            if any(i.go.kind in _DONE and not i.go.versioned for i in use_run.invocations):
                return True
            if isinstance(use_run.script, Unknown) and _BY_TEXT.search(use_run.text):
                return True
        for use in go_uses(member):
            if member is job.stage and _behind(member, use.run.instruction, job.source):
                break
            if any(_BY_TEXT.search(text) for _, text in use.texts):
                return True
    return False


def _mounts_modules(job: Job) -> bool:
    """Whether the RUN has its modules from elsewhere, by a bind mount over the module cache."""
    stage, user = job.user_stage, job.user
    bound = [m.target for m in mounts(user, stage.states[user]) if m.kind == "bind" and m.target]
    where = module_cache(stage, stage.states[user], job.env, "/root") if bound else ""
    return isinstance(where, str) and any(under(where, target) for target in bound)


def _copies_modules(job: Job) -> bool:
    """Whether the stage copies the module cache of another one."""
    stage, user = job.user_stage, job.user
    taken = [p.path for p in stage.placed if p.origin == "stage" and _may_hold_modules(stage, p)]
    where = module_cache(stage, stage.states[user], job.env, "/root") if taken else ""
    return isinstance(where, str) and any(path and under(where, path) for path in taken)


def _may_hold_modules(stage: StageFacts, placed: Placed) -> bool:
    """Not what is copied as a whole of an image without Go: `COPY --from=tonistiigi/xx / /`."""
    other = stage.facts.stage_named(placed.from_ or "", stage.index)
    base = other.base if other is not None else describe(placed.from_ or "")
    of_go = isinstance(base, Unknown) or base.family == "golang"
    runs_go = other is not None and any(member.invocations for member in other.lineage)
    return placed.source not in (".", "/") or of_go or runs_go


def _behind(stage: StageFacts, one: Instruction, other: Instruction) -> bool:
    instructions = stage.stage.instructions
    return instructions.index(one) > instructions.index(other)


# --- none -----------------------------------------------------------------------------------


def _no_module(stage: StageFacts) -> Iterator[Refusal]:
    """Why the own code that a stage builds belongs to no module of the context."""
    own = [
        i
        for i in stage.invocations
        if i.go.kind in _DOWNLOADING and not i.go.versioned and module_of(stage, i) is None
    ]
    if not own:
        return
    instruction = own[0].run.instruction
    evidence = at(stage, own[0])
    runs = [run for member in stage.lineage for run in member.runs]
    directory = own[0].go.directory or ""
    whole = bool(directory) and stage.source_of(directory, instruction) is not None
    copied = whole or (bool(directory) and _copies_sources(stage, directory))
    made = _first(runs, "mod init")
    cloned = next((run for run in runs if re.search(r"\bgit\s+clone\b", run.text)), None)
    fetched = next((p for p in stage.placed if p.origin == "remote"), None)
    if made is not None:
        message = "go.mod is made in the image; commit one to download ahead of the sources"
        yield Refusal(instruction, "no-go-mod", message, (at(stage, made),))
    elif not whole and cloned is not None:
        message = "the sources are cloned in the image; copy them from the build context"
        yield Refusal(
            instruction, "source-not-from-context", message, (stage.facts.at(cloned.instruction),)
        )
    elif not copied and fetched is not None:
        message = "the sources are fetched into the image; copy them from the build context"
        yield Refusal(
            instruction, "source-not-from-context", message, (stage.facts.at(fetched.instruction),)
        )
    elif any(p.origin != "context" and (p.path or "").endswith("/go.mod") for p in stage.placed):
        message = (
            "go.mod is not from the build context; commit one to download ahead of the sources"
        )
        yield Refusal(instruction, "no-go-mod", message, (evidence,))
    elif copied and (named := _reads_other_files(own[0].go.env)):
        yield Refusal(instruction, "go-mod-changed", named, (evidence,))
    elif copied:
        message = "the sources have no go.mod, so there is nothing to download from; add one"
        yield Refusal(instruction, "gopath-mode", message, (evidence,))
    elif not _downloads_first(stage) and (why := _unseen(stage, directory)) is not None:
        message = f"{why}; download its modules ahead by hand"
        yield Refusal(instruction, "no-go-mod", message, (evidence,))


def _downloads_first(stage: StageFacts) -> bool:
    """Whether modules are downloaded ahead of the first directory that is copied."""
    copies = [p.instruction for p in stage.placed if p.origin == "context" and p.directory]
    for run in (run for member in stage.lineage for run in member.runs):
        if any(i.go.kind == "mod download" for i in run.invocations):
            order = stage.order
            return all(order.get(run.instruction, -1) < order.get(copy, -1) for copy in copies)
    return False


def _unseen(stage: StageFacts, directory: str) -> str | None:
    """Why it is not known which go.mod is in a directory; "" for one that is not known itself."""
    if not directory:
        return "in which directory this builds, and so which go.mod it reads, is not known"
    for placed in (p for p in stage.placed if p.origin == "context"):
        if placed.path is None:
            return f"where {placed.source} lands, and so which go.mod is read, is not known"
        # A directory would land where a file lands in one.
        if placed.unseen and under(directory, posixpath.dirname(placed.path)):
            return f"{placed.source}, and so its go.mod, is not in this checkout"
    return None


def _copies_sources(stage: StageFacts, directory: str) -> bool:
    """Whether COPY puts a directory or a Go file below a directory."""
    placed = [p for p in stage.placed if p.origin == "context"]
    return any(
        (p.directory or p.path.endswith(".go")) and under(p.path, directory)
        for p in placed
        if p.path is not None
    )


def _first(runs: Sequence[Run], kind: str) -> Invocation | None:
    return next((i for run in runs for i in run.invocations if i.go.kind == kind), None)

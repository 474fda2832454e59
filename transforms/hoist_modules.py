"""hoist-modules: go.mod and go.sum first, the modules downloaded before the sources come in."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gorewrite.caches.mounts import mounts
from gorewrite.dockerfile import Blank, BodyNode, Instruction
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import Facts, StageFacts
from gorewrite.modules.gohosts import Reach, external, reach
from gorewrite.modules.gomodules import Incomplete, ModuleFiles, needed_files
from gorewrite.modules.hoisting import Job, Kept
from gorewrite.modules.hoistjobs import jobs
from gorewrite.runtime.programs import needs_of
from gorewrite.stage.blocks import cut, met_blanks, taken_out
from gorewrite.stage.layout import relative
from gorewrite.transform import Change, Proposal, Refusal, Safety, Transform, to_review


class HoistModules(Transform):
    """Downloads the modules in a layer of their own, ahead of the source copy.

    *What it does*

    Above the first COPY or ADD that brings Go sources it copies go.mod and go.sum (as far as
    they are in the build context, those of local replacements and of every member of a
    workspace too, with the `--chown` of the source copy) and runs `go mod download` there. A
    `go mod download` behind the source copy moves up; where `go build` downloads by itself, the
    step is added. ENV and `go env -w` that steer the download move up with it, as does a WORKDIR
    right behind the source copy. Secret, ssh and cache mounts, `--network` and inline variables
    of the RUN that used to download are kept.

    *Why*

    Every edit of a source file invalidates the layers from the source copy on; the modules
    change far less often.

    *When it does nothing*

    - vendored: the modules are in the vendor directory; nothing is downloaded.
    - no-requirements: go.mod requires nothing that could be downloaded.
    - offline: GOPROXY is off or names a directory; nothing is downloaded.
    - no-go-mod: go.mod is made in the image (`go mod init`), or it is not known which one it is.
    - go-mod-changed: commands in the image replace or require modules (`go mod edit -replace`), or
      a variable names other files (-modfile, GOWORK, GOENV).
    - gopath-mode: no go.mod, GO111MODULE=off, or a Go that ignores modules there.
    - source-not-from-context: the sources are cloned or fetched in the image.
    - multi-module: several modules that share no go.work are built in one stage.
    - replace-outside-context, workspace-incomplete: a go.mod that go needs is not copied.
    - left-out-by-caller: a caller filters go.mod or go.sum out of the context (`only=` of Tilt).
    - many-modules: the repository has so many modules that the COPYs would be a list to keep up.
    - odd-path: a path that a COPY cannot name plainly, or that leads over a link.
    - private-module-no-auth: `go build` may skip a private module that a download would need.
    - auth-inline: the RUN that downloads sets up its own credentials or settings.
    - auth-after-source: credentials, certificates or tools come behind the source copy.
    - toolchain-after-source: Go itself is installed behind the source copy.
    - user-changes: the download runs as another user than the source copy.
    - cache-cleaned: a shipped stage removes the modules in the layer that downloads them.

    *Safety*

    Safe when the build context is certain. Review when it is assumed, when a Makefile or script
    runs go, when go runs only under a condition, when the build may not need a module whose host
    is not known to be public, and for a user other than root who does not own what is copied.

    *References*

    Dockerfile reference, COPY; Docker docs, "Building best practices: leverage build cache";
    Go modules reference, "go mod download", "replace directive", "Workspaces", "Vendoring".
    """

    name = "hoist-modules"
    order = 30
    summary = "download Go modules in a layer of their own, before the sources are copied"
    before = "COPY . .\nRUN go build -o /app .\n"
    after = "COPY go.mod go.sum ./\nRUN go mod download\nCOPY . .\nRUN go build -o /app .\n"

    def propose(self, facts: Facts) -> Iterator[Proposal]:
        for stage in facts.stages:
            for job in jobs(stage):
                if isinstance(job, Refusal):
                    yield job
                    continue
                try:
                    yield from _Hoist(stage, job).propose()
                except Incomplete as reason:
                    yield Refusal(job.source, reason.code, str(reason), (reason.evidence,))


@dataclass(frozen=True)
class _Text:
    """The download: flags of its RUN, what is put in front of the command, the command."""

    flags: tuple[str, ...]
    inline: str
    command: str


class _Hoist:
    """One module (or workspace) of a stage and the source copy that it is moved above."""

    def __init__(self, stage: StageFacts, job: Job) -> None:
        self.stage = stage
        self.facts = stage.facts
        self.job = job
        self.view = stage.stage

    def propose(self) -> Iterator[Proposal]:
        job = self.job
        needed = needed_files(job.user_stage.view(job.user), job.module)
        for path in needed.files:
            caller = self.facts.project.callers.leaving_out(path)
            if caller is not None:
                message = f"a caller leaves {path} out of the build context; let it in there"
                yield Refusal(job.source, "left-out-by-caller", message, (caller,))
                return
        found = external(needed.mods)
        if not found and not job.explicit:
            message = "go.mod requires no other module: there is nothing to download ahead"
            evidence = Evidence(job.module.mod.path, 1, f"module {job.module.mod.module}")
            yield Refusal(job.source, "no-requirements", message, (evidence,))
            return
        proxy = job.env.get("GOPROXY") or ""
        if proxy.startswith(("off", "file:")):
            message = f"GOPROXY={proxy}: the modules lie in the image, nothing is downloaded"
            yield Refusal(job.source, "offline", message, (job.evidence,))
            return
        reached = reach(found, job.env)
        if reached.private and not job.explicit and not job.authenticated:
            message = (
                "a download of all modules needs a private one that go build may not; "
                "set up its credentials ahead of the source copy"
            )
            yield Refusal(job.source, "private-module-no-auth", message, reached.private[:3])
            return
        kept = job.settings(needs_tools=reached.direct)
        yield self._change(needed, reached, kept, found)

    def _change(
        self,
        needed: ModuleFiles,
        reached: Reach,
        kept: Kept,
        found: Sequence[tuple[str, Evidence]],
    ) -> Change:
        job = self.job
        download, removed = self._download()
        new: list[BodyNode] = []
        for instruction in kept.moved:
            new += [*self.view.comments_above(instruction), instruction]
            removed += taken_out(self.view, instruction)
        for instruction in job.superseded(needed.files):
            new += self.view.comments_above(instruction)
            removed += taken_out(self.view, instruction)
        if self.job.work_directory is not None:
            new += [*self.view.comments_above(self.job.work_directory), self.job.work_directory]
            removed += taken_out(self.view, self.job.work_directory)
        gone = {node for node, left in removed if not left}
        removed += [(node, ()) for node in met_blanks(self.view.nodes, gone)]
        new += self.facts.dockerfile.fragment("".join(self._copies(needed)))
        new += download
        anchor = job.anchor
        if self.view.set_apart(anchor):
            new.append(Blank("", self.facts.dockerfile.newline))
        above = self.view.comments_above(anchor)
        also = [(node, ()) for node in above] + removed
        doubts = self._doubts(reached)
        named = any(source.endswith("go.sum") for source in needed.files)
        files = "go.mod and go.sum" if named else "go.mod"
        because = [e for doubt in doubts for e in doubt.evidence]
        evidence = [*because, self.facts.at(job.source), job.evidence, *(e for _, e in found[:1])]
        verb = "move go mod download" if removed and job.explicit else "download the modules"
        return Change(
            anchor,
            (*new, *above, anchor),
            Safety.REVIEW if doubts else Safety.SAFE,
            f"{verb} ahead of the source copy, from {files} alone{to_review(doubts)}",
            tuple(dict.fromkeys(evidence)),
            tuple(also),
        )

    # --- COPY ------------------------------------------------------------------------------

    def _copies(self, needed: ModuleFiles) -> Iterator[str]:
        """One COPY for each directory that has files which are not there already."""
        anchor = self.job.anchor
        groups: dict[str, list[str]] = {}
        for source, path in needed.files.items():
            if self.stage.source_of(path, anchor) == source:
                continue
            renamed = posixpath.basename(source) != posixpath.basename(path)
            target = path if renamed else posixpath.dirname(path)
            groups.setdefault(target + ("" if renamed else "/"), []).append(source)
        if len(groups) > _MOST_COPIES:
            message = (
                f"go.mod and go.sum of {len(groups)} modules would each take a COPY to keep up"
            )
            raise Incomplete(
                "many-modules", f"{message}; copy them by a pattern", self.job.evidence
            )
        chown = self.job.source.flag("chown")
        flag = f"--chown={chown} " if chown is not None else ""
        for target, sources in groups.items():
            shown = self._shown(target)
            for path in (*sources, shown):
                if not _PLAIN.fullmatch(path):
                    at = self.facts.at(self.job.source)
                    raise Incomplete("odd-path", f"{path} cannot stand in a COPY as it is", at)
            yield f"{self.view.cased('COPY')} {flag}{' '.join(sources)} {shown}\n"

    def _shown(self, target: str) -> str:
        """A destination as one would write it: relative to the working directory if below it."""
        directory = target.rstrip("/") or "/"
        slash = "/" if target.endswith("/") else ""
        if directory == self._workdir:
            return "./"
        inside = self._inside(directory)
        return f"./{inside}{slash}" if inside else directory.rstrip("/") + slash

    def _inside(self, directory: str) -> str | None:
        """A directory relative to the WORKDIR that the Dockerfile itself sets."""
        state = self.stage.states[self.job.anchor]
        named = state.workdir_from is not None or self.job.work_directory is not None
        if self._workdir in (None, "/") or not named:
            return None
        return relative(directory, self._workdir or "")

    @property
    def _workdir(self) -> str | None:
        """The working directory of what is put above the source copy."""
        moved = self.job.work_directory is not None
        return self.job.module.root if moved else self.stage.states[self.job.anchor].workdir

    # --- RUN -------------------------------------------------------------------------------

    def _download(self) -> tuple[list[BodyNode], list[tuple[BodyNode, tuple[BodyNode, ...]]]]:
        """The nodes that download, and the (node, replacement) pairs that they make needless."""
        job = self.job
        where = self._where()
        if job.explicit is not None and job.movable and not where:
            comments, removed = self._taken_out()
            return [*comments, job.user], removed
        text = self._text()
        flags = "".join(f"{flag} " for flag in text.flags)
        run = f"{self.view.cased('RUN')} {flags}{where}{text.inline}{text.command}\n"
        new: list[BodyNode] = list(self.facts.dockerfile.fragment(run))
        if job.explicit is None or not job.redundant:
            return new, []
        if job.only_command:
            comments, removed = self._taken_out()
            return [*comments, *new], removed
        edit = cut(job.explicit.run, job.explicit.step.command)
        if edit is None:
            return new, []
        return new, [(job.user, (job.explicit.run.rewrite([edit]),))]

    def _taken_out(
        self,
    ) -> tuple[Sequence[BodyNode], list[tuple[BodyNode, tuple[BodyNode, ...]]]]:
        """The comments that move up with the RUN that downloads, and the edits that remove it.

        A comment that heads it and the build below it, and speaks of the build, stays there.
        """
        user, nodes = self.job.user, self.view.nodes
        comments = self.view.comments_above(user)
        said = " ".join(comment.source for comment in comments)
        below = nodes[self.view.positions[user] + 1 :][:1]
        heads = any(isinstance(node, Instruction) for node in below)
        if heads and _OF_THE_BUILD.search(said) and not _OF_THE_DOWNLOAD.search(said):
            return (), [(user, ())]
        return comments, list(taken_out(self.view, user))

    def _where(self) -> str:
        """`cd DIR && ` when the module does not lie in the working directory."""
        root = self.job.module.root
        if root == self._workdir:
            return ""
        directory = self._inside(root) or root
        if not _PLAIN.fullmatch(directory):
            at = self.facts.at(self.job.source)
            raise Incomplete("odd-path", f"{directory} cannot stand in a command as it is", at)
        return f"cd {directory} && "

    def _text(self) -> _Text:
        job = self.job
        flags = [f"--mount={mount}" for mount in self._mounts()]
        network = job.user.flag("network")
        flags += [f"--network={network}"] if network is not None else []
        command = "go mod download"
        if job.explicit is not None:
            # `-C DIR` goes, for the command runs in that directory; other flags stay.
            words = [word.text for word in job.explicit.words[3:] if word.text == "-x"]
            command = " ".join((command, *words))
        return _Text(tuple(flags), job.inline, command)

    def _mounts(self) -> Iterator[str]:
        """What the RUN that used to download has mounted for it."""
        for mount in mounts(self.job.user, self.job.user_stage.states[self.job.user]):
            cache = mount.kind == "cache" and "go-build" not in (mount.target or "")
            if mount.kind in ("secret", "ssh") or cache:
                yield mount.text

    def _doubts(self, reached: Reach) -> list[Unknown]:
        """What is to be reviewed."""
        job = self.job
        doubts: list[Unknown] = []
        assumed = self.facts.project.context_why
        if assumed is not None:
            evidence = assumed.evidence or (Evidence("", 0, assumed.why),)
            doubts.append(Unknown(f"the build context is assumed: {assumed.why}", evidence))
        if job.through is not None and job.explicit is None:
            here = job.through.path == self.facts.project.display
            words = job.through.text.split()
            program = words[0] if here and words[0].upper() != "RUN" else job.through.path
            why = f"what else {program} runs is not followed"
            doubts.append(Unknown(why, (job.through,)))
        if job.explicit is None and job.sometimes:
            doubts.append(Unknown("go runs there only under a condition", (job.evidence,)))
        if job.explicit is None and not job.authenticated:
            needed = _imported(job) if reached.unknown else frozenset()
            more = [place for module, place in reached.unknown if module not in needed]
            why = "some module that go build may not need is on a host that may ask for credentials"
            doubts += [Unknown(why, tuple(more[:3]))] if more else []
        state = self.stage.states[job.anchor]
        if state.is_root is not True and job.source.flag("chown") is None:
            where = self.facts.at(state.user_from or self.stage.stage.from_)
            doubts.append(Unknown("a user other than root may download", (where,)))
        return doubts


_OF_THE_BUILD = re.compile(r"\b(?:build|compil)", re.IGNORECASE)
_OF_THE_DOWNLOAD = re.compile(
    r"\b(?:cache|dep|download|fetch|get|install|librar|mod|pack|pull|vendor)", re.IGNORECASE
)
_PLAIN = re.compile(r"[\w./+@~-]+")
#: More COPYs than this are a list that nobody keeps up with the modules of the repository.
_MOST_COPIES = 20


def _imported(job: Job) -> frozenset[str]:
    """The modules that the programs of the RUN import, which it downloads as it is."""
    needs = (
        needs_of(job.user_stage, invocation, output)
        for invocation, outputs in job.user_stage.outputs
        if invocation.run is job.run and not isinstance(outputs, Unknown)
        for output in outputs
    )
    return frozenset[str]().union(*(n.modules for n in needs if not isinstance(n, Unknown)))

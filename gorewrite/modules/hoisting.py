"""A download of Go modules that moves ahead of the source copy, and what lies between.

Rules: hazards of hoisting `go mod download`: it has to run as the same user with the same
settings, credentials and tools as the command that used to download.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from gorewrite import shell
from gorewrite.caches.mounts import mounts
from gorewrite.context.search import sources_with
from gorewrite.dockerfile import Instruction, copy_parts, pairs, variables
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import StageFacts
from gorewrite.gobuild.recipes import run_texts
from gorewrite.memo import cached_property
from gorewrite.modules.anchors import AUTH_FILE, anchor_of, named_in, work_directory_of
from gorewrite.modules.gomodules import Incomplete, PlacedModule
from gorewrite.stage.images import Image
from gorewrite.stage.runs import Invocation, Run

_CHANGING = frozenset({"mod tidy", "mod edit", "mod init", "get", "work use", "work init"})
#: Variables that steer a download or tell where it goes (`go help environment`, git(1)). Others
#: that begin with GIT_ tell programs what they are built from.
_SETTING = re.compile(
    r"GO(?:111MODULE|PROXY|PRIVATE|NOSUMDB|NOSUMCHECK|NOPROXY|SUMDB|INSECURE|AUTH|VCS|FLAGS|PATH"
    r"|MODCACHE|TOOLCHAIN|ENV|WORK)|NETRC|SSL_CERT_(?:FILE|DIR)|HOME|SSH_AUTH_SOCK"
    r"|GIT_(?:ALLOW|ASKPASS|CONFIG|EXEC|HTTP|PROTOCOL|PROXY|SSH|SSL|TERMINAL)\w*"
    r"|(?i:(?:https?|all|no)_proxy)"
)
_AUTH = re.compile(
    r"\bgit\s+config\b|\.netrc|insteadOf|ssh-keyscan|\.ssh\b|id_rsa|id_ed25519|known_hosts"
    r"|update-ca-certificates|/run/secrets/|\.gitconfig|\.git-credentials"
)
_TOOLS = re.compile(r"(?:^|[\s/])(?:git|openssh(?:-client)?|mercurial|ca-certificates)\b")
_STORES = re.compile(r"\bgo\s+env\s+-w\b")
_GENERATED = re.compile(
    rb"(?m)^//go:generate[ \t]+go[ \t]+env[ \t]+-w[ \t]+\S*(?:PROXY|PRIVATE|SUMDB)=.*"
)
_CLEANS = re.compile(
    r"\bclean\b[^\n;&|]*-modcache\b|\brm\s+-\w*[rR]\w*\s[^\n;&|]*(?:pkg/mod|pkg\b|/go(?:/\*|/)?(?:\s|$))"
)


class Kept(NamedTuple):
    """moved: instructions behind the source copy that the download needs ahead of itself."""

    moved: tuple[Instruction, ...]


@dataclass(frozen=True, eq=False)
class Job:
    """A module that a stage copies from the context and that some RUN downloads for.

    source: the COPY or ADD that first brings Go sources; anchor: the instruction above which
    the download belongs (the source copy, or an ARG or COPY above it that may come later).
    user: the RUN that downloads, in `user_stage`; explicit: its `go mod download`, None when
    it downloads by the way; through: the line of a Makefile or script that runs go; env: what
    the command sees; evidence: the command; sometimes: whether the RUN may succeed without go.
    """

    stage: StageFacts
    module: PlacedModule
    source: Instruction
    user: Instruction
    user_stage: StageFacts
    env: Mapping[str, str | None]
    evidence: Evidence
    explicit: Invocation | None
    through: Evidence | None
    sometimes: bool

    @property
    def rank(self) -> int:
        """How much it tells: an explicit download most, go behind a Makefile least."""
        return 2 if self.explicit is not None else 0 if self.through is not None else 1

    @cached_property
    def anchor(self) -> Instruction:
        """See gorewrite.modules.anchors."""
        return anchor_of(self)

    @cached_property
    def work_directory(self) -> Instruction | None:
        """The WORKDIR behind the anchor that moves up with the download."""
        return work_directory_of(self)

    @cached_property
    def run(self) -> Run:
        return next(run for run in self.user_stage.runs if run.instruction is self.user)

    @cached_property
    def only_command(self) -> bool:
        """Whether the RUN does nothing but download."""
        names = [(_name(step), step) for step in self.run.steps]
        return all(
            name in ("cd", "set", "echo", "true") or self._is_download(step) for name, step in names
        )

    @cached_property
    def movable(self) -> bool:
        """Whether the RUN as a whole needs nothing of the sources: it only sets up the
        download and downloads."""
        return self._only_prepares and self.redundant

    @cached_property
    def _only_prepares(self) -> bool:
        if isinstance(self.run.script, Unknown):
            return False
        return all(self._is_download(step) or _sets_up(step) for step in self.run.steps)

    def _is_download(self, step: shell.Step) -> bool:
        argv = shell.unwrapped(step).argv
        return argv[:1] == ("go",) and argv[1:3] == ("mod", "download")

    @cached_property
    def redundant(self) -> bool:
        """Whether nothing between the source copy and the old download changes go.mod."""
        if self.explicit is None or self.user_stage is not self.stage:
            return False
        for run in self.runs_between:
            for invocation in run.invocations:
                if invocation.go.kind in _CHANGING:
                    return False
            if re.search(r"\bgo\.(?:mod|sum)\b", run.text):
                return False
        return True

    @cached_property
    def _between(self) -> tuple[tuple[StageFacts, Instruction], ...]:
        """The instructions from the source copy on that the download used to see done."""
        found: list[tuple[StageFacts, Instruction]] = []
        started = False
        for member in self.user_stage.lineage:
            for instruction in member.stage.instructions:
                if instruction is self.user:
                    return tuple(found)
                started = started or instruction is self.anchor
                if started:
                    found.append((member, instruction))
        return tuple(found)

    def superseded(self, files: Mapping[str, str]) -> tuple[Instruction, ...]:
        """Copies of nothing but the files of the download (context path -> image path) that
        come behind it, with no RUN in between that could have changed the files."""
        found = []
        for member, instruction in self._between:
            if instruction.keyword == "RUN" or member is not self.stage:
                break
            placed = [p for p in member.placed if p.instruction is instruction]
            again = instruction is not self.source and all(
                p.path
                and p.origin == "context"
                and files.get(p.source) == p.path
                # What the source copy brings would take its place again.
                and member.source_of(p.path, instruction) in (None, p.source)
                for p in placed
            )
            if again and placed:
                found.append(instruction)
        return tuple(found)

    @property
    def runs_between(self) -> list[Run]:
        """The RUNs behind the source copy and ahead of the download."""
        wanted = {instruction for _, instruction in self._between}
        lineage = self.user_stage.lineage
        return [run for member in lineage for run in member.runs if run.instruction in wanted]

    @cached_property
    def authenticated(self) -> bool:
        """Whether credentials are set up ahead of the source copy or mounted."""
        state = self.user_stage.states[self.user]
        if any(mount.kind in ("secret", "ssh") for mount in mounts(self.user, state)):
            return True
        behind = {instruction for _, instruction in self._between} | {self.user}
        for member in self.user_stage.lineage:
            for instruction in member.stage.instructions:
                if instruction in behind:
                    continue
                if instruction.keyword == "RUN" and _AUTH.search(instruction.rest):
                    return True
                if instruction.keyword in ("COPY", "ADD") and _brings_auth(instruction):
                    return True
        return bool(self.env.get("GOAUTH")) or bool(self.env.get("NETRC"))

    @cached_property
    def inline(self) -> str:
        """Assignments that the download needs in front: what its own RUN sets. Raises
        Incomplete for a value that is not known."""
        before = self.user_stage.states[self.user].go_env
        found = ""
        for name, value in self.env.items():
            if name == "GOFLAGS" or not _SETTING.fullmatch(name):
                continue
            if name in before and value == before[name]:
                continue
            # What a variable gives it is known for its default only.
            if value is None or re.search(rf"\b{name}=[^\s;&|]*\$", self.run.text):
                message = f"the RUN that downloads sets {name} to an unknown value; use ENV"
                raise Incomplete("auth-inline", message, self.evidence)
            found += f"{name}={shell.quote(value)} "
        return found

    def settings(self, *, needs_tools: bool) -> Kept:
        """What has to move with the download. Raises Incomplete for what cannot."""
        self._check_user()
        moved = []
        states = self.stage.states
        for member, instruction in self._between:
            if instruction.keyword in ("COPY", "ADD") and _brings_auth(instruction):
                self._late("credentials or certificates are copied", member, instruction)
            if member is not self.stage:
                self._child(member, instruction)
            elif instruction.keyword in ("ENV", "ARG") and self.steers(instruction):
                if not self._constant(instruction):
                    self._late(f"{instruction.keyword} steers the download", member, instruction)
                moved.append(instruction)
        for run in self.runs_between:
            if _only_go_env(run) and run.instruction in states:
                moved.append(run.instruction)
                continue
            self._check_run(run, needs_tools)
        if not self.movable:
            self._check_own(needs_tools)
        order = {i: n for n, i in enumerate(self.stage.stage.instructions)}
        return Kept(tuple(sorted(moved, key=order.__getitem__)))

    def _check_user(self) -> None:
        before = self.stage.states[self.anchor]
        then = self.user_stage.states[self.user]
        if before.user != then.user:
            where = self.user_stage.facts.at(then.user_from or self.user)
            message = "another user downloads the modules; set USER ahead of the source copy"
            raise Incomplete("user-changes", message, where)
        cleaned = next((r for r in self._all_runs if _CLEANS.search(r.text)), None)
        if self.stage.ships and cleaned is not None:
            where = self.stage.facts.at(cleaned.instruction)
            message = "the modules are removed again in the shipped image; split the stage instead"
            raise Incomplete("cache-cleaned", message, where)

    @property
    def _all_runs(self) -> list[Run]:
        return [run for member in self.user_stage.lineage for run in member.runs]

    def _late(self, what: str, member: StageFacts, instruction: Instruction) -> None:
        message = f"{what} behind the source copy; put that ahead of it"
        raise Incomplete("auth-after-source", message, member.facts.at(instruction))

    def _child(self, member: StageFacts, instruction: Instruction) -> None:
        if instruction.keyword in ("ENV", "ARG") and self.steers(instruction):
            self._late(f"{instruction.keyword} steers the download", member, instruction)

    def steers(self, instruction: Instruction) -> bool:
        base = self.stage.base
        own_path = not (isinstance(base, Image) and base.family == "golang")
        return any(
            _SETTING.fullmatch(name) or (own_path and name == "PATH") or name in self.used
            for name, _ in pairs(instruction)
        )

    @cached_property
    def used(self) -> frozenset[str]:
        """The variables in what moves: the RUN as a whole, or the flags that the download keeps."""
        whole = self.explicit is not None and self._only_prepares
        return named_in(self.user.logical if whole else " ".join(f.text for f in self.user.flags))

    def _constant(self, instruction: Instruction) -> bool:
        """Whether it means the same ahead of the source copy: it uses no variable that is
        set in between."""
        used = {name for _, raw in pairs(instruction) for name in variables(raw or "")}
        between = {
            name
            for _, other in self._between
            if other.keyword in ("ENV", "ARG") and other is not instruction
            for name, _ in pairs(other)
        }
        return not used & between

    def _check_run(self, run: Run, needs_tools: bool) -> None:
        """A RUN between the source copy and the download."""
        facts = self.stage.facts
        scripts = self._scripts(run)
        auth = _AUTH.search(run.text) and not _harmless_certificates(self.user_stage, run)
        if auth or _AUTH.search(scripts) or _STORES.search(scripts) or self._generated(run):
            self._late("credentials or certificates are set up", self.stage, run.instruction)
        if any(_SETTING.fullmatch(name) for name in run.body.commands.stored):
            self._late("settings of the download are stored", self.stage, run.instruction)
        if needs_tools and _TOOLS.search(f"{run.text}\n{scripts}"):
            self._late("tools of the download are installed", self.stage, run.instruction)
        base = self.stage.base
        golang = isinstance(base, Image) and base.family == "golang"
        if not golang and not self._go_earlier and not _only_go(run):
            message = "this RUN may install Go behind the source copy; move it above the COPY"
            raise Incomplete("toolchain-after-source", message, facts.at(run.instruction))

    def _scripts(self, run: Run) -> str:
        """What the Makefiles and scripts say that a RUN runs."""
        return "\n".join(text for _, text in run_texts(self.user_stage, run))

    def _generated(self, run: Run) -> Evidence | None:
        """Where a `go generate` of the RUN stores settings: `//go:generate go env -w …`."""
        if all(invocation.go.kind != "generate" for invocation in run.invocations):
            return None
        return sources_with(self.stage.facts.project.context, _GENERATED)

    @cached_property
    def _go_earlier(self) -> bool:
        """Whether go has been run ahead of the source copy."""
        behind = {instruction for _, instruction in self._between} | {self.user}
        return any(run.invocations for run in self._all_runs if run.instruction not in behind)

    def _check_own(self, needs_tools: bool) -> None:
        """What the RUN that downloads does ahead of that, in the same instruction."""
        start = self.explicit.words[0].start if self.explicit else len(self.run.text)
        text = self.run.text[:start]
        facts = self.user_stage.facts
        auth = _AUTH.search(text) and not _harmless_certificates(self.user_stage, self.run)
        if auth or (self.through is None and _AUTH.search(self._scripts(self.run))):
            message = "the RUN that downloads sets up credentials; give those a RUN of their own"
            raise Incomplete("auth-inline", message, facts.at(self.user))
        generated = self._generated(self.run)
        stores = generated or _STORES.search(text)
        if stores or (needs_tools and _TOOLS.search(text)):
            what = "stores settings" if stores else "installs tools"
            message = f"the RUN that downloads {what} for it; give those a RUN of their own"
            raise Incomplete("auth-inline", message, generated or facts.at(self.user))
        base = self.stage.base
        golang = isinstance(base, Image) and base.family == "golang"
        if not golang and not self._go_earlier and not _only_go(self.run):
            message = "the RUN that builds may install Go; do so ahead of the source copy"
            raise Incomplete("toolchain-after-source", message, facts.at(self.user))


def _name(step: shell.Step) -> str:
    argv = shell.unwrapped(step).argv
    return (argv[0] or "") if argv else ""


_SET_UP = frozenset("echo printf mkdir chmod touch ssh-keyscan set export true".split())


def _sets_up(step: shell.Step) -> bool:
    """Whether a command prepares a download without looking at the sources."""
    argv = shell.unwrapped(step).argv
    name = (argv[0] or "") if argv else ""
    if name in _SET_UP:
        return True
    if name == "go":
        return argv[1:2] == ("env",) or argv[1:3] == ("mod", "verify")
    package = shell.package_command(argv)
    if package is not None:
        return package.action in ("install", "update")
    return name == "git" and argv[1:3] == ("config", "--global")


def _only_go_env(run: Run) -> bool:
    """Whether a RUN only stores settings: `go env -w GOPROXY=…`."""
    return bool(run.invocations) and all(
        invocation.go.kind == "env" for invocation in run.invocations
    ) and len(run.invocations) == len(run.steps)  # fmt: skip


_ORDINARY = frozenset("cd go echo set mkdir rm mv cp ls chmod export".split())


def _only_go(run: Run) -> bool:
    """Whether a RUN installs nothing."""
    return bool(run.steps) and all(_name(step) in _ORDINARY for step in run.steps)


def _harmless_certificates(stage: StageFacts, run: Run) -> bool:
    """`update-ca-certificates` with nobody's own certificates only lists the public ones."""
    rest = _AUTH.sub(lambda m: "" if m.group() == "update-ca-certificates" else m.group(), run.text)
    if _AUTH.search(rest) or "/usr/local/share/ca-certificates" in run.text:
        return False
    return not any(
        (placed.path or "").startswith(("/usr/local/share/ca-certificates", "/etc/ssl", "/etc/pki"))
        for placed in stage.placed
    )


def _brings_auth(instruction: Instruction) -> bool:
    parts = copy_parts(instruction)
    names = (*parts.sources, parts.dest)
    return any(AUTH_FILE.search(name.rstrip("/")) for name in names)

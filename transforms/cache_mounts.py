"""cache-mounts: BuildKit cache mounts for the module cache and the build cache of Go."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from gorewrite import builders, cgocache
from gorewrite.aptcaches import apt_mounts
from gorewrite.cacheuse import Cache, Conflict, conflicts
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import Facts, StageFacts
from gorewrite.gocaches import Account, account, caches
from gorewrite.gomodules import is_vendored
from gorewrite.gouse import GoUse, go_uses
from gorewrite.images import Image
from gorewrite.layout import under
from gorewrite.mounts import mounts, with_mounts
from gorewrite.transform import Change, Proposal, Refusal, Safety, Transform


class CacheMounts(Transform):
    """Mounts Go's caches into the RUN instructions that use go.

    *What it does*

    Writes `--mount=type=cache,target=…` for the module cache and the build cache in front of
    the untouched command of every RUN that uses the go command, in all stages built on one
    another, or in none of them. The targets are literal paths, worked out from GOMODCACHE,
    GOPATH, GOCACHE, XDG_CACHE_HOME, HOME and USER; a user other than root gets `uid=`. A RUN
    that only downloads gets the module cache alone, a vendored build the build cache alone.
    With `apt-cache-mounts` in the configuration, apt's caches are mounted too.

    *Why*

    A rebuild after a change compiles only what changed and downloads only what is new, and
    neither cache ends up in a layer.

    *When it does nothing*

    - builder-cannot-mount: a caller uses a builder without cache mounts (classic, kaniko).
    - old-syntax: a `# syntax=` directive pins a frontend older than 1.2.
    - cache-path-unknown: where a cache lies depends on an unknown image or variable.
    - cache-user-unknown: the numeric id of the USER is not known.
    - own-cache-mount: the file mounts a cache of its own over part of the same directory.
    - modcache-needed-in-layer, buildcache-needed-in-layer: something reads the cache from the
      image: COPY --from, a script, or the running container.
    - cache-cleaned: a command removes the cache, which fails for a mount point.
    - output-in-cache: a binary is written below the mount.
    - private-modules: only some of the RUNs have the credentials or the network to download,
      and a mount may be empty when any of them runs.
    - layers-exported: layers are stored outside of the builder (cache-to), cache mounts are
      not; the download keeps its own layer.
    - cgo-libraries: C libraries are installed, changes of which the build cache cannot see.
    - apt-lists-in-layer: apt installs with the package lists of an earlier RUN.
    - cache-stub-in-image: the mount would leave root-owned directories in a shipped image.

    *Safety*

    Safe when path, user and every RUN of the stages are known. Review when the image only
    looks like the official one, when a program of which nothing can be read gets the mounts,
    and when other programs share a user's directory with the mount.

    *References*

    Dockerfile reference, "RUN --mount=type=cache"; BuildKit `convert_runmount.go`; `go help
    cache`; Go modules reference, "Module cache".
    """

    name = "cache-mounts"
    order = 40
    summary = "Mounts Go's module and build caches into every RUN that uses go."
    before = "RUN go build -o /app ./cmd/server\n"
    after = (
        "RUN --mount=type=cache,target=/go/pkg/mod \\\n"
        "    --mount=type=cache,target=/root/.cache/go-build \\\n"
        "    go build -o /app ./cmd/server\n"
    )

    def propose(self, facts: Facts) -> Iterator[Proposal]:
        for stage in facts.stages:
            if stage.parent is None:
                yield from _Family(facts, stage.family).propose()
        if facts.project.config.apt_cache_mounts:
            yield from apt_mounts(facts)


@dataclass(frozen=True)
class _Kind:
    """What sets the two caches apart."""

    name: str
    code: str
    variable: str
    clean: str
    mention: re.Pattern[str]


_MODULES = _Kind(
    "module cache",
    "modcache-needed-in-layer",
    "GOMODCACHE",
    "modcache",
    re.compile(r"\bpkg/mod\b|\bGOMODCACHE\b(?!=)|\{\{-?\s*\.Dir\b"),
)
_BUILD = _Kind(
    "build cache",
    "buildcache-needed-in-layer",
    "GOCACHE",
    "cache",
    re.compile(r"\.cache/go-build\b|\bGOCACHE\b(?!=)"),
)


class _Family:
    """The stages built on one golang image, which share one set of mounts."""

    def __init__(self, facts: Facts, stages: Sequence[StageFacts]) -> None:
        self.facts = facts
        self.stages = stages
        self.uses = [use for stage in stages for use in go_uses(stage)]

    def propose(self) -> Iterator[Proposal]:
        if not any(use.certain for use in self.uses):
            return
        added: dict[GoUse, list[str]] = {}
        refusals: dict[tuple[str, str], Refusal] = {}
        for kind in (_MODULES, _BUILD):
            found = self._flags(kind)
            if isinstance(found, Refusal):
                refusals.setdefault((found.code, found.message), found)
                continue
            for use, flag in found.items():
                added.setdefault(use, []).append(flag)
        yield from refusals.values()
        if added:
            yield self._change(added)

    def _change(self, added: Mapping[GoUse, Sequence[str]]) -> Change:
        pairs = []
        for use, flags in added.items():
            one_line = len(flags) == 1 and use.only_downloads and len(use.run.steps) == 1
            new = with_mounts(use.run.instruction, flags, one_line=one_line)
            pairs.append((use.run.instruction, (new,)))
        (node, replacement), *also = pairs
        safety, doubts = self._safety(list(added))
        targets = [flag.partition("target=")[2].partition(",")[0] for f in added.values() for flag in f]
        message = f"mount {' and '.join(sorted(set(targets)))} as a cache where go runs"
        because = (*doubts, *(use.evidence for use in added))
        return Change(node, replacement, safety, message, because, tuple(also))

    def _flags(self, kind: _Kind) -> dict[GoUse, str] | Refusal:
        """The flag that each RUN lacks; empty when there is nothing to add."""
        wanting = [use for use in self.uses if self._wants(use, kind)]
        existing = {use: self._existing(use, kind) for use in wanting}
        missing = [use for use in wanting if not existing[use]]
        if not missing or not any(use.certain for use in wanting):
            return {}
        problem = self._unable(missing) or self._own(kind, wanting)
        if problem is None:
            paths = {use: self._path(use, kind) for use in wanting}
            for use, path in paths.items():
                if isinstance(path, Unknown):
                    problem = Conflict("cache-path-unknown", path.why, use.evidence)
                    break
            known = {use: path for use, path in paths.items() if isinstance(path, str)}
        if problem is None:
            problem = self._conflict(kind, wanting, missing, known)
        if problem is not None:
            return _refuse(missing[0], kind, problem)
        # What the owner wrote for some of the RUNs is what the others get.
        written = {text for texts in existing.values() for text in texts}
        if written:
            return dict.fromkeys(missing, written.pop())
        identity = cgocache.identity(self.stages, wanting) if kind is _BUILD else ""
        if isinstance(identity, Unknown):
            conflict = Conflict("cgo-libraries", identity.why, identity.evidence[0])
            return _refuse(missing[0], kind, conflict)
        named = f",id={identity}" if identity else ""
        return {use: f"type=cache,target={known[use]}{named}{self._ids(use)}" for use in missing}

    def _wants(self, use: GoUse, kind: _Kind) -> bool:
        if kind is _BUILD:
            return not use.only_downloads
        vendored = [is_vendored(use.stage, invocation) for invocation in use.invocations]
        return not (vendored and all(vendored)) or use.through is not None

    def _existing(self, use: GoUse, kind: _Kind) -> tuple[str, ...]:
        """The mounts of this very cache that the RUN has already."""
        path = self._path(use, kind)
        found = mounts(use.run.instruction, use.run.state)
        if isinstance(path, Unknown):
            return tuple(m.text for m in found if m.kind == "cache" and kind.mention.search(m.text))
        return tuple(m.text for m in found if m.kind == "cache" and m.target == path)

    def _own(self, kind: _Kind, wanting: Sequence[GoUse]) -> Conflict | None:
        """A mount of the owner that another one beside it would disagree with."""
        first: str | None = None
        for use in wanting:
            path = self._path(use, kind)
            for mount in mounts(use.run.instruction, use.run.state):
                if mount.kind != "cache":
                    continue
                if isinstance(path, Unknown) or mount.target is None:
                    strange = kind.mention.search(mount.text) is not None
                elif mount.target == path:
                    strange = first is not None and mount.text != first
                    first = first or mount.text
                else:
                    strange = under(path, mount.target) or under(mount.target, path)
                if strange:
                    message = f"the file has a mount of its own there: {mount.text}"
                    return Conflict("own-cache-mount", message, use.evidence)
        return None

    def _path(self, use: GoUse, kind: _Kind) -> str | Unknown:
        """Where a RUN has the cache."""
        for member in use.stage.lineage:
            for run in member.runs:
                if re.search(r"\bgo\s+env\s+-w\b[^\n;&|]*\bGO(?:PATH|CACHE|MODCACHE|ENV)=", run.text):
                    return Unknown("go env -w moves the caches")
        user = self._account(use)
        home = user.home if isinstance(user, Account) else None
        environments = [invocation.go.env for invocation in use.invocations]
        if use.through or use.maybe:
            environments.append(use.run.state.shell_env)
        found: str | Unknown | None = None
        for env in environments:
            both = caches(use.stage, use.run.state, env, home)
            path = both.modules if kind is _MODULES else both.build
            if isinstance(path, Unknown):
                return path
            if found is not None and path != found:
                return Unknown("the commands of one RUN have different caches")
            found = path
        assert found is not None
        return found

    def _account(self, use: GoUse) -> Account | Unknown:
        return account(use.stage, use.run.state)

    def _ids(self, use: GoUse) -> str:
        """The owner of the mount: root, unless the flag says otherwise."""
        user = self._account(use)
        if isinstance(user, Unknown) or user.uid == 0:
            return ""
        return f",uid={user.uid}" + (f",gid={user.gid}" if user.gid is not None else "")

    def _unable(self, missing: Sequence[GoUse]) -> Conflict | None:
        """What stands against any mount at all."""
        builder = builders.cannot_mount(self.facts.project)
        if builder is not None:
            return Conflict("builder-cannot-mount", "a caller's builder has no cache mounts", builder)
        if self._old_frontend:
            return Conflict(
                "old-syntax",
                "the syntax directive pins a frontend without cache mounts; use docker/dockerfile:1",
                self._old_frontend,
            )
        for use in missing:
            user = self._account(use)
            if isinstance(user, Unknown):
                return Conflict("cache-user-unknown", f"{user.why}; write USER as uid:gid", use.evidence)
        return None

    @cached_property
    def _old_frontend(self) -> Evidence | None:
        """`# syntax=` of a frontend that is not known to have cache mounts, unless they are used."""
        syntax = self.facts.dockerfile.directives.get("syntax")
        if syntax is None or any(i.flag("mount") for i in self.facts.dockerfile.instructions):
            return None
        image, _, tag = syntax.partition("@")[0].partition(":")
        version = re.match(r"(\d+)(?:\.(\d+))?", tag)
        new = version and (int(version[1]), int(version[2] or 99)) >= (1, 2)
        if image.endswith("docker/dockerfile") and (new or tag in ("", "latest", "labs")):
            return None
        return Evidence(self.facts.project.display, 1, f"# syntax={syntax}")

    def _conflict(
        self,
        kind: _Kind,
        wanting: Sequence[GoUse],
        missing: Sequence[GoUse],
        paths: Mapping[GoUse, str],
    ) -> Conflict | None:
        cache = Cache(
            kind.name, kind.code, frozenset(paths.values()), kind.variable, kind.clean, kind.mention
        )
        found = next(conflicts(self.stages, self.uses, cache), None)
        if found is None:
            found = self._output(cache) or self._stub(missing, paths)
        if found is None and kind is _MODULES:
            found = self._credentials(wanting) or self._exported(wanting)
        return found

    def _output(self, cache: Cache) -> Conflict | None:
        for stage in self.stages:
            for path, (invocation, _) in stage.output_paths.items():
                if cache.holds(path):
                    message = f"{path} is written below the {cache.name}"
                    at = self.facts.at(invocation.run.instruction)
                    return Conflict("output-in-cache", message, at)
        return None

    def _stub(self, missing: Sequence[GoUse], paths: Mapping[GoUse, str]) -> Conflict | None:
        """Mount points are made as root and stay behind in the layer (BuildKit issue 3153)."""
        for use in missing:
            user = self._account(use)
            root = isinstance(user, Account) and user.uid == 0
            usual = paths[use].startswith(("/go/", "/root/", "/tmp/"))
            if use.stage.ships and not (root and usual):
                message = "the mount would leave directories owned by root in the shipped image"
                return Conflict("cache-stub-in-image", message, use.evidence)
        return None

    def _credentials(self, wanting: Sequence[GoUse]) -> Conflict | None:
        """A download that only some of the RUNs could repeat."""
        if len(wanting) < 2:
            return None
        private = [use for use in wanting if _private(use)]
        without = [use for use in wanting if use not in private]
        if private and without:
            message = "modules are downloaded with credentials that the other RUNs do not have"
            return Conflict("private-modules", message, private[0].evidence)
        offline = [use for use in wanting if use.run.instruction.flag("network") == "none"]
        if offline:
            message = "this RUN has no network to download modules when the mount is empty"
            return Conflict("private-modules", message, offline[0].evidence)
        return None

    def _exported(self, wanting: Sequence[GoUse]) -> Conflict | None:
        exported = builders.exports_layers(self.facts.project)
        if exported is None or not any(use.only_downloads for use in wanting):
            return None
        message = "layers are cached outside of the builder, mounts are not: the download stays a layer"
        return Conflict("layers-exported", message, exported)

    def _safety(self, uses: Sequence[GoUse]) -> tuple[Safety, tuple[Evidence, ...]]:
        """REVIEW with what is in doubt, else SAFE and ()."""
        doubts: list[Evidence] = []
        for use in uses:
            base = use.stage.base
            from_ = use.stage.lineage[0].stage.from_
            if isinstance(base, Image) and not _trusted(base, from_.rest):
                doubts.append(self.facts.at(from_, f"{base.ref.text} is not known to be as golang"))
            if use.maybe and not use.certain:
                doubts.append(use.evidence)
            user = self._account(use)
            if isinstance(user, Account) and user.uid and not _plain(use):
                doubts.append(use.evidence)
            if use.texts and self.facts.project.context_why is not None:
                doubts.append(use.evidence)
        return (Safety.REVIEW if doubts else Safety.SAFE), tuple(dict.fromkeys(doubts))


def _refuse(use: GoUse, kind: _Kind, problem: Conflict) -> Refusal:
    shared = problem.code in ("builder-cannot-mount", "old-syntax", "cache-user-unknown")
    message = problem.message if shared else f"no mount for the {kind.name}: {problem.message}"
    return Refusal(use.run.instruction, problem.code, message, (problem.evidence,))


_SECRET = re.compile(
    r"\bgit\s+config\b|\.netrc|insteadOf|ssh-keyscan|ssh-add|id_rsa|id_ed25519|\bGOAUTH=|/run/secrets/"
)


def _private(use: GoUse) -> bool:
    """Whether the RUN brings credentials, or other settings for the download, of its own."""
    kinds = {mount.kind for mount in mounts(use.run.instruction, use.run.state)}
    if kinds & {"secret", "ssh"} or _SECRET.search(use.run.text):
        return True
    before = use.run.state.shell_env
    return any(
        invocation.go.env.get(name) != before.get(name)
        for invocation in use.invocations
        for name in invocation.go.env
        if name.startswith(("GOPROXY", "GOPRIVATE", "GONO", "GOINSECURE", "GIT_"))
        or name.lower().endswith("_proxy")
    )


def _trusted(base: Image, from_: str) -> bool:
    """Whether the image is the official one, or a mirror that keeps its whole name."""
    prefix = base.ref.prefix.rstrip("/")
    host, _, path = prefix.partition("/")
    mirror = ("." in host or ":" in host) and path in ("", "library", "docker/library")
    repository = from_.split()[0].partition(":")[0]
    return (base.ref.official or mirror) and not repository.startswith("$")


_QUIET = frozenset(["cd", "mkdir", "cp", "mv", "rm", "echo", "ls", "chmod", "cat", "true", "test", "set", "export", "printf", "[", "strip", "upx"])


def _plain(use: GoUse) -> bool:
    """Whether nothing but go writes near the mount point, whose new parents belong to root."""
    kinds = {invocation.go.kind for invocation in use.invocations}
    if not kinds <= {"build", "install", "mod download", "list", "vet"} or use.through or use.maybe:
        return False
    if any(invocation.go.versioned for invocation in use.invocations):
        return False
    names = {step.argv[0] for step in use.run.steps if step.argv}
    return names <= _QUIET | {"go"}

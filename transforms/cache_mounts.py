"""cache-mounts: BuildKit cache mounts for the module cache and the build cache of Go."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gorewrite.buildkit import switching
from gorewrite.caches import cgocache
from gorewrite.caches.aptcaches import apt_mounts
from gorewrite.caches.cacheuse import (
    BUILD,
    MODULES,
    Cache,
    Conflict,
    conflicts,
    has_sums,
    without_command,
    written_later,
)
from gorewrite.caches.gocaches import Account, account, build_cache, module_cache, numbered_by
from gorewrite.caches.mounts import mounts, with_mounts
from gorewrite.dockerfile import from_parts
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import Facts, StageFacts
from gorewrite.gobuild.gouse import GoUse, brings_credentials, go_uses, is_plain
from gorewrite.gobuild.toolchain import at, go_version
from gorewrite.golang.versions import Feature, supports
from gorewrite.memo import cached_property
from gorewrite.modules.gomodules import module_at, spares_cache, uses_vendor
from gorewrite.stage.images import ImageRef
from gorewrite.stage.layout import under
from gorewrite.transform import Change, Proposal, Refusal, Safety, Transform, to_review


class CacheMounts(Transform):
    """Mounts Go's caches into the RUN instructions that use go.

    *What it does*

    Writes `--mount=type=cache,target=…` for the module cache and the build cache in front of
    the untouched command of every RUN that uses the go command, in all stages built on one
    another, or in none of them. The targets are literal paths, worked out from GOMODCACHE,
    GOPATH, GOCACHE, XDG_CACHE_HOME, HOME and USER; a user other than root gets `uid=`. A RUN
    that only downloads gets the module cache alone, a vendored build the build cache alone.
    Go before 1.10 has neither cache, Go 1.10 the build cache alone.
    With `apt-cache-mounts` in the configuration, apt's caches are mounted too.

    *Why*

    A rebuild after a change compiles only what changed and downloads only what is new, and
    neither cache ends up in a layer.

    *When it does nothing*

    - builder-cannot-mount: a caller uses a builder without cache mounts (kaniko, or the classic
      one where enable-buildkit cannot switch BuildKit on), or with those of its own (Railway).
    - old-syntax: a `# syntax=` directive names a frontend without mounts, as 1.0 and 1.1 were.
    - cache-path-unknown: where a cache lies depends on an unknown image or variable.
    - cache-user-unknown: the numeric id of the USER is not known.
    - own-cache-mount: the file mounts something of its own there, or the same cache read-only.
    - modcache-needed-in-layer, buildcache-needed-in-layer: something reads it from the image.
    - cache-cleaned: a command removes the cache, which fails for a mount point.
    - output-in-cache: a binary is written below the mount.
    - private-modules: only some of the RUNs have the credentials or the network to download,
      and a mount may be empty when any of them runs.
    - users-differ: one user downloads and another builds, who would get a cache of its own.
    - layers-exported: layers are stored outside of the builder (cache-to), cache mounts are
      not; the download keeps its own layer.
    - cgo-libraries: C libraries are installed or copied whose changes the build cache cannot see.
    - apt-lists-in-layer: apt installs with the package lists of an earlier RUN.
    - cache-stub-in-image: the mount would leave root-owned directories in a shipped image.

    *Safety*

    Safe when path, user and every RUN of the stages are known. Review when the image is
    a variable, when nothing says what a container of it runs, when a program of which nothing
    can be read gets the mounts, when other programs share a user's directory with them, and when
    the change of a caller that they need is to be reviewed.

    *References*

    Dockerfile reference, "RUN --mount=type=cache"; BuildKit `convert_runmount.go`; `go help
    cache`; Go modules reference, "Module cache".
    """

    name = "cache-mounts"
    order = 40
    summary = "mount Go's module and build caches into every RUN that uses go"
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


class _Family:
    """The stages built on one golang image, which share one set of mounts."""

    def __init__(self, facts: Facts, stages: Sequence[StageFacts]) -> None:
        self.facts = facts
        self.stages = stages
        self.uses = [use for stage in stages for use in go_uses(stage)]
        self.accounts = {use: account(use.stage, use.run.state) for use in self.uses}
        self.paths: dict[tuple[GoUse, str], str | Unknown] = {}

    def propose(self) -> Iterator[Proposal]:
        if not any(use.certain for use in self.uses):
            return
        added: dict[GoUse, list[str]] = {}
        refused: list[tuple[Cache, GoUse, Conflict]] = []
        for cache in (MODULES, BUILD):
            found = self._flags(cache)
            if isinstance(found, tuple):
                refused.append((cache, *found))
                continue
            for use, flag in found.items():
                added.setdefault(use, []).append(flag)
        yield from _refusals(refused)
        if added:
            yield self._change(added)

    def _change(self, added: Mapping[GoUse, Sequence[str]]) -> Change:
        pairs = []
        for use, flags in added.items():
            instruction = use.run.instruction
            one_line = len(flags) == 1 and use.only_downloads and instruction.line_count == 1
            pairs.append((instruction, (with_mounts(instruction, flags, one_line=one_line),)))
        (node, replacement), *also = pairs
        safety = Safety.REVIEW if (doubts := self._doubts(list(added))) else Safety.SAFE
        written = {flag for flags in added.values() for flag in flags}
        targets = sorted({flag.partition("target=")[2].partition(",")[0] for flag in written})
        message = f"mount {' and '.join(targets)} from a cache in each RUN that uses them"
        message += to_review(doubts)
        doubtful = [evidence for doubt in doubts for evidence in doubt.evidence]
        because = dict.fromkeys(doubtful + [use.evidence for use in added])
        return Change(node, replacement, safety, message, tuple(because), tuple(also))

    def _flags(self, cache: Cache) -> dict[GoUse, str] | tuple[GoUse, Conflict]:
        """The flag that each RUN lacks, {} when there is nothing to add; or what is against it."""
        wanting = [use for use in self.uses if self._wants(use, cache)]
        existing = {use: self._existing(use, cache) for use in wanting}
        missing = [use for use in wanting if not existing[use]]
        if not missing or not any(use.certain for use in wanting):
            return {}
        problem = self._unable() or self._own(cache, wanting)
        if problem is None:
            paths = {use: self._path(use, cache) for use in wanting}
            for use, path in paths.items():
                if isinstance(path, Unknown):
                    problem = Conflict("cache-path-unknown", path.why, use.evidence)
                    break
            known = {use: path for use, path in paths.items() if isinstance(path, str)}
        problem = problem or self._nobody(missing)
        if problem is None:
            problem = self._conflict(cache, wanting, missing, known)
        if problem is not None:
            return missing[0], problem
        # What the owner wrote for some of the RUNs is what the others get.
        written = {text for texts in existing.values() for text in texts}
        if written:
            return dict.fromkeys(missing, written.pop())
        identity = cgocache.identity(self.stages, wanting) if cache is BUILD else ""
        if isinstance(identity, Unknown):
            return missing[0], Conflict("cgo-libraries", identity.why, identity.evidence[0])
        named = f",id={identity}" if identity else ""
        return {use: f"type=cache,target={known[use]}{named}{self._ids(use)}" for use in missing}

    def _wants(self, use: GoUse, cache: Cache) -> bool:
        since: Feature = "modules" if cache is MODULES else "content-staleness"
        if supports(go_version(use.stage), since) is False:
            return False
        if cache is BUILD:
            return not use.only_downloads
        vendored = [spares_cache(use.stage, invocation) for invocation in use.invocations]
        run = use.run
        if not vendored and run.state.workdir:
            view = use.stage.view(run.instruction)
            module = module_at(view, run.state.workdir)
            return module is None or not uses_vendor(view, module, "")
        return not all(vendored)

    def _existing(self, use: GoUse, cache: Cache) -> tuple[str, ...]:
        """The mounts of this very cache that the RUN has already."""
        if not (found := mounts(use.run.instruction, use.run.state)):
            return ()
        path = self._path(use, cache)
        if isinstance(path, Unknown):
            return tuple(
                m.text for m in found if m.kind == "cache" and cache.mention.search(m.text)
            )
        return tuple(m.text for m in found if m.kind == "cache" and m.target == path)

    def _own(self, cache: Cache, wanting: Sequence[GoUse]) -> Conflict | None:
        """A mount of the owner that another one beside it would disagree with."""
        first: str | None = None
        for use in wanting:
            path = self._path(use, cache)
            for mount in mounts(use.run.instruction, use.run.state):
                if mount.kind in ("secret", "ssh"):
                    continue
                if isinstance(path, Unknown) or mount.target is None:
                    strange = cache.mention.search(mount.text) is not None
                elif mount.kind == "cache" and mount.target == path:
                    strange = mount.read_only or (first is not None and mount.text != first)
                    first = first or mount.text
                else:
                    strange = under(path, mount.target) or under(mount.target, path)
                if strange:
                    message = f"the file has a mount of its own there: {mount.text}"
                    return Conflict("own-cache-mount", message, use.evidence)
        return None

    def _path(self, use: GoUse, cache: Cache) -> str | Unknown:
        """Where a RUN has the cache."""
        if (use, cache.name) not in self.paths:
            self.paths[use, cache.name] = self._found(use, cache)
        return self.paths[use, cache.name]

    def _found(self, use: GoUse, cache: Cache) -> str | Unknown:
        user = self.accounts[use]
        home = user.home if isinstance(user, Account) else None
        environments = [invocation.go.env for invocation in use.invocations]
        if use.through or use.maybe:
            environments.append(use.run.state.go_env)
        found: str | Unknown | None = None
        if any(step.sourced for step in use.run.steps):
            return Unknown("a script that the RUN reads may move the caches")
        place = module_cache if cache is MODULES else build_cache
        for env in environments:
            path = place(use.stage, use.run.state, env, home)
            if isinstance(path, Unknown):
                return path
            if found is not None and path != found:
                return Unknown("the commands of one RUN have different caches")
            found = path
        assert found is not None
        return found

    def _ids(self, use: GoUse) -> str:
        """The owner of the mount: root, unless the flag says otherwise."""
        user = self.accounts[use]
        if isinstance(user, Unknown) or user.uid == 0:
            return ""
        return f",uid={user.uid}" + (f",gid={user.gid}" if user.gid is not None else "")

    def _unable(self) -> Conflict | None:
        """What stands against any mount at all."""
        builder = switching.barrier(self.facts)
        if builder is not None:
            message = "a caller's builder does not take them, or BuildKit is switched off there"
            return Conflict("builder-cannot-mount", message, builder)
        if self._old_frontend:
            return Conflict(
                "old-syntax",
                "the syntax directive names a frontend without them; docker/dockerfile:1 has them",
                self._old_frontend,
            )
        return None

    def _nobody(self, missing: Sequence[GoUse]) -> Conflict | None:
        for use in missing:
            user = self.accounts[use]
            if isinstance(user, Unknown):
                message = f"{user.why}; write USER as uid:gid"
                return Conflict("cache-user-unknown", message, use.evidence)
        return None

    @cached_property
    def _old_frontend(self) -> Evidence | None:
        """`# syntax=` of a frontend not known to have cache mounts, unless they are used.

        The experimental channel, now called labs, had them from the start (moby/buildkit v0.3.3,
        frontend/dockerfile/docs/experimental.md).
        """
        syntax = self.facts.dockerfile.directives.get("syntax")
        if syntax is None or any(i.flag("mount") for i in self.facts.dockerfile.instructions):
            return None
        image, _, tag = syntax.partition("@")[0].partition(":")
        version = re.match(r"(\d+)(?:\.(\d+))?", tag)
        new = version and (int(version[1]), int(version[2] or 99)) >= (1, 2)
        new = new or tag in ("", "latest") or tag.endswith(("experimental", "labs"))
        if image.endswith("docker/dockerfile") and new:
            return None
        return Evidence(self.facts.project.display, 1, f"# syntax={syntax}")

    def _conflict(
        self,
        cache: Cache,
        wanting: Sequence[GoUse],
        missing: Sequence[GoUse],
        paths: Mapping[GoUse, str],
    ) -> Conflict | None:
        placed = replace(cache, paths=frozenset(paths.values()))
        found = next(conflicts(self.stages, self.uses, wanting, placed), None)
        if found is None:
            found = self._output(placed) or self._stub(missing, paths)
        if found is None and cache is MODULES:
            found = self._credentials(wanting) or self._exported(wanting)
        return found

    def _output(self, cache: Cache) -> Conflict | None:
        for stage in self.stages:
            for path, (invocation, _) in stage.output_paths.items():
                if cache.holds(path):
                    message = f"{path} is written below the {cache.name}"
                    return Conflict("output-in-cache", message, at(stage, invocation))
        return None

    def _stub(self, missing: Sequence[GoUse], paths: Mapping[GoUse, str]) -> Conflict | None:
        """Mount points are made as root and stay behind in the layer (BuildKit issue 3153)."""
        for use in missing:
            user = self.accounts[use]
            root = isinstance(user, Account) and user.uid == 0
            usual = paths[use].startswith(("/go/", "/root/", "/tmp/"))
            if use.stage.ships and not (root and usual):
                message = "the mount would leave directories owned by root in the shipped image"
                return Conflict("cache-stub-in-image", message, use.evidence)
        return None

    def _credentials(self, wanting: Sequence[GoUse]) -> Conflict | None:
        """A download that only some of the RUNs could repeat."""
        offline = [use for use in wanting if use.offline]
        if offline:
            message = "this RUN has no network to download modules when the mount is empty"
            return Conflict("private-modules", message, offline[0].evidence)
        uids = {user.uid for use in wanting if isinstance(user := self.accounts[use], Account)}
        if len(uids) > 1 and any(use.only_downloads for use in wanting):
            message = "one user downloads and another builds, each would have a cache of its own"
            return Conflict("users-differ", message, wanting[0].evidence)
        if len(wanting) < 2:
            return None
        private = [use for use in wanting if brings_credentials(use)]
        without = [use for use in wanting if use not in private]
        if private and without:
            message = "modules are downloaded with credentials or settings that other RUNs have not"
            return Conflict("private-modules", message, private[0].evidence)
        return None

    def _exported(self, wanting: Sequence[GoUse]) -> Conflict | None:
        project = self.facts.project
        exported = project.callers.index.exports_layers(project.path)
        if exported is None or not any(use.only_downloads for use in wanting):
            return None
        message = "layers are cached outside of the builder and mounts are not"
        return Conflict("layers-exported", message, exported)

    def _doubts(self, uses: Sequence[GoUse]) -> list[Unknown]:
        """What is to be reviewed."""
        found = [(place.text, place) for place in switching.doubts(self.facts)]
        from_, what = self.stages[0].stage.from_, "what a container of this image runs is not known"
        found += [(what, place) for each in self.stages if (place := without_command(each))]
        if uses and "$" in ImageRef.parse(from_parts(from_).image.text).repository:
            found.append(("the caller may choose another base image", self.facts.at(from_)))
        found += [("it may not run go", u.evidence) for u in uses if u.maybe and not u.certain]
        for use in uses:
            user = self.accounts[use]
            if isinstance(user, Account) and user.uid:
                if name := numbered_by(use.stage, use.run.state):
                    found.append((f"{name} chooses the number of the user", use.evidence))
                odd = [] if is_plain(use) and has_sums(use) else [use.evidence]
                odd += written_later(
                    use, [self._path(use, cache) for cache in (MODULES, BUILD)], uses
                )
                what = "a user other than root may write beside what is mounted"
                found += [(what, each) for each in odd]
        read = (use.evidence for use in uses if use.texts and self.facts.project.context_why)
        found += [("the build context is only assumed", place) for place in read]
        return [Unknown(why, (place,)) for why, place in found]


def _refusals(refused: Sequence[tuple[Cache, GoUse, Conflict]]) -> Iterator[Refusal]:
    """One refusal for each code: what stands against both caches is said once."""
    for code in dict.fromkeys(conflict.code for _, _, conflict in refused):
        same = [each for each in refused if each[2].code == code]
        names = " and the ".join(cache.name for cache, _, _ in same)
        message = f"no mount for the {names}: {same[0][2].message}"
        because = tuple(dict.fromkeys(conflict.evidence for _, _, conflict in same))
        yield Refusal(same[0][1].run.instruction, code, message, because)

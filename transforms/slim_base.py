"""slim-base: a lighter base image under a runtime stage that is there already."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from gorewrite.contract import TOOLCHAIN_PATHS, argv_of, contract
from gorewrite.dockerfile import BodyNode, Instruction, copy_parts, from_parts
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import Facts, StageFacts
from gorewrite.gobuild.gouse import not_followed
from gorewrite.runtime.around import of_the_system
from gorewrite.runtime.brought import unknown_programs
from gorewrite.runtime.choice import NoRuntime, Runtime, choose, departures, plain
from gorewrite.runtime.rebase import (
    comments_naming,
    in_words,
    installed,
    installs,
    is_idle,
    lacking,
    spelled_out,
    starts_in_workdir,
    where_linked,
    without_shell,
    writes_among_go,
)
from gorewrite.runtime.requirements import Requirements, requirements
from gorewrite.stage import packages
from gorewrite.stage.blocks import doubled_blanks
from gorewrite.stage.images import Image
from gorewrite.stage.packages import Distro
from gorewrite.stage.places import ACCOUNTS
from gorewrite.transform import Change, Proposal, Refusal, Safety, Transform, to_review

#: Users that every distroless image has (GoogleContainerTools/distroless, common/BUILD).
_USERS = frozenset({"", "root", "nobody", "nonroot", "0", "65534", "65532"})
#: What a stage may hold and still work without a shell.
_SHELL_FREE = frozenset(
    (
        "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE HEALTHCHECK LABEL MAINTAINER RUN SHELL "
        "STOPSIGNAL USER VOLUME WORKDIR"
    ).split()
)


class SlimBase(Transform):
    """Puts a runtime stage that only holds files on a distroless image.

    *What it does*

    The final stage of a multi-stage build that starts from debian, ubuntu or golang and
    only copies and configures is put on distroless static (a static binary), base (glibc)
    or cc (glibc and libstdc++), of the Debian release that the binary was built on. RUNs
    that only install ca-certificates or tzdata go: distroless has both; so do those that make
    a program executable or a directory that COPY and WORKDIR make anyway. A final stage on
    alpine is offered for review.

    Where other RUNs, or the program, need a distribution, a stage on golang is put on the plain
    alpine or debian-slim of the same release, and one on debian on its -slim variant, with the
    RUNs as they are.

    *Why*

    debian:bookworm is 117 MB and ubuntu:24.04 78 MB of shell, package manager and
    libraries that a static binary never opens; each is scanned, patched and pulled.

    *When it does nothing*

    - digest-pinned: the base image is pinned by digest, on purpose.
    - base-unknown: a build argument decides the base image.
    - base-needs-shell: a RUN of the stage needs a shell and is more than an installation of
      what distroless has; of one on golang: it needs what came with that image.
    - needs-userland: the command, the health check or the program needs a shell or commands,
      and the base is no golang and no debian; or files are copied into running containers.
    - user-missing: USER or --chown names a user that distroless does not have.
    - program-unknown: which binary runs, and how it is linked, is not known.
    - libc-unknown, libc-mismatch: the C library that the binary needs is not known, or not the
      one of the image that was asked for.
    - not-distroless: what fits, or was asked for, is an image of another kind.
    - foreign-packages, tool-unknown, not-static, scratch-lacks, sources-unknown: no image is
      known to fit.

    *Safety*

    Safe when the binary and its sources are known. Review for alpine (people use its
    shell), where the sources leave a doubt, or where the context is only assumed.

    *References*

    https://github.com/GoogleContainerTools/distroless
    """

    name = "slim-base"
    order = 50
    summary = "put a runtime stage that needs no shell on a distroless image"
    before = """
FROM golang:1.24 AS build
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -o /server .

FROM debian:bookworm
RUN apt-get update && apt-get install -y ca-certificates
COPY --from=build /server /server
ENTRYPOINT ["/server"]
"""
    after = """
FROM golang:1.24 AS build
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -o /server .

FROM gcr.io/distroless/static-debian13
COPY --from=build /server /server
ENTRYPOINT ["/server"]
"""

    def propose(self, facts: Facts) -> Iterator[Proposal]:
        stage = facts.final
        if stage.invocations or _inherits(stage) or not _copies_a_program(stage):
            return
        base = stage.base
        if isinstance(base, Unknown):
            yield Refusal(stage.stage.from_, "base-unknown", base.why, base.evidence)
        elif base.family in ("debian", "ubuntu", "golang", "alpine"):
            proposal = _Slim(facts, stage, base).propose()
            # alpine is light already: nothing to be explained where it stays.
            if isinstance(proposal, Change) or (proposal and base.family != "alpine"):
                yield proposal


def _inherits(stage: StageFacts) -> bool:
    """Whether it is built on a stage that is more than a name for an image."""
    return any(below.stage.instructions for below in stage.lineage[:-1])


def _copies_a_program(stage: StageFacts) -> bool:
    """Whether the stage takes a binary from an earlier stage that builds Go, or from one that takes
    it from there (and packs it, say); of one on golang also from one on golang, where a command
    that is not followed may build it."""
    taken = stage.takes_from
    return any(other.invocations or _copies_a_program(other) for other in taken) or (
        _is_golang(stage) and any(map(_is_golang, taken))
    )


def _is_golang(stage: StageFacts) -> bool:
    return isinstance(stage.base, Image) and stage.base.family == "golang"


class _Slim:
    """The change of one final stage, or the refusal."""

    def __init__(self, facts: Facts, stage: StageFacts, base: Image) -> None:
        self.facts, self.stage, self.base = facts, stage, base
        self.from_ = stage.stage.from_
        self.removed: list[Instruction] = []
        self.doubts: list[Unknown] = []

    def propose(self) -> Proposal | None:
        """What becomes of the stage; None where it is on what fits already."""
        if self.base.ref.digest:
            return self._refuse(
                "digest-pinned",
                "the base image is pinned by digest; choose and pin another by hand",
            )
        if self.stage.base_assumed or self.stage.parent_assumed:
            return self._refuse("base-unknown", "a build argument decides the base image")
        needs = requirements(self.stage)
        if needs.entry.refusal is not None:
            _, message, where = needs.entry.refusal
            return self._refuse("program-unknown", message, (where,))
        for package in list(needs.explicit):
            if packages.kind(package) == "provided":
                del needs.explicit[package]
        synced = self._needed_by_callers()
        needed = synced or self._needed_of_stage() or self._needed_by_program(needs)
        if needed is not None:
            alone = needed.code == "user-missing" and not self.stage.runs
            alone |= synced is not None and self.base.family == "golang"
            return needed if alone else self._on_plain(needs, needed)
        built = next((p for p in needs.programs if p.path in needs.entry.programs), None)
        if built is None:
            what = next(iter(needs.entry.programs), "the program")
            message = f"{what} runs, which this file is not seen to build"
            why = not_followed(self.facts)
            message += f": {why.why}" if why is not None else ""
            refused = self._refuse("program-unknown", message, why.evidence if why else ())
            if self.base.family != "golang":
                return refused
            doubt = f"what {what} is, and what it needs itself, is not known"
            self.doubts.append(Unknown(doubt, refused.because))
            return self._on_plain(needs, refused)
        builder = self.facts.stages[
            next(s.index for s in self.facts.stages if built.invocation.run in s.runs)
        ].base
        if isinstance(builder, Unknown):
            return self._refuse("libc-unknown", builder.why, builder.evidence)
        runtime = choose(needs, builder, self.facts.project.config)
        if isinstance(runtime, NoRuntime):
            return self._refuse(runtime.code, runtime.message, runtime.because)
        if runtime.image.ref.text == self.base.ref.text:
            return None
        if runtime.image.family != "distroless":
            refused = self._refuse(
                "not-distroless",
                f"{runtime.image.ref.text} is what fits, and no distroless image; "
                "change the base by hand",
                runtime.because,
            )
            asked = self.facts.project.config.runtime != "auto"
            stays = asked or self.base.libc != runtime.image.libc
            return refused if stays else self._on_plain(needs, refused)
        return self._change(needs, runtime)

    def _on_plain(self, needs: Requirements, needed: Refusal) -> Proposal:
        """The stage on the plain image of its distribution, or why it stays.

        needed: why it cannot be on distroless.
        """
        distro: Distro = "alpine" if self.base.libc == "musl" else "debian"
        runtime = plain(needs, self.base, self.facts.project.config, distro)
        if isinstance(runtime, NoRuntime):
            return self._refuse(runtime.code, runtime.message, runtime.because)
        image = runtime.image
        if image.ref.text == self.base.ref.text or (
            image.suite is None and self.base.family == "golang"
        ):
            return needed
        for lack in lacking(self.stage, distro):
            message = (
                f"{lack.why}, which {image.ref.text} is not known to have; move what the RUN makes "
                "to the builder and copy it"
            )
            return self._refuse("base-needs-shell", message, lack.evidence)
        self.removed.clear()
        if self.base.libc != "musl" and not needs.static:
            for package, where in where_linked(self.stage):
                why = f"whether {image.ref.text} has the library of {package} is not known"
                self.doubts.append(Unknown(why, (where,)))
        return self._change(needs, runtime)

    def _refuse(self, code: str, message: str, because: tuple[Evidence, ...] = ()) -> Refusal:
        return Refusal(self.from_, code, message, because or (self.facts.at(self.from_),))

    def _needed_by_callers(self) -> Refusal | None:
        """Tilt and skaffold copy files with tar, and may build in the container (Tilt docs,
        "Live Update Reference"; skaffold docs, "File Sync")."""
        synced = self.stage.synced
        if not synced:
            return None
        message = (
            "files are copied into running containers, which takes tar and often the toolchain; "
            "give that build a stage of its own"
        )
        return self._refuse("needs-userland", message, synced)

    def _needed_by_program(self, needs: Requirements) -> Refusal | None:
        """A reason why the program needs a distribution, if any."""
        if not needs.userland:
            return None
        message = f"{in_words(needs)} is needed at run time, which distroless does not have"
        return self._refuse("needs-userland", message, needs.userland)

    def _needed_of_stage(self) -> Refusal | None:
        """A reason why the stage's own instructions need the base image, if any: first what no
        other instruction could put right."""
        working = [run for run in self.stage.runs if not is_idle(self.stage, run)]
        for run in working:
            if names := installs(run):
                message = f"this RUN installs {names}, which distroless does not have"
                return self._refuse("base-needs-shell", message, (self.facts.at(run.instruction),))
        for instruction, state in self.stage.states.items():
            if instruction.keyword not in _SHELL_FREE:
                message = f"{instruction.keyword} is not followed"
                where = (self.facts.at(instruction),)
                return self._refuse("base-needs-shell", message, where)
            user = state.expand(instruction.rest) if instruction.keyword == "USER" else None
            if instruction.keyword in ("COPY", "ADD"):
                user = copy_parts(instruction).chown
            if user is not None and not all(
                part in _USERS or part.isdigit() for part in user.split(":")
            ):
                message = (
                    f"distroless has no user {user}; write it as numbers, 65532 is its nonroot"
                )
                return self._refuse("user-missing", message, (self.facts.at(instruction),))
        own = next(self.stage.copies.below("/usr/local/share/ca-certificates"), None)
        if own is not None and self.stage.runs:
            message = (
                "a RUN adds these certificates to those of the image; make that bundle in the "
                "builder and copy it from there"
            )
            return self._refuse("base-needs-shell", message, (self.facts.at(own.instruction),))
        if working:
            message = "this RUN needs a shell in the image; move what it makes to the builder"
            where = (self.facts.at(working[0].instruction),)
            return self._refuse("base-needs-shell", f"{message} and copy it", where)
        self.removed += [run.instruction for run in self.stage.runs]
        return None

    def _change(self, needs: Requirements, runtime: Runtime) -> Change:
        departs, doubts = departures(self.stage, runtime.image)
        self.doubts += [*needs.doubts, *runtime.doubts, *doubts]
        self._collect_doubts(needs, runtime)
        image = from_parts(self.from_).image
        named = self.from_.edit((image.start, image.end, runtime.image.ref.text))
        also, declares = without_shell(self.stage) if runtime.distro is None else ([], set())
        gone: set[BodyNode] = set(self.removed)
        gone |= doubled_blanks(self.stage.stage.nodes, gone) if gone else set()
        also += [(node, ()) for node in gone]
        also += [(old, (new,)) for old, new in spelled_out(self.stage, runtime.image)]
        # What debian has, its -slim variant has, too.
        lacks = runtime.distro is not None and self.base.family == "golang"
        text, changed = installed(self.stage, runtime) if lacks else ("", {})
        also += [(old, (new,)) for old, new in changed.items()]
        more = self.facts.dockerfile.fragment(text)
        message = (
            f"put the runtime stage on {runtime.image.ref.text} instead of {self.base.ref.text}"
        )
        stale = comments_naming(self.stage, self.base.ref.name)
        if stale:
            message += f"; the comment in line {stale[0].line} still names {self.base.ref.name}"
        message += to_review(self.doubts)
        doubtful = tuple(e for d in self.doubts for e in d.evidence)
        because = (*doubtful, *runtime.because, self.facts.at(self.from_), *stale)
        return Change(
            self.from_,
            (named, *self._configuration(needs, runtime.image), *more),
            Safety.REVIEW if self.doubts else Safety.SAFE,
            message,
            tuple(dict.fromkeys(because)),
            tuple(also),
            declares=departs | declares,
        )

    def _collect_doubts(self, needs: Requirements, runtime: Runtime) -> None:
        if self.facts.project.context_why is not None:
            self.doubts.append(self.facts.project.context_why)
        end = self.stage.end
        for name in sorted(needs.environment - {"PATH"}):
            if name in end.env and name not in end.declared:
                why = f"the program reads {name}, which {self.base.ref.text} sets"
                self.doubts.append(Unknown(why))
        known = [p.needs for p in needs.programs if not isinstance(p.needs, Unknown)]
        for plugins in (need.plugins for need in known if need.plugins):
            why = f"what plugins need of {self.base.ref.text} is not known"
            self.doubts.append(Unknown(why, plugins[:1]))
        self.doubts += unknown_programs(self.stage)
        self.doubts += writes_among_go(self.stage, needs)
        if self.base.family == "alpine":
            self.doubts.append(
                Unknown("the shell and tools of alpine are gone for whoever uses them")
            )
        if runtime.distro is not None:
            return
        for read in (read for need in known for read in need.reads):
            if read.path in ACCOUNTS:
                why = "the program looks up accounts, of which distroless has others"
                self.doubts.append(Unknown(why, (read.evidence,)))
            directory = posixpath.dirname(read.path or "")
            if read.kind == "write" and of_the_system(self.stage, directory):
                why = f"the program writes into {directory}, which distroless does not have"
                self.doubts.append(Unknown(why, (read.evidence,)))

    def _configuration(self, needs: Requirements, image: Image) -> Iterator[BodyNode]:
        """The work directory and the places of programs that the base image sets."""
        workdir = self.stage.start.workdir
        if workdir not in (None, image.workdir) and starts_in_workdir(self.stage):
            yield from self.facts.dockerfile.fragment(f"WORKDIR {workdir}\n")
        promised = contract(self.stage)
        words = argv_of(promised.entrypoint if promised.entrypoint is not None else promised.cmd)
        found = {posixpath.dirname(path) for path in needs.entry.looked_up}
        if words and "/" not in words[0] and promised.program is not None:
            found.add(posixpath.dirname(promised.program))
        if places := sorted(found.intersection(TOOLCHAIN_PATHS)):
            path = ":".join([*places, "$PATH"])
            yield from self.facts.dockerfile.fragment(f"ENV PATH={path}\n")

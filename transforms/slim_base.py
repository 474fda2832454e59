"""slim-base: a lighter base image under a runtime stage that is there already."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator
from itertools import takewhile

from gorewrite import shell
from gorewrite.contract import argv_of
from gorewrite.dockerfile import BodyNode, Comment, Instruction, command_of, copy_parts, from_parts
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import Facts, StageFacts
from gorewrite.gobuild.gouse import go_uses
from gorewrite.gobuild.toolchain import at
from gorewrite.runtime.around import of_the_system
from gorewrite.runtime.brought import unknown_programs
from gorewrite.runtime.choice import NoRuntime, Runtime, choose, departures
from gorewrite.runtime.requirements import Requirements, requirements
from gorewrite.stage import packages
from gorewrite.stage.blocks import doubled_blanks
from gorewrite.stage.commands import last
from gorewrite.stage.images import Image
from gorewrite.stage.metadata import health_check
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
    that only install ca-certificates or tzdata go: distroless has both. A final stage on
    alpine is offered for review.

    *Why*

    debian:bookworm is 117 MB and ubuntu:24.04 78 MB of shell, package manager and
    libraries that a static binary never opens; each is scanned, patched and pulled.

    *When it does nothing*

    - digest-pinned: the base image is pinned by digest, on purpose.
    - base-unknown: a build argument decides the base image.
    - base-needs-shell: a RUN of the stage needs a shell and is more than an installation of
      what distroless has.
    - needs-userland: the command, the health check or the program needs a shell or commands, or
      skaffold or Tilt unpacks files in running containers.
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
        if stage.parent is not None or stage.invocations or not _copies_a_program(stage):
            return
        base = stage.base
        if isinstance(base, Unknown):
            yield Refusal(stage.stage.from_, "base-unknown", base.why, base.evidence)
        elif base.family in ("debian", "ubuntu", "golang", "alpine"):
            proposal = _Slim(facts, stage, base).propose()
            # alpine is light already: nothing to be explained where it stays.
            if isinstance(proposal, Change) or base.family != "alpine":
                yield proposal


def _copies_a_program(stage: StageFacts) -> bool:
    """Whether the stage takes a binary from an earlier stage that builds Go, or from one that
    takes it from there (and packs it, say)."""
    return any(other.invocations or _copies_a_program(other) for other in stage.takes_from)


class _Slim:
    """The change of one final stage, or the refusal."""

    def __init__(self, facts: Facts, stage: StageFacts, base: Image) -> None:
        self.facts, self.stage, self.base = facts, stage, base
        self.from_ = stage.stage.from_
        self.removed: list[Instruction] = []
        self.doubts: list[Unknown] = []

    def propose(self) -> Proposal:
        if self.base.ref.digest:
            return self._refuse(
                "digest-pinned",
                "the base image is pinned by digest; choose and pin another by hand",
            )
        if self.stage.base_assumed:
            return self._refuse("base-unknown", "a build argument decides the base image")
        if self.stage.synced:
            message = "files are copied into running containers, which takes tar"
            return self._refuse("needs-userland", message, self.stage.synced)
        refused = self._stage_needs_shell()
        if refused is not None:
            return refused
        needs = requirements(self.stage)
        if needs.entry.refusal is not None:
            _, message, where = needs.entry.refusal
            return self._refuse("program-unknown", message, (where,))
        for package in list(needs.explicit):
            if packages.kind(package) == "provided":
                del needs.explicit[package]
        if needs.userland:
            return self._refuse(
                "needs-userland",
                f"{_needed(needs)} is needed at run time, which distroless does not have",
                needs.userland,
            )
        built = next((p for p in needs.programs if p.path in needs.entry.programs), None)
        if built is None:
            what = next(iter(needs.entry.programs), "the program")
            message = f"{what} runs, which this file is not seen to build"
            why = _not_followed(self.facts)
            if why is not None:
                return self._refuse("program-unknown", f"{message}: {why.why}", why.evidence)
            return self._refuse("program-unknown", message)
        builder = self.facts.stages[
            next(s.index for s in self.facts.stages if built.invocation.run in s.runs)
        ].base
        if isinstance(builder, Unknown):
            return self._refuse("libc-unknown", builder.why, builder.evidence)
        runtime = choose(needs, builder, self.facts.project.config)
        if isinstance(runtime, NoRuntime):
            return self._refuse(runtime.code, runtime.message, runtime.because)
        if runtime.image.family != "distroless":
            return self._refuse(
                "not-distroless",
                f"{runtime.image.ref.text} is what fits, and no distroless image; "
                "change the base by hand",
                runtime.because,
            )
        return self._change(needs, runtime)

    def _refuse(self, code: str, message: str, because: tuple[Evidence, ...] = ()) -> Refusal:
        return Refusal(self.from_, code, message, because or (self.facts.at(self.from_),))

    def _stage_needs_shell(self) -> Refusal | None:
        """A reason why the stage's own instructions need the base image, if any."""
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
        for run in self.stage.runs:
            if not _installs_provided(run.steps):
                lacking = _lacking(run.steps)
                message = (
                    f"this RUN installs {lacking}, which distroless does not have"
                    if lacking
                    else "this RUN needs a shell in the image; move what it makes to the builder "
                    "and copy it"
                )
                return self._refuse("base-needs-shell", message, (self.facts.at(run.instruction),))
            self.removed.append(run.instruction)
        return None

    def _change(self, needs: Requirements, runtime: Runtime) -> Change:
        departs, doubts = departures(self.stage, runtime.image)
        self.doubts += [*needs.doubts, *runtime.doubts, *doubts]
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
        for read in (read for need in known for read in need.reads):
            if read.path in ACCOUNTS:
                why = "the program looks up accounts, of which distroless has others"
                self.doubts.append(Unknown(why, (read.evidence,)))
            directory = posixpath.dirname(read.path or "")
            if read.kind == "write" and of_the_system(self.stage, directory):
                why = f"the program writes into {directory}, which distroless does not have"
                self.doubts.append(Unknown(why, (read.evidence,)))
        self.doubts += unknown_programs(self.stage)
        if self.base.family == "alpine":
            self.doubts.append(
                Unknown("the shell and tools of alpine are gone for whoever uses them")
            )
        image = from_parts(self.from_).image
        named = self.from_.edit((image.start, image.end, runtime.image.ref.text))
        replacement: tuple[BodyNode, ...] = (named,)
        workdir = self.stage.start.workdir
        if workdir not in (None, runtime.image.workdir) and _starts_in_workdir(self.stage):
            replacement += self.facts.dockerfile.fragment(f"WORKDIR {workdir}\n")
        declares: set[str] = set()
        gone: set[BodyNode] = set(self.removed)
        gone |= doubled_blanks(self.stage.stage.nodes, gone) if gone else set()
        also: list[tuple[BodyNode, tuple[BodyNode, ...]]] = [(node, ()) for node in gone]
        for keyword in ("ENTRYPOINT", "CMD"):
            instruction = last(self.stage, keyword)
            if keyword == "CMD" and last(self.stage, "ENTRYPOINT") is not None:
                continue  # Its words, `/bin/sh -c` too, are what the ENTRYPOINT is given.
            words = argv_of(command_of(instruction)) if instruction else None
            if instruction is not None and words and instruction.json is None:
                start = instruction.rest_start
                array = json.dumps(list(words), ensure_ascii=False)
                also.append(
                    (
                        instruction,
                        (instruction.edit((start, start + len(instruction.rest), array)),),
                    )
                )
                declares.add(keyword.lower())
        health = last(self.stage, "HEALTHCHECK")
        if health is not None and (written := health_check(health)) is not None:
            also.append((health, (written,)))
            declares.add("healthcheck")
        message = f"put the runtime stage on {runtime.image.ref.text} instead of {image.text}"
        stale = _naming(self.stage, self.base.ref.name)
        if stale:
            message += f"; the comment in line {stale[0].line} still names {self.base.ref.name}"
        message += to_review(self.doubts)
        doubtful = tuple(e for d in self.doubts for e in d.evidence)
        because = (*doubtful, *runtime.because, self.facts.at(self.from_), *stale)
        return Change(
            self.from_,
            replacement,
            Safety.REVIEW if self.doubts else Safety.SAFE,
            message,
            tuple(dict.fromkeys(because)),
            tuple(also),
            declares=departs | declares,
        )


def _naming(stage: StageFacts, name: str) -> list[Evidence]:
    """The comments right above FROM that name the image, which are the owner's to correct."""
    nodes = stage.facts.dockerfile.body
    above = reversed(nodes[: nodes.index(stage.stage.from_)])
    block = takewhile(lambda node: isinstance(node, Comment), above)
    return [stage.facts.at(node) for node in block if name in node.source.lower()][::-1]


def _not_followed(facts: Facts) -> Unknown | None:
    """The first build of which it is not known what it writes."""
    for stage in facts.stages:
        for invocation, outputs in stage.outputs:
            if isinstance(outputs, Unknown):
                return Unknown(outputs.why, (at(stage, invocation),))
        for use in go_uses(stage):
            if use.through is not None:
                return Unknown(f"what {use.through.path} builds is not followed", (use.through,))
    return None


def _starts_in_workdir(stage: StageFacts) -> bool:
    """Whether the work directory of the base image decides where something is."""
    for instruction, state in stage.states.items():
        match instruction.keyword:
            case "WORKDIR":
                return not (state.expand(instruction.rest) or "").startswith("/")
            case "COPY" | "ADD":
                if not (state.expand(copy_parts(instruction).dest) or "").startswith("/"):
                    return True
    return True


def _needed(needs: Requirements) -> str:
    """In words, what the image must hold beside the files of the program."""
    named = [*needs.tools, *needs.explicit, *needs.libraries]
    if named:
        return ", ".join(named[:3])
    return "a shell" if needs.shell or needs.bash else "a command whose name is not known"


def _lacking(steps: tuple[shell.Step, ...]) -> str:
    """The packages that a RUN installs beside those whose files distroless has."""
    commands = (shell.package_command(shell.unwrapped(step).unmatched) for step in steps)
    found = (package for c in commands if c and c.action == "install" for package in c.packages)
    return ", ".join(p for p in found if packages.kind(p) != "provided")


def _installs_provided(steps: tuple[shell.Step, ...]) -> bool:
    """Whether a RUN only installs what distroless has, and cleans up after itself."""
    for step in steps:
        command = shell.package_command(step.unmatched)
        if command is not None:
            if command.action in ("update", "clean"):
                continue
            if command.action != "install" or not command.packages or command.unknown:
                return False
            if not all(packages.kind(name) == "provided" for name in command.packages):
                return False
            continue
        name = (step.argv[0] or "") if step.argv else ""
        places = ("/var/lib/apt", "/var/cache/apk", "/var/cache/apt", "/etc/apk/cache")
        if name == "rm" and all(
            word.text.startswith(("-", *places)) for word in step.command.words[1:]
        ):
            continue
        if name in ("set", "update-ca-certificates"):
            continue
        return False
    return bool(steps)

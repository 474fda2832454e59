"""split-stages: one stage becomes a builder and a small runtime stage."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from gorewrite.callers.services import hiding_mount
from gorewrite.contract import contract, runtime_path
from gorewrite.dockerfile import Blank, BodyNode, Comment, Instruction, from_parts
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import Facts, StageFacts
from gorewrite.runtime.carried import Carry
from gorewrite.runtime.carry import carry
from gorewrite.runtime.choice import NoRuntime, Runtime, choose, departures
from gorewrite.runtime.requirements import Requirements, requirements
from gorewrite.stage import metadata
from gorewrite.stage.blocks import doubled_blanks
from gorewrite.stage.choices import arguments_of_choice
from gorewrite.stage.images import Image
from gorewrite.stage.scope import join
from gorewrite.stage.text import RuntimeText, chosen_registry, stage_name
from gorewrite.transform import Change, Proposal, Refusal, Safety, Transform, to_review


class SplitStages(Transform):
    """Splits a build that ships its toolchain into a builder and a runtime stage.

    *What it does*

    Names the stage that builds the program `builder` and appends a runtime stage that
    copies from it: every binary at its old absolute path, the scripts and the files
    that the program reads at run time, and the directories, users and packages that
    RUNs made. ENV, WORKDIR, USER, EXPOSE, VOLUME, LABEL, STOPSIGNAL, HEALTHCHECK,
    ENTRYPOINT, CMD and the ARGs they use move along. Commands and health checks of compose
    services, `docker run` lines and Kubernetes manifests that run the image are followed like
    its own, and so are Dockerfiles that begin with it. A health check that only starts the
    program becomes its JSON form, which needs no shell. The runtime image is the lightest
    that holds what the program needs: distroless static, base or cc; alpine or
    debian-slim where a shell, commands or packages are needed. Where the files read at
    run time are not all known, the whole work directory is copied.

    *Why*

    A golang image weighs some 800 MB and holds a compiler, a shell and sources that a
    service does not need at run time.

    *When it does nothing*

    - no-entrypoint: nothing in the Dockerfile says what the image runs.
    - dev-or-test-image: the command needs the toolchain (go run, air, go test, make …).
    - multi-process-image: the command supervises several processes.
    - entrypoint-unknown, entrypoint-script: what is started cannot be followed.
    - output-path-unresolved: nothing is seen to create the program that the image runs.
    - needs-toolchain-at-runtime: the program itself runs go or a compiler.
    - runtime-caller-paths: it finds files in GOROOT, or by the path of sources that have no
      place of their own.
    - runtime-files-unknown: its files cannot be told from the toolchain's.
    - tool-unknown, foreign-packages, libc-mismatch, libc-unknown, needs-userland,
      not-static, scratch-lacks, sources-unknown: no runtime image is known to fit.
    - base-unknown: the base image is known only to the caller.
    - value-unknown: a value of ENV or LABEL cannot be written in another stage.
    - plugins: the program loads Go plugins, which need the exact same image.
    - dev-bind-mount: a compose service lays the sources over the work directory or over the
      program, or skaffold or Tilt copies them in: the container needs the toolchain.

    *Safety*

    Safe when the program's sources were read, every file and command it uses is known
    to be there, and the base images are certain. Review when a program is started whose
    name is not known, a RUN does something that is not followed, the build context is
    only assumed, the base is pinned by digest or comes from a registry of its own, or
    the program's path or base depends on a build argument. Review, too, when callers build
    the stage by its name: it keeps what it is, and only the default build gets small.

    *References*

    https://docs.docker.com/build/building/multi-stage/
    https://github.com/GoogleContainerTools/distroless
    """

    name = "split-stages"
    order = 20
    summary = "split a single-stage build into a builder and a small runtime stage"
    before = """
FROM golang:1.24
WORKDIR /app
COPY . .
RUN CGO_ENABLED=0 go build -o server .
EXPOSE 8080
CMD ["./server"]
"""
    after = """
FROM golang:1.24 AS builder
WORKDIR /app
COPY . .
RUN CGO_ENABLED=0 go build -o server .

FROM gcr.io/distroless/static-debian13
WORKDIR /app
COPY --from=builder /app/server /app/server
EXPOSE 8080
CMD ["./server"]
"""

    def propose(self, facts: Facts) -> Iterator[Proposal]:
        stage = facts.final
        if not _ships_toolchain(stage):
            return
        yield _Split(facts, stage).propose()


def _ships_toolchain(stage: StageFacts) -> bool:
    """Whether the final image holds the Go toolchain that built its program."""
    if any(member.invocations for member in stage.lineage):
        return True
    golang = isinstance(stage.base, Image) and stage.base.family == "golang"
    return golang and not any(placed.origin == "stage" for placed in stage.placed)


class _Split:
    """The split of one stage: a refusal as soon as a reason is found, else a change."""

    def __init__(self, facts: Facts, stage: StageFacts) -> None:
        self.facts, self.stage = facts, stage
        self.doubts: list[Unknown] = []
        #: Services that target the stage keep it; the new one is for those that do not.
        self.services = tuple(s for s in stage.services if s.target is None)

    def propose(self) -> Proposal:
        base = self.stage.base
        if isinstance(base, Unknown):
            return self._refuse("base-unknown", base.why, base.evidence)
        if self.stage.parent_assumed:
            message = "a build argument decides which stage the image is made of"
            where = self.facts.at(self.stage.stage.from_)
            return self._refuse("base-unknown", message, (where,))
        needs = requirements(self.stage, self.services)
        if needs.entry.refusal is not None:
            code, message, evidence = needs.entry.refusal
            return self._refuse(code, message, (evidence,))
        refused = self._callers(needs) or self._sources(needs)
        if refused is not None:
            return refused
        taken = carry(self.stage, needs)
        if taken.refusal is not None:
            return self._refuse(*taken.refusal)
        runtime = choose(needs, base, self.facts.project.config)
        if isinstance(runtime, NoRuntime):
            return self._refuse(runtime.code, runtime.message, runtime.because)
        try:
            moved = self._metadata(needs, runtime)
        except metadata.CannotMove as error:
            return self._refuse("value-unknown", str(error), (self.facts.at(error.instruction),))
        if self.stage.targeted:
            moved.removed.clear()
        self._collect_doubts(needs, taken, runtime)
        return self._change(needs, taken, runtime, moved)

    def _refuse(self, code: str, message: str, because: tuple[Evidence, ...]) -> Refusal:
        return Refusal(self.stage.stage.from_, code, message, because)

    def _callers(self, needs: Requirements) -> Refusal | None:
        """A reason why those who run the image need what the split takes away."""
        project, entry = self.facts.project, needs.entry
        workdir = self.stage.end.workdir or "/"
        for service in self.services:
            started = service.working_dir.text if service.working_dir else workdir
            mount = hiding_mount(
                service,
                started,
                # A script that lies over its own copy stays the script that was read.
                [path for path in entry.programs if path not in entry.scripts],
                project.context.root,
                project.repository,
            )
            if mount is not None:
                where = mount.target or "a directory of the image"
                return self._refuse(
                    "dev-bind-mount",
                    f"{service.said} lays {mount.source} over {where}, so it works with the "
                    "toolchain; build a stage of its own for that (target)",
                    (mount.evidence,),
                )
        if project.callers.live_sync:
            return self._refuse(
                "dev-bind-mount",
                "files are copied into running containers, which takes tar and often the "
                "toolchain; give that build a stage of its own",
                project.callers.live_sync,
            )
        return None

    def _sources(self, needs: Requirements) -> Refusal | None:
        for program in needs.programs:
            if isinstance(program.needs, Unknown):
                continue
            if program.needs.plugins:
                return self._refuse(
                    "plugins",
                    "the program loads Go plugins, which need the image they were built in",
                    program.needs.plugins,
                )
            if program.needs.toolchain_paths:
                return self._refuse(
                    "runtime-caller-paths",
                    "the program finds files in the Go toolchain, or packages by their sources; "
                    "embed them or take their directory from the configuration",
                    program.needs.toolchain_paths,
                )
        return None

    def _metadata(self, needs: Requirements, runtime: Runtime) -> metadata.Moved:
        read = needs.environment
        own = "PATH" in self.stage.end.declared  # Then it moves along.
        path = (runtime_path(self.stage.end.env.get("PATH")) if own else None) or (
            runtime.image.env.get("PATH") or ""
        )

        # What scripts, programs and callers look up by its name alone is found as before.
        looked_up = sorted({posixpath.dirname(found) for found in needs.entry.looked_up})
        path = ":".join([*looked_up, path])

        def program(word: str) -> str | None:
            """A program found only in the toolchain's PATH is named by its absolute path."""
            started = (contract(self.stage).program, *needs.entry.programs)
            named = (p for p in started if p is not None and posixpath.basename(p) == word)
            target = next(named, None) if "/" not in word else None
            if target is None or posixpath.dirname(target) in path.split(":"):
                return None
            return target

        moved = metadata.move(
            self.stage,
            read,
            runtime.image.env,
            exec_form=not needs.shell,
            program=program,
        )
        metadata.extend_path(moved, looked_up, self.stage.stage)
        return moved

    def _collect_doubts(self, needs: Requirements, taken: Carry, runtime: Runtime) -> None:
        self.doubts += [*needs.doubts, *taken.doubts, *runtime.doubts]
        self.doubts += departures(self.stage, runtime.image)[1]
        if self.facts.project.context_why is not None:
            self.doubts.append(self.facts.project.context_why)
        if self.stage.targeted:
            self.doubts.append(
                Unknown(
                    "callers build the stage by its name, which stays as it is; build without a "
                    "target to get the small image",
                    self.stage.targeted,
                )
            )
        end = self.stage.end
        for name in sorted(needs.environment - {"PATH"}):
            if name in end.env and name not in end.declared:
                self.doubts.append(Unknown(f"the program reads {name}, which the Go image sets"))
        if self.stage.base_assumed and not needs.static:
            self.doubts.append(Unknown("a caller may choose another base image"))
        if chosen_registry(self.stage) and runtime.image.ref.prefix == "gcr.io/distroless/":
            why = "an argument chooses the registry; set registry-prefix to one that has distroless"
            self.doubts.append(Unknown(why))
        for invocation, outputs in self.stage.outputs:
            if isinstance(outputs, Unknown):
                continue
            index = invocation.go.flag("o")
            named = join(invocation.go.directory, invocation.go.output or "/")
            if index is not None and "$" in invocation.words[index.value_index].text:
                used = {
                    name
                    for word in invocation.words
                    for name in word.variables
                    if name in invocation.run.state.args and name not in invocation.run.state.env
                }
            elif any(output.path != named for output in outputs):  # Named after its package.
                used = set(arguments_of_choice(self.stage, invocation))
            else:
                continue
            if used:
                where = self.facts.at(invocation.run.instruction)
                names = ", ".join(sorted(used))
                self.doubts.append(
                    Unknown(
                        f"where the binary lands depends on the build argument {names}", (where,)
                    )
                )

    def _change(
        self, needs: Requirements, taken: Carry, runtime: Runtime, moved: metadata.Moved
    ) -> Change:
        source = self._source()
        name = source.name or stage_name(self.facts)
        text = RuntimeText(self.stage, needs, taken, runtime, moved, name).text()
        if source is not self.stage:
            text = self._in_place(text)
        pairs = self._replacements(source, name, text, moved)
        message = (
            f"split off a runtime stage on {runtime.image.ref.text} that takes {_listed(taken)}"
        )
        message += to_review(self.doubts)
        doubtful = tuple(e for d in self.doubts for e in d.evidence)
        because = (
            *doubtful,
            *(where for path, where in taken.files.items() if path in needs.entry.programs),
            *runtime.because,
            *taken.tree_because,
            *taken.perhaps.values(),
            *taken.files.values(),
        )
        (node, replacement), *also = pairs
        return Change(
            node,
            replacement,
            Safety.REVIEW if self.doubts else Safety.SAFE,
            message,
            tuple(dict.fromkeys(because)) or (self.facts.at(self.stage.stage.from_),),
            tuple(also),
            declares=frozenset(moved.declares) | departures(self.stage, runtime.image)[0],
        )

    def _source(self) -> StageFacts:
        """The stage to copy from: the parent of one that only says how it is run."""
        stage, parent = self.stage, self.stage.parent
        writes = any(i.keyword in ("COPY", "ADD") for i in stage.stage.instructions)
        if parent is None or stage.runs or stage.targeted or writes:
            return stage
        # A directory that WORKDIR makes is there in the stage itself alone.
        return parent if parent.end.workdir == stage.end.workdir else stage

    def _in_place(self, text: str) -> str:
        """The text of the new stage where that takes the place, and the name, of the old one."""
        body, from_ = self.facts.dockerfile.body, self.stage.stage.from_
        if isinstance(body[body.index(from_) - 1], Blank | Comment):
            text = text.removeprefix("\n")
        named = from_.words[-2:] if len(from_.words) == 3 else ()
        first, line_end, rest = text.lstrip("\n").partition("\n")
        blank = text[: len(text) - len(text.lstrip("\n"))]
        return blank + " ".join([first, *(word.text for word in named)]) + line_end + rest

    def _replacements(
        self, source: StageFacts, name: str, text: str, moved: metadata.Moved
    ) -> list[tuple[BodyNode, tuple[BodyNode, ...]]]:
        tree = self.facts.dockerfile
        nodes = self.stage.stage.nodes
        gone: set[BodyNode] = set(moved.removed)
        if source is not self.stage:
            gone |= {node for node in nodes if not isinstance(node, Comment)}
        written = {instruction for _, instruction in moved.lines}
        for instruction in written.intersection(moved.removed):
            gone |= set(self.stage.stage.comments_above(instruction))
        gone |= doubled_blanks(nodes, gone)
        pairs: dict[BodyNode, tuple[BodyNode, ...]] = {node: () for node in nodes if node in gone}
        if source.name is None:
            pairs[source.stage.from_] = (_named(source.stage.from_, name),)
        end = tree.body[-1]
        kept = pairs.get(end, (end,))
        pairs[end] = (*kept, *tree.fragment(text))
        first = source.stage.from_
        main = pairs.pop(first, (first,))
        return [(first, main), *pairs.items()]


def _listed(taken: Carry) -> str:
    paths = list(taken.paths())
    if len(paths) > 3:
        paths[3:] = [f"{len(paths) - 3} more"]
    if taken.tree:
        paths.append(f"all of {taken.tree}")
    else:
        paths += [f"{path}, where there is one," for path in taken.perhaps]
    text = " and ".join((", ".join(paths[:-1]), paths[-1])) if len(paths) > 1 else paths[0]
    again = ", and repeats the copies from the context" if taken.replay else ""
    return f"{text} from the builder{again}"


def _named(instruction: Instruction, name: str) -> Instruction:
    """`FROM image` -> `FROM image AS name`, in the file's own case."""
    keyword = "AS" if instruction.source.lstrip()[:4].isupper() else "as"
    image = from_parts(instruction).image
    return instruction.edit((image.end, image.end, f" {keyword} {name}"))

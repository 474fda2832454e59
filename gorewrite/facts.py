"""Read-only knowledge about one Dockerfile, derived once and shared by all transforms.

Every fact has its source (`Evidence`) or is `Unknown(why)`. Transforms extend this file
rather than work a fact out again for themselves.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gorewrite.callers.arguments import DEFAULTS, Given
from gorewrite.context import Context
from gorewrite.dockerfile import (
    BodyNode,
    Dockerfile,
    Instruction,
    Stage,
    copy_parts,
    find_stage,
    from_parts,
    global_values,
    image_named,
    stages,
)
from gorewrite.evidence import Evidence, Unknown
from gorewrite.golang.commands import BuildOutput
from gorewrite.golang.gomod import GoMod, find_module
from gorewrite.memo import cached_property, remembered
from gorewrite.stage import layout, scope
from gorewrite.stage.images import Image, ImageRef, describe
from gorewrite.stage.outputs import OtherStages, outputs_of
from gorewrite.stage.runs import Invocation, Lasting, Run
from gorewrite.stage.scope import Outside, State
from gorewrite.stage.views import Copies, View, binds
from gorewrite.surroundings import Project

if TYPE_CHECKING:
    from gorewrite.callers.running import Service


#: What a RUN that makes a directory says.
_MAKES = re.compile(r"\bmkdir\b|\binstall\s.*-d\b|\b(?:adduser|useradd)\b")


class StageFacts:
    """One stage: its base, the configuration at each instruction, what its RUNs do."""

    def __init__(self, facts: Facts, stage: Stage, parent: StageFacts | None) -> None:
        self.facts = facts
        self.stage = stage
        #: The earlier stage it is built FROM, if any.
        self.parent = parent
        self.index = stage.index
        self.name = stage.name
        #: See gorewrite.memo.
        self.memory: dict[Hashable, Any] = {}

    @cached_property
    def base(self) -> Image | Unknown:
        """The image at the bottom of its chain of stages."""
        if self.parent is not None:
            return self.parent.base
        raw = from_parts(self.stage.from_).image.text
        text = image_named(self.facts.dockerfile, raw, self.facts.given.values)
        if not text:
            return Unknown(
                f"the base image {raw} is known only to the caller",
                (self.facts.at(self.stage.from_),),
            )
        image = describe(text)
        for name, where in self.facts.replaced.items() if image.configured else ():
            if name in (self.name, image.ref.plain):
                return Unknown(f"a named context of a caller takes the place of {name}", (where,))
        return image

    @property
    def base_assumed(self) -> bool:
        """Whether the base image comes from an ARG, so that a caller may choose another."""
        return "$" in from_parts(self.lineage[0].stage.from_).image.text

    @property
    def parent_assumed(self) -> bool:
        """Whether an ARG names a stage that it is built on, so that a caller may choose another."""
        chosen = (s for s in self.lineage if "$" in from_parts(s.stage.from_).image.text)
        return any(stage.parent is not None for stage in chosen)

    @cached_property
    def start(self) -> State:
        """The state right after FROM."""
        if self.parent is not None:
            return scope.stage_on(self.parent.end)
        return self.facts.lasting.start(self.base)

    @property
    def states(self) -> Mapping[Instruction, State]:
        """The state before each instruction."""
        return self._states[0]

    @property
    def end(self) -> State:
        """The state at the end: what the image is configured with."""
        return self._states[1]

    @cached_property
    def _states(self) -> tuple[Mapping[Instruction, State], State]:
        outside, escape = self.facts.outside, self.facts.dockerfile.escape
        return self.facts.lasting.states(self.start, self.stage.instructions, outside, escape)

    @cached_property
    def lineage(self) -> tuple[StageFacts, ...]:
        """The chain of stages from the bottom to this one."""
        above = self.parent.lineage if self.parent is not None else ()
        return (*above, self)

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """This stage's own RUN instructions."""
        read, escape = self.facts.lasting.run, self.facts.dockerfile.escape
        states = self.states.items()
        return tuple([read(state, i, escape) for i, state in states if i.keyword == "RUN"])

    @cached_property
    def invocations(self) -> tuple[Invocation, ...]:
        """The `go` commands of this stage's own RUNs."""
        return tuple([invocation for run in self.runs for invocation in run.invocations])

    @cached_property
    def placed(self) -> tuple[layout.Placed, ...]:
        """What COPY and ADD put into the file system, the parent stage's first."""
        inherited = self.parent.placed if self.parent is not None else ()
        return (*inherited, *self._layout[0])

    @cached_property
    def directories(self) -> frozenset[str]:
        """Image paths that WORKDIR, COPY and what RUNs make show to be directories."""
        return self._layout[1]

    @cached_property
    def _layout(self) -> tuple[tuple[layout.Placed, ...], frozenset[str]]:
        """(what its own COPY and ADD place, `directories`)."""
        found: list[layout.Placed] = []
        directories = set(self.parent.directories) if self.parent is not None else {"/"}
        directories.add(self.start.workdir or "/")
        tree, elsewhere = self.facts.project.context, OtherStages(self)
        base = self.base.directories if isinstance(self.base, Image) else frozenset()
        for instruction, state in self.states.items():
            keyword = instruction.keyword
            if keyword in ("COPY", "ADD"):
                found += layout.placements(instruction, state, tree, directories, base, elsewhere)
            elif keyword == "WORKDIR":
                directories.add(scope.after(state, instruction, self.facts.outside).workdir or "/")
            elif keyword == "RUN" and _MAKES.search(instruction.rest):
                escape = self.facts.dockerfile.escape
                directories |= self.facts.lasting.run(state, instruction, escape).makes
        return tuple(found), frozenset(directories)

    def placed_before(self, limit: Instruction | None) -> Iterator[layout.Placed]:
        """What is in the file system before an instruction (None: at the end), newest first."""
        return self.copies.before(self.view(limit).count)

    @cached_property
    def copies(self) -> Copies:
        """`placed`, to be asked by place and by source."""
        return self.facts.lasting.copies(self.placed, self.facts.project.context)

    @cached_property
    def order(self) -> Mapping[Instruction, int]:
        """The position of each instruction in the stage."""
        return {instruction: n for n, instruction in enumerate(self.stage.instructions)}

    @cached_property
    def _positions(self) -> Sequence[int]:
        """Of each of `placed`, in which instruction it is placed; -1 in a stage below."""
        order = self.order
        return [order.get(each.instruction, -1) for each in self.placed]

    @remembered
    def view(self, before: Instruction | None = None) -> View:
        """The files of the context as an instruction sees them; None: as they are at the end.

        A RUN sees what it mounts from the context, too.
        """
        if before is None or before not in self.order:
            return self.copies.view()
        count = bisect_left(self._positions, self.order[before])
        mounted = binds(before, self.states[before]) if before.flags else ()
        return self.copies.view(count, mounted)

    def source_of(self, path: str, before: Instruction | None = None) -> str | None:
        """The context path that an image path was copied from; None when there is none.

        before: what an instruction sees; of a RUN also what it mounts from the context.
        """
        return self.view(before).source_of(path)

    def paths_of(self, source: str) -> Iterator[str]:
        """The image paths to which a context path is copied."""
        paths = (placed.image_path(source) for placed in self.copies.bringing(source))
        return (path for path in paths if path is not None)

    def module_of(self, invocation: Invocation) -> GoMod | None:
        """The module in whose directory a go command runs, when it comes from the context."""
        located = self.locate(invocation.go.directory or "", invocation.run.instruction)
        return find_module(self.facts.project.context, located[1]) if located else None

    def locate(self, path: str, before: Instruction | None = None) -> tuple[Context, str] | None:
        """The context directory that lies at an image path, for the Go layer."""
        return self.view(before).locate(path)

    @cached_property
    def outputs(self) -> tuple[tuple[Invocation, tuple[BuildOutput, ...] | Unknown], ...]:
        """Each `go build` and `go install` of the stage and its parents with what it writes."""
        inherited = self.parent.outputs if self.parent is not None else ()
        own = tuple(
            (invocation, outputs_of(self, invocation))
            for invocation in self.invocations
            if invocation.go.kind in ("build", "install")
        )
        return (*inherited, *own)

    @cached_property
    def output_paths(self) -> Mapping[str, tuple[Invocation, BuildOutput]]:
        """Absolute image path of each known binary -> the command and the output."""
        return {
            output.path: (invocation, output)
            for invocation, outputs in self.outputs
            if not isinstance(outputs, Unknown)
            for output in outputs
        }

    def holds(self, path: str) -> bool:
        """Whether a file or directory is known to be at an image path: built or copied there."""
        return path in self.output_paths or self.copies.hold(path)

    @property
    def is_final(self) -> bool:
        return self is self.facts.final

    @property
    def targeted(self) -> tuple[Evidence, ...]:
        """Where callers build this very stage by its name or number."""
        return self.facts.project.callers.targeting(self._names)

    @property
    def services(self) -> tuple[Service, ...]:
        """The compose services that run the image of this stage."""
        return self.facts.project.callers.running(self._names, final=self.is_final)

    @property
    def synced(self) -> tuple[Evidence, ...]:
        """Where callers copy files into running containers of this stage."""
        return self.facts.project.callers.syncing(self._names, final=self.is_final)

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return (str(self.index), *([self.name] if self.name else []))

    @cached_property
    def ships(self) -> bool:
        """Whether its layers are in the final image: the final stage and its ancestors."""
        return self in self.facts.final.lineage

    @cached_property
    def family(self) -> tuple[StageFacts, ...]:
        """This stage, its ancestors and every stage built on any of them."""
        root = self.lineage[0]
        return tuple(s for s in self.facts.stages if root in s.lineage)

    @property
    def referenced(self) -> bool:
        """Whether a later stage is built on it or copies or mounts from it."""
        return any(
            other.parent is self or self in other.takes_from
            for other in self.facts.stages[self.index + 1 :]
        )

    @cached_property
    def copied_from(self) -> frozenset[StageFacts]:
        """The earlier stages that this stage's COPY --from names."""
        flagged = [i for i in self.stage.instructions if i.flags and i.keyword in ("COPY", "ADD")]
        return self._earlier(copy_parts(instruction).from_ for instruction in flagged)

    @cached_property
    def takes_from(self) -> frozenset[StageFacts]:
        """Those, and the ones that its RUN --mount=from= names."""
        runs = [i for i in self.stage.instructions if i.flags and i.keyword == "RUN"]
        mounts = (mount.split(",") for run in runs for mount in run.flag_values("mount"))
        names = (part[5:] for mount in mounts for part in mount if part.startswith("from="))
        return self.copied_from | self._earlier(names)

    def _earlier(self, names: Iterable[str | None]) -> frozenset[StageFacts]:
        found = [self.facts.stage_named(name, self.index) for name in names if name]
        return frozenset([stage for stage in found if stage is not None])

    def forget(self) -> None:
        """See Facts.forget."""
        given = self.facts, self.stage, self.parent
        vars(self).clear()
        StageFacts.__init__(self, *given)


class Facts:
    """What is known of the whole file, in the build that has the defaults of its ARGs or others.

    line_of: (node, physical line inside it) -> line of the input; None: of this tree.
    lasting: of the facts before a change, so that what did not change is not worked out again.
    given: the build arguments that a caller sets.
    """

    def __init__(
        self,
        dockerfile: Dockerfile,
        project: Project,
        line_of: Callable[[BodyNode, int], int] | None = None,
        lasting: Lasting | None = None,
        given: Given = DEFAULTS,
    ) -> None:
        self.dockerfile = dockerfile
        self.project = project
        self.given = given
        self.line_of = line_of
        self.lasting = lasting or Lasting()
        #: See gorewrite.memo.
        self.memory: dict[Hashable, Any] = {}

    def at(self, node: BodyNode, text: str | None = None, offset: int = 0) -> Evidence:
        """Evidence at a node of the Dockerfile; `offset` is a physical line inside it."""
        if text is None:
            text = node.first_line
        if self.line_of is not None:
            line = self.line_of(node, offset)
        else:
            line = self.dockerfile.line_of(node) + offset
        return Evidence(self.project.display, line, text)

    @cached_property
    def outside(self) -> Outside:
        """Where ARGs take their values from."""
        given = self.given.values
        return Outside(given, global_values(self.dockerfile, given))

    @cached_property
    def stages(self) -> tuple[StageFacts, ...]:
        found: list[StageFacts] = []
        views = stages(self.dockerfile)
        for stage in views:
            raw = from_parts(stage.from_).image.text
            name = image_named(self.dockerfile, raw, self.given.values)
            view = find_stage(views, name, stage.index) if name and not name.isdigit() else None
            parent = found[view.index] if view is not None else None
            found.append(StageFacts(self, stage, parent))
        return tuple(found)

    @cached_property
    def replaced(self) -> Mapping[str, Evidence]:
        """Stages and images in whose place callers put a named context (`--build-context`)."""
        found = self.project.callers.index.named_contexts(self.project.path)
        return {ImageRef.parse(name).plain: where for name, where in found}

    @cached_property
    def builds_go(self) -> bool:
        """Whether some stage runs `go` or starts from a golang image."""
        return any(
            stage.invocations or (isinstance(stage.base, Image) and stage.base.family == "golang")
            for stage in self.stages
        )

    def forget(self) -> None:
        """Drops what was worked out; who asks once more has it worked out again.

        Facts and their stages refer to each other, so that only the garbage collector would free
        them. It took a sixth of the time of a long run.
        """
        for stage in vars(self).pop("stages", ()):
            stage.forget()
        vars(self).pop("final", None)
        self.memory.clear()

    def close(self) -> None:
        """Frees what is known of the file, to be called when nobody asks any more. What a large
        build context remembers goes, too."""
        self.forget()
        self.lasting.forget()
        self.project.context.trim()

    @cached_property
    def final(self) -> StageFacts:
        """The last stage: what a build without `--target` gives."""
        return self.stages[-1]

    @remembered
    def stage_named(self, reference: str, before: int) -> StageFacts | None:
        """The stage that `--from=reference` means in the stage with index `before`."""
        view = find_stage([s.stage for s in self.stages], reference, before)
        return self.stages[view.index] if view is not None else None

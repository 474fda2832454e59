"""Writes the text of a runtime stage, in the layout of the file it is added to."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass

from gorewrite.dockerfile import Blank, Instruction, copy_parts, from_parts
from gorewrite.facts import Facts, StageFacts
from gorewrite.memo import cached_property
from gorewrite.runtime.carried import Carry
from gorewrite.runtime.choice import Runtime
from gorewrite.runtime.requirements import Requirements
from gorewrite.stage.commands import last
from gorewrite.stage.images import Image
from gorewrite.stage.layout import under
from gorewrite.stage.metadata import Moved
from gorewrite.stage.packages import Distro
from gorewrite.stage.packagesources import BUNDLE, package_sources
from gorewrite.stage.scope import state_of

_BLANK = re.compile(r"\s")
_WIDTH = 100
_WHOLE = re.compile(r"(?:[^${}]|\$\w+|\$\{[^{}]*\})*")
_SPECIAL = re.compile(r"[$\"'\\]")


def stage_name(facts: Facts) -> str:
    """A stage name that no stage, image or reference of the file uses, and no named context."""
    text = facts.dockerfile.source.lower()
    for name in ("builder", "build", "gobuild", "gobuilder", "go-build-stage"):
        used = name in facts.replaced or any(stage.name == name for stage in facts.stages)
        if not used and not re.search(rf"\bfrom(?:\s+|=){name}(?![\w.-])", text):
            return name
    return f"builder{len(facts.stages)}"


def installation(
    run: str, distro: Distro, groups: Sequence[str], *, recommends: bool = False
) -> str:
    """A RUN that installs packages; run: its keyword; groups: names that are installed together,
    with their options; recommends: with what they recommend."""
    if distro == "alpine":
        return f"{run} " + " \\\n    && ".join(f"apk add --no-cache {g}" for g in groups)
    quiet = "DEBIAN_FRONTEND=noninteractive " if "tzdata" in " ".join(groups).split() else ""
    lean = "" if recommends else "--no-install-recommends "
    lines = [f"{quiet}apt-get install -y {lean}{group}" for group in groups]
    return f"{run} " + " \\\n    && ".join(
        ["apt-get update", *lines, "rm -rf /var/lib/apt/lists/*"]
    )


def chosen_registry(stage: StageFacts) -> str:
    """What stands in front of the name of its base image, where an ARG says it: `${REGISTRY}/`."""
    bottom = stage.lineage[0]
    written = from_parts(bottom.stage.from_).image.text
    name = bottom.base.ref.name if isinstance(bottom.base, Image) else ""
    prefix = written[: written.rfind(name)] if name in written else ""
    return prefix if "$" in prefix and _WHOLE.fullmatch(prefix) else ""


@dataclass
class RuntimeText:
    """The runtime stage that takes over from `stage`; `builder` is the stage it copies from."""

    stage: StageFacts
    needs: Requirements
    taken: Carry
    runtime: Runtime
    moved: Moved
    builder: str

    def text(self) -> str:
        """The stage with a blank line before it; "\\n" line ends."""
        airy = self._airy()
        # What was built for one platform runs on an image of that platform.
        platform = self.stage.lineage[0].stage.from_.flag("platform")
        flag = f"--platform={platform} " if platform else ""
        lines = [f"{self.stage.stage.cased('FROM')} {flag}{self._image()}"]
        for group in self._groups():
            if airy and group:
                lines.append("")
            lines += group
        lines += self._configuration(airy)
        return "\n" + "\n".join(lines) + "\n"

    def _image(self) -> str:
        """The image, from the registry that an ARG chooses for the builder's."""
        text, base = self.runtime.image.ref.text, self.stage.base
        registry = chosen_registry(self.stage) if self.runtime.distro else ""
        if registry and isinstance(base, Image) and text.startswith(base.ref.prefix):
            return registry + text[len(base.ref.prefix) :]
        return text

    def _airy(self) -> bool:
        """Whether the file sets its instructions apart by blank lines."""
        nodes = self.stage.stage.nodes
        blanks = len([node for node in nodes if isinstance(node, Blank)])
        return blanks * 2 > len(self.stage.stage.instructions)  # FROM is none of them.

    def _groups(self) -> Iterator[list[str]]:
        """WORKDIR, packages and copies. What is given an owner comes before WORKDIR: a directory
        that is already there keeps its own (BuildKit copies into it)."""
        workdir = self._workdir()
        top = self.stage.end.workdir or "/"
        owned = any(under(path, top) or under(top, path) for path in self.taken.owners)
        if workdir and not owned:
            yield [workdir]
        sources = self._sources()
        if self.runtime.install:
            yield [*sources.values(), self._install()]
        yield list(self._copies(sources))
        if workdir and owned:
            yield [workdir]

    def _workdir(self) -> str:
        wanted = self.stage.end.workdir
        if wanted is None or wanted == self.runtime.image.workdir:
            return ""
        return f"{self.stage.stage.cased('WORKDIR')} {wanted}"

    def _sources(self) -> dict[str, str]:
        """What tells where packages come from: path -> its COPY, in front of the installation."""
        copy = f"{self.stage.stage.cased('COPY')} --from={self.builder}"
        found = package_sources(self.stage, self.runtime.image) if self.runtime.install else ()
        return {path: f"{copy} {path} {path}" for path in sorted(found)}

    def _install(self) -> str:
        names = list(self.runtime.install)
        grouped: dict[str, list[str]] = {"": []}
        for name in names:
            grouped.setdefault(self.needs.inventory.options.get(name, ""), []).append(name)
        groups = [" ".join([given, *some] if given else some) for given, some in grouped.items()]
        # What the Dockerfile installed with its recommended packages keeps them.
        own = bool(self.needs.inventory.recommends & {*names, *self.needs.libraries})
        distro = self.runtime.distro or "debian"
        run = self.stage.stage.cased("RUN")
        return installation(run, distro, [g for g in groups if g], recommends=own)

    def _copies(self, already: Container[str]) -> Iterator[str]:
        copy = f"{self.stage.stage.cased('COPY')} --from={self.builder}"
        if self.runtime.image.family == "scratch":
            yield f"{copy} {BUNDLE} {BUNDLE}"
            if self.needs.time_zones:
                yield f"{copy} /usr/share/zoneinfo /usr/share/zoneinfo"
            yield f"{copy} /etc/passwd /etc/group /etc/"
        paths = [path for path in self.taken.paths() if path not in already]
        if {"/etc/passwd", "/etc/group"} <= set(paths):
            # First, for the names in --chown.
            paths = [path for path in paths if path not in ("/etc/passwd", "/etc/group")]
            if self.runtime.image.family != "scratch":
                yield f"{copy} /etc/passwd /etc/group /etc/"
        # Before what the builder made: the context may hold an older one.
        for instruction in self.taken.replay:
            yield self._replayed(instruction)
        if self.taken.tree is not None:
            paths.insert(0, self.taken.tree)
        # What lies below it would make it, as root's.
        paths.sort(key=lambda path: path not in self.taken.sources)
        for together in _together(paths, self._sibling):
            path = together[0]
            owner = self.taken.owners.get(path)
            chown = f" --chown={owner}" if owner else ""
            together += self._perhaps_beside(path)
            if len(together) > 1:
                words = [*together, f"{posixpath.dirname(path)}/"]
                yield _copy_lines(f"{copy}{chown}", self._escaped(words))
            else:
                words = [self.taken.sources.get(path, path), path]
                yield _copy_line(f"{copy}{chown}", self._escaped(words))

    def _escaped(self, paths: Sequence[str]) -> list[str]:
        """Paths with the marks of variables and quotes escaped (Dockerfile reference, "Environment
        replacement")."""
        escape = self.stage.facts.dockerfile.escape
        return [_SPECIAL.sub(lambda mark: escape + mark[0], path) for path in paths]

    def _perhaps_beside(self, path: str) -> list[str]:
        """The patterns for the files that may be beside a program, in the line of the first one."""
        directory = posixpath.dirname(path)
        here = sorted(p for p in self.taken.perhaps if posixpath.dirname(p) == directory)
        if not here or self.taken.tree is not None:
            return []
        programs = (p for p in self.taken.paths() if p in self.stage.output_paths)
        first = next((p for p in programs if posixpath.dirname(p) == directory), None)
        return [f"{p}*" for p in here] if path == first else []

    def _sibling(self, path: str) -> str | None:
        """The directory of a file that may be copied in one line with others of it; None of what
        is a directory, or has a line of its own: a program, or another owner or source."""
        source = self.stage.source_of(path)
        known = source is not None and self.stage.facts.project.context.kind(source) == "file"
        return posixpath.dirname(path) if known and path not in self._apart else None

    @cached_property
    def _apart(self) -> frozenset[str]:
        return frozenset((*self.stage.output_paths, *self.taken.owners, *self.taken.sources))

    def _replayed(self, instruction: Instruction) -> str:
        """A copy from the build context again, with an absolute destination."""
        parts = copy_parts(instruction)
        kept = [flag.text for flag in instruction.flags if flag.name not in ("from", "link")]
        target = state_of(self.stage, instruction).path(parts.dest) or parts.dest
        # A directory of the builder's image may be none of the new one.
        placed = (p for p in self.stage.placed if p.instruction is instruction)
        is_directory = any(p.path != target and not p.directory for p in placed)
        if target != "/" and (parts.dest.endswith("/") or is_directory):
            target += "/"
        return " ".join([self.stage.stage.cased("COPY"), *kept, *parts.sources, target])

    def _configuration(self, airy: bool) -> Iterator[str]:
        stage = self.stage.stage
        removed = frozenset(self.moved.removed)
        said: set[Instruction] = set()
        for text, instruction in self._ordered():
            own = instruction in stage.positions and instruction not in said
            above = stage.comments_above(instruction) if own else ()
            keep = above if instruction in removed else ()
            if airy and instruction not in said and (not own or stage.set_apart(instruction)):
                yield ""
            said.add(instruction)
            yield from (comment.text.strip() for comment in keep)
            yield text

    def _ordered(self) -> Iterator[tuple[str, Instruction]]:
        """In the order of the file, but USER behind what needs root."""
        user = last(self.stage, "USER")
        own = [line for line in self.moved.lines if line[1] is user]
        rest = [line for line in self.moved.lines if line[1] is not user]
        cut = next(
            (
                n
                for n, (_, i) in enumerate(rest)
                if i.keyword in ("HEALTHCHECK", "ENTRYPOINT", "CMD")
            ),
            len(rest),
        )
        yield from (*rest[:cut], *own, *rest[cut:])


def _together(paths: Sequence[str], sibling: Callable[[str], str | None]) -> Iterable[list[str]]:
    """The paths, those of one directory in one list, in the order of the first of each."""
    found: dict[str, list[str]] = {}
    for path in paths:
        directory = None if _BLANK.search(path) else sibling(path)
        found.setdefault(path if directory is None else f"{directory}/", []).append(path)
    return found.values()


def _copy_lines(copy: str, words: Sequence[str]) -> str:
    """A copy of several files, in as many lines as are easy to read."""
    line = " ".join([copy, *words])
    return line if len(line) <= _WIDTH else " \\\n    ".join([copy, *words])


def _copy_line(copy: str, words: Sequence[str]) -> str:
    """A copy; a path with blanks needs the JSON form."""
    if _BLANK.search("".join(words)):
        return f"{copy} {json.dumps(words, ensure_ascii=False)}"
    return " ".join([copy, *words])

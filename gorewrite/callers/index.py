"""Who builds what in a repository: one index, made once in a run, asked for each Dockerfile.

All caller files are found through the listing of the repository and read once, within limits.
Nothing found proves nothing; what is found is right.
"""

from __future__ import annotations

import fnmatch
import json
import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from gorewrite.callers.formats import (
    COMPOSE_NAME,
    DOCKERFILE,
    MANIFESTS,
    PLATFORM,
    TASKS,
    format_of,
)
from gorewrite.callers.model import BuildCall, Builder, Source
from gorewrite.callers.places import above
from gorewrite.callers.reading import Reader, reader_of, scope_of
from gorewrite.evidence import Evidence
from gorewrite.files import (
    SharedMemory,
    Stamp,
    answered,
    kind_of,
    real,
    recorded,
    stamp_for,
    unrecorded,
)

if TYPE_CHECKING:
    from gorewrite.surroundings import Project

_VARIABLE: Final = re.compile(
    r"\$\{\{.*?\}\}|\$\{[^{}]*\}|\$\([^()]*\)|\$[\w@*]+|\$\[\[.*?\]\]|\{\{.*?\}\}|<<.*?>>|`[^`]*`|\{\w+\}"
)

#: Besides manifests, what is found by its name.
_NAMED: Final = re.compile(f"{DOCKERFILE.pattern}|{PLATFORM.pattern}")
#: What DigitalOcean calls its files, in `.do`.
_APP: Final = re.compile(r"(?:app|deploy\.template)\.ya?ml")
#: Directories, and Dockerfiles, that are remembered.
_MOST_NEAR: Final = 64
#: The last part of an image's name, with `FROM ` before it for those that Dockerfiles name ->
#: (image without its tag, manifest or Dockerfile that names it).
Naming = Mapping[str, Sequence[tuple[str, str]]]


class StatedContext(NamedTuple):
    """A build context that a caller names for a Dockerfile, and where it does."""

    root: Path
    evidence: Evidence


class _Told(NamedTuple):
    """What callers say of a Dockerfile, see the methods of Index."""

    building: tuple[BuildCall, ...] = ()
    may_build: tuple[BuildCall, ...] = ()
    runners: tuple[str, ...] = ()
    compose_files: tuple[str, ...] = ()
    platform_files: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Index:
    """The builds of a repository.

    repository: without links in its path; calls: all, in the order of their files; not_read: files
    that were passed over because a limit was reached; starts: file -> the directory that its
    commands were taken to run in; names: directory ("" for the root) -> the manifests and the
    Dockerfiles in it; running: callers that run images, too, by the directory whose images they
    may run; naming: what `manifests` says, where that is known.
    """

    repository: Path
    calls: tuple[BuildCall, ...] = ()
    not_read: tuple[str, ...] = ()
    starts: Mapping[str, str] = field(default_factory=dict, repr=False)
    names: Mapping[str, Sequence[str]] = field(default_factory=dict, repr=False)
    running: Mapping[str, Sequence[str]] = field(default_factory=dict, repr=False)
    memory: SharedMemory = field(default_factory=SharedMemory, repr=False)
    #: Of directories that may be build contexts: what lies there.
    near: SharedMemory = field(default_factory=lambda: SharedMemory(_MOST_NEAR), repr=False)
    _of: SharedMemory = field(default_factory=lambda: SharedMemory(_MOST_NEAR), repr=False)
    naming: Naming | None = field(default=None, repr=False)
    _places: dict[str, str | None] = field(default_factory=dict, repr=False)

    @cached_property
    def _by_dockerfile(self) -> dict[str, list[BuildCall]]:
        found: dict[str, list[BuildCall]] = {}
        for call in self.calls:
            if call.dockerfile is not None:
                found.setdefault(self._real(call.dockerfile), []).append(call)
        return found

    @cached_property
    def _loose(self) -> dict[str, list[BuildCall]]:
        """Calls that do not say plainly what they build, by the directory they may build in."""
        found: dict[str, list[BuildCall]] = {}
        for call in self.calls:
            if call.dockerfile is None:
                found.setdefault(scope_of(call.file), []).append(call)
        return found

    @cached_property
    def stamp(self) -> Stamp:
        """While it is the same, so is all that the index says."""
        places = self._by_dockerfile and self._places
        return stamp_for((self.calls, self.not_read, self.starts, self.names, self.running, places))

    @cached_property
    def manifests(self) -> Naming:
        """Which manifests name which images."""
        from gorewrite.callers.naming import read_manifests

        if self.naming is not None:
            return self.naming
        with unrecorded():
            return read_manifests(self)

    @cached_property
    def manifests_stamp(self) -> Stamp:
        """While it is the same, so is all that is told of manifests."""
        return stamp_for(sorted(self.manifests.items()))

    def told(self, question: str, answer: object) -> None:
        """Records what a Dockerfile was told: it depends on that, not on all callers there are."""
        if recorded():
            answered(f"callers {self.repository}", question, answer, self.stamp)

    def answer(self, question: str) -> object:
        """What is told today: see `told`."""
        kind, _, what = question.partition(" ")
        match kind:
            case "of":
                return self._calls_of(what)
            case "compose":
                return self._compose_in(json.loads(what))
        return None

    @property
    def dockerfiles(self) -> Iterable[str]:
        """The paths, relative to the repository, of all files that are built by name."""
        return self._by_dockerfile.keys()

    def building(self, dockerfile: Path) -> tuple[BuildCall, ...]:
        """The calls that build a Dockerfile: nearest first, those of CI last."""
        return self._told_of(dockerfile).building

    def may_build(self, dockerfile: Path) -> tuple[BuildCall, ...]:
        """The calls that may build it: they do not say plainly which Dockerfile they mean."""
        return self._told_of(dockerfile).may_build

    def runners(self, dockerfile: Path) -> tuple[str, ...]:
        """The files that may run its image: those of its directory, of the ones above it, of CI."""
        return self._told_of(dockerfile).runners

    def compose_files(self, dockerfile: Path) -> tuple[str, ...]:
        """The compose files in its directory and the ones above, by name in each."""
        return self._told_of(dockerfile).compose_files

    def platform_files(self, dockerfile: Path) -> tuple[str, ...]:
        """The files of platforms that have several names, in its directory and at the top."""
        return self._told_of(dockerfile).platform_files

    def _told_of(self, dockerfile: Path) -> _Told:
        def find() -> _Told:
            path = self._path(dockerfile)
            if path is None:
                return _Told()
            found = self._calls_of(path)
            self.told(f"of {path}", found)
            return found

        told: _Told = self._of.answer(str(dockerfile), find)
        return told

    def _calls_of(self, path: str) -> _Told:
        """What callers say of a Dockerfile, by its path in the repository."""
        building = self._by_dockerfile.get(path, ())
        may_build = tuple(
            call
            for directory in (above(path) if self._loose else ())
            for call in self._loose.get(directory, ())
            if _may_mean(*call.written, call.tool, path) and not (building and _says_nothing(call))
        )
        return _Told(
            tuple(sorted(building, key=lambda call: _distance(call.file, path))),
            may_build,
            tuple(file for place in above(path) for file in self.running.get(place, ())),
            self._compose_in(above(path)),
            tuple(self._platforms_by(path)),
        )

    def _platforms_by(self, path: str) -> Iterator[str]:
        for place in dict.fromkeys((path.rpartition("/")[0], "")):
            for directory, pattern in ((place, PLATFORM), (f"{place}/.do".lstrip("/"), _APP)):
                names = filter(pattern.fullmatch, self.names.get(directory, ()))
                yield from (f"{directory}/{name}".lstrip("/") for name in sorted(names))

    def compose_in(self, directories: Sequence[str]) -> tuple[str, ...]:
        """The compose files right in some directories ("" for the root), by name in each. All paths
        are relative to the repository."""
        found = self._compose_in(directories)
        self.told(f"compose {json.dumps(directories)}", found)
        return found

    def _compose_in(self, directories: Iterable[str]) -> tuple[str, ...]:
        return tuple(file for place in directories for file in self._compose.get(place, ()))

    @cached_property
    def _compose(self) -> Mapping[str, Sequence[str]]:
        """Directory -> the compose files in it."""
        found: dict[str, list[str]] = {}
        for place, names in self.names.items():
            for name in filter(COMPOSE_NAME.fullmatch, names):
                found.setdefault(place, []).append(f"{place}/{name}" if place else name)
        return found

    def inside(self, path: Path) -> str | None:
        """A path without links, relative to the repository ("" for itself); None outside of it."""
        top = str(self.repository).rstrip("/")
        place = str(path)
        if place.startswith(f"{top}/"):
            return place[len(top) + 1 :]
        return "" if place == top else None

    def contexts(self, dockerfile: Path) -> tuple[StatedContext, ...]:
        """The build contexts that callers name for it, which are directories of the repository."""
        found: dict[StatedContext, None] = {}
        for call in self.building(dockerfile):
            if call.context is None:
                continue
            root = Path(real(self.repository / call.context))
            if root.is_relative_to(self.repository) and kind_of(root) == "dir":
                found[StatedContext(root, call.evidence)] = None
        return tuple(found)

    def targets(self, dockerfile: Path) -> tuple[tuple[str, Evidence], ...]:
        """The stages (lower case, or a number) that callers build by name, each with where."""
        calls = (*self.building(dockerfile), *self.may_build(dockerfile))
        found = (
            (call.target.lower(), call.target_because or call.evidence)
            for call in calls
            if call.target
        )
        return tuple(dict.fromkeys(found))

    def named_contexts(self, dockerfile: Path) -> tuple[tuple[str, Evidence], ...]:
        """(name, where) of the contexts of callers that replace a stage or an image by its name."""
        calls = (*self.building(dockerfile), *self.may_build(dockerfile))
        return tuple((name.lower(), call.evidence) for call in calls for name in call.named)

    def exports_layers(self, dockerfile: Path) -> Evidence | None:
        """A caller that stores the layers outside of the builder, where cache mounts never are."""
        calls = (*self.building(dockerfile), *self.may_build(dockerfile))
        return next(
            (call.exports_because or call.evidence for call in calls if call.exports_layers), None
        )

    def syncs(self, dockerfile: Path) -> tuple[tuple[str | None, Evidence], ...]:
        """(stage as callers name it, None for the last one; where) of images into whose running
        containers skaffold or Tilt copies files.

        Both unpack an archive there, so the image must have `tar` (skaffold docs, "File Sync";
        Tilt docs, "live_update").
        """
        calls = (*self.building(dockerfile), *self.may_build(dockerfile))
        found = ((c.target and c.target.lower(), c.evidence) for c in calls if c.syncs)
        return tuple(dict.fromkeys(found))

    def _path(self, dockerfile: Path) -> str | None:
        """A Dockerfile that is a link is built where the link is, not where it points to."""
        directory = real(dockerfile.parent)
        top = str(self.repository)
        name = dockerfile.name
        if directory == top:
            return name
        prefix = top.rstrip("/") + "/"
        return f"{directory[len(prefix) :]}/{name}" if directory.startswith(prefix) else None

    def _real(self, path: str) -> str:
        """A path of the repository with the links in its directory followed."""
        directory, _, name = path.rpartition("/")
        if directory not in self._places:
            inside = os.path.relpath(real(self.repository / directory), self.repository)
            self._places[directory] = None if inside.startswith("..") else inside
        real_directory = self._places[directory]
        if real_directory is None:
            return path
        return name if real_directory == "." else f"{real_directory}/{name}"


def _distance(file: str, dockerfile: str) -> tuple[int, str]:
    """How far a caller is from a Dockerfile: 0 beside it, 1 in the directory above it …"""
    directory = file.rpartition("/")[0]
    near = not directory or f"{dockerfile}/".startswith(f"{directory}/")
    steps = dockerfile.count("/") - file.count("/") if near else 1000
    return (steps if not file.startswith(".") or not directory else 2000, file)


def _says_nothing(call: BuildCall) -> bool:
    """Whether a call names neither a Dockerfile nor any part of its context: of a Dockerfile that
    others plainly build it tells nothing, unless such a builder may be in use for it, too."""
    context, dockerfile = call.written
    left = _VARIABLE.sub("", dockerfile or context)
    able = call.builder in (Builder.DEFAULT, Builder.BUILDKIT)
    return able and not re.search(r"\w", left)


@lru_cache(maxsize=8192)
def _meant(context: str, dockerfile: str, from_context: bool) -> re.Pattern[str]:
    written = dockerfile or "Dockerfile"
    if from_context or not dockerfile:
        written = f"{context}/{written}" if context else f"*/{written}"
    text = _VARIABLE.sub("*", written.replace("[", "?").strip("\"'"))
    text = posixpath.normpath(text.replace('"', "").replace("'", "")).lstrip("./")
    # What a variable stands for may be nothing, with the slash behind it.
    return re.compile("(?:.*/)?" + fnmatch.translate(text.replace("*/", "*")))


def _may_mean(context: str, dockerfile: str, tool: str, path: str) -> bool:
    from_context = tool in ("docker compose", "docker-compose", "bake", "skaffold", "kaniko")
    return _meant(context, dockerfile, from_context).match(path) is not None


def read_index(repository: Path, files: Iterable[str] | None = None) -> Index:
    """Reads the callers among the files of a repository.

    files: paths relative to it; None for those that it lists.
    """
    top = Path(os.path.realpath(repository))
    if files is None:
        from gorewrite.discovery import listing

        files = listing(top)
    reader = Reader(str(top))
    calls: list[BuildCall] = []
    names: dict[str, list[str]] = {}
    for path in files:
        directory, _, name = path.rpartition("/")
        # Most names need no pattern to be told apart.
        task = ".json" in name and TASKS.search(path)
        likely = "ile" in name or name.endswith((".json", ".toml"))
        if path.endswith(MANIFESTS) or task or (likely and _NAMED.fullmatch(name)):
            names.setdefault(directory, []).append(name)
        form = format_of(path)
        if form is not None:
            calls += reader.read(path, form)
    return Index(
        top,
        tuple(dict.fromkeys(calls)),
        tuple(reader.not_read),
        reader.starts,
        {directory: tuple(sorted(each)) for directory, each in names.items()},
        {directory: tuple(each) for directory, each in reader.running.items()},
    )


def read(source: Source) -> tuple[BuildCall, ...]:
    """The calls of one file, read anew from its bytes."""
    form = format_of(source.path)
    return tuple(reader_of(form)(source)) if form is not None else ()


def calls_of(project: Project) -> tuple[BuildCall, ...]:
    """The calls that build the Dockerfile of a project."""
    return project.callers.index.building(project.path)


def source(project: Project, file: str) -> Source | None:
    """A file that holds calls as its reader is given it; None when it is no longer there."""
    index = project.callers.index
    reader = Reader(str(index.repository))
    data = reader.bytes_of(file)
    start = index.starts.get(file, posixpath.dirname(file) or ".")
    return Source(file, data, start, reader.bytes_of) if data is not None else None

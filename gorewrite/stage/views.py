"""The files of the build context as the instructions of a stage see them.

Rules: Dockerfile reference, COPY, ADD and RUN --mount=type=bind; the newest copy to a place counts.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from heapq import merge
from typing import Any

from gorewrite.context import Context
from gorewrite.dockerfile import Instruction
from gorewrite.memo import cached_property, remembered
from gorewrite.stage.layout import Placed, context_path, relative, tops
from gorewrite.stage.scope import State

#: What a RUN mounts from the context: (image path, source).
_Binds = tuple[tuple[str, str], ...]


class Copies:
    """All that COPY and ADD place in a stage, found by time, by place and by source.

    placed: oldest first, what the parent stage brings in front; tree: the build context.
    """

    def __init__(self, placed: Sequence[Placed], tree: Context) -> None:
        self._placed = placed
        self._tree = tree
        self._views: dict[tuple[int, _Binds], View] = {}
        #: See gorewrite.memo.
        self.memory: dict[Hashable, Any] = {}
        self._sources: dict[str, Sequence[tuple[int, str | None]]] = {}
        self._held: dict[str, bool] = {}
        self._at: dict[str | None, list[int]] = defaultdict(list)
        for number, each in enumerate(placed):
            self._at[each.path].append(number)

    def view(self, count: int | None = None, binds: _Binds = ()) -> View:
        """What there is once `count` of them are there (None: all), below what is mounted."""
        count = len(self._placed) if count is None else count
        view = self._views.get((count, binds))
        if view is None:
            view = self._views[count, binds] = View(self, self._tree, count, binds)
        return view

    def forget(self) -> None:
        """See Facts.forget."""
        self._views.clear()

    def before(self, count: int) -> Iterator[Placed]:
        """The first `count` of them, newest first."""
        return (self._placed[number] for number in range(count - 1, -1, -1))

    def over(self, path: str) -> Sequence[Placed]:
        """What lands at an image path or at a directory above it, newest first."""
        return [self._placed[number] for number in self._covering(path)]

    def _covering(self, path: str) -> Sequence[int]:
        at = self._at
        numbers = [number for top in at.keys() & tops(path) for number in at[top]]
        return sorted(numbers, reverse=True) if len(numbers) > 1 else numbers

    def hold(self, path: str) -> bool:
        """Whether a file or directory is known to be at an image path."""
        held = self._held.get(path)
        if held is None:
            held = self._held[path] = self._holds(path)
        return held

    def _holds(self, path: str) -> bool:
        sources = self.sources(path)
        if sources and sources[0][1] is not None:
            return True
        return any(
            (placed.origin == "stage" and placed.source_path(path) is not None)
            or (placed.origin == "remote" and placed.path == path and not placed.directory)
            for placed in self.over(path)
        )

    def sources(self, path: str) -> Sequence[tuple[int, str | None]]:
        """Which copies decide what lies at an image path, newest first: (number, context path).

        The newest one decides, unless it brings no such file; None: it is not from the context.
        """
        found = self._sources.get(path)
        if found is None:
            found = self._sources[path] = list(self._deciding(path))
        return found

    def _deciding(self, path: str) -> Iterator[tuple[int, str | None]]:
        for number in self._covering(path):
            placed = self._placed[number]
            source = placed.source_path(path)
            if source is None:
                continue
            if placed.origin != "context":
                yield number, None
            elif self._tree.kind(source) is not None:
                yield number, source

    def inside(self, directory: str, count: int) -> Iterator[Placed]:
        """As `before`, but only what lands right in an image directory."""
        numbers = reversed(self._in.get(directory, ()))
        return (self._placed[number] for number in numbers if number < count)

    @cached_property
    def _in(self) -> Mapping[str, Sequence[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for number, each in enumerate(self._placed):
            if each.path is not None:
                found[each.path.rpartition("/")[0] or "/"].append(number)
        return found

    def bringing(self, source: str) -> Iterator[Placed]:
        """What brings a context path, itself or with a directory above it, oldest first."""
        numbers = merge(*[self._from[top] for top in self._from.keys() & tops(source)])
        return (self._placed[number] for number in numbers)

    @cached_property
    def _from(self) -> Mapping[str, Sequence[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for number, each in enumerate(self._placed):
            if each.origin == "context":
                found[each.source].append(number)
        return found

    @remembered
    def brings_sources(self, directory: str) -> bool:
        """Whether Go files right in a context directory are copied: it may be there in part."""
        prefix = "" if directory == "." else f"{directory}/"
        return any(
            placed.image_path(prefix + name) is not None
            for name in self._tree.listdir(directory)
            if name.endswith(".go")
            for placed in self.bringing(prefix + name)
        )

    def below(self, path: str) -> Iterator[Placed]:
        """What lands at or below an image path, oldest first."""
        return (self._placed[number] for number in self._below.get(path, ()))

    def touching(self, path: str) -> Iterator[Placed]:
        """What lands at, below or above an image path, or nobody knows where, oldest first."""
        numbers = {number for top in tops(path) for number in self._at.get(top, ())}
        numbers.update(self._below.get(path, ()), self._at.get(None, ()))
        return (self._placed[number] for number in sorted(numbers))

    @cached_property
    def _below(self) -> Mapping[str, Sequence[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for number, each in enumerate(self._placed):
            for top in tops(each.path) if each.path is not None else ():
                found[top].append(number)
        return found


class View:
    """The files from the build context as one instruction sees them.

    What follows from them is remembered here: it is the same for all instructions that see the
    same, also when a change of others has made new facts.

    copies: of the stage; count: how many of them are there; binds: what a RUN mounts from the
    context over them, as (image path, source).
    """

    def __init__(self, copies: Copies, tree: Context, count: int, binds: _Binds) -> None:
        self.copies = copies
        self.tree = tree
        self.count = count
        self._binds = binds
        #: See gorewrite.memo.
        self.memory: dict[Hashable, Any] = {}

    def mounted(self, path: str) -> str | None:
        """The context path that is mounted at an image path, or above it.

        Rule: Dockerfile reference, RUN --mount=type=bind: without `from` it is the build context.
        """
        for top, source in self._binds:
            below = relative(path, top)
            if below is not None:
                return posixpath.normpath(posixpath.join(context_path(source), below))
        return None

    def source_of(self, path: str) -> str | None:
        """The context path that lies at an image path; None when there is none."""
        if self._binds:
            mounted = self.mounted(path)
            if mounted is not None:
                return mounted
        for number, source in self.copies.sources(path):
            if number < self.count:
                return source
        return None

    @remembered
    def locate(self, path: str) -> tuple[Context, str] | None:
        """The context directory that lies at an image path, for the Go layer."""
        if not path:
            return None
        source = self.source_of(path)
        if source is None or not holds_go(self.tree, source):
            # `COPY *.go ./` copies no directory, and `COPY * ./` pours several into one.
            source = self._directory_of_files(path) or source
        return (self.tree, source) if source is not None else None

    def _directory_of_files(self, path: str) -> str | None:
        """The context directory of the Go files that were copied to an image path one by one.
        Who enumerates it must ask which of its files are there."""
        for placed in self.copies.inside(path, self.count):
            if placed.origin != "context" or placed.path is None or placed.directory:
                continue
            name = posixpath.basename(placed.path)
            if not name.endswith(".go") and name != "go.mod":
                continue
            if posixpath.basename(placed.source) == name:
                return posixpath.dirname(placed.source) or "."
        return None


@remembered
def holds_go(tree: Context, directory: str) -> bool:
    """Whether a context directory has Go files, or a go.mod, right in it."""
    return any(name.endswith(".go") or name == "go.mod" for name in tree.listdir(directory))


@remembered
def binds(run: Instruction, state: State) -> _Binds:
    """(image path, source) of what a RUN mounts from the context."""
    found = []
    for mount in run.flag_values("mount"):
        options = dict([option.partition("=")[::2] for option in mount.split(",")])
        if options.get("type", "bind") != "bind" or "from" in options:
            continue
        names = (name for name in ("target", "dst", "destination") if name in options)
        top = state.path(options.get(next(names, ""), ""))
        source = options.get("source", options.get("src", "."))
        if top is not None and "$" not in source:
            found.append((top, source))
    return tuple(found)

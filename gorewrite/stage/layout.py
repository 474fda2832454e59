"""Where the files of the build context land in a stage's file system, and back.

Rules: Dockerfile reference, COPY and ADD: a source directory is copied by its contents;
a destination that ends in `/`, is an existing directory or takes several sources is a
directory; destinations are relative to WORKDIR.
"""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from heapq import merge
from typing import NamedTuple

from gorewrite.context import Context
from gorewrite.context.ignorefile import IgnoreError, IgnoreFile
from gorewrite.dockerfile import Instruction, copy_parts
from gorewrite.memo import cached_property, remembered
from gorewrite.stage.scope import State, join


class Placed(NamedTuple):
    """One source of a COPY or ADD and where it lands.

    origin: "context", "stage" (an earlier stage or another image) or "remote" (URL, git,
        heredoc); source: path in the context (`.` is its root) or in the other stage.
    path: absolute path in the image; for a directory the place of its contents.
    directory: whether the source is a directory; None when not known.
    from_: the `--from` value for origin "stage". excluded: what `--exclude` leaves out of it.
    """

    instruction: Instruction
    state: State
    origin: str
    source: str
    path: str | None
    directory: bool | None
    from_: str | None = None
    excluded: IgnoreFile | None = None

    def image_path(self, source: str) -> str | None:
        """Where the context path `source` lands through this copy; None when it does not."""
        rel = relative(source, self.source)
        if self.path is None or rel is None or self._leaves_out(rel):
            return None
        if rel == ".":
            return self.path
        return posixpath.join(self.path, rel) if self.directory is not False else None

    def source_path(self, path: str) -> str | None:
        """The source of the image path `path` through this copy; None when it has none."""
        rel = relative(path, self.path) if self.path is not None else None
        if rel is None or (rel != "." and self.directory is False) or self._leaves_out(rel):
            return None
        return posixpath.normpath(self.source if rel == "." else f"{self.source}/{rel}")

    def _leaves_out(self, rel: str) -> bool:
        if self.excluded is None:
            return False
        name = posixpath.basename(self.source) if rel == "." and self.directory is False else rel
        return self.excluded.excludes(name)


class Copies:
    """All that COPY and ADD place in a stage, found by time, by place and by source.

    placed: oldest first, what the parent stage brings in front; order: the position of each
        instruction of the stage itself.
    """

    def __init__(self, placed: Sequence[Placed], order: Mapping[Instruction, int]) -> None:
        self._placed = placed
        self._order = order
        #: Of each, in which instruction of the stage it is placed; -1 in a stage below.
        self._positions = [order.get(each.instruction, -1) for each in placed]
        self._at: dict[str | None, list[int]] = {}
        self._in: dict[str, list[int]] = {}
        self._from: dict[str, list[int]] = {}
        for number, each in enumerate(placed):
            self._at.setdefault(each.path, []).append(number)
            if each.path is not None:
                self._in.setdefault(posixpath.dirname(each.path), []).append(number)
            if each.origin == "context":
                self._from.setdefault(each.source, []).append(number)

    def before(self, limit: Instruction | None) -> Iterator[Placed]:
        """What is there before an instruction (None: at the end), newest first."""
        return (self._placed[number] for number in range(self._count(limit) - 1, -1, -1))

    def over(self, path: str, limit: Instruction | None) -> Iterator[Placed]:
        """As `before`, but only what lands at an image path or at a directory above it."""
        at = self._at
        numbers = [number for top in tops(path) if top in at for number in at[top]]
        return self._until(limit, sorted(numbers, reverse=True) if len(numbers) > 1 else numbers)

    def inside(self, directory: str, limit: Instruction | None) -> Iterator[Placed]:
        """As `before`, but only what lands right in an image directory."""
        return self._until(limit, reversed(self._in.get(directory, ())))

    def directory_of_files(self, path: str, limit: Instruction | None) -> str | None:
        """The context directory of the Go files that were copied to an image path one by one.
        Who enumerates it must ask which of its files are there."""
        for placed in self.inside(path, limit):
            if placed.origin != "context" or placed.path is None or placed.directory:
                continue
            name = posixpath.basename(placed.path)
            if not name.endswith(".go") and name != "go.mod":
                continue
            if posixpath.basename(placed.source) == name:
                return posixpath.dirname(placed.source) or "."
        return None

    def bringing(self, source: str) -> Iterator[Placed]:
        """What brings a context path, itself or with a directory above it, oldest first."""
        numbers = merge(*(self._from.get(top, ()) for top in tops(source)))
        return (self._placed[number] for number in numbers)

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
        found: dict[str, list[int]] = {}
        for number, each in enumerate(self._placed):
            for top in tops(each.path) if each.path is not None else ():
                found.setdefault(top, []).append(number)
        return found

    def _until(self, limit: Instruction | None, numbers: Iterable[int]) -> Iterator[Placed]:
        count = self._count(limit)
        return (self._placed[number] for number in numbers if number < count)

    def _count(self, limit: Instruction | None) -> int:
        """How many are there before an instruction."""
        if limit is None or limit not in self._order:
            return len(self._placed)
        return bisect_left(self._positions, self._order[limit])


def tops(path: str) -> set[str]:
    """Every `top` for which `relative` can find `path` below it."""
    found = {".", "/"}
    while path:
        found.add(path)
        path = path.rpartition("/")[0]
    return found


def relative(path: str, top: str) -> str | None:
    """`path` below `top` ("." for top itself); None when it is not below it."""
    if path == top:
        return "."
    if top in (".", "/"):
        return path.lstrip("/") if not path.startswith("../") and path != ".." else None
    return path[len(top) + 1 :] if path.startswith(top + "/") else None


def under(path: str, top: str) -> bool:
    """Whether `path` is `top` or lies below it."""
    return relative(path, top) is not None


#: Whether a path of another stage is a directory: (--from value, absolute path) -> answer.
IsDirectory = Callable[[str, str], bool | None]


def placements(
    instruction: Instruction,
    state: State,
    tree: Context,
    directories: set[str],
    elsewhere: IsDirectory,
) -> Iterator[Placed]:
    """What a COPY or ADD places. `directories` are image paths known to be directories;
    it is extended with what this instruction shows to be one."""
    parts = copy_parts(instruction)
    dest = state.expand(parts.dest)
    target = join(state.workdir, dest) if dest is not None else None
    sources = list(_sources(instruction, parts.sources, parts.from_, state, tree, elsewhere))
    excluded = _excluded(parts.exclude, state)
    sources += [("remote", heredoc.name, False) for heredoc in instruction.heredocs]
    into = (
        dest is not None and (dest.endswith("/") or dest in (".", "") or len(sources) > 1)
    ) or target in directories
    for origin, source, directory in sources:
        path = target
        if path is not None and parts.parents and origin == "context":
            path = posixpath.normpath(posixpath.join(path, _kept(source, parts.sources)))
        elif path is not None and directory is not True and into:
            path = posixpath.join(path, posixpath.basename(source))
        if target is not None and (into or directory):
            directories.update(_parents(target))
        yield Placed(instruction, state, origin, source, path, directory, parts.from_, excluded)


def _excluded(patterns: Sequence[str], state: State) -> IgnoreFile | None:
    """The patterns of `--exclude`, which are written as in .dockerignore."""
    known = [value for value in map(state.expand, patterns) if value is not None]
    try:
        return IgnoreFile.parse("\n".join(known)) if known else None
    except IgnoreError:
        return None


def _kept(source: str, written: Sequence[str]) -> str:
    """What `--parents` keeps of a source path: all of it, or what follows its `/./`
    (Dockerfile reference, COPY --parents)."""
    for each in written:
        before, pivot, _ = each.partition("/./")
        kept = relative(source, context_path(before)) if pivot else None
        if kept is not None:
            return kept
    return source


def _sources(
    instruction: Instruction,
    raws: Iterable[str],
    from_: str | None,
    state: State,
    tree: Context,
    elsewhere: IsDirectory,
) -> Iterator[tuple[str, str, bool | None]]:
    for raw in raws:
        value = state.expand(raw)
        if value is None:
            yield ("stage" if from_ is not None else "context"), raw, None
        elif from_ is not None:
            path = posixpath.normpath("/" + value.lstrip("/"))
            yield "stage", path, elsewhere(from_, path)
        elif _remote(value):
            yield "remote", value, value.partition("#")[0].endswith(".git")
        else:
            matches = _matches(value, tree)
            archive = instruction.keyword == "ADD"
            for match in matches:
                kind = tree.kind(match)
                if archive and kind == "file" and match.endswith(_ARCHIVES):
                    yield "remote", match, True
                else:
                    yield "context", match, kind == "dir"
            if not matches:
                yield "context", context_path(value), None


#: ADD unpacks local archives of these kinds (Dockerfile reference, ADD).
_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".txz", ".tbz2", ".tar.zst")


def _remote(value: str) -> bool:
    return "://" in value or value.startswith("git@")


def mounted(run: Instruction, state: State, path: str) -> str | None:
    """The context path that a RUN sees at an image path through `--mount=type=bind`.

    Rule: Dockerfile reference, RUN --mount=type=bind: without `from` it is the build context.
    """
    for top, source in _binds(run, state):
        below = relative(path, top)
        if below is not None:
            return posixpath.normpath(posixpath.join(context_path(source), below))
    return None


@remembered
def _binds(run: Instruction, state: State) -> tuple[tuple[str, str], ...]:
    """(image path, source) of what a RUN mounts from the context."""
    found = []
    for mount in run.flag_values("mount"):
        options = dict(option.partition("=")[::2] for option in mount.split(","))
        if options.get("type", "bind") != "bind" or "from" in options:
            continue
        names = (name for name in ("target", "dst", "destination") if name in options)
        top = state.path(options.get(next(names, ""), ""))
        source = options.get("source", options.get("src", "."))
        if top is not None and "$" not in source:
            found.append((top, source))
    return tuple(found)


def context_path(value: str) -> str:
    """A COPY source as a context path: relative, normalised, never above the root."""
    return posixpath.normpath("/" + value).lstrip("/") or "."


_WILDCARDS = frozenset("*?[")


def _matches(value: str, tree: Context) -> tuple[str, ...]:
    path = context_path(value)
    if not _WILDCARDS.isdisjoint(value):
        return tree.glob(path)
    return (path,) if tree.kind(path) else ()


def _parents(path: str) -> Iterator[str]:
    while path and path != "/":
        yield path
        path = posixpath.dirname(path)

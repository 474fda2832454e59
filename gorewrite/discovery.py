"""Which Dockerfiles to look at, and where their repository begins."""

from __future__ import annotations

import os
import re
import stat
import subprocess
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gorewrite import pathglobs
from gorewrite.files import (
    RealPaths,
    SharedMemory,
    digest_of,
    halts,
    is_below,
    kind_of,
    mode_of,
    real,
    unrecorded,
)
from gorewrite.pathglobs import BadPattern

if TYPE_CHECKING:
    from gorewrite.callers.index import Index

#: Docker takes `dockerfile` where there is no `Dockerfile` (docker/cli, image/build/context.go).
_NAME: Final = re.compile(
    r"[Dd]ockerfile|Dockerfile[._-].+|.+\.[Dd]ockerfile|Containerfile.*", re.DOTALL
)
#: A path of which the last part may be such a name.
_PATH: Final = re.compile(rf"(?:.*/)?(?:{_NAME.pattern})", re.DOTALL)
_NOT_ONE: Final = re.compile(
    r".+\.(dockerignore|md|txt|go|py|rb|js|ts|sh|ya?ml|json|toml|lock|orig|rej|patch|diff|bak|swp|log|html)",
    re.DOTALL,
)
_GIT_PLACES: Final = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"})
_SKIPPED: Final = frozenset({".git", "node_modules", "testdata", "vendor"})
#: How much of a directory that is in no repository is looked at for callers.
_MOST_ENTRIES: Final = 20_000


class DiscoveryError(ValueError):
    """A path that was asked for cannot be taken. The text is `path: problem`."""


def is_dockerfile_name(name: str) -> bool:
    """Whether a file of this name is taken for a Dockerfile when a directory is searched.

    Templates (`Dockerfile.tmpl`, `Dockerfile.j2`) are: the reader of one says why it is refused.
    The ignore file of a Dockerfile (`Dockerfile.dockerignore`) is not one itself.
    """
    return bool(_NAME.fullmatch(name)) and not _NOT_ONE.fullmatch(name)


def find_dockerfiles(
    paths: Iterable[Path], exclude: Sequence[str] = (), base: Path | None = None
) -> tuple[Path, ...]:
    """The Dockerfiles at and below `paths`, sorted, each once.

    A file is taken whatever its name. A directory is searched: through git where it is in a
    repository (tracked files, and those neither tracked nor ignored), otherwise on disk. Neither
    enters .git, node_modules, testdata or vendor below it, nor what `exclude` names. What a caller
    (compose, CI, make …) builds as a Dockerfile is one whatever its name.

    exclude: globs as `gorewrite.pathglobs` describes them, relative to `base`.
    base: None for the searched directory.
    A link found in a search that leads out of the repository, or out of the searched directory
    where there is none, is passed over.
    Raises DiscoveryError for a path that does not exist, is neither file nor directory, or cannot
    be read, and for a malformed glob.
    """
    return tuple(sorted(_found(paths, exclude, base, Survey()).values(), key=os.fsencode))


class Survey:
    """The Dockerfiles of one run and their callers: a repository is listed, and a directory
    searched, once.

    A search of its own for each of a thousand services would be a thousand calls of git.
    """

    def __init__(self) -> None:
        #: What stands in for `read_index`, where an index is remembered from earlier runs.
        self.read: Callable[[Path, Sequence[str]], Index] | None = None
        #: What was searched, and how -> the real paths that were found, sorted.
        self._searched: dict[tuple[Path, tuple[str, ...], Path | None], _Sorted] = {}
        #: What git lists in a repository, as it does, and taken apart.
        self._outputs: dict[Path, bytes | None] = {}
        self._listed: dict[Path, tuple[str, ...] | None] = {}
        #: Whether something was searched without git.
        self._walked = False
        self._indexes: dict[Path, Index] = {}

    def index(self, repository: Path) -> Index:
        """Who builds what in a repository, or in a directory that is in none."""
        if repository not in self._indexes:
            # Whoever asks depends on what the index says of it, not on all that it follows from.
            with unrecorded():
                self._indexes[repository] = self._read_index(repository)
        return self._indexes[repository]

    def _read_index(self, repository: Path) -> Index:
        from gorewrite.callers.index import read_index

        listed = self.tracked(repository) if repository_root(repository) else None
        if listed is None:
            self._walked = True
            listed = tuple(_walk(repository))
        names = tuple(_outside_of_skipped(listed))
        return (self.read or read_index)(repository, names)

    def __getstate__(self) -> dict[str, object]:
        # What one process remembers, and what is large and soon told again.
        return {**self.__dict__, "read": None, "_listed": {}}

    def tracked(self, repository: Path) -> tuple[str, ...] | None:
        """What git lists in a repository, relative to it; None when git is missing or refuses
        (foreign owner …)."""
        if repository not in self._listed:
            output = self.listed(repository)
            self._listed[repository] = _names(output) if output is not None else None
        return self._listed[repository]

    def listed(self, repository: Path) -> bytes | None:
        """As `tracked`, with a NUL behind each name."""
        if repository not in self._outputs:
            self._outputs[repository] = _from_git(repository)
        return self._outputs[repository]

    def digest(self, repository: Path) -> str:
        """Stands for what git lists in a repository."""
        return digest_of(self.listed(repository) or b"")

    @property
    def listings(self) -> tuple[tuple[str, str], ...] | None:
        """(repository, digest) of all that git listed; None when something was searched without
        it."""
        if self._walked or None in self._outputs.values():
            return None
        return tuple((str(top), self.digest(top)) for top in self._outputs)

    def walks(self) -> None:
        """Says that something is searched without git."""
        self._walked = True

    def find(
        self, path: Path, exclude: Sequence[str] = (), base: Path | None = None
    ) -> tuple[Path, ...]:
        """As `find_dockerfiles` of one path."""
        found = _found([path], exclude, base, self)
        self._searched[path.resolve(), tuple(exclude), base] = _Sorted(found)
        return tuple(sorted(found.values(), key=os.fsencode))

    def below(
        self, directory: Path, exclude: Sequence[str] = (), base: Path | None = None
    ) -> Sequence[str]:
        """The real paths of the Dockerfiles below a directory without links in its path, sorted."""
        how = (tuple(exclude), base)
        tops = [top for top, *known in self._searched if how == tuple(known)]
        tops = [top for top in tops if is_below(directory, top)]
        top = max(tops, key=lambda top: len(str(top)), default=None)
        if top is None:
            self.find(directory, exclude, base)
        return self._searched[top or directory, *how].below(directory)


class _Sorted:
    """Paths in the order of their text, in which those of a directory stand together."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._texts = sorted(map(str, paths))

    def below(self, directory: Path) -> Sequence[str]:
        prefix = str(directory).rstrip("/")
        # "0" is the character after "/".
        first, last = (bisect_left(self._texts, prefix + end) for end in "/0")
        return self._texts[first:last]


def _found(
    paths: Iterable[Path], exclude: Sequence[str], base: Path | None, survey: Survey
) -> dict[Path, Path]:
    """Real path -> the path as found."""
    found: dict[Path, Path] = {}
    real_paths = RealPaths()
    for path in paths:
        kind = kind_of(path)
        if kind == "dir":
            top = repository_root(path) or path.resolve()
            left_out = _Exclusion(exclude, path, base or path)
            below = (path / name for name in _search(path, left_out, survey))
            files = [file for file in below if kind_of(file) == "file"]
        elif kind == "file":
            top, files = None, [path]
        else:
            problem = "not a file or directory" if kind else "no such file or directory"
            raise DiscoveryError(f"{path}: {problem}; check the path")
        for file in files:
            text = real_paths.of(str(file))
            if top is not None and not text.startswith(f"{str(top).rstrip('/')}/"):
                continue
            # Of several names for one file, the file's own is the one to speak of.
            its_own = Path(text)
            if its_own not in found or file.absolute() == its_own:
                found[its_own] = file
    return found


def repository_root(path: Path | str) -> Path | None:
    """The work tree that `path` lies in: the nearest directory upward with `.git` in it.

    `.git` is a file in worktrees and submodules. None outside of any repository.
    """
    place = str(path)
    if not place.startswith("/") or ".." in place:
        place = real(place)
    for above in halts(place):
        _root_of(above)
    return _root_of(place)


_roots: Final = SharedMemory(most=4096)


def _root_of(place: str) -> Path | None:
    def find() -> Path | None:
        mode = mode_of(place)
        if mode == stat.S_IFLNK and (target := real(place)) != place:
            return _root_of(target)
        if mode == stat.S_IFDIR and kind_of(f"{place.rstrip('/')}/.git") is not None:
            return Path(real(place))
        return None if place == "/" else _root_of(place.rpartition("/")[0] or "/")

    root: Path | None = _roots.answer(place, find)
    return root


class _Exclusion:
    """The globs that keep files and directories out of a search of one directory.

    A glob that leaves out the searched directory itself is passed over: it was asked for.
    """

    def __init__(self, globs: Sequence[str], directory: Path, base: Path) -> None:
        here, top = directory.resolve(), base.resolve()
        above = here.relative_to(top).as_posix() if here.is_relative_to(top) else "."
        self._above = "" if above == "." else above + "/"
        self._globs: list[str] = []
        for glob in globs:
            try:
                pathglobs.check(glob)
            except BadPattern as bad:
                raise DiscoveryError(f"exclude {glob}: {bad}") from None
            if not (self._above and pathglobs.matches(glob, self._above)):
                self._globs.append(glob)

    def leaves_out(self, path: str) -> bool:
        """Whether `path`, relative to the searched directory, or a directory above it is left out.

        A final `/` marks a directory.
        """
        if not _SKIPPED.isdisjoint(path.split("/")[:-1]):
            return True
        return bool(self._globs) and pathglobs.any_matches(self._globs, self._above + path)


def passed_over(file: Path, exclude: Sequence[str], base: Path | None) -> bool:
    """Whether a search of the whole repository, or of `base`, would leave a file out."""
    top = base or repository_root(file.parent) or file.parent
    place = file.parent.resolve() / file.name
    if not place.is_relative_to(top.resolve()):
        return False
    return _Exclusion(exclude, top, top).leaves_out(place.relative_to(top.resolve()).as_posix())


def _search(directory: Path, left_out: _Exclusion, survey: Survey) -> Iterator[str]:
    """The paths of Dockerfiles relative to `directory`."""
    top = repository_root(directory)
    listed = survey.tracked(top) if top is not None else None
    if top is None or listed is None:
        survey.walks()
        named = frozenset(survey.index(directory.resolve()).dockerfiles)
        return _from_disk(directory, left_out, named)
    here = directory.resolve().relative_to(top).as_posix()
    prefix = "" if here == "." else here + "/"
    named = frozenset(survey.index(top).dockerfiles)
    return (
        name[len(prefix) :]
        for name in listed
        if ((_PATH.fullmatch(name) and is_dockerfile_name(_last(name))) or name in named)
        and name.startswith(prefix)
        and not left_out.leaves_out(name[len(prefix) :])
    )


def _last(path: str) -> str:
    return path.rpartition("/")[2]


def listing(repository: Path) -> Iterator[str]:
    """The files of a repository, or of a directory that is in none, relative to it; bounded where
    the disk has to be searched."""
    listed = _from_git(repository) if repository_root(repository) is not None else None
    return _outside_of_skipped(_walk(repository) if listed is None else _names(listed))


def _names(listed: bytes) -> tuple[str, ...]:
    return tuple(os.fsdecode(listed).split("\0")[:-1])


def _outside_of_skipped(names: Iterable[str]) -> Iterator[str]:
    return (name for name in names if "/" not in name or _SKIPPED.isdisjoint(name.split("/")[:-1]))


def _walk(directory: Path) -> Iterator[str]:
    """The files below a directory, the nearest first."""
    waiting = [""]
    left = _MOST_ENTRIES
    for here in waiting:
        try:
            with os.scandir(directory / here) as entries:
                for entry in sorted(entries, key=lambda entry: entry.name):
                    left -= 1
                    if left < 0:
                        return
                    path = f"{here}/{entry.name}" if here else entry.name
                    if not entry.is_dir(follow_symlinks=False):
                        yield path
                    elif entry.name not in _SKIPPED:
                        waiting.append(path)
        except OSError:
            continue


def _from_git(directory: Path) -> bytes | None:
    """What git lists below `directory`, with a NUL behind each name; None when git is missing or
    refuses (foreign owner …)."""
    # A checkout is not trusted: its configuration may name a program as file system monitor.
    command = ["git", "-c", "core.fsmonitor=false", "ls-files", "-z"]
    command += ["--cached", "--others", "--exclude-standard"]
    # In a git hook these name another repository, or this one relative to another directory.
    inherited = {name: value for name, value in os.environ.items() if name not in _GIT_PLACES}
    try:
        return subprocess.run(
            command, cwd=directory, env=inherited, capture_output=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None


def _from_disk(directory: Path, left_out: _Exclusion, named: frozenset[str]) -> Iterator[str]:
    """A walk that follows no linked directories, so it comes to an end. named: the paths that
    callers name."""
    waiting = [""]
    while waiting:
        relative = waiting.pop()
        try:
            with os.scandir(directory / relative) as entries:
                for entry in entries:
                    path = f"{relative}/{entry.name}" if relative else entry.name
                    if entry.is_dir(follow_symlinks=False):
                        if not left_out.leaves_out(f"{path}/"):
                            waiting.append(path)
                    elif (
                        is_dockerfile_name(entry.name) or path in named
                    ) and not left_out.leaves_out(path):
                        yield path
        except OSError as error:
            if not relative:
                raise DiscoveryError(f"{directory}: {error.strerror}") from None

"""Which Dockerfiles to look at, and where their repository begins."""

from __future__ import annotations

import os
import re
import subprocess
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from gorewrite.context.globs import BadPattern, clean, match, relative
from gorewrite.files import kind_of

_NAME: Final = re.compile(
    r"Dockerfile|Dockerfile[._-].+|.+\.[Dd]ockerfile|Containerfile.*", re.DOTALL
)
_NOT_ONE: Final = re.compile(
    r".+\.(dockerignore|md|txt|go|py|rb|js|ts|sh|ya?ml|json|toml|lock|orig|rej|bak|swp|log|html)",
    re.DOTALL,
)
_GIT_PLACES: Final = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"})
_SKIPPED: Final = frozenset({".git", "node_modules", "testdata", "vendor"})


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
    enters .git, node_modules, testdata or vendor below it, nor what `exclude` names.

    exclude: globs with Go's `filepath.Match` rules; one without `/` (but at its end) matches a
        file or directory of that name anywhere, another one a path relative to `base`.
    base: None for the searched directory.
    A link found in a search that leads out of the repository, or out of the searched directory
    where there is none, is passed over.
    Raises DiscoveryError for a path that does not exist, is neither file nor directory, or cannot
    be read, and for a malformed glob.
    """
    return tuple(sorted(_found(paths, exclude, base).values(), key=os.fsencode))


class Survey:
    """The Dockerfiles of one run: below a directory that was searched nothing is searched again.

    A search of its own for each of a thousand services would be a thousand calls of git.
    """

    def __init__(self) -> None:
        #: What was searched, and how -> the real paths that were found, sorted.
        self._searched: dict[tuple[Path, tuple[str, ...], Path | None], _Sorted] = {}

    def find(
        self, path: Path, exclude: Sequence[str] = (), base: Path | None = None
    ) -> tuple[Path, ...]:
        """As `find_dockerfiles` of one path."""
        found = _found([path], exclude, base)
        self._searched[path.resolve(), tuple(exclude), base] = _Sorted(found)
        return tuple(sorted(found.values(), key=os.fsencode))

    def below(
        self, directory: Path, exclude: Sequence[str] = (), base: Path | None = None
    ) -> Sequence[Path]:
        """The real paths of the Dockerfiles below a directory without links in its path."""
        for top in (directory, *directory.parents):
            known = self._searched.get((top, tuple(exclude), base))
            if known is not None:
                return known.below(directory)
        self.find(directory, exclude, base)
        return self._searched[directory, tuple(exclude), base].below(directory)


class _Sorted:
    """Paths in the order of their text, in which those of a directory stand together."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._paths = sorted(paths, key=str)
        self._texts = [str(path) for path in self._paths]

    def below(self, directory: Path) -> Sequence[Path]:
        prefix = str(directory).rstrip("/")
        # "0" is the character after "/".
        first, last = (bisect_left(self._texts, prefix + end) for end in "/0")
        return self._paths[first:last]


def _found(paths: Iterable[Path], exclude: Sequence[str], base: Path | None) -> dict[Path, Path]:
    """Real path -> the path as found."""
    found: dict[Path, Path] = {}
    for path in paths:
        kind = kind_of(path)
        if kind == "dir":
            top = repository_root(path) or path.resolve()
            left_out = _Exclusion(exclude, path, base or path)
            below = (path / name for name in _search(path, left_out))
            files = [file for file in below if kind_of(file) == "file"]
        elif kind == "file":
            top, files = None, [path]
        else:
            problem = "not a file or directory" if kind else "no such file or directory"
            raise DiscoveryError(f"{path}: {problem}; check the path")
        for file in files:
            real = file.resolve()
            if top is not None and not real.is_relative_to(top):
                continue
            # Of several names for one file, the file's own is the one to speak of.
            if real not in found or file.absolute() == real:
                found[real] = file
    return found


def repository_root(path: Path) -> Path | None:
    """The work tree that `path` lies in: the nearest directory upward with `.git` in it.

    `.git` is a file in worktrees and submodules. None outside of any repository.
    """
    start = Path(os.path.realpath(path))  # Path.resolve raises an error for a link to itself.
    return _root_of(start if kind_of(start) == "dir" else start.parent)


@lru_cache(maxsize=4096)
def _root_of(directory: Path) -> Path | None:
    if kind_of(directory / ".git") is not None:
        return directory
    return None if directory.parent == directory else _root_of(directory.parent)


class _Exclusion:
    """The globs that keep files and directories out of a search of one directory."""

    def __init__(self, globs: Sequence[str], directory: Path, base: Path) -> None:
        here = directory.resolve()
        top = base.resolve()
        self._above = here.relative_to(top).as_posix() if here.is_relative_to(top) else "."
        self._names: list[str] = []
        self._paths: list[str] = []
        for glob in globs:
            anchored = "/" in glob.rstrip("/")
            (self._paths if anchored else self._names).append(relative(glob))
            try:
                match(relative(glob), "")
            except BadPattern as bad:
                raise DiscoveryError(f"exclude {glob}: {bad}") from None

    def leaves_out(self, path: str) -> bool:
        """Whether `path`, relative to the searched directory, or a directory above it is left out.

        A final `/` marks a directory.
        """
        parts = path.split("/")
        if not _SKIPPED.isdisjoint(parts[:-1]):
            return True
        parts = [part for part in parts if part]
        return any(match(glob, part) for glob in self._names for part in parts) or any(
            match(glob, clean(f"{self._above}/{'/'.join(parts[:n])}"))
            for glob in self._paths
            for n in range(1, len(parts) + 1)
        )


def _search(directory: Path, left_out: _Exclusion) -> Iterator[str]:
    """The paths of Dockerfiles relative to `directory`."""
    names = _from_git(directory) if repository_root(directory) is not None else None
    if names is None:
        return _from_disk(directory, left_out)
    return (
        name
        for name in names
        if is_dockerfile_name(name.rpartition("/")[2]) and not left_out.leaves_out(name)
    )


def _from_git(directory: Path) -> list[str] | None:
    """What git lists below `directory`; None when git is missing or refuses (foreign owner …)."""
    # A checkout is not trusted: its configuration may name a program as file system monitor.
    command = ["git", "-c", "core.fsmonitor=false", "ls-files", "-z"]
    command += ["--cached", "--others", "--exclude-standard"]
    # In a git hook these name another repository, or this one relative to another directory.
    inherited = {name: value for name, value in os.environ.items() if name not in _GIT_PLACES}
    try:
        listed = subprocess.run(
            command, cwd=directory, env=inherited, capture_output=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return [os.fsdecode(name) for name in listed.split(b"\0") if name]


def _from_disk(directory: Path, left_out: _Exclusion) -> Iterator[str]:
    """A walk that follows no linked directories, so it comes to an end."""
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
                    elif is_dockerfile_name(entry.name) and not left_out.leaves_out(path):
                        yield path
        except OSError as error:
            if not relative:
                raise DiscoveryError(f"{directory}: {error.strerror}") from None

"""The files a build can see: the build context with its ignore file applied.

Everything is read from untrusted checkouts, so nothing outside the root is followed, nothing
that is not a regular file is opened, and every read and walk is bounded.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path
from typing import Any, Final, Literal, Protocol

from gorewrite import files
from gorewrite.context.globs import clean, has_wildcard, is_pattern, match, relative, unescape
from gorewrite.context.ignorefile import IgnoreError, IgnoreFile
from gorewrite.memo import remembered

Kind = Literal["file", "dir", "link"]

_MOST_LINKS: Final = 40
"""Symbolic links followed for one path, as Linux does (ELOOP)."""

_MOST_READ: Final = 1 << 20
"""Bytes of the largest file that is read where no other limit is given."""

_MOST_KEPT: Final = 1 << 24
"""Bytes of file contents that a context remembers."""

_MOST_REMEMBERED: Final = 50_000
"""Answers that a context keeps from one Dockerfile to the next: those of some thousand services."""

_MOST_LOOKED_AT: Final = 200_000
"""Files looked at to learn whether anything in an excluded directory is let in again."""


class SourceTree(Protocol):
    """A tree of files. Paths are relative to its root with `/`; "." is the root."""

    @property
    def memory(self) -> dict[Hashable, Any]:
        """See gorewrite.memo."""

    def kind(self, path: str) -> Kind | None:
        """What `path` is; a link within the tree counts as what it points to, one out of the tree
        is a "link". None: absent, ignored, outside the tree, dangling, out of reach, or special."""

    def read(self, path: str, limit: int = _MOST_READ) -> bytes | None:
        """The whole file; None when it is no file, unreadable, or larger than `limit` bytes."""

    def listdir(self, path: str) -> tuple[str, ...]:
        """The sorted names in a directory, () when it is none."""


class Walk:
    """The sorted paths of everything in a tree that is not a directory; iterate it once.

    It may come by all the files of a large repository, so nothing of what it sees is kept.

    truncated: whether it stopped because more than the limit of entries came up.
    """

    def __init__(self, context: Context, top: str, limit: int, into: Callable[[str], bool]) -> None:
        self.truncated = False
        self._context = context
        self._into = into
        #: Where the path that came last lies, when that is a regular file.
        self._file: str | None = None
        self._paths = self._walk(top, limit)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        return next(self._paths)

    def read(self, path: str) -> bytes | None:
        """As Context.read of the path that came last."""
        return self._context.read(path) if self._file is None else self._context.glance(self._file)

    def _walk(self, top: str, limit: int) -> Iterator[str]:
        start = self._context.located(top)
        if start is None or self._context.is_link(top):
            return
        real, waiting, seen = start[0], [start], 0
        while waiting:
            path, mode = waiting.pop()
            if mode == stat.S_IFDIR:
                if path == real or self._into(path.rpartition("/")[2]):
                    waiting.extend(reversed(self._context.entries(path)))
                continue
            seen += 1
            if seen > limit:
                self.truncated = True
                return
            self._file = path if mode == stat.S_IFREG else None
            yield path if real == top else top + path.removeprefix(real)


class Context:
    """A build context.

    root: the directory; ignore: the rules in force; ignore_path: where they were read, relative
    to the root (it may begin with `../`), None when there is no ignore file.

    What stands on disk is remembered: make a new Context after files change.
    """

    def __init__(
        self, root: Path, ignore: IgnoreFile | None = None, ignore_path: str | None = None
    ) -> None:
        self.root = Path(files.real(root))
        self.ignore = ignore if ignore is not None else IgnoreFile(())
        self.ignore_path = ignore_path
        self._base = str(self.root)
        self._below = f"{self._base.rstrip('/')}/"
        self._modes: dict[str, int | None] = {}
        self._lets_in = any(pattern.negated for pattern in self.ignore.patterns)
        self._unignored: Context | None = None
        self._names: dict[str, tuple[str, ...]] = {}
        #: Directory -> (all its names, those that the ignore file leaves).
        self._shown: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        self._contents: dict[str, bytes] = {}
        self._kept = 0
        #: See gorewrite.memo.
        self.memory = files.SharedMemory()

    @classmethod
    def of(cls, root: Path, dockerfile: Path) -> Context:
        """The context at `root` as a build of `dockerfile` sees it.

        Raises IgnoreError when the ignore file cannot be read or would make the build fail.
        """
        path = effective_ignore(root, dockerfile)
        if path is None:
            return cls(root)
        data = cls(path.parent).read(path.name)
        if data is None:
            raise IgnoreError(0, "cannot be read, or is larger than 1 MiB")
        shown = os.path.relpath(f"{files.real(path.parent)}/{path.name}", files.real(root))
        return cls(root, IgnoreFile.parse(data), shown)

    @property
    def unignored(self) -> Context:
        """The same directory with no ignore file applied."""
        if self._unignored is None:
            self._unignored = Context(self.root) if self.ignore.patterns else self
        return self._unignored

    def trim(self) -> None:
        """Forgets what is remembered where that is a lot: to be called between two Dockerfiles, so
        that a repository of many services with one context does not fill the memory."""
        if len(self.memory) > _MOST_REMEMBERED:
            self.memory.trim()
            for each in (self._modes, self._names, self._shown, self._contents):
                each.clear()
            self._kept = 0
            self._unignored = None

    def kind(self, path: str) -> Kind | None:
        """See SourceTree.kind. A directory left out by a pattern is there when something below it
        is let in again."""
        resolved = self._resolve(path)
        if resolved is None or resolved == "link":
            return None if resolved is None else "link"
        real, mode = resolved
        if stat.S_ISREG(mode):
            return "file"
        return "dir" if stat.S_ISDIR(mode) and self._visible_directory(real) else None

    def is_link(self, path: str) -> bool:
        """Whether `path` itself is a symbolic link that is in the context."""
        path = clean(path)
        mode = self._mode(path)
        return mode is not None and stat.S_ISLNK(mode) and not self.ignore.excludes(path)

    def read(self, path: str, limit: int = _MOST_READ) -> bytes | None:
        """See SourceTree.read."""
        resolved = self._resolve(path)
        if resolved is None or resolved == "link" or not stat.S_ISREG(resolved[1]):
            return None
        data = self._contents.get(resolved[0])
        on_disk = self._on_disk(resolved[0])
        if data is None or not files.again(f"c{on_disk}"):
            try:
                data = files.read(on_disk, limit)
            except OSError:
                return None
            if len(data) <= limit and self._kept + len(data) <= _MOST_KEPT:
                self._contents[resolved[0]] = data
                self._kept += len(data)
        return data if len(data) <= limit else None

    def listdir(self, path: str) -> tuple[str, ...]:
        """See SourceTree.listdir."""
        resolved = self._resolve(path)
        if resolved is None or resolved == "link" or not stat.S_ISDIR(resolved[1]):
            return ()
        if not self.ignore.patterns:
            return self._all_names(resolved[0])
        return self._visible_names(resolved[0])

    def _visible_names(self, directory: str) -> tuple[str, ...]:
        names = self._all_names(directory)
        known = self._shown.get(directory)
        # What is let in again below an excluded directory has to be told to each recording.
        unsaid = files.recorded() and self._lets_in
        if known is None or known[0] is not names or unsaid:
            shown = tuple(
                name
                for name in names
                if self._shows(path := _join(directory, name), self._mode(path))
            )
            known = self._shown[directory] = (names, shown)
        return known[1]

    def glob(self, pattern: str) -> tuple[str, ...]:
        """The sorted paths a COPY source stands for: () when there is none.

        Each part of the path is matched by itself with Go's `filepath.Match`, so `*` does not
        cross `/` and `**` is nothing special. A leading `/` or `../` means the root.
        Raises BadPattern for one that builders refuse.
        """
        if not is_pattern(pattern):
            path = relative(pattern)
            return (path,) if self.kind(path) is not None else ()
        found = ["."]
        for part in relative(pattern).split("/"):
            if part == ".":
                continue
            if has_wildcard(part):
                match(part, "")  # says so when it is malformed, though nothing is there to match
                found = [
                    _join(directory, name)
                    for directory in found
                    for name in self.listdir(directory)
                    if match(part, name)
                ]
            else:
                found = [_join(directory, unescape(part)) for directory in found]
        return tuple(sorted(path for path in found if self.kind(path) is not None))

    def walk(
        self,
        top: str = ".",
        limit: int = 200_000,
        into: Callable[[str], bool] = lambda _: True,
    ) -> Walk:
        """All below `top` that is not a directory; linked directories are not entered.

        into: whether to enter a directory of some name.
        """
        return Walk(self, clean(top), limit, into)

    def located(self, path: str) -> tuple[str, int] | None:
        """(path without links, type bits) of what is in the tree; None for all else."""
        resolved = self._resolve(path)
        if resolved is None or resolved == "link" or self.kind(path) is None:
            return None
        return resolved

    def entries(self, directory: str) -> list[tuple[str, int]]:
        """(path, type bits) of all in a directory, by a path without links; none of it is kept."""
        found = files.names_in(self._on_disk(directory))
        listed = [(_join(directory, name), mode) for name, mode in found]
        if not self.ignore.patterns:
            return listed
        return [(path, mode) for path, mode in listed if self._shows(path, mode)]

    def glance(self, path: str) -> bytes | None:
        """As `read`, of a regular file by a path without links; it is not kept."""
        try:
            data = files.read(self._on_disk(path), _MOST_READ)
        except OSError:
            return None
        return data if len(data) <= _MOST_READ else None

    def evidence_line(self, path: str, needle: str) -> int:
        """The 1-based line of `path` in which `needle` first stands, 0 when it does not."""
        data = self.read(path)
        if data is None:
            return 0
        at = data.find(needle.encode("utf-8", "surrogateescape"))
        return data.count(b"\n", 0, at) + 1 if at >= 0 else 0

    @remembered
    def _resolve(self, path: str) -> tuple[str, int] | Literal["link"] | None:
        """(real path within the root, mode) after following links; "link" when one leads out."""
        waiting = clean(path).split("/")[::-1]
        if path.startswith("/"):
            return None
        real, links = ".", 0
        while waiting:
            part = waiting.pop()
            if part in ("", "."):
                continue
            if part == "..":
                if real == ".":
                    return "link" if links else None
                real = real.rpartition("/")[0] or "."
                continue
            here = _join(real, part)
            mode = self._mode(here)
            if mode is None:
                return None
            if stat.S_ISLNK(mode):
                links += 1
                target = files.target_of(self._on_disk(here))
                if links > _MOST_LINKS or target is None or self.ignore.excludes(here):
                    return None
                if target.startswith("/"):
                    return "link"  # in the image it will not point to where it points here
                waiting.extend(target.split("/")[::-1])
                continue
            real = here
        mode = self._mode(real)
        if mode is None or (not stat.S_ISDIR(mode) and self.ignore.excludes(real)):
            return None
        return real, mode

    def _shows(self, path: str, mode: int | None) -> bool:
        if mode == stat.S_IFDIR:
            return self._visible_directory(path)
        return not self.ignore.excludes(path)

    def _visible_directory(self, path: str) -> bool:
        """fsutil sends an excluded directory when it comes to something below that is let in."""
        if not self.ignore.excludes(path):
            return True
        return self._something_let_in(path)

    @remembered
    def _something_let_in(self, directory: str) -> bool:
        waiting, looked = [directory], 0
        while waiting and looked < _MOST_LOOKED_AT:
            current = waiting.pop()
            if not self.ignore.may_include_below(current):
                continue
            for name in self._all_names(current):
                looked += 1
                path = _join(current, name)
                if not self.ignore.excludes(path):
                    return True
                if self._mode(path) == stat.S_IFDIR:
                    waiting.append(path)
        return bool(waiting)

    def _on_disk(self, path: str) -> str:
        return self._base if path == "." else f"{self._below}{path}"

    def _mode(self, path: str) -> int | None:
        """The type bits of a file's mode, not following a link; None when there is none."""
        if path not in self._modes:
            self._modes[path] = files.mode_of(self._on_disk(path))
        elif files.tape is not None:
            files.tape.note(f"m{self._on_disk(path)}", self._modes[path])
        return self._modes[path]

    def _all_names(self, path: str) -> tuple[str, ...]:
        """Every name in a directory; the listing gives the types too, without a stat for each."""
        if path not in self._names or not files.again(f"n{self._on_disk(path)}"):
            found = files.names_in(self._on_disk(path))
            for name, mode in found:
                self._modes.setdefault(_join(path, name), mode)
            self._names[path] = tuple(name for name, _ in found)
        return self._names[path]


def effective_ignore(root: Path, dockerfile: Path) -> Path | None:
    """The ignore file a build of `dockerfile` in context `root` obeys, None when there is none.

    `<Dockerfile>.dockerignore` beside the Dockerfile stands in for the one in the root entirely.
    [BuildKit frontend/dockerui/config.go]
    """
    for path in (
        dockerfile.with_name(dockerfile.name + ".dockerignore"),
        root / ".dockerignore",
    ):
        if Context(path.parent).kind(path.name) == "file":
            return path
    return None


def _join(directory: str, name: str) -> str:
    return name if directory in ("", ".") else f"{directory}/{name}"

"""Writes a tree of git into a directory, which may be of an enemy's making.

Byte for byte as git has it: no filters, line ends, hooks or submodules. A file that was not fetched
is not absent: a placeholder stands for it, larger than all that is read. A link that leads out of
the tree still does, but to nowhere, whatever this machine has at its target.
"""

from __future__ import annotations

import os
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Final, NamedTuple

from gorewrite.discovery import is_dockerfile_name

#: Bytes of the largest file that planning reads, Go sources and Dockerfiles apart.
LARGEST: Final = 1 << 20
#: Bytes of a placeholder: more than are read of any file, Go sources too. It takes no room on disk.
_PLACEHOLDER: Final = (32 << 20) + 1
#: Bytes of the longest link that Linux makes (PATH_MAX, with the NUL behind it).
_LONGEST_LINK: Final = 4095
#: Links followed for one path, as Linux does (ELOOP).
_MOST_LINKS: Final = 40
#: Where links point that lead out of the tree.
_OUTSIDE: Final = "/nonexistent/outside"
_SUBMODULE: Final = "160000"
_LINK: Final = "120000"


class CloneError(Exception):
    """A repository cannot be fetched or written. The text is one line without secrets.

    transient: whether trying again later may help.
    """

    def __init__(self, text: str, *, transient: bool = False) -> None:
        super().__init__(text)
        self.transient = transient


class Entry(NamedTuple):
    """A file of the tree. mode: as git writes it; oid: of its content; path: from the root."""

    mode: str
    oid: str
    path: str

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


def write_tree(
    top: Path, entries: Sequence[Entry], missing: frozenset[str], environment: Mapping[str, str]
) -> None:
    """Writes all files of a tree into the work tree of a repository that holds their contents.

    top: the work tree, empty; missing: ids of contents that are not there; environment: of git.
    Raises CloneError.
    """
    writer = _Writer(top)
    for entry in entries:
        _check(entry.path)
    present = [each for each in entries if each.mode != _SUBMODULE and each.oid not in missing]
    links = {}
    for entry, size, stream in _contents(top, present, environment):
        if entry.mode == _LINK and size <= _LONGEST_LINK:
            links[entry.path] = os.fsdecode(stream.read(size))
        elif entry.mode == _LINK or (size > LARGEST and not read_when_large(entry.path)):
            _skip(stream, size)
            writer.placeholder(entry)
        else:
            writer.file(entry, stream, size)
    for entry in entries:
        if entry.mode == _SUBMODULE:
            writer.directory(entry.path)
        elif entry.oid in missing:
            writer.placeholder(entry)
    # Last, so that nothing is written through one.
    for path, target in links.items():
        writer.link(path, target if _stays(path, links) else f"{_OUTSIDE}/{target.lstrip('/')}")


def read_when_large(path: str) -> bool:
    """Whether a file is read though it is larger than LARGEST."""
    name = path.rpartition("/")[2]
    return name.endswith(".go") or is_dockerfile_name(name)


def _check(path: str) -> None:
    """Raises CloneError for a name that git itself would not check out."""
    for part in path.split("/"):
        if part in ("", ".", "..") or part.lower() in (".git", "git~1"):
            raise CloneError(f"{path!r} is no name that a file may have")


def _contents(
    top: Path, entries: Sequence[Entry], environment: Mapping[str, str]
) -> Iterator[tuple[Entry, int, IO[bytes]]]:
    """(file, size, a stream of which so many bytes have to be read) for each."""
    with tempfile.TemporaryFile() as wanted:
        wanted.writelines(f"{entry.oid}\n".encode("ascii") for entry in entries)
        wanted.seek(0)
        with subprocess.Popen(
            ["git", "cat-file", "--batch"],
            cwd=top,
            env=dict(environment),
            stdin=wanted,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            assert process.stdout is not None
            for entry in entries:
                head = process.stdout.readline().split()
                if len(head) != 3 or head[1] != b"blob":
                    raise CloneError(f"{entry.path!r}: git cannot read it")
                yield entry, int(head[2]), process.stdout
                process.stdout.read(1)


class _Writer:
    """Writes a tree into an empty directory, and nothing outside of it."""

    def __init__(self, top: Path) -> None:
        self.top = str(top)
        self._made = {""}

    def directory(self, path: str) -> None:
        """Makes a directory, and those above it."""
        if path in self._made:
            return
        self.directory(path.rpartition("/")[0])
        with _writing(path):
            os.mkdir(f"{self.top}/{path}")  # noqa: PTH102
        self._made.add(path)

    def file(self, entry: Entry, stream: IO[bytes], size: int) -> None:
        """Writes so many bytes of a stream."""
        with self._opened(entry) as file:
            for chunk in _chunks(stream, size):
                file.write(chunk)

    def placeholder(self, entry: Entry) -> None:
        """Makes a file that is too large to be read, without content."""
        if entry.mode == _LINK:
            return self.link(entry.path, _OUTSIDE)
        with self._opened(entry) as file:
            file.truncate(_PLACEHOLDER)
        return None

    def link(self, path: str, target: str) -> None:
        """Makes a symbolic link."""
        self.directory(path.rpartition("/")[0])
        with _writing(path):
            os.symlink(target, f"{self.top}/{path}")  # noqa: PTH211

    def _opened(self, entry: Entry) -> IO[bytes]:
        self.directory(entry.path.rpartition("/")[0])
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        mode = stat.S_IRWXU | 0o055 if entry.mode == "100755" else 0o644
        with _writing(entry.path):
            return os.fdopen(os.open(f"{self.top}/{entry.path}", flags, mode), "wb")


def _chunks(stream: IO[bytes], size: int) -> Iterator[bytes]:
    while size:
        chunk = stream.read(min(size, 1 << 20))
        if not chunk:
            raise CloneError("git ended too early", transient=True)
        size -= len(chunk)
        yield chunk


def _skip(stream: IO[bytes], size: int) -> None:
    for _ in _chunks(stream, size):
        pass


def _stays(path: str, links: Mapping[str, str]) -> bool:
    """Whether a link leads to a place within the tree, through whatever other links."""
    waiting, here, followed = path.split("/")[::-1], list[str](), 0
    while waiting:
        part = waiting.pop()
        if part in ("", "."):
            continue
        if part == "..":
            if not here:
                return False
            here.pop()
            continue
        target = links.get("/".join((*here, part)))
        if target is None:
            here.append(part)
            continue
        followed += 1
        if target.startswith("/"):
            return False
        if followed > _MOST_LINKS:
            return True  # It leads nowhere, on every machine.
        waiting += target.split("/")[::-1]
    return True


class _writing:
    """Makes an OSError a CloneError that names the file."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, OSError):
            why = error.strerror or str(error)
            raise CloneError(f"{self.path!r} cannot be written: {why}") from None

"""The files of an image, or of a build context."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Literal, NamedTuple


class Failure(Exception):
    """A build or a command that fails, as it would in reality."""


class Entry(NamedTuple):
    """One thing on a disk. content: of a file its text, of a link what it points at."""

    kind: Literal["file", "dir", "link"]
    content: str = ""
    owner: int = 0
    mode: int = 0o755


class Disk:
    """Absolute path -> entry, with the links resolved on the way."""

    def __init__(self, entries: dict[str, Entry] | None = None) -> None:
        self.entries = {"/": Entry("dir")} if entries is None else dict(entries)

    def copy(self) -> Disk:
        return Disk(self.entries)

    def resolve(self, path: str) -> str:
        """The path without links, whether anything is there or not."""
        for _ in range(20):
            where = "/"
            parts = [part for part in posixpath.normpath("/" + path).split("/") if part]
            for number, part in enumerate(parts):
                where = posixpath.join(where, part)
                entry = self.entries.get(where)
                if entry is not None and entry.kind == "link":
                    target = posixpath.join(posixpath.dirname(where), entry.content)
                    path = posixpath.join(target, *parts[number + 1 :])
                    break
            else:
                return where
        raise Failure(f"{path}: too many levels of symbolic links")

    def at(self, path: str) -> Entry | None:
        return self.entries.get(self.resolve(path))

    def text(self, path: str) -> str | None:
        """The text of a file, None when there is none."""
        entry = self.at(path)
        return entry.content if entry is not None and entry.kind == "file" else None

    def is_dir(self, path: str) -> bool:
        entry = self.at(path)
        return entry is not None and entry.kind == "dir"

    def make(self, path: str, owner: int = 0) -> None:
        """Makes a directory with its parents."""
        path = self.resolve(path)
        entry = self.entries.get(path)
        if entry is None:
            if path != "/":
                self.make(posixpath.dirname(path), owner)
            self.entries[path] = Entry("dir", owner=owner)
        elif entry.kind != "dir":
            raise Failure(f"{path}: not a directory")

    def put(self, path: str, entry: Entry) -> None:
        """Puts a file or link where its directory is."""
        place = posixpath.join(self.resolve(posixpath.dirname(path)), posixpath.basename(path))
        if entry.kind == "file":
            place = self.resolve(place)
        if not self.is_dir(posixpath.dirname(place)):
            raise Failure(f"{path}: no such directory")
        there = self.entries.get(place)
        if there is not None and there.kind == "dir":
            raise Failure(f"{path}: is a directory")
        self.entries[place] = entry

    def below(self, path: str) -> Iterator[str]:
        """All that lies below a directory, parents first."""
        top = self.resolve(path).rstrip("/") + "/"
        return iter(
            sorted(found for found in self.entries if found.startswith(top) and found != "/")
        )

    def remove(self, path: str) -> None:
        place = posixpath.join(self.resolve(posixpath.dirname(path)), posixpath.basename(path))
        entry = self.entries.get(place)
        if entry is not None and entry.kind == "dir":
            for found in list(self.below(place)):
                del self.entries[found]
        self.entries.pop(place, None)

    def change(self, path: str, **values: int) -> None:
        """Changes owner or mode."""
        place = self.resolve(path)
        if place not in self.entries:
            raise Failure(f"{path}: no such file or directory")
        self.entries[place] = self.entries[place]._replace(**values)  # type: ignore[arg-type]

    def glob(self, pattern: str) -> list[str]:
        """What a shell makes of a pattern: `*` and `?` stay within a name."""
        parts = [part for part in posixpath.normpath(pattern).split("/") if part]
        found = ["/"]
        for part in parts:
            if any(mark in part for mark in "*?["):
                found = [
                    path
                    for top in found
                    for path in self.below(top)
                    if posixpath.dirname(path) == self.resolve(top)
                    and fnmatchcase(posixpath.basename(path), part)
                    and not (posixpath.basename(path)[0] == "." and part[0] != ".")
                ]
            else:
                found = [posixpath.join(top, part) for top in found]
        return [path for path in found if self.at(path) is not None]

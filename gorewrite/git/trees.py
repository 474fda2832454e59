"""What commits hold and change, by the ids of objects: no file is read, so none has to be here."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from gorewrite.git.run import Git


class Entry(NamedTuple):
    """A file in a commit. mode: as 100644; id: of the object."""

    mode: str
    id: str


#: Path -> (what was there, what is there now); None where there is no file.
Changed = dict[str, tuple[Entry | None, Entry | None]]


class Person(NamedTuple):
    """Who made a commit, and when (`1700000000 +0000`)."""

    name: str
    email: str
    date: str


class Commit(NamedTuple):
    """A commit. The names of authors and the message as UTF-8, whatever it says."""

    id: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    message: str

    @property
    def subject(self) -> str:
        """The first line of its message."""
        return self.message.partition("\n")[0]


def blob_id(data: bytes, like: str) -> str:
    """The id that git gives to the content of a file. like: an id of the same repository."""
    header = b"blob %d\0" % len(data)
    return hashlib.new("sha256" if len(like) == 64 else "sha1", header + data).hexdigest()


def entries(git: Git, commit: str, paths: Iterable[str]) -> dict[str, Entry]:
    """Path -> what stands there in a commit; absent where there is nothing. Raises GitError.

    Only the directories of the paths are read. A path with a line break is never found.
    """
    directories: dict[str, list[str]] = {}
    for path in paths:
        directory, _, _name = path.rpartition("/")
        if "\n" not in path:
            directories.setdefault(directory, []).append(path)
    asked = [f"{commit}:{directory}" for directory in directories]
    found = {}
    for wanted, data in zip(directories.items(), _objects(git, asked), strict=True):
        directory, below = wanted
        listed = dict(_listed(data or b"", len(commit) // 2))
        for path in below:
            entry = listed.get(path[len(directory) :].lstrip("/"))
            if entry is not None:
                found[path] = entry
    return found


def changes(git: Git, commits: Sequence[str]) -> dict[str, Changed]:
    """Commit -> what it changes of its parent; {} for one without, or with several.

    Raises GitError.
    """
    found: dict[str, Changed] = {commit: {} for commit in commits}
    command = ("diff-tree", "--stdin", "-r", "-z", "--raw", "--no-renames", "--no-abbrev")
    said = git.run(*command, stdin="".join(f"{commit}\n" for commit in commits).encode())
    words = iter(os.fsdecode(said).split("\0"))
    now: Changed = {}
    for word in words:
        head = word.lstrip("\n")
        if head.startswith(":"):
            old_mode, mode, old, new, _status = head[1:].split(" ")
            now[next(words)] = (_entry(old_mode, old), _entry(mode, new))
        elif head:
            now = found[head]
    return found


def commits(git: Git, ids: Sequence[str]) -> list[Commit]:
    """Commits by their ids, in that order. Raises GitError, ValueError for what is not one."""
    found = []
    for id, data in zip(ids, _objects(git, ids), strict=True):
        if data is None:
            raise ValueError(f"{id} is not here")
        head, _, message = data.decode("utf-8", "replace").partition("\n\n")
        parents, people = [], {}
        for line in head.split("\n"):
            word, _, rest = line.partition(" ")
            if word == "parent":
                parents.append(rest)
            elif word in ("author", "committer"):
                people[word] = _person(rest)
        found.append(Commit(id, tuple(parents), people["author"], people["committer"], message))
    return found


def _person(text: str) -> Person:
    who, _, date = text.rpartition("> ")
    name, _, email = who.partition(" <")
    return Person(name, email, date)


def _entry(mode: str, id: str) -> Entry | None:
    return Entry(mode, id) if mode != "000000" else None


def _listed(tree: bytes, size: int) -> Iterator[tuple[str, Entry]]:
    """(name, entry) of a tree object: `<mode> SP <name> NUL <size bytes of the id>`."""
    at = 0
    while at < len(tree):
        end = tree.index(b"\0", at)
        mode, _, name = tree[at:end].partition(b" ")
        at = end + 1 + size
        yield os.fsdecode(name), Entry(mode.decode("ascii"), tree[end + 1 : at].hex())


def _objects(git: Git, names: Sequence[str]) -> Iterator[bytes | None]:
    """The contents of objects, None for what there is not. Raises GitError."""
    data = git.run("cat-file", "--batch", stdin=os.fsencode("".join(f"{name}\n" for name in names)))
    at = 0
    for name in names:
        end = data.index(b"\n", at)
        head = data[at:end]
        at = end + 1
        if head == os.fsencode(name) + b" missing":
            yield None
            continue
        size = int(head.rpartition(b" ")[2])
        yield data[at : at + size]
        at += size + 1

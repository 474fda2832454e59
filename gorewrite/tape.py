"""What was looked at on disk while a Dockerfile was planned: see gorewrite.files."""

# ruff: noqa: PTH116 (texts: a Path takes longer to make than to ask about)

from __future__ import annotations

import os
import time
from array import array
from collections.abc import Collection, Hashable, Iterator
from typing import Final, NamedTuple

#: (size, time of change in ns, of the status too, inode) of a file or directory.
Stamp = tuple[int, int, int, int]
#: A file that changed less than this many ns before it was read may change again without any
#: trace in its times: those of many file systems are as coarse as their clock's ticks, or 2 s.
_FRESH: Final = 2_000_000_000
#: From this many answers on, those that something remembered follows from are a bundle.
_MANY: Final = 200


class Input(NamedTuple):
    """One thing that was looked at.

    kind: "c" the contents of a file, "d" names in a directory, "s" type of what a link leads to,
    "r" a path without links, "x" what something else answered (see `answered`), "b" a bundle of
    what is looked at for many plannings, as the packages of a module. path: absolute; of "x", who
    answered what; of "b", its key. stamp: of the file or directory when it was looked at, None when
    there was none to go by. digest: of the contents, "" for those too large to be read, `!` and a
    number for an error; of "b", the numbers of what is in it; else the answers themselves.
    """

    kind: str
    path: str
    stamp: Stamp | None
    digest: str


class Seen(NamedTuple):
    """What was looked at for one planning, by the numbers that a tape gives to each input.

    tape: its name; new: the inputs that are told for the first time, numbered from `first` on.
    """

    tape: str
    numbers: array[int]
    first: int
    new: tuple[Input, ...]


class Bundle(NamedTuple):
    """Names of answers that are looked at together. key: stands for them, and what they were."""

    key: str
    names: frozenset[str]


class Tape:
    """What this process saw of the disk, and which of it the planning at hand looked at.

    An answer is named by a letter and its path: "m" type of what is there itself, "n" names in a
    directory, "c" contents, "l" target of a link, "s" type of what a link leads to, "r" a path
    without links, "x" others.
    """

    def __init__(self) -> None:
        self.name = os.urandom(8).hex()
        self.now: set[str] = set()
        self.bundles: dict[str, Bundle] = {}
        self.seen: dict[str, object] = {}
        #: Of directories by their path, of others by the name of the answer.
        self._stamps: dict[str, Stamp | None] = {}
        #: What was seen twice and had changed in between: nothing that follows from it is kept.
        self._changed: set[str] = set()
        #: What was told of -> its number.
        self._numbers: dict[Hashable, int] = {}
        self._new: list[Input] = []

    def begin(self) -> None:
        """Nothing was looked at yet."""
        self.now, self.bundles = set(), {}

    def note(self, name: str, answer: object) -> None:
        """Adds an answer to what the planning at hand looked at."""
        known = self.seen.setdefault(name, answer)
        if known is not answer and known != answer:
            self._changed.add(name)
        self.now.add(name)

    def note_contents(self, path: str, status: os.stat_result | None, digest: str) -> None:
        """Adds what was read of a file, with its status from before that."""
        self._stamps.setdefault(f"c{path}", fixed(status) if status is not None else None)
        self.note(f"c{path}", digest)

    def note_answer(self, question: str, digest: str, stamp: Stamp | None) -> None:
        """Adds what somebody else answered, with a stamp of what that follows from."""
        self._stamps[f"x{question}"] = stamp
        self.note(f"x{question}", digest)

    def again(self, name: str) -> bool:
        """Adds an answer that was noted before; whether there was one."""
        if name not in self.seen:
            return False
        self.now.add(name)
        return True

    def enter(self, directory: str) -> None:
        """To be called before names in a directory are looked up: takes its stamp."""
        if directory not in self._stamps:
            self._stamps[directory] = stamp_of(directory)

    def bundled(self) -> tuple[frozenset[str], tuple[Bundle, ...]]:
        """What was looked at since `begin`, much of it as one."""
        if len(self.now) > _MANY:
            text = "\n".join(f"{name}\0{self.seen[name]}" for name in sorted(self.now))
            bundle = Bundle(digest_of(as_bytes(text)), frozenset(self.now))
            self.bundles[bundle.key] = bundle
            self.now = set()
        return frozenset(self.now), tuple(self.bundles.values())

    def inputs(self) -> Seen | None:
        """What the planning at hand looked at; None when it was changing meanwhile.

        Whoever tells of plannings has to pass on each answer, as it may be the only one that
        says what a number stands for.
        """
        groups = [self.now, *(bundle.names for bundle in self.bundles.values())]
        if self._changed and not all(self._changed.isdisjoint(names) for names in groups):
            return None
        numbers = self._numbered(self.now)
        for key, bundle in self.bundles.items():
            number = self._numbers.get((key,))
            if number is None:
                inside = " ".join(map(str, self._numbered(bundle.names)))
                number = self._number((key,), Input("b", key, None, inside))
            numbers.append(number)
        new, self._new = tuple(self._new), []
        return Seen(self.name, array("I", sorted(numbers)), len(self._numbers) - len(new), new)

    def looked_at(self) -> Iterator[str]:
        """The names of what the planning at hand looked at."""
        yield from self.now
        for bundle in self.bundles.values():
            yield from bundle.names

    def _numbered(self, names: Collection[str]) -> list[int]:
        found = []
        below: dict[str, list[str]] = {}
        for name in names:
            number = self._numbers.get(name)
            if number is not None:
                found.append(number)
            elif name[0] in "mln":
                place = name[1:] if name[0] == "n" else name[1 : name.rindex("/")]
                below.setdefault(place or "/", []).append(name)
            else:
                stamp = self._stamps.get(name)
                each = Input(name[0], name[1:], stamp, str(self.seen[name]))
                found.append(self._number(name, each))
        for place, asked in below.items():
            asked.sort()
            key = tuple(asked)
            number = self._numbers.get(key)
            if number is None:
                each = Input("d", place, self._stamps.get(place), self._answers(asked))
                number = self._number(key, each)
            found.append(number)
        return found

    def _answers(self, asked: list[str]) -> str:
        """What was answered to questions about one directory."""
        seen = self.seen
        return "\0".join(
            f"{name[0]}{seen[name]}/{'' if name[0] == 'n' else name[name.rindex('/') + 1 :]}"
            for name in asked
        )

    def _number(self, key: Hashable, each: Input) -> int:
        number = self._numbers[key] = len(self._numbers)
        self._new.append(each)
        return number


def stamp_of(path: str | bytes) -> Stamp | None:
    """The stamp of what stands at a path, following links; None when that may change unseen, or
    there is nothing."""
    try:
        return fixed(os.stat(path))
    except (OSError, ValueError):
        return None


def fixed(status: os.stat_result) -> Stamp | None:
    """The stamp of a status, None while the file may still change without a trace."""
    if max(status.st_mtime_ns, status.st_ctime_ns) > time.time_ns() - _FRESH:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def stamp_for(answers: object) -> Stamp:
    """The stamp of one who answers for others. answers: with a `repr` that says all of them."""
    digest = digest_of(as_bytes(repr(answers)))
    return int(digest[:15], 16), int(digest[15:30], 16), 0, 0


def digest_of(data: bytes) -> str:
    """What stands for the contents of a file."""
    from hashlib import blake2b  # Takes a while, and most runs need none.

    return blake2b(data, digest_size=16).hexdigest()


def as_bytes(text: str) -> bytes:
    """A text with the bytes of paths that are no UTF-8 as they were."""
    return text.encode("utf-8", "surrogateescape")

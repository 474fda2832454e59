"""Whether what was looked at stands as it did: by its stamp, else by what it says."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, Protocol

from gorewrite import files
from gorewrite.fleet.cachefile import NO_STAMP, Inputs, of

_HOLDS: Final = 1
_FAILS: Final = 2


class Source(Protocol):
    """Who answers on behalf of many files that it read, see gorewrite.files.answered."""

    @property
    def stamp(self) -> files.Stamp | None:
        """While it is the same, so are all answers. None for a source without one."""

    def answer(self, question: str, /) -> object:
        """As it was recorded."""


class Standing:
    """The inputs of a cache, each looked at once.

    source: who answered under a name, None when nobody does today. restamped: whether some input
    says the same as before, but has another stamp by now.
    """

    def __init__(self, inputs: Inputs, source: Callable[[str], Source | None]) -> None:
        self.restamped = False
        self._inputs = inputs
        self._source = source
        #: Number of an input -> _HOLDS, _FAILS; 0 before it was looked at.
        self._known = bytearray()
        self._sources: dict[str, bytes] = {}
        self._directories: dict[bytes, bytes] = {}

    def hold(self, numbers: Iterable[int]) -> bool:
        """Whether all of some inputs are as they were."""
        known = self._known
        known.extend(bytes(len(self._inputs) - len(known)))
        for number in numbers:
            if not known[number]:
                known[number] = _HOLDS if self._look(number) else _FAILS
            if known[number] == _FAILS:
                return False
        return True

    def _look(self, number: int) -> bool:
        """Whether an input is as it was: by its stamp, else by what it says."""
        inputs = self._inputs
        kind = inputs.kind(number)
        if kind == "b":
            return self.hold(inputs.inside(number))
        stamp = self._stamp(kind, number)
        if stamp != NO_STAMP and stamp == inputs.stamp(number):
            return True
        digest = inputs.digest(number)
        if not (digest or kind != "c") or self._answer(kind, inputs.path(number), digest) != digest:
            return False
        if stamp != NO_STAMP:
            inputs.set_stamp(number, stamp)
            self.restamped = True
        return True

    def _stamp(self, kind: str, number: int) -> bytes:
        """The stamp of an input today; taken before it is looked at."""
        if kind == "c":
            return of(files.stamp_of(self._inputs.place(number)))
        if kind == "d":
            place = self._inputs.place(number)
            stamp = self._directories.get(place)
            if stamp is None:
                stamp = self._directories[place] = of(files.stamp_of(place))
            return stamp
        if kind == "x":
            who = self._inputs.path(number).partition("\n")[0]
            if who not in self._sources:
                source = self._source(who)
                self._sources[who] = of(source.stamp if source is not None else None)
            return self._sources[who]
        return NO_STAMP

    def _answer(self, kind: str, path: str, digest: str) -> str:
        """What an input says today."""
        if kind == "c":
            return contents(path)
        if kind == "d":
            return "\0".join(_names(path, answer) for answer in digest.split("\0"))
        if kind == "s":
            return str(files.kind_at(path))
        if kind == "r":
            return os.path.realpath(path)
        who, _, what = path.partition("\n")
        source = self._source(who)
        if kind != "x" or source is None:
            return ""
        return files.digest_of(repr(source.answer(what)).encode("utf-8", "surrogateescape"))


def contents(path: str) -> str:
    """The digest of a file, as of files.Input."""
    try:
        return files.digest_of(Path(path).read_bytes())
    except OSError as error:
        return f"!{error.errno}"


def _names(directory: str, answer: str) -> str:
    """What one of the questions about a directory is answered today, see gorewrite.files.Tape."""
    kind, name = answer[0], answer.rpartition("/")[2]
    path = f"{directory.rstrip('/')}/{name}"
    if kind == "m":
        return f"m{files.type_at(path)}/{name}"
    if kind == "n":
        names = repr(files.listing(directory)).encode("utf-8", "surrogateescape")
        return f"n{files.digest_of(names)}/"
    try:
        return f"l{Path(path).readlink()}/{name}"
    except OSError:
        return f"l{None}/{name}"

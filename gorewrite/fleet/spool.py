"""Bytes that have to wait: in memory while they are few, then in a temporary file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Final, NamedTuple

_MOST_IN_MEMORY: Final = 1 << 22
_PART: Final = 1 << 20


class Place(NamedTuple):
    """Where bytes were put."""

    start: int
    size: int


class Spool:
    """Takes bytes, and gives them back by their place until it is closed."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        #: What was put last, and where it begins.
        self._tail = bytearray()
        self._begin = 0

    def __len__(self) -> int:
        return self._begin + len(self._tail)

    def put(self, data: bytes) -> Place:
        """Where it can be had from then on. Raises OSError when the disk is full."""
        place = Place(len(self), len(data))
        self._tail += data
        if len(self._tail) > _MOST_IN_MEMORY:
            if self._file is None:
                from tempfile import TemporaryFile  # Takes a while, and most runs need none.

                self._file = TemporaryFile(buffering=0)  # noqa: SIM115 (see close)
            self._file.seek(self._begin)
            left = memoryview(self._tail)
            while left:
                left = left[self._file.write(left) :]
            self._begin += len(self._tail)
            self._tail = bytearray()
        return place

    def get(self, place: Place) -> bytes:
        """What was put there."""
        if place.start >= self._begin or self._file is None:
            start = place.start - self._begin
            return bytes(self._tail[start : start + place.size])
        self._file.seek(place.start)
        return self._file.read(place.size)

    def parts(self) -> Iterator[bytes]:
        """All that was put, in pieces."""
        for start in range(0, self._begin, _PART):
            yield self.get(Place(start, min(_PART, self._begin - start)))
        yield bytes(self._tail)

    def close(self) -> None:
        """Forgets everything."""
        if self._file is not None:
            self._file.close()

"""What became of all Dockerfiles of a run, put together: for a run in which nothing changed."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from gorewrite.fleet.entries import Entry
from gorewrite.fleet.plain import packed, unpacked

_LENGTH: Final = struct.Struct("<I")
#: Entries that are compressed together.
_BLOCK: Final = 256
#: Repository -> digest of what git lists in it.
Listings = tuple[tuple[str, str], ...]


class Whole:
    """The entries of a run, collected in their order."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []
        self._waiting: list[Entry] = []

    def add(self, entry: Entry) -> None:
        """Takes the next one."""
        self._waiting.append(entry)
        if len(self._waiting) == _BLOCK:
            self._pack()

    def record(self, listings: Listings) -> bytes:
        """All of it as bytes. listings: what git listed when the run began."""
        self._pack()
        parts = (packed(listings), *self._blocks)
        return b"".join(_LENGTH.pack(len(part)) + part for part in parts)

    def _pack(self) -> None:
        self._blocks.append(packed(tuple(self._waiting)))
        self._waiting = []


def read(record: bytes) -> tuple[Listings, Iterator[Entry]]:
    """(what git listed, the entries). Raises ValueError; the iterator, too, but for damage that
    the checksum of the record would have told."""
    parts = []
    at = 0
    while at < len(record):
        (length,) = _LENGTH.unpack_from(record, at)
        parts.append((at + _LENGTH.size, at + _LENGTH.size + length))
        at = parts[-1][1]
    if not parts or at != len(record):
        raise ValueError("damaged")
    (start, end), *blocks = parts
    listings: Listings = unpacked(Listings, record[start:end])
    return listings, _entries(record, blocks)


def _entries(record: bytes, blocks: list[tuple[int, int]]) -> Iterator[Entry]:
    for start, end in blocks:
        yield from unpacked(tuple[Entry, ...], record[start:end])

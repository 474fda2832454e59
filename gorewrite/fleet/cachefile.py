"""The file that a cache of plans is kept in: what was looked at, and what came of it.

Columns rather than rows, as a hundred thousand inputs have to be read and checked in a second:
each input once, whoever looked at it; an entry has the numbers of its inputs. The file is written
anew beside the old one and put in its place, so whoever reads sees one or the other.
"""

from __future__ import annotations

import os
import struct
from array import array
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Final, NamedTuple, Self
from zlib import crc32

from gorewrite.files import Input, Stamp

_MAGIC: Final = b"gorewrite plans 1\n"
#: Lengths of the sections before the records, then the digest of them all.
_HEAD: Final = struct.Struct("<8Q16s")
#: Behind each record.
_SUM: Final = struct.Struct("<I")
#: A stamp, all zero for none. (size, time of change, of the status, inode), see gorewrite.files.
STAMP: Final = struct.Struct("<4q")
NO_STAMP: Final = bytes(STAMP.size)
KEY_SIZE: Final = 16


class Entry(NamedTuple):
    """One plan. inputs: numbers of what was looked at; used: day of the last use, days since 1970;
    record: what came of it, compressed."""

    inputs: Sequence[int]
    used: int
    record: bytes


class Inputs:
    """What was looked at, in columns: kinds, paths, stamps (packed), digests; see files.Input."""

    def __init__(
        self, kinds: str = "", paths: Sequence[str] = (), stamps: bytes = b"", digests: str = ""
    ) -> None:
        self.kinds = list(kinds)
        self.paths = list(paths)
        self.stamps = bytearray(stamps)
        self.digests = digests.split("\0\0") if kinds else []
        self._numbers: dict[tuple[str, str, str], int] = {}

    def __len__(self) -> int:
        return len(self.kinds)

    def stamp(self, number: int) -> bytes:
        """The packed stamp of an input."""
        return bytes(self.stamps[number * STAMP.size : (number + 1) * STAMP.size])

    def set_stamp(self, number: int, stamp: bytes) -> None:
        """Gives an input a new stamp."""
        self.stamps[number * STAMP.size : (number + 1) * STAMP.size] = stamp

    def add(self, each: Input) -> int:
        """The number of an input, a new one where it is not known."""
        if not self._numbers:
            known = zip(self.kinds, self.paths, self.digests, strict=True)
            self._numbers = {input: number for number, input in enumerate(known)}
        key = (each.kind, each.path, each.digest)
        number = self._numbers.setdefault(key, len(self.kinds))
        if number == len(self.kinds):
            self.kinds.append(each.kind)
            self.paths.append(each.path)
            self.digests.append(each.digest)
            self.stamps += of(each.stamp)
        elif each.stamp is not None:
            self.set_stamp(number, of(each.stamp))
        return number

    def only(self, numbers: Sequence[int]) -> Self:
        """Those of some numbers, in that order."""
        new = type(self)()
        new.kinds = [self.kinds[number] for number in numbers]
        new.paths = [self.paths[number] for number in numbers]
        new.digests = [self.digests[number] for number in numbers]
        new.stamps = bytearray(b"".join([self.stamp(number) for number in numbers]))
        return new


def of(stamp: Stamp | None) -> bytes:
    """A stamp as it is stored and compared."""
    return NO_STAMP if stamp is None else STAMP.pack(*stamp)


class CacheFile:
    """A cache file that was read. Records stay in the file until they are asked for.

    Raises ValueError when it is no such file, or damaged; OSError.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        try:
            self._read()
        except (struct.error, IndexError) as error:
            self.close()
            raise ValueError("not a cache of plans") from error
        except (OSError, ValueError):
            self.close()
            raise

    def _read(self) -> None:
        status = os.fstat(self._file.fileno())
        if status.st_uid != os.geteuid():
            raise ValueError("not a cache of this user")
        if self._file.read(len(_MAGIC)) != _MAGIC:
            raise ValueError("not a cache of plans")
        *lengths, digest = _HEAD.unpack(self._file.read(_HEAD.size))
        if sum(lengths) > status.st_size:
            raise ValueError("a damaged cache of plans")
        index = self._file.read(sum(lengths))
        if blake2b(index, digest_size=16).digest() != digest:
            raise ValueError("a damaged cache of plans")
        parts, start = [], 0
        for length in lengths:
            parts.append(index[start : start + length])
            start += length
        kinds, paths, stamps, digests, keys, used, counts, numbers = parts
        self.inputs = Inputs(_text(kinds), _texts(paths), stamps, _text(digests))
        self._numbers = _array("I", numbers)
        self._used = _array("I", used)
        #: Key -> its place, in the order of the records.
        self._places: dict[bytes, int] = {
            keys[at : at + KEY_SIZE]: at // KEY_SIZE for at in range(0, len(keys), KEY_SIZE)
        }
        both = _array("I", counts)
        self._first_inputs = _running(both[0::2])
        self._offsets = _running(both[1::2], len(_MAGIC) + _HEAD.size + len(index))

    @property
    def keys(self) -> Sequence[bytes]:
        """Of all entries."""
        return list(self._places)

    def numbers(self, key: bytes) -> Sequence[int] | None:
        """The inputs of an entry, None when there is no such entry."""
        place = self._places.get(key)
        if place is None:
            return None
        return self._numbers[self._first_inputs[place] : self._first_inputs[place + 1]]

    def entry(self, key: bytes) -> Entry:
        """An entry that is there. Raises OSError, ValueError when it is damaged."""
        place = self._places[key]
        start, end = self._offsets[place : place + 2]
        data = os.pread(self._file.fileno(), end - start, start)
        record, sum_ = data[: -_SUM.size], data[-_SUM.size :]
        if sum_ != _SUM.pack(crc32(record)):
            raise ValueError("a damaged cache of plans")
        return Entry(self.numbers(key) or (), self._used[place], record)

    def close(self) -> None:
        """Lets go of the file."""
        self._file.close()


def write(path: Path, inputs: Inputs, entries: dict[bytes, Entry]) -> None:
    """Puts a cache file into place. Inputs of no entry are left out. Raises OSError."""
    needed = sorted({number for entry in entries.values() for number in entry.inputs})
    new_number = {number: new for new, number in enumerate(needed)}
    kept = inputs.only(needed)
    counts, numbers, used = array("I"), array("I"), array("I")
    for entry in entries.values():
        counts.extend((len(entry.inputs), len(entry.record) + _SUM.size))
        numbers.extend([new_number[number] for number in entry.inputs])
        used.append(entry.used)
    parts = [
        _bytes("".join(kept.kinds)),
        _bytes("\0".join(kept.paths)),
        bytes(kept.stamps),
        _bytes("\0\0".join(kept.digests)),
        b"".join(entries),
        *(each.tobytes() for each in (used, counts, numbers)),
    ]
    index = b"".join(parts)
    digest = blake2b(index, digest_size=16).digest()
    temporary = path.with_name(f".{path.name}.{os.urandom(8).hex()}.tmp")
    try:
        temporary.touch(0o600, exist_ok=False)
        with temporary.open("wb") as file:
            file.write(_MAGIC + _HEAD.pack(*map(len, parts), digest))
            file.write(index)
            for entry in entries.values():
                file.write(entry.record + _SUM.pack(crc32(entry.record)))
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _texts(data: bytes) -> list[str]:
    return _text(data).split("\0") if data else []


def _array(code: str, data: bytes) -> array[int]:
    found = array(code)
    found.frombytes(data)
    return found


def _running(lengths: array[int], start: int = 0) -> list[int]:
    """Where each of some pieces begins, and where the last one ends."""
    found = [start]
    for length in lengths:
        start += length
        found.append(start)
    return found

"""The file that a cache of plans is kept in: what was looked at, and what came of it.

Columns rather than rows, as a hundred thousand inputs have to be read and checked in a second:
each input once, whoever looked at it; an entry has the numbers of its inputs. The file is written
anew beside the old one, each record as it comes, and put in its place at the end, so whoever reads
sees one or the other.
"""

from __future__ import annotations

import os
import struct
from array import array
from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import suppress
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, Self
from zlib import crc32

from gorewrite.files import Input, Stamp
from gorewrite.fleet.spool import Place, Spool

_MAGIC: Final = b"gorewrite plans 2\n"
#: Where the index begins, the lengths of its sections, then the digest of them all.
_HEAD: Final = struct.Struct("<11Q16s")
#: Behind each record.
_SUM: Final = struct.Struct("<I")
#: A stamp, all zero for none. (size, time of change, of the status, inode), see gorewrite.files.
STAMP: Final = struct.Struct("<4q")
NO_STAMP: Final = bytes(STAMP.size)
KEY_SIZE: Final = 16
#: A part of the index, in pieces.
Section = Iterable[bytes | bytearray | memoryview]


class Entry(NamedTuple):
    """One plan. inputs: numbers of what was looked at; used: day of the last use, days since 1970;
    start, size: of the record of what came of it, in its file."""

    inputs: Sequence[int]
    used: int
    start: int
    size: int


class _Texts:
    """Texts by their number, as bytes: those that were read, and those that were added."""

    def __init__(self, ends: bytes = b"", read: memoryview | bytes = b"") -> None:
        self._ends = _array("I", ends)
        self._read = read
        self._more = Spool()

    def __getitem__(self, number: int) -> bytes:
        start, end = self._ends[number - 1] if number else 0, self._ends[number]
        first = len(self._read)
        if end <= first:
            return bytes(self._read[start:end])
        return self._more.get(Place(start - first, end - start))

    def add(self, text: bytes) -> None:
        """Adds one."""
        self._more.put(text)
        self._ends.append(len(self._read) + len(self._more))

    def sections(self) -> Iterator[Section]:
        """What is written of them: where each ends, and all of them."""
        yield [self._ends.tobytes()]
        yield chain([self._read], self._more.parts())

    def close(self) -> None:
        """Lets go of what was added."""
        self._more.close()


class Inputs:
    """What was looked at, in columns: kinds, paths, stamps (packed), digests; see files.Input."""

    def __init__(
        self,
        kinds: bytes = b"",
        paths: _Texts | None = None,
        stamps: bytes | memoryview = b"",
        digests: _Texts | None = None,
    ) -> None:
        self.kinds = bytearray(kinds)
        self.stamps = bytearray(stamps)
        self._paths = paths or _Texts()
        self._digests = digests or _Texts()

    def __len__(self) -> int:
        return len(self.kinds)

    def kind(self, number: int) -> str:
        """The kind of an input."""
        return chr(self.kinds[number])

    def place(self, number: int) -> bytes:
        """The path of an input as the system has it."""
        return self._paths[number]

    def path(self, number: int) -> str:
        """The path of an input."""
        return _text(self._paths[number])

    def digest(self, number: int) -> str:
        """The digest of an input."""
        return _text(self._digests[number])

    def stamp(self, number: int) -> bytes:
        """The packed stamp of an input."""
        return bytes(self.stamps[number * STAMP.size : (number + 1) * STAMP.size])

    def set_stamp(self, number: int, stamp: bytes) -> None:
        """Gives an input a new stamp."""
        self.stamps[number * STAMP.size : (number + 1) * STAMP.size] = stamp

    def inside(self, number: int) -> array[int]:
        """The inputs in a bundle."""
        return array("I", map(int, self.digest(number).split()))

    def add(self, each: Input) -> int:
        """Adds an input; its number."""
        self._paths.add(_bytes(each.path))
        self._digests.add(_bytes(each.digest))
        self.kinds += each.kind.encode()
        self.stamps += of(each.stamp)
        return len(self.kinds) - 1

    def only(self, numbers: Iterable[int]) -> tuple[Self, array[int]]:
        """(those of some numbers and what is in bundles among them, each once; the new number of
        each old one)."""
        new, known = type(self)(), dict[Hashable, int]()
        places = array("I", bytes(4 * len(self)))

        def take(number: int) -> None:
            digest = self._digests[number]
            if self.kinds[number] == _BUNDLE:
                inside = self.inside(number)
                for each in inside:
                    take(each)
                digest = " ".join(str(places[each]) for each in inside).encode()
            key = (self.kinds[number], self._paths[number], digest)
            place = known.setdefault(key, len(new.kinds))
            if place == len(new.kinds):
                new.kinds.append(self.kinds[number])
                new._paths.add(key[1])
                new._digests.add(digest)
                new.stamps += self.stamp(number)
            elif (stamp := self.stamp(number)) != NO_STAMP:
                new.set_stamp(place, stamp)
            places[number] = place

        for number in numbers:
            take(number)
        return new, places

    def sections(self) -> Iterator[Section]:
        """What is written of them."""
        yield [self.kinds]
        yield from self._paths.sections()
        yield [self.stamps]
        yield from self._digests.sections()

    def close(self) -> None:
        """Lets go of what was added."""
        self._paths.close()
        self._digests.close()


_BUNDLE: Final = ord("b")


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
        start, *lengths, digest = _HEAD.unpack(self._file.read(_HEAD.size))
        if start + sum(lengths) != status.st_size:
            raise ValueError("a damaged cache of plans")
        self._file.seek(start)
        index = memoryview(self._file.read())
        if blake2b(index, digest_size=16).digest() != digest:
            raise ValueError("a damaged cache of plans")
        parts, at = [], 0
        for length in lengths:
            parts.append(index[at : at + length])
            at += length
        kinds, ends, paths, stamps, others, digests, keys, used, places, numbers = parts
        self.inputs = Inputs(
            bytes(kinds), _Texts(bytes(ends), paths), stamps, _Texts(bytes(others), digests)
        )
        self._numbers = _array("I", numbers)
        self._used = _array("I", used)
        #: Of each entry: where its inputs begin, where its record does, how large that is; and
        #: where the inputs of the last one end.
        self._bounds = _array("Q", places)
        #: Key -> its place.
        self._places = {
            bytes(keys[at : at + KEY_SIZE]): at // KEY_SIZE for at in range(0, len(keys), KEY_SIZE)
        }

    @property
    def keys(self) -> Sequence[bytes]:
        """Of all entries."""
        return list(self._places)

    @property
    def oldest(self) -> int:
        """The day on which some entry was used last, see Entry.used."""
        return min(self._used, default=1 << 31)

    def __contains__(self, key: bytes) -> bool:
        return key in self._places

    def entry(self, key: bytes) -> Entry:
        """An entry that is there."""
        place = self._places[key]
        first, start, size, end = self._bounds[3 * place : 3 * place + 4]
        return Entry(self._numbers[first:end], self._used[place], start, size)

    def record(self, entry: Entry) -> bytes:
        """Its record. Raises OSError, ValueError when it is damaged."""
        data = os.pread(self._file.fileno(), entry.size + _SUM.size, entry.start)
        record, sum_ = data[: -_SUM.size], data[-_SUM.size :]
        if sum_ != _SUM.pack(crc32(record)):
            raise ValueError("a damaged cache of plans")
        return record

    def close(self) -> None:
        """Lets go of the file."""
        self._file.close()


class Writing:
    """A cache file that is being written beside another one. Raises OSError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(0o700, parents=True, exist_ok=True)
        self._temporary = path.with_name(f".{path.name}.{os.urandom(8).hex()}.tmp")
        self._temporary.touch(0o600, exist_ok=False)
        self._file: BinaryIO = self._temporary.open("wb")
        self._at = self._file.write(_MAGIC + bytes(_HEAD.size))

    def add(self, record: bytes) -> tuple[int, int]:
        """Writes a record; where it begins, and its size."""
        start = self._at
        self._at += self._file.write(record) + self._file.write(_SUM.pack(crc32(record)))
        return start, len(record)

    def finish(self, inputs: Inputs, entries: dict[bytes, Entry]) -> None:
        """Puts it into place. entries: their inputs are numbers of `inputs`, their records were
        added."""
        places, numbers = array("Q"), array("I")
        for entry in entries.values():
            places.extend((len(numbers), entry.start, entry.size))
            numbers.extend(entry.inputs)
        places.append(len(numbers))
        used = array("I", [entry.used for entry in entries.values()])
        sections: Iterable[Section] = chain(
            inputs.sections(),
            ([b"".join(entries)],),
            ([each.tobytes()] for each in (used, places, numbers)),
        )
        digest, lengths = blake2b(digest_size=16), []
        for section in sections:
            lengths.append(0)
            for part in section:
                digest.update(part)
                lengths[-1] += self._file.write(part)
        self._file.seek(len(_MAGIC))
        self._file.write(_HEAD.pack(self._at, *lengths, digest.digest()))
        self._file.close()
        self._temporary.replace(self._path)

    def close(self) -> None:
        """Leaves nothing behind but what was finished."""
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self._temporary.unlink(missing_ok=True)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _array(code: str, data: bytes | memoryview) -> array[int]:
    found = array(code)
    found.frombytes(data)
    return found

"""What was planned before and would be planned the same: a cache that cannot be wrong.

A plan follows from the program, its options and what it looked at on disk, and from nothing
else. So the name of a cache file stands for the first two (see `path_for`), and an entry lists the
third (see gorewrite.files): it is taken only when all of that is as it was. By their stamps first,
as the index of git does; where these differ, as in a new checkout, or are too fresh to tell, by
contents.
"""

from __future__ import annotations

import os
import sys
import time
from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from itertools import compress, count
from pathlib import Path
from typing import Final, NamedTuple

from gorewrite import files
from gorewrite.fleet.cachefile import KEY_SIZE, CacheFile, Entry, Inputs, Writing
from gorewrite.fleet.standing import Source, Standing, contents

#: Days after which an entry that was not asked for, or a file that was not used, is dropped.
_KEPT_DAYS: Final = 30
#: Bytes of all cache files together; the one used longest ago goes first.
_MOST_BYTES: Final = 1 << 30
_SUFFIX: Final = ".plans"
_DAY: Final = 86_400
#: What the keys begin with of what follows from all that others follow from, see `put_whole`.
WHOLE: Final = b"whole"


class Info(NamedTuple):
    """The caches of this user. bytes: of all of them; unread: those that count as none."""

    directory: Path
    files: int
    bytes: int
    entries: int
    unread: int


class Cache:
    """The plans of one repository that were made with the same program and options.

    Several runs may use it at the same time: each reads what was there when it began, and the
    last one to end leaves what it knows. No trouble with the disk ends a run: what cannot be read
    is planned again, what cannot be written is not kept.
    """

    def __init__(self, path: Path, source: Callable[[str], Source | None]) -> None:
        """source: who answered under a name; None when nobody does today."""
        self._path = path
        self._old: CacheFile | None = None
        with suppress(OSError, ValueError):
            self._old = CacheFile(path)
        self._inputs = self._old.inputs if self._old is not None else Inputs()
        self._standing = Standing(self._inputs, source)
        self._today = int(time.time() // _DAY)
        self._writing: Writing | None = None
        self._new: dict[bytes, Entry] = {}
        self._taken: set[bytes] = set()
        self._failed: set[bytes] = set()
        #: Name of a tape -> its numbers of inputs as those here; what came before its turn.
        self._tables: dict[str, array[int]] = {}
        self._early: list[tuple[bytes, bytes, files.Seen]] = []

    def __contains__(self, key: bytes) -> bool:
        """Whether something was planned under a key."""
        return self._old is not None and key in self._old

    def get(self, key: bytes) -> bytes | None:
        """What was planned under a key, when it would be planned the same today."""
        if self._old is None or key not in self._old:
            return None
        try:
            entry = self._old.entry(key)
            if self._standing.hold(entry.inputs):
                record = self._old.record(entry)
                self._taken.add(key)
                return record
        except (OSError, ValueError, IndexError):
            pass
        self._failed.add(key)
        return None

    def refuse(self, key: bytes) -> None:
        """Says that what was got is no good."""
        self._taken.discard(key)
        self._failed.add(key)

    def put(self, key: bytes, record: bytes, seen: files.Seen) -> None:
        """Keeps what was planned, and what was looked at for it. record: b"" for nothing to keep.

        To be told of all that a tape saw, in whatever order.
        """
        table = self._tables.setdefault(seen.tape, array("I"))
        if seen.first > len(table):
            self._early.append((key, record, seen))
            return
        for each in seen.new:
            if each.kind == "b":
                inside = " ".join(str(table[int(number)]) for number in each.digest.split())
                each = each._replace(digest=inside)
            table.append(self._inputs.add(each))
        if record:
            self._keep(key, record, array("I", [table[number] for number in seen.numbers]))
        if self._early:
            early, self._early = self._early, []
            for told in early:
                self.put(*told)

    def whole(self, keys: Iterable[bytes], seen: files.Seen) -> array[int] | None:
        """All that was looked at on disk for what was got and kept under some keys, and besides;
        None when some of it is not kept, or somebody would answer otherwise by now."""
        self.put(b"", b"", seen)
        table = self._tables[seen.tape]
        # A hundred thousand numbers are small as marks, and large as a set.
        marks = bytearray(len(self._inputs))
        for number in seen.numbers:
            marks[table[number]] = 1
        for key in keys:
            entry = self._new.get(key)
            if entry is None and self._old is not None and key in self._taken:
                entry = self._old.entry(key)
            if entry is None:
                return None
            for number in entry.inputs:
                marks[number] = 1
        for number in self._marked(marks, "b"):
            marks[number] = 0
            for inside in self._inputs.inside(number):
                marks[inside] = 1
        answers = self._marked(marks, "x")
        for number in answers:
            marks[number] = 0
        return array("I", compress(count(), marks)) if self._standing.hold(answers) else None

    def put_whole(self, key: bytes, record: bytes, found: array[int]) -> None:
        """Keeps what follows from all that is `found`."""
        self._keep(key, record, found)

    def _marked(self, marks: bytearray, kind: str) -> array[int]:
        wanted, kinds = ord(kind), self._inputs.kinds
        return array(
            "I", [number for number in compress(count(), marks) if kinds[number] == wanted]
        )

    def _keep(self, key: bytes, record: bytes, numbers: array[int]) -> None:
        try:
            if self._writing is None:
                self._writing = Writing(self._path)
            start, size = self._writing.add(record)
        except OSError:
            return
        self._new[key] = Entry(numbers, self._today, start, size)

    def save(self) -> None:
        """Writes what is new; does nothing when nothing is. The cache is of no use after that."""
        old = self._old
        aged = old is not None and old.oldest < self._today - _KEPT_DAYS // 4
        try:
            if self._standing.restamped or self._failed or self._new or aged:
                self._write(self._writing or Writing(self._path))
                _tidy(self._path.parent)
            else:
                os.utime(self._path)  # It is in use.
        except OSError:
            pass
        finally:
            if self._writing is not None:
                self._writing.close()
            self._inputs.close()
            if old is not None:
                old.close()

    def _write(self, writing: Writing) -> None:
        self._writing = writing
        entries = {**dict(self._kept(writing)), **self._new}
        inputs = self._inputs
        if self._old is not None and (self._failed or self._new):
            # Some are of no use any more, and others were told a second time.
            inputs, places = inputs.only({n for each in entries.values() for n in each.inputs})
            for key, entry in entries.items():
                numbers = sorted({places[number] for number in entry.inputs})
                entries[key] = entry._replace(inputs=array("I", numbers))
        with closing(inputs):
            writing.finish(inputs, entries)

    def _kept(self, writing: Writing) -> Iterator[tuple[bytes, Entry]]:
        """The old entries that still hold, and those that nobody asked for lately."""
        old = self._old
        # Whatever follows from all of it was asked for in the name of all.
        every = any(key.startswith(WHOLE) for key in self._taken)
        for key in old.keys if old is not None else ():
            if key in self._failed or key in self._new:
                continue
            if key.startswith(WHOLE) and key not in self._taken and self._failed:
                continue  # It follows from what does not hold any more.
            assert old is not None
            entry = old.entry(key)
            used = self._today if every or key in self._taken else entry.used
            if used < self._today - _KEPT_DAYS:
                continue
            with suppress(OSError, ValueError):
                record = old.record(entry)
                yield key, Entry(entry.inputs, used, *writing.add(record))


# --- where caches are ----------------------------------------------------------------------


def directory() -> Path:
    """GOREWRITE_CACHE_DIR, else below the user's cache directory (XDG Base Directory)."""
    given = os.environ.get("GOREWRITE_CACHE_DIR")
    if given:
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "gorewrite"


def path_for(repository: str, options: object) -> Path:
    """The cache file of a repository for what the program is and what it was asked to do.

    options: with a `repr` that says all that the outcome of a file depends on and that is not
    read from disk while it is planned.
    """
    who = f"{os.geteuid()} {sys.version} {repository} {options!r} {_program()}"
    name = files.digest_of(who.encode("utf-8", "surrogateescape"))
    return directory() / f"{name}{_SUFFIX}"


def key_of(task: object) -> bytes:
    """The key of an entry. task: with a `repr` that tells it from all others."""
    return bytes.fromhex(files.digest_of(repr(task).encode("utf-8", "surrogateescape")))[:KEY_SIZE]


def _program() -> str:
    """Stands for the code that plans: the sources of gorewrite and of the packages that transforms
    are from, and what is installed beside them."""
    from gorewrite.entrypoints import distributions, entry_points

    parts = []
    for place in distributions():
        # It has a digest of each file that was installed.
        parts.append(f"{Path(place).name} {contents(f'{place}/RECORD')}")
    places = set(_places_of("gorewrite"))
    for value in entry_points("gorewrite.transforms").values():
        module = value.partition(":")[0].strip()
        while module:
            places.update(_places_of(module))
            module = module.rpartition(".")[0]
    parts += [f"{source} {contents(source)}" for source in sorted(_sources_in(places))]
    return files.digest_of("\n".join(parts).encode("utf-8", "surrogateescape"))


def _places_of(module: str) -> list[str]:
    """The directories of a package; of another module the one that it lies in, but where many
    distributions are installed (then its own file)."""
    from importlib.util import find_spec

    found = find_spec(module)
    if found is None or not found.has_location:
        return []
    if found.submodule_search_locations is not None:
        return list(found.submodule_search_locations)
    assert found.origin is not None
    here = Path(found.origin).parent
    return [found.origin if any(here.glob("*.dist-info")) else str(here)]


def _sources_in(places: Iterable[str]) -> Iterator[str]:
    """Files below some directories that decide what their code does: sources, and their data."""
    for place in places:
        if not Path(place).is_dir():
            yield place
        for where, below, names in os.walk(place):
            below[:] = [name for name in below if name != "__pycache__" and name[0] != "."]
            yield from (f"{where}/{name}" for name in names if not name.endswith(".pyc"))


def _all_files(place: Path) -> list[tuple[float, int, Path]]:
    """(time of last use, bytes, path) of the cache files, the one used longest ago first."""
    found = []
    for path in place.glob(f"*{_SUFFIX}"):
        with suppress(OSError):
            status = path.stat()
            found.append((status.st_mtime, status.st_size, path))
    return sorted(found)


def _tidy(place: Path) -> None:
    """Keeps all cache files together within bounds."""
    kept = _all_files(place)
    total = sum(size for _, size, _ in kept)
    for left in place.glob(f".*{_SUFFIX}.*.tmp"):  # Of a run that was killed.
        with suppress(OSError):
            if left.stat().st_mtime < time.time() - _DAY:
                left.unlink(missing_ok=True)
    for used, size, path in kept:
        if total <= _MOST_BYTES and used >= time.time() - _KEPT_DAYS * _DAY:
            break
        path.unlink(missing_ok=True)
        total -= size


def info() -> Info:
    """What there is."""
    found = _all_files(directory())
    entries = unread = 0
    for _, _, path in found:
        try:
            file = CacheFile(path)
            entries += len(file.keys)
            file.close()
        except (OSError, ValueError):
            unread += 1
    return Info(directory(), len(found), sum(size for _, size, _ in found), entries, unread)


def clear() -> int:
    """Removes all cache files; tells how many. Raises OSError."""
    found = _all_files(directory())
    for _, _, path in found:
        path.unlink(missing_ok=True)
    return len(found)

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
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from gorewrite import files
from gorewrite.fleet.cachefile import KEY_SIZE, NO_STAMP, CacheFile, Entry, Inputs, of, write

#: Days after which an entry that was not asked for, or a file that was not used, is dropped.
_KEPT_DAYS: Final = 30
#: Bytes of all cache files together; the one used longest ago goes first.
_MOST_BYTES: Final = 1 << 30
_SUFFIX: Final = ".plans"
_DAY: Final = 86_400


class Source(Protocol):
    """Who answers on behalf of many files that it read, see gorewrite.files.answered."""

    @property
    def stamp(self) -> files.Stamp | None:
        """While it is the same, so are all answers. None for a source without one."""

    def answer(self, question: str, /) -> object:
        """As it was recorded."""


class Info(NamedTuple):
    """The caches of this user. bytes: of all of them; damaged: those that cannot be read."""

    directory: Path
    files: int
    bytes: int
    entries: int
    damaged: int


class Cache:
    """The plans of one repository that were made with the same program and options.

    Several runs may use it at the same time: each reads what was there when it began, and the
    last one to end leaves what it knows. No trouble with the disk ends a run: what cannot be read
    is planned again, what cannot be written is not kept.
    """

    def __init__(self, path: Path, source: Callable[[str], Source | None]) -> None:
        """source: who answered under a name; None when nobody does today."""
        self._path = path
        self._source = source
        self._stamps: dict[str, bytes] = {}
        self._old: CacheFile | None = None
        with suppress(OSError, ValueError):
            self._old = CacheFile(path)
        self._inputs = self._old.inputs if self._old is not None else Inputs()
        #: Number of an input -> whether it holds; None before it was looked at.
        self._holds: list[bool | None] = [None] * len(self._inputs)
        self._directories: dict[str, bytes] = {}
        self._today = int(time.time() // _DAY)
        self._new: dict[bytes, Entry] = {}
        self._taken: set[bytes] = set()
        self._failed: set[bytes] = set()
        self._changed = False

    def get(self, key: bytes) -> bytes | None:
        """What was planned under a key, when it would be planned the same today."""
        if self._old is None:
            return None
        numbers = self._old.numbers(key)
        if numbers is None:
            return None
        try:
            if all(map(self._check, numbers)):
                record = self._old.entry(key).record
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
        """Keeps what was planned, and what was looked at for it."""
        for name, inputs in seen.bundles:
            if inputs is not None:
                self._new[bytes.fromhex(name)] = self._entry(inputs, b"")
        if all(bytes.fromhex(name) in self._new for name, _ in seen.bundles):
            self._new[key] = self._entry(seen.inputs, record)

    def _entry(self, inputs: Iterable[files.Input], record: bytes) -> Entry:
        numbers = sorted({self._inputs.add(each) for each in inputs})
        return Entry(numbers, self._today, record)

    def save(self) -> None:
        """Writes what is new; does nothing when nothing is. The cache is of no use after that."""
        entries = dict(self._kept())
        if self._changed or self._failed or self._new:
            entries |= self._new
            with suppress(OSError):
                self._path.parent.mkdir(0o700, parents=True, exist_ok=True)
                write(self._path, self._inputs, entries)
                _tidy(self._path.parent)
        else:
            with suppress(OSError):  # It is in use.
                os.utime(self._path)
        if self._old is not None:
            self._old.close()

    def _kept(self) -> Iterator[tuple[bytes, Entry]]:
        """The old entries that still hold, and those that nobody asked for lately."""
        for key in self._old.keys if self._old is not None else ():
            if key in self._failed or key in self._new:
                continue
            assert self._old is not None
            with suppress(OSError, ValueError):
                entry = self._old.entry(key)
                if key in self._taken:
                    self._changed |= entry.used < self._today - _KEPT_DAYS // 4
                    yield key, entry._replace(used=self._today)
                elif entry.used >= self._today - _KEPT_DAYS:
                    yield key, entry

    def _check(self, number: int) -> bool:
        known = self._holds[number]
        if known is None:
            known = self._holds[number] = self._look(number)
        return known

    def _look(self, number: int) -> bool:
        """Whether an input is as it was: by its stamp, else by what it says."""
        inputs = self._inputs
        kind, path = inputs.kinds[number], inputs.paths[number]
        if kind == "b":
            return self._look_at_bundle(bytes.fromhex(path))
        stamp = self._stamp(kind, path)
        if stamp != NO_STAMP and stamp == inputs.stamp(number):
            return True
        digest = inputs.digests[number]
        if not (digest or kind != "c") or self._answer(kind, path, digest) != digest:
            return False
        if stamp != NO_STAMP:
            inputs.set_stamp(number, stamp)
            self._changed = True
        return True

    def _look_at_bundle(self, key: bytes) -> bool:
        numbers = self._old.numbers(key) if self._old is not None else None
        holds = numbers is not None and all(map(self._check, numbers))
        (self._taken if holds else self._failed).add(key)
        return holds

    def _stamp(self, kind: str, path: str) -> bytes:
        """The stamp of an input today; taken before it is looked at."""
        if kind == "c":
            return of(files.stamp_of(path))
        if kind == "d":
            stamp = self._directories.get(path)
            if stamp is None:
                stamp = self._directories[path] = of(files.stamp_of(path))
            return stamp
        if kind == "x":
            who = path.partition("\n")[0]
            if who not in self._stamps:
                source = self._source(who)
                self._stamps[who] = of(source.stamp if source is not None else None)
            return self._stamps[who]
        return NO_STAMP

    def _answer(self, kind: str, path: str, digest: str) -> str:
        """What an input says today."""
        if kind == "c":
            return _contents(path)
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


def _contents(path: str) -> str:
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
        parts.append(f"{Path(place).name} {_contents(f'{place}/RECORD')}")
    places = set(_places_of("gorewrite"))
    for value in entry_points("gorewrite.transforms").values():
        module = value.partition(":")[0].strip()
        while module:
            places.update(_places_of(module))
            module = module.rpartition(".")[0]
    parts += [f"{source} {_contents(source)}" for source in sorted(_sources_in(places))]
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
    for used, size, path in kept:
        if total <= _MOST_BYTES and used >= time.time() - _KEPT_DAYS * _DAY:
            break
        path.unlink(missing_ok=True)
        total -= size


def info() -> Info:
    """What there is."""
    found = _all_files(directory())
    entries = damaged = 0
    for _, _, path in found:
        try:
            file = CacheFile(path)
            entries += len(file.keys)
            file.close()
        except (OSError, ValueError):
            damaged += 1
    return Info(directory(), len(found), sum(size for _, size, _ in found), entries, damaged)


def clear() -> int:
    """Removes all cache files; tells how many. Raises OSError."""
    found = _all_files(directory())
    for _, _, path in found:
        path.unlink(missing_ok=True)
    return len(found)

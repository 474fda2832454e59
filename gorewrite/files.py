"""What stands on disk: everything that planning looks at is asked for here, and can be recorded.

No question raises an error, whatever stands there. While a planning is recorded (see `recording`)
each answer goes onto a tape, so that a later run can tell whether it would be planned the same:
gorewrite.fleet.cache keeps the tape with the outcome. So nothing that is planned may touch the
disk in another way. An answer that is remembered for several Dockerfiles brings back what was
looked at for it: see `SharedMemory`.
"""

# ruff: noqa: PTH100, PTH109, PTH115, PTH116, PTH123 (texts: a Path takes longer to make than to ask about)

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from gorewrite.tape import (
    Bundle,
    Input,
    Seen,
    Stamp,
    Tape,
    as_bytes,
    digest_of,
    fixed,
    stamp_for,
    stamp_of,
)

__all__ = ["Input", "Seen", "Stamp", "Tape", "digest_of", "fixed", "stamp_for", "stamp_of"]

Kind = Literal["file", "dir", "other"]


_KINDS: Final[dict[int | None, Kind | None]] = {
    None: None,
    stat.S_IFREG: "file",
    stat.S_IFDIR: "dir",
}

#: Types that are told apart; all others are as a pipe is: nothing to be read.
_TYPES: Final = frozenset({stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK, stat.S_IFIFO})

#: How far up one look goes: see `halts`.
_AT_ONCE: Final = 100
#: Bytes of the largest file of which more is kept than its times.
_MOST_DIGESTED: Final = 1 << 24


#: The tape that is running; None when nothing is recorded.
tape: Tape | None = None


@contextmanager
def recording(onto: Tape, *, more: bool = False) -> Iterator[Tape]:
    """Records one planning, or more of it. Ask the tape for its `inputs` at the end of it, before
    the next.

    A tape is good for one run: what it saw once is not looked at again where it is remembered.
    """
    global tape
    if not more:
        onto.begin()
    before, tape = tape, onto
    try:
        yield onto
    finally:
        tape = before


@contextmanager
def unrecorded() -> Iterator[None]:
    """What is looked at meanwhile is none of the planning's: it is told what follows from it by
    `answered`."""
    global tape
    before, tape = tape, None
    try:
        yield
    finally:
        tape = before


def recorded() -> bool:
    """Whether a planning is being recorded."""
    return tape is not None


def again(name: str) -> bool:
    """Whether an answer that is remembered may be used: one that was not recorded may not be while
    a planning is, and is asked for again."""
    return tape is None or tape.again(name)


class _Replay(NamedTuple):
    """What was looked at for an answer, on which tape."""

    tape: Tape
    names: frozenset[str]
    bundles: tuple[Bundle, ...]
    answer: Any


#: That nothing is remembered.
ABSENT: Final = object()


def _lasts(key: Hashable) -> bool:
    return isinstance(key, tuple) and bool(key) and getattr(key[0], "lasting", False)


class SharedMemory(dict[Hashable, Any]):
    """Answers that outlive one Dockerfile, each with what was looked at to find it.

    most: how many are kept; the one that was not used for longest goes first.
    """

    def __init__(self, most: int | None = None) -> None:
        self._replays: dict[Hashable, _Replay] = {}
        self._most = most

    def __reduce__(self) -> tuple[type[SharedMemory], tuple[int | None]]:
        return SharedMemory, (self._most,)  # Another process remembers for itself.

    def trim(self) -> None:
        """Forgets everything but the answers of functions that are `memo.lasting`."""
        for key in [key for key in self if not _lasts(key)]:
            del self[key]
            self._replays.pop(key, None)

    def clear(self) -> None:
        """Forgets everything."""
        super().clear()
        self._replays.clear()

    def answer(self, key: Hashable, find: Callable[[], Any]) -> Any:
        """The answer remembered under a key, else what `find` returns."""
        known = self.replay(key)
        if known is not ABSENT:
            if self._most is not None:
                self[key] = self.pop(key)  # Behind all that were not used since.
            return known
        found = find() if tape is None else self._recorded(key, tape, find)
        if self._most is not None and len(self) >= self._most:
            oldest = next(iter(self))
            del self[oldest]
            self._replays.pop(oldest, None)
        self[key] = found
        return found

    def replay(self, key: Hashable) -> Any:
        """The answer remembered under a key, looked at again; ABSENT when there is none."""
        if tape is None:
            return self.get(key, ABSENT)
        replay = self._replays.get(key)
        if replay is None or replay[0] is not tape:
            return ABSENT
        tape.now |= replay[1]
        for bundle in replay[2]:
            tape.bundles[bundle.key] = bundle
        return replay[3]

    def _recorded(self, key: Hashable, tape: Tape, find: Callable[[], Any]) -> Any:
        now, bundles = tape.now, tape.bundles
        tape.begin()
        try:
            found = find()
            self._replays[key] = _Replay(tape, *tape.bundled(), found)
        finally:
            # What was looked at in vain counts, too.
            now |= tape.now
            bundles |= tape.bundles
            tape.now, tape.bundles = now, bundles
        return found


def kind_of(path: Path | str) -> Kind | None:
    """What `path` is after following links; None when absent, dangling or out of reach.

    Path.is_file and Path.exists raise PermissionError below a directory that may not be searched.
    """
    if tape is None:
        return kind_at(path)
    path = _absolute(path)
    mode = mode_of(path)
    if mode == stat.S_IFLNK:
        kind = kind_at(path)
        tape.note(f"s{path}", kind)
        return kind
    return _KINDS.get(mode, "other")


def among(directory: Path | str, names: Iterable[str]) -> list[str]:
    """Which of some names stand for files in a directory: as `kind_of` each of them."""
    place = _absolute(directory)
    below = place.rstrip("/")
    if tape is None:
        return [name for name in names if kind_at(f"{below}/{name}") == "file"]
    tape.enter(place)
    found = []
    for name in names:
        path = f"{below}/{name}"
        mode = type_at(path)
        tape.note(f"m{path}", mode)
        if mode == stat.S_IFREG or (mode == stat.S_IFLNK and kind_of(path) == "file"):
            found.append(name)
    return found


def is_below(path: Path | str, directory: Path | str) -> bool:
    """Whether a path is a directory or below it, as Path.is_relative_to; both without links."""
    top = str(directory)
    return f"{path}/".startswith(top if top.endswith("/") else f"{top}/")


def kind_at(path: Path | str) -> Kind | None:
    """As `kind_of`, for those who look whether a tape still holds."""
    try:
        return _KINDS.get(stat.S_IFMT(os.stat(path).st_mode), "other")
    except (OSError, ValueError):
        return None


def _absolute(path: Path | str) -> str:
    path = str(path)
    return path if path.startswith("/") else os.path.abspath(path)


def mode_of(path: str) -> int | None:
    """The type bits of what stands at a path, not following a link; None when there is nothing."""
    if tape is not None:
        tape.enter(path.rpartition("/")[0] or "/")
    mode = type_at(path)
    if tape is not None:
        tape.note(f"m{path}", mode)
    return mode


def type_at(path: str) -> int | None:
    """As `mode_of`, for those who look whether a tape still holds."""
    try:
        mode = stat.S_IFMT(os.lstat(path).st_mode)
    except (OSError, ValueError):
        return None
    return mode if mode in _TYPES else stat.S_IFIFO


def names_in(directory: str) -> tuple[tuple[str, int], ...]:
    """(name, type bits) of all that is in a directory, sorted; () when it cannot be listed."""
    if tape is not None:
        tape.enter(directory)
    names = listing(directory)
    if tape is not None:
        tape.note(f"n{directory}", digest_of(as_bytes(repr(names))))
    return names


def listing(directory: str) -> tuple[tuple[str, int], ...]:
    """As `names_in`, for those who look whether a tape still holds."""
    try:
        with os.scandir(directory) as entries:
            return tuple(sorted((entry.name, _type(entry)) for entry in entries))
    except (OSError, ValueError):
        return ()


def _type(entry: os.DirEntry[str]) -> int:
    if entry.is_symlink():
        return stat.S_IFLNK
    if entry.is_dir(follow_symlinks=False):
        return stat.S_IFDIR
    return stat.S_IFREG if entry.is_file(follow_symlinks=False) else stat.S_IFIFO


def target_of(link: str) -> str | None:
    """What a symbolic link holds; None when it is none."""
    if tape is not None:
        tape.enter(link.rpartition("/")[0] or "/")
    try:
        target = os.readlink(link)
    except (OSError, ValueError):
        target = None
    if tape is not None:
        tape.note(f"l{link}", target)
    return target


def read(path: Path | str, limit: int) -> bytes:
    """The contents of a file, or `limit` + 1 bytes of a longer one. Raises OSError."""
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno()) if tape is not None else None
            data = file.read(limit + 1)
    except OSError as error:
        if tape is not None:
            tape.note_contents(_absolute(path), None, f"!{error.errno}")
        raise
    if tape is not None:
        tape.note_contents(_absolute(path), status, digest_of(data) if len(data) <= limit else "")
    return data


def stamp(path: Path | str) -> tuple[int, int] | None:
    """(time of change in ns, size) of a file whose contents are remembered under these; None when
    it has none."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        status = None
    if tape is not None and not tape.again(f"c{_absolute(path)}"):
        with suppress(OSError):
            read(path, _MOST_DIGESTED)
    return (status.st_mtime_ns, status.st_size) if status is not None else None


def real(path: Path | str) -> str:
    """A path without links, as os.path.realpath."""
    if tape is None:
        return os.path.realpath(path)
    path = _absolute(path)
    found: str = _real_paths.answer(path, lambda: _real(path))
    return found


_real_paths: Final = SharedMemory(most=4096)


#: Parts of the longest path that is followed part by part.
_DEEPEST: Final = 50


def _real(path: str) -> str:
    directory, _, name = path.rpartition("/")
    if name not in ("", ".", "..") and path.count("/") <= _DEEPEST:
        path = f"{real(directory or '/').rstrip('/')}/{name}"
        if mode_of(path) != stat.S_IFLNK:
            return path
    found = os.path.realpath(path)
    if tape is not None and found != path:
        tape.note(f"r{path}", found)
    place = path
    while place != "/":
        mode_of(place)
        place = place.rpartition("/")[0] or "/"
    return found


def halts(directory: str) -> Iterator[str]:
    """Directories on the way down to a very deep one. What is remembered of every directory, and
    follows from the one above, is found by calls that go up: from one halt to the last, not all the
    way at once."""
    parts = directory.split("/")
    for depth in range(_AT_ONCE, len(parts), _AT_ONCE):
        yield "/".join(parts[:depth])


class RealPaths:
    """Paths without links, for thousands of them: a directory is looked at once.

    Good for as long as nobody moves directories about: for one search.
    """

    def __init__(self) -> None:
        self._known = {"/": "/"}
        self._here = os.getcwd()

    def of(self, path: str) -> str:
        """As os.path.realpath."""
        path = path if path.startswith("/") else f"{self._here}/{path}"
        if ".." in path:
            return real(path)
        if "//" in path or "/." in path or path.endswith("/"):
            path = os.path.normpath(path)
        directory, _, name = path.rpartition("/")
        return self._in(self._directory(directory or "/"), name)

    def _directory(self, path: str) -> str:
        known = self._known.get(path)
        if known is None:
            above, _, name = path.rpartition("/")
            known = self._known[path] = self._in(self._directory(above or "/"), name)
        return known

    def _in(self, directory: str, name: str) -> str:
        path = f"{directory.rstrip('/')}/{name}"
        return real(path) if mode_of(path) == stat.S_IFLNK else path


def answered(who: str, what: str, answer: object, stamp: Stamp | None = None) -> None:
    """Records what somebody who reads much on behalf of many Dockerfiles told of one.

    who, what: so that it can be asked again (see gorewrite.fleet.cache), without NUL; answer: with
    a `repr` that says everything; stamp: while it is the same, all its answers are the same.
    """
    if tape is not None:
        digest = digest_of(as_bytes(repr(answer)))
        tape.note_answer(f"{who}\n{what}", digest, stamp)

"""What a run knows from earlier ones, and what it leaves for later ones: the cache in use."""

from __future__ import annotations

import os
from array import array
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple

from gorewrite import files
from gorewrite.callers.index import Index, Naming, read_index
from gorewrite.callers.model import BuildCall
from gorewrite.discovery import Survey, repository_root
from gorewrite.fleet.cache import WHOLE, Cache, key_of, path_for
from gorewrite.fleet.conclusions import Conclusion, concluded, key_for, members_of
from gorewrite.fleet.entries import Entry, Form
from gorewrite.fleet.groups import Group, Placed, Task
from gorewrite.fleet.kept import kept
from gorewrite.fleet.plain import packed, unpacked
from gorewrite.fleet.settings import Settings
from gorewrite.fleet.standing import Source
from gorewrite.fleet.whole import Whole, read
from gorewrite.fleet.work import Piece
from gorewrite.neighbours import Search
from gorewrite.project import Workspace

#: With fewer Dockerfiles in a repository all are planned in less time than it takes to remember.
WORTH_MEMORY: Final = 50
#: What a set of observations is compared as.
_Pairs = tuple[tuple[str, tuple[str, ...]], ...]


class _Index(NamedTuple):
    """An index as it is kept. listing: digest of the names of all files."""

    listing: str
    calls: tuple[BuildCall, ...]
    not_read: tuple[str, ...]
    starts: tuple[tuple[str, str], ...]
    names: _Pairs
    running: _Pairs
    places: tuple[tuple[str, str | None], ...]


class _Naming(NamedTuple):
    """What manifests name, as it is kept. listing: as of _Index."""

    listing: str
    names: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


class _Manifests:
    """Answers which manifests name an image."""

    def __init__(self, index: Index) -> None:
        self._index = index

    @property
    def stamp(self) -> files.Stamp:
        """See Source."""
        return self._index.manifests_stamp

    def answer(self, name: str) -> object:
        """See gorewrite.callers.naming.manifests_told."""
        from gorewrite.callers.naming import manifests_told

        return manifests_told(self._index, name)


class _Lone:
    """Answers which Dockerfiles are alone in their build context."""

    stamp = None

    def __init__(self, survey: Survey) -> None:
        self._survey = survey

    def answer(self, question: str) -> object:
        """See Workspace.lone."""
        return Search.asked(question).lone(self._survey)


class _Known:
    """Answers which Dockerfiles lie below a build context."""

    stamp = None

    def __init__(self, survey: Survey) -> None:
        self._survey = survey

    def answer(self, question: str) -> object:
        """See Workspace.known."""
        return Search.asked(question).below(self._survey)


class _Module:
    """Answers what modules are called."""

    stamp = None

    def answer(self, directory: str) -> object:
        """See gorewrite.callers.runcalls.module_name."""
        from gorewrite.callers.runcalls import module_name

        return module_name(Path(directory))


class Memory:
    """The cache of one run. survey: to find its Dockerfiles with."""

    @classmethod
    def of(cls, path: Path, settings: Settings, survey: Survey | None = None) -> Memory | None:
        """That of the repository that a path lies in; None where there is little to remember.

        survey: of the run, so that git is asked once; None: one of its own.
        """
        top = repository_root(path)
        if top is None:
            return None
        survey = survey if survey is not None else Survey()
        listed = survey.listed(top) or b""
        if listed.count(b"Dockerfile\0") < WORTH_MEMORY:
            return None
        return cls(top, settings, survey)

    def __init__(self, repository: Path, settings: Settings, survey: Survey) -> None:
        self.survey = survey
        survey.read = self._index
        self._settings = settings
        self._cache = Cache(path_for(str(repository), settings), self._source)
        self._tape = files.Tape()
        #: What is looked at in this process on behalf of the run, not of one Dockerfile.
        self._ground = files.Tape()
        #: Of what the run was made of besides its Dockerfiles; whether all of that is kept.
        self._keys: set[bytes] = set()
        self._kept = True

    def known(self, tasks: Sequence[Task], form: Form) -> tuple[list[Piece], list[Task]]:
        """(what would become of some tasks as it did before, the tasks that have to be planned)."""
        pieces, left = [], []
        with self.watching():
            for task in tasks:
                piece = self._piece(task, form)
                if piece is None:
                    left.append(task)
                else:
                    pieces.append(piece)
        return pieces, left

    def keep(self, tasks: Mapping[int, Task], pieces: Iterable[Piece]) -> Iterator[Piece]:
        """Keeps what was planned; the pieces without what is only for the cache."""
        for piece in pieces:
            if piece.seen is not None:
                self._cache.put(_key(tasks[piece.number]), piece.kept, piece.seen)
            for told in piece.told:
                self._put(told.key, told.record, told.seen)
            yield piece._replace(kept=b"", seen=None, told=())

    def save(self) -> None:
        """Leaves all of it for later runs."""
        self._cache.save()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """What is looked at meanwhile counts for all of the run."""
        with files.recording(self._ground, more=True):
            yield

    def whole(self, question: object, form: Form) -> Iterator[Entry] | None:
        """All entries of a run, when nothing that they follow from has changed; None when it has,
        or is not known. question: with a `repr` that says what the run is about."""
        key = _whole_key(question, form)
        data = self._cache.get(key)
        if data is None:
            return None
        try:
            listings, entries = read(data)
        except ValueError:
            listings, entries = (("", ""),), iter(())
        if all(self.survey.digest(Path(top)) == digest for top, digest in listings):
            return entries
        self._cache.refuse(key)
        return None

    def remembering(
        self, question: object, form: Form, tasks: Sequence[Task], entries: Iterator[Entry]
    ) -> Iterator[Entry]:
        """The entries of a run as they come, kept for `whole` when all have come. tasks: of which
        they are; question, form: see `whole`."""
        whole = Whole()
        while True:
            with self.watching():
                entry = next(entries, None)
            if entry is None:
                break
            whole.add(entry)
            yield entry
        listings, found = self.survey.listings, self._all_inputs(tasks)
        if listings is not None and found is not None:
            self._cache.put_whole(_whole_key(question, form), whole.record(listings), found)

    def _all_inputs(self, tasks: Sequence[Task]) -> array[int] | None:
        """The inputs of a run; None when it may not be kept as a whole."""
        keys = {_key(task) for task in tasks}
        with self.watching():
            while self._kept:
                # Who is asked for an answer once more may have to look at more for it.
                before = len(self._keys), len(self._ground.now)
                seen = self._ground.inputs()
                found = self._cache.whole(keys | self._keys, seen) if seen is not None else None
                if found is None or before == (len(self._keys), len(self._ground.now)):
                    return found
        return None

    def verdict(
        self, group: Group, places: Mapping[str, tuple[str, bool]], run: Container[str]
    ) -> Placed | None:
        """As Group.verdict."""
        key = key_of(key_for(group))
        data = self._cache.get(key)
        if data is not None:
            try:
                known: Conclusion = unpacked(Conclusion, data)
            except ValueError:
                known = Conclusion("", "", None)
            if known.members == members_of(group, places, run):
                self._keys.add(key)
                said = known.verdict
                return Placed(known.path, group.root, said) if said is not None else None
            self._cache.refuse(key)
        placed, told = concluded(group, places, run, self._tape)
        if told is not None:
            self._put(*told)
        else:
            self._kept = False
        return placed

    def _put(self, what: object, record: bytes, seen: files.Seen) -> None:
        key = key_of(what)
        self._cache.put(key, record, seen)
        self._keys.add(key)

    @cached_property
    def _workspace(self) -> Workspace:
        return self._settings.workspace(self.survey)

    def _source(self, who: str) -> Source | None:
        name, _, where = who.partition(" ")
        if name == "callers":
            return self.survey.index(Path(where))
        if name == "manifests":
            return _Manifests(self.survey.index(Path(where)))
        if name == "lone":
            return _Lone(self.survey)
        if name == "known":
            return _Known(self.survey)
        return _Module() if name == "module" else None

    def _piece(self, task: Task, form: Form) -> Piece | None:
        key = _key(task)
        data = self._cache.get(key)
        if data is None:
            return None
        try:
            known = kept(data, self._transforms)
            done = known.done(form)
        except (ValueError, KeyError):
            self._cache.refuse(key)
            return None
        unsettled = known.spans or known.observations
        return Piece(
            task.number,
            known.root,
            known.certain,
            done,
            known.observations,
            known.spans,
            known.outcome if unsettled else b"",
        )

    @cached_property
    def _transforms(self) -> Mapping[str, object]:
        return {transform.name: transform for transform in self._workspace.transforms}

    def _index(self, repository: Path, listed: Sequence[str]) -> Index:
        """As read_index. It depends on the names of all files, and on what it read."""
        listing = files.digest_of(os.fsencode("\0".join(listed)))
        what = ("index", str(repository))
        known: _Index | None = self._remembered(what, _Index, listing)
        if known is not None:
            index = Index(
                repository,
                known.calls,
                known.not_read,
                dict(known.starts),
                dict(known.names),
                dict(known.running),
                _places=dict(known.places),
            )
        else:
            with files.recording(self._tape) as tape:
                index = read_index(repository, listed)
                list(index.dockerfiles)  # Follows links.
                seen = tape.inputs()
            record = _Index(
                listing,
                index.calls,
                index.not_read,
                tuple(index.starts.items()),
                _pairs(index.names),
                _pairs(index.running),
                tuple(index._places.items()),
            )
            self._remember(what, record, seen)
        index = replace(index, naming=self._naming(index, listing))
        _ = index.stamp, index.manifests_stamp  # Sent to workers with the rest.
        return index

    def _naming(self, index: Index, listing: str) -> Naming:
        """As read_manifests."""
        from gorewrite.callers.naming import read_manifests

        what = ("manifests", str(index.repository))
        known: _Naming | None = self._remembered(what, _Naming, listing)
        if known is not None:
            return dict(known.names)
        with files.recording(self._tape) as tape:
            naming = read_manifests(index)
            seen = tape.inputs()
        pairs = ((name, tuple(each)) for name, each in naming.items())
        self._remember(what, _Naming(listing, tuple(pairs)), seen)
        return naming

    def _remembered(self, what: object, kind: Any, listing: str) -> Any:
        """What is kept about something that follows from the names of all files, too."""
        key = key_of(what)
        data = self._cache.get(key)
        if data is None:
            return None
        try:
            known = unpacked(kind, data)
            if known.listing == listing:
                self._keys.add(key)
                return known
        except ValueError:
            pass
        self._cache.refuse(key)
        return None

    def _remember(self, what: object, record: object, seen: files.Seen | None) -> None:
        if seen is not None:
            self._put(what, packed(record), seen)
        else:
            self._kept = False


def _pairs(mapping: Mapping[str, Sequence[str]]) -> _Pairs:
    return tuple((key, tuple(values)) for key, values in mapping.items())


def _whole_key(question: object, form: Form) -> bytes:
    return WHOLE + key_of((question, form))[len(WHOLE) :]


def _key(task: Task) -> bytes:
    return key_of(tuple(task)[1:])

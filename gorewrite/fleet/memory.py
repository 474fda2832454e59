"""What a run knows from earlier ones, and what it leaves for later ones: the cache in use."""

from __future__ import annotations

import os
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

from gorewrite import files
from gorewrite.callers.index import Index, read_index
from gorewrite.callers.model import BuildCall
from gorewrite.discovery import Survey, repository_root
from gorewrite.fleet.cache import Cache, Source, key_of, path_for
from gorewrite.fleet.entries import Form
from gorewrite.fleet.groups import Group, Placed, Task
from gorewrite.fleet.kept import kept
from gorewrite.fleet.plain import dumped, packed, unpacked
from gorewrite.fleet.settings import Settings
from gorewrite.fleet.work import Piece
from gorewrite.project import FileError, Workspace, is_lone
from gorewrite.shared import Verdict

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


class _Conclusion(NamedTuple):
    """What followed for a group. members: digest of what was known of all; path: "" for nothing."""

    members: str
    path: str
    verdict: Verdict | None


class _Manifests:
    """Answers which manifests name an image."""

    def __init__(self, index: Index) -> None:
        self._index = index

    @property
    def stamp(self) -> files.Stamp:
        """See Source."""
        from gorewrite.callers.runcalls import manifests_stamp

        return manifests_stamp(self._index)

    def answer(self, name: str) -> object:
        """See gorewrite.callers.runcalls.manifests_told."""
        from gorewrite.callers.runcalls import manifests_told

        return manifests_told(self._index, name)


class _Lone:
    """Answers which Dockerfiles are alone in their build context."""

    stamp = None

    def __init__(self, survey: Survey) -> None:
        self._survey = survey

    def answer(self, question: str) -> object:
        """See Workspace.lone."""
        return is_lone(self._survey, question)


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
    def of(cls, path: Path, settings: Settings) -> Memory | None:
        """That of the repository that a path lies in; None where there is little to remember."""
        top = repository_root(path)
        if top is None:
            return None
        survey = Survey()
        names = survey.tracked(top) or ()
        if sum(name.endswith("Dockerfile") for name in names) < WORTH_MEMORY:
            return None
        return cls(top, settings, survey)

    def __init__(self, repository: Path, settings: Settings, survey: Survey) -> None:
        self.survey = survey
        survey.read = self._index
        self._settings = settings
        self._cache = Cache(path_for(str(repository), settings), self._source)
        self._tape = files.Tape()

    def known(self, tasks: Sequence[Task], form: Form) -> tuple[list[Piece], list[Task]]:
        """(what would become of some tasks as it did before, the tasks that have to be planned)."""
        pieces, left = [], []
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
            if piece.seen is not None and piece.kept:
                self._cache.put(_key(tasks[piece.number]), piece.kept, piece.seen)
            yield piece._replace(kept=b"", seen=None)

    def save(self) -> None:
        """Leaves all of it for later runs."""
        self._cache.save()

    def verdict(
        self, group: Group, places: Mapping[str, tuple[str, bool]], run: Container[str]
    ) -> Placed | None:
        """As Group.verdict."""
        key = key_of(("verdict", group.transform, group.root))
        rest = [(path, places.get(path), path in run) for path in group.known]
        seen = sorted(group.seen.items())
        try:
            members = files.digest_of(dumped((group.known, seen, rest)))
        except TypeError:  # What a user's transform saw is not plain.
            return group.verdict(places, run)
        data = self._cache.get(key)
        if data is not None:
            try:
                known: _Conclusion = unpacked(_Conclusion, data)
            except ValueError:
                known = _Conclusion("", "", None)
            if known.members == members:
                said = known.verdict
                return Placed(known.path, group.root, said) if said is not None else None
            self._cache.refuse(key)
        with files.recording(self._tape) as tape:
            placed = group.verdict(places, run)
            seen_there = tape.inputs()
        if seen_there is not None and (placed is None or not isinstance(placed.said, FileError)):
            path, verdict = (placed.path, placed.said) if placed is not None else ("", None)
            assert not isinstance(verdict, FileError)
            self._cache.put(key, packed(_Conclusion(members, path, verdict)), seen_there)
        return placed

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
        key = key_of(("index", str(repository)))
        listing = files.digest_of(os.fsencode("\0".join(listed)))
        data = self._cache.get(key)
        if data is not None:
            try:
                known: _Index = unpacked(_Index, data)
            except ValueError:
                known = _Index("", (), (), (), (), (), ())
            if known.listing == listing:
                return Index(
                    repository,
                    known.calls,
                    known.not_read,
                    dict(known.starts),
                    dict(known.names),
                    dict(known.running),
                    _places=dict(known.places),
                )
            self._cache.refuse(key)
        with files.recording(self._tape) as tape:
            index = read_index(repository, listed)
            list(index.dockerfiles)  # Follows links.
            seen = tape.inputs()
        if seen is not None:
            record = _Index(
                listing,
                index.calls,
                index.not_read,
                tuple(index.starts.items()),
                _pairs(index.names),
                _pairs(index.running),
                tuple(index._places.items()),
            )
            self._cache.put(key, packed(record), seen)
        return index


def _pairs(mapping: Mapping[str, Sequence[str]]) -> _Pairs:
    return tuple((key, tuple(values)) for key, values in mapping.items())


def _key(task: Task) -> bytes:
    return key_of(tuple(task)[1:])

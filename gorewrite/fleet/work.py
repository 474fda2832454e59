"""The unit of work: a chunk of Dockerfiles is planned, in whatever process, on whatever machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from gorewrite import files
from gorewrite.config import ConfigError
from gorewrite.discovery import Survey, repository_root
from gorewrite.files import Seen
from gorewrite.fleet.conclusions import Told, concluded
from gorewrite.fleet.entries import Entry, Form, entry
from gorewrite.fleet.groups import Group, Record, Task
from gorewrite.fleet.kept import Kept, keep
from gorewrite.fleet.plain import packed, unpacked
from gorewrite.fleet.settings import Settings
from gorewrite.outcome import Outcome, Problem, failed, outcome_of
from gorewrite.project import FileError, reported
from gorewrite.transform import Observation


class Piece(NamedTuple):
    """What becomes of one task. root, certain: the build context, "" when there is none.

    done: the packed `Entry` of the outcome as it stands; observations: of which it is not known
    yet what follows; spans: whether it edits files of others; outcome: packed, where it may become
    another one by either. kept, seen: for the cache, and what was looked at for it; told: what else
    is.
    """

    number: int
    root: str
    certain: bool
    done: bytes
    observations: tuple[Observation, ...] = ()
    spans: bool = False
    outcome: bytes = b""
    kept: bytes = b""
    seen: Seen | None = None
    told: tuple[Told, ...] = ()


def unpack(data: bytes) -> Entry:
    """The entry that was packed."""
    found: Entry = unpacked(Entry, data)
    return found


def given_up(task: Task, why: str, form: Form) -> Piece:
    """What becomes of a task that cannot be planned. why: the beginning of the message."""
    problem = Problem(task.display, 0, f"{why}; the file is left alone")
    return Piece(task.number, "", False, packed(entry(Outcome(task.display, problem), form)))


class Planner:
    """Plans Dockerfiles in this process. form: what is going to be said of them."""

    def __init__(self, settings: Settings, survey: Survey, form: Form) -> None:
        self.settings = settings
        self.form = form
        self.workspace = settings.workspace(survey)
        #: Repositories of which the callers were read.
        self._prepared: set[Path] = set()
        self._tape = files.Tape()

    def record(self, task: Task) -> Record:
        """Plans one Dockerfile; where nobody else is known to share its context, shared files too.

        An answer of what is on disk, the settings and the other Dockerfiles that are known below
        the build context.
        """
        path, here = Path(task.path), self.settings.here or None
        try:
            with reported(task.display):
                config = self.workspace.configure(path)
                result = self.workspace.plan(path, task.display, config)
                result, left = self.workspace.settled(result)
                return Record(task, outcome_of(result, here=here), left)
        except FileError as error:
            return Record(task, failed(error))
        except ConfigError as error:
            return Record(task, failed(FileError(task.display, 0, str(error))))

    def chunk(
        self, tasks: Sequence[Task], begun: Callable[[int], None] = lambda _: None
    ) -> list[Piece]:
        """Plans some Dockerfiles that lie together. begun: told the number of each, -1 when all are
        planned, and -2 before what takes long and no Dockerfile is to blame for."""
        records: dict[str, Record] = {}
        kept: dict[str, tuple[Kept | None, Seen | None]] = {}
        for task in tasks:
            self._prepare(task.path, begun)
            begun(task.number)
            if not self._concerned(task):
                continue
            if self.settings.keeps:
                with files.recording(self._tape) as tape:
                    record = self.record(task)
                kept[task.real] = keep(record, self.form), tape.inputs()
            else:
                record = self.record(task)
            records[task.real] = record
        begun(-1)
        planned = dict(records)
        told = self._conclude(records)
        pieces = []
        for task in tasks:
            if task.real not in records:
                pieces.append(Piece(task.number, "", False, b""))
                continue
            record = records[task.real]
            known, seen = kept.get(task.real, (None, None))
            piece = self._piece(record, known if record is planned[task.real] else None)
            if seen is not None:
                piece = piece._replace(kept=known.data if known is not None else b"", seen=seen)
            pieces.append(piece)
        if told:
            pieces[-1] = pieces[-1]._replace(told=tuple(told))
        return pieces

    def _prepare(self, path: str, begun: Callable[[int], None]) -> None:
        # What a Dockerfile depends on is looked at again when it is planned.
        with files.unrecorded():
            root = repository_root(path.rpartition("/")[0] or "/")
        if root is not None and root not in self._prepared:
            begun(-2)
            self.workspace.prepare(Path(path))
            self._prepared.add(root)

    def _concerned(self, task: Task) -> bool:
        """Whether it is to be planned: always, or when something changed (--changed-since)."""
        changes = self.settings.changes
        if not changes:
            return True
        return any(each.concern(Path(task.real), self.workspace) for each in changes)

    def _conclude(self, records: dict[str, Record]) -> list[Told]:
        """Concludes for the build contexts of which all Dockerfiles are among the records. Gives
        what a cache is told of that."""
        groups: dict[tuple[str, str], Group] = {}
        for record in records.values():
            for seen in record.observations:
                key = (seen.transform, seen.root)
                if key not in groups:
                    groups[key] = Group(self.workspace, *key, of=seen.path)
                groups[key].seen[seen.path] = seen
        places = {path: record.place for path, record in records.items()}
        found = []
        for group in groups.values():
            if not all(path in records for path in group.known) or group.outsiders:
                continue
            if self.settings.keeps:
                placed, told = concluded(group, places, records, self._tape)
                if told is not None:
                    found.append(told)
            else:
                placed = group.verdict(places, records)
            for path in group.seen:
                records[path] = records[path].without(group)
            if placed is not None:
                records[placed.path] = records[placed.path].told(placed, self.settings.here)
        return found

    def _piece(self, record: Record, known: Kept | None) -> Piece:
        """known: the same record as it was kept."""
        outcome = record.outcome
        done = known.entry if known is not None and known.form == self.form else b""
        rest = b""
        if record.observations or outcome.spans:
            rest = known.outcome if known is not None else packed(outcome)
        return Piece(
            record.task.number,
            *record.place,
            done or packed(entry(outcome, self.form)),
            record.observations,
            bool(outcome.spans),
            rest,
        )

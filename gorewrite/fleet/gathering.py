"""Puts the results of a run together: conclusions for shared files, and the order of the files."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from gorewrite.files import RealPaths
from gorewrite.fleet.entries import Entry, Form, entry
from gorewrite.fleet.groups import Group, Placed, Record, Task
from gorewrite.fleet.ledger import Ledger
from gorewrite.fleet.plain import packed, unpacked
from gorewrite.fleet.settings import Settings
from gorewrite.fleet.spool import Place, Spool
from gorewrite.fleet.work import Piece, unpack
from gorewrite.outcome import Outcome
from gorewrite.project import Workspace

#: Group.verdict, or what remembers what it said.
Conclude = Callable[[Group, Mapping[str, tuple[str, bool]], Container[str]], Placed | None]


class Gathering:
    """The pieces of a run as they come, in any order; the entries in the order of the tasks.

    run: the real paths of all Dockerfiles of the run, those of other shards too; workspace: made
    when something is left to conclude; conclude: as Group.verdict. A build context is concluded as
    soon as all Dockerfiles known to lie below its root have come, so that nothing waits for the
    whole run but where a Dockerfile lies outside of its build context: it is not known who else
    has that.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        run: Iterable[str],
        settings: Settings,
        form: Form,
        workspace: Callable[[], Workspace],
        ledger: Ledger,
        conclude: Conclude = Group.verdict,
    ) -> None:
        self.settings = settings
        self.form = form
        self.ledger = ledger
        self._workspace = workspace
        self._verdict = conclude
        self._tasks = {task.number: task for task in tasks}
        self._numbers = {task.real: task.number for task in tasks}
        self._complete = False
        self._order = iter(tasks)
        self._next = next(self._order, None)
        self._run = frozenset(run)
        #: Those that have come, until it is their turn, what is large of them in the spool; real
        #: path -> their context.
        self._pieces: dict[int, tuple[Piece, Place, Place]] = {}
        self._spool = Spool()
        self._places: dict[str, tuple[str, bool]] = {}
        self._groups: dict[tuple[str, str], Group] = {}
        self._settled: set[tuple[str, str]] = set()
        #: Real path -> the groups that wait for it; how many each of them waits for.
        self._awaited: dict[str, list[tuple[str, str]]] = {}
        self._missing: dict[tuple[str, str], int] = {}

    def add(self, piece: Piece) -> None:
        """Takes one piece."""
        real = self._tasks[piece.number].real
        self._places[real] = (piece.root, piece.certain)
        self._put(piece)
        for seen in piece.observations:
            key = (seen.transform, seen.root)
            if key not in self._groups:
                self._open(key, seen.path)
            self._groups[key].seen[seen.path] = seen
            self._conclude_when_complete(key)
        for key in self._awaited.pop(real, ()):
            self._missing[key] -= 1
            self._conclude_when_complete(key)

    def ready(self) -> Iterator[Entry]:
        """The entries whose turn it is by now; each is settled when the next one is asked for.

        What was not written after all has to be dropped from the ledger before that.
        """
        while self._next is not None:
            known = self._pieces.get(self._next.number)
            if known is None or self._blocked(known[0]):
                return
            piece = self._take(self._next.number)
            self._next = next(self._order, None)
            if not piece.done and not piece.outcome:
                continue  # Passed over.
            if piece.spans or not piece.done:
                outcome: Outcome = unpacked(Outcome, piece.outcome)
                outcome = self.ledger.joined(outcome, self._tasks[piece.number].path)
                yield self.ledger.checked(entry(outcome, self.form), self.form)
            else:
                yield self.ledger.checked(unpack(piece.done), self.form)
            self.ledger.take()

    def finish(self) -> None:
        """Concludes what had to wait for all pieces."""
        self._complete = True
        for key in self._groups:
            if key not in self._settled:
                self._conclude(key)

    def _open(self, key: tuple[str, str], path: str) -> None:
        group = self._groups[key] = Group(self._workspace(), *key, of=path)
        awaited = (each for each in group.known if each in self._numbers)
        waits = [each for each in awaited if each not in self._places]
        self._missing[key] = len(waits)
        for each in waits:
            self._awaited.setdefault(each, []).append(key)

    def _blocked(self, piece: Piece) -> bool:
        """Whether it may still come to carry what is concluded for a group; or is to be written
        to files that others are still planned with."""
        if self.form.writes and piece.spans and not self._complete:
            return True
        return any(
            seen.place is not None and (seen.transform, seen.root) not in self._settled
            for seen in piece.observations
        )

    def _conclude_when_complete(self, key: tuple[str, str]) -> None:
        group = self._groups[key]
        if key in self._settled or self._missing[key]:
            return
        if any(seen.place is not None and path in group for path, seen in group.seen.items()):
            self._conclude(key)

    def _conclude(self, key: tuple[str, str]) -> None:
        self._settled.add(key)
        placed = self._verdict(self._groups[key], self._places, self._run)
        if placed is not None:
            self._tell(placed)
        # What was seen is of no further use, and a thousand observations are large.
        self._groups[key].seen.clear()

    def _tell(self, placed: Placed) -> None:
        number = self._numbers[placed.path]
        piece = self._take(number)
        record = Record(self._tasks[number], unpacked(Outcome, piece.outcome))
        outcome = record.told(placed, self.settings.here).outcome
        self._put(piece._replace(done=b"", outcome=packed(outcome)))

    def _put(self, piece: Piece) -> None:
        places = self._spool.put(piece.done), self._spool.put(piece.outcome)
        self._pieces[piece.number] = piece._replace(done=b"", outcome=b""), *places

    def _take(self, number: int) -> Piece:
        piece, done, outcome = self._pieces.pop(number)
        return piece._replace(done=self._spool.get(done), outcome=self._spool.get(outcome))

    def close(self) -> None:
        """Lets go of what has not had its turn."""
        self._spool.close()


def tasks_of(targets: Iterable[tuple[Path, str]]) -> list[Task]:
    """The Dockerfiles of a run, as (path, name in reports), as tasks."""
    real, here = RealPaths(), Path.cwd()
    return [
        # Path.absolute does the same in more steps.
        Task(number, os.path.join(here, path), real.of(str(path)), display)  # noqa: PTH118
        for number, (path, display) in enumerate(targets)
    ]

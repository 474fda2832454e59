"""One run over many Dockerfiles: planned by an executor, put together in order."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Protocol

from gorewrite.discovery import Survey
from gorewrite.fleet.chunks import chunks
from gorewrite.fleet.entries import Entry, Form
from gorewrite.fleet.gathering import Gathering
from gorewrite.fleet.groups import Group, Task
from gorewrite.fleet.ledger import Ledger
from gorewrite.fleet.settings import Settings
from gorewrite.fleet.work import Piece, Planner

if TYPE_CHECKING:
    from gorewrite.fleet.memory import Memory

#: Below so many Dockerfiles more processes cost more than they bring.
WORTH_WORKERS = 50


class Executor(Protocol):
    """Whatever has chunks planned."""

    @property
    def workers(self) -> int:
        """How many chunks are planned at the same time."""

    def pieces(self, chunks: Iterable[Sequence[Task]]) -> Iterator[Sequence[Piece]]:
        """What becomes of the tasks, each once, in any order; chunks are taken as they are
        needed. Closing the iterator ends all work."""


class Here:
    """The executor that is this process."""

    workers = 1

    def __init__(self, settings: Settings, survey: Survey, form: Form) -> None:
        self._planner = Planner(settings, survey, form)

    def pieces(self, chunks: Iterable[Sequence[Task]]) -> Iterator[Sequence[Piece]]:
        """See Executor."""
        return map(self._planner.chunk, chunks)


class Run:
    """A run.

    tasks: what is planned; run: the real paths of the whole run, those of other shards too;
    ledger: what it changes in files that Dockerfiles share; memory: of what earlier runs planned.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        run: Iterable[str],
        settings: Settings,
        form: Form,
        ledger: Ledger,
        memory: Memory | None = None,
    ) -> None:
        self.tasks = tasks
        self.run = run
        self.settings = settings
        self.form = form
        self.ledger = ledger
        self.memory = memory
        known = memory.known(tasks, form) if memory is not None else ([], tasks)
        self._known: Sequence[Piece] = known[0]
        #: What has to be planned.
        self.left: Sequence[Task] = known[1]

    def entries(
        self, executor: Executor, survey: Survey, planned: Callable[[int], None] = lambda _: None
    ) -> Generator[Entry, None, None]:
        """What became of the Dockerfiles, in the order of the tasks, as soon as it can be told.

        An entry that could not be written has to be dropped from `ledger` before the next one.
        planned: told how many Dockerfiles more are done.
        """
        workspace = cache(lambda: self.settings.workspace(survey))
        conclude = self.memory.verdict if self.memory is not None else Group.verdict
        gathering = Gathering(
            self.tasks, self.run, self.settings, self.form, workspace, self.ledger, conclude
        )
        try:
            yield from self._gathered(gathering, executor, planned)
        finally:
            gathering.close()

    def _gathered(
        self, gathering: Gathering, executor: Executor, planned: Callable[[int], None]
    ) -> Iterator[Entry]:
        for piece in self._known:
            gathering.add(piece)
        planned(len(self._known))
        self._known = ()
        yield from gathering.ready()
        work = executor.pieces(chunks(self.left, executor.workers) if self.left else ())
        tasks = {task.number: task for task in self.left}
        try:
            for pieces in work:
                for piece in self.memory.keep(tasks, pieces) if self.memory else pieces:
                    gathering.add(piece)
                planned(len(pieces))
                yield from gathering.ready()
        finally:
            close = getattr(work, "close", None)
            if close is not None:
                close()
        gathering.finish()
        yield from gathering.ready()

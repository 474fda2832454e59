"""Repositories planned by processes of this machine, one process each.

So whatever a repository does to the process that reads it (more memory than there is, a crash, an
endless loop) is a failure of that repository. Processes are forked from one that has imported what
they need and done nothing else: a few milliseconds each.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import select
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from typing import Final, NamedTuple, Protocol

from gorewrite.campaign.planning import Failure, Job, Result, planned

#: Seconds that the work on one repository may take.
TIMEOUT: Final = 900.0
#: Bytes of the largest file that is fetched or written: the pack of a repository.
LARGEST_FILE: Final = 4 << 30
_TICK: Final = 0.5


class Limits(NamedTuple):
    """timeout: seconds for one repository; memory: bytes of address space, 0 for as many as there
    are; file: bytes of the largest file that may be written."""

    timeout: float = TIMEOUT
    memory: int = 0
    file: int = LARGEST_FILE


class Planners(Protocol):
    """Whatever has repositories planned."""

    @property
    def workers(self) -> int:
        """How many are planned at the same time."""

    def results(self, jobs: Iterable[Job]) -> Generator[Result, None, None]:
        """What becomes of the jobs, each once, in any order; they are taken as they are needed.
        Closing it ends all work."""


class Here:
    """Plans in this process, for tests and debuggers."""

    workers = 1

    def results(self, jobs: Iterable[Job]) -> Generator[Result, None, None]:
        """See Planners."""
        yield from map(planned, jobs)


class Workers:
    """Plans in so many processes at a time. See Planners."""

    def __init__(
        self,
        workers: int,
        limits: Limits = Limits(),  # noqa: B008 (a tuple)
        work: Callable[[Job], Result] = planned,
    ) -> None:
        self.workers = workers
        self.limits = limits
        self._work = work
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["gorewrite.campaign.preload"])

    def results(self, jobs: Iterable[Job]) -> Generator[Result, None, None]:
        """See Planners."""
        waiting = iter(jobs)
        running: dict[Connection, _Running] = {}
        try:
            while True:
                while len(running) < self.workers:
                    job = next(waiting, None)
                    if job is None:
                        break
                    each = self._start(job)
                    running[each.answers] = each
                if not running:
                    return
                ready = wait(list(running), timeout=_TICK)
                late = [c for c, each in running.items() if c not in ready and self._late(each)]
                for answers in (*ready, *late):
                    assert isinstance(answers, Connection)
                    yield self._finished(running.pop(answers), late=answers in late)
        finally:
            for each in running.values():
                each.end()

    def _start(self, job: Job) -> _Running:
        answers, theirs = self._context.Pipe(duplex=False)
        process = self._context.Process(
            target=_main, args=(self._work, job, theirs, self.limits), daemon=True
        )
        process.start()
        theirs.close()
        return _Running(job, process, answers, time.monotonic())

    def _late(self, each: _Running) -> bool:
        return time.monotonic() - each.since > self.limits.timeout

    def _finished(self, each: _Running, *, late: bool) -> Result:
        name = each.job.name
        try:
            if late:
                text = f"took longer than {self.limits.timeout:g} s"
                return Result(name, Failure("time-out", text, transient=True))
            result = pickle.loads(each.answers.recv_bytes())
            assert isinstance(result, Result)
            return result
        except (EOFError, OSError):
            each.process.join(5)
            code = each.process.exitcode
            why = f"signal {-code}" if code is not None and code < 0 else f"status {code}"
            text = f"the process that planned it ended with {why}"
            return Result(name, Failure("a process died", text, transient=True))
        finally:
            each.end()


class _Running(NamedTuple):
    """A process at work. since: seconds of time.monotonic."""

    job: Job
    process: ForkServerProcess
    answers: Connection
    since: float

    def end(self) -> None:
        """Ends the process and all that it started, if it is not done."""
        pid = self.process.pid
        if pid is not None and self.process.is_alive():
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            self.process.kill()
        self.process.join()
        self.process.close()
        self.answers.close()


# --- in the process --------------------------------------------------------------------


def _main(work: Callable[[Job], Result], job: Job, answers: Connection, limits: Limits) -> None:
    """What a process does: one job. It leads a group of its own, so that its git dies with it."""
    os.setsid()
    threading.Thread(target=_end_with, args=(answers,), daemon=True).start()
    _limit(limits)
    answers.send_bytes(pickle.dumps(work(job), pickle.HIGHEST_PROTOCOL))


def _limit(limits: Limits) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.file, limits.file))
    if limits.memory:
        resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))


def _end_with(answers: Connection) -> None:
    """Ends this process and its group when nobody is there to read its answer, as when the run was
    killed: poll(2) tells who writes to a pipe that its other end was closed."""
    poll = select.poll()
    poll.register(answers.fileno(), 0)
    poll.poll()
    os.killpg(0, signal.SIGKILL)

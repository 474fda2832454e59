"""Chunks planned by processes of this machine, which may die without harm to the run.

Each worker is a fresh process (nothing is forked) that is sent chunks and answers with pieces. In
memory that both see it marks the Dockerfile it is at, so that when it is killed, or has to be
since a Dockerfile takes too long, one file is to blame and the rest goes to another worker.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import pickle
import selectors
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from gorewrite.discovery import Survey
from gorewrite.fleet.entries import Form
from gorewrite.fleet.groups import Task
from gorewrite.fleet.settings import Settings
from gorewrite.fleet.work import Piece, given_up

#: Seconds that one Dockerfile may take.
TIMEOUT: Final = 60.0
#: What a worker marks: the number of the task it is at (-1: it puts a chunk together, -2: it is not
#: ready to begin), and since when (seconds of time.monotonic, which all processes share).
MARK: Final = struct.Struct("=qd")
HEADER: Final = struct.Struct("=Q")
_TICK: Final = 0.25
#: So many workers that die before they begin say that none will live.
_MOST_FALSE_STARTS: Final = 3


class PoolError(RuntimeError):
    """No worker can be started. The text says why."""


class Limits(NamedTuple):
    """timeout: seconds for one Dockerfile; memory: bytes of address space of a worker, 0 for as
    many as there are."""

    timeout: float = TIMEOUT
    memory: int = 0


class _Job(NamedTuple):
    """A chunk to be planned. again: whether a worker died of it before."""

    tasks: tuple[Task, ...]
    again: bool = False


class Pool:
    """An executor of so many processes. See gorewrite.fleet.run.Executor."""

    def __init__(
        self, workers: int, settings: Settings, survey: Survey, form: Form, limits: Limits
    ) -> None:
        self.workers = workers
        self.form = form
        self.limits = limits
        self._setup = pickle.dumps((settings, survey, form, limits), pickle.HIGHEST_PROTOCOL)

    def pieces(self, chunks: Iterable[Sequence[Task]]) -> Iterator[Sequence[Piece]]:
        """See Executor. Raises PoolError."""
        waiting = (_Job(tuple(chunk)) for chunk in chunks)
        returned: deque[_Job] = deque()
        workers: list[_Worker] = []
        false_starts = 0
        with contextlib.ExitStack() as stack:
            selector = stack.enter_context(selectors.DefaultSelector())
            stack.callback(lambda: _kill(workers))

            def assign(worker: _Worker) -> None:
                job = returned.popleft() if returned else next(waiting, None)
                if job is None:
                    selector.unregister(worker.output)
                    workers.remove(worker)
                    _kill([worker])
                else:
                    worker.send(job)

            def start() -> None:
                worker = _Worker(self._setup)
                workers.append(worker)
                selector.register(worker.output, selectors.EVENT_READ, worker)
                assign(worker)

            for _ in range(self.workers):
                start()
            while workers:
                for key, _ in selector.select(_TICK):
                    found = key.data.receive()
                    if found is not None:
                        yield found
                        assign(key.data)
                for worker in [each for each in workers if self._is_over(each)]:
                    selector.unregister(worker.output)
                    workers.remove(worker)
                    jobs, lost = self._blame(worker)
                    false_starts = false_starts + 1 if worker.mark[0] == -2 else 0
                    if false_starts >= _MOST_FALSE_STARTS:
                        raise PoolError(f"workers end as they start ({worker.ending()})")
                    _kill([worker])
                    returned.extend(jobs)
                    if lost:
                        yield lost
                    start()

    def _is_over(self, worker: _Worker) -> bool:
        """Whether a worker is dead, or has to die."""
        number, since = worker.mark
        idle = not worker.job.tasks or number == -2
        late = time.monotonic() - max(since, worker.heard) > self.limits.timeout
        return worker.dead or (late and not idle)

    def _blame(self, worker: _Worker) -> tuple[list[_Job], list[Piece]]:
        """(what is to be planned again, what is given up) of the chunk of a worker that is over."""
        job, (number, _) = worker.job, worker.mark
        if number == -2:
            return [job], []
        culprits = tuple(task for task in job.tasks if task.number == number)
        if not culprits:
            half = len(job.tasks) // 2
            if half:
                return [_Job(job.tasks[:half], True), _Job(job.tasks[half:], True)], []
            culprits = job.tasks
        rest = tuple(task for task in job.tasks if task not in culprits)
        jobs = [_Job(rest, job.again)] if rest else []
        if worker.dead and not (job.again and len(job.tasks) == 1):
            return [*jobs, _Job(culprits, True)], []
        if worker.dead:
            why = f"its planning was killed twice ({worker.ending()})"
        else:
            why = f"its planning was killed after {self.limits.timeout:g} s (--timeout-per-file)"
        return jobs, [given_up(task, why, self.form) for task in culprits]


class _Worker:
    """One process.

    job: the chunk it has; mark: where it is; heard: when it was last heard of, or sent a chunk
    (time.monotonic); dead: whether it has ended.
    """

    def __init__(self, setup: bytes) -> None:
        self.job = _Job(())
        self.heard = time.monotonic()
        self.dead = False
        self._buffer = bytearray()
        with tempfile.TemporaryFile() as shared:
            shared.write(MARK.pack(-2, time.monotonic()))
            shared.flush()
            self._marks = mmap.mmap(shared.fileno(), MARK.size, access=mmap.ACCESS_READ)
            code = (
                f"import sys; sys.path[:] = {json.dumps(sys.path)}\n"
                f"from gorewrite.fleet.worker import main; main({shared.fileno()}, {os.getpid()})"
            )
            # A group of its own: what the terminal interrupts is this process, which ends it.
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", code],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                pass_fds=(shared.fileno(),),
                process_group=0,
            )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._input = self._process.stdin
        self.output = self._process.stdout
        self._write(setup)

    @property
    def mark(self) -> tuple[int, float]:
        """(number of a task, or see MARK; since when)."""
        number, since = MARK.unpack(self._marks[: MARK.size])
        return number, since

    def send(self, job: _Job) -> None:
        """Gives it a chunk. That it is dead is found later."""
        self.job = job
        self.heard = time.monotonic()
        self._write(pickle.dumps(job.tasks, pickle.HIGHEST_PROTOCOL))

    def receive(self) -> list[Piece] | None:
        """Reads what there is; the pieces of its chunk when they are complete."""
        data = os.read(self.output.fileno(), 1 << 20)
        if not data:
            self.dead = True
            return None
        self.heard = time.monotonic()
        self._buffer += data
        if len(self._buffer) < HEADER.size:
            return None
        (size,) = HEADER.unpack_from(self._buffer)
        if len(self._buffer) < HEADER.size + size:
            return None
        found: list[Piece] = pickle.loads(self._buffer[HEADER.size : HEADER.size + size])
        del self._buffer[: HEADER.size + size]
        self.job = _Job(())
        return found

    def kill(self) -> None:
        """Ends it at once."""
        with contextlib.suppress(OSError):
            self._process.kill()

    def close(self) -> None:
        """Waits for its end and frees what it has here."""
        self._process.wait()
        for stream in (self._input, self.output):
            with contextlib.suppress(OSError):
                stream.close()

    def ending(self) -> str:
        """How it ended, in words."""
        status = self._process.wait()
        if status >= 0:
            return f"exit status {status}"
        try:
            return signal.Signals(-status).name
        except ValueError:
            return f"signal {-status}"

    def _write(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            self._input.write(HEADER.pack(len(data)) + data)
            self._input.flush()


def _kill(workers: Sequence[_Worker]) -> None:
    """Ends some workers, all at the same time."""
    for worker in workers:
        worker.kill()
    for worker in workers:
        worker.close()

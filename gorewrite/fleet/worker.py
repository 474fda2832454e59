"""What a worker of the pool runs: it plans chunks until its input ends."""

from __future__ import annotations

import gc
import mmap
import os
import pickle
import sys
import threading
import time
from typing import BinaryIO

from gorewrite.fleet.pool import HEADER, MARK
from gorewrite.fleet.work import Planner


def main(marks: int, parent: int) -> None:
    """marks: file descriptor of the memory for `MARK`; parent: who started this process."""
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    gc.set_threshold(1_000_000)
    requests = sys.stdin.buffer
    # What a transform prints is no answer.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    settings, survey, form, limits = pickle.loads(_read(requests) or sys.exit())
    mark = mmap.mmap(marks, MARK.size)
    if limits.memory:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))

    def begun(number: int) -> None:
        mark[:] = MARK.pack(number, time.monotonic())

    try:
        planner = Planner(settings, survey, form)
        while (request := _read(requests)) is not None:
            pieces = planner.chunk(pickle.loads(request), begun)
            answer = pickle.dumps(pieces, pickle.HIGHEST_PROTOCOL)
            answers.write(HEADER.pack(len(answer)) + answer)
            answers.flush()
    except MemoryError:
        sys.exit(1)  # What that means is said by the process that waits for the answer.
    except BrokenPipeError:
        os._exit(1)  # Nobody waits for it any more.


def _read(stream: BinaryIO) -> bytes | None:
    header = stream.read(HEADER.size)
    return stream.read(HEADER.unpack(header)[0]) if len(header) == HEADER.size else None


def _end_with(parent: int) -> None:
    """Ends this process when the one that started it is gone, however busy it is."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)

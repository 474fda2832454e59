"""Runs the programs of an engine: bounded in time, with their output as it comes."""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from gorewrite.verify.janitor import Janitor

_TICK: Final = 0.1
#: What docker adds below its errors.
_HINT: Final = re.compile(r"\s*$|\s*(?:See|Run) '[^']+ --help'")
_MOST_KEPT: Final = 8 << 20
"""Bytes of output that are kept; what comes first is dropped."""


class Done(NamedTuple):
    """A program that ended. code: its exit status, None when it ran out of time.

    out: standard output; err: standard error (empty when both were read as one).
    """

    code: int | None
    out: bytes
    err: bytes
    seconds: float

    @property
    def text(self) -> str:
        """Standard output as text."""
        return self.out.decode("utf-8", "replace")

    @property
    def complaint(self) -> str:
        """What a failed program said: its last line that is no hint where to read on."""
        said = (self.err.strip() or self.out.strip()).decode("utf-8", "replace")
        lines = [line.strip() for line in said.splitlines() if not _HINT.match(line)]
        return lines[-1] if lines else "it said nothing"


class Processes:
    """Starts programs that the janitor ends should this process end first.

    tick: called some times a second while one runs, with the last line it has written.
    """

    def __init__(self, janitor: Janitor, tick: Callable[[str], None] = lambda _: None) -> None:
        self._janitor = janitor
        self._tick = tick

    def run(
        self,
        command: Sequence[str],
        *,
        timeout: float,
        together: bool = False,
        directory: Path | None = None,
        environment: Mapping[str, str] | None = None,
        to: BinaryIO | None = None,
    ) -> Done:
        """Runs a program to its end. timeout: seconds; together: standard error is read as part
        of standard output; to: a file that takes standard output in its place. Raises OSError
        when there is no such program."""
        start = time.monotonic()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=to or subprocess.PIPE,
            stderr=subprocess.STDOUT if together else subprocess.PIPE,
            cwd=directory,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
            preexec_fn=self._janitor.enter,
        )
        try:
            out, err = self._read(process, start + timeout)
            in_time = _ended(process, start + timeout)
        finally:
            if process.poll() is None:
                _stop(process)
            self._janitor.left(process.pid)
        code = process.returncode if in_time else None
        return Done(code, out, err, time.monotonic() - start)

    def _read(self, process: subprocess.Popen[bytes], end: float) -> tuple[bytes, bytes]:
        """All of standard output and standard error, unless the time is over first."""
        out, err = bytearray(), bytearray()
        last = ""
        with contextlib.ExitStack() as stack:
            chooser = stack.enter_context(selectors.DefaultSelector())
            for stream, buffer in ((process.stdout, out), (process.stderr, err)):
                if stream is not None:
                    stack.enter_context(stream)
                    chooser.register(stream, selectors.EVENT_READ, buffer)
            while chooser.get_map() and time.monotonic() < end:
                for key, _ in chooser.select(_TICK):
                    data = os.read(key.fd, 1 << 16)
                    if not data:
                        chooser.unregister(key.fileobj)
                        continue
                    key.data.extend(data)
                    del key.data[:-_MOST_KEPT]
                    last = _last_line(key.data) or last
                self._tick(last)
        return bytes(out), bytes(err)


def _last_line(data: bytearray) -> str:
    return bytes(data[-500:]).decode("utf-8", "replace").rstrip("\n").rpartition("\n")[2].strip()


def _ended(process: subprocess.Popen[bytes], end: float) -> bool:
    """Whether a process that has closed its output ends in time."""
    try:
        process.wait(max(0.0, end - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    return True


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ends a process and its children; builders stop a build when the client goes."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(5)
    # Those of its children that did not listen.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()

"""Removes what a verification leaves behind, however it ends: a child process of its own.

It waits for the end of its standard input. The verification holds the other end of that pipe, and
the system closes it with the process, whether that returns, is interrupted or is killed. Nothing
else removes containers, images, caches or the temporary directory, so that there is one way only.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

#: What every container, image and directory of a verification is called, with its number.
PREFIX: Final = "gorewrite-verify-"

_LONGEST: Final = 60
"""Seconds that one command of the engine may take."""


class Janitor:
    """The other end of the pipe, held by the verification.

    run: the number of the verification, part of every name it gives; engine: the program to call.
    """

    def __init__(self, run: str, directory: Path, engine: str, kind: str) -> None:
        # -P: the current directory is somebody's repository, no place to import from.
        command = [sys.executable, "-P", "-m", __name__, run, str(directory), engine, kind]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, start_new_session=True, stdout=subprocess.DEVNULL
        )
        assert self._process.stdin is not None
        self._pipe = self._process.stdin

    def enter(self) -> None:
        """Called in a new process before it becomes the engine's: there is no moment at which it
        runs and is not known. It leads a process group."""
        os.write(self._pipe.fileno(), b"+%d\n" % os.getpid())

    def left(self, process: int) -> None:
        """A process has ended by itself."""
        os.write(self._pipe.fileno(), b"-%d\n" % process)

    def close(self) -> None:
        """Has everything removed, and waits for it."""
        self._pipe.close()
        self._process.wait()


def main(run: str, directory: str, engine: str, kind: str) -> None:
    """Waits, and cleans up."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    _end(_processes())
    name = PREFIX + run
    containers = [each for each in _listed(engine, "ps", "--all", "{{.Names}}") if name in each]
    if containers:
        _call(engine, "rm", "--force", "--volumes", *containers)
    images = [
        each for each in _listed(engine, "images", "{{.Repository}}:{{.Tag}}") if name in each
    ]
    if images:
        _call(engine, "rmi", "--force", *images)
    if kind == "buildx":
        # The cache mounts of this run. Other kinds do not tell whose a cache mount is.
        _call(engine, "buildx", "prune", "--force", "--filter", f"description~={run}")
    shutil.rmtree(directory, ignore_errors=True)


def _processes() -> set[int]:
    """The processes that were still there when the verification ended."""
    there: set[int] = set()
    for line in sys.stdin:
        (there.add if line[0] == "+" else there.discard)(int(line[1:]))
    return there


def _end(processes: set[int]) -> None:
    """Ends them with their children; a builder stops its build when its client goes."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in processes:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process, number)
        for _ in range(20 if processes else 0):
            processes = {process for process in processes if _alive(process)}
            if not processes:
                break
            time.sleep(0.05)


def _alive(process: int) -> bool:
    try:
        os.killpg(process, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _listed(engine: str, *command: str) -> list[str]:
    *words, form = command
    return _call(engine, *words, "--format", form).split()


def _call(*command: str) -> str:
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(command, capture_output=True, timeout=_LONGEST)
        return done.stdout.decode("utf-8", "replace")
    return ""


if __name__ == "__main__":
    main(*sys.argv[1:])

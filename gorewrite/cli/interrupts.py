"""^C and SIGTERM: a run ends at once, but never between a file and the word that it was written."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

#: The exit status of a run that ended early, and goes on when it is started again.
STOPPED: Final = 4
#: That of a shell's command that ^C ended.
INTERRUPTED: Final = 130


class Interrupts:
    """While entered, SIGINT and SIGTERM raise KeyboardInterrupt; in `held()`, when that is left.

    A second signal does not wait. Outside of the main thread nothing is changed.
    """

    def __init__(self) -> None:
        self._holding = self._came = False

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Makes the signals do so."""
        before = {}
        try:
            for each in (signal.SIGINT, signal.SIGTERM):
                before[each] = signal.signal(each, self._handle)
        except ValueError:
            pass  # Not in the main thread.
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    @contextmanager
    def held(self) -> Iterator[None]:
        """What is inside is done whole."""
        self._holding = True
        try:
            yield
        finally:
            self._holding = False
        if self._came:
            raise KeyboardInterrupt

    def _handle(self, _signal: int, _frame: FrameType | None) -> None:
        first, self._came = not self._came, True
        if not (self._holding and first):
            raise KeyboardInterrupt

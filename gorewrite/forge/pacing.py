"""How often something is written at a forge, over all runs and processes of a user.

GitHub allows 80 writes a minute and 500 an hour, asks for a second between two of them, and bans
who goes on while it says to wait ("Rate limits for the REST API", "Best practices for using the
REST API"). People ask for less than that: each pull request starts their CI.

A window is kept, not a bucket: a bucket that is full when a run begins lets twice its size through
in the first period, and it is over any period that forges count.
"""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from gorewrite.forge.model import Address, ForgeError

#: For `--rate`, unless it is given.
DEFAULT: Final = "1/s,20/min,400/h"
#: Seconds that a run waits at once, unless it is told otherwise.
LONGEST: Final = 300.0

#: A window is kept this much longer, as requests do not all take the same time to arrive.
_SLACK: Final = 1.01
#: Writes that are remembered at least, for runs with another rate.
_REMEMBERED: Final = 1_000
_UNITS: Final = {"s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60}
_UNITS_LONG: Final = {"h": 3_600, "hour": 3_600, "d": 86_400, "day": 86_400}


class Paused(ForgeError):
    """Nothing may be asked for longer than a run waits. until: seconds since the epoch."""

    def __init__(self, until: float, why: str) -> None:
        clock = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(until))
        super().__init__(f"{why}; run again after {clock}", transient=True)
        self.until = until


class Rate(NamedTuple):
    """At most `writes` in any `seconds`."""

    writes: int
    seconds: float

    @staticmethod
    def parse(text: str) -> tuple[Rate, ...]:
        """Reads `20/min,400/h`; s, min, h and d, also spelt out. Raises ValueError (one line)."""
        rates = []
        for part in text.split(","):
            match = re.fullmatch(r"\s*([0-9]+)\s*/\s*([a-z]+)\s*", part)
            unit = (_UNITS | _UNITS_LONG).get(match[2]) if match else None
            if match is None or unit is None or int(match[1]) < 1:
                raise ValueError(f"{part.strip()!r} is no rate; write it as 20/min or 400/h")
            rates.append(Rate(int(match[1]), unit))
        return tuple(rates)


class Pacer:
    """Keeps rates, and the pauses that a forge asks for.

    What happened is kept in a file, if there is one, that all runs and processes share; without,
    or where that cannot be written, in memory. Where the clock was set back, what lies in the
    future happened just now: nobody waits longer than a period.
    """

    def __init__(
        self,
        rates: Sequence[Rate],
        state: Path | None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        longest: float = LONGEST,
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        """longest: seconds a run waits at once; say: is told of waits of more than some seconds."""
        self.longest = longest
        self._rates = tuple(rates)
        self._state = state
        self._clock = clock
        self._sleep = sleep
        self._say = say
        self._most = max([_REMEMBERED, *(rate.writes for rate in self._rates)])
        #: When something was written, the oldest first.
        self._writes: deque[float] = deque(maxlen=self._most)
        #: When the forge asked for a pause, and for how many seconds.
        self._hold = (0.0, 0.0)
        self._guard = threading.Lock()

    def write(self) -> None:
        """Waits until something may be written, and counts it. Raises Paused."""
        while wait := self._take():
            self._wait(*wait)

    def read(self) -> None:
        """Waits while the forge wants to be left alone. Raises Paused."""
        while wait := self._held_now():
            self._wait(*wait)

    def hold(self, seconds: float) -> None:
        """The forge wants to be left alone for a time, by every run."""
        with self._shared() as now:
            if now + seconds > sum(self._hold):
                self._hold = (now, seconds)
                self._save()

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._clock()

    def sleep(self, seconds: float) -> None:
        """Waits before something is tried again; what others do is not held up."""
        self._sleep(seconds)

    def _take(self) -> tuple[float, str] | None:
        """Counts a write; or how many seconds have to pass before, and why."""
        with self._shared() as now:
            if wait := self._held(now) or self._full(now):
                return wait
            self._writes.append(now)
            self._save()
            return None

    def _held_now(self) -> tuple[float, str] | None:
        with self._shared() as now:
            return self._held(now)

    def _held(self, now: float) -> tuple[float, str] | None:
        left = sum(self._hold) - now
        return (left, "the forge asks for a pause") if left > 0 else None

    def _full(self, now: float) -> tuple[float, str] | None:
        left = 0.0
        for most, seconds in self._rates:
            if len(self._writes) >= most:
                left = max(left, self._writes[-most] + seconds * _SLACK - now)
        return (left, "the rate of writes is reached") if left > 0 else None

    def _wait(self, seconds: float, why: str) -> None:
        if seconds > self.longest:
            raise Paused(self._clock() + seconds, why)
        if seconds > 5:
            self._say(f"{why}: waiting {seconds:.0f} s")
        self._sleep(seconds)

    # --- what is remembered --------------------------------------------------------------

    @contextmanager
    def _shared(self) -> Iterator[float]:
        """Reads what is known, and keeps others from it meanwhile. Gives the time."""
        with self._guard, self._locked():
            if self._state is not None:
                self._load(self._state)
            now = self._clock()
            if (self._writes and self._writes[-1] > now) or self._hold[0] > now:
                self._writes = deque((min(at, now) for at in self._writes), self._most)
                self._hold = (min(self._hold[0], now), self._hold[1])
                self._save()
            yield now

    def _load(self, state: Path) -> None:
        """A file that is damaged says nothing: what this process knows is what is known."""
        with suppress(OSError, ValueError, TypeError, KeyError):
            found = json.loads(state.read_bytes())
            at, seconds = map(float, found["hold"])
            self._writes = deque(sorted(map(float, found["writes"])), self._most)
            self._hold = (at, seconds)

    def _save(self) -> None:
        if self._state is None:
            return
        new = self._state.with_name(f"{self._state.name}.new")
        try:
            new.write_text(json.dumps({"writes": list(self._writes), "hold": self._hold}))
            new.replace(self._state)
        except OSError:
            # What is written there is no longer what happened.
            self._state = None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        if self._state is None:
            yield
            return
        import fcntl

        lock = None
        # Nothing can be shared where nothing can be written.
        with suppress(OSError):
            self._state.parent.mkdir(0o700, parents=True, exist_ok=True)
            lock = os.open(
                self._state.with_name(f"{self._state.name}.lock"), os.O_CREAT | os.O_RDWR
            )
        try:
            if lock is not None:
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            if lock is not None:
                os.close(lock)


def pacer_for(
    address: Address, rates: str, say: Callable[[str], None], longest: float = LONGEST
) -> Pacer:
    """The pacer that all runs of a user share for one forge. rates: as --rate, "" for DEFAULT."""
    return Pacer(Rate.parse(rates or DEFAULT), state_file(address), longest=longest, say=say)


def state_file(address: Address, environ: Mapping[str, str] = os.environ) -> Path | None:
    """The file that all runs of a user share for one forge (XDG Base Directory, state); None for
    a user without a home, as in containers."""
    base = environ.get("XDG_STATE_HOME", "")
    try:
        home = Path(base) if base.startswith("/") else Path.home() / ".local" / "state"
    except RuntimeError:
        return None
    host = re.sub(r"[^A-Za-z0-9.-]", "-", urlsplit(address.api).netloc.rpartition("@")[2]) or "none"
    return home / "gorewrite" / f"pace-{host}.json"

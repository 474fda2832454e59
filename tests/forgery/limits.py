"""How fast a forge lets itself be asked, as GitHub documents it.

https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api: 80 requests that
create content a minute and 500 an hour, 900 points a minute (1 to read, 5 to write), 5,000
requests an hour.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple


class Limit(NamedTuple):
    """At most `number` in any `seconds`."""

    number: int
    seconds: float


class Refused(NamedTuple):
    """A request came too early. kind: "writes", "points" or "requests"; wait: seconds."""

    kind: str
    wait: float


#: As github.com has them.
GITHUB_WRITES = (Limit(80, 60), Limit(500, 3600))
GITHUB_POINTS = (Limit(900, 60),)
GITHUB_REQUESTS = Limit(5000, 3600)
#: What no test reaches.
UNLIMITED = Limit(1_000_000, 3600)


class Limiter:
    """Counts the requests of each token. Refused requests count for nothing.

    writes, points: any of these, over a sliding window; requests: over windows that begin with the
    first request; clock: seconds since 1970.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        writes: Sequence[Limit] = (),
        points: Sequence[Limit] = (),
        requests: Limit = UNLIMITED,
    ) -> None:
        self.requests = requests
        self._clock = clock
        self._sliding = {"writes": tuple(writes), "points": tuple(points)}
        self._events: dict[tuple[str, str], deque[tuple[float, int]]] = {}
        self._windows: dict[str, tuple[float, int]] = {}
        self._lock = threading.Lock()

    def take(self, token: str, *, write: bool) -> Refused | None:
        """Counts a request, or says why it may not be made now."""
        now = self._clock()
        with self._lock:
            reset, used = self._window(token, now)
            if used >= self.requests.number:
                return Refused("requests", reset - now)
            weights = {"writes": 1 if write else 0, "points": 5 if write else 1}
            for kind, weight in weights.items():
                wait = max(
                    (self._wait(token, kind, limit, weight, now) for limit in self._sliding[kind]),
                    default=0.0,
                )
                if wait > 0:
                    return Refused(kind, wait)
            for kind, weight in weights.items():
                if weight and self._sliding[kind]:
                    self._events.setdefault((token, kind), deque()).append((now, weight))
            self._windows[token] = (reset, used + 1)
        return None

    def left(self, token: str) -> tuple[int, int, int]:
        """The primary limit: all, what is left of it, and the second in which it is reset."""
        with self._lock:
            reset, used = self._window(token, self._clock())
        return self.requests.number, max(0, self.requests.number - used), int(reset)

    def give_back(self, token: str) -> None:
        """The last request was answered with 304 and does not count."""
        with self._lock:
            reset, used = self._window(token, self._clock())
            self._windows[token] = (reset, max(0, used - 1))

    def _window(self, token: str, now: float) -> tuple[float, int]:
        reset, used = self._windows.get(token, (0.0, 0))
        return (reset, used) if now < reset else (now + self.requests.seconds, 0)

    def _wait(self, token: str, kind: str, limit: Limit, weight: int, now: float) -> float:
        if not weight:
            return 0.0
        events = self._events.get((token, kind), deque())
        longest = max(each.seconds for each in self._sliding[kind])
        while events and events[0][0] <= now - longest:
            events.popleft()
        inside = [(at, each) for at, each in events if at > now - limit.seconds]
        excess = sum(each for _, each in inside) + weight - limit.number
        wait = 0.0
        for at, each in inside:
            if excess <= 0:
                break
            excess -= each
            wait = at + limit.seconds - now
        return wait

"""What goes wrong at a forge, and when: scripted, a request at a time."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal[
    "secondary-limit",  # 403 and Retry-After
    "primary-limit",  # 403, x-ratelimit-remaining: 0 and x-ratelimit-reset
    "too-many",  # 429 and Retry-After
    "status",  # any other answer; `status` says which
    "duplicate",  # 422, a pull request already exists; there need not be one
    "silence",  # no answer, until the client hangs up
    "drop",  # the connection is closed
    "slow",  # an answer after `seconds`
    "lag",  # a list without what was opened in the last `seconds`, as from a replica
    "act",  # something happens first, as a push of somebody else; then the answer
]


@dataclass
class Fault:
    """One thing that goes wrong.

    method: of the request, "" for all; path: a regular expression that is searched for in the path
    and query, as `/pulls$` or `service=git-receive-pack`; nth: the first request that is meant,
    among those that match, from 1; times: how many are, -1 for all; after: the request is carried
    out first, and the client does not learn of it; seconds: of Retry-After, until the limit is
    reset, or of waiting; retry_after: its text instead, as a date, or "" for no such header;
    status: for the kind "status"; act: for the kind "act"; hits: how many requests met it.
    """

    kind: Kind
    method: str = ""
    path: str = ""
    nth: int = 1
    times: int = 1
    after: bool = False
    seconds: float = 1.0
    retry_after: str | None = None
    status: int = 500
    act: Callable[[], object] | None = None
    hits: int = 0
    _seen: int = field(default=0, repr=False)

    def meets(self, method: str, target: str) -> bool:
        """Whether it is this request's turn; every request is asked about once."""
        if (self.method and self.method != method) or not re.search(self.path, target):
            return False
        self._seen += 1
        if self._seen < self.nth or 0 <= self.times <= self._seen - self.nth:
            return False
        self.hits += 1
        return True


class Faults:
    """The faults of one forge."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, kind: Kind, method: str = "", path: str = "", **details: object) -> Fault:
        """From now on this goes wrong, too. details: of Fault."""
        fault = Fault(kind, method, path, **details)  # type: ignore[arg-type]
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._faults.clear()

    def meet(self, method: str, target: str) -> Fault | None:
        """The fault of a request, the one added first when there are several."""
        with self._lock:
            return next((each for each in self._faults if each.meets(method, target)), None)

"""Time that passes when something sleeps."""

from __future__ import annotations


class Clock:
    """Seconds since the epoch; `sleep` moves it and keeps for how long each time."""

    def __init__(self, now: float = 1_790_000_000.0) -> None:
        self.now = now
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

"""Campaigns of up to a million repositories, with the clock of a test.

    python benchmarks/campaign.py --simulate

The driver, its journal and its stages are those of `gorewrite migrate`, and so is what keeps the
rate (gorewrite.forge.pacing); the forge refuses as the test forge does, which has the limits that
GitHub publishes (tests/forgery/limits.py). Planning and requests take the time that was measured,
and nothing else is real. A line for each campaign, or for one of its shards: how long it takes,
what the forge refused, and the busiest minute and hour as they arrived there.
"""

from __future__ import annotations

import tempfile
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from gorewrite.campaign.access import Access
from gorewrite.campaign.definition import Definition, Home
from gorewrite.campaign.display import Silence
from gorewrite.campaign.driver import Driver, Options
from gorewrite.campaign.journal import Journal
from gorewrite.campaign.planning import Job, Result
from gorewrite.campaign.sources import Listed
from gorewrite.campaign.stages import share_of
from gorewrite.campaign.tables import Found
from gorewrite.forge.pacing import DEFAULT, Pacer, Rate
from gorewrite.git.clone import Tip
from gorewrite.pulls.model import Group, Step
from tests.forgery.limits import GITHUB_POINTS, GITHUB_REQUESTS, GITHUB_WRITES, Limiter

#: Seconds: to clone and plan a repository, with one process; until a forge has answered a request.
PLANNING: Final = 1.5
ANSWER: Final = 0.3
#: Requests that read, for each pull request.
READS: Final = 2


class Case(NamedTuple):
    """changing: share of the repositories with a pull request; writes: for each of those; jobs:
    processes that plan; parts: shards, each with a token and a rate of its own."""

    repositories: int
    rate: str = DEFAULT
    changing: float = 0.5
    writes: int = 1
    jobs: int = 8
    parts: int = 1


CASES: Final = (
    Case(1_000),
    Case(10_000),
    Case(10_000, writes=3),
    Case(10_000, rate="1/s,70/min,480/h"),
    Case(10_000, rate="1/s,100/min,1000/h"),
    Case(10_000, parts=4),
    Case(100_000),
    Case(100_000, parts=16),
    Case(1_000_000, parts=100),
)


class World:
    """The clock, and the forge."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.now = 1_800_000_000.0
        self.limiter = Limiter(
            self.clock, writes=GITHUB_WRITES, points=GITHUB_POINTS, requests=GITHUB_REQUESTS
        )
        self.pacer = Pacer(Rate.parse(case.rate), None, self.clock, self.sleep, longest=3600.0)
        self.refused = 0
        self.writes: deque[float] = deque()

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def request(self, *, write: bool) -> None:
        """One request, again until the forge takes it."""
        while True:
            if write:
                self.pacer.write()
            self.now += ANSWER
            refusal = self.limiter.take("token", write=write)
            if refusal is None:
                if write:
                    self.writes.append(self.now)
                return
            self.refused += 1
            self.pacer.hold(refusal.wait)
            self.pacer.read()

    # --- the parts of a driver that are not real ---------------------------------------

    workers = 1

    def results(self, jobs: Iterable[Job]) -> Generator[Result, None, None]:
        """See Planners. While a pull request waits, the next repositories are planned."""
        ready = deque([self.now] * self.case.jobs)
        for job in jobs:
            done = ready.popleft() + PLANNING
            ready.append(done)
            self.now = max(self.now, done)
            changing = share_of(job.name, "changing") < self.case.changing
            groups = (Group(".", ".", (), ()),) if changing else ()
            found = Found("c0ffee", job.request.digest, 1, int(changing), 0, 0, 0.0)
            yield Result(job.name, tip=Tip("refs/heads/main", "c0ffee"), found=found, groups=groups)

    def publish(self, *_: object, **__: object) -> Iterator[Step]:
        """See Publisher."""
        for _ in range(READS):
            self.request(write=False)
        for _ in range(self.case.writes):
            self.request(write=True)
        yield Step("create", "gorewrite/x", None, writes=self.case.writes, pushed=True)

    def log(self, *_: object) -> None:
        """See Records."""

    patches = log


def main() -> None:
    """See above."""
    heads = ("repositories", "PRs", "writes", "rate", "shards", "took", "by rate", "refused")
    print(("{:>13}{:>9}{:>8}{:>20}{:>8}{:>12}{:>12}{:>9}").format(*heads), "   busiest min, hour")
    for case in CASES:
        began = time.process_time()
        world, count = simulated(case)
        pulls = count * case.parts
        took = (world.now - 1_800_000_000.0) / 3600
        rates = Rate.parse(case.rate)
        by_rate = max(len(world.writes) / each.writes * each.seconds for each in rates) / 3600
        print(
            f"{case.repositories:>13,}{pulls:>9,}{case.writes:>8}{case.rate:>20}{case.parts:>8}"
            f"{took:>10.1f} h{by_rate:>10.1f} h{world.refused:>9}   "
            f"{busiest(world.writes, 60):>5}{busiest(world.writes, 3600):>6}",
            f"  ({time.process_time() - began:.0f} s of CPU)",
        )


def simulated(case: Case) -> tuple[World, int]:
    """(the world after a campaign, or after one of its shards; pull requests there)."""
    world = World(case)
    definition = replace(Definition(name="simulated"), org=("acme",), pr=True)
    with tempfile.TemporaryDirectory() as directory:
        home = Home(Path(directory))
        with Journal(home.journal) as journal, Access(definition, print) as access:
            scan = journal.begin(world.now)
            count = case.repositories // case.parts
            names = (f"acme/service{number}" for number in range(count))
            journal.add(scan, (Listed(name, f"file:///{name}") for name in names))
            journal.listed(scan, world.now)
            driver: Any = Driver(
                definition, home, journal, world, access, Silence(), Options(), world.clock
            )
            driver.publisher = driver.records = world
            ended = driver.run()
            assert not ended.why, ended
            assert journal.scan() == (0, False)
            return world, sum(1 for _ in journal.pulls())


def busiest(times: Iterable[float], seconds: float) -> int:
    """The most of some times, in order, that lie within so many seconds."""
    window: deque[float] = deque()
    most = 0
    for at in times:
        window.append(at)
        while window[0] <= at - seconds:
            window.popleft()
        most = max(most, len(window))
    return most

"""Campaigns for tests: a forge with some repositories, and runs over them in this process."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from gorewrite.campaign.access import Access
from gorewrite.campaign.definition import Definition, Home
from gorewrite.campaign.driver import Driver, Ended, Options
from gorewrite.campaign.journal import Journal
from gorewrite.campaign.planning import Job, Result
from gorewrite.campaign.workers import Here, Planners
from gorewrite.forge.model import Address
from gorewrite.forge.pacing import Pacer, Rate
from gorewrite.pulls.model import Step
from tests.forgery import GitHubForge

SERVICE = {
    "Dockerfile": (
        'FROM golang:1.24\nWORKDIR /src\nCOPY . .\nRUN go build -o /app .\nCMD ["/app"]\n'
    ),
    "go.mod": "module example.com/shop\n\ngo 1.24\n",
    "main.go": "package main\n\nfunc main() {}\n",
}
OPTED_OUT = {**SERVICE, "Dockerfile": f"# gorewrite: ignore\n{SERVICE['Dockerfile']}"}
WORDS = {"README.md": "Words.\n"}


class Watched:
    """A display that remembers what it was told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.count = 0
        self.states: dict[str, str] = {}
        self.told: dict[str, str] = {}
        self.steps: list[tuple[str, str]] = []

    def say(self, text: str) -> None:
        self.said.append(text)

    def begin(self, count: int) -> None:
        self.count = count

    def repository(self, name: str, state: str, text: str) -> None:
        self.states[name] = state
        self.told[name] = text

    def step(self, name: str, step: Step) -> None:
        self.steps.append((name, step.action))


class Campaign:
    """A campaign on a test forge, with a clock of its own. values: of its definition."""

    def __init__(self, forge: GitHubForge, top: Path, **values: Any) -> None:
        self.forge = forge
        self.home = Home(top / "slim")
        given = {"org": ("acme",), "forge": "github", "forge_url": forge.api, "pr": True}
        self.definition = replace(Definition(name="slim"), **{**given, **values})
        self.elsewhere = False
        self.now = 1_800_000_000.0
        self.rates = Rate.parse("1000/s")

    def run(
        self,
        options: Options = Options(),  # noqa: B008 (a tuple)
        planners: Planners | None = None,
        **values: Any,
    ) -> tuple[Ended, Watched]:
        """One run. values: of the definition, from now on."""
        self.definition = replace(self.definition, **values)
        watched = Watched()
        with self.journal() as journal, self.access(watched.say) as access:
            driver = Driver(
                self.definition,
                self.home,
                journal,
                planners or Here(),
                access,
                watched,
                options,
                lambda: self.now,
                elsewhere=planners is not None and self.elsewhere,
            )
            return driver.run(), watched

    def access(self, say: Callable[[str], None] = lambda _: None) -> Access:
        return Access(self.definition, say, self.pacer)

    def pacer(self, _: Address) -> Pacer:
        def sleep(seconds: float) -> None:
            self.now += seconds

        return Pacer(self.rates, None, lambda: self.now, sleep, longest=10.0)

    def journal(self) -> Journal:
        return Journal(self.home.journal)

    def states(self) -> dict[str, str]:
        """Repository → state of its first pull request."""
        with self.journal() as journal:
            return {pull.repository: pull.state for pull in journal.pulls()}

    def wrote(self) -> tuple[int, int]:
        """How many writes and pushes arrived at the forge by now."""
        return len(self.forge.writes), len(self.forge.pushes)


# --- work for processes ----------------------------------------------------------------


def works(job: Job) -> Result:
    """Does at once what the name of a job says."""
    match job.name.partition(" ")[0]:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "exit":
            os._exit(3)
        case "memory":
            _ = bytearray(1 << 40)
        case "sleep":
            Path(job.url).write_text(str(os.getpid()))
            time.sleep(60)
        case "large":
            return Result(job.name, files=b"x" * (1 << 21))
    return Result(job.name, nothing="done")

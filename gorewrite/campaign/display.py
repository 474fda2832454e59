"""How a campaign is watched: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from gorewrite.campaign.driver import Display
from gorewrite.forge.secrets import one_line
from gorewrite.pulls.model import Step

#: What was done about pull requests that is not worth a line of its own.
_USUAL = ("unchanged",)


class Lines:
    """A line on stderr for each repository in which there is something. See Display."""

    def __init__(self, *, dry_run: bool = False) -> None:
        self.counts: Counter[str] = Counter()
        self._dry_run = dry_run
        self._count = 0

    def say(self, text: str) -> None:
        """See Display."""
        self._line(f"gorewrite: {one_line(text)}")

    def begin(self, count: int) -> None:
        """See Display."""
        self._count = count
        self._line(
            f"gorewrite: {count} {'repository' if count == 1 else 'repositories'} to look at"
        )

    def repository(self, name: str, state: str, text: str) -> None:
        """See Display."""
        self.counts[state] += 1
        if state != "clean":
            told = f": {one_line(text)}" if text else ""
            self._line(f"{self._place()} {name}: {state}{told}")

    def step(self, name: str, step: Step) -> None:
        """See Display."""
        if step.action not in _USUAL:
            would = "would " if self._dry_run else ""
            told = ": ".join(each for each in (step.url or step.branch, step.reason) if each)
            self._line(f"{self._place()} {name}: {would}{step.action} {one_line(told)}")

    def _place(self) -> str:
        return f"[{sum(self.counts.values())}/{self._count}]"

    def _line(self, text: str) -> None:
        click.echo(text, err=True)


class Bar(Lines):
    """A bar with counts below the lines of what failed. See Display."""

    def __init__(self, bar: Any, *, dry_run: bool = False) -> None:
        super().__init__(dry_run=dry_run)
        self._bar = bar
        self._task = bar.add_task("", total=None, counts="")

    def begin(self, count: int) -> None:
        """See Display."""
        self._count = count
        self._bar.update(self._task, total=count)

    def repository(self, name: str, state: str, text: str) -> None:
        """See Display."""
        if state == "failed":
            super().repository(name, state, text)
        else:
            self.counts[state] += 1
        counts = ", ".join(f"{times} {each}" for each, times in self.counts.most_common())
        self._bar.update(self._task, advance=1, counts=counts)

    def _line(self, text: str) -> None:
        self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)


class Silence(Lines):
    """Says nothing but what is wrong with the run as a whole. See Display."""

    def begin(self, count: int) -> None:
        """See Display."""

    def repository(self, name: str, state: str, text: str) -> None:
        """See Display."""
        self.counts[state] += 1

    def step(self, name: str, step: Step) -> None:
        """See Display."""


@contextmanager
def display(*, quiet: bool, dry_run: bool) -> Iterator[Display]:
    """What fits where this process writes to."""
    if quiet or not sys.stderr.isatty():
        yield Silence() if quiet else Lines(dry_run=dry_run)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        "Repositories",
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[counts]}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield Bar(bar, dry_run=dry_run)

"""What is done to a whole campaign but planning: asking the forge, forgiving, closing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from gorewrite.campaign.access import Access
from gorewrite.campaign.definition import Definition, Home
from gorewrite.campaign.driver import Display, Ended
from gorewrite.campaign.journal import Journal
from gorewrite.campaign.planning import Result
from gorewrite.campaign.publishing import STATES, Publisher, state_of
from gorewrite.campaign.records import Records
from gorewrite.campaign.tables import Row
from gorewrite.forge.model import ForgeError
from gorewrite.git.checkout import CloneError
from gorewrite.git.clone import tip_of
from gorewrite.git.run import GitError
from gorewrite.pulls.model import Step

#: States of pull requests that may be open.
_MAYBE_OPEN: Final = (
    "planned", "pushed", "open", "waiting", "failed", "blocked", "stopped", "abandoned"
)  # fmt: skip


def refresh(
    definition: Definition,
    journal: Journal,
    access: Access,
    clock: Callable[[], float] = time.time,
) -> None:
    """Asks the forge what became of all pull requests that may be open. Raises ForgeError."""
    publisher = Publisher(definition, access)
    for row in journal.with_pulls(journal.last(), *_MAYBE_OPEN):
        known = {each.branch: each for each in journal.pulls(row.name)}
        asked = [branch for branch, each in known.items() if each.state in _MAYBE_OPEN]
        for branch, pull in publisher.states(row.url, asked).items():
            state = state_of(pull)
            if state != "open":
                journal.pull(row.name, branch, state, clock(), url=pull.url)
            elif known[branch].state in ("planned", "waiting", "failed"):
                journal.pull(row.name, branch, "open", clock(), url=pull.url)


def forgive(home: Home) -> None:
    """What failed is due at once, in all shards, as if it never had been tried."""
    for path in home.journals():
        with Journal(path) as journal:
            scan = journal.last()
            for row in journal.of_state(scan, "failed"):
                journal.forgive(scan, row.name)


class Closer:
    """Closes the pull requests of a campaign. reason: said in each of them."""

    def __init__(
        self,
        definition: Definition,
        home: Home,
        journal: Journal,
        access: Access,
        display: Display,
        reason: str,
        clock: Callable[[], float] = time.time,
        *,
        dry_run: bool = False,
    ) -> None:
        self.journal = journal
        self.access = access
        self.display = display
        self.reason = reason
        self.clock = clock
        self.dry_run = dry_run
        self.records = Records(home, clock)
        self.publisher = Publisher(definition, access)

    def run(self) -> Ended:
        """Closes what is open. Whatever is closed, or a person's by now, is passed over."""
        from gorewrite.pulls.publish import Stopped

        rows = list(self.journal.with_pulls(self.journal.last(), *_MAYBE_OPEN))
        self.display.begin(len(rows))
        failed = 0
        for row in rows:
            try:
                state, text = self._close(row)
            except Stopped as stopped:
                return Ended(failed, str(stopped), stopped.until)
            except (ForgeError, GitError, CloneError) as error:
                state, text = "failed", str(error)
            failed += state == "failed"
            self.records.log(row.name, f"closing: {state} {text}")
            self.display.repository(row.name, state, text)
        return Ended(failed)

    def _close(self, row: Row) -> tuple[str, str]:
        """(what became of a repository, why)."""
        tip, _ = tip_of(row.url, row.branch, lambda: self.access.variables(row.url))
        if tip is None:
            return "closed", "it is empty"
        result = Result(row.name, tip=tip)
        closed: dict[str, Step] = {}
        failure = ""
        for step in self.publisher.publish(
            row.url, result, self.display.say, dry_run=self.dry_run, closing=self.reason
        ):
            self.display.step(row.name, step)
            failure = step.reason if step.action == "failed" else failure
            state = STATES[step.action]
            if state is None:
                closed[step.branch] = step
            elif not self.dry_run:
                self.journal.step(row.name, step, state, self.clock())
        if closed and not self.dry_run:
            for branch, pull in self.publisher.states(row.url, closed).items():
                self.journal.step(row.name, closed[branch], state_of(pull), self.clock())
        return ("failed", failure) if failure else ("closed", "")

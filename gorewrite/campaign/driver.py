"""One run of a campaign: repositories are planned by others, and written down and proposed here.

Of each repository a row of the journal is all that is kept, however many there are. A run may end
anywhere; the next one does what is not done.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing
from typing import Final, Literal, NamedTuple, Protocol

from gorewrite.campaign import records, sources
from gorewrite.campaign.access import Access
from gorewrite.campaign.definition import Definition, Home, most_failures
from gorewrite.campaign.journal import Journal
from gorewrite.campaign.planning import Failure, Job, Request, Result
from gorewrite.campaign.publishing import STATES, Publisher, Unwanted, state_of
from gorewrite.campaign.stages import Stage, stage_of
from gorewrite.campaign.tables import Row, State
from gorewrite.campaign.workers import Planners
from gorewrite.forge.model import ForgeError
from gorewrite.git.checkout import CloneError
from gorewrite.git.clone import is_transient
from gorewrite.git.run import GitError
from gorewrite.pulls.model import Step

Only = Literal["", "failed", "blocked"]

#: Of pull requests that nothing was done about, those of which something may be new.
_LIVING: Final = ("open", "waiting", "blocked", "stopped", "planned", "failed")


#: So many repositories in a row that the forge does not take anything for, and it is left alone.
_MOST_REFUSALS: Final = 5


class Options(NamedTuple):
    """What one run is told besides the definition.

    part: (I, N) of a shard, None for all; only: what failed, or is blocked, and nothing else;
    dry_run: show what would be proposed; anew: begin a scan though the last one is not done.
    """

    part: tuple[int, int] | None = None
    only: Only = ""
    dry_run: bool = False
    anew: bool = False
    keep_clones: bool = False


class Display(Protocol):
    """Where a run is watched."""

    def say(self, text: str) -> None:
        """Something about the run as a whole."""

    def begin(self, count: int) -> None:
        """So many repositories are going to be looked at."""

    def repository(self, name: str, state: str, text: str) -> None:
        """One of them is done."""

    def step(self, name: str, step: Step) -> None:
        """Something was, or in a preview would be, done about a pull request."""


class Ended(NamedTuple):
    """How a run ended. why: "" when all was done, else why it was left before; failed: how many
    repositories failed; until: when it is of use to go on, seconds since 1970, 0.0 for now."""

    failed: int
    why: str = ""
    until: float = 0.0


class _Enough(Exception):
    """The run ends before all is done. The text says why."""

    def __init__(self, why: str, until: float = 0.0) -> None:
        super().__init__(why)
        self.until = until


class Driver:
    """One run. clock: seconds since 1970."""

    def __init__(
        self,
        definition: Definition,
        home: Home,
        journal: Journal,
        planners: Planners,
        access: Access,
        display: Display,
        options: Options = Options(),  # noqa: B008 (a tuple)
        clock: Callable[[], float] = time.time,
        *,
        elsewhere: bool = False,
    ) -> None:
        """elsewhere: whether repositories are planned on other machines, with tokens of theirs."""
        self.definition = definition
        self.journal = journal
        self.planners = planners
        self.access = access
        self.display = display
        self.options = options
        self.clock = clock
        self.elsewhere = elsewhere
        self.records = records.Records(home, clock)
        self.clones = home.clones
        self.publisher = Publisher(definition, access)
        self._scan = 0
        self._failed = 0
        self._refusals = 0
        self._most_failed = float("inf")
        #: Those that are being planned.
        self._rows: dict[str, Row] = {}

    def run(self) -> Ended:
        """Does what there is to do. Raises CampaignError, ForgeError when nothing can be listed."""
        self._scan = self._listed()
        count = sum(1 for _ in self._due())
        self._most_failed = most_failures(self.definition.max_failures, count)
        self.display.begin(count)
        try:
            with closing(self.planners.results(self._jobs())) as results:
                for result in results:
                    self._take(self._rows.pop(result.name), result)
                    if self._failed > self._most_failed:
                        most = self.definition.max_failures
                        raise _Enough(f"{self._failed} failed, and --max-failures is {most}")
        except _Enough as enough:
            return Ended(self._failed, str(enough), enough.until)
        finally:
            self._sweep()
        if not self.options.only and not self.options.dry_run:
            self.journal.finish(self._scan, self.clock())
        return Ended(self._failed)

    # --- what there is to do -----------------------------------------------------------

    def _listed(self) -> int:
        """The number of the scan that this run works on, with all its repositories listed."""
        scan, complete = self.journal.scan()
        if scan and not self.journal.left(scan) and complete:
            self.journal.finish(scan, self.clock())
            scan = 0
        if self.options.only and not scan:
            scan, complete = self.journal.last(), True
        if not scan or self.options.anew:
            if scan:
                self.journal.abandon(scan, self.clock())
            scan, complete = self.journal.begin(self.clock()), False
        if not complete:
            every = sources.listed(self.definition, self.access.hub, self._passed_over)
            self.journal.add(scan, sources.some(every, self.options.part))
            self.journal.listed(scan, self.clock())
        return scan

    def _passed_over(self, name: str, why: str) -> None:
        self.records.log(name, f"not taken: {why}")

    def _due(self) -> Iterator[Row]:
        """What this run has to look at, while it is being done."""
        match self.options.only:
            case "failed":
                yield from self.journal.of_state(self._scan, "failed")
            case "blocked":
                yield from self.journal.with_pulls(self._scan, "blocked", "stopped", "waiting")
            case _:
                yield from self.journal.due(self._scan, self.clock())
                if self.definition.pr and not self.options.dry_run:
                    yield from self._let_in()

    def _let_in(self) -> Iterator[Row]:
        """Repositories that this scan planned only, and that may be published by now."""
        for row in self.journal.of_state(self._scan, "planned"):
            if row.scan == self._scan and self._stage(row.name) != "no":
                yield row

    def _jobs(self) -> Iterator[Job]:
        definition = self.definition
        request = Request(
            definition.select,
            definition.ignore,
            definition.runtime,
            definition.review,
            definition.group_by or None,  # type: ignore[arg-type]
            definition.name,
            definition.digest,
            definition.forge,
            definition.forge_url,
            definition.ca_file,
            "" if self.elsewhere else str(self.clones),
            self.options.keep_clones,
        )
        for row in self._due():
            self._rows[row.name] = row
            variables = None if self.elsewhere else self.access.variables(row.url)
            known = row.base_commit if self._is_known(row) else ""
            yield Job(row.name, row.url, row.branch, request, known, variables)

    def _is_known(self, row: Row) -> bool:
        """Whether there is nothing to find out about a repository that stands where it stood."""
        if row.digest != self.definition.digest or row.errors or self.options.only:
            return False
        if row.state == "clean":
            return True
        return row.state == "planned" and self._stage(row.name) == "no"

    def _stage(self, name: str) -> Stage:
        """Whether the pull requests of a repository are opened by now."""
        definition = self.definition
        if not definition.pr:
            return "no"
        return stage_of(name, definition.rules, definition.canary, definition.name)

    # --- what became of one ------------------------------------------------------------

    def _take(self, row: Row, result: Result) -> None:
        """Writes down what became of a repository, and proposes what there is to propose."""
        for line in result.log:
            self.records.log(row.name, line)
        if result.failure is not None:
            self._fail(row, result.failure)
            return
        if result.found is not None:
            self.records.patches(row.name, result.groups)
        stage = self._stage(row.name)
        if stage == "no" or not (result.groups or result.ours):
            self._done(row, result, *self._still(row, result, stage))
            return
        self._propose(row, result, draft=stage == "draft")

    def _still(self, row: Row, result: Result, stage: Stage) -> tuple[State, str]:
        """(state, reason) of a repository of which nothing is proposed."""
        if result.unchanged:
            return row.state, row.reason  # type: ignore[return-value]
        if not result.groups:
            return "clean", result.nothing or "nothing to change"
        held = self.definition.pr and stage == "no"
        return "planned", "not published yet: --publish, --canary" if held else ""

    def _propose(self, row: Row, result: Result, *, draft: bool) -> None:
        from gorewrite.pulls.publish import Stopped

        dry_run = self.options.dry_run
        steps: dict[str, Step] = {}
        try:
            for step in self.publisher.publish(
                row.url, result, self.display.say, draft=draft, dry_run=dry_run
            ):
                steps[step.branch] = step
                self._step(row, step)
            if not dry_run:
                self._refresh(row, steps)
        except Stopped as stopped:
            raise self._enough(row, stopped.cause) from None
        except Unwanted as why:
            self._done(row, result, "skipped", str(why))
            return
        except ForgeError as error:
            if error.status == 401 or hasattr(error, "until"):
                raise self._enough(row, error) from None
            self._refused(row, Failure(_cause(error, row), str(error), error.transient))
            return
        except (GitError, CloneError) as error:
            text = str(error)
            self._refused(row, Failure(_cause(error, row), text, is_transient(text)))
            return
        self._proposed(row, result, steps.values())

    def _proposed(self, row: Row, result: Result, steps: Collection[Step]) -> None:
        """Writes down a repository of which everything was tried."""
        for step in steps:
            if step.action == "failed":
                cause = "a branch or pull request was refused"
                self._refused(row, Failure(cause, step.reason, is_transient(step.reason)))
                return
        self._refusals = 0
        waiting = [step.reason for step in steps if step.action == "wait"]
        if not result.groups:
            self._done(row, result, "clean", result.nothing or "nothing to change")
        elif self.options.dry_run:
            self._done(row, result, "planned", "")
        elif waiting:
            self._done(row, result, "waiting", waiting[0])
        else:
            self._done(row, result, "published", "")

    def _step(self, row: Row, step: Step) -> None:
        """Writes down what was done about a pull request."""
        would = "would " if self.options.dry_run else ""
        self.records.log(row.name, f"{would}{step.action} {step.branch} {step.url} {step.reason}")
        self.display.step(row.name, step)
        state = STATES[step.action]
        if self.options.dry_run or state is None:
            return
        if state == "open" and self.definition.forge == "none":
            state = "pushed"
        self.journal.step(row.name, step, state, self.clock())

    def _refresh(self, row: Row, steps: Mapping[str, Step]) -> None:
        """Asks what became of pull requests that nothing was done about, and whether those of
        branches that were deleted had been merged before."""
        asked = [branch for branch, step in steps.items() if STATES[step.action] is None]
        asked += [
            each.branch
            for each in self.journal.pulls(row.name)
            if each.state in _LIVING and each.branch not in steps
        ]
        if not asked:
            return
        for branch, pull in self.publisher.states(row.url, asked).items():
            reason = steps[branch].reason if branch in steps else ""
            self.journal.pull(
                row.name, branch, state_of(pull), self.clock(), reason=reason, url=pull.url
            )

    def _refused(self, row: Row, failure: Failure) -> None:
        """Writes down that a repository could not be published. Raises _Enough when it looks as if
        the forge were out of order, which is no repository's failure."""
        self._fail(row, failure)
        self._refusals = self._refusals + 1 if failure.transient else 0
        if self._refusals >= _MOST_REFUSALS:
            raise _Enough(f"{self._refusals} in a row failed: {failure.text}")

    def _enough(self, row: Row, error: ForgeError) -> _Enough:
        """That the forge, or the rate, says that it is enough for now."""
        self.records.log(row.name, f"left for later: {error}")
        return _Enough(str(error), getattr(error, "until", 0.0))

    def _done(self, row: Row, result: Result, state: State, reason: str) -> None:
        files = result.files if result.found is not None else None
        self.journal.done(
            self._scan,
            row.name,
            state,
            self.clock(),
            reason=reason,
            found=result.found,
            files=files,
        )
        changed = sum(len(group.planned) for group in result.groups)
        text = reason or (f"{changed} of {result.found.dockerfiles}" if result.found else "")
        self.records.log(row.name, f"{state}: {text}" if text else state)
        self.display.repository(row.name, state, text)

    def _fail(self, row: Row, failure: Failure) -> None:
        self._failed += 1
        self.journal.failed(
            self._scan,
            row,
            failure.cause,
            failure.text,
            transient=failure.transient,
            now=self.clock(),
        )
        self.records.log(row.name, f"failed: {failure.text}")
        self.display.repository(row.name, "failed", failure.text)

    def _sweep(self) -> None:
        if not self.options.keep_clones:
            shutil.rmtree(self.clones, ignore_errors=True)


def _cause(error: Exception, row: Row) -> str:
    """A failure without what is this repository's own."""
    return str(error).replace(row.url, "URL").replace(row.name, "NAME")

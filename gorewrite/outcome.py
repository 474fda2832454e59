"""What became of one Dockerfile, as plain data: it crosses processes and is kept by the thousands.

A plan holds the tree of a Dockerfile and knows its surroundings; an `Outcome` has what the
summary, the reports and the writing of files need, in numbers, texts and bytes alone.
"""

from __future__ import annotations

import os
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gorewrite.discovery import repository_root
from gorewrite.files import real
from gorewrite.formats.fingerprint import fingerprints
from gorewrite.shared import with_changes

if TYPE_CHECKING:
    from gorewrite.context import ContextGuess
    from gorewrite.engine import Applied, Refused
    from gorewrite.project import FileError, Result
    from gorewrite.shared import Verdict
    from gorewrite.transform import SpanEdit
    from gorewrite.verify.verification import Verification


class Problem(NamedTuple):
    """Why a file was not planned or written. `str()` is `path:line: text`.

    line: 0 for the whole file; text: the problem, and what to do; trace: of the exception behind
    it, "" when there is none.
    """

    path: str
    line: int
    text: str
    trace: str = ""

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.text}"

    @classmethod
    def of(cls, error: FileError) -> Problem:
        """The same as plain data."""
        cause = error.__cause__
        trace = "".join(traceback.format_exception(cause)) if cause is not None else ""
        return cls(error.path, error.line, error.problem, trace)


class ContextNote(NamedTuple):
    """The build context that a Dockerfile was planned with.

    root: the directory; certain: whether the evidence leaves no other; why: one clause;
    directory: the root as files are named in reports, "." for where they are named from.
    """

    root: str
    certain: bool
    why: str
    directory: str = "."


class Edit(NamedTuple):
    """One file of an outcome.

    path: on disk; name: in patches; old: its bytes, None where there is no such file; new: what
    it will hold.
    """

    path: str
    name: str
    old: bytes | None
    new: bytes


class Outcome(NamedTuple):
    """What became of one Dockerfile of a run.

    display: its name in reports; error: what stopped it (then all else is empty); context: None
    when it was left alone as a whole; edits: the Dockerfile, and files that go with it; spans:
    edits of files that other Dockerfiles share, not yet joined with theirs (see
    gorewrite.fleet.ledger); repository: the directory their paths are relative to, and outside of
    which nothing is written, "" for none; verification: when one was asked for and there was
    something to verify; fingerprints: of the lines that changes and refusals are about, see
    gorewrite.formats.fingerprint.
    """

    display: str
    error: Problem | None = None
    context: ContextNote | None = None
    changes: tuple[Applied, ...] = ()
    refusals: tuple[Refused, ...] = ()
    notes: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()
    spans: tuple[SpanEdit, ...] = ()
    repository: str = ""
    verification: Verification | None = None
    fingerprints: tuple[tuple[int, str], ...] = ()

    @property
    def held_back(self) -> bool:
        """Whether nothing of it is applied because it was not verified."""
        return self.verification is not None and self.verification.verdict != "verified"

    @property
    def changed(self) -> bool:
        """Whether something is, or in a preview would be, written."""
        return bool(self.edits or self.spans) and not self.held_back


def failed(error: FileError) -> Outcome:
    """The outcome of a file that could not be planned."""
    return Outcome(error.path, Problem.of(error))


def changes_on_disk(result: Result) -> list[tuple[Path, bytes | None, bytes]]:
    """(path, old, new) of every file of a plan."""
    found: list[tuple[Path, bytes | None, bytes]] = []
    if result.plan.new != result.plan.old:
        found.append((result.path, result.plan.old, result.plan.new))
    if result.context is not None:
        root = result.context.root
        found += [(root / change.path, change.old, change.new) for change in result.plan.files]
    return found


def outcome_of(
    result: Result, verification: Verification | None = None, here: str | None = None
) -> Outcome:
    """The outcome of a planned Dockerfile.

    here: the directory that `result.display` is relative to; by default the current one.
    """
    plan, guess = result.plan, result.context
    root = repository_root(result.path.parent)
    lines = {change.line for change in plan.changes} | {no.line for no in plan.refusals}
    lines |= {seen.place.line for seen in plan.observations if seen.place is not None}
    edits: list[Edit] = []
    if changes := changes_on_disk(result):
        names = Names(result.path, result.display, here)
        edits = [Edit(str(path), names.of(path), old, new) for path, old, new in changes]
    return Outcome(
        result.display,
        None,
        _context_note(guess, here) if guess is not None else None,
        plan.changes,
        plan.refusals,
        plan.notes,
        tuple(edits),
        plan.spans,
        str(root) if root is not None else "",
        verification,
        tuple(fingerprints(plan.old, lines).items()),
    )


def _context_note(guess: ContextGuess, here: str | None) -> ContextNote:
    root = str(guess.root)
    return ContextNote(root, guess.certain, guess.why, os.path.relpath(root, here))


def with_verdict(
    outcome: Outcome, verdict: Verdict, path: Path, root: str, here: str | None = None
) -> Outcome:
    """An outcome with what was concluded of files that Dockerfiles share.

    path: of its Dockerfile; root: of the build context; here: see `outcome_of`.
    """
    edits = []
    if verdict.files:
        names = Names(path, outcome.display, here)
        for file in verdict.files:
            place = os.path.join(root, file.path)  # noqa: PTH118
            edits.append(Edit(place, names.of(place), file.old, file.new))
    return outcome._replace(
        changes=with_changes(outcome.changes, verdict.changes),
        refusals=(*outcome.refusals, *verdict.refusals),
        edits=(*outcome.edits, *edits),
    )


class Names:
    """What the files that go with a Dockerfile are called in patches.

    `git apply` takes names below the directory in which it runs, and none with `..` or through a
    link: they are relative to the directory that `display` is relative to where the files lie
    below it, else to the root of the repository.
    """

    def __init__(self, path: Path, display: str, here: str | None = None) -> None:
        self._top = str(repository_root(path.parent) or "/")
        place = os.path.abspath(path)  # noqa: PTH100 (Path.resolve follows links)
        if display == "-":
            self._here = os.path.dirname(place)  # noqa: PTH120
        elif place.endswith(f"/{display}"):
            self._here = place[: -len(display) - 1] or "/"
        else:
            self._here = here or os.getcwd()  # noqa: PTH109
        self._here = real(self._here)

    def of(self, path: str | Path) -> str:
        """The name of a file."""
        place = real(path)
        for top in (self._here, self._top):
            if place.startswith(f"{top.rstrip('/')}/"):
                return place[len(top.rstrip("/")) + 1 :]
        return place.lstrip("/")

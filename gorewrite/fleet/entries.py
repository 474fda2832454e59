"""What is kept of an outcome until the end of a run: what is shown, counted and written.

It is made where the Dockerfile is planned, as diffs and texts take time; the process that shows
them has thousands to put together.
"""

from __future__ import annotations

import json
from typing import Literal, NamedTuple

from gorewrite.outcome import Edit, Outcome, Problem
from gorewrite.report import block, diff_of, file_document, said


class Form(NamedTuple):
    """What is going to be shown.

    text: of each file the block of the summary, its part of a JSON report as it is printed, or as
    compact JSON to be read again; "" for none. diffs: whether diffs are; writes: whether files are
    written; verbose, width: of the summary.
    """

    text: Literal["", "block", "json", "document"] = "block"
    diffs: bool = True
    writes: bool = False
    verbose: bool = False
    width: int = 80


class Entry(NamedTuple):
    """What is shown, counted and written of one file.

    held_back: why nothing of it is applied, "" when it is; said: see gorewrite.report.said;
    text: see Form; edits: only where files are written; touched: the paths
    of all that is edited.
    """

    display: str
    error: Problem | None
    changed: bool
    reason: str
    said: tuple[tuple[str, str], ...]
    diff: bytes
    text: str
    edits: tuple[Edit, ...]
    touched: tuple[str, ...]
    repository: str

    @property
    def held_back(self) -> bool:
        """As of an Outcome."""
        return bool(self.reason)


def entry(outcome: Outcome, form: Form) -> Entry:
    """What is kept of an outcome, its spans joined with those of others (see ledger)."""
    reason, verification = "", outcome.verification
    if outcome.held_back and verification is not None:
        reason = f"{verification.verdict}: {verification.reason}"
    edits = outcome.edits if not reason else ()
    return Entry(
        outcome.display,
        outcome.error,
        outcome.changed,
        reason,
        said(outcome),
        diff_of(outcome) if form.diffs and not reason else b"",
        _text(outcome, form),
        edits if form.writes else (),
        tuple(edit.path for edit in edits),
        outcome.repository,
    )


def failure(display: str, text: str, form: Form) -> Entry:
    """What is kept of a file that was not written. text: the problem, and what to do."""
    return entry(Outcome(display, Problem(display, 0, text)), form)


def _text(outcome: Outcome, form: Form) -> str:
    match form.text:
        case "block":
            return block(outcome, form.width, verbose=form.verbose)
        case "json":
            text = json.dumps(file_document(outcome), indent=2, ensure_ascii=False)
            return "    " + text.replace("\n", "\n    ")
        case "document":
            return json.dumps(file_document(outcome))
    return ""

"""What is said about a run: the summary people read, and the JSON that tools read.

The JSON is stable and documented in docs/json.md; new keys may be added.
"""

from __future__ import annotations

import json
import shutil
import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Protocol

import click

from gorewrite import __version__
from gorewrite.differ import unified
from gorewrite.outcome import Outcome

if TYPE_CHECKING:
    from gorewrite.engine import Applied, Refused
    from gorewrite.evidence import Evidence
    from gorewrite.outcome import Problem


def diff_of(outcome: Outcome) -> bytes:
    """The unified diff of all files of an outcome; empty when nothing changes."""
    return b"".join(
        unified(edit.old or b"", edit.new, edit.name, new_file=edit.old is None)
        for edit in outcome.edits
    )


# --- JSON ------------------------------------------------------------------------------


def as_json(outcomes: Sequence[Outcome]) -> str:
    """The report as one JSON document with a final newline."""
    return json.dumps(document(outcomes), indent=2, ensure_ascii=False) + "\n"


def document(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """What the JSON report says, see docs/json.md."""
    return {
        "version": __version__,
        "files": [file_document(outcome) for outcome in outcomes],
        "summary": Tally.of(outcomes).document(),
    }


def file_document(outcome: Outcome) -> dict[str, Any]:
    """What the JSON report says of one file."""
    document: dict[str, Any] = {"path": outcome.display, "changed": outcome.changed}
    if outcome.error is not None:
        return {**document, "error": {"line": outcome.error.line, "message": outcome.error.text}}
    fingerprints = dict(outcome.fingerprints)
    document["diff"] = diff_of(outcome).decode("utf-8", "replace")
    document["context"] = outcome.context._asdict() if outcome.context is not None else None
    document["changes"] = [
        {
            "transform": change.transform,
            "safety": str(change.safety),
            "applied": change.applied,
            "line": change.line,
            "message": change.message,
            "because": _because(change.because),
            "fingerprint": fingerprints.get(change.line),
        }
        for change in outcome.changes
    ]
    document["refusals"] = [
        {
            "transform": refusal.transform,
            "code": refusal.code,
            "line": refusal.line,
            "message": refusal.message,
            "because": _because(refusal.because),
            "fingerprint": fingerprints.get(refusal.line),
        }
        for refusal in outcome.refusals
    ]
    document["notes"] = list(outcome.notes)
    if outcome.verification is not None:
        from gorewrite.verify.show import result_document

        document["verification"] = result_document(outcome.verification)
    return document


def _because(evidence: Sequence[Evidence]) -> list[dict[str, object]]:
    return [{"path": e.path, "line": e.line, "text": e.text} for e in evidence]


class Tally:
    """How many of what there were in a run."""

    def __init__(self) -> None:
        self.files = self.changed = self.failed = self.held_back = self.offered = 0
        #: By transform: applied, to be reviewed; by transform and code: refused.
        self.said: dict[str, Counter[str]] = {
            name: Counter() for name in ("applied", "review", "refused")
        }

    @classmethod
    def of(cls, outcomes: Iterable[Outcome]) -> Tally:
        """That of some outcomes."""
        tally = cls()
        for outcome in outcomes:
            tally.add(outcome, said(outcome))
        return tally

    def add(self, of: Counted, said: Iterable[tuple[str, str]]) -> None:
        """Counts one file. said: see `said`."""
        self.files += 1
        self.changed += of.changed
        self.failed += of.error is not None
        self.held_back += of.held_back
        offers = False
        for kind, name in said:
            self.said[kind][name] += 1
            offers |= kind == "review"
        self.offered += offers

    def document(self) -> dict[str, Any]:
        """The `summary` of the JSON report."""
        counts = {"files": self.files, "changed": self.changed, "failed": self.failed}
        return {**counts, **{kind: dict(counted) for kind, counted in self.said.items()}}

    def closing(self, *, dry_run: bool) -> str:
        """The last line of a run."""
        if not self.files:
            return "No Dockerfiles found."
        verb = "would change" if dry_run else "changed"
        parts = [f"{_plural(self.files, 'Dockerfile')}: {self.changed} {verb}"]
        if self.held_back:
            parts.append(f"{self.held_back} held back")
        if self.failed:
            parts.append(f"{self.failed} failed")
        if self.offered:
            parts.append(f"--review would do more in {self.offered}")
        return ", ".join(parts) + "."


class Counted(Protocol):
    """What is counted of a file: an `Outcome`, or what is kept of one."""

    @property
    def error(self) -> Problem | None: ...
    @property
    def changed(self) -> bool: ...
    @property
    def held_back(self) -> bool: ...


def said(outcome: Outcome) -> tuple[tuple[str, str], ...]:
    """(applied, review or refused; transform, with the code of a refusal) of all that was said."""
    changes = (("applied" if c.applied else "review", c.transform) for c in outcome.changes)
    return (*changes, *(("refused", f"{r.transform}:{r.code}") for r in outcome.refusals))


# --- text ------------------------------------------------------------------------------


def coloured(diff: str) -> str:
    """A diff with its added, removed and heading lines coloured for a terminal."""
    lines = []
    for line in diff.split("\n"):
        if line.startswith(("+++", "---", "diff ", "new file")):
            line = click.style(line, bold=True)
        elif line.startswith("+"):
            line = click.style(line, fg="green")
        elif line.startswith("-"):
            line = click.style(line, fg="red")
        elif line.startswith("@@"):
            line = click.style(line, fg="cyan")
        lines.append(line)
    return "\n".join(lines)


def summary(outcomes: Sequence[Outcome], *, verbose: bool, dry_run: bool) -> str:
    """What changed and why, what was left alone and why, what `--review` would add."""
    width = terminal_width()
    blocks = [block(outcome, width, verbose=verbose) for outcome in outcomes]
    text = "\n".join(block for block in blocks if block)
    closing = Tally.of(outcomes).closing(dry_run=dry_run)
    return f"{text}\n{closing}" if text else closing


def block(outcome: Outcome, width: int, *, verbose: bool) -> str:
    """What the summary says of one file, with a final newline; "" for nothing of interest."""
    if outcome.error is not None:
        return ""  # Said when it happened.
    context = outcome.context
    applied = [change for change in outcome.changes if change.applied]
    offered = [change for change in outcome.changes if not change.applied]
    if not (applied or offered or outcome.refusals) and not verbose:
        return ""
    lines = [click.style(outcome.display, bold=True)]
    if outcome.verification is not None:
        verification = outcome.verification
        colour = "red" if outcome.held_back else "green"
        head = f"  {click.style(verification.verdict, fg=colour)}: "
        lines += wrapped(head, verification.reason, width)
        lines += [click.style(f"      {line}", dim=True) for line in verification.log.splitlines()]
        if outcome.held_back:
            lines += wrapped("  ", "nothing of this was applied:", width)
    if context is not None and (verbose or (not context.certain and (applied or offered))):
        name = context.root if verbose else f"{PurePath(context.root).name}/"
        lines += wrapped(f"  build context {name}: ", context.why, width)
    for change in applied:
        lines += _entry(click.style("+", fg="green"), change, change.transform, width, verbose)
    for change in offered:
        lines += _entry(
            click.style("?", fg="yellow"),
            change,
            f"{change.transform} (with --review)",
            width,
            verbose,
        )
    for refusal in outcome.refusals:
        lines += _entry(
            click.style("-", dim=True),
            refusal,
            f"{refusal.transform} [{refusal.code}]",
            width,
            verbose,
        )
    if not (applied or offered or outcome.refusals):
        lines.append("  nothing to do")
    if verbose:
        for note in outcome.notes:
            lines += wrapped("  note: ", note, width)
    return "\n".join(lines) + "\n"


def _entry(mark: str, item: Applied | Refused, label: str, width: int, verbose: bool) -> list[str]:
    line = f"line {item.line}: " if item.line else ""
    head = f"  {mark} {label}  "
    lines = wrapped(head, line + item.message, width)
    shown = item.because if verbose else item.because[:2]
    for evidence in shown:
        lines += [click.style(text, dim=True) for text in wrapped("      ", str(evidence), width)]
    hidden = len(item.because) - len(shown)
    if hidden > 0:
        lines.append(click.style(f"      and {hidden} more (--verbose)", dim=True))
    return lines


def terminal_width() -> int:
    """Columns for text: those of the terminal, 100 at most."""
    return min(shutil.get_terminal_size((80, 24)).columns, 100)


def wrapped(head: str, text: str, width: int) -> list[str]:
    """Lines of a text after a head, which may be coloured."""
    bare = len(click.unstyle(head))
    indent = " " * min(bare, 6)
    filled = textwrap.wrap(
        "x" * bare + text,
        width,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [head + filled[0][bare:], *filled[1:]] if filled else [head.rstrip()]


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"

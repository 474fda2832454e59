"""What is said about a run: the summary people read, and the JSON that tools read.

The JSON is stable and documented in docs/json.md; new keys may be added.
"""

from __future__ import annotations

import json
import shutil
import textwrap
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from gorewrite import __version__
from gorewrite.differ import unified
from gorewrite.engine import Applied, Refused
from gorewrite.evidence import Evidence
from gorewrite.project import FileError, Result, changes_on_disk

if TYPE_CHECKING:
    from gorewrite.verify.verification import Verification


class Outcome(NamedTuple):
    """One file of a run: a result, or the error that stopped it. verification: of the result,
    when one was asked for and there was something to verify."""

    display: str
    result: Result | None = None
    error: FileError | None = None
    verification: Verification | None = None

    @property
    def held_back(self) -> bool:
        """Whether the result is not applied because it was not verified."""
        return self.verification is not None and self.verification.verdict != "verified"

    @property
    def changed(self) -> bool:
        """Whether something is, or in a preview would be, written."""
        return self.result is not None and self.result.plan.changed and not self.held_back


def diff_of(outcome: Outcome) -> bytes:
    """The unified diff of all files of a plan; empty when nothing changes."""
    if outcome.result is None:
        return b""
    directory = outcome.display.rpartition("/")[0]
    parts = []
    for path, old, new in changes_on_disk(outcome.result):
        name = outcome.display
        if path != outcome.result.path:
            name = _beside(outcome.result, directory, path.name)
        parts.append(unified(old or b"", new, name, new_file=old is None))
    return b"".join(parts)


def _beside(result: Result, directory: str, name: str) -> str:
    """The shown path of a file in the context root."""
    assert result.context is not None
    try:
        below = result.path.resolve().parent.relative_to(result.context.root.resolve())
    except ValueError:
        return str(result.context.root / name)
    depth = len(below.parts)
    parts = [part for part in directory.split("/") if part]
    if depth > len(parts):
        return str(result.context.root / name)
    return "/".join((*parts[: len(parts) - depth], name))


# --- JSON ------------------------------------------------------------------------------


def as_json(outcomes: Sequence[Outcome]) -> str:
    """The report as one JSON document with a final newline."""
    document = {
        "version": __version__,
        "files": [_file(outcome) for outcome in outcomes],
        "summary": _summary(outcomes),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _file(outcome: Outcome) -> dict[str, Any]:
    document: dict[str, Any] = {"path": outcome.display, "changed": outcome.changed}
    if outcome.error is not None:
        return {**document, "error": {"line": outcome.error.line, "message": outcome.error.problem}}
    assert outcome.result is not None
    plan, context = outcome.result.plan, outcome.result.context
    document["diff"] = diff_of(outcome).decode("utf-8", "replace")
    document["context"] = (
        {"root": str(context.root), "certain": context.certain, "why": context.why}
        if context is not None
        else None
    )
    document["changes"] = [
        {
            "transform": change.transform,
            "safety": str(change.safety),
            "applied": change.applied,
            "line": change.line,
            "message": change.message,
            "because": _because(change.because),
        }
        for change in plan.changes
    ]
    document["refusals"] = [
        {
            "transform": refusal.transform,
            "code": refusal.code,
            "line": refusal.line,
            "message": refusal.message,
            "because": _because(refusal.because),
        }
        for refusal in plan.refusals
    ]
    document["notes"] = list(plan.notes)
    if outcome.verification is not None:
        from gorewrite.verify.show import result_document

        document["verification"] = result_document(outcome.verification)
    return document


def _because(evidence: Sequence[Evidence]) -> list[dict[str, object]]:
    return [{"path": e.path, "line": e.line, "text": e.text} for e in evidence]


def _summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    plans = [outcome.result.plan for outcome in outcomes if outcome.result is not None]
    changes = [change for plan in plans for change in plan.changes]
    return {
        "files": len(outcomes),
        "changed": sum(outcome.changed for outcome in outcomes),
        "failed": sum(outcome.error is not None for outcome in outcomes),
        "applied": dict(Counter(c.transform for c in changes if c.applied)),
        "review": dict(Counter(c.transform for c in changes if not c.applied)),
        "refused": dict(Counter(f"{r.transform}:{r.code}" for p in plans for r in p.refusals)),
    }


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
    blocks = [_block(outcome, width, verbose) for outcome in outcomes]
    text = "\n".join(block for block in blocks if block)
    return f"{text}\n{_closing(outcomes, dry_run)}" if text else _closing(outcomes, dry_run)


def _block(outcome: Outcome, width: int, verbose: bool) -> str:
    if outcome.error is not None:
        return ""  # Said when it happened.
    assert outcome.result is not None
    plan, context = outcome.result.plan, outcome.result.context
    applied = [change for change in plan.changes if change.applied]
    offered = [change for change in plan.changes if not change.applied]
    if not (applied or offered or plan.refusals) and not verbose:
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
        lines += wrapped(f"  build context {_name(outcome, verbose)}: ", context.why, width)
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
    for refusal in plan.refusals:
        lines += _entry(
            click.style("-", dim=True),
            refusal,
            f"{refusal.transform} [{refusal.code}]",
            width,
            verbose,
        )
    if not (applied or offered or plan.refusals):
        lines.append("  nothing to do")
    if verbose:
        for note in plan.notes:
            lines += wrapped("  note: ", note, width)
    return "\n".join(lines) + "\n"


def _name(outcome: Outcome, verbose: bool) -> str:
    assert outcome.result is not None and outcome.result.context is not None
    root = outcome.result.context.root
    return str(root) if verbose else f"{root.name}/"


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


def _closing(outcomes: Sequence[Outcome], dry_run: bool) -> str:
    count = len(outcomes)
    held_back = sum(outcome.held_back for outcome in outcomes)
    changed = sum(outcome.changed for outcome in outcomes)
    failed = sum(outcome.error is not None for outcome in outcomes)
    offered = sum(
        any(not change.applied for change in outcome.result.plan.changes)
        for outcome in outcomes
        if outcome.result is not None
    )
    verb = "would change" if dry_run else "changed"
    parts = [f"{_plural(count, 'Dockerfile')}: {changed} {verb}"]
    if held_back:
        parts.append(f"{held_back} held back")
    if failed:
        parts.append(f"{failed} failed")
    if offered:
        parts.append(f"--review would do more in {offered}")
    return ", ".join(parts) + "."


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"

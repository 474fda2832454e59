"""What a verification says: a table for people, Markdown for pull requests, JSON for tools."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any, Final, NamedTuple

import click

from gorewrite import __version__
from gorewrite.report import terminal_width, wrapped
from gorewrite.verify.compare import Difference
from gorewrite.verify.engines import Engine
from gorewrite.verify.verification import Side, Verdict, Verification

_COLOURS: Final[Mapping[Verdict, str | None]] = {
    Verdict.VERIFIED: "green",
    Verdict.FAILED: "red",
    Verdict.UNVERIFIED: "yellow",
    Verdict.UNCHANGED: None,
}


class Row(NamedTuple):
    """One measured quantity: before and after as people read them, and what became of it."""

    name: str
    before: str
    after: str
    change: str


def rows(verification: Verification) -> Iterator[Row]:
    """What was measured on both sides, sizes first."""
    before, after = verification.before, verification.after
    if before is None or after is None:
        return
    yield Row(
        "image size",
        size_text(before.image.size),
        size_text(after.image.size),
        f"{(after.image.size / before.image.size - 1) * 100:+.1f} %" if before.image.size else "",
    )
    layers = len(before.image.layers), len(after.image.layers)
    yield Row("layers", str(layers[0]), str(layers[1]), "")
    sent = before.times.sent, after.times.sent
    if sent[0] is not None and sent[1] is not None:
        yield Row("context sent", size_text(sent[0]), size_text(sent[1]), "")
    for name, title in (
        ("cold", "cold build"),
        ("unchanged", "rebuild, nothing changed"),
        ("source", "rebuild, source edit"),
        ("dependency", "rebuild, go.mod edit"),
    ):
        first, second = getattr(before.times, name), getattr(after.times, name)
        if first is not None and second is not None:
            edited = name in ("source", "dependency") and second > 0
            factor = f"{first / second:.1f}x" if edited else ""
            yield Row(title, f"{first:.1f} s", f"{second:.1f} s", factor)


def size_text(size: float) -> str:
    """Bytes in decimal units, as docker shows them."""
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.2f} GB"


# --- text ------------------------------------------------------------------------------


def as_text(verification: Verification, *, verbose: bool) -> str:
    """The result of one Dockerfile for a terminal."""
    verdict = click.style(verification.verdict, fg=_COLOURS[verification.verdict], bold=True)
    lines = [click.style(verification.display, bold=True)]
    lines += _wrapped(f"  {verdict}: ", verification.reason)
    table = list(rows(verification))
    if table:
        lines.append(click.style(f"  {'':<26}{'before':>12}{'after':>12}", dim=True))
    lines += [f"  {r.name:<26}{r.before:>12}{r.after:>12}{r.change:>10}" for r in table]
    if verbose:
        for name, side in (("before", verification.before), ("after", verification.after)):
            if side is not None:
                sizes = ", ".join(size_text(size) for size in side.image.layers)
                lines += _wrapped(f"  layers {name}: ", sizes or "none")
    for told in verification.runs:
        lines += _wrapped("  run: ", told)
    for difference in verification.differences:
        if not difference.expected:
            lines += _wrapped(f"  {click.style('!', fg='red')} ", str(difference))
        elif verbose:
            lines += _wrapped("  = ", str(difference))
    for note in verification.notes:
        lines += _wrapped("  note: ", note)
    lines += [click.style(f"    {line}", dim=True) for line in verification.log.splitlines()]
    return "\n".join(lines) + "\n"


def closing(verifications: Sequence[Verification], engine: Engine) -> str:
    """The last line: how many of each verdict, the median of what was gained, and with what."""
    counts = Counter(each.verdict for each in verifications)
    parts = [f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict]]
    text = ", ".join(parts) or "no Dockerfile of a Go service found"
    reductions = [share for each in verifications if (share := _reduction(each)) is not None]
    if reductions:
        text += f"; image size {-median(reductions) * 100:+.1f} % (median)"
    return "\n".join(_wrapped("", f"{text}. Built with {engine.title}."))


def _reduction(verification: Verification) -> float | None:
    before, after = verification.before, verification.after
    if verification.verdict != Verdict.VERIFIED or before is None or after is None:
        return None
    return 1 - after.image.size / before.image.size if before.image.size else None


def _wrapped(head: str, text: str) -> list[str]:
    return wrapped(head, text, terminal_width())


# --- Markdown --------------------------------------------------------------------------


def as_markdown(verifications: Sequence[Verification], engine: Engine | None) -> str:
    """A table with a row for each Dockerfile, and what differed folded below it."""
    from gorewrite.formats.markdown import code

    lines = [
        "| Dockerfile | result | image size | rebuild, source edit | rebuild, go.mod edit |",
        "|---|---|---|---|---|",
    ]
    for each in verifications:
        cells = {row.name: row for row in rows(each)}
        shown = (_cell(cells.get(name)) for name in _COLUMNS)
        lines.append(f"| {code(each.display)} | {each.verdict} | {' | '.join(shown)} |")
    details = [line for each in verifications for line in _details(each)]
    if details:
        lines += ["", "<details><summary>Differences and runs</summary>", "", *details, ""]
        lines += ["</details>"]
    if engine is not None:
        lines += ["", f"Built before and after by gorewrite {__version__} with {engine.title}."]
    return "\n".join(lines) + "\n"


_COLUMNS: Final = ("image size", "rebuild, source edit", "rebuild, go.mod edit")


def _cell(row: Row | None) -> str:
    if row is None:
        return "–"
    return f"{row.before} → {row.after}" + (f" ({row.change})" if row.change else "")


def _details(verification: Verification) -> Iterator[str]:
    """What programs say is nothing that formats, links or mentions."""
    from gorewrite.formats.markdown import code, escaped

    if verification.verdict == Verdict.UNCHANGED:
        return
    yield f"* {code(verification.display)}: {escaped(verification.reason)}"
    for told in verification.runs:
        yield f"  * run: {escaped(told)}"
    for difference in verification.differences:
        yield f"  * {escaped(str(difference))}"
    for note in verification.notes:
        yield f"  * {escaped(note)}"


# --- JSON ------------------------------------------------------------------------------


def as_json(verifications: Sequence[Verification], engine: Engine | None) -> str:
    """The results as one JSON document with a final newline; see docs/json.md."""
    document = {
        "version": __version__,
        "engine": engine.title if engine is not None else None,
        "results": [result_document(each) for each in verifications],
        "summary": dict(Counter(str(each.verdict) for each in verifications)),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def result_document(verification: Verification) -> dict[str, Any]:
    """One result as JSON has it."""
    return {
        "path": verification.display,
        "verdict": str(verification.verdict),
        "reason": verification.reason,
        "log": verification.log,
        "review": verification.review,
        "before": _side(verification.before),
        "after": _side(verification.after),
        "differences": [_difference(each) for each in verification.differences],
        "runs": list(verification.runs),
        "notes": list(verification.notes),
        "files": [file._asdict() for file in verification.files],
    }


def _difference(difference: Difference) -> dict[str, str | None]:
    return {**difference._asdict(), "expected": difference.expected or None}


def _side(side: Side | None) -> dict[str, Any] | None:
    if side is None:
        return None
    times = side.times
    return {
        "size": side.image.size,
        "layers": list(side.image.layers),
        "context_sent": times.sent,
        "seconds": {
            "cold": times.cold,
            "unchanged": times.unchanged,
            "source_edit": times.source,
            "dependency_edit": times.dependency,
        },
    }

"""Markdown for a pull request or the summary of a CI job."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any, Final

from gorewrite.formats.findings import Finding, findings, one_line, status

#: GitHub takes 65,536 characters in a comment; something else may want to be said in it.
_MOST: Final = 60_000
_TITLES: Final = {
    "error": "Problem",
    "held": "Not verified",
    "safe": "Change",
    "review": "Change to review",
    "offered": "With --review",
    "refused": "Left alone",
}
#: What Markdown and HTML give a meaning to, and what forges take for people and issues.
_MARKUP: Final = re.compile(r"[\\`*_\[\]<>|~&]")
_SPECIAL: Final = re.compile(rf"{_MARKUP.pattern}|(?<!\w)[@#](?=\w)")


def render(document: Mapping[str, Any]) -> str:
    """Totals and what was measured; then the files, folded, as many as find room."""
    head = "\n".join((*_totals(document), *_measured(document["files"]), *_reasons(document)))
    blocks = [_block(file) for file in _told(document["files"])]
    room = _MOST - len(head) - 200
    shown: list[str] = []
    for full, short in blocks:
        block = full if len(full) <= room else short
        if len(block) > room:
            break
        shown.append(block)
        room -= len(block) + 1
    if len(shown) < len(blocks):
        shown.append(
            f"… and {_count(len(blocks) - len(shown), 'more Dockerfile')}, see the report.\n"
        )
    return "\n".join((head, *shown))


def _totals(document: Mapping[str, Any]) -> Iterator[str]:
    files = document["files"]
    counts = Counter(status(file) for file in files)
    parts = [f"{number} {name}" for name, number in counts.most_common()]
    yield "### gorewrite\n"
    yield f"**{_count(len(files), 'Dockerfile')}**: {', '.join(parts) or 'none found'}.\n"
    rows = Counter[tuple[str, str]]()
    for file in files:
        for change in file.get("changes", ()):
            rows[change["transform"], "applied" if change["applied"] else "offered"] += 1
    names = sorted({name for name, _ in rows})
    if names:
        yield "| transform | changes | with `--review` |\n|---|--:|--:|"
        for name in names:
            yield f"| `{name}` | {rows[name, 'applied'] or ''} | {rows[name, 'offered'] or ''} |"
        yield ""


def _measured(files: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The sizes of the images that were verified, as far as there are any."""
    measured = [
        (file, sides["before"], sides["after"])
        for file in files
        if (sides := file.get("verification")) and sides["verdict"] == "verified"
        if sides["before"] and sides["after"]
    ]
    if not measured:
        return
    before = sum(side["size"] for _, side, _ in measured)
    after = sum(side["size"] for _, _, side in measured)
    shares = [1 - b["size"] / a["size"] for _, a, b in measured if a["size"]]
    yield (
        f"Images of {_count(len(measured), 'verified service')}: {_size(before)} before, "
        f"{_size(after)} after" + (f", median {-median(shares):+.1%}.\n" if shares else ".\n")
    )


def _reasons(document: Mapping[str, Any]) -> Iterator[str]:
    """The most frequent reasons to leave something alone."""
    refused = Counter[str](document["summary"]["refused"])
    if not refused:
        return
    yield "<details><summary>Why something was left alone</summary>\n"
    yield "| reason | times |\n|---|--:|"
    for name, number in refused.most_common(15):
        yield f"| `{name.replace(':', '/', 1)}` | {number} |"
    yield "\n</details>\n"


def _told(files: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The files with something to say, those that change first."""
    order = ("failed", "held back", "changed", "offered", "left alone")
    told = [file for file in files if status(file) in order]
    return sorted(told, key=lambda file: order.index(status(file)))


def _block(file: Mapping[str, Any]) -> tuple[str, str]:
    """A file with its findings and diff, and the same without the diff."""
    head = f"<details><summary>{code(file['path'])}: {status(file)}</summary>\n\n"
    said = head + "\n".join(_item(finding) for finding in findings(file)) + "\n\n"
    diff = file.get("diff", "")
    fence = "`" * max((len(run) + 1 for run in re.findall("`{3,}", diff)), default=3)
    shown = f"{fence}diff\n{diff}{fence}\n\n" if diff else ""
    return f"{said}{shown}</details>\n", f"{said}</details>\n"


def _item(finding: Finding) -> str:
    name = finding.rule.removeprefix("gorewrite/")
    return (
        f"* **{_TITLES[finding.kind]}** `{name}`, line {finding.line}: {escaped(finding.message)}"
    )


def code(text: str) -> str:
    """A name in an HTML code element, which stands in a `summary` and a cell, too."""
    escaped = _MARKUP.sub(lambda match: f"&#{ord(match[0])};", one_line(text))
    return f"<code>{escaped}</code>"


def escaped(text: str) -> str:
    """A text as it is, in one line: nobody is mentioned, nothing is linked or marked."""

    def entity(match: re.Match[str]) -> str:
        # A space of no width, for forges look for names after entities are resolved.
        return f"&#{ord(match[0])};" + ("&#8203;" if match[0] in "#@" else "")

    return _SPECIAL.sub(entity, one_line(text))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _size(size: float) -> str:
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.2f} GB"

"""How a campaign stands, from its journals: those of all shards together.

Two things are told beside each other, for they are not the same: what became of the pull requests,
and how many Dockerfiles would still change, as the last look at each repository found it.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from gorewrite import __version__
from gorewrite.campaign.definition import Definition, Home
from gorewrite.campaign.journal import Journal
from gorewrite.campaign.tables import Pull, Row
from gorewrite.formats.join import summary

#: What a campaign's text names of the failures.
_MOST_CAUSES = 10


def standing(definition: Definition, home: Home) -> dict[str, Any]:
    """How it stands, as the JSON of `gorewrite status` has it but for the repositories."""
    states: Counter[str] = Counter()
    pulls: Counter[str] = Counter()
    causes: dict[str, tuple[int, str]] = {}
    left, times, scans = 0, list[float](), list[dict[str, Any]]()
    now, first = Counter[str](), Counter[str]()
    with ExitStack() as stack:
        for path in home.journals():
            journal = stack.enter_context(Journal(path))
            scan = journal.last()
            scans += _scans(path, journal)
            states.update(journal.counts(scan))
            pulls.update(journal.pull_counts())
            for cause, count, example in journal.causes(scan):
                known = causes.get(cause, (0, example))
                causes[cause] = known[0] + count, known[1]
            now.update(journal.totals(scan))
            first.update(journal.totals_of_first())
            left += journal.left(scan)
            next_time = journal.next_time(scan)
            times += [next_time] if next_time else []
    failures = [
        {"cause": cause, "count": count, "example": example}
        for cause, (count, example) in sorted(causes.items(), key=lambda each: -each[1][0])
    ]
    return {
        "version": __version__,
        "campaign": definition.name,
        "closed": definition.closed,
        "scans": scans,
        "left": left,
        "next": min(times, default=None),
        "repositories": dict(states),
        "pull_requests": dict(pulls),
        "dockerfiles": dict(now),
        "dockerfiles_first": dict(first),
        "failures": failures,
    }


def _scans(path: Path, journal: Journal) -> Iterator[dict[str, Any]]:
    names = ("number", "started", "finished", "repositories", "dockerfiles", "changed")
    for scan in journal.scans():
        yield {"journal": path.name, **dict(zip(names, scan, strict=True))}


def brief(found: dict[str, Any]) -> str:
    """The standing of a campaign as some lines for people."""
    count = sum(found["repositories"].values())
    lines = [f"Campaign {found['campaign']}: {number(count, 'repository', 'repositories')}"]
    if found["closed"]:
        lines[0] += f", closed: {found['closed']}"
    elif found["left"]:
        lines[0] += f", {found['left']:,} not done"
        if found["next"] and found["next"] > time.time():
            when = time.strftime("%H:%M:%S", time.localtime(found["next"]))
            lines[0] += f" (what failed for a passing reason is due from {when} on)"
    lines.append(f"  repositories   {_counts(found['repositories'])}")
    if found["pull_requests"]:
        lines.append(f"  pull requests  {_counts(found['pull_requests'])}")
    lines.append(f"  Dockerfiles    {_progress(found)}")
    for failure in found["failures"][:_MOST_CAUSES]:
        more = f" and {failure['count'] - 1:,} more" if failure["count"] > 1 else ""
        lines.append(f"  failed: {failure['cause']} ({failure['example']}{more})")
    if len(found["failures"]) > _MOST_CAUSES:
        lines.append(f"  … and {len(found['failures']) - _MOST_CAUSES} other causes")
    return "\n".join(lines)


def _progress(found: dict[str, Any]) -> str:
    now, first = found["dockerfiles"], found["dockerfiles_first"]
    text = f"{now.get('all', 0):,}, of which {now.get('changed', 0):,} would change"
    if first and first.get("changed") != now.get("changed"):
        text += f" ({first['changed']:,} when the first scan was done)"
    return text


def _counts(counts: dict[str, int]) -> str:
    parts = sorted(counts.items(), key=lambda each: -each[1])
    return ", ".join(f"{count:,} {state}" for state, count in parts) or "none"


def number(count: int, one: str, many: str) -> str:
    """So many of something."""
    return f"{count:,} {one if count == 1 else many}"


# --- all of it -------------------------------------------------------------------------


def repositories(home: Home) -> Iterator[tuple[Row, list[Pull]]]:
    """Each repository of the last scan with its pull requests."""
    for path in home.journals():
        with Journal(path) as journal:
            for row in journal.repositories(journal.last()):
                yield row, list(journal.pulls(row.name))


def table(home: Home) -> Iterator[str]:
    """A line for each pull request, and for each repository that has none and is not clean."""
    for row, pulls in repositories(home):
        for pull in pulls:
            yield _line(row.name, pull.state, pull.url or pull.branch, pull.reason)
        if not pulls and row.state != "clean":
            yield _line(row.name, row.state, row.reason)


def _line(name: str, state: str, *told: str) -> str:
    return f"{name:<40}  {state:<10}  {'  '.join(each for each in told if each)}".rstrip()


def as_json(definition: Definition, home: Home) -> dict[str, Any]:
    """The standing with all repositories."""
    every = [_repository(row, pulls) for row, pulls in repositories(home)]
    return {**standing(definition, home), "all": every}


def _repository(row: Row, pulls: list[Pull]) -> dict[str, Any]:
    names = "name url state reason cause transient attempts next_at base_commit dockerfiles changed"
    known = row._asdict()
    found = {name: known[name] for name in names.split()}
    shown = ("branch", "name", "state", "reason", "url", "writes", "pushes", "updated")
    told = [{name: getattr(pull, name) for name in shown} for pull in pulls]
    return {**found, "transient": bool(row.transient), "pull_requests": told}


def report(definition: Definition, home: Home) -> dict[str, Any]:
    """A JSON report (docs/json.md) of all Dockerfiles, named from their repositories, with what
    became of the pull requests that change them."""
    files: list[dict[str, Any]] = []
    for path in home.journals():
        with Journal(path) as journal:
            for row in journal.repositories(journal.last()):
                files += _files(journal, row)
    return {
        "version": __version__,
        "title": f"Campaign {definition.name}",
        "files": files,
        "summary": summary(files),
    }


def _files(journal: Journal, row: Row) -> Iterator[dict[str, Any]]:
    pulls = {pull.branch: pull for pull in journal.pulls(row.name)}
    for file in json.loads(journal.files(row.name)):
        if context := file.get("context"):
            directory = f"{row.name}/{context['directory']}".removesuffix("/.")
            file["context"] = {**context, "root": directory, "directory": directory}
        pull = pulls.get(file.get("branch", ""))
        if pull is not None:
            file["pull_request"] = {"state": pull.state, "url": pull.url, "reason": pull.reason}
        yield {**file, "path": f"{row.name}/{file['path']}"}

"""Calls of package managers in RUNs, and whether the index that one fetches is used again."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Final, Literal, NamedTuple

from gorewrite import shell
from gorewrite.contract import contract
from gorewrite.dockerfile import Instruction
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import StageFacts
from gorewrite.memo import remembered
from gorewrite.stage.runs import Run


class Call(NamedTuple):
    """A call of a package manager. command: without its wrappers; sudo: one of those was."""

    command: shell.Command
    does: shell.PackageCommand
    sudo: bool

    @property
    def fetches_its_own(self) -> bool:
        """Whether it is an apk that neither reads nor keeps an index."""
        return "--no-cache" in self.does.options

    @property
    def uses_index(self) -> bool:
        return self.does.action not in ("update", "remove", "clean", "info", "")


def calls_of(run: Run) -> tuple[Call, ...]:
    """The package manager calls of a RUN, in order."""
    found = []
    for step in run.steps:
        inner = shell.unwrapped(step)
        does = shell.package_command(inner.command.argv)
        if does is not None:
            found.append(Call(inner.command, does, step.command.name == "sudo"))
    return tuple(found)


class _Row(NamedTuple):
    """The RUNs of a stage and, behind them, of those built on it; at: RUN -> its place there."""

    runs: tuple[tuple[StageFacts, Run], ...]
    at: Mapping[Instruction, int]


@remembered
def _row(stage: StageFacts) -> _Row:
    built = [other for other in stage.facts.stages if stage in other.lineage]
    runs = tuple((other, run) for other in built for run in other.runs)
    return _Row(runs, {run.instruction: n for n, run in enumerate(stage.runs)})


def later_runs(stage: StageFacts, run: Run) -> Sequence[tuple[StageFacts, Run]]:
    """The RUNs behind one, in its stage and in those built on it."""
    row = _row(stage)
    return row.runs[row.at[run.instruction] + 1 :]


def spoken_of(stage: StageFacts, run: Run, pattern: re.Pattern[str]) -> bool:
    """Whether a RUN, or one behind it in its stage or in those built on it, has such a text."""
    return _last_spoken_of(stage, pattern) >= _row(stage).at[run.instruction]


@remembered
def _last_spoken_of(stage: StageFacts, pattern: re.Pattern[str]) -> int:
    runs = _row(stage).runs
    return max((n for n, (_, run) in enumerate(runs) if pattern.search(run.text)), default=-1)


_Manager = Literal["apk", "apt"]


def used_later(stage: StageFacts, run: Run, manager: _Manager) -> Evidence | Unknown | None:
    """Where the index that a RUN fetches is used again by a call that fetches none itself.

    Unknown when a later RUN runs a script that cannot be read; None when nothing uses it. In a
    stage that ships, `apk add` counts as one that fetches its own: clean-packages sees to that.
    """
    behind = _row(stage).at[run.instruction] + 1
    known, unknown = _users(stage, manager)
    first = bisect_left(known, behind, key=itemgetter(0))
    if first < len(known):
        return known[first][1]
    started = _used_at_run_time(stage.facts.final, manager)
    if started is not None:
        return started
    doubts = unknown[bisect_left(unknown, behind, key=itemgetter(0)) :]
    places = tuple(place for _, why in doubts for place in why.evidence)
    return Unknown("a later RUN runs what cannot be read", places) if places else None


@remembered
def _users(
    stage: StageFacts, manager: _Manager
) -> tuple[list[tuple[int, Evidence]], list[tuple[int, Unknown]]]:
    """(place in the row, use) of what uses the index, and of what may."""
    known: list[tuple[int, Evidence]] = []
    unknown: list[tuple[int, Unknown]] = []
    for number, (other, run) in enumerate(_row(stage).runs):
        found = _uses(other, run, manager)
        if isinstance(found, Evidence):
            known.append((number, found))
        elif found is not None:
            unknown.append((number, found))
    return known, unknown


@remembered
def _used_at_run_time(final: StageFacts, manager: _Manager) -> Evidence | None:
    program = contract(final).program
    source = final.source_of(program) if program else None
    if source is not None and _script_uses(final.facts.project.context.read(source), manager):
        return Evidence(source, 0, "installs packages at run time")
    return None


_INSTALLS: Final = {
    "apt": re.compile(
        rb"\bapt(?:-get)?\b[^\n]*\b(?:install|upgrade|build-dep|source)\b|\bapt-cache\b"
    ),
    "apk": re.compile(rb"\bapk\b(?![^\n]*--no-cache)[^\n]*\b(?:add|upgrade|search|fetch)\b"),
}
_UPDATES: Final = {
    "apt": re.compile(rb"\bapt(?:-get)?\b[^\n]*\bupdate\b"),
    "apk": re.compile(rb"\bapk\b[^\n]*\bupdate\b"),
}
_SHELLS: Final = frozenset({"sh", "bash", "ash", "dash"})


def _script_uses(data: bytes | None, manager: str) -> bool:
    """Whether a script installs from an index that it does not fetch first."""
    if data is None or not data.startswith(b"#!"):
        return False
    install = _INSTALLS[manager].search(data)
    update = _UPDATES[manager].search(data)
    return bool(install and not (update and update.start() < install.start()))


def _uses(stage: StageFacts, run: Run, manager: str) -> Evidence | Unknown | None:
    """Where a later RUN uses the index."""
    where = stage.facts.at(run.instruction)
    if isinstance(run.script, Unknown):
        used = _INSTALLS[manager].search(run.text.encode("utf-8", "surrogateescape"))
        return where if used else None
    for step in run.steps:
        inner = shell.unwrapped(step)
        does = shell.package_command(inner.command.argv)
        if does is not None and does.manager == manager:
            call = Call(inner.command, does, False)
            if does.action == "update":
                return None
            local = any(package.endswith(".apk") for package in does.packages)
            own = manager == "apk" and stage.ships and not local
            if call.uses_index and not call.fetches_its_own and not own:
                return where
            continue
        if inner.command.name == "apt-cache" and manager == "apt":
            return where
        script = _script_of(inner)
        if script is None or step.path(script) in stage.output_paths:
            continue
        source = stage.source_of(inner.path(script) or "", run.instruction)
        data = stage.facts.project.context.read(source) if source else None
        if data is None:
            return Unknown("its script cannot be read", (where,))
        if _script_uses(data, manager):
            return where
    return None


def _script_of(step: shell.Step) -> str | None:
    """The script that a command runs: `./x.sh`, `sh x.sh`; "" for a shell that reads a pipe."""
    argv = step.argv
    first = argv[0] if argv else None
    if first is None:
        return None
    if first.rpartition("/")[2] in _SHELLS:
        if "-c" in argv:
            return None
        return next((word for word in argv[1:] if word and not word.startswith("-")), "")
    return first if "/" in first and not first.startswith(("/bin/", "/sbin/", "/usr/")) else None

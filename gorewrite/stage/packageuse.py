"""Calls of package managers in RUNs, and whether the index that one fetches is used again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from gorewrite import shell
from gorewrite.contract import contract
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import StageFacts
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
        return self.does.action not in ("update", "remove", "clean", "info", "version", "")


def calls_of(run: Run) -> tuple[Call, ...]:
    """The package manager calls of a RUN, in order."""
    found = []
    for step in run.steps:
        inner = shell.unwrapped(step)
        does = shell.package_command(inner.command.argv)
        if does is not None:
            found.append(Call(inner.command, does, step.command.name == "sudo"))
    return tuple(found)


def later_runs(stage: StageFacts, run: Run) -> Iterator[tuple[StageFacts, Run]]:
    """The RUNs behind one, in its stage and in those built on it."""
    for other in stage.facts.stages:
        if stage not in other.lineage:
            continue
        begun = other is not stage
        for each in other.runs:
            if begun:
                yield other, each
            begun = begun or each.instruction is run.instruction


def used_later(
    stage: StageFacts, run: Run, manager: Literal["apk", "apt"]
) -> Evidence | Unknown | None:
    """Where the index that a RUN fetches is used again by a call that fetches none itself.

    Unknown when a later RUN runs a script that cannot be read; None when nothing uses it. In a
    stage that ships, `apk add` counts as one that fetches its own: clean-packages sees to that.
    """
    unknown: list[Evidence] = []
    for other, each in later_runs(stage, run):
        found = _uses(other, each, manager)
        if isinstance(found, Evidence):
            return found
        unknown += found.evidence if found is not None else ()
    final = stage.facts.final
    program = contract(final).program
    source = final.source_of(program) if program else None
    if source is not None and _script_uses(stage.facts.project.context.read(source), manager):
        return Evidence(source, 0, "installs packages at run time")
    return Unknown("a later RUN runs what cannot be read", tuple(unknown)) if unknown else None


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

"""clean-packages: package managers leave no index and no cache in a shipped layer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from gorewrite import shell
from gorewrite.dockerfile import Instruction
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import Facts, StageFacts
from gorewrite.memo import remembered
from gorewrite.stage.joints import appended
from gorewrite.stage.layout import under
from gorewrite.stage.packageuse import Call, calls_of, later_runs, spoken_of, used_later
from gorewrite.stage.runs import Edit, Run
from gorewrite.transform import Change, Proposal, Refusal, Safety, Transform


class CleanPackages(Transform):
    """Keeps package indexes and caches out of the layers that ship.

    *What it does*

    In the stages that the final image is made of: `apk add` gets `--no-cache`, and an
    `apk update` that nothing needs any more goes; a RUN that fetches apt's lists removes them
    again; one that installs with dnf, microdnf, yum, tdnf or zypper ends in `clean all`, once.
    Under review, `apt-get install` also gets `--no-install-recommends`.

    *Why*

    apt's lists alone are some 20 MB (Debian) to 40 MB (Ubuntu), dnf's metadata more. They are
    stale on the day after the build, and a later RUN cannot take them out of the layer.

    *When it does nothing*

    Builder stages, RUNs that clean up already, and RUNs whose package cache is a mount are left
    alone, as is `apk add` of a local file, which needs no index.

    - `lists-needed-later`: a later RUN or the entry script installs from the lists that this one
      fetched; let it run `apt-get update` (or `apk update`) itself.
    - `run-not-simple`: the clean-up cannot be put behind the last command, which is no plain one.

    *Safety*

    Safe: what is removed is only read by the package manager, and every later call of it in this
    Dockerfile fetches its own. Review where a later RUN runs a script that cannot be read, and
    always for `--no-install-recommends`: packages that a service needs may only be recommended
    by what it installs (ca-certificates often are).

    *References*

    apk(8), `--no-cache`; Docker building best practices, "apt-get"; dnf(8), Clean Command;
    hadolint DL3009, DL3018, DL3032, DL3040.
    """

    name = "clean-packages"
    order = 60
    summary = "leave no package index or cache in a shipped layer"
    before = """\
FROM debian:13-slim
RUN apt-get update && apt-get install -y ca-certificates"""
    after = """\
FROM debian:13-slim
RUN apt-get update && apt-get install -y ca-certificates \\
    && rm -rf /var/lib/apt/lists/*"""

    def propose(self, facts: Facts) -> Iterator[Proposal]:
        for stage in facts.stages:
            if not stage.ships:
                continue
            for run in stage.runs:
                if run.form == "exec" or stage.states[run.instruction].is_root is False:
                    continue
                calls = calls_of(run)
                if calls and not any(call.sudo for call in calls):
                    at = _Place(facts, stage, run, calls)
                    yield from _apk(at)
                    yield from _apt(at)
                    yield from _rpm(at)


class _Place(NamedTuple):
    """A RUN with its package commands."""

    facts: Facts
    stage: StageFacts
    run: Run
    calls: tuple[Call, ...]

    def of(self, *managers: str) -> tuple[Call, ...]:
        return tuple(call for call in self.calls if call.does.manager in managers)

    def evidence(self, call: Call) -> Evidence:
        offset = self.run.line_at(call.command.start)
        text = self.run.text[call.command.start : call.command.end]
        return self.facts.at(self.run.instruction, " ".join(text.split()), offset)

    def change(
        self, new: Instruction, message: str, *because: Evidence, safe: bool = True
    ) -> Change:
        safety = Safety.SAFE if safe else Safety.REVIEW
        return Change(self.run.instruction, (new,), safety, message, because)

    def refusal(self, code: str, message: str, *because: Evidence) -> Refusal:
        return Refusal(self.run.instruction, code, message, because)


def _mounted(run: Run, *directories: str) -> bool:
    """Whether a mount lies at, above or below one of the directories."""
    for mount in run.instruction.flag_values("mount"):
        options = dict(part.partition("=")[::2] for part in mount.split(","))
        target = options.get("target") or options.get("dst") or options.get("destination") or "/"
        if any(under(target, each) or under(each, target) for each in directories):
            return True
    return False


def _removes(run: Run, *directories: str) -> bool:
    """Whether the RUN itself empties one of the directories."""
    for command in (step.command for step in run.steps):
        words = [word.text.strip("\"'") for word in command.words]
        removes = "rm" in words[:2] or "find" in words[:1]
        if removes and any(word.startswith(each) for each in directories for word in words):
            return True
    return False


# --- apk ---------------------------------------------------------------------------------

_OWN_CACHE: Final = ("--cache-dir", "--no-network", "--root", "-p", "--initdb")


def _apk(at: _Place) -> Iterator[Proposal]:
    calls = at.of("apk")
    if not calls or not _apk_index_ships(at, calls):
        return
    bare = [call for call in calls if call.uses_index and not call.fetches_its_own]
    updates = [call for call in calls if call.does.action == "update"]
    if not bare and not updates:
        return
    edits = [_no_cache(call) for call in bare]
    if updates:
        needed = used_later(at.stage, at.run, "apk")
        if isinstance(needed, Evidence):
            if bare:
                message = "let the later RUN fetch its own index, then this one need not ship its"
                yield at.refusal("lists-needed-later", message, at.evidence(updates[0]), needed)
            return
        if len(updates) == len(calls):
            yield from _lone_update(at, updates[0], needed)
            return
        removals = [_removal(at.run, call.command) for call in updates]
        if None in removals:
            message = "run apk update in an && list of its own to have its index removed"
            yield at.refusal("run-not-simple", message, at.evidence(updates[0]))
            return
        edits += [edit for found in removals for edit in found or ()]
        safe = needed is None
        because = (at.evidence(updates[0]), *(needed.evidence if needed is not None else ()))
    else:
        safe, because = True, ()
    message = (
        "use apk --no-cache instead of shipping the package index"
        if bare
        else "drop apk update, whose index nothing uses"
    )
    rule = Evidence("", 0, "rule: apk --no-cache fetches the index for itself and keeps none")
    yield at.change(
        at.run.rewrite(sorted(edits)),
        message,
        *(at.evidence(call) for call in bare),
        *because,
        rule,
        safe=safe,
    )


def _apk_index_ships(at: _Place, calls: tuple[Call, ...]) -> bool:
    """Whether the RUN leaves an index behind that could be done without."""
    if _mounted(at.run, "/var/cache/apk", "/etc/apk") or _removes(at.run, "/var/cache/apk"):
        return False
    if any("/etc/apk/cache" in run.text or "setup-apkcache" in run.text for run in at.stage.runs):
        return False
    for call in calls:
        if any(o.partition("=")[0].split()[0] in _OWN_CACHE for o in call.does.options):
            return False
        if any(package.endswith(".apk") for package in call.does.packages):
            return False
        if call.uses_index and call.does.action not in ("install", "upgrade"):
            return False
    return not any(call.does.action == "clean" for call in calls)


def _no_cache(call: Call) -> Edit:
    """`--no-cache` in place of `--update`, or behind the action."""
    for word in call.command.words:
        if word.value in ("-U", "--update", "--update-cache"):
            return (word.start, word.end, "--no-cache")
    end = call.command.words[call.does.action_index].end
    return (end, end, " --no-cache")


def _removal(run: Run, command: shell.Command) -> list[Edit] | None:
    """The edits that take a command out of a sequence, None where that would change the rest."""
    assert not isinstance(run.script, Unknown)
    statements = run.script.statements
    for number, statement in enumerate(statements):
        node = statement.node
        if isinstance(node, shell.List) and command in node.items:
            if "||" in node.operators:
                return None
            index = node.items.index(command)
            if index + 1 < len(node.items):
                return _cut(run, command.start, command.end, node.items[index + 1].start)
            return [(node.items[index - 1].end, command.end, "")]
        if node is command and number + 1 < len(statements) and statement.terminator != "&":
            return _cut(run, command.start, command.end, statements[number + 1].start)
    return None


def _cut(run: Run, start: int, end: int, following: int) -> list[Edit]:
    """Cuts a command and the operator behind it.

    Comment lines below the command stay above what follows it.
    """
    first = run.line_at(end - 1)
    if run.line_at(following) - first <= 1 or run.form == "heredoc":
        return [(start, following, "")]
    while run.line_at(end) == first:
        end += 1
    operator = run.text.find("&&", end, following)
    rest = [(operator, following, "")] if operator >= 0 else []
    return [(start, end, ""), *rest]


def _lone_update(at: _Place, call: Call, needed: Unknown | None) -> Iterator[Change]:
    """Removes a RUN that only runs `apk update`, when all of apk's calls use --no-cache."""
    alone = len(at.run.steps) == 1 and not at.stage.stage.comments_above(at.run.instruction)
    if not alone or needed is not None:
        return
    runs = (run for _, run in later_runs(at.stage, at.run))
    later = [c for run in runs for c in calls_of(run) if c.does.manager == "apk"]
    if not later or not all(c.fetches_its_own for c in later if c.uses_index):
        return
    rule = Evidence("", 0, "rule: apk --no-cache does not read the index of apk update")
    yield Change(
        at.run.instruction,
        (),
        Safety.SAFE,
        "drop apk update, whose index nothing uses",
        (at.evidence(call), rule),
    )


# --- apt ---------------------------------------------------------------------------------

_LISTS: Final = "/var/lib/apt/lists"


def _apt(at: _Place) -> Iterator[Proposal]:
    calls = at.of("apt")
    installs = [call for call in calls if call.does.action == "install"]
    if installs:
        yield from _recommends(at, installs)
    update = next((call for call in calls if call.does.action == "update"), None)
    if update is None or len(calls) == 1 or _removes(at.run, _LISTS, "/var/lib/apt"):
        return
    if _mounted(at.run, "/var/lib/apt", "/var/cache/apt") or _next_removes(at):
        return
    needed = used_later(at.stage, at.run, "apt")
    if isinstance(needed, Evidence):
        message = "let the later install run apt-get update too, then these lists need not ship"
        yield at.refusal("lists-needed-later", message, at.evidence(update), needed)
        return
    new = appended(at.run, f"rm -rf {_LISTS}/*")
    if isinstance(new, Unknown):
        message = f"remove {_LISTS} at its end by hand: {new.why}"
        yield at.refusal("run-not-simple", message, at.evidence(update))
        return
    rule = Evidence("", 0, "rule: the lists stay in the layer that apt-get update wrote")
    because = (at.evidence(update), *(needed.evidence if needed is not None else ()), rule)
    message = "remove apt's package lists in the layer that fetched them"
    yield at.change(new, message, *because, safe=needed is None)


@remembered
def _runs(stage: StageFacts) -> Mapping[Instruction, Run]:
    return {run.instruction: run for run in stage.runs}


def _next_removes(at: _Place) -> bool:
    """Whether the RUN right below removes the lists: the two are better joined."""
    instructions = at.stage.stage.instructions
    index = at.stage.order[at.run.instruction] + 1
    below = _runs(at.stage).get(instructions[index]) if index < len(instructions) else None
    return below is not None and _removes(below, _LISTS, "/var/lib/apt")


@remembered
def _decides_recommends(stage: StageFacts) -> bool:
    return any("Install-Recommends" in run.text for run in stage.runs)


def _recommends(at: _Place, installs: list[Call]) -> Iterator[Change]:
    """The offer to leave recommended packages out."""
    if _decides_recommends(at.stage):
        return
    bare = [
        call
        for call in installs
        if "--no-install-recommends" not in call.does.options and call.does.packages
    ]
    if not bare:
        return
    ends = [call.command.words[call.does.action_index].end for call in bare]
    yield at.change(
        at.run.rewrite([(end, end, " --no-install-recommends") for end in ends]),
        "install no recommended packages (--no-install-recommends); to be reviewed: "
        "what is only recommended, as ca-certificates often is, must then be named",
        *(at.evidence(call) for call in bare),
        safe=False,
    )


# --- dnf, microdnf, yum, tdnf, zypper ------------------------------------------------------

_RPM: Final = ("dnf", "microdnf", "yum", "tdnf", "zypper")
_RPM_CACHES: Final = tuple(
    f"/var/cache/{name}" for name in ("dnf", "libdnf5", "yum", "tdnf", "zypp")
)


_READS_CACHE: Final = re.compile(r"--installroot|--cacheonly|\s-C\s")


def _rpm(at: _Place) -> Iterator[Proposal]:
    calls = at.of(*_RPM)
    last = next((c for c in reversed(calls) if c.does.action in ("install", "upgrade")), None)
    if last is None or any(call.does.action == "clean" for call in calls):
        yield from _clean_once(at, calls)
        return
    if _mounted(at.run, *_RPM_CACHES) or _removes(at.run, *_RPM_CACHES, "/var/cache/*"):
        return
    if spoken_of(at.stage, at.run, _READS_CACHE):
        return
    what = "clean --all" if last.does.manager == "zypper" else "clean all"
    command = f"{last.command.words[0].text} {what}"
    new = appended(at.run, command)
    if isinstance(new, Unknown):
        message = f"run {command} at its end by hand: {new.why}"
        yield at.refusal("run-not-simple", message, at.evidence(last))
        return
    rule = Evidence("", 0, "rule: what a package manager downloads stays in the layer of its RUN")
    message = f"run {command} in the layer that filled the cache"
    yield at.change(new, message, at.evidence(last), rule)


def _clean_once(at: _Place, calls: Sequence[Call]) -> Iterator[Change]:
    """RUNs that were joined need to clean once, behind the last installation."""
    fills = [n for n, call in enumerate(calls) if call.does.action in ("install", "upgrade")]
    cleans = [n for n, call in enumerate(calls) if call.does.action == "clean"]
    early = [n for n in cleans if fills and fills[0] < n < fills[-1]]
    if not early or cleans[-1] < fills[-1]:
        return
    removals = [_removal(at.run, calls[n].command) for n in early]
    if None not in removals:
        edits = [edit for found in removals for edit in found or ()]
        first = calls[early[0]]
        message = "clean the cache once, behind the last installation"
        rule = Evidence("", 0, "rule: it is one layer, and the last one of them cleans it")
        yield at.change(at.run.rewrite(sorted(edits)), message, at.evidence(first), rule)

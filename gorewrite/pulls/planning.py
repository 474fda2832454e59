"""Plans the Dockerfiles of a checkout for pull requests, of which any may be merged without the
others."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from gorewrite.config import ConfigError
from gorewrite.differ import unified
from gorewrite.discovery import Survey
from gorewrite.fleet.entries import Entry, Form
from gorewrite.fleet.gathering import tasks_of
from gorewrite.fleet.ledger import Ledger
from gorewrite.fleet.memory import Memory
from gorewrite.fleet.run import Executor, Here, Run
from gorewrite.fleet.settings import Settings
from gorewrite.outcome import Edit, Outcome
from gorewrite.project import FileError
from gorewrite.pulls.groups import Grouper, grouping
from gorewrite.pulls.model import Grouping, Planned
from gorewrite.pulls.owners import Owners

#: All that is asked of each Dockerfile: its JSON, and what is written where.
FORM: Final = Form("document", diffs=False, writes=True)
#: What a change waits for, as the code of a refusal.
WAITS: Final = "waits"
#: That it was built, and failed, as the code of a refusal.
NOT_VERIFIED: Final = "not-verified"

#: Makes what plans so many Dockerfiles.
Executors = Callable[[int, Settings, Survey, Form], AbstractContextManager[Executor]]


class Failure(NamedTuple):
    """A Dockerfile that could not be planned. path: relative to the root; text: one line."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}" if self.line else f"{self.path}: {self.text}"


@dataclass
class Scan:
    """What became of the Dockerfiles of a checkout.

    grouper: where each belongs; planned: those that change, in the order of the run; others: the
    documents of those that do not; failed: those that could not be planned.
    """

    grouper: Grouper
    planned: list[Planned] = field(default_factory=list)
    others: list[Mapping[str, Any]] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)

    def kept(self, campaign: str) -> frozenset[str]:
        """The branches of groups of which something could not be planned: nobody knows whether
        something is left to propose for them."""
        return frozenset(self.grouper.branch(campaign, each.path) for each in self.failed)

    def why(self, campaign: str) -> dict[str, str]:
        """Branch -> why nothing is proposed for it, where the owners of a file said no."""
        found = {}
        for document in self.others:
            for refusal in document.get("refusals", ()):
                if refusal["code"] == "opted-out":
                    branch = self.grouper.branch(campaign, document["path"])
                    found[branch] = f"{document['path']}: {refusal['message']}"
        return found


@contextmanager
def here(_: int, settings: Settings, survey: Survey, form: Form) -> Iterator[Executor]:
    """The executor that is this process. See Executors."""
    yield Here(settings, survey, form)


def no_progress(_: int) -> AbstractContextManager[Callable[[int], None]]:
    """Tells nobody how many Dockerfiles of how many are planned."""
    return nullcontext(lambda _: None)


def scan(
    root: Path,
    settings: Settings,
    by: Grouping | None,
    owners: Owners | None,
    scope: Sequence[str] = (),
    executors: Executors = here,
    progress: Callable[[int], AbstractContextManager[Callable[[int], None]]] = no_progress,
    memory: Memory | None = None,
    objection: Callable[[Planned], str] = lambda _: "",
) -> Scan:
    """Plans what lies on disk below a directory, and writes nothing.

    root: of the repository; by: None to choose, see `grouping`; scope: files and directories
    relative to the root, () for all; progress: given the number of Dockerfiles, makes what is told
    how many more are done; objection: why one that was planned is not proposed, "" when it is.
    Raises ConfigError, DiscoveryError.
    """
    root = root.resolve()
    settings = settings._replace(here=str(root), keeps=memory is not None)
    survey = memory.survey if memory is not None else Survey()
    config = settings.configure()(root)
    base = config.path.parent if config.path is not None else None
    found: dict[Path, None] = {}
    for name in scope or (".",):
        found.update(dict.fromkeys(survey.find(root / name, config.exclude, base)))
    targets = [(path, os.path.relpath(path, root)) for path in found]
    names = [name for _, name in targets]
    grouper = Grouper(by or grouping(owners, names), owners, tuple(scope))
    scanned = Scan(grouper)
    tasks = tasks_of(targets)
    ledger = _Ledgers(str(root), lambda name: grouper.place(name).key)
    run = Run(tasks, [task.real for task in tasks], settings, FORM, ledger, memory)
    try:
        with (
            executors(len(run.left), settings, survey, FORM) as planners,
            progress(len(tasks)) as planned,
            closing(run.entries(planners, survey, planned)) as entries,
        ):
            for entry in entries:
                if not _add(scanned, entry, root, objection):
                    ledger.drop()
    finally:
        if memory is not None:
            memory.save()
    _Sharing(scanned, root, settings).settle()
    return scanned


def _add(scanned: Scan, entry: Entry, root: Path, objection: Callable[[Planned], str]) -> bool:
    """Takes what became of one Dockerfile; whether what it edits counts for those that follow."""
    if entry.error is not None:
        scanned.failed.append(Failure(entry.display, entry.error.line, entry.error.text))
        return False
    document = json.loads(entry.text)
    if not entry.edits:
        scanned.others.append(document)
        return True
    edits = []
    for edit in entry.edits:
        # Of a linked Dockerfile the file changes, not the link.
        place = os.path.relpath(os.path.realpath(edit.path), root)
        if place.startswith("../"):
            text = f"{edit.name} lies outside of the repository; no pull request can change it"
            scanned.failed.append(Failure(entry.display, 0, text))
            return False
        edits.append(Edit(place, place, edit.old, edit.new))
    planned = Planned(entry.display, document, tuple(edits))
    why = objection(planned)
    if why:
        scanned.others.append(_refused(document, why))
    else:
        scanned.planned.append(planned)
    return not why


def _refused(document: Mapping[str, Any], why: str) -> dict[str, Any]:
    """The document of a Dockerfile that is left alone for a reason."""
    refusal = {"transform": "file", "code": NOT_VERIFIED, "line": 0, "message": why, "because": []}
    changes = [change for change in document["changes"] if not change["applied"]]
    left = {"changed": False, "diff": "", "changes": changes}
    return {
        **document,
        **left,
        "refusals": [*document["refusals"], {**refusal, "fingerprint": None}],
    }


class _Ledgers(Ledger):
    """A ledger for each group: what one pull request changes in a shared file, another one does not
    find changed. key_of: the group of a Dockerfile, by its name in reports."""

    def __init__(self, here: str, key_of: Callable[[str], str]) -> None:
        super().__init__(here)
        self._top = here
        self._key_of = key_of
        self._each: dict[str, Ledger] = {}
        self._now = Ledger(here)

    def joined(self, outcome: Outcome, path: str) -> Outcome:
        """See Ledger."""
        self._now = self._of(outcome.display)
        return self._now.joined(outcome, path)

    def checked(self, entry: Entry, form: Form) -> Entry:
        """See Ledger."""
        self._now = self._of(entry.display)
        return self._now.checked(entry, form)

    def take(self) -> None:
        """See Ledger."""
        self._now.take()

    def drop(self) -> None:
        """See Ledger."""
        self._now.drop()

    def _of(self, display: str) -> Ledger:
        return self._each.setdefault(self._key_of(display), Ledger(self._top))


# --- whole files that several Dockerfiles share --------------------------------------------------


class _Sharing:
    """Ignore files: what is concluded of one holds for all Dockerfiles of its build context, as
    they are once this run is applied. But each pull request may be the only one that is merged.

    So a change of one stays only where it follows, byte for byte, as well when the others are as
    they are now. As each Dockerfile by itself either allows a part of it or does not, it then
    holds whichever of them are merged. Else it waits until the others are.
    """

    def __init__(self, scanned: Scan, root: Path, settings: Settings) -> None:
        self.scanned = scanned
        self.root = root
        self.settings = settings
        #: Build context -> the groups of the Dockerfiles that change and have it.
        self._groups: dict[str, set[str]] = {}
        for each in scanned.planned:
            context = each.document.get("context")
            if context:
                self._groups.setdefault(context["root"], set()).add(self._key(each))

    def settle(self) -> None:
        """Takes out of the plans what has to wait."""
        claimed: dict[str, str] = {}
        left = []
        for each in self.scanned.planned:
            for edit in self._shared(each):
                mine = claimed.setdefault(edit.path, self._key(each)) == self._key(each)
                if not mine or not (self._alone(each) or self._holds_now(each, edit)):
                    each = _without(each, edit)
            if each.edits:
                left.append(each)
            else:
                self.scanned.others.append(each.document)
        self.scanned.planned[:] = left

    def _key(self, planned: Planned) -> str:
        return self.scanned.grouper.place(planned.path).key

    def _shared(self, planned: Planned) -> list[Edit]:
        """The edits of an ignore file that is not that of its Dockerfile alone."""
        own = planned.path.rpartition("/")[2] + ".dockerignore"
        names = (edit.path.rpartition("/")[2] for edit in planned.edits)
        return [
            edit
            for edit, name in zip(planned.edits, names, strict=True)
            if name.endswith(".dockerignore") and name != own
        ]

    def _alone(self, planned: Planned) -> bool:
        """Whether no other pull request changes a Dockerfile of the same build context."""
        return self._groups[planned.document["context"]["root"]] == {self._key(planned)}

    def _holds_now(self, planned: Planned, edit: Edit) -> bool:
        """Whether the same follows when all other Dockerfiles are as they are on disk."""
        workspace = self.settings.workspace()
        path = self.root / planned.path
        try:
            result = workspace.rewrite(path, planned.path, workspace.configure(path))
        except (FileError, ConfigError):
            return False
        if result.context is None:
            return False
        root = os.path.realpath(result.context.root)
        found = {f"{root}/{file.path}": file.new for file in result.plan.files}
        return found.get(f"{self.root}/{edit.path}") == edit.new


def _without(planned: Planned, left: Edit) -> Planned:
    """A planned Dockerfile without the edit of a shared ignore file, which waits."""
    from gorewrite.engine import available
    from gorewrite.transform import SharedTransform

    edits = tuple(edit for edit in planned.edits if edit is not left)
    shared = {each.name for each in available() if isinstance(each, SharedTransform)}
    document = dict(planned.document)
    waiting = [c for c in document["changes"] if c["applied"] and c["transform"] in shared]
    document["changes"] = [change for change in document["changes"] if change not in waiting]
    message = (
        f"merge the other pull requests first: {left.path} is shared with Dockerfiles that they "
        "change, and what it may leave out depends on them"
    )
    document["refusals"] = [
        *document["refusals"],
        *({**_as_refusal(change), "message": message} for change in waiting),
    ]
    document["diff"] = b"".join(
        unified(edit.old or b"", edit.new, edit.path, new_file=edit.old is None) for edit in edits
    ).decode("utf-8", "replace")
    document["changed"] = bool(edits)
    return Planned(planned.path, document, edits)


def _as_refusal(change: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: change[key] for key in ("transform", "line", "because", "fingerprint")}
    return {"code": WAITS, **kept}

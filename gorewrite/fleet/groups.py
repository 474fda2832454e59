"""The Dockerfiles that share a build context: what follows from what was seen in each of them."""

from __future__ import annotations

from collections.abc import Container, Mapping
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from gorewrite import files
from gorewrite.outcome import Outcome, failed, with_verdict
from gorewrite.project import FileError, Workspace, reported
from gorewrite.shared import Verdict, carrier
from gorewrite.transform import Observation


class Task(NamedTuple):
    """A Dockerfile to plan. number: its place in the run; path: absolute, as it was found; real:
    without links; display: its name in reports."""

    number: int
    path: str
    real: str
    display: str


class Placed(NamedTuple):
    """What is concluded for a group. path: of the Dockerfile that carries it, a real one; root: of
    the build context; said: the conclusion, or why there is none."""

    path: str
    root: str
    said: Verdict | FileError


class Record(NamedTuple):
    """One planned Dockerfile.

    observations: what shared transforms saw, as far as nothing is concluded from it yet.
    """

    task: Task
    outcome: Outcome
    observations: tuple[Observation, ...] = ()

    @property
    def place(self) -> tuple[str, bool]:
        """(root of the build context, whether it is certain); "" where none is known."""
        context = self.outcome.context
        return (context.root, context.certain) if context is not None else ("", False)

    def without(self, group: Group) -> Record:
        """The same when the group is concluded."""
        key = (group.transform, group.root)
        left = tuple(o for o in self.observations if (o.transform, o.root) != key)
        return self._replace(observations=left)

    def told(self, placed: Placed, here: str) -> Record:
        """The same with what it carries. here: see Settings."""
        if isinstance(placed.said, FileError):
            return self._replace(outcome=failed(placed.said))
        path = Path(self.task.path)
        return self._replace(
            outcome=with_verdict(self.outcome, placed.said, path, placed.root, here or None)
        )


class Group:
    """The Dockerfiles of one build context, for one shared transform.

    of: the real path of one of them. known: the real paths of those known to lie below the root,
    sorted; seen: what was observed so far, by real path.
    """

    def __init__(self, workspace: Workspace, transform: str, root: str, of: str) -> None:
        self.workspace = workspace
        self.transform = transform
        self.root = root
        self._of = of
        self.known = workspace.known(Path(root), Path(of))
        self.seen: dict[str, Observation] = {}

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.known)

    def __contains__(self, path: str) -> bool:
        return path in self._known

    @property
    def outsiders(self) -> bool:
        """Whether some Dockerfile with this context lies elsewhere; who else does is not known."""
        return any(path not in self._known for path in self.seen)

    def verdict(self, places: Mapping[str, tuple[str, bool]], run: Container[str]) -> Placed | None:
        """What follows; None when no Dockerfile that was seen carries it.

        places: real path -> `Record.place` of what was planned; run: the real paths of the whole
        run, those in other shards too. What was not seen is read from disk.
        """
        if files.recorded():
            self.workspace.known(Path(self.root), Path(self._of))
        every = list(self.seen.values())
        for path in self.known:
            root, certain = places.get(path, ("", False))
            if path not in self.seen and not (certain and root != self.root):
                seen = self._from_disk(path)
                may_carry = path in run and path not in places
                every += seen if may_carry else [each._replace(place=None) for each in seen]
        carrying = carrier(every)
        if carrying is None or carrying.path not in self.seen:
            return None
        others = [each for each in every if each is not carrying]
        try:
            with reported(carrying.path):
                said: Verdict | FileError = self.workspace.conclude(carrying, others)
        except FileError as error:
            said = error
        return Placed(carrying.path, self.root, said)

    def _from_disk(self, path: str) -> list[Observation]:
        found = self.workspace.observe(Path(path), Path(self.root))
        return [each for each in found if each.transform == self.transform]

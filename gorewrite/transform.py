"""What a transform says: a `Change` it can prove, or a `Refusal` with its reason.

This is the file to read first. A transform looks at the `Facts` of one Dockerfile and
yields proposals; it never edits anything. The engine decides what is applied (by
`Safety`), applies it, and holds the image contract of before and after against each
other. So a new transform is one leaf file: a docstring, a class with a `name`, and
`propose`.
"""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, final

from gorewrite.dockerfile import BodyNode
from gorewrite.evidence import Evidence, Unknown

if TYPE_CHECKING:
    from gorewrite.context import Context
    from gorewrite.facts import Facts

__all__ = [
    "Change",
    "Evidence",
    "FileChange",
    "Observation",
    "Refusal",
    "Safety",
    "Seen",
    "SharedChange",
    "SharedRefusal",
    "SharedTransform",
    "Transform",
    "Unknown",
]


class Safety(enum.IntEnum):
    """How sure a change is. `SAFE >= REVIEW`, so a threshold is one comparison.

    SAFE: the container keeps its contract and every file and tool that the program can
        be shown to use; the evidence is complete.
    REVIEW: an intended improvement, but the evidence is incomplete or a visible
        behaviour differs. Missing context can only lower safety.
    """

    REVIEW = 1
    SAFE = 2

    def __str__(self) -> str:
        return self.name.lower()


class FileChange(NamedTuple):
    """A whole-file edit beside the Dockerfile (an ignore file) that belongs to a change.

    path: relative to the build context root; old is None for a file to create.
    """

    path: str
    old: bytes | None
    new: bytes


class SpanEdit(NamedTuple):
    """An edit of a file that many Dockerfiles share (a Makefile, a CI file), part of a change.

    path: relative to the repository root; start, end: byte offsets in the file as it is on disk;
    old: the bytes there; new: what takes their place. As places are those of the file on disk, the
    edits that the plans of several Dockerfiles ask for can be joined in any order, the same one
    asked for twice is one edit, and where one is all that is left of a plan nothing is done twice.
    """

    path: str
    start: int
    end: int
    old: bytes
    new: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """One claim: these nodes may be replaced, and why.

    node: the node the change is about; its line is the change's line.
    replacement: the nodes that take its place (empty: removed; itself: kept).
    message: what is done, one line, imperative, without a full stop.
    because: the evidence, most important first; never empty.
    also: further (node, replacement) pairs that belong to the same claim. A change is
        applied whole or not at all.
    files: edits of other files of the same plan.
    spans: edits of files that other plans may edit, too.
    declares: the contract fields (names of `Contract`'s fields) that differ on purpose.
    """

    node: BodyNode
    replacement: tuple[BodyNode, ...]
    safety: Safety
    message: str
    because: tuple[Evidence, ...]
    also: tuple[tuple[BodyNode, tuple[BodyNode, ...]], ...] = ()
    files: tuple[FileChange, ...] = ()
    spans: tuple[SpanEdit, ...] = ()
    declares: frozenset[str] = frozenset()

    def replacements(self) -> Iterator[tuple[BodyNode, tuple[BodyNode, ...]]]:
        """All (node, replacement) pairs, the main one first."""
        yield self.node, self.replacement
        yield from self.also


@dataclass(frozen=True, slots=True, eq=False)
class Refusal:
    """The transform looked, an improvement may exist, and a named reason stops it.

    code: a stable name in kebab-case, documented in the transform's docstring.
    message: names the reason and what the owner could do, one line.
    """

    node: BodyNode
    code: str
    message: str
    because: tuple[Evidence, ...] = ()


Proposal = Change | Refusal


class Transform(ABC):
    """One technique. Subclasses set `name` (kebab-case, the file's stem with dashes).

    The class docstring has the headings *What it does*, *Why*, *When it does nothing*
    (the refusal codes), *Safety* and *References*; `gorewrite explain NAME` prints it
    with `before` and `after`.
    """

    name: ClassVar[str]
    #: Position in the run. Flags come before the split, which needs to know whether the
    #: binary is static; mounts come after it, for they are not put into a shipped stage.
    order: ClassVar[int] = 100
    #: One line for `gorewrite list`.
    summary: ClassVar[str]
    before: ClassVar[str]
    after: ClassVar[str]

    @abstractmethod
    def propose(self, facts: Facts) -> Iterator[Proposal]:
        """Yields changes whose nodes do not overlap, and refusals.

        facts: read-only knowledge about the Dockerfile as it is now, with the changes of
            earlier transforms applied.
        """


# --- files that Dockerfiles share ------------------------------------------------------


class Seen(NamedTuple):
    """What a shared transform saw in one Dockerfile.

    node: what a change would be about, None where this Dockerfile gives no reason for one;
    what: plain data that `conclude` understands, as small as can be: it crosses processes;
    alone: whether the file is this Dockerfile's own, whoever else has the same build context.
    """

    node: BodyNode | None
    what: Any
    alone: bool = False


class Observation(NamedTuple):
    """What was seen in one Dockerfile, as plain data.

    transform: its name; path: the real path of the Dockerfile; root: of its build context; doubt:
    why that is only assumed, "" when it is certain; place: of the node that a change is about,
    None where this Dockerfile cannot carry one; objection: the comment above that node that
    forbids it; allowed: the lowest safety that is applied; what, alone: see `Seen`.
    """

    transform: str
    path: str
    root: str
    doubt: str
    place: Evidence | None
    objection: Evidence | None
    allowed: Safety
    what: Any
    alone: bool = False


class SharedChange(NamedTuple):
    """What `Change` is, for files that several Dockerfiles share."""

    safety: Safety
    message: str
    because: tuple[Evidence, ...]
    files: tuple[FileChange, ...]


class SharedRefusal(NamedTuple):
    """What `Refusal` is, for files that several Dockerfiles share."""

    code: str
    message: str
    because: tuple[Evidence, ...] = ()


class SharedTransform(Transform):
    """A technique about a file that all Dockerfiles of a build context share.

    It observes each of them by itself, in whatever process that is planned, when all other
    transforms have settled, and concludes once, from all observations. What it concludes is said
    of one of them, which *carries* the change. So the work grows with the number of Dockerfiles,
    not with the square of it, however many share a context.
    """

    @abstractmethod
    def observe(self, facts: Facts) -> Seen | None:
        """What there is to see in a Dockerfile; None when it has nothing to do with the file."""

    @abstractmethod
    def unread(self, place: Evidence) -> Any:
        """`Seen.what` of a Dockerfile that cannot be read or parsed: the worst."""

    @abstractmethod
    def conclude(
        self, context: Context, carrier: Observation, others: Sequence[Observation]
    ) -> Iterator[SharedChange | SharedRefusal]:
        """Yields what follows for the shared file, at most one change.

        context: as the carrier's build sees it; carrier: a Dockerfile with a `place`; others: all
            further ones that are known to use the file, in the order of their names.
        """

    @final
    def propose(self, facts: Facts) -> Iterator[Proposal]:
        """Nothing: see `observe` and `conclude`."""
        return iter(())


def reasons(unknowns: Sequence[Unknown]) -> str:
    """The reasons of several unknown facts as one line."""
    return "; ".join(dict.fromkeys(unknown.why for unknown in unknowns))


def to_review(doubts: Sequence[Unknown]) -> str:
    """What the message of a change with doubts ends with; "" without any."""
    return f"; to be reviewed: {reasons(doubts)}" if doubts else ""

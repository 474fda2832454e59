"""What pull requests are made of, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from gorewrite.outcome import Edit

Grouping = Literal["service", "owner", "repo"]

#: What is done about one pull request in a run, see publish.py.
Action = Literal[
    "create",
    "update",
    "unchanged",
    "blocked",
    "stopped",
    "declined",
    "close",
    "abandon",
    "wait",
    "failed",
]


class Planned(NamedTuple):
    """One Dockerfile of a group.

    path: relative to the root of the repository; document: what the JSON report says of it
    (docs/json.md, `files`); edits: of all files that go with it, by paths relative to the root of
    the repository. Of a file that several Dockerfiles of a group share, each edit applies to what
    the one before leaves, and the first one to the base.
    """

    path: str
    document: Mapping[str, Any]
    edits: tuple[Edit, ...]


class Group(NamedTuple):
    """The Dockerfiles of one pull request.

    key: what it is in every run, whatever changes: the directory of a service, the owners, or
    "."; name: the same for people; owners: as CODEOWNERS names them; planned: those that change,
    in the order of the run; others: the JSON of Dockerfiles of the same key that do not change,
    of which something is refused or offered.
    """

    key: str
    name: str
    owners: tuple[str, ...]
    planned: tuple[Planned, ...]
    others: tuple[Mapping[str, Any], ...] = ()


class Proposal(NamedTuple):
    """A group as it is pushed and proposed.

    branch: its name, which is what identifies it; commit: the id of its commit; base_commit: the
    parent; base: the branch it is for.
    """

    group: Group
    branch: str
    base: str
    base_commit: str
    commit: str
    title: str
    body: str
    message: str


class Step(NamedTuple):
    """What was, or in a preview would be, done about one pull request.

    proposal: None where nothing is proposed any more (close, abandon); reason: one clause, always
    given but for create, update and unchanged; url: of the pull request, or for comparing; writes:
    how many requests changed something at the forge, pushes not counted; pushed: whether the branch
    was.
    """

    action: Action
    branch: str
    proposal: Proposal | None
    reason: str = ""
    url: str = ""
    writes: int = 0
    pushed: bool = False

"""Which Dockerfiles go into one pull request: those of a service, of the same owners, or all; and
what it does to which files."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from gorewrite.differ import unified
from gorewrite.pulls.branches import branch_of
from gorewrite.pulls.model import Group, Grouping, Planned
from gorewrite.pulls.owners import Owners


class Place(NamedTuple):
    """A group as it is named. key: see `Group`; name: for people; owners: as CODEOWNERS says."""

    key: str
    name: str
    owners: tuple[str, ...]


class Grouper(NamedTuple):
    """Says where a Dockerfile belongs.

    by: how they are grouped; owners: None without CODEOWNERS; scope: the paths that the run is
    limited to, relative to the root, () for the whole repository: what is proposed for a part of it
    is another pull request than that for all.
    """

    by: Grouping
    owners: Owners | None = None
    scope: tuple[str, ...] = ()

    def place(self, path: str) -> Place:
        """Where a Dockerfile belongs. path: relative to the root of the repository."""
        owners = self.owners.of(path) if self.owners is not None else ()
        if self.by == "service":
            directory = posixpath.dirname(path)
            return Place(directory or ".", directory or posixpath.basename(path), owners)
        within = " ".join(self.scope)
        if self.by == "owner":
            key = " ".join(sorted(owner.lower() for owner in owners)) or "no owner"
            return Place(f"{key} in {within}" if within else key, ", ".join(owners) or key, owners)
        return Place(within or ".", within or ".", ())

    def branch(self, campaign: str, path: str) -> str:
        """The branch of the group that a Dockerfile belongs to."""
        return branch_of(campaign, self.place(path).key)


def grouping(owners: Owners | None, paths: Iterable[str]) -> Grouping:
    """How Dockerfiles are grouped where nobody says: by owner where any of them has one."""
    if owners is not None and any(owners.of(path) for path in paths):
        return "owner"
    return "repo"


def groups_of(
    planned: Iterable[Planned], others: Iterable[Mapping[str, Any]], grouper: Grouper
) -> list[Group]:
    """The groups in which something changes, in the order of their first Dockerfiles.

    others: the documents of Dockerfiles that do not change.
    """
    changed: dict[str, list[Planned]] = {}
    places: dict[str, Place] = {}
    for each in planned:
        place = grouper.place(each.path)
        places.setdefault(place.key, place)
        changed.setdefault(place.key, []).append(each)
    left: dict[str, list[Mapping[str, Any]]] = {}
    for document in others:
        if document.get("refusals") or document.get("changes"):
            left.setdefault(grouper.place(document["path"]).key, []).append(document)
    return [
        Group(key, places[key].name, places[key].owners, tuple(every), tuple(left.get(key, ())))
        for key, every in changed.items()
    ]


def files_of(group: Group) -> dict[str, tuple[bytes | None, bytes]]:
    """Path -> (what it holds on the base, None for nothing; what it is going to hold)."""
    found: dict[str, tuple[bytes | None, bytes]] = {}
    for planned in group.planned:
        for edit in planned.edits:
            first = found.get(edit.path, (edit.old, b""))[0]
            found[edit.path] = (first, edit.new)
    return found


def diff_of(group: Group) -> bytes:
    """The unified diff of all files of a group, from the base to what they are going to be."""
    return b"".join(
        unified(old or b"", new, path, new_file=old is None)
        for path, (old, new) in files_of(group).items()
    )

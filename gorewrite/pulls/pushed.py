"""What stands on the remote already: the tips of our branches, and whether people edited them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from gorewrite.git.remote import fetch
from gorewrite.git.run import Git
from gorewrite.git.trees import Changed, Commit, changes, commits
from gorewrite.pulls.branches import is_ours, trailers


class Tip(NamedTuple):
    """The commit at the end of a branch.

    ours: whether gorewrite made it and nobody edited it; changes: what it changes of its parent,
    {} unless it is ours.
    """

    commit: Commit
    ours: bool
    changes: Changed

    @property
    def base(self) -> str:
        """The commit that it stands on."""
        return self.commit.parents[0]

    @property
    def version(self) -> str:
        """Of the gorewrite that made it."""
        return trailers(self.commit).get("version", "")

    @property
    def campaign(self) -> str:
        """That it belongs to."""
        return trailers(self.commit).get("campaign", "")


def tips(
    git: Git, remote: str, names: Sequence[str], options: Sequence[str] = ()
) -> dict[str, Tip]:
    """Branch -> its tip. options: for git fetch. Raises GitError."""
    if not names:
        return {}
    shallow = git.text("rev-parse", "--is-shallow-repository") == "true"
    # Of a history that is cut off anyway, the commit and its parent: that is what is compared.
    found = fetch(git, remote, names, 2 if shallow else 0, options)
    read = commits(git, list(found.values()))
    parents = _parents(git, read)
    ours = [c.id for c in read if len(c.parents) == 1 and is_ours(c, parents[c.parents[0]])]
    changed = changes(git, ours) if ours else {}
    return {
        name: Tip(commit, commit.id in changed, changed.get(commit.id, {}))
        for name, commit in zip(found, read, strict=True)
    }


def _parents(git: Git, read: Iterable[Commit]) -> Mapping[str, Commit]:
    ids = list(dict.fromkeys(c.parents[0] for c in read if len(c.parents) == 1))
    return dict(zip(ids, commits(git, ids), strict=True))

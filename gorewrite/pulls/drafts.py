"""Groups as commits: the contents of their files on the tip of the base branch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from gorewrite.git.commits import Draft as Commit
from gorewrite.git.commits import File, commit
from gorewrite.git.run import Git
from gorewrite.git.trees import Changed, Entry, blob_id, commits, entries
from gorewrite.pulls.branches import branch_of
from gorewrite.pulls.groups import files_of
from gorewrite.pulls.model import Group, Proposal

if TYPE_CHECKING:
    from gorewrite.pulls.publish import Publishing

_FILES = ("100644", "100755")
#: The mode of a new file.
_NEW = "100644"


class Draft:
    """What a group does to a commit.

    files: with their new contents; changes: the same by the ids of objects; problem: why it cannot
    be done there, "" when it can.
    """

    def __init__(self, group: Group, base: Mapping[str, Entry], like: str) -> None:
        self.files: list[File] = []
        self.changes: Changed = {}
        self.problem = ""
        for path, (old, new) in files_of(group).items():
            entry = base.get(path)
            self.problem = self.problem or _problem(path, old, entry, like)
            mode = entry.mode if entry is not None else _NEW
            self.files.append(File(path, mode, new))
            self.changes[path] = (entry, Entry(mode, blob_id(new, like)))


def proposed(
    git: Git, groups: Sequence[Group], options: Publishing
) -> tuple[list[Proposal], list[Draft]]:
    """The groups as commits, which are made here and nowhere else yet. Raises GitError."""
    made = drafts(git, options.base_commit, groups)
    named = [
        (
            options.naming.title(group, options.campaign),
            options.naming.message(group, options.version, options.campaign),
        )
        for group in groups
    ]
    plain = [
        Commit(options.base_commit, message, tuple(draft.files))
        for (_, message), draft in zip(named, made, strict=True)
    ]
    ids = commit(git, plain, options.identity, date_of(git, options.base_commit))
    proposals = [
        Proposal(
            group,
            branch_of(options.campaign, group.key),
            options.base,
            options.base_commit,
            id,
            title,
            "",
            message,
        )
        for group, (title, message), id in zip(groups, named, ids, strict=True)
    ]
    return proposals, made


def date_of(git: Git, commit: str) -> int:
    """When a commit was committed, seconds since 1970. Raises GitError."""
    (found,) = commits(git, [commit])
    return int(found.committer.date.split(" ")[0])


def drafts(git: Git, commit: str, groups: Sequence[Group]) -> list[Draft]:
    """What each group does to a commit. Raises GitError."""
    paths = {edit.path for group in groups for each in group.planned for edit in each.edits}
    base = entries(git, commit, sorted(paths))
    return [Draft(group, base, commit) for group in groups]


def _problem(path: str, old: bytes | None, entry: Entry | None, like: str) -> str:
    """Why a file is not what it was planned with."""
    if entry is None:
        return "" if old is None else f"{path} is not in the repository (is it in a submodule?)"
    if entry.mode not in _FILES:
        return f"{path} is not a regular file on the base branch"
    if old is None:
        return f"{path} is on the base branch by now"
    if blob_id(old, like) != entry.id:
        return f"{path} is not stored as it is on disk (line ends, or a filter as that of LFS)"
    return ""

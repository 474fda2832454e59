"""What a forge knows of its repositories, whatever its API: pull requests that follow branches.

The rules are those of github.com where its documentation or its error messages name them; what
another forge does differently lies with that forge.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from tests.forgery.bare import Bare

State = Literal["open", "closed", "merged"]


class User(NamedTuple):
    """Who acts: a person, or a bot. writes: may push and open pull requests."""

    number: int
    login: str
    writes: bool = True


class Push(NamedTuple):
    """A branch that moved. before, after: commits, "" for none; by: "git", or who did it."""

    branch: str
    before: str
    after: str
    by: str


@dataclass
class Comment:
    """One comment. system: said by the forge itself, as GitLab does when a title changes."""

    number: int
    author: User
    body: str
    created: float
    system: bool = False


@dataclass
class Pull:
    """A pull request. Times are seconds since 1970, 0 for never; head_sha outlives the branch.

    fork: the owner of the fork that the branch `head` is in, "" for a branch of the repository.
    """

    number: int
    author: User
    title: str
    body: str
    head: str
    base: str
    head_sha: str
    base_sha: str
    created: float
    updated: float
    draft: bool = False
    fork: str = ""
    state: State = "open"
    closed: float = 0
    merge_commit: str = ""
    ended_by: User | None = None
    labels: list[str] = field(default_factory=list)
    reviewers: list[User] = field(default_factory=list)
    teams: list[str] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)


class Rejected(Exception):
    """The forge does not do it. code: as GitHub names it: missing, invalid, custom, …"""

    def __init__(self, message: str, *, field: str = "", code: str = "custom") -> None:
        super().__init__(message)
        self.field = field
        self.code = code


@dataclass
class Repository:
    """A repository and its pull requests. Its methods are called with `lock` held.

    owner, name: its path is both; drafts: whether the plan knows drafts; closes_empty: a pull
    request ends when its branch has no commits of its own any more; sees_merges: it counts as
    merged when its commits are pushed to the base; pushes: all moves of branches, in their order;
    labels: name to number.
    """

    number: int
    path: str
    bare: Bare
    default_branch: str
    clock: Callable[[], float]
    numbers: Callable[[], int]
    archived: bool = False
    fork: bool = False
    private: bool = True
    drafts: bool = True
    closes_empty: bool = True
    sees_merges: bool = True
    topics: tuple[str, ...] = ()
    pulls: dict[int, Pull] = field(default_factory=dict)
    pushes: list[Push] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)
    heads: dict[str, str] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _merged: dict[str, set[str]] = field(default_factory=dict)

    @property
    def owner(self) -> str:
        """All of the path but the name."""
        return self.path.rpartition("/")[0]

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    def follow(self, by: str = "git") -> list[Push]:
        """Looks at the branches anew, and does with the pull requests what follows from it."""
        before, self.heads = self.heads, self.bare.heads()
        moved = [
            Push(branch, before.get(branch, ""), self.heads.get(branch, ""), by)
            for branch in sorted(before.keys() | self.heads.keys())
            if before.get(branch) != self.heads.get(branch)
        ]
        self.pushes += moved
        self._merged.clear()
        names = {push.branch for push in moved}
        for pull in self.open_pulls():
            if not pull.fork and names & {pull.head, pull.base}:
                self._follow(pull, base_moved=pull.base in names)
        return moved

    def _follow(self, pull: Pull, *, base_moved: bool) -> None:
        head, base = self.heads.get(pull.head), self.heads.get(pull.base)
        if base and base_moved and self.sees_merges and self._contains(base, pull):
            self.end(pull, "merged", None)  # somebody merged by hand and pushed
            pull.merge_commit = base
        elif not head or not base or (self.closes_empty and self.nothing_new(pull.base, pull.head)):
            self.end(pull, "closed", None)
        else:
            if head != pull.head_sha:
                pull.updated = self.clock()
            pull.head_sha, pull.base_sha = head, base

    def _contains(self, base: str, pull: Pull) -> bool:
        """Whether the pull request's commits have come into the commit `base`."""
        if self.heads.get(pull.head) == pull.head_sha:
            return self.nothing_new(pull.base, pull.head)
        return self.bare.has(pull.head_sha, base)

    def nothing_new(self, base: str, head: str) -> bool:
        """Whether the branch `head` has no commits that the branch `base` does not have."""
        if base not in self._merged:
            self._merged[base] = self.bare.merged(self.heads[base])
        return head in self._merged[base]

    def listed(self, lag: float) -> list[Pull]:
        """All, the oldest first, but those that were opened in the last `lag` seconds."""
        until = self.clock() - lag
        return [pull for pull in self.pulls.values() if not lag or pull.created <= until]

    def open_pulls(self) -> Iterable[Pull]:
        """Those that are open, the oldest first."""
        return [pull for pull in self.pulls.values() if pull.state == "open"]

    def twin(self, head: str, base: str) -> Pull | None:
        """The open pull request of the same branches."""
        pulls = self.open_pulls()
        wanted = (head, base, "")
        return next((each for each in pulls if (each.head, each.base, each.fork) == wanted), None)

    def open(
        self, user: User, *, head: str, base: str, title: str, body: str, draft: bool = False
    ) -> Pull:
        """A new pull request of branches that are there."""
        now = self.clock()
        pull = Pull(
            number=len(self.pulls) + 1,
            author=user,
            title=title,
            body=body,
            head=head,
            base=base,
            head_sha=self.heads[head],
            base_sha=self.heads[base],
            created=now,
            updated=now,
            draft=draft,
        )
        self.pulls[pull.number] = pull
        return pull

    def end(self, pull: Pull, state: State, user: User | None) -> None:
        """Closes it, or says that it is merged."""
        pull.state, pull.ended_by = state, user
        pull.closed = pull.updated = self.clock()

    def reopen(self, pull: Pull) -> None:
        """Opens it again. Raises Rejected: its branch is gone or was rewritten, or has another."""
        if pull.state == "merged":
            raise Rejected("state cannot be changed. It is merged.", field="state", code="invalid")
        tip = self.heads.get(pull.head)
        if tip is None or pull.base not in self.heads:
            gone = pull.base if tip else pull.head
            reason = f"The {gone} branch has been deleted."
        elif not self.bare.has(pull.head_sha, tip):
            reason = f"The {pull.head} branch was force-pushed or recreated."
        elif self.twin(pull.head, pull.base):
            reason = f"There is already an open pull request from {pull.head} to {pull.base}."
        else:
            pull.state, pull.closed, pull.ended_by = "open", 0, None
            pull.head_sha, pull.updated = tip, self.clock()
            return
        raise Rejected(f"state cannot be changed. {reason}", field="state", code="invalid")

    def say(self, pull: Pull, user: User, body: str, *, system: bool = False) -> Comment:
        """Adds a comment."""
        now = self.clock()
        comment = Comment(self.numbers(), user, body, now, system)
        pull.comments.append(comment)
        if not system:
            pull.updated = now
        return comment

    def ask(self, pull: Pull, users: Iterable[User], teams: Iterable[str] = ()) -> None:
        """Asks for reviews; who was asked already is not asked twice."""
        pull.reviewers += [each for each in dict.fromkeys(users) if each not in pull.reviewers]
        pull.teams += [each for each in dict.fromkeys(teams) if each not in pull.teams]
        pull.updated = self.clock()

    def label(self, pull: Pull, names: Sequence[str]) -> None:
        """Adds labels, which are made when they are not there."""
        for name in names:
            if name not in self.labels:
                self.labels[name] = self.numbers()
            if name not in pull.labels:
                pull.labels.append(name)
                pull.updated = self.clock()

"""People: what they do to a repository behind the bot's back, not through an API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from tests.forgery.bare import GitFailed, Person
from tests.forgery.state import Pull, Repository, User


class Human:
    """A person who may write, in one repository."""

    def __init__(self, repository: Repository, user: User) -> None:
        self.repository = repository
        self.user = user
        self.person = Person(user.login.title(), f"{user.login}@example.com")

    def pull(self, number: int) -> Pull:
        """The pull request, as the forge has it. Raises KeyError."""
        return self.repository.pulls[number]

    def commit(
        self,
        branch: str,
        files: Mapping[str, str | bytes | None] | None = None,
        message: str = "Add a note",
    ) -> str:
        """Pushes a commit on top of a branch, which is made when it is not there; returns its id.

        files: path to content, None to delete; by default a NOTES.md.
        """
        files = {"NOTES.md": "Mind the gap.\n"} if files is None else files
        with self.repository.lock:
            when = int(self.repository.clock())
            bare = self.repository.bare
            commit = bare.commit(branch, files, message, self.person, when)
            self.repository.follow(self.user.login)
        return commit

    def force(self, branch: str, commit: str) -> None:
        """Sets a branch to a commit that is there."""
        with self.repository.lock:
            self.repository.bare.move(branch, commit)
            self.repository.follow(self.user.login)

    def delete_branch(self, branch: str) -> None:
        """Deletes a branch. Raises GitFailed."""
        with self.repository.lock:
            self.repository.bare.delete(branch)
            self.repository.follow(self.user.login)

    def propose_from_fork(self, branch: str, title: str = "A change of my own") -> Pull:
        """Opens a pull request from a branch of a fork of this person, which may have the name
        that a branch of the repository has."""
        repository = self.repository
        with repository.lock:
            base = repository.default_branch
            pull = repository.open(self.user, head=base, base=base, title=title, body="")
            pull.head, pull.fork = branch, self.user.login
        return pull

    def merge(
        self, number: int, *, how: Literal["merge", "squash"] = "merge", delete_branch: bool = False
    ) -> str:
        """Merges a pull request in the repository itself; returns the commit.

        Raises GitFailed: it is not open, or has conflicts.
        """
        with self.repository.lock:
            pull = self.pull(number)
            if pull.state != "open":
                raise GitFailed(f"pull request {number} is {pull.state}")
            message = f"{pull.title} (#{number})\n"
            commit = self.repository.bare.merge(
                pull.base,
                pull.head_sha,
                squash=how == "squash",
                message=message,
                author=self.person,
                when=int(self.repository.clock()),
            )
            self.repository.end(pull, "merged", self.user)
            pull.merge_commit = commit
            if delete_branch:
                self.repository.bare.delete(pull.head)
            self.repository.follow(self.user.login)
        return commit

    def close(self, number: int) -> None:
        """Closes it without merging."""
        with self.repository.lock:
            self.repository.end(self.pull(number), "closed", self.user)

    def reopen(self, number: int) -> None:
        """Opens it again. Raises Rejected."""
        with self.repository.lock:
            self.repository.reopen(self.pull(number))

    def rename(self, number: int, title: str) -> None:
        """Gives it another title."""
        with self.repository.lock:
            pull = self.pull(number)
            pull.title, pull.updated = title, self.repository.clock()

    def edit(self, number: int, body: str) -> None:
        """Gives it another body, as ticking a box does."""
        with self.repository.lock:
            pull = self.pull(number)
            pull.body, pull.updated = body, self.repository.clock()

    def label(self, number: int, *names: str) -> None:
        """Adds labels."""
        with self.repository.lock:
            self.repository.label(self.pull(number), names)

    def unlabel(self, number: int, name: str) -> None:
        """Removes a label."""
        with self.repository.lock:
            self.pull(number).labels.remove(name)

    def comment(self, number: int, text: str) -> None:
        """Says something."""
        with self.repository.lock:
            self.repository.say(self.pull(number), self.user, text)

"""Repositories, pull requests and so on as Gitea's API shows them (modules/structs)."""

from __future__ import annotations

import re
from typing import Any

from tests.forgery.pages import iso
from tests.forgery.state import Comment, Pull, Repository, User

#: A draft is one by its title; the prefixes are those of the default configuration.
_DRAFT = re.compile(r"WIP:|\[WIP\]", re.IGNORECASE)


class Shapes:
    """web: URL of the forge; api: of its API."""

    def __init__(self, web: str, api: str) -> None:
        self.web = web
        self.api = api

    def user(self, user: User | None) -> dict[str, Any] | None:
        """A user, or null."""
        if user is None:
            return None
        return {
            "id": user.number,
            "login": user.login,
            "full_name": user.login.title(),
            "email": f"{user.login}@example.com",
            "avatar_url": f"{self.web}/avatars/{user.number}",
            "html_url": f"{self.web}/{user.login}",
            "username": user.login,
        }

    def repository(self, repository: Repository, user: User | None) -> dict[str, Any]:
        """A repository."""
        web = f"{self.web}/{repository.path}"
        writes = bool(user and user.writes)
        return {
            "id": repository.number,
            "owner": {"id": 1, "login": repository.owner, "username": repository.owner},
            "name": repository.name,
            "full_name": repository.path,
            "description": "",
            "empty": not repository.heads,
            "private": repository.private,
            "fork": repository.fork,
            "parent": None,
            "mirror": False,
            "html_url": web,
            "url": f"{self.api}/repos/{repository.path}",
            "ssh_url": f"ssh://git@127.0.0.1/{repository.path}.git",
            "clone_url": f"{web}.git",
            "default_branch": repository.default_branch,
            "archived": repository.archived,
            "created_at": iso(repository.clock()),
            "updated_at": iso(repository.clock()),
            "permissions": {"admin": False, "push": writes, "pull": True},
            "has_pull_requests": True,
            "topics": list(repository.topics),
        }

    def _side(
        self, repository: Repository, branch: str, commit: str, pull: Pull | None = None
    ) -> dict[str, Any]:
        """pull: for the head; where its branch is gone, `ref` names what Gitea keeps of it."""
        gone = pull is not None and branch not in repository.heads
        return {
            "label": branch,
            "ref": f"refs/pull/{pull.number}/head" if pull and gone else branch,
            "sha": commit,
            "repo_id": repository.number + (1_000_000 if pull and pull.fork else 0),
            "repo": self.repository(repository, None),
        }

    def pull(self, repository: Repository, pull: Pull) -> dict[str, Any]:
        """A pull request; a merged one is closed, and says `merged`."""
        web = f"{self.web}/{repository.path}/pulls/{pull.number}"
        merged = pull.state == "merged"
        return {
            "id": repository.number * 10_000 + pull.number,
            "url": web,
            "number": pull.number,
            "user": self.user(pull.author),
            "title": pull.title,
            "body": pull.body,
            "labels": [self.label(repository, name) for name in pull.labels],
            "milestone": None,
            "assignee": None,
            "assignees": None,
            "requested_reviewers": [self.user(each) for each in pull.reviewers],
            "state": "open" if pull.state == "open" else "closed",
            "draft": bool(_DRAFT.match(pull.title)),
            "is_locked": False,
            "comments": len(pull.comments),
            "html_url": web,
            "diff_url": f"{web}.diff",
            "patch_url": f"{web}.patch",
            "mergeable": pull.state == "open",
            "merged": merged,
            "merged_at": iso(pull.closed) if merged else None,
            "merge_commit_sha": pull.merge_commit or None,
            "merged_by": self.user(pull.ended_by) if merged else None,
            "base": self._side(repository, pull.base, pull.base_sha),
            "head": self._side(repository, pull.head, pull.head_sha, pull),
            "merge_base": pull.base_sha,
            "due_date": None,
            "created_at": iso(pull.created),
            "updated_at": iso(pull.updated),
            "closed_at": iso(pull.closed),
        }

    def label(self, repository: Repository, name: str) -> dict[str, Any]:
        """A label."""
        number = repository.labels[name]
        return {
            "id": number,
            "name": name,
            "exclusive": False,
            "is_archived": False,
            "color": "ededed",
            "description": "",
            "url": f"{self.api}/repos/{repository.path}/labels/{number}",
        }

    def comment(self, repository: Repository, pull: Pull, comment: Comment) -> dict[str, Any]:
        """A comment."""
        web = f"{self.web}/{repository.path}/pulls/{pull.number}"
        return {
            "id": comment.number,
            "html_url": f"{web}#issuecomment-{comment.number}",
            "pull_request_url": web,
            "issue_url": "",
            "user": self.user(comment.author),
            "body": comment.body,
            "created_at": iso(comment.created),
            "updated_at": iso(comment.created),
        }

    def review(self, repository: Repository, pull: Pull, user: User) -> dict[str, Any]:
        """A review that was asked for."""
        return {
            "id": user.number,
            "user": self.user(user),
            "state": "REQUEST_REVIEW",
            "body": "",
            "commit_id": pull.head_sha,
            "html_url": f"{self.web}/{repository.path}/pulls/{pull.number}",
        }

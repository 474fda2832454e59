"""Projects, merge requests and notes as GitLab's API shows them."""

from __future__ import annotations

import re
from typing import Any

from tests.forgery.pages import iso
from tests.forgery.state import Comment, Pull, Repository, User

#: A draft is one by its title.
_DRAFT = re.compile(r"\s*(\[draft\]|\(draft\)|draft:)", re.IGNORECASE)


class Shapes:
    """web: URL of the forge."""

    def __init__(self, web: str) -> None:
        self.web = web

    def person(self, user: User | None) -> dict[str, Any] | None:
        """A user, or null."""
        if user is None:
            return None
        return {
            "id": user.number,
            "username": user.login,
            "name": user.login.title(),
            "state": "active",
            "locked": False,
            "avatar_url": None,
            "web_url": f"{self.web}/{user.login}",
        }

    def basic(self, repository: Repository) -> dict[str, Any]:
        """A project, as `simple=true` shows it."""
        web = f"{self.web}/{repository.path}"
        return {
            "id": repository.number,
            "description": None,
            "name": repository.name,
            "name_with_namespace": repository.path.replace("/", " / "),
            "path": repository.name,
            "path_with_namespace": repository.path,
            "created_at": iso(repository.clock()),
            "default_branch": repository.default_branch if repository.heads else None,
            "tag_list": list(repository.topics),
            "topics": list(repository.topics),
            "ssh_url_to_repo": f"ssh://git@127.0.0.1/{repository.path}.git",
            "http_url_to_repo": f"{web}.git",
            "web_url": web,
            "star_count": 0,
            "namespace": {"path": repository.owner, "full_path": repository.owner, "kind": "group"},
        }

    def full(self, repository: Repository) -> dict[str, Any]:
        """A project; only one asked for by itself shows permissions, too."""
        shown = self.basic(repository) | {
            "archived": repository.archived,
            "visibility": "private" if repository.private else "public",
            "empty_repo": not repository.heads,
            "merge_requests_enabled": True,
        }
        if repository.fork:
            shown["forked_from_project"] = {"id": 1, "path_with_namespace": "upstream/project"}
        return shown

    def merge_request(self, repository: Repository, pull: Pull) -> dict[str, Any]:
        """A merge request."""
        draft = bool(_DRAFT.match(pull.title))
        state = {"open": "opened"}.get(pull.state, pull.state)
        ended = iso(pull.closed)
        return {
            "id": repository.number * 10_000 + pull.number,
            "iid": pull.number,
            "project_id": repository.number,
            "source_project_id": repository.number + (1_000_000 if pull.fork else 0),
            "target_project_id": repository.number,
            "title": pull.title,
            "description": pull.body or None,
            "state": state,
            "created_at": iso(pull.created),
            "updated_at": iso(pull.updated),
            "merged_by": self.person(pull.ended_by) if state == "merged" else None,
            "merged_at": ended if state == "merged" else None,
            "closed_by": self.person(pull.ended_by) if state == "closed" else None,
            "closed_at": ended if state == "closed" else None,
            "source_branch": pull.head,
            "target_branch": pull.base,
            "author": self.person(pull.author),
            "assignee": None,
            "assignees": [],
            "reviewers": [self.person(each) for each in pull.reviewers],
            "labels": list(pull.labels),
            "draft": draft,
            "work_in_progress": draft,
            "milestone": None,
            "merge_status": "checking",
            "detailed_merge_status": "checking",
            "sha": pull.head_sha,
            "merge_commit_sha": pull.merge_commit or None,
            "squash_commit_sha": None,
            "user_notes_count": sum(not each.system for each in pull.comments),
            "should_remove_source_branch": None,
            "force_remove_source_branch": None,
            "web_url": f"{self.web}/{repository.path}/-/merge_requests/{pull.number}",
            "references": {
                "short": f"!{pull.number}",
                "relative": f"!{pull.number}",
                "full": f"{repository.path}!{pull.number}",
            },
        }

    def note(self, pull: Pull, comment: Comment) -> dict[str, Any]:
        """A note."""
        return {
            "id": comment.number,
            "type": None,
            "body": comment.body,
            "author": self.person(comment.author),
            "created_at": iso(comment.created),
            "updated_at": iso(comment.created),
            "system": comment.system,
            "noteable_id": pull.number,
            "noteable_type": "MergeRequest",
            "noteable_iid": pull.number,
            "resolvable": False,
            "internal": False,
        }

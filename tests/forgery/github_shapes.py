"""Repositories, pull requests and so on as GitHub's API shows them.

GitHub's description requires some sixty keys of a repository; most are URLs, made from their names.
What a bot has no use for (counts of lines, mergeability) is not worked out: `mergeable` is null, as
it is at GitHub until a background job has run.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from tests.forgery.pages import iso
from tests.forgery.state import Comment, Pull, Repository, User

_REPOSITORY_URLS = """
    archive assignees blobs branches collaborators comments commits compare contents contributors
    deployments downloads events forks git_commits git_refs git_tags hooks issue_comment
    issue_events issues keys labels languages merges milestones notifications pulls releases
    stargazers statuses subscribers subscription tags teams trees
""".split()
_USER_URLS = """
    avatar events followers following gists organizations received_events repos starred
    subscriptions
""".split()


class Shapes:
    """web: URL of the forge; api: of its API."""

    def __init__(self, web: str, api: str) -> None:
        self.web = web
        self.api = api

    def account(self, login: str, number: int, kind: str = "User") -> dict[str, Any]:
        """A simple-user."""
        url = f"{self.api}/users/{login}"
        return {
            "login": login,
            "id": number,
            "node_id": f"U_{number}",
            "gravatar_id": "",
            "type": kind,
            "site_admin": False,
            "url": url,
            "html_url": f"{self.web}/{login}",
            **{f"{name}_url": f"{url}/{name}" for name in _USER_URLS},
        }

    def user(self, user: User | None) -> dict[str, Any] | None:
        """A simple-user, or null."""
        return self.account(user.login, user.number) if user else None

    def team(self, path: str) -> dict[str, Any]:
        """A team; path: org/slug."""
        organisation, _, slug = path.partition("/")
        url = f"{self.api}/organizations/1/team/{slug}"
        return {
            "id": 1,
            "node_id": f"T_{slug}",
            "url": url,
            "members_url": f"{url}/members{{/member}}",
            "name": slug,
            "description": None,
            "permission": "push",
            "html_url": f"{self.web}/orgs/{organisation}/teams/{slug}",
            "repositories_url": f"{url}/repos",
            "slug": slug,
            "parent": None,
            "type": "organization",
        }

    def url(self, repository: Repository) -> str:
        """Of a repository within the API."""
        return f"{self.api}/repos/{repository.path}"

    def repository(self, repository: Repository, user: User | None) -> dict[str, Any]:
        """A full-repository; the others are parts of it."""
        url = self.url(repository)
        web = f"{self.web}/{repository.path}"
        made = iso(repository.clock())
        writes = bool(user and user.writes)
        return {
            "id": repository.number,
            "node_id": f"R_{repository.number}",
            "name": repository.name,
            "full_name": repository.path,
            "owner": self.account(repository.owner, 1, "Organization"),
            "private": repository.private,
            "html_url": web,
            "description": None,
            "fork": repository.fork,
            "url": url,
            **{f"{name}_url": f"{url}/{name}" for name in _REPOSITORY_URLS},
            "clone_url": f"{web}.git",
            "git_url": f"{web}.git",
            "ssh_url": f"ssh://git@127.0.0.1/{repository.path}.git",
            "svn_url": web,
            "mirror_url": None,
            "homepage": None,
            "language": None,
            "license": None,
            "default_branch": repository.default_branch,
            "archived": repository.archived,
            "disabled": False,
            "visibility": "private" if repository.private else "public",
            "topics": list(repository.topics),
            "has_issues": True,
            "has_projects": True,
            "has_wiki": True,
            "has_downloads": True,
            "has_pages": False,
            "has_discussions": False,
            "pushed_at": made,
            "created_at": made,
            "updated_at": made,
            "size": 1,
            **dict.fromkeys(
                ["forks", "forks_count", "watchers", "watchers_count", "stargazers_count"], 0
            ),
            **dict.fromkeys(["network_count", "subscribers_count"], 0),
            "open_issues": len(list(repository.open_pulls())),
            "open_issues_count": len(list(repository.open_pulls())),
            "permissions": {
                "admin": False,
                "maintain": False,
                "push": writes,
                "triage": writes,
                "pull": True,
            },
        }

    def _side(
        self, repository: Repository, branch: str, commit: str, fork: str = ""
    ) -> dict[str, Any]:
        shown = self.repository(repository, None)
        owner = self.account(repository.owner, 1, "Organization")
        if fork:
            owner = self.account(fork, 2)
            shown |= {"id": repository.number + 1_000_000, "owner": owner, "fork": True}
            shown["full_name"] = f"{fork}/{repository.name}"
        return {
            "label": f"{fork or repository.owner}:{branch}",
            "ref": branch,
            "sha": commit,
            "user": owner,
            "repo": shown,
        }

    def simple_pull(self, repository: Repository, pull: Pull) -> dict[str, Any]:
        """A pull-request-simple, as lists have it."""
        api = self.url(repository)
        url = f"{api}/pulls/{pull.number}"
        issue = f"{api}/issues/{pull.number}"
        web = f"{self.web}/{repository.path}/pull/{pull.number}"
        urls = {
            "comments": f"{issue}/comments",
            "review_comments": f"{url}/comments",
            "review_comment": f"{api}/pulls/comments{{/number}}",
            "commits": f"{url}/commits",
            "statuses": f"{api}/statuses/{pull.head_sha}",
            "issue": issue,
        }
        links = urls | {"self": url, "html": web}
        return {
            "url": url,
            "id": repository.number * 10_000 + pull.number,
            "node_id": f"PR_{repository.number}_{pull.number}",
            "html_url": web,
            "diff_url": f"{web}.diff",
            "patch_url": f"{web}.patch",
            **{f"{name}_url": link for name, link in urls.items()},
            "number": pull.number,
            "state": "open" if pull.state == "open" else "closed",
            "locked": False,
            "title": pull.title,
            "user": self.user(pull.author),
            "body": pull.body or None,
            "created_at": iso(pull.created),
            "updated_at": iso(pull.updated),
            "closed_at": iso(pull.closed),
            "merged_at": iso(pull.closed) if pull.state == "merged" else None,
            "merge_commit_sha": pull.merge_commit or None,
            "assignee": None,
            "assignees": [],
            "requested_reviewers": [self.user(each) for each in pull.reviewers],
            "requested_teams": [self.team(each) for each in pull.teams],
            "labels": [self.label(repository, name) for name in pull.labels],
            "milestone": None,
            "draft": pull.draft,
            "head": self._side(repository, pull.head, pull.head_sha, pull.fork),
            "base": self._side(repository, pull.base, pull.base_sha),
            "_links": {name: {"href": link} for name, link in links.items()},
            "author_association": "CONTRIBUTOR",
            "auto_merge": None,
        }

    def pull(self, repository: Repository, pull: Pull) -> dict[str, Any]:
        """A pull-request, as it is shown by itself."""
        merged = pull.state == "merged"
        return self.simple_pull(repository, pull) | {
            "merged": merged,
            "merged_by": self.user(pull.ended_by) if merged else None,
            "mergeable": None,
            "rebaseable": None,
            "mergeable_state": "unknown",
            "maintainer_can_modify": False,
            "comments": len(pull.comments),
            **dict.fromkeys(
                ["review_comments", "commits", "additions", "deletions", "changed_files"], 0
            ),
        }

    def label(self, repository: Repository, name: str) -> dict[str, Any]:
        """A label."""
        number = repository.labels[name]
        return {
            "id": number,
            "node_id": f"LA_{number}",
            "url": f"{self.url(repository)}/labels/{quote(name)}",
            "name": name,
            "description": "",
            "color": "ededed",
            "default": False,
        }

    def comment(self, repository: Repository, pull: Pull, comment: Comment) -> dict[str, Any]:
        """An issue-comment."""
        api = self.url(repository)
        web = f"{self.web}/{repository.path}/pull/{pull.number}"
        return {
            "id": comment.number,
            "node_id": f"IC_{comment.number}",
            "url": f"{api}/issues/comments/{comment.number}",
            "html_url": f"{web}#issuecomment-{comment.number}",
            "issue_url": f"{api}/issues/{pull.number}",
            "body": comment.body,
            "user": self.user(comment.author),
            "created_at": iso(comment.created),
            "updated_at": iso(comment.created),
            "author_association": "CONTRIBUTOR",
        }

    def reference(self, repository: Repository, branch: str) -> dict[str, Any]:
        """A git-ref."""
        api, commit = self.url(repository), repository.heads[branch]
        return {
            "ref": f"refs/heads/{branch}",
            "node_id": f"REF_{branch}",
            "url": f"{api}/git/refs/heads/{branch}",
            "object": {"type": "commit", "sha": commit, "url": f"{api}/git/commits/{commit}"},
        }

    def entry(
        self, repository: Repository, reference: str, entry: tuple[str, str, int, str]
    ) -> dict[str, Any]:
        """What a directory of contents says of one of its entries. entry: of Bare.listing."""
        kind, name, size, path = entry
        api, kind = self.url(repository), "file" if kind == "blob" else "dir"
        url = f"{api}/contents/{quote(path)}?ref={quote(reference)}"
        git = f"{api}/git/{'blobs' if kind == 'file' else 'trees'}/{name}"
        web = f"{self.web}/{repository.path}/blob/{quote(reference)}/{quote(path)}"
        return {
            "name": path.rpartition("/")[2],
            "path": path,
            "sha": name,
            "size": size,
            "type": kind,
            "url": url,
            "git_url": git,
            "html_url": web,
            "download_url": web if kind == "file" else None,
            "_links": {"self": url, "git": git, "html": web},
        }

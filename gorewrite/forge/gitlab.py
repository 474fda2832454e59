"""GitLab: REST, v4. A pull request is a merge request, its number the iid.

Shapes: "Merge requests API", "Notes API", "Projects API", "Groups API", "Users API" of GitLab's
documentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import quote

from gorewrite.forge.address import compare_url
from gorewrite.forge.client import Client, Page
from gorewrite.forge.finding import pulls_of
from gorewrite.forge.github import inside
from gorewrite.forge.model import Address, ForgeError, PullRequest, PullState, Repository, Wanted
from gorewrite.forge.trouble import documented

#: "Draft merge requests": how a title says that it is one.
_DRAFT: Final = re.compile(r"\s*(?:draft:|\[draft\]|\(draft\))\s*", re.IGNORECASE)
#: The role that may push, Developer ("Members API").
_DEVELOPER: Final = 30
_STATES: Final[dict[str, PullState]] = {"closed": "closed", "merged": "merged"}


class GitLab:
    """A project on GitLab. Methods: see `gorewrite.forge.model.Forge`."""

    def __init__(self, client: Client, address: Address) -> None:
        self.address = address
        self._client = client
        self._root = f"/projects/{quote(address.path, safe='')}"

    def repository(self) -> Repository:
        return repository(self._client.get(self._root))

    def pulls(self, heads: Sequence[str]) -> dict[str, PullRequest]:
        return pulls_of(heads, self._pages(), self._of_branch, _pull)

    def create(self, wanted: Wanted) -> PullRequest:
        def made() -> Any:
            """The open one, as it is told by the list."""
            for raw in self._of_branch(wanted.head):
                same = (raw["target_branch"], raw["state"]) == (wanted.base, "opened")
                if same and _pull(raw) is not None:
                    return raw
            return None

        body = {
            "source_branch": wanted.head,
            "target_branch": wanted.base,
            "title": _titled(wanted.title, wanted.draft),
            "description": wanted.body,
        }
        try:
            raw = self._client.write("POST", f"{self._root}/merge_requests", body, made=made)
        except ForgeError as error:
            if error.status != 409 or (raw := made()) is None:
                raise
        return _read(raw)

    def update(
        self, pull: PullRequest, *, title: str | None = None, body: str | None = None
    ) -> None:
        given = {
            "title": None if title is None else _titled(title, pull.draft),
            "description": body,
        }
        self._put(pull, {name: text for name, text in given.items() if text is not None})

    def close(self, pull: PullRequest) -> None:
        self._put(pull, {"state_event": "close"})

    def add_labels(self, pull: PullRequest, labels: Sequence[str]) -> None:
        if labels:
            self._put(pull, {"add_labels": ",".join(labels)})

    def request_reviewers(self, pull: PullRequest, reviewers: Sequence[str]) -> None:
        asked = list(dict.fromkeys(name.removeprefix("@") for name in reviewers))
        numbers = {name: self._user(name) for name in asked}
        new = [number for number in numbers.values() if number is not None]
        if new:
            # They are replaced, not added to; those that there are stay.
            there = [
                who["id"] for who in self._client.get(self._place(pull)).get("reviewers") or ()
            ]
            if not set(new) <= set(there):
                self._put(pull, {"reviewer_ids": list(dict.fromkeys([*there, *new]))})
        refused = [name for name, number in numbers.items() if number is None]
        if refused:
            names = ", ".join(refused)
            raise ForgeError(f"GitLab knows no people of these names to ask for a review: {names}")

    def comments(self, pull: PullRequest) -> Iterator[str]:
        notes = f"{self._place(pull)}/notes"
        for note in self._client.items(notes, sort="asc", order_by="created_at", per_page=100):
            if not note.get("system"):
                yield note["body"] or ""

    def comment(self, pull: PullRequest, text: str) -> None:
        def made() -> object:
            return True if text in map(str.rstrip, self.comments(pull)) else None

        text = text.rstrip()
        self._client.write("POST", f"{self._place(pull)}/notes", {"body": text}, made=made)

    def compare_url(self, base: str, head: str) -> str:
        return compare_url(self.address.kind, self.address.web, base, head)

    def _pages(self, **more: str) -> Iterator[Page]:
        return self._client.pages(
            f"{self._root}/merge_requests",
            state="all",
            scope="all",
            order_by="created_at",
            sort="asc",
            per_page=100,
            **more,
        )

    def _of_branch(self, head: str) -> Iterator[Any]:
        for page in self._pages(source_branch=head):
            yield from page.items

    def _place(self, pull: PullRequest) -> str:
        return f"{self._root}/merge_requests/{pull.number}"

    def _put(self, pull: PullRequest, fields: dict[str, Any]) -> None:
        if fields:
            self._client.write("PUT", self._place(pull), fields)

    def _user(self, name: str) -> int | None:
        """The number of a person; None for nobody, as for a group, which cannot be asked."""
        if "/" in name:
            return None
        found = self._client.get("/users", username=name)
        return next((user["id"] for user in found), None)


class GitLabHub:
    """GitLab as a whole. Methods: see `gorewrite.forge.model.Hub`."""

    def __init__(self, client: Client, address: Address) -> None:
        self._client = client
        self._address = address

    def repositories(self, owner: str) -> Iterator[Repository]:
        yield from map(repository, self._list(owner))

    def forge(self, path: str) -> GitLab:
        return GitLab(self._client, inside(self._address, path))

    def _list(self, owner: str) -> Iterator[Any]:
        """The projects of a group and of those in it, else of a person."""
        name = quote(owner, safe="")
        query: dict[str, str | int] = {"order_by": "id", "sort": "asc", "per_page": 100}
        try:
            yield from self._client.items(
                f"/groups/{name}/projects", include_subgroups="true", with_shared="false", **query
            )
        except ForgeError as error:
            if error.status != 404 or "/" in owner:
                raise
            yield from self._client.items(f"/users/{name}/projects", **query)


@documented
def repository(raw: Any) -> Repository:
    """A project. What it may be written with is told of the project alone, not in lists, and not
    of a role that comes from a group above: what is not told is taken for yes."""
    rights = raw.get("permissions") or {}
    levels = [role["access_level"] for role in rights.values() if role]
    return Repository(
        path=raw["path_with_namespace"],
        clone_url=raw["http_url_to_repo"],
        default_branch=raw.get("default_branch") or "",
        archived=bool(raw.get("archived")),
        fork=bool(raw.get("forked_from_project")),
        topics=tuple(raw.get("topics") or raw.get("tag_list") or ()),
        can_push=not levels or max(levels) >= _DEVELOPER,
    )


@documented
def _pull(raw: Any) -> PullRequest | None:
    """None for one from a fork."""
    return _read(raw) if raw["source_project_id"] == raw["target_project_id"] else None


@documented
def _read(raw: Any) -> PullRequest:
    title: str = raw["title"]
    prefix = _DRAFT.match(title)
    return PullRequest(
        number=raw["iid"],
        url=raw["web_url"],
        title=title[prefix.end() :] if prefix else title,
        body=raw["description"] or "",
        # Locked is one that is being merged: open until that is done.
        state=_STATES.get(raw["state"], "open"),
        draft=bool(raw.get("draft", raw.get("work_in_progress", False))) or prefix is not None,
        head=raw["source_branch"],
        base=raw["target_branch"],
        labels=tuple(raw.get("labels") or ()),
    )


def _titled(title: str, draft: bool) -> str:
    return f"Draft: {title}" if draft else title

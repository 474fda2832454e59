"""A GitLab that keeps state: the endpoints of API v4 a merge-request bot uses.

Shapes and parameters are those of GitLab's documentation (docs.gitlab.com/api: projects, groups,
users, merge requests, notes) and of lib/api, where they are declared.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.forgery.described import DescribedForge, Endpoint
from tests.forgery.faults import Fault
from tests.forgery.forge import Answered
from tests.forgery.gitlab_shapes import Shapes
from tests.forgery.limits import Refused
from tests.forgery.pages import page
from tests.forgery.server import Answer, Request
from tests.forgery.state import Pull, Rejected, Repository, User

_PAGE = {"page": "integer", "per_page": "integer"}
_SORT = {"sort": "asc|desc", "order_by": "created_at|updated_at"}
_LIST = {
    **_PAGE,
    **_SORT,
    "state": "opened|closed|locked|merged|all",
    "scope": "created_by_me|assigned_to_me|all",
    "source_branch": "string",
    "target_branch": "string",
    "labels": "string",
    "search": "string",
    "in": "string",
    "author_id": "integer",
    "author_username": "string",
    "view": "simple|",
    "iids[]": "integer",
    "with_labels_details": "boolean",
}
_COMMON = {
    "title": "string",
    "description": "string",
    "labels": "string",
    "assignee_id": "integer",
    "assignee_ids": "integers",
    "reviewer_ids": "integers",
    "remove_source_branch": "boolean",
    "allow_collaboration": "boolean",
    "squash": "boolean",
    "milestone_id": "integer",
}
_CREATE = {**_COMMON, "source_branch": "string", "target_branch": "string"}
_UPDATE = {
    **_COMMON,
    "target_branch": "string",
    "add_labels": "string",
    "remove_labels": "string",
    "state_event": "close|reopen",
}
_PROJECTS = {
    **_PAGE,
    "archived": "boolean",
    "simple": "boolean",
    "include_subgroups": "boolean",
    "with_shared": "boolean",
    "order_by": "id|name|path|created_at|updated_at|last_activity_at|star_count",
    "sort": "asc|desc",
    "search": "string",
    "topic": "string",
    "visibility": "public|internal|private",
    "min_access_level": "integer",
    "owned": "boolean",
}
TITLE_LIMIT, DESCRIPTION_LIMIT = 255, 1_048_576


class GitLabForge(DescribedForge):
    """GitLab; merge requests are Pulls, their numbers the iid."""

    kind = "gitlab"
    api_path = "/api/v4"
    token_prefix = "glpat-"
    closes_empty = False  # app/services/merge_requests/refresh_service.rb

    def __init__(self, root: Path, **options: Any) -> None:
        super().__init__(root, **options)
        self.shapes = Shapes(self.url)

    def endpoints(self) -> Iterable[Endpoint]:
        """Those of projects, groups, users, merge requests and notes."""
        pulls = "/projects/{id}/merge_requests"
        return [
            Endpoint("GET", "/user", self._me),
            Endpoint("GET", "/users", self._users, {**_PAGE, "username": "string"}),
            Endpoint("GET", "/users/{id}/projects", self._projects, _PROJECTS),
            Endpoint("GET", "/groups/{id}/projects", self._projects, _PROJECTS),
            Endpoint("GET", "/projects/{id}", self._project, {"statistics": "boolean"}),
            Endpoint("GET", pulls, self._list, _LIST),
            Endpoint(
                "POST",
                pulls,
                self._create,
                body=_CREATE,
                required=["title", "source_branch", "target_branch"],
            ),
            Endpoint("GET", pulls + "/{iid}", self._get),
            Endpoint("PUT", pulls + "/{iid}", self._update, body=_UPDATE),
            Endpoint(
                "GET",
                pulls + "/{iid}/notes",
                self._notes,
                {**_PAGE, **_SORT, "activity_filter": "all_notes|only_comments|only_activity"},
            ),
            Endpoint(
                "POST",
                pulls + "/{iid}/notes",
                self._note,
                body={"body": "string", "internal": "boolean"},
                required=["body"],
            ),
        ]

    def authenticated(self, request: Request) -> User | None:
        """By PRIVATE-TOKEN, or Bearer."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        given = request.headers.get("PRIVATE-TOKEN") or token
        if not given:
            return None
        known = self.holder(given)
        if known is None or (scheme and scheme.lower() != "bearer"):
            raise Answered(Answer(401, {"message": "401 Unauthorized"}))
        return known

    def failing(self, fault: Fault) -> Answer:
        """Limits are 429 in plain text; a proxy answers for a GitLab that is down."""
        waiting = str(int(fault.seconds)) if fault.retry_after is None else fault.retry_after
        if fault.kind in ("too-many", "secondary-limit", "primary-limit"):
            return self._too_many(waiting)
        if fault.kind == "duplicate":
            return _conflict(0)
        return Answer(fault.status, b"<html>GitLab is not responding</html>")

    def limited(self, refused: Refused, user: str) -> Answer:
        """As `failing`."""
        return self._too_many(str(math.ceil(refused.wait)))

    def _too_many(self, waiting: str) -> Answer:
        headers = {"Content-Type": "text/plain", "RateLimit-Remaining": "0"}
        return Answer(
            429, b"Retry later\n", headers | ({"Retry-After": waiting} if waiting else {})
        )

    def _page(self, items: list[Any], request: Request, path: str) -> Answer:
        some, headers = page(items, request, self.api + path, size="per_page", default=20, most=100)
        return Answer(200, some, headers | {"X-Total": str(len(items))})

    # Endpoints.

    def _me(self, request: Request, values: dict[str, str], user: User | None) -> Answer:
        if user is None:
            return Answer(401, {"message": "401 Unauthorized"})
        return Answer(200, self.shapes.person(user))

    def _users(self, request: Request, values: dict[str, str], user: User | None) -> Answer:
        wanted = request.query.get("username", [""])[0].casefold()
        found = [each for each in self.users.values() if wanted in ("", each.login.casefold())]
        return self._page([self.shapes.person(each) for each in found], request, "/users")

    def _projects(self, request: Request, values: dict[str, str], user: User | None) -> Answer:
        def asked(name: str) -> str:
            return request.query.get(name, [""])[0]

        owner = values["id"]
        groups = request.path.startswith(f"{self.api_path}/groups")
        owned = self.owned(owner, organisation=groups)
        if owned is None:
            return Answer(404, {"message": f"404 {'Group' if groups else 'User'} Not Found"})
        found = [
            each
            for each in owned
            if (asked("include_subgroups") == "true" or each.owner.casefold() == owner.casefold())
            and (not asked("archived") or each.archived == (asked("archived") == "true"))
            and (user or not each.private)
        ]
        show = self.shapes.basic if asked("simple") == "true" else self.shapes.full
        path = request.path.removeprefix(self.api_path).replace(owner, quote(owner, safe=""))
        return self._page([show(each) for each in found], request, path)

    def _repository(
        self, request: Request, values: dict[str, str], user: User | None
    ) -> Repository:
        name = values["id"].casefold()
        if name in self.moved:
            number = self.repositories[self.moved[name].casefold()].number
            if request.write:
                text = "405 Non GET methods are not allowed for moved projects"
                raise Answered(Answer(405, {"message": text}))
            place = re.sub(r"/projects/[^/?]+", f"/projects/{number}", request.raw_path)
            raise Answered(Answer(301, None, {"Location": self.url + place}))
        by_number = (each for each in self.repositories.values() if str(each.number) == name)
        repository = self.repositories.get(name) or next(by_number, None)
        if repository is None or (user is None and repository.private):
            raise Answered(Answer(404, {"message": "404 Project Not Found"}))
        if request.write and user is None:
            raise Answered(Answer(401, {"message": "401 Unauthorized"}))
        if request.write and user and (not user.writes or repository.archived):
            raise Answered(Answer(403, {"message": "403 Forbidden"}))
        return repository

    def _found(
        self, request: Request, values: dict[str, str], user: User | None
    ) -> tuple[Repository, Pull]:
        repository = self._repository(request, values, user)
        iid = values["iid"]
        pull = repository.pulls.get(int(iid)) if iid.isdecimal() else None
        if pull is None:
            raise Answered(Answer(404, {"message": "404 Not found"}))
        return repository, pull

    def _project(self, request: Request, values: dict[str, str], user: User | None) -> Answer:
        repository = self._repository(request, values, user)
        access = {"access_level": 30 if user and user.writes else 20, "notification_level": 3}
        permissions = {"project_access": access if user else None, "group_access": None}
        return Answer(200, self.shapes.full(repository) | {"permissions": permissions})

    def _list(self, request: Request, values: dict[str, str], user: User | None) -> Answer:
        repository = self._repository(request, values, user)
        query = {name: given[-1] for name, given in request.query.items()}
        state = {"opened": "open"}.get(query.get("state", "all"), query.get("state", "all"))
        with repository.lock:
            found = [
                pull
                for pull in repository.listed(request.lag)
                if state in ("all", pull.state)
                and query.get("source_branch", pull.head) == pull.head
                and query.get("target_branch", pull.base) == pull.base
                and (query.get("scope") != "created_by_me" or pull.author == user)
            ]
            by = "updated" if query.get("order_by") == "updated_at" else "created"
            found.sort(
                key=lambda pull: (getattr(pull, by), pull.number),
                reverse=query.get("sort", "desc") == "desc",
            )
            shown = [self.shapes.merge_request(repository, pull) for pull in found]
        path = f"/projects/{quote(values['id'], safe='')}/merge_requests"
        return self._page(shown, request, path)

    def _create(self, request: Request, values: dict[str, str], user: User) -> Answer:
        repository, given = self._repository(request, values, user), request.body
        head, base = given["source_branch"], given["target_branch"]
        with repository.lock:
            if head == base:
                text = "You can't use same project/branch for source and target"
                return Answer(422, {"message": [text]})
            for name, branch in (("source_branch", head), ("target_branch", base)):
                if branch not in repository.heads:
                    return Answer(400, {"message": {name: ["does not exist"]}})
            if twin := repository.twin(head, base):
                return _conflict(twin.number)
            _check(given)
            pull = repository.open(
                user,
                head=head,
                base=base,
                title=given["title"],
                body=given.get("description", ""),
            )
            self._set(repository, pull, given, user)
            return Answer(201, self.shapes.merge_request(repository, pull))

    def _get(self, request: Request, values: dict[str, str], user: User | None) -> Answer:
        return Answer(200, self.shapes.merge_request(*self._found(request, values, user)))

    def _update(self, request: Request, values: dict[str, str], user: User) -> Answer:
        repository, pull = self._found(request, values, user)
        given = request.body or {}
        if not given:
            text = "title, description, … are missing, at least one parameter must be provided"
            return Answer(400, {"error": text})
        with repository.lock:
            _check(given)
            event = given.get("state_event")
            if event == "close" and pull.state == "open":
                repository.end(pull, "closed", user)
            elif event == "reopen" and pull.state != "open":
                try:
                    repository.reopen(pull)
                except Rejected as rejected:
                    return Answer(422, {"message": [str(rejected)]})
            if "title" in given and given["title"] != pull.title:
                pull.title = given["title"]
                repository.say(pull, user, "changed title", system=True)
            if "description" in given and given["description"] != pull.body:
                pull.body = given["description"]
                repository.say(pull, user, "changed the description", system=True)
            pull.updated = self.clock()
            self._set(repository, pull, given, user)
            return Answer(200, self.shapes.merge_request(repository, pull))

    def _set(self, repository: Repository, pull: Pull, given: dict[str, Any], user: User) -> None:
        """Labels and reviewers, which are given as a whole."""
        if "labels" in given:
            pull.labels.clear()
        repository.label(pull, _names(given.get("labels", "") + "," + given.get("add_labels", "")))
        for name in _names(given.get("remove_labels", "")):
            if name in pull.labels:
                pull.labels.remove(name)
        if "reviewer_ids" in given:
            numbers = given["reviewer_ids"]
            pull.reviewers = [each for each in self.users.values() if each.number in numbers]
            asked = ", ".join(f"@{each.login}" for each in pull.reviewers)
            repository.say(pull, user, f"requested review from {asked}", system=True)

    def _notes(self, request: Request, values: dict[str, str], user: User | None) -> Answer:
        repository, pull = self._found(request, values, user)
        only = request.query.get("activity_filter", ["all_notes"])[-1]
        with repository.lock:
            notes = [
                self.shapes.note(pull, each)
                for each in pull.comments
                if only == "all_notes" or each.system == (only == "only_activity")
            ]
        if request.query.get("sort", ["desc"])[-1] == "desc":
            notes.reverse()
        path = f"/projects/{quote(values['id'], safe='')}/merge_requests/{pull.number}/notes"
        return self._page(notes, request, path)

    def _note(self, request: Request, values: dict[str, str], user: User) -> Answer:
        repository, pull = self._found(request, values, user)
        if not request.body["body"].strip():
            return Answer(400, {"message": {"note": ["can't be blank"]}})
        with repository.lock:
            comment = repository.say(pull, user, request.body["body"])
        return Answer(201, self.shapes.note(pull, comment))


def _names(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


def _check(given: dict[str, Any]) -> None:
    for name, most in (("title", TITLE_LIMIT), ("description", DESCRIPTION_LIMIT)):
        if len(given.get(name, "")) > most:
            reason = f"is too long (maximum is {most} characters)"
            raise Answered(Answer(400, {"message": {name: [reason]}}))
    if "title" in given and not given["title"].strip():
        raise Answered(Answer(400, {"message": {"title": ["can't be blank"]}}))


def _conflict(number: int) -> Answer:
    text = f"Another open merge request already exists for this source branch: !{number}"
    return Answer(409, {"message": [text]})

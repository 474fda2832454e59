"""A Gitea that keeps state: the endpoints of API v1 a pull-request bot uses; Forgejo has them, too.

Shapes and parameters are those of its Swagger description and of routers/api/v1/repo, from where
they are generated. What surprises: a changed pull request is answered with 201, a draft is one by
its title, labels are numbers, and names of labels that are not there are passed over in silence.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.forgery.described import DescribedForge, Endpoint
from tests.forgery.faults import Fault
from tests.forgery.forge import Answered
from tests.forgery.gitea_shapes import Shapes
from tests.forgery.limits import Refused
from tests.forgery.pages import page
from tests.forgery.server import Answer, Request
from tests.forgery.state import Pull, Rejected, Repository, User

_PAGE = {"page": "integer", "limit": "integer"}
_LIST = {
    **_PAGE,
    "state": "open|closed|all",
    "sort": "oldest|recentupdate|recentclose|leastupdate|mostcomment|leastcomment|priority",
    "base_branch": "string",
    "poster": "string",
    "milestone": "integer",
    "labels": "integer",
}
_EDIT = {
    "title": "string",
    "body": "string",
    "base": "string",
    "labels": "integers",
    "assignee": "string",
    "assignees": "strings",
    "milestone": "integer",
    "due_date": "string",
}
_CREATE = {**_EDIT, "head": "string", "reviewers": "strings", "team_reviewers": "strings"}
_UPDATE = {**_EDIT, "state": "open|closed", "allow_maintainer_edit": "boolean"}
_LABEL = {"name": "string", "color": "string", "description": "string", "exclusive": "boolean"}
TITLE_LIMIT = 255


class GiteaForge(DescribedForge):
    """Gitea, or Forgejo."""

    kind = "gitea"
    api_path = "/api/v1"
    closes_empty = False
    sees_merges = False  # unless a repository has AutodetectManualMerge

    def __init__(self, root: Path, **options: Any) -> None:
        super().__init__(root, **options)
        self.shapes = Shapes(self.url, self.api)

    def endpoints(self) -> Iterable[Endpoint]:
        """Those of repositories, pull requests, labels, comments and reviews."""
        here = "/repos/{owner}/{repo}"
        pull, issue = here + "/pulls/{index}", here + "/issues/{index}"
        reviewers = {"reviewers": "strings", "team_reviewers": "strings"}
        return [
            Endpoint("GET", "/user", self._me),
            Endpoint("GET", "/orgs/{owner}/repos", self._repositories, _PAGE),
            Endpoint("GET", "/users/{owner}/repos", self._repositories, _PAGE),
            Endpoint("GET", here, self._get_repository),
            Endpoint("GET", here + "/pulls", self._list, _LIST),
            Endpoint(
                "POST",
                here + "/pulls",
                self._create,
                body=_CREATE,
                required=["head", "base", "title"],
            ),
            Endpoint("GET", pull, self._get),
            Endpoint("PATCH", pull, self._update, body=_UPDATE),
            # The head is the rest of the path; a base with slashes is encoded.
            Endpoint("GET", here + "/pulls/{base}/{head}", self._by_branches),
            Endpoint("POST", pull + "/requested_reviewers", self._review, body=reviewers),
            Endpoint("GET", here + "/labels", self._labels, _PAGE),
            Endpoint(
                "POST", here + "/labels", self._new_label, body=_LABEL, required=["name", "color"]
            ),
            Endpoint("GET", "/orgs/{owner}/labels", self._no_labels, _PAGE),
            Endpoint("GET", issue + "/labels", self._its_labels),
            Endpoint(
                "POST",
                issue + "/labels",
                self._add_labels,
                body={"labels": "labels"},
                required=["labels"],
            ),
            Endpoint(
                "GET",
                issue + "/comments",
                self._comments,
                {"since": "string", "before": "string"},
            ),
            Endpoint(
                "POST",
                issue + "/comments",
                self._comment,
                body={"body": "string"},
                required=["body"],
            ),
        ]

    def authenticated(self, request: Request) -> User | None:
        """By `token` or Bearer."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if not scheme:
            return None
        known = self.holder(token) if scheme.lower() in ("token", "bearer") else None
        if known is None:
            raise Answered(self._error(401, "user does not exist [uid: 0, name: ]"))
        return known

    def failing(self, fault: Fault) -> Answer:
        """Gitea has no limits of its own; a proxy in front of it may."""
        waiting = str(int(fault.seconds)) if fault.retry_after is None else fault.retry_after
        if fault.kind in ("too-many", "secondary-limit", "primary-limit"):
            headers = {"Retry-After": waiting} if waiting else {}
            return Answer(429, b"Too Many Requests\n", headers)
        if fault.kind == "duplicate":
            return self._error(409, "pull request already exists for these targets")
        return self._error(fault.status, "")

    def limited(self, refused: Refused, user: str) -> Answer:
        """As `failing`."""
        waiting = str(math.ceil(refused.wait))
        return Answer(429, b"Too Many Requests\n", {"Retry-After": waiting})

    def _error(self, status: int, message: str) -> Answer:
        return Answer(status, {"message": message, "url": f"{self.url}/api/swagger"})

    def _page(self, items: list[Any], request: Request, path: str) -> Answer:
        some, headers = page(items, request, self.api + path, size="limit", default=30, most=50)
        return Answer(200, some, headers | {"X-Total-Count": str(len(items))})

    def _repository(
        self, request: Request, values: dict[str, str], user: User | None
    ) -> Repository:
        path = f"{values['owner']}/{values['repo']}".casefold()
        if path in self.moved:
            old = f"/repos/{values['owner']}/{values['repo']}"
            place = request.raw_path.replace(old, f"/repos/{self.moved[path]}", 1)
            raise Answered(Answer(307, None, {"Location": place}))
        repository = self.repositories.get(path)
        if repository is None or (user is None and repository.private):
            raise Answered(self._error(404, "The target couldn't be found."))
        if request.write and user is None:
            raise Answered(self._error(401, "token is required"))
        if request.write and repository.archived:
            raise Answered(self._error(423, f"{repository.path} is archived"))
        if request.write and user and not user.writes:
            raise Answered(self._error(403, "user should have a permission to write to a repo"))
        return repository

    def _found(
        self, request: Request, values: dict[str, str], user: User | None
    ) -> tuple[Repository, Pull]:
        repository = self._repository(request, values, user)
        index = values["index"]
        pull = repository.pulls.get(int(index)) if index.isdecimal() else None
        if pull is None:
            raise Answered(self._error(404, "The target couldn't be found."))
        return repository, pull

    # Endpoints.

    def _me(self, request: Request, values: dict[str, str], user: User | None) -> Answer:
        return Answer(200, self.shapes.user(user)) if user else self._error(401, "token required")

    def _repositories(self, request: Request, values: dict[str, str], user: User | None) -> Answer:
        organisation = request.path.startswith(f"{self.api_path}/orgs") or None
        found = self.owned(values["owner"], organisation=organisation)
        if found is None:
            return self._error(404, "GetOrgByName")
        shown = [self.shapes.repository(each, user) for each in found if user or not each.private]
        return self._page(shown, request, request.path.removeprefix(self.api_path))

    def _get_repository(
        self, request: Request, values: dict[str, str], user: User | None
    ) -> Answer:
        repository = self._repository(request, values, user)
        return Answer(200, self.shapes.repository(repository, user))

    def _list(self, request: Request, values: dict[str, str], user: User | None) -> Answer:
        repository = self._repository(request, values, user)
        state = request.query.get("state", ["open"])[-1]
        base = request.query.get("base_branch", [""])[-1]
        with repository.lock:
            found = [
                pull
                for pull in repository.listed(request.lag)
                if state in ("all", "open" if pull.state == "open" else "closed")
                and base in ("", pull.base)
            ]
            order = request.query.get("sort", [""])[-1]
            if order in ("recentupdate", "leastupdate"):
                found.sort(key=lambda pull: (pull.updated, pull.number))
            if order not in ("oldest", "leastupdate"):
                found.reverse()
            shown = [self.shapes.pull(repository, pull) for pull in found]
        return self._page(shown, request, f"/repos/{repository.path}/pulls")

    def _create(self, request: Request, values: dict[str, str], user: User) -> Answer:
        repository, given = self._repository(request, values, user), request.body
        head = given["head"].removeprefix(f"{repository.owner}:")
        base = given["base"]
        with repository.lock:
            if head == base:
                text = "Invalid PullRequest: There are no changes between the head and the base"
                return self._error(422, text)
            for branch in (head, base):
                if branch not in repository.heads:
                    return self._error(404, f"couldn't find remote ref {branch}")
            if repository.twin(head, base):
                return self._error(409, "pull request already exists for these targets")
            if not given["title"].strip():
                return self._error(422, "[Title]: Required")
            reviewers = self._reviewers(given, user)
            pull = repository.open(
                user,
                head=head,
                base=base,
                title=given["title"][:TITLE_LIMIT],
                body=given.get("body", ""),
            )
            pull.labels = self._known_labels(repository, given.get("labels", []))
            repository.ask(pull, reviewers, given.get("team_reviewers", []))
            return Answer(201, self.shapes.pull(repository, pull))

    def _get(self, request: Request, values: dict[str, str], user: User | None) -> Answer:
        return Answer(200, self.shapes.pull(*self._found(request, values, user)))

    def _by_branches(self, request: Request, values: dict[str, str], user: User | None) -> Answer:
        """The database is asked without an order: here it gives the oldest, whatever its state."""
        repository = self._repository(request, values, user)
        head = values["head"].removeprefix(f"{repository.owner}:")
        for pull in repository.pulls.values():
            if (pull.base, pull.head) == (values["base"], head):
                return Answer(200, self.shapes.pull(repository, pull))
        return self._error(404, "The target couldn't be found.")

    def _update(self, request: Request, values: dict[str, str], user: User) -> Answer:
        repository, pull = self._found(request, values, user)
        given = request.body or {}
        with repository.lock:
            state = given.get("state")
            if state and pull.state == "merged":
                text = "cannot change state of this pull request, it was already merged"
                return self._error(412, text)
            if "base" in given and given["base"] not in repository.heads:
                return self._error(404, f"new base '{given['base']}' not exist")
            pull.title = (given.get("title") or pull.title)[:TITLE_LIMIT]
            pull.body = given.get("body", pull.body)
            pull.base = given.get("base") or pull.base
            if "labels" in given:
                pull.labels = self._known_labels(repository, given["labels"])
            if state == "closed" and pull.state == "open":
                repository.end(pull, "closed", user)
            elif state == "open" and pull.state != "open":
                try:
                    repository.reopen(pull)
                except Rejected as rejected:
                    return self._error(412, str(rejected))
            pull.updated = self.clock()
            return Answer(201, self.shapes.pull(repository, pull))

    def _reviewers(self, given: dict[str, Any], author: User) -> list[User]:
        for name in given.get("team_reviewers", []):
            if not any(each.endswith(f"/{name}") for each in self.teams):
                raise Answered(self._error(404, f"TeamNotExist: {name}"))
        for name in given.get("reviewers", []):
            if name not in self.users:
                raise Answered(self._error(404, f"UserNotExist: {name}"))
            if name == author.login:
                raise Answered(self._error(422, "doer can't be reviewer"))
        return [self.users[name] for name in given.get("reviewers", [])]

    def _review(self, request: Request, values: dict[str, str], user: User) -> Answer:
        repository, pull = self._found(request, values, user)
        asked = self._reviewers(request.body or {}, pull.author)
        with repository.lock:
            repository.ask(pull, asked, (request.body or {}).get("team_reviewers", []))
        return Answer(201, [self.shapes.review(repository, pull, each) for each in asked])

    def _known_labels(self, repository: Repository, wanted: list[int | str]) -> list[str]:
        names = {number: name for name, number in repository.labels.items()}
        found = (names.get(each) if isinstance(each, int) else each for each in wanted)
        return [name for name in found if name in repository.labels]

    def _labels(self, request: Request, values: dict[str, str], user: User | None) -> Answer:
        repository = self._repository(request, values, user)
        shown = [self.shapes.label(repository, name) for name in repository.labels]
        return self._page(shown, request, f"/repos/{repository.path}/labels")

    def _no_labels(self, request: Request, values: dict[str, str], user: User | None) -> Answer:
        """Organisations have none here; people never have."""
        known = self.owned(values["owner"], organisation=True) is not None
        return Answer(200, []) if known else self._error(404, "GetOrgByName")

    def _new_label(self, request: Request, values: dict[str, str], user: User) -> Answer:
        repository, given = self._repository(request, values, user), request.body
        if not re.fullmatch(r"#?[0-9a-fA-F]{6}", given["color"]):
            return self._error(422, f"invalid color: {given['color']}")
        with repository.lock:
            repository.labels.setdefault(given["name"], repository.numbers())
        return Answer(201, self.shapes.label(repository, given["name"]))

    def _its_labels(self, request: Request, values: dict[str, str], user: User | None) -> Answer:
        repository, pull = self._found(request, values, user)
        return Answer(200, [self.shapes.label(repository, name) for name in pull.labels])

    def _add_labels(self, request: Request, values: dict[str, str], user: User) -> Answer:
        repository, pull = self._found(request, values, user)
        with repository.lock:
            repository.label(pull, self._known_labels(repository, request.body["labels"]))
        return self._its_labels(request, values, user)

    def _comments(self, request: Request, values: dict[str, str], user: User | None) -> Answer:
        repository, pull = self._found(request, values, user)
        shown = [self.shapes.comment(repository, pull, each) for each in pull.comments]
        return Answer(200, shown, {"X-Total-Count": str(len(shown))})

    def _comment(self, request: Request, values: dict[str, str], user: User) -> Answer:
        repository, pull = self._found(request, values, user)
        with repository.lock:
            comment = repository.say(pull, user, request.body["body"])
        return Answer(201, self.shapes.comment(repository, pull, comment))

"""A GitHub that keeps state: the endpoints a pull-request bot uses, over real repositories.

Every request and every answer is held against GitHub's own description (schema.py). The rules and
the words of refusals are those of docs.github.com/rest, and of answers that people quote.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.forgery import github_git, github_pulls
from tests.forgery.faults import Fault
from tests.forgery.forge import Answered, ForgeServer
from tests.forgery.github_app import App, Apps
from tests.forgery.github_shapes import Shapes
from tests.forgery.github_words import Call, error, primary_limit, secondary_limit, unprocessable
from tests.forgery.limits import Refused
from tests.forgery.pages import page
from tests.forgery.schema import Operation, Slice
from tests.forgery.server import Answer, Request
from tests.forgery.state import Rejected, Repository, User

ENDPOINTS = github_pulls.ENDPOINTS | github_git.ENDPOINTS


class GitHubForge(ForgeServer):
    """GitHub, with its API where an enterprise server has it: below /api/v3."""

    kind = "github"
    api_path = "/api/v3"
    token_prefix = "ghp_"

    def __init__(self, root: Path, **options: Any) -> None:
        super().__init__(root, **options)
        self.schema = Slice.load()
        self.shapes = Shapes(self.url, self.api)
        self.apps = Apps(self)

    def add_app(self, name: str, owner: str) -> App:
        """A GitHub App that is installed for an owner; its tokens are good for an hour."""
        return self.apps.add(name, owner, next(self._numbers))

    def authenticated(self, request: Request) -> User | None:
        """By `Bearer` or `token`; GitHub refuses requests without a User-Agent."""
        if not request.headers.get("User-Agent"):
            raise Answered(error(403, "Request forbidden by administrative rules."))
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if not scheme:
            return None
        if self.apps.meant(request.path.removeprefix(self.api_path)):
            return None  # signed, which the endpoint looks at
        user = self.holder(token) if scheme.lower() in ("bearer", "token") else None
        if user is None:
            raise Answered(error(401, "Bad credentials"))
        return user

    def inspect(self, request: Request, target: str) -> list[str]:
        """Against GitHub's description."""
        path = self._by_number(urlsplit(target).path)
        if self.apps.meant(path):
            return self.apps.problems(request, path)
        return self.schema.request(request.method, path, request.query, request.body)

    def respond(self, request: Request, target: str, user: User | None) -> Answer:
        """Dispatches, and holds the answer against GitHub's description."""
        path = self._by_number(urlsplit(target).path)
        if self.apps.meant(path):
            return self.apps.respond(request, path)
        if (found := self.schema.find(request.method, path)) is None:
            return error(404, "Not Found")
        operation, values = found
        values = {name: unquote(value) for name, value in values.items()}
        try:
            if request.violations:
                raise Rejected("; ".join(request.violations), code="invalid")
            answer = self._dispatch(operation, request, values, user)
        except Answered as answered:
            answer = answered.answer
        except Rejected as rejected:
            answer = unprocessable(rejected)
        request.violations += self.schema.response(operation, answer.status, answer.body)
        return answer

    def _by_number(self, path: str) -> str:
        """/repositories/<id>/…, to which paths that moved lead, as /repos/<owner>/<name>/…"""
        if match := re.match(r"/repositories/(\d+)(?=/|$)", path):
            for each in self.repositories.values():
                if each.number == int(match[1]):
                    return f"/repos/{each.path}{path[match.end() :]}"
        return path

    def _dispatch(
        self, operation: Operation, request: Request, values: dict[str, str], user: User | None
    ) -> Answer:
        if operation.name == "rate-limit/get":
            return self._rate_limit(request.user)
        if operation.name == "repos/list-for-org":
            return self._organisation(request, values["org"], user)
        handler = ENDPOINTS.get(operation.name)
        if handler is None:
            raise NotImplementedError(f"the test forge has no {operation.name}")
        repository = self._repository(request, values, user)
        # Reading what is public needs no credentials.
        user = user or User(0, "", writes=False)
        if request.write:
            if not user.writes:
                return error(403, "Resource not accessible by personal access token")
            if repository.archived:
                return error(403, "Repository was archived so is read-only.")
        with repository.lock:
            number = values.get("pull_number") or values.get("issue_number")
            pull = repository.pulls.get(int(number)) if number else None
            if number and pull is None:
                return error(404, "Not Found")
            call = Call(request, values, user, repository, pull)  # type: ignore[arg-type]
            return handler(self, call)

    def _repository(
        self, request: Request, values: dict[str, str], user: User | None
    ) -> Repository:
        path = f"{values['owner']}/{values['repo']}".casefold()
        if path in self.moved:
            number = self.repositories[self.moved[path].casefold()].number
            rest = request.raw_path.removeprefix(self.api_path)
            rest = re.sub(r"^/repos/[^/?]+/[^/?]+", f"/repositories/{number}", rest)
            status = 307 if request.write else 301
            body = {"message": "Moved Permanently", "url": self.api + rest}
            raise Answered(Answer(status, body, {"Location": self.api + rest}))
        repository = self.repositories.get(path)
        if repository is None or (user is None and repository.private):
            raise Answered(error(404, "Not Found"))
        return repository

    def _organisation(self, request: Request, name: str, user: User | None) -> Answer:
        kinds = {"forks": True, "sources": False}
        wanted = kinds.get(request.query.get("type", ["all"])[0])
        owned = self.owned(name, organisation=True)
        if owned is None:
            return error(404, "Not Found")
        found = [
            each for each in owned if (user or not each.private) and wanted in (None, each.fork)
        ]
        some, headers = page(
            found, request, f"{self.api}/orgs/{name}/repos", size="per_page", default=30, most=100
        )
        body = [self.shapes.repository(each, user) for each in some]
        return Answer(200, body, headers)

    def _rate_limit(self, user: str) -> Answer:
        limit, left, reset = self.limiter.left(user)
        rate = {"limit": limit, "remaining": left, "reset": reset, "used": limit - left}
        return Answer(200, {"resources": {"core": rate, "search": rate}, "rate": rate})

    def headers(self, user: str) -> dict[str, str]:
        """The primary limit, in every answer."""
        limit, left, reset = self.limiter.left(user)
        return {
            "X-GitHub-Media-Type": "github.v3; format=json",
            "x-ratelimit-limit": str(limit),
            "x-ratelimit-remaining": str(left),
            "x-ratelimit-used": str(limit - left),
            "x-ratelimit-reset": str(reset),
            "x-ratelimit-resource": "core",
        }

    def limited(self, refused: Refused, user: str) -> Answer:
        """The primary limit tells when it ends, the secondary ones how long to wait."""
        if refused.kind == "requests":
            return primary_limit(int(self.clock() + refused.wait))
        return secondary_limit(str(max(1, -int(-refused.wait // 1))))

    def failing(self, fault: Fault) -> Answer:
        """In GitHub's words."""
        if fault.kind == "primary-limit":
            return primary_limit(int(self.clock() + fault.seconds))
        waiting = str(int(fault.seconds)) if fault.retry_after is None else fault.retry_after
        if fault.kind == "secondary-limit":
            return secondary_limit(waiting)
        if fault.kind == "too-many":
            return secondary_limit(waiting, status=429)
        if fault.kind == "duplicate":
            rejected = Rejected("A pull request already exists for acme:branch.")
            return unprocessable(rejected)
        if fault.status >= 500:  # from a proxy in front, in HTML
            return Answer(fault.status, b"<html>Unicorn!</html>", {"Content-Type": "text/html"})
        return error(fault.status, "Something went wrong")


def http_date(seconds: float) -> str:
    """A time as Retry-After may have it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")

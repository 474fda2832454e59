"""What GitHub's endpoints are called with, and the words it refuses in."""

from __future__ import annotations

from typing import NamedTuple

from tests.forgery.server import Answer, Request
from tests.forgery.state import Pull, Rejected, Repository, User

DOCS = "https://docs.github.com/rest"


class Call(NamedTuple):
    """A request to an endpoint: what the path names, looked up already.

    pull: only for the endpoints whose path names one.
    """

    request: Request
    values: dict[str, str]
    user: User
    repository: Repository
    pull: Pull


def error(status: int, message: str) -> Answer:
    """A basic-error."""
    return Answer(status, {"message": message, "documentation_url": DOCS, "status": str(status)})


def unprocessable(rejected: Rejected) -> Answer:
    """A validation-error. The text of the reason is below `errors`, not in `message`."""
    described = {"resource": "PullRequest", "code": rejected.code}
    described |= {"field": rejected.field} if rejected.field else {}
    described |= {"message": str(rejected)} if str(rejected) else {}
    body = {"message": "Validation Failed", "errors": [described], "documentation_url": DOCS}
    return Answer(422, body)


def primary_limit(reset: int) -> Answer:
    """403: the requests of this hour are used up. reset: seconds since 1970."""
    answer = error(403, "API rate limit exceeded for user ID 1001.")
    answer.headers |= {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(reset)}
    return answer


def secondary_limit(retry_after: str, status: int = 403) -> Answer:
    """403 or 429: too much at once. retry_after: the header, "" for none."""
    answer = error(
        status,
        "You have exceeded a secondary rate limit and have been temporarily blocked from "
        "content creation. Please retry your request again later.",
    )
    if retry_after:
        answer.headers["Retry-After"] = retry_after
    return answer

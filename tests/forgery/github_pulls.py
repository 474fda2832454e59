"""GitHub's endpoints of repositories, pull requests and what belongs to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.forgery.github_words import Call
from tests.forgery.pages import page
from tests.forgery.server import Answer
from tests.forgery.state import Pull, Rejected

if TYPE_CHECKING:
    from tests.forgery.github import GitHubForge

#: In characters; what is longer is answered with 422.
TITLE_LIMIT, BODY_LIMIT = 256, 65_536


def get_repository(forge: GitHubForge, call: Call) -> Answer:
    """GET /repos/{owner}/{repo}."""
    return Answer(200, forge.shapes.repository(call.repository, call.user))


def list_pulls(forge: GitHubForge, call: Call) -> Answer:
    """GET …/pulls."""
    query = {name: values[-1] for name, values in call.request.query.items()}
    state, head = query.get("state", "open"), query.get("head", "")
    found = [
        pull
        for pull in call.repository.listed(call.request.lag)
        if state in ("all", "open" if pull.state == "open" else "closed")
        # `user:branch`; a head without an owner filters nothing.
        and (":" not in head or head == f"{pull.fork or call.repository.owner}:{pull.head}")
        and query.get("base", pull.base) == pull.base
    ]
    order = query.get("sort", "created")
    keys: dict[str, Callable[[Pull], Any]] = {
        "created": lambda pull: pull.number,
        "updated": lambda pull: (pull.updated, pull.number),
        "popularity": lambda pull: (len(pull.comments), pull.number),
        "long-running": lambda pull: -pull.number,
    }
    direction = query.get("direction", "desc" if order == "created" else "asc")
    found.sort(key=keys[order], reverse=direction == "desc")
    url = f"{forge.shapes.url(call.repository)}/pulls"
    some, headers = page(found, call.request, url, size="per_page", default=30, most=100)
    body = [forge.shapes.simple_pull(call.repository, pull) for pull in some]
    return Answer(200, body, headers)


def create_pull(forge: GitHubForge, call: Call) -> Answer:
    """POST …/pulls."""
    given, repository = call.request.body, call.repository
    owner, colon, head = given["head"].rpartition(":")
    base, title = given["base"], given.get("title") or ""
    if not title.strip():
        raise Rejected("title can't be blank", field="title", code="missing_field")
    for name, branch in (("head", head), ("base", base)):
        if branch not in repository.heads or (colon and owner != repository.owner):
            raise Rejected("", field=name, code="invalid")
    if repository.nothing_new(base, head):
        raise Rejected(f"No commits between {base} and {head}")
    if repository.twin(head, base):
        raise Rejected(f"A pull request already exists for {repository.owner}:{head}.")
    if given.get("draft") and not repository.drafts:
        raise Rejected("Draft pull requests are not supported in this repository.")
    check_lengths(title, given.get("body") or "")
    pull = repository.open(
        call.user,
        head=head,
        base=base,
        title=title,
        body=given.get("body") or "",
        draft=given.get("draft", False),
    )
    body = forge.shapes.pull(repository, pull)
    return Answer(201, body, {"Location": body["url"]})


def get_pull(forge: GitHubForge, call: Call) -> Answer:
    """GET …/pulls/{pull_number}."""
    return Answer(200, forge.shapes.pull(call.repository, call.pull))


def update_pull(forge: GitHubForge, call: Call) -> Answer:
    """PATCH …/pulls/{pull_number}."""
    given, pull, repository = call.request.body or {}, call.pull, call.repository
    check_lengths(given.get("title", ""), given.get("body") or "")
    if "title" in given and not given["title"].strip():
        raise Rejected("title can't be blank", field="title", code="missing_field")
    if "base" in given and given["base"] != pull.base:
        if given["base"] not in repository.heads:
            raise Rejected("", field="base", code="invalid")
        if pull.state != "open":
            raise Rejected("Cannot change the base branch of a closed pull request.")
        pull.base, pull.base_sha = given["base"], repository.heads[given["base"]]
    state = given.get("state")
    if state == "open" and pull.state != "open":
        repository.reopen(pull)
    elif state == "closed" and pull.state == "open":
        repository.end(pull, "closed", call.user)
    before = pull.title, pull.body
    pull.title = given.get("title", pull.title)
    pull.body = (given["body"] or "") if "body" in given else pull.body
    if (pull.title, pull.body) != before:
        pull.updated = forge.clock()
    return get_pull(forge, call)


def list_labels(forge: GitHubForge, call: Call) -> Answer:
    """GET …/issues/{issue_number}/labels."""
    labels = [forge.shapes.label(call.repository, name) for name in call.pull.labels]
    url = f"{forge.shapes.url(call.repository)}/issues/{call.pull.number}/labels"
    some, headers = page(labels, call.request, url, size="per_page", default=30, most=100)
    return Answer(200, some, headers)


def add_labels(forge: GitHubForge, call: Call) -> Answer:
    """POST …/issues/{issue_number}/labels: labels that are not there are made."""
    given = (call.request.body or {}).get("labels", [])
    names = [each if isinstance(each, str) else each["name"] for each in given]
    for name in names:
        if not 0 < len(name) <= 50:
            raise Rejected("name is too long (maximum is 50 characters)", field="name")
    call.repository.label(call.pull, names)
    labels = [forge.shapes.label(call.repository, name) for name in call.pull.labels]
    return Answer(200, labels)


def list_comments(forge: GitHubForge, call: Call) -> Answer:
    """GET …/issues/{issue_number}/comments, the oldest first."""
    url = f"{forge.shapes.url(call.repository)}/issues/{call.pull.number}/comments"
    some, headers = page(
        call.pull.comments, call.request, url, size="per_page", default=30, most=100
    )
    body = [forge.shapes.comment(call.repository, call.pull, each) for each in some]
    return Answer(200, body, headers)


def create_comment(forge: GitHubForge, call: Call) -> Answer:
    """POST …/issues/{issue_number}/comments."""
    text = call.request.body["body"]
    if not text.strip():
        raise Rejected("body can't be blank", field="body", code="missing_field")
    check_lengths("", text)
    comment = call.repository.say(call.pull, call.user, text)
    body = forge.shapes.comment(call.repository, call.pull, comment)
    return Answer(201, body, {"Location": body["url"]})


def list_reviewers(forge: GitHubForge, call: Call) -> Answer:
    """GET …/pulls/{pull_number}/requested_reviewers."""
    users = [forge.shapes.user(each) for each in call.pull.reviewers]
    teams = [forge.shapes.team(each) for each in call.pull.teams]
    return Answer(200, {"users": users, "teams": teams})


def request_reviewers(forge: GitHubForge, call: Call) -> Answer:
    """POST …/pulls/{pull_number}/requested_reviewers."""
    given, pull = call.request.body or {}, call.pull
    logins, slugs = given.get("reviewers", []), given.get("team_reviewers", [])
    teams = [f"{call.repository.owner}/{slug}" for slug in slugs]
    if pull.author.login in logins:
        raise Rejected("Review cannot be requested from pull request author.")
    if not {*logins} <= forge.users.keys() or not {*teams} <= forge.teams:
        raise Rejected(
            "Reviews may only be requested from collaborators. One or more of the users or "
            f"teams you specified is not a collaborator of the {call.repository.path} "
            "repository."
        )
    call.repository.ask(pull, [forge.users[each] for each in logins], teams)
    return Answer(201, forge.shapes.simple_pull(call.repository, pull))


def check_lengths(title: str, body: str) -> None:
    """Raises Rejected for what is too long."""
    for name, text, most in (("title", title, TITLE_LIMIT), ("body", body, BODY_LIMIT)):
        if len(text) > most:
            raise Rejected(f"{name} is too long (maximum is {most} characters)", field=name)


ENDPOINTS: dict[str, Callable[[GitHubForge, Call], Answer]] = {
    "repos/get": get_repository,
    "pulls/list": list_pulls,
    "pulls/create": create_pull,
    "pulls/get": get_pull,
    "pulls/update": update_pull,
    "pulls/list-requested-reviewers": list_reviewers,
    "pulls/request-reviewers": request_reviewers,
    "issues/list-labels-on-issue": list_labels,
    "issues/add-labels": add_labels,
    "issues/list-comments": list_comments,
    "issues/create-comment": create_comment,
}

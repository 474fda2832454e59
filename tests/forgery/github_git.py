"""GitHub's endpoints of branches and files."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.forgery.bare import GitFailed
from tests.forgery.github_words import Call, error
from tests.forgery.server import Answer
from tests.forgery.state import Rejected

if TYPE_CHECKING:
    from tests.forgery.github import GitHubForge


def get_reference(forge: GitHubForge, call: Call) -> Answer:
    """GET …/git/ref/{ref}."""
    branch = call.values["ref"].removeprefix("heads/")
    if branch not in call.repository.heads:
        return error(404, "Not Found")
    return Answer(200, forge.shapes.reference(call.repository, branch))


def create_reference(forge: GitHubForge, call: Call) -> Answer:
    """POST …/git/refs."""
    given, repository = call.request.body, call.repository
    branch = given["ref"].removeprefix("refs/heads/")
    if branch in repository.heads:
        raise Rejected("Reference already exists")
    move(forge, call, branch, given["sha"])
    return Answer(201, forge.shapes.reference(repository, branch))


def update_reference(forge: GitHubForge, call: Call) -> Answer:
    """PATCH …/git/refs/{ref}."""
    given, repository = call.request.body, call.repository
    branch = call.values["ref"].removeprefix("heads/")
    if branch not in repository.heads:
        raise Rejected("Reference does not exist")
    forward = repository.bare.has(repository.heads[branch], given["sha"])
    if not given.get("force") and not forward:
        raise Rejected("Update is not a fast forward")
    move(forge, call, branch, given["sha"])
    return Answer(200, forge.shapes.reference(repository, branch))


def move(forge: GitHubForge, call: Call, branch: str, commit: str) -> None:
    try:
        call.repository.bare.move(branch, commit)
    except GitFailed as error:
        raise Rejected("Object does not exist") from error
    call.repository.follow(call.user.login)


def delete_reference(forge: GitHubForge, call: Call) -> Answer:
    """DELETE …/git/refs/{ref}."""
    branch = call.values["ref"].removeprefix("heads/")
    if branch not in call.repository.heads:
        raise Rejected("Reference does not exist")
    call.repository.bare.delete(branch)
    call.repository.follow(call.user.login)
    return Answer(204)


def get_content(forge: GitHubForge, call: Call) -> Answer:
    """GET …/contents/{path}."""
    repository, path = call.repository, call.values["path"]
    reference = call.request.query.get("ref", [repository.default_branch])[-1]
    commit = repository.heads.get(reference, reference)
    try:
        found = repository.bare.listing(commit, path)
    except GitFailed:
        found = None
    if found is None:
        return error(404, "Not Found")
    entries = [forge.shapes.entry(repository, reference, each) for each in found]
    if entries[0]["path"] != path:
        return Answer(200, entries)
    content = base64.encodebytes(repository.bare.blob(found[0][1])).decode()
    return Answer(200, entries[0] | {"content": content, "encoding": "base64"})


ENDPOINTS: dict[str, Callable[[GitHubForge, Call], Answer]] = {
    "git/get-ref": get_reference,
    "git/create-ref": create_reference,
    "git/update-ref": update_reference,
    "git/delete-ref": delete_reference,
    "repos/get-content": get_content,
}

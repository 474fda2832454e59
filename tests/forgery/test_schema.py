"""Violations of GitHub's description are found, in requests and in answers."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.forgery import GitHubForge
from tests.forgery.schema import Slice

PULLS = "/repos/acme/shop/pulls"


def problems(method: str, path: str, body: Any = None, **query: str) -> list[str]:
    given = {name: [value] for name, value in query.items()}
    found = Slice.load().request(method, path, given, body)
    return [each.removeprefix(f"{method} {path}") for each in found]


@pytest.mark.parametrize(
    ("method", "path", "body", "query"),
    [
        ("GET", "/repos/acme/shop", None, {}),
        ("GET", PULLS, None, {"state": "all", "per_page": "100", "head": "acme:bot"}),
        ("POST", PULLS, {"title": "t", "head": "h", "base": "b", "draft": True}, {}),
        ("PATCH", f"{PULLS}/1", {"state": "closed"}, {}),
        ("POST", "/repos/acme/shop/issues/1/labels", {"labels": ["a", {"name": "b"}]}, {}),
        ("POST", f"{PULLS}/1/requested_reviewers", {"reviewers": ["alice"]}, {}),
        ("GET", "/repos/acme/shop/git/ref/heads/a/b", None, {}),
        ("GET", "/repos/acme/shop/contents/.github/CODEOWNERS", None, {"ref": "main"}),
    ],
)
def test_what_is_described_passes(method: str, path: str, body: Any, query: dict[str, str]) -> None:
    assert problems(method, path, body, **query) == []


@pytest.mark.parametrize(
    ("method", "path", "body", "query", "said"),
    [
        ("GET", "/user", None, {}, "is not described"),
        ("PUT", PULLS, {}, {}, "is not described"),
        ("GET", "/repos/acme/a/b/pulls", None, {}, "is not described"),
        ("GET", PULLS, None, {"state": "opened"}, "none of open, closed, all"),
        ("GET", PULLS, None, {"per_page": "many"}, "is not a number"),
        ("GET", PULLS, None, {"perPage": "3"}, "the parameter perPage is not described"),
        ("GET", f"{PULLS}/one", None, {}, "pull_number=one is not a number"),
        ("GET", PULLS, {}, {}, "has a body"),
        ("GET", "/search/code", None, {}, "the parameter q is missing"),
        ("POST", PULLS, None, {}, "has no body"),
        ("POST", PULLS, {"title": "t", "base": "b"}, {}, '"head" is a required property'),
        ("POST", PULLS, {"title": 1, "head": "h", "base": "b"}, {}, "title"),
        ("POST", PULLS, {"head": "h", "base": "b", "reviewers": []}, {}, "'reviewers'"),
        ("PATCH", f"{PULLS}/1", {"state": "merged"}, {}, "state"),
        ("POST", "/repos/acme/shop/issues/1/labels", ["a"], {}, "the body"),
        ("POST", "/repos/acme/shop/issues/1/labels", {"labels": []}, {}, "labels"),
        ("POST", "/repos/acme/shop/issues/1/comments", {"text": "x"}, {}, "body"),
    ],
)
def test_what_is_not_is_found(
    method: str, path: str, body: Any, query: dict[str, str], said: str
) -> None:
    found = problems(method, path, body, **query)
    assert found and any(said in each for each in found), found


def test_answers_are_held_against_it_too(forge: GitHubForge, api: httpx.Client) -> None:
    told = api.get(f"{forge.api}/repos/acme/shop").json()
    operation, _ = Slice.load().find("GET", "/repos/acme/shop") or pytest.fail("not described")
    assert Slice.load().response(operation, 200, told) == []
    for name, value in (("default_branch", None), ("pushed_at", "yesterday"), ("id", "7")):
        assert Slice.load().response(operation, 200, told | {name: value}), name
    del told["clone_url"]
    assert Slice.load().response(operation, 200, told)
    assert Slice.load().response(operation, 418, {}) != []
    assert Slice.load().response(operation, 503, {"message": "busy"}) == []


def test_nothing_that_is_nullable_is_required_to_be_there(forge: GitHubForge) -> None:
    operation, _ = Slice.load().find("GET", f"{PULLS}/1") or pytest.fail("not described")
    found = Slice.load().response(operation, 200, {"milestone": None, "number": None})
    assert not any(each.startswith("milestone") for each in found)
    assert any("number: null" in each for each in found)


def test_the_forge_refuses_and_remembers_a_bad_request(
    forge: GitHubForge, api: httpx.Client
) -> None:
    assert api.post("/pulls", json={"title": "t", "base": "main"}).status_code == 422
    with pytest.raises(AssertionError, match=r'POST .*"head" is a required'):
        forge.check()
    assert len(forge.forgive()) == 1
    forge.check()


def test_a_request_that_meets_a_fault_is_checked_as_well(
    forge: GitHubForge, api: httpx.Client
) -> None:
    forge.faults.add("secondary-limit", "POST")
    assert api.post("/pulls", json={}).status_code == 403
    assert len(forge.forgive()) == 2


def test_no_json(forge: GitHubForge, api: httpx.Client) -> None:
    assert api.post("/pulls", content=b"{").status_code == 422
    assert "no JSON" in forge.forgive()[0]


def test_leaving_the_forge_checks(forge: GitHubForge, api: httpx.Client) -> None:
    api.get("/pulls", params={"colour": "red"})
    with pytest.raises(AssertionError, match="colour"):
        forge.__exit__(None, None, None)
    forge.forgive()

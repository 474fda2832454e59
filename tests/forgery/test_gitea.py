"""Gitea's endpoints, and where it is unlike GitHub."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.forgery import GiteaForge

WANTED = {"title": "Rewrite", "head": "bot", "base": "main"}


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[GiteaForge]:
    with GiteaForge(tmp_path) as forge:
        forge.add_repository("acme/shop")
        yield forge


@pytest.fixture
def api(forge: GiteaForge) -> Iterator[httpx.Client]:
    """As the bot, in acme/shop, with a branch that has a commit."""
    forge.human("acme/shop").commit("bot")
    base = f"{forge.api}/repos/acme/shop"
    with httpx.Client(
        verify=False, base_url=base, headers={"Authorization": f"token {forge.token}"}
    ) as client:
        yield client


def propose(api: httpx.Client, **changed: Any) -> dict[str, Any]:
    answer = api.post("/pulls", json=WANTED | changed)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_a_pull_request_from_beginning_to_end(forge: GiteaForge, api: httpx.Client) -> None:
    made = propose(api, title="WIP: Rewrite", body="Why.")
    assert (made["number"], made["state"], made["draft"]) == (1, "open", True)
    changed = api.patch("/pulls/1", json={"title": "Rewrite"})
    assert changed.status_code == 201, "as Gitea answers"
    assert not changed.json()["draft"]
    assert api.get("/pulls/main/bot").json()["number"] == 1
    assert api.get("/pulls/main/other").status_code == 404
    forge.human("acme/shop").merge(1, delete_branch=True)
    told = api.get("/pulls/1").json()
    assert (told["state"], told["merged"]) == ("closed", True)
    assert (told["head"]["ref"], told["head"]["label"]) == ("refs/pull/1/head", "bot")
    assert api.patch("/pulls/1", json={"state": "open"}).status_code == 412


def test_commits_that_are_pushed_to_the_base_merge_nothing(
    forge: GiteaForge, api: httpx.Client
) -> None:
    propose(api)
    human = forge.human("acme/shop")
    human.force("main", human.repository.heads["bot"])
    assert api.get("/pulls/1").json()["state"] == "open"
    human.delete_branch("bot")
    assert api.get("/pulls/1").json()["state"] == "closed"


def test_lists(forge: GiteaForge, api: httpx.Client) -> None:
    human = forge.human("acme/shop")
    for name in ("a", "b"):
        human.commit(name)
        propose(api, head=name)
    human.close(1)

    def found(**query: Any) -> list[int]:
        return [each["number"] for each in api.get("/pulls", params=query).json()]

    assert found() == [2], "open ones"
    assert found(state="all") == [2, 1]
    assert found(state="all", sort="oldest") == [1, 2]
    assert found(state="all", sort="recentupdate") == [1, 2]
    assert found(state="all", limit=1, page=2) == [1]
    assert found(base_branch="other") == []


def test_pages_are_short(forge: GiteaForge, api: httpx.Client) -> None:
    for number in range(60):
        forge.add_repository(f"big/r{number}")
    answer = api.get(f"{forge.api}/orgs/big/repos", params={"limit": 100})
    assert len(answer.json()) == 50 and answer.headers["X-Total-Count"] == "60"
    assert len(api.get(answer.links["next"]["url"]).json()) == 10


def test_labels_have_numbers_and_are_there_first(forge: GiteaForge, api: httpx.Client) -> None:
    propose(api)
    assert api.post("/issues/1/labels", json={"labels": ["new"]}).json() == []
    assert api.post("/labels", json={"name": "new", "color": "grey"}).status_code == 422
    made = api.post("/labels", json={"name": "new", "color": "#ededed"}).json()
    assert [each["name"] for each in api.get("/labels").json()] == ["new"]
    told = api.post("/issues/1/labels", json={"labels": [made["id"]]}).json()
    assert [each["name"] for each in told] == ["new"]
    assert api.get(f"{forge.api}/orgs/acme/labels").json() == []
    assert api.get(f"{forge.api}/orgs/alice/labels").status_code == 404


def test_comments(forge: GiteaForge, api: httpx.Client) -> None:
    propose(api)
    assert api.post("/issues/1/comments", json={"body": "one"}).status_code == 201
    forge.human("acme/shop").comment(1, "two")
    assert [each["body"] for each in api.get("/issues/1/comments").json()] == ["one", "two"]


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"reviewers": ["alice", "bob"]}, 201),
        ({"team_reviewers": ["platform"]}, 201),
        ({"reviewers": ["alice", "nobody"]}, 404),
        ({"team_reviewers": ["nobody"]}, 404),
        ({"reviewers": ["gorewrite-bot"]}, 422),
    ],
)
def test_reviewers(
    forge: GiteaForge, api: httpx.Client, asked: dict[str, list[str]], status: int
) -> None:
    forge.add_team("acme/platform")
    propose(api)
    assert api.post("/pulls/1/requested_reviewers", json=asked).status_code == status
    pull = forge.repository("acme/shop").pulls[1]
    assert bool(pull.reviewers or pull.teams) == (status == 201)


@pytest.mark.parametrize(
    ("changed", "status"),
    [({"head": "main"}, 422), ({"head": "nothing"}, 404), ({"title": " "}, 422)],
)
def test_pull_requests_that_cannot_be(
    api: httpx.Client, changed: dict[str, str], status: int
) -> None:
    assert api.post("/pulls", json=WANTED | changed).status_code == status


def test_a_second_one(api: httpx.Client) -> None:
    propose(api)
    assert api.post("/pulls", json=WANTED).status_code == 409


def test_long_titles_are_cut(api: httpx.Client) -> None:
    assert len(propose(api, title="x" * 300)["title"]) == 255


def test_a_renamed_repository_redirects(forge: GiteaForge, api: httpx.Client) -> None:
    forge.move_repository("acme/shop", "acme/store")
    answer = api.post("/pulls", json=WANTED, follow_redirects=True)
    assert [each.status_code for each in (*answer.history, answer)] == [307, 201]


def test_who_asks(forge: GiteaForge, api: httpx.Client) -> None:
    forge.add_user("reader", writes=False)
    url = f"{forge.api}/repos/acme/shop"

    def status(authorization: str, method: str = "GET", **more: Any) -> int:
        headers = {"Authorization": authorization} if authorization else {}
        path = "/pulls" if method == "POST" else ""
        return httpx.request(method, url + path, headers=headers, **more, verify=False).status_code

    assert status("") == 404
    assert status("token wrong") == 401
    assert status(f"Bearer {forge.token}") == 200
    assert status(f"token {forge.add_token('reader')}", "POST", json=WANTED) == 403
    forge.repository("acme/shop").archived = True
    assert status(f"token {forge.token}", "POST", json=WANTED) == 423


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/pulls", WANTED | {"draft": True}),
        ("POST", "/pulls", WANTED | {"labels": ["a"]}),
        ("POST", "/labels", {"name": "a"}),
        ("PATCH", "/pulls/1", {"state": "merged"}),
        ("GET", "/pulls?per_page=3", None),
        ("GET", "/pulls?head=acme:bot", None),
        ("PUT", "/pulls/1", {}),
    ],
)
def test_what_is_not_described_is_found(
    forge: GiteaForge, api: httpx.Client, method: str, path: str, body: Any
) -> None:
    assert api.request(method, path, json=body).status_code in (400, 404)
    assert forge.forgive()

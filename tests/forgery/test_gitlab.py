"""GitLab's endpoints, and where it is unlike GitHub."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.forgery import GitLabForge

WANTED = {"title": "Rewrite", "source_branch": "bot", "target_branch": "main"}
MRS = "/merge_requests"


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[GitLabForge]:
    with GitLabForge(tmp_path) as forge:
        forge.add_repository("acme/web/shop")
        yield forge


@pytest.fixture
def api(forge: GitLabForge) -> Iterator[httpx.Client]:
    """As the bot, in acme/web/shop, with a branch that has a commit."""
    forge.human("acme/web/shop").commit("bot")
    base = f"{forge.api}/projects/acme%2Fweb%2Fshop"
    with httpx.Client(
        verify=False, base_url=base, headers={"PRIVATE-TOKEN": forge.token}
    ) as client:
        yield client


def propose(api: httpx.Client, **changed: Any) -> dict[str, Any]:
    answer = api.post(MRS, json=WANTED | changed)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_a_merge_request_from_beginning_to_end(forge: GitLabForge, api: httpx.Client) -> None:
    made = propose(api, title="Draft: Rewrite", description="Why.", labels="a,b c")
    assert (made["iid"], made["state"], made["draft"]) == (1, "opened", True)
    assert made["sha"] == forge.repository("acme/web/shop").heads["bot"]
    assert made["labels"] == ["a", "b c"]
    bob = forge.users["bob"].number
    more = {"title": "Rewrite", "add_labels": "d", "remove_labels": "a", "reviewer_ids": [bob]}
    changed = api.put(f"{MRS}/1", json=more).json()
    assert (changed["draft"], changed["labels"]) == (False, ["b c", "d"])
    assert [each["username"] for each in changed["reviewers"]] == ["bob"]
    forge.human("acme/web/shop").merge(1)
    assert api.get(f"{MRS}/1").json()["state"] == "merged"
    assert api.get(f"{MRS}/2").status_code == 404


def test_lists(forge: GitLabForge, api: httpx.Client) -> None:
    human = forge.human("acme/web/shop")
    human.commit("other")
    propose(api)
    propose(api, source_branch="other")
    human.close(2)
    human.propose_from_fork("bot")

    def found(**query: Any) -> list[int]:
        return [each["iid"] for each in api.get(MRS, params=query).json()]

    assert found() == [3, 2, 1], "all states, the newest first"
    assert found(state="opened", sort="asc") == [1, 3]
    assert found(source_branch="bot", state="opened", sort="asc") == [1, 3]
    assert found(scope="created_by_me") == [2, 1]
    assert found(per_page=2, page=2) == [1]
    theirs = api.get(f"{MRS}/3").json()
    assert theirs["source_project_id"] != theirs["target_project_id"]


def test_notes_are_of_people_and_of_gitlab(forge: GitLabForge, api: httpx.Client) -> None:
    propose(api)
    api.put(f"{MRS}/1", json={"title": "Other"})
    assert api.post(f"{MRS}/1/notes", json={"body": "said"}).status_code == 201
    newest_first = api.get(f"{MRS}/1/notes").json()
    assert [(each["body"], each["system"]) for each in newest_first] == [
        ("said", False),
        ("changed title", True),
    ]
    people = {"activity_filter": "only_comments", "sort": "asc"}
    assert [each["body"] for each in api.get(f"{MRS}/1/notes", params=people).json()] == ["said"]


@pytest.mark.parametrize(
    ("changed", "status", "said"),
    [
        ({"target_branch": "bot"}, 422, "same project/branch"),
        ({"source_branch": "nothing"}, 400, "does not exist"),
        ({"title": "x" * 256}, 400, "too long"),
        ({"title": " "}, 400, "blank"),
    ],
)
def test_merge_requests_that_cannot_be(
    api: httpx.Client, changed: dict[str, str], status: int, said: str
) -> None:
    answer = api.post(MRS, json=WANTED | changed)
    assert answer.status_code == status and said in answer.text


def test_a_second_one(api: httpx.Client) -> None:
    propose(api)
    answer = api.post(MRS, json=WANTED)
    assert answer.status_code == 409
    assert answer.json()["message"][0].endswith("already exists for this source branch: !1")


def test_a_branch_without_commits_may_be_proposed(forge: GitLabForge, api: httpx.Client) -> None:
    repository = forge.repository("acme/web/shop")
    forge.human("acme/web/shop").force("same", repository.heads["main"])
    propose(api, source_branch="same")


def test_one_that_has_nothing_any_more_stays_open(forge: GitLabForge, api: httpx.Client) -> None:
    propose(api)
    human = forge.human("acme/web/shop")
    main, tip = (human.repository.heads[name] for name in ("main", "bot"))
    human.force("bot", main)
    assert api.get(f"{MRS}/1").json()["state"] == "opened"
    human.force("bot", tip)
    human.force("main", tip)
    assert api.get(f"{MRS}/1").json()["state"] == "merged"


def test_closing_and_opening(forge: GitLabForge, api: httpx.Client) -> None:
    propose(api)
    assert api.put(f"{MRS}/1", json={"state_event": "close"}).json()["state"] == "closed"
    assert api.put(f"{MRS}/1", json={"state_event": "reopen"}).json()["state"] == "opened"
    forge.human("acme/web/shop").delete_branch("bot")
    assert api.get(f"{MRS}/1").json()["state"] == "closed"
    assert api.put(f"{MRS}/1", json={"state_event": "reopen"}).status_code == 422


def test_projects_of_groups_and_people(forge: GitLabForge, api: httpx.Client) -> None:
    forge.add_repository("acme/old", archived=True, topics=["go"])
    forge.add_repository("alice/own", fork=True)

    def paths(place: str, **query: str) -> list[str]:
        told = api.get(f"{forge.api}/{place}/projects", params=query).json()
        return [each["path_with_namespace"] for each in told]

    assert paths("groups/acme") == ["acme/old"], "subgroups only when asked for"
    assert paths("groups/acme", include_subgroups="true") == ["acme/web/shop", "acme/old"]
    assert paths("groups/acme%2Fweb") == ["acme/web/shop"]
    assert paths("groups/acme", include_subgroups="true", archived="false") == ["acme/web/shop"]
    assert paths("users/alice") == ["alice/own"]
    assert api.get(f"{forge.api}/groups/alice/projects").status_code == 404
    listed = api.get(f"{forge.api}/groups/acme/projects").json()[0]
    assert listed["archived"] and "permissions" not in listed
    assert "forked_from_project" in api.get(f"{forge.api}/users/alice/projects").json()[0]


def test_one_project(forge: GitLabForge, api: httpx.Client) -> None:
    number = forge.repository("acme/web/shop").number
    told = api.get(f"{forge.api}/projects/{number}").json()
    assert told["http_url_to_repo"] == forge.clone_url("acme/web/shop")
    assert told["permissions"]["project_access"]["access_level"] == 30
    forge.move_repository("acme/web/shop", "acme/store")
    moved = api.get(f"{forge.api}/projects/acme%2Fweb%2Fshop", follow_redirects=True)
    assert moved.json()["path_with_namespace"] == "acme/store"
    assert api.post(MRS, json=WANTED).status_code == 405, "only reading is redirected"


def test_people_are_found_by_name(forge: GitLabForge, api: httpx.Client) -> None:
    url = f"{forge.api}/users"
    assert [each["id"] for each in api.get(url, params={"username": "Bob"}).json()] == [
        forge.users["bob"].number
    ]
    assert api.get(url, params={"username": "nobody"}).json() == []


def test_who_asks(forge: GitLabForge, api: httpx.Client) -> None:
    forge.add_user("reader", writes=False)
    url = f"{forge.api}/projects/acme%2Fweb%2Fshop"

    def status(method: str = "GET", path: str = "", json: Any = None, **headers: str) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.request(method, url + path, json=json, headers=named, verify=False).status_code

    assert status() == 404
    assert status(PRIVATE_TOKEN="wrong") == 401
    assert status(Authorization=f"Bearer {forge.token}") == 200
    assert status("POST", MRS, WANTED, PRIVATE_TOKEN=forge.add_token("reader")) == 403


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", MRS, {"title": "t", "source_branch": "bot"}),
        ("POST", MRS, WANTED | {"draft": True}),
        ("POST", MRS, WANTED | {"reviewer_ids": ["bob"]}),
        ("PUT", f"{MRS}/1", {"state": "closed"}),
        ("PUT", f"{MRS}/1", {"state_event": "closed"}),
        ("GET", f"{MRS}?state=open", None),
        ("GET", f"{MRS}?head=bot", None),
        ("PATCH", f"{MRS}/1", {}),
    ],
)
def test_what_is_not_described_is_found(
    forge: GitLabForge, api: httpx.Client, method: str, path: str, body: Any
) -> None:
    assert api.request(method, path, json=body).status_code in (400, 404)
    assert forge.forgive()

"""Every endpoint, and the rules that a bot meets."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.forgery import GitHubForge

WANTED = {"title": "Rewrite", "head": "bot", "base": "main", "body": "Why."}


def propose(forge: GitHubForge, api: httpx.Client, **changed: Any) -> dict[str, Any]:
    """A pull request for a branch with a commit."""
    wanted = WANTED | changed
    forge.human("acme/shop").commit(wanted["head"])
    answer = api.post("/pulls", json=wanted)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def reasons(answer: httpx.Response) -> list[str]:
    """Of a 422."""
    assert answer.status_code == 422, answer.text
    return [
        each.get("message") or f"{each['field']} {each['code']}" for each in answer.json()["errors"]
    ]


def test_a_repository(forge: GitHubForge, api: httpx.Client) -> None:
    forge.add_repository(
        "acme/old", archived=True, fork=True, topics=["go"], default_branch="trunk"
    )
    told = api.get(f"{forge.api}/repos/ACME/old").json()
    assert (told["full_name"], told["default_branch"]) == ("acme/old", "trunk")
    assert told["archived"] and told["fork"] and told["topics"] == ["go"]
    assert told["permissions"]["push"] and told["clone_url"] == forge.clone_url("acme/old")


def test_a_pull_request_is_made_found_and_changed(forge: GitHubForge, api: httpx.Client) -> None:
    made = propose(forge, api, draft=True)
    assert (made["number"], made["state"], made["draft"]) == (1, "open", True)
    assert made["head"]["sha"] == forge.repository("acme/shop").heads["bot"]
    changed = api.patch("/pulls/1", json={"title": "New", "body": "Text"}).json()
    assert (changed["title"], changed["body"]) == ("New", "Text")
    found = api.get("/pulls", params={"head": "acme:bot"}).json()
    assert [each["title"] for each in found] == ["New"]
    assert api.get("/pulls/1").json()["title"] == "New"
    assert api.get("/pulls/2").status_code == 404


def test_labels_comments_and_reviewers(forge: GitHubForge, api: httpx.Client) -> None:
    propose(forge, api)
    forge.add_team("acme/platform")
    assert api.post("/issues/1/labels", json={"labels": ["a", "b c"]}).status_code == 200
    assert [each["name"] for each in api.get("/issues/1/labels").json()] == ["a", "b c"]
    assert api.post("/issues/1/comments", json={"body": "one"}).status_code == 201
    forge.human("acme/shop").comment(1, "two")
    assert [each["body"] for each in api.get("/issues/1/comments").json()] == ["one", "two"]
    asked = {"reviewers": ["alice"], "team_reviewers": ["platform"]}
    for _ in range(2):
        assert api.post("/pulls/1/requested_reviewers", json=asked).status_code == 201
    told = api.get("/pulls/1/requested_reviewers").json()
    assert [each["login"] for each in told["users"]] == ["alice"]
    assert [each["slug"] for each in told["teams"]] == ["platform"]
    assert [each["name"] for each in api.get("/pulls/1").json()["labels"]] == ["a", "b c"]


def test_contents_branches_limits(forge: GitHubForge, api: httpx.Client) -> None:
    forge.human("acme/shop").commit("main", {".github/CODEOWNERS": "* @alice\n"})
    file = api.get("/contents/.github/CODEOWNERS").json()
    assert base64.b64decode(file["content"]) == b"* @alice\n"
    assert [each["name"] for each in api.get("/contents/.github").json()] == ["CODEOWNERS"]
    assert api.get("/contents/nothing").status_code == 404
    tip = forge.repository("acme/shop").heads["main"]
    assert api.get("/git/ref/heads/main").json()["object"]["sha"] == tip
    assert api.post("/git/refs", json={"ref": "refs/heads/x", "sha": tip}).status_code == 201
    assert api.patch("/git/refs/heads/x", json={"sha": tip, "force": True}).status_code == 200
    assert api.delete("/git/refs/heads/x").status_code == 204
    assert api.get("/git/ref/heads/x").status_code == 404
    assert api.get(f"{forge.api}/rate_limit").json()["rate"]["used"] == 9


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"head": "nothing"}, "head invalid"),
        ({"base": "nothing"}, "base invalid"),
        ({"head": "main"}, "No commits between main and main"),
        ({"title": " "}, "title can't be blank"),
        ({"title": "x" * 257}, "title is too long (maximum is 256 characters)"),
        ({"body": "x" * 65_537}, "body is too long (maximum is 65536 characters)"),
    ],
)
def test_pull_requests_that_cannot_be(
    forge: GitHubForge, api: httpx.Client, changed: dict[str, str], reason: str
) -> None:
    forge.human("acme/shop").commit("bot")
    assert reasons(api.post("/pulls", json=WANTED | changed)) == [reason]
    assert not forge.repository("acme/shop").pulls and not forge.writes


def test_limits_of_length_may_be_reached(forge: GitHubForge, api: httpx.Client) -> None:
    propose(forge, api, title="x" * 256, body="ä" * 65_536)


def test_a_second_one_for_the_same_branches(forge: GitHubForge, api: httpx.Client) -> None:
    propose(forge, api)
    again = reasons(api.post("/pulls", json=WANTED))
    assert again == ["A pull request already exists for acme:bot."]
    forge.human("acme/shop").close(1)
    assert api.post("/pulls", json=WANTED).status_code == 201


def test_drafts_need_a_plan_that_has_them(forge: GitHubForge, api: httpx.Client) -> None:
    forge.repository("acme/shop").drafts = False
    forge.human("acme/shop").commit("bot")
    assert reasons(api.post("/pulls", json=WANTED | {"draft": True})) == [
        "Draft pull requests are not supported in this repository."
    ]


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"reviewers": ["nobody", "alice"]}, "Reviews may only be requested from collaborators."),
        ({"team_reviewers": ["nobody"]}, "Reviews may only be requested from collaborators."),
        ({"reviewers": ["gorewrite-bot"]}, "Review cannot be requested from pull request author."),
    ],
)
def test_reviewers_that_are_refused(
    forge: GitHubForge, api: httpx.Client, asked: dict[str, list[str]], reason: str
) -> None:
    propose(forge, api)
    [said] = reasons(api.post("/pulls/1/requested_reviewers", json=asked))
    assert said.startswith(reason)
    assert not forge.repository("acme/shop").pulls[1].reviewers


def test_lists_are_filtered_sorted_and_cut(forge: GitHubForge, api: httpx.Client) -> None:
    for name in ("a", "b", "c"):
        propose(forge, api, head=name, title=name)
    human = forge.human("acme/shop")
    human.close(2)
    human.propose_from_fork("a", "theirs")

    def titles(**query: Any) -> list[str]:
        return [each["title"] for each in api.get("/pulls", params=query).json()]

    assert titles() == ["theirs", "c", "a"]
    assert titles(state="all", direction="asc") == ["a", "b", "c", "theirs"]
    assert titles(state="closed") == ["b"]
    assert titles(head="acme:a") == ["a"]
    assert titles(head="alice:a") == ["theirs"]
    assert titles(head="a") == titles(), "a head without an owner filters nothing"
    assert titles(base="other") == []
    assert titles(state="all", per_page=3, page=2) == ["a"]
    links = api.get("/pulls", params={"state": "all", "per_page": 3}).links
    assert links["next"]["url"] == links["last"]["url"]
    assert [each["title"] for each in api.get(links["next"]["url"]).json()] == ["a"]


def test_an_organisation_in_pages(forge: GitHubForge, api: httpx.Client) -> None:
    for number in range(30):
        forge.add_repository(f"big/r{number:02}", fork=number == 7)
    forge.add_repository("alice/own")
    url = f"{forge.api}/orgs/big/repos"
    first = api.get(url)
    assert len(first.json()) == 30 and not first.links
    page = api.get(url, params={"per_page": 20, "page": 2})
    assert page.json()[0]["name"] == "r20"
    assert len(api.get(url, params={"type": "sources", "per_page": 100}).json()) == 29
    assert api.get(f"{forge.api}/orgs/nobody/repos").status_code == 404
    assert api.get(f"{forge.api}/orgs/alice/repos").status_code == 404, "a person is none"


def test_nothing_new_costs_a_304(forge: GitHubForge, api: httpx.Client) -> None:
    propose(forge, api)
    first = api.get("/pulls")
    told = {"If-None-Match": first.headers["ETag"]}
    used = forge.limiter.left("gorewrite-bot")[1]
    again = api.get("/pulls", headers=told)
    assert (again.status_code, again.content) == (304, b"")
    assert forge.limiter.left("gorewrite-bot")[1] == used
    forge.human("acme/shop").rename(1, "Other")
    assert api.get("/pulls", headers=told).status_code == 200


def test_who_asks(forge: GitHubForge) -> None:
    forge.add_user("reader", writes=False)
    forge.add_repository("acme/open", private=False)
    forge.human("acme/shop").commit("bot")

    def status(token: str, path: str = "shop", method: str = "GET", **more: Any) -> int:
        headers = {"Authorization": f"token {token}"} if token else {}
        url = f"{forge.api}/repos/acme/{path}"
        return httpx.request(method, url, headers=headers, **more, verify=False).status_code

    reader = forge.add_token("reader")
    assert status("") == 404, "private, and not admitted to be there"
    assert status("", "open") == 200
    assert status("wrong") == 401
    assert status(reader) == 200
    assert status(reader, "shop/pulls", "POST", json=WANTED) == 403
    url = f"{forge.api}/repos/acme/shop"
    nobody = httpx.get(url, headers={"User-Agent": ""}, verify=False)
    assert nobody.status_code == 403


def test_an_archived_repository_is_read_only(forge: GitHubForge, api: httpx.Client) -> None:
    propose(forge, api)
    forge.repository("acme/shop").archived = True
    assert api.patch("/pulls/1", json={"title": "x"}).status_code == 403
    assert api.get("/pulls/1").json()["title"] == "Rewrite"


def test_a_renamed_repository_redirects(forge: GitHubForge, api: httpx.Client) -> None:
    propose(forge, api)
    forge.move_repository("acme/shop", "acme/store")
    assert api.get("/pulls/1").status_code == 301
    assert api.get("/pulls/1", follow_redirects=True).json()["number"] == 1
    moved = api.patch("/pulls/1", json={"title": "x"}, follow_redirects=True)
    assert moved.history[0].status_code == 307 and moved.json()["title"] == "x"


def test_pull_requests_of_forks_follow_no_branch_here(
    forge: GitHubForge, api: httpx.Client
) -> None:
    propose(forge, api)
    human = forge.human("acme/shop")
    human.propose_from_fork("bot")
    human.delete_branch("bot")
    theirs = api.get("/pulls/2").json()
    assert theirs["state"] == "open" and theirs["head"]["repo"]["full_name"] == "alice/shop"


def test_starting_takes_no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with GitHubForge(tmp_path) as forge:
        for number in range(100):
            forge.add_repository(f"acme/r{number}", {"Dockerfile": "FROM scratch\n"})
    assert len(forge.repositories) == 100

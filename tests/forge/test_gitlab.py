"""GitLab alone: subgroups, drafts, people by number, what is told of rights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from gorewrite.forge.connect import connect, connect_hub
from gorewrite.forge.gitlab import repository
from gorewrite.forge.model import Address, ForgeError, Wanted
from gorewrite.forge.pacing import Pacer
from gorewrite.forge.secrets import Secret
from tests.forgery import GitLabForge

WANTED = Wanted("gorewrite/api-0", "main", "t", "b")


def test_a_project_in_subgroups(tmp_path: Path) -> None:
    with GitLabForge(tmp_path) as server:
        server.add_repository("acme/shop/backend/api", {"a": "b"})
        server.add_repository("acme/site", {"a": "b"})
        server.human("acme/shop/backend/api").commit(WANTED.head)
        hub = server.address("acme")
        with connect_hub(hub, token=Secret(server.token), pacer=Pacer((), None)) as found:
            assert [each.path for each in found.repositories("acme/shop")] == [
                "acme/shop/backend/api"
            ]
            assert len(list(found.repositories("acme"))) == 2
            forge = found.forge("acme/shop/backend/api")
            made = forge.create(WANTED)
            assert forge.pulls([WANTED.head])[WANTED.head] == made
            assert made.url == f"{server.url}/acme/shop/backend/api/-/merge_requests/1"


def test_the_projects_of_a_person(tmp_path: Path) -> None:
    with GitLabForge(tmp_path) as server:
        server.add_repository("alice/own", {"a": "b"})
        hub = server.address("alice")
        with connect_hub(hub, token=Secret(server.token), pacer=Pacer((), None)) as found:
            assert [each.path for each in found.repositories("alice")] == ["alice/own"]


def test_a_group_cannot_be_asked_and_the_others_are(tmp_path: Path) -> None:
    with GitLabForge(tmp_path) as server:
        server.add_repository("acme/shop", {"a": "b"})
        server.human("acme/shop").commit(WANTED.head)
        address = server.address("acme/shop")
        with connect(address, token=Secret(server.token), pacer=Pacer((), None)) as forge:
            made = forge.create(WANTED)
            with pytest.raises(ForgeError, match=r": acme/platform$"):
                forge.request_reviewers(made, ["@acme/platform", "alice"])
        reviewers = server.repository("acme/shop").pulls[1].reviewers
        assert [user.login for user in reviewers] == ["alice"]


@pytest.mark.parametrize(
    ("rights", "can"),
    [
        ({"project_access": {"access_level": 30}, "group_access": None}, True),
        ({"project_access": {"access_level": 20}, "group_access": {"access_level": 40}}, True),
        ({"project_access": {"access_level": 20}, "group_access": None}, False),
        # Of a role that comes from further above, or of one who administers, nothing is told.
        ({"project_access": None, "group_access": None}, True),
        (None, True),
    ],
)
def test_who_can_push(rights: dict[str, Any] | None, can: bool) -> None:
    found = {"path_with_namespace": "a/b", "http_url_to_repo": "", "permissions": rights}
    assert repository(found).can_push is can


@pytest.mark.parametrize(
    ("title", "draft"),
    [
        ("Draft: t", True),
        ("draft:t", True),
        ("[Draft] t", True),
        ("(DRAFT) t", True),
        ("t", False),
        ("Drafting t", False),
        ("A draft: t", False),
    ],
)
@pytest.mark.parametrize("told", [True, False], ids=["told", "old"])
def test_titles_of_drafts(title: str, draft: bool, told: bool) -> None:
    raw = {
        "iid": 5,
        "web_url": "https://gitlab.com/a/b/-/merge_requests/5",
        "title": title,
        "description": None,
        "state": "locked",
        "source_branch": "x",
        "target_branch": "main",
        "source_project_id": 1,
        "target_project_id": 1,
        "labels": ["docker"],
        **({"draft": draft} if told else {}),
    }
    asked: list[httpx.URL] = []

    def server(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return httpx.Response(200, json=[raw])

    address = Address("gitlab", "https://gitlab.com/api/v4", "https://gitlab.com/a/b", "a/b")
    transport = httpx.MockTransport(server)
    with connect(address, token=None, pacer=Pacer((), None), transport=transport) as forge:
        found = forge.pulls(["x"])["x"]
    assert (found.draft, found.state, found.body) == (draft, "open", "")
    assert found.title == ("t" if draft else title)
    assert asked[0].raw_path.startswith(b"/api/v4/projects/a%2Fb/merge_requests?")

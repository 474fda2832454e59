"""GitHub alone: long lists, renamed repositories, teams, limits, what its description says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from gorewrite.forge.connect import connect, connect_hub
from gorewrite.forge.github import GitHub, repository
from gorewrite.forge.model import Address, Forge, ForgeError, Wanted
from gorewrite.forge.pacing import Pacer, Paused, Rate
from gorewrite.forge.secrets import Secret
from tests.forge.clocks import Clock
from tests.forgery import GitHubForge, Limit
from tests.forgery.schema import Slice

ADDRESS = Address("github", "https://api.github.com", "https://github.com/acme/shop", "acme/shop")
BRANCH = "gorewrite/api-0123abcd"
WANTED = Wanted(BRANCH, "main", "docker(api): smaller", "Why.")


# --- long lists --------------------------------------------------------------------------


def raw(number: int, head: str, state: str = "open", fork: bool = False) -> dict[str, Any]:
    """A pull request, as far as it is read."""
    return {
        "number": number,
        "html_url": f"https://github.com/acme/shop/pull/{number}",
        "title": "t",
        "body": None,
        "state": "open" if state == "open" else "closed",
        "merged_at": "2026-01-01T00:00:00Z" if state == "merged" else None,
        "head": {"ref": head, "repo": {"id": 8 if fork else 7}},
        "base": {"ref": "main", "repo": {"id": 7}},
        "labels": [],
    }


class Lists:
    """The list of pull requests of acme/shop, in pages. asked: the queries, in order."""

    def __init__(self, *pulls: dict[str, Any]) -> None:
        self.pulls = pulls
        self.asked: list[dict[str, list[str]]] = []
        self.filters = True

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/repos/acme/shop":
            found = {"full_name": "acme/shop", "clone_url": "", "default_branch": "main"}
            return httpx.Response(200, json=found)
        query = parse_qs(request.url.query.decode())
        assert Slice.load().request("GET", request.url.path, query, None) == []
        self.asked.append(query)
        found_ = [
            each
            for each in self.pulls
            if not self.filters
            or "head" not in query
            or query["head"] == [f"acme:{each['head']['ref']}"]
        ]
        number = int(query.get("page", ["1"])[0])
        last = -(-len(found_) // 100)
        links = [("next", number + 1), ("last", last)] if number < last else []
        link = ", ".join(
            f'<{request.url.copy_set_param("page", to)}>; rel="{name}"' for name, to in links
        )
        page = found_[100 * (number - 1) : 100 * number]
        return httpx.Response(200, json=page, headers={"link": link} if link else {})

    def find(self, *heads: str) -> dict[str, int]:
        clock = Clock()
        pacer = Pacer((), None, clock, clock.sleep)
        transport = httpx.MockTransport(self)
        with connect(ADDRESS, token=None, pacer=pacer, transport=transport) as forge:
            return {head: pull.number for head, pull in forge.pulls(heads).items()}


MANY = [raw(number, f"b{number}", "merged") for number in range(1, 1001)]


def test_few_branches_among_many_are_asked_for_one_by_one() -> None:
    lists = Lists(*MANY)
    assert lists.find("b7", "b999", "none") == {"b7": 7, "b999": 999}
    # One page to see how many there are.
    assert len(lists.asked) == 1 + 3
    assert lists.find("b7") == {"b7": 7}
    assert len(lists.asked) == 4 + 1


def test_many_branches_are_found_in_the_list() -> None:
    lists = Lists(*MANY)
    heads = [f"b{number}" for number in range(500, 520)]
    assert lists.find(*heads) == {head: int(head[1:]) for head in heads}
    assert len(lists.asked) == 10


def test_the_list_is_the_oldest_first() -> None:
    """Then what opens or closes meanwhile moves nothing from a page to one that was read."""
    lists = Lists(*MANY)
    lists.find(*[f"b{number}" for number in range(20)])
    assert {
        (query["sort"][0], query["direction"][0], query["state"][0]) for query in lists.asked
    } == {("created", "asc", "all")}


@pytest.mark.parametrize("others", [0, 1])
def test_an_open_one_is_never_missed(others: int) -> None:
    pulls = [*MANY[:500], raw(1001, "b"), *[raw(n, "b", "closed") for n in range(1002, 1300)]]
    lists = Lists(*pulls)
    heads = ["b", *[f"x{number}" for number in range(20 * others)]]
    assert lists.find(*heads) == {"b": 1001}


def test_where_the_filter_is_not_understood_others_are_not_taken() -> None:
    lists = Lists(raw(1, "other"), raw(2, "b", fork=True), raw(3, "b", "closed"))
    lists.filters = False
    assert lists.find("b") == {"b": 3}


def test_a_fork_that_was_deleted_is_no_branch_of_ours() -> None:
    gone = raw(1, "b")
    gone["head"]["repo"] = None
    assert Lists(gone).find("b") == {}


@pytest.mark.parametrize(
    ("rights", "can"),
    [
        ({"pull": True, "push": True}, True),
        ({"pull": True, "push": False}, False),
        # As an app is told, whatever it may do.
        ({"pull": False, "push": False}, True),
        ({}, True),
        (None, True),
    ],
)
def test_who_can_push(rights: dict[str, bool] | None, can: bool) -> None:
    found = {"full_name": "a/b", "clone_url": "", "default_branch": None, "permissions": rights}
    assert repository(found).can_push is can


# --- against the test forge --------------------------------------------------------------


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(tmp_path: Path, clock: Clock) -> Iterator[GitHubForge]:
    """Allows 20 writes a minute."""
    with GitHubForge(tmp_path, clock=clock, writes=[Limit(20, 60)]) as server:
        server.add_repository("acme/shop", {"Dockerfile": "FROM golang:1.22\n"})
        server.human("acme/shop").commit(BRANCH)
        yield server


def pacer(clock: Clock, rate: str = "", longest: float = 1e9) -> Pacer:
    return Pacer(Rate.parse(rate) if rate else (), None, clock, clock.sleep, longest)


@pytest.fixture
def forge(server: GitHubForge, clock: Clock) -> Iterator[Forge]:
    address = server.address("acme/shop")
    with connect(address, token=Secret(server.token), pacer=pacer(clock)) as forge:
        yield forge


def test_a_renamed_repository(server: GitHubForge, forge: Forge) -> None:
    """Also one that has another owner, whose name is part of the filter by branch."""
    made = forge.create(WANTED)
    server.move_repository("acme/shop", "globex/store")
    with connect(
        server.address("acme/shop"), token=Secret(server.token), pacer=pacer(Clock())
    ) as again:
        assert again.repository().path == "globex/store"
        assert again.pulls([BRANCH])[BRANCH].number == made.number
        assert again.create(WANTED).number == made.number
        again.comment(made, "here")
        again.add_labels(made, ["docker"])
        again.close(made)
        assert again.pulls([BRANCH, "other"])[BRANCH].state == "closed"
    assert list(forge.comments(made)) == ["here"]


def test_a_branch_that_is_not_known_everywhere_yet(
    server: GitHubForge, forge: Forge, clock: Clock
) -> None:
    """GitHub says that it is invalid, for some seconds after it was pushed."""
    human = server.human("acme/shop")
    late = WANTED._replace(head="gorewrite/late-0")
    server.faults.add("act", "POST", "/pulls$", nth=2, act=lambda: human.commit(late.head))
    assert forge.create(late).number == 1
    assert clock.slept == [2.0]


def test_a_branch_that_never_comes(server: GitHubForge, forge: Forge, clock: Clock) -> None:
    with pytest.raises(ForgeError, match=r"422 .*head invalid"):
        forge.create(WANTED._replace(head="gorewrite/never-0"))
    assert clock.slept == [2.0, 5.0]


def test_teams_are_asked_by_their_slug(server: GitHubForge, forge: Forge) -> None:
    server.add_team("acme/platform")
    made = forge.create(WANTED)
    forge.request_reviewers(made, ["@acme/platform", "alice"])
    assert server.writes[-1].body == {"reviewers": ["alice"], "team_reviewers": ["platform"]}


def test_the_author_is_not_asked_and_the_others_are(server: GitHubForge, forge: Forge) -> None:
    made = forge.create(WANTED)
    with pytest.raises(ForgeError, match=r"not asked for a review: gorewrite-bot$"):
        forge.request_reviewers(made, ["gorewrite-bot", "alice"])
    reviewers = server.repository("acme/shop").pulls[1].reviewers
    assert [user.login for user in reviewers] == ["alice"]


def test_a_repository_without_drafts(server: GitHubForge, clock: Clock) -> None:
    server.add_repository("acme/free", {"a": "b"}, drafts=False)
    server.human("acme/free").commit(BRANCH)
    with connect(
        server.address("acme/free"), token=Secret(server.token), pacer=pacer(clock)
    ) as forge:
        with pytest.raises(ForgeError, match=r"(?i)draft"):
            forge.create(WANTED._replace(draft=True))
        assert not forge.create(WANTED).draft


def test_the_rate_keeps_below_the_limit_of_the_forge(server: GitHubForge, clock: Clock) -> None:
    """Measured at the forge: it never had to refuse."""
    address = server.address("acme/shop")
    with connect(address, token=Secret(server.token), pacer=pacer(clock, "20/min")) as forge:
        made = forge.create(WANTED)
        for number in range(70):
            forge.update(made, body=str(number))
    assert {request.status for request in server.requests} <= {200, 201}
    assert sum(clock.slept) == pytest.approx(3 * 60, rel=0.02)


def test_a_limit_of_the_forge_is_waited_for(
    server: GitHubForge, forge: Forge, clock: Clock
) -> None:
    made = forge.create(WANTED)
    for number in range(30):
        forge.update(made, body=str(number))
    refused = [request for request in server.requests if request.status in (403, 429)]
    assert len(refused) == 1
    assert sum(clock.slept) < 70


def test_a_primary_limit_stops_a_run_until_its_reset(server: GitHubForge, clock: Clock) -> None:
    server.faults.add("primary-limit", "GET", "/repos/acme/shop$", seconds=1800)
    address = server.address("acme/shop")
    patience = pacer(clock, longest=60)
    with (
        connect(address, token=Secret(server.token), pacer=patience) as forge,
        pytest.raises(Paused) as caught,
    ):
        forge.repository()
    assert caught.value.until == pytest.approx(clock.now + 1800, abs=3)


def test_the_repositories_of_a_person_are_not_listed(server: GitHubForge, clock: Clock) -> None:
    server.add_repository("alice/own", {"a": "b"})
    hub = server.address("alice")
    with (
        connect_hub(hub, token=Secret(server.token), pacer=pacer(clock)) as found,
        pytest.raises(ForgeError, match="one by one"),
    ):
        list(found.repositories("alice"))


def test_what_the_adapter_shows_is_the_forge(forge: Forge) -> None:
    assert isinstance(forge, GitHub)

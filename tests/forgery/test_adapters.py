"""gorewrite's adapters at the test forges, where it takes a forge to show that they are right: what
goes wrong between the two, limits, names that moved, strangers. tests/forge has the rest."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gorewrite.forge.app import app_token
from gorewrite.forge.connect import connect
from gorewrite.forge.model import Forge, ForgeError, PullRequest, Wanted
from gorewrite.forge.pacing import Pacer, Rate
from gorewrite.forge.secrets import Secret
from gorewrite.forge.tokens import git_environment
from tests.forgery import ForgeServer, GiteaForge, GitHubForge, GitLabForge, Human, Limit

FORGES = (GitHubForge, GitLabForge, GiteaForge)
WANTED = Wanted("gorewrite/shop-0a1b2c3d", "main", "docker(shop): Rewrite", "Why.\n")


class Clock:
    """A clock that sleeping moves."""

    def __init__(self) -> None:
        self.now = time.time()
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=FORGES, ids=lambda kind: kind.kind)
def server(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[ForgeServer]:
    """A forge with acme/shop, and a branch in it that has a commit."""
    with request.param(tmp_path, clock=clock) as server:
        server.add_repository("acme/shop")
        server.human("acme/shop").commit(WANTED.head)
        yield server


@pytest.fixture
def human(server: ForgeServer) -> Human:
    return server.human("acme/shop")


def pacer(clock: Clock, *rates: Rate) -> Pacer:
    return Pacer(rates, None, clock=clock, sleep=clock.sleep)


@pytest.fixture
def forge(server: ForgeServer, clock: Clock) -> Iterator[Forge]:
    address, token = server.address("acme/shop"), Secret(server.token)
    with connect(address, token=token, pacer=pacer(clock)) as forge:
        yield forge


def found(forge: Forge, head: str = WANTED.head) -> PullRequest:
    return forge.pulls([head])[head]


def test_many_comments_are_all_read(human: Human, forge: Forge) -> None:
    pull = forge.create(WANTED)
    texts = [f"comment {number}" for number in range(120)]
    for text in texts:
        human.comment(pull.number, text)
    assert list(forge.comments(pull)) == texts


def test_what_strangers_propose_under_the_same_name_is_not_ours(human: Human, forge: Forge) -> None:
    human.propose_from_fork(WANTED.head)
    assert forge.pulls([WANTED.head]) == {}
    mine = forge.create(WANTED)
    human.propose_from_fork(WANTED.head)
    assert found(forge).number == mine.number


def test_many_branches_among_many_pulls(human: Human, forge: Forge) -> None:
    commit = human.repository.heads[WANTED.head]
    branches = [f"gorewrite/s{number}-0a1b2c3d" for number in range(130)]
    lines = "".join(f"create refs/heads/{name} {commit}\n" for name in branches)
    human.repository.bare.git("update-ref", "--stdin", stdin=lines.encode())
    human.repository.follow("alice")
    for name in branches:
        human.repository.open(human.user, head=name, base="main", title=name, body="")
    human.close(7)
    for wanted in (branches, branches[:2], branches[-3:], [branches[6]]):
        told = forge.pulls(wanted)
        assert {name: pull.title for name, pull in told.items()} == {name: name for name in wanted}
    assert forge.pulls([branches[6]])[branches[6]].state == "closed"


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop"},
        {"kind": "drop", "after": True},
        {"kind": "status", "status": 502},
        {"kind": "status", "status": 502, "after": True},
        {"kind": "status", "status": 503, "times": 2},
        {"kind": "too-many", "seconds": 30},
        {"kind": "secondary-limit", "seconds": 30},
        {"kind": "secondary-limit", "retry_after": ""},
        {"kind": "primary-limit", "seconds": 30},
    ],
    ids=str,
)
def test_what_goes_wrong_is_made_good_once(
    server: ForgeServer, forge: Forge, clock: Clock, fault: dict[str, Any]
) -> None:
    forge.repository()
    faults = [server.faults.add(method="POST", path=r"/(pulls|merge_requests)$", **fault)]
    pull = forge.create(WANTED)
    faults.append(server.faults.add(method="POST", path=r"/(comments|notes)$", **fault))
    forge.comment(pull, "Said once.")
    faults.append(server.faults.add(method="GET", **(fault | {"after": False})))
    assert list(forge.comments(pull)) == ["Said once."]
    assert all(each.hits == each.times for each in faults)
    assert len(server.repository("acme/shop").pulls) == 1
    if fault.get("seconds"):
        assert max(clock.slept) >= 30, "it waited as long as it was told"


def test_a_list_that_does_not_have_it_yet_makes_no_second_one(
    server: ForgeServer, forge: Forge
) -> None:
    forge.repository()
    lost = server.faults.add("drop", "POST", r"/(pulls|merge_requests)$", after=True)
    old = server.faults.add("lag", "GET", r"/(pulls|merge_requests)\?", seconds=60)
    made = forge.create(WANTED)
    assert (lost.hits, old.hits) == (1, 1)
    assert list(server.repository("acme/shop").pulls) == [made.number]


def test_waiting_is_what_the_forge_asked_for(tmp_path: Path, clock: Clock) -> None:
    """At a forge that lets 3 writes through a minute, a bot that keeps 3 a minute is never
    refused."""
    limits = [Limit(3, 60), Limit(20, 3600)]
    with GitHubForge(tmp_path, clock=clock, writes=limits) as server:
        server.add_repository("acme/shop")
        server.human("acme/shop").commit(WANTED.head)
        rates = (Rate(3, 60), Rate(20, 3600))
        address, token = server.address("acme/shop"), Secret(server.token)
        paced = Pacer(rates, None, clock=clock, sleep=clock.sleep, longest=7200)
        with connect(address, token=token, pacer=paced) as forge:
            pull = forge.create(WANTED)
            for number in range(30):
                forge.comment(pull, f"comment {number}")
        assert {each.status for each in server.requests} <= {200, 201}
        assert len(server.writes) == 31
        assert (server.busiest(60), server.busiest(3600)) == (3, 20)


def test_nothing_changed_is_asked_for_by_etag(server: ForgeServer, forge: Forge) -> None:
    forge.create(WANTED)
    first = found(forge)
    seen = len(server.requests)
    assert found(forge) == first
    if server.kind == "github":
        assert {each.status for each in server.requests[seen:]} == {304}


def test_a_token_that_is_wrong_or_may_only_read(server: ForgeServer, clock: Clock) -> None:
    server.add_user("reader", writes=False)
    reader = server.add_token("reader")
    address = server.address("acme/shop")
    with (
        connect(address, token=Secret("wrong-token"), pacer=pacer(clock)) as forge,
        pytest.raises(ForgeError) as wrong,
    ):
        forge.repository()
    assert wrong.value.status == 401 and "wrong-token" not in str(wrong.value)
    with connect(address, token=Secret(reader), pacer=pacer(clock)) as forge:
        assert not forge.repository().can_push
        with pytest.raises(ForgeError) as refused:
            forge.create(WANTED)
    assert refused.value.status == 403 and not refused.value.transient


def test_without_a_token_what_is_public_is_read(server: ForgeServer, clock: Clock) -> None:
    server.repository("acme/shop").private = False
    with connect(server.address("acme/shop"), token=None, pacer=pacer(clock)) as forge:
        assert forge.repository().path == "acme/shop"


def test_a_renamed_repository(server: ForgeServer, forge: Forge) -> None:
    server.move_repository("acme/shop", "acme/store")
    assert forge.repository().path == "acme/store"
    if server.kind == "gitlab":  # which redirects nothing but reading
        with pytest.raises(ForgeError):
            forge.create(WANTED)
        server.forgive()
    else:
        assert forge.create(WANTED).head == WANTED.head


def test_a_title_or_a_body_that_is_too_long_is_an_error_of_one_line(
    server: ForgeServer, forge: Forge
) -> None:
    if server.kind == "gitea":
        assert len(forge.create(WANTED._replace(title="x" * 300)).title) == 255
        return
    with pytest.raises(ForgeError, match="too long") as error:
        forge.create(WANTED._replace(title="x" * 300))
    assert "\n" not in str(error.value) and not error.value.transient


def test_an_app_asks_for_another_token_when_one_ends(tmp_path: Path, clock: Clock) -> None:
    with GitHubForge(tmp_path, clock=clock) as server:
        server.add_repository("acme/shop")
        app = server.add_app("4711", "acme")
        address = server.address("acme/shop")
        environ = {"GITHUB_APP_ID": app.name, "GITHUB_APP_PRIVATE_KEY": app.key}
        token = app_token(address, environ, clock=clock)
        first = token.reveal()
        with connect(address, token=token, pacer=pacer(clock)) as forge:
            assert forge.repository().can_push
            clock.now += 3601
            assert server.holder(first) is None
            assert forge.repository().path == "acme/shop"
        assert token.reveal() != first
        made = [each for each in server.requests if each.path.endswith("/access_tokens")]
        assert [each.status for each in made] == [201, 201]


def test_a_certificate_of_ones_own(tmp_path: Path, clock: Clock) -> None:
    with GitHubForge(tmp_path, clock=clock, tls=True) as server:
        server.add_repository("acme/shop")
        address, token = server.address("acme/shop"), Secret(server.token)
        assert address.api.startswith("https://")
        with connect(address, token=token, pacer=pacer(clock), ca_file=server.ca_file) as forge:
            assert forge.repository().path == "acme/shop"
        with (
            connect(address, token=token, pacer=pacer(clock)) as forge,
            pytest.raises(ForgeError) as untrusted,
        ):
            forge.repository()
        assert not untrusted.value.transient
        environ = git_environment(token, address.web, {}, ca_file=server.ca_file)
        listed = subprocess.run(
            ["git", "ls-remote", server.clone_url("acme/shop")],
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)} | environ,
            capture_output=True,
            text=True,
        )
        assert "refs/heads/main" in listed.stdout, listed.stderr

"""What a bot does, on each kind of forge, over real repositories: the same behaviour everywhere.

`with …Forge(…)` fails at its end where a request was against the forge's documented interface.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from gorewrite.forge.connect import connect, connect_hub
from gorewrite.forge.model import Address, Forge, ForgeError, PullRequest, Wanted
from gorewrite.forge.pacing import Pacer
from gorewrite.forge.secrets import Secret
from tests.forge.clocks import Clock
from tests.forgery import ForgeServer, GiteaForge, GitHubForge, GitLabForge

BRANCH = "gorewrite/api-0123abcd"
WANTED = Wanted(BRANCH, "main", "docker(api): smaller", "Why & how.\n\n<!-- marker -->")


@pytest.fixture(params=[GitHubForge, GitLabForge, GiteaForge], ids=lambda kind: kind.kind)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ForgeServer]:
    """A forge with acme/shop, on which the bot pushed a branch."""
    with request.param(tmp_path) as server:
        server.add_repository("acme/shop", {"Dockerfile": "FROM golang:1.22\n"})
        server.human("acme/shop").commit(BRANCH)
        yield server


@pytest.fixture
def forge(server: ForgeServer) -> Iterator[Forge]:
    with connected(server) as forge:
        yield forge


def patient() -> Pacer:
    """Waits without taking time."""
    clock = Clock()
    return Pacer((), None, clock, clock.sleep, 1e9)


def connected(server: ForgeServer, path: str = "acme/shop") -> AbstractContextManager[Forge]:
    return connect(server.address(path), token=Secret(server.token), pacer=patient())


def written(server: ForgeServer) -> list[str]:
    return [request.method for request in server.writes]


def read(forge: Forge, branch: str = BRANCH) -> PullRequest:
    return forge.pulls([branch])[branch]


# --- reading -----------------------------------------------------------------------------


def test_a_repository(server: ForgeServer, forge: Forge) -> None:
    found = forge.repository()
    assert found.path == "acme/shop"
    assert found.clone_url == server.clone_url("acme/shop")
    assert found.default_branch == "main"
    assert (found.archived, found.fork, found.can_push) == (False, False, True)


def test_a_repository_that_nobody_may_write_to(server: ForgeServer) -> None:
    server.add_repository("acme/old", {"a": "b"}, archived=True, topics=("no-gorewrite",))
    with connected(server, "acme/old") as forge:
        found = forge.repository()
    assert found.archived
    assert found.topics == ("no-gorewrite",)


def test_a_repository_that_is_not_there(server: ForgeServer) -> None:
    with connected(server, "acme/none") as forge, pytest.raises(ForgeError) as caught:
        forge.repository()
    assert caught.value.status == 404
    assert "check the name" in str(caught.value)


def test_a_token_that_is_wrong(server: ForgeServer) -> None:
    address = server.address("acme/shop")
    with (
        connect(address, token=Secret("wrong-token"), pacer=patient()) as forge,
        pytest.raises(ForgeError) as caught,
    ):
        forge.repository()
    assert caught.value.status == 401
    assert "set a new one" in str(caught.value)
    assert "wrong-token" not in str(caught.value)


def test_branches_without_pull_requests(server: ForgeServer, forge: Forge) -> None:
    server.human("acme/shop").propose_from_fork(BRANCH)
    assert forge.pulls([]) == {}
    assert forge.pulls([BRANCH]) == {}
    assert forge.pulls([BRANCH, "gorewrite/other-0"]) == {}


def test_the_open_one_goes_before_newer_ones(server: ForgeServer, forge: Forge) -> None:
    human = server.human("acme/shop")
    first = forge.create(WANTED)
    human.close(first.number)
    second = forge.create(WANTED._replace(title="second"))
    assert read(forge).number == second.number
    human.close(second.number)
    assert (read(forge).number, read(forge).state) == (second.number, "closed")
    human.reopen(first.number)
    assert (read(forge).number, read(forge).state) == (first.number, "open")
    assert forge.pulls([BRANCH, "gorewrite/other-0"]) == {BRANCH: read(forge)}


@pytest.mark.parametrize("gone", [False, True], ids=["kept", "deleted"])
@pytest.mark.parametrize("merged", [False, True], ids=["closed", "merged"])
def test_what_became_of_one(server: ForgeServer, forge: Forge, merged: bool, gone: bool) -> None:
    """Also where its branch is deleted, which changes what some forges tell."""
    human = server.human("acme/shop")
    made = forge.create(WANTED)
    human.merge(made.number) if merged else human.close(made.number)
    if gone:
        human.delete_branch(BRANCH)
    state = "merged" if merged else "closed"
    assert (read(forge).number, read(forge).state) == (made.number, state)
    assert forge.pulls([BRANCH, "gorewrite/other-0"])[BRANCH].state == state


def test_many_branches_are_read_together(server: ForgeServer, forge: Forge) -> None:
    human = server.human("acme/shop")
    heads = [f"gorewrite/service-{number}" for number in range(12)]
    for head in heads:
        human.commit(head)
        forge.create(WANTED._replace(head=head))
    before = len(server.requests)
    assert set(forge.pulls(heads)) == set(heads)
    assert len(server.requests) == before + 1


# --- writing -----------------------------------------------------------------------------


def test_one_from_beginning_to_end(server: ForgeServer, forge: Forge) -> None:
    made = forge.create(WANTED)
    assert (made.title, made.body, made.state, made.draft) == (
        WANTED.title,
        WANTED.body,
        "open",
        False,
    )
    assert (made.head, made.base, made.labels) == (BRANCH, "main", ())
    assert made.url.startswith(server.url)
    assert read(forge) == made
    forge.update(made, title="docker(api): smaller - autoclosed")
    forge.update(made, body="Nothing is left.")
    now = read(forge)
    assert (now.title, now.body) == ("docker(api): smaller - autoclosed", "Nothing is left.")
    forge.close(made)
    assert read(forge).state == "closed"
    assert len(server.writes) == 4


def test_nothing_to_change_is_no_request(server: ForgeServer, forge: Forge) -> None:
    made = forge.create(WANTED)
    before = len(server.requests)
    forge.update(made)
    forge.add_labels(made, [])
    forge.request_reviewers(made, [])
    assert len(server.requests) == before


def test_a_draft_stays_one_when_its_title_changes(forge: Forge) -> None:
    made = forge.create(WANTED._replace(draft=True))
    assert (made.title, made.draft) == (WANTED.title, True)
    forge.update(made, title="new")
    assert (read(forge).title, read(forge).draft) == ("new", True)


def test_one_that_a_person_made_ready_stays_ready(server: ForgeServer, forge: Forge) -> None:
    forge.create(WANTED._replace(draft=True))
    server.repository("acme/shop").pulls[1].draft = False
    server.human("acme/shop").rename(1, "ready")
    forge.update(read(forge), title="new")
    assert (read(forge).title, read(forge).draft) == ("new", False)


def test_there_is_one_already(server: ForgeServer, forge: Forge) -> None:
    made = forge.create(WANTED)
    assert forge.create(WANTED._replace(title="other")) == made
    assert len(server.repository("acme/shop").pulls) == 1


@pytest.mark.parametrize(
    "wrong", [{"head": "gorewrite/none-0"}, {"base": "none"}, {"head": "main"}]
)
def test_one_that_cannot_be(server: ForgeServer, forge: Forge, wrong: dict[str, str]) -> None:
    with pytest.raises(ForgeError) as caught:
        forge.create(WANTED._replace(**wrong))  # type: ignore[arg-type]
    assert not caught.value.transient
    assert server.repository("acme/shop").pulls == {}


@pytest.mark.parametrize("kind", ["drop", "status"])
@pytest.mark.parametrize("after", [False, True], ids=["lost", "done"])
def test_one_is_made_when_answers_are_lost(
    server: ForgeServer, forge: Forge, kind: str, after: bool
) -> None:
    server.faults.add(kind, "POST", "(pulls|merge_requests)$", after=after)  # type: ignore[arg-type]
    made = forge.create(WANTED)
    assert (made.number, made.title) == (1, WANTED.title)
    assert len(server.repository("acme/shop").pulls) == 1


@pytest.mark.parametrize("after", [False, True], ids=["lost", "done"])
def test_something_is_said_once_when_answers_are_lost(
    server: ForgeServer, forge: Forge, after: bool
) -> None:
    made = forge.create(WANTED)
    server.faults.add("drop", "POST", "(comments|notes)$", after=after)
    forge.comment(made, "A reason.\n")
    assert list(forge.comments(made)) == ["A reason."]


def test_what_people_say_is_read_too(server: ForgeServer, forge: Forge) -> None:
    made = forge.create(WANTED)
    human = server.human("acme/shop")
    human.comment(made.number, "first")
    forge.comment(made, "second <!-- gorewrite -->")
    human.comment(made.number, "third")
    assert list(forge.comments(made)) == ["first", "second <!-- gorewrite -->", "third"]


def test_labels_are_added_to_those_there(server: ForgeServer, forge: Forge) -> None:
    made = forge.create(WANTED)
    server.human("acme/shop").label(made.number, "theirs")
    forge.add_labels(made, ["docker", "size: small"])
    forge.add_labels(made, ["docker"])
    assert sorted(read(forge).labels) == ["docker", "size: small", "theirs"]


def test_a_label_is_made_once_when_answers_are_lost(server: ForgeServer, forge: Forge) -> None:
    made = forge.create(WANTED)
    for pattern in ("/labels$", "merge_requests/1$"):
        server.faults.add("drop", "POST|PUT", pattern, after=True)
    forge.add_labels(made, ["docker"])
    assert read(forge).labels == ("docker",)


def test_people_are_asked_once_and_strangers_are_told_of(server: ForgeServer, forge: Forge) -> None:
    made = forge.create(WANTED)
    forge.request_reviewers(made, ["@alice"])
    with pytest.raises(ForgeError, match=r": nobody$"):
        forge.request_reviewers(made, ["bob", "nobody", "bob"])
    pull = server.repository("acme/shop").pulls[made.number]
    assert sorted(user.login for user in pull.reviewers) == ["alice", "bob"]


def test_a_page_for_people(server: ForgeServer, forge: Forge) -> None:
    url = forge.compare_url("main", BRANCH)
    assert url.startswith(f"{server.url}/acme/shop/")
    assert BRANCH in url


# --- places ------------------------------------------------------------------------------


def test_all_repositories_of_an_owner(server: ForgeServer) -> None:
    for number in range(3):
        server.add_repository(f"acme/more-{number}", {"a": "b"}, archived=number == 1)
    server.add_repository("other/shop", {"a": "b"})
    hub = server.address("acme")._replace(path="acme")
    with connect_hub(hub, token=Secret(server.token), pacer=patient()) as found:
        paths = [each.path for each in found.repositories("acme")]
        assert sorted(paths) == ["acme/more-0", "acme/more-1", "acme/more-2", "acme/shop"]
        assert [each.path for each in found.repositories("acme") if each.archived] == [
            "acme/more-1"
        ]
        forge = found.forge("acme/shop")
        assert forge.address == server.address("acme/shop")
        assert forge.repository().path == "acme/shop"
        with pytest.raises(ForgeError):
            list(found.repositories("nobody-there"))


def test_no_forge_has_no_repositories() -> None:
    nowhere = Address("none", "", "https://git.example.com/a/b", "a/b")
    with (
        pytest.raises(ForgeError, match="--repos"),
        connect_hub(nowhere, token=None, pacer=patient()),
    ):
        pass


def test_no_forge_knows_nothing_and_writes_nothing() -> None:
    nowhere = Address("none", "", "https://git.example.com/a/b", "a/b")
    with connect(nowhere, token=None, pacer=patient()) as forge:
        assert forge.pulls([BRANCH]) == {}
        assert forge.repository().path == "a/b"
        assert forge.compare_url("main", BRANCH) == "https://git.example.com/a/b"
        with pytest.raises(ForgeError, match="--forge none"):
            forge.create(WANTED)

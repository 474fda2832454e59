"""Pull requests follow their branches, and people do as they like."""

from __future__ import annotations

import httpx
import pytest

from tests.forgery import GitHubForge
from tests.forgery.bare import GitFailed
from tests.forgery.state import Rejected


@pytest.fixture
def proposed(forge: GitHubForge, api: httpx.Client) -> GitHubForge:
    """The forge with an open pull request 1 of the branch bot."""
    forge.human("acme/shop").commit("bot", {"Dockerfile": "FROM scratch\n"})
    made = api.post("/pulls", json={"title": "Rewrite", "head": "bot", "base": "main"})
    assert made.status_code == 201
    return forge


def state(api: httpx.Client) -> str:
    pull = api.get("/pulls/1").json()
    return "merged" if pull["merged"] else pull["state"]


def test_commits_on_the_branch_show(proposed: GitHubForge, api: httpx.Client) -> None:
    commit = proposed.human("acme/shop").commit("bot", {"NOTES.md": "x"}, "A note")
    assert api.get("/pulls/1").json()["head"]["sha"] == commit
    told = proposed.repository("acme/shop").bare.git("log", "-1", "--format=%an %ae %s", "bot")
    assert told == "Alice alice@example.com A note"
    assert not proposed.pushes, "what people do is no push of the bot"


@pytest.mark.parametrize("how", ["merge", "squash"])
def test_merging_really_merges(proposed: GitHubForge, api: httpx.Client, how: str) -> None:
    human = proposed.human("acme/shop", "bob")
    human.commit("main", {"other.txt": "x\n"})
    commit = human.merge(1, how=how, delete_branch=True)  # type: ignore[arg-type]
    assert state(api) == "merged"
    told = api.get("/pulls/1").json()
    assert (told["merge_commit_sha"], told["merged_by"]["login"]) == (commit, "bob")
    bare = proposed.repository("acme/shop").bare
    assert bare.blob("main:Dockerfile") == b"FROM scratch\n" and bare.blob("main:other.txt")
    parents = bare.git("rev-list", "--parents", "-1", "main").split()
    assert len(parents) == (3 if how == "merge" else 2)
    assert "bot" not in proposed.repository("acme/shop").heads


def test_conflicts_are_not_merged(proposed: GitHubForge, api: httpx.Client) -> None:
    human = proposed.human("acme/shop")
    human.commit("main", {"Dockerfile": "FROM other\n"})
    with pytest.raises(GitFailed):
        human.merge(1)
    assert state(api) == "open"


def test_a_merge_that_is_pushed_counts(proposed: GitHubForge, api: httpx.Client) -> None:
    repository = proposed.repository("acme/shop")
    proposed.human("acme/shop").force("main", repository.heads["bot"])
    assert state(api) == "merged"


def test_a_deleted_branch_closes(proposed: GitHubForge, api: httpx.Client) -> None:
    human = proposed.human("acme/shop")
    human.delete_branch("bot")
    assert state(api) == "closed"
    with pytest.raises(Rejected, match="The bot branch has been deleted"):
        human.reopen(1)
    assert api.patch("/pulls/1", json={"state": "open"}).status_code == 422


def test_a_branch_without_commits_of_its_own_closes(
    proposed: GitHubForge, api: httpx.Client
) -> None:
    repository = proposed.repository("acme/shop")
    proposed.human("acme/shop").force("bot", repository.heads["main"])
    assert state(api) == "closed"


def test_a_rewritten_branch_keeps_a_closed_one_closed(
    proposed: GitHubForge, api: httpx.Client
) -> None:
    human = proposed.human("acme/shop")
    human.close(1)
    main = proposed.repository("acme/shop").heads["main"]
    human.force("bot", main)
    human.commit("bot")
    with pytest.raises(Rejected, match="force-pushed or recreated"):
        human.reopen(1)
    assert state(api) == "closed"


def test_closing_and_opening_again(proposed: GitHubForge, api: httpx.Client) -> None:
    human = proposed.human("acme/shop")
    human.close(1)
    assert state(api) == "closed"
    human.reopen(1)
    assert state(api) == "open"


def test_one_of_two_is_open(proposed: GitHubForge, api: httpx.Client) -> None:
    human = proposed.human("acme/shop")
    human.close(1)
    api.post("/pulls", json={"title": "Again", "head": "bot", "base": "main"})
    with pytest.raises(Rejected, match="already an open pull request"):
        human.reopen(1)


def test_words_and_labels(proposed: GitHubForge, api: httpx.Client) -> None:
    human = proposed.human("acme/shop")
    human.rename(1, "Mine")
    human.edit(1, "- [x] rebase")
    human.label(1, "gorewrite:stop", "later")
    human.unlabel(1, "later")
    told = api.get("/pulls/1").json()
    assert (told["title"], told["body"]) == ("Mine", "- [x] rebase")
    assert [each["name"] for each in told["labels"]] == ["gorewrite:stop"]

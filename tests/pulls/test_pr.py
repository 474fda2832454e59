"""`gorewrite pr` on the test forges, with real git: what it does, mostly when it does not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gorewrite.pulls.convention import STOP_LABEL
from tests.forgery import ForgeServer, GiteaForge, GitHubForge, GitLabForge
from tests.pulls.tools import Shop, git, service, shop

SERVICES = {**service("services/cart"), **service("services/shop")}
#: A Dockerfile that is as gorewrite would have it, or none of its business.
DONE = "FROM scratch\nCOPY app /app\n"


@pytest.fixture(params=[GitHubForge, GitLabForge, GiteaForge], ids=lambda kind: kind.__name__)
def every(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shop]:
    """Two services, each a pull request, on each kind of forge."""
    kind: type[ForgeServer] = request.param
    with shop(tmp_path, monkeypatch, SERVICES, kind) as made:
        yield made


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """Two services on GitHub."""
    with shop(tmp_path, monkeypatch, SERVICES) as made:
        yield made


def run(made: Shop, *options: str, status: int = 0) -> str:
    """What the command says; each service is a pull request."""
    done = made.pr("--group-by", "service", *options)
    assert done.exit_code == status, done.output
    return str(done.output)


# --- what is opened ----------------------------------------------------------------------------


def test_opens_one_for_each_service_and_then_writes_nothing(every: Shop) -> None:
    run(every)
    pulls = every.repository.pulls
    assert [pulls[n].head.split("-")[1] for n in (1, 2)] == ["cart", "shop"]
    assert all(pull.base == "main" for pull in pulls.values())
    base = every.repository.bare.git("rev-parse", "main").strip()
    for branch in every.branches:
        assert every.repository.bare.git("rev-parse", f"{branch}^").strip() == base
        named = every.repository.bare.git("diff", "--name-only", "main", branch).split()
        assert {name.split("/")[1] for name in named} == {branch.split("-")[1]}
    before, state = every.writes(), every.state()
    run(every)
    assert (every.writes(), every.state()) == (before, state)


def test_a_base_that_moves_elsewhere_is_no_reason_to_write(every: Shop) -> None:
    run(every)
    every.human.commit("main", {"README.md": "Hello.\n", "services/shop/NOTES": "x\n"})
    before, state = every.writes(), every.state()["pulls"]
    run(every)
    assert (every.writes(), every.state()["pulls"]) == (before, state)


def test_a_base_that_moves_below_it_gives_a_new_commit(every: Shop) -> None:
    run(every)
    dockerfile = "# The shop.\n" + SERVICES["services/shop/Dockerfile"]
    every.human.commit("main", {"services/shop/Dockerfile": dockerfile})
    cart, shop_ = (every.repository.heads[branch] for branch in every.branches)
    run(every)
    assert every.repository.heads[every.branches[0]] == cart
    assert every.repository.heads[every.branches[1]] != shop_
    text = every.repository.bare.blob(f"{every.branches[1]}:services/shop/Dockerfile").decode()
    assert text.startswith("# The shop.\n") and "AS builder" in text
    assert len(every.repository.pulls) == 2


def test_the_same_input_gives_the_same_commit(two: Shop) -> None:
    run(two)
    before = dict(two.repository.heads)
    for branch in two.branches:
        two.human.delete_branch(branch)
    run(two, status=0)  # GitHub closed both; a person did that.
    for number in (1, 2):
        two.human.rename(number, "Once more")
    run(two)
    assert dict(two.repository.heads) == before


def test_a_dry_run_shows_all_and_touches_nothing(two: Shop) -> None:
    before = fingerprint(two.tree)
    said = run(two, "--dry-run")
    assert said.count("would open gorewrite/services-") == 2
    assert "+FROM gcr.io/distroless/static-debian13" in said
    assert "Gorewrite-Campaign: default" in said
    assert "### What changes" in said
    assert two.writes() == 0
    assert fingerprint(two.tree) == before


def test_the_checkout_stays_as_it_is(two: Shop) -> None:
    (two.tree / "services/shop/Dockerfile").write_text("FROM golang\nRUN half of a thought\n")
    (two.tree / "services/new").mkdir()
    (two.tree / "services/new/Dockerfile").write_text(SERVICES["services/shop/Dockerfile"])
    git(two.tree, "add", "services/new")
    hook = two.tree / ".git/hooks/pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch ../called\nexit 1\n")
    hook.chmod(0o755)
    git(two.tree, "switch", "-q", "-c", "mine")
    before = fingerprint(two.tree)
    run(two)
    assert fingerprint(two.tree) == before
    assert len(two.repository.pulls) == 2, "what is planned is the base, not the work tree"
    assert not (two.tree.parent / "called").exists()


def fingerprint(tree: Path) -> dict[str, str]:
    """The bytes of every file of a checkout, .git and all."""
    files = (path for path in sorted(tree.rglob("*")) if path.is_file())
    return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_labels_and_reviewers_are_asked_for_once(every: Shop) -> None:
    every.forge.add_user("carol")
    options = ("--label", "docker", "--reviewers", "alice,bob")
    run(every, *options)
    pull = every.repository.pulls[1]
    assert pull.labels == ["docker"]
    assert sorted(user.login for user in pull.reviewers) == ["alice", "bob"]
    assert "unfinished" not in pull.body
    every.human.unlabel(1, "docker")
    before = every.writes()
    run(every, *options)
    assert every.writes() == before
    assert every.repository.pulls[1].labels == []


def test_drafts(every: Shop) -> None:
    run(every, "--draft")
    pulls = every.repository.pulls.values()
    assert all(pull.draft or pull.title.startswith(("Draft: ", "WIP: ")) for pull in pulls)
    before = every.writes()
    run(every)
    assert every.writes() == before


def test_json(two: Shop) -> None:
    document = json.loads(run(two, "--output-format", "json"))
    assert document["summary"] == {"create": 2}
    assert document["base"] == "main"
    first = document["pulls"][0]
    assert first["branch"] == two.branches[0]
    assert first["dockerfiles"] == ["services/cart/Dockerfile"]
    assert first["commit"] == two.repository.heads[first["branch"]]


def test_another_base(two: Shop) -> None:
    two.human.commit("release-1", {"NOTES": "x\n"})
    run(two, "--base", "release-1")
    assert {pull.base for pull in two.repository.pulls.values()} == {"release-1"}
    run(two)
    assert len(two.branches) == 4 and "unchanged" not in two.said
    assert [pull.base for pull in two.repository.pulls.values()][2:] == ["main", "main"]
    assert {pull.state for pull in two.repository.pulls.values()} == {"open"}
    assert "has no branch release-2" in run(two, "--base", "release-2", status=2)


def test_max_open(two: Shop) -> None:
    assert "waits gorewrite/services-shop" in run(two, "--max-open", "1")
    assert len(two.repository.pulls) == len(two.branches) == 1
    two.human.merge(1, delete_branch=True)
    run(two, "--max-open", "1")
    assert [pull.state for pull in two.repository.pulls.values()] == ["merged", "open"]


# --- people ------------------------------------------------------------------------------------


def test_commits_of_people_are_kept(every: Shop) -> None:
    run(every)
    branch = every.branches[1]
    theirs = every.human.commit(branch, {"services/shop/Dockerfile": DONE})
    every.human.commit(
        "main", {"services/shop/Dockerfile": "# v2\n" + SERVICES["services/shop/Dockerfile"]}
    )
    said = run(every)
    assert f"left alone {branch}" in said and "somebody else committed" in said
    assert every.repository.heads[branch] == theirs
    comments = every.repository.pulls[2].comments
    assert len([c for c in comments if not c.system]) == 1
    before = every.writes()
    run(every)
    assert every.writes() == before


def test_an_amended_commit_is_a_persons(two: Shop) -> None:
    run(two)
    branch = two.branches[0]
    git(two.tree, "fetch", "-q", "origin", branch)
    git(two.tree, "switch", "-q", "-c", "theirs", "FETCH_HEAD")
    (two.tree / "services/cart/Dockerfile").write_text(DONE)
    git(two.tree, "commit", "-q", "-a", "--amend", "--no-edit")
    git(two.tree, "push", "-q", "--force", "origin", f"theirs:{branch}")
    theirs = two.repository.heads[branch]
    run(two)
    assert two.repository.heads[branch] == theirs


def test_a_branch_that_moves_in_between_is_looked_at_again(two: Shop) -> None:
    run(two)
    branch = two.branches[1]
    two.human.commit(
        "main", {"services/shop/Dockerfile": "# v2\n" + SERVICES["services/shop/Dockerfile"]}
    )
    two.forge.faults.add(
        "act", "GET", "service=git-receive-pack", act=lambda: two.human.commit(branch)
    )
    assert "somebody else committed" in run(two)
    assert len(two.repository.pulls[2].comments) == 1


def test_what_a_person_closed_is_not_opened_again(every: Shop) -> None:
    run(every)
    every.human.close(1)
    every.human.delete_branch(every.branches[0])
    before = every.writes()
    assert "declined gorewrite/services-cart" in run(every)
    assert every.writes() == before
    every.human.commit(
        "main", {"services/cart/Dockerfile": "# v2\n" + SERVICES["services/cart/Dockerfile"]}
    )
    run(every)
    assert every.writes() == before
    every.human.rename(1, "An old idea")
    run(every)
    assert every.repository.pulls[3].state == "open"


def test_the_label_stops_updates(every: Shop) -> None:
    run(every)
    every.human.label(1, STOP_LABEL)
    every.human.commit(
        "main", {"services/cart/Dockerfile": "# v2\n" + SERVICES["services/cart/Dockerfile"]}
    )
    before, head = every.writes(), every.repository.heads[every.branches[0]]
    assert "stopped gorewrite/services-cart" in run(every)
    assert (every.writes(), every.repository.heads[every.branches[0]]) == (before, head)


def test_one_that_people_made_for_another_branch(two: Shop) -> None:
    run(two)
    two.human.commit("next", {"NOTES": "x\n"})
    two.repository.pulls[1].base = "next"
    before = two.writes()
    assert "stopped gorewrite/services-cart" in run(two)
    assert two.writes() == before


def test_words_of_people_stay(two: Shop) -> None:
    run(two)
    pull = two.repository.pulls[1]
    two.human.edit(1, f"Tested in staging.\n\n{pull.body}\n\nSee OPS-12.")
    two.human.rename(1, "OPS-12 a smaller cart")
    two.human.commit(
        "main", {"services/cart/Dockerfile": "# v2\n" + SERVICES["services/cart/Dockerfile"]}
    )
    run(two)
    assert pull.body.startswith("Tested in staging.\n")
    assert pull.body.endswith("See OPS-12.")
    assert pull.title == "OPS-12 a smaller cart"
    before = two.writes()
    run(two)
    assert two.writes() == before


# --- what is over ------------------------------------------------------------------------------


def test_what_is_done_by_hand_is_closed(every: Shop) -> None:
    run(every)
    every.human.commit("main", {"services/cart/Dockerfile": DONE})
    said = run(every)
    assert "closed gorewrite/services-cart" in said
    pull = every.repository.pulls[1]
    assert pull.state == "closed" and pull.title.endswith(" - autoclosed")
    assert len([c for c in pull.comments if not c.system]) == 1
    assert [branch.split("-")[1] for branch in every.branches] == ["shop"]
    before = every.writes()
    run(every)
    assert every.writes() == before
    every.human.commit("main", {"services/cart/Dockerfile": SERVICES["services/cart/Dockerfile"]})
    run(every)
    assert every.repository.pulls[3].state == "open", "it was no person who closed it"


def test_what_people_edited_is_theirs_when_nothing_is_left(every: Shop) -> None:
    run(every)
    theirs = every.human.commit(every.branches[0], {"NOTES": "x\n"})
    every.human.commit("main", {"services/cart/Dockerfile": DONE})
    said = run(every)
    assert "abandoned gorewrite/services-cart" in said
    pull = every.repository.pulls[1]
    assert pull.state == "open" and pull.title.endswith(" - abandoned")
    assert every.repository.heads[pull.head] == theirs
    before = every.writes()
    run(every)
    assert every.writes() == before


def test_the_configuration_says_no(two: Shop) -> None:
    run(two)
    two.human.commit("main", {"gorewrite.toml": "enabled = false\n"})
    said = run(two)
    assert said.count("closed gorewrite/services-") == 2
    assert "the configuration asks to leave this file alone" in said
    assert "2 are left alone as the repository asks" in said
    assert two.branches == []


def test_a_part_of_the_repository_closes_nothing_elsewhere(two: Shop) -> None:
    run(two)
    two.human.commit("main", {"services/cart/Dockerfile": DONE})
    before = two.writes()
    git(two.tree, "pull", "-q")
    run(two, "services/shop")
    assert two.writes() == before
    assert len(two.branches) == 2


def test_another_campaign_is_left_alone(two: Shop) -> None:
    run(two, "--campaign", "caches", "--select", "cache-mounts")
    first = two.state()
    run(two, "--campaign", "images", "--ignore", "cache-mounts")
    assert len(two.branches) == 4
    assert {n: two.state()["pulls"][n] for n in first["pulls"]} == first["pulls"]
    two.human.commit("main", {"services/cart/Dockerfile": DONE})
    run(two, "--campaign", "images", "--ignore", "cache-mounts")
    assert len(two.branches) == 3


def test_what_cannot_be_planned_keeps_its_pull_request(two: Shop) -> None:
    run(two)
    two.human.commit("main", {"services/cart/Dockerfile": "FROM golang\nRUN <<EOF\nnever ends\n"})
    before = two.writes()
    assert "services/cart/Dockerfile:2" in run(two, status=3)
    assert two.writes() == before
    assert len(two.branches) == 2

"""`gorewrite pr` where something is in its way: what it says, what it leaves, how it ends."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gorewrite.forge.pacing import Pacer
from tests.pulls.test_pr import SERVICES, fingerprint, run
from tests.pulls.tools import Shop, git, service, shop


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """Two services on GitHub."""
    with shop(tmp_path, monkeypatch, SERVICES) as made:
        yield made


def test_a_limit_ends_the_run_and_the_next_one_goes_on(two: Shop) -> None:
    two.forge.faults.add("secondary-limit", "POST", "/pulls$", nth=2, retry_after="3600")
    said = run(two, status=4)
    assert "waits gorewrite/services-shop" in said
    assert len(two.repository.pulls) == 1
    for state in (two.tree.parent / "state/gorewrite").glob("*.json"):
        state.unlink()  # An hour later.
    run(two)
    assert len(two.repository.pulls) == 2


def test_why_a_run_ended_early_is_said_to_those_who_want_errors_only(two: Shop) -> None:
    two.forge.faults.add("secondary-limit", "GET", r"/repos/acme/shop$", retry_after="3600")
    said = run(two, "--quiet", status=4)
    assert said.count("\n") == 1 and "run again" in said


def test_a_rate_ends_the_run_until_when_it_says(two: Shop) -> None:
    said = run(two, "--rate", "1/d", status=4)
    assert "opened gorewrite/services-cart" in said and "waits gorewrite/services-shop" in said
    assert "run again after" in said
    again = run(two, "--rate", "1/d", status=4)
    assert "waits gorewrite/services-shop" in again
    assert len(two.repository.pulls) == 1


def test_one_that_fails_does_not_keep_the_others(two: Shop) -> None:
    two.forge.faults.add("status", "POST", "/pulls$", status=422)
    said = run(two, status=3)
    assert "failed gorewrite/services-cart" in said and "opened gorewrite/services-shop" in said
    run(two)
    assert len(two.repository.pulls) == 2
    two.forge.forgive()


def test_an_answer_that_is_lost_makes_no_second_one(two: Shop) -> None:
    two.forge.faults.add("drop", "POST", "/pulls$", after=True)
    run(two)
    assert len(two.repository.pulls) == 2


def test_a_list_that_lags_behind_makes_no_second_one(two: Shop) -> None:
    run(two)
    two.forge.faults.add("lag", "GET", r"/pulls", seconds=60, times=20)
    two.pr("--group-by", "service")
    assert len(two.repository.pulls) == 2
    two.forge.faults.clear()
    before = two.writes()
    run(two)
    assert two.writes() == before


def test_a_branch_that_the_server_refuses(two: Shop) -> None:
    two.human.commit("gorewrite", {"x": "in the way of gorewrite/…\n"})
    said = run(two, status=3)
    assert said.count("failed gorewrite/services-") == 2
    assert not two.repository.pulls


@pytest.mark.parametrize("where", ["remote", "rule"])
def test_a_token_that_the_checkout_has_may_not_push(two: Shop, where: str) -> None:
    """As that of a job in GitLab's runner, which git would take before any other."""
    url = two.forge.clone_url(two.path)
    theirs = two.forge.url.replace("://", "://job:of-the-job@")
    if where == "remote":
        git(two.tree, "remote", "set-url", "origin", url.replace(two.forge.url, theirs))
    else:
        git(two.tree, "config", f"url.{theirs}.insteadOf", two.forge.url)
    run(two)
    assert len(two.repository.pulls) == 2


def test_what_is_not_there(two: Shop) -> None:
    assert run(two, "--campaign", "", status=2)
    git(two.tree, "remote", "rename", "origin", "upstream")
    said = "gorewrite: there is no remote origin; name another one by --remote (upstream)\n"
    assert run(two, status=2) == said
    git(two.tree, "remote", "remove", "upstream")
    assert run(two, status=2) == "gorewrite: there is no remote origin\n"
    assert not two.repository.pulls


def test_a_wrong_token(two: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOREWRITE_TOKEN", "ghp_thisIsNotTheOneItShouldBe00000000")
    said = run(two, status=2)
    assert "ghp_" not in said and said.count("\n") == 1
    two.forge.forgive()


def test_no_token(two: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOREWRITE_TOKEN")
    config = Path(os.environ["GIT_CONFIG_GLOBAL"])
    config.write_text(config.read_text().partition("[credential]")[0])
    said = run(two, status=2)
    assert "there is no token for" in said and two.writes() == 0


def test_the_token_is_nowhere(two: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pacer, "sleep", lambda pacer, seconds: None)
    two.forge.faults.add("status", "POST", "/pulls$", status=500, times=50)
    said = two.pr("--output-format", "json", "--group-by", "service").output
    assert two.forge.token not in said
    state = two.tree.parent / "state"
    for path in (p for p in (*two.tree.rglob("*"), *state.rglob("*")) if p.is_file()):
        assert two.forge.token.encode() not in path.read_bytes()
    two.forge.forgive()


def test_the_token_of_the_checkout_is_not_the_one_that_is_used(two: Shop) -> None:
    """actions/checkout leaves one in the configuration, whose pushes start no workflows."""
    header = "AUTHORIZATION: basic bm90OnRoZS1vbmU="
    git(two.tree, "config", f"http.{two.forge.url}/.extraheader", header)
    run(two)
    assert len(two.repository.pulls) == 2


def test_signed_commits_are_made_once(two: Shop, tmp_path: Path) -> None:
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")]
    subprocess.run(command, check=True)
    git(two.tree, "config", "gpg.format", "ssh")
    git(two.tree, "config", "user.signingkey", str(tmp_path / "key"))
    run(two, "--sign")
    for branch in two.branches:
        assert "BEGIN SSH SIGNATURE" in two.repository.bare.git("cat-file", "-p", branch)
    before = two.writes()
    run(two, "--sign")
    assert two.writes() == before


def test_an_archived_repository(two: Shop) -> None:
    two.repository.archived = True
    assert "is archived" in run(two, status=2)


def test_no_forge_prints_where_to_open_them(two: Shop) -> None:
    done = two.pr("--group-by", "service", "--forge", "none")
    assert done.exit_code == 0, done.output
    assert done.output.count("opened gorewrite/services-") == 2
    assert not two.repository.pulls and len(two.branches) == 2
    before = two.writes()
    assert "2 unchanged" in two.pr("--group-by", "service", "--forge", "none").output
    assert two.writes() == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--rate", "fast"), "is no rate"),
        (("--select", "cache-mount"), "did you mean cache-mounts?"),
        (("--remote", "upstream"), "upstream"),
        (("services/none",), "no such file"),
        (("/",), "is not in the repository"),
        (("--verified", "README.md"), "README.md"),
    ],
)
def test_what_cannot_be_meant(two: Shop, options: tuple[str, ...], said: str) -> None:
    (two.tree / "README.md").write_text("{}\n")
    assert said in run(two, *options, status=2)
    assert two.writes() == 0


def test_outside_of_a_repository(two: Shop, tmp_path: Path) -> None:
    two.tree = tmp_path / "elsewhere"
    two.tree.mkdir()
    assert "not a git repository" in run(two, status=2)


# --- checkouts ---------------------------------------------------------------------------------


def test_line_ends_that_git_converts(two: Shop) -> None:
    two.human.commit("main", {".gitattributes": "Dockerfile text eol=crlf\n"})
    git(two.tree, "pull", "-q")
    (two.tree / "services/shop/Dockerfile").unlink()
    git(two.tree, "checkout", "-q", ".")
    assert b"\r\n" in (two.tree / "services/shop/Dockerfile").read_bytes()
    run(two)
    for branch, name in zip(two.branches, ("cart", "shop"), strict=True):
        assert b"\r" not in two.repository.bare.blob(f"{branch}:services/{name}/Dockerfile")


def test_what_only_the_user_has_does_not_count(two: Shop) -> None:
    """The same pull requests from a checkout with ignored files as from a fresh one."""
    two.human.commit("main", {".gitignore": "vendor\nDockerfile.local\n"})
    git(two.tree, "pull", "-q")
    run(two, "--dry-run")
    fresh = two.said
    (two.tree / "services/shop/vendor").mkdir()
    (two.tree / "services/shop/vendor/modules.txt").write_text("# none\n")
    (two.tree / "services/shop/Dockerfile.local").write_text(SERVICES["services/shop/Dockerfile"])
    run(two, "--dry-run")
    assert two.said == fresh


def test_in_a_directory_of_a_linked_work_tree(two: Shop) -> None:
    linked = two.tree.parent / "linked"
    git(two.tree, "worktree", "add", "-q", str(linked), "-b", "mine")
    before = fingerprint(two.tree)
    two.tree = linked / "services/cart"
    run(two)
    assert [branch.split("-")[1] for branch in two.branches] == ["cart"]
    assert fingerprint(two.tree.parents[1].parent / "acme-shop") == before


def test_a_shallow_clone_brings_branches_up_to_date(two: Shop, tmp_path: Path) -> None:
    run(two)
    two.human.commit(
        "main", {"services/cart/Dockerfile": f"# 2\n{SERVICES['services/cart/Dockerfile']}"}
    )
    two.human.commit("main", {"NOTES": "x\n"})
    two.tree = tmp_path / "shallow"
    two.clone("--depth=1")
    before = two.writes()
    run(two)
    assert two.writes() == before + 2, "one push, and its text"
    two.human.commit("main", service("services/mail"))
    run(two)
    assert len(two.branches) == 3

"""Pushes: each branch for itself, and none over what was not seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.git.remote import Push, branches, default_branch, push
from gorewrite.git.run import Git, GitError
from tests.git.tools import git, repository


@pytest.fixture
def here(tmp_path: Path) -> Git:
    """A repository with a remote, both with one commit."""
    repository(tmp_path / "r", {"a": "1"})
    git(tmp_path, "clone", "-q", "--bare", "r", "remote.git")
    git(tmp_path / "r", "remote", "add", "origin", str(tmp_path / "remote.git"))
    git(tmp_path / "r", "commit", "-q", "--allow-empty", "-m", "Next")
    return Git(tmp_path / "r")


def test_a_stale_branch_does_not_keep_others(here: Git) -> None:
    first, second = here.text("rev-parse", "HEAD~1"), here.text("rev-parse", "HEAD")
    pushes = [Push("gorewrite/a", first, ""), Push("gorewrite/b", first, "")]
    assert {p.state for p in push(here, "origin", pushes).values()} == {"done"}
    again = [
        Push("gorewrite/a", second, first),
        Push("gorewrite/b", second, second),
        Push("gorewrite/c", second, first),
        Push("main", second, ""),
    ]
    found = push(here, "origin", again)
    assert {name: p.state for name, p in found.items()} == {
        "gorewrite/a": "done",
        "gorewrite/b": "stale",
        "gorewrite/c": "stale",
        "main": "stale",
    }
    assert branches(here, "origin") == {"gorewrite/a": second, "gorewrite/b": first, "main": first}


def test_a_branch_is_deleted_only_where_it_was_seen(here: Git) -> None:
    first, second = here.text("rev-parse", "HEAD~1"), here.text("rev-parse", "HEAD")
    push(here, "origin", [Push("gorewrite/a", first, "")])
    assert push(here, "origin", [Push("gorewrite/a", "", second)])["gorewrite/a"].state == "stale"
    assert push(here, "origin", [Push("gorewrite/a", "", first)])["gorewrite/a"].state == "done"
    assert "gorewrite/a" not in branches(here, "origin")


def test_a_refusal_says_what_the_server_says(here: Git, tmp_path: Path) -> None:
    hook = tmp_path / "remote.git/hooks/update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\ncase $1 in *a) echo "no bots here" >&2; exit 1;; esac\n')
    hook.chmod(0o755)
    tip = here.text("rev-parse", "HEAD")
    found = push(here, "origin", [Push("gorewrite/a", tip, ""), Push("gorewrite/b", tip, "")])
    assert found["gorewrite/a"].state == "refused"
    assert "hook declined" in found["gorewrite/a"].reason
    assert "no bots here" in found["gorewrite/a"].reason
    assert found["gorewrite/b"].state == "done"


def test_a_branch_in_the_way_of_ours(here: Git) -> None:
    tip = here.text("rev-parse", "HEAD")
    push(here, "origin", [Push("gorewrite", tip, "")])
    found = push(here, "origin", [Push("gorewrite/a", tip, "")])
    assert found["gorewrite/a"].state == "refused"


def test_tags_and_hooks_of_the_user_stay_at_home(here: Git, tmp_path: Path) -> None:
    called = tmp_path / "called"
    hook = tmp_path / "r/.git/hooks/pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {called}\n")
    hook.chmod(0o755)
    git(here.directory, "config", "push.followTags", "true")
    git(here.directory, "tag", "-a", "-m", "v1", "v1")
    tip = here.text("rev-parse", "HEAD")
    assert push(here, "origin", [Push("gorewrite/a", tip, "")])["gorewrite/a"].state == "done"
    assert git(tmp_path / "remote.git", "tag") == ""
    assert not called.exists()


def test_a_remote_that_is_not_there(here: Git) -> None:
    git(here.directory, "remote", "set-url", "origin", "/nowhere")
    with pytest.raises(GitError, match="nowhere"):
        branches(here, "origin")
    with pytest.raises(GitError, match="nowhere"):
        push(here, "origin", [Push("gorewrite/a", here.text("rev-parse", "HEAD"), "")])
    assert push(here, "origin", []) == {}


def test_the_default_branch_may_be_unknown(here: Git, tmp_path: Path) -> None:
    assert default_branch(here, "origin") == "main"
    git(tmp_path / "remote.git", "symbolic-ref", "HEAD", "refs/heads/gone")
    assert default_branch(here, "origin") in ("", "gone")

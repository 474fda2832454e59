"""Real git against the forge: clones, pushes, leases, rights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.forgery import GitHubForge

Git = Callable[..., str]
REFUSED = "stale info"


@pytest.fixture
def clone(forge: GitHubForge, git: Git, tmp_path: Path) -> Path:
    git("clone", "-q", forge.clone_url("acme/shop"), "clone", token=forge.token)
    return tmp_path / "clone"


def push(git: Git, forge: GitHubForge, clone: Path, lease: str, check: bool = True) -> str:
    """Pushes a commit of the clone to the branch bot, if it is at `lease` ("": not there)."""
    git("commit", "-q", "--allow-empty", "-m", "Rewrite", cwd=clone)
    return git(
        "push",
        f"--force-with-lease=bot:{lease}",
        "origin",
        "HEAD:refs/heads/bot",
        cwd=clone,
        token=forge.token,
        check=check,
    )


def test_what_was_written_without_git_is_a_sound_repository(tmp_path: Path) -> None:
    with GitHubForge(tmp_path) as forge:
        files: dict[str, str | bytes] = {
            "a.txt": "1\n",
            "a/b.txt": b"\xff",
            "a-b": "2\n",
            "deep/er/c": "",
        }
        repository = forge.add_repository("acme/shop", files)
        repository.bare.git("fsck", "--strict")
        names = repository.bare.git("ls-tree", "-r", "--name-only", "main").splitlines()
        assert sorted(names) == sorted(files)
        assert repository.bare.blob("main:a/b.txt") == b"\xff"


def test_the_same_files_make_the_same_commit(tmp_path: Path) -> None:
    with GitHubForge(tmp_path) as forge:
        one, two, other = (
            forge.add_repository(f"acme/{name}", {"a": text}) for name, text in ("1x", "2x", "3y")
        )
        assert one.heads == two.heads != other.heads


def test_a_clone_has_the_files(forge: GitHubForge, clone: Path) -> None:
    assert (clone / "Dockerfile").read_text() == "FROM golang:1.22\n"
    assert {request.kind for request in forge.requests} == {"git"}


def test_a_partial_shallow_clone_fetches_blobs_when_they_are_asked_for(
    forge: GitHubForge, git: Git, tmp_path: Path
) -> None:
    forge.human("acme/shop").commit("main")
    url = forge.clone_url("acme/shop")
    options = ["-q", "--depth=1", "--filter=blob:none", "--no-checkout"]
    git("clone", *options, url, "clone", token=forge.token)
    clone = tmp_path / "clone"
    missing = git("rev-list", "--objects", "--missing=print", "HEAD", cwd=clone)
    assert missing.count("\n?") == 2
    assert git("rev-list", "--count", "HEAD", cwd=clone) == "1\n"
    content = git("show", "HEAD:Dockerfile", cwd=clone, token=forge.token)
    assert content == "FROM golang:1.22\n"


def test_pushes_are_seen(forge: GitHubForge, git: Git, clone: Path) -> None:
    push(git, forge, clone, "")
    first = forge.repository("acme/shop").heads["bot"]
    push(git, forge, clone, first)
    moves = [(each.branch, each.before, each.after) for each in forge.pushes]
    assert moves == [("bot", "", first), ("bot", first, git("rev-parse", "HEAD", cwd=clone)[:40])]


def test_a_push_of_nothing_is_none(forge: GitHubForge, git: Git, clone: Path) -> None:
    git("push", "-q", "origin", "main", cwd=clone, token=forge.token)
    assert not forge.pushes


def test_a_lease_holds_back_what_would_undo_a_person(
    forge: GitHubForge, git: Git, clone: Path
) -> None:
    push(git, forge, clone, "")
    seen = forge.repository("acme/shop").heads["bot"]
    person = forge.human("acme/shop").commit("bot")
    assert REFUSED in push(git, forge, clone, seen, check=False)
    assert REFUSED in push(git, forge, clone, "", check=False)
    assert forge.repository("acme/shop").heads["bot"] == person


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("GET", "service=git-receive-pack", REFUSED),
        ("POST", "git-receive-pack", "remote rejected"),
    ],
)
def test_a_branch_that_moves_during_a_push(
    forge: GitHubForge, git: Git, clone: Path, method: str, path: str, said: str
) -> None:
    push(git, forge, clone, "")
    seen = forge.repository("acme/shop").heads["bot"]
    human = forge.human("acme/shop")
    forge.faults.add("act", method, path, act=lambda: human.commit("bot"))
    assert said in push(git, forge, clone, seen, check=False)
    assert forge.repository("acme/shop").pushes[-1].by == "alice"


def test_a_push_that_was_done_though_the_connection_dropped(
    forge: GitHubForge, git: Git, clone: Path
) -> None:
    forge.faults.add("drop", "POST", "git-receive-pack", after=True)
    push(git, forge, clone, "", check=False)
    assert [each.branch for each in forge.pushes] == ["bot"]


def test_who_may_not(forge: GitHubForge, git: Git, clone: Path) -> None:
    forge.add_user("reader", writes=False)
    reader = forge.add_token("reader")
    url = forge.clone_url("acme/shop")
    assert "could not read Username" in git("ls-remote", url, check=False)
    assert "Authentication failed" in git("ls-remote", url, token="wrong", check=False)
    assert "refs/heads/main" in git("ls-remote", url, token=reader)
    push_url = ["push", "origin", "HEAD:refs/heads/reader"]
    assert "403" in git(*push_url, cwd=clone, token=reader, check=False)
    gone = forge.clone_url("acme/nothing")
    assert "not found" in git("ls-remote", gone, token=forge.token, check=False)
    assert not forge.pushes


def test_everybody_may_read_what_is_public(forge: GitHubForge, git: Git) -> None:
    forge.add_repository("acme/open", private=False)
    assert "refs/heads/main" in git("ls-remote", forge.clone_url("acme/open"))


def test_a_renamed_repository_is_found(forge: GitHubForge, git: Git) -> None:
    forge.move_repository("acme/shop", "acme/store")
    listed = git("ls-remote", forge.clone_url("acme/shop"), token=forge.token)
    assert "refs/heads/main" in listed


def test_an_empty_repository(forge: GitHubForge, git: Git) -> None:
    forge.add_repository("acme/empty", {})
    assert git("ls-remote", forge.clone_url("acme/empty"), token=forge.token) == ""


def test_large_pushes_come_in_chunks(forge: GitHubForge, git: Git, clone: Path) -> None:
    (clone / "big").write_bytes(bytes(range(256)) * 20)
    git("add", "big", cwd=clone)
    git("config", "http.postBuffer", "1024", cwd=clone)
    git("config", "core.compression", "0", cwd=clone)
    push(git, forge, clone, "")
    assert len(forge.repository("acme/shop").bare.blob("bot:big")) == 5120
    chunked = [each for each in forge.requests if "chunked" in str(each.headers)]
    assert chunked

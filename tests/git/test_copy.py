"""Throw-away repositories: they have what a user's repository has, and leave nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.git.commits import Draft, File, Identity, commit
from gorewrite.git.copy import Checkout, copy_of, is_clean
from gorewrite.git.remote import Push, branches, default_branch, fetch, has, push
from gorewrite.git.trees import entries
from tests.git.tools import commit as user_commit
from tests.git.tools import contents, git, repository

BOT = Identity("gorewrite", "bot@example.com")
FILES = {"Dockerfile": "FROM golang\n", "cmd/main.go": "package main\n"}


@pytest.fixture
def user(tmp_path: Path) -> Path:
    """A clone of a remote, both with one commit."""
    repository(tmp_path / "remote", FILES)
    git(tmp_path, "clone", "-q", "--bare", "remote", "remote.git")
    git(tmp_path, "clone", "-q", "remote.git", "user")
    return tmp_path / "user"


def test_nothing_is_left_behind(user: Path, tmp_path: Path) -> None:
    before, place = contents(user), None
    with copy_of(Checkout.at(user)) as copy:
        place = copy.tree
        tip = branches(copy.git, "origin")["main"]
        assert default_branch(copy.git, "origin") == "main"
        copy.check_out(tip)
        (made,) = commit(copy.git, [Draft(tip, "Ours\n", (File("a", "100644", b"x"),))], BOT, 1)
        assert (
            push(copy.git, "origin", [Push("gorewrite/a", made, "")])["gorewrite/a"].state == "done"
        )
        assert fetch(copy.git, "origin", ["gorewrite/a"]) == {"gorewrite/a": made}
    assert contents(user) == before
    assert not place.exists()
    assert git(tmp_path / "remote.git", "rev-parse", "gorewrite/a") == made


def test_a_newer_base_is_fetched_without_moving_anything(user: Path, tmp_path: Path) -> None:
    user_commit(tmp_path / "remote", {"new": "file\n"})
    git(tmp_path / "remote", "push", "-q", str(tmp_path / "remote.git"), "main")
    before = contents(user)
    with copy_of(Checkout.at(user)) as copy:
        tip = branches(copy.git, "origin")["main"]
        assert not has(copy.git, [tip])
        assert fetch(copy.git, "origin", ["main"]) == {"main": tip}
        assert has(copy.git, [tip]) == {tip}
        assert (copy.check_out(tip) / "new").read_text() == "file\n"
    assert contents(user) == before


@pytest.mark.parametrize(
    "options",
    [
        ("--depth=1",),
        ("--filter=blob:none", "--no-checkout"),
        ("--depth=1", "--filter=tree:0", "--no-checkout", "--sparse"),
        ("--shared",),
        ("--bare",),
    ],
    ids=" ".join,
)
def test_all_kinds_of_clones(tmp_path: Path, options: tuple[str, ...]) -> None:
    repository(tmp_path / "remote", FILES)
    git(tmp_path / "remote", "config", "uploadpack.allowFilter", "true")
    user_commit(tmp_path / "remote", {"second": "2\n"})
    url = (tmp_path / "remote").as_uri()
    git(tmp_path, "clone", "-q", *options, url, "user")
    user_commit(tmp_path / "remote", {"third": "3\n"})
    git(tmp_path / "remote", "branch", "gorewrite/x", "main~1")
    before = contents(tmp_path / "user")
    with copy_of(Checkout.at(tmp_path / "user")) as copy:
        tip = fetch(copy.git, "origin", ["main"], 1 if copy.shallow else 0)["main"]
        names = {p.name for p in copy.check_out(tip).iterdir()}
        assert names == {".git", "Dockerfile", "cmd", "second", "third"}
        assert (copy.tree / "third").read_text() == "3\n"
        (made,) = commit(copy.git, [Draft(tip, "Ours\n", (File("a", "100644", b"x"),))], BOT, 1)
        assert (
            push(copy.git, "origin", [Push("gorewrite/a", made, "")])["gorewrite/a"].state == "done"
        )
        fetch(copy.git, "origin", ["gorewrite/x"], 2 if copy.shallow else 0)
    assert contents(tmp_path / "user") == before


def test_a_linked_work_tree_and_a_relative_remote(user: Path) -> None:
    git(user, "remote", "set-url", "origin", "../remote.git")
    git(user, "worktree", "add", "-q", "../linked", "-b", "mine")
    (user.parent / "linked/sub").mkdir()
    checkout = Checkout.at(user.parent / "linked/sub")
    assert (checkout.top.name, checkout.prefix, checkout.common) == (
        "linked",
        "sub/",
        user / ".git",
    )
    with copy_of(checkout) as copy:
        assert set(branches(copy.git, "origin")) == {"main"}


def test_within_a_submodule(user: Path) -> None:
    _submodule(user)
    tip = git(user / "lib", "rev-parse", "HEAD")
    checkout = Checkout.at(user / "lib/cmd")
    assert (checkout.top, checkout.prefix) == (user / "lib", "cmd/")
    before = contents(user)
    with copy_of(checkout) as copy:
        assert branches(copy.git, "origin") == {"main": tip}
        assert (copy.check_out(tip) / "Dockerfile").read_text() == FILES["Dockerfile"]
    assert contents(user) == before


def test_what_is_configured_for_where_a_repository_lies(
    user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = user.parent / "mine.gitconfig"
    mine.write_text(f'[url "{user.parent}/"]\n\tinsteadOf = "work:"\n[user]\n\tname = "Me"\n')
    everywhere = user.parent / "all.gitconfig"
    everywhere.write_text(f'[includeIf "gitdir:{user}/"]\n\tpath = {mine}\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(everywhere))
    git(user, "remote", "set-url", "origin", "work:remote.git")
    git(user, "config", "user.name", "Not I")
    with copy_of(Checkout.at(user)) as copy:
        assert set(branches(copy.git, "origin")) == {"main"}
        assert copy.git.text("config", "user.name") == "Not I"
        assert copy.git.text("config", "--get-all", "remote.origin.url") == "work:remote.git"


def test_what_is_checked_out_has_the_bytes_that_are_stored(user: Path) -> None:
    called = user.parent / "called"
    git(user, "config", "filter.shout.smudge", f"touch {called}; tr a-z A-Z")
    git(user, "config", "core.autocrlf", "true")
    files = {".gitattributes": "*.up filter=shout\n*.id ident\n*.crlf eol=crlf\n"}
    tip = user_commit(user, {**files, "a.up": "x\n", "a.id": "$Id$\n", "a.crlf": "1\n2\n"})
    with copy_of(Checkout.at(user)) as copy:
        tree = copy.check_out(tip)
        assert (tree / "a.up").read_bytes() == b"x\n"
        assert (tree / "a.id").read_bytes() == b"$Id$\n"
        assert (tree / "a.crlf").read_bytes() == b"1\n2\n"
    assert not called.exists()


def test_sha256(tmp_path: Path) -> None:
    tip = repository(tmp_path / "user", FILES, "--object-format=sha256")
    with copy_of(Checkout.at(tmp_path / "user")) as copy:
        assert set(entries(copy.git, tip, ["cmd/main.go"])) == {"cmd/main.go"}
        (made,) = commit(copy.git, [Draft(tip, "Ours\n", (File("a", "100644", b"x"),))], BOT, 1)
        assert len(made) == 64


# --- whether the work tree will do -------------------------------------------------------------


def test_a_clean_checkout_of_the_tip_will_do(user: Path) -> None:
    tip = git(user, "rev-parse", "HEAD")
    assert is_clean(Checkout.at(user), tip)
    assert not is_clean(Checkout.at(user), "0" * 40)


def _edited(user: Path) -> None:
    (user / "Dockerfile").write_text("FROM alpine\n")


def _untracked(user: Path) -> None:
    (user / "cmd/new.go").write_text("package main\n")


def _ignored(user: Path) -> None:
    (user / ".git/info/exclude").write_text("bin\n")
    (user / "bin").write_text("ELF\n")


def _skipped(user: Path) -> None:
    git(user, "update-index", "--skip-worktree", "Dockerfile")
    _edited(user)


def _assumed(user: Path) -> None:
    git(user, "update-index", "--assume-unchanged", "Dockerfile")
    _edited(user)


def _filtered(user: Path) -> None:
    git(user, "config", "filter.lfs.smudge", "cat")
    (user / ".git/info/attributes").write_text("Dockerfile filter=lfs\n")


def _sparse(user: Path) -> None:
    git(user, "sparse-checkout", "set", "nowhere")


def _submodule(user: Path) -> None:
    command = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add")
    git(user, *command, str(user.parent / "remote.git"), "lib")
    git(user, "commit", "-q", "-m", "A submodule")


@pytest.mark.parametrize(
    "change", [_edited, _untracked, _ignored, _skipped, _assumed, _filtered, _sparse, _submodule]
)
def test_one_that_differs_will_not_do(user: Path, change: object) -> None:
    tip = git(user, "rev-parse", "HEAD")
    assert callable(change)
    change(user)
    if change is _submodule:
        tip = git(user, "rev-parse", "HEAD")
    assert not is_clean(Checkout.at(user), tip)

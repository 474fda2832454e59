"""What is fetched of a repository, and what never comes of it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from gorewrite.git.checkout import LARGEST, CloneError
from gorewrite.git.clone import Clone, Tip, is_transient, promising, tip_of

FILES = {
    "Dockerfile": b"FROM golang:1.24\n",
    "cmd/api/main.go": b"package main\n",
    "scripts/build": b"#!/bin/sh\r\n",
}


def git(directory: Path, *args: str, stdin: bytes = b"") -> str:
    """What git says there, without anybody's configuration."""
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main")
    done = subprocess.run(
        ["git", *who, *args], cwd=directory, env=environment, input=stdin, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


def source(top: Path, files: dict[str, bytes]) -> Path:
    """A repository with one commit."""
    top.mkdir()
    git(top, "init", "-q")
    for name, data in files.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_bytes(data)
    git(top, "-c", "core.autocrlf=false", "add", "-A", "-f")
    git(top, "commit", "-q", "--allow-empty", "-m", "one")
    return top


def commit_of(top: Path, tree: str) -> None:
    """A commit of a tree that `git add` would not make. tree: input of git mktree."""
    id = git(top, "mktree", "--missing", stdin=tree.encode())
    git(top, "update-ref", "refs/heads/main", git(top, "commit-tree", "-m", "odd", id))


def cloned(url: str, directory: Path) -> Clone:
    tip, _ = tip_of(url, "")
    assert tip is not None
    clone = Clone(directory, url, tip.ref)
    clone.fetch_files()
    clone.check_out()
    return clone


def content(top: Path) -> dict[str, bytes]:
    return {
        path.relative_to(top).as_posix(): path.read_bytes()
        for path in top.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(top).parts
    }


def test_files_are_as_git_has_them(tmp_path: Path) -> None:
    files = {**FILES, ".gitattributes": b"*.go text eol=crlf filter=lfs\nDockerfile ident\n"}
    top = source(tmp_path / "from", files)
    (top / "cmd/api/main.go").write_bytes(b"not committed\n")
    clone = cloned(top.as_uri(), tmp_path / "to")
    assert content(clone.directory) == files
    assert git(clone.directory, "ls-files").split("\n") == sorted(content(clone.directory))
    assert clone.commit == git(top, "rev-parse", "main")


def test_modes_and_links_are_kept(tmp_path: Path) -> None:
    top = source(tmp_path / "from", FILES)
    (top / "scripts/build").chmod(0o755)
    (top / "build").symlink_to("scripts/build")
    git(top, "add", "-A")
    git(top, "commit", "-q", "-m", "two")
    to = cloned(top.as_uri(), tmp_path / "to").directory
    assert os.access(to / "scripts/build", os.X_OK)
    assert not os.access(to / "Dockerfile", os.X_OK)
    assert (to / "build").readlink() == Path("scripts/build")


def test_trees_alone_hold_no_file(tmp_path: Path) -> None:
    top = source(tmp_path / "from", {**FILES, "big": os.urandom(500_000)})
    clone = Clone(tmp_path / "to", top.as_uri(), "refs/heads/main")
    clone.fetch_trees()
    assert {entry.path for entry in clone.entries()} == {*FILES, "big"}
    assert clone.fetched() < 10_000
    assert promising(clone.entries())


@pytest.mark.parametrize("files", [{}, {"README.md": b"x", "docs/Dockerfile.md": b"x"}])
def test_nothing_is_promised_by_words(tmp_path: Path, files: dict[str, bytes]) -> None:
    clone = Clone(tmp_path / "to", source(tmp_path / "from", files).as_uri(), "refs/heads/main")
    clone.fetch_trees()
    assert not promising(clone.entries())


def test_a_large_file_is_there_and_cannot_be_read_within_limits(tmp_path: Path) -> None:
    large = {"model.bin": os.urandom(LARGEST + 1), "fits.bin": os.urandom(LARGEST)}
    read = {"tables.go": b"package tables\n" + b"//" * LARGEST}
    top = source(tmp_path / "from", {**FILES, **large, **read})
    clone = cloned(top.as_uri(), tmp_path / "to")
    assert (clone.directory / "model.bin").stat().st_size > 32 << 20
    assert (clone.directory / "model.bin").stat().st_blocks < 100
    assert (clone.directory / "fits.bin").read_bytes() == large["fits.bin"]
    assert (clone.directory / "tables.go").read_bytes() == read["tables.go"]
    assert clone.fetched() < 2 * LARGEST


def test_a_server_without_partial_clones_gives_the_same(tmp_path: Path) -> None:
    top = source(tmp_path / "from", {**FILES, "model.bin": os.urandom(LARGEST + 1)})
    clone = Clone(tmp_path / "to", top.as_uri(), "refs/heads/main")
    plain = ("fetch", "-q", "--depth=1", top.as_uri(), "+main:refs/gorewrite/base")
    clone.directory.mkdir()
    git(clone.directory, "init", "-q")
    git(clone.directory, *plain)
    clone.commit = git(clone.directory, "rev-parse", "refs/gorewrite/base")
    clone.check_out()
    assert (clone.directory / "model.bin").stat().st_size > 32 << 20


@pytest.mark.parametrize(
    ("links", "outside"),
    [
        ({"a": "Dockerfile"}, set()),
        ({"a": "cmd/../Dockerfile"}, set()),
        ({"a": "b", "b": "a"}, set()),
        ({"a": "/etc/passwd"}, {"a"}),
        ({"a": "../x"}, {"a"}),
        ({"a": "cmd/../../x"}, {"a"}),
        # Through another link: `d/..` is not where it is written.
        ({"cmd/d": "..", "a": "cmd/d/../x"}, {"a"}),
        ({"cmd/d": "..", "a": "cmd/d/Dockerfile"}, set()),
    ],
)
def test_links_out_of_the_tree_lead_nowhere(
    tmp_path: Path, links: dict[str, str], outside: set[str]
) -> None:
    top = source(tmp_path / "from", FILES)
    for path, target in links.items():
        (top / path).symlink_to(target)
    git(top, "add", "-A")
    git(top, "commit", "-q", "-m", "links")
    (tmp_path / "x").write_text("a secret of this machine")
    to = cloned(top.as_uri(), tmp_path / "to").directory
    for path, target in links.items():
        found = (to / path).readlink()
        assert found.is_relative_to("/nonexistent") == (path in outside), path
        assert path in outside or str(found) == target


@pytest.mark.parametrize(
    "tree",
    [
        "100644 blob {blob}\t.git\n",
        "100644 blob {blob}\t.GIT\n",
        "100644 blob {blob}\tgit~1\n",
        "100644 blob {blob}\t..\n",
        "040000 tree {tree}\t..\n",
        "040000 tree {tree}\t.git\n",
        "100644 blob {blob}\ta\n100644 blob {blob}\ta\n",
        "120000 blob {link}\ta\n040000 tree {tree}\ta\n",
    ],
)
def test_a_hostile_tree_is_refused_and_writes_nothing_outside(tmp_path: Path, tree: str) -> None:
    top = source(tmp_path / "from", FILES)
    blob = git(top, "hash-object", "-w", "--stdin", stdin=b"[core]\n\tfsmonitor = false\n")
    link = git(top, "hash-object", "-w", "--stdin", stdin=str(tmp_path).encode())
    inner = git(top, "mktree", stdin=f"100644 blob {blob}\tpwned\n".encode())
    commit_of(top, tree.format(blob=blob, tree=inner, link=link))
    before = sorted(tmp_path.iterdir())
    with pytest.raises(CloneError):
        cloned(top.as_uri(), tmp_path / "deep/to")
    assert not (tmp_path / "pwned").exists()
    assert [each for each in sorted(tmp_path.iterdir()) if each.name != "deep"] == before


def test_a_submodule_is_an_empty_directory(tmp_path: Path) -> None:
    top = source(tmp_path / "from", FILES)
    git(top, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub/module")
    (top / ".gitmodules").write_text('[submodule "x"]\n\tpath = sub/module\n\turl = ext::sh\n')
    git(top, "add", ".gitmodules")
    git(top, "commit", "-q", "-m", "sub")
    to = cloned(top.as_uri(), tmp_path / "to").directory
    assert (to / "sub/module").is_dir()
    assert not list((to / "sub/module").iterdir())


def test_a_missing_file_is_not_fetched_behind_our_back(tmp_path: Path) -> None:
    top = source(tmp_path / "from", {**FILES, "model.bin": os.urandom(LARGEST + 1)})
    clone = cloned(top.as_uri(), tmp_path / "to")
    blob = git(top, "rev-parse", "main:model.bin")
    environment = {**os.environ, **clone.git.environment}
    done = subprocess.run(
        ["git", "cat-file", "-e", blob], cwd=clone.directory, env=environment, capture_output=True
    )
    assert done.returncode


def test_no_hook_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("post-checkout", "post-merge", "reference-transaction", "post-index-change"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        (hooks / name).chmod(0o755)
    (tmp_path / "config").write_text(f"[core]\n\thooksPath = {hooks}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    cloned(source(tmp_path / "from", FILES).as_uri(), tmp_path / "to")
    assert not (tmp_path / "ran").exists()


def test_what_a_remote_says_of_its_branches(tmp_path: Path) -> None:
    top = source(tmp_path / "from", FILES)
    id = git(top, "rev-parse", "main")
    url = top.as_uri()
    ours = "refs/heads/gorewrite/*"
    assert tip_of(url, "", also=ours) == (Tip("refs/heads/main", id), False)
    git(top, "branch", "gorewrite/x")
    git(top, "update-ref", "refs/remotes/origin/HEAD", id)
    assert tip_of(url, "main", also=ours) == (Tip("refs/heads/main", id), True)
    assert tip_of(url, "") == (Tip("refs/heads/main", id), False)
    with pytest.raises(CloneError, match="there is no branch nothere"):
        tip_of(url, "nothere")
    git(top, "checkout", "-q", "--detach")
    assert tip_of(url, "") == (Tip("HEAD", id), False)


def test_an_empty_repository_has_no_tip(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "empty")
    assert tip_of((tmp_path / "empty").as_uri(), "") == (None, False)


@pytest.mark.parametrize("url", ["--upload-pack=touch x", "ext::sh -c touch% x"])
def test_a_url_is_no_option_and_no_command(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CloneError):
        tip_of(url, "")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("git fetch: unable to access 'https://git.example.com/': Could not resolve host", True),
        ("git fetch: the remote end hung up unexpectedly", True),
        ("git fetch: The requested URL returned error: 503", True),
        ("git ls-remote: repository 'https://git.example.com/a/b/' not found", False),
        ("git ls-remote: Authentication failed for 'https://git.example.com/a/b/'", False),
        ("git fetch: The requested URL returned error: 403", False),
    ],
)
def test_what_may_pass(text: str, passes: bool) -> None:
    assert is_transient(text) == passes

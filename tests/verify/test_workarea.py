"""The two copies: what is in them, and that nothing else is touched."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest

from gorewrite.context.ignorefile import IgnoreFile
from gorewrite.verify.workarea import Copy, make_copies
from tests.verify.tools import Fake, tree, verified

OLD, NEW = b"FROM scratch\n", b"FROM scratch AS b\n"


def copied(
    top: Path,
    root: Path,
    dockerfile: Path | None = None,
    files: Mapping[str, bytes] | None = None,
    ignores: tuple[str, str] = ("", ""),
) -> tuple[Copy, Copy]:
    rules = IgnoreFile.parse(ignores[0]), IgnoreFile.parse(ignores[1])
    place = dockerfile or root / "Dockerfile"
    if not place.is_symlink():
        place.write_bytes(OLD)
    return make_copies(top / "work", root, place, (OLD, NEW), files or {}, rules)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    found = tmp_path / "root"
    found.mkdir()
    return found


def fill(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        if path.endswith("/"):
            (root / path).mkdir(exist_ok=True)
        else:
            (root / path).write_text(path)


def names(copy: Copy) -> set[str]:
    return {
        str(path.relative_to(copy.context)) + "/" * (path.is_dir() and not path.is_symlink())
        for path in copy.context.rglob("*")
    } - {"Dockerfile"}


# --- what is copied --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "", "a.go sub/ sub/b.go sub/c.md empty/ logs/ logs/d.log"),
        ("*.md\nlogs", "", "a.go sub/ sub/b.go sub/c.md empty/ logs/ logs/d.log"),
        ("", "logs", "a.go sub/ sub/b.go sub/c.md empty/ logs/ logs/d.log"),
        ("logs\nempty", "logs\nempty", "a.go sub/ sub/b.go sub/c.md"),
        ("**/*.md", "sub/*.md", "a.go sub/ sub/b.go empty/ logs/ logs/d.log"),
        ("*\n!a.go", "*\n!a.go", "a.go"),
        ("*\n!sub/c.md", "*\n!sub/c.md", "sub/ sub/c.md"),
        ("*\n!a.go", "*\n!sub/b.go", "a.go sub/ sub/b.go"),
        ("sub\n!sub/b.go", "sub", "a.go sub/ sub/b.go empty/ logs/ logs/d.log"),
        ("*\n!empty", "*\n!empty", "empty/"),
    ],
)
def test_what_one_of_both_builds_sees(
    tmp_path: Path, root: Path, before: str, after: str, expected: str
) -> None:
    fill(root, "a.go", "sub/b.go", "sub/c.md", "empty/", "logs/d.log")
    for copy in copied(tmp_path, root, ignores=(before, after)):
        assert names(copy) == set(expected.split())


def test_dockerfiles_and_ignore_files_are_there_though_ignored(tmp_path: Path, root: Path) -> None:
    rules = "*\n!a.go\n"
    fill(root, "a.go", ".dockerignore", "Dockerfile.dockerignore")
    before, after = copied(tmp_path, root, ignores=(rules, rules))
    assert names(before) == {"a.go", ".dockerignore", "Dockerfile.dockerignore"}
    assert (before.dockerfile.read_bytes(), after.dockerfile.read_bytes()) == (OLD, NEW)


def test_files_of_the_plan_are_only_in_the_copy_after(tmp_path: Path, root: Path) -> None:
    fill(root, "a.go", ".dockerignore")
    plan = {".dockerignore": b"*.md\n", "sub/new": b"new"}
    before, after = copied(tmp_path, root, files=plan)
    assert (before.context / ".dockerignore").read_text() == ".dockerignore"
    assert (after.context / ".dockerignore").read_bytes() == b"*.md\n"
    assert (after.context / "sub/new").read_bytes() == b"new"
    assert not (before.context / "sub").exists()


def test_modes(tmp_path: Path, root: Path) -> None:
    fill(root, "run.sh", "secret", "closed/in", "read/only")
    modes = {"run.sh": 0o755, "secret": 0o600, "closed": 0o700, "closed/in": 0o4755, "read": 0o555}
    for path, mode in modes.items():
        (root / path).chmod(mode)
    # Where something is written, its owner may write.
    for copy in copied(tmp_path, root):
        for path, mode in {**modes, "read": 0o755}.items():
            assert stat.S_IMODE((copy.context / path).stat().st_mode) == mode, path


def test_mode_of_the_dockerfile_is_kept(tmp_path: Path, root: Path) -> None:
    fill(root, "Dockerfile")
    (root / "Dockerfile").chmod(0o600)
    for copy in copied(tmp_path, root):
        assert stat.S_IMODE(copy.dockerfile.stat().st_mode) == 0o600


def test_modification_times(tmp_path: Path, root: Path) -> None:
    """They are part of what COPY brings into a layer."""
    fill(root, "a.go")
    os.utime(root / "a.go", (1_000_000_000, 1_000_000_000))
    for copy in copied(tmp_path, root):
        assert (copy.context / "a.go").stat().st_mtime == 1_000_000_000


@pytest.mark.parametrize("target", ["a.go", "nowhere", "../outside", "/etc/hostname", "sub", "."])
def test_links_stay_links(tmp_path: Path, root: Path, target: str) -> None:
    """Dangling, out of the root, to a directory, to themselves: none is followed."""
    fill(root, "a.go", "sub/b.go")
    (tmp_path / "outside").write_text("outside")
    (root / "link").symlink_to(target)
    (root / "sub/link").symlink_to(target)
    for copy in copied(tmp_path, root):
        assert os.readlink(copy.context / "link") == target  # noqa: PTH115 (as written)
        assert os.readlink(copy.context / "sub/link") == target  # noqa: PTH115
        assert names(copy) == {"a.go", "sub/", "sub/b.go", "link", "sub/link"}


def test_special_files_are_left_out(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(root, "a.go")
    os.mkfifo(root / "pipe")
    monkeypatch.chdir(root)  # The name of a socket is short.
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        for copy in copied(tmp_path, root):
            assert names(copy) == {"a.go"}


def test_names_that_are_no_text(tmp_path: Path, root: Path) -> None:
    fill(root, "ö ü", "new\nline", "-rf")
    (Path(os.fsdecode(os.fsencode(root) + b"/\xff"))).write_text("x")
    for copy in copied(tmp_path, root):
        assert names(copy) == {"ö ü", "new\nline", "-rf", "\udcff"}


def test_unreadable_file(tmp_path: Path, root: Path) -> None:
    """Root reads everything, so a file that vanishes stands for one."""
    fill(root, "a.go")
    with pytest.raises(OSError, match="No such file"):
        make_copies(
            tmp_path / "work",
            tmp_path / "no-root",
            root / "Dockerfile",
            (OLD, NEW),
            {},
            (IgnoreFile(()), IgnoreFile(())),
        )


# --- where the Dockerfile is -----------------------------------------------------------


def test_dockerfile_in_a_directory(tmp_path: Path, root: Path) -> None:
    fill(root, "a.go", "build/Dockerfile", "build/Dockerfile.dockerignore", ".dockerignore")
    before, after = copied(tmp_path, root, root / "build/Dockerfile")
    assert before.dockerfile == before.context / "build/Dockerfile"
    assert (before.dockerfile.read_bytes(), after.dockerfile.read_bytes()) == (OLD, NEW)
    assert (after.context / "build/Dockerfile.dockerignore").is_file()


def test_dockerfile_outside_of_its_context(tmp_path: Path, root: Path) -> None:
    fill(root, "a.go", ".dockerignore", "deploy.dockerignore")
    outside = tmp_path / "deploy"
    fill(outside, "deploy.dockerignore")
    before, after = copied(tmp_path, root, outside / "deploy")
    assert before.dockerfile == before.context.parent / "deploy"
    assert (before.dockerfile.read_bytes(), after.dockerfile.read_bytes()) == (OLD, NEW)
    for copy in (before, after):
        ignore = copy.context.parent / "deploy.dockerignore"
        assert ignore.read_text() == "deploy.dockerignore"
        assert names(copy) == {"a.go", ".dockerignore", "deploy.dockerignore"}


def test_dockerfile_that_is_a_link(tmp_path: Path, root: Path) -> None:
    fill(root, "build/real")
    (root / "Dockerfile").symlink_to("build/real")
    before, after = copied(tmp_path, root)
    for copy, text in ((before, OLD), (after, NEW)):
        assert (copy.context / "Dockerfile").is_symlink()
        assert (copy.context / "Dockerfile").read_bytes() == text
    assert (root / "build/real").read_text() == "build/real"


# --- independence ----------------------------------------------------------------------


@pytest.mark.parametrize("path", ["a.go", "Dockerfile", "sub/b.go", "link", "new/file"])
def test_writing_in_one_copy_leaves_all_else_alone(tmp_path: Path, root: Path, path: str) -> None:
    fill(root, "a.go", "sub/b.go")
    (root / "link").symlink_to("a.go")
    copies = copied(tmp_path, root)
    for copy, other in (copies, copies[::-1]):
        source, kept = tree(root), tree(other.context)
        copy.write(path, b"changed")
        assert (copy.context / path).read_bytes() == b"changed"
        assert tree(root) == source
        assert tree(other.context) == kept
        assert (copy.context / "a.go").read_text() == ("changed" if path == "a.go" else "a.go")


def test_a_written_file_keeps_its_mode(tmp_path: Path, root: Path) -> None:
    fill(root, "run.sh")
    (root / "run.sh").chmod(0o755)
    before, after = copied(tmp_path, root)
    after.write("run.sh", b"x")
    assert stat.S_IMODE((after.context / "run.sh").stat().st_mode) == 0o755
    assert (before.context / "run.sh").read_text() == "run.sh"


def test_hard_links_of_the_source_are_cut(tmp_path: Path, root: Path) -> None:
    fill(root, "a.go")
    (root / "same.go").hardlink_to(root / "a.go")
    before, _ = copied(tmp_path, root)
    assert not (before.context / "a.go").samefile(root / "a.go")
    before.write("a.go", b"changed")
    assert (before.context / "same.go").read_text() == "a.go"


def test_a_whole_verification_leaves_the_source_alone(fake: Fake, shop: Path) -> None:
    """Content, times and modes of all files and directories, and nothing new."""
    (shop / "run.sh").write_text("#!/bin/sh\n")
    (shop / "run.sh").chmod(0o755)
    (shop / "dangling").symlink_to("nowhere")
    (shop / "sub").mkdir(mode=0o700)
    before = tree(shop)
    assert verified(fake, shop, rebuilds=True, janitor=True).verdict == "verified"
    assert tree(shop) == before

"""Patches that `git apply` takes, and plans that are written whole or not at all."""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gorewrite import differ
from gorewrite.differ import FileEdit, OutsideTree, StaleFile, Unwritable, apply, unified

TEXT = b'FROM golang:1.25\nWORKDIR /src\nCOPY . .\nRUN go build -o /app .\nCMD ["/app"]\n'


def applied(old: bytes | None, new: bytes, path: str, directory: Path) -> bytes:
    """What real `git apply` makes of the patch from `old` to `new`."""
    file = directory / os.fsdecode(os.fsencode(path))
    file.parent.mkdir(parents=True, exist_ok=True)
    if old is not None:
        file.write_bytes(old)
    patch = unified(old or b"", new, path, new_file=old is None)
    environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull}
    for option in ("--check", "--whitespace=nowarn"):
        subprocess.run(
            ["git", "apply", option, "-"],
            cwd=directory,
            input=patch,
            check=True,
            env={**environment, "GIT_CEILING_DIRECTORIES": str(directory.parent)},
        )
    return file.read_bytes()


CASES = [
    (TEXT, TEXT.replace(b"COPY . .", b"COPY go.mod ./\nRUN go mod download\nCOPY . .")),
    (TEXT, TEXT[:-1]),
    (TEXT[:-1], TEXT),
    (TEXT[:-1], b"X\n" + TEXT[:-1]),
    (b"a", b"b"),
    (b"a\n", b"b"),
    (b"a", b"a\nb"),
    (TEXT.replace(b"\n", b"\r\n"), TEXT.replace(b"\n", b"\r\n").replace(b"golang", b"alpine")),
    (TEXT.replace(b"\n", b"\r\n"), TEXT),
    (b"a\rb\x0cc\xe2\x80\xa8d\n", b"a\rb\x0cX\xe2\x80\xa8d\n"),
    (b"\xff\xfe\n\x80\n", b"\xff\xfe\n\x81\n"),
    (b"\xef\xbb\xbfFROM a\n", b"\xef\xbb\xbfFROM b\n"),
    (b"", b"a\n"),
    (b"", b"a"),
    (b"a\n", b""),
    (b"\n" * 40, b"\n" * 20 + b"x" + b"\n" * 20),
    (b"".join(b"%d\n" % n for n in range(60)), b"".join(b"%d\n" % n for n in range(60) if n % 9)),
    (b"--- a\n+++ b\n@@ -1 +1 @@\n", b"--- a\n+++ c\n@@ -1 +1 @@\n"),
    (b"\\ No newline at end of file", b"\\ No newline at end of file\n"),
]


@pytest.mark.parametrize(("old", "new"), CASES)
def test_git_applies(tmp_path: Path, old: bytes, new: bytes) -> None:
    assert applied(old, new, "svc/Dockerfile", tmp_path) == new


@pytest.mark.parametrize("new", [b"*.log\n.git\n", b"a", b"\r\n", b"\xff", b""])
def test_git_applies_new_file(tmp_path: Path, new: bytes) -> None:
    assert applied(None, new, "svc/.dockerignore", tmp_path) == new
    assert (tmp_path / "svc/.dockerignore").stat().st_mode & 0o111 == 0


NAMES = [
    "with space/Docker file",
    " lead/ x",
    'quote"d',
    "back\\slash",
    "tab\there",
    "new\nline",
    "é/Dockerfile",
    "caf\udce9",
    "\x7f\x01",
    "-f",
    "a/b/c",
    "it's",
    "a b/",
]


@pytest.mark.parametrize("name", [name for name in NAMES if not name.endswith("/")])
def test_git_applies_to_odd_names(tmp_path: Path, name: str) -> None:
    assert applied(TEXT, TEXT + b"USER 1\n", name, tmp_path) == TEXT + b"USER 1\n"
    assert applied(None, TEXT, f"n{name}", tmp_path) == TEXT


@pytest.mark.parametrize("name", ["Dockerfile", "with space", 'quote"d', "é", "tab\t"])
def test_header_as_git_writes_it(tmp_path: Path, name: str) -> None:
    def git(*arguments: str) -> bytes:
        return subprocess.run(
            ["git", *arguments], cwd=tmp_path, capture_output=True, check=True
        ).stdout

    git("init", "-q")
    (tmp_path / name).write_bytes(TEXT)
    git("add", "-A")
    (tmp_path / name).write_bytes(TEXT + b"USER 1\n")
    theirs = [line for line in git("diff").split(b"\n") if not line.startswith(b"index ")]
    ours = unified(TEXT, TEXT + b"USER 1\n", name).split(b"\n")
    # git names the enclosing function after the second @@.
    assert [line.split(b" @@")[0] for line in theirs] == [line.split(b" @@")[0] for line in ours]


def test_nothing_changed() -> None:
    assert unified(TEXT, TEXT, "Dockerfile") == b""


def test_exact_text() -> None:
    assert unified(b"a\nb\n", b"a\nc", "Dockerfile") == (
        b"diff --git a/Dockerfile b/Dockerfile\n"
        b"--- a/Dockerfile\n+++ b/Dockerfile\n"
        b"@@ -1,2 +1,2 @@\n a\n-b\n+c\n\\ No newline at end of file\n"
    )
    assert unified(b"", b"x\n", ".dockerignore", new_file=True) == (
        b"diff --git a/.dockerignore b/.dockerignore\nnew file mode 100644\n"
        b"--- /dev/null\n+++ b/.dockerignore\n@@ -0,0 +1 @@\n+x\n"
    )


def test_patches_put_together(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1\n")
    patch = unified(b"1\n", b"2", "a") + unified(b"", b"3", "b", new_file=True)
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=patch, check=True)
    assert [(tmp_path / name).read_bytes() for name in "ab"] == [b"2", b"3"]


def test_repetitive_files_do_not_take_long() -> None:
    old = b"x\n" + b"\n" * 50_000 + b"y\n"
    new = b"z\n" + b"\n" * 50_000 + b"w\n"
    started = time.process_time()
    assert unified(old, new, "Dockerfile").count(b"\n") > 100_000
    assert time.process_time() - started < 10


LINES = st.lists(
    st.sampled_from([b"a\n", b"b\n", b"c\r\n", b"\n", b"\r", b"\xff\n", b"- x\n", b"+\n"]),
    max_size=14,
).map(b"".join)


PIECE = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"d\n"]), max_size=6)


@given(PIECE, PIECE)
def test_pieces_are_compared_as_difflib_does(old: list[bytes], new: list[bytes]) -> None:
    found = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    assert differ._piece(old, new) == [*found]


@settings(max_examples=60, deadline=None)
@given(LINES, LINES)
def test_git_applies_anything(old: bytes, new: bytes) -> None:
    if old != new:
        with tempfile.TemporaryDirectory() as directory:
            assert applied(old, new, "Dockerfile", Path(directory)) == new


# apply


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "Dockerfile"
    path.write_bytes(b"old")
    yield path
    assert not list(tmp_path.rglob("*.tmp")), "a temporary file was left"


def test_apply(file: Path) -> None:
    ignore = file.with_name(".dockerignore")
    apply([FileEdit(file, b"old", b"new"), FileEdit(ignore, None, b"*.log\n")])
    assert (file.read_bytes(), ignore.read_bytes()) == (b"new", b"*.log\n")


def test_apply_nothing() -> None:
    apply([])


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o755, 0o444])
def test_mode_is_kept(file: Path, mode: int) -> None:
    file.chmod(mode)
    apply([FileEdit(file, b"old", b"new")])
    assert file.stat().st_mode & 0o7777 == mode


def test_new_file_obeys_umask(file: Path) -> None:
    before = os.umask(0o027)
    try:
        apply([FileEdit(file.with_name("n"), None, b"")])
    finally:
        os.umask(before)
    assert file.with_name("n").stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give files away")
def test_owner_is_kept(file: Path) -> None:
    os.chown(file, 12345, 23456)
    file.chmod(0o640)
    apply([FileEdit(file, b"old", b"new")])
    status = file.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (12345, 23456, 0o640)


def test_link_is_written_through(file: Path) -> None:
    link = file.with_name("link")
    link.symlink_to("Dockerfile")
    apply([FileEdit(link, b"old", b"new")], within=file.parent)
    assert link.is_symlink() and file.read_bytes() == b"new"


def test_link_out_of_the_tree(file: Path) -> None:
    inside = file.parent / "tree"
    inside.mkdir()
    (inside / "link").symlink_to("../Dockerfile")
    with pytest.raises(OutsideTree, match="outside of the tree"):
        apply([FileEdit(inside / "link", b"old", b"new")], within=inside)
    assert file.read_bytes() == b"old"


def test_stale(file: Path) -> None:
    directory = file.parent / "d"
    directory.mkdir()
    dangling = file.with_name("dangling")
    dangling.symlink_to("nowhere")
    good = file.with_name("good")
    good.write_bytes(b"1")
    for edit in (
        FileEdit(file, b"other", b"new"),
        FileEdit(file, b"OLD", b"new"),
        FileEdit(file, None, b"new"),
        FileEdit(file.with_name("absent"), b"", b"new"),
        FileEdit(directory, b"", b"new"),
        FileEdit(dangling, None, b"new"),
    ):
        with pytest.raises(StaleFile) as caught:
            apply([FileEdit(good, b"1", b"2"), edit])
        assert caught.value.path == edit.path and "run again" in str(caught.value)
        assert good.read_bytes() == b"1"
    assert file.read_bytes() == b"old"


def test_fifo_is_not_opened(file: Path) -> None:
    os.mkfifo(file.with_name("pipe"))
    with pytest.raises(StaleFile):
        apply([FileEdit(file.with_name("pipe"), b"", b"x")])


def test_two_edits_of_one_file(file: Path) -> None:
    file.with_name("link").symlink_to("Dockerfile")
    with pytest.raises(ValueError, match="two edits"):
        apply([FileEdit(file, b"old", b"1"), FileEdit(file.with_name("link"), b"old", b"2")])
    assert file.read_bytes() == b"old"


def test_changed_while_the_plan_was_written(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = differ._written_beside

    def write_and_meddle(target: Path, data: bytes, status: os.stat_result | None) -> Path:
        file.write_bytes(b"meddled")
        return write(target, data, status)

    monkeypatch.setattr(differ, "_written_beside", write_and_meddle)
    with pytest.raises(StaleFile):
        apply([FileEdit(file, b"old", b"new")])
    assert file.read_bytes() == b"meddled"


def test_roll_back(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    created, last = file.with_name("created"), file.with_name("last")
    last.write_bytes(b"old too")
    file.chmod(0o640)
    replace = Path.replace

    def fail_at_last(self: Path, target: Path) -> Path:
        if target == last:
            raise OSError("disk on fire")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", fail_at_last)
    edits = [
        FileEdit(file, b"old", b"new"),
        FileEdit(created, None, b"new"),
        FileEdit(last, b"old too", b"new"),
    ]
    with pytest.raises(OSError, match="fire"):
        apply(edits)
    assert (file.read_bytes(), last.read_bytes()) == (b"old", b"old too")
    assert not created.exists()
    assert file.stat().st_mode & 0o777 == 0o640


def test_disk_full(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unwritable) as caught:
        apply([FileEdit(file, b"old", b"new")])
    assert str(caught.value) == f"{file}: No space left on device", "not the file beside it"
    assert file.read_bytes() == b"old"


def test_directory_that_is_not_there(file: Path) -> None:
    with pytest.raises(Unwritable, match="No such file or directory"):
        apply([FileEdit(file.parent / "no" / "f", None, b"x")])

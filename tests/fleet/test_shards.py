"""Parts of a run: each one whole, and together what one run says."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from gorewrite.fleet.chunks import chunks, shard_of
from gorewrite.fleet.groups import Task
from tests.fleet.tools import NAIVE, monorepo, ran

COMPOSE = "services:\n  a:\n    build: ../own/s001\n"


def task(number: int, name: str) -> Task:
    return Task(number, f"/top/{name}", f"/top/{name}", name)


@pytest.mark.parametrize("workers", [1, 2, 7])
@pytest.mark.parametrize("count", [0, 1, 5, 200])
def test_chunks(workers: int, count: int) -> None:
    tasks = [task(n, f"s{n % 20:02}/c{n:03}/Dockerfile") for n in range(count)]
    found = list(chunks(tasks, workers))
    assert sorted(each for chunk in found for each in chunk) == tasks
    assert all(0 < len(chunk) < 64 for chunk in found)
    if count == 200:
        assert len(found) >= workers * 2


def test_directories_stay_together() -> None:
    names = [f"s{n:02}/{kind}/Dockerfile" for n in range(40) for kind in "abcde"]
    found = list(chunks([task(n, name) for n, name in enumerate(names)], 2))
    cut = [(one[-1].real, two[0].real) for one, two in pairwise(found)]
    assert len(cut) > 3
    assert all(one.split("/")[2] != two.split("/")[2] for one, two in cut)


def test_shard_of_a_name_is_the_same_everywhere() -> None:
    names = ["Dockerfile", "a/Dockerfile", "a/Dockerfile.debug", "b/c/Dockerfile", "n\udcff/D"]
    assert [shard_of(task(0, name), 8) for name in names] == [5, 3, 3, 2, 2]


def test_shards_are_the_whole_run(tmp_path: Path) -> None:
    """Those that share the root as build context, too: its ignore file is changed once."""
    top = monorepo(tmp_path, 12, 12, {"Dockerfile.tools": "FROM golang\nCOPY README.md /\n"})
    args = ("--dry-run", "--output-format", "json")
    whole = json.loads(ran(*args, cwd=top).stdout)
    parts = [json.loads(ran(*args, "--shard", f"{n}/3", cwd=top).stdout) for n in (1, 2, 3)]
    files = [file for part in parts for file in part["files"]]
    assert all(part["files"] for part in parts)
    assert sorted(files, key=lambda file: str(file["path"])) == whole["files"]
    assert sum(b"b/.dockerignore" in file["diff"].encode() for file in files) == 1


@pytest.mark.parametrize("value", ["0/3", "4/3", "a", "1/0", "1", "/", "-1/2"])
def test_what_is_no_shard(tmp_path: Path, value: str) -> None:
    done = ran("--dry-run", f"--shard={value}", cwd=monorepo(tmp_path, 1, 0))
    assert done.returncode == 2 and b"is not I/N" in done.stderr


# --- changed since ---------------------------------------------------------------------


@pytest.fixture
def committed(tmp_path: Path) -> Iterator[Path]:
    """A repository with a commit, whose root is no build context but of cmd/."""
    top = monorepo(
        tmp_path,
        4,
        2,
        {
            "own/s002/.dockerignore": "notes\n",
            "own/s003/gorewrite.toml": "strip = true\n",
            "deploy/compose.yaml": COMPOSE,
            "deploy/other.yaml": "a: b\n",
        },
    )
    (top / ".git").rmdir()
    git(top, "init", "-q", "-b", "main")
    git(top, "add", ".")
    git(top, "commit", "-q", "-m", "first")
    return top


def git(top: Path, *args: str) -> None:
    names = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *names, *args], cwd=top, check=True, capture_output=True)


def concerned(top: Path, revision: str = "HEAD") -> list[str]:
    args = ("--dry-run", "--output-format", "json", "--changed-since", revision)
    report: dict[str, Any] = json.loads(ran(*args, cwd=top).stdout)
    assert report["summary"]["files"] == len(report["files"])
    return [file["path"].removesuffix("/Dockerfile") for file in report["files"]]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, []),
        ({"own/s001/main.go": "package main\n"}, ["own/s001"]),
        ({"own/s001/Dockerfile": NAIVE}, ["own/s001"]),
        ({"own/s001/Dockerfile.dockerignore": "a\n"}, ["own/s001"]),
        ({"own/s002/notes": "left out\n"}, []),
        ({"own/s002/notes2": "let in\n"}, ["own/s002"]),
        ({"own/s002/.dockerignore": "*.md\n"}, ["own/s002"]),
        ({"own/s002/main.go": None}, ["own/s002"]),
        ({"own/s003/gorewrite.toml": "strip = false\n"}, ["own/s003"]),
        ({"own/s001/Makefile": "a:\n\tdocker build .\n"}, ["own/s001"]),
        ({"deploy/other.yaml": "a: c\n"}, []),
        ({"deploy/compose.yaml": None}, ["own/s001"]),
        (
            {"deploy/compose.yaml": COMPOSE + "  b:\n    build: ../own/s003\n"},
            ["own/s001", "own/s003"],
        ),
        (
            {".github/workflows/ci.yml": "jobs: {}\n"},
            ["cmd/c000", "cmd/c001", "own/s000", "own/s001", "own/s002", "own/s003"],
        ),
    ],
)
def test_changed_since(
    committed: Path, changed: dict[str, str | None], expected: list[str]
) -> None:
    """In the work tree, staged or new; and the same when it is committed. The root is the context
    of cmd/, so that a change anywhere below it concerns these, too."""
    git(committed, "rm", "-rq", "cmd") if ".github/workflows/ci.yml" not in changed else None
    git(committed, "commit", "-q", "--allow-empty", "-m", "second")
    for name, text in changed.items():
        path = committed / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink() if text is None else path.write_text(text)
    assert concerned(committed) == expected
    git(committed, "add", ".")
    assert concerned(committed) == expected
    git(committed, "commit", "-q", "--allow-empty", "-m", "third")
    assert concerned(committed) == []
    assert concerned(committed, "HEAD~1") == expected


def test_a_shared_context_is_concerned_by_all_that_it_lets_in(committed: Path) -> None:
    (committed / "own" / "s001" / "main.go").write_text("package main\n")
    assert concerned(committed) == ["cmd/c000", "cmd/c001", "own/s001"]
    (committed / ".dockerignore").write_text("own\ndeploy\n")
    git(committed, "add", ".")
    git(committed, "commit", "-q", "-m", "second")
    (committed / "own" / "s001" / "main.go").write_text("package main // 2\n")
    assert concerned(committed) == ["own/s001"]


def test_a_branch_is_compared_with_where_it_began(committed: Path) -> None:
    git(committed, "checkout", "-q", "-b", "topic")
    (committed / "own" / "s001" / "Dockerfile").write_text(NAIVE)
    git(committed, "commit", "-qam", "mine")
    git(committed, "checkout", "-q", "main")
    (committed / "own" / "s003" / "Dockerfile").write_text(NAIVE)
    (committed / "own" / "s003" / "Makefile").write_text("a:\n\tdocker build .\n")
    git(committed, "rm", "-rq", "cmd")
    git(committed, "add", ".")
    git(committed, "commit", "-qm", "theirs")
    git(committed, "checkout", "-q", "topic")
    git(committed, "rm", "-rq", "cmd")
    assert concerned(committed, "main") == ["own/s001"]


@pytest.mark.parametrize("revision", ["no-such", "--output=x", ""])
def test_what_is_no_revision(committed: Path, revision: str) -> None:
    done = ran("--dry-run", f"--changed-since={revision}", cwd=committed)
    assert done.returncode == (2 if revision else 0)
    assert not (committed / "x").exists()


def test_git_that_refuses_says_why(committed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container of CI, where the checkout belongs to somebody else."""
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    result = ran("--dry-run", "--changed-since", "HEAD", cwd=committed)
    assert result.returncode == 2
    assert b"--changed-since: git rev-parse: detected dubious ownership" in result.stderr


def test_git_that_is_not_there(committed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(committed))
    result = ran("--dry-run", "--changed-since", "HEAD", cwd=committed)
    assert result.returncode == 2
    assert b"--changed-since: git cannot be run" in result.stderr

"""The git command: where it runs, what it must not do, what it says of failures."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.forge.secrets import Secret
from gorewrite.git.run import Git, GitError
from tests.git.tools import git, repository


def test_a_failure_is_one_line_without_secrets(tmp_path: Path) -> None:
    repository(tmp_path / "r", {"a": "1"})
    secret = Secret("s3cr3t-of-the-bot")
    with pytest.raises(GitError) as error:
        Git(tmp_path / "r").run("fetch", f"{tmp_path}/{secret.reveal()}")
    assert "\n" not in str(error.value)
    assert secret.reveal() not in str(error.value)
    assert "does not appear to be a git repository" in str(error.value)


def test_a_hook_that_runs_gorewrite_does_not_lead_it_astray(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = repository(tmp_path / "one", {"a": "1"})
    two = repository(tmp_path / "two", {"a": "2"})
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "two/.git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "none"))
    assert one != two
    assert Git(tmp_path / "one").text("rev-parse", "HEAD") == one


def test_what_git_sends_is_not_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository(tmp_path / "r", {"a": "1"})
    monkeypatch.setenv("GIT_TRACE_CURL", str(tmp_path / "trace"))
    monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
    Git(tmp_path / "r").run("status")
    assert not (tmp_path / "trace").exists()


def test_no_program_of_a_repository_is_run(tmp_path: Path) -> None:
    repository(tmp_path / "r", {"a": "1"})
    called = tmp_path / "called"
    git(tmp_path / "r", "config", "core.fsmonitor", f"touch {called}")
    hook = tmp_path / "r/.git/hooks/post-index-change"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {called}\n")
    hook.chmod(0o755)
    Git(tmp_path / "r").run("status")
    Git(tmp_path / "r").run("read-tree", "HEAD")
    assert not called.exists()

"""A forge with one repository, and somebody who talks to it without gorewrite."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.forgery import GitHubForge

Git = Callable[..., str]


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[GitHubForge]:
    """GitHub with acme/shop."""
    with GitHubForge(tmp_path) as forge:
        forge.add_repository("acme/shop", {"Dockerfile": "FROM golang:1.22\n"})
        yield forge


@pytest.fixture
def api(forge: GitHubForge) -> Iterator[httpx.Client]:
    """Its API, as the bot, in acme/shop."""
    headers = {"Authorization": f"Bearer {forge.token}"}
    base = f"{forge.api}/repos/acme/shop"
    with httpx.Client(verify=False, base_url=base, headers=headers) as client:
        yield client


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """git in a directory, with the bot's name; raises CalledProcessError."""

    def run(
        *arguments: str | Path, cwd: Path = tmp_path, token: str = "", check: bool = True
    ) -> str:
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            "LC_ALL": "C",
            "HOME": str(tmp_path),
        }
        who = ["-c", "user.name=Bot", "-c", "user.email=bot@example.com"]
        helper = f"!f() {{ echo username=bot; echo password={token}; }}; f"
        done = subprocess.run(
            ["git", *who, "-c", f"credential.helper={helper if token else ''}", *arguments],
            cwd=cwd,
            env=environment,
            text=True,
            capture_output=True,
        )
        if check and done.returncode:
            raise AssertionError(done.stderr)
        return done.stdout + done.stderr

    return run

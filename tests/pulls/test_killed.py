"""A run that is killed before any of its steps is made good by the next one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.forgery import GitHubForge
from tests.pulls.tools import Shop, environment, service

#: What is to be done about each: to open, to update, to close, to leave to people, and to say so.
_NAMES = ("new", "old", "done", "edited", "theirs")
_BEFORE = ("--group-by", "service")
_OPTIONS = (*_BEFORE, "--label", "docker", "--reviewers", "alice")


@contextmanager
def victims(options: list[str]) -> Iterator[subprocess.Popen[str]]:
    """The program that runs processes to be killed."""
    command = [sys.executable, "-m", "tests.pulls.victim", *options]
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def prepared(forge: GitHubForge, tmp: Path, number: int) -> Shop:
    """A repository in which a run has something of everything to do."""
    old = {k: v for name in _NAMES[1:] for k, v in service(f"services/{name}").items()}
    made = Shop(forge, tmp, old, f"acme/shop-{number}")
    made.clone()
    assert made.pr(*_BEFORE).exit_code == 0, made.said
    dockerfile = old["services/old/Dockerfile"]
    branches = {branch.split("-")[1]: branch for branch in made.branches}
    made.human.commit(branches["edited"])
    made.human.commit(branches["theirs"])
    made.human.commit(
        "main",
        {
            **service("services/new"),
            "services/old/Dockerfile": f"# v2\n{dockerfile}",
            "services/done/Dockerfile": "FROM scratch\n",
            "services/edited/Dockerfile": f"# v2\n{dockerfile}",
            "services/theirs/Dockerfile": "FROM scratch\n",
        },
    )
    return made


@pytest.mark.parametrize("first", [1, 2, 3])
def test_killed_before_any_step(
    first: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with GitHubForge(tmp_path, clock=lambda: 1_750_000_000.0) as forge:
        for name, value in environment(forge, tmp_path).items():
            monkeypatch.setenv(name, value)
        undisturbed = prepared(forge, tmp_path, 0)
        assert undisturbed.pr(*_OPTIONS).exit_code == 0
        wanted = undisturbed.state()
        assert {p[2] for p in wanted["pulls"].values()} == {"open", "closed"}
        with victims([*undisturbed.options, *_OPTIONS]) as process:
            assert process.stdin is not None and process.stdout is not None
            for step in range(first, 100, 3):
                made = prepared(forge, tmp_path, step)
                process.stdin.write(f"{made.tree} {step}\n")
                process.stdin.flush()
                ended = int(process.stdout.readline())
                assert ended in (-9, 0)
                assert made.pr(*_OPTIONS).exit_code == 0, made.said
                state = made.state()
                for part in ("heads", "pulls"):
                    assert state[part].keys() == wanted[part].keys()
                    for key, value in wanted[part].items():
                        assert state[part][key] == value, f"killed before step {step}"
                before = made.writes()
                assert made.pr(*_OPTIONS).exit_code == 0, made.said
                assert made.writes() == before
                if ended == 0:
                    break
        assert step > 12

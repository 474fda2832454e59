"""A repository on a test forge, a checkout of it, and `gorewrite pr` run there in this process."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gorewrite.cli import cli
from tests.forgery import ForgeServer, GitHubForge, Human, Repository

DOCKERFILE = """\
FROM golang:1.22
WORKDIR /src
COPY . .
RUN go build -o /app .
CMD ["/app"]
"""
PATH = "acme/shop"


def service(directory: str, dockerfile: str = DOCKERFILE) -> dict[str, str]:
    """The files of a small service."""
    name = directory.rpartition("/")[2]
    return {
        f"{directory}/Dockerfile": dockerfile,
        f"{directory}/go.mod": f"module example.com/{name}\n\ngo 1.22\n",
        f"{directory}/main.go": "package main\n\nfunc main() { println(1) }\n",
    }


def git(directory: Path, *args: str) -> str:
    """What a git command says, as a user would run it."""
    done = subprocess.run(["git", *args], cwd=directory, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def environment(forge: ForgeServer, tmp: Path) -> dict[str, str]:
    """That of a user who has a token, and nothing else."""
    config, credentials = tmp / "gitconfig", tmp / "credentials"
    credentials.write_text(forge.url.replace("://", f"://x:{forge.token}@") + "\n")
    config.write_text(
        "[user]\n\tname = A. Gopher\n\temail = gopher@example.com\n"
        f"[credential]\n\thelper = store --file={credentials}\n"
    )
    return {
        "GOREWRITE_TOKEN": forge.token,
        "GIT_CONFIG_GLOBAL": str(config),
        "GIT_CONFIG_NOSYSTEM": "1",
        "XDG_STATE_HOME": str(tmp / "state"),
        "HOME": str(tmp),
    }


class Shop:
    """A repository on a forge, and a checkout of it.

    forge, repository, human: see tests.forgery; tree: the checkout; said: by the last run.
    """

    def __init__(
        self, forge: ForgeServer, tmp: Path, files: Mapping[str, str], path: str = PATH
    ) -> None:
        self.forge = forge
        self.path = path
        self.said = ""
        self.repository: Repository = forge.add_repository(path, dict(files))
        self.human: Human = forge.human(path)
        self.tree = tmp / path.replace("/", "-")

    def clone(self, *options: str) -> None:
        """Makes the checkout."""
        git(
            self.tree.parent,
            "clone",
            "-q",
            *options,
            self.forge.clone_url(self.path),
            str(self.tree),
        )

    def pr(self, *options: str) -> Result:
        """Runs the command in the checkout."""
        before = Path.cwd()
        os.chdir(self.tree)
        try:
            done = CliRunner().invoke(cli, ["pr", *self.options, *options])
            self.said = done.output
            return done
        finally:
            os.chdir(before)

    @property
    def options(self) -> list[str]:
        """Those that say where the forge is."""
        place = ["--forge", self.forge.kind, "--forge-url", self.forge.api]
        return [*place, "--rate", "100000/s", "--jobs", "1"]

    @property
    def branches(self) -> list[str]:
        """Ours on the remote."""
        return sorted(name for name in self.repository.heads if name.startswith("gorewrite/"))

    def writes(self) -> int:
        """How often something was written, to the forge or to the repository, until now."""
        return len(self.forge.writes) + sum(p.by == "git" for p in self.forge.pushes)

    def state(self) -> dict[str, Any]:
        """What everybody sees: branches and pull requests."""
        pulls = {
            number: (
                p.title,
                p.body.replace(self.path, ""),
                p.state,
                sorted(p.labels),
                sorted({user.login for user in p.reviewers}),
                [comment.body for comment in p.comments],
                p.head,
            )
            for number, p in self.repository.pulls.items()
        }
        return {"heads": dict(self.repository.heads), "pulls": pulls}


@contextmanager
def shop(
    tmp: Path,
    monkeypatch: pytest.MonkeyPatch,
    files: Mapping[str, str],
    kind: type[ForgeServer] = GitHubForge,
) -> Iterator[Shop]:
    """A repository with some files, checked out."""
    with kind(tmp) as forge:
        for name, value in environment(forge, tmp).items():
            monkeypatch.setenv(name, value)
        made = Shop(forge, tmp, files)
        made.clone()
        yield made

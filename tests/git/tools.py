"""Small repositories for the tests of git."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

IDENTITY = {
    "GIT_AUTHOR_NAME": "A. Gopher",
    "GIT_AUTHOR_EMAIL": "gopher@example.com",
    "GIT_AUTHOR_DATE": "2025-01-01T00:00:00Z",
    "GIT_COMMITTER_NAME": "A. Gopher",
    "GIT_COMMITTER_EMAIL": "gopher@example.com",
    "GIT_COMMITTER_DATE": "2025-01-01T00:00:00Z",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


def git(directory: Path, *args: str, stdin: str = "") -> str:
    """What a git command says, as a user would run it."""
    done = subprocess.run(
        ["git", *args],
        cwd=directory,
        env={**os.environ, **IDENTITY},
        input=stdin,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def repository(directory: Path, files: Mapping[str, str | bytes], *options: str) -> str:
    """Makes one with a commit on `main`; the id of it."""
    directory.mkdir(parents=True)
    git(directory, "init", "-q", "-b", "main", *options)
    return commit(directory, files)


def commit(directory: Path, files: Mapping[str, str | bytes]) -> str:
    """Commits some files; the id."""
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    git(directory, "add", "-A", "-f")
    git(directory, "commit", "-q", "-m", "A commit")
    return git(directory, "rev-parse", "HEAD")


def contents(directory: Path) -> dict[str, bytes]:
    """Every file below a directory, links as what they say."""
    found = {}
    for path in sorted(directory.rglob("*")):
        if path.is_symlink():
            found[str(path)] = os.fsencode(path.readlink())
        elif path.is_file():
            found[str(path)] = path.read_bytes()
    return found

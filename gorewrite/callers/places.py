"""How directories and files as callers write them become paths relative to the repository.

While commands are followed, the root of the repository is the directory `ROOT`, so that what
leads out of it, and what is absolute on the caller's machine, can be told from what is inside.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

ROOT: Final = "/@repository"

#: What holds the path of the checkout where a command runs, and who sets it.
CHECKOUT: Final = dict.fromkeys(
    (
        "BITBUCKET_CLONE_DIR",
        "BUILDKITE_BUILD_CHECKOUT_PATH",
        "BUILD_SOURCESDIRECTORY",  # Azure Pipelines
        "CI_PROJECT_DIR",  # GitLab
        "CI_WORKSPACE",  # Woodpecker
        "CIRCLE_WORKING_DIRECTORY",
        "DRONE_WORKSPACE",
        "GITHUB_WORKSPACE",
        "SYSTEM_DEFAULTWORKINGDIRECTORY",  # Azure Pipelines
        "TRAVIS_BUILD_DIR",
        "WORKSPACE",  # Jenkins
    ),
    ROOT,
)
_REMOTE: Final = re.compile(r"[a-z][a-z0-9+.-]*://|git@|github\.com/|[\w.-]+@[\w.-]+:")


def absolute(directory: str) -> str:
    """A directory of the repository as commands see it."""
    return posixpath.normpath(f"{ROOT}/{directory}")


def inside(path: str | None) -> str | None:
    """A path as commands see it, relative to the repository; None when it lies outside."""
    if path is None:
        return None
    path = posixpath.normpath(path)
    if path == ROOT:
        return "."
    return path[len(ROOT) + 1 :] if path.startswith(ROOT + "/") else None


def join(start: str | None, written: str) -> str | None:
    """The path that somebody in the directory `start` means, relative to the repository.

    start: relative to the repository; None where it is not known. None for what is no plain path
    of the repository: it holds a variable, names another host or leads out.
    """
    if not is_plain(written):
        return None
    if written.startswith("/"):
        return inside(written)
    return None if start is None else inside(f"{absolute(start)}/{written}")


def is_plain(written: str) -> bool:
    """Whether a word is the path of a file, without variables, patterns and other hosts."""
    if not written or written == "-" or _REMOTE.match(written):
        return False
    return not any(mark in written for mark in "$`*?{<>|")


@lru_cache(maxsize=4096)
def parents_within(directory: Path, top: Path) -> tuple[Path, ...]:
    """`directory` and its parents up to and including `top`; () when it is not below `top`."""
    if directory == top:
        return (top,)
    above = parents_within(directory.parent, top) if directory.parent != directory else ()
    return (directory, *above) if above else ()


def above(path: str) -> Iterator[str]:
    """The directory of a path and those above it, down to "" for the root."""
    while path:
        path = path.rpartition("/")[0]
        yield path

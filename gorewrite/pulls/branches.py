"""The names of branches, and by what gorewrite knows its own commits."""

from __future__ import annotations

import hashlib
import re
from typing import Final

from gorewrite.git.trees import Commit

#: What the names of all branches of gorewrite begin with. No further `/` follows: git cannot hold
#: `gorewrite/shop` beside `gorewrite/shop/api`.
PREFIX: Final = "gorewrite/"
_LONGEST: Final = 40
_TRAILER: Final = re.compile(r"^Gorewrite-([A-Za-z]+): (.*)$", re.MULTILINE)


def branch_of(campaign: str, key: str) -> str:
    """The branch of a group: `gorewrite/<its key, shortened>-<8 hexadecimal digits>`.

    It follows from the campaign and the key alone, and never has a version or a date in it: it is
    what a pull request is found again by.
    """
    slug = re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-")[-_LONGEST:].strip("-")
    told = f"{campaign}|{key}".encode("utf-8", "surrogateescape")
    return f"{PREFIX}{slug or 'dockerfiles'}-{hashlib.sha256(told).hexdigest()[:8]}"


def trailers(commit: Commit) -> dict[str, str]:
    """What the trailers of gorewrite in a commit say: campaign, rules, version."""
    return {key.lower(): value.strip() for key, value in _TRAILER.findall(commit.message)}


def is_ours(commit: Commit, parent: Commit) -> bool:
    """Whether a commit is one that gorewrite made, and nobody edited it.

    Whoever amends or rebases one becomes its committer, at a time of their own; ours have one
    author and committer, and the time of the parent's committer. The name is not compared: the
    configuration may say another one by now.
    """
    return (
        commit.author == commit.committer
        and commit.author.date.split(" ")[0] == parent.committer.date.split(" ")[0]
        and "version" in trailers(commit)
    )

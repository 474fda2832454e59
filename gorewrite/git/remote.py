"""Branches of a remote: which there are, bringing them here, and putting commits there."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple

from gorewrite.git.run import Git, GitError

#: Where what is fetched is kept: in nobody's way.
_KEPT: Final = "refs/gorewrite/theirs"
#: Branches in one push, so that the command line stays within 128 KiB.
MOST_AT_ONCE: Final = 200


class Push(NamedTuple):
    """A branch to be put somewhere. commit: "" to delete it; expected: where it was seen last, ""
    for nowhere; else the push of it is refused."""

    branch: str
    commit: str
    expected: str


class Pushed(NamedTuple):
    """What became of it. state: stale where the branch was not where it was expected; reason: of
    the refusal, one line."""

    state: Literal["done", "stale", "refused"]
    reason: str = ""


def branches(git: Git, remote: str) -> dict[str, str]:
    """Name -> commit of all branches of a remote. Raises GitError."""
    found = {}
    for line in os.fsdecode(git.talk("ls-remote", "--heads", remote)).splitlines():
        commit, _, name = line.partition("\t")
        found[name.removeprefix("refs/heads/")] = commit
    return found


def default_branch(git: Git, remote: str) -> str:
    """The branch that a remote's HEAD stands for, "" when it does not say. Raises GitError."""
    for line in os.fsdecode(git.talk("ls-remote", "--symref", remote, "HEAD")).splitlines():
        if line.startswith("ref: refs/heads/"):
            return line.removeprefix("ref: refs/heads/").partition("\t")[0]
    return ""


def has(git: Git, commits: Iterable[str]) -> set[str]:
    """Those of some commits that are here. Raises GitError."""
    wanted = "".join(f"{commit}\n" for commit in commits).encode()
    said = git.run("cat-file", "--batch-check", stdin=wanted).decode().splitlines()
    return {line.split()[0] for line in said if line.endswith(tuple("0123456789"))}


def fetch(
    git: Git, remote: str, names: Sequence[str], depth: int = 0, options: Sequence[str] = ()
) -> dict[str, str]:
    """Name -> commit of some branches, which are here afterwards.

    depth: how many commits of each, 0 for all that there are; options: further ones for git fetch.
    No reference of the user's moves. Raises GitError.
    """
    options = (
        "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-prune",
        "--no-auto-maintenance", "--refmap=", *([f"--depth={depth}"] if depth else []), *options,
    )  # fmt: skip
    for start in range(0, len(names), MOST_AT_ONCE):
        chunk = names[start : start + MOST_AT_ONCE]
        refs = [f"+refs/heads/{name}:{_KEPT}/{name}" for name in chunk]
        git.talk("fetch", *options, remote, *refs)
    listed = git.text("for-each-ref", "--format=%(objectname) %(refname)", _KEPT).splitlines()
    found = {}
    for line in listed:
        commit, _, name = line.partition(" ")
        found[name.removeprefix(f"{_KEPT}/")] = commit
    return {name: found[name] for name in names}


def push(git: Git, remote: str, pushes: Sequence[Push]) -> dict[str, Pushed]:
    """Branch -> what became of it. Each is pushed for itself; hooks are not run, tags not sent.

    Raises GitError when the remote was not reached, or refused all without a word on each.
    """
    if len(pushes) > MOST_AT_ONCE:
        rest = push(git, remote, pushes[MOST_AT_ONCE:])
        return {**push(git, remote, pushes[:MOST_AT_ONCE]), **rest}
    words = ["--porcelain", "--no-verify", "--no-follow-tags", "--recurse-submodules=no"]
    words += [f"--force-with-lease=refs/heads/{p.branch}:{p.expected}" for p in pushes]
    refs = [f"{p.commit}:refs/heads/{p.branch}" for p in pushes]
    if not refs:
        return {}
    try:
        said = git.talk("push", *words, remote, *refs)
    except GitError as error:
        if b"\trefs/heads/" not in error.output and b":refs/heads/" not in error.output:
            raise
        return _results(error.output, pushes, error.server)
    return _results(said, pushes, "")


def _results(output: bytes, pushes: Sequence[Push], server: str) -> dict[str, Pushed]:
    """What `git push --porcelain` says: `<flag> TAB <from>:<to> TAB <summary> (<reason>)`."""
    found: dict[str, Pushed] = {}
    for line in output.decode("utf-8", "replace").splitlines():
        flag, _, rest = line.partition("\t")
        refs, _, summary = rest.partition("\t")
        branch = refs.rpartition(":refs/heads/")[2]
        if len(flag) != 1 or not branch:
            continue
        if flag != "!":
            found[branch] = Pushed("done")
        elif "stale info" in summary or "fetch first" in summary:
            found[branch] = Pushed("stale", "the branch moved meanwhile")
        else:
            found[branch] = Pushed("refused", _reason(summary, server))
    missing = Pushed("refused", server or "git does not say what became of it")
    return {each.branch: found.get(each.branch, missing) for each in pushes}


def _reason(summary: str, server: str) -> str:
    """Why a branch was refused. What the server wrote besides says more than the summary does."""
    bracket = summary.partition("] ")[2] or summary
    said = bracket.strip().removeprefix("(").removesuffix(")")
    return f"{said}: {server}" if server else said

"""The tip of one branch, fetched for planning: no history, and nothing of it is run or trusted.

First the trees alone are fetched, a few kilobytes, which tell whether there is anything to plan;
then the files, but for large ones, which nothing reads. gorewrite.git.checkout writes them.

Needs git 2.29. A server without partial clones sends everything, of which no more is written.
"""

from __future__ import annotations

import fnmatch
import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from gorewrite.discovery import is_dockerfile_name
from gorewrite.git.checkout import LARGEST, CloneError, Entry, read_when_large, write_tree
from gorewrite.git.run import Git, GitError, clean_environment

_MOST_ENTRIES: Final = 500_000
_REF: Final = "refs/gorewrite/base"

#: A clone on disk answers as a server does, whatever its own configuration says.
_UPLOAD_PACK: Final = (
    "git -c uploadpack.allowFilter=true -c uploadpack.allowAnySHA1InWant=true upload-pack"
)
_TRANSIENT: Final = (
    "could not resolve",
    "couldn't connect",
    "failed to connect",
    "connection refused",
    "connection reset",
    "connection timed out",
    "operation timed out",
    "operation too slow",
    "temporary failure",
    "early eof",
    "hung up unexpectedly",
    "unexpected disconnect",
    "returned error: 429",
    "returned error: 5",
    "gnutls",
    "no space left",
    # As the forge layer says it.
    "run again",
)


class Tip(NamedTuple):
    """Where a branch stands. ref: its full name at the remote; commit: its id."""

    ref: str
    commit: str

    @property
    def branch(self) -> str:
        """The name of the branch."""
        for prefix in ("refs/heads/", "refs/remotes/origin/"):
            if self.ref.startswith(prefix):
                return self.ref[len(prefix) :]
        return self.ref


#: The variables for commands that talk to a remote: how, and with which token.
Network = Callable[[], Mapping[str, str]]
#: Nothing is fetched because a command misses it.
_OFFLINE: Final = {"GIT_ALLOW_PROTOCOL": "none"}


def git_at(directory: Path, url: str, network: Network = dict) -> Git:
    """Git in a partial clone: it fetches what it is told to, from where it is told to, no more.

    network: see gorewrite.forge.tokens.git_environment.
    """
    scheme = url.partition("://")[0] if "://" in url else "ssh"
    # A server that goes silent for a minute is given up.
    slowest = {"GIT_HTTP_LOW_SPEED_LIMIT": "1", "GIT_HTTP_LOW_SPEED_TIME": "60"}
    return Git(directory, _OFFLINE, lambda: {**network(), **slowest, "GIT_ALLOW_PROTOCOL": scheme})


def tip_of(
    url: str, branch: str, network: Network = dict, also: str = ""
) -> tuple[Tip | None, bool]:
    """(where a branch of a remote stands, None for an empty repository; whether the remote has a
    reference that `also` matches, a glob beginning with refs/).

    branch: "" for the default one, which is "HEAD" where that is on none; a name, or a full name
    beginning with refs/. Raises CloneError.
    """
    wanted = branch if branch.startswith("refs/") else f"refs/heads/{branch}" if branch else "HEAD"
    patterns = (wanted, also) if also else (wanted,)
    with _told():
        said = git_at(Path("/"), url, network).talk("ls-remote", "--symref", "--", url, *patterns)
    ref, commit, others = wanted, "", False
    for line in said.decode("utf-8", "replace").splitlines():
        left, _, name = line.partition("\t")
        if name == wanted and left.startswith("ref: "):
            ref = left.removeprefix("ref: ")
        elif name == wanted:
            commit = left
        others = others or fnmatch.fnmatchcase(name, also)
    if branch and not commit:
        raise CloneError(f"there is no branch {branch}")
    return (Tip(ref, commit) if commit else None), others


class Clone:
    """A directory for one branch of one remote.

    directory: made when something is fetched; network: see `git_at`. Everything may raise
    CloneError.
    """

    def __init__(self, directory: Path, url: str, ref: str, network: Network = dict) -> None:
        self.directory = directory
        self.url = url
        self.ref = ref
        self.commit = ""
        self.git = git_at(directory, url, network)

    def fetch_trees(self, commit: str = "") -> None:
        """Fetches the tip without files. commit: a commit to fetch in place of the tip."""
        self._fetch("blob:none", commit or self.ref)

    def fetch_files(self) -> None:
        """Fetches the tip, with the files that planning may read. It may have moved meanwhile."""
        self._fetch(f"blob:limit={LARGEST + 1}", self.ref)
        missing = self._missing()
        read = [e.oid for e in self.entries() if e.oid in missing and read_when_large(e.path)]
        if read:
            # Else the server takes the contents of a commit that is here to be here.
            with _told():
                self.git.run("config", "fetch.negotiationAlgorithm", "noop")
        for start in range(0, len(read), 500):
            self._take(("--filter=blob:none",), *read[start : start + 500])

    def _fetch(self, filter: str, what: str) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        with _told():
            self.git.run("init", "-q", "--template=", ".")
        self._take(("--depth=1", f"--filter={filter}"), f"+{what}:{_REF}")
        with _told():
            found = self.git.run("rev-parse", "--verify", f"{_REF}^{{commit}}")
            self.commit = found.decode("ascii").strip()
            self.git.run("update-ref", "--no-deref", "HEAD", self.commit)

    def _take(self, options: Sequence[str], *what: str) -> None:
        local = (f"--upload-pack={_UPLOAD_PACK}",) if self.url.startswith("file:") else ()
        plain = "-q", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"
        with _told():
            self.git.talk("fetch", *plain, *local, *options, "--", self.url, *what)

    def fetched(self) -> int:
        """Bytes that were fetched, as they lie on disk."""
        packs = (self.directory / ".git/objects").glob("**/*")
        return sum(each.lstat().st_size for each in packs if each.is_file())

    def entries(self) -> list[Entry]:
        """All files of the tip, submodules too."""
        with _told():
            said = self.git.run("ls-tree", "-r", "-z", "--full-tree", self.commit)
        lines = os.fsdecode(said).split("\0")[:-1]
        if len(lines) > _MOST_ENTRIES:
            raise CloneError(f"has {len(lines)} files, more than {_MOST_ENTRIES}")
        found = []
        for line in lines:
            about, _, path = line.partition("\t")
            mode, _kind, oid = about.split(" ")
            found.append(Entry(mode, oid, path))
        return found

    def check_out(self) -> None:
        """Writes the files, and the index that says which files there are."""
        with _told():
            self.git.run("read-tree", self.commit)
        variables = clean_environment(self.git.environment)
        write_tree(self.directory, self.entries(), self._missing(), variables)

    def _missing(self) -> frozenset[str]:
        with _told():
            said = self.git.run("rev-list", "--objects", "--missing=print", self.commit)
        lines = said.split(b"\n")
        return frozenset(line[1:].decode("ascii") for line in lines if line.startswith(b"?"))


class _told:
    """Makes a GitError a CloneError."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, GitError):
            text = str(error)
            raise CloneError(text, transient=is_transient(text)) from None


def is_transient(text: str) -> bool:
    """Whether what git says is a fault of the network or of a server, which may pass."""
    return any(each in text.lower() for each in _TRANSIENT)


def promising(entries: Iterable[Entry]) -> bool:
    """Whether a tree may hold a Dockerfile: one by its name, or any at all beside Go sources.

    What builds a Dockerfile may name it as it likes, so that only its files tell.
    """
    return any(
        entry.name.endswith(".go") or entry.name == "go.mod" or is_dockerfile_name(entry.name)
        for entry in entries
    )

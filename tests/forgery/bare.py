"""Bare repositories on disk, made without starting git, and asked and changed with git."""

from __future__ import annotations

import hashlib
import os
import subprocess
import zlib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

#: What git is told of its surroundings: nothing of the user's or the machine's configuration.
ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "HOME": os.devnull,
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
}

#: As forges have it: partial clones, single objects by id, pushes over HTTP; nothing is packed
#: behind a test's back.
_CONFIG = """\
[core]
	repositoryformatversion = 0
	bare = true
[http]
	receivepack = true
[uploadpack]
	allowFilter = true
	allowAnySHA1InWant = true
[receive]
	autogc = false
[gc]
	auto = 0
"""

#: 2026-01-01, the time of first commits: the same files make the same repository.
EPOCH = 1767225600


class Person(NamedTuple):
    """Who makes a commit."""

    name: str = "Alice Example"
    email: str = "alice@example.com"


class GitFailed(Exception):
    """git said no; the text is what it said."""


class Bare:
    """One bare repository at `directory`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @classmethod
    def create(cls, directory: Path, files: Mapping[str, str | bytes], branch: str) -> Bare:
        """A new one, with one commit of `files` (path to content) on `branch`; no files: empty.

        It takes about a millisecond: loose objects are written here, without git.
        """
        objects = directory / "objects"
        objects.mkdir(parents=True)
        (directory / "refs" / "heads").mkdir(parents=True)
        (directory / "config").write_text(_CONFIG)
        (directory / "HEAD").write_text(f"ref: refs/heads/{branch}\n")
        if files:
            contents = {
                path: text.encode() if isinstance(text, str) else text
                for path, text in files.items()
            }
            found, commit = _snapshot(frozenset(contents.items()))
            for name, data in found:
                path = objects / name[:2] / name[2:]
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(data)
            (directory / "packed-refs").write_text(f"{commit} refs/heads/{branch}\n")
        return cls(directory)

    def git(self, *arguments: str, stdin: bytes = b"", **environment: str) -> str:
        """What git prints, without the final line end. Raises GitFailed."""
        printed = self._run(*arguments, stdin=stdin, **environment)
        return printed.decode(errors="surrogateescape").rstrip("\n")

    def _run(self, *arguments: str, stdin: bytes = b"", **environment: str) -> bytes:
        done = subprocess.run(
            ["git", f"--git-dir={self.directory}", *arguments],
            input=stdin,
            capture_output=True,
            env=ENVIRONMENT | environment,
        )
        if done.returncode:
            raise GitFailed(done.stderr.decode(errors="replace").strip())
        return done.stdout

    def heads(self) -> dict[str, str]:
        """All branches and their commits, read from the files."""
        found = {}
        packed = self.directory / "packed-refs"
        if packed.exists():
            for line in packed.read_text().splitlines():
                commit, _, name = line.partition(" ")
                if name.startswith("refs/heads/"):
                    found[name.removeprefix("refs/heads/")] = commit
        top = self.directory / "refs" / "heads"
        for folder, _, names in os.walk(top):
            for name in names:
                if not name.endswith(".lock"):
                    path = Path(folder, name)
                    found[path.relative_to(top).as_posix()] = path.read_text().strip()
        return found

    def merged(self, base: str) -> set[str]:
        """The branches that have nothing that the commit `base` does not have."""
        told = self.git("for-each-ref", f"--merged={base}", "--format=%(refname)", "refs/heads/")
        return {line.removeprefix("refs/heads/") for line in told.splitlines()}

    def has(self, ancestor: str, commit: str) -> bool:
        """Whether `commit` has the commit `ancestor` among its ancestors, or is it."""
        try:
            self.git("merge-base", "--is-ancestor", ancestor, commit)
        except GitFailed:
            return False
        return True

    def commit(
        self,
        branch: str,
        files: Mapping[str, str | bytes | None],
        message: str,
        author: Person,
        when: int,
    ) -> str:
        """A commit on the tip of a branch, which is made off HEAD when it is not there. files:
        path to new content, None to remove it."""
        heads = self.heads()
        default = (self.directory / "HEAD").read_text().strip().removeprefix("ref: refs/heads/")
        head = heads.get(branch) or heads[default]
        who = f"{author.name} <{author.email}> {when} +0000"
        lines = [
            f"commit refs/heads/{branch}\nauthor {who}\ncommitter {who}\n".encode(),
            _data(message.encode()),
            f"from {head}\n".encode(),
        ]
        for path, content in files.items():
            if content is None:
                lines.append(f"D {path}\n".encode())
            else:
                data = content.encode() if isinstance(content, str) else content
                lines += [f"M 100644 inline {path}\n".encode(), _data(data)]
        self.git("fast-import", "--quiet", "--date-format=raw", stdin=b"".join(lines))
        return self.heads()[branch]

    def merge(
        self, base: str, head: str, *, squash: bool, message: str, author: Person, when: int
    ) -> str:
        """Merges the commit `head` into the branch `base`. Raises GitFailed for conflicts."""
        tip = self.heads()[base]
        tree = self.git("merge-tree", "--write-tree", tip, head)
        signature = {"NAME": author.name, "EMAIL": author.email, "DATE": f"{when} +0000"}
        who = {
            f"GIT_{role}_{key}": value
            for role in ("AUTHOR", "COMMITTER")
            for key, value in signature.items()
        }
        parents = ["-p", tip] if squash else ["-p", tip, "-p", head]
        commit = self.git("commit-tree", tree, *parents, stdin=message.encode(), **who)
        self.move(base, commit, tip)
        return commit

    def move(self, branch: str, commit: str, before: str = "") -> None:
        """Sets a branch. before: what it is now; anything, when empty. Raises GitFailed."""
        self.git("update-ref", f"refs/heads/{branch}", commit, *([before] if before else []))

    def delete(self, branch: str) -> None:
        """Deletes a branch. Raises GitFailed."""
        self.git("update-ref", "-d", f"refs/heads/{branch}")

    def listing(self, commit: str, path: str) -> list[tuple[str, str, int, str]] | None:
        """What is at a path: (type, id, size, path) of each entry of a directory, or of the file
        itself; None: nothing."""
        options = ["ls-tree", "-z", "--long", commit]
        entries = _entries(self.git(*options, path.rstrip("/")) if path else self.git(*options))
        if path and entries and entries[0][0] == "tree":
            entries = _entries(self.git(*options, path.rstrip("/") + "/"))
        return entries or None

    def blob(self, name: str) -> bytes:
        """The bytes of a blob. name: its id, or `<branch>:<path>`. Raises GitFailed."""
        return self._run("cat-file", "blob", name)


def _entries(listing: str) -> list[tuple[str, str, int, str]]:
    found = []
    for line in filter(None, listing.split("\0")):
        described, _, path = line.partition("\t")
        _mode, kind, name, size = described.split()
        found.append((kind, name, 0 if size == "-" else int(size), path))
    return found


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)


@lru_cache(maxsize=64)
def _snapshot(files: frozenset[tuple[str, bytes]]) -> tuple[tuple[tuple[str, bytes], ...], str]:
    """The objects, as they lie on disk, of a first commit with these files, and its id."""
    objects: dict[str, bytes] = {}

    def put(kind: str, content: bytes) -> str:
        whole = f"{kind} {len(content)}\0".encode() + content
        name = hashlib.sha1(whole).hexdigest()
        objects[name] = zlib.compress(whole, 1)
        return name

    def tree(entries: Iterable[tuple[str, bytes]]) -> str:
        files: dict[str, bytes] = {}
        folders: dict[str, list[tuple[str, bytes]]] = {}
        for path, content in entries:
            first, slash, rest = path.partition("/")
            if slash:
                folders.setdefault(first, []).append((rest, content))
            else:
                files[first] = content
        lines = [(name, "100644", put("blob", content)) for name, content in files.items()]
        # git sorts directories as if their names ended with a slash.
        lines += [(name + "/", "40000", tree(inside)) for name, inside in folders.items()]
        return put(
            "tree",
            b"".join(
                f"{mode} {name.rstrip('/')}\0".encode() + bytes.fromhex(object_name)
                for name, mode, object_name in sorted(lines, key=lambda each: each[0].encode())
            ),
        )

    who = "{} <{}> {} +0000".format(*Person(), EPOCH)
    text = f"tree {tree(files)}\nauthor {who}\ncommitter {who}\n\nFirst commit\n"
    commit = put("commit", text.encode())
    return tuple(objects.items()), commit

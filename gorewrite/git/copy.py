"""A throw-away repository beside that of a user: the same objects and the same remotes.

What is fetched, committed and checked out there leaves nothing behind. The user's objects are read
through git's alternates (gitrepository-layout(5)), so nothing is copied but what a checkout needs;
references, index, work tree, hooks and the list of shallow commits are its own.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from gorewrite.git.run import Git, GitError

#: Nothing is converted: a file of the checkout has the bytes of the commit. It goes before every
#: .gitattributes (gitattributes(5)); `-text` before core.autocrlf.
_ATTRIBUTES: Final = "* -text !eol -ident -filter !working-tree-encoding\n"


class Checkout(NamedTuple):
    """Where a user is. top: of the work tree, or the repository itself where it is bare; prefix:
    the directory relative to that, "" or with a final "/"; common: the directory with the objects
    and the configuration, that of the main work tree where this is a linked one."""

    top: Path
    prefix: str
    common: Path
    bare: bool

    @classmethod
    def at(cls, directory: Path) -> Checkout:
        """That of a directory. Raises GitError."""
        git = Git(directory)
        asked = ("--is-bare-repository", "--show-prefix", "--git-common-dir")
        said = git.text("rev-parse", "--path-format=absolute", *asked).split("\n")
        bare, prefix, common = said[0] == "true", said[1], Path(said[2])
        top = common if bare else Path(git.text("rev-parse", "--show-toplevel"))
        return cls(top, prefix, common, bare)


class Copy(NamedTuple):
    """A throw-away repository. git: in it; tree: its work tree, which is empty at first; shallow:
    whether its history is cut off somewhere."""

    git: Git
    tree: Path
    shallow: bool

    def check_out(self, commit: str) -> Path:
        """Its work tree with the files of a commit. Submodules are empty directories; what git
        would convert (line ends, LFS) is as it is stored. Raises GitError."""
        info = self.tree / ".git" / "info"
        info.mkdir(exist_ok=True)
        (info / "attributes").write_text(_ATTRIBUTES, "ascii")
        self.git.run("read-tree", commit)
        self.git.run("-c", "checkout.workers=0", "checkout-index", "--all", "--force", "--quiet")
        return self.tree


@contextmanager
def copy_of(checkout: Checkout, network: Callable[[], Mapping[str, str]] = dict) -> Iterator[Copy]:
    """A copy of a user's repository, removed at the end.

    network: see `Git`. Relative addresses of remotes are relative to the user's work
    tree there, too. Raises GitError.
    """
    form = Git(checkout.top).text("rev-parse", "--show-object-format")
    top = Path(tempfile.mkdtemp(prefix="gorewrite-"))
    try:
        tree, own = top / "tree", top / "tree" / ".git"
        Git(top).run("init", "--quiet", "--template=", f"--object-format={form}", str(tree))
        alternates = own / "objects" / "info" / "alternates"
        alternates.write_text(f"{_quoted(str(checkout.common / 'objects'))}\n", "utf-8")
        shallow = checkout.common / "shallow"
        if shallow.exists():
            shutil.copyfile(shallow, own / "shallow")
        places = {"GIT_DIR": str(own), "GIT_WORK_TREE": str(tree)}
        git = Git(checkout.top, places, network)
        _take_configuration(checkout, git, own / "config")
        yield Copy(git, tree, shallow.exists())
    finally:
        shutil.rmtree(top, ignore_errors=True)


def _take_configuration(checkout: Checkout, git: Git, config: Path) -> None:
    """Has a copy read what the user's repository reads: remotes, credentials, signing, and what is
    included on the condition of where the repository lies (git-config(1), "Conditional includes").

    Files are included, not copied: there may be secrets in them. Where a repository lies, and
    whether it is bare, git asks of its very own file alone. Raises GitError.
    """
    own = config.read_text("utf-8", "surrogateescape")
    local = checkout.common / "config"
    config.write_text(_including([local]) + own, "utf-8", "surrogateescape")
    known = set(_configuration_files(git))
    more = [path for path in _configuration_files(Git(checkout.top)) if path not in known]
    config.write_text(_including([*more, local]) + own, "utf-8", "surrogateescape")


def _configuration_files(git: Git) -> list[Path]:
    """The files that git reads its configuration from, in that order."""
    said = git.run("config", "--list", "--show-origin", "--name-only", "-z").split(b"\0")[::2]
    names = [os.fsdecode(each[5:]) for each in said if each.startswith(b"file:")]
    return [(git.directory / name).resolve() for name in dict.fromkeys(names)]


def _including(paths: Sequence[Path]) -> str:
    lines = [f"\tpath = {_quoted(str(path.resolve()), always=True)}\n" for path in paths]
    return "[include]\n" + "".join(lines)


def is_clean(checkout: Checkout, commit: str) -> bool:
    """Whether the files of the work tree are those of a commit, no more, no fewer, and no others.

    Ignored files count, too: they are evidence that others do not have. So does what git converts
    when it checks files out, as far as that can be told.
    """
    if checkout.bare:
        return False
    git = Git(checkout.top)
    try:
        if git.text("rev-parse", "HEAD") != commit:
            return False
        if git.run("status", "--porcelain", "-z", "--ignored", "--untracked-files=normal"):
            return False
        listed = git.run("ls-files", "-v", "-s", "-z", "--full-name", ":/").split(b"\0")
        if any(line and not line.startswith(b"H ") for line in listed):
            return False  # Skipped in a sparse checkout, or said not to change.
        names = (line.partition(b"\t")[2] for line in listed if line.startswith(b"H 160000 "))
        if any(any((checkout.top / os.fsdecode(name)).iterdir()) for name in names):
            return False  # A submodule with files, which others may not have.
        return not _is_filtered(git)
    except (GitError, OSError):
        return False


def _is_filtered(git: Git) -> bool:
    """Whether a filter of the user's (LFS) made a file of the work tree another one than is stored.

    Raises GitError.
    """
    configured = git.run("config", "--list", "--name-only").decode("utf-8", "replace").lower()
    if not re.search(r"^filter\..*\.(smudge|process)$", configured, re.MULTILINE):
        return False
    names = git.run("ls-files", "-z", "--full-name", ":/")
    said = git.run("check-attr", "-z", "--stdin", "filter", stdin=names).split(b"\0")
    return not set(said[2::3]) <= {b"unspecified", b"unset"}


def _quoted(path: str, *, always: bool = False) -> str:
    """A path as git reads it from a file of its own."""
    if not always and "\n" not in path and not path.startswith(('"', "#")):
        return path
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'

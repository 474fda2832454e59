"""Commits made of a parent and some files, without a work tree or an index."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from gorewrite.git.run import Git


class File(NamedTuple):
    """A file of a commit. mode: 100644 or 100755."""

    path: str
    mode: str
    data: bytes


class Draft(NamedTuple):
    """A commit to be made: its parent with other contents of some files."""

    parent: str
    message: str
    files: tuple[File, ...]


class Identity(NamedTuple):
    """Who makes commits: author and committer."""

    name: str
    email: str

    @classmethod
    def parse(cls, text: str) -> Identity:
        """That of `Name <address>`. Raises ValueError."""
        name, bracket, rest = text.strip().partition("<")
        email, closing, after = rest.partition(">")
        name = name.strip()
        wrong = (
            not (name and bracket and email and closing)
            or after
            or set("<>\n\0") & set(name + email)
        )
        if wrong:
            raise ValueError(f"{text}: not as `Name <address>`")
        return cls(name, email)


def commit(git: Git, drafts: Sequence[Draft], who: Identity, date: int) -> list[str]:
    """The ids of the commits, in the order of the drafts. They are in no branch yet.

    date: seconds since 1970, of author and committer. The same input gives the same ids. The
    files that are replaced are not read. Raises GitError.
    """
    if not drafts:
        return []
    with tempfile.TemporaryDirectory(prefix="gorewrite-") as directory:
        marks = Path(directory) / "marks"
        stream = b"".join(_stream(drafts, who, date))
        # One branch that always begins anew; references are a file each, of which nobody has need.
        git.run(
            *("-c", "fastimport.unpackLimit=1"),
            *("fast-import", "--quiet", "--force", "--done", f"--export-marks={marks}"),
            stdin=stream,
        )
        ids = dict(line.split(" ") for line in marks.read_text("ascii").splitlines())
    return [ids[f":{number}"] for number in range(1, len(drafts) + 1)]


def signed(
    git: Git, drafts: Sequence[Draft], ids: Sequence[str], who: Identity, date: int
) -> list[str]:
    """The same commits, signed as the user's configuration of git says (gpg.format,
    user.signingkey). Raises GitError."""
    when = f"{date} +0000"
    variables = {
        "GIT_AUTHOR_NAME": who.name,
        "GIT_AUTHOR_EMAIL": who.email,
        "GIT_AUTHOR_DATE": when,
        "GIT_COMMITTER_NAME": who.name,
        "GIT_COMMITTER_EMAIL": who.email,
        "GIT_COMMITTER_DATE": when,
    }
    made = []
    for draft, id in zip(drafts, ids, strict=True):
        words = ("commit-tree", "-S", "-p", draft.parent, f"{id}^{{tree}}")
        said = git.run(*words, stdin=draft.message.encode(), environment=variables)
        made.append(said.decode("ascii").strip())
    return made


def _stream(drafts: Sequence[Draft], who: Identity, date: int) -> Iterator[bytes]:
    """What git fast-import is told, see git-fast-import(1)."""
    person = f"{who.name} <{who.email}> {date} +0000".encode()
    for number, draft in enumerate(drafts, 1):
        message = draft.message.encode()
        yield b"commit refs/gorewrite/made\nmark :%d\n" % number
        yield b"author %s\ncommitter %s\n" % (person, person)
        yield b"data %d\n%s\nfrom %s\n" % (len(message), message, draft.parent.encode())
        for file in draft.files:
            path = _quoted(file.path)
            yield b"M %s inline %s\n" % (file.mode.encode(), path)
            yield b"data %d\n%s\n" % (len(file.data), file.data)
        yield b"\n"
    yield b"done\n"


def _quoted(path: str) -> bytes:
    data = path.encode("utf-8", "surrogateescape")
    if not (data.startswith(b'"') or b"\n" in data):
        return data
    return b'"%s"' % data.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")

"""The two copies that are built. The work tree itself is only read.

What both ignore files leave out is not copied. The second copy consists of links to the first, as
edits replace a file and never write into it.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gorewrite.context.ignorefile import IgnoreFile


@dataclass(frozen=True)
class Copy:
    """One copy of a build context. context: its root; dockerfile: below it, or beside it when
    the Dockerfile lies outside of its context."""

    context: Path
    dockerfile: Path

    def write(self, path: str, data: bytes) -> None:
        """Gives a file of the context new content, its mode kept."""
        _replace(self.context / path, data)


def make_copies(
    directory: Path,
    root: Path,
    dockerfile: Path,
    texts: tuple[bytes, bytes],
    files: Mapping[str, bytes],
    ignores: tuple[IgnoreFile, IgnoreFile],
) -> tuple[Copy, Copy]:
    """The copies before and after a rewrite, in `directory`.

    root: the build context; dockerfile: its path on disk; texts: the Dockerfile before and after;
    files: context path -> content of the other files that the rewrite writes; ignores: the ignore
    rules before and after. Raises OSError for what cannot be read.
    """
    before, after = (_place(directory / name, root, dockerfile) for name in ("before", "after"))
    _copy_tree(root, before.context, ignores)
    shutil.copytree(before.context, after.context, symlinks=True, copy_function=os.link)
    for copy, text in zip((before, after), texts, strict=True):
        _replace(copy.dockerfile, text)
        for name in (".dockerignore", dockerfile.name + ".dockerignore"):
            own = root if name == ".dockerignore" else dockerfile.parent
            to = copy.context if name == ".dockerignore" else copy.dockerfile.parent
            if (own / name).is_file():
                _replace(to / name, (own / name).read_bytes())
    for path, data in files.items():
        after.write(path, data)
    return before, after


def _place(top: Path, root: Path, dockerfile: Path) -> Copy:
    context = top / "context"
    real = dockerfile.resolve()
    inside = real.is_relative_to(root)
    copy = Copy(context, context / real.relative_to(root) if inside else top / real.name)
    top.mkdir(parents=True)
    return copy


def _copy_tree(source: Path, target: Path, ignores: tuple[IgnoreFile, IgnoreFile]) -> None:
    """Copies what at least one of two builds sees, links as links, special files left out."""
    target.mkdir()
    waiting = [""]
    while waiting:
        directory = waiting.pop()
        with os.scandir(source / directory) as entries:
            for entry in entries:
                path = f"{directory}/{entry.name}" if directory else entry.name
                wanted = not all(ignore.excludes(path) for ignore in ignores)
                if entry.is_symlink():
                    if wanted:
                        _parents(source, target, path)
                        (target / path).symlink_to(Path(entry.path).readlink())
                elif entry.is_dir():
                    if wanted:
                        _parents(source, target, f"{path}/")
                    if wanted or any(ignore.may_include_below(path) for ignore in ignores):
                        waiting.append(path)
                elif wanted and entry.is_file():
                    _parents(source, target, path)
                    shutil.copy2(entry.path, target / path)


def _parents(source: Path, target: Path, path: str) -> None:
    """Makes the directories above a path, with the modes that they have in the source."""
    made = ""
    for part in path.split("/")[:-1]:
        made = f"{made}/{part}" if made else part
        if not (target / made).is_dir():
            (target / made).mkdir()
            # Here something is going to be written.
            (target / made).chmod(stat.S_IMODE((source / made).stat().st_mode) | stat.S_IRWXU)


def _replace(path: Path, data: bytes) -> None:
    """Puts a new file in the place of one that may be a link to another copy's."""
    mode = 0o644
    if path.is_symlink() or path.exists():
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else mode
        path.unlink()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    path.chmod(mode)

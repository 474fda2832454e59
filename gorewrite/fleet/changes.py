"""`--changed-since`: the Dockerfiles that a change may concern.

A Dockerfile is concerned when one of these differs from what it was at the revision (at the point
where the work tree left it), committed or not:

* the Dockerfile, or a file beside it that begins with its name (its ignore file, its template);
* a configuration of gorewrite at or above it;
* a file below its build context that the ignore file lets in, or the ignore file;
* a caller (compose, Makefile, CI …) that builds it, that lies at or above it, or that named its
  directory before; one that by custom runs at the top of the repository is above all.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Final

from gorewrite.callers.formats import Start, format_of
from gorewrite.config import FILES
from gorewrite.discovery import repository_root
from gorewrite.git.run import Git, GitError
from gorewrite.project import Workspace
from gorewrite.surroundings import Project

_LARGEST_CALLER: Final = 1 << 20


class RevisionError(ValueError):
    """The revision cannot be compared with. The text says why."""


class Changes:
    """What changed in one repository.

    top: its root, without links; paths: relative to that, deleted ones too; before: the text that
    the callers among them had, b"" for new ones.
    """

    def __init__(self, top: str, paths: Iterable[str], before: dict[str, bytes]) -> None:
        self.top = top
        self.paths = sorted(set(paths))
        self.before = before
        self._contexts: dict[tuple[str, str | None], bool] = {}

    @classmethod
    def since(cls, revision: str, directory: Path) -> Changes:
        """The changes of the repository that a directory lies in. Raises RevisionError."""
        top = repository_root(directory)
        if top is None:
            raise RevisionError(f"{directory} is in no git repository")
        git = Git(top)
        try:
            base = _commit(git, revision)
            with suppress(GitError):  # No common ancestor: everything that differs.
                base = git.text("merge-base", base, "HEAD") or base
            tracked = git.run("diff", "--name-only", "--no-renames", "--no-ext-diff", "-z", base)
            new = git.run("ls-files", "--others", "--exclude-standard", "-z")
        except GitError as error:
            raise RevisionError(str(error)) from None
        paths = [os.fsdecode(name) for name in (tracked + new).split(b"\0") if name]
        before = {path: _text(git, base, path) for path in paths if format_of(path) is not None}
        return cls(str(top), paths, before)

    def concern(self, path: Path, workspace: Workspace) -> bool:
        """Whether a Dockerfile is concerned. path: its real path."""
        if not path.is_relative_to(self.top):
            return False
        name = path.relative_to(self.top).as_posix()
        directory = posixpath.dirname(name)
        if any(_is_below(directory, above) for above in self._above):
            return True
        if any(each == name or each.startswith(f"{name}.") for each in self.paths):
            return True
        own = posixpath.basename(directory).encode("utf-8", "surrogateescape")
        if own and any(own in text for text in self.before.values()):
            return True
        project = workspace.surroundings(path)
        return project is not None and (self._in_context(project) or self._builds(project))

    @cached_property
    def _above(self) -> frozenset[str]:
        """The directories at and below which all Dockerfiles are concerned."""
        found = set()
        for path in self.paths:
            form, directory = format_of(path), posixpath.dirname(path)
            if posixpath.basename(path) in FILES:
                found.add(directory)
            elif form is not None:
                found.add("" if form.start is Start.ROOT else directory)
        return frozenset(found)

    def _in_context(self, project: Project) -> bool:
        context = project.context
        key = (str(context.root), context.ignore_path)
        if key not in self._contexts:
            below = [self._below(path, key[0]) for path in self.paths]
            self._contexts[key] = any(
                path is not None and (path == key[1] or not context.ignore.excludes(path))
                for path in below
            )
        return self._contexts[key]

    def _below(self, path: str, root: str) -> str | None:
        """A changed file as its path below a build context; None where it is not below it."""
        place = f"{self.top}/{path}"
        return place[len(root) + 1 :] if place.startswith(f"{root}/") else None

    def _builds(self, project: Project) -> bool:
        if not self.before or project.index is None:
            return False
        index, path = project.index, project.path
        calls = (*index.building(path), *index.may_build(path))
        return any(call.file in self.before for call in calls)


def _is_below(directory: str, above: str) -> bool:
    return not above or directory == above or directory.startswith(f"{above}/")


def _commit(git: Git, revision: str) -> str:
    """The commit of a revision. Raises GitError, RevisionError when there is none."""
    try:
        return git.text("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    except GitError as error:
        if "single revision" not in str(error):
            raise
        problem = f"{revision} is no revision here; a shallow clone of CI has to fetch it first"
        raise RevisionError(problem) from None


def _text(git: Git, base: str, path: str) -> bytes:
    """What a file held at a revision."""
    try:
        return git.run("cat-file", "blob", f"{base}:{path}")[:_LARGEST_CALLER]
    except GitError:
        return b""

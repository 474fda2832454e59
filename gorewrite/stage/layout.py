"""Where the files of the build context land in a stage's file system, and back.

Rules: Dockerfile reference, COPY and ADD: a source directory is copied by its contents;
a destination that ends in `/`, is an existing directory or takes several sources is a
directory; destinations are relative to WORKDIR.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple, Protocol

from gorewrite.context import Context
from gorewrite.context.ignorefile import IgnoreError, IgnoreFile
from gorewrite.dockerfile import Instruction, copy_parts
from gorewrite.memo import remembered
from gorewrite.stage.scope import State


class Placed(NamedTuple):
    """One source of a COPY or ADD and where it lands.

    origin: "context", "stage" (an earlier stage or another image) or "remote" (URL, git,
        heredoc); source: path in the context (`.` is its root) or in the other stage.
    path: absolute path in the image; for a directory the place of its contents.
    directory: whether the source is a directory; None when not known.
    from_: the `--from` value for origin "stage". excluded: what `--exclude` leaves out of it.
    """

    instruction: Instruction
    origin: str
    source: str
    path: str | None
    directory: bool | None
    from_: str | None = None
    excluded: IgnoreFile | None = None

    @property
    def unseen(self) -> bool:
        """Whether its source is named in full and is not in the checkout: the builds that there
        are have it, from a step before them or because git leaves it out."""
        named = _WILDCARDS.isdisjoint(self.source) and "$" not in self.source
        return self.origin == "context" and self.directory is None and named

    def image_path(self, source: str) -> str | None:
        """Where the context path `source` lands through this copy; None when it does not."""
        rel = relative(source, self.source)
        if self.path is None or rel is None:
            return None
        if self.excluded is not None and self._leaves_out(rel, self.excluded):
            return None
        if rel == ".":
            return self.path
        return posixpath.join(self.path, rel) if self.directory is not False else None

    def source_path(self, path: str) -> str | None:
        """The source of the image path `path` through this copy; None when it has none."""
        rel = relative(path, self.path) if self.path is not None else None
        if rel is None or (rel != "." and self.directory is False):
            return None
        if self.excluded is not None and self._leaves_out(rel, self.excluded):
            return None
        return posixpath.normpath(self.source if rel == "." else f"{self.source}/{rel}")

    def _leaves_out(self, rel: str, excluded: IgnoreFile) -> bool:
        name = posixpath.basename(self.source) if rel == "." and self.directory is False else rel
        return excluded.excludes(name)


@lru_cache(maxsize=4096)
def tops(path: str) -> frozenset[str]:
    """Every `top` for which `relative` can find `path` below it."""
    found = {".", "/"}
    while path:
        found.add(path)
        path = path.rpartition("/")[0]
    return frozenset(found)


def relative(path: str, top: str) -> str | None:
    """`path` below `top` ("." for top itself); None when it is not below it."""
    if path == top:
        return "."
    if top in (".", "/"):
        return path.lstrip("/") if not path.startswith("../") and path != ".." else None
    return path[len(top) + 1 :] if path.startswith(top + "/") else None


def under(path: str, top: str) -> bool:
    """Whether `path` is `top` or lies below it."""
    if path == top:
        return True
    if top in (".", "/"):
        return not path.startswith("../") and path != ".."
    return path.startswith(f"{top}/")


class Elsewhere(Protocol):
    """The file systems of other stages, each called as `--from` calls it."""

    def is_directory(self, reference: str, path: str) -> bool | None:
        """Whether an absolute path is a directory there; None when it is not known."""

    def matches(self, reference: str, pattern: str) -> tuple[str, ...]:
        """The absolute paths known to be there whose last part matches that of a pattern."""


def placements(
    instruction: Instruction,
    state: State,
    tree: Context,
    directories: set[str],
    system: frozenset[str],
    elsewhere: Elsewhere,
) -> tuple[Placed, ...]:
    """What a COPY or ADD places. `directories` are image paths known to be directories;
    it is extended with what this instruction shows to be one. system: those of the base image."""
    target, from_, paths = _written(state, instruction)
    found = tuple(_of_stage(elsewhere, from_, instruction, paths)) if from_ is not None else ()
    there = target in directories, target in system
    placed, shown = _placed(state, instruction, tree, found, *there)
    directories |= shown
    return placed


def _of_stage(
    elsewhere: Elsewhere, reference: str, instruction: Instruction, paths: Sequence[str | None]
) -> Iterator[_Source]:
    """The sources in another stage, and what those with wildcards are known to bring."""
    for raw, path in zip(copy_parts(instruction).sources, paths, strict=True):
        yield "stage", path or raw, elsewhere.is_directory(reference, path) if path else None
        if path is not None and not _WILDCARDS.isdisjoint(path):
            for match in elsewhere.matches(reference, path):
                yield "stage", match, elsewhere.is_directory(reference, match)


@remembered
def _written(
    state: State, instruction: Instruction
) -> tuple[str | None, str | None, tuple[str | None, ...]]:
    """(its absolute destination, `--from`, the sources in that stage), None what is not known."""
    parts = copy_parts(instruction)
    target = state.path(parts.dest)
    if parts.from_ is None:
        return target, None, ()
    values = map(state.expand, parts.sources)
    paths = tuple(None if v is None else posixpath.normpath("/" + v.lstrip("/")) for v in values)
    return target, parts.from_, paths


@remembered
def _placed(
    state: State,
    instruction: Instruction,
    tree: Context,
    found: tuple[_Source, ...],
    known: bool,
    system: bool,
) -> tuple[tuple[Placed, ...], frozenset[str]]:
    """(what a COPY or ADD places, the directories that it shows).

    found: its sources in another stage; known: whether the destination is
    known to be one; system: whether it is one of the base image, which says nothing of a source
    that may be a directory. So it is kept while nothing else changes for it.
    """
    parts = copy_parts(instruction)
    target = _written(state, instruction)[0]
    dest = state.expand(parts.dest)
    sources = list(found or _from_context(state, instruction, tree))
    excluded = _excluded(parts.exclude, state)
    sources += [("remote", heredoc.name, False) for heredoc in instruction.heredocs]
    # A pattern with one match is one file.
    single = len(sources) == 1 or (len(found) == 2 and len(parts.sources) == 1)
    into = known or (dest is not None and (dest.endswith("/") or dest in (".", "") or not single))
    placed: list[Placed] = []
    for origin, source, directory in sources:
        path = target
        if path is not None and parts.parents and origin == "context":
            path = posixpath.normpath(posixpath.join(path, _kept(source, parts.sources)))
        elif path is not None and not directory and (into or (system and directory is False)):
            name = re.split(r"[?#]", source)[0] if "://" in source else source
            path = posixpath.join(path, posixpath.basename(name))
        placed.append(Placed(instruction, origin, source, path, directory, parts.from_, excluded))
    shows = sources and (into or any(directory for _, _, directory in sources))
    return tuple(placed), tops(target) - _ROOTS if target is not None and shows else frozenset()


#: The tops of every path.
_ROOTS = tops("")


def _excluded(patterns: Sequence[str], state: State) -> IgnoreFile | None:
    """The patterns of `--exclude`, which are written as in .dockerignore."""
    known = [value for value in map(state.expand, patterns) if value is not None]
    try:
        return IgnoreFile.parse("\n".join(known)) if known else None
    except IgnoreError:
        return None


def _kept(source: str, written: Sequence[str]) -> str:
    """What `--parents` keeps of a source path: all of it, or what follows its `/./`
    (Dockerfile reference, COPY --parents)."""
    for each in written:
        before, pivot, _ = each.partition("/./")
        kept = relative(source, context_path(before)) if pivot else None
        if kept is not None:
            return kept
    return source


#: A source of a COPY or ADD: origin, path and whether it is a directory, as in Placed.
_Source = tuple[str, str, bool | None]


def _from_context(state: State, instruction: Instruction, tree: Context) -> Iterator[_Source]:
    for raw in copy_parts(instruction).sources:
        value = state.expand(raw)
        if value is None:
            yield "context", raw, None
        elif _remote(value):
            yield "remote", value, value.partition("#")[0].endswith(".git")
        else:
            matches = _matches(value, tree)
            archive = instruction.keyword == "ADD"
            for match in matches:
                kind = tree.kind(match)
                if archive and kind == "file" and match.endswith(_ARCHIVES):
                    yield "remote", match, True
                else:
                    yield "context", match, kind == "dir"
            if not matches:
                yield "context", context_path(value), None


#: ADD unpacks local archives of these kinds (Dockerfile reference, ADD).
_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".txz", ".tbz2", ".tar.zst")


def _remote(value: str) -> bool:
    return "://" in value or value.startswith("git@")


@lru_cache(maxsize=1024)
def context_path(value: str) -> str:
    """A COPY source as a context path: relative, normalised, never above the root."""
    return posixpath.normpath("/" + value).lstrip("/") or "."


_WILDCARDS = frozenset("*?[")


def _matches(value: str, tree: Context) -> tuple[str, ...]:
    path = context_path(value)
    if not _WILDCARDS.isdisjoint(value):
        return tree.glob(path)
    return (path,) if tree.kind(path) else ()

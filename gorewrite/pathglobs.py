"""The globs of the configuration: one kind, as people know them from .gitignore.

* `*`, `?` and `[…]` stand for characters of one name, as in Go's `filepath.Match`.
* `**` as a name of its own stands for any number of directories, and at the end for all below.
* Without a `/`, but at its end, a glob matches a name at any depth; another one is relative to the
  directory of the configuration, as `./name` and `/name` are.
* What matches a directory matches everything in it; with a `/` at its end only that.

Source of the rules: gitignore(5), without its `!`: the order of globs never matters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from gorewrite.context import globs
from gorewrite.context.globs import WILDCARDS, BadPattern, match

_SPECIAL = WILDCARDS | {"\\"}

__all__ = ["BadPattern", "any_matches", "check", "matches"]


def check(glob: str) -> None:
    """Raises BadPattern for a glob that is empty, malformed or leads out of the directory."""
    if not glob:
        raise BadPattern("an empty glob; `**` matches everything")
    for name in _names(glob):
        globs.check(name)


def matches(glob: str, path: str) -> bool:
    """Whether a glob matches a path, or a directory above it.

    path: relative to the directory of the configuration, with `/`; a directory ends in `/`.
    Raises BadPattern. Takes time in proportion to len(glob) * len(path).
    """
    return _match(_names(glob), path.split("/"))


def any_matches(several: Iterable[str], path: str) -> bool:
    """Whether one of several globs matches the path."""
    names = path.split("/")
    return any(_match(_names(glob), names) for glob in several)


@lru_cache(maxsize=1024)
def _names(glob: str) -> tuple[str, ...]:
    """The names of a glob from the top: `a` is `**/a`, `a/` is `**/a/**`."""
    if glob.startswith("!"):
        raise BadPattern(r"globs take nothing back here; `\!` is the character")
    inner = glob.rstrip("/")
    names = [name for name in inner.split("/") if name not in ("", ".")]
    if ".." in names:
        raise BadPattern("`..` leads out of the directory of the configuration")
    if not names:
        names = ["**"]
    if "/" not in inner and names[0] != "**":
        names.insert(0, "**")
    if glob != inner and names[-1] != "**":
        names.append("**")
    return tuple(names)


def _match(pattern: Sequence[str], path: Sequence[str]) -> bool:
    """Whether the pattern matches the path or the beginning of it.

    Only the last `**` is ever retried: what an earlier one took does not matter any more.
    """
    at = here = 0
    retry: tuple[int, int] | None = None
    while at < len(pattern):
        name = pattern[at]
        if name == "**":
            if at + 1 == len(pattern):
                return here < len(path)
            at += 1
            retry = at, here
        elif here < len(path) and _is(name, path[here]):
            at, here = at + 1, here + 1
        elif retry is not None and retry[1] < len(path):
            retry = retry[0], retry[1] + 1
            at, here = retry
        else:
            return False
    return True


def _is(pattern: str, name: str) -> bool:
    return pattern == name if _SPECIAL.isdisjoint(pattern) else match(pattern, name)

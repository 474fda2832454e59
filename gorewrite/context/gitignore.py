"""Which files git is told to leave out: a clone does not have them, a work tree may.

Source of the rules: gitignore(5). Patterns of nearer directories and later lines win; the files of
`core.excludesFile` and `.git/info/exclude` are nobody else's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from gorewrite.context.sourcetree import Context
from gorewrite.evidence import Evidence
from gorewrite.pathglobs import BadPattern, matches


class _Rule(NamedTuple):
    glob: str
    negated: bool
    line: int
    text: str


def ignored(repository: Path, path: Path) -> Evidence | None:
    """The line of a .gitignore that leaves a path out; None when git takes it.

    repository: the top of the work tree; path: a file or directory in it, there or not; both real.
    """
    if not path.is_relative_to(repository):
        return None
    tree = Context(repository)
    names = path.relative_to(repository).parts
    found: tuple[str, _Rule] | None = None
    for depth in range(len(names)):
        top = "/".join(names[:depth])
        where = f"{top}/.gitignore" if top else ".gitignore"
        rest = "/".join(names[depth:])
        for rule in _rules(tree.read(where) or b""):
            # With a `/`, for nobody knows whether what is not there is a directory.
            if matches(rule.glob, f"{rest}/"):
                found = where, rule
    if found is None or found[1].negated:
        return None
    where, rule = found
    return Evidence(where, rule.line, rule.text)


@lru_cache(maxsize=256)
def _rules(data: bytes) -> tuple[_Rule, ...]:
    return tuple(_parsed(data.decode("utf-8", "surrogateescape").split("\n")))


def _parsed(lines: list[str]) -> Iterator[_Rule]:
    for number, line in enumerate(lines, 1):
        text = re.sub(r"(?<!\\)\s+$", "", line)
        if not text or text.startswith("#"):
            continue
        negated = text.startswith("!")
        glob = text[1:] if negated else re.sub(r"^\\(?=[#!])", "", text)
        try:
            matches(glob, "x")
        except BadPattern:
            continue  # git passes it over, or means something else by it
        yield _Rule(glob, negated, number, text)

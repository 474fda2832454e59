"""Staged publishing: of which repositories the pull requests are opened by now."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal, NamedTuple

from gorewrite import pathglobs
from gorewrite.pathglobs import BadPattern

Stage = Literal["no", "draft", "yes"]

_STAGES: dict[str, Stage] = {"true": "yes", "false": "no", "draft": "draft"}


class Rule(NamedTuple):
    """A glob of repositories, as gorewrite.pathglobs has them, and whether their pull requests are
    opened."""

    glob: str
    stage: Stage

    @classmethod
    def parse(cls, text: str) -> Rule:
        """Of `GLOB=true`, `=false` or `=draft`; `GLOB` alone is true. Raises ValueError."""
        glob, equals, word = text.rpartition("=")
        if not equals:
            glob, word = text, "true"
        if word not in _STAGES or not glob:
            raise ValueError(f"{text}: not GLOB=true, GLOB=false or GLOB=draft")
        return cls(checked(glob), _STAGES[word])

    def matches(self, name: str) -> bool:
        """Whether it is about a repository. name: its path."""
        return pathglobs.matches(self.glob, name)


def checked(glob: str) -> str:
    """The glob itself. Raises ValueError when it is malformed."""
    try:
        pathglobs.check(glob)
    except BadPattern as bad:
        raise ValueError(f"{glob}: {bad}") from None
    return glob


def stage_of(name: str, rules: Sequence[Rule], canary: float, campaign: str) -> Stage:
    """Whether the pull requests of a repository are opened by now.

    The last rule that matches counts. Where there are rules and none matches they are not; where
    there are none at all, they are. canary: the share (0 to 1) of repositories that are; it takes
    the same ones each time, and a larger share takes those of a smaller one, too. campaign: its
    name, so that not every campaign begins with the same people.
    """
    stage: Stage = "no" if rules else "yes"
    for rule in rules:
        if rule.matches(name):
            stage = rule.stage
    return stage if share_of(name, campaign) < canary else "no"


def share_of(name: str, campaign: str) -> float:
    """The place of a repository in the order in which shares take them: from 0 up to below 1."""
    digest = hashlib.sha256(f"{campaign}|{name}".encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:6], "big") / (1 << 48)

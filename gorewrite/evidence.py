"""The two words everything else is built from: where a fact was read, and why one is not known."""

from __future__ import annotations

from typing import NamedTuple


class Evidence(NamedTuple):
    """Where a fact was read.

    path: file, relative to the repository or build context, with `/`; "" when the
          evidence is a rule and not a place.
    line: 1-based line, 0 when the whole file is meant.
    text: what stands there, or the rule that was applied, in one short line.
    """

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        place = self.path + (f":{self.line}" if self.line else "")
        return f"{place}: {self.text}" if place else self.text


class Unknown(NamedTuple):
    """A fact that could not be established, and why. Falsy, so `if fact:` reads naturally."""

    why: str
    evidence: tuple[Evidence, ...] = ()

    def __bool__(self) -> bool:
        return False

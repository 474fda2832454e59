"""The part of a Makefile that a call of make runs.

Rules: GNU make manual, "Rule Syntax" and "How make Processes a Makefile". Only literal target
names are followed; where one is computed, the whole file counts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_RULE: Final = re.compile(r"([^\s#:=][^#:=]*?)\s*::?(?!=)([^=]*)(?:#.*)?")
_AGAIN: Final = re.compile(r"(?:\$[({]MAKE[)}]|\bmake)\s+((?:[\w./-]+\s*)+)")


def run_part(text: str, goals: Sequence[str]) -> str:
    """The text with the recipes blanked out that `make goals` does not run, line by line.

    goals: the targets, () for the first one of the file.
    """
    lines = text.split("\n")
    rules: dict[str, list[tuple[int, list[str]]]] = {}
    owner: list[int | None] = []
    rule: int | None = None
    first = ""
    for number, line in enumerate(lines):
        found = _RULE.fullmatch(line.rstrip()) if not line.startswith(("\t", " ", "#")) else None
        if found is not None:
            rule = number
            for name in found[1].split():
                rules.setdefault(name, []).append((number, found[2].split()))
                first = first or ("" if name.startswith(".") else name)
        elif line.strip() and not line.startswith(("\t", " ", "#")):
            rule = None
        owner.append(rule if line.startswith("\t") else None)
    waiting = list(goals) or [first]
    reached: set[str] = set()
    numbers: set[int] = set()
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        if name not in rules and (name in goals or "$" in name):
            return text  # A pattern rule, a computed or an included one.
        for number, needs in rules.get(name, ()):
            numbers.add(number)
            recipe = [li for li, at in zip(lines, owner, strict=True) if at == number]
            waiting += [need for need in needs if need != "|"]
            waiting += [word for li in recipe for m in _AGAIN.finditer(li) for word in m[1].split()]
    return "\n".join(
        line if at is None or at in numbers else "" for line, at in zip(lines, owner, strict=True)
    )

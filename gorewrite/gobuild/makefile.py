"""The part of a Makefile that a call of make runs.

Rules: GNU make manual, "Rule Syntax", "How make Processes a Makefile", "Pattern Rules" and "Other
Special Variables". What no rule makes by its name or a pattern may be made by any rule whose target
is computed; where it cannot be told what is needed, or nothing makes a goal, the whole file counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

_RULE: Final = re.compile(r"([^\s#:=][^#:=]*?)\s*::?(?!=)([^=#]*)(?:#.*)?")
_CONDITIONAL: Final = re.compile(r"\s*(?:ifn?eq|ifn?def|else|endif)\b")
_AGAIN: Final = re.compile(r"(?:\$[({]MAKE[)}]|\bmake)[ \t]+([^\n;&|#]+)")
_GOAL: Final = re.compile(r"(?m)^\.DEFAULT_GOAL\s*[:?]?=\s*(\S+)")
_VARIABLE: Final = re.compile(r"\$[({](\w+)[)}]")
_FILES: Final = re.compile(r"\$\((?:wildcard|shell)\s[^()]*\)")
_SPECIAL: Final = re.compile(r"\.[A-Z_]+")


def run_part(text: str, goals: Sequence[str]) -> str:
    """The text with the recipes blanked out that `make goals` does not run, line by line.

    goals: the targets, () for the default one of the file.
    """
    lines = text.split("\n")
    #: Target -> (line of a rule, what it needs); line of a rule -> the lines of its recipe.
    rules: dict[str, list[tuple[int, list[str]]]] = {}
    recipes: dict[int, list[int]] = {}
    rule: int | None = None
    for start, end, line in _logical(lines):
        if line.startswith("\t"):
            if rule is not None:
                recipes[rule] += range(start, end)
        elif line.strip() and not line.startswith("#") and not _CONDITIONAL.match(line):
            found = _RULE.fullmatch(line.rstrip())
            rule = start if found else None
            if found:
                recipes[start] = []
                needs = _needed(text, found[2])
                for name in found[1].split():
                    rules.setdefault(name, []).append((start, needs))
    computed = [each for target, some in rules.items() if "$" in target for each in some]
    default = _GOAL.search(text)
    first = default[1] if default else next((n for n in rules if not n.startswith(".")), "")
    waiting = list(goals) or [first]
    reached: set[str] = set()
    skipped = set(recipes)
    while waiting:
        name = waiting.pop()
        if name in reached or _SPECIAL.fullmatch(name):
            continue
        reached.add(name)
        making = rules.get(name) or [
            each for target, some in rules.items() if _matches(target, name) for each in some
        ]
        if "$" in name or (name in goals and not making):
            return text
        for start, needs in making or computed:
            if start in skipped:
                skipped.remove(start)
                waiting += _made("\n".join(lines[at] for at in recipes[start]))
            waiting += needs
    blank = {at for start in skipped for at in recipes[start]}
    return "\n".join("" if at in blank else line for at, line in enumerate(lines))


def _logical(lines: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """(first line, the one behind its last, text) of each line with its continuations."""
    start = 0
    for number, line in enumerate(lines, 1):
        if not line.endswith("\\") or number == len(lines):
            yield start, number, " ".join(part.removesuffix("\\") for part in lines[start:number])
            start = number


def _matches(pattern: str, target: str) -> bool:
    before, percent, after = pattern.partition("%")
    return bool(percent) and target.startswith(before) and target.endswith(after)


def _needed(text: str, written: str) -> list[str]:
    """What a rule needs, variables with a plain value put in and lists of files left out."""
    for _ in range(3):
        written = _FILES.sub("", written)
        for name in _VARIABLE.findall(written):
            value = re.search(rf"(?m)^{name}\s*[:?]{{0,3}}=[ \t]*(.*[^\\\n])$", text)
            if value:
                written = written.replace(f"$({name})", value[1]).replace(f"${{{name}}}", value[1])
    return [word for word in written.partition(";")[0].split() if word != "|"]


def _made(recipe: str) -> Iterator[str]:
    """What a recipe has make make, options and assignments aside."""
    for found in _AGAIN.finditer(recipe):
        for word in found[1].split():
            if not word.startswith("-") and not re.match(r"[\w\"']+=", word):
                yield word.strip("\"'")

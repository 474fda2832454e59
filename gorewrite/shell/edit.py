"""Edits by span, and quoting."""

from __future__ import annotations

import re
from collections.abc import Iterable

_SAFE = re.compile(r"[A-Za-z0-9_./:=@%+,-]+")


def apply_edits(text: str, edits: Iterable[tuple[int, int, str]]) -> str:
    """`text` with each (start, end, new) replaced; everything else stays as it is.

    Edits may come in any order; insertions (start == end) at one place keep their order and go
    before a replacement that starts there. Raises ValueError if two overlap or one lies outside.
    """
    ordered = sorted(edits, key=lambda edit: (edit[0], edit[1]))
    found: list[str] = []
    at = 0
    for start, end, new in ordered:
        if not at <= start <= end <= len(text):
            raise ValueError(f"edit {start}:{end} overlaps another one or lies outside the text")
        found += (text[at:start], new)
        at = end
    found.append(text[at:])
    return "".join(found)


def quote(value: str) -> str:
    """`value` as one shell word, in single quotes only where needed (POSIX 2.2.2)."""
    if _SAFE.fullmatch(value):
        return value
    return "'" + value.replace("'", "'\\''") + "'"

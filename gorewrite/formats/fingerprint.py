"""A name for a line of a file that stays the same when lines are added above it.

Source: github/codeql-action, src/fingerprints.ts, which GitHub code scanning uses for SARIF that
names no fingerprints, and which warns about any that differ from its own.
"""

from __future__ import annotations

from collections.abc import Collection
from operator import mul
from typing import Final

_BLOCK: Final = 100
_POWERS: Final = tuple(pow(37, _BLOCK - 1 - n, 1 << 64) for n in range(_BLOCK))
_END_OF_FILE: Final = "\uffff"


def fingerprints(data: bytes, lines: Collection[int]) -> dict[int, str]:
    """Line -> `hash:occurrence`, for those of the 1-based lines that the file has.

    The hash is over the next hundred characters from the start of the line, blanks left out; the
    occurrence counts the lines from the top on of which these are the same.
    """
    if not lines:
        return {}
    last = max(lines)
    counts: dict[str, int] = {}
    found: dict[int, str] = {}
    text = _comparable(data)
    start = 0
    for number in range(1, last + 1):
        block = text[start : start + _BLOCK]
        counts[block] = counts.get(block, 0) + 1
        if number in lines:
            found[number] = f"{_hash(block):x}:{counts[block]}"
        start = text.find("\n", start) + 1
        if start == 0:
            break
    return found


def _comparable(data: bytes) -> str:
    """The text of a file without blanks, in the characters of JavaScript: UTF-16 code units."""
    text = data.decode("utf-8", "replace")
    if not text.isascii():
        units = text.encode("utf-16-le")
        text = "".join(
            chr(low | high << 8) for low, high in zip(units[::2], units[1::2], strict=True)
        )
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.replace(" ", "").replace("\t", "") + _END_OF_FILE


def _hash(block: str) -> int:
    total: int = sum(map(mul, map(ord, block), _POWERS))
    return total & 0xFFFF_FFFF_FFFF_FFFF

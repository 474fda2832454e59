"""In which line of a TOML file a value stands. tomllib does not tell."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

#: From a document to a value: keys of tables and places in lists.
KeyPath = tuple[str | int, ...]


@lru_cache(maxsize=256)
def line_of(text: str, path: KeyPath) -> int:
    """The 1-based line with the statement that first gives the value at `path`; 0: there is none.

    text: a whole document. However it is written (dotted, inline, a table of its own), the
    value stands in the statement at whose end the document above has it, and before did not.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    if not _holds(_parsed(lines), path):
        return 0
    without, with_ = 0, len(lines)
    while True:
        between = sorted(range(without + 1, with_), key=lambda n: abs(2 * n - without - with_))
        for middle in between:
            document = _parsed(lines[:middle])
            if document is not None:
                break
        else:
            return without + 1  # No statement ends between the two.
        if _holds(document, path):
            with_ = middle
        else:
            without = middle


def _parsed(lines: Sequence[str]) -> dict[str, Any] | None:
    """The document; None in the middle of a statement."""
    try:
        return tomllib.loads("\n".join(lines))
    except tomllib.TOMLDecodeError:
        return None


def _holds(document: Any, path: KeyPath) -> bool:
    for step in path:
        try:
            document = document[step]
        except (KeyError, IndexError, TypeError):
            return False
    return True

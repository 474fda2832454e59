"""Looking for a text in the Go files of a build context."""

from __future__ import annotations

import re
from typing import Final

from gorewrite.context import Context
from gorewrite.evidence import Evidence
from gorewrite.memo import lasting, remembered

_MOST_SOURCES: Final = 20_000


@remembered
@lasting
def sources_with(
    context: Context, pattern: re.Pattern[bytes], tests: bool = False
) -> Evidence | None:
    """The first Go file of the context, vendored ones aside, in which a pattern stands. tests:
    whether those of tests count."""
    walk = context.walk(".", _MOST_SOURCES, _may_hold_sources)
    for path in walk:
        if not path.endswith(".go") or (path.endswith("_test.go") and not tests):
            continue
        data = walk.read(path)
        found = pattern.search(data) if data is not None else None
        if data is not None and found is not None:
            line = data.count(b"\n", 0, found.start()) + 1
            return Evidence(path, line, found.group().decode("utf-8", "replace"))
    if walk.truncated:
        return Evidence("", 0, "there are too many files to look through")
    return None


def _may_hold_sources(directory: str) -> bool:
    return "." not in directory and directory not in ("vendor", "node_modules", "testdata")

"""The patch alone, of one report or of several that were joined."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def render(document: Mapping[str, Any]) -> str:
    """The diffs of all files that change, one after the other, as `git apply` takes them."""
    return "".join(file["diff"] for file in document["files"] if file["changed"])

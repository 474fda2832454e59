"""The JSON report itself: of one run, or of several that were joined."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def render(document: Mapping[str, Any]) -> str:
    """The document with a final newline."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"

"""Annotations of a GitHub Actions run, as workflow commands.

Source: GitHub Docs, "Workflow commands for GitHub Actions"; toolkit, core/src/command.ts (escapes).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from gorewrite.formats.findings import KINDS, findings, one_line

#: What is shown of one level and step; GitHub drops the rest without a word.
_MOST: Final = 10
_COMMANDS: Final = {
    "error": "error",
    "held": "warning",
    "safe": "warning",
    "review": "notice",
    "offered": "notice",
    "refused": "notice",
}


def render(document: Mapping[str, Any]) -> str:
    """One command a line, gravest first; a last line says how many are not shown."""
    found = [finding for file in document["files"] for finding in findings(file)]
    found.sort(key=lambda finding: KINDS.index(finding.kind))
    lines: list[str] = []
    shown: Counter[str] = Counter()
    for finding in found:
        command = _COMMANDS[finding.kind]
        shown[command] += 1
        if shown[command] > _MOST:
            continue
        settings = {"file": finding.path, "line": str(finding.line), "title": finding.rule}
        told = ",".join(f"{name}={_property(value)}" for name, value in settings.items())
        lines.append(f"::{command} {told}::{_data(one_line(finding.message))}")
    if len(lines) < len(found):
        lines.append(f"gorewrite: {len(found) - len(lines)} more are in its other reports")
    return "".join(f"{line}\n" for line in lines)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")

"""GitLab's Code Quality report. Source: GitLab Docs, "Code Quality", report format."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from gorewrite.formats.findings import Finding, findings

_SEVERITIES: Final = {
    "error": "major",
    "held": "major",
    "safe": "minor",
    "review": "info",
    "offered": "info",
    "refused": "info",
}


def render(document: Mapping[str, Any]) -> str:
    """A list of problems. Their fingerprints stay when lines are added above."""
    seen: dict[str, int] = {}
    problems = [
        {
            "description": f"{finding.rule.removeprefix('gorewrite/')}: {finding.message}",
            "check_name": finding.rule,
            "fingerprint": _fingerprint(finding, seen),
            "severity": _SEVERITIES[finding.kind],
            "location": {
                "path": finding.path.removeprefix("./"),
                "lines": {"begin": finding.line},
            },
        }
        for file in document["files"]
        for finding in findings(file)
    ]
    return json.dumps(problems, indent=2, ensure_ascii=False) + "\n"


def _fingerprint(finding: Finding, seen: dict[str, int]) -> str:
    """Of the place and the rule; findings alike are numbered, as GitLab keeps one of each."""
    what = "\0".join((finding.path, finding.rule, finding.fingerprint or finding.message))
    seen[what] = seen.get(what, 0) + 1
    return sha256(f"{what}\0{seen[what]}".encode("utf-8", "surrogateescape")).hexdigest()

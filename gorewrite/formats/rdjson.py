"""The diagnostic format of reviewdog, with suggestions that apply exactly.

Source: reviewdog, proto/rdf/reviewdog.proto (ranges) and parser/diff.go (how it reads a diff).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from gorewrite.formats.edits import Edit, FilePatch
from gorewrite.formats.findings import Finding, findings, patches

_SEVERITIES: Final = {
    "error": "ERROR",
    "held": "WARNING",
    "safe": "WARNING",
    "review": "INFO",
    "offered": "INFO",
    "refused": "INFO",
}


def render(document: Mapping[str, Any]) -> str:
    """The findings; where they change lines, one diagnostic an edit, with a suggestion.

    A rewrite is sound as a whole only, so each suggestion says how many there are.
    """
    files = document["files"]
    result = {
        "source": {"name": "gorewrite"},
        "severity": "WARNING",
        "diagnostics": [
            each
            for file, edited in zip(files, patches(files), strict=True)
            for each in _diagnostics(file, edited)
        ],
    }
    return json.dumps(result, indent=2, ensure_ascii=False) + "\n"


def _diagnostics(file: Mapping[str, Any], edited: list[FilePatch]) -> Iterator[dict[str, Any]]:
    said = list(findings(file))
    if all(patch.exact for patch in edited):
        edits = [(patch.path, edit) for patch in edited for edit in patch.edits]
        changes = [each for each in said if each.kind in ("safe", "review")]
        for number, (path, edit) in enumerate(edits, 1):
            own = [each for each in changes if path == each.path and _covers(edit, each.line)]
            said = [each for each in said if each not in own]
            part = f"suggestion {number} of {len(edits)}, apply all or none"
            yield _suggestion(path, edit, own, changes, part if len(edits) > 1 else "")
    for finding in said:
        yield _plain(finding)


def _covers(edit: Edit, line: int) -> bool:
    return edit.line <= line < edit.line + max(len(edit.old), 1)


def _plain(finding: Finding) -> dict[str, Any]:
    return {
        "message": finding.message,
        "location": {"path": finding.path, "range": {"start": {"line": finding.line}}},
        "severity": _SEVERITIES[finding.kind],
        "code": {"value": finding.rule},
    }


def _suggestion(
    path: str, edit: Edit, own: list[Finding], changes: list[Finding], part: str
) -> dict[str, Any]:
    """own: the changes that are about these lines; changes: all of the file."""
    names = dict.fromkeys(each.rule.removeprefix("gorewrite/") for each in own or changes)
    message = "; ".join(each.message for each in own) or f"part of {', '.join(names)}"
    found, text = _range(edit)
    return {
        "message": f"{message} ({part})" if part else message,
        "location": {"path": path, "range": found},
        "severity": "WARNING" if all(each.kind == "safe" for each in changes) else "INFO",
        "code": {"value": "gorewrite/" + "+".join(names)},
        "suggestions": [{"range": found, "text": text}],
    }


def _range(edit: Edit) -> tuple[dict[str, Any], str]:
    """(range, text). Whole lines, without the end of the last one, are what reviewdog shows best.

    So lines that go take one that stays with them. An insertion is the empty range in front of a
    line; lines whose ends differ are given by columns.
    """
    first, old, new = edit.line, edit.old, edit.new
    if old and not new and edit.below:
        old, new = (*old, edit.below), (edit.below,)
    elif old and not new and edit.above:
        first, old, new = first - 1, (edit.above, *old), (edit.above,)
    text = "".join(new)
    if not old:
        point = {"line": first, "column": 1}
        return {"start": point, "end": point}, text
    last = first + len(old) - 1
    end = _end(old[-1])
    if new and end == _end(new[-1]):
        return {"start": {"line": first}, "end": {"line": last}}, text.removesuffix(end)
    start = {"line": first, "column": 1}
    if end:
        return {"start": start, "end": {"line": last + 1, "column": 1}}, text
    columns = len(old[-1].encode("utf-8", "surrogateescape"))
    return {"start": start, "end": {"line": last, "column": columns + 1}}, text


def _end(line: str) -> str:
    """What ends a line: nothing, or one of two line breaks."""
    if line.endswith("\r\n"):
        return "\r\n"
    return "\n" if line.endswith("\n") else ""

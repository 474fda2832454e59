"""SARIF 2.1.0, for GitHub code scanning and editors.

Sources: OASIS SARIF 2.1.0; GitHub Docs, "SARIF support for code scanning" (limits, fingerprints).
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from gorewrite.formats.edits import Edit, FilePatch
from gorewrite.formats.findings import KINDS, Finding, findings, patches, place
from gorewrite.transform import Transform

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT: Final = "SRCROOT"
#: What GitHub takes of one run; beyond that it takes nothing at all.
_MOST_RESULTS: Final = 25_000
_MOST_RELATED: Final = 5
_LEVELS: Final = {
    "error": "error",
    "held": "warning",
    "safe": "warning",
    "review": "note",
    "offered": "note",
    "refused": "note",
}
#: What GitHub calls the levels of a rule.
_SEVERITIES: Final = {"error": "error", "warning": "warning", "note": "recommendation"}


def render(document: Mapping[str, Any]) -> str:
    """One run. All edits of a file are one fix, at the first change of the file.

    When there are more results than GitHub takes, those that say least are left out, and a
    notification says how many.
    """
    files = document["files"]
    found = [
        (file, edited if number == 0 else [], finding)
        for file, edited in zip(files, patches(files), strict=True)
        for number, finding in _numbered(file)
    ]
    kept = _most_telling(found)
    rules: dict[str, int] = {}
    results = []
    for file, edited, finding in kept:
        index = rules.setdefault(finding.rule, len(rules))
        results.append(_result(file, finding, index, _fix(edited)))
    notes = []
    if len(kept) < len(found):
        text = f"{len(found) - len(kept)} results are left out: GitHub takes {_MOST_RESULTS}."
        notes.append({"level": "warning", "message": {"text": text}})
    described = {each.rule: each for _, _, each in kept}
    run = {
        "tool": {
            "driver": {
                "name": "gorewrite",
                "version": document["version"],
                "semanticVersion": document["version"],
                "rules": list(_rules(rules, described)),
            }
        },
        "automationDetails": {"id": "gorewrite/"},
        "invocations": [
            {
                "executionSuccessful": not document["summary"]["failed"],
                "toolExecutionNotifications": notes,
            }
        ],
        "originalUriBaseIds": {
            _ROOT: {"description": {"text": "The directory in which gorewrite was run."}}
        },
        "columnKind": "utf16CodeUnits",
        "results": results,
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


#: A file, the patches that its finding is fixed with, the finding.
_Found = tuple[Mapping[str, Any], list[FilePatch], Finding]


def _numbered(file: Mapping[str, Any]) -> Iterator[tuple[int, Finding]]:
    """The findings of a file; its first change, which gets the fix, has number 0."""
    changes = 0
    for finding in findings(file):
        change = finding.kind in ("safe", "review")
        yield (changes if change else -1), finding
        changes += change


def _most_telling(found: list[_Found]) -> list[_Found]:
    if len(found) <= _MOST_RESULTS:
        return found
    ranked = sorted(range(len(found)), key=lambda n: (KINDS.index(found[n][2].kind), n))
    return [found[n] for n in sorted(ranked[:_MOST_RESULTS])]


def _result(
    file: Mapping[str, Any], finding: Finding, index: int, fix: dict[str, Any] | None
) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": _LEVELS[finding.kind],
        "message": {"text": _sentence(finding.message)},
        "locations": [_location(finding.path, finding.line)],
    }
    if finding.fingerprint is not None:
        result["partialFingerprints"] = {"primaryLocationLineHash": finding.fingerprint}
    related = [
        {
            **_location(place(file, each["path"]), each["line"]),
            "message": {"text": _sentence(each["text"])},
        }
        for each in finding.because
        if each["path"]
    ]
    if related:
        result["relatedLocations"] = related[:_MOST_RELATED]
    if fix is not None:
        result["fixes"] = [fix]
    return result


def _location(path: str, line: int) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": _artifact(path)}
    if line:
        physical["region"] = {"startLine": line}
    return {"physicalLocation": physical}


def _artifact(path: str) -> dict[str, str]:
    uri = quote(path, errors="surrogateescape")
    return {"uri": f"file://{uri}"} if path[:1] == "/" else {"uri": uri, "uriBaseId": _ROOT}


def _fix(edited: list[FilePatch]) -> dict[str, Any] | None:
    """All edits of a file and what is beside it; None where they cannot be given exactly."""
    edited = [patch for patch in edited if patch.edits or patch.lost]
    if not edited or not all(patch.exact for patch in edited):
        return None
    return {
        "description": {"text": "All changes of this file, which belong together."},
        "artifactChanges": [
            {
                "artifactLocation": _artifact(patch.path),
                "replacements": [_replacement(edit) for edit in patch.edits],
            }
            for patch in edited
        ],
    }


def _replacement(edit: Edit) -> dict[str, Any]:
    """The lines with their ends, from the first column on; a byte order mark is no column."""
    old, new = "".join(edit.old), "".join(edit.new)
    if old.startswith("\ufeff") and new.startswith("\ufeff"):
        old, new = old[1:], new[1:]
    last = old[old.rfind("\n") + 1 :]
    units = len(last.encode("utf-16-le")) // 2
    end = {"endLine": edit.line + old.count("\n"), "endColumn": units + 1}
    region = {"startLine": edit.line, "startColumn": 1, **end}
    # Readers such as reviewdog 0.20 end in a panic where nothing is said to be inserted.
    return {"deletedRegion": region, "insertedContent": {"text": new}}


_LINK: Final = re.compile(r"\[(?=[^\[\]]*\]\()")


def _sentence(text: str) -> str:
    """A message as SARIF wants it: with a full stop, and without accidental links."""
    text = _LINK.sub(r"\\[", text)
    return text if text.endswith((".", "!", "?")) else f"{text}."


# --- rules -----------------------------------------------------------------------------

_OWN_RULES: Final = {
    "gorewrite/file/error": "A Dockerfile that cannot be read or parsed.",
    "gorewrite/verify": "A rewrite that was not verified.",
}


def _rules(order: Mapping[str, int], first: Mapping[str, Finding]) -> Iterator[dict[str, Any]]:
    """The rules that have results, in the order in which results name them."""
    from gorewrite.engine import available

    transforms = {transform.name: transform for transform in available()}
    for rule in order:
        name, _, code = rule.removeprefix("gorewrite/").partition("/")
        level = _LEVELS[first[rule].kind]
        text, help_ = _described(rule, name, code, transforms.get(name))
        yield {
            "id": rule,
            "name": "".join(word.capitalize() for word in re.split(r"\W+", f"{name}/{code}")),
            "shortDescription": {"text": text},
            "fullDescription": {"text": text},
            "help": {"text": help_, "markdown": help_},
            "defaultConfiguration": {"level": level},
            "properties": {
                "tags": ["dockerfile", "go"],
                "precision": "very-high" if first[rule].kind == "safe" else "high",
                "problem.severity": _SEVERITIES[level],
            },
        }


def _described(rule: str, name: str, code: str, transform: Transform | None) -> tuple[str, str]:
    """(one sentence, the help) of a rule."""
    if rule in _OWN_RULES:
        return _OWN_RULES[rule], _OWN_RULES[rule]
    if transform is None:
        text = f"{name} leaves this alone: {code}." if code else f"The transform {name}."
        return text, f"{text} See docs/json.md of gorewrite."
    summary = transform.summary[:1].upper() + transform.summary[1:] + "."
    page = inspect.getdoc(type(transform)) or summary
    if code:
        return f"{name} leaves this alone: {code}.", page
    before, after = (text.strip("\n") for text in (transform.before, transform.after))
    return summary, f"{page}\n\n*Before*\n\n```\n{before}\n```\n\n*After*\n\n```\n{after}\n```\n"

"""Several reports as one: the shards of a run, and what was measured afterwards."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from types import UnionType
from typing import Any, Final

_Document = Mapping[str, Any]


class ReportError(Exception):
    """A file that is no report. The text says why and what to do."""


def loaded(name: str, data: bytes) -> dict[str, Any]:
    """The report in the bytes of a file. name: of the file. Raises ReportError."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ReportError(f"{name}: is no JSON: {error}") from None
    if isinstance(document, dict):
        files, results = document.get("files"), document.get("results")
        if _all(files, _is_file) or (files is None and _all(results, _is_result)):
            return document
    raise ReportError(f"{name}: is no report; make one with --output-format json")


#: What the formats need of a document: key → types (docs/json.md, docs/verify.md).
_Shape = Mapping[str, type | UnionType]
_FILE: Final[_Shape] = {"path": str, "changed": bool}
_ERROR: Final[_Shape] = {"line": int, "message": str}
_PLANNED: Final[_Shape] = {
    "diff": str, "context": dict | None, "changes": list, "refusals": list, "notes": list,
}  # fmt: skip
_CHANGE: Final[_Shape] = {**_ERROR, "transform": str, "safety": str, "applied": bool}
_REFUSAL: Final[_Shape] = {**_ERROR, "transform": str, "code": str}
_EVIDENCE: Final[_Shape] = {"path": str, "line": int, "text": str}
_RESULT: Final[_Shape] = {
    "path": str, "verdict": str, "reason": str, "before": dict | None, "after": dict | None,
}  # fmt: skip


def _is_file(item: Any) -> bool:
    if not _has(item, _FILE):
        return False
    if "error" in item:
        return _has(item["error"], _ERROR)
    return (
        _has(item, _PLANNED)
        and all(_has(each, _CHANGE) and _is_told(each) for each in item["changes"])
        and all(_has(each, _REFUSAL) and _is_told(each) for each in item["refusals"])
    )


def _is_told(item: Any) -> bool:
    return _all(item.get("because"), lambda each: _has(each, _EVIDENCE))


def _is_result(item: Any) -> bool:
    return _has(item, _RESULT)


def _all(items: Any, are: Callable[[Any], bool]) -> bool:
    """Whether it is a list of such items."""
    return isinstance(items, list) and all(are(each) for each in items)


def _has(item: Any, shape: _Shape) -> bool:
    return isinstance(item, dict) and all(
        key in item and isinstance(item[key], kind) for key, kind in shape.items()
    )


def joined(documents: Iterable[_Document], verified: Iterable[_Document] = ()) -> dict[str, Any]:
    """One report of several.

    documents: reports of a rewrite or of `gorewrite verify`; where a file is in several of them,
    the last one counts. verified: further results of `gorewrite verify`.
    """
    files: dict[str, dict[str, Any]] = {}
    results: dict[str, _Document] = {}
    version = ""
    for document in (*documents, *verified):
        version = document.get("version", version)
        files.update((file["path"], dict(file)) for file in document.get("files", ()))
        results.update((result["path"], result) for result in document.get("results", ()))
    for path, result in results.items():
        file = files.setdefault(path, _only_verified(result))
        if "error" not in file:
            file["verification"] = result
    found = list(files.values())
    return {"version": version, "files": found, "summary": summary(found)}


def _only_verified(result: _Document) -> dict[str, Any]:
    """A file of which nothing is known but that it was built."""
    return {
        "path": result["path"],
        "changed": result["verdict"] != "unchanged",
        "diff": "",
        "context": None,
        "changes": [],
        "refusals": [],
        "notes": [],
    }


def summary(files: Iterable[_Document]) -> dict[str, Any]:
    """The `summary` of a report, counted from its files."""
    files = list(files)
    changes = [change for file in files for change in file.get("changes", ())]
    refusals = [refusal for file in files for refusal in file.get("refusals", ())]
    return {
        "files": len(files),
        "changed": sum(file["changed"] for file in files),
        "failed": sum("error" in file for file in files),
        "applied": dict(Counter(c["transform"] for c in changes if c["applied"])),
        "review": dict(Counter(c["transform"] for c in changes if not c["applied"])),
        "refused": dict(Counter(f"{r['transform']}:{r['code']}" for r in refusals)),
    }

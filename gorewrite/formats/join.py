"""Several reports as one: the shards of a run, and what was measured afterwards."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

_Document = Mapping[str, Any]


class ReportError(Exception):
    """A file that is no report. The text says why and what to do."""


def loaded(name: str, data: bytes) -> dict[str, Any]:
    """The report in the bytes of a file. name: of the file. Raises ReportError."""
    try:
        document = json.loads(data)
    except ValueError as error:
        raise ReportError(f"{name}: is no JSON: {error}") from None
    lists = [document.get(key) for key in ("files", "results")] if type(document) is dict else []
    for found in lists:
        if type(found) is list and all(_named(each) for each in found):
            assert isinstance(document, dict)
            return document
    raise ReportError(f"{name}: is no report; make one with --output-format json")


def _named(item: object) -> bool:
    return type(item) is dict and type(item.get("path")) is str


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

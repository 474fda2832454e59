"""The HTML report: one page that needs nothing else, for a whole repository.

The page is put together from the files in page/. It loads nothing: a content security policy
allows this style, these scripts and no others. What was found travels as JSON, and every text
is put into the page as text.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Mapping
from importlib import resources
from typing import Any, Final

from gorewrite.formats.findings import place, status

_STYLES: Final = ("base.css", "overview.css", "services.css", "detail.css", "media.css")
#: In the order in which they need each other.
_SCRIPTS: Final = (
    "dom.js",
    "model.js",
    "syntax.js",
    "align.js",
    "diff.js",
    "charts.js",
    "overview.js",
    "table.js",
    "detail.js",
    "main.js",
)
#: From this many bytes on the data is compressed.
_LARGE: Final = 200_000


def render(document: Mapping[str, Any]) -> str:
    """The page. `title` and `source_url` of the document, which a run has not, are optional."""
    page = resources.files(__name__) / "page"
    style = "".join((page / name).read_text("utf-8") for name in _STYLES)
    scripts = [(page / name).read_text("utf-8") for name in _SCRIPTS]
    script = "\n".join(('"use strict";(() => {', *scripts, "})();"))
    encoding, data = _embedded(_view(document))
    policy = (
        f"default-src 'none'; style-src {_source(style)}; script-src {_source(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    parts = {
        "POLICY": policy,
        "STYLE": style,
        "ENCODING": encoding,
        "DATA": data,
        "SCRIPT": script,
    }
    # At once: what was put in is not looked at again, whatever it says.
    texts = re.split("@([A-Z]+)@", (page / "index.html").read_text("utf-8"))
    return "".join(parts[text] if number % 2 else text for number, text in enumerate(texts))


def _source(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _embedded(view: Mapping[str, Any]) -> tuple[str, str]:
    """(how it is encoded, the data as it can stand in a script element)."""
    text = json.dumps(view, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    data = text.encode("utf-8", "replace")
    if len(data) < _LARGE:
        return "json", data.decode()
    return "gzip", base64.b64encode(gzip.compress(data, mtime=0)).decode()


def _view(document: Mapping[str, Any]) -> dict[str, Any]:
    """What the page shows of a report."""
    return {
        "version": document["version"],
        "title": document.get("title", "Dockerfile report"),
        "source_url": document.get("source_url", ""),
        "files": [_file(file) for file in document["files"]],
    }


def _file(file: Mapping[str, Any]) -> dict[str, Any]:
    if "error" in file:
        told = {"path": file["path"], "status": status(file), "error": file["error"]}
        return {**told, "pull_request": file.get("pull_request")}
    return {
        "path": file["path"],
        "status": status(file),
        "diff": file["diff"],
        "context": file["context"],
        "changes": [_said(file, change) for change in file["changes"]],
        "refusals": [_said(file, refusal) for refusal in file["refusals"]],
        "notes": file["notes"],
        "verification": file.get("verification"),
        "pull_request": file.get("pull_request"),
    }


def _said(file: Mapping[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
    """A change or refusal; each piece of evidence with the file that it is in."""
    kept = {name: value for name, value in item.items() if name != "fingerprint"}
    because = [{**each, "file": place(file, each["path"])} for each in item["because"]]
    return {**kept, "because": because}

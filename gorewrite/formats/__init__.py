"""Reports that other tools and people read, one module a format.

Each module has `render(document) -> str`; the document is the JSON report (docs/json.md), so that
a report can be made in the run itself, later, and of several runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

#: Name on the command line -> the module in this package, loaded when asked for.
FORMATS: Final = {
    "patch": "patch",
    "json": "jsonreport",
    "sarif": "sarif",
    "github": "github",
    "gitlab": "gitlab",
    "junit": "junit",
    "rdjson": "rdjson",
    "markdown": "markdown",
    "html": "html",
}


def render(name: str, document: Mapping[str, Any]) -> bytes:
    """A JSON report in another format, as it is written to a file.

    name: a key of FORMATS. Names of files that are not UTF-8 are shown with question marks.
    """
    text = import_module(f"{__name__}.{FORMATS[name]}").render(document)
    assert isinstance(text, str)
    return text.encode("utf-8", "replace")

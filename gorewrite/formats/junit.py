"""JUnit XML, which CI servers show as tests: a suite a Dockerfile, a case a transform."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final
from xml.etree import ElementTree

from gorewrite.formats.findings import Finding, findings

_ELEMENTS: Final = {
    "error": "error",
    "held": "error",
    "safe": "failure",
    "review": "failure",
    "offered": "skipped",
    "refused": "skipped",
}
#: What XML 1.0 has no character for.
_NO_XML: Final = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(document: Mapping[str, Any]) -> str:
    """A change is a failure, an offer or a refusal a skipped case; nothing to do passes."""
    top = ElementTree.Element("testsuites", name="gorewrite")
    for file in document["files"]:
        suite = ElementTree.SubElement(top, "testsuite", name=_clean(file["path"]))
        for name, group in _by_rule(file):
            case = ElementTree.SubElement(
                suite, "testcase", name=name, classname=_clean(file["path"])
            )
            for finding in group[:1]:  # A case may have one outcome only.
                element = ElementTree.SubElement(
                    case, _ELEMENTS[finding.kind], message=_clean(finding.message)
                )
                element.text = "\n".join(_told(each) for each in group)
        _count(suite)
    _count(top)
    ElementTree.indent(top)
    text = ElementTree.tostring(top, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'


def _by_rule(file: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[Finding]]]:
    found = sorted(findings(file), key=lambda finding: (finding.rule, finding.kind))
    if not found:
        yield "nothing to do", ()
    for (rule, _), group in groupby(found, key=lambda finding: (finding.rule, finding.kind)):
        yield rule.removeprefix("gorewrite/"), tuple(group)


def _told(finding: Finding) -> str:
    lines = [f"{finding.path}:{finding.line}: {finding.message}"]
    for each in finding.because:
        where = f"{each['path']}:{each['line']}: " if each["path"] else ""
        lines.append(f"  {where}{each['text']}")
    return _clean("\n".join(lines))


def _count(element: ElementTree.Element) -> None:
    element.set("tests", str(len(element.findall(".//testcase"))))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(name, str(len(element.findall(f".//{tag}"))))


def _clean(text: str) -> str:
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)

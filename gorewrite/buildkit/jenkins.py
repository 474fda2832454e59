"""The environment of a declarative pipeline of Jenkins."""

from __future__ import annotations

import re

from gorewrite.buildkit.model import VARIABLE, Insertion, newline_of
from gorewrite.callers.model import Source

_PIPELINE = re.compile(rb"^pipeline\s*\{[ \t]*\r?\n", re.MULTILINE)
_SECTION = re.compile(
    rb"^([ \t]+)(agent|environment|options|stages|parameters|tools)\b", re.MULTILINE
)


def environment(source: Source) -> Insertion | None:
    """`environment { DOCKER_BUILDKIT = '1' }` of a declarative pipeline; None for a scripted one.

    jenkins.io, "Pipeline Syntax", environment: it holds for all steps of the pipeline.
    """
    pipeline = _PIPELINE.search(source.data)
    if pipeline is None:
        return None
    sections = list(_SECTION.finditer(source.data, pipeline.end()))
    if not sections:
        return None
    outer = sections[0][1]
    newline = newline_of(source.data)
    own = {section[2]: section for section in sections if section[1] == outer}
    indent = outer.decode()
    step = "\t" if indent.startswith("\t") else " " * len(indent)
    if b"environment" in own:
        opened = re.compile(rb"\s*\{[ \t]*\r?\n").match(source.data, own[b"environment"].end())
        if opened is None:
            return None
        return Insertion(opened.end(), f"{indent}{step}{VARIABLE} = '1'{newline}")
    if b"stages" not in own:
        return None
    text = (
        f"{indent}environment {{{newline}{indent}{step}{VARIABLE} = '1'{newline}{indent}}}{newline}"
    )
    return Insertion(own[b"stages"].start(), text)

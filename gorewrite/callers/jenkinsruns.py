"""What a Jenkinsfile runs in the image of a Dockerfile: a stage or block with it as its agent.

Its steps are those of people at work, who need the shell and the toolchain of the image. Sources:
Jenkins handbook, "Pipeline syntax" (agent, dockerfile) and "Using Docker with Pipeline" (inside).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_AGENT: Final = re.compile(r"\bdockerfile\s*(?:true\b|\{(?P<block>[^{}]*)\}|(?=filename\b))")
_KEY: Final = re.compile(r"\b(filename|dir|additionalBuildArgs)\s+(['\"])(.*?)\2")
_BUILT: Final = re.compile(r"\bdocker\.build\s*\(\s*[^,()]+(?:,\s*(['\"])(?P<options>.*?)\1\s*)?\)")
_INSIDE: Final = re.compile(r"\.(?:inside|withRun)\b")
_COMMENT: Final = re.compile(r"(?<!:)//[^\n]*|(?s:/\*.*?\*/)")


class Agent(NamedTuple):
    """file: the Dockerfile, relative to the repository; options: of its build; text: where."""

    file: str
    options: str
    text: str


def agents(text: str) -> Iterator[Agent]:
    """The Dockerfiles in whose containers steps of a pipeline run."""
    text = _COMMENT.sub("", text)
    for found in _AGENT.finditer(text):
        given = {key: value for key, _, value in _KEY.findall(found["block"] or "")}
        directory = given.get("dir", ".")
        name = f"{directory}/{given.get('filename', 'Dockerfile')}"
        yield Agent(name, given.get("additionalBuildArgs", ""), found[0].split("\n")[0])
    for found in _BUILT.finditer(text) if _INSIDE.search(text) else ():
        options = found["options"] or ""
        file = re.search(r"(?:-f|--file)[ =](\S+)", options)
        words = options.split()
        context = words[-1] if words else "."
        name = file[1] if file else f"{context}/Dockerfile"
        yield Agent(name, options, found[0].split("\n")[0])


def target(options: str) -> str | None:
    """The stage that options of a build name."""
    found = re.search(r"--target[ =](\S+)", options)
    return found[1] if found else None

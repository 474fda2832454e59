"""Earthfiles: `FROM DOCKERFILE`, which builds a Dockerfile with BuildKit.

Source: Earthly documentation, "Earthfile reference" (FROM DOCKERFILE). Options are those of
`docker build`; paths are relative to the Earthfile; a Dockerfile or context of another target
(`+target/…`) is none of the repository.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gorewrite.callers import buildcommand, ci, places
from gorewrite.callers.buildcommand import Argument
from gorewrite.callers.excerpt import Document
from gorewrite.callers.model import BuildCall, Builder, Source

_FROM: Final = re.compile(
    r"(?m)^[ \t]*FROM[ \t]+DOCKERFILE[ \t](?P<words>(?:\\[ \t]*\n|[^\n])*)", re.IGNORECASE
)
_SWITCH: Final = re.compile(r"--(?:allow-privileged|pass-args)(?:=\w+)?")


def calls(source: Source) -> Iterator[BuildCall]:
    """The Dockerfiles that an Earthfile builds."""
    document = Document(source.path, source.data)
    for found in _FROM.finditer(document.text):
        written = re.sub(r"\\[ \t]*\n", " ", found["words"]).split()
        words = ["docker", "build", *(each for each in written if not _SWITCH.fullmatch(each))]
        given = [Argument(each, _value(each)) for each in words]
        build = buildcommand.read(given, places.absolute(source.directory), {})
        if build is not None:
            line = document.line(found.start("words"))
            place = ci.at(document, line)
            span = document.trimmed(*found.span())
            build = build._replace(tool="FROM DOCKERFILE")
            yield build.call(place, span, Builder.BUILDKIT, place)


def _value(word: str) -> str | None:
    """A word, None for one with an argument or a target of Earthly in it."""
    return None if "$" in word or word.startswith("+") else word.strip("\"'")

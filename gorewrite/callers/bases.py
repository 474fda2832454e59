"""Other Dockerfiles that begin with an image, or copy from it, told as compose services.

What they RUN needs its commands, what they copy its files, and what they start is started in it.
Sources: Dockerfile reference, FROM, COPY --from, RUN --mount.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gorewrite.callers.model import bare_image
from gorewrite.dockerfile import Instruction, ParseError, copy_parts, from_parts, parse
from gorewrite.evidence import Evidence

if TYPE_CHECKING:
    from gorewrite.callers.running import Service

_FROM: Final = re.compile(r"(?im)^[ \t]*FROM[ \t]+(?:--\S+[ \t]+)*(\S+)(?:[ \t]+AS[ \t]+(\S+))?")
_COPIED: Final = re.compile(r"(?im)^[ \t]*(?:COPY|RUN)\b[^\n]*?\bfrom=([^\s,]+)")

_ARGUMENT: Final = re.compile(r"(?im)^[ \t]*ARG[ \t]+(\w+)=[\"']?([^\s\"']+)")
_FROM_LINE: Final = re.compile(r"(?im)^[ \t]*FROM[ \t].*")
_VARIABLE: Final = re.compile(r"\$(?:\{(\w+)[^}]*\}|(\w+))")


def images(text: str) -> list[str]:
    """The images that a Dockerfile names, without tags, as written."""
    stages = _FROM.findall(_settled(text))
    named = {name.lower() for _, name in stages}
    found = {*(image for image, _ in stages), *_COPIED.findall(text)}
    return sorted(
        bare_image(image)
        for image in found
        if image.lower() not in named and not image.isdecimal() and image != "scratch"
    )


def runs(shown: str, text: str, directory: Path) -> Iterator[tuple[str, Service]]:
    """(image without its tag, what is done with it) of each instruction that needs it."""
    # Not at the top: `images` is asked of every Dockerfile, and needs no reader of compose files.
    from gorewrite.callers.running import CommandLine, Stated, container_of

    try:
        tree = parse(_settled(text).encode())
    except ParseError:
        return
    #: What the stages begin with in the end, by name.
    begun: dict[str, str] = {}
    image = ""
    for instruction in tree.instructions:
        where = Evidence(shown, tree.line_of(instruction), instruction.logical.strip()[:200])
        service = container_of(shown, directory, where)
        if instruction.keyword == "FROM":
            parts = from_parts(instruction)
            image = begun.get(parts.image.text.lower(), bare_image(parts.image.text))
            if parts.name:
                begun[parts.name.lower()] = image
            continue
        if instruction.keyword in ("COPY", "ADD"):
            copied = copy_parts(instruction)
            for source in copied.sources if copied.from_ else ():
                path = Stated("/" + source.lstrip("/"), where)
                of = begun.get((copied.from_ or "").lower(), bare_image(copied.from_ or ""))
                yield of, service._replace(environment=(path,))
            continue
        line = _line(instruction)
        if line is None:
            continue
        given = CommandLine(line, where)
        match instruction.keyword:
            case "RUN":
                yield image, service._replace(healthcheck=given)
            case "ENTRYPOINT":
                yield image, service._replace(entrypoint=given._replace(words=_words(line)))
            case "CMD":
                yield image, service._replace(command=given._replace(words=_words(line)))


def _settled(text: str) -> str:
    """With the defaults of the arguments that FROM takes put in."""
    defaults = dict(_ARGUMENT.findall(text.partition("FROM")[0]))
    if not defaults:
        return text
    return _FROM_LINE.sub(
        lambda line: _VARIABLE.sub(lambda of: defaults.get(of[1] or of[2], of[0]), line[0]), text
    )


def _line(instruction: Instruction) -> tuple[str, ...] | None:
    """`("CMD", …)` or `("CMD-SHELL", text)` of RUN, CMD and ENTRYPOINT."""
    if instruction.keyword not in ("RUN", "CMD", "ENTRYPOINT"):
        return None
    if instruction.json:
        return ("CMD", *instruction.json)
    return ("CMD-SHELL", instruction.rest) if instruction.rest else None


def _words(line: tuple[str, ...]) -> tuple[str, ...]:
    return line[1:] if line[0] == "CMD" else ("/bin/sh", "-c", line[1])

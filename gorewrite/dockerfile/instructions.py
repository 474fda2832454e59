"""Typed readings of single instructions; pure functions.

Source: moby/buildkit frontend/dockerfile/instructions/parse.go. Values are raw: quotes,
escapes and variables are still in them, `expand` takes them out.
"""

from __future__ import annotations

from typing import NamedTuple

from gorewrite.dockerfile.arguments import Word
from gorewrite.dockerfile.errors import ArgumentError
from gorewrite.dockerfile.heredoc import heredoc_start
from gorewrite.dockerfile.nodes import Instruction
from gorewrite.memo import remembered


class FromParts(NamedTuple):
    """`FROM [--platform=platform] image [AS name]`.

    name: in lower case. as_keyword: `AS` as written. image: an empty word if there is none.
    """

    image: Word
    platform: str | None
    name: str | None
    as_keyword: str | None


class CopyParts(NamedTuple):
    """COPY or ADD, in the shell or the JSON form.

    sources: raw, heredocs left out. dest: raw, "" when the instruction has fewer than two
    arguments. heredocs_as_sources: at least one source is a heredoc.
    from_, parents: COPY only; checksum, keep_git_dir, unpack: ADD only.
    """

    sources: tuple[str, ...]
    dest: str
    from_: str | None
    chown: str | None
    chmod: str | None
    exclude: tuple[str, ...]
    link: bool
    parents: bool
    checksum: str | None
    keep_git_dir: bool
    unpack: bool | None
    heredocs_as_sources: bool


@remembered
def from_parts(instruction: Instruction) -> FromParts:
    """What a FROM says. Raises ValueError for another instruction."""
    _require(instruction, "FROM")
    words = instruction.words
    image = words[0] if words else Word("", instruction.rest_start, instruction.rest_start)
    platform = instruction.flag("platform")
    if len(words) == 3 and words[1].text.lower() == "as":
        return FromParts(image, platform, words[2].text.lower(), words[1].text)
    return FromParts(image, platform, None, None)


@remembered
def copy_parts(instruction: Instruction) -> CopyParts:
    """What a COPY or ADD says. Raises ValueError for another instruction."""
    _require(instruction, "COPY", "ADD")
    arguments = instruction.arguments
    sources = arguments[:-1]
    paths = tuple(source for source in sources if not _is_heredoc(source))
    return CopyParts(
        sources=paths,
        dest=arguments[-1] if sources else "",
        from_=instruction.flag("from"),
        chown=instruction.flag("chown"),
        chmod=instruction.flag("chmod"),
        exclude=instruction.flag_values("exclude"),
        link=bool(_switch(instruction, "link")),
        parents=bool(_switch(instruction, "parents")),
        checksum=instruction.flag("checksum"),
        keep_git_dir=bool(_switch(instruction, "keep-git-dir")),
        unpack=_switch(instruction, "unpack"),
        heredocs_as_sources=len(paths) < len(sources),
    )


def pairs(instruction: Instruction) -> tuple[tuple[str, str | None], ...]:
    """The (name, raw value) pairs of ENV, LABEL or ARG in order.

    The value of an ARG without default is None. `ENV name value` is one pair.
    Raises ValueError for another instruction.
    """
    _require(instruction, "ENV", "LABEL", "ARG")
    if instruction.keyword != "ARG":
        return tuple((name, value) for name, value, _ in instruction.reading.name_values)
    split = (word.text.partition("=") for word in instruction.words)
    return tuple((name, value if separator else None) for name, separator, value in split)


def command_of(instruction: Instruction) -> tuple[str, ...] | str:
    """The command of RUN, CMD, ENTRYPOINT or HEALTHCHECK.

    The exec form gives a tuple, the shell form a string; HEALTHCHECK NONE gives ().
    Raises ValueError for another instruction.
    """
    _require(instruction, "RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK")
    if instruction.keyword == "HEALTHCHECK":
        kind, command = instruction.reading.health_type
        if kind.upper() != "CMD":
            return ()
        return command if instruction.json is None else instruction.json
    return instruction.rest if instruction.json is None else instruction.json


def _switch(instruction: Instruction, name: str) -> bool | None:
    value = instruction.flag(name)
    return None if value is None else value.lower() == "true"


def _is_heredoc(word: str) -> bool:
    try:
        return heredoc_start(word) is not None
    except ArgumentError:
        return False


def _require(instruction: Instruction, *keywords: str) -> None:
    if instruction.keyword not in keywords:
        raise ValueError(f"{instruction.keyword} is not {' or '.join(keywords)}")

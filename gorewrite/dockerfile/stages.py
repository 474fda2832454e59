"""Build stages as views of the body."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from gorewrite.dockerfile.expand import expand
from gorewrite.dockerfile.instructions import from_parts, pairs
from gorewrite.dockerfile.nodes import Blank, BodyNode, Comment, Instruction
from gorewrite.dockerfile.tree import Dockerfile
from gorewrite.memo import cached_property

_NOTHING: Mapping[str, str | None] = {}


@dataclass(frozen=True, eq=False)
class Stage:
    """A build stage: a FROM and what follows up to the next one.

    index: 0 for the first. name: in lower case, None without `AS`.
    instructions: those after FROM.
    nodes: all nodes of the body from FROM on, so a comment right above the next FROM is here.
    """

    index: int
    name: str | None
    from_: Instruction
    instructions: tuple[Instruction, ...]
    nodes: tuple[BodyNode, ...]

    @cached_property
    def positions(self) -> Mapping[BodyNode, int]:
        """Where each of `nodes` stands among them."""
        return {node: at for at, node in enumerate(self.nodes)}

    def comments_above(self, instruction: Instruction) -> tuple[Comment, ...]:
        """The comment block right above an instruction (BuildKit reads it as its description)."""
        start = end = self.positions[instruction]
        while start > 0 and isinstance(self.nodes[start - 1], Comment):
            start -= 1
        return tuple(node for node in self.nodes[start:end] if isinstance(node, Comment))

    def cased(self, keyword: str) -> str:
        """A keyword in the letter case of FROM (BuildKit rule ConsistentInstructionCasing)."""
        return keyword.lower() if self.from_.source.lstrip()[:4].islower() else keyword

    def set_apart(self, instruction: Instruction) -> bool:
        """Whether a blank line stands above an instruction and its comments."""
        at = self.positions[instruction] - len(self.comments_above(instruction))
        return at > 0 and isinstance(self.nodes[at - 1], Blank)


def stages(dockerfile: Dockerfile) -> tuple[Stage, ...]:
    """The stages in the order of the file; none when there is no FROM."""
    body, instructions = dockerfile.body, dockerfile.instructions
    starts = [at for at, each in enumerate(instructions) if each.keyword == "FROM"]
    places: list[int] = []
    for start in starts:
        places.append(body.index(instructions[start], places[-1] if places else 0))
    inner = pairwise([*starts, len(instructions)])
    whole = pairwise([*places, len(body)])
    return tuple(
        _stage(index, instructions[start:end], body[place:last])
        for index, ((start, end), (place, last)) in enumerate(zip(inner, whole, strict=True))
    )


def _stage(index: int, instructions: tuple[Instruction, ...], nodes: tuple[BodyNode, ...]) -> Stage:
    from_ = instructions[0]
    return Stage(index, from_parts(from_).name, from_, instructions[1:], nodes)


def global_args(dockerfile: Dockerfile) -> tuple[Instruction, ...]:
    """The ARGs before the first FROM: the ones a FROM can use."""
    found: list[Instruction] = []
    for instruction in dockerfile.instructions:
        if instruction.keyword == "FROM":
            break
        if instruction.keyword == "ARG":
            found.append(instruction)
    return tuple(found)


def global_values(
    dockerfile: Dockerfile, given: Mapping[str, str | None] = _NOTHING
) -> dict[str, str | None]:
    """The ARGs before the first FROM -> default, expanded in order; None without one.

    given: what a caller sets instead, where that is known.
    """
    values: dict[str, str | None] = {}
    for instruction in global_args(dockerfile):
        for key, raw in pairs(instruction):
            default = None if raw is None else expand(raw, values.get)
            value = given.get(key)
            values[key] = default if value is None else value
    return values


_IMAGE = re.compile(r"(?:[\w.-]+(?::\d+)?/)*[\w.-]+(?::\w[\w.-]*)?(?:@\S+)?")


def image_named(
    dockerfile: Dockerfile, raw: str, given: Mapping[str, str | None] = _NOTHING
) -> str | None:
    """What a FROM names when no caller sets other ARGs in it than `given`, of which those without
    a default are empty then (`${BASE:-golang}`, `golang:1.25${VARIANT}`); None when that is not
    known, or no image."""
    values = global_values(dockerfile, given)
    for instruction in global_args(dockerfile):
        empty = (key for key, default in pairs(instruction) if default is None)
        values |= {key: "" for key in empty if values[key] is None}
    text = expand(raw, values.get)
    return text if text is None or "$" not in raw or _IMAGE.fullmatch(text) else None


def find_stage(stages: Sequence[Stage], reference: str, before: int) -> Stage | None:
    """The stage `COPY --from=reference` means in stage number `before`.

    stages: those of the file; reference: a name, in any case, or a number. Of two stages with the
    same name the last one counts. None when it is another image. A FROM takes names only, never
    numbers.
    Source: moby/buildkit frontend/dockerfile/dockerfile2llb (`findStateByName`, `-Index`).
    """
    if reference.isascii() and reference.isdecimal():
        index = int(reference)
        return stages[index] if index < before else None
    name = reference.lower()
    return next((stage for stage in reversed(stages[:before]) if stage.name == name), None)

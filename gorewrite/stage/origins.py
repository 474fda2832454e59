"""Where a file of a stage first came from: the build context, or the text of a heredoc."""

from __future__ import annotations

from gorewrite.dockerfile import Instruction
from gorewrite.facts import StageFacts


def first_source(stage: StageFacts, path: str) -> str | None:
    """The context path that a file came from, through the stages that it was copied from; None
    when there is none, or when go wrote it."""
    if path in stage.output_paths:
        return None
    source = stage.source_of(path)
    if source is not None:
        return source
    for placed in stage.copies.over(path):
        there = placed.source_path(path)
        if there is not None and placed.origin == "stage":
            other = stage.facts.stage_named(placed.from_ or "", stage.index)
            return first_source(other, there) if other is not None else None
    return None


def heredoc(stage: StageFacts, path: str) -> tuple[Instruction, str] | None:
    """(the COPY, the text) of a file that a heredoc writes; None where the builder would expand
    variables in it, or something else lies there."""
    for placed in stage.copies.over(path):
        if placed.source_path(path) is None:
            continue
        for found in placed.instruction.heredocs if placed.origin == "remote" else ():
            plain = not found.expand or "$" not in found.content
            if found.name == placed.source and plain:
                return placed.instruction, found.content
        return None
    return None

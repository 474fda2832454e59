"""The checks that run on every file that is written, in production and in tests.

`check` raises `InternalError` naming the first one that does not hold; the file is then
left alone. The contract and the fixed point are checked by the engine.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Set

from gorewrite.dockerfile import BodyNode, Comment, CommentLine, Dockerfile, Instruction


class InternalError(Exception):
    """A rewrite broke one of gorewrite's own rules; the file is left alone."""


def check(old: Dockerfile, new: Dockerfile, touched: Set[BodyNode]) -> tuple[str, ...]:
    """Holds the rewritten file against the original.

    touched: the nodes that changes replaced (of any round).
    Returns notes about checks that could not be made. Raises InternalError.
    """
    _untouched_bytes(old, new, touched)
    _comments(old, new)
    return _second_reader(old, new)


def _untouched_bytes(old: Dockerfile, new: Dockerfile, touched: Set[BodyNode]) -> None:
    """Every node that no change named stands in the output, byte for byte and in order."""
    if new.bom != old.bom:
        raise InternalError("the byte order mark changed")
    rest = iter(new.body)
    last = old.body[-1] if old.body else None
    for node in old.body:
        if node in touched:
            continue
        wanted = node.source
        # Text added below a file without a final newline gives its last line one.
        also = wanted + new.newline if node is last and not wanted.endswith("\n") else wanted
        for fresh in rest:
            if fresh.source == wanted or fresh.source == also:
                break
        else:
            raise InternalError(f"line {old.line_of(node)} changed, though no change names it")


def _comments(old: Dockerfile, new: Dockerfile) -> None:
    lost = Counter(_comment_texts(old)) - Counter(_comment_texts(new))
    if lost:
        raise InternalError(f"a comment would be lost: {next(iter(lost))}")


def _comment_texts(tree: Dockerfile) -> list[str]:
    texts = [node.text.strip() for node in tree.body if isinstance(node, Comment)]
    for instruction in tree.instructions:
        if "#" in instruction.source:
            texts += [p.text.strip() for p in instruction.parts if isinstance(p, CommentLine)]
    return texts


def _second_reader(old: Dockerfile, new: Dockerfile) -> tuple[str, ...]:
    """dockerfile-parse, an independent reader, sees the instructions that we see.

    It cannot read heredocs and some continuations; where it disagrees on the input
    already, its word on the output is worth nothing, and that is said.
    """
    if _read_again(old.to_bytes()) != _own_reading(old):
        return ("not cross-checked: dockerfile-parse does not read this input as BuildKit does",)
    if _read_again(new.to_bytes()) != _own_reading(new):
        raise InternalError("dockerfile-parse reads other instructions in the output")
    return ()


def _read_again(data: bytes) -> list[tuple[str, str]] | None:
    from dockerfile_parse import DockerfileParser

    try:
        parser = DockerfileParser(fileobj=io.BytesIO(data))
        structure = parser.structure
    except Exception:  # It raises whatever its regexes and codecs do.
        return None
    return [
        (item["instruction"], "".join(item["value"].split()))
        for item in structure
        if item["instruction"] != "COMMENT"
    ]


def _own_reading(tree: Dockerfile) -> list[tuple[str, str]]:
    return [(i.keyword, "".join(_value(i).split())) for i in tree.instructions]


def _value(instruction: Instruction) -> str:
    if not instruction.flags:
        return instruction.rest
    return " ".join((*(flag.text for flag in instruction.flags), instruction.rest))

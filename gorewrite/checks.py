"""The checks that run on every file that is written, in production and in tests.

`read_again` and `check` raise `InternalError` naming the first one that does not hold; the file
is then left alone. The contract and the fixed point are checked by the engine.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

from gorewrite.dockerfile import (
    BodyNode,
    Comment,
    CommentLine,
    Dockerfile,
    Instruction,
    Node,
    parse,
)
from gorewrite.dockerfile.parse import parse_body


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


def read_again(
    tree: Dockerfile, origin: Mapping[BodyNode, BodyNode], escape: str
) -> Iterator[tuple[BodyNode, BodyNode]]:
    """(node, what is read in its place) of all nodes that might read in another way than meant.

    origin: node -> the node of the input that it still is; escape: the escape character there.

    How a node reads follows from its own lines and the escape character, once what stands before
    it has ended. So these are the head of the file, which may hold directives, and each row of new
    nodes behind it; what stands between was read like that in the input.
    Raises InternalError where anything else is read, ParseError where nothing can be.
    """
    kinds = [isinstance(node, Instruction) for node in tree.body]
    end = kinds.index(True) + 1 if True in kinds else len(kinds)
    head = parse(tree.bom + _text(tree.body[:end]))
    if head.escape != escape:
        head, end = parse(tree.to_bytes()), len(kinds)
    yield from _as_meant(tree.body[:end], head.body, followed=end < len(kinds))
    row: list[BodyNode] = []
    for node in tree.body[end:]:
        if origin.get(node) is not node:
            row.append(node)
        elif row:
            yield from _as_meant(row, parse_body(_text(row), escape), followed=True)
            row = []
    yield from _as_meant(row, parse_body(_text(row), escape), followed=False)


def _text(nodes: Iterable[BodyNode]) -> str:
    """What is read where the nodes have been written."""
    written = "".join([node.source for node in nodes]).encode("utf-8", "surrogateescape")
    return written.decode("utf-8", "surrogateescape")


def _as_meant(
    meant: Sequence[BodyNode], read: Sequence[BodyNode], *, followed: bool
) -> Iterable[tuple[BodyNode, BodyNode]]:
    """Pairs of equal nodes, the last of which takes in nothing of what follows."""
    same = len(meant) == len(read) and all(map(Node.deep_equals, meant, read))
    last = read[-1] if read and followed else None
    runs_on = isinstance(last, Instruction) and last.is_open
    if not same or runs_on or not (last is None or last.source.endswith("\n")):
        raise InternalError("the output does not parse to the tree that was meant")
    return zip(meant, read, strict=True)


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
    return [(i.keyword, "".join(i.logical.split())[len(i.keyword) :]) for i in tree.instructions]

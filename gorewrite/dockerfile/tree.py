"""The whole file."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self, cast

from gorewrite.dockerfile.lexical import SPACE
from gorewrite.dockerfile.nodes import (
    Blank,
    BlankLine,
    BodyNode,
    Comment,
    CommentLine,
    Continuation,
    Directive,
    Instruction,
    Newline,
    Node,
    Part,
    Text,
)
from gorewrite.memo import cached_property


class _Index:
    """What is worked out about a body once and kept."""

    def __init__(self, body: tuple[BodyNode, ...]) -> None:
        self._body = body
        self.memory: dict[Hashable, Any] = {}

    @cached_property
    def instructions(self) -> tuple[Instruction, ...]:
        return tuple([node for node in self._body if isinstance(node, Instruction)])

    @cached_property
    def directives(self) -> dict[str, str]:
        return {node.name: node.value for node in self._body if isinstance(node, Directive)}

    @cached_property
    def newline(self) -> str:
        source = "".join([node.source for node in self._body])
        carriage_returns = source.count("\r\n")
        return "\r\n" if carriage_returns * 2 > source.count("\n") else "\n"

    @cached_property
    def nodes(self) -> frozenset[BodyNode]:
        return frozenset(self._body)

    @cached_property
    def lines(self) -> dict[BodyNode, int]:
        lines: dict[BodyNode, int] = {}
        line = 1
        for node in self._body:
            lines[node] = line
            line += node.line_count if isinstance(node, Instruction) else 1
        return lines


@dataclass(frozen=True, slots=True, eq=False)
class Dockerfile(Node):
    """A Dockerfile: an optional byte order mark and a flat body in the order of the file."""

    bom: str
    body: tuple[BodyNode, ...]
    _index: _Index = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index", _Index(self.body))

    @property
    def memory(self) -> dict[Hashable, Any]:
        """See gorewrite.memo."""
        return self._index.memory

    @property
    def source(self) -> str:
        return self.bom + "".join([node.source for node in self.body])

    def to_bytes(self) -> bytes:
        """The bytes of the file; those it was parsed from if nothing was changed."""
        return self.source.encode("utf-8", "surrogateescape")

    def deep_equals(self, other: object) -> bool:
        return (
            isinstance(other, Dockerfile)
            and self.bom == other.bom
            and [type(node) for node in self.body] == [type(node) for node in other.body]
            and [node.source for node in self.body] == [node.source for node in other.body]
        )

    @property
    def escape(self) -> str:
        """The escape character: a backslash, or what `# escape=` says."""
        return self.directives.get("escape", "\\")

    @property
    def directives(self) -> dict[str, str]:
        """The parser directives: lower-case name to value."""
        return self._index.directives

    @property
    def instructions(self) -> tuple[Instruction, ...]:
        return self._index.instructions

    @property
    def newline(self) -> str:
        """The line ending most lines have; `\\n` when in doubt."""
        return self._index.newline

    @property
    def lines(self) -> Mapping[BodyNode, int]:
        """The line of the file, 1 for the first, that each node begins on."""
        return self._index.lines

    def line_of(self, node: BodyNode) -> int:
        """The line that `node` begins on. Raises KeyError for a node that is not in the body."""
        return self._index.lines[node]

    def deep_replace(self, changes: Mapping[Any, Sequence[Node]]) -> Self:
        """A copy in which each node that is a key gives way to 0 or more nodes.

        Every other node stays the same object, save where the end of the file moved: a last
        line without a newline gets one when something follows it, an instruction that ended
        in a continuation loses it, and new nodes that come last end without a newline if
        the file did. When the last node is just deleted, the one before keeps its newline.
        Raises KeyError for a key that is not in the body.
        """
        nodes = self._index.nodes
        for old in changes:
            if old not in nodes:
                raise KeyError(old)
        body: list[BodyNode] = []
        for node in self.body:
            if node in changes:
                body.extend(cast(Sequence[BodyNode], changes[node]))
            else:
                body.append(node)
        fixed: list[BodyNode] = []
        followed = nodes.difference(self.body[-1:])
        for node in body[:-1]:
            if node in followed:
                fixed.append(node)
            else:
                fixed.extend(_ended(node, self))
        if body:
            fixed.append(body[-1])
        if not all(node.source.endswith("\n") for node in self.body[-1:]):
            self._drop_final_newline(fixed)
        return self.with_changes(body=tuple(fixed))

    def _drop_final_newline(self, body: list[BodyNode]) -> None:
        while body and body[-1] not in self._index.nodes and body[-1].source.endswith("\n"):
            last = body.pop()
            if not (isinstance(last, Blank) and not last.text):
                body.append(_without_newline(last))

    def fragment(self, text: str) -> tuple[BodyNode, ...]:
        """New body nodes written in this file's newline style and escape character.

        text: lines ended by `\\n`, continued with a backslash. Raises ParseError when they
        are no instructions, comments or blank lines, ValueError when the file's escape
        character gives them another meaning.
        """
        from gorewrite.dockerfile.parse import parse_body

        nodes = parse_body(text, "\\")
        source = "".join(_restyled(nodes, self.escape)).replace("\n", self.newline)
        if source == text and self.escape == "\\":
            return nodes
        styled = parse_body(source, self.escape)
        if [_meaning(node) for node in nodes] != [_meaning(node) for node in styled]:
            raise ValueError(f"cannot be written with the escape character {self.escape}")
        return styled


def _restyled(nodes: Sequence[BodyNode], escape: str) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, Instruction):
            for part in node.parts:
                yield escape + part.text[1:] if isinstance(part, Continuation) else part.text
            yield from (heredoc.raw for heredoc in node.heredocs)
        else:
            yield node.source


def _meaning(node: BodyNode) -> tuple[type, str]:
    return type(node), node.logical if isinstance(node, Instruction) else node.text


def _ended(node: BodyNode, tree: Dockerfile) -> Sequence[BodyNode]:
    """The node in a shape something can follow in the tree, as one or more nodes."""
    if isinstance(node, Instruction) and node.is_open:
        return _closed(node, tree.newline)
    if node.source.endswith("\n"):
        return (node,)
    ending = "\n" if node.source.endswith("\r") else tree.newline
    return (_with_newline(node, ending),)


def _with_newline(node: BodyNode, newline: str) -> BodyNode:
    if not isinstance(node, Instruction):
        return node.with_changes(newline=node.newline + newline)
    if node.heredocs:
        last = node.heredocs[-1]
        return _with_last_heredoc_line(node, last.terminator + newline)
    parts = node.parts
    if isinstance(parts[-1], Newline):
        return node.with_changes(parts=(*parts[:-1], Newline(parts[-1].text + newline)))
    return node.with_changes(parts=(*parts, Newline(newline)))


def _without_newline(node: BodyNode) -> BodyNode:
    if not isinstance(node, Instruction):
        return node.with_changes(newline="")
    if node.heredocs:
        return _with_last_heredoc_line(node, node.heredocs[-1].terminator.rstrip("\r\n"))
    last = node.parts[-1]
    text = last.text.rstrip("\r\n")
    kept: tuple[Part, ...] = (last.with_changes(text=text),) if text else ()
    return node.with_changes(parts=(*node.parts[:-1], *kept))


def _with_last_heredoc_line(node: Instruction, terminator: str) -> Instruction:
    import dataclasses

    last = dataclasses.replace(node.heredocs[-1], terminator=terminator)
    return node.with_changes(heredocs=(*node.heredocs[:-1], last))


def _closed(node: Instruction, newline: str) -> Sequence[BodyNode]:
    """An instruction that ended in a continuation, without it.

    The comments and blank lines that followed come out of it as nodes of their own. Where no
    text is left (a lone escape character) the instruction goes.
    """
    texts = [at for at, part in enumerate(node.parts) if _holds_text(part)]
    end = texts[-1] + 1 if texts else 0
    closed: list[BodyNode] = []
    for part in node.parts[end:]:
        text = part.text.rstrip("\r\n")
        ending = part.text[len(text) :] or newline
        if isinstance(part, CommentLine):
            closed.append(Comment(text, ending))
        elif isinstance(part, BlankLine):
            closed.append(Blank(text, ending))
        elif texts and not closed and isinstance(part, Continuation):
            closed.append(node.with_changes(parts=(*node.parts[:end], Newline(ending))))
    return closed


def _holds_text(part: Part) -> bool:
    return isinstance(part, Text) and bool(part.text.strip(SPACE))

"""A row of commands and operators, grouped by the precedence of POSIX 2.9 (and 2.10, grammar)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from gorewrite.shell.nodes import Command, List, Node, Pipeline, Redirect, Unit, Word
from gorewrite.shell.words import NotUnderstood


class Operator(NamedTuple):
    text: str
    start: int


class Attached(NamedTuple):
    """Redirections, and words behind them, of the command before."""

    redirects: tuple[Redirect, ...]
    words: tuple[Word, ...]


Piece: TypeAlias = Unit | Operator | Attached


def attach(unit: Unit, attached: Attached) -> Unit:
    redirects = tuple(sorted((*unit.redirects, *attached.redirects), key=lambda r: r.start))
    end = max([unit.end, *(r.end for r in attached.redirects), *(w.end for w in attached.words)])
    if isinstance(unit, Command):
        words = tuple(sorted((*unit.words, *attached.words), key=lambda word: word.start))
        return unit._replace(words=words, redirects=redirects, end=end)
    if attached.words:
        raise NotUnderstood("a word after a compound command")
    return unit._replace(redirects=redirects, end=end)


def grouped(row: Iterator[Piece]) -> Node:
    """Group by precedence: `|` binds before `&&` and `||`, `!` is for a whole pipeline."""
    pipelines: list[_Pipe] = [_Pipe()]
    operators: list[str] = []
    for piece in row:
        current = pipelines[-1]
        if isinstance(piece, Operator):
            if piece.text == "!":
                current.negate(piece.start)
            elif piece.text in {"|", "|&"}:
                current.operators.append(piece.text)
            else:
                operators.append(piece.text)
                pipelines.append(_Pipe())
        elif isinstance(piece, Attached):
            if not current.expects_operator:
                raise NotUnderstood("redirection not understood")
            current.items[-1] = attach(current.items[-1], piece)
        elif current.expects_operator:
            raise NotUnderstood("two commands without a separator")
        else:
            current.items.append(piece)
    nodes = tuple(pipe.node() for pipe in pipelines)
    if len(nodes) == 1:
        return nodes[0]
    return List(nodes, tuple(operators), nodes[0].start, nodes[-1].end)


class _Pipe:
    """A pipeline being built."""

    def __init__(self) -> None:
        self.items: list[Unit] = []
        self.operators: list[str] = []
        self.start: int | None = None

    @property
    def expects_operator(self) -> bool:
        return len(self.items) > len(self.operators)

    def negate(self, start: int) -> None:
        if self.items or self.start is not None:
            raise NotUnderstood("unexpected '!' in a pipeline")
        self.start = start

    def node(self) -> Unit | Pipeline:
        if not self.expects_operator:
            raise NotUnderstood("a command is missing")
        if len(self.items) == 1 and self.start is None:
            return self.items[0]
        start = self.items[0].start if self.start is None else self.start
        negated = self.start is not None
        end = self.items[-1].end
        return Pipeline(tuple(self.items), negated, tuple(self.operators), start, end)

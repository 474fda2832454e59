"""From tree-sitter-bash's leaves to words, assignments and redirections."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from gorewrite.shell.nodes import Assignment, Comment, Computed, Literal, Redirect, Script, Word
from gorewrite.shell.words import PLAIN, Lexer, NotUnderstood, WordError, split

if TYPE_CHECKING:
    from tree_sitter import Node as Tree
else:
    Tree: TypeAlias = object

_SUBSTITUTIONS = frozenset({"command_substitution", "process_substitution"})
_HOLES = _SUBSTITUTIONS | {"arithmetic_expansion", "expansion"}
_BOUNDARY = frozenset(" \t\n|&;<>()`")
_BACKTICK_ESCAPE = re.compile(r'\\[\\$`"]')
_DUPLICATE_AND_CLOSE = re.compile(r"[<>]&-?")


class Expansions:
    """What is inside the words below some tree nodes: bracketed spans, names, scripts."""

    __slots__ = ("holes", "scripts", "variables")

    def __init__(self) -> None:
        self.holes: dict[int, int] = {}
        self.variables: list[tuple[int, str]] = []
        self.scripts: list[tuple[int, Script]] = []


class LeafReader:
    """Reads leaves of the tree of `text`. Methods raise NotUnderstood or WordError."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.comments: list[Comment] = []

    def script(self, children: Sequence[Tree], start: int, end: int) -> Script:
        raise NotImplementedError

    def comment(self, node: Tree) -> None:
        start, end = node.start_byte, node.end_byte
        self.comments.append(Comment(self.text[start:end], start, end))

    def expansions(self, nodes: Iterable[Tree]) -> Expansions:
        found = Expansions()
        todo = [(node, False) for node in nodes]
        while todo:
            node, nested = todo.pop()
            kind = node.type
            if kind == "variable_name":
                name = self.text[node.start_byte : node.end_byte]
                found.variables.append((node.start_byte, name))
            elif kind in _HOLES:
                # Inside of quotes the grammar counts blanks before an expansion as part of it.
                start = node.start_byte
                while self.text[start] in " \t\n":
                    start += 1
                found.holes[start] = node.end_byte
                if kind in _SUBSTITUTIONS and not nested:
                    found.scripts.append((start, self.substitution(node)))
                    nested = True
            todo.extend((child, nested) for child in node.children)
        found.scripts.sort(key=lambda item: item[0])
        return found

    def substitution(self, node: Tree) -> Script:
        first, last = node.children[0], node.children[-1]
        inside = self.text[first.end_byte : last.start_byte]
        if first.type == "`" and _BACKTICK_ESCAPE.search(inside):
            raise NotUnderstood("backslash inside `…`")
        return self.script(node.children[1:-1], first.end_byte, last.start_byte)

    def words(self, nodes: Sequence[Tree]) -> list[Word]:
        """One word for each run of nodes without a blank between them."""
        runs: list[tuple[list[Tree], int]] = []
        ends: list[int] = []
        for node in nodes:
            start = node.start_byte
            if ends and ends[-1] == start:
                runs[-1][0].append(node)
                ends[-1] = node.end_byte
            else:
                runs.append(([node], start))
                ends.append(node.end_byte)
        found = []
        for (run, start), end in zip(runs, ends, strict=True):
            if start and self.text[start - 1] not in _BOUNDARY:
                raise WordError("the start of a word was not understood")
            found.append(self.word(run, start, end))
        return found

    def word(self, nodes: Sequence[Tree], start: int, end: int, assigned: bool = False) -> Word:
        text = self.text[start:end]
        if end < len(self.text) and self.text[end] not in _BOUNDARY:
            raise WordError("the end of a word was not understood")
        if PLAIN.fullmatch(text):
            return Word(text, start, end, (Literal(text),))
        inner = self.expansions(nodes) if "$" in text or "`" in text or "(" in text else None
        holes = inner.holes if inner else {}
        lexer = Lexer(self.text, start, end, holes, assignment=assigned)
        if lexer.run() != end:
            raise WordError("a blank inside of a word")
        return _word(text, start, end, lexer, inner)

    def split_words(self, node: Tree, lenient: bool) -> list[Word]:
        """The blank-separated words of a whole node, whatever structure the tree gives it."""
        inner = self.expansions([node])
        found = []
        for start, end in split(self.text, node.start_byte, node.end_byte, inner.holes, lenient):
            lexer = Lexer(self.text, start, end, inner.holes, lenient=lenient)
            lexer.run()
            found.append(_word(self.text[start:end], start, end, lexer, inner))
        return found

    def assignment(self, node: Tree) -> Assignment:
        name, operator, *value = node.children
        start, end = node.start_byte, node.end_byte
        if name.type != "variable_name":
            raise NotUnderstood("shell arrays are not understood")
        word = None
        if any(part.type == "array" for part in value):
            inner = self.expansions(value)
            at, text = operator.end_byte, self.text[operator.end_byte : end]
            names = frozenset(name for _, name in inner.variables)
            scripts = tuple(script for _, script in inner.scripts)
            word = Word(text, at, end, (Computed(text),), False, names, scripts)
        elif value:
            word = self.word(value, operator.end_byte, end, assigned=True)
        elif end < len(self.text) and self.text[end] not in _BOUNDARY:
            raise WordError("the end of an assignment was not understood")
        identifier = self.text[name.start_byte : name.end_byte]
        return Assignment(identifier, word, start, end, operator.type == "+=")

    def redirect(self, node: Tree, redirects: list[Redirect], words: list[Word]) -> None:
        """`2>target`; the tree counts words that follow the target as further targets."""
        children = list(node.children)
        fd = None
        if children[0].type == "file_descriptor":
            fd = self.descriptor(children.pop(0))
        operator = self.text[children[0].start_byte : children.pop(0).end_byte]
        if _DUPLICATE_AND_CLOSE.fullmatch(operator):
            operator = operator[:2]
        targets = self.words(children)
        if not targets and operator not in {">&", "<&"}:
            raise NotUnderstood("redirection without a target")
        end = targets[0].end if targets else node.end_byte
        target = targets[0] if targets else None
        redirects.append(Redirect(operator, target, node.start_byte, end, fd))
        words += targets[1:]

    def descriptor(self, node: Tree) -> int:
        digits = self.text[node.start_byte : node.end_byte]
        if not digits.isdigit():
            raise NotUnderstood("redirection not understood")
        return int(digits)

    def document(self, node: Tree, redirects: list[Redirect], words: list[Word]) -> list[Tree]:
        """A here-document; the nodes of what follows the delimiter on its line are returned."""
        children = list(node.children)
        fd = self.descriptor(children.pop(0)) if children[0].type == "file_descriptor" else None
        operator, delimiter = children[0], children[1]
        body: tuple[int, int] | None = None
        scripts: tuple[Script, ...] = ()
        arguments: list[Tree] = []
        rest: list[Tree] = []
        for child in children[2:]:
            match child.type:
                case "heredoc_body":
                    body = (child.start_byte, child.end_byte)
                    scripts = tuple(script for _, script in self.expansions([child]).scripts)
                case "heredoc_end":
                    body = (body[0] if body else child.start_byte, child.start_byte)
                case "file_redirect" | "herestring_redirect":
                    self.redirect(child, redirects, words)
                case "heredoc_redirect":
                    raise NotUnderstood("several here-documents on one line")
                case _ if node.field_name_for_child(node.children.index(child)) == "argument":
                    arguments.append(child)
                case _:
                    rest.append(child)
        text = self.text[delimiter.start_byte : delimiter.end_byte]
        if body is None or delimiter.type != "heredoc_start" or not text.isascii():
            raise NotUnderstood("here-document not understood")
        end = delimiter.end_byte
        target = self.word((), delimiter.start_byte, end)
        redirects.append(Redirect(operator.type, target, node.start_byte, end, fd, body, scripts))
        words += self.words(arguments)
        return rest


def _word(text: str, start: int, end: int, lexer: Lexer, inner: Expansions | None) -> Word:
    if inner is None:
        return Word(text, start, end, tuple(lexer.parts), lexer.globs)
    return Word(
        text,
        start,
        end,
        tuple(lexer.parts),
        lexer.globs,
        frozenset(name for at, name in inner.variables if start <= at < end),
        tuple(script for at, script in inner.scripts if start <= at < end),
    )

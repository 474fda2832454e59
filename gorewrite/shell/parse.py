"""Reads a RUN body with tree-sitter-bash and converts it at once to `gorewrite.shell.nodes`.

tree-sitter-bash finds the words; how they combine is decided here by the grammar of POSIX
(Shell Command Language, 2.10), since the tree differs from it in places: `a && b >x` has the
redirection around the whole list, `a >x b` counts `b` as a second target, and what follows a
here-document's delimiter on its line hangs inside the redirection. So a statement is first
written out as a flat row of commands and operators in source order, then grouped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING

from gorewrite.shell.grouping import Attached, Operator, Piece, attach, grouped
from gorewrite.shell.leaves import LeafReader
from gorewrite.shell.nodes import (
    Assignment,
    Command,
    Compound,
    Group,
    Node,
    Opaque,
    Redirect,
    Script,
    Statement,
    Subshell,
    Unit,
    Word,
)
from gorewrite.shell.plain import RESERVED, plain_list
from gorewrite.shell.words import NotUnderstood

if TYPE_CHECKING:
    from tree_sitter import Node as Tree
    from tree_sitter import Parser

# tree-sitter reports byte offsets and takes \r, \f and Unicode spaces for blanks; a shell takes
# all of these for ordinary characters. Both differences vanish when each is shown to it as one
# ASCII character that is ordinary everywhere: it belongs to no name and no operator.
_FOREIGN = re.compile(r"[^\t\n -~]")
_STAND_IN = "."
# What bash takes and tree-sitter-bash does not, with its like of the same length: `{ if a; then b;
# fi }`, where one compound command ends behind another, and `exec 3<>file`. Were such a word an
# argument, it would close what nobody opened, and the text would not be understood as before.
_CLOSED = re.compile(
    r"((?:\b(?:fi|done|esac)|[)}]|\]\])[ \t]*)[ \t](?=(?:\}|(?:then|do|elif|else|fi|done|esac)\b))"
)
_BOTH_WAYS = "<>"
_MAX_DEPTH = 60
_LONGEST_SHOWN = 70


def parse(text: str) -> Script | Opaque:
    """The commands of a shell text (continuation lines joined), or why it was not understood.

    The text is read as bash reads it, which for all but bash's own extensions is what sh does:
    `[[ … ]]`, `$'…'`, `&>` and <(…) mean something else or nothing to dash. Never raises.
    """
    return _parse(text)


@lru_cache(maxsize=512)
def _parse(text: str) -> Script | Opaque:
    return plain_list(text) or by_grammar(text)


def by_grammar(text: str) -> Script | Opaque:
    """`parse` of any text, without a look whether it is a plain list."""
    if "\0" in text:
        return Opaque("NUL character in a shell command")
    shadow = _FOREIGN.sub(_STAND_IN, text)
    root = _parser().parse(shadow.encode("ascii")).root_node
    if root.has_error:
        shadow = _CLOSED.sub(r"\1;", shadow).replace(_BOTH_WAYS, ">>")
        again = _parser().parse(shadow.encode("ascii")).root_node
        root = root if again.has_error else again
    if root.has_error:
        return Opaque(f"shell syntax not understood: {_lost(root, text)}")
    try:
        return _Converter(text).script(root.children, 0, len(text))
    except NotUnderstood as problem:
        return Opaque(str(problem))


def _lost(root: Tree, text: str) -> str:
    """The line in which the grammar loses its way, at most so many characters of it."""
    node: Tree | None = root
    while node is not None and node.type != "ERROR" and not node.is_missing:
        root, node = node, next((c for c in node.children if c.has_error), None)
    line = text.split("\n")[(node or root).start_point.row].strip()
    return line if len(line) <= _LONGEST_SHOWN else f"{line[: _LONGEST_SHOWN - 1]}…"


@cache
def _parser() -> Parser:
    # Imported here: a run that meets no RUN instruction need not load it.
    import tree_sitter
    import tree_sitter_bash

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))


_ROWS = frozenset({"list", "pipeline", "negated_command"})
_OPERATORS = frozenset({"&&", "||", "|", "|&", "!"})
_WRITTEN_OUT = (Operator, Attached)
#: `>&2` behind a function opens no file.
_TO_ANOTHER = re.compile(r"\d*>& ?\d")
_start = attrgetter("start")


class _Converter(LeafReader):
    """Turns one syntax tree into nodes. Every method raises NotUnderstood or WordError."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.depth = 0

    def script(self, children: Sequence[Tree], start: int, end: int) -> Script:
        outer, self.comments = self.comments, []
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise NotUnderstood(f"shell commands nested more than {_MAX_DEPTH} deep")
        nodes: list[Node] = []
        terminators: list[str] = []
        for child in children:
            if child.type == "comment":
                self.comment(child)
            elif child.is_named:
                if len(terminators) < len(nodes):
                    if "\n" not in self.text[nodes[-1].end : child.start_byte]:
                        raise NotUnderstood("two commands without a separator")
                    terminators.append("\n")
                nodes.append(grouped(self.row(child)))
            elif child.type in {";", "&", "\n"} and len(terminators) < len(nodes):
                terminators.append(child.type)
            else:
                raise NotUnderstood(f"unexpected {child.type!r} in a shell command")
        terminators += [""] * (len(nodes) - len(terminators))
        statements = tuple(
            Statement(node, terminator, node.start, node.end)
            for node, terminator in zip(nodes, terminators, strict=True)
        )
        comments = tuple(sorted(self.comments, key=lambda comment: comment.start))
        self.comments = outer
        self.depth -= 1
        return Script(statements, comments, start, end)

    def row(self, statement: Tree) -> Iterator[Piece]:
        """The statement as commands, operators and redirections in source order.

        Not recursive: tree-sitter-bash nests a long `&&`-list as deep as it is long.
        """
        todo: list[Tree | Operator | Attached] = [statement]
        while todo:
            piece = todo.pop()
            if isinstance(piece, _WRITTEN_OUT):
                yield piece
                continue
            kind = piece.type
            if kind in _ROWS:
                todo.extend(reversed(self.operands(piece.children)))
            elif kind == "redirected_statement":
                body, attached, rest = self.redirected(piece)
                todo.extend(reversed(rest))
                if body is None:
                    yield attach(Command((), (), (), piece.start_byte, piece.start_byte), attached)
                else:
                    todo += [attached, body]
            else:
                yield self.unit(piece)

    def operands(self, children: Sequence[Tree]) -> list[Tree | Operator | Attached]:
        found: list[Tree | Operator | Attached] = []
        for child in children:
            if child.type == "comment":
                self.comment(child)
            elif child.is_named:
                found.append(child)
            elif (kind := child.type) in _OPERATORS:
                found.append(Operator(kind, child.start_byte))
            else:
                raise NotUnderstood(f"unexpected {child.type!r} in a shell command")
        return found

    def redirected(
        self, node: Tree
    ) -> tuple[Tree | None, Attached, list[Tree | Operator | Attached]]:
        """The body, its redirections, and what a here-document's line goes on with."""
        body: Tree | None = None
        redirects: list[Redirect] = []
        words: list[Word] = []
        rest: list[Tree] = []
        for child in node.children:
            match child.type:
                case "file_redirect" | "herestring_redirect":
                    self.redirect(child, redirects, words)
                case "heredoc_redirect":
                    rest += self.document(child, redirects, words)
                case "comment":
                    self.comment(child)
                case kind if body is not None or redirects:
                    raise NotUnderstood(f"unexpected {kind!r} after a redirection")
                case _:
                    body = child
        return body, Attached(tuple(redirects), tuple(words)), self.operands(rest)

    def unit(self, node: Tree) -> Unit:
        match node.type:
            case "command" | "variable_assignment" | "variable_assignments":
                return self.command(node)
            case "declaration_command" | "unset_command":
                # What follows is kept as words, as it is for any other command.
                return self.simple(node, (), self.words(node.children), [])
            case "test_command" if not self.text.startswith("((", node.start_byte):
                lenient = self.text.startswith("[[", node.start_byte)
                return self.simple(node, (), self.split_words(node, lenient), [])
            case "file_redirect":
                # `$(<file)`
                redirects: list[Redirect] = []
                words: list[Word] = []
                self.redirect(node, redirects, words)
                return self.simple(node, (), words, redirects)
            case "subshell":
                return Subshell(self.inside(node, "(", ")"), node.start_byte, node.end_byte)
            case "compound_statement":
                return Group(self.inside(node, "{", "}"), node.start_byte, node.end_byte)
            case "if_statement":
                return self.compound(node, "if", {"if", "then", "elif", "else", "fi"})
            case "while_statement":
                kind = node.children[0].type
                return self.compound(node, kind, {kind, "do", "done"})
            case "for_statement" if node.children[0].type == "for":
                return self.loop(node)
            case "c_style_for_statement":
                return self.counted(node)
            case "case_statement":
                return self.case(node)
            case "function_definition":
                return self.function(node)
            case kind:
                raise NotUnderstood(f"shell construct not understood: {kind}")

    def simple(
        self,
        node: Tree,
        assignments: Sequence[Assignment],
        words: Sequence[Word],
        redirects: Sequence[Redirect],
    ) -> Command:
        ordered = tuple(sorted(words, key=_start) if redirects else words)
        if ordered and ordered[0].text in RESERVED and not assignments and not redirects:
            raise NotUnderstood(f"unexpected {ordered[0].text!r} in a shell command")
        start, end = node.start_byte, node.end_byte
        return Command(tuple(assignments), ordered, tuple(redirects), start, end)

    def command(self, node: Tree) -> Command:
        assignments: list[Assignment] = []
        redirects: list[Redirect] = []
        words: list[Word] = []
        leaves: list[Tree] = []
        for child in [node] if node.type == "variable_assignment" else node.children:
            kind = child.type
            if kind == "variable_assignment":
                assignments.append(self.assignment(child))
            elif kind in {"file_redirect", "herestring_redirect"}:
                self.redirect(child, redirects, words)
            elif kind == "comment":
                self.comment(child)
            elif kind in {"subshell", "heredoc_redirect", "test_command"}:
                raise NotUnderstood(f"unexpected {kind} in a command")
            else:
                leaves.append(child)
        return self.simple(node, assignments, [*self.words(leaves), *words], redirects)

    def inside(self, node: Tree, opening: str, closing: str) -> Script:
        first, last = node.children[0], node.children[-1]
        if first.type != opening or last.type != closing:
            raise NotUnderstood(f"shell construct not understood: {first.type}")
        return self.script(node.children[1:-1], first.end_byte, last.start_byte)

    def compound(self, node: Tree, kind: str, keywords: set[str]) -> Compound:
        """`if` and `while`: the scripts between the keywords."""
        bodies: list[Script] = []
        section: list[Tree] = []
        start = node.start_byte
        for child in _inlined(node):
            if child.is_named or child.type not in keywords:
                section.append(child)
                continue
            if child.start_byte > node.start_byte:
                bodies.append(self.script(section, start, child.start_byte))
            section, start = [], child.end_byte
        if section or not all(body.statements for body in bodies):
            raise NotUnderstood(f"shell construct not understood: {kind}")
        return Compound(kind, tuple(bodies), None, (), node.start_byte, node.end_byte)

    def loop(self, node: Tree) -> Compound:
        name: str | None = None
        items: list[Tree] = []
        body: Script | None = None
        for child in node.children:
            match child.type:
                case "comment":
                    self.comment(child)
                case "do_group":
                    body = self.inside(child, "do", "done")
                case _ if name is None and child.type == "variable_name":
                    name = self.text[child.start_byte : child.end_byte]
                case "for" | "in" | ";" | "\n":
                    pass
                case _:
                    items.append(child)
        if body is None or name is None:
            raise NotUnderstood("shell construct not understood: for")
        start, end = node.start_byte, node.end_byte
        return Compound("for", (body,), name, tuple(self.words(items)), start, end)

    def counted(self, node: Tree) -> Compound:
        """`for ((i = 0; …))` of bash."""
        body = node.child_by_field_name("body")
        if body is None or body.type != "do_group":
            raise NotUnderstood("shell construct not understood: for")
        names = self.expansions(node.children[: node.children.index(body)]).variables
        script, start, end = self.inside(body, "do", "done"), node.start_byte, node.end_byte
        return Compound("for", (script,), names[0][1] if names else None, (), start, end)

    def case(self, node: Tree) -> Compound:
        items: list[Word] = []
        bodies: list[Script] = []
        for child in node.children:
            if child.type == "comment":
                self.comment(child)
            elif child.type == "case_item":
                items += self.words(list(_until(child, ")")))
                bodies.append(self.case_body(child))
            elif child.is_named:
                items += self.words([child])
        start, end = node.start_byte, node.end_byte
        return Compound("case", tuple(bodies), None, tuple(items), start, end)

    def case_body(self, item: Tree) -> Script:
        children = list(item.children)
        kinds = [child.type for child in children]
        first = kinds.index(")")
        last = len(children) - (kinds[-1] in {";;", ";&", ";;&"})
        end = children[last].start_byte if last < len(children) else item.end_byte
        return self.script(children[first + 1 : last], children[first].end_byte, end)

    def function(self, node: Tree) -> Compound:
        name = node.child_by_field_name("name")
        body = node.child_by_field_name("body")
        redirects = (c for c in node.children if c.type == "file_redirect")
        written = (self.text[c.start_byte : c.end_byte] for c in redirects)
        if name is None or body is None or not all(map(_TO_ANOTHER.fullmatch, written)):
            raise NotUnderstood("shell construct not understood: function")
        script = self.script([body], body.start_byte, body.end_byte)
        identifier = self.text[name.start_byte : name.end_byte]
        return Compound("function", (script,), identifier, (), node.start_byte, node.end_byte)


def _inlined(node: Tree) -> Iterator[Tree]:
    """The children, those of `elif`, `else` and `do` parts in place of these parts."""
    for child in node.children:
        if child.type in {"elif_clause", "else_clause", "do_group"}:
            yield from child.children
        else:
            yield child


def _until(item: Tree, closing: str) -> Iterator[Tree]:
    """The named children, the patterns of a `case` item, in front of `closing`."""
    for child in item.children:
        if child.type == closing:
            return
        if child.is_named:
            yield child

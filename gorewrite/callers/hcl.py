"""HCL files: blocks with their labels, and what their attributes plainly stand for.

What is not plain stands as `${…}`, with what is written between the braces, so a text that holds
some is still shown and never taken for a path. Read with tree-sitter-hcl: it is small, loads in a
few milliseconds and knows byte offsets.
Source: HCL native syntax specification; the functions are those of Bake and Terraform.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

Value: TypeAlias = "str | bool | int | list[Value] | dict[str, Value] | None"

_ESCAPE: Final = re.compile(r"\\(n|r|t|\"|\\)|\$(\$\{)|%(%\{)")
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_DEEPEST: Final = 40
#: Functions whose result is what they are given, as far as it is read here.
_SAME: Final = frozenset({"jsonencode", "tolist", "toset", "tostring"})


class Block(NamedTuple):
    """A block such as `target "app" { … }` that was read without errors.

    attributes: name -> the expression behind its `=`. blocks: those within. span: byte offsets
    from the first word to the closing brace; line: 1-based.
    """

    kind: str
    labels: tuple[str, ...]
    attributes: Mapping[str, Node]
    blocks: tuple[Block, ...]
    span: tuple[int, int]
    line: int


def blocks(data: bytes) -> tuple[Block, ...]:
    """The blocks at the top of a file; those with syntax errors are left out."""
    body = next((n for n in _parser().parse(data).root_node.children if n.type == "body"), None)
    return _blocks(body)


def _blocks(body: Node | None) -> tuple[Block, ...]:
    found = body.named_children if body is not None else ()
    return tuple(_block(n) for n in found if n.type == "block" and not n.has_error)


@cache
def _parser() -> Parser:
    import tree_sitter
    import tree_sitter_hcl

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_hcl.language()))


def _block(node: Node) -> Block:
    named = node.named_children
    labels = [_text(n) for n in named if n.type in ("string_lit", "identifier")]
    body = next((n for n in named if n.type == "body"), None)
    attributes = {
        _text(n.named_children[0]): n.named_children[1]
        for n in (body.named_children if body is not None else ())
        if n.type == "attribute" and len(n.named_children) == 2
    }
    words = (labels[0], *(label.strip('"') for label in labels[1:]))
    span, line = (node.start_byte, node.end_byte), node.start_point[0] + 1
    return Block(words[0], words[1:], attributes, _blocks(body), span, line)


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")


def plain(value: Value) -> bool:
    """Whether nothing in a value is left open."""
    if isinstance(value, str):
        return "${" not in value
    if isinstance(value, list):
        return all(plain(item) for item in value)
    return not isinstance(value, dict) or all(plain(item) for item in value.values())


class _Open(Exception):
    """An expression that does not stand for a plain value."""


@dataclass(frozen=True)
class Scope:
    """What names stand for: expressions of the file, or values.

    functions: name -> (parameters, expression), as in `function "tag" { params = […] … }`.
    """

    names: Mapping[str, Node | Value]
    functions: Mapping[str, tuple[list[str], Node]] = field(default_factory=dict)
    depth: int = 0

    def value(self, node: Node) -> Value:
        """What an expression stands for; `${…}` where that is not plain."""
        try:
            return self._value(node)
        except (_Open, RecursionError):
            return "${" + _text(node) + "}"

    def with_names(self, names: Mapping[str, Value]) -> Scope:
        """This scope with more names, which hide others."""
        return Scope({**self.names, **names}, self.functions, self.depth + 1)

    def _value(self, node: Node) -> Value:
        parts = [n for n in node.named_children if n.type != "comment"]
        match node.type:
            case "expression" | "collection_value" | "template_expr" | "operation" | "for_expr":
                return self._traversed(self._value(_one(parts[:1])), parts[1:])
            case "literal_value":
                return self._value(parts[0])
            case "string_lit" | "quoted_template" | "heredoc_template":
                return "".join(self._piece(part) for part in parts)
            case "numeric_lit":
                return int(_text(node)) if _text(node).isdecimal() else _text(node)
            case "bool_lit":
                return _text(node) == "true"
            case "null_lit":
                return None
            case "variable_expr":
                return self._named(_text(node))
            case "tuple":
                return [self.value(part) for part in parts if part.type == "expression"]
            case "object":
                return dict(self._element(part) for part in parts if part.type == "object_elem")
            case "conditional":
                return self._value(parts[1 if self._known(parts[0]) in (True, "true") else 2])
            case "binary_operation":
                return self._operation(node, parts)
            case "unary_operation" if _text(node).startswith("!"):
                return not self._known(parts[0])
            case "function_call":
                return self._call(parts)
        raise _Open

    def _known(self, node: Node) -> Value:
        value = self._value(node)
        if not plain(value):
            raise _Open
        return value

    def _piece(self, part: Node) -> str:
        """A part of a template, as text."""
        if part.type == "template_literal":
            return _ESCAPE.sub(
                lambda found: _ESCAPES.get(found[1] or "", found[2] or found[3]), _text(part)
            )
        if part.type == "template_interpolation":
            value = self.value(part.named_children[1])
            return spelled(value) if isinstance(value, (str, bool, int)) else _text(part)
        return "${…}" if part.type == "template_directive" else ""

    def _named(self, name: str) -> Value:
        if name not in self.names or self.depth > _DEEPEST:
            raise _Open
        value = self.names[name]
        if value is None or isinstance(value, (str, bool, int, list, dict)):
            return value
        return Scope(self.names, self.functions, self.depth + 1)._value(value)

    def _traversed(self, value: Value, steps: list[Node]) -> Value:
        """What `.name` and `[index]` behind a value lead to."""
        for step in steps:
            if step.type == "get_attr":
                key: Value = _text(step.named_children[0])
            elif step.type == "index" and step.named_children[0].type == "new_index":
                key = self._known(step.named_children[0].named_children[0])
            else:
                raise _Open
            value = _item(value, key)
        return value

    def _element(self, node: Node) -> tuple[str, Value]:
        key, value = (n for n in node.named_children if n.type == "expression")
        name = key.named_children[0]
        simple = name.type == "variable_expr" and len(key.named_children) == 1
        return _text(name) if simple else spelled(self.value(key)), self.value(value)

    def _operation(self, node: Node, parts: list[Node]) -> Value:
        operator = next(n.type for n in node.children if not n.is_named and n.type not in "()")
        left, right = (self._known(part) for part in parts)
        match operator:
            case "==":
                return left == right
            case "!=":
                return left != right
            case "&&":
                return bool(left and right)
            case "||":
                return bool(left or right)
        raise _Open

    def _call(self, parts: list[Node]) -> Value:
        name = _text(parts[0])
        given = parts[1].named_children if len(parts) > 1 else []
        if any(node.type != "expression" for node in given):
            raise _Open
        if name in self.functions and self.depth < _DEEPEST:
            parameters, result = self.functions[name]
            if len(parameters) != len(given):
                raise _Open
            values = (self.value(node) for node in given)
            return self.with_names(dict(zip(parameters, values, strict=True)))._value(result)
        if name in _SAME and given:
            return self._value(given[0])
        if name not in _FUNCTIONS:
            raise _Open
        try:
            return _FUNCTIONS[name](*(self._known(node) for node in given))
        except (TypeError, ValueError, AttributeError):
            raise _Open from None


def _one(nodes: list[Node]) -> Node:
    if not nodes:
        raise _Open
    return nodes[0]


def _item(value: Value, key: Value) -> Value:
    if isinstance(value, dict) and isinstance(key, str) and key in value:
        return value[key]
    if isinstance(value, list) and isinstance(key, int) and key < len(value):
        return value[key]
    raise _Open


def spelled(value: Value) -> str:
    """A value as HCL writes it into a text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _concat(*lists: list[Value]) -> Value:
    return [item for items in lists for item in items]


def _merge(*maps: dict[str, Value]) -> Value:
    return {key: value for mapping in maps for key, value in mapping.items()}


_FUNCTIONS: Final[Mapping[str, Callable[..., Value]]] = {
    "and": lambda left, right: left and right,
    "concat": _concat,
    "equal": lambda left, right: left == right,
    "join": lambda separator, items: separator.join(items),
    "lower": lambda text: text.lower(),
    "merge": _merge,
    "not": lambda value: not value,
    "notequal": lambda left, right: left != right,
    "or": lambda left, right: left or right,
    "replace": lambda text, old, new: text.replace(old, new),
    "split": lambda separator, text: text.split(separator),
    "trimspace": lambda text: text.strip(),
    "upper": lambda text: text.upper(),
}


def template(text: str, names: Mapping[str, Value]) -> str:
    """A text of a JSON file with `${name}` put in where the name is known (HCL JSON syntax)."""

    def put(found: re.Match[str]) -> str:
        value = names.get(found[1])
        return spelled(value) if isinstance(value, (str, bool, int)) else found[0]

    return re.sub(r"\$\{\s*(\w+)\s*\}", put, text)


def products(matrix: Mapping[str, Value]) -> Iterator[dict[str, Value]]:
    """The combinations of a `matrix`, each name with one of its values; none when it is open."""
    from itertools import islice, product

    if all(isinstance(values, list) for values in matrix.values()):
        lists = [values for values in matrix.values() if isinstance(values, list)]
        for row in islice(product(*lists), 256):
            yield dict(zip(matrix, row, strict=True))

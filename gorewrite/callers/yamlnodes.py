"""YAML files as small nodes that know their lines and offsets; what is not read is an `Odd` node.

PyYAML composes the documents (YAML 1.1, libyaml), and nothing is constructed from them: values
stay the text that is written. Merge keys are put in (https://yaml.org/type/merge.html).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeAlias

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_DEEPEST: Final = 100


@dataclass(frozen=True, slots=True)
class Scalar:
    """Text. plain: written without quotes and not as a text block, so `null` and `~` are null.

    start, end: character offsets of what is written, quotes and indicators included.
    """

    text: str
    line: int
    plain: bool = True
    start: int = 0
    end: int = 0

    @property
    def null(self) -> bool:
        return self.plain and self.text in ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True, slots=True)
class Mapping:
    """items: (key, line of the key, value), each key once; merged keys are put in.

    keys: key -> character offset of the key as written, for the mapping's own ones.
    """

    items: tuple[tuple[str, int, Node], ...]
    line: int
    keys: tuple[tuple[str, int], ...] = ()
    start: int = 0
    end: int = 0

    def get(self, key: str) -> Node | None:
        """The value of a key; None when it is absent or null."""
        for name, _, value in self.items:
            if name == key:
                return None if isinstance(value, Scalar) and value.null else value
        return None

    def text(self, key: str) -> str | None:
        """The value of a key that is a scalar; None when it is absent, null or none."""
        value = self.get(key)
        return value.text if isinstance(value, Scalar) else None

    def mapping(self, key: str) -> Mapping:
        """The value of a key that is a mapping, an empty one where it is none."""
        value = self.get(key)
        return value if isinstance(value, Mapping) else Mapping((), self.line)

    def sequence(self, key: str) -> tuple[Node, ...]:
        """The items of a key; a single scalar or mapping counts as a list of one."""
        return items_of(self.get(key))

    def line_of(self, key: str) -> int:
        """The line of a key, that of the mapping when it is absent."""
        return next((line for name, line, _ in self.items if name == key), self.line)

    def span_of(self, key: str) -> tuple[int, int]:
        """Character offsets from a key of its own to the end of its value."""
        value = next((value for name, _, value in self.items if name == key), None)
        start = dict(self.keys).get(key)
        if value is None or start is None:
            return self.start, self.end
        return start, max(start, value.end)


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple[Node, ...]
    line: int
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Odd:
    """What is not read, and why."""

    why: str
    line: int
    start: int = 0
    end: int = 0


Node: TypeAlias = Scalar | Mapping | Sequence | Odd


def read(text: str) -> tuple[Node, ...]:
    """The documents of a file; line numbers are 1-based. Never raises.

    What stands behind an error is not read: it ends the file as an `Odd` document.
    """
    # Imported where YAML is met: most starts meet none.
    import yaml

    found: list[Node] = []
    # What is no UTF-8 stands in the text as surrogates, which PyYAML cannot pass on.
    loader = _loader()(text if text.isascii() else _SURROGATE.sub("\ufffd", text))
    # The mark of byte order is no character to libyaml.
    shift = 1 if text.startswith("\ufeff") else 0
    try:
        while loader.check_node():
            # Nodes are told apart by their identity, which holds for one document.
            found.append(_Reader(shift).node(loader.get_node(), 0))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        why = getattr(error, "problem", None) or "not readable as YAML"
        found.append(Odd(why, mark.line + 1 if mark is not None else 1))
    finally:
        loader.dispose()
    return tuple(found)


def items_of(node: Node | None) -> tuple[Node, ...]:
    """The items of a list; a single scalar or mapping counts as a list of one."""
    if isinstance(node, Sequence):
        return node.items
    return (node,) if isinstance(node, (Scalar, Mapping)) else ()


def moved(node: Node, line: int) -> Node:
    """The nodes of a text that stands in another file, all of them told of a line there."""
    if isinstance(node, Sequence):
        return Sequence(tuple(moved(item, line) for item in node.items), line)
    if isinstance(node, Mapping):
        return Mapping(tuple((key, line, moved(value, line)) for key, _, value in node.items), line)
    return Scalar(node.text, line, node.plain) if isinstance(node, Scalar) else node


def mappings(node: Node) -> Iterator[Mapping]:
    """Every mapping at any depth, outer ones first. Aliases make a file small and its tree large,
    so the number is bounded."""
    waiting: list[Node] = [node]
    for _ in range(20_000):
        if not waiting:
            return
        current = waiting.pop()
        if isinstance(current, Mapping):
            yield current
            waiting += [value for _, _, value in reversed(current.items)]
        elif isinstance(current, Sequence):
            waiting += reversed(current.items)


@cache
def _loader() -> Any:
    """A loader that composes and no more: what a plain scalar may mean is not asked, which is half
    of PyYAML's work."""
    import yaml
    from yaml.composer import Composer
    from yaml.parser import Parser
    from yaml.reader import Reader
    from yaml.scanner import Scanner

    class Plain:
        def descend_resolver(self, *_: object) -> None: ...

        def ascend_resolver(self) -> None: ...

        def resolve(self, *_: object) -> str:
            return ""

    class Fast(Plain, getattr(yaml.cyaml, "CParser", object)): ...  # type: ignore[misc]

    class Slow(Plain, Reader, Scanner, Parser, Composer):
        def __init__(self, text: str) -> None:
            Reader.__init__(self, text)
            Scanner.__init__(self)
            Parser.__init__(self)
            Composer.__init__(self)

    return Fast if yaml.__with_libyaml__ else Slow


class _Reader:
    """Turns PyYAML's graph into nodes; shared parts stay shared."""

    def __init__(self, shift: int) -> None:
        self.shift = shift
        self.known: dict[int, Node] = {}

    def node(self, node: Any, depth: int) -> Node:
        known = self.known.get(id(node))
        if known is not None:
            return known
        start, end = node.start_mark.index + self.shift, node.end_mark.index + self.shift
        line = node.start_mark.line + 1
        if depth > _DEEPEST or node.tag.startswith("!"):
            why = f"the tag {node.tag}" if node.tag.startswith("!") else "nested too deeply"
            return Odd(why, line, start, end)
        self.known[id(node)] = Odd("an alias of what it stands in", line, start, end)
        found: Node
        if node.id == "scalar":
            found = Scalar(node.value, line, not node.style, start, end)
        elif node.id == "sequence":
            items = tuple(self.node(item, depth + 1) for item in node.value)
            found = Sequence(items, line, start, end)
        else:
            found = self._mapping(node, line, start, end, depth)
        self.known[id(node)] = found
        return found

    def _mapping(self, node: Any, line: int, start: int, end: int, depth: int) -> Node:
        items: dict[str, tuple[int, Node]] = {}
        keys: list[tuple[str, int]] = []
        merged: list[Node] = []
        for key, value in node.value:
            at = key.start_mark.line + 1
            if key.id != "scalar":
                return Odd("a key that is no text", at, start, end)
            given = self.node(value, depth + 1)
            if key.value == "<<" and not key.style:
                merged += given.items if isinstance(given, Sequence) else (given,)
            elif key.value in items:
                return Odd(f"the key {key.value} twice", at, start, end)
            else:
                items[key.value] = (at, given)
                keys.append((key.value, key.start_mark.index + self.shift))
        for other in merged:
            if not isinstance(other, Mapping):
                return Odd("a merge of what is no mapping", line, start, end)
            for name, at, value in other.items:
                items.setdefault(name, (at, value))
        every = tuple((name, at, value) for name, (at, value) in items.items())
        return Mapping(every, line, tuple(keys), start, end)

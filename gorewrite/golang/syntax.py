"""Small helpers over tree-sitter nodes of Go."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node


def arguments_of(call: Node) -> list[Node]:
    """The arguments of a call, comments left out."""
    arguments = call.child_by_field_name("arguments")
    if arguments is None:
        return []
    return [child for child in arguments.named_children if child.type != "comment"]


def nth(nodes: list[Node], index: int) -> Node | None:
    """The node at an index, None behind the end."""
    return nodes[index] if index < len(nodes) else None


def part(node: Node, name: str) -> Node:
    """The child in a field that the grammar always fills; the node itself should it not."""
    return node.child_by_field_name(name) or node

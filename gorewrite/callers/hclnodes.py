"""Terraform and Nomad files as the nodes of YAML files, so that one reader of containers reads all.

`liveness_probe` is `livenessProbe` there, a block is a mapping, and a text that is JSON (as ECS
takes the definitions of its containers) is what it holds. Variables and locals of the same file
stand for their values.
Source: HCL native syntax specification; Terraform, `jsonencode`, "Variables".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gorewrite.callers import yamlnodes
from gorewrite.callers.hcl import Block, Scope, Value, blocks, spelled
from gorewrite.callers.helm import OPEN, json_template
from gorewrite.callers.yamlnodes import Node, Scalar, Sequence

#: What is not plain, see gorewrite.callers.hcl.
_OPEN: Final = re.compile(r"\$\{(?:[^{}]|\{[^{}]*\})*\}", re.DOTALL)


def read(data: bytes) -> Iterator[tuple[Block, yamlnodes.Mapping]]:
    """Each block of a file and what stands in it, outer ones first."""
    top = blocks(data)
    here: Value = dict.fromkeys(("module", "root", "cwd"), ".")
    variables: dict[str, Value] = {}
    known: dict[str, Value] = {}
    scope = Scope({"var": variables, "local": known, "path": here})
    for block in top:
        if block.kind == "variable" and block.labels and "default" in block.attributes:
            variables[block.labels[0]] = scope.value(block.attributes["default"])
    for block in top:
        for name, node in block.attributes.items() if block.kind == "locals" else ():
            known[name] = scope.value(node)
    waiting = list(reversed(top))
    while waiting:
        block = waiting.pop()
        yield block, _mapping(block, scope)
        waiting += reversed(block.blocks)


def _mapping(block: Block, scope: Scope) -> yamlnodes.Mapping:
    items: dict[str, tuple[int, Node]] = {}
    for name, node in block.attributes.items():
        line = node.start_point[0] + 1
        items[_camel(name)] = line, _node(scope.value(node), line)
    for inner in block.blocks:
        name = _camel(inner.kind)
        found = _mapping(inner, scope)
        if name in items:  # Written several times: a list.
            line, before = items[name]
            items[name] = line, Sequence((*yamlnodes.items_of(before), found), line)
        else:
            items[name] = inner.line, found
    return yamlnodes.Mapping(tuple((n, line, v) for n, (line, v) in items.items()), block.line)


def _node(value: Value, line: int) -> Node:
    if isinstance(value, list):
        return Sequence(tuple(_node(item, line) for item in value), line)
    if isinstance(value, dict):
        return yamlnodes.Mapping(
            tuple((_camel(name), line, _node(item, line)) for name, item in value.items()), line
        )
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        documents = yamlnodes.read(json_template(value))
        if len(documents) == 1 and isinstance(documents[0], (Sequence, yamlnodes.Mapping)):
            return yamlnodes.moved(documents[0], line)
    text = "" if value is None else _OPEN.sub(OPEN, spelled(value))
    return Scalar(text, line, value is None)


def _camel(name: str) -> str:
    return re.sub(r"(?<=[a-z])_([a-z])", lambda found: found[1].upper(), name.strip('"'))

"""Templates as files that can be read: Helm charts with plain values put in, and JSON.

What only the tool can tell stands as `OPEN`. Of a choice the first way is kept. Lines keep their
numbers. Sources: Helm documentation, "Chart Template Guide"; Go package text/template; Terraform,
`templatefile`.
"""

from __future__ import annotations

import re
from typing import Final

from gorewrite.callers.yamlnodes import Mapping, Node, Scalar

#: Stands for what a template would put in.
OPEN: Final = "⟨template⟩"

_COMMENT: Final = re.compile(r"\{\{-?\s*/\*.*?\*/\s*-?\}\}", re.DOTALL)
_ACTION: Final = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}")
_VALUE: Final = re.compile(r"\.Values\.([\w.]+)(?:\s*\|\s*(?:quote|squote|toString|trim))*")
_PLACEHOLDER: Final = re.compile(r"(?<=[:,\[])(\s*)(\$\{[^{}]*\})(?=\s*[,\]}])")
_OPENS: Final = frozenset({"block", "define", "if", "range", "with"})


def rendered(text: str, values: Mapping | None = None, chart: str = "") -> str:
    """A template with its actions taken out. values: those of the chart's values.yaml; chart: its
    name."""
    text = _COMMENT.sub(lambda found: "\n" * found[0].count("\n"), text)
    lines: list[str] = []
    #: For each open block, whether its `else` was reached.
    blocks: list[bool] = []
    for line in text.split("\n"):
        actions = _ACTION.findall(line)
        if actions and not _ACTION.sub("", line).strip():
            for action in actions:
                _follow(action.partition(" ")[0], blocks)
            lines.append("")
        elif any(blocks):
            lines.append("")
        else:
            lines.append(_ACTION.sub(lambda found: _value(found[1], values, chart), line))
    return "\n".join(lines)


def _follow(word: str, blocks: list[bool]) -> None:
    if word in _OPENS:
        blocks.append(False)
    elif word == "else" and blocks:
        blocks[-1] = True
    elif word == "end" and blocks:
        blocks.pop()


def _value(action: str, values: Mapping | None, chart: str) -> str:
    if action == ".Chart.Name" and chart:
        return chart
    found = _VALUE.fullmatch(action)
    node: Node | None = values if found else None
    for name in found[1].split(".") if found else ():
        node = node.get(name) if isinstance(node, Mapping) else None
    return node.text if isinstance(node, Scalar) and "\n" not in node.text else OPEN


def json_template(text: str) -> str:
    """A template of JSON, with texts also for the placeholders that stand for other values."""
    quoted = _PLACEHOLDER.sub(lambda found: f'{found[1]}"{found[2]}"', text)
    return re.sub(r"\$\{[^{}]*\}", OPEN, quoted)

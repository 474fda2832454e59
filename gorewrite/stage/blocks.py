"""Moving whole instructions: the comments above them and the blank lines around them."""

from __future__ import annotations

from collections.abc import Sequence

from gorewrite import shell
from gorewrite.dockerfile import Blank, BodyNode, Instruction, Stage
from gorewrite.evidence import Unknown
from gorewrite.stage.runs import Edit, Run


def taken_out(
    stage: Stage, instruction: Instruction
) -> tuple[tuple[BodyNode, tuple[BodyNode, ...]], ...]:
    """The (node, ()) pairs that remove an instruction with its comments; of two blank lines
    that would then meet, one goes too."""
    nodes = stage.nodes
    at = stage.positions[instruction]
    comments = stage.comments_above(instruction)
    removed: list[BodyNode] = [*comments, instruction]
    before, behind = at - len(comments) - 1, at + 1
    if (
        before >= 0
        and behind < len(nodes)
        and isinstance(nodes[before], Blank)
        and isinstance(nodes[behind], Blank)
    ):
        removed.append(nodes[behind])
    return tuple((node, ()) for node in removed)


def doubled_blanks(nodes: Sequence[BodyNode], gone: set[BodyNode]) -> set[BodyNode]:
    """Blank lines that would be left doubled, or dangling at the end."""
    found = met_blanks(nodes, gone)
    for node in reversed(nodes):
        if node in gone:
            continue
        if not isinstance(node, Blank):
            break
        found.add(node)
    return found


def met_blanks(nodes: Sequence[BodyNode], gone: set[BodyNode]) -> set[BodyNode]:
    """Blank lines that would meet another one where nodes are gone."""
    found: set[BodyNode] = set()
    after_blank = beside = False
    for node in nodes:
        if not isinstance(node, Blank):
            beside = node in gone  # Blank lines that were there before stay.
        elif node in gone:
            beside = False  # As one went here already, the others stood together before.
        if node in gone:
            continue
        if isinstance(node, Blank) and after_blank and beside:
            found.add(node)
        after_blank = isinstance(node, Blank)
    return found


def cut(run: Run, command: shell.Command) -> Edit | None:
    """The edit of a RUN's text that leaves out one command of an `&&` list or of a sequence.

    None when the command is no plain member of one: alone, piped, behind `||`, in a loop.
    """
    if isinstance(run.script, Unknown):
        return None
    statements = run.script.statements
    for index, statement in enumerate(statements):
        node = statement.node
        if node is command and len(statements) > 1 and statement.terminator != "&":
            return _without([(s.start, s.end) for s in statements], index)
        if isinstance(node, shell.List) and command in node.items and "||" not in node.operators:
            spans = [(item.start, item.end) for item in node.items]
            return _without(spans, node.items.index(command))
    return None


def _without(spans: Sequence[tuple[int, int]], index: int) -> Edit:
    """From the member to the next one, or for the last one from the end of that before it."""
    if index + 1 < len(spans):
        return spans[index][0], spans[index + 1][0], ""
    return spans[index - 1][1], spans[index][1], ""

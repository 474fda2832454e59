"""Whether a script that succeeds has run some command, whichever way it went.

Rules: POSIX shell command language, 2.9.3 "Lists" and 2.9.4 "Compound Commands". A loop over
something is taken to have something to go over.
"""

from __future__ import annotations

from collections.abc import Callable

from gorewrite.shell.nodes import Command, Compound, Group, List, Node, Pipeline, Script, Subshell


def surely_runs(script: Script, wanted: Callable[[Command], bool]) -> bool:
    """True if a wanted command is on every way through a script; False too where a function that
    runs one is called."""
    return any(_sure(statement.node, wanted) for statement in script.statements)


def _sure(node: Node, wanted: Callable[[Command], bool]) -> bool:
    match node:
        case Command():
            return wanted(node)
        case Pipeline():
            return any(_sure(item, wanted) for item in node.items)
        case List():
            # `a || b` runs a; what follows an `&&` runs as long as nothing stands in between.
            certain = node.items[: [*node.operators, "||"].index("||") + 1]
            return any(_sure(item, wanted) for item in certain)
        case Subshell() | Group():
            return surely_runs(node.body, wanted)
        case Compound(kind="if"):
            conditions, branches = node.bodies[:-1:2], node.bodies[1::2]
            otherwise = node.bodies[-1:] if len(node.bodies) % 2 else ()
            complete = bool(otherwise) and all(
                surely_runs(body, wanted) for body in (*branches, *otherwise)
            )
            return complete or surely_runs(conditions[0], wanted)
        case Compound(kind="case"):
            return bool(node.bodies) and all(surely_runs(body, wanted) for body in node.bodies)
        case Compound(kind="function"):
            return False
    return any(surely_runs(body, wanted) for body in node.bodies)

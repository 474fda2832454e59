"""Follows a script as the shell would run it: directories, variables, what may be skipped.

Nothing is run. What a script does to the state is followed for `cd`, `pushd`, `popd`, `export`,
`unset`, `read` and assignments (POSIX 2.9 and 2.14); wherever ways part and meet again with
different states, the difference becomes unknown. A change of directory is taken to succeed
unless the script itself says what follows a failure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from gorewrite.shell.edit import apply_edits, quote
from gorewrite.shell.nodes import (
    Command,
    Compound,
    Group,
    List,
    Node,
    Pipeline,
    Script,
    Subshell,
    Unit,
)
from gorewrite.shell.state import State, apply, assigned, forget_changes, join
from gorewrite.shell.step import Step, unwrap, unwrapped
from gorewrite.shell.writes import writes

__all__ = ["Step", "apply_edits", "quote", "steps", "unwrap", "unwrapped", "writes"]

# Wrappers that run a builtin in the same shell; `env cd /x` changes nothing here.
_TRANSPARENT = frozenset({"command", "builtin", "time"})


def steps(script: Script, cwd: str | None, env: Mapping[str, str | None]) -> tuple[Step, ...]:
    """Every simple command of `script` in source order, with the state it runs in.

    cwd: the absolute directory the script starts in, None if not known.
    env: the environment it starts with. A name that is absent is a variable about which nothing
         is known: `$X` with X absent is never taken as empty.
    Commands that are only assignments are steps too (without words). Wrappers stay on, see
    `unwrapped`. $(…) is not looked into.
    """
    walk = Walk()
    walk.script(script, State(cwd, dict(env), set(env)), Place(False, True, None))
    return tuple(walk.found)


class Place(NamedTuple):
    """Where in the script a command stands.

    conditional, loop: as in Step.
    fatal: if this fails, the script as a whole fails.
    after_failure: it is what directly follows `||`, so `$?` is not 0.
    """

    conditional: bool
    fatal: bool
    loop: Compound | None
    after_failure: bool = False


class Walk:
    """Each method runs a part of the script in a state and changes that state."""

    def __init__(self) -> None:
        self.found: list[Step] = []
        self.functions: dict[str, Compound] = {}
        # The script may already have ended, and not failed: `[ -f x ] || exit 0`.
        self.ended = False

    def script(self, script: Script, state: State, place: Place) -> None:
        last = script.statements[-1] if script.statements else None
        for statement in script.statements:
            if statement.terminator == "&":
                # It runs beside the rest, in a shell of its own, and its failure is not seen.
                self.apart(statement.node, state, place._replace(fatal=False))
            else:
                fatal = place.fatal and statement is last
                self.node(statement.node, state, place._replace(fatal=fatal, after_failure=False))

    def apart(self, node: Node, state: State, place: Place) -> None:
        """In a shell of its own: neither changes of state nor an `exit` come back."""
        ended = self.ended
        self.node(node, state.copy(), place)
        self.ended = ended

    def node(self, node: Node, state: State, place: Place) -> None:
        match node:
            case List():
                self.list(node, state, place)
            case Pipeline(items=(only,)):
                self.unit(only, state, place._replace(fatal=False))
            case Pipeline():
                for item in node.items:
                    seen = item is node.items[-1] and not node.negated
                    inner = place._replace(fatal=place.fatal and seen, after_failure=False)
                    self.apart(item, state, inner)
            case _:
                self.unit(node, state, place)

    def list(self, node: List, state: State, place: Place) -> None:
        """`a && b || c`: `state` is the one after success, `failed` those after a failure."""
        failed: list[State] = []
        fails = _fails_as_a_whole(node)
        for index, item in enumerate(node.items):
            operator = node.operators[index - 1] if index else ""
            following = node.operators[index] if index < len(node.operators) else ""
            fatal = place.fatal and fails[index]
            skippable = operator == "||" or (operator == "&&" and not fatal)
            here = Place(
                place.conditional or skippable, fatal, place.loop, after_failure=operator == "||"
            )
            entry = join(failed) if operator == "||" and failed else state
            after = entry.copy()
            self.node(item, after, here)
            if operator == "||":
                failed = []
            leaves = operator == "||" and _leaves(item, True, place.fatal)
            if not leaves:
                failed.append(join((entry, after)) if following == "||" else after)
                state.become(join((state, after)) if operator == "||" else after)
        if not place.fatal:
            state.become(join((state, *failed)))

    def unit(self, unit: Unit, state: State, place: Place) -> None:
        match unit:
            case Command():
                self.command(unit, state, place)
            case Subshell():
                ended = self.ended
                self.script(unit.body, state.copy(), place)
                self.ended = ended
            case Group():
                self.script(unit.body, state, place)
            case Compound(kind="if"):
                self.branches(unit, state, place)
            case Compound(kind="case"):
                inner = place._replace(conditional=True)
                ends = [state.copy() for _ in range(len(unit.bodies) + 1)]
                for body, end in zip(unit.bodies, ends, strict=False):
                    self.script(body, end, inner)
                state.become(join(ends))
            case Compound(kind="function"):
                self.function(unit, state, place)
            case Compound():
                self.loop(unit, state, place)

    def branches(self, unit: Compound, state: State, place: Place) -> None:
        """`if`: each part starts where the conditions before it have left off."""
        ends: list[State] = []
        otherwise = state.copy()
        for index, body in enumerate(unit.bodies):
            conditional = place.conditional or index > 0
            if index % 2 == 0 and index + 1 < len(unit.bodies):
                self.script(body, otherwise, Place(conditional, False, place.loop))
            else:
                ends.append(otherwise.copy())
                self.script(body, ends[-1], Place(conditional, place.fatal, place.loop))
        if len(unit.bodies) % 2 == 0:
            ends.append(otherwise)
        state.become(join(ends))

    def loop(self, unit: Compound, state: State, place: Place) -> None:
        """Runs any number of times: what it changes is not known at its start nor behind it."""
        forget_changes(unit, state)
        if unit.variable:
            state.assign(unit.variable, None)
        for index, body in enumerate(unit.bodies):
            tested = unit.kind != "for" and index == 0
            self.script(body, state, Place(place.conditional or not tested, False, unit))
        forget_changes(unit, state)

    def function(self, unit: Compound, state: State, place: Place) -> None:
        """It runs where it is called, so its commands are listed in an unknown state."""
        if unit.variable:
            self.functions[unit.variable] = unit
        inside = state.copy()
        inside.forget_everything()
        inside.before = None
        ended = self.ended
        self.script(unit.bodies[0], inside, Place(True, False, place.loop))
        self.ended = ended

    def command(self, command: Command, state: State, place: Place) -> None:
        environment = state.environment()
        if command.words and command.assignments:
            values = dict(state.variables)
            for assignment in command.assignments:
                values[assignment.name] = assigned(assignment, values)
                environment[assignment.name] = values[assignment.name]
        step = Step(
            command,
            state.cwd,
            environment,
            place.conditional or self.ended,
            place.loop,
            dict(state.variables),
            state.sourced,
        )
        self.found.append(step)
        effective = unwrapped(step) if command.name in _TRANSPARENT else step
        apply(effective, state)
        name = effective.command.name
        if name in self.functions:
            forget_changes(self.functions[name], state)
        elif (name == "exec" and len(command.words) > 1) or (
            name == "exit" and not _leaves(command, place.after_failure, False)
        ):
            self.ended = True


def _leaves(node: Node, direct: bool, last: bool) -> bool:
    """True if `node` ends the script as failed: `|| exit 1`.

    direct: nothing ran between the failure and `node`, so that a bare `exit` passes it on.
    last: the script fails if `node` does, so that `|| false` and `|| (exit 1)` end it as well.
    """
    match node:
        case Command(words=(_,)):
            return (node.name == "false" and last) or (node.name == "exit" and direct)
        case Command(words=(_, status, *_)):
            # `exit $X` may be 0.
            known = status.value is not None and status.value.isdigit()
            return node.name == "exit" and known and status.value != "0"
        case Group(body=Script(statements=(*_, end))):
            return _leaves(end.node, False, last)
        case Subshell(body=Script(statements=(*_, end))):
            return last and _leaves(end.node, False, last)
        case List() if "||" not in node.operators:
            return _leaves(node.items[-1], False, last)
    return False


def _fails_as_a_whole(node: List) -> list[bool]:
    """For each item, whether the list fails, or the script is left, once the item has failed."""
    found = [True]
    for operator, item in zip(reversed(node.operators), reversed(node.items), strict=False):
        found.append(found[-1] and (operator == "&&" or _leaves(item, True, True)))
    return found[::-1]

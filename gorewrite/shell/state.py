"""What a shell carries from one command to the next: directory and variables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from gorewrite.shell.nodes import (
    Assignment,
    Command,
    Compound,
    Group,
    List,
    Node,
    Pipeline,
    Word,
    bodies_of,
)
from gorewrite.shell.step import Step, resolve

_DECLARATIONS = frozenset({"export", "declare", "typeset", "readonly", "local"})
_ANYTHING = frozenset({".", "source", "eval"})
_READERS = frozenset({"read", "getopts", "mapfile", "readarray", "printf"})
_DIRECTORY = frozenset({"cd", "pushd", "popd"})


@dataclass(slots=True)
class State:
    cwd: str | None
    variables: dict[str, str | None]
    exported: set[str]
    before: str | None = None
    stack: list[str | None] = field(default_factory=list)
    sourced: bool = False
    export_all: bool = False

    def copy(self) -> State:
        return replace(
            self,
            variables=dict(self.variables),
            exported=set(self.exported),
            stack=list(self.stack),
        )

    def assign(self, name: str, value: str | None) -> None:
        self.variables[name] = value
        if self.export_all:
            self.exported.add(name)

    def forget(self, names: Iterable[str]) -> None:
        for name in names:
            self.assign(name, None)

    def forget_everything(self) -> None:
        self.forget(list(self.variables))
        self.sourced = True
        self.leave(None)

    def leave(self, directory: str | None) -> None:
        self.before, self.cwd = self.cwd, directory

    def become(self, other: State) -> None:
        self.cwd, self.before, self.stack = other.cwd, other.before, other.stack
        self.variables, self.exported = other.variables, other.exported
        self.sourced, self.export_all = other.sourced, other.export_all

    def environment(self) -> dict[str, str | None]:
        return {k: v for k, v in self.variables.items() if k in self.exported}


def join(states: Iterable[State]) -> State:
    """What holds whichever of the states is the real one."""
    first, *others = states
    joined = first.copy()
    for other in others:
        if joined.cwd != other.cwd:
            joined.cwd = None
        if joined.before != other.before:
            joined.before = None
        if joined.stack != other.stack:
            joined.stack = []
        for name in joined.variables.keys() | other.variables.keys():
            if joined.variables.get(name) != other.variables.get(name):
                joined.variables[name] = None
        joined.exported |= other.exported
        joined.sourced |= other.sourced
    return joined


def assigned(assignment: Assignment, values: Mapping[str, str | None]) -> str | None:
    value = assignment.word.expand(values) if assignment.word else ""
    if assignment.append and value is not None:
        old = values.get(assignment.name)
        return None if old is None else old + value
    return value


def _change_directory(name: str, arguments: tuple[str | None, ...], state: State) -> None:
    operands = [a for a in arguments if a not in {"--", "-P", "-L", "-e"}]
    if name == "popd":
        state.leave(state.stack.pop() if state.stack and not operands else None)
        return
    if name == "pushd":
        state.stack.append(state.cwd)
    target = operands[0] if len(operands) == 1 else None
    if target == "-":
        state.leave(state.before)
    elif not operands and name == "cd":
        state.leave(resolve(state.cwd, state.variables.get("HOME")))
    elif target is None or target.startswith(("+", "-")) or "CDPATH" in state.variables:
        state.leave(None)
    else:
        state.leave(resolve(state.cwd, target))


def _declare(name: str, arguments: tuple[Word, ...], state: State) -> None:
    values = dict(state.variables)
    options = {a.text for a in arguments if a.text.startswith("-")}
    for word in arguments:
        variable, equals, _ = word.text.partition("=")
        if not (variable.isidentifier() and variable.isascii()):
            if word.value is None or "=" in word.text:
                # `export $X`, `export "A=b"`: the name is in the value.
                variable, equals, _ = (word.expand(values) or "").partition("=")
            if not variable.isidentifier():
                continue
        if equals:
            # bash takes the value whole, dash splits it: known only where both agree.
            fields = word.fields(values) or ()
            state.assign(variable, fields[0].partition("=")[2] if len(fields) == 1 else None)
        if name == "export" and "-n" in options:
            state.exported.discard(variable)
        elif name == "export" or "-x" in options:
            state.exported.add(variable)
            state.variables.setdefault(variable, None)


def _unset(arguments: tuple[Word, ...], state: State) -> None:
    if any(word.text == "-f" for word in arguments):
        return
    for word in arguments:
        name = word.expand(state.variables)
        if name is not None and name.isidentifier():
            state.variables[name] = ""
            state.exported.discard(name)


def apply(step: Step, state: State) -> None:
    """Change `state` as the command of `step` changes the shell that runs it."""
    command = step.command
    if not command.words:
        values = dict(state.variables)
        for assignment in command.assignments:
            values[assignment.name] = assigned(assignment, values)
            state.assign(assignment.name, values[assignment.name])
        return
    name, arguments = command.name, command.words[1:]
    if name in _DIRECTORY:
        _change_directory(name, step.argv[1:], state)
    elif name in _DECLARATIONS:
        _declare(name, arguments, state)
    elif name == "unset":
        _unset(arguments, state)
    elif name in _READERS:
        state.forget(word.text for word in arguments if word.text.isidentifier())
    elif name in _ANYTHING:
        state.forget_everything()
    elif name == "set":
        first = step.argv[1] if len(step.argv) > 1 else None
        if (
            first
            and (first == "-o" or first[0] == "-")
            and ("a" in first or "allexport" in step.argv)
        ):
            state.export_all = True


def forget_changes(unit: Compound, state: State) -> None:
    """Make unknown whatever the commands inside of `unit` may change in this shell."""
    for command in _in_this_shell(unit):
        name = command.name
        if name in _DIRECTORY or name in _ANYTHING:
            state.cwd = state.before = None
            state.stack = []
        if name in _ANYTHING:
            state.forget_everything()
        if not command.words:
            state.forget(assignment.name for assignment in command.assignments)
        elif name in _DECLARATIONS or name in _READERS or name == "unset":
            names = (word.text.partition("=")[0] for word in command.words[1:])
            state.forget(n for n in names if n.isidentifier())


def _in_this_shell(node: Node) -> Iterator[Command]:
    """The simple commands in `node` that are not in a subshell, a pipe or the background."""
    match node:
        case Command():
            yield node
        case List() | Pipeline(items=(_,)):
            for item in node.items:
                yield from _in_this_shell(item)
        case Group() | Compound():
            for body in bodies_of(node):
                for statement in body.statements:
                    if statement.terminator != "&":
                        yield from _in_this_shell(statement.node)
        case _:
            pass

"""Files opened and programs started, as they are collected, and what a call says about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gorewrite import shell
from gorewrite.evidence import Evidence, Unknown
from gorewrite.golang.needs import Executes, FileRead, Mention, ReadKind
from gorewrite.golang.texts import Value
from gorewrite.golang.values import Scope

if TYPE_CHECKING:
    from tree_sitter import Node


@dataclass(slots=True)
class Calls:
    """What was found. reads are kept once per path, kind and default; given: what the programs
    that are started get to see."""

    reads: dict[tuple[object, ...], FileRead] = field(default_factory=dict)
    executes: dict[tuple[object, ...], Executes] = field(default_factory=dict)
    environment: set[str] = field(default_factory=set)
    dynamic: list[Unknown] = field(default_factory=list)
    home: list[Evidence] = field(default_factory=list)
    config_dirs: list[tuple[Value, Evidence]] = field(default_factory=list)
    config_names: list[Value] = field(default_factory=list)
    given: list[Mention] = field(default_factory=list)

    def read(self, kind: ReadKind, required: bool, value: Value, place: Evidence) -> None:
        """Note a file; an inexact value is noted without a path, its texts as defaults."""
        for text in value.texts:
            path, default = (text, None) if value.exact else (None, text)
            key = (path, kind, default) if path is not None else (place, kind, default)
            if text:
                self.reads.setdefault(key, FileRead(path, kind, required, place, default))
        for start in value.starts:
            read = FileRead(None, kind, required, place, start=start)
            self.reads.setdefault((place, kind, None, start), read)
        if not value.exact and not any(value.texts):
            if not value.starts:
                self.reads.setdefault((place, kind), FileRead(None, kind, required, place))
            if kind != "write":
                self.dynamic.append(Unknown("the path is computed at run time", (place,)))

    def execute(self, call: shell.Call, place: Evidence) -> None:
        """Note a program that is started; ANYTHING in its place is one that cannot be told."""
        program, *arguments = call.words
        if isinstance(program, str):
            found = Executes(program, place, tuple(arguments), call.builtin)
            self.executes.setdefault((program, found.arguments, call.builtin), found)
            return
        self.executes.setdefault((None, place), Executes(None, place))
        self.dynamic.append(Unknown("the program name is computed at run time", (place,)))


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One confirmed call. package: import path of the function, None for a method."""

    scope: Scope
    node: Node
    package: str | None
    name: str
    arguments: list[Node]
    place: Evidence


def writes(call: Call) -> bool:
    """Whether the flags of os.OpenFile create or truncate the file."""
    if len(call.arguments) < 2:
        return False
    flags = call.scope.declaration.text(call.arguments[1])
    return any(name in flags for name in ("O_CREATE", "O_WRONLY", "O_TRUNC", "O_APPEND"))


def whole_expression(literal: Node) -> Node:
    """The longest string expression a literal begins: a concatenation or a Sprintf call."""
    node = literal
    while node.parent is not None:
        parent = node.parent
        if parent.type == "argument_list":
            call = parent.parent
            function = call.child_by_field_name("function") if call is not None else None
            if call is None or function is None or function.text is None:
                return node
            if not function.text.endswith(b".Sprintf") or parent.named_child(0) != node:
                return node
            node = call
        elif parent.type in ("binary_expression", "parenthesized_expression"):
            node = parent
        else:
            return node
    return node


def without_scheme(value: Value, scheme: str) -> Value:
    """The paths of `scheme://path` texts; other URLs name no file here."""
    start = scheme + "://"
    paths = tuple(text.removeprefix(start) for text in value.texts if text.startswith(start))
    return Value(paths, value.exact)


def within(value: Value) -> Value:
    """The files in a directory, whose names are not known; "" is no directory."""
    tops = tuple(f"{text.rstrip('/')}/" for text in value.texts if text)
    return Value((), value.exact, (*tops, *value.starts))

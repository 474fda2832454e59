"""Follows a Python or Starlark file as far as its values are plain, and tells each call it makes.

Functions of the file are followed where they are called, loops over plain lists run, both ways of
an open condition are taken. A function that nobody in the file calls is followed with what it
has of defaults. Starlark is read as Python, which it is a subset of but for details; a file that
is no Python gives nothing.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, NamedTuple, TypeAlias

from gorewrite.callers import pyvalues as values
from gorewrite.callers.pyexpressions import Called, Evaluator, Names, Scope
from gorewrite.callers.pyvalues import Function, Instance, NotPlain, Value, unknown

_MOST_STEPS: Final = 10_000
_DEEPEST: Final = 8
_OWN: Final = (["self"], ["cls"])
_FunctionNode: TypeAlias = "ast.FunctionDef | ast.AsyncFunctionDef"


def follow(data: bytes, names: dict[str, Value]) -> tuple[Called, ...]:
    """The calls of a file in the order in which they are made; () when it is not understood.

    names: what is known from the start, `__file__` for one.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Of escapes that Python will no longer know.
            tree = ast.parse(data)
        return _Follower(names).file(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()


class _Stopped(Exception):
    """The file is too long to be followed further."""


class _Class(NamedTuple):
    """bases: names of its base classes; members: what its body defines; fields: the annotated ones,
    which a data class takes in this order."""

    bases: tuple[str, ...]
    members: dict[str, Value]
    fields: tuple[str, ...]


class _Follower(Evaluator):
    def __init__(self, names: dict[str, Value]) -> None:
        super().__init__(names)
        self.classes: dict[str, _Class] = {}
        #: The class of a function that is a method.
        self.owners: dict[int, str] = {}
        self.objects = 0
        self.functions: list[tuple[_FunctionNode, Names]] = []
        self.followed: set[int] = set()
        self.active: list[int] = []
        self.steps = 0

    def file(self, tree: ast.Module) -> tuple[Called, ...]:
        try:
            self._block(tree.body)
            for number, (node, scope) in enumerate(self.functions):
                if number not in self.followed:
                    self._enter(number, node, scope, self._itself(number, node))
        except _Stopped:
            pass
        return tuple(self.found)

    # Statements. Each tells whether the statements behind it are not reached.

    def _block(self, body: Sequence[ast.stmt]) -> bool:
        return any(self._statement(node) for node in body)

    def _statement(self, node: ast.stmt) -> bool:
        self.steps += 1
        if self.steps > _MOST_STEPS:
            raise _Stopped
        match node:
            case ast.Assign():
                value = self.value(node.value)
                for target in node.targets:
                    self.assign(target, value)
            case ast.AnnAssign() if node.value is not None:
                self.assign(node.target, self.value(node.value))
            case ast.AugAssign():
                both = ast.BinOp(node.target, node.op, node.value)
                self.assign(node.target, self.value(ast.copy_location(both, node)))
            case ast.Expr():
                self.value(node.value)
            case ast.If():
                return self._if(node)
            case ast.For() | ast.AsyncFor():
                self._for(node)
            case ast.While():
                self.value(node.test)
                self._either([node.body, []])
            case ast.With() | ast.AsyncWith():
                return self._with(node)
            case ast.Try() | ast.TryStar():
                stopped = self._block(node.body) or self._block(node.orelse)
                self._either([*(handler.body for handler in node.handlers), []])
                return self._block(node.finalbody) or (stopped and not node.handlers)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self.scope.names[node.name] = self._define(node)
            case ast.ClassDef():
                self._class(node)
            case ast.Import() | ast.ImportFrom():
                self._import(node)
            case ast.Return():
                self.scope.returned.append(self.value(node.value) if node.value else None)
                return True
            case ast.Raise() | ast.Continue() | ast.Break():
                return True
            case ast.Match():
                self.value(node.subject)
                self._either([case.body for case in node.cases])
        return False

    def _if(self, node: ast.If) -> bool:
        holds = values.truth(self.value(node.test))
        if holds is None:
            return self._either([node.body, node.orelse])
        return self._block(node.body if holds else node.orelse)

    def _either(self, ways: Sequence[Sequence[ast.stmt]]) -> bool:
        """Takes each way from here; a variable that they leave different is not known."""
        scope, shared = self.scope, self.shared
        written: list[tuple[Names, Names]] = []
        for way in ways:
            self.scope = scope._replace(names=scope.names.new_child())
            self.shared = shared.new_child()
            if not self._block(way):
                written.append((self.scope.names, self.shared))
        self.scope, self.shared = scope, shared
        if not written:
            return bool(ways)
        _settle(scope.names, [names for names, _ in written])
        _settle(shared, [names for _, names in written])
        return False

    def _for(self, node: ast.For | ast.AsyncFor) -> None:
        items = self.value(node.iter)
        try:
            every = values.listed(items)
        except NotPlain:
            self.assign(node.target, unknown(self.text(node.target)))
            self._either([node.body, []])
            return
        for item in every:
            self.assign(node.target, item)
            self._block(node.body)
        self._block(node.orelse)

    def _with(self, node: ast.With | ast.AsyncWith) -> bool:
        """Told with a call before the managers are made, behind that, and at the end."""
        first = node.items[0].context_expr
        self._told("with", (), {}, first)
        for item in node.items:
            value = self.value(item.context_expr)
            if item.optional_vars is not None:
                self.assign(item.optional_vars, value)
        self._told("__enter__", (), {}, first)
        stopped = self._block(node.body)
        self._told("__exit__", (), {}, first)
        return stopped

    def _define(self, node: _FunctionNode) -> Function:
        self.functions.append((node, self.scope.names))
        return Function(len(self.functions) - 1)

    def _class(self, node: ast.ClassDef) -> None:
        outer, first = self.scope, len(self.functions)
        self.scope = Scope(outer.names.new_child(), [])
        self._block(node.body)
        members = dict(self.scope.names.maps[0])
        self.scope = outer
        fields = (n.target for n in node.body if isinstance(n, ast.AnnAssign))
        names = tuple(field.id for field in fields if isinstance(field, ast.Name))
        bases = tuple(base.id for base in node.bases if isinstance(base, ast.Name))
        self.classes[node.name] = _Class(bases, members, names)
        self.owners.update((n, node.name) for n in range(first, len(self.functions)))
        self.shared.update((f"{node.name}.{name}", value) for name, value in members.items())

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            if isinstance(node, ast.ImportFrom):
                self.imported[alias.asname or alias.name] = f"{node.module or ''}.{alias.name}"
            elif alias.asname:
                self.imported[alias.asname] = alias.name

    # Objects.

    def is_class(self, name: str) -> bool:
        return name in self.classes

    def made(
        self, kind: str, given: tuple[Value, ...], named: dict[str, Value], node: ast.Call
    ) -> Value:
        owner = self._instance(kind)
        start = self._inherited(kind, "__init__")
        if isinstance(start, Function):
            with suppress(NotPlain):
                self.entered(start, (owner, *given), named, node)
        else:
            fields = dict(zip(self.classes[kind].fields, given, strict=False))
            for name, value in {**fields, **named}.items():
                self.shared[f"{owner}.{name}"] = value
        return owner

    def member(self, owner: Instance, name: str) -> Value:
        if f"{owner}.{name}" in self.shared:
            return self.shared[f"{owner}.{name}"]
        return self._inherited(owner.kind, name)

    def _inherited(self, kind: str, name: str, depth: int = 0) -> Value:
        """What a class or one of its bases defines. Raises NotPlain."""
        found = self.classes.get(kind)
        if found is not None and name in found.members:
            return found.members[name]
        for base in found.bases if found is not None and depth < _DEEPEST else ():
            with suppress(NotPlain):
                return self._inherited(base, name, depth + 1)
        if name == "__init__":
            return None
        raise NotPlain

    def _instance(self, kind: str) -> Instance:
        self.objects += 1
        return Instance(kind, self.objects)

    def _itself(self, number: int, node: _FunctionNode) -> dict[str, Value]:
        """The object on which a method is followed that nobody calls: one made of defaults."""
        kind, arguments = self.owners.get(number), (*node.args.posonlyargs, *node.args.args)
        if kind is None or not arguments or arguments[0].arg not in ("self", "cls"):
            return {}
        owner, start = self._instance(kind), self._inherited(kind, "__init__")
        if isinstance(start, Function) and start.number != number:
            body, scope = self.functions[start.number]
            self._enter(start.number, body, scope, {"self": owner})
        return {arguments[0].arg: owner}

    # Functions.

    def entered(
        self,
        function: Function,
        given: tuple[Value, ...],
        named: dict[str, Value],
        node: ast.Call,
    ) -> Value:
        body, scope = self.functions[function.number]
        if function.number in self.active or len(self.active) >= _DEEPEST:
            raise NotPlain
        parameters = [argument.arg for argument in (*body.args.posonlyargs, *body.args.args)]
        on_object = bool(given) and isinstance(given[0], Instance)
        if on_object and function.number in self.owners and parameters[:1] not in _OWN:
            given = given[1:]  # A static method.
        elif not on_object and parameters[:1] == ["cls"]:
            given = (self._instance(self.owners.get(function.number, "")), *given)
        bound: dict[str, Value] = dict(zip(parameters, given, strict=False))
        if body.args.vararg is not None:
            bound[body.args.vararg.arg] = list(given[len(parameters) :])
        keywords = {*parameters, *(argument.arg for argument in body.args.kwonlyargs)}
        if body.args.kwarg is not None:
            bound[body.args.kwarg.arg] = {k: v for k, v in named.items() if k not in keywords}
        bound.update((key, value) for key, value in named.items() if key in keywords)
        outer, self.within = self.within, (node, *self.within)
        try:
            returned = self._enter(function.number, body, scope, bound)
        finally:
            self.within = outer
        first = returned[0] if returned else None
        if any(value != first for value in returned):
            raise NotPlain
        return first

    def _enter(
        self, number: int, node: _FunctionNode, scope: Names, bound: dict[str, Value]
    ) -> list[Value]:
        """Follows a function with values of its parameters; gives what it returns."""
        self.followed.add(number)
        self.active.append(number)
        outer = self.scope
        self.scope = Scope(scope.new_child(self._defaults(node) | bound), [])
        try:
            self._block(node.body)
            return self.scope.returned
        finally:
            self.scope = outer
            self.active.pop()

    def _defaults(self, node: _FunctionNode) -> dict[str, Value]:
        every = (*node.args.posonlyargs, *node.args.args)
        found: dict[str, Value] = {a.arg: unknown(a.arg) for a in (*every, *node.args.kwonlyargs)}
        for extra in (node.args.vararg, node.args.kwarg):
            if extra is not None:
                found[extra.arg] = unknown(extra.arg)
        behind = every[len(every) - len(node.args.defaults) :]
        for argument, default in zip(behind, node.args.defaults, strict=True):
            found[argument.arg] = self.value(default)
        for argument, given in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
            if given is not None:
                found[argument.arg] = self.value(given)
        return found


def _settle(names: Names, ways: Sequence[Names]) -> None:
    """Gives the variables that several ways have written the values that they have then."""
    for name in {name for way in ways for name in way.maps[0]}:
        found = [way.get(name, unknown(name)) for way in ways]
        value = found[0]
        for other in found[1:]:
            value = values.merged(name, value, other)
        names[name] = value

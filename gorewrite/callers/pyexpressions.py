"""What Python and Starlark expressions plainly stand for, with the calls made in passing.

Source: Python language reference, "Expressions".
"""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections import ChainMap
from collections.abc import Iterable
from contextlib import suppress
from typing import Final, NamedTuple, TypeAlias

from gorewrite.callers import pyvalues as values
from gorewrite.callers.places import ROOT
from gorewrite.callers.pyvalues import Function, Instance, NotPlain, Value, plain, unknown

Names: TypeAlias = "ChainMap[str, Value]"
#: Commands whose output is the directory of the checkout.
_TOP_OF_CHECKOUT: Final = (
    ["git", "rev-parse", "--show-toplevel"],
    "git rev-parse --show-toplevel",
)
_COMPARE: Final = (ast.Eq, ast.NotEq, ast.In, ast.NotIn, ast.Is, ast.IsNot)


class Called(NamedTuple):
    """A call of what the file itself does not define.

    name: with its module, as `subprocess.run`; what an unknown value was made by stands for it,
        as in `docker.from_env().images.build`. given, named: its arguments; `**` stands for any
        that are not known.
    within: the call itself, then those that led to it, innermost first. environ: what is known to
        be set in `os.environ`.
    """

    name: str
    given: tuple[Value, ...]
    named: dict[str, Value]
    within: tuple[ast.expr, ...]
    environ: dict[str, Value]


class Scope(NamedTuple):
    """names: the variables, innermost first; returned: what the function gives back."""

    names: Names
    returned: list[Value]


class Evaluator(ABC):
    """Tells what expressions stand for, and collects the calls in them.

    found: these calls. shared: what has a dot in its name, as `os.environ`, and the attributes of
    objects are the same everywhere. imported: names of modules and of what is taken from them.
    """

    def __init__(self, names: dict[str, Value]) -> None:
        self.found: list[Called] = []
        dotted = {name: value for name, value in names.items() if "." in name}
        self.shared: Names = ChainMap({"os.environ": {}, **dotted})
        self.scope = Scope(ChainMap({k: v for k, v in names.items() if k not in dotted}), [])
        self.imported: dict[str, str] = {}
        self.within: tuple[ast.expr, ...] = ()
        self._texts: dict[ast.expr, str] = {}

    def text(self, node: ast.expr) -> str:
        """What an expression is called when its value is not known."""
        if node not in self._texts:
            self._texts[node] = ast.unparse(node)[:80]
        return self._texts[node]

    @abstractmethod
    def entered(
        self, function: Function, given: tuple[Value, ...], named: dict[str, Value], node: ast.Call
    ) -> Value:
        """What a function of the file gives back; its body is followed."""

    @abstractmethod
    def made(
        self, kind: str, given: tuple[Value, ...], named: dict[str, Value], node: ast.Call
    ) -> Value:
        """An object of a class of the file."""

    @abstractmethod
    def member(self, owner: Instance, name: str) -> Value:
        """An attribute or a method of an object. Raises NotPlain."""

    @abstractmethod
    def is_class(self, name: str) -> bool:
        """Whether a name is that of a class of the file."""

    def assign(self, target: ast.expr, value: Value) -> None:
        """Gives names their values."""
        match target:
            case ast.Name():
                self.scope.names[target.id] = value
            case ast.Tuple() | ast.List():
                items = value if isinstance(value, list) else []
                if len(items) != len(target.elts):
                    items = [unknown(self.text(element)) for element in target.elts]
                for element, item in zip(target.elts, items, strict=True):
                    self.assign(element, item)
            case ast.Attribute():
                owner = self._object(target.value)
                name = f"{owner}.{target.attr}" if owner else self.name(target)
                if name is not None:
                    self.shared[name] = value
            case ast.Subscript():
                key, whole = self.value(target.slice), self.value(target.value)
                if isinstance(whole, dict) and isinstance(key, str):
                    self.assign(target.value, {**whole, key: value})

    def value(self, node: ast.expr) -> Value:
        """What an expression stands for. What it calls is told in passing."""
        try:
            return values.bounded(self._plain(node))
        except NotPlain:
            made = self.name(node) if isinstance(node, ast.Call) else None
            return unknown(made or self.text(node))

    def _plain(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=bytes() as raw):
                return raw.decode("utf-8", "replace")
            case ast.Constant(value=str() | bool() | int() | None as constant):
                return constant
            case ast.Name() | ast.Attribute():
                return self._looked_up(node)
            case ast.JoinedStr():
                values.bounded(node.values)
                return "".join(self._piece(part) for part in node.values)
            case ast.List() | ast.Tuple() | ast.Set():
                return self._items(node.elts)
            case ast.Dict():
                return self._dict(node)
            case ast.BinOp():
                return self._operation(node)
            case ast.BoolOp():
                return self._logic(node)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as number)):
                return -number
            case ast.UnaryOp(op=ast.Not()):
                holds = values.truth(self.value(node.operand))
                if holds is not None:
                    return not holds
            case ast.Compare() if len(node.ops) == 1 and isinstance(node.ops[0], _COMPARE):
                return self._compared(node)
            case ast.IfExp():
                holds = values.truth(self.value(node.test))
                one, other = self.value(node.body), self.value(node.orelse)
                if holds is not None or one == other:
                    return one if holds else other
            case ast.Subscript():
                return self._item(self.value(node.value), node.slice)
            case ast.Call():
                return self._call(node)
            case ast.ListComp() | ast.GeneratorExp() | ast.SetComp():
                return self._comprehended(node)
            case ast.Await() | ast.NamedExpr() | ast.Starred():
                value = self.value(node.value)
                if isinstance(node, ast.NamedExpr):
                    self.assign(node.target, value)
                return value
        raise NotPlain

    def name(self, node: ast.expr) -> str | None:
        """The dotted name of what is called or looked up."""
        match node:
            case ast.Name():
                made = values.origin(self.scope.names.get(node.id))
                return made or self.imported.get(node.id, node.id)
            case ast.Attribute():
                return self._attribute_name(node)
            case ast.Call():
                made = self.name(node.func)
                return f"{made}()" if made else None
        return None

    def _attribute_name(self, node: ast.Attribute) -> str | None:
        owner = self._object(node.value)
        if owner is not None:
            with suppress(NotPlain):
                made = values.origin(self.member(owner, node.attr))
                if made is not None:
                    return made
        made = self.name(node.value)
        made = values.origin(self.shared.get(made or "")) or made
        return f"{made}.{node.attr}" if made else None

    def _looked_up(self, node: ast.Name | ast.Attribute) -> Value:
        if isinstance(node, ast.Name):
            if node.id in self.scope.names:
                return self.scope.names[node.id]
            raise NotPlain
        owner = self._object(node.value)
        if owner is not None:
            return self.member(owner, node.attr)
        name = self.name(node)
        if name is not None and name in self.shared:
            return self.shared[name]
        return values.attribute(self.value(node.value), node.attr)

    def _object(self, node: ast.expr) -> Instance | None:
        """The object of a class of the file that a variable or an attribute stands for."""
        value: Value = None
        if isinstance(node, ast.Name):
            value = self.scope.names.get(node.id)
        elif isinstance(node, ast.Attribute) and (owner := self._object(node.value)) is not None:
            with suppress(NotPlain):
                value = self.member(owner, node.attr)
        return value if isinstance(value, Instance) else None

    def _piece(self, part: ast.expr) -> str:
        value = self.value(part.value if isinstance(part, ast.FormattedValue) else part)
        try:
            return values.spelled(value)
        except NotPlain:
            return unknown(self.text(part))

    def _items(self, nodes: Iterable[ast.expr]) -> list[Value]:
        found: list[Value] = []
        for node in nodes:
            value = self.value(node)
            found += values.spread(value) if isinstance(node, ast.Starred) else [value]
        return found

    def _dict(self, node: ast.Dict) -> Value:
        found: dict[str, Value] = {}
        for key, item in zip(node.keys, node.values, strict=True):
            value = self.value(item)
            if key is None:
                found.update(value if isinstance(value, dict) else {})
                continue
            name = self.value(key)
            if isinstance(name, str):
                found[name] = value
        if "actions" in found:  # A task of doit, which runs what its dictionary holds.
            self._told("doit", (found["actions"],), {}, node)
        return found

    def _operation(self, node: ast.BinOp) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        match node.op:
            case ast.Add():
                return values.added(left, right)
            case ast.Div():
                return values.path_joined(left, right)
            case ast.Mod() if isinstance(left, str):
                return values.percent(left, right)
            case ast.BitOr() if isinstance(left, dict) and isinstance(right, dict):
                return {**left, **right}
        raise NotPlain

    def _logic(self, node: ast.BoolOp) -> Value:
        value: Value = None
        for part in node.values:
            value = self.value(part)
            holds = values.truth(value)
            if holds is None:
                raise NotPlain
            if holds is isinstance(node.op, ast.Or):
                break
        return value

    def _compared(self, node: ast.Compare) -> Value:
        left, right = self.value(node.left), self.value(node.comparators[0])
        if not (plain(left) and plain(right)):
            raise NotPlain
        match node.ops[0]:
            case ast.Eq() | ast.Is():
                return left == right
            case ast.NotEq() | ast.IsNot():
                return left != right
        if isinstance(right, dict) and left not in right:
            raise NotPlain  # The environment may hold more.
        if not isinstance(right, (list, str, dict)) or (
            isinstance(right, str) and not isinstance(left, str)
        ):
            raise NotPlain
        inside = left in right
        return inside if isinstance(node.ops[0], ast.In) else not inside

    def _item(self, whole: Value, index: ast.expr) -> Value:
        if isinstance(index, ast.Slice):
            edges = [self.value(e) if e else None for e in (index.lower, index.upper)]
            if isinstance(whole, (list, str)) and plain(whole) and index.step is None:
                start, end = (e if isinstance(e, int) else None for e in edges)
                return whole[start:end]
            raise NotPlain
        key = self.value(index)
        if isinstance(whole, dict) and isinstance(key, str) and key in whole:
            return whole[key]
        if isinstance(whole, list) and isinstance(key, int) and -len(whole) <= key < len(whole):
            return whole[key]
        raise NotPlain

    def _comprehended(self, node: ast.ListComp | ast.GeneratorExp | ast.SetComp) -> Value:
        first = node.generators[0]
        if len(node.generators) > 1 or first.ifs:
            raise NotPlain
        found: list[Value] = []
        outer = self.scope
        self.scope = outer._replace(names=outer.names.new_child())
        try:
            for item in values.listed(self.value(first.iter)):
                self.assign(first.target, item)
                found.append(self.value(node.elt))
        finally:
            self.scope = outer
        return found

    def _call(self, node: ast.Call) -> Value:
        given = tuple(self._items(node.args))
        named: dict[str, Value] = {}
        for keyword in node.keywords:
            value = self.value(keyword.value)
            if keyword.arg is not None:
                named[keyword.arg] = value
            elif isinstance(value, dict):
                named.update(value)
            else:
                named["**"] = value
        name = self.name(node.func) or ""
        whole: Value = None
        function: Value = None
        if isinstance(node.func, ast.Attribute):
            whole = self.value(node.func.value)
            self._changed(node.func, whole, given)
            if isinstance(whole, Instance):
                function, given = self.member(whole, node.func.attr), (whole, *given)
            else:
                function = self.shared.get(name)
        elif isinstance(node.func, ast.Name):
            function = self.scope.names.get(node.func.id)
            if self.is_class(node.func.id):
                return self.made(node.func.id, given, named, node)
        if isinstance(function, Function):
            return self.entered(function, given, named, node)
        self._told(name, given, named, node)
        try:
            return self._result(name, node.func, whole, given, named)
        except (TypeError, ValueError, IndexError):
            raise NotPlain from None

    def _result(
        self,
        name: str,
        function: ast.expr,
        whole: Value,
        given: tuple[Value, ...],
        named: dict[str, Value],
    ) -> Value:
        """What a function or a method of `whole` gives back."""
        if given and given[0] in _TOP_OF_CHECKOUT:
            return ROOT
        if name in ("struct", "SimpleNamespace", "types.SimpleNamespace"):
            return named
        if name == "dict":
            copied = values.FUNCTIONS["dict"](*given)
            return {**copied, **named} if isinstance(copied, dict) else copied
        if name in values.FUNCTIONS:
            return values.FUNCTIONS[name](*given)
        if isinstance(function, ast.Attribute):
            return values.method(whole, function.attr, given, named)
        raise NotPlain

    def _told(
        self, name: str, given: tuple[Value, ...], named: dict[str, Value], node: ast.expr
    ) -> None:
        environ = self.shared.get("os.environ")
        known = environ if isinstance(environ, dict) else {}
        self.found.append(Called(name, given, named, (node, *self.within), known))

    def _changed(self, function: ast.Attribute, whole: Value, given: tuple[Value, ...]) -> None:
        """`words.append(…)` and the like, for variables."""
        target = function.value
        if not isinstance(target, (ast.Name, ast.Attribute)):
            return
        if isinstance(whole, list) and function.attr in ("insert", "remove", "pop", "clear"):
            self.assign(target, unknown(self.text(target)))
        if not given:
            return
        if isinstance(whole, list) and function.attr == "append":
            self.assign(target, [*whole, given[0]])
        elif isinstance(whole, list) and function.attr == "extend":
            self.assign(target, [*whole, *values.spread(given[0])])
        elif isinstance(whole, dict) and function.attr == "update" and isinstance(given[0], dict):
            self.assign(target, {**whole, **given[0]})
        elif isinstance(whole, dict) and function.attr == "setdefault" and len(given) > 1:
            self.assign(target, {str(given[0]): given[1], **whole})

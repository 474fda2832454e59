"""What a string expression can be, as far as it follows from the sources.

An expression is worth a set of texts: literals, constants, variables that only ever hold
literals, joins of those, and parameters of functions whose every call is visible. Anything
else makes the value inexact: what is known is then at best a default.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gorewrite.golang.closure import Closure, Unit
from gorewrite.golang.source import Declaration, SourceFile
from gorewrite.golang.syntax import arguments_of, nth, part
from gorewrite.golang.texts import UNKNOWN, Value, combine, join_paths, union, unquote

if TYPE_CHECKING:
    from tree_sitter import Node

_DEEPEST = 12

_VERB = re.compile(r"%(.)", re.DOTALL)
# More beginnings of a formatted text than this are no longer told apart.
_MOST_STARTS = 64
_VARIABLE_NAME = re.compile(r"[A-Z][A-Z0-9_]*")

_JOIN = {("path/filepath", "Join"), ("path", "Join")}
# Functions that give their first argument back, as far as finding the file goes.
_SAME = {
    ("path/filepath", "Abs"),
    ("path/filepath", "Clean"),
    ("path/filepath", "EvalSymlinks"),
    ("path/filepath", "FromSlash"),
    ("path/filepath", "ToSlash"),
    ("path", "Clean"),
    ("strings", "TrimSpace"),
    ("net/http", "Dir"),
    ("os/exec", "LookPath"),
}
# Command line flags: method or function name -> index of the default value (packages flag,
# github.com/spf13/pflag). The value is the user's to change, so it is a default only.
_FLAG_DEFAULTS = {"String": 1, "StringP": 2, "StringVar": 2, "StringVarP": 3}


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """Where an expression stands: package and top-level declaration."""

    unit: Unit
    declaration: Declaration

    @property
    def file(self) -> SourceFile:
        return self.declaration.file


class Evaluator:
    """Evaluates string expressions of the program's own code."""

    def __init__(self, closure: Closure, linked: frozenset[str] = frozenset()) -> None:
        """linked: names of variables that the linker sets (`-X`)."""
        self._closure = closure
        self._linked = linked
        self._names: dict[tuple[str, int, str], Value] = {}
        self._constants: dict[tuple[str, str], Value] = {}
        self._depth = 0

    def value(self, scope: Scope, node: Node | None) -> Value:
        """What an expression can be."""
        if node is None or self._depth >= _DEEPEST:
            return UNKNOWN
        self._depth += 1
        try:
            return self._value(scope, node)
        finally:
            self._depth -= 1

    def elements(self, scope: Scope, node: Node | None) -> Value:
        """What the elements of a slice expression can be: `[]string{…}` or a name for one."""
        if node is None or self._depth >= _DEEPEST:
            return UNKNOWN
        if node.type == "composite_literal":
            body = node.child_by_field_name("body")
            children = body.named_children if body else []
            items = [child for child in children if child.type != "comment"]
            if any(item.type != "literal_element" for item in items):
                return UNKNOWN
            return union(self.value(scope, item.named_child(0)) for item in items)
        if node.type == "identifier":
            self._depth += 1
            try:
                return self._named(scope, scope.declaration.text(node), of_slice=True)
            finally:
                self._depth -= 1
        return UNKNOWN

    def declared_in(self, scope: Scope, name: str) -> bool:
        """Whether a function declares a variable of that name (which hides an import)."""
        return self._assigned(scope, name, False)[1]

    def package_of(self, scope: Scope, node: Node | None) -> str | None:
        """The import path a plain identifier stands for, None when it is something else."""
        if node is None or node.type not in ("identifier", "package_identifier"):
            return None
        return scope.file.aliases.get(scope.declaration.text(node))

    def callee(self, scope: Scope, call: Node) -> tuple[str | None, str]:
        """(import path, name) of a called function; (None, name) for methods and own functions."""
        function = call.child_by_field_name("function")
        if function is None:
            return None, ""
        if function.type == "selector_expression":
            name = scope.declaration.text(part(function, "field"))
            return self.package_of(scope, function.child_by_field_name("operand")), name
        return None, scope.declaration.text(function)

    def _value(self, scope: Scope, node: Node) -> Value:
        match node.type:
            case "interpreted_string_literal" | "raw_string_literal":
                return Value((unquote(scope.declaration.text(node)),), True)
            case "int_literal":
                return Value((scope.declaration.text(node),), True)
            case "parenthesized_expression" | "literal_element":
                return self.value(scope, node.named_child(0))
            case "binary_expression":
                if scope.declaration.text(part(node, "operator")) != "+":
                    return UNKNOWN
                left = self.value(scope, node.child_by_field_name("left"))
                right = self.value(scope, node.child_by_field_name("right"))
                return combine([left, right], "".join)
            case "unary_expression":
                # `*flag.String(…)`: the default behind the pointer.
                return self.value(scope, node.child_by_field_name("operand"))
            case "identifier":
                return self._named(scope, scope.declaration.text(node))
            case "selector_expression":
                return self._selected(scope, node)
            case "call_expression":
                return self._call(scope, node)
            case "type_conversion_expression":
                return self.value(scope, node.child_by_field_name("operand"))
            case _:
                return UNKNOWN

    def _selected(self, scope: Scope, node: Node) -> Value:
        path = self.package_of(scope, node.child_by_field_name("operand"))
        unit = self._closure.units.get(path or "")
        name = scope.declaration.text(part(node, "field"))
        if path is None or unit is None or not unit.own:
            return Value(("/dev/null",), True) if (path, name) == ("os", "DevNull") else UNKNOWN
        return self._package_level(unit, name)

    def _call(self, scope: Scope, call: Node) -> Value:
        package, name = self.callee(scope, call)
        arguments = arguments_of(call)
        if (package, name) in _JOIN:
            return combine([self.value(scope, node) for node in arguments], join_paths)
        if (package, name) in _SAME or (package is None and name == "string"):
            return self.value(scope, arguments[0]) if arguments else UNKNOWN
        if (package, name) == ("os", "Getwd"):
            return Value((".",), True)
        if (package, name) == ("os", "ExpandEnv") and arguments:
            value = self.value(scope, arguments[0])
            return value if not any("$" in text for text in value.texts) else UNKNOWN
        if (package, name) == ("fmt", "Sprintf") and arguments:
            return self._format(scope, arguments)
        if (package, name) == ("cmp", "Or") and arguments:
            return Value(self.value(scope, arguments[-1]).texts, False)
        index = _FLAG_DEFAULTS.get(name)
        if index is not None and package in (None, "flag", "github.com/spf13/pflag"):
            return Value(self.value(scope, nth(arguments, index)).texts, False)
        return self._with_default(scope, arguments)

    def _with_default(self, scope: Scope, arguments: list[Node]) -> Value:
        """`getenv("NAME", "default")` under whatever name the helper has."""
        if len(arguments) != 2:
            return UNKNOWN
        name = self.value(scope, arguments[0])
        if not name.texts or not all(_VARIABLE_NAME.fullmatch(text) for text in name.texts):
            return UNKNOWN
        return Value(self.value(scope, arguments[1]).texts, False)

    def _format(self, scope: Scope, arguments: list[Node]) -> Value:
        values = [self.value(scope, node) for node in arguments]

        def fill(texts: Iterable[str]) -> str:
            layout, *rest = texts
            parts = iter(rest)

            def put(found: re.Match[str]) -> str:
                return "%" if found[1] == "%" else next(parts)

            return _VERB.sub(put, layout)

        for layout in values[0].texts:
            verbs = [verb for verb in _VERB.findall(layout) if verb != "%"]
            if len(verbs) != len(arguments) - 1 or any(verb not in "svd" for verb in verbs):
                return Value(starts=self._formatted_start(values))
        if not all(value.texts or value.exact for value in values):
            return Value(starts=self._formatted_start(values))
        return combine(values, fill)

    def _formatted_start(self, values: list[Value]) -> tuple[str, ...]:
        """What comes of a format up to its first verb whose text is not known."""
        found: dict[str, None] = {}
        for layout in values[0].texts:
            starts, at, rest = [""], 0, iter(values[1:])
            for verb in _VERB.finditer(layout):
                starts = [start + layout[at : verb.start()] for start in starts]
                value = Value(("%",)) if verb[1] == "%" else next(rest, UNKNOWN)
                known = value.texts if verb[1] in "sv%" else ()
                texts = known or value.starts
                if 0 < len(starts) * len(texts) <= _MOST_STARTS:
                    starts = [start + text for start in starts for text in texts]
                    at = verb.end()
                if not known or at < verb.end():
                    break
            found.update(dict.fromkeys(starts))
        return tuple(start for start in found if start)

    def _named(self, scope: Scope, name: str, of_slice: bool = False) -> Value:
        key = (scope.file.path, scope.declaration.start, name + ("[]" if of_slice else ""))
        if key not in self._names:
            self._names[key] = UNKNOWN  # a name defined through itself
            values, local = self._assigned(scope, name, of_slice)
            if local:
                self._names[key] = union(values)
            else:
                self._names[key] = self._package_level(scope.unit, name, of_slice)
        return self._names[key]

    def _package_level(self, unit: Unit, name: str, of_slice: bool = False) -> Value:
        """A constant or variable of a package, with every assignment in the package."""
        key = (unit.package.path, name + ("[]" if of_slice else ""))
        if key not in self._constants:
            self._constants[key] = UNKNOWN
            values: list[Value] = []
            declared = False
            for scope in self._mentions(unit, name):
                found, local = self._assigned(scope, name, of_slice)
                top = scope.declaration.code.startswith((b"const", b"var"))
                declared = declared or (top and local)
                if top or not local:
                    values += found
            values += [UNKNOWN] * (name in self._linked or self._set_elsewhere(unit, name))
            self._constants[key] = union(values) if declared else UNKNOWN
        return self._constants[key]

    def _mentions(self, unit: Unit, name: str) -> Iterator[Scope]:
        """The top-level declarations of a package in which a name stands, once each."""
        for file in unit.files:
            seen: set[int] = set()
            for place in file.places(name):
                declaration = file.declaration(place)
                if declaration.start not in seen:
                    seen.add(declaration.start)
                    yield Scope(unit, declaration)

    def _set_elsewhere(self, unit: Unit, name: str) -> bool:
        if not name[:1].isupper():
            return False
        pattern = re.compile(rb"(?:\.|&\w+\.)\s*" + re.escape(name.encode()) + rb"\s*\+?=(?!=)")
        importers = self._closure.used_by.get(unit.package.path, ())
        return any(pattern.search(file.code) for file in importers if name.encode() in file.data)

    def _assigned(self, scope: Scope, name: str, of_slice: bool) -> tuple[list[Value], bool]:
        """Every value a name is given in one declaration, and whether it is declared there."""
        values: list[Value] = []
        local = False
        declaration = scope.declaration
        size = len(name.encode("utf-8", "surrogateescape"))
        for place in scope.file.places(name, declaration.start, declaration.end):
            node = declaration.node_at(place, place + size)
            if node is None or node.type != "identifier" or node.parent is None:
                continue
            found = self._binding(scope, node, node.parent, of_slice)
            if found is not None:
                value, declares = found
                local = local or declares
                if value is not None:
                    values.append(value)
        return values, local

    def _binding(
        self, scope: Scope, node: Node, parent: Node, of_slice: bool
    ) -> tuple[Value | None, bool] | None:
        """What an occurrence of a name gives it: (value or None, declared here); None for a use."""
        evaluate = self.elements if of_slice else self.value
        if parent.type in ("var_spec", "const_spec"):
            names = parent.children_by_field_name("name")
            if node not in names:
                return None
            given = parent.child_by_field_name("value")
            if given is None:
                return (UNKNOWN if parent.type == "const_spec" else None), True
            return evaluate(scope, nth(given.named_children, names.index(node))), True
        if parent.type in ("parameter_declaration", "variadic_parameter_declaration"):
            if node not in parent.children_by_field_name("name"):
                return None
            return self._parameter(scope, node, parent, of_slice), True
        if parent.type == "unary_expression":
            is_address = scope.declaration.text(part(parent, "operator")) == "&"
            return (self._pointed_at(scope, parent), False) if is_address else None
        owner = parent.parent
        if parent.type != "expression_list" or owner is None:
            return None
        if owner.child_by_field_name("left") != parent:
            return None
        index = parent.named_children.index(node)
        declares = owner.type == "short_var_declaration"
        if owner.type == "range_clause":
            whole = owner.child_by_field_name("right")
            value = self.elements(scope, whole) if index == 1 and not of_slice else UNKNOWN
            return value, any(child.type == ":=" for child in owner.children)
        right = owner.child_by_field_name("right")
        if right is None or owner.type not in ("short_var_declaration", "assignment_statement"):
            return UNKNOWN, True
        if not declares and scope.declaration.text(part(owner, "operator")) != "=":
            return UNKNOWN, False
        if len(right.named_children) == len(parent.named_children):
            return evaluate(scope, right.named_children[index]), declares
        if index == 0 and len(right.named_children) == 1:
            return evaluate(scope, right.named_children[0]), declares
        return UNKNOWN, declares

    def _pointed_at(self, scope: Scope, address: Node) -> Value:
        """The default of `flag.StringVar(&name, "flag", "default", …)`; unknown elsewhere."""
        arguments = address.parent
        call = arguments.parent if arguments is not None else None
        if arguments is None or call is None or call.type != "call_expression":
            return UNKNOWN
        _, name = self.callee(scope, call)
        index = _FLAG_DEFAULTS.get(name)
        if index is None or not name.startswith("StringVar"):
            return UNKNOWN
        return Value(self.value(scope, nth(arguments_of(call), index)).texts, False)

    def _parameter(self, scope: Scope, node: Node, parameter: Node, of_slice: bool) -> Value | None:
        """What the calls of a function give a parameter; None for a named result."""
        parameters = parameter.parent
        function = parameters.parent if parameters is not None else None
        if parameters is None or function is None:
            return UNKNOWN
        if function.child_by_field_name("parameters") != parameters:
            return None
        variadic = parameter.type == "variadic_parameter_declaration"
        if function.type != "function_declaration" or variadic:
            return UNKNOWN
        names = [
            name
            for child in parameters.named_children
            for name in child.children_by_field_name("name")
        ]
        own_name = scope.declaration.text(part(function, "name"))
        evaluate = self.elements if of_slice else self.value
        values: list[Value] = []
        for where, call in self._calls(scope.unit, own_name):
            if call is None:
                return UNKNOWN
            values.append(evaluate(where, nth(arguments_of(call), names.index(node))))
        return union(values)

    def _calls(self, unit: Unit, name: str) -> Iterator[tuple[Scope, Node | None]]:
        """Every call of a package's function; None for a use that is no call."""
        size = len(name.encode("utf-8", "surrogateescape"))
        for file in unit.files:
            for place in file.places(name):
                scope = Scope(unit, file.declaration(place))
                node = scope.declaration.node_at(place, place + size)
                if node is None or node.parent is None or node.type != "identifier":
                    continue
                parent = node.parent
                if parent.type == "function_declaration":
                    continue
                is_call = parent.type == "call_expression"
                is_call = is_call and parent.child_by_field_name("function") == node
                yield scope, parent if is_call else None
        if not name[:1].isupper():
            return
        for file in self._closure.used_by.get(unit.package.path, ()):
            importer = self._closure.unit_of(file)
            for place, _ in file.selections(frozenset({name.encode("utf-8", "surrogateescape")})):
                scope = Scope(importer, file.declaration(place))
                node = scope.declaration.node_at(place, place + size)
                selector = node.parent if node is not None else None
                if selector is None or selector.type != "selector_expression":
                    continue
                operand = selector.child_by_field_name("operand")
                if self.package_of(scope, operand) != unit.package.path:
                    continue
                call = selector.parent
                yield scope, call if call is not None and call.type == "call_expression" else None

"""The calls of a program's own code that matter at run time: files opened, programs started.

Candidates are found in the blanked code by name; the syntax tree of the enclosing declaration
decides what each one is, and the evaluator what its arguments can be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gorewrite.evidence import Evidence, Unknown
from gorewrite.globs import clean
from gorewrite.golang.catalogue import CallRule, CallRules, call_rules, unversioned
from gorewrite.golang.closure import Closure, Unit
from gorewrite.golang.needs import Executes, FileRead, ReadKind
from gorewrite.golang.source import SourceFile
from gorewrite.golang.values import UNKNOWN, Evaluator, Scope, Value, arguments_of, union

if TYPE_CHECKING:
    from tree_sitter import Node

_NAME = re.compile(rb"\.\s*([A-Za-z_]\w*)")
_OPERAND = re.compile(rb"([A-Za-z_][\w\x80-\xff]*)\s*\Z")
_BEHIND_DOT = re.compile(rb"\.\s*\Z")
_SHELL_WORDS = re.compile(r"\s*(?:&&|\|\||[;|&\n])\s*")
_PLAIN_WORD = re.compile(r"[\w./+-]+")

# (import path, function) -> index of the argument that names the program.
_EXECUTES = {
    ("os/exec", "Command"): 0,
    ("os/exec", "CommandContext"): 1,
    ("os/exec", "LookPath"): 0,
    ("golang.org/x/sys/execabs", "Command"): 0,
    ("golang.org/x/sys/execabs", "CommandContext"): 1,
    ("golang.org/x/sys/execabs", "LookPath"): 0,
    ("syscall", "Exec"): 0,
    ("syscall", "ForkExec"): 0,
    ("syscall", "StartProcess"): 0,
    ("golang.org/x/sys/unix", "Exec"): 0,
    ("os", "StartProcess"): 0,
    ("github.com/go-cmd/cmd", "NewCmd"): 0,
    ("github.com/codeskyblue/go-sh", "Command"): 0,
}
_SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh", "ksh"})
_VIPER = "github.com/spf13/viper"
_VIPER_NAMES = frozenset({"AddConfigPath", "SetConfigName", "SetConfigFile", "ReadInConfig"})
_ENVIRONMENT = frozenset({"Getenv", "LookupEnv", "BindEnv"})
_OTHER = frozenset({"Chdir", "SetBaseFS", "Open"})
_SQLITE = re.compile(r"sqlite3?(?:_\w+)?")
_SQLITE_FILE = re.compile(r"(?:file:)?([^?]+)")

_CODE_NAMES = frozenset(
    name.encode()
    for name in (*(name for _, name in _EXECUTES), *_VIPER_NAMES, *_ENVIRONMENT, *_OTHER)
)


@dataclass(slots=True)
class Calls:
    """What was found. reads are kept once per path, kind and default."""

    reads: dict[tuple[object, ...], FileRead] = field(default_factory=dict)
    executes: dict[tuple[object, ...], Executes] = field(default_factory=dict)
    environment: set[str] = field(default_factory=set)
    dynamic: list[Unknown] = field(default_factory=list)
    home: list[Evidence] = field(default_factory=list)
    config_dirs: list[tuple[Value, Evidence]] = field(default_factory=list)
    config_names: list[Value] = field(default_factory=list)

    def read(self, kind: ReadKind, required: bool, value: Value, place: Evidence) -> None:
        """Note a file; an inexact value is noted without a path, its texts as defaults."""
        for text in value.texts:
            path, default = (text, None) if value.exact else (None, text)
            key = (path, kind, default) if path is not None else (place, kind, default)
            if text:
                self.reads.setdefault(key, FileRead(path, kind, required, place, default))
        if not value.exact and not any(value.texts):
            self.reads.setdefault((place, kind), FileRead(None, kind, required, place))
            self.dynamic.append(Unknown("the path is computed at run time", (place,)))

    def execute(self, value: Value, place: Evidence) -> None:
        if value.exact:
            for text in value.texts:
                self.executes.setdefault((text,), Executes(text, place))
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


def find_calls(closure: Closure) -> Calls:
    """Look through the own code of a program."""
    return _Finder(closure).run()


class _Finder:
    def __init__(self, closure: Closure) -> None:
        self.closure = closure
        self.rules: CallRules = call_rules()
        self.evaluator = Evaluator(closure)
        self.found = Calls()
        self.imports = {unversioned(path) for path in closure.used_by}
        self.names = self.rules.names | _CODE_NAMES

    def run(self) -> Calls:
        for unit in self.closure.own:
            for file in unit.files:
                self._dot_imports(file)
                wanted = self.names & file.selected
                if wanted:
                    for place, size in _places(file, wanted):
                        self._look(unit, file, place, size)
                if b"file://" in file.data:
                    self._file_urls(unit, file)
        self._config()
        return self.found

    def _dot_imports(self, file: SourceFile) -> None:
        packages = {package for package, _ in self.rules.calls} | {path for path, _ in _EXECUTES}
        for found in file.header.imports:
            if found.name == "." and unversioned(found.path) in packages:
                place = file.import_evidence(found.path)
                self.found.read("file", True, UNKNOWN, place)

    def _look(self, unit: Unit, file: SourceFile, start: int, size: int) -> None:
        """One name behind a dot that may be a call of interest."""
        name = file.data[start : start + size].decode()
        package = _operand_package(file, start)
        if package is None:
            if not self._is_method_of_interest(name):
                return
        elif not self._is_function_of_interest(package, name):
            return
        scope = Scope(unit, file.declaration(start))
        node = scope.declaration.node_at(start, start + size)
        parent = node.parent if node is not None else None
        if node is None or parent is None:
            return
        if parent.type == "qualified_type":
            self._literal(scope, parent, unversioned(package or ""), name)
            return
        if parent.type != "selector_expression":
            return
        if package is not None and self._shadowed(scope, parent):
            package = None
            if not self._is_method_of_interest(name):
                return
        place = file.evidence(start)
        call = parent.parent
        function = call.child_by_field_name("function") if call is not None else None
        if call is None or call.type != "call_expression" or function != parent:
            self._not_called(package, name, place)
            return
        self._called(Call(scope, call, package, name, arguments_of(call), place))

    def _is_method_of_interest(self, name: str) -> bool:
        if name in _VIPER_NAMES or name == "BindEnv":
            return _VIPER in self.imports
        rule = self.rules.methods.get(name)
        if rule is None:
            return False
        return not rule.modules or any(module in self.imports for module in rule.modules)

    def _is_function_of_interest(self, package: str, name: str) -> bool:
        path = unversioned(package)
        return (
            (path, name) in self.rules.calls
            or (path, name) in _EXECUTES
            or any(key[:2] == (path, name) for key in self.rules.fields)
            or (path == "os" and name in ("Getenv", "LookupEnv", "Chdir"))
            or (path == _VIPER and (name in _VIPER_NAMES or name == "BindEnv"))
            or (path, name) == ("database/sql", "Open")
        )

    def _shadowed(self, scope: Scope, selector: Node) -> bool:
        operand = selector.child_by_field_name("operand")
        return operand is not None and self.evaluator.declared_in(
            scope, scope.declaration.text(operand)
        )

    def _not_called(self, package: str | None, name: str, place: Evidence) -> None:
        """A function passed on as a value: what it is called with cannot be seen."""
        if package is None:
            return
        rule = self.rules.calls.get((unversioned(package), name))
        if rule is not None:
            self.found.read(rule.kind, rule.required, UNKNOWN, place)
        elif (package, name) in _EXECUTES:
            self.found.execute(UNKNOWN, place)

    def _called(self, call: Call) -> None:
        path = unversioned(call.package) if call.package is not None else None
        if path is None:
            if call.name in _VIPER_NAMES or call.name == "BindEnv":
                self._viper(call)
            else:
                self._apply(self.rules.methods[call.name], call)
            return
        index = _EXECUTES.get((path, call.name))
        if index is not None:
            self._execute(call, index)
        elif path == _VIPER:
            self._viper(call)
        elif (path, call.name) == ("database/sql", "Open"):
            self._database(call)
        elif path == "os" and call.name in ("Getenv", "LookupEnv"):
            self._environment(call, call.arguments)
        elif path == "os" and call.name == "Chdir":
            why = "os.Chdir changes what relative paths mean"
            self.found.dynamic.append(Unknown(why, (call.place,)))
        elif (path, call.name) in self.rules.calls:
            rule = self.rules.calls[path, call.name]
            if (path, call.name) == ("os", "OpenFile") and _writes(call):
                self.found.read("write", False, self._argument(call, 0), call.place)
            elif not self._in_memory(path, rule):
                self._apply(rule, call)

    def _argument(self, call: Call, index: int) -> Value:
        return self.evaluator.value(call.scope, call.arguments[index])

    def _in_memory(self, path: str, rule: CallRule) -> bool:
        if rule.unless is None:
            return False
        return any(
            rule.unless.encode() in file.selected
            for package, files in self.closure.used_by.items()
            if unversioned(package) == path
            for file in files
        )

    def _apply(self, rule: CallRule, call: Call) -> None:
        """Note the files that the arguments of a call name."""
        count = len(call.arguments)
        if rule.rest is not None:
            self._rest(rule, call, call.arguments[rule.rest :])
            return
        for index in rule.arguments:
            if not -count <= index < count:
                continue
            value = self._argument(call, index)
            if rule.literal_only and not value.texts:
                continue
            if rule.scheme is not None:
                value = _without_scheme(value, rule.scheme)
            self.found.read(rule.kind, rule.required, value, call.place)

    def _rest(self, rule: CallRule, call: Call, arguments: list[Node]) -> None:
        if not arguments and rule.implied is not None:
            implied = Value((rule.implied,), True)
            self.found.read(rule.kind, rule.required, implied, call.place)
        spread = any(child.type == "..." for child in _argument_tokens(call.node))
        for index, node in enumerate(arguments):
            if spread and index == len(arguments) - 1:
                value = self.evaluator.elements(call.scope, node)
            else:
                value = self.evaluator.value(call.scope, node)
            if value.texts or not rule.literal_only:
                self.found.read(rule.kind, rule.required, value, call.place)

    def _literal(self, scope: Scope, type_node: Node, path: str, name: str) -> None:
        """`pkg.Type{Field: "path"}`, and a package-level `var x http.Dir = "path"`."""
        parent = type_node.parent
        if parent is not None and parent.type in ("var_spec", "const_spec"):
            rule = self.rules.calls.get((path, name))
            given = parent.child_by_field_name("value")
            if rule is not None and given is not None:
                value = self.evaluator.value(scope, given.named_child(0))
                place = scope.declaration.evidence(type_node)
                self.found.read(rule.kind, rule.required, value, place)
            return
        body = parent.child_by_field_name("body") if parent is not None else None
        if parent is None or parent.type != "composite_literal" or body is None:
            return
        for element in body.named_children:
            if element.type != "keyed_element":
                continue
            key, value_node = element.named_child(0), element.named_child(1)
            if key is None or value_node is None:
                continue
            rule = self.rules.fields.get((path, name, scope.declaration.text(key)))
            if rule is not None:
                value = self.evaluator.value(scope, value_node)
                place = scope.declaration.evidence(element)
                self.found.read(rule.kind, rule.required, value, place)

    def _execute(self, call: Call, index: int) -> None:
        if len(call.arguments) <= index:
            return
        value = self._argument(call, index)
        self.found.execute(value, call.place)
        shells = [text for text in value.texts if text.rpartition("/")[2] in _SHELLS]
        if shells and len(call.arguments) > index + 2:
            if self._argument(call, index + 1).texts not in (("-c",), ("-ec",), ("-lc",)):
                return
            script = self._argument(call, index + 2)
            programs = [_shell_programs(text) for text in script.texts]
            known = script.exact and all(found is not None for found in programs)
            names = [name for found in programs for name in found or ()]
            self.found.execute(Value(tuple(names), True) if known else UNKNOWN, call.place)

    def _environment(self, call: Call, arguments: list[Node]) -> None:
        for node in arguments:
            self.found.environment.update(self.evaluator.value(call.scope, node).texts)

    def _database(self, call: Call) -> None:
        """A sqlite database file: created by the program, next to the working directory."""
        if len(call.arguments) < 2:
            return
        driver = self._argument(call, 0).texts
        if not driver or not all(_SQLITE.fullmatch(text) for text in driver):
            return
        value = self._argument(call, 1)
        names = [_SQLITE_FILE.match(text) for text in value.texts]
        texts = tuple(name[1] for name in names if name and ":memory:" not in name[1])
        self.found.read("write", False, Value(texts, value.exact), call.place)

    def _viper(self, call: Call) -> None:
        if call.name == "BindEnv":
            self._environment(call, call.arguments[1:])
        elif call.name != "ReadInConfig" and call.arguments:
            value = self._argument(call, 0)
            if call.name == "AddConfigPath":
                self.found.config_dirs.append((value, call.place))
            elif call.name == "SetConfigName":
                self.found.config_names.append(value)
            else:
                self.found.read("config", True, value, call.place)

    def _config(self) -> None:
        """What viper looks for: every name in every directory, whatever the extension.

        Viper documentation, "Reading Config Files": the first directory that has one wins, so
        none is required by itself. Directories are expanded with the environment.
        """
        names = union(self.found.config_names) if self.found.config_names else Value(("config",), True)
        for value, place in self.found.config_dirs:
            for text in value.texts:
                if "$HOME" in text or "${HOME}" in text:
                    self.found.home.append(place)
            patterns = tuple(
                clean(f"{text}/{name}.*")
                for text in value.texts
                for name in (names.texts if names.exact else ("*",))
            )
            exact = value.exact and not any("$" in text for text in value.texts)
            self.found.read("config", False, Value(patterns, exact), place)

    def _file_urls(self, unit: Unit, file: SourceFile) -> None:
        """`"file://migrations"` wherever it stands, also as the start of a longer expression."""
        migrate = "github.com/golang-migrate/migrate" in self.imports
        for start, end in file.strings:
            if not file.data.startswith(b"file://", start + 1):
                continue
            scope = Scope(unit, file.declaration(start))
            node = scope.declaration.node_at(start, end)
            if node is None or not node.type.endswith("string_literal"):
                continue
            value = _without_scheme(self.evaluator.value(scope, _whole(node)), "file")
            kind: ReadKind = "migrations" if migrate else "file"
            known = any(
                read.path in value.texts or read.default in value.texts
                for read in self.found.reads.values()
            )
            if not known:
                self.found.read(kind, True, value, file.evidence(start))


def _places(file: SourceFile, wanted: frozenset[bytes]) -> Iterator[tuple[int, int]]:
    for found in _NAME.finditer(file.code):
        if found[1] in wanted:
            yield found.start(1), len(found[1])


def _operand_package(file: SourceFile, name_start: int) -> str | None:
    """The import path in front of `.Name`, when it is a plain package name."""
    dot = file.code.rindex(b".", 0, name_start)
    window = max(0, dot - 80)
    operand = _OPERAND.search(file.code, window, dot)
    if operand is None or _BEHIND_DOT.search(file.code, window, operand.start()):
        return None
    return file.aliases.get(operand[1].decode("utf-8", "surrogateescape"))


def _writes(call: Call) -> bool:
    """Whether the flags of os.OpenFile create or truncate the file."""
    if len(call.arguments) < 2:
        return False
    flags = call.scope.declaration.text(call.arguments[1])
    return any(name in flags for name in ("O_CREATE", "O_WRONLY", "O_TRUNC", "O_APPEND"))


def _argument_tokens(call: Node) -> list[Node]:
    arguments = call.child_by_field_name("arguments")
    return arguments.children if arguments is not None else []


def _whole(literal: Node) -> Node:
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


def _without_scheme(value: Value, scheme: str) -> Value:
    """The paths of `scheme://path` texts; other URLs name no file here."""
    start = scheme + "://"
    paths = tuple(text.removeprefix(start) for text in value.texts if text.startswith(start))
    return Value(paths, value.exact)


def _shell_programs(script: str) -> list[str] | None:
    """The programs of a one-line shell script, None when a name is not plain text."""
    programs = []
    for command in _SHELL_WORDS.split(script.strip()):
        words = command.split()
        if not words or not _PLAIN_WORD.fullmatch(words[0]):
            return None
        programs.append(words[0])
    return programs

"""The calls of a program's own code that matter at run time: files opened, programs started.

Candidates are found in the blanked code by name; the syntax tree of the enclosing declaration
decides what each one is, and the evaluator what its arguments can be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from gorewrite import shell
from gorewrite.context.globs import clean
from gorewrite.evidence import Evidence, Unknown
from gorewrite.golang.catalogue import CallRule, CallRules, by_package, call_rules, unversioned
from gorewrite.golang.closure import Closure, Unit
from gorewrite.golang.needs import ReadKind
from gorewrite.golang.reads import (
    Call,
    Calls,
    whole_expression,
    within,
    without_scheme,
    writes,
)
from gorewrite.golang.source import SourceFile
from gorewrite.golang.starts import EXECUTES, execute, start_command
from gorewrite.golang.syntax import arguments_of
from gorewrite.golang.texts import UNKNOWN, Value, union
from gorewrite.golang.values import Evaluator, Scope
from gorewrite.memo import remembered

if TYPE_CHECKING:
    from tree_sitter import Node

_VIPER = "github.com/spf13/viper"
_VIPER_NAMES = frozenset({"AddConfigPath", "SetConfigName", "SetConfigFile", "ReadInConfig"})
_SQLITE = re.compile(r"sqlite3?(?:_\w+)?")
_SQLITE_FILE = re.compile(r"(?:file:)?([^?]+)")
# Functions that open a database, after the name of its driver.
_OPENS_DATABASE = frozenset(
    [
        ("database/sql", "Open"),
        ("github.com/jmoiron/sqlx", "Open"),
        ("github.com/jmoiron/sqlx", "MustOpen"),
        ("github.com/jmoiron/sqlx", "Connect"),
        ("github.com/jmoiron/sqlx", "MustConnect"),
        ("github.com/jinzhu/gorm", "Open"),
        ("xorm.io/xorm", "NewEngine"),
    ]
)
# Functions that open a sqlite database by the name of its file.
_OPENS_SQLITE = frozenset(
    [
        ("gorm.io/driver/sqlite", "Open"),
        ("github.com/glebarez/sqlite", "Open"),
        ("crawshaw.io/sqlite", "OpenConn"),
        ("crawshaw.io/sqlite/sqlitex", "Open"),
        ("zombiezen.com/go/sqlite", "OpenConn"),
        ("zombiezen.com/go/sqlite/sqlitex", "Open"),
        ("zombiezen.com/go/sqlite/sqlitex", "NewPool"),
    ]
)
# What os/user looks up without cgo, and where (os/user, lookup_unix.go).
_ACCOUNTS = {
    "Lookup": "/etc/passwd",
    "LookupId": "/etc/passwd",
    "LookupGroup": "/etc/group",
    "LookupGroupId": "/etc/group",
}
# Those that every image has, with the same numbers.
_EVERYWHERE = frozenset({"root", "0"})
# What else is looked at, with its own meaning.
_OTHER = (
    ("os", "Getenv"),
    ("os", "LookupEnv"),
    ("os", "Chdir"),
    ("os/exec", "Cmd"),
    *_OPENS_DATABASE,
    *_OPENS_SQLITE,
    (_VIPER, "BindEnv"),
    *(("os/user", name) for name in sorted(_ACCOUNTS)),
    *((_VIPER, name) for name in sorted(_VIPER_NAMES)),
)
_NAMES = by_package([*EXECUTES, *_OTHER])


def find_calls(closure: Closure, linked: frozenset[str] = frozenset()) -> Calls:
    """Look through the own code of a program. linked: see Evaluator."""
    return _Finder(closure, linked).run()


@cache
def _method_modules() -> frozenset[str]:
    """The modules whose import gives the name of a method a meaning."""
    rules = call_rules().methods.values()
    return frozenset({_VIPER, *(module for rule in rules for module in rule.modules)})


@lru_cache(maxsize=256)
def _methods(imports: frozenset[str]) -> frozenset[bytes]:
    """The methods to look at in a program with these imports, among `_method_modules`."""
    found = {
        name
        for name, rule in call_rules().methods.items()
        if not rule.modules or not imports.isdisjoint(rule.modules)
    }
    viper = {*_VIPER_NAMES, "BindEnv"}
    found = found | viper if _VIPER in imports else found - viper
    return frozenset(name.encode() for name in found)


@cache
def _names() -> dict[str, frozenset[bytes]]:
    """Package -> what of it is worth a look."""
    rules, none = call_rules().names, frozenset[bytes]()
    return {path: rules.get(path, none) | _NAMES.get(path, none) for path in {*rules, *_NAMES}}


@remembered
def _candidates(
    file: SourceFile, methods: frozenset[bytes]
) -> tuple[tuple[int, str, str | None], ...]:
    """(offset, name, import path of the package in front) of what may be a call of interest.

    methods: the names that are of interest behind anything that is no package.
    """
    names: dict[str | None, frozenset[bytes]] = {None: methods}
    for path in file.imported:
        if (known := unversioned(path)) in _names():
            names[path] = _names()[known]
    found = []
    for start, name in file.selections(frozenset().union(*names.values())):
        package = file.operand_package(start)
        if name in names.get(package, ()):
            found.append((start, name.decode(), package))
    return tuple(found)


@cache
def _opening_packages() -> frozenset[str]:
    """The packages with functions that open files or start programs."""
    return frozenset([package for package, _ in (*call_rules().calls, *EXECUTES)])


def _fields(scope: Scope, body: Node) -> Iterator[tuple[str, Node]]:
    """The named fields of a composite literal."""
    for element in body.named_children:
        if element.type == "keyed_element":
            key, value = element.named_child(0), element.named_child(1)
            if key is not None and value is not None:
                yield scope.declaration.text(key), value


class _Finder:
    def __init__(self, closure: Closure, linked: frozenset[str]) -> None:
        self.closure = closure
        self.rules: CallRules = call_rules()
        self.evaluator = Evaluator(closure, linked)
        self.found = Calls()
        self.imports = {unversioned(path) for path in closure.used_by}
        self.methods = _methods(frozenset(self.imports & _method_modules()))

    def run(self) -> Calls:
        for unit in self.closure.own:
            for file in unit.files:
                for path, name, _ in file.header.imports:
                    if name == "." and unversioned(path) in _opening_packages():
                        self.found.read("file", True, UNKNOWN, file.import_evidence(path))
                for place, selected, package in _candidates(file, self.methods):
                    self._look(unit, file, place, selected, package)
                if b"file://" in file.data:
                    self._file_urls(unit, file)
        self._config()
        return self.found

    def _look(
        self, unit: Unit, file: SourceFile, start: int, name: str, package: str | None
    ) -> None:
        """One name behind a dot that may be a call of interest. package: see `_candidates`."""
        end = start + len(name.encode())
        scope = Scope(unit, file.declaration(start))
        node = scope.declaration.node_at(start, end)
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
            if name.encode() not in self.methods:
                return
        place = file.evidence(start)
        call = parent.parent
        function = call.child_by_field_name("function") if call is not None else None
        if call is None or call.type != "call_expression" or function != parent:
            self._not_called(package, name, place)
            return
        self._called(Call(scope, call, package, name, arguments_of(call), place))

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
        elif (package, name) in EXECUTES:
            self.found.execute(shell.Call((shell.ANYTHING,)), place)

    def _called(self, call: Call) -> None:
        path = unversioned(call.package) if call.package is not None else None
        if path is None:
            if call.name in _VIPER_NAMES or call.name == "BindEnv":
                self._viper(call)
            else:
                self._apply(self.rules.methods[call.name], call)
            return
        index = EXECUTES.get((path, call.name))
        if index is not None:
            execute(self.found, self.evaluator, call, index)
        elif path == _VIPER:
            self._viper(call)
        elif (path, call.name) in _OPENS_DATABASE:
            self._database(call)
        elif (path, call.name) in _OPENS_SQLITE and call.arguments:
            self._sqlite(self._argument(call, 0), call.place)
        elif path == "os/user":
            self._account(call)
        elif path == "os" and call.name in ("Getenv", "LookupEnv"):
            self._environment(call, call.arguments)
        elif path == "os" and call.name == "Chdir":
            why = "os.Chdir changes what relative paths mean"
            self.found.dynamic.append(Unknown(why, (call.place,)))
        elif (path, call.name) in self.rules.calls:
            rule = self.rules.calls[path, call.name]
            if (path, call.name) == ("os", "OpenFile") and writes(call):
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
        first = self._argument(call, 0).texts if rule.first and count else ()
        if rule.first and {*rule.first}.isdisjoint(first):
            return
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
                value = without_scheme(value, rule.scheme)
            if rule.inside:
                value = within(value)
            self.found.read(rule.kind, rule.required, value, call.place)

    def _rest(self, rule: CallRule, call: Call, arguments: list[Node]) -> None:
        if not arguments and rule.implied is not None:
            implied = Value((rule.implied,), True)
            self.found.read(rule.kind, rule.required, implied, call.place)
        for node in arguments:
            if node.type == "variadic_argument":
                value = self.evaluator.elements(call.scope, node.named_child(0))
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
        fields = dict(_fields(scope, body))
        if (path, name) == ("os/exec", "Cmd"):
            start_command(self.found, self.evaluator, scope, parent, fields)
        for key, node in fields.items():
            rule = self.rules.fields.get((path, name, key))
            if rule is not None:
                value = self.evaluator.value(scope, node)
                place = scope.declaration.evidence(node)
                self.found.read(rule.kind, rule.required, value, place)

    def _environment(self, call: Call, arguments: list[Node]) -> None:
        for node in arguments:
            self.found.environment.update(self.evaluator.value(call.scope, node).texts)

    def _account(self, call: Call) -> None:
        """A user or group that is looked up by name or number."""
        name = self._argument(call, 0) if call.arguments else UNKNOWN
        if not name.exact or not _EVERYWHERE.issuperset(name.texts):
            table = Value((_ACCOUNTS[call.name],), True)
            self.found.read("file", False, table, call.place)

    def _database(self, call: Call) -> None:
        """A sqlite database file, where the driver says that it is one."""
        if len(call.arguments) < 2:
            return
        driver = self._argument(call, 0).texts
        if not driver or not all(_SQLITE.fullmatch(text) for text in driver):
            return
        self._sqlite(self._argument(call, 1), call.place)

    def _sqlite(self, value: Value, place: Evidence) -> None:
        """A database that the program creates unless it is there; an unnamed one may be there."""
        names = [_SQLITE_FILE.match(text) for text in value.texts]
        texts = tuple(name[1] for name in names if name and ":memory:" not in name[1])
        starts = tuple(text.removeprefix("file:") for text in value.starts)
        kind: ReadKind = "write" if value.texts else "file"
        self.found.read(kind, False, Value(texts, value.exact, starts), place)

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
        given = self.found.config_names
        names = union(given) if given else Value(("config",), True)
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
            value = without_scheme(self.evaluator.value(scope, whole_expression(node)), "file")
            kind: ReadKind = "migrations" if migrate else "file"
            known = any(
                read.path in value.texts or read.default in value.texts
                for read in self.found.reads.values()
            )
            if not known:
                self.found.read(kind, True, value, file.evidence(start))

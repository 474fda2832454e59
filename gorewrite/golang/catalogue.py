"""The data files: what is known about Go modules and about calls that open files.

Loaded once per process and only when an analysis asks, because reading TOML costs more than
analysing a small service.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from gorewrite.golang.needs import ReadKind

_MAJOR = re.compile(r"/v[0-9]+(?=/|$)|\.v[0-9]+(?=/|$)")

Entry = TypeVar("Entry")


@functools.lru_cache(maxsize=8192)
def unversioned(path: str) -> str:
    """An import path without major versions: `x/v2/y` is `x/y`, `gopkg.in/x.v3` `gopkg.in/x`."""
    return _MAJOR.sub("", path)


class Prefixes(Generic[Entry]):
    """Entries by import path prefix; the longest prefix wins and ends at a path element.

    A prefix written with a major version (`x/v2`) holds for that version only, one written
    without holds for all of them that have no entry of their own.
    """

    def __init__(self, entries: Iterable[tuple[str, Entry]]) -> None:
        self._entries = dict(entries)

    def find(self, path: str) -> tuple[str, Entry] | None:
        """(prefix, entry) of an import path, None when no prefix covers it."""
        candidate = path
        while candidate:
            for prefix in (candidate, unversioned(candidate)):
                if prefix in self._entries:
                    return prefix, self._entries[prefix]
            candidate = candidate.rpartition("/")[0]
        return None


class CgoModule(NamedTuple):
    """A module that uses cgo on Linux, or loads shared libraries without it.

    outcome of CGO_ENABLED=0: "E" compile error, "R" run-time failure, "F" another, pure
    implementation, "D" still dynamically linked. pure_tags: build tags that make it pure, all
    needed. only_tags: build tags without which it is pure, any. brings: further modules of this
    list that it requires. libraries: "c++" where it needs libstdc++ and libgcc, which it does not
    bring; a file that it is linked with and that lies in the module cache when it runs.
    """

    outcome: Literal["E", "R", "F", "D"]
    pure_tags: frozenset[str]
    only_tags: frozenset[str]
    brings: tuple[str, ...]
    alternative: str
    libraries: str


class PureModule(NamedTuple):
    """closure: no package of the module reaches cgo, through its dependencies either."""

    closure: bool


class RuntimeNeed(NamedTuple):
    """What a module needs in the image it runs in.

    needs: names of ProgramNeeds fields. programs: what it starts. reads: paths it opens by itself.
    unless: functions of it whose use shows that it needs none of this.
    """

    needs: tuple[str, ...]
    programs: tuple[str, ...]
    reads: tuple[str, ...]
    extra: str
    unless: frozenset[bytes]


class CallRule(NamedTuple):
    """Which arguments of a call name files.

    arguments: indexes, negative from the end; rest: every argument from this index on.
    literal_only: an argument that is no known string is not a path at all.
    implied: the path without arguments. scheme: only URLs of this scheme, without it.
    unless: a function whose call anywhere means that paths are not on disk.
    modules: for methods, prefixes of which one must be imported somewhere.
    inside: the argument is a directory in which a file is made, "" the temporary one.
    first: what the first argument must be able to be, where that decides.
    """

    arguments: tuple[int, ...]
    rest: int | None
    kind: ReadKind
    required: bool
    literal_only: bool
    implied: str | None
    scheme: str | None
    unless: str | None
    modules: tuple[str, ...]
    inside: bool = False
    first: tuple[str, ...] = ()


class CallRules(NamedTuple):
    """calls: (unversioned import path, function) -> rule; methods: name -> rule; fields:
    (unversioned import path, type, field) -> rule; names: what of each package is worth a look.
    """

    calls: dict[tuple[str, str], CallRule]
    methods: dict[str, CallRule]
    fields: dict[tuple[str, str, str], CallRule]
    names: dict[str, frozenset[bytes]]


@functools.cache
def _load(name: str) -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("data").joinpath(name).read_text("utf-8"))


@functools.cache
def modules() -> Prefixes[CgoModule | PureModule]:
    """Known modules by import prefix: data/cgo_modules.toml and data/pure_modules.toml."""
    entries: list[tuple[str, CgoModule | PureModule]] = []
    for group in _load("pure_modules.toml")["group"]:
        pure = PureModule(group["closure"])
        entries += [(prefix, pure) for prefix in group["modules"].split()]
    for found in _load("cgo_modules.toml")["module"]:
        cgo = CgoModule(
            found["outcome"],
            frozenset(found.get("pure_tags", ())),
            frozenset(found.get("only_tags", ())),
            tuple(found.get("brings", ())),
            found.get("alternative", ""),
            found.get("libraries", ""),
        )
        entries += [(prefix, cgo) for prefix in found["imports"]]
        entries += [(prefix, PureModule(True)) for prefix in found.get("pure_imports", ())]
    return Prefixes(entries)


@functools.cache
def runtime_needs() -> Prefixes[RuntimeNeed]:
    """What modules need at run time, by import prefix: data/runtime_needs.toml."""
    return Prefixes(
        (
            prefix,
            RuntimeNeed(
                tuple(found.get("needs", ())),
                tuple(found.get("programs", ())),
                tuple(found.get("reads", ())),
                found.get("extra", ""),
                frozenset(name.encode() for name in found.get("unless", ())),
            ),
        )
        for found in _load("runtime_needs.toml")["module"]
        for prefix in found["imports"]
    )


@functools.cache
def package_names() -> dict[str, str]:
    """Package names that do not follow from the (unversioned) import path."""
    names: dict[str, str] = _load("file_calls.toml")["names"]
    return names


@functools.cache
def call_rules() -> CallRules:
    """Calls that open files: data/file_calls.toml."""
    data = _load("file_calls.toml")
    calls: dict[tuple[str, str], CallRule] = {}
    methods: dict[str, CallRule] = {}
    fields: dict[tuple[str, str, str], CallRule] = {}
    for found in data["call"]:
        rule = _rule(found)
        for package in found["packages"]:
            calls.update({(unversioned(package), name): rule for name in found["names"]})
    for found in data["method"]:
        methods.update(dict.fromkeys(found["names"], _rule(found)))
    for found in data["field"]:
        rule = _rule(found)
        for package in found["packages"]:
            fields[unversioned(package), found["type"], found["field"]] = rule
    return CallRules(calls, methods, fields, by_package([*calls, *(key[:2] for key in fields)]))


def by_package(functions: Iterable[tuple[str, str]]) -> dict[str, frozenset[bytes]]:
    """(import path, name) pairs as the names of each package, encoded as in a file."""
    names: dict[str, set[bytes]] = {}
    for package, name in functions:
        names.setdefault(package, set()).add(name.encode())
    return {package: frozenset(found) for package, found in names.items()}


def _rule(found: dict[str, Any]) -> CallRule:
    return CallRule(
        tuple(found.get("arguments", (0,) if "rest" not in found else ())),
        found.get("rest"),
        found["kind"],
        found.get("required", True),
        found.get("literal_only", False),
        found.get("implied"),
        found.get("scheme"),
        found.get("unless"),
        tuple(found.get("modules", ())),
        found.get("inside", False),
        tuple(found.get("first", ())),
    )

"""The packages a program is made of: imports followed from its main package.

Files are chosen as `go build` does for Linux (build constraints, file names, no `_test.go`);
cgo files are kept, because whether they may be compiled is the question asked here.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gorewrite.evidence import Evidence, Unknown
from gorewrite.golang.catalogue import package_names, unversioned
from gorewrite.golang.constraints import Holds, build_constraint, name_matches, tag_predicate
from gorewrite.golang.packages import GO_FILE_LIMIT
from gorewrite.golang.resolve import External, Missing, Module, Package, Resolver
from gorewrite.golang.source import SourceFile, default_name
from gorewrite.memo import remembered

if TYPE_CHECKING:
    from gorewrite.context import SourceTree

FILE_LIMIT = 20_000

# The files of a package, whether it has some for cgo switched off, and what cannot be read.
_Files = tuple[tuple[SourceFile, ...], bool, tuple[str, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """One readable package of the program.

    files: what the build compiles; what either setting of cgo compiles when it is not known.
    fallback: whether there are files for cgo switched off (`//go:build !cgo`).
    """

    package: Package
    name: str
    files: tuple[SourceFile, ...]
    fallback: bool

    @property
    def own(self) -> bool:
        return self.package.module.origin == "own"


@dataclass(slots=True)
class Closure:
    """Everything reachable from a main package.

    units: import path -> readable package, the main package first (its path may be "main" when
    no go.mod gives it one). externals: packages whose module is not at hand, with where each is
    imported first. standard: imported standard library paths with the place, "C" included.
    used_by: import path -> the own files that import it.
    """

    resolver: Resolver
    units: dict[str, Unit] = field(default_factory=dict)
    externals: dict[str, tuple[External, Evidence]] = field(default_factory=dict)
    standard: dict[str, Evidence] = field(default_factory=dict)
    used_by: dict[str, list[SourceFile]] = field(default_factory=dict)
    problems: list[Unknown] = field(default_factory=list)
    missing: list[Unknown] = field(default_factory=list)
    truncated: bool = False
    first: dict[str, Evidence] = field(default_factory=dict)
    unit_by_file: dict[str, Unit] = field(default_factory=dict)

    @property
    def main(self) -> Unit | None:
        return next(iter(self.units.values()), None)

    @property
    def own(self) -> list[Unit]:
        return [unit for unit in self.units.values() if unit.own]

    def imported(self) -> dict[str, Evidence]:
        """Every package outside the own code -> where it is imported first."""
        found = {path: place for path, (_, place) in self.externals.items()}
        for path, unit in self.units.items():
            if not unit.own:
                found[path] = self.first[path]
        return found

    def unit_of(self, file: SourceFile) -> Unit:
        """The package an own file belongs to."""
        return self.unit_by_file[file.path]

    def namer(self) -> Callable[[str], str]:
        """Tells the name a package is used by when its import has no alias. Files keep it, for
        longer than there is a use for the closure."""
        names = {path: unit.name for path, unit in self.units.items()}

        def name_of(path: str) -> str:
            known = names.get(path)
            if known is None:
                known = package_names().get(unversioned(path)) or default_name(path)
            return known

        return name_of


def follow(
    tree: SourceTree,
    package_dir: str,
    tags: frozenset[str],
    goarch: str,
    cgo: bool | None,
    modcache: Path | None,
) -> Closure:
    """Collect the packages reachable from the package in `package_dir`.

    Stops after FILE_LIMIT files and says so (`truncated`). Never raises for a damaged tree;
    what could not be read is in `problems`.
    """
    resolver = Resolver(tree, package_dir, modcache)
    closure = Closure(resolver)
    rules = _Rules(tags, goarch, cgo, resolver.main.go if resolver.main else None)
    start = _main_package(resolver, package_dir)
    waiting: list[Package] = [start]
    seen = {start.path}
    count = 0
    while waiting:
        package = waiting.pop()
        unit = _read(package, rules, closure.problems)
        closure.units[package.path] = unit
        count += len(unit.files)
        if count > FILE_LIMIT:
            closure.truncated = True
            break
        for file in unit.files:
            if unit.own:
                closure.unit_by_file[file.path] = unit
            for found in file.header.imports:
                if unit.own:
                    closure.used_by.setdefault(found.path, []).append(file)
                if found.path in seen:
                    continue
                seen.add(found.path)
                target = _target(resolver, package, found.path)
                place = Evidence(file.path, found.line, f'import "{found.path}"')
                closure.first[found.path] = place
                match target:
                    case Package():
                        waiting.append(target)
                    case External():
                        closure.externals[found.path] = (target, place)
                    case Missing():
                        why = f"package {target.path} is not in the tree"
                        closure.missing.append(Unknown(why, (place,)))
                    case None:
                        closure.standard[found.path] = place
    name_of = closure.namer()
    for unit in closure.own:
        for file in unit.files:
            file.name_of = name_of
    return closure


def _main_package(resolver: Resolver, directory: str) -> Package:
    directory = posixpath.normpath(directory)
    for module in resolver.modules.values():
        if module.origin != "own":
            continue
        if module.directory == ".":
            relative = "" if directory == "." else directory
        elif directory == module.directory:
            relative = ""
        elif directory.startswith(module.directory + "/"):
            relative = directory[len(module.directory) + 1 :]
        else:
            continue
        path = f"{module.path}/{relative}" if relative else module.path
        if resolver.module_of(path) == module.path:
            return Package(path, directory, module)
    return Package("main", directory, Module("main", directory, resolver.tree, "own"))


def _target(
    resolver: Resolver, importer: Package, path: str
) -> Package | External | Missing | None:
    if path.startswith(("./", "../")):
        directory = posixpath.normpath(posixpath.join(importer.directory, path))
        if importer.module.tree.kind(directory) == "dir":
            return Package(path, directory, importer.module)
        return Missing(path, directory)
    return resolver.resolve(path)


class _Rules(NamedTuple):
    """What decides which files of a package are compiled. go: as in go.mod."""

    tags: frozenset[str]
    goarch: str
    cgo: bool | None
    go: str | None


@lru_cache(maxsize=64)
def _holds(rules: _Rules) -> dict[bool, list[Holds]]:
    """Whether cgo is on -> the predicates "this build tag holds", any of which will do.

    Which Go builds it is not known here: anything from the version go.mod names to the newest.
    What one of the two compiles is looked at (`go1.N` release tags).
    """
    numbers = (rules.go or "").split(".")
    oldest = int(numbers[1]) if len(numbers) > 1 and numbers[1].isdigit() else None
    return {
        on: [tag_predicate(rules.tags, "linux", rules.goarch, on, at) for at in {None, oldest}]
        for on in (True, False)
    }


def _read(package: Package, rules: _Rules, problems: list[Unknown]) -> Unit:
    """Read one package; files that cannot be read are added to `problems`."""
    files, fallback, unreadable = _files(package.module.tree, package.directory, rules)
    problems += [
        Unknown(f"{path} cannot be read", (Evidence(path, 0, "unreadable"),)) for path in unreadable
    ]
    name = next((file.header.package for file in files), "")
    return Unit(package, name, files, fallback)


@remembered
def _files(tree: SourceTree, directory: str, rules: _Rules) -> _Files:
    files: list[SourceFile] = []
    unreadable: list[str] = []
    fallback = False
    prefix = "" if directory == "." else directory + "/"
    for name in tree.listdir(directory):
        if not name.endswith(".go") or name.endswith("_test.go") or name[0] in "._":
            continue
        if not name_matches(name, _holds(rules)[True][0]):
            continue
        file = _source(tree, prefix + name)
        if file is None:
            if tree.kind(prefix + name) in ("file", "link"):
                unreadable.append(prefix + name)
            continue
        on, off = _compiled(file, rules)
        if (on and rules.cgo is not False) or (off and not rules.cgo):
            files.append(file)
        fallback = fallback or (off and not on)
    return tuple(files), fallback, tuple(unreadable)


@remembered
def _source(tree: SourceTree, path: str) -> SourceFile | None:
    """A Go file of a tree, read once for all programs in it; None when it cannot be read."""
    data = tree.read(path, GO_FILE_LIMIT)
    return SourceFile(path, data) if data is not None else None


def _compiled(file: SourceFile, rules: _Rules) -> tuple[bool, bool]:
    """Whether a file is compiled with cgo on, and with cgo off (go/build `matchFile`)."""
    if file.header.package in ("", "documentation"):
        return False, False
    uses_c = any(found.path == "C" for found in file.header.imports)
    head = file.data[: file.header.end]
    # Only a line that names a constraint can be one; most files have none.
    if b"build" not in head:
        return True, not uses_c
    constraint = build_constraint(head.decode("utf-8", "surrogateescape"))
    on, off = (any(map(constraint, _holds(rules)[setting])) for setting in (True, False))
    return on, off and not uses_c

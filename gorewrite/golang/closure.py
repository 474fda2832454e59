"""The packages a program is made of: imports followed from its main package.

Files are chosen as `go build` does for Linux (build constraints, file names, no `_test.go`);
cgo files are kept, because whether they may be compiled is the question asked here.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gorewrite.evidence import Evidence, Unknown
from gorewrite.golang.catalogue import package_names, unversioned
from gorewrite.golang.constraints import Holds, name_matches, tag_predicate
from gorewrite.golang.packages import GO_FILE_LIMIT, header_of
from gorewrite.golang.resolve import External, Missing, Module, Package, Resolver, resolver_of
from gorewrite.golang.source import SourceFile, default_name
from gorewrite.memo import cached_property, remembered

if TYPE_CHECKING:
    from gorewrite.context import SourceTree

FILE_LIMIT = 20_000

# Where an import leads; None: to the standard library, or to C.
_Target = Package | External | Missing | None


class _Files(NamedTuple):
    """The Go files of a directory that a build compiles.

    mixed: whether some of them are compiled with cgo only, or without it only; fallback: whether
    there are files for cgo switched off; unreadable: paths that cannot be read; swig: those of
    SWIG files.
    """

    files: tuple[SourceFile, ...]
    mixed: bool
    fallback: bool
    unreadable: tuple[str, ...]
    swig: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """One readable package of the program.

    files: what the build compiles; what either setting of cgo compiles when it is not known.
    mixed: whether that depends on cgo. fallback: whether there are files for cgo switched off
    (`//go:build !cgo`). own: whether it is code of the repository.
    imports: each imported path with where it stands first, and where it leads; importers: the
    path -> the files that import it. problems: files that cannot be read. c_code: what of it
    uses cgo.
    """

    package: Package
    name: str
    files: tuple[SourceFile, ...]
    mixed: bool
    fallback: bool
    own: bool
    imports: tuple[tuple[str, Evidence, _Target], ...]
    importers: Mapping[str, list[SourceFile]]
    problems: tuple[Unknown, ...]
    c_code: tuple[Evidence, ...]


@dataclass(eq=False)
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

    @cached_property
    def own(self) -> tuple[Unit, ...]:
        return tuple(unit for unit in self.units.values() if unit.own)

    @cached_property
    def own_files(self) -> tuple[SourceFile, ...]:
        return tuple(file for unit in self.own for file in unit.files)

    @cached_property
    def imported(self) -> Mapping[str, Evidence]:
        """Every package outside the own code -> where it is imported first."""
        found = {path: place for path, (_, place) in self.externals.items()}
        for path, unit in self.units.items():
            if not unit.own:
                found[path] = self.first[path]
        return found

    @property
    def mixed(self) -> bool:
        """Whether cgo on and cgo off make different programs of it."""
        return any(unit.mixed for unit in self.units.values())

    def unit_of(self, file: SourceFile) -> Unit:
        """The package an own file belongs to."""
        return self.unit_by_file[file.path]

    def name_of(self, path: str) -> str:
        """The name a package is used by when its import has no alias."""
        unit = self.units.get(path)
        if unit:
            return unit.name
        return package_names().get(unversioned(path)) or default_name(path)


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
    resolver = resolver_of(tree, package_dir, modcache)
    closure = Closure(resolver)
    rules = _Rules(tags, goarch, cgo, resolver.main.go if resolver.main else None)
    start = _main_package(resolver, package_dir)
    waiting: list[Package] = [start]
    seen = {start.path}
    count = 0
    while waiting:
        package = waiting.pop()
        unit = _unit(resolver, package, rules)
        closure.units[package.path] = unit
        closure.problems += unit.problems
        count += len(unit.files)
        if count > FILE_LIMIT:
            closure.truncated = True
            break
        if unit.own:
            for file in unit.files:
                closure.unit_by_file[file.path] = unit
            for path, files in unit.importers.items():
                closure.used_by.setdefault(path, []).extend(files)
        for path, place, target in unit.imports:
            if path in seen:
                continue
            seen.add(path)
            closure.first[path] = place
            match target:
                case None:
                    closure.standard[path] = place
                case Package():
                    waiting.append(target)
                case External():
                    closure.externals[path] = (target, place)
                case Missing():
                    why = f"package {target.path} is not in the tree"
                    closure.missing.append(Unknown(why, (place,)))
    for file in closure.own_files:
        file.name_of = closure.name_of
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


def _target(resolver: Resolver, importer: Package, path: str) -> _Target:
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


@remembered
def _unit(resolver: Resolver, package: Package, rules: _Rules) -> Unit:
    """Reads one package, and looks up where its imports lead: the same for all programs."""
    own = package.module.origin == "own"
    found = _files(package.module.tree, package.directory, rules)
    imports: dict[str, tuple[str, Evidence, _Target]] = {}
    importers: dict[str, list[SourceFile]] = {}
    c_code = []
    for file in found.files:
        for path, _, line in file.header.imports:
            importers.setdefault(path, []).append(file)
            if path == "C":
                c_code.append(Evidence(file.path, line, 'import "C"'))
            if path not in imports:
                place = Evidence(file.path, line, f'import "{path}"')
                imports[path] = (path, place, _target(resolver, package, path))
    if own:
        c_code += [Evidence(path, 0, "SWIG needs cgo") for path in found.swig]
    return Unit(
        package,
        found.files[0].header.package if found.files else "",
        found.files,
        found.mixed,
        found.fallback,
        own,
        tuple(imports.values()),
        importers,
        tuple(
            Unknown(f"{path} cannot be read", (Evidence(path, 0, "unreadable"),))
            for path in found.unreadable
        ),
        tuple(c_code),
    )


@remembered
def _files(tree: SourceTree, directory: str, rules: _Rules) -> _Files:
    files: list[SourceFile] = []
    unreadable: list[str] = []
    mixed = fallback = False
    prefix = "" if directory == "." else directory + "/"
    names = tree.listdir(directory)
    for name in names:
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
        mixed = mixed or on != off
        fallback = fallback or (off and not on)
    swig = tuple(f"{directory}/{name}" for name in names if name.endswith((".swig", ".swigcxx")))
    return _Files(tuple(files), mixed, fallback, tuple(unreadable), swig)


@remembered
def _source(tree: SourceTree, path: str) -> SourceFile | None:
    """A Go file of a tree, read once for all programs in it; None when it cannot be read."""
    header = header_of(tree, path)
    data = tree.read(path, GO_FILE_LIMIT)
    return SourceFile(path, data, header) if data is not None else None


def _compiled(file: SourceFile, rules: _Rules) -> tuple[bool, bool]:
    """Whether a file is compiled with cgo on, and with cgo off (go/build `matchFile`)."""
    header = file.header
    if header.package in ("", "documentation"):
        return False, False
    if header.constraint is None:
        return True, not header.uses_c
    on, off = (any(map(header.constraint, _holds(rules)[setting])) for setting in (True, False))
    return on, off and not header.uses_c

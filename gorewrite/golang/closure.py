"""The packages a program is made of: imports followed from its main package.

Files are chosen as `go build` does for Linux (build constraints, file names, no `_test.go`);
cgo files are kept, because whether they may be compiled is the question asked here.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gorewrite.evidence import Evidence, Unknown
from gorewrite.golang import imports
from gorewrite.golang.constraints import Holds, build_constraint, name_matches, tag_predicate
from gorewrite.golang.packages import GO_FILE_LIMIT
from gorewrite.golang.resolve import External, Missing, Module, Package, Resolver
from gorewrite.golang.source import SourceFile, default_name

if TYPE_CHECKING:
    from gorewrite.context import SourceTree

FILE_LIMIT = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """One readable package of the program.

    files: what the build compiles with cgo on; `pure` those left with cgo off (the same tuple
    when nothing depends on it).
    """

    package: Package
    name: str
    files: tuple[SourceFile, ...]
    pure: tuple[SourceFile, ...]

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

    def name_of(self, path: str) -> str:
        """The name a package is used by when its import has no alias."""
        unit = self.units.get(path)
        return unit.name if unit else default_name(path)


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
    with_cgo = tag_predicate(tags, "linux", goarch, cgo is not False)
    without = tag_predicate(tags, "linux", goarch, False)
    start = _main_package(resolver, package_dir)
    waiting: list[Package] = [start]
    seen = {start.path}
    count = 0
    while waiting:
        package = waiting.pop()
        unit = _read(package, with_cgo, without, cgo is not False, closure.problems)
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
    for unit in closure.own:
        for file in unit.files:
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


def _target(
    resolver: Resolver, importer: Package, path: str
) -> Package | External | Missing | None:
    if path.startswith(("./", "../")):
        directory = posixpath.normpath(posixpath.join(importer.directory, path))
        if importer.module.tree.kind(directory) == "dir":
            return Package(path, directory, importer.module)
        return Missing(path, directory)
    return resolver.resolve(path)


def _read(
    package: Package,
    with_cgo: Holds,
    without: Holds,
    cgo: bool,
    problems: list[Unknown],
) -> Unit:
    """Read the Go files of one package and choose those the build compiles."""
    tree = package.module.tree
    files: list[SourceFile] = []
    pure: list[SourceFile] = []
    prefix = "" if package.directory == "." else package.directory + "/"
    for name in tree.listdir(package.directory):
        if not name.endswith(".go") or name.endswith("_test.go") or name[0] in "._":
            continue
        if not name_matches(name, with_cgo):
            continue
        path = prefix + name
        data = tree.read(path, GO_FILE_LIMIT)
        if data is None:
            problems.append(Unknown(f"{path} cannot be read", (Evidence(path, 0, "unreadable"),)))
            continue
        header = imports.scan(data)
        if not header.package or header.package == "documentation":
            continue
        file = SourceFile(path, data, header)
        uses_c = any(found.path == "C" for found in header.imports)
        # Only a line that names a constraint can be one; most files have none.
        head = data[: header.end]
        if b"build" in head:
            constraint = build_constraint(head.decode("utf-8", "surrogateescape"))
            if constraint(with_cgo) and (cgo or not uses_c):
                files.append(file)
            if constraint(without) and not uses_c:
                pure.append(file)
            continue
        if cgo or not uses_c:
            files.append(file)
        if not uses_c:
            pure.append(file)
    name = next((file.header.package for file in files if file.header.package), "")
    same = len(files) == len(pure) and all(a is b for a, b in zip(files, pure, strict=True))
    return Unit(package, name, tuple(files), tuple(files) if same else tuple(pure))

"""Which packages the arguments of a go command stand for, seen through the build context.

Rules: `go help packages`, cmd/go `load.PackagesAndErrors`, `load.GoFilesPackage`,
`search.MatchDirs`, `load.Package.exeFromImportPath`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Hashable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from gorewrite.evidence import Unknown
from gorewrite.golang.commandline import GoCommand
from gorewrite.golang.gomod import GoMod, find_module
from gorewrite.golang.packages import go_files, header_of, package_at
from gorewrite.memo import remembered

if TYPE_CHECKING:
    from gorewrite.context import SourceTree


class Places(Protocol):
    """What of the build context lies where in an image."""

    @property
    def memory(self) -> dict[Hashable, Any]:
        """See gorewrite.memo."""

    def locate(self, path: str) -> tuple[SourceTree, str] | None:
        """The tree and the directory in it that was copied to an absolute image directory, with
        all that lies below; None when the directory is not (or not wholly) such a copy."""


_RESERVED: Final = ("all", "cmd", "std", "tool", "work")
_MOST_DIRECTORIES: Final = 20_000


class Package(NamedTuple):
    """A package a command names: its context directory, the image directory, whether it is a
    program, and the files when it is a list of files."""

    tree: SourceTree
    directory: str
    place: str
    is_main: bool
    files: tuple[str, ...] = ()


class NotKnown(Exception):
    """Why the outputs are not known; becomes an `Unknown`."""


def binary_name(import_path: str) -> str:
    """Return the default binary name of an import path: its last element, `/v2` and up skipped.

    Rule: `load.Package.exeFromImportPath`, `load.isVersionElement`; `gopkg.in/foo.v3` stays whole.
    """
    parent, _, last = import_path.rpartition("/")
    if parent and re.fullmatch(r"v([2-9]|[1-9][0-9]+)", last):
        return posixpath.basename(parent)
    return last


def ignores_modules(
    env: Mapping[str, str | None], go_minor: int | None, directory: str
) -> str | None:
    """Why go does not look at go.mod in an absolute image directory; None when it does.

    go_minor: N of Go 1.N, when known. Rule: https://go.dev/doc/go1.13, "Modules".
    """
    mode = env.get("GO111MODULE") or ""
    if mode == "off":
        return "GO111MODULE=off"
    if go_minor is None or go_minor >= 13:
        return None
    if go_minor < 11:
        return f"Go 1.{go_minor} knows no modules"
    source = posixpath.join((env.get("GOPATH") or "/go").partition(":")[0], "src")
    if mode != "on" and f"{directory}/".startswith(f"{source}/"):
        return f"Go 1.{go_minor} in GOPATH, without GO111MODULE=on"
    return None


class Wanted(NamedTuple):
    """All of a go command that tells which packages it names; most have it in common.

    directory: the one it works in; arguments: its packages; gopath: "" when it is not known;
    mode: GO111MODULE; unnamed: whether the binary is named
    after its package. The rest as in `go_files`.
    """

    directory: str
    arguments: tuple[str | None, ...]
    tags: tuple[str, ...] | None
    goos: str
    goarch: str
    cgo: bool
    go_minor: int | None
    gopath: str
    mode: str
    unnamed: bool

    @classmethod
    def by(cls, cmd: GoCommand, platform: tuple[str, str], go_minor: int | None) -> Wanted:
        """What a command wants. Raises NotKnown."""
        if cmd.directory is None:
            raise NotKnown("the working directory is not known")
        env = cmd.env
        return cls(
            cmd.directory,
            cmd.packages,
            cmd.tags,
            env.get("GOOS") or platform[0],
            env.get("GOARCH") or platform[1],
            env.get("CGO_ENABLED") != "0",
            go_minor,
            env.get("GOPATH") or "",
            env.get("GO111MODULE") or "",
            cmd.kind != "build" or not (cmd.setting("o") or "").strip(),
        )

    @property
    def gopath_source(self) -> str | None:
        """Where packages lie in GOPATH mode."""
        gopath = self.gopath.split(":")[0]
        return posixpath.join(posixpath.normpath(gopath), "src") if self.gopath else None


@remembered
def packages_of(places: Places, wanted: Wanted) -> tuple[Package, ...] | Unknown:
    """The packages that a command's arguments stand for, each once, in order."""
    try:
        return tuple(_Targets(places, wanted).packages())
    except NotKnown as reason:
        return Unknown(str(reason))


class _Targets:
    """Resolves the package arguments of a command; every method raises `NotKnown`."""

    def __init__(self, places: Places, wanted: Wanted) -> None:
        self.places = places
        self.wanted = wanted
        self.directory = wanted.directory

    def packages(self) -> list[Package]:
        arguments = [p for p in self.wanted.arguments if p is not None]
        if len(arguments) < len(self.wanted.arguments):
            raise NotKnown("which packages are built is not known")
        if any(a.endswith(".go") and self._is_file(a) for a in arguments):
            return [self._file_list(arguments)]
        found: dict[str, Package] = {}
        for argument in arguments or ["."]:
            for package in self._matches(argument):
                found.setdefault(package.directory, package)
        return list(found.values())

    def _is_file(self, argument: str) -> bool:
        # A directory may be named x.go; without the context a file is far likelier.
        place = self._place(argument)
        return place is None or place[0].kind(place[1]) != "dir"

    def _place(self, path: str) -> tuple[SourceTree, str] | None:
        """Tree and context path of a file given relative to the working directory."""
        absolute = posixpath.normpath(posixpath.join(self.directory, path))
        place = self.places.locate(posixpath.dirname(absolute))
        if place is None:
            return None
        name = posixpath.basename(absolute)
        return place[0], posixpath.normpath(posixpath.join(place[1], name))

    def _file_list(self, arguments: list[str]) -> Package:
        """`go build main.go aux.go`.

        Build constraints do not count for listed files (`ctxt.UseAllFiles`).
        """
        if not all(a.endswith(".go") for a in arguments):
            raise NotKnown("go build fails: named files must be .go files")
        places = [self._place(a) for a in arguments]
        if None in places or len({posixpath.dirname(a) or "." for a in arguments}) > 1:
            raise NotKnown("the listed .go files are not in one directory of the build context")
        tree = next(place[0] for place in places if place)
        files = tuple(place[1] for place in places if place)
        names: set[str] = set()
        for path in files:
            header = header_of(tree, path)
            if header is None:
                raise NotKnown(f"{path} is not in the build context")
            names.add(header.package)
        directory = posixpath.dirname(files[0]) or "."
        return Package(tree, directory, self.directory, names == {"main"}, files)

    def _matches(self, argument: str) -> list[Package]:
        if argument in _RESERVED:
            raise NotKnown(f"what the pattern {argument} stands for is not known")
        absolute = self._absolute(argument)
        if "..." in absolute:
            return self._matching(absolute)
        package = self._package(absolute, literal=True)
        if package is None:
            raise NotKnown(f"no Go files in {argument}")
        return [package]

    def _absolute(self, argument: str) -> str:
        """The image directory (or directory pattern) of a package argument."""
        if argument in (".", "..") or argument.startswith(("./", "../", "/")):
            return posixpath.normpath(posixpath.join(self.directory, argument))
        # An import path: of the main module, or of code that is not in the context.
        root, module = module_at(self.places, self.directory)
        if module is not None and f"{argument}/".startswith(f"{module.module}/"):
            rest = argument.removeprefix(module.module).strip("/")
            return posixpath.normpath(posixpath.join(root, rest))
        if module is not None and argument == f"{module.module}...":
            return posixpath.join(root, "...")
        gopath = self.wanted.gopath_source
        if gopath and module is None:
            return posixpath.join(gopath, argument)
        raise NotKnown(f"{argument} is not a package of the main module")

    def _package(self, absolute: str, *, literal: bool) -> Package | None:
        """The package in an image directory; None when no Go file there belongs to the build."""
        place = self.places.locate(absolute)
        if place is None:
            raise NotKnown(f"{absolute} is not from the build context")
        tree, directory = place[0], posixpath.normpath(place[1])
        return self._package_in(tree, directory, absolute, literal=literal)

    def _package_in(
        self, tree: SourceTree, directory: str, absolute: str, *, literal: bool
    ) -> Package | None:
        _, _, tags, goos, goarch, cgo, go_minor, *_ = self.wanted
        if tags is None and not literal:
            raise NotKnown("the value of -tags is not known")
        files = go_files(tree, directory, tags or (), goos, goarch, cgo, go_minor=go_minor)
        name = package_at(tree, directory, files)
        if isinstance(name, Unknown):
            raise NotKnown(name.why)
        if name is None and (literal or not self._only_tests(tree, directory)):
            return None
        package = Package(tree, directory, absolute, name == "main")
        if package.is_main and self.wanted.unnamed:
            program_name(self.places, self.wanted, package)
        return package

    def _only_tests(self, tree: SourceTree, directory: str) -> bool:
        """A directory of tests only is matched by `...` and counts when packages are counted."""
        _, _, tags, goos, goarch, cgo, *_ = self.wanted
        return bool(go_files(tree, directory, tags or (), goos, goarch, cgo, tests=True))

    def _matching(self, pattern: str) -> list[Package]:
        """Expand a directory pattern with `...` (cmd/go `search.MatchDirs`, `MatchPattern`)."""
        root = posixpath.dirname(pattern.partition("...")[0] + "x")
        place = self.places.locate(root)
        if place is None:
            raise NotKnown(f"{root} is not from the build context")
        expression = re.escape(pattern).replace(r"\.\.\.", ".*")
        if expression.endswith("/.*"):
            expression = expression[:-3] + "(/.*)?"
        tree, top = place[0], posixpath.normpath(place[1])
        found = []
        for relative in _directories(tree, top):
            absolute = posixpath.normpath(posixpath.join(root, relative))
            if re.fullmatch(expression, absolute):
                directory = posixpath.normpath(posixpath.join(top, relative))
                package = self._package_in(tree, directory, absolute, literal=False)
                if package is not None:
                    found.append(package)
        return found


def program_name(places: Places, wanted: Wanted, package: Package) -> str:
    """What go calls the binary of a main package when it is not told. Raises NotKnown."""
    if package.files:
        # After the first file, those with cgo last.
        headers = {path: header_of(package.tree, path) for path in package.files}
        plain = (path for path, header in headers.items() if header and not header.uses_c)
        return posixpath.basename(next(plain, package.files[0])).removesuffix(".go")
    root, module = module_at(places, package.place)
    env = {"GO111MODULE": wanted.mode, "GOPATH": wanted.gopath}
    by_directory = ignores_modules(env, wanted.go_minor, package.place) is not None
    if module is not None and not by_directory:
        below = package.place.removeprefix(root).strip("/")
        return binary_name(f"{module.module}/{below}" if below else module.module)
    # GOPATH mode: the path below GOPATH/src; outside it the directory itself counts.
    source = wanted.gopath_source
    if source and package.place.startswith(f"{source}/"):
        return binary_name(package.place.removeprefix(f"{source}/"))
    if wanted.unnamed and not by_directory:
        raise NotKnown(f"no go.mod for {package.place}, so its binary's name is not known")
    return binary_name(f"_{package.place}")


@remembered
def module_at(places: Places, directory: str) -> tuple[str, GoMod | None]:
    """The image directory of the module that an image directory is in, and its go.mod.

    Parents are looked up in the image: a go.mod may be copied from elsewhere in the context.
    """
    current = directory
    while True:
        place = places.locate(current)
        if place is not None:
            module = find_module(place[0], place[1])
            if module is not None and module.directory == posixpath.normpath(place[1]):
                return current, module
        if current == "/":
            return _module_by_context(places, directory)
        current = posixpath.dirname(current)


def _module_by_context(places: Places, directory: str) -> tuple[str, GoMod | None]:
    """The same by the context alone, for a module root that was copied file by file."""
    place = places.locate(directory)
    module = find_module(place[0], place[1]) if place is not None else None
    if place is None or module is None:
        return directory, None
    below = posixpath.relpath(posixpath.normpath(place[1]), module.directory)
    if below == ".":
        return directory, module
    if not directory.endswith(f"/{below}"):
        return directory, None
    return directory.removesuffix(f"/{below}") or "/", module


def _directories(tree: SourceTree, top: str) -> Iterator[str]:
    """The directories below `top` that `...` looks into, relative to it, "." first.

    Left out: names that begin with `_` or `.`, testdata, vendor, and other modules.
    """
    pending = ["."]
    seen = 0
    while pending:
        relative = pending.pop()
        yield relative
        below = []
        for name in tree.listdir(posixpath.normpath(posixpath.join(top, relative))):
            path = posixpath.normpath(posixpath.join(top, relative, name))
            if name.startswith(("_", ".")) or name in ("testdata", "vendor"):
                continue
            if tree.kind(path) != "dir" or tree.kind(f"{path}/go.mod") == "file":
                continue
            below.append(posixpath.normpath(posixpath.join(relative, name)))
        pending.extend(reversed(below))
        seen += 1
        # A symlink to a parent has no end.
        if seen > _MOST_DIRECTORIES or relative.count("/") > 60:
            raise NotKnown("too many directories to look for packages")

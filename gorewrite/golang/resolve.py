"""From an import path to the directory that holds the package.

Rules: Go modules reference, "Resolving a package to a module" (longest module path prefix
that holds the package), "replace directive" (main module only), "Vendoring", "Workspaces".
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from gorewrite import files
from gorewrite.golang.gomod import GoMod, GoWork, find_module, find_workspace, vendored
from gorewrite.memo import remembered

if TYPE_CHECKING:
    from gorewrite.context import SourceTree

#: Hosts of modules of many owners.
_FORGES = ("github.com", "gitlab.com", "bitbucket.org", "codeberg.org")
_UPPER = re.compile(r"[A-Z]")


class Module(NamedTuple):
    """A module whose files can be read: path, directory in `tree`, whose code it is.

    origin: "own" (main module, workspace member, local replacement), "vendor" or "cache".
    """

    path: str
    directory: str
    tree: SourceTree
    origin: Literal["own", "vendor", "cache"]


class Package(NamedTuple):
    """A package that can be read: import path, directory in the module's tree, the module."""

    path: str
    directory: str
    module: Module


class External(NamedTuple):
    """A package of a module that is not at hand. module: longest required prefix, or a guess."""

    path: str
    module: str
    required: bool


class Missing(NamedTuple):
    """A package that belongs to a readable module but whose directory is not there."""

    path: str
    directory: str


class CacheTree:
    """A module cache directory as a source tree (read only, no ignore file)."""

    def __init__(self, root: Path) -> None:
        self.root = root
        #: See gorewrite.memo.
        self.memory = files.SharedMemory()

    def kind(self, path: str) -> Literal["file", "dir", "link"] | None:
        kind = files.kind_of(f"{self.root}/{path}")
        return kind if kind != "other" else None

    def read(self, path: str, limit: int = 1 << 20) -> bytes | None:
        if self.kind(path) != "file":
            return None
        try:
            data = files.read(f"{self.root}/{path}", limit)
        except OSError:
            return None
        return data if len(data) <= limit else None

    def listdir(self, path: str) -> tuple[str, ...]:
        return tuple(name for name, _ in files.names_in(f"{self.root}/{path}"))


def cache_directory(module: str, version: str) -> str:
    """Directory of a module version below GOMODCACHE (Go modules reference, "Module cache")."""
    return f"{_escape(module)}@{_escape(version)}"


def _escape(text: str) -> str:
    return _UPPER.sub(lambda found: "!" + found[0].lower(), text)


def is_standard(path: str) -> bool:
    """Whether an import path is the standard library's: no dot in the first element (cmd/go)."""
    return "." not in path.split("/", 1)[0]


def within(path: str, module: str) -> bool:
    """Whether an import path lies in a module path."""
    return path == module or path.startswith(module + "/")


def resolver_of(tree: SourceTree, package_dir: str, modcache: Path | None) -> Resolver:
    """What resolves the imports of a main package: one for all packages of its module."""
    main, work = find_module(tree, package_dir), find_workspace(tree, package_dir)
    return _resolver(tree, main and main.directory, work and work.directory, modcache)


@remembered
def _resolver(
    tree: SourceTree, main: str | None, work: str | None, modcache: Path | None
) -> Resolver:
    return Resolver(
        tree,
        find_module(tree, main) if main is not None else None,
        find_workspace(tree, work) if work is not None else None,
        modcache,
    )


class Resolver:
    """Resolves the imports of main packages.

    main, work: the go.mod and go.work that govern the build, None when there is none.
    modules: readable modules by path. forks: modules replaced by another module -> that one.
    """

    def __init__(
        self, tree: SourceTree, main: GoMod | None, work: GoWork | None, modcache: Path | None
    ) -> None:
        self.tree = tree
        self.main = main
        self.work = work
        self.modules: dict[str, Module] = {}
        self.forks: dict[str, str] = {}
        #: See gorewrite.memo.
        self.memory = files.SharedMemory()
        self._vendor = self._vendor_directory()
        self._cache = CacheTree(modcache) if modcache else None
        self._versions: dict[str, str] = {}
        self._local: frozenset[str] = frozenset()
        self._learn()

    @property
    def vendored(self) -> bool:
        return self._vendor is not None

    def _learn(self) -> None:
        """Fill the tables of readable modules and of required versions."""
        local: set[str] = set()
        mods = [self.main] if self.main else []
        if self.work:
            for use in self.work.uses:
                directory = _join(_directory(self.work.path), use)
                member = find_module(self.tree, directory) if directory is not None else None
                if member and _directory(member.path) == directory:
                    mods.append(member)
        for mod in mods:
            self._own(mod.module, _directory(mod.path))
            for require in mod.requires:
                self._versions.setdefault(require.path, require.version)
        replaces = [(self.work.path, self.work.replaces)] if self.work else []
        replaces += [(mod.path, mod.replaces) for mod in mods]
        for path, found in replaces:
            for replace in found:
                if replace.local:
                    directory = _join(_directory(path), replace.new)
                    local.add(replace.old)
                    if directory is not None and self.tree.kind(directory) == "dir":
                        self._own(replace.old, directory)
                    continue
                if replace.new != replace.old:
                    self.forks[replace.old] = replace.new
                if replace.new_version and self._cache:
                    self._cached(replace.old, replace.new, replace.new_version)
        self._local = frozenset(local)
        if self._cache:
            for module, version in self._versions.items():
                if module not in self.modules:
                    self._cached(module, module, version)

    def _own(self, module: str, directory: str) -> None:
        self.modules.setdefault(module, Module(module, directory, self.tree, "own"))

    def _cached(self, module: str, source: str, version: str) -> None:
        assert self._cache is not None
        directory = cache_directory(source, version)
        if self._cache.kind(directory) == "dir":
            self.modules.setdefault(module, Module(module, directory, self._cache, "cache"))

    def _vendor_directory(self) -> str | None:
        for mod in (self.work, self.main):
            if mod is not None and vendored(self.tree, _directory(mod.path)):
                return posixpath.normpath(posixpath.join(_directory(mod.path), "vendor"))
        return None

    def _of_one_owner(self, path: str) -> bool:
        """Whether a module is of those who made the main one: what vendored code of theirs reads
        and starts, no list of known modules says."""
        return self.main is not None and _owner(self.main.module) == _owner(path)

    def module_of(self, path: str) -> str | None:
        """The module an import path belongs to by longest prefix, readable or only required."""
        candidate = path
        while candidate:
            if candidate in self.modules or candidate in self._versions:
                return candidate
            candidate = candidate.rpartition("/")[0]
        return None

    def resolve(self, path: str) -> Package | External | Missing | None:
        """Where an imported package is; None for the standard library and for "C"."""
        owner = self.module_of(path)
        if owner is None and is_standard(path):
            return None
        module = self.modules.get(owner or "")
        if self._vendor and not (module and module.origin == "own" and owner not in self._local):
            directory = f"{self._vendor}/{path}"
            if self.tree.kind(directory) == "dir":
                ours = owner in self._local or self._of_one_owner(owner or path)
                origin: Literal["own", "vendor"] = "own" if ours else "vendor"
                home = Module(owner or path, directory, self.tree, origin)
                return Package(path, directory, home)
        if module is None:
            return External(path, owner or guess_module(path), owner is not None)
        inside = path[len(module.path) :].lstrip("/")
        directory = posixpath.normpath(f"{module.directory}/{inside}")
        if module.tree.kind(directory) == "dir":
            return Package(path, directory, module)
        return Missing(path, directory)


def guess_module(path: str) -> str:
    """A module path for an import no go.mod covers: host/owner/name on forges, else the path."""
    elements = path.split("/")
    return "/".join(elements[:3]) if elements[0] in _FORGES else path


def _owner(module: str) -> str:
    """Whose a module is, by its path: host/owner on forges, else the host."""
    elements = module.split("/")
    return "/".join(elements[: 2 if elements[0] in _FORGES else 1])


def _directory(path: str) -> str:
    return posixpath.dirname(path) or "."


def _join(base: str, relative: str) -> str | None:
    """A directory of the tree named relative to another; None when it lies outside."""
    joined = posixpath.normpath(posixpath.join(base, relative))
    return None if joined.startswith(("../", "/")) or joined == ".." else joined

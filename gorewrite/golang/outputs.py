"""Which files a go command writes: the absolute path of every binary.

Rules, each checked with a real go command: cmd/go `work.runBuild`, `work.InstallPackages`,
`load.Package.DefaultExecName`, `load.GoFilesPackage`, `search.MatchPackages`; `go help build`,
`go help install`; https://go.dev/doc/go1.13 (-o DIR), https://go.dev/doc/go1.18 (go get).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection
from functools import lru_cache
from typing import Final, NamedTuple

from gorewrite.evidence import Unknown
from gorewrite.golang.commandline import GoCommand
from gorewrite.golang.targets import (
    NotKnown,
    Package,
    Places,
    Wanted,
    binary_name,
    packages_of,
    program_name,
)

# Directories of every image that has a go command.
_ALWAYS_THERE: Final = re.compile(
    "/|/(bin|boot|dev|etc|home|lib|media|mnt|opt|proc|root|run|sbin|srv|sys|tmp|usr|var)"
    "|/usr/(bin|lib|local|sbin|share|src|local/(bin|go|lib|sbin|share|src))|/var/(cache|lib|log)"
)
_LIBRARY_MODES: Final = ("archive", "c-archive", "c-shared", "plugin", "shared")


class BuildOutput(NamedTuple):
    """A binary that a command writes.

    path: absolute in the image. package_dir: context directory of its main package.
    files: the list of files that is built, as context paths; () for the whole package.
    """

    path: str
    package_dir: str
    files: tuple[str, ...] = ()


class InstalledTool(NamedTuple):
    """What `go install import_path@version` writes. path: absolute in the image."""

    path: str
    import_path: str
    version: str


def build_outputs(
    cmd: GoCommand,
    places: Places,
    *,
    directories: Collection[str] = (),
    go_minor: int | None = None,
    platform: tuple[str, str] = ("linux", "amd64"),
) -> tuple[BuildOutput, ...] | Unknown:
    """Return the binaries of own code that `cmd` writes; () when it writes none.

    places: what of the build context lies where. directories: absolute image directories known to
    exist besides those copied from the context (WORKDIR, mkdir). go_minor: N of Go 1.N, when known.
    platform: GOOS and GOARCH of the machine that builds, which decide whether `go install`
    cross-compiles.
    Unknown with the reason when they cannot be told, when the command is sure to fail, and for
    `go install pkg@version` (see `installed_tools`).
    """
    if cmd.kind == "get" and not cmd.flag("d") and (go_minor is None or go_minor < 18):
        return Unknown("go get also installs binaries before Go 1.18")
    if cmd.kind not in ("build", "install") and not (cmd.uncertain and not cmd.kind):
        return ()
    if cmd.setting("n") == "true":
        return ()
    try:
        return _Outputs(cmd, places, frozenset(directories), go_minor, platform).find()
    except NotKnown as reason:
        return Unknown(str(reason))


def installed_tools(
    cmd: GoCommand,
    *,
    go_minor: int | None = None,
    platform: tuple[str, str] = ("linux", "amd64"),
) -> tuple[InstalledTool, ...] | Unknown:
    """Return the binaries that `go install pkg@version …` writes, and `go get pkg` before Go 1.18
    (where the package is a program); () for any other command."""
    gets = cmd.kind == "get" and not cmd.flag("d") and go_minor is not None and go_minor < 18
    if not gets and (cmd.kind != "install" or not cmd.versioned):
        return ()
    try:
        target = _install_directory(cmd, platform, files=False)
    except NotKnown as reason:
        return Unknown(str(reason))
    found = []
    for package in cmd.packages:
        path, at, version = (package or "").partition("@")
        if gets and (path.startswith(".") or "..." in path):
            continue
        if not (at or (gets and path)) or "..." in path:
            return Unknown("the installed packages are not known")
        found.append(InstalledTool(posixpath.join(target, binary_name(path)), path, version))
    return tuple(found)


def _install_directory(cmd: GoCommand, platform: tuple[str, str], *, files: bool) -> str:
    """Where `go install` writes. files: a list of files, which goes to no subdirectory."""
    gobin, gopath = cmd.env.get("GOBIN", ""), cmd.env.get("GOPATH", "")
    goos, goarch = cmd.env.get("GOOS", ""), cmd.env.get("GOARCH", "")
    if gobin is None or gopath is None or ((goos is None or goarch is None) and not files):
        raise NotKnown("GOBIN, GOPATH, GOOS or GOARCH of go install is not known")
    target = (goos or platform[0], goarch or platform[1])
    cross = target != platform and not files
    if gobin:
        if not gobin.startswith("/"):
            raise NotKnown("go install fails: GOBIN must be an absolute path")
        if cross:
            raise NotKnown("go install fails: cross-compiled binaries when GOBIN is set")
        return posixpath.normpath(gobin)
    if not gopath:
        home = cmd.env.get("HOME")
        if not home:
            raise NotKnown("neither GOBIN nor GOPATH of go install is known")
        gopath = posixpath.join(home, "go")
    directory = posixpath.join(posixpath.normpath(gopath.split(":")[0]), "bin")
    return posixpath.join(directory, "_".join(target)) if cross else directory


@lru_cache(maxsize=8)
def _with_parents(directories: frozenset[str]) -> frozenset[str]:
    """Absolute directories, and all that they lie in."""
    found: set[str] = set()
    for directory in directories:
        while directory.strip("/") and directory not in found:
            found.add(directory)
            directory = directory.rpartition("/")[0]
    return frozenset(found)


class _Outputs:
    def __init__(
        self,
        cmd: GoCommand,
        places: Places,
        directories: frozenset[str],
        go_minor: int | None,
        platform: tuple[str, str],
    ) -> None:
        self.cmd = cmd
        self.places = places
        self.directories = directories
        self.go_minor = go_minor
        self.platform = platform
        if cmd.uncertain:
            raise NotKnown(cmd.uncertain[0])
        if cmd.versioned:
            raise NotKnown("a tool of another module is installed, not own code")
        if cmd.goflags is None:
            raise NotKnown("what GOFLAGS says is not known")
        for name in ("modfile", "overlay"):
            if cmd.setting(name) != "":
                raise NotKnown(f"-{name} replaces files of the build")
        if cmd.setting("buildmode") in (*_LIBRARY_MODES, None):
            raise NotKnown("-buildmode makes a library, not a program")
        self.wanted = Wanted.by(cmd, platform, go_minor)
        self.directory = self.wanted.directory

    def find(self) -> tuple[BuildOutput, ...]:
        packages = packages_of(self.places, self.wanted)
        if isinstance(packages, Unknown):
            raise NotKnown(packages.why)
        mains = [p for p in packages if p.is_main]
        if self.cmd.kind == "install":
            files = bool(packages and packages[0].files)
            if not mains:
                return ()
            target = _install_directory(self.cmd, self.platform, files=files)
            return self._in_directory(target, mains)
        return self._build(packages, mains)

    def _build(
        self, packages: tuple[Package, ...], mains: list[Package]
    ) -> tuple[BuildOutput, ...]:
        """`go build`: cmd/go `runBuild`."""
        output = self.cmd.setting("o")
        if output is None:
            raise NotKnown("the value of -o is not known")
        if output == "/dev/null":
            return ()
        if output:
            path = posixpath.normpath(posixpath.join(self.directory, output))
            if output.endswith(("/", "\\")) or self._is_directory(path):
                return self._into_directory(path, mains)
            if len(packages) != 1:
                raise NotKnown(f"go build fails: several packages but one file {output}")
            if not mains:
                raise NotKnown(f"{packages[0].directory} is no main package")
            return (self._output(path, mains[0]),)
        if len(packages) != 1 or not mains:
            return ()
        name = program_name(self.places, self.wanted, mains[0])
        path = posixpath.join(self.directory, name + self._suffix)
        if self._is_directory(path):
            raise NotKnown(f"go build fails: {name} is a directory")
        return (self._output(path, mains[0]),)

    def _into_directory(self, path: str, mains: list[Package]) -> tuple[BuildOutput, ...]:
        if self.go_minor is not None and self.go_minor < 13:
            raise NotKnown("go build -o takes a directory only since Go 1.13")
        if not mains:
            raise NotKnown("go build fails: no main packages to build")
        found = self._in_directory(path, mains)
        for output in found:
            if self._is_directory(output.path):
                raise NotKnown(f"go build fails: {output.path} is a directory")
        return found

    def _in_directory(self, path: str, mains: list[Package]) -> tuple[BuildOutput, ...]:
        names = [program_name(self.places, self.wanted, package) for package in mains]
        if len(set(names)) < len(names):
            raise NotKnown("two main packages are written to one file name")
        return tuple(
            self._output(posixpath.join(path, name + self._suffix), package)
            for name, package in zip(names, mains, strict=True)
        )

    def _output(self, path: str, package: Package) -> BuildOutput:
        return BuildOutput(path, package.directory, package.files)

    @property
    def _suffix(self) -> str:
        return ".exe" if self.wanted.goos == "windows" else ""

    def _is_directory(self, path: str) -> bool:
        """Is there a directory at the image path already?"""
        if _ALWAYS_THERE.fullmatch(path) or path in _with_parents(self.directories):
            return True
        inside = f"{path}/"
        known = [self.directory, self.cmd.cwd or "/"]
        if self.cmd.env.get("GOPATH") == "/go":
            known += ["/go/bin", "/go/src"]
        if any(f"{directory}/".startswith(inside) for directory in known):
            return True
        place = self.places.locate(path)
        if place is not None:
            return place[0].kind(posixpath.normpath(place[1])) == "dir"
        above, _, name = path.rpartition("/")
        place = self.places.locate(above or "/")
        return place is not None and place[0].kind(posixpath.join(place[1], name)) == "dir"

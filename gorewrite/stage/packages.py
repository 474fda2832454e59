"""What distribution packages and commands mean for a runtime image (data/packages.toml)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

_VERSION = re.compile(r"-?\d+(?:\.\d+)*(?=-|$)")

Distro = Literal["alpine", "debian"]
Kind = Literal["build", "ambiguous", "provided", "library", "runtime"]


class _Data(NamedTuple):
    build_only: tuple[str, ...]
    ambiguous: frozenset[str]
    provided: frozenset[str]
    commands: dict[Distro, frozenset[str]]
    bin: frozenset[str]
    tools: dict[str, dict[str, str]]
    libraries: dict[str, dict[str, str]]


@cache
def _data() -> _Data:
    path = Path(__file__).with_name("data") / "packages.toml"
    raw = tomllib.loads(path.read_text("utf-8"))
    return _Data(
        tuple(raw["build_only"]),
        frozenset(raw["ambiguous"]),
        frozenset(raw["provided"]),
        {
            "alpine": frozenset(raw["busybox"].split()),
            "debian": frozenset(raw["debian_slim"].split()),
        },
        frozenset(raw["alpine_bin"].split()),
        raw["tools"],
        raw["libraries"],
    )


def bare_name(package: str) -> str:
    """A package without its version pin: `curl=8.5-r0`, `git~2.45`, `bash@edge`."""
    for mark in ("=", "~", "<", ">", "@", ":"):
        package = package.partition(mark)[0]
    return package


@lru_cache(maxsize=1024)
def kind(package: str) -> Kind:
    """What a package is for. "library" packages (`*-dev`) bring headers for a build and, by
    their dependencies, the shared libraries that a cgo program needs at run time."""
    name, data = bare_name(package), _data()
    if name in data.provided:
        return "provided"
    if any(fnmatchcase(name, pattern) for pattern in data.build_only):
        return "build"
    if name in data.ambiguous:
        return "ambiguous"
    return "library" if name.endswith(("-dev", "-devel", "-static")) else "runtime"


def in_image(command: str, distro: Distro) -> bool:
    """Whether the plain alpine or debian-slim image has a command."""
    return command in _data().commands[distro]


def lies_at(path: str, distro: Distro) -> bool:
    """Whether the image, with the package that brings it, has a command at an absolute path.
    Debian's /bin is /usr/bin; Alpine keeps them apart, and what lies in its sbin is not known."""
    if distro == "debian":
        return True
    top, _, name = path.rpartition("/")
    return top == ("/bin" if name in _data().bin else "/usr/bin")


def package_for(command: str, distro: Distro) -> str | None:
    """The package that brings a command; None when it is not known."""
    return _data().tools.get(command, {}).get(distro)


def library_of(package: str, suite: str | None) -> str:
    """The package with the shared library of a `-dev` package in a Debian release; the package
    itself where that is not known, or where its version is pinned."""
    return _data().libraries.get(package, {}).get(suite or "", package)


def known(command: str) -> bool:
    """Whether a command is in an image or in a package of a distribution."""
    data = _data()
    return command in data.tools or any(command in found for found in data.commands.values())


def brings(packages: Iterable[str], command: str) -> bool:
    """Whether one of the packages, or the one of a version (`postgresql-client-17`, on Alpine
    `postgresql17-client`), is known to bring a command."""
    names = {bare_name(package) for package in packages}
    names |= {_VERSION.sub("", name) for name in names}
    known = set(_data().tools.get(command, {}).values()) | {command}
    return bool(names & known)

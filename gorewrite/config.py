"""The configuration: `[tool.gorewrite]` in pyproject.toml, or gorewrite.toml, found upward.

Each key is described once, in the metadata of its field, from which the documentation and
`--help` are made.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from gorewrite.context.globs import BadPattern, clean, match
from gorewrite.discovery import repository_root
from gorewrite.files import kind_of

_SUITES: Final = ("debian12", "debian13")
_LARGEST: Final = 1 << 20


class ConfigError(ValueError):
    """A configuration that cannot be used. The text is `path: problem`."""


def _key(default: Any, kind: str, help: str) -> Any:
    """A key of the configuration. kind: what its value must be, in words (see `_FITS`)."""
    return field(default=default, metadata={"kind": kind, "help": help})


@dataclass(frozen=True, slots=True)
class Config:
    """What the user wants. Every field but `path` is a key of the file, with `-` for `_`.

    path: the file it was read from, None for the defaults.
    """

    select: tuple[str, ...] = _key((), "a list of strings", "Run only these transforms.")
    ignore: tuple[str, ...] = _key((), "a list of strings", "Do not run these transforms.")
    review: bool = _key(
        False, "true or false", "Also apply the changes that ask for a person's review."
    )
    runtime: str = _key(
        "auto",
        "a non-empty string",
        "Base image of the runtime stage: auto, distroless, alpine, scratch, or an image to use.",
    )
    registry_prefix: str = _key(
        "",
        "a string",
        "Mirror put before the names of runtime images (alpine, debian, distroless), "
        "as `registry.example.com/mirror`.",
    )
    distroless_suite: str = _key(
        "debian13",
        f"one of {', '.join(_SUITES)}",
        "Debian release of the distroless images; debian12 reached its end of life in "
        "September 2026.",
    )
    exclude: tuple[str, ...] = _key(
        (),
        "a list of strings",
        "Globs of files and directories in which no Dockerfiles are searched; without a `/` they "
        "match a name anywhere.",
    )
    context: str = _key(
        "",
        "a string",
        "The build context of every Dockerfile, relative to this file; empty: it is inferred.",
    )
    contexts: tuple[tuple[str, str], ...] = _key(
        (),
        "a table of strings",
        "Glob of Dockerfiles to their build context, both relative to this file; the first that "
        "matches counts, and it goes before `context`.",
    )
    apt_cache_mounts: bool = _key(
        False, "true or false", "Add cache mounts for apt, too, not only for Go."
    )
    strip: bool = _key(
        True, "true or false", "Link without symbol table and debug information (-ldflags '-s -w')."
    )
    trimpath: bool = _key(
        True, "true or false", "Leave file system paths out of the binary (-trimpath)."
    )
    legacy_static_flags: bool = _key(
        False, "true or false", "Add `-a -installsuffix cgo`, which Go has not needed since 1.10."
    )
    max_file_size: int = _key(
        1 << 20, "a number of bytes above 0", "Leave Dockerfiles larger than this alone."
    )
    path: Path | None = None

    def context_for(self, dockerfile: Path) -> Path | None:
        """The build context that the configuration names for a Dockerfile, None when it does not.

        Raises ConfigError when that is no directory, or a glob is malformed.
        """
        if self.path is None:
            return None
        base = self.path.parent.resolve()
        chosen = self.context
        real = dockerfile.parent.resolve() / dockerfile.name
        if real.is_relative_to(base):
            name = real.relative_to(base).as_posix()
            globs = (
                directory for pattern, directory in self.contexts if self._matches(pattern, name)
            )
            chosen = next(globs, chosen)
        if not chosen:
            return None
        if kind_of(base / chosen) != "dir":
            raise ConfigError(f"{self.path}: context {chosen} is not a directory")
        return (base / chosen).resolve()

    def _matches(self, pattern: str, name: str) -> bool:
        try:
            return match(clean(pattern), name)
        except BadPattern as bad:
            raise ConfigError(f"{self.path}: contexts: {pattern}: {bad}") from None


_FITS: Final[dict[str, Callable[[Any], bool]]] = {
    f"one of {', '.join(_SUITES)}": lambda value: value in _SUITES,
    "true or false": lambda value: isinstance(value, bool),
    "a string": lambda value: isinstance(value, str),
    "a non-empty string": lambda value: isinstance(value, str) and bool(value.strip()),
    "a list of strings": lambda value: (
        isinstance(value, list) and all(isinstance(each, str) for each in value)
    ),
    "a table of strings": lambda value: (
        isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
    ),
    "a number of bytes above 0": lambda value: (
        isinstance(value, int) and not isinstance(value, bool) and value > 0
    ),
}


def keys() -> dict[str, Field[Any]]:
    """Key as written in the file → its field, with metadata `kind` and `help`, in order."""
    return {each.name.replace("_", "-"): each for each in fields(Config) if each.metadata}


def load(start: Path) -> Config:
    """The configuration in force at `start`, a file or directory; the defaults when there is none.

    Directories are looked at from there up to the repository root, or outside of a repository up to
    the root of the file system. gorewrite.toml goes before pyproject.toml in the same directory; a
    pyproject.toml without the table is passed over.
    Raises ConfigError for a file that cannot be read, unknown keys and values of the wrong kind.
    """
    # Path.resolve raises an error for a link to itself; that is told where the file is read.
    start = Path(os.path.realpath(start))
    directory = start if kind_of(start) == "dir" else start.parent
    top = repository_root(directory)
    for each in (directory, *directory.parents):
        for name in ("gorewrite.toml", "pyproject.toml"):
            path = each / name
            table = _table(path) if kind_of(path) == "file" else None
            if table is not None:
                return from_table(table, path)
        if each == top:
            break
    return Config()


def _table(path: Path) -> dict[str, Any] | None:
    try:
        status = path.stat()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    return _read_table(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=64)
def _read_table(path: Path, _changed: int, _size: int) -> dict[str, Any] | None:
    """The table; each of many services asks for that of the same file."""
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise ConfigError(f"{path}: larger than 1 MiB")
        document = tomllib.loads(data.decode("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    if path.name != "pyproject.toml":
        return document
    tool = document.get("tool")
    table = tool.get("gorewrite") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise ConfigError(f"{path}: tool.gorewrite must be a table")
    return table


def from_table(table: Mapping[str, Any], path: Path) -> Config:
    """The configuration a parsed table stands for; raises ConfigError, which names `path`."""
    known = keys()
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            nearest = get_close_matches(key.replace("_", "-"), known, n=1)
            hint = f"; did you mean {nearest[0]}?" if nearest else f"; known: {', '.join(known)}"
            raise ConfigError(f"{path}: unknown key {key}{hint}")
        kind = known[key].metadata["kind"]
        if not _FITS[kind](value):
            raise ConfigError(f"{path}: {key} must be {kind}")
        values[known[key].name] = _frozen(value)
    return Config(**values, path=path)


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    return tuple(value.items()) if isinstance(value, dict) else value

"""The configuration: `[tool.gorewrite]` in pyproject.toml, or gorewrite.toml, found upward."""

from __future__ import annotations

import re
import stat
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import Field, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gorewrite import configkeys, files, pathglobs
from gorewrite.configkeys import ConfigError, choice, is_strings
from gorewrite.configkeys import key as _key
from gorewrite.files import kind_of
from gorewrite.pathglobs import BadPattern
from gorewrite.tomllines import KeyPath, line_of

if TYPE_CHECKING:
    from gorewrite.pulls.settings import PullSettings

__all__ = ["Config", "ConfigError", "Configurations", "Origin", "Settings", "keys", "load"]

#: In the order in which they are looked for in a directory.
FILES: Final = ("gorewrite.toml", "pyproject.toml")
_LARGEST: Final = 1 << 20
#: Tables of a file that are no keys of `Config`.
_TABLES: Final = ("overrides", "pull-requests")
#: Keys that stand for all Dockerfiles below the file: none is known yet when they are needed.
FOR_ALL: Final = frozenset({"exclude", "overrides"})


@dataclass(frozen=True, slots=True)
class Config:
    """What the user wants. Every field but `path` is a key of the file, with `-` for `_`.

    path: the file it was read from, None for the defaults.
    """

    enabled: bool = _key(
        True, "true or false", "Whether Dockerfiles are rewritten; `false` leaves them alone."
    )
    select: tuple[str, ...] = _key((), "a list of strings", "Run only these transforms.")
    ignore: tuple[str, ...] = _key((), "a list of strings", "Do not run these transforms.")
    review: bool = _key(
        False, "true or false", "Also apply the changes that ask for a person's review."
    )
    runtime: str = _key(
        "auto",
        "an image",
        "Base image of the runtime stage: auto, distroless, alpine, scratch, or an image to use.",
    )
    registry_prefix: str = _key(
        "",
        "a registry, or a place in one",
        "Mirror put before the names of runtime images (alpine, debian, distroless), "
        "as `registry.example.com/mirror`.",
    )
    distroless_suite: str = _key(
        "debian13",
        choice("debian12", "debian13"),
        "Debian release of the distroless images; debian12 reached its end of life in "
        "September 2026.",
    )
    exclude: tuple[str, ...] = _key(
        (),
        "a list of strings",
        "Globs of files and directories in which no Dockerfiles are searched.",
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

        Raises ConfigError when that is no directory.
        """
        if self.path is None or not (self.context or self.contexts):
            return None
        base = Path(files.real(self.path.parent))
        chosen = self.context
        real = Path(files.real(dockerfile.parent)) / dockerfile.name
        if real.is_relative_to(base):
            name = real.relative_to(base).as_posix()
            named = (place for glob, place in self.contexts if pathglobs.matches(glob, name))
            chosen = next(named, chosen)
        if not chosen:
            return None
        if kind_of(base / chosen) != "dir":
            raise ConfigError(f"{self.path}: context {chosen} is not a directory")
        return Path(files.real(base / chosen))


def keys() -> dict[str, Field[Any]]:
    """See configkeys.keys."""
    return configkeys.keys(Config)


class Override(NamedTuple):
    """One of `[[overrides]]`: other values for the Dockerfiles that some globs match.

    values: (name of the field of Config, value).
    """

    paths: tuple[str, ...]
    values: tuple[tuple[str, Any], ...]


class Origin(NamedTuple):
    """Where a value of the configuration stands. override: None where it is that of all files."""

    path: Path
    line: int
    override: Override | None


@dataclass(frozen=True, slots=True)
class Settings:
    """What one file says: for all Dockerfiles below its directory, and for some of them.

    config: without the overrides; later ones of those win. text: of the file. pull_requests: None
    where it says nothing about them.
    """

    path: Path
    text: str
    config: Config
    overrides: tuple[Override, ...]
    pull_requests: PullSettings | None = None

    def of(self, name: str) -> Config:
        """The configuration of a Dockerfile. name: relative to the directory of the file."""
        return _merged(self.config, tuple(each for _, each in self._matching(name)))

    def origin(self, key: str, name: str) -> Origin | None:
        """Where the value of a key for a Dockerfile stands; None for a default.

        key: that of a table as `pull-requests.title`.
        """
        top = _top(self.path)
        for number, override in reversed(self._matching(name)):
            line = line_of(self.text, (*top, "overrides", number, key))
            if line:
                return Origin(self.path, line, override)
        line = line_of(self.text, (*top, *key.split(".")))
        return Origin(self.path, line, None) if line else None

    def _matching(self, name: str) -> list[tuple[int, Override]]:
        return [
            (number, override)
            for number, override in enumerate(self.overrides)
            if pathglobs.any_matches(override.paths, name)
        ]


@lru_cache(maxsize=256)
def _merged(config: Config, overrides: tuple[Override, ...]) -> Config:
    return replace(config, **{name: value for each in overrides for name, value in each.values})


class Configurations:
    """The configurations of one run: each directory is looked at once.

    Directories are looked at from a file up to the root of its repository, or outside of one up to
    the root of the file system. gorewrite.toml goes before pyproject.toml in the same directory; a
    pyproject.toml without the table is passed over.
    """

    def __init__(self) -> None:
        #: Directory -> what is in force there; the error of a file that cannot be used.
        self._known = files.SharedMemory()

    def load(self, start: Path) -> Config:
        """The configuration in force at `start`, a file or directory; the defaults without any.

        Overrides are those of a file; a directory has none.
        Raises ConfigError for a file that cannot be read, unknown keys, values of the wrong kind.
        """
        settings, name = self.settings(start)
        if settings is None:
            return Config()
        return settings.config if name is None else settings.of(name)

    def settings(self, start: Path) -> tuple[Settings | None, str | None]:
        """(the file in force at `start`, the name of `start` from there, None for a directory).

        Raises ConfigError.
        """
        # Path.resolve raises an error for a link to itself; that is told where the file is read.
        real = files.real(start)
        directory = real if kind_of(real) == "dir" else real.rpartition("/")[0] or "/"
        for above in files.halts(directory):
            self._look(above)
        found = self._look(directory)
        if isinstance(found, ConfigError):
            raise ConfigError(str(found))
        if found is None or directory == real:
            return found, None
        # The file was found upward from there, so its directory is a beginning of the path.
        return found, real[len(str(found.path.parent)) :].lstrip("/")

    def _look(self, directory: str) -> Settings | ConfigError | None:
        def look() -> Settings | ConfigError | None:
            found = _in(directory)
            if found is not None or kind_of(f"{directory.rstrip('/')}/.git") is not None:
                return found
            above = directory.rpartition("/")[0] or "/"
            return self._look(above) if above != directory else None

        known: Settings | ConfigError | None = self._known.answer(directory, look)
        return known


def load(start: Path) -> Config:
    """As `Configurations.load`, for one file."""
    return Configurations().load(start)


def _in(directory: str) -> Settings | ConfigError | None:
    """What a file in the directory says, or what is wrong with it."""
    for name in files.among(directory, FILES):
        try:
            found = _read(Path(directory, name))
        except ConfigError as error:
            return error
        if found is not None:
            return found
    own = f"{directory.rstrip('/')}/{FILES[0]}"
    if files.mode_of(own) == stat.S_IFLNK and kind_of(own) is None:
        return ConfigError(f"{own}: links to what is not there")  # It may say: leave this alone.
    return None


def _read(path: Path) -> Settings | None:
    try:
        data = files.read(path, _LARGEST)
        if len(data) > _LARGEST:
            raise ConfigError(f"{path}: larger than 1 MiB")
        text = data.decode("utf-8-sig")
        table: Any = tomllib.loads(text)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}{_line(error)}: not TOML: {error}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    except RecursionError:
        raise ConfigError(f"{path}: not TOML that can be read: too many brackets") from None
    if path.name == "pyproject.toml":
        tool = table.get("tool")
        table = tool.get("gorewrite") if isinstance(tool, dict) else None
        if table is None:
            return None
        if not isinstance(table, dict):
            raise ConfigError(f"{path}: tool.gorewrite must be a table")
    try:
        return _settings(table, path, text)
    except ConfigError as error:
        place = (*_top(path), *error.at)
        # Of what is missing the table is told.
        lines = (line_of(text, place[:length]) for length in range(len(place), 0, -1))
        line = next((line for line in lines if line), 0)
        raise ConfigError(f"{path}:{line}: {error}" if line else f"{path}: {error}") from None


def _top(path: Path) -> KeyPath:
    """What leads to the table of gorewrite in a file."""
    return ("tool", "gorewrite") if path.name == "pyproject.toml" else ()


def _line(error: tomllib.TOMLDecodeError) -> str:
    """`:line`, which tomllib says at the end of its errors; "" at the end of the document."""
    found = re.search(r"at line (\d+)", str(error))
    return f":{found[1]}" if found else ""


def _settings(table: Mapping[str, Any], path: Path, text: str) -> Settings:
    """What a parsed table stands for. Raises ConfigError without the path."""
    known = keys()
    own = {key: value for key, value in table.items() if key not in _TABLES}
    config = Config(**_values(own, (*known, *_TABLES)), path=path)
    tables = table.get("overrides", [])
    if not (isinstance(tables, list) and all(isinstance(each, dict) for each in tables)):
        raise ConfigError("overrides must be tables, each under [[overrides]]", ("overrides",))
    allowed = ("paths", *(key for key in known if key not in FOR_ALL))
    overrides = []
    for number, each in enumerate(tables):
        try:
            overrides.append(_override(each, allowed))
        except ConfigError as error:
            raise error.below("overrides", number) from None
    pulls = None
    if "pull-requests" in table:
        from gorewrite.pulls.settings import settings_of

        try:
            pulls = settings_of(table["pull-requests"])
        except ConfigError as error:
            raise error.below("pull-requests") from None
    return Settings(path, text, config, tuple(overrides), pulls)


def _override(table: Mapping[str, Any], allowed: Collection[str]) -> Override:
    for key in FOR_ALL.intersection(table):
        raise ConfigError(f"{key} cannot be overridden; it stands for all Dockerfiles", (key,))
    paths = table.get("paths")
    if not (is_strings(paths) and paths):
        raise ConfigError("paths must be a list of globs, at least one", ("paths",))
    for glob in paths:
        _check("paths", glob)
    rest = {key: value for key, value in table.items() if key != "paths"}
    return Override(tuple(paths), tuple(_values(rest, allowed).items()))


def _values(table: Mapping[str, Any], allowed: Collection[str]) -> dict[str, Any]:
    """Field → value. Raises ConfigError."""
    found = configkeys.values(table, keys(), allowed)
    for key in ("exclude", "contexts"):
        for glob in table.get(key, ()):
            _check(key, glob)
    return found


def _check(key: str, glob: str) -> None:
    try:
        pathglobs.check(glob)
    except BadPattern as bad:
        raise ConfigError(f"{key}: {glob}: {bad}", (key,)) from None

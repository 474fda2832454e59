"""The keys of a table of the configuration: what a value must be, and where one that is not stands.

Each key is described once, in the metadata of a field, from which the documentation, the JSON
Schema and `gorewrite config` are made.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import Field, field, fields
from typing import Any, Final

from gorewrite.tomllines import KeyPath

_NAME: Final = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REGISTRY: Final = r"(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::[0-9]+)?"
_TAG: Final = r"(?::\w[\w.-]{0,127})?(?:@[A-Za-z][\w+.-]*:[0-9a-fA-F]{32,})?"
#: What FROM takes for an image, and what may stand before its name (distribution/reference,
#: regexp.go). No variables: which Dockerfile has them?
IMAGE: Final = re.compile(rf"(?:{_REGISTRY}/)?{_NAME}(?:/{_NAME})*{_TAG}", re.ASCII)
MIRROR: Final = re.compile(rf"{_REGISTRY}(?:/{_NAME})*/?", re.ASCII)
#: A name and an address, as git has them.
IDENTITY: Final = re.compile(r"[^<>\x00-\x1f]*[^<>\x00-\x20] <[^<>\s@]+@[^<>\s@]+>")
_TRAILER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
#: Trailers that gorewrite writes itself.
_OWN_TRAILERS: Final = ("gorewrite-", "signed-off-by")
_CHOICE: Final = "one of "


class ConfigError(ValueError):
    """A configuration that cannot be used. The text is `path:line: problem`.

    at: the keys that lead to what is wrong, below the table that was read.
    """

    def __init__(self, problem: str, at: KeyPath = ()) -> None:
        super().__init__(problem)
        self.at = at

    def below(self, *keys: str | int) -> ConfigError:
        """The same of a table that these keys lead to."""
        return ConfigError(str(self), (*keys, *self.at))


def key(default: Any, kind: str, help: str) -> Any:
    """A key, as a field. kind: what its value must be, in words: of `FITS`, or a choice."""
    return field(default=default, metadata={"kind": kind, "help": help})


def choice(*words: str) -> str:
    """The kind of a key that is one of some words."""
    return _CHOICE + ", ".join(words)


def choices(kind: str) -> list[str]:
    """The words of such a kind; [] of another one."""
    return kind.removeprefix(_CHOICE).split(", ") if kind.startswith(_CHOICE) else []


def keys(table: type) -> dict[str, Field[Any]]:
    """Key as written in the file → its field, with metadata `kind` and `help`, in order."""
    return {each.name.replace("_", "-"): each for each in fields(table) if each.metadata}


def values(
    table: Mapping[str, Any], known: Mapping[str, Field[Any]], allowed: Collection[str]
) -> dict[str, Any]:
    """Field → value of a table that was parsed.

    Raises ConfigError for a key that is not among those allowed, and for a value of another kind.
    """
    found: dict[str, Any] = {}
    for name, value in table.items():
        if name not in allowed:
            near = nearest(name.replace("_", "-"), allowed)
            raise ConfigError(f"unknown key {name}; {near}", (name,))
        kind = known[name].metadata["kind"]
        if not _fits(kind, value):
            raise ConfigError(f"{name} must be {kind}", (name,))
        found[known[name].name] = _frozen(value)
    return found


def nearest(name: str, known: Collection[str]) -> str:
    """Which of the known names may have been meant, for the end of an error."""
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"


def is_image(text: str) -> bool:
    """Whether FROM takes a text for the name of an image."""
    return IMAGE.fullmatch(text) is not None


def is_strings(value: Any) -> bool:
    """Whether a value is a list of strings."""
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _is_trailer(name: str, text: Any) -> bool:
    printable = isinstance(text, str) and text.isprintable() and bool(text.strip())
    ours = name.lower().startswith(_OWN_TRAILERS)
    return printable and not ours and _TRAILER.fullmatch(name) is not None


#: Kind → whether a value is of it.
FITS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "true or false": lambda value: isinstance(value, bool),
    "a string": lambda value: isinstance(value, str) and value.isprintable(),
    "a template": lambda value: isinstance(value, str) and value.isprintable(),
    "an image": lambda value: isinstance(value, str) and is_image(value),
    "a registry, or a place in one": lambda value: (
        isinstance(value, str) and (not value or MIRROR.fullmatch(value) is not None)
    ),
    "a list of strings": is_strings,
    "a table of strings": lambda value: (
        isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
    ),
    "a table of trailers": lambda value: (
        isinstance(value, dict) and all(_is_trailer(*each) for each in value.items())
    ),
    "a name and an address, as `Name <name@example.com>`": lambda value: (
        isinstance(value, str) and IDENTITY.fullmatch(value) is not None
    ),
    "a number of bytes above 0": lambda value: (
        isinstance(value, int) and not isinstance(value, bool) and 0 < value < sys.maxsize
    ),
}


def _fits(kind: str, value: Any) -> bool:
    words = choices(kind)
    return value in words if words else FITS[kind](value)


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    return tuple(value.items()) if isinstance(value, dict) else value

"""`[pull-requests]` of the configuration: what a repository wants its pull requests to look like.

Each key is described once, in the metadata of its field, as those of `gorewrite.config` are.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from gorewrite.config import ConfigError, Configurations, nearest

#: What templates may name, and what stands there.
FIELDS: Final[Mapping[str, str]] = {
    "what": "what the patch does, such as `smaller image and cached rebuilds`",
    "for": "` for services/shop`, with the blank; empty for the whole repository",
    "scope": "the last part of that place, as `shop`; `docker` for the whole repository",
    "count": "the number of Dockerfiles that change",
    "transforms": "the names of the transforms, separated by commas",
    "campaign": "the campaign, of `--campaign` or of `gorewrite migrate`",
    "ticket": "the value of `ticket`",
    "prefix": "the value of `prefix`, in which all other fields may be used",
}
_IDENTITY: Final = re.compile(r"[^<>\x00-\x1f]*[^<>\x00-\x20] <[^<>\s@]+@[^<>\s@]+>")
_TRAILER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
#: Written by gorewrite itself.
_OWN_TRAILERS: Final = ("gorewrite-", "signed-off-by")


def _key(default: Any, kind: str, help: str) -> Any:
    return field(default=default, metadata={"kind": kind, "help": help})


@dataclass(frozen=True, slots=True)
class PullSettings:
    """What the table says. Every field is a key of it, with `-` for `_`."""

    prefix: str = _key(
        "build(docker): ", "a template", "What titles of pull requests and commits begin with."
    )
    title: str = _key("{prefix}{what}{for}", "a template", "The title of a pull request.")
    commit_title: str = _key(
        "", "a template", "The first line of the commit; empty: the title of the pull request."
    )
    ticket: str = _key("", "a string", "What `{ticket}` in the templates stands for.")
    labels: tuple[str, ...] = _key(
        (), "a list of strings", "Labels of the pull requests, besides those of `--label`."
    )
    trailers: tuple[tuple[str, str], ...] = _key(
        (), "a table of trailers", 'Further trailers of the commit, as `Refs = "OPS-12"`.'
    )
    author: str = _key(
        "gorewrite <gorewrite@noreply.invalid>",
        "a name and an address, as `Name <name@example.com>`",
        "Whom the commits are by.",
    )
    sign_off: bool = _key(
        False, "true or false", "End the commit with `Signed-off-by:` and the author."
    )


def _strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _trailers(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(text, str)
        and text.isprintable()
        and text.strip()
        and _TRAILER.fullmatch(key)
        and not key.lower().startswith(_OWN_TRAILERS)
        for key, text in value.items()
    )


_FITS: Final[dict[str, Callable[[Any], bool]]] = {
    "a template": lambda value: isinstance(value, str) and value.isprintable(),
    "a string": lambda value: isinstance(value, str) and value.isprintable(),
    "a list of strings": _strings,
    "a table of trailers": _trailers,
    "a name and an address, as `Name <name@example.com>`": lambda value: (
        isinstance(value, str) and _IDENTITY.fullmatch(value) is not None
    ),
    "true or false": lambda value: isinstance(value, bool),
}


def keys() -> dict[str, Field[Any]]:
    """Key as written in the file → its field, with metadata `kind` and `help`, in order."""
    return {each.name.replace("_", "-"): each for each in fields(PullSettings)}


def settings_of(table: Any) -> PullSettings:
    """What a parsed table stands for. Raises ConfigError without the path."""
    if not isinstance(table, dict):
        raise ConfigError("pull-requests must be a table")
    known = keys()
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            near = nearest(key.replace("_", "-"), tuple(known))
            raise ConfigError(f"pull-requests: unknown key {key}; {near}")
        kind = known[key].metadata["kind"]
        if not _FITS[kind](value):
            raise ConfigError(f"pull-requests: {key} must be {kind}")
        if kind == "a template":
            _check(key, value)
        values[known[key].name] = _frozen(value)
    return PullSettings(**values)


def settings_at(root: Path) -> PullSettings:
    """What counts in a repository: the table of the file in force at its root.

    Raises ConfigError for a file that cannot be used.
    """
    found, _ = Configurations().settings(root)
    return (found.pull_requests if found is not None else None) or PullSettings()


def filled(template: str, values: Mapping[str, str]) -> str:
    """A template that was checked with its fields filled in."""
    return "".join(
        text + (values[name] if name is not None else "")
        for text, name, _, _ in string.Formatter().parse(template)
    )


def _check(key: str, template: str) -> None:
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        raise ConfigError(f"pull-requests: {key}: {error}; a brace is written twice") from None
    allowed = tuple(name for name in FIELDS if key != "prefix" or name != "prefix")
    for _, name, form, conversion in parts:
        if name is None:
            continue
        if name not in allowed:
            shown = f"{{{name}}}"
            raise ConfigError(f"pull-requests: {key}: unknown {shown}; {nearest(name, allowed)}")
        if form or conversion:
            raise ConfigError(f"pull-requests: {key}: {{{name}}} takes no format")


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    return tuple(value.items()) if isinstance(value, dict) else value

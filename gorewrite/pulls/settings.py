"""`[pull-requests]` of the configuration: what a repository wants its pull requests to look like.

Each key is described once, in the metadata of its field, as those of `gorewrite.config` are.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import Field, dataclass
from pathlib import Path
from typing import Any, Final

from gorewrite import configkeys
from gorewrite.config import Configurations
from gorewrite.configkeys import ConfigError, nearest
from gorewrite.configkeys import key as _key

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


def keys() -> dict[str, Field[Any]]:
    """See configkeys.keys."""
    return configkeys.keys(PullSettings)


def settings_of(table: Any) -> PullSettings:
    """What a parsed table stands for. Raises ConfigError without the path."""
    if not isinstance(table, dict):
        raise ConfigError("pull-requests must be a table")
    known = keys()
    values = configkeys.values(table, known, known)
    for key, each in known.items():
        if key in table and each.metadata["kind"] == "a template":
            _check(key, table[key])
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
    """Raises ConfigError for a template that cannot be filled in."""
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        raise ConfigError(f"{key}: {error}; a brace is written twice", (key,)) from None
    allowed = tuple(name for name in FIELDS if key != "prefix" or name != "prefix")
    for _, name, form, conversion in parts:
        if name is None:
            continue
        if name not in allowed:
            shown = f"{{{name}}}"
            raise ConfigError(f"{key}: unknown {shown}; {nearest(name, allowed)}", (key,))
        if form or conversion:
            raise ConfigError(f"{key}: {{{name}}} takes no format", (key,))

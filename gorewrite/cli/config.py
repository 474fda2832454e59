"""`gorewrite config`: the configuration in force, and the JSON Schema of the file."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import Field
from pathlib import Path
from typing import Any

import click

from gorewrite.cli.help import Sectioned
from gorewrite.cli.planning import Planning, Unusable, complete_files, planning_options
from gorewrite.config import FOR_ALL, Config, ConfigError, Origin, Settings, keys
from gorewrite.configkeys import IDENTITY, IMAGE, MIRROR, choices
from gorewrite.pulls.settings import FIELDS, PullSettings
from gorewrite.pulls.settings import keys as pull_keys


@click.command(cls=Sectioned, short_help="Show the configuration of a path, and where it is from.")
@click.argument("path", default=".", metavar="[PATH]", shell_complete=complete_files)
@click.option("--show", is_flag=True, help="Print the configuration in force at PATH (default).")
@click.option(
    "--get",
    type=click.Choice(list(keys())),
    metavar="KEY",
    help="Print the value of one key, for scripts.",
)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of gorewrite.toml.")
@planning_options
def config(path: str, show: bool, get: str | None, schema: bool, **options: Any) -> None:
    """Show the configuration of a Dockerfile or a directory, and where each value is from.

    With the options of a run, what they would change. The configuration is searched from PATH
    upward: gorewrite.toml, or [tool.gorewrite] in pyproject.toml.
    """
    if sum((schema, show, get is not None)) > 1:
        raise click.UsageError("--show, --get and --schema exclude each other")
    if schema:
        click.echo(json.dumps(json_schema(), indent=2))
        return
    if not Path(path).exists():
        raise Unusable(f"{path}: no such file or directory; check the path")
    planning = Planning((path,), options)
    try:
        if get is not None:
            click.echo(_toml(keys()[get], planning.base()))
        else:
            click.echo(_shown(path, planning))
    except ConfigError as error:
        raise Unusable(str(error)) from None


def _shown(path: str, planning: Planning) -> str:
    """Every key with its value and where that is from, as a table that is TOML."""
    settings, name = planning.configurations.settings(Path(path))
    config, options = planning.base(), planning.options
    rows = []
    for key, each in keys().items():
        origin = settings.origin(key, name or ".") if settings is not None else None
        value = _toml(each, config)
        rows.append((f"{key} = {value}", _told(origin, bool(options.get(each.name)))))
    file = os.path.relpath(settings.path) if settings is not None else "none; these are defaults"
    lines = [f"# {path}", f"# configuration: {file}"]
    lines += _aligned(rows)
    if settings is not None and settings.pull_requests is not None:
        lines += _pull_requests(settings, settings.pull_requests)
    if settings is not None and settings.overrides and name is None:
        lines.append("# Name a Dockerfile to see what [[overrides]] changes for it.")
    return "\n".join(lines)


def _pull_requests(settings: Settings, given: PullSettings) -> list[str]:
    """The table [pull-requests] with all its keys."""
    rows = []
    for key, each in pull_keys().items():
        origin = settings.origin(f"pull-requests.{key}", ".")
        rows.append((f"{key} = {_toml(each, given)}", _told(origin, False)))
    return ["", "[pull-requests]", *_aligned(rows)]


def _aligned(rows: Sequence[tuple[str, str]]) -> list[str]:
    """Lines of (assignment, where the value is from)."""
    width = min(max(len(row[0]) for row in rows), 32)
    return [f"{left:<{width}}  " + click.style(f"# {right}", dim=True) for left, right in rows]


def _told(origin: Origin | None, given: bool) -> str:
    place = f"{os.path.relpath(origin.path)}:{origin.line}" if origin is not None else "default"
    if origin is not None and origin.override is not None:
        place += f" for {', '.join(origin.override.paths)}"
    return f"command line, over {place}" if given else place


def _toml(key: Field[Any], config: Config | PullSettings) -> str:
    """The value of a key as the file would have it. Strings of TOML are like those of JSON."""
    value = _plain(key, getattr(config, key.name))
    if isinstance(value, dict):
        pairs = (f"{json.dumps(glob)} = {json.dumps(place)}" for glob, place in value.items())
        return f"{{ {', '.join(pairs)} }}" if value else "{}"
    return json.dumps(value, ensure_ascii=False)


#: The kinds of `gorewrite.config` as JSON Schema has them.
_STRING = {"type": "string"}
_TYPES: dict[str, dict[str, Any]] = {
    "true or false": {"type": "boolean"},
    "a string": _STRING,
    "an image": {"type": "string", "pattern": f"^(?:{IMAGE.pattern})$"},
    "a registry, or a place in one": {"type": "string", "pattern": f"^(?:{MIRROR.pattern})?$"},
    "a list of strings": {"type": "array", "items": _STRING},
    "a table of strings": {"type": "object", "additionalProperties": _STRING},
    "a number of bytes above 0": {"type": "integer", "exclusiveMinimum": 0},
    "a template": {
        "type": "string",
        "pattern": rf"^([^{{}}]|\{{\{{|\}}\}}|\{{({'|'.join(FIELDS)})\}})*$",
    },
    "a table of trailers": {
        "type": "object",
        "propertyNames": {"pattern": "^[A-Za-z0-9][A-Za-z0-9-]*$"},
        "additionalProperties": {"type": "string", "pattern": r"\S"},
    },
    "a name and an address, as `Name <name@example.com>`": {
        "type": "string",
        "pattern": f"^{IDENTITY.pattern}$",
    },
}


def json_schema() -> dict[str, Any]:
    """The JSON Schema of gorewrite.toml, which is that of `[tool.gorewrite]`, too.

    Draft 7: what editors of TOML read.
    """
    properties = {key: _property(each) for key, each in keys().items()}
    paths = {
        "description": "Globs of the Dockerfiles that it is for, relative to this file.",
        "type": "array",
        "items": _STRING,
        "minItems": 1,
    }
    override = {
        "type": "object",
        "required": ["paths"],
        "properties": {
            "paths": paths,
            **{
                key: {name: value for name, value in each.items() if name != "default"}
                for key, each in properties.items()
                if key not in FOR_ALL
            },
        },
        "additionalProperties": False,
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "gorewrite",
        "description": "The configuration of gorewrite, which rewrites Dockerfiles of Go services.",
        "type": "object",
        "properties": {
            **properties,
            "overrides": {
                "description": "Other values for the Dockerfiles that some globs match; later "
                "ones win.",
                "type": "array",
                "items": override,
            },
            "pull-requests": {
                "description": "What pull requests and their commits look like.",
                "type": "object",
                "properties": {key: _property(each) for key, each in pull_keys().items()},
                "additionalProperties": False,
            },
        },
        "additionalProperties": False,
    }


def _property(key: Field[Any]) -> dict[str, Any]:
    kind: str = key.metadata["kind"]
    words = choices(kind)
    shape = {"enum": words} if words else _TYPES[kind]
    return {"description": key.metadata["help"], **shape, "default": _plain(key, key.default)}


def _plain(key: Field[Any], value: Any) -> Any:
    """A value as JSON and TOML have it."""
    match key.metadata["kind"]:
        case "a list of strings":
            return list(value)
        case "a table of strings" | "a table of trailers":
            return dict(value)
    return value

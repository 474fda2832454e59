"""`gorewrite callers`: what is understood of those who build the Dockerfiles."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from gorewrite.cli.help import Sectioned

if TYPE_CHECKING:
    from gorewrite.callers.index import Index
    from gorewrite.callers.model import BuildCall

_WIDTH: Final = 80
_BUILDERS: Final = {
    "buildkit": "mounts caches",
    "classic": "the classic one, without mounts",
    "default": "that of the engine, not told",
    "never": "knows no mounts",
}


@click.command(cls=Sectioned, short_help="Show who builds each Dockerfile, and how.")
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
@click.option(
    "--output-format",
    type=click.Choice(["text", "json"]),
    metavar="FORMAT",
    default="text",
    show_default=True,
    help="text, or json (docs/callers.md).",
)
def callers(paths: tuple[Path, ...], output_format: str) -> None:
    """Show what compose files, Makefiles, scripts, CI and other callers were understood to build.

    PATH is a Dockerfile, or a directory to search; the current one unless given.

    \b
      gorewrite callers services/cart
      gorewrite callers --output-format json | jq '.dockerfiles[].callers[].file'
    """
    surveyed = _Surveyed(paths or (Path(),))
    if output_format == "json":
        import json

        click.echo(json.dumps(surveyed.document(), indent=2))
    else:
        for line in surveyed.lines():
            click.echo(line)


class _Surveyed:
    """The Dockerfiles at some paths with their callers. Raises click.UsageError."""

    def __init__(self, paths: Iterable[Path]) -> None:
        from gorewrite.config import ConfigError, load
        from gorewrite.discovery import DiscoveryError, Survey, repository_root

        survey = Survey()
        self.dockerfiles: dict[Path, Index] = {}
        self.indexes: dict[Path, Index] = {}
        for path in paths:
            try:
                config = load(path)
                base = config.path.parent if config.path is not None else None
                found = survey.find(path, config.exclude, base)
            except (ConfigError, DiscoveryError) as error:
                raise click.UsageError(str(error)) from None
            for file in found:
                top = repository_root(file.parent) or file.parent.resolve()
                self.indexes[top] = self.dockerfiles[file] = survey.index(top)

    def lines(self) -> Iterator[str]:
        """The text for people."""
        for file, index in self.dockerfiles.items():
            yield click.style(os.path.relpath(file), bold=True)
            calls = _distinct(index.building(file))
            if not calls:
                may = len(_distinct(index.may_build(file)))
                yield f"  no caller is understood{f', {may} may build it' if may else ''}"
            for call in calls:
                yield from _call(call)
            yield ""
        yield from self._rest()

    def _rest(self) -> Iterator[str]:
        loose = self._not_plain()
        if loose:
            yield click.style("Calls that do not say plainly what they build", bold=True)
            shown = [
                f"  {c.tool}, {c.file}:{c.line}: {c.written[1] or c.written[0]}" for c in loose
            ]
            yield from dict.fromkeys(line.removesuffix(": ") for line in shown)
            yield ""
        for index in self.indexes.values():
            for file in index.not_read:
                yield f"not read, too large or too many: {file}"
        total = len(self.dockerfiles)
        with_caller = sum(1 for file, index in self.dockerfiles.items() if index.building(file))
        yield f"{total} Dockerfile{'' if total == 1 else 's'}, {with_caller} with a caller"

    def _not_plain(self) -> tuple[BuildCall, ...]:
        found = (call for file, index in self.dockerfiles.items() for call in index.may_build(file))
        return _distinct(found)

    def document(self) -> dict[str, Any]:
        """The JSON, as docs/callers.md describes it."""
        return {
            "version": 1,
            "dockerfiles": [
                {
                    "path": os.path.relpath(file),
                    "repository": str(index.repository),
                    "callers": [_fields(call) for call in index.building(file)],
                    "may_build": [_fields(call) for call in index.may_build(file)],
                }
                for file, index in self.dockerfiles.items()
            ],
            "not_read": sorted({file for i in self.indexes.values() for file in i.not_read}),
        }


def _distinct(calls: Iterable[BuildCall]) -> tuple[BuildCall, ...]:
    """Without those that differ in nothing that is shown."""
    found = {(c.tool, c.file, c.line, c.context, c.target, c.args, c.written): c for c in calls}
    return tuple(found.values())


def _call(call: BuildCall) -> Iterator[str]:
    yield f"  {call.tool}, {call.file}:{call.line}"
    yield _row("context", call.context or f"not plain: {call.written[0]}")
    if call.target:
        yield _row("target", call.target)
    if call.args:
        given = (name if value is None else f"{name}={value}" for name, value in call.args)
        yield _row("args", ", ".join(given))
    if call.platforms:
        yield _row("platforms", ", ".join(call.platforms))
    if call.exports_layers:
        yield _row("also", "stores layers outside of the builder")
    if call.syncs:
        yield _row("also", "copies files into running containers")
    if call.ignores:
        yield _row("also", "leaves files out of the context")
    if call.named:
        yield _row("named", ", ".join(call.named))
    yield _row("builder", f"{call.builder.value}: {_BUILDERS[call.builder.value]}")
    because = call.builder_because
    if because is not None and because != call.evidence:
        yield _row("", str(because))


def _row(title: str, text: str) -> str:
    """A row that fits the width: what is too long is cut."""
    line = f"    {title:<9} {text}"
    return line if len(line) <= _WIDTH else line[: _WIDTH - 1] + "…"


def _fields(call: BuildCall) -> dict[str, Any]:
    because = call.builder_because
    return {
        "tool": call.tool,
        "file": call.file,
        "line": call.line,
        "text": call.text,
        "span": list(call.span),
        "context": call.context,
        "dockerfile": call.dockerfile,
        "written": {"context": call.written[0], "dockerfile": call.written[1]},
        "target": call.target,
        "args": [{"name": name, "value": value} for name, value in call.args],
        "platforms": list(call.platforms),
        "tags": list(call.tags),
        "builder": call.builder.value,
        "builder_because": str(because) if because is not None else None,
        "exports_layers": call.exports_layers,
        "syncs": call.syncs,
        "ignores": list(call.ignores),
        "named": list(call.named),
    }

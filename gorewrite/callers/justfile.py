"""Justfiles: the recipes of `just`.

Source: the just manual (recipe parameters, settings, working directory). Each line of a recipe is
a shell of its own in the directory of the justfile, unless the recipe begins with `#!`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

from gorewrite.callers import ci, places
from gorewrite.callers.excerpt import Document
from gorewrite.callers.model import BuildCall, Source
from gorewrite.callers.shellscript import Setting, commands

_ASSIGNED: Final = re.compile(r"(export\s+)?([A-Za-z_][\w-]*)\s*:=\s*(.*)")
_RECIPE: Final = re.compile(r"@?([A-Za-z_][\w-]*)((?:\s+[^:]*)?):(?!=).*")
_PARAMETER: Final = re.compile(r"[+*$]*([A-Za-z_][\w-]*)(?:=(\"[^\"]*\"|'[^']*'|\S+))?")
_DIRECTORY: Final = re.compile(r"\[working-directory:\s*['\"]([^'\"]*)['\"]\s*\]")
_EXPRESSION: Final = re.compile(r"\{\{\s*(.*?)\s*\}\}")
_QUOTED: Final = re.compile(r"\"([^\"\\$]*)\"|'([^']*)'")
_HERE: Final = frozenset({"justfile_directory()", "justfile_dir()", "source_directory()"})

Values = Mapping[str, str | None]


def calls(source: Source) -> Iterator[BuildCall]:
    """The builds of the recipes of a justfile."""
    document = Document(source.path, source.data)
    values: dict[str, str | None] = dict.fromkeys(_HERE, places.absolute(source.start))
    exported: dict[str, str | None] = {}
    own: Values = values
    cwd: str | None = places.absolute(source.start)
    directory = cwd
    at = 0
    lines = document.text.split("\n")
    for number, line in enumerate(lines):
        start, at = at, at + len(line) + 1
        if number and lines[number - 1].endswith("\\") and line.startswith((" ", "\t")):
            continue
        if line.startswith((" ", "\t")) and line.strip():
            end = _end(lines, number, start)
            text = document.excerpt(start, end)
            indent = len(line) - len(line.lstrip(" \t@-"))
            text = text.cut(indent, len(text.text))
            text = ci.substituted(text, _EXPRESSION, partial(_found, values=own))
            yield from commands(text, Setting(directory, exported), source)
        elif found := _ASSIGNED.match(line):
            values[found[2]] = _value(found[3], values)
            if found[1]:
                exported[found[2]] = values[found[2]]
        elif found := _DIRECTORY.match(line):
            place = places.join(source.start, found[1])
            directory = places.absolute(place) if place is not None else None
            continue
        elif found := _RECIPE.match(line):
            own = {**values, **_parameters(found[2], values)}
        if line and not line.startswith((" ", "\t", "[")) and not _RECIPE.match(line):
            directory = cwd


def _end(lines: list[str], number: int, start: int) -> int:
    """Where the line ends that begins at `start`, with those that continue it."""
    end = start + len(lines[number])
    while lines[number].endswith("\\") and number + 1 < len(lines):
        number += 1
        end += 1 + len(lines[number])
    return end


def _parameters(text: str, values: Values) -> dict[str, str | None]:
    return {
        found[1]: _value(found[2], values) if found[2] else None
        for found in _PARAMETER.finditer(text)
    }


def _found(found: re.Match[str], values: Values) -> str | None:
    return _value(found[1], values)


def _value(expression: str, values: Values) -> str | None:
    """The value of an expression: quoted texts, variables, joined by `+` or `/`."""
    parts = re.split(r"\s*(\+|/)\s*(?=(?:[^\"']|\"[^\"]*\"|'[^']*')*$)", expression.strip())
    found = ""
    for part in parts:
        quoted = _QUOTED.fullmatch(part)
        if part in ("+", "/"):
            found += "/" if part == "/" else ""
            continue
        value = (quoted[1] or quoted[2] or "") if quoted else values.get(part)
        if value is None:
            return None
        found += value
    return found

"""Entry points of the installed packages, read without importlib.metadata.

That module finds the same, but its import and its search cost about as much as everything that
is done for one small service. It is asked only where this reading finds nothing.
Source: Python Packaging User Guide, "Entry points specification".
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import reduce
from importlib import import_module
from typing import Any


def entry_points(group: str) -> dict[str, str]:
    """name -> `module:attribute` of each entry point of a group.

    Of a package that is on the path twice the first one counts, as for an import.
    """
    found: dict[str, str] = {}
    for place in distributions():
        found = {**_read(f"{place}/entry_points.txt", group), **found}
    if found:
        return found
    from importlib import metadata

    return {each.name: each.value for each in metadata.entry_points(group=group)}


def distributions() -> Iterator[str]:
    """The metadata directory of each installed distribution (`….dist-info`), in search order."""
    seen: set[str] = set()
    for place in sys.path:
        try:
            names = sorted(os.listdir(place or "."))  # noqa: PTH208 (the names are all it takes)
        except OSError:
            continue
        for name in names:
            package = name.partition("-")[0].lower().removesuffix(".egg-info")
            if name.endswith((".dist-info", ".egg-info")) and package not in seen:
                seen.add(package)
                yield f"{place or '.'}/{name}"


def load(value: str) -> Any:
    """What `module:attribute` names. Raises ImportError or AttributeError."""
    module, _, attribute = value.partition("[")[0].strip().partition(":")
    return reduce(getattr, attribute.strip().split("."), import_module(module.strip()))


def _read(path: str, group: str) -> dict[str, str]:
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123 (of all packages there are)
            lines = file.read().splitlines()
    except OSError:
        return {}
    found: dict[str, str] = {}
    section = ""
    for line in map(str.strip, lines):
        if line.startswith("["):
            section = line.strip("[]").strip()
        elif section == group and "=" in line and not line.startswith(("#", ";")):
            name, _, value = line.partition("=")
            found[name.strip()] = value.strip()
    return found

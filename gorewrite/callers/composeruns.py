"""Compose files that run go in a container, which then needs what the build has left in its layers.

A bounded search of lines; nothing found proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from gorewrite import files
from gorewrite.evidence import Evidence
from gorewrite.surroundings import Project

_LARGEST = 1 << 18
_RUNS_GO = re.compile(
    r"^\s*(?:command|entrypoint):.*\b(?:go\s+(?:run|test|build)|[\"']go[\"']\s*,|air|reflex|dlv"
    r"|CompileDaemon|realize|fresh|modd)\b"
)


def runs_go(project: Project) -> Iterator[Evidence]:
    """Where compose files at or above a Dockerfile start the go command or a reloader."""
    index = project.callers.index
    for shown in index.compose_files(project.path):
        file = index.repository / shown
        for number, text in _lines(file, _stamp(file)):
            yield Evidence(shown, number, text)


def _stamp(file: Path) -> tuple[int, int]:
    return files.stamp(file) or (0, 0)


@lru_cache(maxsize=512)
def _lines(file: Path, stamp: tuple[int, int]) -> tuple[tuple[int, str], ...]:
    """(number, text) of the lines that start go in a file as it was at `stamp`; () when it is too
    large to look at."""
    if stamp[1] > _LARGEST:
        return ()
    try:
        lines = files.read(file, _LARGEST).decode("utf-8", "replace").split("\n")
    except OSError:
        return ()
    return tuple(
        (number, line.strip()[:200])
        for number, line in enumerate(lines, 1)
        if _RUNS_GO.search(line) and not line.lstrip().startswith("#")
    )

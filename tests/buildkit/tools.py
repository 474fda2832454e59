"""Switches BuildKit on in the text of a caller, as its reader finds the calls."""

from __future__ import annotations

from importlib import import_module

from gorewrite.buildkit.model import Way, applied
from gorewrite.buildkit.ways import ways
from gorewrite.callers.formats import format_of
from gorewrite.callers.model import BuildCall, Source
from gorewrite.evidence import Unknown


def read(source: Source) -> tuple[BuildCall, ...]:
    """The calls of a caller."""
    form = format_of(source.path)
    assert form is not None
    return tuple(import_module(f"gorewrite.callers.{form.reader}").calls(source))


def ways_of(path: str, text: str) -> list[Way]:
    """How BuildKit is switched on for each call of a file, in the order of the calls."""
    found = ways(Source(path, text.encode()), read)
    return [found[span] for span in sorted(found)]


def switched(path: str, text: str) -> str:
    """The text with BuildKit switched on for all calls for which that can be done."""
    edits = []
    for way in ways_of(path, text):
        edits += way.shared or (() if isinstance(way.alone, Unknown) else way.alone)
    return applied(text.encode(), edits).decode()

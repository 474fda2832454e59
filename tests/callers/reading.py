"""What the tests of readers share."""

from __future__ import annotations

from importlib import import_module

from gorewrite.callers.model import BuildCall, Source


def calls(
    reader: str, path: str, text: str, start: str = ".", files: dict[str, str] | None = None
) -> list[BuildCall]:
    """What a reader tells of a file; `files` are those that it may read besides."""
    others = {name: content.encode() for name, content in (files or {}).items()}
    source = Source(path, text.encode(), start, others.get)
    return list(import_module(f"gorewrite.callers.{reader}").calls(source))


def places(found: list[BuildCall]) -> list[tuple[str | None, str | None]]:
    """(context, Dockerfile) of each call."""
    return [(call.context, call.dockerfile) for call in found]


def spanned(text: str, call: BuildCall) -> str:
    """What stands at the span of a call."""
    return text.encode()[slice(*call.span)].decode()

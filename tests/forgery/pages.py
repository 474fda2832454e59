"""Lists in pages, and times, as APIs write them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from tests.forgery.server import Request


def iso(seconds: float) -> str | None:
    """A time as APIs write it, by the second; None for 0."""
    if not seconds:
        return None
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def page(
    items: list[Any], request: Request, base: str, *, size: str, default: int, most: int
) -> tuple[list[Any], dict[str, str]]:
    """One page of a list, and the Link header that leads to the others.

    base: URL of the list without query; size: name of the parameter for the size of a page.
    """
    number = max(1, _number(request.query.get("page"), 1))
    length = min(most, max(1, _number(request.query.get(size), default)))
    last = max(1, -(-len(items) // length))

    def link(to: int, relation: str) -> str:
        given = {name: values[-1] for name, values in request.query.items()} | {"page": str(to)}
        pairs = "&".join(f"{quote(name)}={quote(value)}" for name, value in given.items())
        return f'<{base}?{pairs}>; rel="{relation}"'

    links = []
    if number > 1:
        links += [link(1, "first"), link(min(number - 1, last), "prev")]
    if number < last:
        links += [link(number + 1, "next"), link(last, "last")]
    headers = {"Link": ", ".join(links)} if links else {}
    return items[(number - 1) * length : number * length], headers


def _number(values: list[str] | None, default: int) -> int:
    text = values[-1] if values else ""
    return int(text) if text.isdecimal() else default

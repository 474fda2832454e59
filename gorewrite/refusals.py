"""The pages of the refusal codes: what a code means, an example, and what the owner can do.

What a code means stands in the docstring of the transform that gives it, under *When it does
nothing*; the rest in data/refusals.toml. A transform of a user's own is described by its docstring.
"""

from __future__ import annotations

import inspect
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from typing import NamedTuple

from gorewrite.transform import Transform

#: The refusal that the engine itself gives, in the name of any transform.
OPTED_OUT = "opted-out"
_CODE = r"`?[a-z][a-z0-9]*(?:-[a-z0-9]+)*`?"
_ITEM = re.compile(rf"- ({_CODE}(?:,\s+{_CODE})*):\s+(.+)", re.DOTALL)


class Page(NamedTuple):
    """What is to be said about a refusal. transform: `file` for those of a file as a whole.

    example, advice: "" when nobody has written them.
    """

    code: str
    transform: str
    means: str
    example: str
    advice: str


def pages(transforms: Sequence[Transform]) -> tuple[Page, ...]:
    """All pages: those of the file as a whole first, then by transform, in their order."""
    text = resources.files("gorewrite").joinpath("data/refusals.toml").read_text("utf-8")
    written: dict[str, dict[str, str]] = tomllib.loads(text)
    found = [_page("file", key.removeprefix("file/"), "", written) for key in _of_files(written)]
    for transform in transforms:
        codes = documented(transform)
        codes.pop(OPTED_OUT, None)
        found += [_page(transform.name, code, means, written) for code, means in codes.items()]
    return (*found, _page("every transform", OPTED_OUT, "", written))


def documented(transform: Transform) -> dict[str, str]:
    """Code → what it means, from the list under *When it does nothing* of the docstring."""
    text = inspect.getdoc(type(transform)) or ""
    section = text.partition("*When it does nothing*")[2].partition("\n*")[0]
    found: dict[str, str] = {}
    for paragraph in re.split(r"\n(?=- )|\n\n", section):
        item = _ITEM.match(paragraph.strip())
        if item is not None:
            means = " ".join(item.group(2).split())
            codes = [code.strip("` \n") for code in item.group(1).split(",")]
            found |= dict.fromkeys(codes, means[:1].upper() + means[1:])
    return found


def _of_files(written: Mapping[str, object]) -> Iterator[str]:
    return (key for key in written if key.startswith("file/"))


def _page(transform: str, code: str, means: str, written: Mapping[str, Mapping[str, str]]) -> Page:
    entry = written.get(f"{transform}/{code}") or written.get(code) or {}
    return Page(
        code,
        transform,
        entry.get("means", means).strip(),
        entry.get("example", "").strip("\n"),
        entry.get("do", "").strip(),
    )

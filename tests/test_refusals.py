"""Every refusal has a page, and every page a refusal."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from gorewrite.engine import available
from gorewrite.facts import Facts
from gorewrite.pulls.model import Action
from gorewrite.pulls.planning import NOT_VERIFIED, WAITS
from gorewrite.refusals import Page, documented, pages
from gorewrite.transform import Proposal, Transform

ROOT = Path(__file__).parent.parent
SOURCES = [*ROOT.glob("gorewrite/**/*.py"), *ROOT.glob("transforms/*.py")]
PAGES = pages(available())
CODES = {page.code for page in PAGES}
_SAYS = {
    *("Refusal", "Refused", "refuse", "_refuse", "_refused"),
    *("NoRuntime", "Conflict", "Incomplete", "Decision"),
}
#: What stands in the same places: the pseudo-transform, what a `Decision` is, and what is done
#: about a pull request.
_NO_CODES = {"file", "refused", "review", "safe", *get_args(Action)}
_CODE = re.compile(r"[a-z]+(-[a-z0-9]+)*")


def said(path: Path) -> Iterator[str]:
    """The codes that the code of a module names where it refuses something."""
    for node in ast.walk(ast.parse(path.read_text())):
        words: list[ast.expr] = []
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func
            name = name.id if isinstance(name, ast.Name) else name
            words = node.args[:3] if name in _SAYS else []
        elif isinstance(node, ast.Tuple) and len(node.elts) == 3:
            message = node.elts[1]
            if isinstance(message, ast.Name) and message.id == "message":
                words = node.elts[:1]
        for word in words:
            if isinstance(word, ast.Constant) and isinstance(word.value, str):
                code = _CODE.fullmatch(word.value)
                if code and word.value not in _NO_CODES:
                    yield word.value


def test_every_code_in_the_sources_has_a_page() -> None:
    found = {code: path.name for path in SOURCES for code in said(path)}
    assert {"cgo-required", "build-settings", "auth-inline", "template", "odd-path"} <= set(found)
    found |= dict.fromkeys((NOT_VERIFIED, WAITS), "planning.py")
    assert {code: name for code, name in found.items() if code not in CODES} == {}


def test_every_code_in_golden_reports_has_a_page() -> None:
    for path in ROOT.glob("golden/*/*/report.json"):
        for refusal in json.loads(path.read_text()).get("refusals", ()):
            code, name = refusal["code"], refusal["transform"]
            owners = {page.transform for page in PAGES if page.code == code}
            assert owners & {name, "every transform"}, (code, name, path)


def test_every_page_is_of_a_code_in_the_sources() -> None:
    text = "\n".join(path.read_text() for path in SOURCES)
    assert {page.code for page in PAGES if f'"{page.code}"' not in text} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.transform}/{page.code}")
def test_page_is_whole(page: Page) -> None:
    code, _, means, example, advice = page
    assert re.match(r"[A-Z`0-9].{20,}\.$", means, re.DOTALL), code
    assert example, code
    assert re.match(r"[A-Z`].{15,}[.`]$", advice, re.DOTALL), code


class Own(Transform):
    """A transform of a user's own.

    *When it does nothing*

    In these cases:

    - `too-warm`, too-cold: it is not the
      weather for it.
    - no list item

    *Safety*

    - not-this: one.
    """

    name, summary, before, after = "own", "", "", ""

    def propose(self, facts: Facts) -> Iterator[Proposal]:
        yield from ()


def test_a_transform_of_a_users_own() -> None:
    means = "It is not the weather for it."
    assert documented(Own()) == {"too-warm": means, "too-cold": means}
    first, second, *_ = pages([Own()])[-3:]
    assert (first.code, first.transform, first.means) == ("too-warm", "own", means)
    assert (second.example, second.advice) == ("", "")

"""docs/hazards.md is true: what a row says is what its cases show."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gorewrite.engine import available
from gorewrite.refusals import pages
from tests.golden import ROOT as GOLDEN
from tests.golden import cases

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "hazards.md"
SERVICES = TESTS / "e2e" / "services"
#: Left alone because the owner asked for it, or because there is nothing to do: no hazard.
NO_HAZARD = {"opted-out", "no-requirements"}


@dataclass(frozen=True)
class Row:
    """One hazard: what gorewrite does (Markdown), and the names of the cases that show it."""

    line: int
    does: str
    cases: tuple[str, ...]

    @property
    def refused(self) -> set[str]:
        found = re.findall(r"[Rr]efused \(([^)]*)\)", self.does)
        return {code for codes in found for code in re.findall(r"`([^`]+)`", codes)}

    @property
    def shown(self) -> Iterator[Path]:
        """The files in which the cases say what came of them, but those of unit tests."""
        for name in self.cases:
            if name.startswith("e2e/"):
                yield SERVICES / name.removeprefix("e2e/") / "case.toml"
            elif "::" not in name:
                yield GOLDEN / name / "report.json"


def rows() -> list[Row]:
    found = []
    for number, line in enumerate(PAGE.read_text().splitlines(), 1):
        if line.startswith("| ") and not line.startswith("| hazard |"):
            _, _, does, named, _ = line.split("|")
            found.append(Row(number, does.strip(), tuple(re.findall(r"`([^`]+)`", named))))
    return found


ROWS = rows()
CODES = {page.code for page in pages(available())}


@pytest.fixture(params=ROWS, ids=lambda row: f"line-{row.line}")
def row(request: pytest.FixtureRequest) -> Row:
    found: Row = request.param
    return found


def report(path: Path) -> Any:
    return json.loads(path.read_text())


def codes(path: Path) -> set[str]:
    """The refusals that a case shows."""
    if path.name == "case.toml":
        return {code.partition(":")[2] for code in tomllib.loads(path.read_text())["refused"]}
    return {refusal["code"] for refusal in report(path).get("refusals", ())}


def reviewed(path: Path) -> bool:
    """Whether a golden case shows a change that is for review."""
    changes = report(path).get("changes", ()) if path.suffix == ".json" else ()
    return any(change["safety"] == "review" for change in changes)


def test_cases_are_there(row: Row) -> None:
    assert row.cases or row.does.startswith("Out of scope: ")
    assert len(set(row.cases)) == len(row.cases)
    assert [path for path in row.shown if not path.is_file()] == []
    for name in row.cases:
        file, is_test, function = name.partition("::")
        if is_test:
            tree = ast.parse((TESTS / file).read_text())
            assert function in {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}


def test_codes_are_those_of_the_cases(row: Row) -> None:
    assert row.refused <= CODES
    only_unit_tests = not any(row.shown)
    assert only_unit_tests or row.refused <= {code for path in row.shown for code in codes(path)}


def test_what_is_for_review_is_shown(row: Row) -> None:
    if re.search(r"\b[Ff]or review\b", row.does) and any(row.shown):
        assert any(reviewed(path) for path in row.shown)


def test_every_refusal_and_every_review_is_a_hazard() -> None:
    named = {name for row in ROWS for name in row.cases}
    missing = [
        case.id
        for case in cases()
        if (codes(case.path / "report.json") - NO_HAZARD or reviewed(case.path / "report.json"))
        and case.id not in named
    ]
    assert missing == []

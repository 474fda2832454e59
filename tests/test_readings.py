"""What holds in all builds that callers ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from gorewrite.dockerfile import parse
from gorewrite.evidence import Evidence
from gorewrite.facts import Facts
from gorewrite.readings import Readings, agreed
from gorewrite.transform import Change, Proposal, Refusal, Safety
from tests.repositories import SHOP, facts_of

TEXT = "FROM golang:1.25\nARG MODE=plain\nRUN echo $MODE\nCMD x\n"
CALLER = {"Makefile": "image:\n\tdocker build --build-arg MODE=odd .\n"}


def readings(top: Path, text: str = TEXT, files: Mapping[str, str] = CALLER) -> Readings:
    facts = facts_of(top, text, {**SHOP, **files})
    return Readings.of(parse(text), facts.project)


def mode(facts: Facts) -> str | None:
    return facts.final.end.args["MODE"]


def change(facts: Facts, keyword: str, text: str, safety: Safety = Safety.SAFE) -> Change:
    """The instruction with a keyword replaced by a text."""
    node = next(i for i in facts.dockerfile.instructions if i.keyword == keyword)
    new = tuple(parse(f"{text}\n").body)
    return Change(node, new, safety, "do it", (facts.at(node),))


def refusal(facts: Facts, keyword: str) -> Refusal:
    node = next(i for i in facts.dockerfile.instructions if i.keyword == keyword)
    return Refusal(node, "not-here", "it cannot be")


def told(proposals: Sequence[Proposal]) -> list[tuple[str, str, str]]:
    """(code or safety, message, the first new line)"""
    return [
        (p.code, p.message, "")
        if isinstance(p, Refusal)
        else (str(p.safety), p.message, p.replacement[0].source.strip())
        for p in proposals
    ]


def test_each_build_is_read(tmp_path: Path) -> None:
    assert [mode(facts) for facts in readings(tmp_path).every] == ["plain", "odd"]


def test_one_build_is_asked_once(tmp_path: Path) -> None:
    asked: list[Facts] = []

    def ask(facts: Facts) -> list[Proposal]:
        asked.append(facts)
        return []

    agreed(ask, readings(tmp_path, files={}))
    assert len(asked) == 1


def test_the_same_in_all(tmp_path: Path) -> None:
    found = agreed(lambda f: [change(f, "RUN", "RUN y")], readings(tmp_path))
    assert told(found) == [("safe", "do it", "RUN y")]


def test_less_sure_in_another(tmp_path: Path) -> None:
    def ask(facts: Facts) -> list[Proposal]:
        return [change(facts, "RUN", "RUN y", Safety(1 + (mode(facts) == "plain")))]

    found = agreed(ask, readings(tmp_path))
    assert told(found) == [("review", "do it", "RUN y")]
    assert found[0].because[0] == Evidence("Makefile", 2, "docker build --build-arg MODE=odd .")


def test_otherwise_in_another(tmp_path: Path) -> None:
    def ask(facts: Facts) -> list[Proposal]:
        return [change(facts, "RUN", f"RUN {mode(facts)}")] if mode(facts) else []

    message = "do it; to be reviewed: with MODE=odd it comes out otherwise"
    assert told(agreed(ask, readings(tmp_path))) == [("review", message, "RUN plain")]


def test_refused_in_another(tmp_path: Path) -> None:
    def ask(facts: Facts) -> list[Proposal]:
        plain = mode(facts) == "plain"
        return [change(facts, "RUN", "RUN y") if plain else refusal(facts, "RUN")]

    # Who knows less does not know better.
    expected = [("not-here", "it cannot be (with MODE=odd)", "")]
    assert told(agreed(ask, readings(tmp_path))) == expected


def test_what_is_right_for_all_takes_its_place(tmp_path: Path) -> None:
    def ask(facts: Facts) -> list[Proposal]:
        return [change(facts, "CMD", "CMD y"), change(facts, "RUN", f"RUN {mode(facts)}")]

    expected = [("safe", "do it", "CMD y"), ("safe", "do it", "RUN None")]
    assert told(agreed(ask, readings(tmp_path))) == expected


@pytest.mark.parametrize("value", ["1.24", "${{ matrix.go }}"])
def test_base_images_are_not_unknown(tmp_path: Path, value: str) -> None:
    text = TEXT.replace("FROM", "ARG GO=1.25\nFROM").replace(":1.25", ":$GO")
    files = {"compose.yaml": f"services: {{a: {{build: {{context: ., args: {{GO: '{value}'}}}}}}}}"}
    read = readings(tmp_path, text, files)
    assert len(read.every) == 2
    assert read.unknown is None

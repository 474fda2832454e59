"""Stages as views of the body."""

from __future__ import annotations

import pytest

from gorewrite.dockerfile import global_values, image_named, parse, stages


def test_comments_above() -> None:
    (stage,) = stages(parse("FROM a\n# far\n\n# near\n# nearer\nRUN b\nRUN c\n"))
    first, second = stage.instructions
    assert [c.text for c in stage.comments_above(first)] == ["# near", "# nearer"]
    assert stage.comments_above(second) == ()
    assert stage.set_apart(first)
    assert not stage.set_apart(second)


def test_each_stage_has_what_follows_its_from() -> None:
    tree = parse("ARG V=1\n# a\nFROM a AS First\nRUN b\n\n# c\nFROM first\nFROM d\nRUN e\n# f\n")
    found = stages(tree)
    assert [stage.name for stage in found] == ["first", None, None]
    assert [[i.source for i in stage.instructions] for stage in found] == [
        ["RUN b\n"],
        [],
        ["RUN e\n"],
    ]
    assert [len(stage.nodes) for stage in found] == [4, 1, 3]
    assert [stage.nodes[0] for stage in found] == [stage.from_ for stage in found]


def test_without_from_there_is_none() -> None:
    assert stages(parse("ARG V=1\n")) == ()


@pytest.mark.parametrize(("text", "expected"), [("FROM a\n", "RUN"), ("from a\n", "run")])
def test_letter_case(text: str, expected: str) -> None:
    (stage,) = stages(parse(text))
    assert stage.cased("RUN") == expected


ARGS = "ARG A\nARG B=b\nARG C=$B-$A\nFROM x\nARG B=other\n"


def test_global_values() -> None:
    assert global_values(parse(ARGS)) == {"A": None, "B": "b", "C": None}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("golang", "golang"),
        ("host:5000/golang:1.25", "host:5000/golang:1.25"),
        ("${A:-golang:1.25}", "golang:1.25"),
        ("golang:1.25${A}", "golang:1.25"),
        ("golang:1-$B@sha256:ab", "golang:1-b@sha256:ab"),
        ("golang:${A}", None),
        ("golang:${A}-alpine", None),
        ("${A}/golang", None),
        ("$A", None),
        ("$C", None),
        ("$UNDECLARED", None),
    ],
)
def test_image_named(raw: str, expected: str | None) -> None:
    assert image_named(parse(ARGS), raw) == expected

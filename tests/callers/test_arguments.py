"""Which builds of a Dockerfile callers ask for, as far as build arguments tell them apart."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from gorewrite.callers.arguments import Given, builds, together
from gorewrite.callers.model import BuildCall
from gorewrite.dockerfile import parse
from gorewrite.evidence import Evidence


def call(line: int, **args: str | None) -> BuildCall:
    return BuildCall(
        "docker build", "Makefile", line, "", (0, 0), ".", None, args=tuple(args.items())
    )


def found(text: str, *calls: BuildCall) -> list[Mapping[str, str | None]]:
    return [each.values for each in builds(parse(text.encode()), calls)]


BASE = "ARG GO=1.25\nFROM golang:${GO}\n"


@pytest.mark.parametrize(
    ("text", "calls", "expected"),
    [
        (BASE, [], [{}]),
        (BASE, [call(1)], [{}]),
        (BASE, [call(1, GO="1.25")], [{}]),
        (BASE, [call(1, GO="1.24")], [{}, {"GO": "1.24"}]),
        (BASE, [call(1, GO="1.24"), call(2, GO="1.24")], [{}, {"GO": "1.24"}]),
        # Not plain: it may be anything.
        (BASE, [call(1, GO=None)], [{}, {"GO": None}]),
        (BASE, [call(1, OTHER="x")], [{}]),
        # Nothing but labels and the like has it.
        (BASE + "ARG REV\nLABEL rev=$REV\n", [call(1, REV="a")], [{}]),
        (BASE + "ARG REV\nRUN echo $REV\n", [call(1, REV="a")], [{}, {"REV": "a"}]),
        # As unknown as before.
        (BASE + "ARG REV\nRUN echo $REV\n", [call(1, REV=None)], [{}]),
        # No command names it, and yet the go command reads it.
        (BASE + "ARG CGO_ENABLED=0\n", [call(1, CGO_ENABLED="1")], [{}, {"CGO_ENABLED": "1"}]),
        # Two defaults: it differs from one of them.
        ("ARG A=1\nFROM x:$A\nARG A=2\n", [call(1, A="2")], [{}, {"A": "2"}]),
    ],
)
def test_builds(
    text: str, calls: list[BuildCall], expected: list[Mapping[str, str | None]]
) -> None:
    assert found(text, *calls) == expected


@pytest.mark.parametrize(
    "text",
    [
        "ARG X\nFROM golang:$X\n",
        "FROM golang\nARG X\nCOPY services/${X} .\n",
        "FROM golang\nARG X\nWORKDIR /src/$X\n",
        "FROM golang\nARG X\nRUN go build ./cmd/$X\n",
        "FROM golang\nARG X\nRUN cd ${X}/cmd && go build\n",
    ],
)
def test_what_has_to_be_set_is_set_by_callers(text: str) -> None:
    assert found(text, call(1, X="a"), call(2, X="b")) == [{"X": "a"}, {"X": "b"}]
    # Who builds without it is taken at his word.
    assert found(text, call(1, X="a"), call(2)) == [{}, {"X": "a"}]


def test_flags_may_be_left_out() -> None:
    text = "FROM golang\nARG FLAGS\nRUN go build $FLAGS -o /app\n"
    assert found(text, call(1, FLAGS="-race")) == [{}, {"FLAGS": "-race"}]


def test_many_builds_are_one_of_which_nothing_is_known() -> None:
    text = "FROM golang\nARG A=0\nARG B=0\nRUN x $A $B\n"
    calls = [call(n, A=str(n), B="1") for n in range(1, 20)]
    assert found(text, *calls) == [{}, {"A": None, "B": "1"}]


def test_together() -> None:
    where = Evidence("Makefile", 1, "")
    both = together([Given({"A": "1", "B": "2"}), Given({"A": "1"}, (where,))])
    assert both == Given({"A": "1", "B": None}, (where,))
    assert str(both) == "A=1, B"

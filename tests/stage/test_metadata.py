"""The configuration of a stage, written again in another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.stage.images import DEFAULT_PATH
from gorewrite.stage.metadata import CannotMove, Moved, move, quote
from tests.repositories import facts_of

TOP = "FROM golang:1.24\nWORKDIR /app\nCOPY . .\nRUN go build -o shop .\n"


def moved(top: Path, lines: str, *read: str, exec_form: bool = True) -> Moved:
    stage = facts_of(top, f"{TOP}{lines}\n").final
    env = {"PATH": DEFAULT_PATH}
    return move(stage, frozenset(read), env, exec_form=exec_form, program=lambda word: None)


@pytest.mark.parametrize("lines", ["", "ENV GOFLAGS=-v", "USER root", "ARG V=1", "WORKDIR /x"])
def test_nothing_to_say_again(tmp_path: Path, lines: str) -> None:
    assert moved(tmp_path, lines).lines == []


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("ENV A=1", ["ENV A=1"]),
        ("ENV A='x y' \\\n    B=2", ["ENV A='x y' \\\n    B=2"]),
        ("ENV A=1\nENV A=2", ["ENV A=2"]),
        ("ENV A=1\nENV B=$A", ["ENV A=1", "ENV B=$A"]),
        ("ENV A=1 GOOS=linux", ["ENV A=1"]),
        ("ENV A=1 B=2\nENV B='3 $x'", ["ENV A=1", "ENV B='3 $x'"]),
        ("ENV A=$GOPATH/x", ["ENV A=/go/x"]),
        ("ENV PATH=/app:$PATH", ["ENV PATH=/app:$PATH"]),
        ("ENV PATH=$GOPATH/bin:$PATH", []),
        ("ENV A=$PATH:/x", [f"ENV A=/go/bin:/usr/local/go/bin:{DEFAULT_PATH}:/x"]),
        ("ENV PATH=/x\nENV A=$PATH:/y", ["ENV PATH=/x", "ENV A=$PATH:/y"]),
        ("ARG V=1\nENV A=$V", ["ARG V=1", "ENV A=$V"]),
        ("ARG V\nLABEL a=$V b=$V", ["ARG V", "LABEL a=$V b=$V"]),
        ("ENV GOOS=linux\nLABEL os=$GOOS", ["ENV GOOS=linux", "LABEL os=$GOOS"]),
        ("LABEL a=1\nLABEL b=2", ["LABEL a=1", "LABEL b=2"]),
        ("CMD a\nCMD b -c", ['CMD ["b", "-c"]']),
        ("cmd b $X", ["cmd b $X"]),
        ('ENTRYPOINT [ "a" ]', ['ENTRYPOINT [ "a" ]']),
        ('ENTRYPOINT ["a"]\nCMD b c', ['ENTRYPOINT ["a"]', "CMD b c"]),
        ("HEALTHCHECK NONE\nSTOPSIGNAL 9", ["HEALTHCHECK NONE", "STOPSIGNAL 9"]),
        ("USER a\nUSER b", ["USER b"]),
        ("USER a\nUSER root", []),
    ],
)
def test_moved(tmp_path: Path, lines: str, expected: list[str]) -> None:
    assert [text for text, _ in moved(tmp_path, lines).lines] == expected


def test_label_of_a_value_that_the_runtime_lacks(tmp_path: Path) -> None:
    with pytest.raises(CannotMove, match="PATH is another one"):
        moved(tmp_path, "LABEL path=$PATH")


def test_build_variable_that_the_program_reads(tmp_path: Path) -> None:
    assert [t for t, _ in moved(tmp_path, "ENV GOFLAGS=-v", "GOFLAGS").lines] == ["ENV GOFLAGS=-v"]


def test_shell_form_stays_where_there_is_a_shell(tmp_path: Path) -> None:
    lines = 'SHELL ["/bin/bash", "-c"]\nCMD b c'
    found = moved(tmp_path, lines, exec_form=False)
    assert [text for text, _ in found.lines] == ['SHELL ["/bin/bash", "-c"]', "CMD b c"]
    assert found.declares == set()
    assert moved(tmp_path, "CMD b c").declares == {"cmd"}


def test_value_that_is_not_known(tmp_path: Path) -> None:
    with pytest.raises(CannotMove, match=r"the value of \$NOWHERE is not known"):
        moved(tmp_path, "LABEL a=$NOWHERE")


def test_what_the_builder_needs_stays(tmp_path: Path) -> None:
    """ENV in front of a RUN is not taken away, ENV behind the last one is."""
    found = moved(tmp_path, "ENV A=1\nRUN x\nENV B=2\n# why\nWORKDIR /x\nWORKDIR /y\nCMD b")
    assert [i.source for i in found.removed] == ["ENV B=2\n", "WORKDIR /y\n", "CMD b\n"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        ("", '""'),
        ("a b", '"a b"'),
        ('a"b', '"a\\"b"'),
        ("$a", '"\\$a"'),
        ("a\\b", '"a\\\\b"'),
        ("/a:/b,c=d%e+f@g", "/a:/b,c=d%e+f@g"),
        ("ä'", '"ä\'"'),
    ],
)
def test_quote(tmp_path: Path, value: str, text: str) -> None:
    assert quote(value) == text
    stage = facts_of(tmp_path, f"FROM alpine\nENV A={text}\n").final
    assert stage.end.env["A"] == value

"""Plain lists are read without the parser, as the parser reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorewrite.shell.parse import by_grammar
from gorewrite.shell.plain import plain_list

WORDS = """a go build export unset time in do done if2 . ./a / -x --x=y X=1 a+=b 1 0x1 , a,b a=b :
@a a@b %1 x%y ^a + -- a/b.c == =z z= _ 8080:80 -ldflags=-s,-w && & a&b &&b""".split()


@pytest.mark.parametrize(
    "text",
    [
        "go mod download",
        "  go build -o /bin/app ./cmd/app\t",
        "mkdir -p /app   && chown app:app /app && GOOS go version",
    ],
)
def test_as_the_parser_reads_it(text: str) -> None:
    assert plain_list(text) == by_grammar(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a &",
        "a &&",
        "&& a",
        "a&&b",
        "a\nb",
        "a || b",
        "a; b",
        "a > b",
        "a $B",
        "a *",
        "a ~",
        "a # b",
        "a 'b'",
        "A=1 a",
        "export A",
        "if a && fi",
        "echo done",
        "! a",
        "a\\ b",
        "é",
    ],
)
def test_everything_else_is_left_to_the_parser(text: str) -> None:
    assert plain_list(text) is None


@given(
    st.one_of(
        st.lists(st.sampled_from([*WORDS, " ", "\t"])).map(" ".join),
        st.text("ab01_./:@%+,=^- &", max_size=12),
    )
)
def test_what_is_plain_means_the_same(text: str) -> None:
    found = plain_list(text)
    assert found is None or found == by_grammar(text)

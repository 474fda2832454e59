"""Edits by span and quoting."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorewrite.shell import Script, apply_edits, parse, quote


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ([], "go build ."),
        ([(0, 0, "A=b ")], "A=b go build ."),
        ([(10, 10, " ;")], "go build . ;"),
        ([(9, 10, "./x"), (3, 8, "install")], "go install ./x"),
        ([(3, 3, "a"), (3, 3, "b"), (3, 8, "c")], "go abc ."),
        ([(2, 8, "")], "go ."),
    ],
)
def test_apply_edits(edits: list[tuple[int, int, str]], expected: str) -> None:
    assert apply_edits("go build .", edits) == expected


@pytest.mark.parametrize(
    "edits", [[(0, 3, ""), (2, 4, "")], [(5, 4, "")], [(0, 99, "")], [(-1, 0, "")]]
)
def test_edits_that_do_not_fit_are_an_error(edits: list[tuple[int, int, str]]) -> None:
    with pytest.raises(ValueError, match="overlaps"):
        apply_edits("go build", edits)


@given(st.text(), st.lists(st.integers(0, 40), max_size=6), st.text(max_size=3))
def test_apply_edits_keeps_the_rest(text: str, cuts: list[int], new: str) -> None:
    ends = sorted({min(cut, len(text)) for cut in cuts})
    spans = list(zip(ends[::2], ends[1::2], strict=False))
    kept, at = [], 0
    for start, end in spans:
        kept += [text[at:start], new]
        at = end
    assert apply_edits(text, [(s, e, new) for s, e in reversed(spans)]) == "".join(
        [*kept, text[at:]]
    )


@given(st.text(st.characters(exclude_characters="\0")))
def test_a_quoted_value_is_read_back(value: str) -> None:
    script = parse("x " + quote(value))
    assert isinstance(script, Script)
    (command,) = script.commands()
    assert command.argv == ("x", value)


@pytest.mark.parametrize(
    ("value", "quoted"),
    [
        ("a", "a"),
        ("./cmd/x", "./cmd/x"),
        ("", "''"),
        ("a b", "'a b'"),
        ("it's", "'it'\\''s'"),
        ("~", "'~'"),
    ],
)
def test_quote(value: str, quoted: str) -> None:
    assert quote(value) == quoted

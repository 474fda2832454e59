"""reviewdog's format: the ranges of its suggestions apply exactly."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from gorewrite.formats import rdjson
from tests.formats.documents import MIXED, change, document, file, refusal
from tests.formats.test_edits import TEXTS


def diagnostics(*files: dict[str, Any]) -> list[dict[str, Any]]:
    found = json.loads(rdjson.render(document(*files)))["diagnostics"]
    assert isinstance(found, list)
    return found


def applied(old: str, suggestions: list[dict[str, Any]]) -> str:
    """What reviewdog.proto says: columns are bytes; without them whole lines but the last end."""
    data = old.encode()
    lines = data.split(b"\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)

    def offset(position: dict[str, int], end: bool) -> int:
        number = position["line"]
        if "column" in position:
            return starts[number - 1] + position["column"] - 1
        return starts[number - 1] + (len(lines[number - 1].removesuffix(b"\r")) if end else 0)

    parts, done = [], 0
    for each in suggestions:
        start = offset(each["range"]["start"], end=False)
        assert start >= done
        parts += [data[done:start], each["text"].encode()]
        done = offset(each["range"]["end"], end=True)
    return b"".join([*parts, data[done:]]).decode()


@given(TEXTS, TEXTS)
def test_suggestions_give_the_new_file(old: str, new: str) -> None:
    # A last line that ends in CR without LF has no line end that reviewdog would know.
    old = old.removesuffix("\r")
    found = diagnostics(file("x", change(), old=old.encode(), new=new.encode()))
    made = [each["suggestions"][0] for each in found if "suggestions" in each]
    assert applied(old, made) == new


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("a\nb\nc\n", "a\nx\nc\n", ({"line": 2}, {"line": 2}, "x")),
        ("a\r\nb\r\n", "a\r\nx\r\ny\r\n", ({"line": 2}, {"line": 2}, "x\r\ny")),
        ("a\nb\n", "a\nx\nb\n", ({"line": 2, "column": 1}, {"line": 2, "column": 1}, "x\n")),
        ("a\nb\nc\n", "a\nc\n", ({"line": 2}, {"line": 3}, "c")),
        ("a\nb\n", "a\n", ({"line": 1}, {"line": 2}, "a")),
        ("a\nb\n", "a\nb", ({"line": 2, "column": 1}, {"line": 3, "column": 1}, "b")),
        ("é", "x\n", ({"line": 1, "column": 1}, {"line": 1, "column": 3}, "x\n")),
        ("a", "b", ({"line": 1}, {"line": 1}, "b")),
    ],
)
def test_ranges(old: str, new: str, expected: tuple[Any, Any, str]) -> None:
    said = change(line=2 if len(old) > 1 else 1)
    (found,) = diagnostics(file("x", said, old=old.encode(), new=new.encode()))
    (suggestion,) = found["suggestions"]
    assert suggestion == {
        "range": {"start": expected[0], "end": expected[1]},
        "text": expected[2],
    }
    # GitHub takes a suggestion for the lines that the comment is about, and no others.
    assert found["location"]["range"] == suggestion["range"]


def test_changes_are_told_where_they_are() -> None:
    old, new = b"FROM a\nx\ny\nz\nRUN b\n", b"FROM a AS c\nx\ny\nz\nRUN d\n"
    said = (change(line=1), change("build-flags", 5, message="flag it"), change("x", 3), refusal())
    found = diagnostics(file("x", *said, old=old, new=new))
    assert [(each["code"]["value"], each["message"]) for each in found] == [
        ("gorewrite/split-stages", "split it (suggestion 1 of 2, apply all or none)"),
        ("gorewrite/build-flags", "flag it (suggestion 2 of 2, apply all or none)"),
        ("gorewrite/x", "split it"),
        ("gorewrite/hoist-modules/no-go-mod", "no"),
    ]


def test_no_suggestion_of_what_is_no_utf8_or_failed() -> None:
    found = diagnostics(file("x", change(), old=b"\xfe\n", new=b"\xff\n"))
    assert [each.keys() & {"suggestions"} for each in found] == [set()]
    held = [each for each in diagnostics(*MIXED["files"]) if "held" in each["location"]["path"]]
    assert [each["severity"] for each in held] == ["ERROR", "WARNING"]
    assert not any("suggestions" in each for each in held)

"""Texts of a repository within Markdown."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from gorewrite.pulls.markup import bare, barless, code, fenced, marker, prose, quiet, read_marker
from tests.pulls.groups_made import HOSTILE

#: GitLab's default pattern, as far as a reference follows the word (settings of issue closing).
CLOSES = re.compile(
    r"\b(?:clos(?:e[sd]?|ing)|fix(?:e[sd]|ing)?|resolv(?:e[sd]?|ing)|implement(?:s|ed|ing)?):?"
    r" +(?:issues? +)?(?:\S*[#!]\d|https?://)",
    re.IGNORECASE,
)
TEXTS = st.text(
    st.one_of(
        st.sampled_from(list("`@#!|<>[]()*_~$&\\/:.,;'\"- \n\r\t-abAB12\u202e\u200b\0")),
        st.characters(),
    ),
    max_size=40,
)


def inline(text: str) -> list[Token]:
    (_, found, _) = MarkdownIt("commonmark").enable("table").parse(text)
    return found.children or []


@given(TEXTS)
def test_code_is_one_span_that_shows_the_text(text: str) -> None:
    span = code(text)
    if not text:
        assert span == ""
        return
    (found,) = inline(span) if text.strip() else (None,)
    if found is not None:
        assert found.type == "code_inline"
        assert found.content.strip() == quiet(text).strip()


@given(TEXTS)
def test_prose_has_nothing_but_words_and_code(text: str) -> None:
    said = prose(text)
    if not said:
        return
    tokens = inline(f"word {said} word")
    assert {token.type for token in tokens} <= {"text", "code_inline"}
    plain = "".join(token.content for token in tokens if token.type == "text")
    assert re.fullmatch(r"[A-Za-z0-9 ,;:.()'–-]*", plain)
    assert "\n" not in said and not CLOSES.search(said)


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (
            'add CGO_ENABLED=0 GOOS=linux, -trimpath and -ldflags="-s -w"',
            'add `CGO_ENABLED=0 GOOS=linux`, `-trimpath` and `-ldflags="-s -w"`',
        ),
        (
            "install no more (--no-install-recommends)",
            "install no more (`--no-install-recommends`)",
        ),
        (
            "set A=1 for `docker build` in Makefile:3",
            "set `A=1` for `docker build` in `Makefile:3`",
        ),
        ("put it on alpine:3.22; to be reviewed: x", "put it on `alpine:3.22`; to be reviewed: x"),
        ("create .dockerignore: .git, *.md", "create `.dockerignore`: `.git`, `*.md`"),
        ("remove apt's package lists", "remove apt's package lists"),
        ("join 3 RUNs into one layer", "join 3 RUNs into one layer"),
        ("a [b](http://example.com)", "a `[b](http://example.com)`"),
    ],
)
def test_prose_of_messages(message: str, shown: str) -> None:
    assert prose(message) == shown


@pytest.mark.parametrize("text", ["@alice", "a #12", "(!4)", "packages/@acme/x", "a @acme/team"])
def test_nobody_is_found(text: str) -> None:
    assert not re.search(r"(?<!\w)[@#!]\w", quiet(text))
    assert not re.search(r"(?<!\w)[@#!]\w", bare(text))
    assert quiet(text).replace("\u200b", "") == text


@pytest.mark.parametrize("text", ["alpine@sha256:ab", "go install x/y@latest", "a#b", "#!/bin/sh"])
def test_what_refers_to_nobody_stays(text: str) -> None:
    assert quiet(text) == bare(text) == text


@pytest.mark.parametrize("text", ["Fixes #1", "closes: https://example.com/i/1", "resolved a/b#2"])
def test_no_issue_is_closed(text: str) -> None:
    assert CLOSES.search(text)
    assert not CLOSES.search(quiet(text)) and not CLOSES.search(code(text))


def test_what_is_no_text_is_shown_as_escapes() -> None:
    assert quiet("a\u202eb\0\n\udcff") == "a\\u202eb\\x00\\n\\udcff"


def test_a_pipe_in_a_table() -> None:
    table = f"| a |\n|---|\n| {barless(code('x|y'))} |"
    tokens = MarkdownIt("commonmark").enable("table").parse(table)
    shown = [token for token in tokens if token.type == "inline"]
    assert [token.content for token in shown] == ["a", "`x|y`"]


def test_a_fence_is_longer_than_what_is_in_it() -> None:
    lines = fenced("text", "a", "````", "b")
    (found,) = MarkdownIt().parse("\n".join(lines))
    assert (found.type, found.content) == ("fence", "a\n````\nb\n")


def test_marker() -> None:
    text = marker(key=HOSTILE, number=[1, None])
    assert "\n" not in text and text.count("-->") == text.count("<!--") == 1
    assert not re.search(r"[@#!<>`]", text[4:-3]) and "--" not in text[4:-3]
    assert text.isascii()
    assert read_marker(f"a\r\n{text}\r\nb") == {"key": HOSTILE, "number": [1, None]}


@pytest.mark.parametrize(
    "text",
    ["", "<!-- gorewrite:v2 {} -->", "<!-- gorewrite:v1 {a} -->", '<!-- gorewrite:v1 {"a":1', "{}"],
)
def test_no_marker(text: str) -> None:
    assert read_marker(text) is None

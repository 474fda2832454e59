"""Go's filepath.Match and filepath.Clean."""

import json
from pathlib import Path

import pytest

from gorewrite.context.globs import BadPattern, clean, has_wildcard, match, relative, unescape

DATA = Path(__file__).parent.parent / "data"
MOBY = json.loads((DATA / "patternmatcher.json").read_text("utf-8"))


@pytest.mark.parametrize(("pattern", "name", "expected", "bad"), MOBY["match"])
def test_match_as_go(pattern: str, name: str, expected: bool, bad: bool) -> None:
    if name == "ab/c":  # moby's table expects the match of a parent directory here
        assert not match(pattern, name)
    elif bad:
        with pytest.raises(BadPattern):
            match(pattern, name)
    else:
        assert match(pattern, name) is expected


def test_match_is_as_lax_as_go() -> None:
    assert not match("a*[", "b")
    with pytest.raises(BadPattern):
        match("a*[", "ab")


def test_match_takes_no_long_time() -> None:
    assert not match("a*" * 200 + "b", "a" * 3000)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", "."),
        ("a//b/./c/..", "a/b"),
        ("//a", "/a"),
        ("///a", "/a"),
        ("../a", "../a"),
        ("/..", "/"),
    ],
)
def test_clean(path: str, expected: str) -> None:
    assert clean(path) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/a", "a"), ("../../a", "a"), (".", "."), ("/", "."), ("", "."), ("a/../../b/", "b")],
)
def test_relative(path: str, expected: str) -> None:
    assert relative(path) == expected


def test_wildcards() -> None:
    assert has_wildcard("a*") and has_wildcard("[a]") and has_wildcard("a\\\\?")
    assert not has_wildcard("a\\*b") and not has_wildcard("a]") and not has_wildcard("a\\")
    assert unescape("a\\*b\\\\") == "a*b\\"

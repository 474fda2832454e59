"""`.dockerignore`: against the tables of moby's own tests, and what moby was seen to answer."""

import json
import pickle
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorewrite.context.ignorefile import IgnoreError, IgnoreFile
from gorewrite.context.ignorepattern import translate

DATA = Path(__file__).parent.parent / "data"
MOBY = json.loads((DATA / "patternmatcher.json").read_text("utf-8"))
RANDOM = json.loads((DATA / "patternmatcher-random.json").read_text("utf-8"))


def excludes(text: str, path: str) -> bool:
    return IgnoreFile.parse(text).excludes(path)


@pytest.mark.parametrize(("pattern", "path", "expected"), MOBY["matches"])
def test_single_pattern_as_moby(pattern: str, path: str, expected: bool) -> None:
    assert excludes(pattern, path) is expected


@pytest.mark.parametrize(("patterns", "path", "expected"), MOBY["several"])
def test_several_patterns_as_moby(patterns: list[str], path: str, expected: bool) -> None:
    assert excludes("\n".join(patterns), path) is expected


@pytest.mark.parametrize(("pattern", "path", "expected", "bad"), MOBY["match"])
def test_pattern_syntax_as_moby(pattern: str, path: str, expected: bool, bad: bool) -> None:
    if bad:
        with pytest.raises(IgnoreError):
            IgnoreFile.parse(pattern)
    else:
        assert excludes(pattern, path) is expected


@pytest.mark.parametrize(("pattern", "kind", "expression"), MOBY["compile"])
def test_translation_as_moby(pattern: str, kind: str, expression: str) -> None:
    assert translate(pattern) == (kind, expression)


def test_reading_as_moby() -> None:
    read = IgnoreFile.parse(MOBY["read"]["content"])
    assert [str(pattern) for pattern in read.patterns] == MOBY["read"]["patterns"]


def test_random_files_as_moby_answered() -> None:
    assert len(RANDOM) > 200
    for text, left_out, let_in in RANDOM:
        ignore = IgnoreFile.parse(text)
        assert [path for path in left_out if not ignore.excludes(path)] == [], text
        assert [path for path in let_in if ignore.excludes(path)] == [], text


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        # How it differs from .gitignore.
        ("foo", "a/foo", False),
        ("*.go", "cmd/main.go", False),
        ("vendor/", "a/vendor/x", False),
        (".git", "sub/.git/config", False),
        ("*\n!svc", "svc/main.go", False),
        ("a/../b", "b", True),
        # Forms of one pattern.
        ("/foo", "foo", True),
        ("./foo", "foo", True),
        ("foo/", "foo/x", True),
        ("  foo\t", "foo", True),
        ("foo\r\n", "foo", True),
        ("\ufefffoo\n", "foo", True),
        ("\ufeff# foo\n", "foo", False),
        ("! foo", "foo", False),
        ("foo\n!foo", "foo", False),
        ("foo\n! /foo", "foo", False),
        ("foo\n!./foo/", "foo", False),
        ("#foo", "#foo", False),
        ("\\#foo", "#foo", True),
        (" #foo", "#foo", True),
        ("foo # bar", "foo", False),
        ("!!foo\n!foo", "!foo", False),
        (".", "foo", False),
        ("..", "foo", False),
        ("/", "foo", False),
        ("", "foo", False),
        ("../foo", "foo", False),
        # Order.
        ("!foo\nfoo", "foo", True),
        ("vendor\n!vendor/modules.txt", "vendor/modules.txt", False),
        ("vendor\n!vendor/modules.txt", "vendor/x", True),
        # BuildKit looks at a `!` pattern only once something is excluded.
        ("a/b\n!a", "a/b", True),
        ("a/b\n!a", "a/b/c", True),
        ("a/b\n!a/b", "a/b/c", False),
        # moby does not take the meaning from `|{}`.
        ("*.log|*.tmp", "a.log", True),
        ("*.log|*.tmp", "x.log.d/y", True),
        ("*.log|*.tmp", "a.tmp", True),
        ("*.log|*.tmp", "a.txt", False),
        ("*.{js,ts}", "a.js", False),
        ("*.{js,ts}", "a.{js,ts}", True),
        ("a|b", "a", False),
        # A class is handed to the regular expression with its `*` translated.
        ("x[*]", "x*", False),
        ("x[*]", "x/]", True),
        ("*^a", "^a", False),
        ("**^*", "a", True),
        ("[^a-c]x", "dx", True),
        ("a\n", ".", False),
        ("**", ".", False),
        ("**", "", False),
    ],
)
def test_rules(text: str, path: str, expected: bool) -> None:
    assert excludes(text, path) is expected


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("!", 1),
        ("a\n!\n", 2),
        ("! ", 1),
        ("!/", 1),
        ("a\n\n# c\n[", 4),
        ("[]a]", 1),
        ("[-x]", 1),
        ("[Local-Only]/", 1),
        ("a\\", 1),
        ("a*\\d", 1),
        ("*\\é", 1),
        ("x*{2}", 1),
        ("[[:alpha:]]", 1),
        ("a*[", 1),
        ("a\n" + "x" * 70_000, 2),
    ],
)
def test_what_a_builder_refuses(text: str, line: int) -> None:
    with pytest.raises(IgnoreError) as caught:
        IgnoreFile.parse(text)
    assert caught.value.line == line
    assert caught.value.problem


def test_last_word() -> None:
    ignore = IgnoreFile.parse("# all\n*\n!svc\n**/*.md\n")
    assert str(ignore.matching("svc/a.md")) == "**/*.md"
    svc = ignore.matching("svc/a.go")
    assert svc is not None and (svc.text, svc.negated, svc.line) == ("svc", True, 3)
    assert ignore.matching(".") is None
    assert IgnoreFile.parse("a").matching("b") is None


def test_what_may_be_let_in_below() -> None:
    ignore = IgnoreFile.parse("*\n!svc/api/**\n")
    assert ignore.may_include_below("svc")
    assert ignore.may_include_below("svc/api")
    assert not ignore.may_include_below("web")
    assert not IgnoreFile.parse("*").may_include_below("svc")
    assert IgnoreFile.parse("*\n!**/*.go").may_include_below("web")


@pytest.mark.parametrize(
    "pattern",
    ["a*" * 40 + "b", "**/a" * 40 + "/b", "*?" * 40 + "b", "[ab]*" * 40 + "c", "**a" * 40 + "*b"],
)
def test_no_pattern_takes_long(pattern: str) -> None:
    ignore = IgnoreFile.parse(pattern)
    started = time.process_time()
    assert not ignore.excludes("a" * 2000)
    assert not ignore.excludes("a/" * 1000 + "a")
    assert time.process_time() - started < 20


def test_deep_paths() -> None:
    assert IgnoreFile.parse("a").excludes("a/" * 5000 + "b")


@given(st.binary(max_size=200))
def test_text_is_kept(data: bytes) -> None:
    try:
        ignore = IgnoreFile.parse(data)
    except IgnoreError:
        return
    assert ignore.to_bytes() == data


def test_names_that_are_not_utf8() -> None:
    assert IgnoreFile.parse(b"caf\xe9").excludes("caf\udce9")
    assert IgnoreFile.parse(b"*").excludes("caf\udce9")


def test_can_be_sent_to_another_process() -> None:
    ignore = pickle.loads(pickle.dumps(IgnoreFile.parse("*\n!a*\n")))
    assert ignore.excludes("b") and not ignore.excludes("ab")

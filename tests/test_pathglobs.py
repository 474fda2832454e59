"""The globs of the configuration."""

from __future__ import annotations

import time

import pytest

from gorewrite.pathglobs import BadPattern, any_matches, check, matches


@pytest.mark.parametrize(
    ("glob", "taken", "left"),
    [
        ("legacy", ["legacy", "a/legacy", "a/legacy/b/Dockerfile"], ["legacy2", "a/old-legacy"]),
        ("*.tmpl", ["Dockerfile.tmpl", "a/b/x.tmpl"], ["x.tmp", "tmpl"]),
        ("legacy/", ["legacy/Dockerfile", "a/legacy/b/c", "a/legacy/"], ["legacy", "a/legacy"]),
        ("/legacy", ["legacy", "legacy/Dockerfile"], ["a/legacy"]),
        ("./legacy", ["legacy/Dockerfile"], ["a/legacy/Dockerfile"]),
        ("a/b", ["a/b", "a/b/c/d"], ["x/a/b", "a/bc", "a"]),
        ("a/*", ["a/b", "a/b/c"], ["a", "b/a/c"]),
        ("a/*/Dockerfile", ["a/b/Dockerfile"], ["a/Dockerfile", "a/b/c/Dockerfile"]),
        ("a/**", ["a/b", "a/b/c", "a/"], ["a", "ab/c", "x/a/b"]),
        ("**/a", ["a", "b/a", "c/b/a/d"], ["ba"]),
        ("a/**/c", ["a/c", "a/b/c", "a/x/y/c/z"], ["a/b", "c", "a/bc"]),
        ("**", ["a", "a/b"], []),
        ("a/**/b/**/c", ["a/b/c", "a/x/b/b/y/c"], ["a/c/b", "a/b/x"]),
        ("[ab]/?", ["a/x", "b/y/z"], ["c/x", "a/"]),
        (r"\*", ["*", "a/*"], ["a"]),
        ("[^a]/b", ["c/b"], ["a/b"]),
        (r"\!x", ["!x"], ["x"]),
    ],
)
def test_matches(glob: str, taken: list[str], left: list[str]) -> None:
    check(glob)
    assert [path for path in taken if not matches(glob, path)] == []
    assert [path for path in left if matches(glob, path)] == []


@pytest.mark.parametrize(
    "glob", ["", "[", "a/[", "x*[", "[a]*[", "a\\", "!a", "../a", "a/../b", "[]"]
)
def test_malformed(glob: str) -> None:
    with pytest.raises(BadPattern):
        check(glob)


def test_one_of_several() -> None:
    assert any_matches(("b", "a/*"), "a/c")
    assert not any_matches(("b", "a/*"), "c")
    assert not any_matches((), "a")


def test_hostile_globs_take_no_time() -> None:
    began = time.process_time()
    assert not matches("**/a/" * 200 + "b", "a/" * 400 + "c")
    assert not matches("*a" * 100 + "b", "a" * 400)
    assert time.process_time() - began < 2

"""The edits of a diff give the new file, line by line and byte by byte."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorewrite.differ import unified
from gorewrite.formats.edits import Edit, FilePatch, Ground, file_patches

LINES = ["a", "b\r", "", "--- a", "+++ b", "@@ -1 +1 @@", "diff --git x y", "\\ x", "é\u2028", "\f"]
TEXTS = st.lists(st.sampled_from(LINES), max_size=12).map("\n".join)


def applied(old: str, edits: tuple[Edit, ...]) -> str:
    """What comes of a file; every edit must name the lines that are there."""
    lines = old.split("\n")
    lines = [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    for edit in reversed(edits):
        start, stop = edit.line - 1, edit.line - 1 + len(edit.old)
        assert tuple(lines[start:stop]) == edit.old
        assert edit.above in ("", lines[start - 1] if start else "")
        assert edit.below in ("", lines[stop] if stop < len(lines) else "")
        lines[start:stop] = edit.new
    return "".join(lines)


@given(TEXTS, TEXTS, TEXTS)
def test_edits_give_the_new_file(old: str, new: str, created: str) -> None:
    diff = unified(old.encode(), new.encode(), "x/Dockerfile")
    diff += unified(b"", created.encode(), "x/.dockerignore", new_file=True)
    *first, second = file_patches(diff.decode())
    assert len(first) == (old != new)
    for patch in first:
        assert patch.path == "x/Dockerfile" and not patch.created and patch.exact
        assert applied(old, patch.edits) == new
    assert second.path == "x/.dockerignore" and second.created
    assert applied("", second.edits) == created


def test_no_diff_no_files() -> None:
    assert list(file_patches("")) == []


@pytest.mark.parametrize(
    "name", ["Docker file", 'a "b"', "é/Dockerfile", "tab\t", "a\nb", "b\\c", "x b/x"]
)
def test_names_are_read_as_git_writes_them(name: str) -> None:
    for new_file in (False, True):
        (patch,) = file_patches(unified(b"a\n", b"b\n", name, new_file).decode())
        assert patch.path == name
    (empty,) = file_patches(unified(b"", b"", name, new_file=True).decode())
    assert empty == FilePatch(name, True, ())


def test_lines_that_are_no_utf8_are_not_exact() -> None:
    diff = unified(b"a\n\xff\nb\n", b"a\n\xfe\nc\n", "x").decode("utf-8", "replace")
    (patch,) = file_patches(diff)
    assert not patch.exact
    diff = unified(b"\xff\nb\n", b"\xff\nc\n", "x").decode("utf-8", "replace")
    (patch,) = file_patches(diff)
    assert patch.exact


@given(TEXTS, TEXTS, TEXTS)
def test_patches_one_after_the_other(first: str, second: str, third: str) -> None:
    """All edits that are not lost apply at once, to the file as it was."""
    ground = Ground()
    seen = []
    for old, new in ((first, second), (second, third)):
        for patch in file_patches(unified(old.encode(), new.encode(), "Makefile").decode()):
            seen.append(ground.seen(patch))
    if any(patch.lost for patch in seen):
        return
    edits = sorted((edit for patch in seen for edit in patch.edits), key=lambda edit: edit.line)
    if len({edit.line for edit in edits}) == len(edits):
        assert applied(first, tuple(edits)) == third


def test_edits_are_moved_and_edits_of_edits_are_lost() -> None:
    texts = ["a\nb\nc\nd\ne\n", "a\nx\ny\nz\nc\nd\ne\n"]
    texts.append(texts[-1].replace("d", "D"))
    texts.append(texts[-1].replace("y\n", "Y\nY\n"))
    texts.append(texts[-1].replace("e", "E"))
    ground = Ground()
    seen = [
        ground.seen(patch)
        for old, new in pairwise(texts)
        for patch in file_patches(unified(old.encode(), new.encode(), "Makefile").decode())
    ]
    assert seen[1].edits == (Edit(4, ("d\n",), ("D\n",)),)
    assert [patch.exact for patch in seen] == [True, True, False, False]
    (other,) = file_patches(unified(b"a\n", b"b\n", "x").decode())
    assert ground.seen(other) == other

"""Edits of one instruction: what changes, and all that does not."""

from __future__ import annotations

import pytest

from gorewrite.dockerfile import Instruction, parse


def _only(text: str) -> Instruction:
    (instruction,) = parse(text).instructions
    return instruction


def _edited(text: str, *edits: tuple[str, str]) -> str:
    """Replace each named piece of the logical text; "|" marks where to insert."""
    instruction = _only(text)
    ranges = []
    for old, new in edits:
        before, mark, after = old.partition("|")
        start = instruction.logical.index(before + after) + (len(before) if mark else 0)
        ranges.append((start, start if mark else start + len(old), new))
    return instruction.edit(*ranges).source


_RUN = "RUN a && \\\n    # about b\n    b && \\\n\n    c \\\n    d\n"


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ([], _RUN),
        ([("a", "xx")], _RUN.replace("a &&", "xx &&")),
        ([("b &&", "y &&")], _RUN.replace("    b", "    y")),
        ([("d", "")], "RUN a && \\\n    # about b\n    b && \\\n\n    c     \n"),
        ([("a && |", "x && ")], _RUN.replace("a && ", "a && x && ")),
        ([("|RUN", " ")], " " + _RUN),
        ([("    d|", " e")], _RUN.replace("d", "d e")),
        ([("c     d", "e")], "RUN a && \\\n    # about b\n    b && \\\n\n    e\n"),
        ([("c|", "1"), ("|c", "0"), ("c", "")], _RUN.replace("    c", "    01")),
        ([("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")], None),
        ([("a &&     b &&", "x &&")], "RUN x && \\\n    # about b\n\n    c \\\n    d\n"),
        ([("    b && ", "")], "RUN a && \\\n    # about b\n\n    c \\\n    d\n"),
        ([("b &&     ", "")], "RUN a && \\\n    # about b\n    c \\\n    d\n"),
        ([(" &&     b &&     c     d", "")], "RUN \\\n    # about b\na\n"),
        ([("    b &&     c     d", "")], "RUN a \\\n    # about b\n&& \n"),
    ],
)
def test_edit(edits: list[tuple[str, str]], expected: str | None) -> None:
    if expected is None:
        expected = "RUN 1 && \\\n    # about b\n    2 && \\\n\n    3 \\\n    4\n"
    assert _edited(_RUN, *edits) == expected


def test_what_stays_keeps_its_comments_when_the_rest_of_the_line_goes() -> None:
    text = "RUN \\\n  a \\\n  # c\n  b\n"
    assert _edited(text, ("  b", "")) == "RUN \\\n  # c\n  a \n"


def test_a_comment_with_nothing_behind_it() -> None:
    run = _only("RUN \\\n  # c\n  b\n")
    with pytest.raises(ValueError, match="nothing behind the comments"):
        run.edit((0, len(run.logical), "RUN"))


def test_an_edit_to_nothing() -> None:
    run = _only("RUN a\n")
    with pytest.raises(ValueError, match="exactly one instruction"):
        run.edit((0, 5, ""))


def test_without_comments_the_lines_are_joined() -> None:
    assert _edited("RUN a \\\n\n  b \\\n  c\n", ("a   b", "x")) == "RUN x \\\n  c\n"
    assert _edited("RUN a \\\n  b\n", ("  b", "")) == "RUN a \n"


def test_new_lines_take_the_style_of_the_instruction() -> None:
    new = " && \\\n  # c\n  b"
    assert _edited("RUN a\r\n", ("a|", new)) == "RUN a && \\\r\n  # c\r\n  b\r\n"
    run = parse("# escape=`\nRUN a\n").instructions[0]
    assert run.edit((5, 5, new)).source == "RUN a && `\n  # c\n  b\n"
    run = parse("RUN a").instructions[0]
    assert run.edit((5, 5, new)).source == "RUN a && \\\n  # c\n  b"


def test_an_edit_of_an_instruction_that_ends_the_file_open() -> None:
    assert _edited("RUN a \\\n", ("a", "b")) == "RUN b \\\n"
    assert _edited("RUN a \\\n# c\n", ("a ", "b")) == "RUN b\\\n# c\n"
    empty = parse("FROM a\n\\").instructions[1]
    assert empty.edit((0, 0, "RUN b ")).source == "RUN b \\"


def test_heredocs_survive_an_edit() -> None:
    text = "RUN a \\\n  <<E cat\nx \\\nE\n"
    assert _edited(text, ("cat", "dog")) == text.replace("cat", "dog")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("<<E", "", "exactly one instruction"),
        ("<<E", "<<F", "unterminated heredoc"),
        ("cat", "cat\nUSER b", "the edit gives"),
    ],
)
def test_an_edit_that_cuts_off_a_heredoc(old: str, new: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        _edited("RUN <<E cat\nx\nE\n", (old, new))


@pytest.mark.parametrize("new", ["b\\", "b \\\n", "b \\\n# c\n"])
def test_an_edit_that_would_swallow_the_next_line(new: str) -> None:
    with pytest.raises(ValueError, match="the edit"):
        _edited("RUN a\n", ("a", new))


def test_an_edit_before_a_continuation_it_would_undo() -> None:
    with pytest.raises(ValueError, match="the edit"):
        _edited("RUN a \\\n b\n", ("a ", "a\\"))


@pytest.mark.parametrize("edits", [[(0, 2, ""), (1, 3, "")], [(0, 99, "")], [(3, 2, "")]])
def test_edits_that_overlap_or_are_out_of_range(edits: list[tuple[int, int, str]]) -> None:
    with pytest.raises(ValueError, match="overlaps another one or is out of range"):
        _only("RUN a\n").edit(*edits)


def test_the_arguments_of_the_result_are_checked() -> None:
    with pytest.raises(ValueError, match="can't find ="):
        _edited("ENV a=b\n", ("b", "b c"))


def test_line_at() -> None:
    run = _only(_RUN)
    places = [run.line_at(run.logical.index(word)) for word in ("RUN", "b", "c", "d")]
    assert places == [0, 2, 4, 5]
    assert run.line_at(len(run.logical)) == 5
    with pytest.raises(IndexError):
        run.line_at(len(run.logical) + 1)
    assert parse("FROM a\n\\").instructions[1].line_at(0) == 0


_HEREDOC = "RUN <<-A <<B\n\tx\n\t\ty\n\tA\nz\nB\n"


def test_edit_heredoc() -> None:
    run = _only(_HEREDOC)
    assert run.heredocs[0].body == "x\ny\n"
    assert run.edit_heredoc(0, (0, 1, "q"), (2, 3, "r")).source == (
        "RUN <<-A <<B\n\tq\n\t\tr\n\tA\nz\nB\n"
    )
    assert run.edit_heredoc(0, (0, 2, "")).source == "RUN <<-A <<B\n\t\t\ty\n\tA\nz\nB\n"
    assert run.edit_heredoc(0, (2, 2, "v\n")).heredocs[0].body == "x\nv\ny\n"
    assert run.edit_heredoc(0, (4, 4, "w\n")).heredocs[0].body == "x\ny\nw\n"
    assert run.edit_heredoc(-1, (0, 2, "")).heredocs[1].body == ""


def test_edit_heredoc_with_carriage_returns() -> None:
    run = _only("RUN <<A\r\nx\r\nA\r\n")
    assert run.edit_heredoc(0, (0, 0, "w\n")).source == "RUN <<A\r\nw\r\nx\r\nA\r\n"


@pytest.mark.parametrize(
    ("index", "new"), [(0, "A\n"), (0, "\tq"), (1, "B\n"), (0, "x\nA\nB\nUSER a\n")]
)
def test_edit_heredoc_that_ends_it(index: int, new: str) -> None:
    with pytest.raises(ValueError, match="the edit"):
        _only(_HEREDOC).edit_heredoc(index, (0, 0, new))


def test_edit_heredoc_index() -> None:
    with pytest.raises(IndexError):
        _only(_HEREDOC).edit_heredoc(2, (0, 0, ""))

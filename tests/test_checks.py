"""The checks of every written file: each of them can fail."""

from __future__ import annotations

import pytest

from gorewrite import checks
from gorewrite.checks import InternalError, check, read_again
from gorewrite.dockerfile import Continuation, Dockerfile, Instruction, Newline, Text, parse

TEXT = '# about\nFROM golang:1.24\n\nRUN a \\\n    # why\n    b\nCMD ["x"]\n'


def tree(text: str) -> Dockerfile:
    return parse(text.encode())


def held(old: str, new: str, *touched: int) -> tuple[str, ...]:
    """`check` with the nodes of the old body that changes named."""
    before = tree(old)
    return check(before, tree(new), {before.body[index] for index in touched})


@pytest.mark.parametrize(
    ("new", "touched"),
    [
        (TEXT, ()),
        (TEXT.replace("FROM golang:1.24\n", "FROM golang:1.24 AS b\n"), (1,)),
        (TEXT.replace("CMD", "USER 1\nCMD"), ()),
        (TEXT.replace('CMD ["x"]\n', ""), (4,)),
        (TEXT.replace("\n\n", "\n"), (2,)),
        ("# more\n" + TEXT, ()),
    ],
)
def test_holds(new: str, touched: tuple[int, ...]) -> None:
    assert held(TEXT, new, *touched) == ()


@pytest.mark.parametrize(
    ("new", "line"),
    [
        (TEXT.replace("RUN a", "RUN  a"), 4),
        (TEXT.replace("\n", "\r\n"), 1),
        (TEXT.replace('["x"]', '[ "x"]'), 7),
        (TEXT.replace("\n\n", "\n"), 3),
        (TEXT.replace("FROM golang:1.24\n", "").replace("CMD", "FROM golang:1.24\nCMD"), 3),
        (TEXT.rstrip(), 7),
    ],
)
def test_untouched_bytes(new: str, line: int) -> None:
    with pytest.raises(InternalError, match=f"line {line} changed, though no change names it"):
        held(TEXT, new)


def test_final_newline_that_was_missing() -> None:
    assert held(TEXT.rstrip(), TEXT + "USER 1\n") == ()
    text = TEXT.replace("\n", "\r\n")
    assert held(text.rstrip(), text + "USER 1\r\n") == ()
    with pytest.raises(InternalError, match="line 7"):
        held(text.rstrip(), text.rstrip() + "\nUSER 1\r\n")


def test_byte_order_mark() -> None:
    with pytest.raises(InternalError, match="byte order mark"):
        held("\ufeff" + TEXT, TEXT)


@pytest.mark.parametrize(
    ("new", "touched", "lost"),
    [
        (TEXT.removeprefix("# about\n"), 0, "# about"),
        (TEXT.replace("# about", "# About"), 0, "# about"),
        (TEXT.replace("    # why\n", ""), 3, "# why"),
    ],
)
def test_lost_comment(new: str, touched: int, lost: str) -> None:
    with pytest.raises(InternalError, match=f"a comment would be lost: {lost}"):
        held(TEXT, new, touched)


def test_comment_may_move_and_lose_its_indentation() -> None:
    new = TEXT.replace("    # why\n", "").replace("RUN a", "# why\nRUN a")
    assert held(TEXT, new, 3) == ()


def test_comment_of_which_there_were_two() -> None:
    with pytest.raises(InternalError, match="# x"):
        held("# x\nFROM a\n# x\nRUN b\n", "# x\nFROM a\nRUN b\n", 2)


def test_second_reader_disagrees_on_the_output(monkeypatch: pytest.MonkeyPatch) -> None:
    own, read = checks._own_reading, checks._read_again
    old = tree(TEXT)
    new = tree(TEXT.replace("RUN a", "RUN z"))
    assert own(old) == read(old.to_bytes())

    def blind(data: bytes) -> list[tuple[str, str]] | None:
        return read(data) if b"RUN a" in data else [("FROM", "golang:1.24")]

    monkeypatch.setattr(checks, "_read_again", blind)
    with pytest.raises(InternalError, match="dockerfile-parse reads other instructions"):
        check(old, new, {old.body[3]})


def test_second_reader_cannot_be_asked() -> None:
    text = "FROM a\nRUN <<EOF\necho b\nEOF\n"
    (note,) = held(text, text)
    assert note.startswith("not cross-checked: dockerfile-parse")


def test_second_reader_fails() -> None:
    """It raises whatever its regular expressions and codecs do."""
    text = b"FROM a\nRUN \xff\n"
    assert checks._read_again(text) is None
    assert len(check(parse(text), parse(text), frozenset())) == 1


def reread(old: str, index: int, *new: Instruction) -> list[str]:
    """What `read_again` reads where some instructions take the place of a node of the body."""
    before = tree(old)
    after = before.deep_replace({before.body[index]: new})
    origin = {node: node for node in before.body}
    return [read.source for _, read in read_again(after, origin, before.escape)]


def made(*parts: Text | Continuation | Newline) -> Instruction:
    return Instruction(parts)


def test_only_what_is_new_is_read_again() -> None:
    new = made(Text("USER 1"), Newline("\n"))
    head = ["# about\n", "FROM golang:1.24\n"]
    assert reread(TEXT, 3, new) == [*head, "USER 1\n"]
    assert reread(TEXT, 3) == head
    assert reread(TEXT, 4, new, new) == [*head, "USER 1\n", "USER 1\n"]


def test_all_is_read_again_where_the_escape_character_changes() -> None:
    before, after = tree(TEXT), tree("# escape=`\n" + TEXT.replace("\\", "`"))
    assert len(list(read_again(after, {n: n for n in after.body}, before.escape))) == 6


@pytest.mark.parametrize(
    "new",
    [
        made(Text("RUN a "), Continuation("\\\n")),
        made(Text("RUN a\nRUN b"), Newline("\n")),
        made(Text("# a"), Newline("\n")),
        made(Text("RUN \udcc3"), Text("\udca9"), Newline("\n")),
    ],
)
def test_what_reads_in_another_way_than_meant(new: Instruction) -> None:
    before = tree(TEXT)
    after = Dockerfile("", (*before.body[:2], new, *before.body[3:]))
    with pytest.raises(InternalError, match="does not parse to the tree"):
        list(read_again(after, {node: node for node in before.body}, before.escape))

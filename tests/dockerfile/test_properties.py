"""Properties that hold for any Dockerfile."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gorewrite.dockerfile import Flag, Instruction, Newline, ParseError, Text, Word, parse

_settings = settings(max_examples=150, deadline=None, derandomize=True, database=None)

_word = st.sampled_from(
    ["a", "b=c", '"d e"', "'f'", "$G", "${H:-i}", "é", "\udcff", "&&", "\\ ", "\u2028", "[", "-x"]
)
_words = st.lists(_word, min_size=1, max_size=5).map(" ".join)
_comment = st.sampled_from(["# c", "#", "  # d \\", "\t#"])
_between = st.sampled_from(["", "", "  ", "\t"])


@st.composite
def _instruction(draw: st.DrawFn) -> str:
    keyword = draw(st.sampled_from(["RUN", "run", "COPY", "EXPOSE", "USER", "OTHER", " CMD"]))
    lines = draw(st.lists(_words, min_size=1, max_size=4))
    text = f"{keyword} {lines[0]}"
    for line in lines[1:]:
        text += draw(st.sampled_from([" E\n", " E \n", " E\t\n"]))
        for comment in draw(st.lists(_comment | _between, max_size=2)):
            text += comment + "\n"
        text += "  " + line
    return text


_heredoc = st.builds(
    "RUN <<{0}X {1}\n{2}\n{3}X".format,
    st.sampled_from(["", "-"]),
    st.sampled_from(["", "cat"]),
    st.lists(_words | _comment | _between, max_size=3).map("\n".join),
    st.just(""),
)
_pairs = st.sampled_from(["ENV a=b c='d'", "ENV a b", "LABEL a=b E\n  c=d", "ARG A B=c"])


@st.composite
def _dockerfile(draw: st.DrawFn) -> str:
    """A Dockerfile with either escape character and any mix of line endings."""
    escape = draw(st.sampled_from("\\`"))
    line = _instruction() | _heredoc | _pairs | _comment | _between
    lines = ["FROM a", *draw(st.lists(line, max_size=6))]
    text = f"# escape={escape}\n" if escape == "`" else ""
    text += "\n".join(lines).replace(" E", f" {escape}")
    text += draw(st.sampled_from(["", "\n", "\n\n"]))
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return draw(st.sampled_from(["", "\ufeff"])) + text


@_settings
@given(_dockerfile())
def test_round_trip(text: str) -> None:
    data = text.encode("utf-8", "surrogateescape")
    tree = parse(data)
    assert tree.to_bytes() == data
    assert "".join(node.source for node in tree.body) == text.removeprefix("\ufeff")
    assert parse(text).deep_equals(tree)


@_settings
@given(st.binary(max_size=60).map(lambda tail: b"FROM a\n" + tail))
def test_any_bytes_round_trip_or_are_refused(data: bytes) -> None:
    try:
        tree = parse(data)
    except ParseError:
        return
    assert tree.to_bytes() == data


@_settings
@given(_dockerfile())
def test_places_in_the_logical_text(text: str) -> None:
    tree = parse(text)
    lines = text.removeprefix("\ufeff").split("\n")
    for instruction in tree.instructions:
        pieces = [part.text for part in instruction.parts if isinstance(part, Text)]
        assert instruction.logical == "".join(pieces)
        words: list[Word | Flag] = [*instruction.words, *instruction.flags]
        for word in words:
            assert instruction.logical[word.start : word.end] == word.text
            line = tree.line_of(instruction) + instruction.line_at(word.start)
            assert word.text[:1] in lines[line - 1]


def _unedited(instruction: Instruction) -> list[str]:
    return [p.text for p in instruction.parts if not isinstance(p, Text | Newline)]


@_settings
@given(_dockerfile(), st.data())
def test_an_edit_of_a_word_changes_nothing_else(text: str, data: st.DataObject) -> None:
    instruction = data.draw(st.sampled_from(parse(text).instructions))
    if not instruction.words:
        return
    word = data.draw(st.sampled_from(instruction.words))
    # A word that leaves an escape or a heredoc sign alone, and is within one line.
    if any(char in word.text for char in " \\`<'\"[="):
        return
    edited = instruction.edit((word.start, word.end, "NEW"))
    expected = instruction.logical[: word.start] + "NEW" + instruction.logical[word.end :]
    assert edited.logical == expected
    assert _unedited(edited) == _unedited(instruction)
    assert [h.raw for h in edited.heredocs] == [h.raw for h in instruction.heredocs]
    assert edited.newline == instruction.newline
    assert edited.source.replace("NEW", word.text) == instruction.source


@_settings
@given(_dockerfile(), st.data())
def test_no_edit_loses_a_comment(text: str, data: st.DataObject) -> None:
    instruction = data.draw(st.sampled_from(parse(text).instructions))
    size = len(instruction.logical)
    start = data.draw(st.integers(instruction.rest_start, size))
    end = data.draw(st.integers(start, size))
    try:
        edited = instruction.edit((start, end, data.draw(st.sampled_from(["", "x", "x \\\n  y"]))))
    except ValueError:
        return
    comments = [part for part in _unedited(instruction) if "#" in part]
    assert [part for part in _unedited(edited) if "#" in part] == comments


@_settings
@given(_dockerfile(), st.data())
def test_deep_replace(text: str, data: st.DataObject) -> None:
    tree = parse(text)
    old = data.draw(st.sampled_from(tree.body[1:] or tree.body))
    new = tree.fragment(data.draw(st.sampled_from(["USER x\n", "# c\nRUN x \\\n  y\n", "\n"])))
    result = tree.deep_replace({old: (old, *new)})
    assert parse(result.to_bytes()).deep_equals(result)
    assert result.source.endswith("\n") == tree.source.endswith("\n")
    at = tree.body.index(old)
    after = tree.body[at + 1 :]
    assert result.body[:at] == tree.body[:at]
    assert result.body[len(result.body) - len(after) :] == after

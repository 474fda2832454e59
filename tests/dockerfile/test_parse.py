"""The line layer: directives, comments, continuations, heredocs, limits."""

from __future__ import annotations

import pickle

import pytest

from gorewrite.dockerfile import (
    Blank,
    BlankLine,
    Comment,
    CommentLine,
    Continuation,
    Directive,
    Instruction,
    Newline,
    ParseError,
    Text,
    parse,
)


def _only(text: str) -> Instruction:
    (instruction,) = parse(text).instructions
    return instruction


def _problem(text: str | bytes) -> str:
    with pytest.raises(ParseError) as caught:
        parse(text)
    return str(caught.value)


def test_every_line_is_a_node() -> None:
    dockerfile = parse("# syntax=x\n# c\n\nFROM a\n")
    assert [type(node) for node in dockerfile.body] == [Directive, Comment, Blank, Instruction]
    assert [dockerfile.line_of(node) for node in dockerfile.body] == [1, 2, 3, 4]


def test_parts_of_a_continued_run() -> None:
    run = _only("RUN a && \\ \n  # why\n\n  b\n")
    kinds = [Text, Continuation, CommentLine, BlankLine, Text, Newline]
    assert [type(part) for part in run.parts] == kinds
    assert "".join(part.source for part in run.parts) == run.source
    assert run.logical == "RUN a &&   b"
    assert run.line_count == 4


def test_directives() -> None:
    dockerfile = parse("# Syntax = a/b:1  \r\n #\u00a0escape=`\n# check=skip=all\nFROM a\n")
    assert dockerfile.directives == {"syntax": "a/b:1", "escape": "`", "check": "skip=all"}
    assert dockerfile.escape == "`"
    assert dockerfile.instructions[0].escape == "`"


@pytest.mark.parametrize(
    "before", ["\n", "# c\n", "# other=x\n", "#\n", "// escape=`\n", "ARG A\n"]
)
def test_what_ends_the_directives(before: str) -> None:
    dockerfile = parse(before + "# escape=`\nFROM a\n")
    assert dockerfile.escape == "\\"
    assert not any(isinstance(node, Directive) for node in dockerfile.body)


def test_escape_directive_without_a_value_is_a_comment() -> None:
    assert parse("# escape=\nFROM a\n").directives == {}


def test_a_directive_may_come_once() -> None:
    assert _problem("# check=a\n# Check=b\nFROM a\n") == (
        "line 2: only one check parser directive can be used"
    )


@pytest.mark.parametrize("space", ["\x1c", "\x1f", "\u200b"])
def test_what_python_or_nobody_calls_space_is_text(space: str) -> None:
    assert parse(f"FROM a\n{space}\n").instructions[1].keyword == space


@pytest.mark.parametrize("word", ["\u017fHELL", "foo\u00e9", "INCLUDE+"])
def test_an_unknown_keyword_stays_what_it_is(word: str) -> None:
    instruction = _only(f"{word} a b\n")
    assert instruction.keyword == word
    assert instruction.arguments == ("",)
    assert [each.text for each in instruction.words] == ["a", "b"]


def test_a_keyword_is_found_by_its_go_lower_case() -> None:
    assert _only("WOR\u212aDIR /a\n").keyword == "WORKDIR"


def test_a_lone_escape_is_an_instruction_without_a_keyword() -> None:
    dockerfile = parse("FROM a\n\\")
    assert dockerfile.instructions[1].keyword == ""
    assert dockerfile.instructions[1].is_open
    assert dockerfile.to_bytes() == b"FROM a\n\\"


def test_bom_is_one_only_at_the_start() -> None:
    dockerfile = parse(b"\xef\xbb\xbfFROM a\n\xef\xbb\xbfRUN b\n")
    assert dockerfile.bom == "\ufeff"
    assert [i.keyword for i in dockerfile.instructions] == ["FROM", "\ufeffRUN"]


def test_text_and_bytes_are_read_alike() -> None:
    assert parse("FROM a\n").deep_equals(parse(b"FROM a\n"))


@pytest.mark.parametrize("filler", [b"x", "é".encode(), b"\xff"])
def test_the_longest_line(filler: bytes) -> None:
    line = b"RUN " + filler * ((65_535 - 4) // len(filler))
    line += b"x" * (65_535 - len(line))
    assert parse(b"FROM a\n" + line + b"\n").to_bytes() == b"FROM a\n" + line + b"\n"
    assert parse(b"FROM a\n" + line).instructions[1].line_count == 1
    assert _problem(b"FROM a\n" + line + b"x\n") == (
        "line 2: dockerfile line greater than max allowed size of 65535"
    )


def test_a_long_line_in_a_heredoc_is_an_error_too() -> None:
    assert _problem("FROM a\nRUN <<E\n" + "x" * 65_536 + "\nE\n").startswith("line 3:")


def test_heredocs_of_one_instruction_follow_in_order() -> None:
    run = _only("RUN 3<<-A cat <<'B C'\n\tx\n\tA\n$y\nB C\n")
    first, second = run.heredocs
    assert (first.name, first.fd, first.strip_tabs, first.expand) == ("A", 3, True, True)
    assert (first.content, first.body, first.raw) == ("\tx\n", "x\n", "\tx\n\tA\n")
    assert (second.name, second.expand, second.body) == ("B C", False, "$y\n")
    assert second.source == "$y\nB C\n"
    assert run.line_count == 5


@pytest.mark.parametrize(
    "line",
    [
        "RUN echo it's <<EOF",
        "RUN cat <<< EOF",
        "RUN echo $((1<<2))",
        "RUN echo '<<EOF' \"<<EOF\" \\<<EOF",
        "RUN x<<EOF",
        "RUN <<",
        "RUN <<''",
        "RUN a<<E${x:-y}",
        "RUN ${<<EOF}",
        "CMD cat <<EOF",
        "ENV A=1 <<EOF=2",
        'RUN ["<<EOF"]',
        'ONBUILD RUN ["<<EOF"]',
        "ONBUILD CMD <<EOF",
        "ONBUILD ONBUILD RUN <<EOF",
    ],
)
def test_no_heredoc(line: str) -> None:
    dockerfile = parse(f"{line}\nUSER b\n")
    assert [i.heredocs for i in dockerfile.instructions] == [(), ()]


def test_a_substitution_before_a_heredoc_loses_the_text_before_it() -> None:
    """BuildKit shares one buffer between the levels of its lexer; the file ends up like this."""
    dockerfile = parse("RUN a${x:-y}<<EOF b\nUSER b\n")
    assert dockerfile.instructions[0].heredocs == ()
    assert _only("RUN <<E$x\nE$x\n").heredocs[0].name == "E$x"
    assert _only("RUN <<E${x}\nE${x}\n").heredocs[0].name == "E${x}"


def test_a_space_may_stand_before_the_name() -> None:
    assert _only("RUN << \tEOF cat\nEOF\n").heredocs[0].name == "EOF"


def test_a_heredoc_is_lexed_with_a_backslash_whatever_the_escape() -> None:
    run = parse("# escape=`\nRUN <<E\\\\F\nE\\F\n").instructions[0]
    assert run.heredocs[0].name == "E\\F"


def test_substitutions_nested_too_deeply() -> None:
    line = "RUN " + "${a:-" * 60 + "}" * 60 + " <<EOF\n"
    assert _problem(line) == "line 1: more than 50 nested substitutions"


def test_an_escaped_quote_in_the_name_of_a_heredoc() -> None:
    (heredoc,) = _only('RUN <<"E\\"F"\nx\nE"F\n').heredocs
    assert (heredoc.name, heredoc.expand) == ('E"F', False)


def test_unterminated_heredoc_names_the_line_of_the_instruction() -> None:
    assert _problem("FROM a\n\nRUN <<EOF\nx\nEOF2\n") == "line 3: unterminated heredoc"


@pytest.mark.parametrize("ending", ["", "\n", "\r\n", "\r", "\r\r\n"])
def test_newline(ending: str) -> None:
    dockerfile = parse("FROM a" + ending)
    assert dockerfile.instructions[0].newline == ending
    assert dockerfile.instructions[0].line_count == 1
    assert dockerfile.to_bytes() == ("FROM a" + ending).encode()


def test_a_continuation_before_the_end_of_the_file() -> None:
    run = _only("RUN a \\\n# c\n\n")
    assert run.is_open
    assert run.line_count == 3
    assert not _only("RUN a\n").is_open


def test_line_endings() -> None:
    assert parse("FROM a\nRUN b\r\nRUN c\r\n").newline == "\r\n"
    assert parse("FROM a\nRUN b\r\n").newline == "\n"
    assert parse("FROM a").newline == "\n"


def test_everything_pickles() -> None:
    dockerfile = parse("# syntax=x\n\n# c\nFROM a\nRUN <<E\nx\nE\n")
    dockerfile.line_of(dockerfile.body[0])
    copy = pickle.loads(pickle.dumps(dockerfile))
    assert copy.deep_equals(dockerfile)
    assert copy.instructions[1].heredocs[0].body == "x\n"
    error = pickle.loads(pickle.dumps(ParseError(3, "x")))
    assert (error.line, error.problem) == (3, "x")


def test_a_long_file_is_read_in_linear_time() -> None:
    """30,000 lines each of continuation, heredoc and pairs; quadratic work would take minutes."""
    text = "FROM a\nRUN b \\\n" + "c \\\n" * 30_000 + "d <<E\n" + "x\n" * 30_000 + "E\n"
    text += "ENV " + "a=b \\\n" * 30_000 + "c=d\n"
    dockerfile = parse(text)
    assert len(dockerfile.instructions) == 3
    assert len(dockerfile.instructions[2].arguments) == 90_003


def test_a_chain_of_onbuild_is_not_followed() -> None:
    assert _only("ONBUILD \\\n" * 20_000 + "ENV A\n").keyword == "ONBUILD"
    assert _problem("ONBUILD ENV A\n") == "line 1: ENV must have two arguments"

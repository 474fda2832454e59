"""The argument layer: flags, words, JSON forms, pairs."""

from __future__ import annotations

import pytest

from gorewrite.dockerfile import Instruction, ParseError, parse


def _only(text: str, escape: str = "\\") -> Instruction:
    head = f"# escape={escape}\n" if escape != "\\" else ""
    (instruction,) = parse(head + text).instructions
    return instruction


def _flags(text: str, escape: str = "\\") -> list[tuple[str, str | None]]:
    instruction = _only(text, escape)
    for flag in instruction.flags:
        assert instruction.logical[flag.start : flag.end] == flag.text
    return [(flag.name, flag.value) for flag in instruction.flags]


@pytest.mark.parametrize(
    ("text", "flags", "rest"),
    [
        ("COPY --from=a --link /x /y", [("from", "a"), ("link", None)], "/x /y"),
        ('COPY --chown=\'a b\'"c\\"d" x y', [("chown", 'a bc"d')], "x y"),
        ("COPY --a=b\\ c --b= x y", [("a", "b c"), ("b", "")], "x y"),
        ("COPY --a='b\\'c' x y", [("a", "b'c")], "x y"),
        ("COPY --a -- --b y", [("a", None)], "--b y"),
        ('COPY --"" --b y', [], "--b y"),
        ("COPY --a=b", [("a", "b")], ""),
        ("COPY --a='b c", [("a", "b c")], ""),
        ("COPY --a='b\\\\\\", [("a", "b\\")], ""),
        ("COPY --a=b\\\\\\", [("a", "b\\")], ""),
        ("COPY - --a b", [], "- --a b"),
        ("COPY x --a b", [], "x --a b"),
        ("RUN --mount=type=cache,target=/a\t--network=none   x", None, "x"),
        ("RUN --é=ü x", [("Ã©", "Ã¼")], "x"),
        ("RUN --a=à x", [("a", "Ã")], "x"),
        ("RUN --a=\u2165 x", [("a", "â")], "\u2165 x"),
    ],
)
def test_flags(text: str, flags: list[tuple[str, str | None]] | None, rest: str) -> None:
    found = _flags(text)
    assert flags is None or found == flags
    instruction = _only(text)
    assert instruction.rest == rest
    end = instruction.rest_start + len(rest)
    assert instruction.logical[instruction.rest_start : end] == rest


def test_flags_with_a_backtick() -> None:
    assert _flags("COPY --a=b` c --b=\\x y z", "`") == [("a", "b c"), ("b", "\\x")]


def test_flag_values() -> None:
    run = _only("RUN --mount=a --mount=b --security x\n")
    assert run.flag_values("mount") == ("a", "b")
    assert run.flag("mount") == "a"
    assert run.flag("security") == "true"
    assert run.flag("network") is None
    assert run.flag_values("network") == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ENV a=\"b c\" d=e\\ f g='h i'", ['a="b c"', "d=e\\ f", "g='h i'"]),
        ('ENV a="b\\"c" d=\'e\\\' f=', ['a="b\\"c"', "d='e\\'", "f="]),
        ('ENV a="b c', ['a="b c']),
        ("ENV a='b c", ["a='b c"]),
        ("ARG a b=c", ["a", "b=c"]),
        ("ARG a\u2003b", ["a", "b"]),
        ("COPY 'a b' c", ["'a", "b'", "c"]),
        ("WORKDIR /a b", ["/a b"]),
        ("RUN a  &&\tb", ["a", "&&", "b"]),
        ("RUN", []),
        ("USER", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    instruction = _only(text)
    assert [word.text for word in instruction.words] == words
    for word in instruction.words:
        assert instruction.logical[word.start : word.end] == word.text


@pytest.mark.parametrize(
    ("text", "word"),
    [("ARG a\\\\\\", "a\\\\"), ('ARG "a\\\\\\', '"a\\\\'), ("ARG a `\f", "a")],
)
def test_an_escape_that_ends_the_text_is_dropped(text: str, word: str) -> None:
    escape = "`" if "`" in text else "\\"
    assert _only(text + "\n", escape).arguments == (word,)


def test_word_values() -> None:
    words = _only("ARG a=\"$b c\"\\ d ${e:-'f'} \\$g 'h\n").words
    assert [word.value for word in words] == ["a=$b c d", "${e:-f}", "$g", "'h"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('CMD ["a", "b c"]', ("a", "b c")),
        ("CMD []", ()),
        ('CMD [ "a\\u00e9\\ud83d\\ude00" ]', ("aé😀",)),
        ('CMD ["\\ud800"]', ("\ufffd",)),
        ('VOLUME ["/a"]', ("/a",)),
        ('ADD ["a", "b"]', ("a", "b")),
        ('HEALTHCHECK CMD ["a"]', ("a",)),
        ('HEALTHCHECK --interval=1s CMD ["a"]', ("a",)),
        ("CMD ['a']", None),
        ('CMD ["a",]', None),
        ('CMD ["a"] x', None),
        ('CMD ["a", NaN]', None),
        ('CMD ["a", 1e999]', None),
        ('CMD ["a\tb"]', None),
        ('EXPOSE ["80"]', None),
        ('USER ["a"]', None),
        ('ENV A=["a"]', None),
    ],
)
def test_json(text: str, value: tuple[str, ...] | None) -> None:
    assert _only(text + "\n").json == value


@pytest.mark.parametrize(
    "array", ["[1]", '["a", null]', "[[]]", "[{}]", "[true]", "[" * 5000 + "]" * 5000]
)
@pytest.mark.parametrize("keyword", ["CMD", "COPY", "HEALTHCHECK CMD", "ONBUILD RUN"])
def test_json_of_other_things(keyword: str, array: str) -> None:
    with pytest.raises(ParseError, match="arrays must be comprised of strings only"):
        parse(f"{keyword} {array}\n")


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("HEALTHCHECK", ()),
        ("HEALTHCHECK CMD", ("CMD",)),
        ("HEALTHCHECK none", ("none",)),
        ("STOPSIGNAL  9 ", ("9",)),
        ("MAINTAINER a b", ("a b",)),
        ("EXPOSE 80 443/tcp", ("80", "443/tcp")),
        ("ONBUILD", ()),
        ("LABEL", ()),
        ("LABEL a b=c", ("a", "b=c", "")),
        ("ENV a=", ("a", "", "=")),
        ("SHELL sh -c", ("sh -c",)),
    ],
)
def test_arguments(text: str, arguments: tuple[str, ...]) -> None:
    assert _only(text).arguments == arguments


def test_label_needs_a_value() -> None:
    with pytest.raises(ParseError, match="LABEL must have two arguments"):
        parse("LABEL a\n")


def test_bytes_that_are_no_text_count_as_space_before_flags() -> None:
    run = parse(b"RUN \x85--a b\n").instructions[0]
    assert [flag.name for flag in run.flags] == ["a"]


def test_equal_instructions_are_read_once_and_stay_two_nodes() -> None:
    one, other = parse("FROM a\nRUN b\nRUN b\n").instructions[1:]
    assert one is not other
    assert one.reading is other.reading
    again = parse("# escape=`\nFROM a\nRUN b\n").instructions[1]
    assert again.reading is not one.reading


def test_a_mistake_is_one_each_time() -> None:
    for _ in range(2):
        with pytest.raises(ParseError, match="ENV must have two arguments"):
            parse("FROM a\nENV a\n")

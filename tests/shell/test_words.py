"""Quote removal, expansion and field splitting."""

from __future__ import annotations

import pytest

from gorewrite.shell import Script, Word, parse


def word(text: str) -> Word:
    script = parse("x " + text)
    assert isinstance(script, Script), script
    (command,) = script.commands()
    assert len(command.words) == 2
    assert command.words[1].text == text
    return command.words[1]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("a", "a"), ("./...", "./..."), ("-ldflags=-w", "-ldflags=-w"), ("'a b'", "a b")),
        *(('"a b"', "a b"), ('"a\'b"', "a'b"), ("'a\"b'", 'a"b'), ("\"a\"'b'c", "abc")),
        *(("a\\ b", "a b"), ('"a\\"b"', 'a"b'), ('"a\\nb"', "a\\nb"), ('"\\$x\\`\\\\"', "$x`\\")),
        *(("'\\n'", "\\n"), ("''", ""), ('""', ""), ("\\$x", "$x"), ("a\\ b", "a b")),
        *(('"a\\\nb"', "ab"), ("$'a\\tb\\'c'", "a\tb'c"), ("$'\\x41\\101\\u00e9\\e'", "AAé\x1b")),
        *(("$'\\q\\\\'", "\\q\\"), ("a$'b'\"c\"", "abc"), ("$", "$"), ('"a$"', "a$")),
        *(("{}", "{}"), ("{a}", "{a}"), ("{{.Dir}}", "{{.Dir}}"), ("'{a,b}'", "{a,b}")),
        *(("a~", "a~"), ("'~'", "~"), ("[x", "[x"), ("\\*", "*"), ("'*'", "*"), ("a#b", "a#b")),
        *(("a=b,c", "a=b,c"), ("é", "é"), ("'\udcff'", "\udcff"), ("a!", "a!")),
    ],
)
def test_value(text: str, value: str) -> None:
    assert word(text).value == value


@pytest.mark.parametrize(
    "text",
    [
        "$x",
        '"$x"',
        "${x}",
        "${x:-d}",
        "${x%.go}",
        "${#x}",
        "$(a)",
        "`a`",
        "$((1+1))",
        "$1",
        "$@",
        "$?",
        "*.go",
        "a?",
        "[ab]",
        "~",
        "~/x",
        "a{b,c}",
        "a{1..3}",
        "<(a)",
        '$"a"',
        '"a$(b)c"',
        "a$x'b'",
        "--prefix=~/x",
    ],
)
def test_no_value_with_any_expansion(text: str) -> None:
    assert word(text).value is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("$X", "v"), ("${X}", "v"), ('a"$X"b', "avb"), ("${X:-d}", "v"), ("${EMPTY:-d}", "d")),
        *(
            ("$EMPTY", ""),
            ("'$X'", "$X"),
            ("$X$EMPTY/y", "v/y"),
            ("${SP}", "a b"),
            ("plain", "plain"),
        ),
        # What is not known is never taken as empty.
        *(("$NO", None), ("${NO:-d}", None), ("$UNKNOWN", None), ("${UNKNOWN:-d}", None)),
        *(("${X%v}", None), ("${X-d}", None), ("${X:+d}", None), ("$X$(a)", None), ("$X*", None)),
        *(("${X:-$Y}", None), ("$((X))", None), ("${!X}", None)),
    ],
)
def test_expand(text: str, value: str | None) -> None:
    env = {"X": "v", "EMPTY": "", "SP": "a b", "UNKNOWN": None}
    assert word(text).expand(env) == value


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        *(("a", ("a",)), ("$X", ("a", "b")), ('"$X"', ("a b",)), ("-$X-", ("-a", "b-"))),
        *(("$EMPTY", ()), ('"$EMPTY"', ("",)), ("$EMPTY''", ("",)), ("c$PAD", ("c", "p"))),
        *(("${PAD}c", ("p", "c")), ("$X$X", ("a", "ba", "b")), ('$X"$X"', ("a", "ba b"))),
        *(
            ("$GLOB", None),
            ("$NO", None),
            ('"$GLOB"', ("*.go",)),
            ("$SPACE", ()),
            ("a${SPACE}b", ("a", "b")),
        ),
    ],
)
def test_fields(text: str, fields: tuple[str, ...] | None) -> None:
    env = {"X": "a b", "EMPTY": "", "PAD": " p ", "GLOB": "*.go", "SPACE": " "}
    assert word(text).fields(env) == fields


def test_fields_with_another_separator_are_not_known() -> None:
    assert word("$X").fields({"X": "a:b", "IFS": ":"}) is None


def test_variables_and_globs() -> None:
    assert word('a$X"${Y:-z}$(b $Z)$((W+1))"').variables == {"X", "Y", "Z", "W"}
    assert word("'$X'").variables == frozenset()
    assert word("*.go").globs
    assert not word("'*.go'").globs


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A=b", "b"),
        ("A='b c'd", "b cd"),
        ("A=*", "*"),
        ("A={a,b}", "{a,b}"),
        ("A=a:~", None),
        ("A=~/x", None),
        ("A=$(b)", None),
        ("A=b=c", "b=c"),
        ("A='~'", "~"),
    ],
)
def test_values_of_assignments_know_no_patterns(text: str, value: str | None) -> None:
    script = parse(text)
    assert isinstance(script, Script)
    (command,) = script.commands()
    (assignment,) = command.assignments
    assert assignment.word is not None
    assert (assignment.name, assignment.word.value) == ("A", value)

"""-ldflags: splitting, reading, and the edit that adds `-s -w`."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorewrite.evidence import Unknown
from gorewrite.golang.ldflags import (
    Declined,
    LdFlags,
    linked_variables,
    parse_ldflags,
    split,
    strip_edits,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ()),
        ("  \t\n", ()),
        ("-s -w", ("-s", "-w")),
        ("-X 'main.v=a b'", ("-X", "main.v=a b")),
        ('"-X" "a=b"', ("-X", "a=b")),
        # Quotes inside an element are ordinary characters, and nothing is escaped.
        ("-X=main.v='a b'", ("-X=main.v='a", "b'")),
        (r"'a\' b", ("a\\", "b")),
        ("'a''b'", ("a", "b")),
        ("''", ("",)),
        ("'open", None),
        ('-s "', None),
    ],
)
def test_split(text: str, words: tuple[str, ...] | None) -> None:
    assert split(text) == words


@given(st.lists(st.text("ab-= ", min_size=1)))
def test_quoted_elements_split_back(words: list[str]) -> None:
    assert split(" ".join(f"'{word}'" for word in words)) == tuple(words)


@pytest.mark.parametrize(
    ("value", "s", "w", "pattern"),
    [
        ("", None, None, ""),
        ("-s -w", True, True, ""),
        ("--s --w", True, True, ""),
        ("-w", None, True, ""),
        ("-s=false", False, None, ""),
        ("-s -s=0", False, None, ""),
        ("-w=0", None, False, ""),
        ("-w=0 -w", None, True, ""),
        ("-s=true", True, None, ""),
        ("all=-s", True, None, "all"),
        ("example.com/...=-w", None, True, "example.com/..."),
        (" -s ", True, None, ""),
        # -s that belongs to something else.
        ("-X -s", None, None, ""),
        ("-extldflags '-static -s'", None, None, ""),
        ("-extldflags -s", None, None, ""),
        ("-extldflags=-s -w", None, True, ""),
        ("-sw", None, None, ""),
    ],
)
def test_parse(value: str, s: bool | None, w: bool | None, pattern: str) -> None:
    flags = parse_ldflags(value)
    assert isinstance(flags, LdFlags)
    assert (flags.s, flags.w, flags.pattern) == (s, w, pattern)


@pytest.mark.parametrize("value", ["x", '"-s"', "=-s", "-X 'a"])
def test_parse_what_go_rejects(value: str) -> None:
    assert isinstance(parse_ldflags(value), Unknown)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["-ldflags", '"-s -w -X main.a=1 -X=m.org/b/c.D=$D"'], {"a", "D"}),
        (["-ldflags=-X 'main.a=two words'"], {"a"}),
        (['-ldflags="-X \\"main.a=$(date)\\" -X ${PKG}.b="'], {"a", "b"}),
        (["-o", "main.a=b"], set()),
    ],
)
def test_linked_variables(words: list[str], expected: set[str]) -> None:
    assert linked_variables(words) == expected


def test_values() -> None:
    flags = parse_ldflags("-X a.b=1 -linkmode external -X=a.c=2 -extldflags '-static -pie'")
    assert isinstance(flags, LdFlags)
    assert flags.value("linkmode") == "external"
    assert flags.value("extldflags") == "-static -pie"
    assert flags.value("buildid") is None


def edited(raw: str, value: str | None = None, *, s_implies_w: bool = False) -> str:
    edits = strip_edits(raw, value, s_implies_w=s_implies_w)
    assert not isinstance(edits, Declined), edits
    for start, end, text in sorted(edits, reverse=True):
        raw = raw[:start] + text + raw[end:]
    return raw


@pytest.mark.parametrize(
    ("raw", "result"),
    [
        # Quoted: right behind the opening quote.
        ('-ldflags="-X a=b"', '-ldflags="-s -w -X a=b"'),
        ("-ldflags='-X a=b'", "-ldflags='-s -w -X a=b'"),
        ("-ldflags=' -X a=b'", "-ldflags='-s -w -X a=b'"),
        ("-ldflags='   -X a=b'", "-ldflags='-s -w    -X a=b'"),
        ('--ldflags="-X a=b"', '--ldflags="-s -w -X a=b"'),
        ('"-X a=b"', '"-s -w -X a=b"'),
        ("'-X \"main.v=a b\"'", "'-s -w -X \"main.v=a b\"'"),
        ("\"-X 'main.v=a b'\"", "\"-s -w -X 'main.v=a b'\""),
        ('"-ldflags=-X a=b"', '"-ldflags=-s -w -X a=b"'),
        ("'--ldflags=-X a=b'", "'--ldflags=-s -w -X a=b'"),
        ('$"-X a=b"', '$"-s -w -X a=b"'),
        ('" -X a=b"', '"-s -w -X a=b"'),
        ('"\n -X a=b"', '"-s -w\n -X a=b"'),
        ("-ldflags='-X=a='\"$V\"", "-ldflags='-s -w -X=a='\"$V\""),
        ('"-X a=$(date -u "+%F %T")"', '"-s -w -X a=$(date -u "+%F %T")"'),
        ('"-X a=`git describe`"', '"-s -w -X a=`git describe`"'),
        ('"-X a=${V:-"x y"}"', '"-s -w -X a=${V:-"x y"}"'),
        ('"$LDFLAGS"', '"-s -w $LDFLAGS"'),
        # Empty.
        ('-ldflags=""', '-ldflags="-s -w"'),
        ("''", "'-s -w'"),
        ("-ldflags=", '-ldflags="-s -w"'),
        # One flag is there.
        ("-ldflags=-w", '-ldflags="-s -w"'),
        ("-ldflags=-s", '-ldflags="-w -s"'),
        ("'-w -X a=b'", "'-s -w -X a=b'"),
        # Not quoted: quoted now.
        ("-X=a=b", '"-s -w -X=a=b"'),
        ("-ldflags=$LDFLAGS", '-ldflags="-s -w $LDFLAGS"'),
        ("${LDFLAGS}", '"-s -w ${LDFLAGS}"'),
        ("-ldflags=$(cat flags)", '-ldflags="-s -w $(cat flags)"'),
        ("-ldflags=-X=main.v=$(git describe)", '-ldflags="-s -w -X=main.v=$(git describe)"'),
        # Not quoted, with quotes of its own further on: a quoted piece in front.
        ('-ldflags=-X=a="$V"', '-ldflags="-s -w "-X=a="$V"'),
        ("`cat flags`", '"-s -w "`cat flags`'),
        ("-ldflags=-X=a=b\\ c", '-ldflags="-s -w "-X=a=b\\ c'),
        # Patterns: behind the `=`.
        ('-ldflags="all=-X a=b"', '-ldflags="all=-s -w -X a=b"'),
        ("-ldflags=all=-w", '-ldflags=all="-s -w"'),
        ("-ldflags=all='-w'", "-ldflags=all='-s -w'"),
        ("-ldflags=all=", '-ldflags=all="-s -w"'),
        # The linker for static binaries stays.
        (
            "'-linkmode external -extldflags \"-static\"'",
            "'-s -w -linkmode external -extldflags \"-static\"'",
        ),
        (
            '"-extldflags \\"-static\\""',
            '"-s -w -extldflags \\"-static\\""',
        ),
    ],
)
def test_strip_edits(raw: str, result: str) -> None:
    assert edited(raw) == result


@pytest.mark.parametrize("raw", ['"-X a=b"', "'-w'", "-s", "$L", '-ldflags="all=-X a=b"', "''"])
def test_a_second_time_changes_nothing(raw: str) -> None:
    again = strip_edits(edited(raw))
    assert isinstance(again, Declined)
    assert again.code == "already-stripped"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ('"-s -w"', "already-stripped"),
        ("-ldflags=-s\\ -w", "already-stripped"),
        ('"-w -X a=$V -s"', "already-stripped"),
        ('"-s -w=0"', "already-stripped"),
        ('"-w=0"', "symbols-wanted"),
        ('"-w=false -X a=b"', "symbols-wanted"),
        ('"-s=false"', "symbols-wanted"),
        ("foo", "malformed"),
        ('"-X \'a=b"', "malformed"),
        ("'\"-s\"'", "malformed"),
        ('"$PKG=-X a=b"', "malformed"),
        ("'-X", "unreadable"),
        ('"-X', "unreadable"),
        ("$(cat", "unreadable"),
        ("`cat", "unreadable"),
        ("-s -w", "unreadable"),
        ("-s;", "unreadable"),
        ("$'-X a=b'", "unreadable"),
        ("-X\\", "unreadable"),
    ],
)
def test_left_alone(raw: str, code: str) -> None:
    found = strip_edits(raw)
    assert isinstance(found, Declined)
    assert found.code == code
    assert not found


def test_since_go_1_22_s_is_enough() -> None:
    assert isinstance(strip_edits("'-s'", s_implies_w=True), Declined)
    assert edited("'-w'", s_implies_w=True) == "'-s -w'"
    assert edited("'-X a=b'", s_implies_w=True) == "'-s -w -X a=b'"


def test_a_known_value_counts() -> None:
    assert edited("$LDFLAGS", "-X=a=b") == '"-s -w $LDFLAGS"'
    for value, code in [
        ("-s -w", "already-stripped"),
        ("-w=0", "symbols-wanted"),
        ("-X a=b", "field-splitting"),
        ("'", "malformed"),
    ]:
        found = strip_edits("$LDFLAGS", value)
        assert isinstance(found, Declined)
        assert found.code == code
    assert edited('"$LDFLAGS"', "-X a=b") == '"-s -w $LDFLAGS"'


@given(st.lists(st.sampled_from(["-X", "a=b", "'", '"', " ", "\\", "-w", "=", "all"]), max_size=8))
def test_the_shell_reads_the_edit_as_strip_and_the_rest(parts: list[str]) -> None:
    raw = "".join(parts)
    edits = strip_edits(raw)
    if isinstance(edits, Declined):
        return
    before, after = shlex.split(raw), shlex.split(edited(raw))
    assert len(after) == 1
    old = parse_ldflags("".join(before))
    new = parse_ldflags(after[0])
    assert isinstance(old, LdFlags)
    assert isinstance(new, LdFlags)
    assert new.has_s
    assert new.has_w
    assert new.pattern == old.pattern
    assert new.tokens[len(new.tokens) - len(old.tokens) :] == old.tokens

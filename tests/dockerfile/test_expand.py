"""Expansion of words; the expected values are BuildKit's."""

from __future__ import annotations

import pytest

from gorewrite.dockerfile import expand, variables
from gorewrite.dockerfile.expand import unquote

_VALUES = {"V": "1.22.3-alpine", "E": "", "S": "a b", "P": "x/y/z.tar.gz"}


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("", ""),
        ("a", "a"),
        ("$V", "1.22.3-alpine"),
        ("golang:${V}", "golang:1.22.3-alpine"),
        ("$V-x$S", "1.22.3-alpine-xa b"),
        ("'$V'", "$V"),
        ('"$V"', "1.22.3-alpine"),
        ('""', ""),
        ('"a b"', "a b"),
        ('"a b" c"', None),
        ('"a"b"c"', "abc"),
        ('x"a b"', "xa b"),
        ('"a\\"b\\$V\\x\\\\"', 'a"b$V\\x\\'),
        ('"a\\', None),
        ("\\$V", "$V"),
        ("a\\ b\\", "a b"),
        ("$", "$"),
        ("a$/b", "a$/b"),
        ("a<b<<c", "a<b<<c"),
        ("${E:-d}", "d"),
        ("${E-d}", ""),
        ("${V:-d}", "1.22.3-alpine"),
        ("${V:-$U}", "1.22.3-alpine"),
        ("${E:-${V}}", "1.22.3-alpine"),
        ("${E:-$U}", None),
        ("${V:+d}", "d"),
        ("${V+d}", "d"),
        ("${E:+d}", ""),
        ("${E:+$U}", ""),
        ("${V:+$U}", None),
        ("${V:?m}", "1.22.3-alpine"),
        ("${E?m}", ""),
        ("${E:?m}", None),
        ("${V#*.}", "22.3-alpine"),
        ("${V##*.}", "3-alpine"),
        ("${V%.*}", "1.22"),
        ("${V%%.*}", "1"),
        ("${V%-alpine}", "1.22.3"),
        ("${V#x}", "1.22.3-alpine"),
        ("${V#?.}", "22.3-alpine"),
        ("${V%$U}", None),
        ("${P##*\\/}", "z.tar.gz"),
        ("${P#*\\x}", None),
        ("${V/./_}", "1_22.3-alpine"),
        ("${V//./_}", "1_22_3-alpine"),
        ("${V/-*/}", "1.22.3"),
        ("${V//?/x}", "x" * 13),
        ("${V//*/x}", "x"),
        ("${V/x*/y}", "1.22.3-alpine"),
        ("${P/\\//-}", "x-y/z.tar.gz"),
        ("${V/$U/x}", None),
        ("${V/./$U}", None),
        ("${V//./\\$}", None),
        ("${V/\\q/x}", None),
        ("$U", None),
        ("${U}", None),
        ("${U:-d}", None),
        ("${U/a/b}", None),
        ("'$U", None),
        ('"$U"', None),
        ("a'b", None),
        ("${", None),
        ("${}", None),
        ("${V", None),
        ("${:x}", None),
        ("${V:", None),
        ("${V:x}", None),
        ("${V:#x}", None),
        ("${V!x}", None),
        ("${V:-", None),
        ("${V/a", None),
        ("$1", None),
        ("$@", None),
        ("${E:-" * 60 + "}" * 60, None),
    ],
)
def test_expand(raw: str, value: str | None) -> None:
    assert expand(raw, _VALUES.get) == value


def test_expand_with_a_backtick() -> None:
    assert expand("c:\\a`$V`b", _VALUES.get, "`") == "c:\\a$Vb"


@pytest.mark.parametrize("raw", ["${L%*x}", "${L/*x/y}", "${V%" + "?" * 300 + "}"])
def test_a_long_wildcard_is_unknown(raw: str) -> None:
    assert expand(raw, {"L": "a" * 300, "V": "1"}.get) is None


def test_a_literal_is_replaced_at_any_length() -> None:
    assert expand("${L//a/b}", {"L": "a" * 300}.get) == "b" * 300


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        ("a", set()),
        ("$A${B}c", {"A", "B"}),
        ("${A:-$B}${C/$D/$E}", {"A", "B", "C", "D", "E"}),
        ("'$A' \\$B \"$C\"", {"C"}),
        ("$A ${", {"A"}),
        ("$1 $$", {"1", "$"}),
    ],
)
def test_variables(raw: str, names: set[str]) -> None:
    assert variables(raw) == names


def test_variables_with_a_backtick() -> None:
    assert variables("\\$A`$B", "`") == {"A"}


@pytest.mark.parametrize(
    ("raw", "value"),
    [("plain", "plain"), ("'a b'c", "a bc"), ("\\$V", "$V"), ("$V", "$V"), ("'open", "'open")],
)
def test_unquote(raw: str, value: str) -> None:
    assert unquote(raw) == value

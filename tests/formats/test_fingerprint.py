"""Fingerprints are those of GitHub code scanning."""

from __future__ import annotations

import pytest

from gorewrite.formats.fingerprint import fingerprints

#: Made with the rolling hash of codeql-action, char by char.
VECTORS = [
    (b"", {1: "c129715d7a2bc9a3:1"}),
    (b"FROM golang\n", {1: "9dead0513d0bec8d:1", 2: "c129715d7a2bc9a3:1"}),
    (
        "RUN é😀 x\r\n y\rz".encode(),
        {1: "d659991d392d0a51:1", 2: "8224ba6bd678b490:1", 3: "76dcabf80cb35c79:1"},
    ),
    (
        b"RUN " + b"x" * 120 + b"\nRUN x\n",
        {1: "c851f7e3f222d295:1", 2: "642bd1e5138257ee:1", 3: "c129715d7a2bc9a3:1"},
    ),
]


@pytest.mark.parametrize(("data", "expected"), VECTORS)
def test_vectors(data: bytes, expected: dict[int, str]) -> None:
    assert fingerprints(data, range(1, 10)) == expected


def test_a_line_keeps_its_fingerprint_when_others_are_added_above() -> None:
    data = b"FROM golang\nRUN go build\n"
    (expected,) = fingerprints(data, {2}).values()
    assert fingerprints(b"# One\n\n" + data, {4}) == {4: expected}
    assert fingerprints(data.replace(b" ", b"\t \t").replace(b"\n", b"\r\n"), {2}) == {2: expected}
    assert fingerprints(data.replace(b"build", b"test"), {2}) != {2: expected}


def test_lines_alike_are_counted() -> None:
    # Alike are lines with the same hundred characters behind them, not lines with the same text.
    found = fingerprints(b"x" * 100 + b"\n" + b"x" * 100 + b"\nx\n", {1, 2, 3})
    assert [value.partition(":")[2] for value in found.values()] == ["1", "2", "1"]
    assert found[1].partition(":")[0] == found[2].partition(":")[0]


@pytest.mark.parametrize("lines", [(), (0,), (7,)])
def test_lines_that_are_not_there(lines: tuple[int, ...]) -> None:
    assert fingerprints(b"FROM a\n", lines) == {}

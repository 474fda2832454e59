"""The head of a Go file."""

from __future__ import annotations

import pytest

from gorewrite.golang.imports import Import, scan


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('package a\nimport "os"\n', [("os", None, 2)]),
        ("package a\nimport `os`\n", [("os", None, 2)]),
        ('package a; import "os"; import "io"; var x = 1', [("os", None, 1), ("io", None, 1)]),
        ('package a\nimport (\n"os"\nt "x/y"\n_ "z"\n. "w"\n)\n',
         [("os", None, 3), ("x/y", "t", 4), ("z", "_", 5), ("w", ".", 6)]),
        ('// c\n/* package b\nimport "no" */\npackage a\n\nimport (\n// "no"\n"yes" // "no"\n)',
         [("yes", None, 8)]),
        ('package a\nimport ("os"; "io")\n', [("os", None, 2), ("io", None, 2)]),
        ('package a\nimport()\nimport "C"\n', [("C", None, 3)]),
        ('\ufeffpackage a\r\nimport "os"\r\n', [("os", None, 2)]),
        ('package a\nimport/* x */"os"\n', [("os", None, 2)]),
        ('package a\nimport /* x */ t /* y */ "os"\n', [("os", "t", 2)]),
    ],
)  # fmt: skip
def test_reads_imports(source: str, expected: list[tuple[str, str | None, int]]) -> None:
    header = scan(source.encode())
    assert header.package == "a"
    assert header.imports == tuple(Import(*found) for found in expected)


@pytest.mark.parametrize(
    "source",
    [
        'package a\nvar x = 1\nimport "os"\n',
        'package a\nvar s = `\nimport "os"\n`\n',
        'package a\n// import "os"\n',
        'package a\n/*\nimport "os"\n*/\n',
        "package a\nfunc imports() {}\n",
        'package a\nvar importOs = "os"\n',
        "package a",
    ],
)
def test_sees_no_imports_behind_declarations_and_in_comments(source: str) -> None:
    header = scan(source.encode())
    assert header.package == "a"
    assert header.imports == ()


@pytest.mark.parametrize("source", ["", "#!/bin/sh\n", "<html>", "package", "// package a", "\0"])
def test_text_that_is_no_go_has_no_package(source: str) -> None:
    assert scan(source.encode()).package == ""

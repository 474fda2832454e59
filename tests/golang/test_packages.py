"""Build constraints, the heads of Go files, and the Go files of a directory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorewrite.evidence import Unknown
from gorewrite.golang.constraints import (
    build_constraint,
    evaluate,
    name_matches,
    tag_predicate,
)
from gorewrite.golang.imports import scan
from gorewrite.golang.packages import go_files, package_at
from tests.golang.trees import MemoryTree

LINUX = tag_predicate(("mine",), "linux", "amd64", cgo=True, go_minor=21)


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("main.go", True),
        ("linux.go", True),
        ("windows.go", True),
        ("x_linux.go", True),
        ("x_windows.go", False),
        ("x_unix.go", True),
        ("x_amd64.go", True),
        ("x_arm64.go", False),
        ("x_linux_amd64.go", True),
        ("x_linux_arm64.go", False),
        ("x_windows_amd64.go", False),
        ("x_amd64_linux.go", True),
        ("x_windows_extra.go", True),
        ("windows_amd64.go", True),
        ("x_windows_test.go", False),
        ("x_linux_test.go", True),
        ("x_test.go", True),
        ("_test.go", True),
        ("x_darwin.pb.go", False),
        ("x.pb_windows.go", True),
        ("x_js_wasm.go", False),
        ("x_hurd.go", False),
    ],
)
def test_file_names(name: str, fits: bool) -> None:
    assert name_matches(name, LINUX) is fits


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("linux", True),
        ("windows", False),
        ("!windows", True),
        ("!!linux", True),
        ("unix && cgo", True),
        ("linux&&!cgo", False),
        ("windows || amd64", True),
        ("(windows || linux) && (arm64 || amd64)", True),
        ("windows || linux && arm64", False),
        ("linux || windows && arm64", True),
        ("!(linux || darwin)", False),
        ("gc", True),
        ("gccgo", False),
        ("ignore", False),
        ("mine", True),
        ("other", False),
        ("go1.1", True),
        ("go1.21", True),
        ("go1.22", False),
        ("!go1.22", True),
        ("amd64.v1", True),
        ("amd64.v3", False),
        ("goexperiment.boringcrypto", False),
        # Not an expression.
        ("", None),
        ("linux windows", None),
        ("linux &&", None),
        ("(linux", None),
        ("linux)", None),
        ("linux,amd64", None),
        ("a & b", None),
        ("()", None),
    ],
)
def test_expressions(expression: str, value: bool | None) -> None:
    assert evaluate(expression, LINUX) is value


def test_without_a_go_version_every_release_tag_holds() -> None:
    holds = tag_predicate((), "linux", "amd64", cgo=False)
    assert holds("go1.99")
    assert not holds("go2.1")
    assert not holds("cgo")


@pytest.mark.parametrize(
    ("goos", "tag"),
    [("android", "linux"), ("illumos", "solaris"), ("ios", "darwin"), ("darwin", "unix")],
)
def test_systems_that_are_another_one_too(goos: str, tag: str) -> None:
    assert tag_predicate((), goos, "arm64", cgo=False)(tag)
    assert not tag_predicate((), "windows", "arm64", cgo=False)(tag)


@given(st.text("ab&|!() ", max_size=16))
def test_any_expression_is_answered(expression: str) -> None:
    assert evaluate(expression, LINUX) in (True, False, None)


@pytest.mark.parametrize(
    ("text", "builds"),
    [
        ("package a\n", True),
        ("//go:build windows\n\npackage a\n", False),
        ("//go:build windows\npackage a\n", False),
        ("\n// Copyright\n\n//go:build windows\n\npackage a\n", False),
        ("/* Copyright */\n//go:build windows\npackage a\n", False),
        ("/*\n//go:build windows\n*/\npackage a\n", True),
        ("package a\n//go:build windows\n", True),
        ("/* x */ package a\n//go:build windows\n", True),
        ("// go:build windows\n\npackage a\n", True),
        ("//go:buildwindows\n\npackage a\n", True),
        ("//go:build windows && (\n\npackage a\n", False),
        ("//go:build ignore\n\npackage main\n", False),
        ("//go:build linux\n// +build windows\n\npackage a\n", True),
        # Old lines: OR of blanks, AND of commas and of lines.
        ("// +build windows\n\npackage a\n", False),
        ("// +build windows linux\n\npackage a\n", True),
        ("// +build linux,arm64 darwin\n\npackage a\n", False),
        ("// +build linux,!arm64\n\npackage a\n", True),
        ("// +build linux\n// +build arm64\n\npackage a\n", False),
        ("//+build windows\n\npackage a\n", False),
        ("// +build windows\npackage a\n", True),
        ("// +build windows\n// doc\npackage a\n", True),
        ("/* c */\n// +build windows\n\npackage a\n", True),
        ("// +build\n\npackage a\n", False),
        ("// +buildings\n\npackage a\n", True),
        ("//go:build windows\r\n\r\npackage a\r\n", False),
        ("", True),
    ],
)
def test_constraint_lines(text: str, builds: bool) -> None:
    assert build_constraint(text)(LINUX) is builds


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("package main", "main"),
        ("\ufeffpackage main\n", "main"),
        ("// c\n/* package a */\npackage b // d\n", "b"),
        ("/* a\n * b */ package\tmain;", "main"),
        ("package /* x */ main\n", "main"),
        ("package café\n", "café"),
        ("\udcff\udcfe", ""),
        ("", ""),
        ("// package main\n", ""),
        ("packages main", ""),
        ("package", ""),
        ('package "main"', ""),
        ("func main() {}", ""),
        ("/* open", ""),
    ],
)
def test_package_names(text: str, name: str) -> None:
    assert scan(text.encode("utf-8", "surrogateescape")).package == name


@pytest.mark.parametrize(
    ("text", "imports"),
    [
        ("package a", ()),
        ('package a\nimport "fmt"\n', ("fmt",)),
        ('package a; import "fmt"; import "os"\nvar x = "no"\n', ("fmt", "os")),
        (
            'package a\nimport (\n\t"fmt"\n\t_ "embed" // c\n\t. "x"\n\ty "z"; "w"\n)\n'
            'import "C"\nfunc f() { "no" }\n',
            ("fmt", "embed", "x", "z", "w", "C"),
        ),
        ("package a\nimport `raw`\n", ("raw",)),
        ("package a\nimport ()\nvar x int\n", ()),
        ('package a\n// import "no"\n/* import "no" */\nconst s = `import "no"`\n', ()),
        ('import "no"\n', ()),
        ("", ()),
        ("package a\nimport ( } \n", ()),
    ],
)
def test_imports(text: str, imports: tuple[str, ...]) -> None:
    assert tuple(found.path for found in scan(text.encode()).imports) == imports


@given(st.text('package main\n/*"`(); C', max_size=40))
def test_any_header_is_answered(text: str) -> None:
    header = scan(text.encode())
    assert not header.package or header.package.isidentifier()


TREE = MemoryTree(
    {
        "app/main.go": "package main\n",
        "app/main_test.go": "package main\n",
        "app/x_windows.go": "package main\n",
        "app/tool.go": "//go:build ignore\n\npackage gen\n",
        "app/c.go": 'package main\nimport "C"\n',
        "app/nocgo.go": "//go:build !cgo\n\npackage main\n",
        "app/doc.go": "package documentation\n",
        "app/_skip.go": "package skip\n",
        "app/.hidden.go": "package hidden\n",
        "app/tagged.go": "//go:build pro\n\npackage main\n",
        "app/new.go": "//go:build go1.25\n\npackage main\n",
        "app/README.md": "# x\n",
        "app/dir.go/x.txt": "",
        "app/linked.go": "-> ../lib/lib.go",
        "app/gone.go": "-> ../../outside.go",
        "lib/lib.go": "package lib\n",
        "tests/a_test.go": "package tests\n",
        "odd/x.go": "garbage\n",
    }
)


def names(*args: object, **options: object) -> list[str]:
    found = go_files(TREE, "app", *args, **options)  # type: ignore[arg-type]
    return [path.removeprefix("app/") for path in found]


def test_the_files_of_a_build() -> None:
    assert names(()) == ["c.go", "linked.go", "main.go", "new.go"]
    assert names((), cgo=False) == ["linked.go", "main.go", "new.go", "nocgo.go"]
    assert names((), go_minor=24) == ["c.go", "linked.go", "main.go"]
    assert names(("pro",)) == ["c.go", "linked.go", "main.go", "new.go", "tagged.go"]
    assert names((), "windows") == ["c.go", "linked.go", "main.go", "new.go", "x_windows.go"]
    assert names((), tests=True) == ["c.go", "linked.go", "main.go", "main_test.go", "new.go"]
    assert "tool.go" in names(("ignore",))


def test_directories_without_go_files() -> None:
    assert go_files(TREE, "tests", ()) == ()
    assert go_files(TREE, "absent", ()) == ()
    assert go_files(TREE, "app/main.go", ()) == ()
    assert go_files(MemoryTree({"x.go": "package x"}), ".", ()) == ("x.go",)


def test_an_unreadable_file_may_be_part_of_the_build() -> None:
    class Locked(MemoryTree):
        def read(self, path: str, limit: int = 1 << 20) -> bytes | None:
            return None

    tree = Locked({"a/a.go": "package a\n"})
    assert go_files(tree, "a", ()) == ("a/a.go",)
    assert isinstance(package_at(tree, "a", ("a/a.go",)), Unknown)


def test_the_package_of_a_directory() -> None:
    assert package_at(TREE, "lib", ("lib/lib.go",)) == "lib"
    assert package_at(TREE, "tests", ()) is None
    mixed = package_at(TREE, "app", ("app/main.go", "app/linked.go"))
    assert isinstance(mixed, Unknown)
    assert "lib, main" in mixed.why
    assert isinstance(package_at(TREE, "odd", ("odd/x.go",)), Unknown)

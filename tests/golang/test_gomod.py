"""go.mod, go.work and vendor/modules.txt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorewrite.evidence import Unknown
from gorewrite.golang.gomod import (
    GoMod,
    GoWork,
    Replace,
    Require,
    find_module,
    find_workspace,
    is_local_path,
    parse_gomod,
    parse_gowork,
    vendored,
)
from tests.golang.trees import MemoryTree

FULL = """\
// Deprecated: use v3.
module example.com/shop/v2 // the module

go 1.24.1
toolchain go1.24.4
godebug default=go1.21

godebug (
	panicnil=1
)

require example.com/one v1.2.3
require (
	example.com/two v0.0.0-20240101000000-abcdefabcdef // indirect
	"example.com/quoted" `v1.0.0` // indirect; kept
	example.com/three/v3 v3.1.0+incompatible// not indirect
	// a comment line

)
tool example.com/one/cmd/gen
tool (
	example.com/two/cmd/lint
)
exclude example.com/bad v1.0.0
retract [v1.0.0, v1.1.0] // broken
ignore ./node_modules
replace example.com/one => ../one
replace (
	example.com/two v1.0.0 => example.com/fork v1.0.1
	example.com/three/v3 => ./three
	example.com/four => /abs/four
)
"""


def test_everything_in_a_gomod() -> None:
    assert parse_gomod(FULL, "svc/go.mod") == GoMod(
        "svc/go.mod",
        "example.com/shop/v2",
        "1.24.1",
        "go1.24.4",
        (
            Require("example.com/one", "v1.2.3", False, 12),
            Require("example.com/two", "v0.0.0-20240101000000-abcdefabcdef", True, 14),
            Require("example.com/quoted", "v1.0.0", True, 15),
            Require("example.com/three/v3", "v3.1.0+incompatible", False, 16),
        ),
        (
            Replace("example.com/one", None, "../one", None, True, 27),
            Replace("example.com/two", "v1.0.0", "example.com/fork", "v1.0.1", False, 29),
            Replace("example.com/three/v3", None, "./three", None, True, 30),
            Replace("example.com/four", None, "/abs/four", None, True, 31),
        ),
        ("example.com/one/cmd/gen", "example.com/two/cmd/lint"),
        ("default=go1.21", "panicnil=1"),
    )


@pytest.mark.parametrize(
    "text",
    [
        "module m",
        "module m\n",
        "\ufeffmodule m\n",
        b"module m\r\n\r\nrequire (\r\n)\r\n",
        'module "m"\n',
        "module `m`\n",
        "module (\n\tm\n)\n",
        "  module\tm // x\n",
        "module m\nfuture ( x y ( z\n) \n",
        "module m\nrequire ()\n",
        "// x\n\n\nmodule m//x\n",
    ],
)
def test_the_smallest_gomods(text: str | bytes) -> None:
    found = parse_gomod(text, "go.mod")
    if isinstance(text, str) and "future" in text:
        assert isinstance(found, GoMod | Unknown)
        return
    assert isinstance(found, GoMod)
    assert (found.module, found.go, found.toolchain, found.requires) == ("m", None, None, ())


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 0),
        ("go 1.21\n", 0),
        ("module a\nmodule b\n", 0),
        ("module a b\n", 1),
        ("module a\ngo 1.20\ngo 1.21\n", 3),
        ("module a\nrequire b\n", 2),
        ("module a\nrequire b v1 v2\n", 2),
        ("module a\nrequire (\nb v1.0.0\n", 4),
        ("module a\nreplace b\n", 2),
        ("module a\nreplace b => c\n", 2),
        ("module a\nreplace b v1 v2 => ./c\n", 2),
        ("module a\nreplace => ./c\n", 2),
        ('module a\nrequire "b v1\n', 2),
        ("<<<<<<< HEAD\nmodule a\n=======\nmodule b\n>>>>>>> x\n", 0),
    ],
)
def test_broken_gomods(text: str, line: int) -> None:
    found = parse_gomod(text, "a/go.mod")
    assert isinstance(found, Unknown)
    assert found.evidence[0].path == "a/go.mod"
    assert found.evidence[0].line == line


@given(st.text('module requirego()=>//"`\n \t.v1', max_size=60))
def test_any_text_is_answered(text: str) -> None:
    assert isinstance(parse_gomod(text, "go.mod"), GoMod | Unknown)
    assert isinstance(parse_gowork(text, "go.work"), GoWork | Unknown)


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("./a", True),
        ("../a", True),
        (".", True),
        ("..", True),
        ("/a", True),
        ("a", False),
        ("example.com/a", False),
        (".a", False),
        ("...", False),
    ],
)
def test_is_local_path(text: str, local: bool) -> None:
    assert is_local_path(text) is local


def test_gowork() -> None:
    text = (
        "go 1.22\ntoolchain go1.22.1\nuse ./a // x\nuse (\n\t./b\n\t../c\n)\n"
        "godebug x=1\nreplace m => ./m\n"
    )
    assert parse_gowork(text, "go.work") == GoWork(
        "go.work",
        "1.22",
        "go1.22.1",
        ("./a", "./b", "../c"),
        (Replace("m", None, "./m", None, True, 9),),
        ("x=1",),
    )
    assert isinstance(parse_gowork("use\n", "go.work"), Unknown)


TREE = MemoryTree(
    {
        "go.mod": "module root\n",
        "go.work": "go 1.22\nuse .\n",
        "svc/api/go.mod": "module api\n",
        "svc/api/cmd/main.go": "package main\n",
        "broken/go.mod": "require (\n",
        "broken/x.go": "package x\n",
        "broken/go.work": "use\n",
        "pkg/x.go": "package x\n",
        "vendor/modules.txt": "# example.com/a v1.0.0\n## explicit; go 1.20\nexample.com/a\n",
        "pkg/vendor/x.go": "package x\n",
        "linked": "-> svc/api",
    }
)


@pytest.mark.parametrize(
    ("directory", "module"),
    [
        (".", "root"),
        ("", "root"),
        ("pkg", "root"),
        ("pkg/", "root"),
        ("not/there", "root"),
        ("svc", "root"),
        ("svc/api", "api"),
        ("svc/api/cmd", "api"),
        ("svc/api/../../pkg", "root"),
        ("linked/cmd", "api"),
        ("broken", None),
        ("..", None),
        ("../x", None),
        ("/pkg", None),
    ],
)
def test_find_module(directory: str, module: str | None) -> None:
    found = find_module(TREE, directory)
    assert (found.module if found else None) == module


def test_where_a_module_is() -> None:
    found = find_module(TREE, "svc/api/cmd")
    assert found is not None
    assert (found.path, found.directory) == ("svc/api/go.mod", "svc/api")
    root = find_module(TREE, "pkg")
    assert root is not None
    assert (root.path, root.directory) == ("go.mod", ".")
    assert find_module(MemoryTree({"a/b.go": ""}), "a") is None


def test_find_workspace() -> None:
    found = find_workspace(TREE, "svc/api")
    assert found is not None
    assert (found.path, found.directory, found.uses) == ("go.work", ".", (".",))
    assert find_workspace(TREE, "broken") is None
    assert find_workspace(MemoryTree({"go.mod": "module m"}), ".") is None


def test_vendored() -> None:
    assert vendored(TREE, ".")
    assert not vendored(TREE, "svc/api")
    # A vendor directory without modules.txt is of no use to module mode.
    assert not vendored(TREE, "pkg")

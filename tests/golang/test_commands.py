"""The go command line, and the binaries it writes."""

from __future__ import annotations

import shlex
from collections.abc import Hashable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorewrite.evidence import Unknown
from gorewrite.golang.commands import (
    BuildOutput,
    GoCommand,
    InstalledTool,
    build_outputs,
    installed_tools,
    parse_go,
)
from gorewrite.golang.targets import binary_name
from tests.golang.trees import MemoryTree


def go(line: str, cwd: str | None = "/src", **env: str | None) -> GoCommand:
    """Read a command line; `?` is a word that is not known."""
    words = [None if word == "?" else word for word in shlex.split(line)]
    found = parse_go(words, cwd, env)
    assert found is not None
    return found


# --- reading ----------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["go", "/usr/local/go/bin/go", "./go", "go1.22.3", "go1.21rc2"])
def test_the_go_command(word: str) -> None:
    assert parse_go([word, "build"], "/", {}) is not None


def test_xx_go_chooses_the_platform() -> None:
    go = parse_go(["xx-go", "build", "."], "/src", {"GOOS": "linux", "CGO_ENABLED": "0"})
    assert go is not None
    assert go.env == {"GOOS": None, "GOARCH": None, "CGO_ENABLED": "0"}


@pytest.mark.parametrize("argv", [[], [None], ["gofmt"], ["go2"], ["cargo", "build"], ["GO"]])
def test_other_commands(argv: list[str | None]) -> None:
    assert parse_go(argv, "/", {}) is None


@pytest.mark.parametrize(
    ("line", "kind", "flags", "packages"),
    [
        ("go build", "build", {}, ()),
        ("go build -o app", "build", {"o": "app"}, ()),
        ("go build -o=app .", "build", {"o": "app"}, (".",)),
        ("go build --o app .", "build", {"o": "app"}, (".",)),
        ("go build --o=app .", "build", {"o": "app"}, (".",)),
        ("go build -v -o bin/ ./cmd/...", "build", {"v": "true", "o": "bin/"}, ("./cmd/...",)),
        ("go build ./a ./b", "build", {}, ("./a", "./b")),
        ("go build main.go aux.go", "build", {}, ("main.go", "aux.go")),
        ("go build -trimpath=false -race", "build", {"trimpath": "false", "race": "true"}, ()),
        ("go build -buildvcs -a", "build", {"buildvcs": "true", "a": "true"}, ()),
        ("go build -buildvcs=auto", "build", {"buildvcs": "auto"}, ()),
        ("go build -tags 'a b' -p 2 .", "build", {"tags": "a b", "p": "2"}, (".",)),
        ("go build -ldflags '-s -w' .", "build", {"ldflags": "-s -w"}, (".",)),
        ("go build -ldflags=-X=a=b", "build", {"ldflags": "-X=a=b"}, ()),
        ("go build -ldflags -s -o x", "build", {"ldflags": "-s", "o": "x"}, ()),
        ("go build -installsuffix cgo .", "build", {"installsuffix": "cgo"}, (".",)),
        ("go build -i .", "build", {"i": "true"}, (".",)),
        ("go build -o ? .", "build", {"o": None}, (".",)),
        ("go build -- .", "build", {}, (".",)),
        ("go install ./...", "install", {}, ("./...",)),
        ("go install x.org/y@v1.2.3", "install", {}, ("x.org/y@v1.2.3",)),
        ("go get -d -v ./...", "get", {"d": "true", "v": "true"}, ("./...",)),
        ("go get -u=patch x.org/y", "get", {"u": "patch"}, ("x.org/y",)),
        ("go mod download", "mod download", {}, ()),
        ("go mod download -x", "mod download", {"x": "true"}, ()),
        ("go mod download x.org/y@v1", "mod download", {}, ("x.org/y@v1",)),
        ("go mod tidy -go=1.20 -compat 1.19", "mod tidy", {"go": "1.20", "compat": "1.19"}, ()),
        ("go mod vendor -o v", "mod vendor", {"o": "v"}, ()),
        ("go mod init x", "mod init", {}, ("x",)),
        ("go mod edit -replace a=b", "mod edit", {"replace": "a=b"}, ()),
        ("go work sync", "work sync", {}, ()),
        ("go work use -r .", "work use", {"r": "true"}, (".",)),
        ("go generate ./...", "generate", {}, ("./...",)),
        ("go vet ./... ", "vet", {}, ("./...",)),
        ("go test ./... -run X -v", "test", {"run": "X", "v": "true"}, ("./...",)),
        ("go test -test.run X ./a", "test", {"run": "X"}, ("./a",)),
        ("go test ./a -args -x y", "test", {}, ("./a",)),
        ("go run . -v", "run", {}, (".",)),
        ("go run a.go b.go c -v", "run", {}, ("a.go", "b.go")),
        ("go run -race ./cmd/x a", "run", {"race": "true"}, ("./cmd/x",)),
        ("go run x.org/y@latest -z", "run", {}, ("x.org/y@latest",)),
        ("go list -m -f x all", "list", {"m": "true", "f": "x"}, ("all",)),
        ("go env GOPATH", "env", {}, ()),
        ("go env -w GOBIN=/x", "env", {"w": "true"}, ()),
        ("go tool cover -html=x", "tool", {}, ("cover",)),
        ("go version", "version", {}, ()),
        ("go clean -modcache -cache", "clean", {"modcache": "true", "cache": "true"}, ()),
        ("go fmt ./...", "fmt", {}, ("./...",)),
        ("go help build", "help", {}, ()),
        ("go -C sub build -o x", "build", {"C": "sub", "o": "x"}, ()),
        ("go build -C sub -o x", "build", {"C": "sub", "o": "x"}, ()),
        ("go build -C=sub", "build", {"C": "sub"}, ()),
        ("go build --C sub", "build", {"C": "sub"}, ()),
        ("go mod download -C sub", "mod download", {"C": "sub"}, ()),
        ("go", "", {}, ()),
    ],
)  # fmt: skip
def test_forms(
    line: str, kind: str, flags: dict[str, str | None], packages: tuple[str, ...]
) -> None:
    cmd = go(line)
    assert cmd.kind == kind
    assert {flag.name: flag.value for flag in cmd.flags} == flags
    assert cmd.packages == packages
    assert cmd.uncertain == ()
    assert len(cmd.roles) == len(cmd.argv)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("go build -frobnicate .", "unknown flag -frobnicate of go build"),
        ("go build -frobnicate=1 .", "unknown flag -frobnicate of go build"),
        ("go install -o x .", "unknown flag -o of go install"),
        ("go build ? .", "word 2 is not known"),
        ("go ?", "the go command is not known"),
        ("go mod ?", "the go command is not known"),
        ("go frob", "go frob is no go command known here"),
        ("go mod frob", "go mod frob is no go command known here"),
        ("go build -o", "flag -o needs a value"),
        ("go build -v -C sub", "-C must be the first flag"),
        ("go build . -o app", "-o stands behind the packages and is no flag there"),
        ("go mod download -v", "unknown flag -v of go mod download"),
    ],
)
def test_uncertain(line: str, why: str) -> None:
    assert why in go(line).uncertain


def test_a_tool_whose_version_is_not_known() -> None:
    raw = ["go", "install", '"example.com/tools/gen@${VERSION}"']
    cmd = parse_go(["go", "install", None], "/", {}, raw)
    assert cmd is not None and cmd.versioned and not cmd.uncertain
    assert cmd.packages == ("example.com/tools/gen@${VERSION}",)


def test_raw_words_tell_what_expansion_hides() -> None:
    raw = ["go", "build", '-ldflags="-X a=$V"', "-o", "$OUT", "./cmd/$APP"]
    argv = ["go", "build", None, "-o", None, None]
    assert parse_go(argv, "/", {}).uncertain  # type: ignore[union-attr]
    cmd = parse_go(argv, "/", {}, raw)
    assert cmd is not None
    assert cmd.uncertain == ()
    assert [(f.name, f.value, f.index) for f in cmd.flags] == [("ldflags", None, 2), ("o", None, 3)]
    assert cmd.packages == (None,)


@pytest.mark.parametrize("word", ["$FLAGS", '"$FLAGS"', "$(flags)", "${A}-x", "-$X"])
def test_raw_words_that_may_be_anything(word: str) -> None:
    cmd = parse_go(["go", "build", None, "."], "/", {}, ["go", "build", word, "."])
    assert cmd is not None
    assert cmd.uncertain == ("word 2 is not known",)


def test_words_keep_their_places() -> None:
    cmd = go("go -C sub build -v -ldflags -s -o=x ./a ./b")
    assert cmd.roles == (
        "go", "flag", "value", "verb", "flag", "flag", "value", "flag", "package", "package",
    )  # fmt: skip
    ldflags, output = cmd.flag("ldflags"), cmd.flag("o")
    assert ldflags is not None
    assert output is not None
    assert (ldflags.index, ldflags.value_index, ldflags.separate) == (5, 6, True)
    assert (output.index, output.value_index, output.separate) == (7, 7, False)


@pytest.mark.parametrize(
    ("line", "index"),
    [
        ("go build", 2),
        ("go build -v .", 2),
        ("go build -C sub -v", 4),
        ("go build -C=sub -v", 3),
        ("go -C sub build -v", 4),
        ("go -C=sub build", 3),
        ("go mod download -x", 3),
    ],
)
def test_where_new_flags_go(line: str, index: int) -> None:
    assert go(line).insertion == index


def test_the_last_flag_wins() -> None:
    cmd = go("go build -o a -tags x -o b -tags=y,z", GOFLAGS="-tags=q -mod=vendor '-ldflags=-s -w'")
    assert cmd.output == "b"
    assert cmd.tags == ("y", "z")
    assert cmd.setting("mod") == "vendor"
    assert cmd.setting("ldflags") == "-s -w"
    assert cmd.setting("race") == ""
    assert cmd.flag("mod") is None


@pytest.mark.parametrize(
    ("line", "goflags", "tags"),
    [
        ("go build", "", ()),
        ("go build -tags a", "", ("a",)),
        ("go build -tags a,b", "", ("a", "b")),
        ("go build -tags 'a b'", "", ("a", "b")),
        ("go build -tags ''", "-tags=x", ()),
        ("go build", "-tags=x,y", ("x", "y")),
        ("go build -tags ?", "", None),
        ("go build", None, None),
        ("go build", "'-tags=x", None),
        ("go build -tags a", None, ("a",)),
    ],
)
def test_tags(line: str, goflags: str | None, tags: tuple[str, ...] | None) -> None:
    assert go(line, GOFLAGS=goflags).tags == tags


@pytest.mark.parametrize(
    ("line", "cwd", "directory"),
    [
        ("go build", "/src", "/src"),
        ("go build -C sub", "/src", "/src/sub"),
        ("go build -C ../b", "/src", "/b"),
        ("go build -C /abs", "/src", "/abs"),
        ("go build -C ?", "/src", None),
        ("go build", None, None),
        ("go build -C sub", None, None),
    ],
)
def test_working_directory(line: str, cwd: str | None, directory: str | None) -> None:
    assert go(line, cwd).directory == directory


@given(
    st.lists(
        st.sampled_from(["build", "test", "run", "-o", "-v", "-C", "-x=y", ".", "--", "-", None])
    )
)
def test_every_word_has_one_role(words: list[str | None]) -> None:
    cmd = parse_go(["go", *words], "/", {})
    assert cmd is not None
    assert len(cmd.roles) == len(words) + 1
    assert 1 <= cmd.insertion <= len(cmd.argv)


# --- outputs ----------------------------------------------------------------------------------

MAIN = "package main\n\nfunc main() {}\n"
TREE = MemoryTree(
    {
        "go.mod": "module example.com/team/shop/v2\n\ngo 1.22\n",
        "main.go": MAIN,
        "cmd/api/main.go": MAIN,
        "cmd/api/aux.go": "package main\n",
        "cmd/worker/main.go": MAIN,
        "cmd/worker/main_windows.go": "package other\n",
        "cmd/v3/main.go": MAIN,
        "cmd/testdata/x/main.go": MAIN,
        "cmd/_old/main.go": MAIN,
        "internal/lib/lib.go": "package lib\n",
        "vendor/example.org/tool/main.go": MAIN,
        "only/tests/a_test.go": "package tests\n",
        "excluded/x.go": "//go:build ignore\n\npackage main\n",
        "tagged/main.go": "//go:build pro\n\npackage main\n",
        "svc/mixed/a.go": "package a\n",
        "svc/mixed/b.go": "package b\n",
        "one/main.go": MAIN,
        "cgo/b.go": 'package main\nimport "C"\n',
        "cgo/c.go": MAIN,
        "svc/go.mod": "module svc\n",
        "svc/main.go": MAIN,
        "svc/cmd/go.mod/x": "",
        "pkg/go.mod": "module gopkg.in/foo.v3\n",
        "pkg/main.go": MAIN,
        "api/readme": "",
    }
)


class Copied:
    """COPY instructions given as image directory -> context directory."""

    def __init__(self, tree: MemoryTree, places: Mapping[str, str]) -> None:
        self.tree = tree
        self.places = places
        self.memory: dict[Hashable, Any] = {}

    def locate(self, path: str) -> tuple[MemoryTree, str] | None:
        for image in sorted(self.places, key=len, reverse=True):
            if path == image or path.startswith(f"{image}/"):
                return self.tree, f"{self.places[image]}/{path[len(image) :]}".replace("//", "/")
        return None


SRC = Copied(TREE, {"/src": "."})


def outputs(
    line: str, cwd: str | None = "/src", places: Copied = SRC, **env: str | None
) -> dict[str, str]:
    """{path: package directory} of what a command writes."""
    found = build_outputs(go(line, cwd, **env), places)
    assert not isinstance(found, Unknown), found.why
    return {output.path: output.package_dir for output in found}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        # -o FILE
        ("go build -o app", {"/src/app": "."}),
        ("go build -o /app/server .", {"/app/server": "."}),
        ("go build -o ../bin/x ./cmd/api", {"/bin/x": "cmd/api"}),
        ("go build -o=out ./cmd/api/", {"/src/out": "cmd/api"}),
        ("go build -o out example.com/team/shop/v2/cmd/api", {"/src/out": "cmd/api"}),
        ("go build -o out example.com/team/shop/v2", {"/src/out": "."}),
        ("go build -o out /src/cmd/api", {"/src/out": "cmd/api"}),
        ("go build -o out ./one/...", {"/src/out": "one"}),
        # no -o: the import path names it
        ("go build", {"/src/shop": "."}),
        ("go build .", {"/src/shop": "."}),
        ("go build -o '' ./cmd/worker", {"/src/worker": "cmd/worker"}),
        ("go build ./cmd/worker", {"/src/worker": "cmd/worker"}),
        ("go build -C cmd/worker", {"/src/cmd/worker/worker": "cmd/worker"}),
        ("go -C cmd/worker build .", {"/src/cmd/worker/worker": "cmd/worker"}),
        ("go build -C cmd/worker -o ../x", {"/src/cmd/x": "cmd/worker"}),
        ("go build -C svc", {"/src/svc/svc": "svc"}),
        ("go build -C pkg", {"/src/pkg/foo.v3": "pkg"}),
        ("go build ./cmd/worker ./cmd/worker", {"/src/worker": "cmd/worker"}),
        # file lists
        ("go build main.go", {"/src/main": "."}),
        ("go build ./cmd/worker/main.go", {"/src/main": "cmd/worker"}),
        ("go build cmd/api/aux.go cmd/api/main.go", {"/src/aux": "cmd/api"}),
        ("go build -o x cmd/api/main.go cmd/api/aux.go", {"/src/x": "cmd/api"}),
        ("go build cgo/b.go cgo/c.go", {"/src/c": "cgo"}),
        ("go build excluded/x.go", {"/src/x": "excluded"}),
        ("go build -o bin/ cmd/worker/main.go", {"/src/bin/main": "cmd/worker"}),
        # -o DIR
        ("go build -o bin/ ./cmd/worker", {"/src/bin/worker": "cmd/worker"}),
        ("go build -o /out/ ./...", {
            "/out/shop": ".", "/out/api": "cmd/api", "/out/cmd": "cmd/v3",
            "/out/worker": "cmd/worker", "/out/one": "one", "/out/cgo": "cgo",
        }),
        ("go build -o bin/ ./cmd/api ./cmd/worker ./internal/lib", {
            "/src/bin/api": "cmd/api", "/src/bin/worker": "cmd/worker",
        }),
        ("go build -o . ./cmd/worker", {"/src/worker": "cmd/worker"}),
        ("go build -o /usr/local/bin ./cmd/worker", {"/usr/local/bin/worker": "cmd/worker"}),
        ("go build -o /src ./cmd/worker", {"/src/worker": "cmd/worker"}),
        ("go build -o api ./cmd/worker", {"/src/api/worker": "cmd/worker"}),
        ("go build -o bin/ ./cmd/w...", {"/src/bin/worker": "cmd/worker"}),
        ("go build -tags pro -o bin/ ./tagged/...", {"/src/bin/tagged": "tagged"}),
        # nothing is written
        ("go build ./...", {}),
        ("go build ./cmd/api ./cmd/worker", {}),
        ("go build ./internal/lib", {}),
        ("go build -o /dev/null ./cmd/api", {}),
        ("go build -o /dev/null ./...", {}),
        ("go build -n -o x .", {}),
        ("go test -c -o x .", {}),
        ("go vet ./...", {}),
        ("go run .", {}),
        ("go mod download", {}),
        ("go get -d ./...", {}),
        ("go version", {}),
        ("go", {}),
    ],
)  # fmt: skip
def test_go_build(line: str, expected: dict[str, str]) -> None:
    assert outputs(line) == expected


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("go build -o x ./...", "several packages"),
        ("go build -o x ./cmd/api ./cmd/worker", "several packages"),
        ("go build -o x ./internal/lib", "no main package"),
        ("go build -o bin/ ./internal/lib", "no main packages"),
        ("go build ./one/...", "is a directory"),
        ("go build -o cmd ./cmd/api", "is a directory"),
        ("go build -o ?", "-o is not known"),
        ("go build ?", "not known"),
        ("go build -frob .", "unknown flag"),
        ("go ? .", "not known"),
        ("go build ./absent", "no Go files"),
        ("go build ./excluded", "no Go files"),
        ("go build ./tagged", "no Go files"),
        ("go build ./only/tests", "no Go files"),
        ("go build -C svc ./mixed", "several packages: a, b"),
        ("go build /other/place", "not from the build context"),
        ("go build /other/...", "not from the build context"),
        ("go build example.org/tool", "not a package of the main module"),
        ("go build fmt", "not a package of the main module"),
        ("go build all", "pattern all"),
        ("go build main.go ./cmd/api", "must be .go files"),
        ("go build main.go cmd/api/main.go", "one directory"),
        ("go build absent.go", "not in the build context"),
        ("go build /elsewhere/main.go", "one directory of the build context"),
        ("go build -buildmode=c-shared -o x.so .", "library"),
        ("go build -buildmode=plugin .", "library"),
        ("go build -modfile=alt.mod .", "-modfile"),
        ("go build -overlay=o.json .", "-overlay"),
        ("go build -tags ? -o bin/ ./...", "-tags is not known"),
        ("go get ./...", "before Go 1.18"),
        ("go install example.org/x@latest", "tool"),
    ],
)
def test_go_build_not_known(line: str, why: str) -> None:
    found = build_outputs(go(line), SRC)
    assert isinstance(found, Unknown)
    assert why in found.why


def test_unknown_working_directory() -> None:
    assert isinstance(build_outputs(go("go build -o /app .", None), SRC), Unknown)
    assert isinstance(build_outputs(go("go build -C ? -o /app ."), SRC), Unknown)


def test_one_package_by_pattern_is_written_like_one_by_name() -> None:
    tree = MemoryTree(
        {"go.mod": "module m/tool\n", "main.go": MAIN, "x/y_windows.go": "package y\n"}
    )
    root = Copied(tree, {"/app": "."})
    assert outputs("go build ./...", "/app", root) == {"/app/tool": "."}
    # A package of tests only counts, although nothing of it is built.
    tree.files["y/y_test.go"] = b"package y\n"
    tree.directories.add("y")
    assert outputs("go build ./...", "/app", Copied(tree, {"/app": "."})) == {}


def test_directories_that_exist_decide_what_o_means() -> None:
    cmd = go("go build -o /out ./cmd/worker")
    file = build_outputs(cmd, SRC)
    inside = build_outputs(cmd, SRC, directories=("/out",))
    assert file == (BuildOutput("/out", "cmd/worker"),)
    assert inside == (BuildOutput("/out/worker", "cmd/worker"),)
    assert build_outputs(cmd, SRC, directories=("/out/sub/dir",)) == inside
    assert isinstance(build_outputs(cmd, SRC, directories=("/out",), go_minor=12), Unknown)
    assert build_outputs(cmd, SRC, go_minor=12) == file


def test_the_golang_image_has_go_bin() -> None:
    assert outputs("go build -o /go/bin ./cmd/worker", GOPATH="/go") == {
        "/go/bin/worker": "cmd/worker"
    }
    assert outputs("go build -o /go/bin ./cmd/worker") == {"/go/bin": "cmd/worker"}


def test_a_file_list_is_told() -> None:
    found = build_outputs(go("go build -o x cmd/api/main.go cmd/api/aux.go"), SRC)
    assert found == (BuildOutput("/src/x", "cmd/api", ("cmd/api/main.go", "cmd/api/aux.go")),)


def test_windows() -> None:
    assert outputs("go build ./cmd/api", "/src", SRC, GOOS="windows") == {"/src/api.exe": "cmd/api"}
    assert outputs("go build -o x ./cmd/api", GOOS="windows") == {"/src/x": "cmd/api"}
    assert outputs("go build -o x ./cmd/api", GOOS=None) == {"/src/x": "cmd/api"}


def test_cgo_decides_which_files_count() -> None:
    tree = MemoryTree({"go.mod": "module m/x\n", "c.go": 'package main\nimport "C"\n'})
    root = Copied(tree, {"/a": "."})
    assert outputs("go build", "/a", root) == {"/a/x": "."}
    assert isinstance(build_outputs(go("go build", "/a", CGO_ENABLED="0"), root), Unknown)


def test_context_and_image_may_differ() -> None:
    # COPY services/svc /app
    assert outputs("go build", "/app", Copied(TREE, {"/app": "svc"})) == {"/app/svc": "svc"}
    # COPY go.mod ./ and COPY cmd ./cmd: the module root is no copied directory.
    parts = Copied(TREE, {"/app/cmd": "cmd"})
    assert outputs("go build ./cmd/worker", "/app", parts) == {"/app/worker": "cmd/worker"}
    # A directory renamed on the way: the import path is not known.
    renamed = Copied(TREE, {"/app/tools": "cmd"})
    assert isinstance(build_outputs(go("go build ./tools/api", "/app"), renamed), Unknown)


def test_without_a_gomod() -> None:
    tree = MemoryTree({"main.go": MAIN, "cmd/v2/main.go": MAIN})
    place = Copied(tree, {"/go/src/example.com/shop": "."})
    cwd = "/go/src/example.com/shop"
    assert outputs("go build", cwd, place, GOPATH="/go") == {f"{cwd}/shop": "."}
    assert outputs("go build -o /x example.com/shop", "/", place, GOPATH="/go") == {"/x": "."}
    other = Copied(tree, {"/app": "."})
    assert isinstance(build_outputs(go("go build", "/app"), other), Unknown)
    assert outputs("go build", "/app", other, GO111MODULE="off") == {"/app/app": "."}
    assert outputs("go build -o server .", "/app", other) == {"/app/server": "."}
    assert outputs("go build main.go", "/app", other) == {"/app/main": "."}


@pytest.mark.parametrize(
    ("go_minor", "mode", "binary"),
    [
        (10, None, "/go/bin/tool"),
        (10, "on", "/go/bin/tool"),  # It does not know the variable.
        (12, None, "/go/bin/tool"),
        (12, "auto", "/go/bin/tool"),
        (12, "on", "/go/bin/shop"),
        (13, None, "/go/bin/shop"),
        (13, "off", "/go/bin/tool"),
        (None, None, "/go/bin/shop"),
    ],
)
def test_gomod_that_an_old_go_ignores(go_minor: int | None, mode: str | None, binary: str) -> None:
    """In GOPATH the directory gives the name, whatever a go.mod says that is there."""
    tree = MemoryTree({"go.mod": "module example.com/shop\n", "main.go": MAIN})
    place = Copied(tree, {"/go/src/example.com/tool": "."})
    env = {"GOPATH": "/go"} | ({"GO111MODULE": mode} if mode else {})
    command = go("go install ./...", "/go/src/example.com/tool", **env)
    found = build_outputs(command, place, go_minor=go_minor)
    assert not isinstance(found, Unknown), found.why
    assert [output.path for output in found] == [binary]


# --- go install -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "env", "expected"),
    [
        ("go install ./cmd/api", {"GOPATH": "/go"}, {"/go/bin/api": "cmd/api"}),
        ("go install", {"GOPATH": "/go"}, {"/go/bin/shop": "."}),
        ("go install ./cmd/worker ./cmd/api", {"GOBIN": "/b/"}, {
            "/b/worker": "cmd/worker", "/b/api": "cmd/api",
        }),
        ("go install ./cmd/w...", {"GOPATH": "/p:/q"}, {"/p/bin/worker": "cmd/worker"}),
        ("go install ./cmd/api", {"HOME": "/root"}, {"/root/go/bin/api": "cmd/api"}),
        ("go install cmd/api/main.go", {"GOPATH": "/go"}, {"/go/bin/main": "cmd/api"}),
        ("go install ./internal/lib", {"GOPATH": "/go"}, {}),
        ("go install -n ./cmd/api", {"GOPATH": "/go"}, {}),
        # The builder's own platform is no cross build.
        ("go install ./cmd/api", {"GOPATH": "/go", "GOOS": "linux", "GOARCH": "amd64"}, {
            "/go/bin/api": "cmd/api",
        }),
        ("go install ./cmd/api", {"GOPATH": "/go", "GOARCH": "arm64"}, {
            "/go/bin/linux_arm64/api": "cmd/api",
        }),
        ("go install ./cmd/api", {"GOPATH": "/go", "GOOS": "windows"}, {
            "/go/bin/windows_amd64/api.exe": "cmd/api",
        }),
        # A file list goes to bin itself.
        ("go install cmd/api/main.go", {"GOPATH": "/go", "GOARCH": "arm64"}, {
            "/go/bin/main": "cmd/api",
        }),
    ],
)  # fmt: skip
def test_go_install(line: str, env: dict[str, str], expected: dict[str, str]) -> None:
    assert outputs(line, **env) == expected


@pytest.mark.parametrize(
    ("line", "env", "why"),
    [
        ("go install ./cmd/api", {}, "neither GOBIN nor GOPATH"),
        ("go install ./cmd/api", {"GOBIN": None}, "is not known"),
        ("go install ./cmd/api", {"GOPATH": "/go", "GOARCH": None}, "is not known"),
        ("go install ./cmd/api", {"GOBIN": "bin"}, "absolute"),
        ("go install ./cmd/api", {"GOBIN": "/b", "GOARCH": "arm64"}, "cross-compiled"),
        ("go install -o x ./cmd/api", {"GOPATH": "/go"}, "unknown flag"),
        ("go install x.org/tool@v1", {"GOPATH": "/go"}, "tool"),
    ],
)
def test_go_install_not_known(line: str, env: dict[str, str | None], why: str) -> None:
    found = build_outputs(go(line, **env), SRC)
    assert isinstance(found, Unknown)
    assert why in found.why


def test_the_platform_of_the_builder_counts() -> None:
    cmd = go("go install ./cmd/api", GOPATH="/go", GOARCH="amd64")
    found = build_outputs(cmd, SRC, platform=("linux", "arm64"))
    assert found
    assert found[0].path == "/go/bin/linux_amd64/api"


def test_two_binaries_of_one_name() -> None:
    tree = MemoryTree({"go.mod": "module m\n", "a/x/m.go": MAIN, "b/x/m.go": MAIN})
    root = Copied(tree, {"/s": "."})
    found = build_outputs(go("go build -o bin/ ./...", "/s"), root)
    assert isinstance(found, Unknown)
    assert "one file name" in found.why


def test_go_get_since_1_18_installs_nothing() -> None:
    assert build_outputs(go("go get ./..."), SRC, go_minor=18) == ()
    assert isinstance(build_outputs(go("go get ./..."), SRC, go_minor=17), Unknown)


def test_a_link_to_a_parent_ends() -> None:
    tree = MemoryTree({"go.mod": "module m\n", "a/m.go": MAIN, "a/up": "-> ."})
    found = build_outputs(go("go build -o bin/ ./...", "/s"), Copied(tree, {"/s": "."}))
    assert isinstance(found, Unknown)


def test_installed_tools() -> None:
    cmd = go("go install x.org/tool@v1.2.0 x.org/y/v4@latest", GOPATH="/go")
    assert installed_tools(cmd) == (
        InstalledTool("/go/bin/tool", "x.org/tool", "v1.2.0"),
        InstalledTool("/go/bin/y", "x.org/y/v4", "latest"),
    )
    assert installed_tools(go("go install ./cmd/api", GOPATH="/go")) == ()
    assert installed_tools(go("go build x.org/tool@v1", GOPATH="/go")) == ()
    assert isinstance(installed_tools(go("go install x.org/tool@v1")), Unknown)
    assert isinstance(installed_tools(go("go install x.org/...@v1", GOPATH="/go")), Unknown)
    assert isinstance(installed_tools(go("go install x.org/a@v1 ?", GOPATH="/go")), Unknown)


def test_tools_that_go_get_installed() -> None:
    cmd = go("go get -u x.org/tool ./... x.org/y/v4@v4.1.0 x.org/z/...", GOPATH="/go")
    assert installed_tools(cmd) == installed_tools(cmd, go_minor=18) == ()
    assert installed_tools(cmd, go_minor=17) == (
        InstalledTool("/go/bin/tool", "x.org/tool", ""),
        InstalledTool("/go/bin/y", "x.org/y/v4", "v4.1.0"),
    )
    assert installed_tools(go("go get -d x.org/tool", GOPATH="/go"), go_minor=12) == ()
    assert isinstance(installed_tools(go("go get ?", GOPATH="/go"), go_minor=12), Unknown)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("example.com/my-svc", "my-svc"),
        ("example.com/my-svc/v2", "my-svc"),
        ("example.com/my-svc/v10", "my-svc"),
        ("example.com/my-svc/v1", "v1"),
        ("example.com/my-svc/v0", "v0"),
        ("example.com/my-svc/v02", "v02"),
        ("example.com/my-svc/v2beta", "v2beta"),
        ("gopkg.in/foo.v3", "foo.v3"),
        ("v2", "v2"),
        ("main", "main"),
    ],
)
def test_binary_name(path: str, name: str) -> None:
    assert binary_name(path) == name

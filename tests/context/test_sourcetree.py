"""The build context as the builder sees it."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gorewrite.context import Context, SourceTree, effective_ignore, sourcetree
from gorewrite.context.globs import BadPattern
from gorewrite.context.ignorefile import IgnoreError

Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """make(path=content, …): files below a fresh root; `->target` as content makes a link."""

    def write(files: dict[str, str]) -> Path:
        for name, content in files.items():
            path = tmp_path / "root" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if content.startswith("->"):
                path.symlink_to(content[2:])
            else:
                path.write_text(content)
        return tmp_path / "root"

    return write


def context(root: Path) -> Context:
    return Context.of(root, root / "Dockerfile")


def test_is_a_source_tree(make: Make) -> None:
    tree: SourceTree = context(make({"go.mod": "module m\n", "cmd/a/main.go": ""}))
    assert tree.kind(".") == "dir"
    assert tree.kind("go.mod") == "file"
    assert tree.kind("cmd") == tree.kind("cmd/a/") == tree.kind("./cmd/../cmd/a") == "dir"
    assert tree.kind("absent") is None
    assert tree.kind("go.mod/x") is None
    assert tree.read("go.mod") == b"module m\n"
    assert tree.read("cmd") is None
    assert tree.listdir(".") == ("cmd", "go.mod")
    assert tree.listdir("cmd") == ("a",)
    assert tree.listdir("go.mod") == tree.listdir("absent") == ()


@pytest.mark.parametrize("path", ["..", "../root/a", "/a", "/etc/passwd", "a/../../x", "a\0b"])
def test_nothing_outside(make: Make, path: str) -> None:
    root = make({"a": "x"})
    tree = context(root)
    assert tree.kind(path) is None
    assert tree.read(path) is None
    assert tree.listdir(path) == ()


def test_links(make: Make) -> None:
    root = make(
        {
            "real/f": "x",
            "to_file": "->real/f",
            "to_dir": "->./real/",
            "real/up": "->../real/f",
            "chain": "->to_dir",
            "dangling": "->nowhere",
            "loop": "->loop",
            "ping": "->pong",
            "pong": "->ping",
            "out": "->../secret",
            "absolute": "->/etc/passwd",
            "out_and_back": "->../root/real/f",
        }
    )
    (root.parent / "secret").write_text("s")
    tree = context(root)
    assert tree.kind("to_file") == tree.kind("real/up") == tree.kind("chain/up") == "file"
    assert tree.kind("to_dir") == tree.kind("chain") == "dir"
    assert tree.read("chain/f") == b"x"
    assert tree.listdir("chain") == ("f", "up")
    for name in ("dangling", "loop", "ping"):
        assert tree.kind(name) is None
    for name in ("out", "absolute", "out_and_back", "out/x"):
        assert tree.kind(name) == "link"
        assert tree.read(name) is None
        assert tree.listdir(name) == ()
    assert tree.is_link("out") and not tree.is_link("real")


def test_special_files_are_not_opened(make: Make) -> None:
    root = make({"a": ""})
    os.mkfifo(root / "pipe")
    tree = context(root)
    assert tree.kind("pipe") is None
    assert tree.read("pipe") is None
    tree.listdir(".")
    assert tree.kind("pipe") is None


def test_size_limit(make: Make) -> None:
    tree = context(make({"a": "12345"}))
    assert tree.read("a", limit=5) == b"12345"
    assert tree.read("a", limit=4) is None


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_unreadable(make: Make) -> None:
    root = make({"a": "x", "d/b": "x"})
    (root / "a").chmod(0)
    (root / "d").chmod(0)
    tree = context(root)
    try:
        assert tree.read("a") is None
        assert tree.listdir("d") == ()
        assert tree.kind("d/b") is None
    finally:
        (root / "d").chmod(0o755)


def test_what_changed_between_looking_and_reading(make: Make) -> None:
    root = make({"a": "x", "d/b": "x"})
    tree = context(root)
    assert tree.kind("a") == "file" and tree.kind("d") == "dir"
    (root / "a").unlink()
    (root / "d/b").unlink()
    (root / "d").rmdir()
    assert tree.read("a") is None
    assert tree.listdir("d") == ()


def test_ignored_is_absent(make: Make) -> None:
    root = make(
        {
            ".dockerignore": "*.md\nvendor\n!vendor/keep\nsecret\n",
            "README.md": "",
            "docs/README.md": "",
            "vendor/keep": "",
            "vendor/drop": "",
            "vendor2/x": "",
            "secret": "s",
            "link": "->secret",
            "link.md": "->main.go",
            "main.go": "",
        }
    )
    tree = context(root)
    assert tree.ignore_path == ".dockerignore"
    assert tree.kind("README.md") is None and tree.read("README.md") is None
    assert tree.kind("docs/README.md") == "file"
    assert tree.kind("vendor") == "dir" and tree.listdir("vendor") == ("keep",)
    assert tree.kind("vendor/drop") is None
    assert tree.kind("link") is None and tree.kind("link.md") is None
    assert tree.listdir(".") == (".dockerignore", "docs", "link", "main.go", "vendor", "vendor2")
    assert tree.unignored.kind("README.md") == "file"
    assert tree.unignored is tree.unignored is tree.unignored.unignored
    assert tree.unignored.ignore_path is None


def test_allow_list(make: Make) -> None:
    root = make(
        {
            ".dockerignore": "**\n!**/*.go\n!go.*\n",
            "go.mod": "",
            "a/b/c.go": "",
            "a/b/c.txt": "",
            "web/x.js": "",
            "web/deep/y.js": "",
        }
    )
    tree = context(root)
    assert list(tree.walk()) == ["a/b/c.go", "go.mod"]
    assert tree.kind("a") == "dir" and tree.kind("web") is None
    assert tree.glob("go.*") == ("go.mod",)


def test_directory_that_is_left_out_whole(make: Make) -> None:
    tree = context(make({".dockerignore": "a\n!b\n", "a/x/y": "", "b": ""}))
    assert tree.kind("a") is None
    assert tree.kind("a/x") is None
    assert tree.listdir("a") == ()


def test_own_ignore_file_goes_first(make: Make) -> None:
    root = make(
        {
            ".dockerignore": "a\n",
            "build/Dockerfile.dockerignore": "b\n",
            "build/Dockerfile": "",
            "a": "",
            "b": "",
        }
    )
    own = Context.of(root, root / "build" / "Dockerfile")
    assert own.kind("a") == "file" and own.kind("b") is None
    assert own.ignore_path == "build/Dockerfile.dockerignore"
    other = Context.of(root, root / "build" / "Dockerfile.dev")
    assert other.kind("a") is None and other.kind("b") == "file"
    assert effective_ignore(root, root / "build" / "Dockerfile.dev") == root / ".dockerignore"
    below = Context.of(root / "build", root / "Dockerfile")
    assert below.ignore_path is None


def test_empty_own_ignore_file_still_stands_in(make: Make) -> None:
    root = make({".dockerignore": "a\n", "Dockerfile.dockerignore": "", "a": ""})
    assert context(root).kind("a") == "file"


def test_ignore_file_that_is_none(make: Make) -> None:
    root = make({".dockerignore/x": "", "a": ""})
    assert context(root).ignore_path is None
    (root.parent / "outside").write_text("a\n")
    linked = make({"sub/.dockerignore": "->../../outside", "sub/a": ""}) / "sub"
    assert context(linked).kind("a") == "file"


def test_bad_ignore_file(make: Make) -> None:
    with pytest.raises(IgnoreError) as caught:
        context(make({".dockerignore": "a\n[\n"}))
    assert caught.value.line == 2
    with pytest.raises(IgnoreError, match="larger"):
        context(make({".dockerignore": "a\n" * (1 << 19) + "b\n"}))


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (".", (".",)),
        ("/", (".",)),
        ("", (".",)),
        ("..", (".",)),
        ("go.mod", ("go.mod",)),
        ("/go.mod", ("go.mod",)),
        ("../go.mod", ("go.mod",)),
        ("go.*", ("go.mod", "go.sum")),
        ("go.mod*", ("go.mod",)),
        ("go.work*", ()),
        ("absent", ()),
        ("cmd", ("cmd",)),
        ("cmd/*/main.go", ("cmd/a/main.go", "cmd/b/main.go")),
        ("cmd/**", ("cmd/a", "cmd/b")),
        ("**/main.go", ()),
        ("*/[ab]/main.go", ("cmd/a/main.go", "cmd/b/main.go")),
        ("?o.mod", ("go.mod",)),
        ("a\\*b", ("a*b",)),
        ("a[*]b", ("a*b",)),
        ("[^.]*", ("a*b", "cmd", "go.mod", "go.sum")),
        ("go.mod/*", ()),
    ],
)
def test_copy_sources(make: Make, pattern: str, expected: tuple[str, ...]) -> None:
    root = make(
        {"go.mod": "", "go.sum": "", "cmd/a/main.go": "", "cmd/b/main.go": "", "a*b": "", ".h": ""}
    )
    assert context(root).glob(pattern) == expected


def test_malformed_copy_source(make: Make) -> None:
    with pytest.raises(BadPattern):
        context(make({"a": ""})).glob("[")


def test_walk(make: Make) -> None:
    root = make({"b/2": "", "b/1/x": "", "a": "", "l": "->b", "b/self": "->.", "c.go": ""})
    tree = context(root)
    walk = tree.walk()
    assert list(walk) == ["a", "b/1/x", "b/2", "b/self", "c.go", "l"]
    assert not walk.truncated
    assert list(tree.walk("b")) == ["b/1/x", "b/2", "b/self"]
    assert list(tree.walk("l")) == []
    assert list(tree.walk("absent")) == []
    short = tree.walk(limit=2)
    assert list(short) == ["a", "b/1/x"]
    assert short.truncated
    assert list(tree.walk("a")) == ["a"]


def test_evidence_line(make: Make) -> None:
    tree = context(make({"a": "x\ny z\nz\n"}))
    assert tree.evidence_line("a", "z") == 2
    assert tree.evidence_line("a", "w") == 0
    assert tree.evidence_line("absent", "w") == 0


def test_names_that_are_not_utf8(make: Make) -> None:
    root = make({"a": ""})
    (root / os.fsdecode(b"caf\xe9")).write_text("x")
    tree = context(root)
    assert tree.read("caf\udce9") == b"x"
    assert tree.glob("caf?") == ("caf\udce9",)


def test_a_context_forgets_only_when_it_remembers_a_lot(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make({"a": "x", "d/b": "y"})
    tree = context(root)
    assert (tree.listdir("d"), tree.kind("a"), tree.read("a")) == (("b",), "file", b"x")
    (root / "a").unlink()
    (root / "d" / "c").write_text("z")
    tree.trim()
    assert (tree.listdir("d"), tree.kind("a"), tree.read("a")) == (("b",), "file", b"x")
    monkeypatch.setattr(sourcetree, "_MOST_REMEMBERED", 1)
    tree.trim()
    assert (tree.listdir("d"), tree.kind("a"), tree.read("a")) == (("b", "c"), None, None)

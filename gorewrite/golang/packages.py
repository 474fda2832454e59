"""Which Go files of a directory belong to a build, and which package they declare.

A cheap scanner of the top of Go files: build constraints, package clause, imports. It follows
`go/build` (Go's `src/go/build/build.go`: `matchFile`, `shouldBuild`, `goodOSArchFile`,
`matchTag`) and the documentation at https://pkg.go.dev/cmd/go#hdr-Build_constraints.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Final, NamedTuple

from gorewrite.evidence import Unknown
from gorewrite.golang.constraints import Holds, build_constraint, name_matches, tag_predicate
from gorewrite.memo import remembered

if TYPE_CHECKING:
    from gorewrite.context import SourceTree

# Generated Go files (assets, protobuf) reach several megabytes; only their top is looked at.
GO_FILE_LIMIT: Final = 32 << 20


class Header(NamedTuple):
    """The top of a Go file.

    package: name in the package clause, None when there is no readable one.
    imports: import paths in order, `"C"` included.
    constraint: does the file build for these tags? Takes the tag predicate.
    """

    package: str | None
    imports: tuple[str, ...]
    constraint: Callable[[Holds], bool]


@remembered
def go_files(
    tree: SourceTree,
    directory: str,
    tags: tuple[str, ...],
    goos: str = "linux",
    goarch: str = "amd64",
    cgo: bool = True,
    *,
    tests: bool = False,
    go_minor: int | None = None,
) -> tuple[str, ...]:
    """Return the paths of the Go files in `directory` that `go build` would compile.

    tags: values of `-tags`. cgo: whether cgo is enabled; off, files that import "C" are left out.
    tests: keep `_test.go` files. go_minor: N of Go 1.N; `go1.M` tags hold for M <= N (None: all).
    A file that cannot be read is kept when its name fits: it may be part of the build.
    Rule: go/build `Context.matchFile` and `Context.Import`.
    """
    holds = tag_predicate(tags, goos, goarch, cgo, go_minor)
    found = []
    for name in tree.listdir(directory):
        if not name.endswith(".go") or name.startswith(("_", ".")):
            continue
        if name.endswith("_test.go") and not tests:
            continue
        path = posixpath.normpath(posixpath.join(directory, name))
        if name_matches(name, holds) and tree.kind(path) == "file":
            header = header_of(tree, path)
            if header is None or _belongs(header, holds, cgo):
                found.append(path)
    return tuple(found)


@remembered
def header_of(tree: SourceTree, path: str) -> Header | None:
    """Return the top of a Go file of a tree; None when it cannot be read."""
    data = tree.read(path, GO_FILE_LIMIT)
    return read_header(data) if data is not None else None


def package_at(tree: SourceTree, directory: str, files: Collection[str]) -> str | Unknown | None:
    """Return the package name `files` (from `go_files`) declare; None when there are none.

    Unknown when files disagree (an error for `go build`) or none can be read.
    """
    if not files:
        return None
    names = set()
    for path in files:
        header = header_of(tree, path)
        names.add(header.package if header is not None else None)
    names.discard(None)
    if len(names) == 1:
        return names.pop()
    if names:
        return Unknown(f"{directory} holds several packages: {', '.join(sorted(map(str, names)))}")
    return Unknown(f"no package clause can be read in {directory}")


def package_name(source: str | bytes) -> str | None:
    """Return the name in the package clause of a Go file, None when there is no readable one."""
    text = _text(source)
    tokens = _Tokens(text)
    if next(tokens, None) != "package":
        return None
    name = next(tokens, None)
    return name if name is not None and name.isidentifier() else None


def read_header(source: str | bytes) -> Header:
    """Read build constraint, package clause and imports from the top of a Go file."""
    text = _text(source)
    return Header(package_name(text), _imports(text), build_constraint(text))


def _belongs(header: Header, holds: Holds, cgo: bool) -> bool:
    # go/build leaves out `package documentation`, and cgo files when cgo is off.
    if header.package == "documentation" or ("C" in header.imports and not cgo):
        return False
    return header.constraint(holds)


def _text(source: str | bytes) -> str:
    text = source if isinstance(source, str) else source.decode("utf-8", "surrogateescape")
    return text.removeprefix("\ufeff")


# --- package clause and imports ---------------------------------------------------------------

_TOKEN = re.compile(
    r"""(?P<skip>[ \t\r\n]+|//[^\n]*|/\*.*?\*/)
      | (?P<token>`[^`]*`|"(?:[^"\\\n]|\\.)*"|\w+|[^\w\s])""",
    re.DOTALL | re.VERBOSE,
)


class _Tokens:
    """The Go tokens of `text`, comments and white space left out, read one at a time."""

    __slots__ = ("position", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def __iter__(self) -> _Tokens:
        return self

    def __next__(self) -> str:
        while match := _TOKEN.match(self.text, self.position):
            self.position = match.end()
            if match["token"]:
                return match["token"]
        raise StopIteration


def _imports(text: str) -> tuple[str, ...]:
    tokens = _Tokens(text)
    if next(tokens, None) != "package" or next(tokens, None) is None:
        return ()
    found: list[str] = []
    grouped = in_import = False
    for token in tokens:
        if token == ";":
            continue
        if token == "import" and not grouped:
            in_import = True
        elif not in_import:
            break
        elif token == "(" and not grouped:
            grouped = True
        elif token == ")" and grouped:
            grouped = in_import = False
        elif token[0] in '"`':
            found.append(token[1:-1])
            in_import = grouped
        elif token != "." and not token.isidentifier():
            break
    return tuple(found)

"""Which Go files of a directory belong to a build, and which package they declare.

By the head of each file: build constraints, package clause, imports. The rules are those of
`go/build` (Go's `src/go/build/build.go`: `matchFile`, `shouldBuild`, `goodOSArchFile`,
`matchTag`) and the documentation at https://pkg.go.dev/cmd/go#hdr-Build_constraints.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from gorewrite.evidence import Unknown
from gorewrite.golang.constraints import Holds, name_matches, tag_predicate
from gorewrite.golang.imports import Header, scan
from gorewrite.memo import remembered

if TYPE_CHECKING:
    from gorewrite.context import SourceTree

# Generated Go files (assets, protobuf) reach several megabytes; only their top is looked at.
GO_FILE_LIMIT: Final = 32 << 20


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
    return tuple(
        path
        for name, path in _sources(tree, directory, tests)
        if name_matches(name, holds) and _belongs(header_of(tree, path), holds, cgo)
    )


@remembered
def _sources(tree: SourceTree, directory: str, tests: bool) -> tuple[tuple[str, str], ...]:
    """(name, path) of the Go files of a directory, whatever the build."""
    prefix = "" if directory == "." else f"{directory}/"
    return tuple(
        (name, prefix + name)
        for name in tree.listdir(directory)
        if name.endswith(".go")
        and not name.startswith(("_", "."))
        and (tests or not name.endswith("_test.go"))
        and tree.kind(prefix + name) == "file"
    )


@remembered
def header_of(tree: SourceTree, path: str) -> Header | None:
    """Return the top of a Go file of a tree; None when it cannot be read."""
    data = tree.read(path, GO_FILE_LIMIT)
    return scan(data) if data is not None else None


def package_at(tree: SourceTree, directory: str, files: Collection[str]) -> str | Unknown | None:
    """Return the package name `files` (from `go_files`) declare; None when there are none.

    Unknown when files disagree (an error for `go build`) or none can be read.
    """
    if not files:
        return None
    names = set()
    for path in files:
        header = header_of(tree, path)
        names.add(header.package if header is not None else "")
    names.discard("")
    if len(names) == 1:
        return names.pop()
    if names:
        return Unknown(f"{directory} holds several packages: {', '.join(sorted(names))}")
    return Unknown(f"no package clause can be read in {directory}")


def _belongs(header: Header | None, holds: Holds, cgo: bool) -> bool:
    if header is None:
        return True
    # go/build leaves out `package documentation`, and cgo files when cgo is off.
    if header.package == "documentation" or (not cgo and header.uses_c):
        return False
    return header.constraint is None or header.constraint(holds)

"""go.mod, go.work and vendor/modules.txt, read and never written.

Rules: Go modules reference (https://go.dev/ref/mod), sections "go.mod files", "Workspaces",
"Vendoring"; the lexical rules follow `golang.org/x/mod/modfile`.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from gorewrite.evidence import Evidence, Unknown
from gorewrite.memo import remembered

if TYPE_CHECKING:
    from gorewrite.context import SourceTree


class Require(NamedTuple):
    """A required module. indirect: marked `// indirect`; line: 1-based in its file."""

    path: str
    version: str
    indirect: bool
    line: int


class Replace(NamedTuple):
    """A `replace` line: `old [old_version] => new [new_version]`.

    local: `new` is a directory (`./x`, `../x`, absolute) and not a module path.
    """

    old: str
    old_version: str | None
    new: str
    new_version: str | None
    local: bool
    line: int


class GoMod(NamedTuple):
    """A go.mod. path: the file in its tree; go: as in `go 1.22.3`; godebug: `key=value` texts."""

    path: str
    module: str
    go: str | None
    toolchain: str | None
    requires: tuple[Require, ...]
    replaces: tuple[Replace, ...]
    tools: tuple[str, ...] = ()
    godebug: tuple[str, ...] = ()

    @property
    def directory(self) -> str:
        """The module root in the tree, "." for the root of the tree."""
        return self.path.rpartition("/")[0] or "."


class GoWork(NamedTuple):
    """A go.work. path: the file in its tree; uses: directories as written, relative to it."""

    path: str
    go: str | None
    toolchain: str | None
    uses: tuple[str, ...]
    replaces: tuple[Replace, ...]
    godebug: tuple[str, ...] = ()

    @property
    def directory(self) -> str:
        """The workspace root in the tree, "." for the root of the tree."""
        return self.path.rpartition("/")[0] or "."


@lru_cache(maxsize=64)
def parse_gomod(text: str | bytes, path: str) -> GoMod | Unknown:
    """Read a go.mod. Unknown, with the line, when its syntax is wrong or it names no module.

    Unknown directives are skipped: a newer Go may know them.
    """
    try:
        lines = tuple(_directives(text))
        modules = [_only(d) for d in lines if d.verb == "module"]
        if len(modules) != 1:
            raise _SyntaxError(0, f"{len(modules)} module directives")
        return GoMod(
            path,
            modules[0],
            _single(lines, "go"),
            _single(lines, "toolchain"),
            tuple(_require(d) for d in lines if d.verb == "require"),
            tuple(_replace(d) for d in lines if d.verb == "replace"),
            tuple(_only(d) for d in lines if d.verb == "tool"),
            tuple(" ".join(d.words) for d in lines if d.verb == "godebug"),
        )
    except _SyntaxError as error:
        return error.unknown(path)


@lru_cache(maxsize=64)
def parse_gowork(text: str | bytes, path: str) -> GoWork | Unknown:
    """Read a go.work. Unknown, with the line, when its syntax is wrong."""
    try:
        lines = tuple(_directives(text))
        return GoWork(
            path,
            _single(lines, "go"),
            _single(lines, "toolchain"),
            tuple(_only(d) for d in lines if d.verb == "use"),
            tuple(_replace(d) for d in lines if d.verb == "replace"),
            tuple(" ".join(d.words) for d in lines if d.verb == "godebug"),
        )
    except _SyntaxError as error:
        return error.unknown(path)


def find_module(tree: SourceTree, directory: str) -> GoMod | None:
    """Return the nearest readable go.mod at or above `directory`, inside the tree.

    None when there is none, or when the nearest one does not parse (Go stops there too).
    """
    found = nearest_gomod(tree, directory)
    return found if isinstance(found, GoMod) else None


@remembered
def nearest_gomod(tree: SourceTree, directory: str) -> GoMod | Unknown | None:
    """As `find_module`, but with the reason, and where, when the nearest go.mod does not parse."""
    path = _upward(tree, directory, "go.mod")
    data = tree.read(path) if path else None
    return parse_gomod(data, path) if path is not None and data is not None else None


@remembered
def find_workspace(tree: SourceTree, directory: str) -> GoWork | None:
    """Return the nearest readable go.work at or above `directory`, inside the tree.

    The environment variable GOWORK, which can name another file or `off`, is the caller's.
    """
    path = _upward(tree, directory, "go.work")
    data = tree.read(path) if path else None
    if path is None or data is None:
        return None
    found = parse_gowork(data, path)
    return found if isinstance(found, GoWork) else None


def vendored(tree: SourceTree, module_dir: str) -> bool:
    """Does the module (or workspace) at `module_dir` bring a consistent-looking vendor directory?

    Go writes vendor/modules.txt since 1.6-era tools too; without it module mode cannot use vendor.
    """
    return tree.kind(posixpath.normpath(posixpath.join(module_dir, "vendor/modules.txt"))) == "file"


def is_local_path(text: str) -> bool:
    """Is the right side of a `replace` a directory? (modfile `IsDirectoryPath`)"""
    return text in (".", "..") or text.startswith(("./", "../", "/", ".\\", "..\\"))


def _upward(tree: SourceTree, directory: str, name: str) -> str | None:
    current = posixpath.normpath(directory)
    if current.startswith(("..", "/")):
        return None
    path = _in(current, name)
    # Who asks looks at the sources there, too, so that the names in it are known.
    if name in tree.listdir(current) and tree.kind(path) == "file":
        return path
    return _above(tree, current.rpartition("/")[0] or ".", name) if current != "." else None


@remembered
def _above(tree: SourceTree, directory: str, name: str) -> str | None:
    """The same from a parent directory on: for all that lie in it."""
    while True:
        path = _in(directory, name)
        if tree.kind(path) == "file":
            return path
        if directory == ".":
            return None
        directory = directory.rpartition("/")[0] or "."


def _in(directory: str, name: str) -> str:
    return name if directory == "." else f"{directory}/{name}"


# --- the line grammar of go.mod and go.work ---------------------------------------------------


class _SyntaxError(Exception):
    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line
        self.problem = problem

    def unknown(self, path: str) -> Unknown:
        name = posixpath.basename(path)
        return Unknown(
            f"{name} does not parse: {self.problem}", (Evidence(path, self.line, self.problem),)
        )


class _Directive(NamedTuple):
    verb: str
    words: tuple[str, ...]
    comment: str
    line: int


_WORD = re.compile(r"""[ \t\r]*(?:(//.*)|("(?:[^"\\]|\\.)*")|`([^`]*)`|(=>|[(),])|([^\s(),"`]+))""")


def _text(text: str | bytes) -> str:
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogateescape")
    return text.removeprefix("\ufeff")


def _directives(text: str | bytes) -> Iterator[_Directive]:
    block: str | None = None
    for number, line in enumerate(_text(text).split("\n"), 1):
        words, comment = _words(line, number)
        if not words:
            continue
        if block is not None:
            if words == [")"]:
                block = None
            else:
                yield _Directive(block, tuple(words), comment, number)
        elif len(words) == 2 and words[1] == "(":
            block = words[0]
        elif words[1:] == ["(", ")"]:
            continue
        else:
            yield _Directive(words[0], tuple(words[1:]), comment, number)
    if block is not None:
        raise _SyntaxError(number, f"block of {block} is not closed")


def _words(line: str, number: int) -> tuple[list[str], str]:
    words: list[str] = []
    position = 0
    line = line.rstrip()
    while position < len(line):
        match = _WORD.match(line, position)
        if match is None:
            raise _SyntaxError(number, "unexpected quote")
        comment, quoted, raw, mark, word = match.groups()
        position = match.end()
        if comment is not None:
            return words, comment[2:].strip()
        if quoted is not None:
            words.append(_unquote(quoted, number))
        elif raw is not None:
            words.append(raw)
        elif mark is not None:
            words.append(mark)
        else:
            # `//` ends a bare word too.
            bare, slashes, _ = word.partition("//")
            if slashes:
                position = match.start(5) + len(bare)
            if bare:
                words.append(bare)
    return words, ""


def _unquote(text: str, number: int) -> str:
    try:
        value = json.loads(text)
    except ValueError:
        raise _SyntaxError(number, f"invalid quoted string {text}") from None
    return str(value)


def _only(directive: _Directive) -> str:
    if len(directive.words) != 1:
        raise _SyntaxError(directive.line, f"{directive.verb} takes one argument")
    return directive.words[0]


def _single(lines: tuple[_Directive, ...], verb: str) -> str | None:
    found = [d for d in lines if d.verb == verb]
    if len(found) > 1:
        raise _SyntaxError(found[1].line, f"repeated {verb} directive")
    return _only(found[0]) if found else None


def _require(directive: _Directive) -> Require:
    if len(directive.words) != 2:
        raise _SyntaxError(directive.line, "usage: require module/path v1.2.3")
    path, version = directive.words
    indirect = directive.comment.partition(";")[0].strip() == "indirect"
    return Require(path, version, indirect, directive.line)


def _replace(directive: _Directive) -> Replace:
    words = directive.words
    at = words.index("=>") if "=>" in words else -1
    old, new = words[:at], words[at + 1 :]
    if at not in (1, 2) or len(new) not in (1, 2):
        raise _SyntaxError(directive.line, "usage: replace module/path [v1.2.3] => other [v1.4]")
    local = is_local_path(new[0]) and len(new) == 1
    if not local and len(new) == 1:
        raise _SyntaxError(directive.line, "replacement module without version must be a directory")
    return Replace(
        old[0],
        old[1] if len(old) == 2 else None,
        new[0],
        new[1] if len(new) == 2 else None,
        local,
        directive.line,
    )

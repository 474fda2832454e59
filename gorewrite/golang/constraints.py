"""Build constraints of Go files: `//go:build` and `// +build` lines, and file name suffixes.

Rules: https://pkg.go.dev/cmd/go#hdr-Build_constraints and `go/build` (`shouldBuild`,
`parseFileHeader`, `goodOSArchFile`, `matchTag`) with `go/build/constraint` for expressions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Final


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# internal/syslist of Go 1.26; past and future systems stay known so that their files stay out.
KNOWN_OS: Final = _names(
    "aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9"
    " solaris wasip1 windows zos"
)
KNOWN_ARCH: Final = _names(
    "386 amd64 amd64p32 arm armbe arm64 arm64be loong64 mips mipsle mips64 mips64le mips64p32"
    " mips64p32le ppc ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm"
)
UNIX_OS: Final = _names(
    "aix android darwin dragonfly freebsd hurd illumos ios linux netbsd openbsd solaris"
)
_RELEASE_TAG = re.compile(r"go1\.([1-9][0-9]*)")

Holds = Callable[[str], bool]
# Whether a file builds, by the tags that hold.
Constraint = Callable[[Holds], bool]


def tag_predicate(
    tags: Collection[str], goos: str, goarch: str, cgo: bool, go_minor: int | None = None
) -> Holds:
    """Return the predicate "this build tag holds". Rule: go/build `Context.matchTag`."""
    fixed = {goos, goarch, "gc", *tags}
    if cgo:
        fixed.add("cgo")
    if goos == "android":
        fixed.add("linux")
    elif goos == "illumos":
        fixed.add("solaris")
    elif goos == "ios":
        fixed.add("darwin")
    if goos in UNIX_OS:
        fixed.add("unix")
    if goarch == "amd64":
        fixed.add("amd64.v1")

    def holds(tag: str) -> bool:
        release = _RELEASE_TAG.fullmatch(tag)
        if release:
            return go_minor is None or int(release[1]) <= go_minor
        return tag in fixed

    return holds


def name_matches(name: str, holds: Holds) -> bool:
    """Apply the `_GOOS`, `_GOARCH`, `_GOOS_GOARCH` file name rule (go/build `goodOSArchFile`)."""
    stem = name.partition(".")[0]
    _, underscore, rest = stem.partition("_")
    if not underscore:
        return True
    parts = rest.split("_")
    if parts[-1] == "test":
        parts.pop()
    if not parts:
        return True
    if parts[-1] in KNOWN_ARCH:
        system = len(parts) > 1 and parts[-2] in KNOWN_OS
        return holds(parts[-1]) and (not system or holds(parts[-2]))
    return parts[-1] not in KNOWN_OS or holds(parts[-1])


def build_constraint(text: str) -> Constraint:
    """Return the test whether a Go file builds, which takes the tag predicate.

    `//go:build` wins over `// +build`; one that does not parse never holds (go/build fails there).
    """
    go_build, plus_build = _constraint_lines(text)
    if go_build is not None:
        expression = go_build
        return lambda holds: evaluate(expression, holds) is True
    return lambda holds: all(_plus_build(line, holds) for line in plus_build)


def _constraint_lines(text: str) -> tuple[str | None, tuple[str, ...]]:
    """Return the `//go:build` expression and the `// +build` arguments (go/build parseFileHeader).

    `// +build` lines count only above the last blank line before the first code or `/*` comment.
    """
    go_build: str | None = None
    pending: list[str] = []
    counted: list[str] = []
    ended = in_block = False
    for raw in text.split("\n"):
        line = raw.strip()
        if not line and not ended:
            counted += pending
            pending.clear()
            continue
        if not line.startswith("//"):
            ended = True
        if not in_block:
            if go_build is None and re.match(r"//go:build(\s|$)", line):
                go_build = line.removeprefix("//go:build").strip()
            plus = re.fullmatch(r"//[ \t]*\+build(?:[ \t]+(.*))?", line)
            if plus and not ended:
                pending.append(plus[1] or "")
        in_block, code = _after_comments(line, in_block)
        if code:
            break
    return go_build, tuple(counted)


def _after_comments(line: str, in_block: bool) -> tuple[bool, bool]:
    """Return whether a block comment is open after `line`, and whether the line holds code."""
    while line:
        if in_block:
            _, closed, line = line.partition("*/")
            if not closed:
                return True, False
            in_block, line = False, line.strip()
        elif line.startswith("//"):
            return False, False
        elif line.startswith("/*"):
            in_block, line = True, line[2:]
        else:
            return False, True
    return in_block, False


def _plus_build(line: str, holds: Holds) -> bool:
    """Evaluate one `// +build` line: spaces are OR, commas AND, `!` NOT."""

    def term(text: str) -> bool:
        return not holds(text[1:]) if text.startswith("!") else holds(text)

    return any(all(term(part) for part in option.split(",")) for option in line.split())


def evaluate(expression: str, holds: Holds) -> bool | None:
    """Evaluate a `//go:build` expression; None when it does not parse.

    Grammar: go/build/constraint `parseExpr`: `||`, `&&`, `!`, parentheses, tags.
    """
    tokens = re.findall(r"&&|\|\||[!()]|[\w.]+|\S", expression)
    try:
        value, rest = _or(tokens, holds)
    except (IndexError, ValueError):
        return None
    return None if rest else value


def _or(tokens: list[str], holds: Holds) -> tuple[bool, list[str]]:
    value, rest = _and(tokens, holds)
    while rest and rest[0] == "||":
        right, rest = _and(rest[1:], holds)
        value = value or right
    return value, rest


def _and(tokens: list[str], holds: Holds) -> tuple[bool, list[str]]:
    value, rest = _not(tokens, holds)
    while rest and rest[0] == "&&":
        right, rest = _not(rest[1:], holds)
        value = value and right
    return value, rest


def _not(tokens: list[str], holds: Holds) -> tuple[bool, list[str]]:
    first, rest = tokens[0], tokens[1:]
    if first == "!":
        value, rest = _not(rest, holds)
        return not value, rest
    if first == "(":
        value, rest = _or(rest, holds)
        if rest[0] != ")":
            raise ValueError(rest[0])
        return value, rest[1:]
    if not re.fullmatch(r"[\w.]+", first):
        raise ValueError(first)
    return holds(first), rest

"""Go's path functions that builders use: `filepath.Clean` and `filepath.Match`.

Python's own differ where it matters: `fnmatch` lets `*` cross `/`, and `posixpath.normpath`
keeps a leading `//`.
Source of the rules: the Go standard library, path/filepath (match.go, path.go).
"""

from __future__ import annotations

import posixpath
import re
from typing import Final

WILDCARDS: Final = frozenset("*?[")
_SPECIAL: Final = re.compile(r"[*?\[\\]")


class BadPattern(ValueError):
    """A pattern that `filepath.Match` refuses (`ErrBadPattern`)."""


def clean(path: str) -> str:
    """The shortest path with the same meaning, as `filepath.Clean`: "" → ".", "//a/../b" → "/b"."""
    cleaned = posixpath.normpath(path)
    return cleaned[1:] if cleaned.startswith("//") else cleaned


def relative(path: str) -> str:
    """`path` as a builder reads a COPY source: relative to the context, which `..` cannot leave.

    "/a", "./a", "../a" → "a"; "", "/", ".." → ".". [Dockerfile reference, COPY: "leading slashes
    are stripped", "../ … stripped"]
    """
    return clean("/" + path)[1:] or "."


def is_pattern(pattern: str) -> bool:
    """Whether something in `pattern` does not stand for itself, be it a wildcard or escaped."""
    return _SPECIAL.search(pattern) is not None


def has_wildcard(pattern: str) -> bool:
    """Whether `*`, `?` or `[` stands in `pattern` unescaped (fsutil `containsWildcards`)."""
    if not is_pattern(pattern):
        return False
    escaped = False
    for char in pattern:
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char in WILDCARDS:
            return True
    return False


def unescape(pattern: str) -> str:
    """The name a pattern without wildcards stands for."""
    return "".join(char for char in _unescaped(pattern))


def _unescaped(pattern: str) -> list[str]:
    chars, at = [], 0
    while at < len(pattern):
        if pattern[at] == "\\" and at + 1 < len(pattern):
            at += 1
        chars.append(pattern[at])
        at += 1
    return chars


def match(pattern: str, name: str) -> bool:
    """Whether `name` matches the whole of `pattern`, as `filepath.Match` on Linux.

    Raises BadPattern in the cases where Go returns ErrBadPattern. Like Go it looks at a piece
    of the pattern only when all before it could match, so some malformed patterns pass.
    Takes time in proportion to len(pattern) * len(name): only the last `*` is ever retried.
    """
    while pattern:
        star, chunk, pattern = _scan_chunk(pattern)
        if star and not chunk:
            return "/" not in name
        rest = _match_chunk(chunk, name)
        if rest is not None and (not rest or pattern):
            name = rest
            continue
        if not star:
            return False
        for skipped, char in enumerate(name):
            if char == "/":
                return False
            rest = _match_chunk(chunk, name[skipped + 1 :])
            if rest is not None and (pattern or not rest):
                name = rest
                break
        else:
            return False
    return not name


def check(pattern: str) -> None:
    """Raises BadPattern when any piece of the pattern is malformed, reached by `match` or not."""
    while pattern:
        _, chunk, pattern = _scan_chunk(pattern)
        _match_chunk(chunk, "")


def _scan_chunk(pattern: str) -> tuple[bool, str, str]:
    """(whether a `*` comes first, the piece up to the next `*`, the rest)."""
    body = pattern.lstrip("*")
    star = len(body) < len(pattern)
    in_class = False
    at = 0
    while at < len(body):
        char = body[at]
        if char == "\\":
            at += 1
        elif char == "[":
            in_class = True
        elif char == "]":
            in_class = False
        elif char == "*" and not in_class:
            break
        at += 1
    return star, body[:at], body[at:]


def _match_chunk(chunk: str, text: str) -> str | None:
    """What is left of `text` after a piece without `*`; None when it does not match."""
    failed = False
    while chunk:
        failed = failed or not text
        operator = chunk[0]
        if operator == "[":
            matched, chunk = _match_class(chunk[1:], "" if failed else text[0])
            failed = failed or not matched
        elif operator == "?":
            failed = failed or text[0] == "/"
            chunk = chunk[1:]
        else:
            if operator == "\\":
                chunk = chunk[1:]
                if not chunk:
                    raise BadPattern("nothing follows the last backslash")
            failed = failed or chunk[0] != text[0]
            chunk = chunk[1:]
        text = text[1:]
    return None if failed else text


def _match_class(chunk: str, char: str) -> tuple[bool, str]:
    """(whether `char` is in the class whose `[` was just read, the chunk after its `]`)."""
    negated = chunk.startswith("^")
    chunk = chunk[negated:]
    found, ranges = False, 0
    while not (chunk.startswith("]") and ranges):
        low, chunk = _class_char(chunk)
        high = low
        if chunk[0] == "-":
            high, chunk = _class_char(chunk[1:])
        found = found or low <= char <= high
        ranges += 1
    return found != negated, chunk[1:]


def _class_char(chunk: str) -> tuple[str, str]:
    if chunk[:1] == "\\":
        chunk = chunk[1:]
    elif chunk[:1] in ("-", "]"):
        raise BadPattern(f"`{chunk[:1]}` stands where a character class needs a character")
    if len(chunk) < 2:
        raise BadPattern("a character class is not closed")
    return chunk[0], chunk[1:]

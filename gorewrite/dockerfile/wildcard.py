"""The patterns of `${x#p}`, `${x%p}` and `${x/p/r}`: `*`, `?` and escapes, no brackets.

Behaviour of `convertShellPatternToRegex`, `trimPrefix`, `trimSuffix` in moby/buildkit
frontend/dockerfile/shell/lex.go. Go's regular expressions run in linear time and Python's
do not, so the matching is done by hand on sets of positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

# Beyond this a wildcard is not worked out and the value counts as unknown: no version
# number is that long, and the work grows with the square of it.
_LIMIT = 200


class PatternError(ValueError):
    """A backslash before a character that needs none."""


class _Wild(Enum):
    STAR = "*"
    ANY = "?"


_Token = str | _Wild


def _tokens(pattern: str) -> list[_Token]:
    tokens: list[_Token] = []
    characters = iter(pattern)
    for char in characters:
        if char == "\\":
            escaped = next(characters, "")
            if escaped not in ("*", "?", "\\", "}", "/"):
                raise PatternError(f"invalid escape '\\{escaped}'")
            tokens.append(escaped)
        elif char in ("*", "?"):
            tokens.append(_Wild(char))
        else:
            tokens.append(char)
    return tokens


def _ends(tokens: Sequence[_Token], text: str, start: int) -> set[int]:
    """Every position a match beginning at `start` can end at."""
    positions = {start}
    for token in tokens:
        if not positions:
            break
        if token is _Wild.STAR:
            positions = set(range(min(positions), len(text) + 1))
        elif token is _Wild.ANY:
            positions = {at + 1 for at in positions if at < len(text)}
        else:
            positions = {at + 1 for at in positions if text[at : at + 1] == token}
    return positions


def trim(value: str, pattern: str, *, suffix: bool, greedy: bool) -> str | None:
    """`value` without the start (or end) the pattern matches, the shortest or the longest.

    None when the pattern is too long to be worked out. Raises PatternError.
    """
    tokens = _tokens(pattern)
    if len(tokens) > _LIMIT or len(value) > _LIMIT:
        return None
    text = value[::-1] if suffix else value
    ends = _ends(tokens[::-1] if suffix else tokens, text, 0)
    if not ends:
        return value
    rest = text[max(ends) if greedy else min(ends) :]
    return rest[::-1] if suffix else rest


def replace(value: str, pattern: str, new: str, *, every: bool) -> str | None:
    """`value` with the first (or every) leftmost, longest match replaced by `new`.

    None when it cannot be worked out: an empty pattern, a long wildcard, or a `$` in what
    replaces every match (Go expands it as a group reference). Raises PatternError.
    """
    tokens = _tokens(pattern)
    if not tokens or (every and "$" in new):
        return None
    literal = [token for token in tokens if isinstance(token, str)]
    if len(literal) == len(tokens):
        return value.replace("".join(literal), new, -1 if every else 1)
    if len(tokens) > _LIMIT or len(value) > _LIMIT:
        return None
    pieces: list[str] = []
    at = done = 0
    while at <= len(value):
        end = max(_ends(tokens, value, at), default=-1)
        # An empty match right behind the one before is none.
        if end < 0 or (end == at == done and pieces):
            at += 1
            continue
        pieces += (value[done:at], new)
        done = end
        at = max(end, at + 1)
        if not every:
            break
    return "".join([*pieces, value[done:]])

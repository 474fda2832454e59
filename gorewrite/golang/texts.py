"""What a string expression can be worth: sets of texts and the operations on them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from gorewrite.context.globs import clean

# More texts than this are no longer worth naming one by one.
_MOST_TEXTS = 32

_ESCAPE = re.compile(r"\\(?:([0-7]{3})|x([0-9a-fA-F]{2})|[uU]([0-9a-fA-F]{4,8})|(.))", re.DOTALL)
_NAMED_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class Value(NamedTuple):
    """texts: what the expression can be; exact: whether it can be nothing else.

    Exact without texts: the expression is never evaluated (a function nobody calls).
    starts: the known beginnings of what it can be besides (`"../pages" + name`).
    """

    texts: tuple[str, ...] = ()
    exact: bool = False
    starts: tuple[str, ...] = ()


UNKNOWN = Value()


def union(values: Iterable[Value]) -> Value:
    """A value that is one of several."""
    texts: dict[str, None] = {}
    starts: dict[str, None] = {}
    exact = True
    for value in values:
        texts.update(dict.fromkeys(value.texts))
        starts.update(dict.fromkeys(value.starts))
        exact = exact and value.exact
    if len(texts) > _MOST_TEXTS:
        return UNKNOWN
    return Value(tuple(texts), exact, tuple(starts))


def unquote(literal: str) -> str:
    """The text of a Go string literal (Go specification, "String literals")."""
    if literal[:1] == "`":
        return literal[1:-1].replace("\r", "")
    if "\\" not in literal:
        return literal[1:-1]

    def plain(found: re.Match[str]) -> str:
        octal, byte, code, sign = found.groups()
        if sign is not None:
            return _NAMED_ESCAPES.get(sign, sign)
        number = int(octal, 8) if octal else int(byte or code, 16)
        return chr(number) if number <= 0x10FFFF else "\ufffd"

    return _ESCAPE.sub(plain, literal[1:-1])


def combine(values: list[Value], join: Callable[[Iterable[str]], str]) -> Value:
    """Every combination of several values, put together by `join(texts)`."""
    if any(value.exact and not value.texts for value in values):
        return Value((), True)
    if not all(value.texts for value in values):
        return Value(starts=_starts(values, join))
    texts: dict[str, None] = {}
    for chosen in itertools.islice(
        itertools.product(*(value.texts for value in values)), _MOST_TEXTS + 1
    ):
        texts[join(chosen)] = None
    if len(texts) > _MOST_TEXTS:
        return UNKNOWN
    return Value(tuple(texts), all(value.exact for value in values))


def _starts(values: list[Value], join: Callable[[Iterable[str]], str]) -> tuple[str, ...]:
    """What the part before the first unknown one can be."""
    known = list(itertools.takewhile(lambda value: value.texts, values))
    choices = [value.texts for value in known]
    following = values[len(known)].starts
    if following:
        choices.append(following)
    chosen = itertools.islice(itertools.product(*choices), _MOST_TEXTS)
    return tuple(dict.fromkeys(text for text in map(join, chosen) if text))


def join_paths(texts: Iterable[str]) -> str:
    """Go `filepath.Join`: empty elements left out, the result cleaned."""
    kept = [text for text in texts if text]
    return clean("/".join(kept)) if kept else ""

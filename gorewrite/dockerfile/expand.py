"""What a word of an instruction comes to once variables are put in."""

from __future__ import annotations

import re
from contextlib import suppress

from gorewrite.dockerfile.errors import ArgumentError
from gorewrite.dockerfile.lexer import Lexer, LexError, Lookup

#: Most words: nothing in them is anything but itself, as in those in double quotes.
_PLAIN = re.compile(r'[\w./:=,@%+ -]*|"(?P<quoted>[\w./:=,@%+ -]*)"')


def expand(raw: str, lookup: Lookup, escape: str = "\\") -> str | None:
    """The value BuildKit gives to the word `raw`, quotes and escapes removed.

    lookup: gives the value of a variable, or None when it is not known.
    escape: the escape character of the file (`# escape=`).
    Returns None, never "", when a variable the value needs is not known, and when the word
    is one BuildKit refuses (open quote, bad substitution, failed `${x:?}`).

    Understands `$x ${x} ${x:-y} ${x-y} ${x:+y} ${x+y} ${x:?y} ${x?y} ${x#p} ${x##p}
    ${x%p} ${x%%p} ${x/p/r} ${x//p/r}`.
    Source: Dockerfile reference, "Environment replacement"; BuildKit shell/lex.go.
    """
    plain = _PLAIN.fullmatch(raw)
    if plain is not None:
        return raw if plain["quoted"] is None else plain["quoted"]
    try:
        return Lexer(raw, lookup, escape=escape).result()
    except (LexError, ArgumentError):
        return None


def variables(raw: str, escape: str = "\\") -> frozenset[str]:
    """The names of all variables `raw` refers to, those inside `${x:-$y}` too.

    In a word BuildKit refuses, those before the mistake.
    """
    if "$" not in raw:
        return frozenset()
    names: set[str] = set()

    def note(name: str) -> None:
        names.add(name)

    with suppress(LexError, ArgumentError):
        Lexer(raw, note, escape=escape).result()
    return frozenset(names)


def unquote(raw: str, escape: str = "\\") -> str:
    """`raw` without quotes and escapes, variables left as written; `raw` itself if broken."""
    plain = _PLAIN.fullmatch(raw)
    if plain is not None:
        return raw if plain["quoted"] is None else plain["quoted"]
    try:
        value = Lexer(raw, _nothing, escape=escape, keep_unknown=True).result()
    except (LexError, ArgumentError):
        return raw
    return raw if value is None else value


def _nothing(_name: str) -> None:
    return None

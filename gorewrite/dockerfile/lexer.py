"""BuildKit's small shell lexer: quotes, escapes, variables, words.

Behaviour of moby/buildkit frontend/dockerfile/shell/lex.go (`shellWord`), which both word
expansion (`expand.py`) and the search for heredocs (`heredoc.py`) go through.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from gorewrite.dockerfile.errors import ArgumentError
from gorewrite.dockerfile.lexical import SPACE
from gorewrite.dockerfile.wildcard import PatternError, replace, trim

Lookup = Callable[[str], str | None]

_MAX_DEPTH = 50
_SPECIAL_PARAMETERS = frozenset("@*#?-$!0")


@cache
def _quoted(escape: str) -> re.Pattern[str]:
    """What stands for itself in double quotes."""
    return re.compile(rf'[^"${re.escape(escape)}]+')


class LexError(ValueError):
    """The word has no meaning: an open quote, an open or bad `${`, a failed `${x:?}`."""


class _Words:
    """Collects space-separated words into a buffer shared with the nested substitutions.

    BuildKit resets that one buffer when it enters a `${x:-…}`, so what stood before it in
    the same word is lost for word splitting: `<<E${x:-y}` is no heredoc. Kept as it is,
    because it decides where an instruction ends.
    """

    def __init__(self, buffer: list[str]) -> None:
        self.buffer = buffer
        self.words: list[str] = []
        self.in_word = False

    def add_plain(self, text: str) -> None:
        for char in text:
            if char not in SPACE:
                self.add_raw(char)
            elif self.in_word and self.flush():
                self.in_word = False

    def add_raw(self, text: str) -> None:
        if text:
            self.buffer.append(text)
        self.in_word = True

    def flush(self) -> bool:
        if not self.buffer:
            return False
        self.words.append("".join(self.buffer))
        self.buffer.clear()
        return True


class Lexer:
    """Reads one text once.

    lookup: the value of a variable, None when it is not known.
    keep_unknown: leave a variable that is not known in the text as it was written
        (BuildKit's SkipUnsetEnv); otherwise it makes the result None.
    raw_quotes, raw_escapes: leave quotes, escapes in the text.
    """

    def __init__(
        self,
        text: str,
        lookup: Lookup,
        *,
        escape: str = "\\",
        keep_unknown: bool = False,
        raw_quotes: bool = False,
        raw_escapes: bool = False,
    ) -> None:
        self._text = text
        self._lookup = lookup
        self._escape = escape
        self._keep_unknown = keep_unknown
        self._raw_quotes = raw_quotes
        self._raw_escapes = raw_escapes
        self._at = 0
        self._depth = 0
        self._buffer: list[str] = []
        self._special: dict[str, Callable[[], str | None]] = {
            "'": self._single,
            '"': self._double,
            "<": self._angle,
        }

    def result(self) -> str | None:
        """The processed text; None when it needs an unknown variable. Raises LexError."""
        return self._until("", self._raw_escapes)[0]

    def words(self) -> list[str]:
        """The processed text split at unquoted space. Raises LexError."""
        return self._until("", self._raw_escapes)[1]

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _next(self) -> str:
        char = self._peek()
        self._at += 1
        return char

    def _until(self, stop: str, raw_escapes: bool) -> tuple[str | None, list[str]]:
        """Process up to and over `stop`, or to the end when `stop` is empty."""
        self._buffer.clear()
        words = _Words(self._buffer)
        result: list[str | None] = []
        outer, self._raw_escapes = self._raw_escapes, raw_escapes
        while char := self._peek():
            if char == stop:
                break
            self._step(char, result, words)
        else:
            if stop:
                raise LexError(f"no matching {stop}")
        self._at += len(stop)
        self._raw_escapes = outer
        words.flush()
        return _join(result), words.words

    def _step(self, char: str, result: list[str | None], words: _Words) -> None:
        if char == "$":
            value = self._dollar()
            result.append(value)
            words.add_plain(value or "")
        elif char in self._special:
            special = self._special[char]()
            result.append(special)
            words.add_raw(special or "")
        elif char == self._escape:
            self._at += 1
            escaped = self._next()
            kept = (char if self._raw_escapes else "") + escaped
            result.append(kept)
            if kept:
                words.add_raw(kept)
        else:
            self._at += 1
            result.append(char)
            words.add_plain(char)

    def _single(self) -> str:
        end = self._text.find("'", self._at + 1)
        if end < 0:
            raise LexError("no matching single quote")
        text = self._text[self._at : end + 1]
        self._at = end + 1
        return text if self._raw_quotes else text[1:-1]

    def _double(self) -> str | None:
        quote = self._next() if self._raw_quotes else self._next()[:0]
        result: list[str | None] = [quote]
        while (char := self._peek()) != '"':
            if not char:
                raise LexError("no matching double quote")
            if char == "$":
                result.append(self._dollar())
                continue
            if plain := _quoted(self._escape).match(self._text, self._at):
                result.append(plain[0])
                self._at = plain.end()
                continue
            self._at += 1
            if self._raw_escapes:
                result.append(char)
            following = self._peek()
            if not following:
                continue
            if following in ('"', "$", self._escape):
                char = self._next()
            result.append(char)
        self._at += 1
        return _join([*result, quote])

    def _angle(self) -> str:
        """`<` or `<<` with the space behind it: BuildKit reads `<< EOF` as one word."""
        start = self._at
        self._at += 1
        if self._peek() == "<":
            self._at += 1
            while self._peek() in ("\t", "\r", " "):
                self._at += 1
        return self._text[start : self._at]

    def _dollar(self) -> str | None:
        self._at += 1
        if self._peek() != "{":
            name = self._name()
            return self._value(name, f"${name}")[0] if name else "$"
        self._at += 1
        if self._peek() in ("", "{", "}", ":"):
            raise LexError("bad substitution")
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise ArgumentError(f"more than {_MAX_DEPTH} nested substitutions")
        try:
            return self._braced(self._name())
        finally:
            self._depth -= 1

    def _value(self, name: str, written: str) -> tuple[str | None, bool]:
        """The value of a variable and whether it is one; what is written there if kept."""
        value = self._lookup(name)
        if value is None and self._keep_unknown:
            return written, False
        return value, value is not None

    def _braced(self, name: str) -> str | None:
        operator = self._next()
        if operator == "}":
            return self._value(name, f"${{{name}}}")[0]
        if operator == "/":
            return self._replacement(name)
        colon = operator == ":"
        if colon:
            operator = self._next()
        elif operator not in ("+", "-", "?", "#", "%"):
            raise LexError(f"unsupported modifier {operator!r}")
        pattern = operator in ("#", "%")
        if pattern and colon:
            raise LexError(f"unsupported modifier ':{operator}'")
        word = self._until("}", pattern)[0]
        written = f"${{{name}{':' if colon else ''}{operator}{word}}}"
        value, known = self._value(name, written)
        if not known or value is None:
            return value
        return _modified(value, operator, colon, word)

    def _replacement(self, name: str) -> str | None:
        every = self._peek() == "/"
        if every:
            self._at += 1
        pattern = self._until("/", True)[0]
        new = self._until("}", True)[0]
        # BuildKit drops the second `/` of `//` when it keeps an unset variable.
        value, known = self._value(name, f"${{{name}/{pattern}/{new}}}")
        if not known or value is None or pattern is None or new is None:
            return value if not known else None
        return _checked(lambda: replace(value, pattern, new, every=every))

    def _name(self) -> str:
        """A name, a positional parameter or one special parameter; "" when none is there."""
        start = self._at
        char = self._peek()
        if char.isdecimal():
            while self._peek().isdecimal():
                self._at += 1
        elif char in _SPECIAL_PARAMETERS:
            self._at += 1
        else:
            while (char := self._peek()).isalpha() or char.isdecimal() or char == "_":
                self._at += 1
        return self._text[start : self._at]


def _join(pieces: list[str | None]) -> str | None:
    known = [piece for piece in pieces if piece is not None]
    return "".join(known) if len(known) == len(pieces) else None


def _modified(value: str, operator: str, colon: bool, word: str | None) -> str | None:
    """`${x:-word}` and its siblings for a variable that is set to `value`."""
    empty = colon and not value
    if operator == "-":
        return word if empty else value
    if operator == "+":
        return "" if empty else word
    if operator == "?":
        if empty:
            raise LexError("the variable is not allowed to be empty")
        return value
    if operator in ("#", "%"):
        if word is None:
            return None
        greedy = word.startswith(operator)
        pattern = word[1:] if greedy else word
        return _checked(lambda: trim(value, pattern, suffix=operator == "%", greedy=greedy))
    raise LexError(f"unsupported modifier ':{operator}'")


def _checked(compute: Callable[[], str | None]) -> str | None:
    try:
        return compute()
    except PatternError as error:
        raise LexError(str(error)) from error

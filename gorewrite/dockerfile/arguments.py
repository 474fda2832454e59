"""The argument layer: what one joined instruction says.

Behaviour of moby/buildkit frontend/dockerfile/parser: split_command.go (keyword, flags) and
line_parsers.go (words, name=value pairs, JSON forms). Everything but the keyword is worked
out when it is first asked for.
"""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_right
from functools import cache, lru_cache
from itertools import accumulate
from typing import NamedTuple

from gorewrite.dockerfile.errors import ArgumentError
from gorewrite.dockerfile.expand import unquote
from gorewrite.dockerfile.heredoc import HeredocStart, heredoc_starts
from gorewrite.dockerfile.lexical import (
    COMMANDS,
    HEREDOC_FORMS,
    JSON_FORMS,
    KEYWORDS,
    NAME_VALUES,
    SEPARATOR,
    SPACE,
    WHOLE,
    WORD_LISTS,
    keyword_of,
)
from gorewrite.memo import cached_property

_SURROGATE = re.compile("[\ud800-\udfff]")
_NOT_STRINGS = "when using JSON array syntax, arrays must be comprised of strings only"


class Flag(NamedTuple):
    """A `--name=value` between keyword and arguments.

    name: without the dashes.
    value: quotes and escapes removed; None when there is no `=`.
    text: as written. start, end: where that stands in `Instruction.logical`.
    """

    name: str
    value: str | None
    text: str
    start: int
    end: int


class Word(NamedTuple):
    """A word of the arguments.

    text: as BuildKit's parser keeps it, quotes and variables included (an escape character
        that ends the instruction is the one thing missing).
    start, end: where it stands in `Instruction.logical`.
    escape: the file's escape character.
    """

    text: str
    start: int
    end: int
    escape: str = "\\"

    @property
    def value(self) -> str:
        """The text without quotes and escapes; variables are not expanded."""
        return unquote(self.text, self.escape)


def read(logical: str, escape: str) -> Reading:
    """The meaning of one joined instruction. Raises ArgumentError where BuildKit's parser does.

    Short ones are kept, for most Dockerfiles say the same, and the output is parsed again.
    """
    return _kept(logical, escape) if len(logical) <= _SHORT else _checked(logical, escape)


def _checked(logical: str, escape: str) -> Reading:
    reading = Reading(logical, escape)
    reading.check()
    return reading


#: Characters of an instruction that is kept, with some kilobytes of what follows from it.
_SHORT = 400
_kept = lru_cache(maxsize=1 << 14)(_checked)


class Reading:
    """The meaning of one joined instruction (`logical`), read lazily.

    keyword: in upper case; an instruction only a custom frontend knows keeps its own.
    """

    def __init__(self, logical: str, escape: str) -> None:
        self.logical = logical
        self.escape = escape
        start = len(logical) - len(logical.lstrip(SPACE))
        self._end = len(logical.rstrip(SPACE))
        separator = SEPARATOR.search(logical, start, self._end)
        keyword_end = separator.start() if separator else max(start, self._end)
        self.keyword = keyword_of(logical[start:keyword_end])
        self._arguments_start = separator.end() if separator else keyword_end

    def check(self) -> None:
        """Raise ArgumentError if BuildKit's parser would reject these arguments."""
        if self.keyword in NAME_VALUES:
            _ = self.name_values
        elif self.keyword in JSON_FORMS:
            if "[" in self.logical:
                _ = self.json
        elif self.keyword == "ONBUILD" and self.trigger.keyword != "ONBUILD":
            # A chain of ONBUILDs is refused later on by BuildKit; not followed here, so that
            # a hostile chain costs nothing.
            self.trigger.check()

    @cached_property
    def _split(self) -> tuple[tuple[Flag, ...], int, str]:
        end = self._end
        start = _skip(_BYTE_SPACE, self.logical, self._arguments_start)
        flags: tuple[Flag, ...] = ()
        if self.logical.startswith("--", start, end):
            flags, start = _read_flags(self.logical, start, end, self.escape)
        text = self.logical[start:end]
        rest = text.lstrip(SPACE)
        return flags, start + len(text) - len(rest), rest

    @property
    def flags(self) -> tuple[Flag, ...]:
        return self._split[0]

    @property
    def rest_start(self) -> int:
        return self._split[1]

    @property
    def rest(self) -> str:
        return self._split[2]

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """The arguments as words: quoted ones for ENV, LABEL and ARG, otherwise split at space.

        The argument of WORKDIR, USER, STOPSIGNAL and MAINTAINER is one word.
        """
        if self.keyword in NAME_VALUES or self.keyword == "ARG":
            return tuple(_quoted_words(self.rest, self.rest_start, self.escape))
        if self.keyword in WHOLE:
            pattern = _WHOLE_TEXT
        else:
            pattern = _SPACED_WORD
        return tuple(
            Word(m[0], self.rest_start + m.start(), self.rest_start + m.end(), self.escape)
            for m in pattern.finditer(self.rest)
        )

    @cached_property
    def health_type(self) -> tuple[str, str]:
        """The first word of HEALTHCHECK (`CMD`, `NONE`) and the text behind it.

        BuildKit looks for the space byte by byte, so a first word outside ASCII may end
        elsewhere for it; it then refuses the word, as it is neither of the two.
        """
        first, *rest = SEPARATOR.split(self.rest, maxsplit=1)
        return first, "".join(rest)

    @cached_property
    def json(self) -> tuple[str, ...] | None:
        if self.keyword not in JSON_FORMS:
            return None
        return json_array(self.health_type[1] if self.keyword == "HEALTHCHECK" else self.rest)

    @cached_property
    def name_values(self) -> tuple[tuple[str, str, str], ...]:
        """(name, raw value, separator) of ENV and LABEL; the separator of `ENV a b` is ""."""
        words = self.words
        if not words:
            return ()
        if "=" not in words[0].text:
            name, *value = SEPARATOR.split(self.rest, maxsplit=1)
            if not value:
                raise ArgumentError(f"{self.keyword} must have two arguments")
            return ((name, value[0], ""),)
        for word in words:
            if "=" not in word.text:
                raise ArgumentError(
                    f'Syntax error - can\'t find = in "{word.text}". '
                    "Must be of the form: name=value"
                )
        return tuple(_partition(word.text) for word in words)

    @cached_property
    def trigger(self) -> Reading:
        """What an ONBUILD holds back."""
        return Reading(self.rest, self.escape)

    @cached_property
    def arguments(self) -> tuple[str, ...]:
        if self.keyword not in KEYWORDS:
            return ("",)
        if self.keyword == "HEALTHCHECK":
            kind, command = self.health_type
            parts = self.json if self.json is not None else (command,) if command else ()
            return (kind, *parts) if kind else ()
        if self.json is not None:
            return self.json
        if self.keyword in NAME_VALUES:
            return tuple(item for triple in self.name_values for item in triple)
        if self.keyword in WORD_LISTS or self.keyword == "ARG":
            return tuple(word.text for word in self.words)
        if self.keyword in COMMANDS or self.keyword in WHOLE:
            return (self.rest,) if self.rest else ()
        return ()  # ONBUILD: BuildKit keeps a node of its own there

    def heredoc_starts(self) -> tuple[HeredocStart, ...]:
        """The heredocs the line announces. Raises ArgumentError."""
        holder = self.trigger if self.keyword == "ONBUILD" else self
        if holder.keyword not in HEREDOC_FORMS or holder.json is not None:
            return ()
        return heredoc_starts(self.logical)


_WHOLE_TEXT = re.compile(r"(?s:.+)")
# Around flags BuildKit asks of each byte whether it is a space. U+0085 and U+00A0 are two
# bytes in UTF-8, so for text this hits only those bytes on their own; for text read as
# Latin-1 it hits the characters.
_BYTE_SPACE = re.compile("[\t\v\f\r \udc85\udca0]+")
_LATIN_SPACE = re.compile("[\t\v\f\r \x85\xa0]+")
_SPACED_WORD = re.compile(r"[^\t\v\f\r ]+")


def _partition(text: str) -> tuple[str, str, str]:
    name, separator, value = text.partition("=")
    return name, value, separator


@cache
def _word_pattern(escape: str) -> re.Pattern[str]:
    """A word as `parseWords` reads it; a group matches an escape that ends the text."""
    e, space = re.escape(escape), re.escape(SPACE)
    return re.compile(
        rf"(?s:{e}.|(?P<bare>{e}\Z)|'[^']*+'?"
        rf'|"(?:[^"{e}]|{e}.)*+(?:"|(?P<quoted>{e}\Z)|\Z)'
        rf"|[^{space}'\"{e}])++"
    )


def _quoted_words(rest: str, offset: int, escape: str) -> list[Word]:
    words = []
    for match in _word_pattern(escape).finditer(rest):
        dangling = match["bare"] is not None or match["quoted"] is not None
        text = match[0][:-1] if dangling else match[0]
        if text:
            words.append(Word(text, offset + match.start(), offset + match.end(), escape))
    return words


@cache
def _flag_pattern(escape: str) -> re.Pattern[str]:
    """One piece of a flag as `extractBuilderFlags` reads it: escape, quoted text or plain."""
    e = re.escape(escape)
    return re.compile(
        rf"(?s:{e}(?P<escaped>.)|{e}\Z"
        rf"|'(?P<single>(?:[^'{e}]|{e}.)*+)(?:'|{e}?\Z)"
        rf'|"(?P<double>(?:[^"{e}]|{e}.)*+)(?:"|{e}?\Z)'
        rf"|(?P<plain>[^\t\v\f\r \x85\xa0'\"{e}]++))"
    )


@cache
def _escape_pattern(escape: str) -> re.Pattern[str]:
    return re.compile(rf"(?s){re.escape(escape)}(.)")


def _read_flags(text: str, start: int, end: int, escape: str) -> tuple[tuple[Flag, ...], int]:
    """The flags from `start` on, and where the arguments begin.

    BuildKit reads flags byte by byte, taking each byte for a character. Text outside ASCII
    is therefore read as Latin-1 here, and positions are put back at the end.
    """
    line = text[start:end]
    if not line.isascii():
        encoded = [char.encode("utf-8", "surrogateescape") for char in line]
        ends = list(accumulate(map(len, encoded)))
        flags, rest = _read_flag_words(b"".join(encoded).decode("latin-1"), 0, escape)

        def place(at: int) -> int:
            return start + bisect_right(ends, at)

        moved = [
            Flag(f.name, f.value, text[place(f.start) : place(f.end)], place(f.start), place(f.end))
            for f in flags
        ]
        return tuple(moved), place(rest)
    return _read_flag_words(line, start, escape)


def _read_flag_words(line: str, offset: int, escape: str) -> tuple[tuple[Flag, ...], int]:
    piece, unescape = _flag_pattern(escape), _escape_pattern(escape)
    flags: list[Flag] = []
    at = 0
    while line.startswith("--", at):
        begin, value = at, ""
        while match := piece.match(line, at):
            quoted = match["single"] if match["single"] is not None else match["double"]
            value += unescape.sub(r"\1", quoted or "") + (match["escaped"] or match["plain"] or "")
            at = match.end()
        if value == "--":
            break
        name, separator, setting = value.partition("=")
        flags.append(
            Flag(
                name[2:],
                setting if separator else None,
                line[begin:at],
                offset + begin,
                offset + at,
            )
        )
        at = _skip(_LATIN_SPACE, line, at)
    return tuple(flags), offset + at


def _skip(space: re.Pattern[str], text: str, at: int) -> int:
    match = space.match(text, at)
    return match.end() if match else at


def json_array(text: str) -> tuple[str, ...] | None:
    """The strings of a JSON array, None if the text is none and so is for the shell.

    Raises ArgumentError for an array that holds anything but strings. Behaviour of
    `parseJSON`, with Go's encoding/json: no NaN, no number out of range, and what is no
    Unicode becomes U+FFFD.
    """
    if not text.startswith("["):
        return None
    try:
        value = json.loads(text, parse_float=_number, parse_int=_number, parse_constant=_refuse)
    except ValueError:
        return None
    except RecursionError as error:
        raise ArgumentError(_NOT_STRINGS) from error
    if not all(isinstance(item, str) for item in value):
        raise ArgumentError(_NOT_STRINGS)
    return tuple(_SURROGATE.sub("\ufffd", item) for item in value)


def _number(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(text)
    return number


def _refuse(text: str) -> float:
    raise ValueError(text)

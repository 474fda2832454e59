"""Quoting and expansion inside one word (POSIX, Shell Command Language, 2.2 and 2.6).

The parser tells where a word and the expansions in it begin and end; what the word stands for
is read here from the original text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from gorewrite.shell.nodes import Computed, Literal, Parameter, Part

PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=^-]+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PARAMETER = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^'\"\\$`{}~*?\[\]]*))?\}")
_QUOTED_PLAIN = re.compile(r'[^"$`\\]*')
_ANSI_C = re.compile(
    r"\\(?:x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([0-7]{1,3})|c(.)|(.))",
    re.DOTALL,
)
_ANSI_C_LETTERS = {
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "E": "\x1b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    "'": "'",
    '"': '"',
    "?": "?",
}
_SPECIAL = frozenset("0123456789@*#?$!-")
_BLANKS = frozenset(" \t\n")
_OPERATORS = frozenset("|&;<>()")


class NotUnderstood(ValueError):
    """Something this layer does not know; the text as a whole is opaque."""


class WordError(NotUnderstood):
    """The text is not one word: the parser saw a boundary where the shell sees none."""


def split(
    source: str, start: int, end: int, holes: Mapping[int, int], lenient: bool
) -> list[tuple[int, int]]:
    """The (start, end) of the blank-separated words in source[start:end]."""
    spans = []
    while start < end:
        if source[start] in _BLANKS:
            start += 1
            continue
        stop = Lexer(source, start, end, holes, lenient=lenient).run()
        spans.append((start, stop))
        start = stop
    return spans


class Lexer:
    """Reads source[start:end] up to the first unquoted blank into parts.

    holes: where an expansion with brackets begins → where it ends.
    assignment: the word is the value of an assignment: no patterns, no braces, `~` after `:`.
    lenient: operator characters are ordinary ones, as inside of `[[ … ]]`.
    """

    def __init__(
        self,
        source: str,
        start: int,
        end: int,
        holes: Mapping[int, int],
        *,
        assignment: bool = False,
        lenient: bool = False,
    ) -> None:
        self.source, self.at, self.end, self.holes = source, start, end, holes
        self.assignment, self.lenient = assignment, lenient
        self.parts: list[Part] = []
        self.globs = False
        self._open_bracket = False
        self._brace_depth = 0
        self._braces = False

    def run(self) -> int:
        """Fill `parts` and `globs`; the offset where reading stopped. Raises WordError."""
        source = self.source
        if source.startswith("~", self.at):
            if self.at + 1 == self.end or source[self.at + 1] in "/ \t\n":
                self.parts.append(Parameter("HOME", None, True))  # POSIX 2.6.1
                self.at += 1
            else:
                self.parts.append(Computed("~"))
        while self.at < self.end:
            plain = PLAIN.match(source, self.at, self.end)
            if plain:
                self._plain(plain.group())
                self.at = plain.end()
                continue
            character = source[self.at]
            if character in _BLANKS:
                break
            self._special(character)
        if self._braces and not self.assignment:
            self.parts.append(Computed("{}"))
        return self.at

    def _special(self, character: str) -> None:
        match character:
            case "'":
                stop = self._find("'", self.at + 1)
                self._add(Literal(self.source[self.at + 1 : stop], True))
                self.at = stop + 1
            case '"':
                self._double_quoted()
            case "\\":
                self._escape()
            case "$" | "`":
                self._dollar(quoted=False)
            case "<" | ">" if self.at in self.holes:
                self._hole(quoted=False)
            case _ if character in _OPERATORS and not self.lenient:
                raise WordError(f"unexpected {character!r} in a word")
            case _:
                self._plain(character)
                self.at += 1

    def _find(self, character: str, start: int) -> int:
        found = self.source.find(character, start, self.end)
        if found < 0:
            raise WordError(f"unclosed {character}")
        return found

    def _add(self, part: Part) -> None:
        """Append a part; neighbours of the same sort become one."""
        if isinstance(part, Literal) and self.parts:
            last = self.parts[-1]
            if isinstance(last, Literal) and last.quoted == part.quoted:
                self.parts[-1] = Literal(last.value + part.value, part.quoted)
                return
        self.parts.append(part)

    def _plain(self, text: str) -> None:
        """Unquoted text: look out for patterns, brace and tilde expansion."""
        if self.assignment:
            if text == "~" and self.source[self.at - 1] == ":":
                self._add(Computed("~"))
        elif text in "*?":
            self.globs = True
        elif text == "[":
            self._open_bracket = True
        elif text == "]":
            self.globs |= self._open_bracket
        elif text == "{":
            self._brace_depth += 1
        elif text == "}":
            self._brace_depth -= 1
        elif text == "~" and self.source[self.at - 1] in "=:":
            self._add(Computed("~"))
        elif self._brace_depth > 0 and ("," in text or ".." in text):
            self._braces = True
        self._add(Literal(text))

    def _escape(self) -> None:
        following = self.source[self.at + 1 : min(self.at + 2, self.end)]
        if following != "\n":
            # A backslash at the very end stands for itself.
            self._add(Literal(following or "\\", True))
        self.at += 2 if following else 1

    def _hole(self, quoted: bool) -> None:
        stop = self.holes.get(self.at, -1)
        if not self.at < stop <= self.end:
            raise WordError("expansion not understood")
        text = self.source[self.at : stop]
        simple = _PARAMETER.fullmatch(text)
        if simple:
            self._add(Parameter(simple[1], simple[2], quoted))
        else:
            self._add(Computed(text))
        self.at = stop

    def _dollar(self, quoted: bool) -> None:
        if self.at in self.holes:
            self._hole(quoted)
            return
        following = self.source[self.at + 1 : min(self.at + 2, self.end)]
        name = _NAME.match(self.source, self.at + 1, self.end)
        if self.source[self.at] == "`" or following in ("(", "{"):
            raise WordError("expansion not understood")
        if name:
            self._add(Parameter(name.group(), None, quoted))
            self.at = name.end()
        elif following and following in _SPECIAL:
            self._add(Computed("$" + following))
            self.at += 2
        elif following == "'" and not quoted:
            self._ansi_c()
        elif following == '"' and not quoted:
            # bash translates it, other shells keep the dollar sign.
            self._add(Computed("$"))
            self.at += 1
        else:
            self._add(Literal("$", quoted))
            self.at += 1

    def _double_quoted(self) -> None:
        source = self.source
        self.at += 1
        self._add(Literal("", True))
        while True:
            if self.at >= self.end:
                raise WordError('unclosed "')
            character = source[self.at]
            if character == '"':
                self.at += 1
                return
            if character in "$`":
                self._dollar(quoted=True)
            elif character == "\\" and source[self.at + 1 : self.at + 2] in tuple('$`"\\\n'):
                if source[self.at + 1] != "\n":
                    self._add(Literal(source[self.at + 1], True))
                self.at += 2
            else:
                # A backslash before any other character stays, and so does that character.
                plain = _QUOTED_PLAIN.match(source, self.at + 1, self.end)
                stop = plain.end() if plain else self.end
                self._add(Literal(source[self.at : stop], True))
                self.at = stop

    def _ansi_c(self) -> None:
        """$'…' of bash and busybox ash: escapes as in C (bash manual, ANSI-C Quoting)."""
        stop = self.at + 2
        while self.source[stop : stop + 1] != "'":
            if stop >= self.end:
                raise WordError("unclosed $'")
            stop += 2 if self.source[stop] == "\\" else 1
        self._add(Literal(_ANSI_C.sub(_ansi_c_escape, self.source[self.at + 2 : stop]), True))
        self.at = stop + 1


def _ansi_c_escape(found: re.Match[str]) -> str:
    digits, short, long, octal, control, letter = found.groups()
    if digits or octal:
        byte = int(digits, 16) if digits else int(octal, 8) & 0xFF
        return bytes([byte]).decode("utf-8", "surrogateescape")
    if short or long:
        code = int(short or long, 16)
        return chr(code) if code < 0x110000 else found.group()
    if control:
        return chr(ord(control.upper()) & 0x1F)
    return _ANSI_C_LETTERS.get(letter, found.group())

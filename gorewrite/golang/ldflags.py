"""-ldflags: what is in it, and the smallest edit that adds `-s -w`.

Rules: cmd/go `load.PerPackageFlag` (`[pattern=]arg list`), `cmd/internal/quoted.Split` (quotes
only around a whole element, no escapes), `go tool link -help`; `-s` implies `-w` since Go 1.22
(https://go.dev/doc/go1.22#linker). A second -ldflags on a command line would wipe the first, so
the edit goes into the word that is there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from gorewrite.evidence import Unknown

# Flags of cmd/link that take the next element as their value; the others are switches.
_LINK_VALUE = frozenset(
    """B D E H I L R T X k o r benchmark benchmarkprofile buildid buildmode capturehostobjs
    cpuprofile debugtextsize debugtramp extar extld extldflags fipso funcalign importcfg
    installsuffix libgcc linkmode memprofile memprofilerate pluginpath randlayout strictdups
    tmpdir""".split()
)
_SPACE = " \t\n\r"
#: The next element behind space: in quotes, one that is not closed, or plain up to a space.
_ELEMENT: Final = re.compile(
    r"""[ \t\n\r]*+(?:'(?P<single>[^']*)'|"(?P<double>[^"]*)"|(?P<open>["'])"""
    r"""|(?P<plain>[^ \t\n\r]+))"""
)
_LINKER_FLAG: Final = re.compile(r"--?([^-=][^=]*)(?:=(.*))?", re.DOTALL)
_DEFINITION: Final = re.compile(r"-X[\s=]+[\"'\\]*[^\s=\"']*\.(\w+)=")
# Stands for an expansion whose value is not known; a private-use character in no real flag.
_HOLE: Final = "\ue000"


def split(text: str) -> tuple[str, ...] | None:
    """Split a flag list as the go command does; None when a quote is not closed.

    Rule: `cmd/internal/quoted.Split`; GOFLAGS, -ldflags and -gcflags are read with it.
    """
    found: list[str] = []
    at = 0
    while piece := _ELEMENT.match(text, at):
        at = piece.end()
        if piece["open"] is not None:
            return None
        quoted = piece["single"] if piece["single"] is not None else piece["double"]
        found.append(piece["plain"] if quoted is None else quoted)
    return tuple(found)


class LdFlags(NamedTuple):
    """A value of -ldflags.

    pattern: of the form `all=…`, "" without one. tokens: the linker's arguments.
    s, w: the last word on -s and -w: True, False (`-s=false`, `-w=0`: wanted so), None not there.
    """

    pattern: str
    tokens: tuple[str, ...]
    s: bool | None
    w: bool | None

    @property
    def has_s(self) -> bool:
        return self.s is True

    @property
    def has_w(self) -> bool:
        return self.w is True

    def value(self, name: str) -> str | None:
        """Return the last value of a linker flag such as `linkmode`; None when it is not set."""
        pairs = _pairs(self.tokens)
        return next((v for n, v in reversed(pairs) if n == name and v is not None), None)


def linked_variables(words: Sequence[str]) -> frozenset[str]:
    """The names, without their packages, of the variables that a go command has the linker set
    (`-X importpath.name=value`; https://pkg.go.dev/cmd/link). words: as the shell reads them."""
    return frozenset(name for word in words if "-X" in word for name in _DEFINITION.findall(word))


def parse_ldflags(value: str) -> LdFlags | Unknown:
    """Read a -ldflags value after shell unquoting; Unknown when the go command rejects it."""
    start = _list_start(value)
    if isinstance(start, Unknown):
        return start
    pattern = value[:start].strip().removesuffix("=").strip() if start else ""
    tokens = split(value[start:])
    if tokens is None:
        return Unknown("a quote in -ldflags is not closed")
    pairs = _pairs(tokens)
    return LdFlags(pattern, tokens, _switch(pairs, "s"), _switch(pairs, "w"))


def _list_start(value: str) -> int | Unknown:
    """Where the flag list begins: 0, or behind `pattern=`."""
    text = value.strip()
    if _HOLE in text and re.match(rf"[^\s=-]*{_HOLE}[^\s=]*=", text):
        return Unknown("the package pattern of -ldflags is not known")
    if not text or text.startswith(("-", _HOLE)):
        return 0
    if text[0] in "\"'":
        return Unknown("-ldflags may not start with a quote character")
    at = value.find("=")
    if at <= 0:
        return Unknown("-ldflags is neither a list of flags nor pattern=list")
    return at + 1


def _pairs(tokens: Sequence[str]) -> list[tuple[str, str | None]]:
    """(flag name, value) of each linker flag; switches without `=` have None."""
    found: list[tuple[str, str | None]] = []
    at = 0
    while at < len(tokens):
        match = _LINKER_FLAG.fullmatch(tokens[at])
        at += 1
        if match is None:
            continue
        name, value = match.groups()
        if value is None and name in _LINK_VALUE and at < len(tokens):
            value = tokens[at]
            at += 1
        found.append((name, value))
    return found


def _switch(pairs: Sequence[tuple[str, str | None]], name: str) -> bool | None:
    # Go's strconv.ParseBool; cmd/link counts -w and -s as plain switches.
    values = [v for n, v in pairs if n == name]
    if not values:
        return None
    return values[-1] not in ("0", "f", "F", "false", "FALSE", "False")


# --- the edit ---------------------------------------------------------------------------------


class Declined(NamedTuple):
    """Why -ldflags is left alone. Falsy.

    code: "already-stripped", "symbols-wanted", "malformed", "field-splitting" or "unreadable".
    """

    code: str
    why: str

    def __bool__(self) -> bool:
        return False


Edit = tuple[int, int, str]


@lru_cache(maxsize=512)
def strip_edits(
    raw: str, value: str | None = None, *, s_implies_w: bool = False
) -> tuple[Edit, ...] | Declined:
    """Return the edits of a shell word that add `-s -w` to its -ldflags: (start, end, text).

    raw: the word as written, quotes and all: `-ldflags=…`, `--ldflags=…`, `"-ldflags=…"`, or the
    value alone when it is a word of its own. value: the whole value after expansion when known.
    Text goes in at the front, behind an opening quote; whatever is there stays byte for byte, and
    later flags of the user win. Words not quoted yet are quoted.
    """
    word = _lex(raw)
    if word is None:
        return Declined("unreadable", "the shell quoting of -ldflags is not understood")
    prefix = re.match(r"--?ldflags=", word.text)
    skip = prefix.end() if prefix else 0
    known = None if value is None else _plan(value, s_implies_w)
    if isinstance(known, Declined):
        return known
    if value is not None and word.splits and len(value.split()) > 1:
        return Declined("field-splitting", "the shell splits the unquoted variable into words")
    written = word.text[skip:]
    plan = known if known and value == written else _plan(written, s_implies_w)
    if isinstance(plan, Declined):
        return plan
    at = skip + plan[0]
    position = word.offsets[at - 1] + 1 if at else 0
    if "\\" in raw[:position]:
        return Declined("unreadable", "a backslash stands ahead of the flags")
    return _insert(raw, word, position, plan[1])


def _plan(value: str, s_implies_w: bool) -> tuple[int, str] | Declined:
    flags = parse_ldflags(value)
    if isinstance(flags, Unknown):
        return Declined("malformed", flags.why)
    if flags.s is False:
        return Declined("symbols-wanted", "-s is switched off explicitly")
    wanted = [] if flags.has_s else ["-s"]
    if flags.w is False and wanted:
        return Declined("symbols-wanted", "-w is switched off explicitly")
    if flags.w is None and not (flags.has_s and s_implies_w):
        wanted.append("-w")
    if not wanted:
        return Declined("already-stripped", "-s and -w are there")
    start = _list_start(value)
    assert isinstance(start, int)
    rest = value[start:]
    # More than one is what is left of a line that goes on in the next one.
    apart = rest[:1] in _SPACE and not rest.startswith("  ")
    space = "" if not rest or apart else " "
    return start, " ".join(wanted) + space


def _insert(raw: str, word: _ShellWord, at: int, text: str) -> tuple[Edit, ...]:
    """Insert `text` at offset `at` of a word, inside quotes that are there or in new ones."""
    if word.quoted[at]:
        return ((at, at, text),)
    if quote := re.match(r"\$?\"|'", raw[at:]):
        inside = at + quote.end()
        return ((inside, inside, text),)
    if re.search(r"[\"'\\`*?\[]|(?<!\$)\{", raw[at:]):
        # Quoting what has its own quotes could change it; a quoted piece in front cannot.
        return ((at, at, f'"{text}"'),)
    if at == len(raw):
        return ((at, at, f'"{text}"'),)
    return ((at, at, f'"{text}'), (len(raw), len(raw), '"'))


class _ShellWord(NamedTuple):
    """A shell word read: text (expansions as holes), raw offset of each of its characters.

    quoted: for each raw offset, whether text put in there would stand in quotes.
    splits: an unquoted expansion is there, which the shell splits into fields.
    """

    text: str
    offsets: tuple[int, ...]
    quoted: tuple[bool, ...]
    splits: bool


#: In each kind of quotes, and outside of them (""): text that stands for itself.
_PLAIN: Final = {
    "": re.compile(r"[^\\$`\"' \t\n;|&<>()]+"),
    '"': re.compile(r"[^\\$`\"]+"),
    "'": re.compile(r"[^']+"),
}


def _lex(raw: str) -> _ShellWord | None:
    """Read one shell word (POSIX shell, 2.2 Quoting); None when it is not exactly one."""
    text: list[str] = []
    offsets: list[int] = []
    quoted: list[bool] = []
    splits = False
    quote = ""
    at = 0
    while at < len(raw):
        if plain := _PLAIN[quote].match(raw, at):
            end = plain.end()
            text.append(plain[0])
            offsets.extend(range(at, end))
            quoted.extend([bool(quote)] * (end - at))
            at = end
            continue
        char, end, piece = raw[at], at + 1, raw[at]
        before = bool(quote)
        if char == quote:
            quote, piece = "", ""
        elif char == "\\":
            end, piece = at + 2, _escaped(raw[at : at + 2], quote)
        elif char == "$" and not quote and raw[at + 1 : at + 2] == '"':
            piece = ""
        elif char in "$`":
            stop = _expansion(raw, at)
            if stop is None:
                return None
            if stop > end:
                end, piece = stop, _HOLE
                splits = splits or not quote
        elif not quote and char in "\"'":
            quote, piece = char, ""
        elif not quote and char in " \t\n;|&<>()":
            return None
        text.append(piece)
        offsets.extend([at] if len(piece) == 1 else range(at, at + len(piece)))
        quoted.extend([before] * (end - at))
        at = end
    if quote or len(quoted) != len(raw):
        return None
    return _ShellWord("".join(text), tuple(offsets), (*quoted, False), splits)


def _escaped(pair: str, quote: str) -> str:
    """What a backslash and the next character mean."""
    if pair.endswith("\n"):
        return ""
    return pair[1:] if not quote or pair[1:] in ("$", "`", '"', "\\") else pair


_BACKTICKS: Final = re.compile(r"`(?:[^`\\]|\\.)*`", re.DOTALL)
_NAME: Final = re.compile(r"\$(?:[A-Za-z_]\w*|[0-9@*#?!$-])")
#: What brackets hold, piece by piece: quoted, escaped, a bracket, other text.
_BRACKETED: Final = re.compile(
    r"""'[^']*'|"(?:[^"\\]|\\.)*"|\\.|[(){}]|[^'"\\(){}]+|.""", re.DOTALL
)


def _expansion(raw: str, at: int) -> int | None:
    """End of the expansion that begins at `at`; at + 1 for a plain `$`; None when unclosed."""
    if raw[at] == "`":
        end = _BACKTICKS.match(raw, at)
        return end.end() if end else None
    if raw.startswith(("$(", "${"), at):
        return _closing(raw, at + 1)
    if raw.startswith("$'", at):
        return None
    name = _NAME.match(raw, at)
    return name.end() if name else at + 1


def _closing(raw: str, at: int) -> int | None:
    """End of the bracketed text that opens at `at`; quotes and nested brackets are skipped."""
    stack: list[str] = []
    while match := _BRACKETED.match(raw, at):
        at = match.end()
        if match[0] in ("(", "{"):
            stack.append(")" if match[0] == "(" else "}")
        elif stack and match[0] == stack[-1]:
            stack.pop()
            if not stack:
                return at
    return None

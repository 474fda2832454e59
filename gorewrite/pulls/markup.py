"""Texts of a repository within Markdown: shown as they are, on every forge.

Forges look for people, issues, commands and links in what they are given, each in a way of its own:
GitHub and Gitea not within code, GitLab's issue closing pattern everywhere, as it is run over the
raw text (lib/gitlab/closing_issue_extractor.rb), and its quick actions on every line that begins
with a slash. So all that is not known to be a plain word stands in code, at the beginning of no
line, and where code does not help, a space of no width does.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from gorewrite.formats.findings import one_line

#: A space of no width.
_GAP: Final = "\u200b"
#: What refers to a person, an issue or a request, and what closes an issue.
_REFERENCE: Final = re.compile(r"(?<!\w)[@#!](?=\w)")
_CLOSING: Final = re.compile(
    r"\b(?:clos(?:e[sd]?|ing)|fix(?:e[sd]|ing)?|resolv(?:e[sd]?|ing)|implement(?:s|ed|ing)?)(?=:?\s)",
    re.IGNORECASE,
)
#: Words, of which those within quotes are one.
_WORDS: Final = re.compile(r"""(?:"[^"\s][^"]*"|'[^'\s][^']*'|`[^`]*`|[^\s`])+""")
_PLAIN: Final = re.compile(r"[(]?[A-Za-z]+(?:['-][A-Za-z]+)*[)]?[,;:.]?|\d+|-|–")
_TICKS: Final = re.compile(r"`+")
_MARKER: Final = re.compile(r"<!-- gorewrite:v1 (\{[^<>]*\}) -->")
#: What of a JSON text may stand in an HTML comment, and means nothing to a forge.
_OUTSIDE: Final = re.compile(r"[^A-Za-z0-9 _./:,{}\[\]\"\\-]|-(?=-)|/(?=/)")


def quiet(text: str) -> str:
    """One line in which no forge finds anybody, nor an issue to close; it looks the same."""
    text = _REFERENCE.sub(lambda match: match[0] + _GAP, one_line(text))
    return _CLOSING.sub(lambda match: match[0] + _GAP, text)


def bare(text: str) -> str:
    """One line of plain text, for titles and commits, without what makes a name a reference."""
    return _REFERENCE.sub("", one_line(text))


def code(text: str) -> str:
    """A text as a code span, on one line (CommonMark, "Code spans")."""
    text = quiet(text)
    fence = "`" * (max((len(run) for run in _TICKS.findall(text)), default=0) + 1)
    if not text.strip(" "):
        return f"{fence} {text} {fence}" if text else ""
    pad = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def fenced(language: str, *lines: str) -> tuple[str, ...]:
    """Lines as a block of code (CommonMark, "Fenced code blocks")."""
    runs = (len(run) for line in lines for run in _TICKS.findall(line))
    fence = "`" * max(3, max(runs, default=0) + 1)
    return f"{fence}{language}", *lines, fence


def barless(text: str) -> str:
    """Markdown for a cell of a table (GFM, "Tables": a pipe is escaped there, in code, too)."""
    return text.replace("|", "\\|")


def prose(text: str) -> str:
    """A message of gorewrite, in which parts of a repository are quoted, as Markdown.

    Plain words stay, all else becomes code: what has no meaning needs no escape.
    """
    found: list[str] = []
    technical: list[str] = []

    def end() -> None:
        if technical:
            found.append(_technical(" ".join(technical)))
            technical.clear()

    for word in _WORDS.findall(one_line(text)):
        if _PLAIN.fullmatch(word) and word != "-":
            end()
            found.append(word)
            continue
        if word[0] in "(`":
            end()
        technical.append(word)
        if word[-1] in ",;:.)`":
            end()
    end()
    return " ".join(found)


def _technical(text: str) -> str:
    """Words as code, without what belongs to the sentence around them."""
    before, after = "", ""
    if len(text) > 1 and text[-1] in ",;:.":
        text, after = text[:-1], text[-1]
    if len(text) > 1 and text[0] == "(":
        text, before = text[1:], "("
    if len(text) > 1 and text[-1] == ")" and text.count(")") > text.count("("):
        text, after = text[:-1], f"){after}"
    if len(text) > 2 and text[0] == text[-1] == "`" and "`" not in text[1:-1]:
        text = text[1:-1]
    return f"{before}{code(text)}{after}"


# --- what programs read -----------------------------------------------------------------


def marker(**fields: Any) -> str:
    """A comment that nobody sees, by which gorewrite knows its own texts. fields: plain data."""
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    text = _OUTSIDE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
    return f"<!-- gorewrite:v1 {text} -->"


def read_marker(text: str) -> dict[str, Any] | None:
    """The fields of the last marker of a text; None when there is none."""
    for found in reversed(_MARKER.findall(text)):
        try:
            fields = json.loads(found)
        except ValueError:
            continue
        if isinstance(fields, dict):
            return fields
    return None

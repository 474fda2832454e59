"""What is kept in the text of a pull request: which part of it is ours, and its title.

All else of a text is its readers' own, and stays. Nothing about pull requests is kept elsewhere.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final, NamedTuple

#: The ends of titles that say what became of a pull request. They are put there before it is
#: closed, so one that is closed without was closed by a person.
AUTOCLOSED: Final = " - autoclosed"
ABANDONED: Final = " - abandoned"

#: The number of a line, as in `main.go:12`, `#L12` and `line 12`.
_NUMBER: Final = re.compile(r"(?<=:|L)\d+|(?<=\bline )\d+")
#: GitHub takes titles of 256 characters, Gitea and GitLab of 255.
_LONGEST: Final = 255
_BEGIN: Final = "<!-- gorewrite:begin -->"
_END: Final = re.compile(r"<!-- gorewrite:end title=([0-9a-f]{8})( unfinished)? -->")


class Text(NamedTuple):
    """The text of a pull request. before, after: what people added; section: ours; title: digest of
    the title that we gave; finished: whether labels and reviewers were asked for."""

    before: str
    section: str
    after: str
    title: str
    finished: bool

    def __str__(self) -> str:
        unfinished = "" if self.finished else " unfinished"
        end = f"<!-- gorewrite:end title={self.title}{unfinished} -->"
        return f"{self.before}{_BEGIN}\n{self.section.strip()}\n\n{end}{self.after}"


def made(section: str, title: str, *, finished: bool) -> Text:
    """The text of a new pull request."""
    return Text("", section, "", digest(title), finished)


def read(body: str) -> Text | None:
    """The parts of a text; None when it is none of ours, or somebody took our marks out of it."""
    body = body.replace("\r\n", "\n")
    end = _END.search(body)
    begin = body.find(_BEGIN, 0, end.start()) if end else -1
    if end is None or begin < 0:
        return None
    section = body[begin + len(_BEGIN) : end.start()].strip()
    return Text(body[:begin], section, body[end.end() :], end[1], not end[2])


def same(one: str, other: str) -> bool:
    """Whether two texts are the same to a forge, which may store other line ends."""
    return _lines(one) == _lines(other)


def says_the_same(one: str, other: str) -> bool:
    """Whether two sections differ in the numbers of lines at most: while the branch stays, those of
    the commit that it stands on are right, however the base moves on."""
    return _lines(_NUMBER.sub("", one)) == _lines(_NUMBER.sub("", other))


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]


def digest(title: str) -> str:
    """By what a title is known again."""
    return hashlib.sha256(bare(title).encode()).hexdigest()[:8]


def closing(title: str, end: str) -> str:
    """A title with one of the ends that say what became of it."""
    return bare(title)[: _LONGEST - len(end)] + end


def bare(title: str) -> str:
    """A title without what gorewrite may have put behind it."""
    return title.strip().removesuffix(AUTOCLOSED).removesuffix(ABANDONED)

"""Secrets, and how they are kept out of everything that people and machines read.

A secret is text that prints as `***`. What leaves gorewrite as a message goes through `redacted`,
which takes out every secret this process knows, in whatever encoding, and what looks like one.
"""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Final, NoReturn
from urllib.parse import quote

_SHOWN: Final = "***"
#: Shorter ones are known as secrets as well, but not searched for: they would hide common words.
_SHORTEST: Final = 4

#: The texts of all secrets of this process, in every spelling, as `redacted` needs them.
_known: set[str] = set()

#: What looks like a secret, and what is kept of it. GitHub: "About authentication to GitHub",
#: the tokens of apps are JSON web tokens with a prefix since 2026; GitLab: "Token overview".
_SHAPES: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), kept)
    for pattern, kept in (
        (r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z ]*KEY-----|\Z)", _SHOWN),
        (r"(https?://)[^\s/@'\"]+@", rf"\1{_SHOWN}@"),
        (r"(\b[a-z][a-z0-9+.-]*://[^\s/@:'\"]*:)[^\s/@'\"]+@", rf"\1{_SHOWN}@"),
        (r"\b(?:gh[pousr]|github_pat)_[A-Za-z0-9_.-]{6,}", _SHOWN),
        (r"\bgl[a-z]{2,8}-[A-Za-z0-9_.-]{10,}", _SHOWN),
        (r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)?", _SHOWN),
        (
            r"((?:proxy-)?authorization['\"]?\s*[:=]\s*['\"]?)(?:[a-z]+ +)?[^\s'\",]+",
            rf"\1{_SHOWN}",
        ),
        (
            r"((?:private|job|deploy|x-gitea-\w+)-token['\"]?\s*[:=]\s*['\"]?)[^\s'\",]+",
            rf"\1{_SHOWN}",
        ),
        (r"\b((?:access_|private_|job_)?token=|password=)[^\s&'\"]+", rf"\1{_SHOWN}"),
    )
)


class Secret:
    """A token or a key. user: the name that git gives with it over HTTPS; origin: `https://host`
    where git may give it, "" for wherever it is asked to.

    It prints as `***`, cannot be pickled, so that it never gets to workers or journals, and is
    taken out of messages from the time it is made.
    """

    __slots__ = ("_text", "origin", "user")

    def __init__(self, text: str, user: str = "x-access-token", origin: str = "") -> None:
        self._text = text
        self.user = user
        self.origin = origin
        hide(text, user)

    def reveal(self) -> str:
        """The text."""
        return self._text

    def __repr__(self) -> str:
        return _SHOWN

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError("secrets are not pickled")


def hide(text: str, user: str = "") -> None:
    """Takes a text out of all messages from now on, also as it stands in URLs and headers."""
    if len(text) < _SHORTEST:
        return
    pair = f"{user}:{text}".encode("utf-8", "surrogateescape")
    plain = text.encode("utf-8", "surrogateescape")
    encoded = (b64encode(plain).decode(), b64encode(pair).decode())
    _known.update((text, quote(text, safe=""), *encoded))


def redacted(text: str) -> str:
    """A text without secrets: those that this process knows, and what looks like one."""
    for secret in sorted(_known, key=len, reverse=True):
        text = text.replace(secret, _SHOWN)
    for shape, kept in _SHAPES:
        text = shape.sub(kept, text)
    return text


def one_line(text: str, most: int = 300) -> str:
    """What somebody else says, fit for a message: one line without secrets and control codes."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    line = redacted(line)
    return line if len(line) <= most else line[: most - 1] + "…"

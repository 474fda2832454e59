"""The commands that stand in a file of whatever language, as lines of a shell.

What a script, a recipe or a CI file says is a line already. In other files it is a text between
quotes (`"test": "docker run …"`), or a list of words (`["docker", "run", …]`).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Final

_COMMAND: Final = re.compile(r"""(?:[^'"|&;]|'[^']*'|"(?:\\.|[^"\\])*")+""")
_TEXT: Final = r"""(?:"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')"""
_WORD: Final = re.compile(rf"f?(?P<text>{_TEXT})|(?P<name>[\w.]+(?:\([^()\n]*\))?)")
#: `"docker", "run", "--rm", image`; also `"docker", ["run", …]`.
LISTED: Final = re.compile(
    r"""(?P<quote>["'])(?:docker|podman|nerdctl|kubectl)(?P=quote)"""
    rf"""(?:\s*,\s*\[?\s*(?:f?{_TEXT}|[\w.]+(?:\([^()\n]*\))?))+"""
)
_ENGINE: Final = r"\b(?:docker|podman|nerdctl|kubectl|oc)(?:-compose)?\s"
_QUOTED: Final = re.compile(rf"""['"](?=[^'"]*{_ENGINE})""")
#: In front of a text that is shown, and not run.
_SHOWN: Final = re.compile(
    r"\b(?:echo|printf?|print(?:ln|f)|puts|console|log\w*|info|warn\w*|error\w*|fail\w*|die|throw|raise"
    r"|usage|help|desc\w*|message|summary|name|title|label)\b[^;&|]*$",
    re.IGNORECASE,
)
#: How much in front of a text is looked at for that.
_SHOWN_BEFORE: Final = 100


def lines(text: str) -> Iterator[tuple[int, str]]:
    """(line of its beginning, text) of each line that is no comment, continuations joined and
    lists of words written as commands."""
    joined, first = "", 1
    for n, line in enumerate(LISTED.sub(_as_command, text).split("\n"), 1):
        first = first if joined else n
        joined += line.removesuffix("\\").strip() + " "
        if line.endswith("\\"):
            continue
        text, joined = joined.strip(), ""
        if not text.startswith("#"):
            yield first, text


def listed(text: str) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """(start, end, words) of each list of words that is a command; a name stands as `${name}`."""
    for found in LISTED.finditer(text):
        yield (*found.span(), _words(found[0]))


def _words(text: str) -> tuple[str, ...]:
    return tuple(
        "${" + re.sub(r"\W", "_", word["name"]) + "}"
        if word["name"]
        else re.sub(r"\\(.)", r"\1", word["text"][1:-1])
        for word in _WORD.finditer(text)
    )


def _as_command(found: re.Match[str]) -> str:
    """A list of words as a command, behind which as many lines end."""
    words = (w if w.startswith("${") else shlex.quote(w) for w in _words(found[0]))
    return f"; {' '.join(words)} ;" + "\n" * found[0].count("\n")


def commands(line: str) -> Iterator[str]:
    """The simple commands of a line: what stands between operators outside of quotes, and in a
    text between quotes that is a command itself."""
    for found in _COMMAND.finditer(line):
        command = found[0]
        quote = _QUOTED.search(command)
        before = command[: quote.start()] if quote is not None else ""
        if quote is None or before.count(quote[0]) % 2 or re.search(_ENGINE, before):
            yield command  # Quotes around words of its own.
        elif command.startswith("$(", quote.end()):
            yield before + command[quote.end() :].removesuffix(quote[0])
        elif not _SHOWN.search(before[-_SHOWN_BEFORE:]):
            inside = re.match(rf"(?:\\.|[^\\{quote[0]}])*", command[quote.end() :])
            text = inside[0] if inside is not None else ""
            yield from commands(text.replace("\\" + quote[0], quote[0]))

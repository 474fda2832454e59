"""CODEOWNERS: who owns which files, as each forge reads it.

Sources: docs.github.com, "About code owners"; docs.gitlab.com, "Syntax of CODEOWNERS file" and
"Advanced CODEOWNERS configuration"; docs.gitea.com, "Code Owners".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

#: Where each forge looks, in that order; the first file counts.
_PLACES: Final = {
    "github": (".github", "", "docs"),
    "gitlab": ("", "docs", ".gitlab"),
    "gitea": ("", "docs", ".gitea", ".forgejo"),
    "none": (".github", ".gitlab", ".gitea", ".forgejo", "", "docs"),
}
#: GitHub loads no larger file.
_LARGEST: Final = 3 << 20
_SECTION: Final = re.compile(r"\^?\[([^\]]+)\](?:\[\d+\])?(?=\s|$)(.*)")
_WORD: Final = re.compile(r"(?:\\.|[^\s\\])+")
_PARTS: Final = re.compile(r"\*\*/|/\*\*$|\*+|\?|\[[^\]/]+\]|\\.|[^*?\[\\]+|.", re.DOTALL)


class Rule(NamedTuple):
    """A line. section: "" outside of any; owners: () where the file is taken from all; excluded:
    nobody owns it, whatever lines below say; inverted: it is for what does not match."""

    pattern: re.Pattern[str]
    owners: tuple[str, ...]
    section: str = ""
    excluded: bool = False
    inverted: bool = False

    def matches(self, path: str) -> bool:
        """Whether it is about a path, relative to the root of the repository."""
        return (self.pattern.fullmatch(path) is not None) != self.inverted


class Owners:
    """What a CODEOWNERS file says. kind: the forge that it is read like."""

    def __init__(self, text: str, kind: str) -> None:
        if kind == "gitea":
            self._sections = [list(_gitea(text))]
        elif kind == "gitlab":
            self._sections = _by_section(_gitlab(text))
        else:
            self._sections = [list(_github(text))]
        self._every = kind == "gitea"

    def of(self, path: str) -> tuple[str, ...]:
        """The owners of a file, as they are written, each once. path: relative to the root."""
        found = [owner for rules in self._sections for owner in self._found(rules, path)]
        return tuple(dict.fromkeys(found))

    def _found(self, rules: Sequence[Rule], path: str) -> Iterator[str]:
        """Those of one section: of the last rule that matches; Gitea asks those of all."""
        if self._every:
            yield from (o for rule in rules if rule.matches(path) for o in rule.owners)
            return
        if any(rule.excluded and rule.matches(path) for rule in rules):
            return
        for rule in reversed(rules):
            if rule.matches(path):
                yield from rule.owners
                return


def read_owners(root: Path, kind: str) -> Owners | None:
    """What the CODEOWNERS of a repository says; None where there is none. kind: of the forge."""
    for place in _PLACES[kind]:
        path = root / place / "CODEOWNERS"
        try:
            if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST:
                continue
            text = path.read_text("utf-8", "surrogateescape").removeprefix("\ufeff")
        except OSError:
            continue
        return Owners(text, kind if kind != "none" else _kind_of(place, text))
    return None


def _kind_of(place: str, text: str) -> str:
    """The forge that a file seems to be for, where nobody says."""
    if place in (".gitea", ".forgejo"):
        return "gitea"
    sections = any(_SECTION.match(line.strip()) for line in text.splitlines())
    return "gitlab" if place == ".gitlab" or sections else "github"


def _by_section(rules: Iterator[Rule]) -> list[list[Rule]]:
    found: dict[str, list[Rule]] = {}
    for rule in rules:
        found.setdefault(rule.section.lower(), []).append(rule)
    return list(found.values())


# --- the three syntaxes ------------------------------------------------------------------------


def _github(text: str) -> Iterator[Rule]:
    """gitignore's, without `!` and `[ ]`; a line with one of these is passed over."""
    for line in text.splitlines():
        words = list(_WORD.findall(line))
        hash = next((n for n, word in enumerate(words) if word.startswith("#")), len(words))
        if not words[:hash] or words[0].startswith(("!", "[", "^[")) or "[" in words[0]:
            continue
        glob = words[0].removeprefix("/")
        anchored = "/" in words[0].rstrip("/")
        below = "" if glob.endswith("/*") else "/.+" if glob.endswith("/") else "(?:/.+)?"
        inner = _regex(glob.rstrip("/")) if glob else ""
        start = "" if anchored else "(?:.+/)?"
        pattern = re.compile(f"{start}{inner}{below}" if inner else ".*", re.DOTALL)
        yield Rule(pattern, _names(words[1:hash]))


def _gitlab(text: str) -> Iterator[Rule]:
    """Ruby's File.fnmatch with FNM_PATHNAME and FNM_DOTMATCH, in sections with default owners."""
    section = ""
    default: tuple[str, ...] = ()
    defaults: dict[str, tuple[str, ...]] = {}
    for raw in text.splitlines():
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        heading = _SECTION.fullmatch(line)
        if heading is not None:
            section = heading[1].strip()
            default = _names(heading[2].split()) or defaults.get(section.lower(), ())
            defaults[section.lower()] = default
            continue
        words = _WORD.findall(line.removeprefix("!"))
        excluded = line.startswith("!")
        glob = words[0] if words else ""
        glob = glob.removeprefix("/") if glob.startswith("/") else f"**/{glob}"
        if glob.endswith("/"):
            glob += "**/*"
        owners = () if excluded else _names(words[1:]) or default
        yield Rule(re.compile(_regex(glob), re.DOTALL), owners, section, excluded)


def _gitea(text: str) -> Iterator[Rule]:
    """Regular expressions, `!` for all that does not match; one that cannot be read is left out."""
    for line in text.splitlines():
        words = [re.sub(r"\\(.)", r"\1", word) for word in _WORD.findall(_uncommented(line))]
        if len(words) < 2:
            continue
        try:
            pattern = re.compile(words[0].removeprefix("!"))
        except re.error:
            continue
        yield Rule(pattern, _names(words[1:]), inverted=words[0].startswith("!"))


def _uncommented(line: str) -> str:
    match = re.match(r"(?:\\.|[^#\\])*", line)
    return match[0] if match else ""


def _names(words: Sequence[str]) -> tuple[str, ...]:
    """The owners among some words: `@user`, `@org/team`, `@@role`, `name@example.com`."""
    return tuple(word for word in words if "@" in word and not word.endswith("@"))


def _regex(glob: str) -> str:
    """A glob as a regular expression: `*` and `?` stay within a name, `**` does not."""
    parts = []
    for part in _PARTS.findall(glob):
        if part == "**/":
            parts.append("(?:[^/]+/)*")
        elif part == "/**":
            parts.append("/.+")
        elif part.startswith("*"):
            parts.append(".*" if part == glob and part == "**" else "[^/]*")
        elif part == "?":
            parts.append("[^/]")
        elif part.startswith("[") and len(part) > 2:
            parts.append(f"[{'^' if part[1] in '!^' else ''}{_class(part[1:-1].lstrip('!^'))}]")
        elif part.startswith("\\") and len(part) == 2:
            parts.append(re.escape(part[1]))
        else:
            parts.append(re.escape(part))
    return "".join(parts)


def _class(inner: str) -> str:
    """What stands within brackets, of which only ranges mean something."""
    return re.sub(r"[\\\[\]^&~|]", lambda match: f"\\{match[0]}", inner)

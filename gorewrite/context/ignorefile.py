"""An ignore file (`.dockerignore`) read and applied as BuildKit does.

Patterns are anchored at the context root, the last one that matches decides, and a path below a
matching directory counts as matching; none of this is as in `.gitignore`.
Sources: github.com/moby/patternmatcher v0.6.1 (`ignorefile.ReadAll`, `New`,
`MatchesUsingParentResults`) and github.com/tonistiigi/fsutil filter.go, which applies it while
it walks the context.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from gorewrite import files
from gorewrite.context.globs import BadPattern, clean, match
from gorewrite.context.ignorepattern import Pattern

__all__ = ["IgnoreError", "IgnoreFile", "IgnoreLine", "Pattern", "shared_with", "with_patterns"]

_SPACE: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""What Go's `unicode.IsSpace` takes for white space; `str.strip` removes U+001C–U+001F too."""

_LONGEST_LINE: Final = 64 * 1024
"""`bufio.MaxScanTokenSize`: a longer line makes the build fail."""


class IgnoreError(ValueError):
    """An ignore file that makes the build fail.

    line: 1-based; problem: what is wrong with it.
    """

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"line {line}: {problem}")
        self.line = line
        self.problem = problem


class IgnoreLine(NamedTuple):
    """One line. text: as written, with its newline; pattern: None for a comment or blank line."""

    text: str
    pattern: Pattern | None


class _Match(NamedTuple):
    """hits: a bit per pattern that matched the path or, as far as it was looked at, a parent."""

    excluded: bool
    hits: int
    decided_by: Pattern | None


@dataclass(frozen=True, slots=True, eq=False)
class IgnoreFile:
    """A parsed ignore file; its lines put together again are the text it was parsed from."""

    lines: tuple[IgnoreLine, ...]
    patterns: tuple[Pattern, ...] = field(init=False)
    _directory_hits: dict[str, int] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        patterns = tuple(line.pattern for line in self.lines if line.pattern is not None)
        object.__setattr__(self, "patterns", patterns)

    @classmethod
    def parse(cls, text: bytes | str) -> IgnoreFile:
        """Read the text of an ignore file. Raises IgnoreError for what a builder refuses.

        A str is taken as UTF-8 decoded with surrogateescape. A pattern that the builder would
        trip over only when some path reaches it is an error here at once.
        """
        if isinstance(text, bytes):
            text = text.decode("utf-8", "surrogateescape")
        texts = text.split("\n")
        written = [line + "\n" for line in texts[:-1]] + ([texts[-1]] if texts[-1] else [])
        return cls(tuple(IgnoreLine(line, _pattern(line, n)) for n, line in enumerate(written, 1)))

    def to_bytes(self) -> bytes:
        """The text as written."""
        return "".join(line.text for line in self.lines).encode("utf-8", "surrogateescape")

    def excludes(self, path: str) -> bool:
        """Whether `path` (relative to the context root, cleaned, with `/`) is left out.

        A directory that is left out may still have something let in below: `may_include_below`.
        """
        return path not in ("", ".") and self._match(path).excluded

    def matching(self, path: str) -> Pattern | None:
        """The pattern that had the last word about `path`, maybe a `!` one; None when none had."""
        return None if path in ("", ".") else self._match(path).decided_by

    def may_include_below(self, directory: str) -> bool:
        """Whether a `!` pattern may let something in below an excluded directory."""
        below = directory + "/"
        for pattern in self.patterns:
            if pattern.negated:
                literal = pattern.literal_directory
                if literal is None or (literal + "/").startswith(below):
                    return True
        return False

    def _match(self, path: str) -> _Match:
        """moby's MatchesUsingParentResults, applied to every parent from the top down.

        It can differ from the simpler MatchesOrParentMatches: a `!` pattern is not looked at while
        nothing is excluded yet, so `a/b` then `!a` leaves `a/b` excluded.
        """
        hits = 0
        at = path.find("/")
        while at >= 0:
            directory = path[:at]
            known = self._directory_hits.get(directory)
            if known is None:
                known = self._directory_hits[directory] = self._decide(directory, hits).hits
            hits = known
            at = path.find("/", at + 1)
        return self._decide(path, hits)

    def _decide(self, path: str, parent_hits: int) -> _Match:
        excluded, hits, decided_by = False, 0, None
        for n, pattern in enumerate(self.patterns):
            hit = bool(parent_hits >> n & 1)
            if not hit:
                if pattern.negated != excluded:
                    continue
                hit = pattern.matches(path)
            if hit:
                hits |= 1 << n
                excluded = not pattern.negated
                decided_by = pattern
        return _Match(excluded, hits, decided_by)


@lru_cache(maxsize=1024)
def _pattern(text: str, line: int) -> Pattern | None:
    """The pattern that stands in one line, as ReadAll and then New read it.

    Patterns are kept, as most ignore files say the same.
    """
    if len(text.encode("utf-8", "surrogateescape")) > _LONGEST_LINE:
        raise IgnoreError(line, "longer than 64 KiB")
    text = text.removesuffix("\n").removesuffix("\r")
    if line == 1:
        text = text.removeprefix("\ufeff")
    if text.startswith("#"):
        return None
    text = text.strip(_SPACE)
    if not text:
        return None
    text = _normalised(text)
    negated = text.startswith("!")
    text = text[negated:]
    if not text:
        raise IgnoreError(line, "`!` without a pattern")
    try:
        # moby asks filepath.Match about "." only to learn whether the syntax is right.
        match(text, ".")
        return Pattern(text, negated, line)
    except BadPattern as bad:
        raise IgnoreError(line, f"`{text}` is not a pattern: {bad}") from None


def _normalised(text: str) -> str:
    inverted = text.startswith("!")
    if inverted:
        text = text[1:].strip(_SPACE)
    if text:
        text = clean(text)
        if len(text) > 1:
            text = text.removeprefix("/")
    # New trims and cleans once more, the `!` included: "!/" becomes "!".
    return clean((("!" if inverted else "") + text).strip(_SPACE))


#: What other tools read ignore patterns from.
_OTHERS: Final = (".gitignore", ".gcloudignore", ".npmignore", ".helmignore", ".ebignore")


def shared_with(place: Path) -> str | None:
    """What an ignore file on disk stands for when it is a link, or the ignore file of another tool
    that is a link to it; None when it is a file of its own."""
    target = files.target_of(str(place))
    if target is not None:
        return target
    links = (name for name in _OTHERS if files.target_of(f"{place.parent}/{name}") == place.name)
    return next(links, None)


def with_patterns(patterns: Sequence[str], old: bytes | None) -> bytes:
    """The text of an ignore file with patterns above what stands there, which stays as it is; old:
    None when there is none."""
    old = old or b""
    newline = b"\r\n" if old.count(b"\r\n") * 2 > old.count(b"\n") else b"\n"
    # A byte order mark is only one at the very start (moby's ignorefile.ReadAll).
    mark = b"\xef\xbb\xbf" if old.startswith(b"\xef\xbb\xbf") else b""
    rest = old[len(mark) :]
    text = b"".join(pattern.encode() + newline for pattern in patterns)
    return mark + text + (newline + rest if rest.strip() else rest)

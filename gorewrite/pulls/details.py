"""What a pull request says of single Dockerfiles.

A few are told one by one. Of many the same change is told once, with the lines of each Dockerfile
in a table: messages that differ only in the places of a service (`/app/shop` and `/app/cart`) are
the same, and what differs is left out. How much is told of each depends on the room.
"""

from __future__ import annotations

import enum
import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from gorewrite.formats.findings import place
from gorewrite.pulls.convention import directory_of
from gorewrite.pulls.links import Links
from gorewrite.pulls.markup import barless, code, prose
from gorewrite.pulls.model import Planned
from gorewrite.pulls.phrases import applied, joined, phrase, transforms

#: Dockerfiles that are told one by one.
FEW: Final = 3
#: Pieces of evidence for one change, and characters of each.
_MOST_EVIDENCE: Final = 4
_MOST_TEXT: Final = 90
#: Names of Dockerfiles, and ways of saying a change, in one item.
_MOST_NAMES: Final = 6
_MOST_WAYS: Final = 8
#: Rows of the table where there is little room.
_SOME_ROWS: Final = 200
#: Marks what asks for a person's judgement.
_ASKS: Final = "†"

Document = Mapping[str, Any]


class Room(enum.IntEnum):
    """How much is told of each Dockerfile, from nothing to everything."""

    COUNTS = 0
    SOME = 1
    NAMES = 2
    LINKS = 3
    LINES = 4
    ALL = 5


class _Item(NamedTuple):
    """A change, offer or refusal, and the Dockerfile it is of."""

    document: Document
    what: Mapping[str, Any]


# --- what changes -----------------------------------------------------------------------


def changes(planned: Sequence[Planned], links: Links, room: Room) -> Iterator[str]:
    """What changes, as Markdown, a line each."""
    if len(planned) <= FEW:
        for each in planned:
            yield from ("", f"**{links.line(each.path, 0)}**", "")
            items = [_Item(each.document, change) for change in applied(each.document)]
            for transform in dict.fromkeys(item.what["transform"] for item in items):
                words = phrase(transform)
                yield f"* **{words.does}.** {words.why}".rstrip()
                for item in items:
                    if item.what["transform"] == transform:
                        yield from _told(item, links, room)
        yield ""
        return
    yield from _overview(planned)
    yield from ("<details><summary>What exactly</summary>", "", *_ways(planned), "", "</details>")
    if room > Room.COUNTS:
        yield "<details><summary>Which Dockerfiles, and where</summary>"
        yield from ("", *_table(planned, links, room), "", "</details>")
    yield ""


def _told(item: _Item, links: Links, room: Room) -> Iterator[str]:
    """What a change does exactly, with its reasons."""
    ask = "" if item.what["safety"] == "safe" else "**asks for your judgement:** "
    yield f"  * {_at(item, item.what['line'], links)}: {ask}{prose(item.what['message'])}"
    evidence = _evidence(item, links, room)
    if evidence:
        yield f"  * because: {evidence}"


def _evidence(item: _Item, links: Links, room: Room) -> str:
    """Where the reasons of a change were read, the most important first; a place is named once."""
    told: dict[str, str] = {}
    for each in item.what["because"]:
        text = " ".join(each["text"].split())
        if not each["path"]:
            told.setdefault(text, prose(text.removeprefix("rule: ")))
            continue
        text = text if len(text) <= _MOST_TEXT else f"{text[: _MOST_TEXT - 1]}…"
        at = _at(item, each["line"], links, each["path"])
        told.setdefault(at, f"{code(text)} ({at})" if room == Room.ALL else at)
    shown = list(told.values())[:_MOST_EVIDENCE]
    if len(shown) < len(told):
        shown.append(f"{len(told) - len(shown)} more")
    return "; ".join(shown)


def _at(item: _Item, line: int, links: Links, path: str = "", *, short: bool = False) -> str:
    """A place as a link: `line 7` (short: `L7`) of the Dockerfile itself, of another file
    `api/go.mod:3` (short: `go.mod:3`)."""
    own = item.document["path"]
    name = place(item.document, path or own)
    if name != own:
        return links.line(name, line, f"{posixpath.basename(name)}:{line}" if short else "")
    url = links.url(own, line)
    shown = f"{'L' if short else 'line '}{line}" if line else "the file"
    return f"[{shown}]({url})" if url else shown


# --- many Dockerfiles -------------------------------------------------------------------


def _overview(planned: Sequence[Planned]) -> Iterator[str]:
    """A row for each transform."""
    yield "| | | Dockerfiles |"
    yield "|---|---|--:|"
    for letter, name, number in _letters(planned):
        words = phrase(name)
        yield f"| {letter} | **{words.does}.** {words.why} | {number:,} |"
    yield ""


def _ways(planned: Sequence[Planned]) -> Iterator[str]:
    """For each transform what is done exactly, the most frequent first."""
    items = [_Item(each.document, what) for each in planned for what in applied(each.document)]
    for letter, name, _ in _letters(planned):
        of_it = [item for item in items if item.what["transform"] == name]
        ways = _same(of_it, "safety")
        yield f"* {letter} (`{name}`)"
        for same in ways[:_MOST_WAYS]:
            said = prose(_common([item.what["message"] for item in same]))
            ask = "" if same[0].what["safety"] == "safe" else f" {_ASKS} asks for your judgement"
            yield f"  * {said}{f' ({len(same):,})' if len(same) > 1 else ''}{ask}"
        if ways[_MOST_WAYS:]:
            yield f"  * {len(ways) - _MOST_WAYS:,} more ways"


def _table(planned: Sequence[Planned], links: Links, room: Room) -> Iterator[str]:
    """A row for each Dockerfile with the lines of its changes, and of the evidence for them."""
    columns = [(letter, name) for letter, name, _ in _letters(planned)]
    above = posixpath.commonpath([posixpath.dirname(each.path) for each in planned])
    yield f"Lines of the files before this change{f', in {code(above)}' if above else ''}."
    yield ""
    yield f"| | {' | '.join(letter for letter, _ in columns)} |"
    yield f"|---{'|---' * len(columns)}|"
    rows = sorted(planned, key=lambda each: each.path)
    for each in rows[:_SOME_ROWS] if room == Room.SOME else rows:
        shown = posixpath.relpath(directory_of(each) or each.path, above or ".")
        name = links.line(each.path, 0, shown) if room >= Room.LINKS else code(shown)
        cells = [_cell(each.document, transform, links, room) for _, transform in columns]
        yield f"| {barless(name)} | {' | '.join(map(barless, cells))} |"
    if room == Room.SOME and rows[_SOME_ROWS:]:
        yield ""
        yield f"… and {len(rows) - _SOME_ROWS:,} more."


def _cell(document: Document, transform: str, links: Links, room: Room) -> str:
    """The lines of what one transform changes in a Dockerfile."""
    found: dict[str, None] = {}
    for what in applied(document):
        if what["transform"] != transform:
            continue
        item = _Item(document, what)
        ask = "" if what["safety"] == "safe" else _ASKS
        if room < Room.LINES:
            found[f"L{what['line']}{ask}"] = None
            continue
        found[_at(item, what["line"], links, short=True) + ask] = None
        for each in what["because"] if room == Room.ALL else ():
            if each["path"] and each["line"]:
                found.setdefault(_at(item, each["line"], links, each["path"], short=True))
    shown = list(found)
    more = [f"{len(shown) - 6} more"] if shown[6:] else []
    return ", ".join([*shown[:6], *more])


def _letters(planned: Sequence[Planned]) -> list[tuple[str, str, int]]:
    """(letter, name, number of Dockerfiles) of each transform, the most frequent first."""
    counted = transforms(each.document for each in planned).items()
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return [
        (letters[index] if index < len(letters) else str(index), name, number)
        for index, (name, number) in enumerate(counted)
    ]


# --- what does not change ---------------------------------------------------------------


def offered(documents: Sequence[Document], links: Links, room: Room) -> Iterator[str]:
    """What `--review` would change, the most frequent first, as a list in Markdown."""
    items = [
        _Item(document, change)
        for document in documents
        for change in document.get("changes", ())
        if not change["applied"]
    ]
    yield from _listed(items, lambda what: str(what["transform"]), links, room)


def refused(documents: Sequence[Document], links: Links, room: Room) -> Iterator[str]:
    """What was left alone, and why, the most frequent first, as a list in Markdown."""
    items = []
    for document in documents:
        if "error" in document:
            error = {"transform": "file", "code": "error", **document["error"]}
            items.append(_Item(document, error))
        items += [_Item(document, refusal) for refusal in document.get("refusals", ())]
    yield from _listed(items, lambda what: f"{what['transform']}/{what['code']}", links, room)


def _listed(
    items: Sequence[_Item], named: Callable[[Mapping[str, Any]], str], links: Links, room: Room
) -> Iterator[str]:
    """Items by their names, and below each name those that say the same."""
    found: dict[str, list[_Item]] = {}
    for item in items:
        found.setdefault(named(item.what), []).append(item)
    for name in sorted(found, key=lambda name: (-len(found[name]), name)):
        ways = _same(found[name])
        told = [
            f"{prose(_common([item.what['message'] for item in same]))}: {_of(same, links, room)}"
            for same in ways[:_MOST_WAYS]
        ]
        if len(ways) == 1:
            yield f"* {code(name)}: {told[0]}"
            continue
        yield f"* {code(name)}"
        yield from (f"  * {each}" for each in told)
        if ways[_MOST_WAYS:]:
            rest = sum(len(same) for same in ways[_MOST_WAYS:])
            yield f"  * {rest:,} more, for other reasons"


def _of(items: Sequence[_Item], links: Links, room: Room) -> str:
    """The Dockerfiles of some items: with their lines, by name, or only how many there are."""
    places = dict.fromkeys((item.document["path"], item.what["line"]) for item in items)
    if len(places) <= FEW and room >= Room.LINKS:
        return joined([links.line(path, line) for path, line in places])
    names = list(dict.fromkeys(path for path, _ in places))
    if room <= Room.SOME and len(names) > 1:
        return f"{len(names):,} Dockerfiles"
    told = [code(name) for name in names[:_MOST_NAMES]]
    if names[_MOST_NAMES:]:
        told.append(f"{len(names) - _MOST_NAMES:,} more")
    return joined(told)


# --- the same ---------------------------------------------------------------------------


def _same(items: Sequence[_Item], *keys: str) -> list[list[_Item]]:
    """Items that say the same, the most frequent first."""
    found: dict[tuple[str, ...], list[_Item]] = {}
    for item in items:
        shape = (*(item.what[key] for key in keys), _shape(item))
        found.setdefault(shape, []).append(item)
    return [found[key] for key in sorted(found, key=lambda key: (-len(found[key]), key))]


def _shape(item: _Item) -> str:
    """A message without the words that are about the place of a service."""
    directory = posixpath.dirname(item.document["path"])
    name = posixpath.basename(directory)
    lines = tuple(f"{each['path']}:" for each in item.what.get("because", ()) if each["path"])

    def own(word: str) -> bool:
        named = bool(name) and (name in word.split("/") or directory in word)
        return named or word.startswith(("/", *lines))

    return " ".join("…" if own(word) else word for word in item.what["message"].split(" "))


def _common(messages: Sequence[str]) -> str:
    """The words that messages of one shape have in common; others become an ellipsis."""
    rows = zip(*(message.split(" ") for message in messages), strict=True)
    return " ".join(words[0] if len(set(words)) == 1 else "…" for words in rows)

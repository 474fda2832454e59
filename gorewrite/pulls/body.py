"""The text of a pull request: what it does, why that is right, and how to say no.

It is written for a maintainer who never heard of gorewrite and has a minute: what changes in plain
words and what was measured come first, evidence and what was left alone are folded below. The same
group gives the same text. Nothing of a repository is shown but as code (see markup.py).
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from gorewrite.pulls import details, figures
from gorewrite.pulls.convention import STOP_LABEL, directory_of
from gorewrite.pulls.details import FEW, Room
from gorewrite.pulls.links import Links
from gorewrite.pulls.markup import code, fenced, marker, quiet
from gorewrite.pulls.measured import Measured
from gorewrite.pulls.model import Group
from gorewrite.pulls.phrases import applied, gains, given, joined, remarks

#: Characters. GitHub takes 65,536 ("body is too long"), and something may be added by hand;
#: GitLab takes a megabyte, Gitea what its database takes.
MOST: Final = 60_000
#: Dockerfiles that the commands for the reader name one by one.
_NAMED: Final = 5


class Told(NamedTuple):
    """What a pull request has to say besides its group.

    campaign: its name; base_commit: the parent of the commit that is proposed; options: those of
    the run that decide the patch, as words of a shell; version: of gorewrite; measured: by path of
    the Dockerfile; links: to lines of the base commit.
    """

    campaign: str
    base_commit: str
    options: str
    version: str
    measured: Mapping[str, Measured] = {}
    links: Links = Links()


def body(group: Group, told: Told) -> str:
    """The text of the pull request of a group, as Markdown of at most `MOST` characters.

    It tells as much of each Dockerfile as finds room.
    """
    for room in sorted(Room, reverse=True):
        text = _text(group, told, room)
        if len(text) <= MOST:
            return text
    return _cut(text, group, told)


def _text(group: Group, told: Told, room: Room) -> str:
    documents = [each.document for each in group.planned]
    everything = [*documents, *group.others]
    parts = [
        *_lead(group, told),
        "### What changes",
        "",
        *details.changes(group.planned, told.links, room),
        *_besides(group),
        *_remarks(documents),
        *_folded(
            "What was left alone, and why", list(details.refused(everything, told.links, room))
        ),
        *_folded(
            "What `--review` would change, too, for a person to judge",
            list(details.offered(everything, told.links, room)),
        ),
        *_reproduce(group, told),
        *_closing(group, told),
    ]
    lines = [line for number, line in enumerate(parts) if line or (number and parts[number - 1])]
    return "\n".join(lines) + "\n"


def _cut(text: str, group: Group, told: Told) -> str:
    """The beginning of a text, with its end, for a group that is larger than any that was seen."""
    end = "\n".join(("", "…", *_closing(group, told), ""))
    room = MOST - len(end) - 100
    kept: list[str] = []
    for line in text.split("\n"):
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    # What the cut leaves open would swallow the end.
    fences = [line for line in kept if line.startswith("```")]
    kept += [fences[-1].rstrip("abcdefghijklmnopqrstuvwxyz")] if len(fences) % 2 else []
    opened = sum(line.startswith("<details>") - line.startswith("</details>") for line in kept)
    return "\n".join([*kept, "", *["</details>"] * opened, end])


# --- the first lines --------------------------------------------------------------------


def _lead(group: Group, told: Told) -> Iterator[str]:
    number = len(group.planned)
    found = gains([each.document for each in group.planned])
    found = figures.without_refuted(found, group, told.measured)
    yield f"This gives {_where(group)} {given(found, number)}."
    yield ""
    yield from figures.figures(group, told.measured)
    asked = [
        change
        for each in group.planned
        for change in applied(each.document)
        if change["safety"] != "safe"
    ]
    if asked:
        changes = "1 change asks" if len(asked) == 1 else f"{len(asked):,} changes ask"
        yield (
            f"**{changes} for your judgement**, as marked below: the evidence in the repository is "
            "not complete, or something visible differs."
        )
    else:
        yield (
            "The container keeps its entry point, command, environment, work directory, user and "
            "ports, and every file that the program was found to use. Where that could not be "
            "shown from the files of this repository, nothing was changed."
        )
    yield ""


def _where(group: Group) -> str:
    """Which service, or how many of them."""
    number = len(group.planned)
    if number == 1:
        place = directory_of(group.planned[0])
        return code(place) if place else "this repository's service"
    place = posixpath.commonpath([posixpath.dirname(each.path) for each in group.planned])
    owners = f" of {code(', '.join(group.owners))}" if group.owners else ""
    return f"{number:,} Dockerfiles{owners}{f' in {code(place)}' if place else ''}"


def _besides(group: Group) -> Iterator[str]:
    """The other files of the patch, where the changes are not told one by one."""
    if len(group.planned) <= FEW:
        return
    paths = {each.path for each in group.planned}
    others = {edit.name: edit for each in group.planned for edit in each.edits}
    parts = []
    for verb, made in (("creates", True), ("edits", False)):
        names = [
            name for name in others if name not in paths and (others[name].old is None) == made
        ]
        if names:
            parts.append(f"{verb} {joined(list(_files(names)))}")
    if parts:
        yield f"Besides the Dockerfiles it {' and '.join(parts)}."
        yield ""


def _files(names: Sequence[str]) -> Iterator[str]:
    """Files by name, or how many there are of the same name."""
    same: dict[str, list[str]] = {}
    for name in sorted(names):
        same.setdefault(posixpath.basename(name), []).append(name)
    for name, paths in sorted(same.items()):
        if len(paths) > FEW:
            yield f"{len(paths):,} files {code(name)}"
        else:
            yield from map(code, paths)


def _remarks(documents: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    said = list(remarks(documents))
    if said:
        yield ""
        yield "### Good to know"
        yield ""
        yield from (f"* {each}" for each in said)
        yield ""


# --- the end ----------------------------------------------------------------------------


def _folded(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        shown = title.replace("`--review`", "<code>--review</code>")
        yield f"<details><summary>{shown} ({len(lines):,})</summary>"
        yield ""
        yield from lines
        yield ""
        yield "</details>"


def _reproduce(group: Group, told: Told) -> Iterator[str]:
    """How to see the same patch, and to try it, without this pull request."""
    paths = [each.path for each in group.planned]
    if len(paths) > _NAMED or any(quiet(path) != path for path in paths):
        paths = [posixpath.commonpath([posixpath.dirname(path) or "." for path in paths])]
        paths = [path if path and quiet(path) == path else "." for path in paths]
    words = " ".join([*([quiet(told.options)] if told.options else []), *map(shlex.quote, paths)])
    yield "<details><summary>Try it yourself</summary>"
    yield ""
    yield f"With gorewrite {code(told.version)}, in a clone:"
    yield ""
    yield from fenced(
        "console",
        f"$ git switch --detach {told.base_commit}",
        f"$ gorewrite --dry-run {words}",
        f"$ gorewrite verify {words}",
    )
    yield ""
    yield (
        "The first prints this patch; the second builds and runs the image before and after, "
        "compares the two and measures. `gorewrite explain NAME` describes a change, "
        "`gorewrite explain --refusal CODE` why something was left alone."
    )
    yield ""
    yield "</details>"


def _closing(group: Group, told: Told) -> Iterator[str]:
    yield ""
    yield (
        "**Not wanted?** Close it, and it will not come back unless you reopen it. The label "
        f"{code(STOP_LABEL)} stops updates of this pull request, and so does a commit of yours on "
        "its branch. "
        "`# gorewrite: ignore` at the top of a Dockerfile, or above an instruction, or "
        "`enabled = false` in `gorewrite.toml`, keeps gorewrite away for good."
    )
    yield ""
    yield (
        f"<sub>Made by gorewrite {told.version}, which edits the Dockerfiles of Go services where "
        "it can tell from the repository that they keep working.</sub>"
    )
    yield ""
    yield marker(base=told.base_commit, campaign=told.campaign, key=group.key, version=told.version)

"""How pull requests and commits are named: titles, messages, trailers.

What the patch does decides the words. The form is that of conventionalcommits.org unless the
configuration says otherwise; lines are as long as git's own documentation asks for
(git-commit, "Discussion": a short first line, bodies of 72 columns by custom).
"""

from __future__ import annotations

import posixpath
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from gorewrite.pulls.markup import bare
from gorewrite.pulls.model import Group, Planned
from gorewrite.pulls.phrases import applied, gains, joined, phrase, title, transforms
from gorewrite.pulls.settings import PullSettings, filled

#: The label with which people stop the updates of a pull request.
STOP_LABEL: Final = "gorewrite:stop"
#: Columns of a title, and of the lines of a commit message.
_WIDTH: Final = 72
#: Dockerfiles whose changes a commit message tells one by one.
_TOLD: Final = 5


@dataclass(frozen=True, slots=True)
class Convention:
    """What a repository wants its pull requests to be named like."""

    settings: PullSettings = field(default_factory=PullSettings)

    def title(self, group: Group, campaign: str = "") -> str:
        """The title of a pull request, of 72 characters at most."""
        return self._line(self.settings.title, group, campaign)

    def message(self, group: Group, version: str, campaign: str) -> str:
        """The message of the commit: a title, what changes, trailers. It ends with a line end."""
        template = self.settings.commit_title or self.settings.title
        subject = self._line(template, group, campaign)
        body = "\n".join(_told(group.planned))
        return f"{subject}\n\n{body}\n\n{self._trailers(group, version, campaign)}\n"

    def _trailers(self, group: Group, version: str, campaign: str) -> str:
        lines = [
            f"Gorewrite-Campaign: {bare(campaign)}",
            f"Gorewrite-Rules: {', '.join(_names(group))}",
            f"Gorewrite-Version: {version}",
            *(f"{key}: {value}" for key, value in self.settings.trailers),
        ]
        if self.settings.sign_off:
            lines.append(f"Signed-off-by: {self.settings.author}")
        return "\n".join(lines)

    def _line(self, template: str, group: Group, campaign: str) -> str:
        """A template filled in, with as much of what and where as finds room."""
        line = ""
        for what, place in _variants(group):
            values = {
                "what": what,
                "for": place,
                "scope": bare(_scope(group)),
                "count": str(len(group.planned)),
                "transforms": ", ".join(_names(group)),
                "campaign": bare(campaign),
                "ticket": self.settings.ticket,
            }
            values["prefix"] = filled(self.settings.prefix, values)
            line = " ".join(filled(template, values).split()) or what
            if len(line) <= _WIDTH:
                return line
        return f"{line[: _WIDTH - 1].rstrip()}…"


def directory_of(planned: Planned) -> str:
    """Where a Dockerfile lies, and its name where it is not the usual one; "" for the root's."""
    directory, name = posixpath.split(planned.path)
    return directory if name in ("Dockerfile", "dockerfile", "Containerfile") else planned.path


def _names(group: Group) -> list[str]:
    """The transforms of a patch, sorted."""
    return sorted(transforms(each.document for each in group.planned))


def _variants(group: Group) -> Iterator[tuple[str, str]]:
    """(what, where) for a title, the most telling first and the shortest last."""
    number = len(group.planned)
    found = [title(gain, number) for gain in gains([each.document for each in group.planned])]
    places = list(_places(group))
    for place in places:
        yield joined(found[:2]), place
    for place in places:
        yield found[0], place
    yield found[0], ""


def _places(group: Group) -> Iterator[str]:
    """Where, as the end of a title; the longest first."""
    number = len(group.planned)
    if number == 1:
        place, count = directory_of(group.planned[0]), ""
    else:
        place = posixpath.commonpath([posixpath.dirname(each.path) for each in group.planned])
        count = f"{number} Dockerfiles"
        if not place and group.owners:
            yield f" for {count} of {bare(', '.join(group.owners))}"
    between = " in " if place and count else ""
    parts = place.split("/")
    yield f" for {count}{between}{bare(place)}" if place or count else ""
    for left_out in range(1, len(parts)):
        yield f" for {count}{between}…/{bare('/'.join(parts[left_out:]))}"
    if count:
        yield f" for {count}"


def _scope(group: Group) -> str:
    """The scope of conventional commits: the place in a word."""
    if len(group.planned) == 1:
        place = directory_of(group.planned[0])
    else:
        place = posixpath.commonpath([posixpath.dirname(each.path) for each in group.planned])
    return posixpath.basename(place) or "docker"


def _told(planned: Sequence[Planned]) -> Iterator[str]:
    """What changes, as lines of plain text."""
    if len(planned) <= _TOLD:
        for number, each in enumerate(planned):
            if number:
                yield ""
            yield f"{bare(each.path)}:"
            for change in applied(each.document):
                yield from _item(change["message"])
        return
    yield f"In {len(planned)} Dockerfiles:"
    for name, number in transforms(each.document for each in planned).items():
        yield from _item(f"{phrase(name).does.replace('`', '')} ({number})")


def _item(text: str) -> list[str]:
    wrapped = textwrap.wrap(bare(text), _WIDTH - 2, break_long_words=False, break_on_hyphens=False)
    return [f"{'  ' if number else '- '}{line}" for number, line in enumerate(wrapped)]

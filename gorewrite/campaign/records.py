"""What is kept of each repository for people: its log, and its patches."""

from __future__ import annotations

import glob
import time
from collections.abc import Callable, Sequence

from gorewrite.campaign.definition import Home
from gorewrite.differ import unified
from gorewrite.forge.secrets import one_line
from gorewrite.pulls.model import Group

#: Characters of a line in a log.
_LONGEST = 2000


class Records:
    """The logs and patches of a campaign. clock: seconds since 1970."""

    def __init__(self, home: Home, clock: Callable[[], float] = time.time) -> None:
        self.home = home
        self._clock = clock

    def log(self, name: str, text: str) -> None:
        """Adds a line to the log of a repository, without secrets and control characters."""
        path = self.home.log(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._clock()))
        with path.open("a", encoding="utf-8", errors="replace") as file:
            file.write(f"{when} {one_line(text, _LONGEST)}\n")

    def patches(self, name: str, groups: Sequence[Group]) -> None:
        """Writes the patch of each group, which applies to the base by itself, and removes those of
        groups that there are no more."""
        wanted = {self.home.patch(name, group.key): group for group in groups}
        for path, group in wanted.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            new = path.with_name(f".{path.name}.tmp")
            new.write_bytes(patch_of(group))
            new.replace(path)
        first = self.home.patch(name)
        stem = glob.escape(first.name.removesuffix(".patch"))
        for path in (first, *first.parent.glob(f"{stem}++*.patch")):
            if path not in wanted:
                path.unlink(missing_ok=True)


def patch_of(group: Group) -> bytes:
    """The unified diff of all files of a group."""
    first: dict[str, bytes | None] = {}
    last: dict[str, bytes] = {}
    for planned in group.planned:
        for edit in planned.edits:
            first.setdefault(edit.path, edit.old)
            last[edit.path] = edit.new
    return b"".join(
        unified(first[path] or b"", new, path, new_file=first[path] is None)
        for path, new in last.items()
    )

"""What is kept of each repository for people: its log, and its patches."""

from __future__ import annotations

import glob
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from gorewrite.campaign.definition import CampaignError, Home
from gorewrite.forge.secrets import one_line
from gorewrite.pulls.groups import diff_of
from gorewrite.pulls.model import Group

#: Characters of a line in a log.
_LONGEST = 2000


class Records:
    """The logs and patches of a campaign. clock: seconds since 1970.

    What cannot be written raises CampaignError: the next run does again what was under way.
    """

    def __init__(self, home: Home, clock: Callable[[], float] = time.time) -> None:
        self.home = home
        self._clock = clock

    def log(self, name: str, text: str) -> None:
        """Adds a line to the log of a repository, without secrets and control characters."""
        path = self.home.log(name)
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._clock()))
        with _writing(path), path.open("a", encoding="utf-8", errors="replace") as file:
            file.write(f"{when} {one_line(text, _LONGEST)}\n")

    def patches(self, name: str, groups: Sequence[Group]) -> None:
        """Writes the patch of each group, which applies to the base by itself, and removes those of
        groups that there are no more."""
        wanted = {self.home.patch(name, group.key): group for group in groups}
        for path, group in wanted.items():
            new = path.with_name(f".{path.name}.tmp")
            with _writing(path):
                new.write_bytes(diff_of(group))
                new.replace(path)
        first = self.home.patch(name)
        stem = glob.escape(first.name.removesuffix(".patch"))
        for path in (first, *first.parent.glob(f"{stem}++*.patch")):
            if path not in wanted:
                path.unlink(missing_ok=True)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Makes the directory of a file. Raises CampaignError where it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise CampaignError(f"{path}: cannot be written: {error.strerror}") from None

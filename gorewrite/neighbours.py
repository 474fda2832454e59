"""The Dockerfiles that lie together below a build context."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Self

from gorewrite.config import Config
from gorewrite.discovery import Survey
from gorewrite.files import is_below


class Search(NamedTuple):
    """A search for Dockerfiles.

    root: below which they lie; repository: that is searched; exclude, base: see
    gorewrite.discovery.find_dockerfiles.
    """

    root: Path
    repository: Path
    exclude: tuple[str, ...]
    base: Path | None

    @classmethod
    def of(cls, root: Path, repository: Path, config: Config) -> Self:
        """As the configuration says."""
        base = config.path.parent if config.path is not None else None
        return cls(root, repository, config.exclude, base)

    def below(self, survey: Survey) -> Sequence[str]:
        """The real paths of those that are known, sorted."""
        if is_below(self.root, self.repository):
            return survey.below(self.root, self.exclude, self.base)
        every = survey.below(self.repository, self.exclude, self.base)
        return [file for file in every if is_below(file, self.root)]

    def lone(self, survey: Survey) -> Sequence[str] | None:
        """The real path of the only one that is known; none, where none is; None where there are
        more: who lies alone below the root follows from that."""
        found = self.below(survey)
        return found if len(found) < 2 else None

    def question(self) -> str:
        """The search as a text."""
        base = str(self.base) if self.base is not None else None
        return json.dumps([str(self.root), str(self.repository), self.exclude, base])

    @classmethod
    def asked(cls, question: str) -> Self:
        """The search of a question."""
        root, repository, exclude, base = json.loads(question)
        place = Path(base) if base is not None else None
        return cls(Path(root), Path(repository), tuple(exclude), place)

"""What lies around a Dockerfile while it is rewritten: its repository, context, callers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from gorewrite.callers.index import Index, read_index
from gorewrite.callers.services import Callers
from gorewrite.config import Config
from gorewrite.context import Context
from gorewrite.evidence import Unknown


@dataclass(frozen=True)
class Project:
    """A Dockerfile's surroundings: constant while it is rewritten.

    path: the Dockerfile; display: its name in reports; context: what the builder sees;
    context_why: None when the context root is certain, else why it is only assumed.
    """

    path: Path
    display: str
    repository: Path
    context: Context
    config: Config
    context_why: Unknown | None = None
    #: Files of the plan that differ from what is on disk (context path -> bytes).
    pending: Mapping[str, bytes] = field(default_factory=dict)
    #: Who builds what in the repository; None to read its callers for this Dockerfile alone.
    index: Index | None = None

    @cached_property
    def callers(self) -> Callers:
        """Who builds and runs it."""
        index = read_index(self.repository) if self.index is None else self.index
        return Callers(self.path, self.repository, self.context.root, index)

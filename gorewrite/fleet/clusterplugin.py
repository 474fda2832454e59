"""What a Dask scheduler gives to its workers, those that join later too."""

from __future__ import annotations

from typing import Any

from distributed import WorkerPlugin

from gorewrite.fleet import cluster


class Setup(WorkerPlugin):  # type: ignore[misc]
    """Gives workers the setup of a run, by its token."""

    idempotent = True

    def __init__(self, token: str, setup: bytes) -> None:
        self.name = token
        self._setup = setup

    def setup(self, worker: Any) -> None:
        """See WorkerPlugin."""
        cluster.set_up(self.name, self._setup)

    def teardown(self, worker: Any) -> None:
        """See WorkerPlugin."""
        cluster.tear_down(self.name)

"""Repositories planned by the workers of a Dask cluster. The pull requests are opened here.

A worker clones into a temporary directory of its machine and finds a token in its own environment:
no secret is sent through the cluster.
"""

from __future__ import annotations

import contextlib
import pickle
from collections.abc import Generator, Iterable
from typing import Any, Self

from gorewrite.campaign.planning import Failure, Job, Result, planned
from gorewrite.fleet.cluster import KILLED, answers, connected


class ClusterPlanners:
    """See gorewrite.campaign.workers.Planners; a context manager. url: of the scheduler.

    Entering it raises ClusterError.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.workers = 1
        self._client: Any = None

    def __enter__(self) -> Self:
        self._client, self.workers = connected(self.url)
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(Exception):  # It may be gone, which is no matter any more.
            self._client.close(timeout=1)

    def results(self, jobs: Iterable[Job]) -> Generator[Result, None, None]:
        """See Planners. Raises ClusterError when the cluster is lost."""
        waiting = iter(jobs)

        def submit(job: Job) -> Any:
            return self._client.submit(_planned, pickle.dumps(job), pure=False)

        for job, result in answers(self._client, self.workers, lambda: waiting, submit):
            yield result or Result(job.name, Failure(KILLED, KILLED))


def _planned(job: bytes) -> bytes:
    return pickle.dumps(planned(pickle.loads(job)), pickle.HIGHEST_PROTOCOL)

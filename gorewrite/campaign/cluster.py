"""Repositories planned by the workers of a Dask cluster. The pull requests are opened here.

A worker clones into a temporary directory of its machine and finds a token in its own environment:
no secret is sent through the cluster.
"""

from __future__ import annotations

import contextlib
import pickle
from collections.abc import Iterable, Iterator
from typing import Any, Final, Self

from gorewrite.campaign.planning import Failure, Job, Result, planned
from gorewrite.fleet.cluster import ClusterError, connected

#: Repositories that are underway for each thread of a worker, so that none waits for the next one.
_UNDERWAY: Final = 2


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

    def results(self, jobs: Iterable[Job]) -> Iterator[Result]:
        """See Planners. Raises ClusterError when the cluster is lost."""
        from distributed import KilledWorker, as_completed

        waiting = iter(jobs)
        underway: dict[Any, str] = {}
        done = as_completed(loop=self._client.loop)

        def refill() -> None:
            while len(underway) < self.workers * _UNDERWAY:
                job = next(waiting, None)
                if job is None:
                    return
                future = self._client.submit(_planned, pickle.dumps(job), pure=False)
                underway[future] = job.name
                done.add(future)

        try:
            refill()
            while underway:
                future = next(done)
                name = underway.pop(future)
                try:
                    yield pickle.loads(future.result())
                except KilledWorker:
                    text = "its planning killed several workers of the cluster"
                    yield Result(name, Failure(text, text))
                except (OSError, TimeoutError) as error:
                    raise ClusterError(f"the cluster is lost: {error}") from None
                future.release()
                refill()
        finally:
            with contextlib.suppress(Exception):
                self._client.cancel(list(underway), force=True)


def _planned(job: bytes) -> bytes:
    return pickle.dumps(planned(pickle.loads(job)), pickle.HIGHEST_PROTOCOL)

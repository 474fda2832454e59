"""Chunks planned by the workers of a Dask cluster, on as many machines as it has.

Its workers read the repository themselves: they see the same files at the same paths (a shared
file system, or checkouts of the same revision), and have the same gorewrite installed. What is
written is written here alone. Whoever controls the cluster controls what it answers.

References: https://distributed.dask.org/en/stable/resilience.html (a worker that dies has its
tasks run elsewhere; one that was there at too many deaths fails with KilledWorker).
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import pickle
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from gorewrite import __version__
from gorewrite.discovery import Survey
from gorewrite.fleet.entries import Form
from gorewrite.fleet.groups import Task
from gorewrite.fleet.settings import Settings
from gorewrite.fleet.work import Piece, Planner, given_up

#: Seconds to wait for the scheduler, and for a first worker.
_PATIENCE: Final = 15
#: Tasks that are underway for each thread of a worker, so that none waits for the next one.
_UNDERWAY: Final = 2
#: What is said of a task that Dask gave up.
KILLED: Final = "its planning killed several workers of the cluster"

_Item = TypeVar("_Item")


class ClusterError(RuntimeError):
    """The cluster cannot be used. The text says why."""


def connected(url: str) -> tuple[Any, int]:
    """(a client of a Dask scheduler, how many threads its workers have).

    Raises ClusterError, also where a worker has another version of gorewrite.
    """
    try:
        from distributed import Client
        from distributed.comm import parse_address
        from distributed.comm.registry import get_backend
    except ImportError:
        raise ClusterError("--scheduler needs Dask: pip install distributed") from None
    for name in logging.root.manager.loggerDict:
        if name.startswith("distributed"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
    client: Any = None
    try:
        get_backend(parse_address(url)[0])
        client = Client(url, timeout=_PATIENCE, set_as_default=False)
        client.wait_for_workers(1, timeout=_PATIENCE)
        versions = client.run(_version)
    except (OSError, ValueError, TimeoutError, ImportError) as error:
        _disconnect(client)
        said = str(error).partition("\n")[0] or type(error).__name__
        raise ClusterError(f"no Dask workers by {url}: {said}") from None
    for worker, version in versions.items():
        if version != __version__:
            _disconnect(client)
            raise ClusterError(
                f"the Dask worker {worker} has gorewrite {version}, here is {__version__}; "
                "install the same"
            )
    return client, max(1, sum(client.ncores().values()))


def _disconnect(client: Any) -> None:
    if client is not None:
        with contextlib.suppress(Exception):
            client.close(timeout=1)


def answers(
    client: Any,
    workers: int,
    following: Callable[[], Iterator[_Item]],
    submit: Callable[[_Item], Any],
) -> Iterator[tuple[_Item, Any]]:
    """(item, what its task answered; None where it killed several workers), as they come.

    following: gives what is to be done next, asked anew as there is room; submit: makes the task
    of an item, which answers a pickle. Closing the iterator ends all work. Raises ClusterError when
    the cluster is lost.
    """
    from distributed import KilledWorker, as_completed

    underway: dict[Any, _Item] = {}
    done = as_completed(loop=client.loop)

    def refill() -> None:
        for item in islice(following(), workers * _UNDERWAY - len(underway)):
            future = submit(item)
            underway[future] = item
            done.add(future)

    try:
        refill()
        while underway:
            future = next(done)
            item = underway.pop(future)
            try:
                yield item, pickle.loads(future.result())
            except KilledWorker:
                yield item, None
            except (OSError, TimeoutError) as error:
                raise ClusterError(f"the cluster is lost: {error}") from None
            future.release()
            refill()
    finally:
        with contextlib.suppress(Exception):
            client.cancel(list(underway), force=True)


class Cluster:
    """An executor that is a Dask cluster; a context manager. See gorewrite.fleet.run.Executor.

    url: of its scheduler. Entering it raises ClusterError.
    """

    def __init__(self, url: str, settings: Settings, survey: Survey, form: Form) -> None:
        self.url = url
        self.form = form
        self.workers = 1
        self._setup = pickle.dumps((settings, survey, form), pickle.HIGHEST_PROTOCOL)
        self._token = hashlib.sha256(self._setup).hexdigest()[:16]
        self._client: Any = None
        self._seen = False

    def __enter__(self) -> Self:
        self._client, self.workers = connected(self.url)
        from gorewrite.fleet.clusterplugin import Setup

        self._client.register_plugin(Setup(self._token, self._setup), name=self._token)
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(Exception):  # It may be gone, which is no matter any more.
            self._client.unregister_worker_plugin(name=self._token)
        _disconnect(self._client)

    def pieces(self, chunks: Iterable[Sequence[Task]]) -> Iterator[Sequence[Piece]]:
        """See Executor. Raises ClusterError when the cluster is lost."""
        waiting = iter(chunks)
        returned: deque[Sequence[Task]] = deque()

        def following() -> Iterator[Sequence[Task]]:
            while (chunk := returned.popleft() if returned else next(waiting, None)) is not None:
                if not self._seen:
                    self._check_sight(chunk[0])
                yield chunk

        def submit(chunk: Sequence[Task]) -> Any:
            return self._client.submit(
                _planned, self._token, pickle.dumps(tuple(chunk)), pure=False
            )

        for chunk, answer in answers(self._client, self.workers, following, submit):
            half = len(chunk) // 2
            if answer is not None:
                yield answer
            elif half:
                returned += [chunk[:half], chunk[half:]]
            else:
                yield [given_up(chunk[0], KILLED, self.form)]

    def _check_sight(self, task: Task) -> None:
        """Raises ClusterError when a worker does not see the same file."""
        here = _digest(task.path)
        for worker, seen in self._client.run(_digest, task.path).items():
            if seen != here:
                what = "another file" if seen else "no file"
                raise ClusterError(
                    f"the Dask worker {worker} sees {what} at {task.path}; "
                    "give workers the same files at the same paths"
                )
        self._seen = True


# --- in the workers --------------------------------------------------------------------

#: Token of a run -> its setup, until a planner is made of it.
_setups: dict[str, bytes] = {}
_planners: dict[str, Planner] = {}
#: A worker may have several threads; a planner is for one.
_one_at_a_time = threading.Lock()


def set_up(token: str, setup: bytes) -> None:
    """Called in each worker before it is given chunks."""
    _setups[token] = setup


def tear_down(token: str) -> None:
    """Called in each worker when the run is over."""
    _setups.pop(token, None)
    _planners.pop(token, None)


def _planned(token: str, tasks: bytes) -> bytes:
    with _one_at_a_time:
        if token not in _planners:
            _planners[token] = Planner(*pickle.loads(_setups[token]))
        return pickle.dumps(_planners[token].chunk(pickle.loads(tasks)), pickle.HIGHEST_PROTOCOL)


def _version() -> str:
    return __version__


def _digest(path: str) -> str:
    """Of a file; "" when it cannot be read."""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return ""

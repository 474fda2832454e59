"""Dockerfiles that lie together go together: to one worker, to one shard."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterator, Sequence

from gorewrite.fleet.groups import Task

#: Dockerfiles in a chunk, at most; and how many chunks each worker should get, at least.
_MOST = 32
_ROUNDS = 4


def chunks(tasks: Sequence[Task], workers: int) -> Iterator[tuple[Task, ...]]:
    """The tasks in chunks of neighbours in the tree of directories.

    What lies together shares build contexts and Go packages, which a worker remembers. A chunk
    ends where the paths on both sides of the cut have the least in common.
    """
    ordered = sorted(tasks, key=lambda task: task.real)
    size = max(1, min(_MOST, len(ordered) // (workers * _ROUNDS)))
    start = 0
    while start < len(ordered):
        ends = range(start + size, min(start + 2 * size, len(ordered)))
        end = min(ends, key=lambda at: _common(ordered[at - 1], ordered[at]), default=len(ordered))
        yield tuple(ordered[start:end])
        start = end


def _common(left: Task, right: Task) -> int:
    """How many directories two paths have in common."""
    return len(posixpath.commonpath((left.real, right.real)).split("/"))


def shard_of(task: Task, count: int) -> int:
    """The shard of `count` that a Dockerfile belongs to, from 1 on.

    It follows from the name of its directory in reports alone, so that it is the same on every
    machine and stays when others come and go.
    """
    directory = posixpath.dirname(task.display)
    digest = hashlib.sha256(directory.encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:8], "big") % count + 1

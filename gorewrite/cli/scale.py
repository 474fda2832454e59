"""The options for runs over many Dockerfiles, and what they mean."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gorewrite.cli.planning import Unusable

if TYPE_CHECKING:
    from gorewrite.discovery import Survey
    from gorewrite.fleet.changes import Changes
    from gorewrite.fleet.entries import Form
    from gorewrite.fleet.groups import Task
    from gorewrite.fleet.run import Executor
    from gorewrite.fleet.settings import Settings

_Command = TypeVar("_Command", bound=Callable[..., Any])

#: From this many files on, a progress bar is shown on a terminal.
_PROGRESS_FROM = 20


def shard_of(_: click.Context, __: click.Parameter, value: str | None) -> tuple[int, int] | None:
    """The part of `I/N`. Raises click.BadParameter."""
    if value is None:
        return None
    number, _slash, count = value.partition("/")
    if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        raise click.BadParameter(f"{value} is not I/N with I from 1 to N, as 3/8")
    return int(number), int(count)


_WORKERS = (
    click.option(
        "--jobs",
        "-j",
        type=click.IntRange(min=1),
        metavar="N",
        help="Processes that plan; by default one a CPU, and this one alone for a few files.",
    ),
    click.option(
        "--timeout-per-file",
        type=click.FloatRange(min=0.1),
        metavar="SECONDS",
        help="Give a Dockerfile up after so long (60; needs processes, which it asks for).",
    ),
    click.option(
        "--memory-per-worker",
        type=click.IntRange(min=64),
        metavar="MIB",
        help="Address space that each of them may use.",
    ),
)

_OPTIONS = (
    *_WORKERS,
    click.option(
        "--shard",
        callback=shard_of,
        metavar="I/N",
        help="Only the I-th of N parts of the Dockerfiles; together they are all of them.",
    ),
    click.option(
        "--changed-since",
        metavar="REV",
        help="Only Dockerfiles with a change since then in their build context (what its ignore "
        "file lets in), in what builds them, or in their configuration.",
    ),
    click.option(
        "--no-cache",
        is_flag=True,
        help="Plan every file anew, and keep nothing for later runs.",
    ),
    click.option(
        "--scheduler",
        metavar="URL",
        help="Have it planned by the workers of a Dask scheduler, tcp://HOST:8786.",
    ),
)


def scale_options(command: _Command) -> _Command:
    """Gives a command the options for runs over many Dockerfiles."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def worker_options(command: _Command) -> _Command:
    """Gives a command those that are about this machine alone."""
    for option in reversed(_WORKERS):
        command = option(command)
    return command


@contextmanager
def executor(
    options: dict[str, Any], count: int, settings: Settings, survey: Survey, form: Form
) -> Iterator[Executor]:
    """What plans `count` Dockerfiles: a Dask cluster, a pool of processes, or this one.

    Raises click.UsageError, Unusable.
    """
    from gorewrite.fleet.run import WORTH_WORKERS, Here

    limited = [name for name in ("timeout_per_file", "memory_per_worker") if options[name]]
    if options.get("scheduler"):
        for name in [*limited, *(["jobs"] if options["jobs"] else [])]:
            raise click.UsageError(f"--{name.replace('_', '-')} is not with --scheduler")
        from gorewrite.fleet.cluster import Cluster, ClusterError

        try:
            with Cluster(options["scheduler"], settings, survey, form) as cluster:
                yield cluster
        except ClusterError as error:
            raise Unusable(str(error)) from None
        return
    jobs = options["jobs"] or (cpus() if count >= WORTH_WORKERS else 1)
    if not limited and (jobs == 1 or count < WORTH_WORKERS):
        yield Here(settings, survey, form)
        return
    from gorewrite.fleet.pool import TIMEOUT, Limits, Pool, PoolError

    memory = (options["memory_per_worker"] or 0) << 20
    limits = Limits(options["timeout_per_file"] or TIMEOUT, memory)
    try:
        yield Pool(min(jobs, count), settings, survey, form, limits)
    except PoolError as error:
        hint = "raise --memory-per-worker" if memory else "--jobs 1 alone does without them"
        raise Unusable(f"{error}; {hint}") from None


def changes_since(options: dict[str, Any], tasks: Sequence[Task]) -> tuple[Changes, ...]:
    """What changed in the repositories of some Dockerfiles. Raises click.UsageError."""
    from gorewrite.discovery import repository_root
    from gorewrite.fleet.changes import Changes, RevisionError

    directories = {Path(task.real).parent for task in tasks}
    roots = {repository_root(directory) or directory for directory in directories}
    try:
        return tuple(Changes.since(options["changed_since"], root) for root in sorted(roots))
    except RevisionError as error:
        raise click.UsageError(f"--changed-since: {error}") from None


def cpus() -> int:
    """How many CPUs this process may use, by its affinity and by the quota of its cgroup."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text("ascii").split()
        return max(1, min(count or 1, round(int(quota) / int(period))))
    except (OSError, ValueError):  # No such group, or "max".
        return count or 1


@contextmanager
def progress(count: int, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """Told how many files more are done, shows a bar where somebody sees it and it takes long."""
    if quiet or count < _PROGRESS_FROM or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = "Reading", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=count)
        yield lambda more: bar.advance(task, more)

"""A Dask cluster of this machine: a scheduler and workers, as its command line starts them."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleet.tools import NAIVE, hostile, monorepo, ran, started

WORKERS = 3


class Cluster:
    """What was started: the URL of the scheduler, and the processes."""

    def __init__(self, directory: Path, env: dict[str, str]) -> None:
        self.env = {**os.environ, **env, "DASK_LOGGING__DISTRIBUTED": "critical"}
        self.processes: list[subprocess.Popen[bytes]] = []
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"tcp://127.0.0.1:{port}"
        self.pids = directory / "pids"
        self.pids.mkdir()
        self._start(
            "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard", "--no-show"
        )
        for n in range(WORKERS):
            places = "--local-directory", str(directory / f"w{n}")
            self._start("worker", self.url, "--nthreads", "1", "--no-dashboard", *places)

    def _start(self, kind: str, *args: str) -> None:
        command = [sys.executable, "-P", "-m", "distributed.cli.dask_" + kind, *args]
        self.processes.append(
            subprocess.Popen(
                command,
                env=self.env,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        )

    def wait(self) -> None:
        """Until all workers are there."""
        from distributed import Client

        client = Client(self.url, timeout=40, set_as_default=False)
        client.wait_for_workers(WORKERS, timeout=40)
        client.close()

    def kill_a_worker(self) -> None:
        """With the process that would start another one in its place."""
        os.killpg(self.processes[1].pid, signal.SIGKILL)

    def close(self) -> None:
        for process in self.processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    directory = tmp_path_factory.mktemp("cluster")
    found = Cluster(directory, hostile(directory / "hostile"))
    try:
        found.wait()
        yield found
    finally:
        found.close()


def test_the_same_as_here_while_a_worker_is_killed(tmp_path: Path, cluster: Cluster) -> None:
    top = monorepo(
        tmp_path, 60, 20, {"own/broken/Dockerfile": "FROM golang:1.24\nENV KEY\nRUN go build\n"}
    )
    env = {name: cluster.env[name] for name in ("PYTHONPATH", "ONCE")}
    args = ("--dry-run", "--output-format", "json")
    here = ran(*args, "--jobs", "1", cwd=top, **env)
    process = started(*args, "--scheduler", cluster.url, cwd=top, **env)
    assert process.stdout is not None
    begun = os.read(process.stdout.fileno(), 100)
    cluster.kill_a_worker()
    out, err = process.communicate(timeout=50)
    assert begun and (begun + out, err) == (here.stdout, here.stderr)
    assert process.returncode == here.returncode == 3


def test_what_kills_workers_costs_one_file(tmp_path: Path, cluster: Cluster) -> None:
    bad = f"# kill\n{NAIVE.format('.')}"
    top = monorepo(tmp_path, 3, 0, {"own/s001/Dockerfile": bad})
    env = {name: cluster.env[name] for name in ("PYTHONPATH", "ONCE")}
    done = ran("--scheduler", cluster.url, "-q", cwd=top, **env)
    why = "its planning killed several workers of the cluster; the file is left alone"
    assert done.stderr.decode() == f"gorewrite: own/s001/Dockerfile: {why}\n"
    texts = [(top / f"own/s00{n}/Dockerfile").read_text() for n in range(3)]
    assert [" AS " in text for text in texts] == [True, False, True]


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (("--scheduler", "tcp://127.0.0.1:1"), "no Dask workers by tcp://127.0.0.1:1: "),
        (("--scheduler", "nonsense://x"), "no Dask workers by nonsense://x: "),
        (("--scheduler", "tcp://127.0.0.1:1", "--timeout-per-file", "1"), "not with --scheduler"),
    ],
)
def test_no_cluster(tmp_path: Path, args: tuple[str, ...], why: str) -> None:
    top = monorepo(tmp_path, 1, 0)
    begun = time.monotonic()
    done = ran("--dry-run", *args, cwd=top, DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT="2s")
    assert (done.returncode, done.stdout) == (2, b"")
    assert why in " ".join(done.stderr.decode().split())
    assert b"Traceback" not in done.stderr
    assert time.monotonic() - begun < 40

"""The engines of the end-to-end tests. These run in one process: their containers share ports."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

HERE = Path(__file__).parent
# What the podman of the tests holds.
PODMAN_IMAGES = ("golang:1.24", "gcr.io/distroless/static-debian13:latest", "alpine:3.22")


@dataclass(frozen=True)
class Engine:
    """An engine of our own, see engine/up: the environment for a process that is to use it."""

    state: Path
    environ: dict[str, str]

    def run(self, *command: str) -> str:
        """What a command prints, for instance of `docker`."""
        done = subprocess.run(command, env=self.environ, capture_output=True, text=True)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
        return done.stdout


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """The Docker Engine with the stand-ins.

    GOREWRITE_E2E_ENGINE names a directory to keep it in, up or not yet; otherwise it lives as long
    as the session.
    """
    if hasattr(request.config, "workerinput"):
        pytest.fail("the end-to-end tests run in one process: leave -n out")
    kept = os.environ.get("GOREWRITE_E2E_ENGINE")
    if kept:
        yield started(Path(kept).absolute(), "up")
        return
    # A session that is asked to stop tears down, too.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="gorewrite-e2e-") as directory:
        state = Path(directory, "engine")
        try:
            yield started(state, "up")
        finally:
            subprocess.run([HERE / "engine/down", state], check=True)
            signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="session")
def podman(engine: Engine) -> Engine:
    """Podman and buildah, holding PODMAN_IMAGES."""
    return started(engine.state, "podman", *PODMAN_IMAGES)


@pytest.fixture(scope="session")
def buildx(engine: Engine) -> Engine:
    """The engine, with the plugin for its client."""
    return started(engine.state, "buildx")


def started(state: Path, what: str, *arguments: str) -> Engine:
    """Run engine/WHAT; the environment that it leaves behind."""
    command = [HERE / "engine" / what, state, *arguments]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        unavailable(f"{what}: {done.stderr[-2000:].strip()}")
    settings = [state / "env"] + ([] if what == "up" else [state / what / "env"])
    script = 'for file; do . "$file"; done; env --null'
    printed = subprocess.check_output(["bash", "-euc", script, "bash", *settings], text=True)
    return Engine(state, dict(line.split("=", 1) for line in printed.split("\0") if line))


def unavailable(why: str) -> NoReturn:
    """In CI there must be an engine, elsewhere the tests can do without."""
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)

"""The fake engine, and what is verified with it."""

from __future__ import annotations

import os
import signal
import sys
import time
from ast import literal_eval
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from copy import deepcopy
from pathlib import Path
from shutil import rmtree
from typing import Any
from unittest.mock import patch

from gorewrite.config import Config
from gorewrite.engine import available
from gorewrite.project import Result, Workspace
from gorewrite.transform import Safety
from gorewrite.verify.engines import Engine
from gorewrite.verify.janitor import Janitor
from gorewrite.verify.verification import Verification, VerifyOptions, verify

HERE = Path(__file__).parent
#: The program: imported, it is compiled once, and alone it starts in a third of the time.
PROGRAM = """#!{python} -IS
import sys
import time
sys.argv.insert(1, {state!r})
sys.path.insert(0, {here!r})
import fake_engine
fake_engine.start()
"""

NAIVE = (
    "FROM golang:1.24\nWORKDIR /app\nCOPY . .\nRUN go build -o shop .\n"
    'EXPOSE 8080\nCMD ["./shop"]\n'
)
#: What both images of NAIVE tell containers, and the program in them.
CONFIG = {
    "WorkingDir": "/app",
    "Cmd": ["./shop"],
    "ExposedPorts": {"8080/tcp": {}},
    "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
}
LINKED = "\x7fELF ... \xff Go buildinf: ... "
FILES = {"/app/shop": {"content": LINKED + "before"}, "/app/main.go": {"content": "package main"}}

#: A docker with buildx, and a service that ends at once; the rewrite is right.
SCENARIO: Mapping[str, Any] = {
    "client": "28.0.4",
    "server": "28.0.4",
    "buildx": "v0.22.0",
    "networks": ["bridge", "host", "none"],
    "images": {
        "before": {
            "config": CONFIG,
            "size": 900_000_000,
            "layers": [800_000_000, 100_000_000],
            "sent": "2.25MB",
            "files": FILES,
            "code": 3,
            "out": "no database\n",
        },
        "after": {
            "config": CONFIG,
            "size": 9_000_000,
            "layers": [2_000_000, 7_000_000],
            "sent": "1.5kB",
            "files": {"/app/shop": {"content": LINKED + "after"}},
            "code": 3,
            "out": "no database\n",
        },
    },
}


class Fake:
    """A fake engine below `top`. state: where it keeps what it has; bin: the directory with its
    program; scenario: what replaces parts of SCENARIO."""

    def __init__(self, top: Path, name: str = "docker", **scenario: Any) -> None:
        self.state, self.bin = top / "state", top / "bin"
        for directory in (self.state / "images", self.state / "containers", self.bin):
            directory.mkdir(parents=True)
        self.scenario: dict[str, Any] = deepcopy({**SCENARIO, **scenario})
        self.program = self.bin / name
        self.watched = False
        self.restore()
        self.save()

    def save(self) -> None:
        """Makes what was changed in `scenario` known to it."""
        (self.state / "scenario").write_text(repr(self.scenario))

    def set(self, image: str, **spec: Any) -> None:
        """Changes what is said of an image."""
        self.scenario["images"].setdefault(image, {}).update(spec)
        self.save()

    def configure(self, image: str, **config: Any) -> None:
        """Changes the configuration of an image."""
        spec = self.scenario["images"][image]
        self.set(image, config={**spec["config"], **config})

    def has(self, *tags: str) -> None:
        """Makes images as if they had been built: service:TAG."""
        for tag in tags:
            (self.state / "images" / f"service:{tag}").touch()

    def answers(self, script: str) -> None:
        """Puts a shell script in the place of the program, until it is restored."""
        self.program.write_text(f"#!/bin/sh\n{script}\n")

    def restore(self) -> None:
        """Puts the program back."""
        self.program.write_text(
            PROGRAM.format(python=sys.executable, state=str(self.state), here=str(HERE))
        )
        self.program.chmod(0o755)

    @property
    def calls(self) -> list[list[str]]:
        """The commands that it was asked, without the program."""
        file = self.state / "calls"
        lines = file.read_text().splitlines() if file.exists() else []
        return [literal_eval(line) for line in lines]

    @property
    def builds(self) -> list[dict[str, Any]]:
        """What it was given to build."""
        file = self.state / "builds"
        lines = file.read_text().splitlines() if file.exists() else []
        return [literal_eval(line) for line in lines]

    @property
    def left(self) -> list[str]:
        """The names of the images and containers that are there."""
        found = (*(self.state / "images").iterdir(), *(self.state / "containers").iterdir())
        return sorted(path.name for path in found)

    @property
    def processes(self) -> list[int]:
        """What runs and was started, by whatever process, for this engine."""
        self.watched = True
        mark = f"FAKE_ENGINE={self.state}".encode()
        found = []
        for directory in Path("/proc").iterdir():
            with suppress(OSError):
                if directory.name.isdigit() and mark in (directory / "environ").read_bytes():
                    found.append(int(directory.name))
        return found

    def only(self, others: set[int]) -> bool:
        """Whether, but for others, nothing runs for it any more; what was killed may take a
        moment."""
        end = time.monotonic() + 2
        while not set(self.processes) <= others:
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        return True

    @property
    def engine(self) -> Engine:
        """It, found."""
        return Engine("buildx", str(self.program), "docker buildx v0.22.0, Docker Engine 28.0.4")


def planned(top: Path, dockerfile: str = "Dockerfile", **options: Any) -> Result:
    """The plan of a Dockerfile of a repository at `top`."""
    workspace = Workspace(available(), Safety.SAFE, **options)
    return workspace.rewrite(top / dockerfile, dockerfile, Config())


def verified(
    fake: Fake,
    top: Path,
    dockerfile: str = "Dockerfile",
    *,
    janitor: bool = False,
    **options: Any,
) -> Verification:
    """A verification without rebuilds, unless they are asked for.

    janitor: whether there is a real one, which takes as long as all else.
    """
    wanted = VerifyOptions(**{"rebuilds": False, **options})
    with nullcontext() if janitor else sweeping(fake):
        return verify(planned(top, dockerfile), fake.engine, wanted)


def sweeping(fake: Fake) -> AbstractContextManager[object]:
    """While it is entered, verifications have no janitor of their own."""

    def sweeper(run: str, directory: Path, *_: str) -> Sweeper:
        return Sweeper(fake, directory)

    return patch("gorewrite.verify.verification.Janitor", sweeper)


def janitor_of(fake: Fake, directory: Path) -> Janitor:
    """A janitor of a verification with the number 0123456789ab."""
    return Janitor("0123456789ab", directory, str(fake.program), "buildx")


class Nobody(Janitor):
    """A janitor that is none: where nothing is left behind, or the test itself looks after it."""

    def __init__(self) -> None:
        pass

    def enter(self) -> None:
        pass

    def left(self, process: int) -> None:
        pass


class Sweeper(Nobody):
    """Removes the directory, and counts for the engine, as the janitor has it do."""

    def __init__(self, fake: Fake, directory: Path) -> None:
        self.count, self.directory = fake.state / "count", directory

    def close(self) -> None:
        rmtree(self.directory)
        self.count.write_text(str(int(self.count.read_text()) + 1 if self.count.exists() else 1))


def end(processes: list[int]) -> None:
    """Kills what a failing test would leave."""
    for process in processes:
        with suppress(OSError):
            os.kill(process, signal.SIGKILL)


def tree(top: Path) -> dict[str, tuple[int, int, bytes | str]]:
    """All that a directory holds: path -> mode, time of modification, content or link's target."""
    found: dict[str, tuple[int, int, bytes | str]] = {}
    for path in (top, *top.rglob("*")):
        status = path.lstat()
        content: bytes | str = b""
        if path.is_symlink():
            content = str(path.readlink())
        elif path.is_file():
            content = path.read_bytes()
        found[str(path.relative_to(top))] = (status.st_mode, status.st_mtime_ns, content)
    return found

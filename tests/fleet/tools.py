"""A repository of many small services, a hostile transform, and gorewrite as a process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.repositories import MAIN, repository

NAIVE = 'FROM golang:1.24\nWORKDIR /app\nCOPY . .\nRUN go build -o app {}\nCMD ["./app"]\n'
GOREWRITE = [sys.executable, "-c", "from gorewrite.cli import main; main()"]

#: Does what a comment in the Dockerfile says. It is installed in a directory of its own.
HOSTILE = """
import os, re, signal, sys, time
from gorewrite.transform import Transform

class Hostile(Transform):
    name = "hostile"
    order = 1
    summary = before = after = "hostile"

    def propose(self, facts):
        text = facts.dockerfile.to_bytes().decode()
        if "# kill" in text:
            os.kill(os.getpid(), signal.SIGKILL)
        if "# once" in text and not os.path.exists(os.environ["ONCE"]):
            open(os.environ["ONCE"], "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        if "# exit" in text:
            os._exit(3)
        if "# loop" in text:
            while True:
                pass
        if "# code in C" in text:
            re.match("(a*)*$", "a" * 60 + "b")
        if "# memory" in text:
            bytearray(1 << 40)
        if "# sleep" in text:
            time.sleep(600)
        if "# print" in text:
            print("noise")
        return iter(())
"""


def monorepo(top: Path, own: int, shared: int, odd: Mapping[str, str] | None = None) -> Path:
    """Services with a build context of their own, others that share the root, and further files."""
    files = {"go.mod": "module example.com/shop\n\ngo 1.24\n", "README.md": "# Shop\n"}
    for n in range(own):
        files[f"own/s{n:03}/go.mod"] = f"module example.com/s{n}\n\ngo 1.24\n"
        files[f"own/s{n:03}/main.go"] = MAIN
        files[f"own/s{n:03}/Dockerfile"] = NAIVE.format(".")
    for n in range(shared):
        files[f"cmd/c{n:03}/main.go"] = MAIN
        text = NAIVE.format(f"./cmd/c{n:03}")
        # What is copied by name says which directory the build context is.
        files[f"cmd/c{n:03}/Dockerfile"] = text.replace("COPY", "COPY go.mod ./\nCOPY", 1)
    return repository(top, {**files, **(odd or {})})


def hostile(directory: Path) -> dict[str, str]:
    """The environment in which the hostile transform is installed."""
    package = directory / "hostile-1.0.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: hostile\nVersion: 1.0\n")
    text = "[gorewrite.transforms]\nhostile = hostile:Hostile\n"
    (package / "entry_points.txt").write_text(text)
    (directory / "hostile.py").write_text(HOSTILE)
    return {"PYTHONPATH": str(directory), "ONCE": str(directory / "once")}


def started(*args: str, cwd: Path, **env: str) -> subprocess.Popen[bytes]:
    """gorewrite as a process of its own."""
    return subprocess.Popen(
        [*GOREWRITE, *args],
        cwd=cwd,
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def ran(*args: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[bytes]:
    """What it says when it is done."""
    process = started(*args, cwd=cwd, **env)
    out, err = process.communicate(timeout=100)
    return subprocess.CompletedProcess(args, process.returncode, out, err)

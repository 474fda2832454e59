"""A campaign over many repositories on the test forge, killed on its way.

    python benchmarks/campaign.py [--repositories 1000] [--kills 3] [--jobs 2] [--rate 300/min]
        [--again 1]
    python benchmarks/campaign.py --clones DIRECTORY
    python benchmarks/campaign.py --simulate

The first makes the repositories on tests/forgery (real bare repositories over HTTP, the API of
GitHub, every request held against its description), runs `gorewrite migrate --pr` over them, kills
it (SIGKILL) at random moments, runs it to its end and once more, and says what it cost: CPU,
memory of the driver, requests, and the pace as it arrived at the forge. It fails when a pull
request is missing or there twice, when the journal is damaged, when the pace was above the rate,
or when the second run wrote anything.

The second plans the clones in a directory and prints what each cost. The third: see
campaign_simulation.py.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import resource
import signal
import sqlite3
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))

if TYPE_CHECKING:
    from tests.forgery import GitHubForge

GOREWRITE = f"{sysconfig.get_path('scripts')}/gorewrite"
_MODULE = "module example.com/{name}\n\ngo 1.24\n"
_MAIN = 'package main\n\nimport "fmt"\n\nfunc main() {{ fmt.Println("{name}") }}\n'
_DOCKERFILE = """FROM golang:1.24
WORKDIR /src
COPY . .
RUN go build -o /usr/local/bin/{name} .
EXPOSE 8080
CMD ["/usr/local/bin/{name}"]
"""


class Outcome(NamedTuple):
    """status: of the process; peak: bytes of memory of the driver; cpu: seconds that it took, with
    its git, and without the processes that plan."""

    status: int
    peak: int
    cpu: float


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--repositories", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--rate", default="300/min")
    parser.add_argument("--again", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clones", type=Path)
    parser.add_argument("--simulate", action="store_true")
    options = parser.parse_args()
    if options.simulate:
        import campaign_simulation

        campaign_simulation.main()
    elif options.clones:
        planned(options.clones, options.jobs)
    else:
        with tempfile.TemporaryDirectory(prefix="campaign-") as directory:
            run(Path(directory), options)


def files(number: int) -> dict[str, str]:
    """The files of a repository: six of ten are one service, one holds three, one is a library, one
    has no Go in it, and one has opted out."""
    name = f"service{number}"
    service = {
        "Dockerfile": _DOCKERFILE.format(name=name),
        "go.mod": _MODULE.format(name=name),
        "main.go": _MAIN.format(name=name),
        "README.md": f"# {name}\n" * 20,
    }
    match number % 10:
        case 6:
            three = (f"services/{each}" for each in ("api", "jobs", "web"))
            return {f"{at}/{path}": text for at in three for path, text in service.items()}
        case 7:
            return {"go.mod": _MODULE.format(name=name), "lib.go": f"package {name}\n"}
        case 8:
            return {"README.md": "# Words\n", "docs/index.md": "Words\n"}
        case 9:
            return {**service, "Dockerfile": f"# gorewrite: ignore\n{service['Dockerfile']}"}
    return service


def run(top: Path, options: argparse.Namespace) -> None:
    """The campaign with its kills."""
    from gorewrite.forge.pacing import Rate
    from tests.forgery import GitHubForge, Limit

    chance = random.Random(options.seed)
    count = options.repositories
    wanted = {f"acme/service{n}": n % 10 < 7 for n in range(count)}
    generous = (Limit(1_000_000, 60),)
    with GitHubForge(top / "forge", writes=generous, points=generous, hourly=generous[0]) as forge:
        for number, name in enumerate(wanted):
            forge.add_repository(name, files(number))
        command = [GOREWRITE, "migrate", "--campaign", str(top / "slim"), "--org", "acme", "--pr"]
        command += ["--forge", "github", "--forge-url", forge.api, "--rate", options.rate]
        command += ["--jobs", str(options.jobs)]
        state = str(top / "state")
        environment = {**os.environ, "GOREWRITE_TOKEN": forge.token, "XDG_STATE_HOME": state}
        began, runs = time.monotonic(), []
        for left in range(options.kills, -1, -1):
            # Somewhere in what is left, were all repositories alike.
            done = sum(bool(forge.repository(name).pulls) for name in wanted)
            stop = done + chance.randint(1, max(1, (sum(wanted.values()) - done) // (left + 1)))
            runs.append(watched(command, environment, top, forge, stop if left else None))
            print(f"run {len(runs)}: status {runs[-1].status}, {opened(forge, wanted)} are open,")
            print(f"  driver {runs[-1].peak / 1e6:.0f} MB, {runs[-1].cpu:.1f} s of CPU")
            assert ask(top, "PRAGMA integrity_check") == "ok"
        seconds = time.monotonic() - began
        check(forge, wanted)
        tell(forge, wanted, runs, seconds)
        cpu = ask(top, "SELECT sum(cpu) FROM repositories")
        print(f"CPU of each repository: {cpu / count:.2f} s planned,", end=" ")
        print(f"{sum(each.cpu for each in runs) / count:.2f} s published")
        for rate in Rate.parse(options.rate):
            most = busiest(forge, rate.seconds)
            print(f"pace: at most {most} writes in any {rate.seconds:g} s at the forge")
            assert most <= rate.writes, "faster than the rate"
        disk = sum(each.stat().st_size for each in (top / "slim").rglob("*") if each.is_file())
        print(f"the campaign's directory: {disk / count / 1024:.1f} KB for each repository")
        for _ in range(options.again):
            once_more(command, environment, top, forge)


def once_more(
    command: Sequence[str], environment: dict[str, str], top: Path, forge: GitHubForge
) -> None:
    """Runs it when nothing is new."""
    before, asked = (len(forge.writes), len(forge.pushes)), len(forge.requests)
    again = watched(command, environment, top, forge, None)
    print(f"once more: status {again.status}, driver {again.peak / 1e6:.0f} MB,", end=" ")
    after = len(forge.writes), len(forge.pushes)
    print(f"{after[0] - before[0]} writes, {after[1] - before[1]} pushes")
    assert before == after, "the second run wrote"
    reads = sum(each.kind == "api" for each in forge.requests[asked:])
    pulls = sum(len(repository.pulls) for repository in forge.repositories.values())
    print(f"  {reads / pulls:.2f} reads for each pull request")


def watched(
    command: Sequence[str],
    environment: dict[str, str],
    top: Path,
    forge: GitHubForge,
    stop: int | None,
) -> Outcome:
    """Runs a command. stop: kill it when so many pull requests are open."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak = 0
    with (top / "said").open("ab") as said:
        process = subprocess.Popen(command, env=environment, stdout=said, stderr=said)
        while process.poll() is None:
            peak = max(peak, memory(process.pid))
            if stop is not None and sum(len(r.pulls) for r in forge.repositories.values()) >= stop:
                process.send_signal(signal.SIGKILL)
            time.sleep(0.02)
    time.sleep(1.5 if stop is not None else 0)  # Workers see that they are alone.
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Outcome(process.returncode, peak, cpu)


def memory(pid: int) -> int:
    """Bytes that a process ever had in memory at once; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM")), 0)


def ask(top: Path, query: str) -> Any:
    """The answer of the journal, which must not be in use."""
    with contextlib.closing(sqlite3.connect(top / "slim/journal.sqlite")) as journal:
        return journal.execute(query).fetchone()[0]


def opened(forge: GitHubForge, wanted: dict[str, bool]) -> int:
    """How many pull requests there are."""
    return sum(len(forge.repository(name).pulls) for name in wanted)


def check(forge: GitHubForge, wanted: dict[str, bool]) -> None:
    """Raises AssertionError when the forge is not as a run that nobody killed leaves it."""
    for name, changes in wanted.items():
        repository = forge.repository(name)
        branches = [head for head in repository.heads if head.startswith("gorewrite/")]
        pulls = list(repository.pulls.values())
        assert len(branches) == len(pulls) == int(changes), (name, branches, len(pulls))
        if changes:
            (pull,) = pulls
            assert (pull.state, pull.head) == ("open", branches[0]), name
            parents = repository.bare.git("log", "--format=%P", "-1", branches[0]).split()
            assert parents == [repository.heads["main"]], name


def tell(
    forge: GitHubForge, wanted: dict[str, bool], runs: Sequence[Outcome], seconds: float
) -> None:
    """What it took."""
    requests = [each for each in forge.requests if each.kind == "api"]
    reads = sum(each.method == "GET" for each in requests)
    pulls = sum(wanted.values())
    print(f"{len(wanted)} repositories, {pulls} pull requests in {seconds:.0f} s")
    print(f"driver: {max(each.peak for each in runs) / 1e6:.0f} MB at most")
    print(f"requests for each pull request: {reads / pulls:.2f} reads, ", end="")
    print(f"{len(forge.writes) / pulls:.2f} writes, {len(forge.pushes) / pulls:.2f} pushes")


def busiest(forge: GitHubForge, seconds: float) -> int:
    """The most writes that arrived in a window of so many seconds."""
    times = sorted(each.arrived for each in forge.writes)
    most = start = 0
    for end, at in enumerate(times):
        while times[start] <= at - seconds:
            start += 1
        most = max(most, end - start + 1)
    return most


def planned(directory: Path, jobs: int) -> None:
    """What planning the clones in a directory costs."""
    from gorewrite.campaign.planning import Job, Request
    from gorewrite.campaign.sources import in_directory
    from gorewrite.campaign.workers import Workers

    listed = list(in_directory(directory, remote=False))
    trees = [size for each in listed if (size := listing(each.url, each.branch)) is not None]
    began = time.monotonic()
    found = []
    for result in Workers(jobs).results(Job(*each, Request()) for each in listed):
        if result.failure is not None:
            print(f"{result.name}: {result.failure.text}")
        elif result.found is not None:
            found.append(result.found)
    print(f"{len(found)} repositories in {time.monotonic() - began:.0f} s with {jobs} processes")
    services = sum(each.dockerfiles for each in found)
    print(f"{services} Dockerfiles, {sum(each.changed for each in found)} would change")
    for name, values, unit in (
        ("its list", [each / 1024 for each in trees], "KB"),
        ("fetched", [each.fetched / 1024 for each in found], "KB"),
        ("CPU", [each.cpu for each in found], "s"),
    ):
        median, mean = statistics.median(values), statistics.mean(values)
        print(f"{name:<8} median {median:8.2f} {unit}, mean {mean:8.2f}, most {max(values):8.2f}")


def listing(url: str, branch: str) -> int | None:
    """Bytes of the list of files alone, which is all that is fetched where there is no Dockerfile;
    None where it cannot be."""
    from gorewrite.git.checkout import CloneError
    from gorewrite.git.clone import Clone

    with tempfile.TemporaryDirectory() as top:
        clone = Clone(Path(top) / "clone", url, branch)
        try:
            clone.fetch_trees()
        except CloneError:
            return None
        return clone.fetched()


if __name__ == "__main__":
    main()

"""What a repository can do to the process that plans it, and to nobody else."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from gorewrite.campaign.planning import Job, Request, Result
from gorewrite.campaign.workers import Limits, Workers
from tests.campaign.tools import works


def results(names: Sequence[str], limits: Limits = Limits(), url: str = "") -> dict[str, Result]:  # noqa: B008
    jobs = (Job(name, url, "", Request()) for name in names)
    return {result.name: result for result in Workers(2, limits, works).results(jobs)}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("kill", "the process that planned it ended with signal 9"),
        ("exit", "the process that planned it ended with status 3"),
    ],
)
def test_a_process_that_dies_costs_one_repository(name: str, text: str) -> None:
    found = results(["one", name, "two", "three"])
    failure = found.pop(name).failure
    assert failure is not None and (failure.text, failure.transient) == (text, True)
    assert [each.nothing for each in found.values()] == ["done"] * 3


def test_memory_is_limited() -> None:
    found = results(["memory", "one"], Limits(memory=1 << 30))
    assert found["memory"].failure is not None
    assert found["one"].failure is None


def test_one_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    found = results(["sleep", "one"], Limits(timeout=1.0), str(told))
    failure = found["sleep"].failure
    assert failure is not None and failure.text == "took longer than 1 s" and failure.transient
    assert found["one"].nothing == "done"
    assert not Path(f"/proc/{told.read_text()}").exists()


def test_an_answer_may_be_large() -> None:
    assert len(results(["large", "large 2"])["large"].files) == 1 << 21


def test_jobs_are_taken_as_they_are_needed() -> None:
    taken = []

    def jobs():  # type: ignore[no-untyped-def]
        for number in range(100):
            taken.append(number)
            yield Job(f"one {number}", "", "", Request())

    with closing(Workers(2, work=works).results(jobs())) as found:  # type: ignore[type-var]
        next(found)
        assert len(taken) <= 3


def test_leaving_early_ends_all_work(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    jobs = [Job("sleep", str(told), "", Request()), Job("one", "", "", Request())]
    with closing(Workers(2, work=works).results(jobs)) as found:  # type: ignore[type-var]
        assert next(found).name == "one"
        wait_for(told)
    assert not Path(f"/proc/{told.read_text()}").exists()


def test_processes_end_with_the_run_that_was_killed(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    code = f"""
import os, threading, time
from gorewrite.campaign.planning import Job, Request
from gorewrite.campaign.workers import Workers
from tests.campaign.tools import works
def kill():
    while not (os.path.exists({str(told)!r}) and open({str(told)!r}).read()):
        time.sleep(0.01)
    os.kill(os.getpid(), 9)
if __name__ == "__main__":
    threading.Thread(target=kill).start()
    list(Workers(1, work=works).results([Job("sleep", {str(told)!r}, "", Request())]))
"""
    program = tmp_path / "run.py"
    program.write_text(code)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    subprocess.run([sys.executable, str(program)], env=environment, check=False)
    process = Path(f"/proc/{told.read_text()}")
    for _ in range(500):
        if not process.exists() or " Z " in (process / "stat").read_text():
            return
        time.sleep(0.01)
    pytest.fail("it works on")


def wait_for(path: Path) -> None:
    for _ in range(3000):
        if path.exists() and path.read_text():
            return
        time.sleep(0.01)
    pytest.fail("it never began")

"""Programs that end, do not end, and leave children behind."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from gorewrite.verify.processes import Done, Processes
from tests.verify.tools import Fake, Nobody


def shell(
    processes: Processes, script: str, timeout: float = 20, *, together: bool = False
) -> Done:
    return processes.run(["/bin/sh", "-c", script], timeout=timeout, together=together)


def test_both_outputs(processes: Processes) -> None:
    done = shell(processes, "echo out; echo err >&2; exit 7")
    assert done[:3] == (7, b"out\n", b"err\n")
    assert (done.text, done.complaint) == ("out\n", "err")
    assert shell(processes, "echo out; echo err >&2", together=True).out == b"out\nerr\n"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("exit 1", "it said nothing"),
        ("echo out; exit 1", "out"),
        ("echo one >&2; echo '  two ' >&2; echo >&2; exit 1", "two"),
        (r"printf '\377' >&2; exit 1", "\ufffd"),
    ],
)
def test_complaint_of_a_failed_program(processes: Processes, script: str, said: str) -> None:
    assert shell(processes, script).complaint == said


def test_much_output_on_both_does_not_block(processes: Processes) -> None:
    done = shell(processes, "head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2")
    assert (done.code, len(done.out), len(done.err)) == (0, 300_000, 300_000)


def test_the_end_of_very_much_output_is_kept(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gorewrite.verify.processes._MOST_KEPT", 1000)
    done = shell(processes, "head -c 300000 /dev/zero; echo end")
    assert len(done.out) == 1000
    assert done.out.endswith(b"end\n")


def test_nothing_is_read_from_the_terminal(processes: Processes) -> None:
    assert shell(processes, "read line; echo $?").text == "1\n"


def test_environment_and_directory(fake: Fake, processes: Processes, tmp_path: Path) -> None:
    script = 'echo "$A $FAKE_ENGINE"; pwd'
    done = processes.run(
        ["/bin/sh", "-c", script], timeout=20, environment={"A": "x"}, directory=tmp_path
    )
    assert done.text == f"x {fake.state}\n{tmp_path}\n"
    assert "A" not in os.environ


def test_output_to_a_file(processes: Processes, tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as file:
        done = processes.run(["/bin/sh", "-c", "echo out; echo err >&2"], timeout=20, to=file)
    assert done[:3] == (0, b"", b"err\n")
    assert (tmp_path / "file").read_text() == "out\n"


def test_no_such_program(processes: Processes, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        processes.run([str(tmp_path / "none")], timeout=1)


def test_last_line_is_told_while_it_runs(fake: Fake) -> None:
    told: list[str] = []
    processes = Processes(Nobody(), told.append)
    shell(processes, r"printf 'one\ntwo\n\n'; sleep 0.3; printf 'three'; sleep 0.2")
    assert [line for line in dict.fromkeys(told) if line] == ["two", "three"]


# --- timeouts --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "script",
    [
        "sleep 30",
        "echo x; exec sleep 30",
        "sleep 30 & sleep 30 & wait",
        # Its output is closed, but it goes on.
        "exec >/dev/null 2>&1; sleep 30",
        # It says something all the time.
        "while :; do echo x; sleep 0.01; done",
    ],
)
def test_out_of_time(fake: Fake, processes: Processes, script: str) -> None:
    """It is ended with its children; what it said is kept."""
    others = set(fake.processes)
    start = time.monotonic()
    done = shell(processes, script, 0.3)
    assert done.code is None
    assert time.monotonic() - start < 5
    assert done.out.startswith(b"x\n") == ("echo x" in script)
    assert fake.only(others)


def test_child_that_does_not_want_to_end(fake: Fake, processes: Processes) -> None:
    others = set(fake.processes)
    script = "(trap '' TERM; exec sleep 30) & wait"
    assert shell(processes, script, 0.3).code is None
    assert fake.only(others)


def test_ended_by_a_signal(processes: Processes) -> None:
    assert shell(processes, "kill -KILL $$").code == -signal.SIGKILL


def test_interrupted(fake: Fake, processes: Processes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control-C while a program runs: it ends first."""
    others = set(fake.processes)

    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(processes, "_tick", interrupt)
    with pytest.raises(KeyboardInterrupt):
        shell(processes, "sleep 30")
    assert fake.only(others)

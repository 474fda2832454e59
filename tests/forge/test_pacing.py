"""The rate of writes holds: in a run, over runs, over processes, whatever clocks do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorewrite.forge.model import Address, ForgeError
from gorewrite.forge.pacing import DEFAULT, Pacer, Paused, Rate, state_file
from tests.forge.clocks import Clock


def pacer(rate: str, clock: Clock, state: Path | None = None, longest: float = 1e9) -> Pacer:
    return Pacer(Rate.parse(rate), state, clock, clock.sleep, longest)


@pytest.mark.parametrize(
    ("text", "rates"),
    [
        ("20/min,400/h", (Rate(20, 60), Rate(400, 3600))),
        (" 1 / s ", (Rate(1, 1),)),
        ("5/d", (Rate(5, 86_400),)),
        (
            "7/minute,8/hour,9/day,1/second",
            (Rate(7, 60), Rate(8, 3600), Rate(9, 86_400), Rate(1, 1)),
        ),
    ],
)
def test_rates_are_read(text: str, rates: tuple[Rate, ...]) -> None:
    assert Rate.parse(text) == rates


@pytest.mark.parametrize(
    "text", ["", "20", "20/", "/min", "0/min", "-1/min", "20/year", "1.5/s", "2/min,"]
)
def test_what_is_no_rate(text: str) -> None:
    with pytest.raises(ValueError, match="write it as 20/min or 400/h"):
        Rate.parse(text)


def most_in(times: list[float], seconds: float) -> int:
    return max(sum(start <= at < start + seconds for at in times) for start in times)


@given(st.lists(st.floats(0, 200), max_size=60))
def test_no_window_holds_more_than_the_rate(pauses: list[float]) -> None:
    clock, times = Clock(), []
    pace = pacer("1/s,5/min,20/h", clock)
    for pause in [*pauses, *[0.0] * 30]:
        clock.now += pause
        pace.write()
        times.append(clock.now)
    assert most_in(times, 1) == 1
    assert most_in(times, 60) <= 5
    assert most_in(times, 3600) <= 20


def test_nobody_waits_below_the_rate() -> None:
    clock = Clock()
    pace = pacer("20/min", clock)
    for _ in range(20):
        pace.write()
    assert clock.slept == []


def test_reads_are_not_paced() -> None:
    clock = Clock()
    pace = pacer("1/h", clock)
    pace.write()
    for _ in range(100):
        pace.read()
    assert clock.slept == []


def test_a_run_takes_up_where_the_last_one_stopped(tmp_path: Path) -> None:
    clock, state = Clock(), tmp_path / "deep" / "pace.json"
    for _ in range(3):
        pacer("3/h", clock, state).write()
    with pytest.raises(Paused) as caught:
        pacer("3/h", clock, state, longest=300).write()
    assert caught.value.until == pytest.approx(clock.now + 3600, rel=0.02)
    assert caught.value.transient
    clock.now = caught.value.until
    pacer("3/h", clock, state, longest=300).write()


def test_runs_with_other_rates_know_of_all_writes(tmp_path: Path) -> None:
    clock, state = Clock(), tmp_path / "pace.json"
    for _ in range(50):
        pacer("100/h", clock, state).write()
    pacer("1/s", clock, state).read()
    with pytest.raises(Paused):
        pacer("50/h", clock, state, longest=60).write()


def test_processes_share_a_rate(tmp_path: Path) -> None:
    state = tmp_path / "pace.json"
    program = (
        "import sys; from pathlib import Path; from gorewrite.forge.pacing import *\n"
        "pace = Pacer(Rate.parse('25/d'), Path(sys.argv[1]), longest=1)\n"
        "done = 0\n"
        "try:\n"
        "    while True: pace.write(); done += 1\n"
        "except Paused: print(done)\n"
    )
    command = [sys.executable, "-c", program, str(state)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert sum(int(each.communicate()[0]) for each in running) == 25


def test_a_clock_that_was_set_back_delays_by_a_period_at_most(tmp_path: Path) -> None:
    clock, state = Clock(), tmp_path / "pace.json"
    pace = pacer("2/min", clock, state)
    pace.write()
    pace.write()
    clock.now -= 30 * 86_400
    pacer("2/min", clock, state).write()
    assert sum(clock.slept) == pytest.approx(60, rel=0.02)


def test_a_pause_of_the_forge_holds_for_all(tmp_path: Path) -> None:
    clock, state = Clock(), tmp_path / "pace.json"
    pacer("9/s", clock, state).hold(40)
    pacer("9/s", clock, state).read()
    assert clock.slept == [40]
    pacer("9/s", clock, state).write()
    assert clock.slept == [40]


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    clock = Clock()
    pace = pacer("9/s", clock)
    pace.hold(100)
    pace.hold(10)
    pace.read()
    assert clock.slept == [100]


def test_a_pause_does_not_grow_when_the_clock_is_set_back() -> None:
    clock = Clock()
    pace = pacer("9/s", clock)
    pace.hold(100)
    clock.now -= 1_000_000
    pace.read()
    assert clock.slept == [100]


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '{"writes": 7}', '{"writes": ["x"], "hold": [0, 0]}']
)
def test_a_damaged_state_is_replaced(tmp_path: Path, damage: str) -> None:
    clock, state = Clock(), tmp_path / "pace.json"
    state.write_text(damage)
    pacer("9/s", clock, state).write()
    assert json.loads(state.read_text())["writes"] == [clock.now]


def test_a_state_that_cannot_be_written_is_kept_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    clock = Clock()
    pace = pacer("2/min", clock, tmp_path / "file" / "pace.json")
    for _ in range(3):
        pace.write()
    assert sum(clock.slept) == pytest.approx(60, rel=0.02)


def test_a_state_that_can_no_longer_be_written_is_not_believed(tmp_path: Path) -> None:
    """As on a disk that is full: what it says is not what happened since."""
    clock, state = Clock(), tmp_path / "pace.json"
    pace = pacer("2/min", clock, state)
    pace.write()
    (tmp_path / "pace.json.new").mkdir()
    pace.write()
    pace.write()
    assert sum(clock.slept) == pytest.approx(60, rel=0.02)


def test_long_waits_are_said_short_ones_are_not() -> None:
    clock, said = Clock(), list[str]()
    pace = Pacer(Rate.parse("1/s,3/min"), None, clock, clock.sleep, say=said.append)
    for _ in range(4):
        pace.write()
    assert len(clock.slept) == 3
    assert said == ["the rate of writes is reached: waiting 59 s"]


def test_a_pause_is_an_error_of_the_forge_that_says_until_when() -> None:
    paused = Paused(0.0, "the rate of writes is reached")
    assert isinstance(paused, ForgeError)
    assert str(paused).startswith("the rate of writes is reached; run again after 19")


def test_one_file_a_forge(tmp_path: Path) -> None:
    environ = {"XDG_STATE_HOME": str(tmp_path)}

    def name(api: str) -> Path:
        found = state_file(Address("github", api, "", ""), environ)
        assert found is not None
        return found

    assert name("https://api.github.com") == tmp_path / "gorewrite" / "pace-api.github.com.json"
    assert name("https://u:p@git.example.com:81/api/v4").name == "pace-git.example.com-81.json"
    assert name("").name == "pace-none.json"


def test_who_has_no_home_keeps_no_state(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", nobody)
    assert state_file(Address("github", "https://api.github.com", "", ""), {}) is None


def test_the_default_stays_below_what_github_allows() -> None:
    a_second, a_minute, an_hour = Rate.parse(DEFAULT)
    assert a_second == Rate(1, 1)
    assert a_minute.writes < 80
    assert an_hour.writes < 500

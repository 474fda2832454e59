"""Nothing is left behind, however a verification ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gorewrite.verify.janitor import Janitor
from tests.verify.tools import Fake, janitor_of

NO_TEXT = "printf '\\377'"
#: What is not ours: images of others, and of another verification that goes on.
OTHERS = ["gorewrite-verify-ffffffffffff:before", "shop:latest"]


def until(condition: Callable[[], object], why: str) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, why
        time.sleep(0.02)


def start(shop: Path) -> subprocess.Popen[bytes]:
    """`gorewrite verify` as a process of its own."""
    # As from a terminal: a shell starts what it leaves in the background without SIGINT.
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    code += "from gorewrite.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", code, "verify", "-q"],
        cwd=shop,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


@pytest.mark.parametrize(
    ("image", "number"),
    [
        ("bases", signal.SIGKILL),
        ("after", signal.SIGKILL),
        ("before", signal.SIGTERM),
        ("before", signal.SIGINT),
    ],
)
def test_ended_while_it_builds(
    fake: Fake, shop: Path, tmp_path: Path, image: str, number: signal.Signals
) -> None:
    fake.set(image, delay=60)
    for name in OTHERS:
        (fake.state / "images" / name).touch()
    process = start(shop)
    try:
        until(lambda: fake.builds and fake.builds[-1]["tag"] == image, "it does not build")
        until(lambda: any(map(sleeps, fake.processes)), "the build does not take long")
        assert len(list((tmp_path / "temporary").iterdir())) == 1
        process.send_signal(number)
        _, err = process.communicate(timeout=30)
        assert process.returncode == (130 if number == signal.SIGINT else -number)
        assert b"Traceback" not in err
        until(lambda: not fake.processes, "processes are left")
    finally:
        process.kill()
    assert fake.left == OTHERS
    assert list((tmp_path / "temporary").iterdir()) == []
    assert fake.calls[-1][:2] == ["buildx", "prune"]


def sleeps(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/comm").read_text() == "sleep\n"
    except OSError:
        return False


def test_killed_while_a_container_runs(fake: Fake, shop: Path, tmp_path: Path) -> None:
    fake.set("before", lasts=None, serves={"8080": 1})
    process = start(shop)
    try:
        until(lambda: any("run-before" in name for name in fake.left), "it does not run")
        process.kill()
        process.communicate()
        until(lambda: not fake.processes, "processes are left")
    finally:
        process.kill()
    assert fake.left == []
    assert list((tmp_path / "temporary").iterdir()) == []


# --- the janitor itself ----------------------------------------------------------------


def test_only_what_has_the_number_of_the_run(fake: Fake, tmp_path: Path) -> None:
    own, other = "gorewrite-verify-0123456789ab", "gorewrite-verify-0123456789ac"
    for name in (own, other):
        (fake.state / "images" / f"{name}:before").touch()
        (fake.state / "containers" / f"{name}-run-before").write_text("{}")
    directory = tmp_path / "work"
    (directory / "read-only").mkdir(parents=True, mode=0o555)
    janitor = janitor_of(fake, directory)
    janitor.close()
    assert fake.left == [f"{other}-run-before", f"{other}:before"]
    assert not directory.exists()
    assert fake.calls[-1] == [
        "buildx",
        "prune",
        "--force",
        "--filter",
        "description~=0123456789ab",
    ]


@pytest.mark.parametrize("kind", ["docker", "podman"])
def test_caches_of_others_are_kept(fake: Fake, tmp_path: Path, kind: str) -> None:
    """Only buildx tells whose they are."""
    janitor = Janitor("0123456789ab", tmp_path / "none", str(fake.program), kind)
    janitor.close()
    assert all("prune" not in call for call in fake.calls)


def test_nothing_to_remove(fake: Fake, tmp_path: Path) -> None:
    """No rm without names: that would be an error, or mean something else."""
    janitor = janitor_of(fake, tmp_path / "none")
    janitor.close()
    assert {call[0] for call in fake.calls} == {"ps", "images", "buildx"}


@pytest.mark.parametrize("answer", ["exit 1", "echo; exit 3", NO_TEXT])
def test_engine_that_is_gone(fake: Fake, tmp_path: Path, answer: str) -> None:
    directory = tmp_path / "work"
    directory.mkdir()
    fake.answers(answer)
    janitor = janitor_of(fake, directory)
    janitor.close()
    assert not directory.exists()


def test_signals_for_the_whole_group_do_not_reach_it(fake: Fake, tmp_path: Path) -> None:
    """Control-C in a terminal goes to every process of the foreground."""
    janitor = janitor_of(fake, tmp_path / "none")
    assert os.getpgid(janitor._process.pid) != os.getpgid(0)
    janitor.close()


def test_modules_of_the_current_directory_are_not_loaded(
    fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is somebody's repository."""
    mark = tmp_path / "loaded"
    for name in ("shutil", "signal", "subprocess"):
        (tmp_path / f"{name}.py").write_text(f"open({str(mark)!r}, 'w')\nraise SystemExit\n")
    monkeypatch.chdir(tmp_path)
    directory = tmp_path / "work"
    directory.mkdir()
    janitor = janitor_of(fake, directory)
    janitor.close()
    assert not mark.exists()
    assert not directory.exists()

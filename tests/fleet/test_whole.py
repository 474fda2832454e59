"""A run in which nothing changed is what the last one was, and a changed one never is."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import NamedTuple

import pytest

from gorewrite import files, tape
from gorewrite.fleet.cache import Cache
from gorewrite.fleet.entries import Entry, Form
from gorewrite.fleet.gathering import tasks_of
from gorewrite.fleet.ledger import Ledger
from gorewrite.fleet.memory import Memory
from gorewrite.fleet.run import Here, Run
from gorewrite.fleet.settings import Settings
from gorewrite.fleet.spool import Spool
from tests.fleet.test_cache import CHANGES, ONE, OWN, TWO, text, top, without_cache, write

__all__ = ["top"]


class Ran(NamedTuple):
    entries: list[Entry]
    #: Whether they were those of the last run.
    same: bool


def run(top: Path, form: Form | None = None, about: str = "") -> Ran:
    """As the command line does it."""
    form, settings = form or Form(), Settings(here=str(top), keeps=True)
    memory = Memory.of(top, settings._replace(keeps=False))
    assert memory is not None
    known = memory.whole(about, form)
    if known is not None:
        memory.save()
        return Ran(list(known), True)
    with memory.watching():
        found = [(path, str(path.relative_to(top))) for path in memory.survey.find(top)]
    tasks = tasks_of(found)
    work = Run(tasks, [task.real for task in tasks], settings, form, Ledger(str(top)), memory)
    entries = work.entries(Here(settings, memory.survey, form), memory.survey)
    ran = Ran(list(memory.remembering(about, form, tasks, entries)), False)
    memory.save()
    return ran


def removed(name: str) -> Callable[[Path], None]:
    return lambda top: (top / name).unlink()


def caller_is_a_link(top: Path) -> None:
    write(top, "services/two/elsewhere", "services:\n  two:\n    build: .\n")
    (top / "services/two/compose.yaml").symlink_to("elsewhere")


def directory_is_a_link(top: Path) -> None:
    (top / "services/two").rename(top / "moved")
    (top / "services/two").symlink_to("../moved")


def nobody_may_search(top: Path) -> None:
    (top / "own/go.mod").unlink()
    (top / "own/go.mod").symlink_to("/nowhere/go.mod")


#: Those of the entries, and what no Dockerfile looks at but the run does.
NOTICED: list[tuple[str, Callable[[Path], None]]] = [
    *((name, change) for name, change, anew in CHANGES if anew),
    ("Dockerfile added", text("services/one/tool.Dockerfile", "FROM alpine\n")),
    ("Dockerfile removed", removed(TWO)),
    ("Dockerfile ignored by git", text(".gitignore", "own/\n")),
    ("Dockerfile that a caller names", text("own/build.sh", "docker build -f one.txt .\n")),
    ("package removed", removed("internal/deep/deep.go")),
    ("module removed", removed("own/go.mod")),
    ("ignore file removed", removed(".dockerignore")),
    ("caller removed", removed("compose.yaml")),
    ("left out of the search", text("gorewrite.toml", 'exclude = ["own"]\n')),
    ("caller behind a link", caller_is_a_link),
    ("directory behind a link", directory_is_a_link),
    ("link that leads nowhere", nobody_may_search),
]


@pytest.mark.parametrize("change", [c[1] for c in NOTICED], ids=[c[0] for c in NOTICED])
@pytest.mark.parametrize("fresh", [-1, 1 << 62], ids=["by stamps", "by contents"])
def test_a_change_is_noticed(
    top: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], None], fresh: int
) -> None:
    monkeypatch.setattr(tape, "_FRESH", fresh)
    first = run(top)
    assert run(top) == (first.entries, True)
    change(top)
    second = run(top)
    assert not second.same
    assert second.entries == without_cache(top, monkeypatch).entries
    assert run(top) == (second.entries, True)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(text("README.md", "more\n"), id="documentation"),
        pytest.param(lambda top: os.utime(top / ONE), id="times"),
        pytest.param(lambda top: (top / OWN).chmod(0o600), id="mode"),
        pytest.param(lambda top: os.utime(top / "internal/deep"), id="times of a directory"),
    ],
)
def test_what_concerns_nobody_is_no_change(top: Path, change: Callable[[Path], None]) -> None:
    first = run(top)
    change(top)
    assert run(top) == (first.entries, True)


def test_another_request_is_another_run(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(top)
    assert not run(top, about="services").same
    form = Form("json")
    assert run(top, form) == (without_cache(top, monkeypatch, form).entries, False)
    assert run(top, form).same and run(top).same


def test_entries_outlive_runs_that_do_not_ask_for_them(
    top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gorewrite.fleet.cache._tidy", lambda _: None)  # By times on disk.
    first, begin = run(top), time.time()
    for month in range(1, 4):
        now = begin + month * 29 * 86_400
        monkeypatch.setattr("gorewrite.fleet.cache.time.time", lambda now=now: now)
        assert run(top) == (first.entries, True)
    write(top, "README.md", "more\n")
    write(top, "services/one/more.go", "package main\n")
    memory = Memory.of(top, Settings(here=str(top)))
    assert memory is not None
    found = tasks_of((path, str(path.relative_to(top))) for path in memory.survey.find(top))
    assert {task.display for task in memory.known(found, Form())[1]} == {ONE}
    memory.save()


def test_what_is_searched_without_git_is_not_kept(
    top: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain/Dockerfile").write_text("FROM alpine\n")
    memory = Memory.of(top, Settings(here=str(top)))
    assert memory is not None
    memory.survey.find(top)
    assert memory.survey.listings
    memory.survey.find(tmp_path / "plain")
    assert memory.survey.listings is None
    memory.save()


def test_planning_without_memory_is_not_kept(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr("gorewrite.project.plan", exhausted)
        failed = run(top)
        assert all(entry.error is not None for entry in failed.entries)
    again = run(top)
    assert not again.same and not any(entry.error is not None for entry in again.entries)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_what_a_tape_tells_may_come_in_any_order(tmp_path: Path, order: tuple[int, ...]) -> None:
    here = tmp_path / "in"
    here.mkdir()
    names = ["a", "b", "a"]
    for name in names:
        (here / name).write_text(name)
    recorder, told = files.Tape(), []
    for name in names:
        with files.recording(recorder) as recording:
            files.read(here / name, 10)
            told.append(recording.inputs())
    keys = [bytes([number]) * 16 for number in range(3)]
    cache = Cache(tmp_path / "cache/of.plans", lambda _: None)
    for number in order:
        seen = told[number]
        assert seen is not None
        cache.put(keys[number], b"record", seen)
    cache.save()
    (here / "b").write_text("changed")
    cache = Cache(tmp_path / "cache/of.plans", lambda _: None)
    assert [cache.get(key) for key in keys] == [b"record", None, b"record"]
    cache.save()
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["of.plans"]


def test_spool_gives_back_what_it_was_given() -> None:
    spool = Spool()
    given = [b"", b"a", b"bc" * (5 << 20), b"", b"d"]
    places = [spool.put(data) for data in given]
    assert [spool.get(place) for place in reversed(places)] == given[::-1]
    spool.close()

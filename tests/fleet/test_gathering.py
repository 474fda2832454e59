"""Dockerfiles that share a build context: one change of its ignore file, in time that is linear."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import FrameType

import pytest

from gorewrite.discovery import Survey
from gorewrite.fleet.entries import Entry, Form
from gorewrite.fleet.gathering import tasks_of
from gorewrite.fleet.groups import Task
from gorewrite.fleet.ledger import Ledger
from gorewrite.fleet.run import Here, Run
from gorewrite.fleet.settings import Settings
from gorewrite.fleet.work import Piece
from tests.fleet.tools import NAIVE, monorepo
from tests.repositories import MAIN

SHARED = NAIVE.format("./cmd/c000").replace("COPY", "COPY go.mod ./\nCOPY", 1)
DRY = Form("block", True, False)


class Shuffled(Here):
    """Answers in another order than it was asked, a Dockerfile at a time."""

    seed = 0

    def pieces(self, chunks: Iterable[Sequence[Task]]) -> Iterator[Sequence[Piece]]:
        tasks = [task for chunk in chunks for task in chunk]
        random.Random(self.seed).shuffle(tasks)
        return super().pieces([task] for task in tasks)


def run(
    top: Path, kind: type[Here] = Here, settings: Settings | None = None, form: Form = DRY
) -> list[Entry]:
    """The entries of all Dockerfiles of a repository."""
    settings = settings or Settings(here=str(top))
    survey = Survey()
    tasks = tasks_of((path, str(path.relative_to(top))) for path in survey.find(top))
    work = Run(tasks, [task.real for task in tasks], settings, form, Ledger(str(top)))
    return list(work.entries(kind(settings, survey, form), survey))


def ignoring(entries: Sequence[Entry]) -> list[str]:
    """Which Dockerfiles carry a change of the ignore file of the root."""
    return [each.display for each in entries if b" b/.dockerignore\n" in each.diff]


@pytest.mark.parametrize("seed", range(4))
def test_the_order_in_which_they_come_is_all_the_same(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = {
        "Dockerfile": "FROM alpine\nCOPY README.md /\n",
        "docs/a.md": "x\n",
        "cmd/broken/Dockerfile": "FROM golang:1.24\nENV KEY\nRUN go build\n",
        "cmd/python/Dockerfile": "FROM python\nCOPY go.mod ./\nCOPY README.md ./\n",
    }
    top = monorepo(tmp_path, 5, 7, odd)
    monkeypatch.setattr(Shuffled, "seed", seed)
    entries = run(top)
    assert run(top, Shuffled) == entries
    assert ignoring(entries) == ["cmd/c000/Dockerfile"]


def test_carried_by_the_first_that_may(tmp_path: Path) -> None:
    opted_out = SHARED.replace("COPY .", "# gorewrite: ignore[dockerignore]\nCOPY .")
    odd = {
        "cmd/a/Dockerfile": opted_out,
        "cmd/b/Dockerfile": "FROM golang:1.24\nCOPY go.mod ./\nRUN go env\n",
        "cmd/c/Dockerfile": SHARED,
        "cmd/c/gorewrite.toml": 'ignore = ["dockerignore"]\n',
        "cmd/c000/main.go": MAIN,
    }
    top = monorepo(tmp_path, 0, 2, odd)
    entries = run(top)
    assert ignoring(entries) == ["cmd/c000/Dockerfile"]
    assert not any("opted-out" in each.text for each in entries)
    for name in ("c000", "c001"):
        (top / "cmd" / name / "Dockerfile").write_text(opted_out)
    entries = run(top)
    assert ignoring(entries) == []
    assert ["opted-out" in each.text for each in entries].index(True) == 0


def test_what_one_of_them_reads_is_kept(tmp_path: Path) -> None:
    """Also where that one cannot be rewritten, or is not read at all."""
    for n, text in enumerate(
        (
            "FROM python\nCOPY go.mod ./\nCOPY Dockerfile* ./\n",
            "# gorewrite: ignore\nFROM golang\nCOPY go.mod Dockerfile* ./\n",
            "FROM golang\nCOPY go.mod Dockerfile* ./\nRUN go build {{ x }}\n",
            "FROM golang\nCOPY go.mod Dockerfile* ./\nNONSENSE\n",
        )
    ):
        top = monorepo(tmp_path / str(n), 0, 3, {"Dockerfile.other": text})
        entries = run(top)
        (carrier,) = (each for each in entries if b" b/.dockerignore\n" in each.diff)
        assert b"+.idea\n" in carrier.diff
        assert b"+Dockerfile*\n" not in carrier.diff, text


def test_outside_of_the_context(tmp_path: Path) -> None:
    """Nobody knows who else has the same context before all are read."""
    files = {
        "src/go.mod": "module example.com/a\n\ngo 1.24\n",
        "src/main.go": MAIN,
        "src/.gitignore": "app\n",
        "src/Dockerfile.md": "# How it is built\n",
        "docker/one.Dockerfile": NAIVE.format("."),
        "docker/two.Dockerfile": NAIVE.format(".") + "COPY Dockerfile* /\n",
        "Makefile": "a:\n\tdocker build -f docker/one.Dockerfile src\n"
        "\tdocker build -f docker/two.Dockerfile src\n",
    }
    top = monorepo(tmp_path, 2, 0, files)
    entries = run(top)
    assert run(top, Shuffled) == entries
    (carrier,) = (each for each in entries if b" b/src/.dockerignore\n" in each.diff)
    assert carrier.display == "docker/one.Dockerfile"
    assert b"+.gitignore\n" in carrier.diff
    assert b"+Dockerfile*\n" not in carrier.diff


def calls(top: Path) -> int:
    """How many functions (and steps of generators) a run takes."""
    made, before = 0, sys.getprofile()

    def called(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal made
        made += event == "call"

    sys.setprofile(called)
    try:
        entries = run(top)
    finally:
        sys.setprofile(before)
    assert len(ignoring(entries)) == 1
    return made


def test_twice_the_dockerfiles_are_twice_the_work(tmp_path: Path) -> None:
    for count in (40, 10, 20, 40):
        monorepo(tmp_path / f"{count}", 0, count)
    calls(tmp_path / "40")  # What a process loads and parses once is there.
    some, more, most = (calls(tmp_path / f"{count}") for count in (10, 20, 40))
    assert most - more < 2.1 * (more - some)

"""Every golden case: the expected files and report, and the promises that hold for all."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from gorewrite.differ import unified
from gorewrite.project import Result
from tests.golden import ROOT, Case, cases, dump, outcome, written


@pytest.fixture(params=cases(), ids=lambda case: case.id)
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@pytest.fixture
def top(case: Case, tmp_path: Path) -> Path:
    """A copy of in/ as a repository of its own."""
    copy = tmp_path / "repository"
    shutil.copytree(case.path / "in", copy, symlinks=True)
    (copy / ".git").mkdir(exist_ok=True)
    return copy


def test_expected(case: Case, top: Path, request: pytest.FixtureRequest) -> None:
    files, report = outcome(case.run(top), top)
    expected = case.path / "expected"
    if request.config.getoption("--update-golden"):
        shutil.rmtree(expected, ignore_errors=True)
        for name, data in files.items():
            (expected / name).parent.mkdir(parents=True, exist_ok=True)
            (expected / name).write_bytes(data)
        (case.path / "report.json").write_text(dump(report))
        return
    wanted = {
        str(path.relative_to(expected)): path.read_bytes()
        for path in sorted(expected.rglob("*"))
        if path.is_file()
    }
    assert files == wanted
    assert dump(report) == (case.path / "report.json").read_text()


def test_second_run_changes_nothing(case: Case, top: Path) -> None:
    result = case.run(top)
    if not isinstance(result, Result):
        return
    for path, _, new in written(result, top):
        path.write_bytes(new)
    again = case.run(top)
    assert isinstance(again, Result)
    assert written(again, top) == []


def test_diff_is_taken_by_git(case: Case, top: Path) -> None:
    result = case.run(top)
    if not isinstance(result, Result):
        return
    shutil.rmtree(top / ".git")
    for path, old, new in written(result, top):
        name = str(path.resolve().relative_to(top.resolve()))
        diff = unified(old or b"", new, name, new_file=old is None)
        subprocess.run(["git", "apply"], input=diff, cwd=top, check=True, capture_output=True)
        assert path.read_bytes() == new


def test_every_directory_is_a_case() -> None:
    known = {case.path for case in cases()}
    directories = {path for path in ROOT.glob("*/*") if path.is_dir()}
    assert directories == known

"""Edits of files that several Dockerfiles share: joined, once each, and none that cannot be."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gorewrite.differ import FileEdit, apply
from gorewrite.fleet.entries import Entry, Form, entry
from gorewrite.fleet.ledger import Ledger
from gorewrite.outcome import Edit, Outcome
from gorewrite.transform import SpanEdit
from tests.repositories import repository

MAKEFILE = b"a:\n\tdocker build a\nb:\n\tdocker build b\n"


@pytest.fixture
def top(tmp_path: Path) -> Path:
    files = {"Makefile": MAKEFILE, "a/Dockerfile": "FROM a\n", "b/Dockerfile": "FROM b\n"}
    return repository(tmp_path / "top", files)


def span(old: bytes, new: bytes, path: str = "Makefile") -> SpanEdit:
    start = MAKEFILE.index(old)
    return SpanEdit(path, start, start + len(old), old, new)


def outcome(top: Path, name: str, *spans: SpanEdit) -> Outcome:
    """One that changes a Dockerfile, too."""
    path, old = f"{name}/Dockerfile", f"FROM {name}\n".encode()
    edit = Edit(str(top / path), path, old, old + b"USER 1\n")
    return Outcome(path, edits=(edit,), spans=spans, repository=str(top))


def joined(ledger: Ledger, top: Path, each: Outcome) -> Entry:
    form = Form("", True, True)
    return ledger.checked(entry(ledger.joined(each, str(top / each.display)), form), form)


def test_diffs_apply_one_after_the_other(top: Path) -> None:
    ledger = Ledger(str(top))
    common, own = (
        span(b"a:\n", b"export DOCKER_BUILDKIT=1\na:\n"),
        span(b"build b", b"build -t b b"),
    )
    first = joined(ledger, top, outcome(top, "a", common, span(b"build a", b"build -t a a")))
    ledger.take()
    second = joined(ledger, top, outcome(top, "b", own, common))
    ledger.take()
    third = joined(ledger, top, outcome(top, "b", own, common))
    assert b"Makefile" not in third.diff, "it is all there by now"
    assert first.diff.index(b"a/Makefile") < first.diff.index(b"a/Dockerfile")
    (top / ".git").rmdir()
    for each in (first, second):
        subprocess.run(["git", "apply"], cwd=top, input=each.diff, check=True, capture_output=True)
    text = "export DOCKER_BUILDKIT=1\na:\n\tdocker build -t a a\nb:\n\tdocker build -t b b\n"
    assert (top / "Makefile").read_text() == text
    assert (top / "b" / "Dockerfile").read_text() == "FROM b\nUSER 1\n"


def test_what_is_written_follows_what_was_written(top: Path) -> None:
    ledger = Ledger(str(top))
    for name in ("a", "b"):
        new = f"build -t {name} {name}".encode()
        each = joined(ledger, top, outcome(top, name, span(f"build {name}".encode(), new)))
        apply([FileEdit(Path(edit.path), edit.old, edit.new) for edit in each.edits], top)
        ledger.take()
    assert (top / "Makefile").read_bytes().count(b"-t") == 2


def test_what_is_dropped_is_not_built_upon(top: Path) -> None:
    ledger = Ledger(str(top))
    edit = span(b"build a", b"build -t a a")
    joined(ledger, top, outcome(top, "a", edit))
    ledger.drop()
    ledger.take()
    assert b"-t a a" in joined(ledger, top, outcome(top, "b", edit)).diff


@pytest.mark.parametrize(
    ("second", "why"),
    [
        (span(b"build a\nb", b"x"), "where another Dockerfile of this run edits it otherwise"),
        (span(b"build a", b"build -t other a"), "edits it otherwise"),
        (SpanEdit("Makefile", 0, 2, b"x:", b"y:"), "changed since it was read; run again"),
        (SpanEdit("compose.yaml", 0, 0, b"", b"y"), "compose.yaml cannot be read"),
    ],
)
def test_edits_that_cannot_be_joined(top: Path, second: SpanEdit, why: str) -> None:
    """The Dockerfile that needs them is left alone, and nothing else."""
    ledger = Ledger(str(top))
    joined(ledger, top, outcome(top, "a", span(b"build a", b"build -t a a")))
    ledger.take()
    failed = joined(ledger, top, outcome(top, "b", second))
    assert failed.error is not None and why in str(failed.error)
    assert (failed.edits, failed.diff, failed.changed) == ((), b"", False)
    ledger.take()
    third = joined(ledger, top, outcome(top, "b", span(b"build b", b"build -t b b")))
    assert third.error is None and b"-t a a" in third.diff


def test_a_whole_file_is_made_once(top: Path) -> None:
    """Transforms that know nothing of each other's Dockerfiles may each want to make it."""
    ledger = Ledger(str(top))

    def making(name: str) -> Entry:
        made = outcome(top, name)
        edit = Edit(str(top / "tools.txt"), "tools.txt", None, b"1\n")
        return joined(ledger, top, made._replace(edits=(*made.edits, edit)))

    assert making("a").error is None
    ledger.take()
    error = making("b").error
    assert str(error) == (
        "b/Dockerfile: another Dockerfile of this run changes tools.txt, too; run again"
    )


def test_a_link_to_a_shared_file_asks_for_the_same_edit(top: Path) -> None:
    (top / "a" / "Makefile").symlink_to("../Makefile")
    old, new = b"build a", b"build -t a a"
    both = outcome(top, "a", span(old, new), span(old, new, "a/Makefile"))
    made = joined(Ledger(str(top)), top, both)
    assert made.error is None
    assert made.diff.count(b"+\tdocker build -t a a") == 1

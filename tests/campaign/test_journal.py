"""What a journal remembers, whatever happens to the process that writes it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gorewrite.campaign.definition import CampaignError, Home
from gorewrite.campaign.journal import MOST_ATTEMPTS, Journal, JournalError, only_one
from gorewrite.campaign.records import Records
from gorewrite.campaign.sources import Listed
from gorewrite.campaign.tables import Found

FOUND = Found("c0ffee", "digest", 3, 2, 0, 100, 0.5)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal.sqlite") as journal:
        yield journal


def begun(journal: Journal, *names: str) -> int:
    """A scan of some repositories."""
    scan = journal.begin(1.0)
    journal.add(scan, (Listed(name, f"https://git.example.com/{name}") for name in names))
    journal.listed(scan, 2.0)
    return scan


def due(journal: Journal, scan: int, now: float = 3.0) -> list[str]:
    return [row.name for row in journal.due(scan, now)]


def test_what_is_done_is_not_due(journal: Journal) -> None:
    scan = begun(journal, "a", "b", "c")
    assert due(journal, scan) == ["a", "b", "c"]
    journal.done(scan, "b", "clean", 4.0, found=FOUND)
    assert due(journal, scan) == ["a", "c"]
    assert not journal.finish(scan, 5.0)
    for name in "ac":
        journal.done(scan, name, "planned", 6.0, found=FOUND)
    assert journal.finish(scan, 7.0)
    assert journal.scan() == (0, False)
    assert journal.scans() == [(1, 1.0, 7.0, 3, 9, 6)]


def test_a_new_scan_has_all_again_and_knows_what_was(journal: Journal) -> None:
    first = begun(journal, "a", "b")
    for name in "ab":
        journal.done(first, name, "clean", 4.0, found=FOUND)
    journal.finish(first, 5.0)
    second = begun(journal, "b", "c")
    assert due(journal, second) == ["b", "c"]
    row = journal.repository("b")
    assert row is not None and (row.base_commit, row.state) == ("c0ffee", "clean")
    assert journal.counts(second) == {"clean": 1, "new": 1}


def test_a_scan_is_listed_whole_or_again(journal: Journal) -> None:
    scan = journal.begin(1.0)
    assert journal.scan() == (scan, False)

    def broken() -> Iterator[Listed]:
        yield Listed("a", "https://git.example.com/a")
        raise OSError

    with pytest.raises(OSError):
        journal.add(scan, broken())
    assert journal.scan() == (scan, False)
    journal.add(scan, [Listed("a", "https://git.example.com/a")])
    journal.listed(scan, 2.0)
    assert journal.scan() == (scan, True)


def test_rows_come_while_they_are_being_done(journal: Journal) -> None:
    names = [f"{number:04}" for number in range(450)]
    scan = begun(journal, *names)
    seen = []
    for row in journal.due(scan, 3.0):
        seen.append(row.name)
        journal.done(scan, row.name, "clean", 4.0)
    assert seen == names


def test_what_may_pass_is_tried_later_and_later_and_given_up(journal: Journal) -> None:
    scan = begun(journal, "a")
    now, pauses = 100.0, []
    for _ in range(MOST_ATTEMPTS - 1):
        (row,) = journal.due(scan, now)
        journal.failed(scan, row, "no answer", "no answer", transient=True, now=now)
        assert due(journal, scan, now) == []
        assert not journal.finish(scan, now)
        next_time = journal.next_time(scan)
        assert next_time is not None
        pauses.append(next_time - now)
        now = next_time
    assert pauses == [60.0, 120.0, 240.0, 480.0]
    (row,) = journal.due(scan, now)
    journal.failed(scan, row, "no answer", "no answer", transient=True, now=now)
    assert due(journal, scan, now + 1e6) == []
    assert journal.finish(scan, now)


def test_what_does_not_pass_is_not_tried_again_but_when_asked(journal: Journal) -> None:
    scan = begun(journal, "a", "b")
    for row in list(journal.due(scan, 3.0)):
        journal.failed(scan, row, "gone", f"{row.name}: gone", transient=False, now=3.0)
    assert due(journal, scan, 1e9) == []
    assert journal.causes(scan) == [("gone", 2, "a")]
    journal.forgive(scan, "b")
    assert due(journal, scan, 3.0) == ["b"]


def test_success_wipes_out_attempts(journal: Journal) -> None:
    scan = begun(journal, "a")
    (row,) = journal.due(scan, 3.0)
    journal.failed(scan, row, "no answer", "no answer", transient=True, now=3.0)
    journal.done(scan, "a", "clean", 100.0)
    row = journal.repository("a")
    assert row is not None and (row.attempts, row.next_at, row.transient) == (0, 0.0, 0)


def test_pull_requests_keep_their_address_and_add_up(journal: Journal) -> None:
    journal.pull("a", "gorewrite/x", "open", 1.0, url="https://git.example.com/a/1", writes=3)
    journal.pull("a", "gorewrite/x", "blocked", 2.0, reason="edited", writes=1, pushes=1)
    (pull,) = journal.pulls("a")
    assert (pull.state, pull.url, pull.writes, pull.pushes) == (
        "blocked",
        "https://git.example.com/a/1",
        4,
        1,
    )
    assert journal.pull_counts() == {"blocked": 1}


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "words").write_text("no database at all, but long enough to be none " * 20)
    with pytest.raises(JournalError, match="cannot be used"):
        Journal(tmp_path / "words")
    newer = sqlite3.connect(tmp_path / "newer")
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(JournalError, match="another version"):
        Journal(tmp_path / "newer")


def test_two_runs_do_not_share_a_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with only_one(path):
        with pytest.raises(JournalError, match=r"in use by process \d+"), only_one(path):
            pass
        with only_one(tmp_path / "journal.2-of-2.sqlite"):
            pass
    with only_one(path):
        pass


def test_what_was_written_outlives_a_kill(tmp_path: Path) -> None:
    code = """
import os, sys
from pathlib import Path
from gorewrite.campaign.journal import Journal
from gorewrite.campaign.sources import Listed
journal = Journal(Path(sys.argv[1]))
scan = journal.begin(1.0)
journal.add(scan, [Listed("a", "url"), Listed("b", "url")])
journal.listed(scan, 1.0)
journal.done(scan, "a", "clean", 2.0)
journal._do("BEGIN IMMEDIATE")
journal._do("UPDATE repositories SET state = 'half'")
os.kill(os.getpid(), 9)
"""
    path = tmp_path / "journal.sqlite"
    subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    with Journal(path) as journal:
        assert due(journal, 1) == ["b"]
        assert journal.counts(1) == {"clean": 1, "new": 1}


def test_what_the_disk_does_not_take_is_said_in_a_line(tmp_path: Path) -> None:
    """As a full one, in the middle of a run."""
    home = Home(tmp_path / "slim")
    with Journal(home.journal) as journal:
        scan = journal.begin(1.0)
        journal._database.execute("PRAGMA max_page_count = 1")
        with pytest.raises(JournalError, match=r"cannot be used: database .* full"):
            journal.add(scan, ((f"acme/{n}" * 50, "url", "") for n in range(500)))
    (home.top / "logs").touch()
    with pytest.raises(CampaignError, match=r"acme\+shop\.log: cannot be written: "):
        Records(home).log("acme/shop", "planned")

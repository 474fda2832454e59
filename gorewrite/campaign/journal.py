"""What became of each repository and pull request of a campaign: a SQLite file in WAL mode.

A *scan* looks at every repository once, however many runs it takes: a run goes on with the scan
that is not done, and begins a new one where all are. A repository is written down when it is done,
so that what a killed run had under way is simply done again.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Self

from gorewrite.campaign.tables import SCHEMA, VERSION, Found, Pull, PullState, Row, State
from gorewrite.pulls.model import Step

#: Tries of what may pass, and the seconds before the second one, which double each time.
MOST_ATTEMPTS: Final = 5
_FIRST_PAUSE: Final = 60.0


class JournalError(Exception):
    """The journal cannot be used. The text is one line."""


class Journal:
    """The journal of one campaign, or of one shard of it; a context manager."""

    def __init__(self, path: Path) -> None:
        """Opens it, and makes it where there is none. Raises JournalError."""
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, isolation_level=None, timeout=30)
            self._database.execute("PRAGMA journal_mode = WAL")
            # A commit may be lost when the machine loses power, and never when the process dies.
            self._database.execute("PRAGMA synchronous = NORMAL")
            (version,) = self._database.execute("PRAGMA user_version").fetchone()
            if version == 0:
                script = f"BEGIN; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;"
                self._database.executescript(script)
            elif version != VERSION:
                raise JournalError(f"{path}: made by another version of gorewrite")
        except (OSError, sqlite3.Error) as error:
            raise JournalError(f"{path}: cannot be used: {error}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    # --- scans -------------------------------------------------------------------------

    def scan(self) -> tuple[int, bool]:
        """(number of the scan that is not finished, 0 where none is; whether all is listed)."""
        found = self._one("SELECT number, listed FROM scans WHERE finished IS NULL")
        return (found[0], found[1] is not None) if found else (0, False)

    def begin(self, now: float) -> int:
        """Begins a scan, and gives its number."""
        number = self.last() + 1
        self._do("INSERT INTO scans (number, started) VALUES (?, ?)", number, now)
        return number

    def add(self, scan: int, repositories: Iterable[tuple[str, str, str]]) -> None:
        """Adds what a scan looks at, and refreshes what is known. repositories: (name, URL,
        branch, "" for the default one), taken as they come."""
        batch: list[tuple[str, str, str]] = []
        (place,) = self._one("SELECT coalesce(max(position), 0) FROM repositories") or (0,)
        for each in repositories:
            batch.append(each)
            if len(batch) >= 500:
                place = self._add(scan, batch, place)
                batch = []
        self._add(scan, batch, place)

    def _add(self, scan: int, batch: Iterable[tuple[str, str, str]], place: int) -> int:
        with self._transaction():
            for name, url, branch in batch:
                place += 1
                self._do(
                    "INSERT INTO repositories (name, position, url, branch, listed)"
                    " VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
                    " url = excluded.url, branch = excluded.branch, listed = excluded.listed",
                    *(name, place, url, branch, scan),
                )
        return place

    def listed(self, scan: int, now: float) -> None:
        """All repositories of a scan are listed."""
        self._do("UPDATE scans SET listed = ? WHERE number = ?", now, scan)

    def finish(self, scan: int, now: float) -> bool:
        """Ends a scan of which nothing is left to do; whether it is."""
        if self.left(scan):
            return False
        self._do(
            "UPDATE scans SET finished = ?, (repositories, dockerfiles, changed) = (SELECT"
            " count(*), coalesce(sum(dockerfiles), 0), coalesce(sum(changed), 0)"
            " FROM repositories WHERE listed = ?) WHERE number = ?",
            *(now, scan, scan),
        )
        return True

    def abandon(self, scan: int, now: float) -> None:
        """Ends a scan of which something is left to do."""
        self._do("UPDATE scans SET finished = ? WHERE number = ?", now, scan)

    def last(self) -> int:
        """The number of the last scan, 0 before the first one."""
        found = self._one("SELECT coalesce(max(number), 0) FROM scans")
        return int(found[0]) if found else 0

    def left(self, scan: int) -> int:
        """How many repositories of a scan are not done."""
        found = self._one(
            "SELECT count(*) FROM repositories WHERE listed = ? AND scan < ?", scan, scan
        )
        return int(found[0]) if found else 0

    def scans(self) -> list[tuple[Any, ...]]:
        """(number, started, finished, repositories, Dockerfiles, those that would change) of all
        scans, the first one first; None for what is not known yet."""
        return self._all(
            "SELECT number, started, finished, repositories, dockerfiles, changed FROM scans"
            " ORDER BY number"
        )

    # --- repositories ------------------------------------------------------------------

    def due(self, scan: int, now: float) -> Iterator[Row]:
        """The repositories that a scan has to look at now, in the order in which they were listed,
        while they are being done. Those that failed for a passing reason wait for their time."""
        return self._walk("scan < ? AND next_at <= ?", scan, now, listed=scan)

    def of_state(self, scan: int, *states: str) -> Iterator[Row]:
        """The repositories of a scan in one of these states, whether they were done or not."""
        marks = ", ".join("?" for _ in states)
        return self._walk(f"state IN ({marks})", *states, listed=scan)

    def with_pulls(self, scan: int, *states: str) -> Iterator[Row]:
        """The repositories of a scan with a pull request in one of these states."""
        marks = ", ".join("?" for _ in states)
        within = f"SELECT repository FROM pulls WHERE state IN ({marks})"
        return self._walk(f"name IN ({within})", *states, listed=scan)

    def _walk(self, condition: str, *values: object, listed: int) -> Iterator[Row]:
        """Row after row, a few hundred at a time: what follows may change them."""
        place = 0
        while True:
            rows = self._all(
                f"SELECT * FROM repositories WHERE listed = ? AND position > ? AND {condition}"
                " ORDER BY position LIMIT 200",
                *(listed, place, *values),
            )
            for row in rows:
                yield Row(*row)
            if len(rows) < 200:
                return
            place = rows[-1][1]

    def next_time(self, scan: int) -> float | None:
        """When the first of those that failed for a passing reason is due; None for none."""
        found = self._one(
            "SELECT min(next_at) FROM repositories WHERE listed = ? AND scan < ?", scan, scan
        )
        return found[0] if found else None

    def done(
        self,
        scan: int,
        name: str,
        state: State,
        now: float,
        *,
        cause: str = "",
        reason: str = "",
        found: Found | None = None,
        files: bytes | None = None,
    ) -> None:
        """A repository is done for a scan.

        cause: the reason without what is this repository's own; found: None where nothing was
        planned, which leaves what is known; files: JSON of its part of the report.
        """
        with self._transaction():
            if found is not None:
                self._do(
                    "UPDATE repositories SET base_commit = ?, digest = ?, dockerfiles = ?,"
                    " changed = ?, errors = ?, fetched = ?, cpu = ? WHERE name = ?",
                    *(*found, name),
                )
            self._do(
                "UPDATE repositories SET scan = ?, state = ?, cause = ?, reason = ?, transient = 0,"
                " attempts = 0, next_at = 0, updated = ? WHERE name = ?",
                *(scan, state, cause, reason, now, name),
            )
            if files is not None:
                self._do(
                    "INSERT OR REPLACE INTO documents VALUES (?, ?)", name, zlib.compress(files, 1)
                )

    def failed(
        self, scan: int, row: Row, cause: str, reason: str, *, transient: bool, now: float
    ) -> None:
        """A repository failed. What may pass is tried again, later and later, some times."""
        attempts = row.attempts + 1
        transient = transient and attempts < MOST_ATTEMPTS
        pause = _FIRST_PAUSE * 2 ** (attempts - 1) if transient else 0.0
        self._do(
            "UPDATE repositories SET scan = ?, state = 'failed', cause = ?, reason = ?,"
            " transient = ?, attempts = ?, next_at = ?, updated = ? WHERE name = ?",
            *(scan - transient, cause, reason, int(transient), attempts),
            *(now + pause if transient else 0.0, now, row.name),
        )

    def forgive(self, scan: int, name: str) -> None:
        """A failed repository is tried as if it never had been."""
        self._do(
            "UPDATE repositories SET scan = ?, attempts = 0, next_at = 0 WHERE name = ?",
            *(scan - 1, name),
        )

    def repositories(self, scan: int | None = None) -> Iterator[Row]:
        """All repositories, or those that a scan listed."""
        if scan is not None:
            return self._walk("1", listed=scan)
        return (Row(*row) for row in self._database.execute("SELECT * FROM repositories"))

    def repository(self, name: str) -> Row | None:
        """One of them."""
        found = self._one("SELECT * FROM repositories WHERE name = ?", name)
        return Row(*found) if found else None

    def totals(self, scan: int) -> dict[str, int]:
        """How many Dockerfiles the repositories of a scan have, and how many would change."""
        found = self._one(
            "SELECT coalesce(sum(dockerfiles), 0), coalesce(sum(changed), 0) FROM repositories"
            " WHERE listed = ?",
            scan,
        )
        return {"all": found[0], "changed": found[1]} if found else {}

    def totals_of_first(self) -> dict[str, int]:
        """The same as it was when the first scan was done; {} before that."""
        found = self._one(
            "SELECT dockerfiles, changed FROM scans WHERE dockerfiles IS NOT NULL ORDER BY number"
        )
        return {"all": found[0], "changed": found[1]} if found else {}

    def counts(self, scan: int) -> dict[str, int]:
        """State → how many repositories of a scan are in it."""
        return dict(
            self._all(
                "SELECT state, count(*) FROM repositories WHERE listed = ? GROUP BY state", scan
            )
        )

    def causes(self, scan: int) -> list[tuple[str, int, str]]:
        """(cause, how many repositories failed of it, one of them), the most frequent first."""
        return self._all(
            "SELECT cause, count(*) AS times, min(name) FROM repositories WHERE listed = ?"
            " AND state = 'failed' GROUP BY cause ORDER BY times DESC, cause",
            scan,
        )

    def files(self, name: str) -> bytes:
        """JSON of the part of a repository in the report: a list."""
        found = self._one("SELECT files FROM documents WHERE repository = ?", name)
        return zlib.decompress(found[0]) if found else b"[]"

    # --- pull requests -----------------------------------------------------------------

    def pull(
        self,
        repository: str,
        branch: str,
        state: PullState,
        now: float,
        *,
        name: str = "",
        reason: str = "",
        url: str = "",
        writes: int = 0,
        pushes: int = 0,
    ) -> None:
        """What a pull request is by now. writes, pushes: more of them."""
        self._do(
            "INSERT INTO pulls VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " state = excluded.state, reason = excluded.reason, updated = excluded.updated,"
            " name = iif(excluded.name = '', name, excluded.name),"
            " url = iif(excluded.url = '', url, excluded.url),"
            " writes = writes + excluded.writes, pushes = pushes + excluded.pushes",
            *(repository, branch, name, state, reason, url, writes, pushes, now),
        )

    def step(self, repository: str, step: Step, state: PullState, now: float) -> None:
        """What a pull request is once something was done about it."""
        self.pull(
            repository,
            step.branch,
            state,
            now,
            name=step.proposal.group.name if step.proposal is not None else "",
            reason=step.reason,
            url=step.url,
            writes=step.writes,
            pushes=int(step.pushed),
        )

    def pulls(self, repository: str = "") -> Iterator[Pull]:
        """The pull requests of a repository, or all."""
        condition = "WHERE repository = ?" if repository else ""
        query = f"SELECT * FROM pulls {condition} ORDER BY repository, branch"
        values = (repository,) if repository else ()
        return (Pull(*row) for row in self._database.execute(query, values))

    def pull_counts(self) -> dict[str, int]:
        """State → how many pull requests are in it."""
        return dict(self._all("SELECT state, count(*) FROM pulls GROUP BY state"))

    # --- SQLite ------------------------------------------------------------------------

    def _one(self, query: str, *values: object) -> tuple[Any, ...] | None:
        with self._told():
            found: tuple[Any, ...] | None = self._database.execute(query, values).fetchone()
            return found

    def _all(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._told():
            return self._database.execute(query, values).fetchall()

    def _do(self, query: str, *values: object) -> None:
        with self._told():
            self._database.execute(query, values)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Raises JournalError for what is wrong with the file, or the disk."""
        try:
            yield
        except sqlite3.Error as error:
            raise JournalError(f"{self.path}: cannot be used: {error}") from None

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._do("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            with suppress(JournalError):  # Where the disk is full nothing is left to take back.
                self._do("ROLLBACK")
            raise
        self._do("COMMIT")


@contextmanager
def only_one(journal: Path) -> Iterator[None]:
    """While it is entered no other run uses the journal. Raises JournalError."""
    try:
        journal.parent.mkdir(parents=True, exist_ok=True)
        opened = journal.with_suffix(".lock").open("a+")
    except OSError as error:
        raise JournalError(f"{error.filename}: {error.strerror}") from None
    with opened as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            who = lock.read().strip() or "another process"
            raise JournalError(f"{journal}: in use by {who}") from None
        lock.truncate(0)
        lock.write(f"process {os.getpid()}")
        lock.flush()
        yield

"""What a forge answered before, by ETag: asked again, it may say that nothing changed.

GitHub does not count such an answer ("Use conditional requests", Best practices for using the REST
API). A forge says so only to whom it would have shown the same.
"""

from __future__ import annotations

import sqlite3
import threading
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

#: Bytes of compressed bodies that are kept at most, in a file and in memory. Beyond that a tenth
#: goes, what was used longest ago first.
_MOST_ON_DISK: Final = 1 << 30
_MOST_IN_MEMORY: Final = 32 << 20
_SCHEMA: Final = """
    CREATE TABLE IF NOT EXISTS answers (
        url TEXT PRIMARY KEY, used INTEGER, etag TEXT, link TEXT, body BLOB
    )
"""
_STATE: Final = "SELECT coalesce(max(used), 0), coalesce(sum(length(body)), 0) FROM answers"


class Answer(NamedTuple):
    """etag, link: the headers, "" for none; body: as received."""

    etag: str
    link: str
    body: bytes


class Answers:
    """Answers by URL, in a file that runs share, or in memory.

    No trouble with the file ends a run: what cannot be read is asked for again.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._most = _MOST_IN_MEMORY if path is None else _MOST_ON_DISK
        try:
            self._base = _opened(path)
        except (OSError, sqlite3.Error):
            self._base, self._most = _opened(None), _MOST_IN_MEMORY
        self._uses, self._size = self._base.execute(_STATE).fetchone()

    def get(self, url: str) -> Answer | None:
        """What was answered for a URL."""
        with self._lock, suppress(sqlite3.Error, zlib.error):
            row = self._base.execute(
                "SELECT etag, link, body FROM answers WHERE url = ?", (url,)
            ).fetchone()
            if row is not None:
                return Answer(row[0], row[1], zlib.decompress(row[2]))
        return None

    def put(self, url: str, answer: Answer) -> None:
        """Keeps an answer."""
        with self._lock, suppress(sqlite3.Error):
            self._uses += 1
            packed = zlib.compress(answer.body, 1)
            row = (url, self._uses, answer.etag, answer.link, packed)
            self._base.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?)", row)
            self._size += len(packed)
            if self._size > self._most:
                self._trim()

    def used(self, url: str) -> None:
        """Says that an answer was still right."""
        with self._lock, suppress(sqlite3.Error):
            self._uses += 1
            self._base.execute("UPDATE answers SET used = ? WHERE url = ?", (self._uses, url))

    def close(self) -> None:
        """Ends its use."""
        with self._lock:
            self._base.close()

    def _trim(self) -> None:
        self._base.execute(
            """DELETE FROM answers WHERE url IN (SELECT url FROM (
                SELECT url, sum(length(body)) OVER (ORDER BY used DESC) AS so_far FROM answers
            ) WHERE so_far > ?)""",
            (self._most * 9 // 10,),
        )
        _, self._size = self._base.execute(_STATE).fetchone()


def _opened(path: Path | None) -> sqlite3.Connection:
    """The database, only for its owner to read: what a forge answers may be private."""
    if path is not None:
        path.parent.mkdir(0o700, parents=True, exist_ok=True)
        path.touch(0o600)
    base = sqlite3.connect(
        path or ":memory:", timeout=2, isolation_level=None, check_same_thread=False
    )
    try:
        if path is not None:
            base.execute("PRAGMA journal_mode = WAL")
            base.execute("PRAGMA synchronous = NORMAL")
        base.execute(_SCHEMA)
        base.execute(_STATE).fetchone()
    except sqlite3.Error:
        base.close()
        raise
    return base

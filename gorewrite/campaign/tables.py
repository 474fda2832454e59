"""The tables of a journal, and their rows."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

#: new: listed; clean: nothing to change; planned: there is a patch; published: all that was to be
#: proposed is; waiting: part of it has to wait; skipped: not for us; failed: see `transient`.
State = Literal["new", "clean", "planned", "published", "waiting", "skipped", "failed"]
#: Of a pull request. pushed: its branch is, on a forge of kind "none"; waiting: over a limit, for
#: now; stopped, declined: a person said so; blocked: a person committed to it; abandoned: of no use
#: any more, left to the person.
PullState = Literal[
    "planned",
    "pushed",
    "open",
    "waiting",
    "failed",
    "blocked",
    "stopped",
    "declined",
    "merged",
    "closed",
    "abandoned",
]

VERSION: Final = 1
SCHEMA: Final = """
CREATE TABLE scans (
    number INTEGER PRIMARY KEY, started REAL NOT NULL, listed REAL, finished REAL,
    repositories INTEGER, dockerfiles INTEGER, changed INTEGER
);
CREATE TABLE repositories (
    name TEXT PRIMARY KEY, position INTEGER NOT NULL, url TEXT NOT NULL, branch TEXT NOT NULL,
    listed INTEGER NOT NULL, scan INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'new', cause TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '', transient INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0, next_at REAL NOT NULL DEFAULT 0,
    base_commit TEXT NOT NULL DEFAULT '', digest TEXT NOT NULL DEFAULT '',
    dockerfiles INTEGER NOT NULL DEFAULT 0, changed INTEGER NOT NULL DEFAULT 0,
    errors INTEGER NOT NULL DEFAULT 0, fetched INTEGER NOT NULL DEFAULT 0,
    cpu REAL NOT NULL DEFAULT 0, updated REAL NOT NULL DEFAULT 0
);
CREATE INDEX of_scan ON repositories (scan, position);
CREATE TABLE pulls (
    repository TEXT NOT NULL, branch TEXT NOT NULL, name TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '', url TEXT NOT NULL DEFAULT '',
    writes INTEGER NOT NULL DEFAULT 0, pushes INTEGER NOT NULL DEFAULT 0,
    updated REAL NOT NULL DEFAULT 0, PRIMARY KEY (repository, branch)
);
CREATE TABLE documents (repository TEXT PRIMARY KEY, files BLOB NOT NULL);
"""


class Row(NamedTuple):
    """A repository. The columns are those of the table `repositories`."""

    name: str
    position: int
    url: str
    branch: str
    listed: int
    scan: int
    state: str
    cause: str
    reason: str
    transient: int
    attempts: int
    next_at: float
    base_commit: str
    digest: str
    dockerfiles: int
    changed: int
    errors: int
    fetched: int
    cpu: float
    updated: float


class Pull(NamedTuple):
    """A pull request. The columns are those of the table `pulls`."""

    repository: str
    branch: str
    name: str
    state: str
    reason: str
    url: str
    writes: int
    pushes: int
    updated: float


class Found(NamedTuple):
    """What planning found in a repository, for its row."""

    base_commit: str
    digest: str
    dockerfiles: int
    changed: int
    errors: int
    fetched: int
    cpu: float

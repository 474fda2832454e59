"""What a Go program needs around it: the result of the source analysis."""

from __future__ import annotations

from typing import Literal, NamedTuple

from gorewrite.evidence import Evidence, Unknown
from gorewrite.shell import ANYTHING, Argument

Verdict = Literal["pure", "cgo", "unknown"]
ReadKind = Literal[
    "file", "dir", "glob", "config", "env-file", "migrations", "certificate", "stat", "write"
]


class Cgo(NamedTuple):
    """Whether the program can be built with CGO_ENABLED=0 and stay the same program.

    pure: no package of it uses cgo. cgo: it does, or it loads shared libraries all the same.
    unknown: neither could be shown; `evidence` names what stands in the way.
    """

    verdict: Verdict
    evidence: tuple[Evidence, ...] = ()


class FileRead(NamedTuple):
    """A file the program opens at run time.

    path: as written, relative to the working directory or absolute; None when it cannot be told.
    kind: "file", "dir", "glob" (Go `filepath.Match` pattern), "config" (a pattern in one of
          several searched directories), "env-file", "migrations" (a directory), "certificate",
          "stat" (looked at, file or directory), "write" (created or appended to).
    required: whether the program may stop without it.
    default: with path None, the value used when no flag or variable says otherwise.
    start: with path None, what the path that is computed at run time begins with.
    """

    path: str | None
    kind: ReadKind
    required: bool
    evidence: Evidence
    default: str | None = None
    start: str | None = None


class Executes(NamedTuple):
    """A program that is started at run time; None when its name cannot be told.

    arguments: what it is called with; builtin: a shell runs it itself, no such file is needed.
    """

    program: str | None
    evidence: Evidence
    arguments: tuple[Argument, ...] = (ANYTHING,)
    builtin: bool = False


class Embed(NamedTuple):
    """One `//go:embed` pattern, the directory of its package and the files it takes in."""

    pattern: str
    directory: str
    files: tuple[str, ...]
    evidence: Evidence


class Mention(NamedTuple):
    """A text in the program's own code that may name a file."""

    text: str
    evidence: Evidence


class ProgramNeeds(NamedTuple):
    """Everything `analyse` found out about one main package.

    packages: directories whose Go files are compiled, relative to the tree.
    modules: external modules imported. The tuples of `Evidence` each answer one question of a
    runtime image and are empty when nothing points to it:

    time_zones: loads time zones by name (and no zone data is linked in);
    local_time: uses the zone of TZ or /etc/localtime;
    tls: verifies certificates of others (and no root certificates are linked in);
    users: looks up users; temp_files: writes to the temporary directory; home: the home directory;
    caller_paths: finds files through the path of its own sources when it was built;
    toolchain_paths: finds files in GOROOT, or packages by their sources;
    plugins: loads Go plugins; build_info: reads its own build information;
    mime_types: maps file names to MIME types; self_path: depends on its own path or name;
    symbols: reads or patches its own symbols; services: resolves service names ("http");
    resolver: asks for the resolver of the C library (netdns=cgo);
    shared_libraries: loads shared libraries even with CGO_ENABLED=0;
    extra: what known modules need beyond all this, in words.

    mentions: texts that may name a file which something else opens.
    environment: names read from the environment. dynamic: what could not be told, one reason
    each. missing: imported packages of the own modules that are not in the tree (generated?).
    not_main: the package is no program. problems: files that could not be read.
    """

    packages: tuple[str, ...]
    modules: frozenset[str]
    cgo: Cgo
    reads: tuple[FileRead, ...] = ()
    executes: tuple[Executes, ...] = ()
    embeds: tuple[Embed, ...] = ()
    time_zones: tuple[Evidence, ...] = ()
    local_time: tuple[Evidence, ...] = ()
    tls: tuple[Evidence, ...] = ()
    users: tuple[Evidence, ...] = ()
    temp_files: tuple[Evidence, ...] = ()
    home: tuple[Evidence, ...] = ()
    caller_paths: tuple[Evidence, ...] = ()
    toolchain_paths: tuple[Evidence, ...] = ()
    plugins: tuple[Evidence, ...] = ()
    build_info: tuple[Evidence, ...] = ()
    mime_types: tuple[Evidence, ...] = ()
    self_path: tuple[Evidence, ...] = ()
    symbols: tuple[Evidence, ...] = ()
    services: tuple[Evidence, ...] = ()
    resolver: tuple[Evidence, ...] = ()
    shared_libraries: tuple[Evidence, ...] = ()
    extra: tuple[Evidence, ...] = ()
    mentions: tuple[Mention, ...] = ()
    environment: frozenset[str] = frozenset()
    dynamic: tuple[Unknown, ...] = ()
    missing: tuple[Unknown, ...] = ()
    not_main: bool = False
    problems: tuple[Unknown, ...] = ()

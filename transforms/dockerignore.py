"""dockerignore: what no build reads stays out of the build context."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import translate
from functools import lru_cache, partial
from typing import Final, NamedTuple

from gorewrite import files
from gorewrite.context import Context
from gorewrite.context.gitneed import GitNeed, git_need, has_git
from gorewrite.context.globs import BadPattern, has_wildcard, match
from gorewrite.context.ignorefile import IgnoreError, IgnoreFile, shared_with, with_patterns
from gorewrite.context.uses import ContextUse, context_use, copied
from gorewrite.discovery import repository_root
from gorewrite.evidence import Evidence
from gorewrite.facts import Facts
from gorewrite.transform import (
    FileChange,
    Observation,
    Safety,
    Seen,
    SharedChange,
    SharedRefusal,
    SharedTransform,
)


class Dockerignore(SharedTransform):
    """Creates or extends the ignore file of the build context.

    *What it does*

    Where a stage copies the whole context, files at its root that no build reads are left out
    of it: version control (`.git`), editor and CI files, then Dockerfiles, compose files and
    test output, then `*.md`, `*.log` and directories of documentation or tests without code.
    New patterns stand at the top of an existing file, so that its own lines, and above all its
    `!` lines, keep the last word.

    *Why*

    What is in the context is sent to the builder, and every change of it (a commit, a README)
    throws away the cache of `COPY . .` and of all that follows.

    *When it does nothing*

    A pattern is left out when COPY, a bind mount, `//go:embed` at the root, a RUN or a program
    names a file it matches, in any Dockerfile that shares the context. Only version control,
    editor and CI files are left out when an image holds the whole tree and its program reads
    files whose names are not known, and when a Dockerfile that is not one of a Go service copies
    the whole context too; documentation and tests only when nothing but known commands run on
    the tree, and none of it ships. `vendor` and `*_test.go` never are.

    - `git-needed`: the build reads `.git`, or the program reads the version that Go stamps from
      it; pass the version as a build argument to leave it out.
    - `allow-list`: the ignore file leaves everything out and lets single paths in again.
    - `ignore-file-is-a-link`: what is written into it would be in another file, too.
    - `waits`: the change belongs to a pull request, and follows only from Dockerfiles that other
      pull requests change first.

    *Safety*

    Safe when the build context is certain, else review. Without `.git` the go command of the
    Debian images stamps no revision into the binary; nobody but `go version -m` shows it where
    the program does not read its own build information.

    *References*

    Dockerfile reference, ".dockerignore"; github.com/moby/patternmatcher; `go help build`,
    -buildvcs.
    """

    name = "dockerignore"
    order = 80
    summary = "keep what no build reads out of the build context"
    before = "COPY . ."
    after = """\
# .dockerignore
.git
.github
.idea
.vscode
.dockerignore
Dockerfile*
coverage.out"""

    def observe(self, facts: Facts) -> Seen:
        found, project = copied(facts), facts.project
        own = project.context.ignore_path not in (None, ".dockerignore")
        if found.whole is None:
            return Seen(None, _use(found, found.unknown), own)
        where = facts.at(found.whole)
        if not facts.builds_go:
            use = _use(found, where)
            return Seen(None, use._replace(git=git_need(facts), takes_all=True, not_go=True), own)
        found = context_use(facts)
        found = found._replace(unknown=found.unknown or project.callers.inline)
        use = _use(found, where)._replace(
            git=git_need(facts),
            takes_all=True,
            has_git=any(has_git(stage) for stage in facts.stages),
        )
        return Seen(found.whole, use, own)

    def unread(self, place: Evidence) -> _Use:
        return _use(ContextUse(None, (), unknown=place), place)

    def joined(self, one: _Use, other: _Use) -> _Use:
        first = {name: getattr(one, name) or getattr(other, name) for name in _Use._fields}
        names = {n: (*getattr(one, n), *getattr(other, n)) for n in ("named", "read")}
        return one._replace(**{**first, **names, "git": _git((one, other))})

    def conclude(
        self, context: Context, carrier: Observation, others: Sequence[Observation]
    ) -> Iterator[SharedChange | SharedRefusal]:
        file = _read(context)
        if file is None:
            return
        if any(
            p.text in ("*", "**", "**/*", "*/**") for p in file.ignore.patterns if not p.negated
        ):
            yield from _allow_list(context, carrier, file)
            return
        yield from _extend(context, carrier, [each.what for each in others], file)


class _Use(NamedTuple):
    """What one Dockerfile does with the context: no more than is asked of thousands that share it.

    named, read, unknown, opaque, ships, dynamic: as of ContextUse, without where each name is;
    git: what needs the repository, git_named: where the build takes `.git` by name; place: where
    it takes the whole context, or is not understood; takes_all: whether it takes the whole
    context; not_go: whether it builds something else than Go then; has_git: whether a stage has a
    git command, so that Go stamps the binary.
    """

    named: tuple[str, ...]
    read: tuple[str, ...]
    unknown: Evidence | None
    opaque: Evidence | None
    ships: Evidence | None
    dynamic: Evidence | None
    git_named: Evidence | None
    place: Evidence | None
    git: GitNeed | None = None
    takes_all: bool = False
    not_go: bool = False
    has_git: bool = False


def _use(found: ContextUse, place: Evidence | None) -> _Use:
    return _Use(
        tuple(dict.fromkeys(name for name, _ in found.named)),
        tuple(dict.fromkeys(name for name, _ in found.read)),
        found.unknown,
        found.opaque,
        found.ships,
        found.dynamic,
        next((where for name, where in found.named if name == ".git"), None),
        place,
    )


class _File(NamedTuple):
    """The ignore file in force. path: relative to the context; old: None when there is none;
    shared: the file that it is the same as, by a link."""

    path: str
    old: bytes | None
    ignore: IgnoreFile
    shared: str | None


def _read(context: Context) -> _File | None:
    """The ignore file in force; None when it cannot be read."""
    path = context.ignore_path
    try:
        if path is None:
            return _File(".dockerignore", None, IgnoreFile.parse(b""), None)
        place = context.root / path
        old = files.read(place, 1 << 20)
        return _File(path, old, IgnoreFile.parse(old), shared_with(place))
    except (OSError, IgnoreError):
        return None


class _Candidate(NamedTuple):
    """A pattern without `/`. level: how much has to be known (see `_level`); kind: what it may
    match; commonplace: put into a new file even if nothing in the context matches."""

    pattern: str
    level: int
    kind: str = "file"
    commonplace: bool = False


_CANDIDATES: Final = (
    _Candidate(".git", 0, "any"),
    _Candidate(".gitignore", 0),
    _Candidate(".gitattributes", 0),
    _Candidate(".github", 0, "dir"),
    _Candidate(".gitlab-ci.yml", 0),
    _Candidate(".circleci", 0, "dir"),
    _Candidate(".travis.yml", 0),
    _Candidate(".idea", 0, "dir", commonplace=True),
    _Candidate(".vscode", 0, "dir", commonplace=True),
    _Candidate(".DS_Store", 0),
    _Candidate("*.swp", 0),
    _Candidate(".dockerignore", 1, commonplace=True),
    _Candidate("Dockerfile*", 1),
    _Candidate("docker-compose*.y*ml", 1),
    _Candidate("compose*.y*ml", 1),
    _Candidate("coverage.out", 1, commonplace=True),
    _Candidate("*.test", 1),
    _Candidate("*.log", 2, commonplace=True),
    _Candidate("*.md", 2),
    _Candidate("doc", 2, "plain"),
    _Candidate("docs", 2, "plain"),
    _Candidate("test", 2, "plain"),
    _Candidate("tests", 2, "plain"),
    _Candidate("e2e", 2, "plain"),
)
_OF_GIT: Final = frozenset({".git", ".gitignore", ".gitattributes"})
_PATTERNS: Final = frozenset(candidate.pattern for candidate in _CANDIDATES)
#: Those with a `*`, which matches in the name of one file as it does in Python.
_WILD: Final = {each: re.compile(translate(each)) for each in _PATTERNS if "*" in each}
#: What the go command or a C compiler may read in a directory that no import names.
_SOURCES: Final = (
    ".go", ".mod", ".sum", ".work", ".c", ".cc", ".cpp", ".h", ".hh", ".hpp", ".s", ".S", ".a",
    ".so", ".syso", ".proto", ".pgo", ".pprof", ".pem", ".json", ".tmpl", ".sql",
)  # fmt: skip
_MOST_FILES: Final = 5_000


def _extend(
    seen_in: Context, carrier: Observation, others: Sequence[_Use], file: _File
) -> Iterator[SharedChange | SharedRefusal]:
    """The change that adds what is proven, and the refusal for `.git`."""
    assert carrier.place is not None
    context, own = seen_in.unignored, carrier.what
    uses = (own, *others)
    level, because = _level(own, others)
    because = (carrier.place, *because)
    names = {name for use in uses for name in use.named}
    read = {name for use in uses for name in use.read}
    git = _git(uses)
    names_here = dict.fromkeys(context.listdir("."))
    if repository_root(context.root) is None:
        names_here[".git"] = None  # An export; where it is built, there will be one.
    visible = [name for name in names_here if not file.ignore.excludes(name)]
    if git is not None and ".git" in visible:
        yield SharedRefusal(
            "git-needed",
            f".git stays in the context: {git.why}; a version alone can be a build argument",
            (carrier.place, git.evidence),
        )
        if git.dirty:
            return  # A missing tracked file would change what git says.
    new = file.old is None
    # No program looks for `.git` or `.idea`, even if it reads `*` or `*.*`.
    plainly = {name for name in read if not has_wildcard(name)}
    needed = _touched(names | plainly, visible)
    looked_for = needed | _touched(read - plainly, visible)
    patterns = [
        candidate.pattern
        for candidate in _CANDIDATES
        if candidate.level <= level
        and (git is None or candidate.pattern not in _OF_GIT)
        and candidate.pattern not in (looked_for if candidate.level > 0 else needed)
        and _proven(candidate, context, visible, file)
    ]
    if not patterns or (new and not any(_matching(n).intersection(patterns) for n in visible)):
        return
    if file.shared is not None:
        # To `.gitignore`, say: git would then ignore what only the builder should.
        message = f"a link makes {file.path} and {file.shared} one file; make it two"
        yield SharedRefusal("ignore-file-is-a-link", message, (carrier.place,))
        return
    text = with_patterns(patterns, file.old)
    stamped = ".git" in visible and (git is not None or ".git" in patterns)
    if stamped and own.has_git:
        shown = "only `go version -m` shows it; the program does not read it"
        what = "the revision is no longer stamped" if git is None else "the tree counts as modified"
        because += (Evidence("", 0, f"rule: {what}, {shown}"),)
    review = f"; to be reviewed: the context is assumed: {carrier.doubt}" if carrier.doubt else ""
    verb = "create" if new else "add to"
    yield SharedChange(
        Safety.REVIEW if carrier.doubt else Safety.SAFE,
        f"{verb} {file.path}: {', '.join(patterns)}{review}",
        (*dict.fromkeys(because), Evidence("", 0, "rule: no build of this context reads them")),
        (FileChange(file.path, file.old, text),),
    )


def _allow_list(context: Context, carrier: Observation, file: _File) -> Iterator[SharedRefusal]:
    """A refusal, when the allow-list lets something in that is never needed."""
    assert carrier.place is not None
    names = [n for n in context.unignored.listdir(".") if not file.ignore.excludes(n)]
    needless = {candidate.pattern for candidate in _CANDIDATES if candidate.level < 2}
    let_in = [name for name in names if not needless.isdisjoint(_matching(name))]
    if let_in:
        yield SharedRefusal(
            "allow-list",
            f"the ignore file is a list of what is let in; check that {let_in[0]} has to be",
            (carrier.place, Evidence(file.path, 0, "leaves everything out first")),
        )


@lru_cache(maxsize=1 << 12)
def _matching(name: str) -> frozenset[str]:
    """The patterns of candidates that match a name at the root."""
    wild = [pattern for pattern, names in _WILD.items() if names.match(name)]
    return _PATTERNS.intersection((name, *wild))


def _touched(names: Iterable[str], visible: Sequence[str]) -> frozenset[str]:
    """The patterns that match what stands at the root by one of some names, or may."""
    here: set[str] = set()
    for name in names:
        here.update(filter(partial(_may_be, name), visible) if has_wildcard(name) else (name,))
    return frozenset().union(*map(_matching, here))


def _may_be(pattern: str, name: str) -> bool:
    try:
        return match(pattern, name)
    except BadPattern:
        return True


def _proven(candidate: _Candidate, context: Context, visible: Sequence[str], file: _File) -> bool:
    """Whether the pattern leaves something out, and nothing but what it is meant for."""
    matched = [name for name in visible if candidate.pattern in _matching(name)]
    if not matched:
        return file.old is None and candidate.commonplace
    above = IgnoreFile.parse(with_patterns((candidate.pattern,), file.old))
    if not any(above.excludes(name) for name in matched):
        return False  # A `!` line takes it in again.
    for name in matched:
        if candidate.kind == "plain":
            if context.kind(name) != "dir" or context.is_link(name) or _has_sources(context, name):
                return False
        elif candidate.kind != "any" and context.kind(name) != candidate.kind:
            return False
    return True


def _has_sources(context: Context, directory: str) -> bool:
    walk = context.walk(directory, _MOST_FILES)
    return any(path.endswith(_SOURCES) for path in walk) or walk.truncated


# --- who else shares the context --------------------------------------------------------------


def _level(own: _Use, others: Sequence[_Use]) -> tuple[int, tuple[Evidence, ...]]:
    """How much may be left out: 0 version control, editor and CI files, 1 also container files
    and test output, 2 also documentation and tests; with what keeps it from being more.

    Of another Dockerfile it is not asked what its image holds: that may change in this run.
    """
    level = 2
    because: tuple[Evidence, ...] = ()
    reached_by = [_reached(own, own=True), *(_reached(each, own=False) for each in others)]
    for reached, why, place in reached_by:
        if reached < level and place is not None:
            level, because = reached, (place, Evidence("", 0, f"rule: {why}"))
    return level, because


def _reached(each: _Use, *, own: bool) -> tuple[int, str, Evidence | None]:
    if each.unknown is not None:
        why = "what this takes from the context is not known, so only such files are left out"
        return 0, why, each.unknown
    if each.not_go:
        return 0, "it takes the whole context and builds something else than Go", each.place
    if not each.takes_all:
        return 2, "", None
    if not own or each.ships is not None:
        if each.dynamic is not None:
            return 0, "the tree is in the image, where any file of it may be read", each.dynamic
        why = "documentation stays in, for the tree may be in the image"
        return 1, why, each.ships or each.place
    if each.opaque is not None:
        return 1, "documentation stays in, for this may read any file", each.opaque
    return 2, "", None


def _git(uses: Sequence[_Use]) -> GitNeed | None:
    """The first use of `.git` by any of the builds."""
    found = [use.git for use in uses if use.git is not None]
    found += [
        GitNeed("the build takes it by name", use.git_named, False)
        for use in uses
        if use.git_named is not None
    ]
    return found[0]._replace(dirty=any(need.dirty for need in found)) if found else None

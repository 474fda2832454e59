"""dockerignore: what no build reads stays out of the build context."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

from gorewrite.context import Context, infer_context
from gorewrite.context.gitneed import GitNeed, git_need, has_git
from gorewrite.context.globs import BadPattern, has_wildcard, match
from gorewrite.context.ignorefile import IgnoreError, IgnoreFile
from gorewrite.context.uses import ContextUse, context_use, copied
from gorewrite.discovery import repository_root
from gorewrite.dockerfile import Instruction, ParseError, parse
from gorewrite.evidence import Evidence
from gorewrite.facts import Facts
from gorewrite.surroundings import Project
from gorewrite.transform import Change, FileChange, Proposal, Refusal, Safety, Transform


class Dockerignore(Transform):
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

    def propose(self, facts: Facts) -> Iterator[Proposal]:
        node = copied(facts).whole
        if node is None:
            return
        file = _read(facts.project)
        if file is None:
            return
        if any(
            p.text in ("*", "**", "**/*", "*/**") for p in file.ignore.patterns if not p.negated
        ):
            yield from _allow_list(facts, node, file)
            return
        yield from _extend(facts, node, file)


class _File(NamedTuple):
    """The ignore file in force. path: relative to the context; old: None when there is none."""

    path: str
    old: bytes | None
    ignore: IgnoreFile


def _read(project: Project) -> _File | None:
    """The ignore file as the plan has it so far; None when it cannot be read."""
    path = project.context.ignore_path or ".dockerignore"
    old = project.pending.get(path)
    try:
        if old is None and project.context.ignore_path is not None:
            old = (project.context.root / path).read_bytes()
        return _File(path, old, IgnoreFile.parse(old or b""))
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
#: What the go command or a C compiler may read in a directory that no import names.
_SOURCES: Final = (
    ".go", ".mod", ".sum", ".work", ".c", ".cc", ".cpp", ".h", ".hh", ".hpp", ".s", ".S", ".a",
    ".so", ".syso", ".proto", ".pgo", ".pprof", ".pem", ".json", ".tmpl", ".sql",
)  # fmt: skip
_MOST_FILES: Final = 5_000


def _extend(facts: Facts, node: Instruction, file: _File) -> Iterator[Proposal]:
    """The change that adds what is proven, and the refusal for `.git`."""
    context = facts.project.context.unignored
    uses = _uses(facts)
    level, because = _level(uses)
    because = (facts.at(node), *because)
    named = [name for use in uses for name in use.use.named]
    names = dict.fromkeys(name for name, _ in named)
    read = dict.fromkeys(name for use in uses for name, _ in use.use.read)
    git = _git(uses, named)
    names_here = dict.fromkeys(context.listdir("."))
    if repository_root(context.root) is None:
        names_here[".git"] = None  # An export; where it is built, there will be one.
    visible = [name for name in names_here if not file.ignore.excludes(name)]
    if git is not None and ".git" in visible:
        yield Refusal(
            node,
            "git-needed",
            f"pass the version as a build argument to leave .git out of the context: {git.why}",
            (facts.at(node), git.evidence),
        )
        if git.dirty:
            return  # A missing tracked file would change what git says.
    new = file.old is None
    chosen = [
        candidate
        for candidate in _CANDIDATES
        if candidate.level <= level
        and (git is None or candidate.pattern != ".git")
        and _proven(candidate, context, visible, file)
        and not any(_touches(candidate.pattern, name, visible) for name in names)
        # No program looks for `.git` or `.idea`, even if it reads `*` or `*.*`.
        and not any(
            _touches(candidate.pattern, name, visible)
            for name in read
            if candidate.level > 0 or not has_wildcard(name)
        )
    ]
    patterns = [candidate.pattern for candidate in chosen]
    if new and not any(IgnoreFile.parse(p).excludes(n) for p in patterns for n in visible):
        return
    text = _written(patterns, file.old)
    if not patterns:
        return
    stamped = ".git" in visible and (git is not None or ".git" in patterns)
    if stamped and any(has_git(stage) for stage in facts.stages):
        shown = "only `go version -m` shows it; the program does not read it"
        what = "the revision is no longer stamped" if git is None else "the tree counts as modified"
        because += (Evidence("", 0, f"rule: {what}, {shown}"),)
    certain = facts.project.context_why is None
    if facts.project.context_why is not None:
        because += (Evidence("", 0, f"the context is assumed: {facts.project.context_why.why}"),)
    verb = "create" if new else "add to"
    yield Change(
        node,
        (node,),
        Safety.SAFE if certain else Safety.REVIEW,
        f"{verb} {file.path}: {', '.join(patterns)}",
        (*dict.fromkeys(because), Evidence("", 0, "rule: no build of this context reads them")),
        files=(FileChange(file.path, file.old, text),),
    )


def _allow_list(facts: Facts, node: Instruction, file: _File) -> Iterator[Refusal]:
    """A refusal, when the allow-list lets something in that is never needed."""
    names = [n for n in facts.project.context.unignored.listdir(".") if not file.ignore.excludes(n)]
    let_in = [n for n in names if any(_matches(c.pattern, n) for c in _CANDIDATES if c.level < 2)]
    if let_in:
        yield Refusal(
            node,
            "allow-list",
            f"the ignore file is a list of what is let in; check that {let_in[0]} has to be",
            (facts.at(node), Evidence(file.path, 0, "leaves everything out first")),
        )


@lru_cache(maxsize=1 << 16)
def _matches(pattern: str, name: str) -> bool:
    return IgnoreFile.parse(pattern).excludes(name)


def _touches(pattern: str, name: str, visible: Sequence[str]) -> bool:
    """Whether a pattern matches what stands at the root by that name, or may."""
    if not has_wildcard(name):
        return _matches(pattern, name)
    try:
        return any(match(name, each) for each in visible if _matches(pattern, each))
    except BadPattern:
        return True


def _proven(candidate: _Candidate, context: Context, visible: Sequence[str], file: _File) -> bool:
    """Whether the pattern leaves something out, and nothing but what it is meant for."""
    matched = [name for name in visible if _matches(candidate.pattern, name)]
    if not matched:
        return file.old is None and candidate.commonplace
    above = IgnoreFile.parse(_written((candidate.pattern,), file.old))
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


def _written(patterns: Sequence[str], old: bytes | None) -> bytes:
    """The new text: patterns above what stands there, which stays as it is."""
    old = old or b""
    newline = b"\r\n" if old.count(b"\r\n") * 2 > old.count(b"\n") else b"\n"
    # A byte order mark is only one at the very start (moby's ignorefile.ReadAll).
    mark = b"\xef\xbb\xbf" if old.startswith(b"\xef\xbb\xbf") else b""
    rest = old[len(mark) :]
    text = b"".join(pattern.encode() + newline for pattern in patterns)
    return mark + text + (newline + rest if rest.strip() else rest)


# --- who else shares the context --------------------------------------------------------------


class _Use(NamedTuple):
    """What one Dockerfile does with the context.

    own: it is the one that is rewritten; place: where another takes the whole context; not_go:
    whether that builds no Go.
    """

    use: ContextUse
    git: GitNeed | None
    own: bool = False
    place: Evidence | None = None
    not_go: bool = False


_known: WeakKeyDictionary[Context, dict[Path, _Use | None]] = WeakKeyDictionary()


def _uses(facts: Facts) -> list[_Use]:
    """What this Dockerfile and all others that share the ignore file do."""
    found = [_Use(context_use(facts), git_need(facts), own=True)]
    project = facts.project
    if project.context.ignore_path not in (None, ".dockerignore"):
        return found  # An ignore file of its own.
    known = _known.setdefault(project.context, {})
    for path in project.neighbours:
        if path not in known:
            known[path] = _neighbour(project, path)
        use = known[path]
        if use is not None:
            found.append(use)
    return found


def _neighbour(project: Project, path: Path) -> _Use | None:
    """What another Dockerfile takes; None when it has another context."""
    root = project.context.root
    resolved = path.resolve()
    shown = resolved.relative_to(root).as_posix() if resolved.is_relative_to(root) else path.name
    place = Evidence(shown, 0, "shares the build context")
    nothing = ContextUse(None, ())
    try:
        if path.stat().st_size > project.config.max_file_size:
            raise OSError
        tree = parse(path.read_bytes())
        here = replace(project, path=path, display=shown, neighbours=())
        facts = Facts(tree, here)
        use = copied(facts)
    except (OSError, ParseError, IndexError):
        return _Use(nothing._replace(unknown=place), None, place=place)
    sources = [name for name, _ in use.named] + (["."] if use.whole else [])
    guess = infer_context(path, project.repository, sources, project.config.context_for(path))
    if guess.certain and guess.root != root:
        return None
    if use.whole is None:
        return _Use(use, None, place=use.unknown)
    where = facts.at(use.whole)
    if not facts.builds_go:
        return _Use(use, git_need(facts), place=where, not_go=True)
    return _Use(context_use(facts), git_need(facts), place=where)


def _level(uses: Sequence[_Use]) -> tuple[int, tuple[Evidence, ...]]:
    """How much may be left out: 0 version control, editor and CI files, 1 also container files
    and test output, 2 also documentation and tests; with what keeps it from being more.

    Of another Dockerfile it is not asked what its image holds: that may change in this run.
    """
    level = 2
    because: tuple[Evidence, ...] = ()
    for each in uses:
        reached, why, place = _reached(each)
        if reached < level and place is not None:
            level, because = reached, (place, Evidence("", 0, f"rule: {why}"))
    return level, because


def _reached(each: _Use) -> tuple[int, str, Evidence | None]:
    use = each.use
    if use.unknown is not None:
        return (
            0,
            "what this takes from the context is not known, so only such files are left out",
            use.unknown,
        )
    if each.not_go:
        return 0, "it takes the whole context and builds something else than Go", each.place
    if use.whole is None:
        return 2, "", None
    if not each.own or use.ships is not None:
        if use.dynamic is not None:
            return 0, "the tree is in the image, where any file of it may be read", use.dynamic
        return (
            1,
            "documentation stays in, for the tree may be in the image",
            use.ships or each.place,
        )
    if use.opaque is not None:
        return 1, "documentation stays in, for this may read any file", use.opaque
    return 2, "", None


def _git(uses: Sequence[_Use], named: Sequence[tuple[str, Evidence]]) -> GitNeed | None:
    """The first use of `.git` by any of the builds."""
    found = [use.git for use in uses if use.git is not None]
    found += [
        GitNeed("the build takes it by name", place, False)
        for name, place in named
        if _matches(".git", name)
    ]
    return found[0]._replace(dirty=any(need.dirty for need in found)) if found else None

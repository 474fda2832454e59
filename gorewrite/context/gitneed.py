"""Whether a build reads the repository's `.git` directory.

Rules: `go help build`, -buildvcs; https://go.dev/doc/go1.18 (the stamp) and
https://go.dev/doc/go1.24 (the main module's version from the tag); golang/go#51253.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from itertools import chain, islice, pairwise
from typing import Final, NamedTuple

from gorewrite import shell
from gorewrite.caches.mounts import mounts
from gorewrite.context.search import sources_with
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import Facts, StageFacts
from gorewrite.gobuild.indirect import indirect_builds
from gorewrite.gobuild.recipes import run_texts, texts
from gorewrite.gobuild.toolchain import at
from gorewrite.golang.commands import BuildOutput
from gorewrite.golang.versions import GoVersion
from gorewrite.memo import remembered
from gorewrite.runtime.programs import needs_of
from gorewrite.stage.images import Image
from gorewrite.stage.packages import bare_name
from gorewrite.stage.runs import Invocation, Run


class GitNeed(NamedTuple):
    """A use of `.git`. why: in words; evidence: where.

    dirty: whether it also tells if a tracked file is missing, so that leaving other files out
        of the context changes what it says.
    """

    why: str
    evidence: Evidence
    dirty: bool


#: git commands that read the repository they run in; `clone`, `config` and the like do not.
_READS: Final = (
    "describe|rev-parse|rev-list|log|show|status|diff|diff-index|diff-files|tag|branch|name-rev"
    "|symbolic-ref|for-each-ref|show-ref|cat-file|archive|ls-files|ls-tree|shortlog|blame|submodule"
    "|checkout|fetch|pull|reset|clean|stash|worktree|update-index|restore|switch|merge-base|remote"
    "|add|am|bundle|check-attr|check-ignore|cherry-pick|commit|count-objects|format-patch|fsck|gc"
    "|grep|lfs|merge|mv|notes|push|range-diff|rebase|reflog|revert|rm|verify-commit|verify-tag"
)
_GIT: Final = re.compile(
    rf"(?<![\w./-])git\s+(?:-[cC]\s+\S+\s+|--[\w-]+(?:=\S+)?\s+)*(?:{_READS})\b"
    r"|(?<![\w*)}\]-])\.git(?:/|\b)(?![\w.-])"
    r"|[\[(,]\s*[\"']git[\"']\s*[,\])]"  # An argument list of another language.
    r"|\b(?:goreleaser|promu|svu|govvv|gitversion|git-chglog|git-cliff|setuptools[-_]scm|hatch-vcs"
    r"|dunamai|versioneer|vergen|GitPython|pygit2|simple-git|isomorphic-git|git-rev-sync"
    # A hook of that name in the settings of husky is for those who commit.
    r"|semantic-release|propose-version|set-commits|pre-commit(?![\"']\s*:)|lefthook)\b"
    # Linters that only look at what is new, by their flags or settings.
    r"|\bnew-from-(?:rev|merge-base)\b|golangci-lint\b[^\n;&|]*\s--new\b|^\s*new\s*[:=]\s*true"
)
_DIRTY: Final = re.compile(r"dirty|git[^\n]*\b(?:status|diff|diff-index|stash)\b|goreleaser|promu")
_COMMENT: Final = re.compile(r"(?m)^[ \t]*#(?!!).*$")
_LINTER_FILES: Final = (
    ".golangci.yml", ".golangci.yaml", ".golangci.toml", ".golangci.json"
)  # fmt: skip


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Build tools of other languages, and the files in which they are told to use git.
_OTHERS: Final = _names(
    """npm yarn pnpm bun npx node vite python python3 pip pip3 poetry uv cargo mvn gradle gradlew
    rake"""
)
#: What bundlers take their settings from (vite.config.ts, next.config.mjs).
_CONFIGURED: Final = re.compile(r".*\.config\.[cm]?[jt]s|gulpfile\.[cm]?[jt]s")
_OTHER_FILES: Final = (
    "package.json", "pyproject.toml", "setup.py", "setup.cfg", "Cargo.toml", "build.rs",
    "build.gradle", "build.gradle.kts", "pom.xml", "Rakefile",
)  # fmt: skip
_MOST_TEXTS: Final = 30

#: Packages that look at the version control stamp of the program they are linked into.
_READERS: Final = (
    "github.com/carlmjohnson/versioninfo",
    "github.com/earthboundkid/versioninfo/v2",
    "github.com/prometheus/common/version",
    "github.com/getsentry/sentry-go",
    "github.com/charmbracelet/fang",
    "github.com/caddyserver/caddy/v2",
    "github.com/DataDog/dd-trace-go/v2",
    "gopkg.in/DataDog/dd-trace-go.v1",
    "sigs.k8s.io/release-utils",
)
_BUILD_INFO: Final = re.compile(rb"debug\.ReadBuildInfo|buildinfo\.Read|NewBuildInfoCollector")
_RUNS_GIT: Final = re.compile(rb'//go:generate[^\n]*\bgit\b|"git"|go-git/go-git|"\.git"')


@remembered
def git_need(facts: Facts) -> GitNeed | None:
    """The first use of `.git` in a build; None when it can be shown that there is none."""
    found = [need for stage in facts.stages for need in _needs(facts, stage) if need is not None]
    return found[0]._replace(dirty=any(need.dirty for need in found)) if found else None


def _needs(facts: Facts, stage: StageFacts) -> Iterator[GitNeed | None]:
    for run in stage.runs:
        yield _in_run(facts, stage, run)
    for invocation, outputs in stage.outputs:
        yield _stamp(stage, invocation, outputs)
    yield _indirect_stamp(stage)


def _in_run(facts: Facts, stage: StageFacts, run: Run) -> GitNeed | None:
    text = _COMMENT.sub(_blank, _without_foreign(stage, run))
    found = _GIT.search(text)
    if found is not None:
        number = run.line_at(found.start())
        line = run.instruction.source.splitlines()[number].strip()
        dirty = _DIRTY.search(text) is not None
        return GitNeed("the build reads it", facts.at(run.instruction, line, number), dirty)
    for step in run.steps:
        expanded = " ".join(filter(None, step.argv)) if step.command.name is None else ""
        if _GIT.search(expanded):
            dirty = _DIRTY.search(expanded) is not None
            return GitNeed("the build reads it", facts.at(run.instruction), dirty)
    texts = list(_texts(stage, run))
    dirty = any(_DIRTY.search(text) for _, text in texts)
    for path, text in texts:
        for number, line in enumerate(text.split("\n"), 1):
            if _GIT.search(line):
                place = Evidence(path, number, line.strip())
                return GitNeed("what the build runs reads it", place, dirty)
    kinds = {i.go.kind for i in run.invocations if not i.go.versioned}
    mage = any(shell.unwrapped(step).command.name == "mage" for step in run.steps)
    if mage or kinds & {"generate", "run"}:
        source = sources_with(facts.project.context, _RUNS_GIT)
        if source is not None:
            return GitNeed("a program that the build runs may read it", source, True)
    if "test" in kinds:
        source = sources_with(facts.project.context, _RUNS_GIT, tests=True)
        if source is not None:
            return GitNeed("a test that the build runs may read it", source, False)
    return None


def _blank(found: re.Match[str]) -> str:
    return " " * len(found.group())


def _without_foreign(stage: StageFacts, run: Run) -> str:
    """A RUN's text, blanks in place of git commands in directories not from the context."""
    text = run.text
    if any(mount.kind == "bind" for mount in mounts(run.instruction, run.state)):
        return text
    for step in run.steps:
        command = shell.unwrapped(step).command
        directory = step.cwd
        if command.argv[1:2] == ("-C",) and len(command.argv) > 2:
            directory = step.path(command.argv[2])
        if command.name != "git" or directory is None:
            continue
        if stage.source_of(directory, run.instruction) is None:
            width = command.end - command.start
            text = text[: command.start] + " " * width + text[command.end :]
    return text


def _texts(stage: StageFacts, run: Run) -> Iterator[tuple[str, str]]:
    """(context path, text) of the Makefiles and scripts a RUN runs, and those named in them."""
    tree = stage.facts.project.context
    told = (path for step in run.steps for path in _told(stage, run, shell.unwrapped(step)))
    found = chain(
        run_texts(stage, run), (each for path in told for each in texts(tree, path, None))
    )
    yield from islice(dict.fromkeys(found), _MOST_TEXTS)


def _told(stage: StageFacts, run: Run, step: shell.Step) -> Iterator[str]:
    """The context paths of the files in which linters and build tools of other languages are told
    what to do."""
    argv = step.argv
    name = posixpath.basename(argv[0] or "") if argv else ""
    named: list[str] = []
    if name == "golangci-lint":
        chosen = dict(pairwise(argv)).get("-c")
        named = [chosen] if chosen else [*_LINTER_FILES]
    elif name in _OTHERS:
        named = [*_OTHER_FILES, *_settings(stage, run, step)]
        named += (word for word in argv[1:3] if word and "." in word)
    for each in named:
        path = step.path(each)
        source = stage.source_of(path, run.instruction) if path else None
        if source is not None:
            yield source


def _settings(stage: StageFacts, run: Run, step: shell.Step) -> Iterator[str]:
    """The names of settings that are programs, in the directory of a command."""
    directory = stage.source_of(step.cwd, run.instruction) if step.cwd else None
    if directory is not None:
        names = stage.facts.project.context.listdir(directory)
        yield from (name for name in names if _CONFIGURED.fullmatch(name))


def _stamp(
    stage: StageFacts, invocation: Invocation, outputs: tuple[BuildOutput, ...] | Unknown
) -> GitNeed | None:
    """Whether the go command stamps the binary and somebody looks at the stamp."""
    go = invocation.go
    place = at(stage, invocation)
    if go.versioned:
        return None
    setting = go.setting("buildvcs")
    if setting == "true":
        return GitNeed("-buildvcs=true fails without it", place, True)
    base = stage.base
    version = base.go.version if isinstance(base, Image) and base.go is not None else None
    if setting == "false" or (version is not None and version < GoVersion(1, 18, 0)):
        return None
    if not has_git(stage) or stage.source_of(go.directory or "/") is None:
        return None
    known = () if isinstance(outputs, Unknown) else outputs
    if not known:
        return _reader(sources_with(stage.facts.project.context, _BUILD_INFO))
    for output in known:
        needs = needs_of(stage, invocation, output)
        if isinstance(needs, Unknown) or needs.problems or needs.missing:
            return _reader(sources_with(stage.facts.project.context, _BUILD_INFO))
        if needs.build_info:
            return _reader(needs.build_info[0])
        for package in _READERS:
            if any(package == m or package.startswith(f"{m}/") for m in needs.modules):
                imported = re.compile(b'"' + re.escape(package.encode()) + b'["/]')
                place_of = sources_with(stage.facts.project.context, imported)
                if place_of is not None:
                    return _reader(place_of)
    return None


def _indirect_stamp(stage: StageFacts) -> GitNeed | None:
    """As for a go command of its own, for one in a Makefile or script."""
    if not has_git(stage):
        return None
    for run in stage.runs:
        for build in indirect_builds(stage, run):
            if re.search(r"-buildvcs(?!=false)", build.text):
                return GitNeed("-buildvcs=true fails without it", build.builds[0], True)
            if "-buildvcs=false" not in build.text:
                found = _reader(sources_with(stage.facts.project.context, _BUILD_INFO))
                if found is not None:
                    return found
    return None


def _reader(place: Evidence | None) -> GitNeed | None:
    return GitNeed("the program reads the version stamped from it", place, True) if place else None


@remembered
def has_git(stage: StageFacts) -> bool:
    """Whether the stage may hold a git command: the Debian golang images do, alpine does not."""
    for member in stage.lineage:
        for run in member.runs:
            for step in run.steps:
                does = shell.package_command(shell.unwrapped(step).argv)
                if does is None or does.action != "install":
                    continue
                names = {bare_name(name) for name in does.packages}
                if does.unknown or "git" in names:
                    return True
    base = stage.base
    if not isinstance(base, Image):
        return True
    if base.family == "golang":
        return base.go is None or base.go.distro != "alpine"
    return base.family == "other"

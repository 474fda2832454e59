"""What the files around a Dockerfile say about the builder that reads it.

A bounded search of lines for a few names; nothing found proves nothing. Sources: kaniko
`pkg/commands/run.go` (mounts are parsed and ignored), docker-py issue 2230 (its build API is
the classic builder), Docker build documentation, "GitHub Actions cache" (cache mounts are not
in exported caches).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from gorewrite.callers.buildcalls import files_named
from gorewrite.evidence import Evidence
from gorewrite.surroundings import Project

_LARGEST = 1 << 18
_CALLERS = re.compile(
    r"(GNUm|[Mm])akefile|.*\.(mk|sh|py)|\.gitlab-ci\.ya?ml|cloudbuild\.ya?ml|skaffold\.ya?ml"
    r"|Jenkinsfile|azure-pipelines\.ya?ml|bitbucket-pipelines\.ya?ml|\.travis\.yml|Taskfile\.ya?ml"
)
_WORKFLOW = re.compile(r".*\.ya?ml")
_COMPOSE = re.compile(r"(docker-)?compose[^/]*\.ya?ml")

_NO_MOUNTS = re.compile(
    r"DOCKER_BUILDKIT\s*[:=]+\s*[\"']?(?:0|false)\b|gcr\.io/kaniko-project/(?:executor|warmer)|/kaniko/executor"
    r"|\bbuildah\s+bud\b|\.images\.build\(|\bkaniko:\s*(?:\{\}|$)"
)
_EXPORTS = re.compile(r"\bcache-to\b\s*[:=]|--cache-to\b")
_RUNS_GO = re.compile(
    r"^\s*(?:command|entrypoint):.*\b(?:go\s+(?:run|test|build)|[\"']go[\"']\s*,|air|reflex|dlv"
    r"|CompileDaemon|realize|fresh|modd)\b"
)


def cannot_mount(project: Project) -> Evidence | None:
    """A caller whose builder does not know `RUN --mount`, or has it switched off."""
    return _first(project, (_CALLERS, _WORKFLOW), _NO_MOUNTS)


def exports_layers(project: Project) -> Evidence | None:
    """A caller that stores the layers outside of the builder, where cache mounts never are."""
    return _first(project, (_CALLERS, _WORKFLOW), _EXPORTS)


def runs_go(project: Project) -> Iterator[Evidence]:
    """Where compose files start the go command or a reloader in a container."""
    return _lines_with(project, (_COMPOSE, None), _RUNS_GO)


def _first(
    project: Project, names: tuple[re.Pattern[str], re.Pattern[str] | None], wanted: re.Pattern[str]
) -> Evidence | None:
    return next(_lines_with(project, names, wanted), None)


def _lines_with(
    project: Project, names: tuple[re.Pattern[str], re.Pattern[str] | None], wanted: re.Pattern[str]
) -> Iterator[Evidence]:
    for file in _files(project, *names):
        for number, line in enumerate(_lines(file, _stamp(file)), 1):
            if wanted.search(line) and not line.lstrip().startswith(("#", "//")):
                shown = file.relative_to(project.repository.resolve()).as_posix()
                yield Evidence(shown, number, line.strip()[:200])


def _files(
    project: Project, root: re.Pattern[str], workflow: re.Pattern[str] | None
) -> Iterator[Path]:
    top = project.repository.resolve()
    here = project.path.resolve().parent
    directories = [here, *(parent for parent in here.parents if parent.is_relative_to(top))]
    for directory in directories if here.is_relative_to(top) else [top]:
        yield from files_named(directory, (root,))
    if workflow is not None:
        yield from files_named(top / ".github" / "workflows", (workflow,))


def _stamp(file: Path) -> tuple[int, int]:
    try:
        status = file.stat()
    except OSError:
        return (0, 0)
    return (status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=512)
def _lines(file: Path, stamp: tuple[int, int]) -> tuple[str, ...]:
    """The lines of a file as it was at `stamp`; () when it is too large to look at."""
    if stamp[1] > _LARGEST:
        return ()
    try:
        return tuple(file.read_text("utf-8", "replace").split("\n"))
    except OSError:
        return ()

"""Facts about a Dockerfile and a repository that a test writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from gorewrite.config import Config
from gorewrite.context import Context
from gorewrite.dockerfile import parse
from gorewrite.facts import Facts, StageFacts
from gorewrite.outcome import changes_on_disk
from gorewrite.project import Result
from gorewrite.stage.runs import Invocation
from gorewrite.surroundings import Project

GO_MOD = "module example.com/shop\n\ngo 1.22\n"
MAIN = 'package main\n\nimport "net/http"\n\nfunc main() { _ = http.ListenAndServe(":80", nil) }\n'
SHOP = {"go.mod": GO_MOD, "main.go": MAIN}


def repository(top: Path, files: Mapping[str, str | bytes]) -> Path:
    """`top` as a repository of its own that holds `files` (path -> text)."""
    (top / ".git").mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    return top


def facts_of(top: Path, dockerfile: str, files: Mapping[str, str] | None = None) -> Facts:
    """The facts of `dockerfile` at the root of a context made of `files` (default: a shop)."""
    repository(top, {**(SHOP if files is None else files), "Dockerfile": dockerfile})
    path = top / "Dockerfile"
    project = Project(path, "Dockerfile", top, Context.of(top, path), Config())
    return Facts(parse(dockerfile), project)


def built(facts: Facts, stage: int = 0) -> tuple[StageFacts, Invocation]:
    """A stage and its last `go build` or `go install`."""
    found = facts.stages[stage]
    builds = [i for i in found.invocations if i.go.kind in ("build", "install")]
    return found, builds[-1]


@contextmanager
def written(result: Result) -> Iterator[None]:
    """For as long as it lasts, the other files of a plan are on disk."""
    files = [change for change in changes_on_disk(result) if change[0] != result.path]
    for path, _, new in files:
        path.write_bytes(new)
    try:
        yield
    finally:
        for path, old, _ in files:
            if old is None:
                path.unlink()
            else:
                path.write_bytes(old)

"""GitLab CI: the scripts of jobs.

Source: GitLab docs, "CI/CD YAML syntax reference" (default, extends, image, include, services,
variables, parallel:matrix). All lines of a job run in one shell that starts in the checkout.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from gorewrite.callers import ci, places
from gorewrite.callers.excerpt import Document
from gorewrite.callers.model import BuildCall, Builder, Source
from gorewrite.callers.shellscript import Setting, commands
from gorewrite.callers.yamlnodes import Mapping, Node, Scalar, items_of, read
from gorewrite.evidence import Evidence

_MOST_RUNS: Final = 60
_MOST_FILES: Final = 50
_NO_JOBS: Final = frozenset(
    "after_script before_script cache default image include pages:deploy services spec stages "
    "variables workflow".split()
)
_TOP: Final = re.compile(r"\$\{CI_PROJECT_DIR\}|\$CI_PROJECT_DIR\b")


class _File(NamedTuple):
    """A file of a pipeline; top: one of its YAML documents."""

    source: Source
    document: Document
    top: Mapping


class _Said(NamedTuple):
    """The value of a keyword, and the file in which it stands."""

    node: Node
    file: _File


#: The keywords of a job.
_Job = dict[str, _Said]


def calls(source: Source) -> Iterator[BuildCall]:
    """The builds of the jobs of a pipeline, those of the local files that it includes, too."""
    jobs: dict[str, _Job] = {}
    general: _Job = {}
    for file in _files(source, set()):
        for name, _, value in file.top.items:
            if name in _NO_JOBS:
                _put(general, {name: _Said(value, file)})
            if isinstance(value, Mapping) and name != "variables":
                own = jobs.setdefault(name, {})
                _put(own, {key: _Said(node, file) for key, _, node in value.items})
    variables = _variables(general.get("variables"))
    general = {**general, **jobs.get("default", {})}
    for name, job in jobs.items():
        if name not in _NO_JOBS or "script" in job:
            yield from _job({**general, **_extended(job, jobs, 0)}, variables)


def _files(source: Source, seen: set[str]) -> Iterator[_File]:
    """A file and those that it includes, which come first: what it says itself has the last
    word. Only files of the repository are followed."""
    seen.add(source.path)
    document = Document(source.path, source.data)
    for top in read(document.text):
        if not isinstance(top, Mapping):
            continue
        for included in top.sequence("include"):
            name = included.text("local") if isinstance(included, Mapping) else None
            name = included.text if isinstance(included, Scalar) else name
            path = (name or "").lstrip("/")
            data = source.read(path) if path and path not in seen else None
            if data is not None and len(seen) < _MOST_FILES:
                yield from _files(source._replace(path=path, data=data), seen)
        yield _File(source, document, top)


def _put(job: _Job, said: _Job) -> None:
    """Adds keywords to a job; variables are joined, the others are replaced."""
    for key, value in said.items():
        before = job.get(key)
        first, node = before.node if before is not None else None, value.node
        if key == "variables" and isinstance(first, Mapping) and isinstance(node, Mapping):
            value = value._replace(node=Mapping((*first.items, *node.items), node.line))
        job[key] = value


def _extended(job: _Job, jobs: dict[str, _Job], depth: int) -> _Job:
    """The keywords of a job with those that it extends put in."""
    found: _Job = {}
    extends = job.get("extends")
    bases = items_of(extends.node) if extends and depth < 6 else ()
    for base in bases:
        if isinstance(base, Scalar) and base.text in jobs:
            _put(found, _extended(jobs[base.text], jobs, depth + 1))
    _put(found, job)
    return found


def _job(job: _Job, general: dict[str, str | None]) -> Iterator[BuildCall]:
    script, before = job.get("script"), job.get("before_script")
    if script is None:
        return
    _, document, _ = file = script.file
    together = before is not None and before.file.document is document
    text = ci.script(document, [before.node if before and together else None, script.node])
    if text is None:
        return
    builder, because = _builder(job.get("image"))
    parallel = job.get("parallel")
    for own in _matrix(parallel.node if parallel else None):
        known = general | _variables(job.get("variables")) | own
        setting = Setting(places.ROOT, _settled(known), None, None, builder, because)
        yield from commands(text, setting, file.source)


def _variables(said: _Said | None) -> dict[str, str | None]:
    """Variables by their names; None for a value that depends on others."""
    if said is None:
        return {}
    found = ci.variables(said.node)
    for name, _, value in said.node.items if isinstance(said.node, Mapping) else ():
        text = _TOP.sub(places.ROOT, value.text) if isinstance(value, Scalar) else "$"
        if "$" not in text:
            found[name] = text
    return found


def _settled(variables: dict[str, str | None]) -> dict[str, str | None]:
    return {name: value for name, value in variables.items() if name not in places.CHECKOUT}


def _builder(image: _Said | None) -> tuple[Builder, Evidence | None]:
    """The builder that the command in the image of the job takes."""
    node = image.node if image is not None else None
    node = node.get("name") if isinstance(node, Mapping) else node
    builder = ci.docker_image(node.text) if isinstance(node, Scalar) else None
    if image is None or node is None or builder is None:
        return Builder.DEFAULT, None
    return builder, ci.at(image.file.document, node.line)


def _matrix(parallel: Node | None) -> list[dict[str, str | None]]:
    """The variables of each job that `parallel: matrix:` makes."""
    found: list[dict[str, str | None]] = []
    for entry in parallel.sequence("matrix") if isinstance(parallel, Mapping) else ():
        runs: list[dict[str, str | None]] = [{}]
        for name, _, _ in entry.items if isinstance(entry, Mapping) else ():
            values = entry.sequence(name) if isinstance(entry, Mapping) else ()
            texts = [value.text if isinstance(value, Scalar) else None for value in values]
            runs = [{**run, name: text} for run in runs for text in texts][:_MOST_RUNS]
        found += runs
    return found[:_MOST_RUNS] or [{}]

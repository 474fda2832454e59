"""GitLab CI: the scripts of jobs.

Source: GitLab docs, "CI/CD YAML syntax reference" (default, extends, image, services, variables,
parallel:matrix). All lines of a job run in one shell that starts in the checkout.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gorewrite.callers import ci, places
from gorewrite.callers.excerpt import Document
from gorewrite.callers.model import BuildCall, Builder, Source
from gorewrite.callers.shellscript import Setting, commands
from gorewrite.callers.yamlnodes import Mapping, Node, Scalar, read
from gorewrite.evidence import Evidence

_MOST_RUNS: Final = 60
_NO_JOBS: Final = frozenset(
    "after_script before_script cache default image include pages:deploy services spec stages "
    "variables workflow".split()
)


def calls(source: Source) -> Iterator[BuildCall]:
    """The builds of the jobs of a pipeline."""
    document = Document(source.path, source.data)
    for top in read(document.text):
        if not isinstance(top, Mapping):
            continue
        jobs = {name: job for name, _, job in top.items if isinstance(job, Mapping)}
        general = ci.variables(top.get("variables"))
        for name, job in jobs.items():
            if name not in _NO_JOBS or job.get("script") is not None:
                yield from _job(document, source, top, _extended(job, jobs, 0), general)


def _extended(job: Mapping, jobs: dict[str, Mapping], depth: int) -> dict[str, Node]:
    """The keywords of a job with those that it extends put in."""
    found: dict[str, Node] = {}
    for base in job.sequence("extends") if depth < 6 else ():
        if isinstance(base, Scalar) and base.text in jobs:
            found |= _extended(jobs[base.text], jobs, depth + 1)
    for key, _, value in job.items:
        before = found.get(key)
        if key == "variables" and isinstance(before, Mapping) and isinstance(value, Mapping):
            value = Mapping((*before.items, *value.items), value.line)
        found[key] = value
    return found


def _job(
    document: Document,
    source: Source,
    top: Mapping,
    job: dict[str, Node],
    general: dict[str, str | None],
) -> Iterator[BuildCall]:
    default = top.mapping("default")

    def of(key: str) -> Node | None:
        return job.get(key) or default.get(key) or top.get(key)

    text = ci.script(document, [of("before_script"), job.get("script")])
    if text is None:
        return
    builder, because = _builder(document, of("image"))
    for own in _matrix(job.get("parallel")):
        known = general | ci.variables(job.get("variables")) | own
        setting = Setting(places.ROOT, _settled(known), None, None, builder, because)
        yield from commands(text, setting, source)


def _settled(variables: dict[str, str | None]) -> dict[str, str | None]:
    return {name: value for name, value in variables.items() if name not in places.CHECKOUT}


def _builder(document: Document, image: Node | None) -> tuple[Builder, Evidence | None]:
    """The builder that the command in the image of the job takes."""
    node = image.get("name") if isinstance(image, Mapping) else image
    if not isinstance(node, Scalar):
        return Builder.DEFAULT, None
    builder = ci.docker_image(node.text)
    return (Builder.DEFAULT, None) if builder is None else (builder, ci.at(document, node.line))


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

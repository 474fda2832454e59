"""Azure Pipelines: the task Docker@2 and the scripts of steps.

Sources: Azure Pipelines task reference, Docker@2 (its build context is the Dockerfile's directory
unless said); YAML schema reference (steps.script, steps.bash, variables).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Final

from gorewrite.callers import ci, places
from gorewrite.callers.excerpt import Document
from gorewrite.callers.model import BuildCall, Builder, Source
from gorewrite.callers.shellscript import Setting, commands
from gorewrite.callers.yamlnodes import Mapping, Scalar, mappings, read

_CHECKOUT: Final = re.compile(
    r"\$\((?:Build\.SourcesDirectory|Build\.Repository\.LocalPath|System\.DefaultWorkingDirectory"
    r"|Pipeline\.Workspace\)/s|agent\.builddirectory\)/s)\)?",
    re.IGNORECASE,
)
_MACRO: Final = re.compile(r"\$\(([\w.-]+)\)|\$\{\{\s*(?:parameters|variables)\.([\w-]+)\s*\}\}")
_BUILDS: Final = frozenset({"build", "buildandpush"})


def calls(source: Source) -> Iterator[BuildCall]:
    """The builds of the steps of a pipeline or template."""
    document = Document(source.path, source.data)
    for top in read(document.text):
        values: dict[str, str | None] = {}
        for node in mappings(top):
            values |= _named(node)
        for node in mappings(top):
            if (node.text("task") or "").lower().startswith("docker@"):
                yield from _task(document, node, values)
            elif node.get("script") is not None or node.get("bash") is not None:
                yield from _script(document, source, node, values)


def _named(node: Mapping) -> dict[str, str | None]:
    """The variables and parameters that a mapping declares; None for one declared twice."""
    declared = node.get("variables")
    found = ci.variables(declared) if isinstance(declared, Mapping) else {}
    for item in (*node.sequence("variables"), *node.sequence("parameters")):
        name = item.text("name") if isinstance(item, Mapping) else None
        if isinstance(item, Mapping) and name is not None:
            found[name] = item.text("value") or item.text("default")
    return found


def _put_in(text: str, values: dict[str, str | None]) -> str:
    text = _CHECKOUT.sub(places.ROOT, text)
    return _MACRO.sub(lambda found: values.get(found[1] or found[2]) or found[0], text)


def _task(document: Document, node: Mapping, values: dict[str, str | None]) -> Iterator[BuildCall]:
    inputs = {key.lower(): value for key, _, value in node.mapping("inputs").items}

    def text(key: str) -> str:
        value = inputs.get(key.lower())
        return value.text if isinstance(value, Scalar) else ""

    command = (text("command") or "buildAndPush").replace(" ", "").lower()
    if command not in _BUILDS and "build" not in command:
        return
    written = (text("buildContext") or text("context"), text("Dockerfile") or text("dockerFile"))
    dockerfile = places.join(".", _put_in(written[1], values)) if written[1] else None
    if not written[0] or written[0] == "**":
        context = (posixpath.dirname(dockerfile) or ".") if dockerfile is not None else None
    else:
        context = places.join(".", _put_in(written[0], values))
    inputs_node = node.mapping("inputs")
    key = next((k for k, _, _ in inputs_node.items if k.lower() == "dockerfile"), "")
    line = inputs_node.line_of(key) if key else node.line_of("task")
    setting = ci.variables(node.get("env")).get("DOCKER_BUILDKIT")
    settled = {"1": Builder.BUILDKIT, "0": Builder.CLASSIC}.get(setting or "", Builder.DEFAULT)
    yield BuildCall(
        "Docker@" + (node.text("task") or "").partition("@")[2],
        document.path,
        line,
        document.text_of(line)[:200],
        document.trimmed(node.start, node.end),
        context,
        dockerfile,
        written if written[1] else (written[0], "**/Dockerfile"),
        builder=settled,
        builder_because=ci.at_key(document, node.mapping("env"), "DOCKER_BUILDKIT"),
    )


def _script(
    document: Document, source: Source, node: Mapping, values: dict[str, str | None]
) -> Iterator[BuildCall]:
    script = node.get("script") or node.get("bash")
    if not isinstance(script, Scalar):
        return
    text = ci.substituted(ci.excerpt(document, script), _CHECKOUT, lambda _: places.ROOT)
    text = ci.substituted(text, _MACRO, lambda found: values.get(found[1] or found[2]))
    written = node.text("workingDirectory")
    directory = places.join(".", _put_in(written, values)) if written else "."
    cwd = places.absolute(directory) if directory is not None else None
    yield from commands(text, Setting(cwd, ci.variables(node.get("env"))), source)

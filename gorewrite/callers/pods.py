"""Builds in manifests: Kubernetes pods and jobs, Tekton tasks and pipelines, Argo workflows.

They run kaniko, or scripts in the checkout. Where the sources lie is said elsewhere: of a
Dockerfile with an absolute path, or one with variables, the name is what is known. Sources: kaniko
README, "Running kaniko in a Kubernetes cluster"; Tekton catalog, task `kaniko` (params DOCKERFILE,
CONTEXT); Tekton, `script`; Argo, `source`.
"""

from __future__ import annotations

from collections.abc import Iterator

from gorewrite.callers import ci, places
from gorewrite.callers.excerpt import Document
from gorewrite.callers.model import BuildCall, Builder, Source
from gorewrite.callers.shellscript import Setting, commands
from gorewrite.callers.yamlnodes import Mapping, Scalar, mappings, read


def calls(source: Source) -> Iterator[BuildCall]:
    """The containers of a manifest that run kaniko or build in a script, and the tasks of kaniko's
    name that are used."""
    document = Document(source.path, source.data)
    for top in read(document.text):
        if not isinstance(top, Mapping) or top.get("apiVersion") is None:
            continue
        for node in mappings(top):
            task = node.mapping("taskRef")
            if "kaniko" in (node.text("image") or ""):
                yield _call(document, node, node.line_of("image"), _argument(node))
            elif "kaniko" in (task.text("name") or ""):
                yield _call(document, node, task.line_of("name"), _parameter(node))
            script = ci.script(document, [node.get("script"), node.get("source")])
            if script is not None and node.get("image") is not None:
                builder = ci.docker_image(node.text("image") or "") or Builder.DEFAULT
                because = ci.at(document, node.line_of("image"))
                known = ci.variables(node.get("env"))
                setting = Setting(places.ROOT, known, builder=builder, because=because)
                yield from commands(script, setting, source)


def _argument(container: Mapping) -> str:
    """What a container gives as `--dockerfile`; "" for the default."""
    items = (*container.sequence("command"), *container.sequence("args"))
    words = [item.text for item in items if isinstance(item, Scalar)]
    for at, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name in ("-f", "--dockerfile"):
            return value if equals else "".join(words[at + 1 : at + 2])
    return ""


def _parameter(use: Mapping) -> str:
    """What the use of a task is given as its Dockerfile; "" for the default."""
    for each in use.sequence("params"):
        if isinstance(each, Mapping) and "dockerfile" in (each.text("name") or "").lower():
            return each.text("value") or ""
    return ""


def _call(document: Document, node: Mapping, line: int, dockerfile: str) -> BuildCall:
    name = dockerfile.rpartition("/")[2] if dockerfile.startswith(("/", "$")) else dockerfile
    return BuildCall(
        "kaniko",
        document.path,
        line,
        document.text_of(line)[:200],
        document.trimmed(node.start, node.end),
        None,
        None,
        ("", name),
        builder=Builder.NEVER,
        builder_because=ci.at(document, line),
    )

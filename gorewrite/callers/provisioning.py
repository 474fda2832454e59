"""Terraform and Ansible, which build images through the API of the engine: the classic builder.

Sources: kreuzwerker/docker, docker_image and docker_registry_image, `builder` ("If not set or
empty, the legacy builder will be used"); Ansible community.docker, docker_image and
docker_image_build.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gorewrite.callers import places
from gorewrite.callers.model import BuildCall, Builder, Source
from gorewrite.evidence import Evidence

_RESOURCE: Final = re.compile(
    r'(?m)^[ \t]*resource[ \t]+"docker_(?:registry_)?image"[ \t]+"[^"\n]*"[ \t]*\{'
)
_BLOCK: Final = re.compile(r"(?m)^[ \t]*build[ \t]*(?:=[ \t]*)?\{")
_TASK: Final = re.compile(r"(?m)^(?P<in>[ \t-]*)(?:community\.docker\.)?docker_image:[ \t]*$")
_BUILDS: Final = re.compile(r"(?m)^[ \t]*(?:source:[ \t]*[\"']?build\b|build:)")
_INLINE: Final = re.compile(
    r"\b(path|dockerfile|context)[ \t]*[=:][ \t]*(\"[^\"\n]*\"|'[^'\n]*'|[^\s,}]+)"
)
#: What stands for the directory of the file itself.
_HERE: Final = re.compile(
    r"\$\{path\.(?:module|root|cwd)\}|\{\{\s*(?:playbook_dir|role_path)\s*\}\}"
)


def calls(source: Source) -> Iterator[BuildCall]:
    """The images that are built, unless they name a builder of buildx."""
    text = source.data.decode("utf-8", "replace")
    terraform = source.path.endswith(".tf")
    for start, body in _terraform(text) if terraform else _ansible(text):
        given: dict[str, str] = dict(_INLINE.findall(body))
        if terraform:  # What has no quotes is an expression.
            given = {n: v if v.startswith('"') else f"${{{v}}}" for n, v in given.items()}
        given = {name: value.strip("\"'") for name, value in given.items()}
        line = text.count("\n", 0, start) + 1
        shown = text.split("\n")[line - 1].strip()[:200]
        written = (given.get("context", given.get("path", ".")), given.get("dockerfile", ""))
        context = _place(source.start, written[0])
        dockerfile = _place(context, written[1] or "Dockerfile") if context is not None else None
        yield BuildCall(
            "docker_image",
            source.path,
            line,
            shown,
            (0, len(source.data)),
            context,
            dockerfile,
            written,
            builder=Builder.NEVER,
            builder_because=Evidence(source.path, line, shown),
        )


def _place(start: str | None, path: str) -> str | None:
    """A path relative to the root of the repository; None for one that is not plain."""
    plain = _HERE.sub(".", path)
    return None if start is None or re.search(r"[${]", plain) else places.join(start, plain)


def _terraform(text: str) -> Iterator[tuple[int, str]]:
    """(where the resource begins, its `build` block) of each that the classic builder builds."""
    for resource in _RESOURCE.finditer(text):
        inside = _braces(text, resource.end())
        block = _BLOCK.search(inside)
        body = _braces(inside, block.end()) if block is not None else ""
        if block is not None and not re.search(r"(?m)^\s*builder\s*=", body):
            yield resource.start(), body


def _braces(text: str, start: int) -> str:
    """The text up to the brace that closes the one before `start`."""
    depth = 1
    for found in re.compile(r"[{}]").finditer(text, start):
        depth += 1 if found[0] == "{" else -1
        if depth == 0:
            return text[start : found.start()]
    return text[start:]


def _ansible(text: str) -> Iterator[tuple[int, str]]:
    """(where the task begins, its arguments) of each docker_image that builds."""
    for task in _TASK.finditer(text):
        deeper = re.compile(rf"(?:\n[ \t]{{{len(task['in']) + 1},}}[^\n]*|\n[ \t]*(?=\n))*")
        body = deeper.match(text, task.end())
        if body is not None and _BUILDS.search(body[0]):
            yield task.start(), body[0]

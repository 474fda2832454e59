"""Terraform and Ansible, which build images through the API of the engine: the classic builder.

Sources: kreuzwerker/docker, docker_image and docker_registry_image, `builder` ("If not set or
empty, the legacy builder will be used"); Ansible community.docker, docker_image and
docker_image_build.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gorewrite.callers import ci, places
from gorewrite.callers.excerpt import Document
from gorewrite.callers.helm import OPEN
from gorewrite.callers.model import BuildCall, Builder, Source
from gorewrite.callers.yamlnodes import Mapping, Scalar, mappings, read

_IMAGES: Final = ("docker_image", "docker_registry_image")
#: What stands for the directory of the file itself.
_HERE: Final = re.compile(r"\{\{\s*(?:playbook_dir|role_path)\s*\}\}")


def calls(source: Source) -> Iterator[BuildCall]:
    """The images that are built, unless they name a builder of buildx."""
    found = _terraform(source) if source.path.endswith(".tf") else _ansible(source)
    document = Document(source.path, source.data)
    for line, build in found:
        file = build.text("dockerfile")
        written = (build.text("context") or build.text("path") or ".", file or "")
        context = _place(source.start, written[0])
        dockerfile = _place(context, written[1] or "Dockerfile") if context is not None else None
        args = next((build.mapping(key) for key in ("buildArgs", "args") if build.get(key)), None)
        target = build.text("target")
        place = ci.at(document, line)
        yield BuildCall(
            "docker_image",
            source.path,
            line,
            place.text,
            (0, len(source.data)),
            context,
            dockerfile,
            written,
            target if target and _plain(target) else None,
            tuple((name, _value(node)) for name, _, node in args.items) if args else (),
            builder=Builder.NEVER,
            builder_because=place,
        )


def _plain(text: str) -> bool:
    return OPEN not in text and "{{" not in text


def _value(node: object) -> str | None:
    return node.text if isinstance(node, Scalar) and _plain(node.text) else None


def _place(start: str | None, path: str) -> str | None:
    """A path relative to the root of the repository; None for one that is not plain."""
    path = _HERE.sub(".", path)
    return places.join(start, path) if start is not None and _plain(path) else None


def _terraform(source: Source) -> Iterator[tuple[int, Mapping]]:
    """(line of the resource, its `build`) of each that the classic builder builds."""
    from gorewrite.callers import hclnodes

    for block, node in hclnodes.read(source.data):
        build = node.get("build")
        image = block.labels[:1] and block.labels[0] in _IMAGES
        if image and isinstance(build, Mapping) and build.get("builder") is None:
            yield block.line, build


def _ansible(source: Source) -> Iterator[tuple[int, Mapping]]:
    """(line of the task, what it builds) of each docker_image that builds."""
    for document in read(source.data.decode("utf-8", "replace")):
        for task in mappings(document):
            for key, line, given in task.items:
                if key.rpartition(".")[2] != "docker_image" or not isinstance(given, Mapping):
                    continue
                build = given.get("build")
                if isinstance(build, Mapping) or given.text("source") == "build":
                    yield line, build if isinstance(build, Mapping) else given

"""What a `docker run` line or a Kubernetes container means for the image, as a compose service.

Loaded only where a caller runs the image. Sources: `docker run`, `docker exec`; Kubernetes API
reference, Container v1 (command, args, probes, lifecycle).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from gorewrite.callers.compose import CommandLine, Service
from gorewrite.callers.runcalls import bare_image
from gorewrite.callers.yamltree import Mapping, Node, Scalar, read
from gorewrite.callers.yamltree import Sequence as Items
from gorewrite.evidence import Evidence

#: Options of `docker run` whose value may be the name of the image, too.
_NAMES: Final = re.compile(r"-h|--(hostname|name|network|network-alias|link|label)")
_SHELLS: Final = frozenset({"sh", "bash", "ash"})


def run_of(
    words: list[str], names: set[str], beside: bool, directory: Path, evidence: Evidence
) -> Iterator[Service]:
    """The service that one `docker run` amounts to; none when it runs what the image says."""
    entrypoint = None
    for at, word in enumerate(words):
        option, equals, value = word.partition("=")
        if option == "--entrypoint":
            entrypoint = value if equals else "".join(words[at + 1 : at + 2])
        named = at > 0 and _NAMES.fullmatch(words[at - 1])
        if word.startswith("-") or named or bare_image(word) not in names:
            continue
        arguments = tuple(words[at + 1 :])
        given = CommandLine(arguments, evidence) if arguments else None
        service = Service(f"of {evidence.path}", directory, evidence)
        shell = (entrypoint or (arguments[0] if arguments else "")).rpartition("/")[2]
        if beside or (shell in _SHELLS and len(arguments) < 2):
            line = (*((entrypoint,) if entrypoint else ()), *arguments)
            if line:
                yield service._replace(healthcheck=CommandLine(("CMD", *line), evidence))
        elif entrypoint or given:
            first = CommandLine((entrypoint,), evidence) if entrypoint else None
            yield service._replace(entrypoint=first, command=given)
        return


def pods(file: Path, top: Path, text: str) -> Iterator[tuple[str, Service]]:
    """(image without its tag, what a container made from it runs) of a manifest."""
    shown = file.relative_to(top).as_posix() if file.is_relative_to(top) else file.name
    lines = text.split("\n")
    for document in read(text):
        for container in _containers(document):
            image = container.get("image")
            if isinstance(image, Scalar):
                for run in _container(container, file.parent, shown, lines):
                    yield bare_image(image.text), run


def _containers(node: Node) -> Iterator[Mapping]:
    if isinstance(node, Mapping):
        for key, _, value in node.items:
            if key in ("containers", "initContainers") and isinstance(value, Items):
                yield from (item for item in value.items if isinstance(item, Mapping))
            else:
                yield from _containers(value)
    elif isinstance(node, Items):
        for item in node.items:
            yield from _containers(item)


def _container(
    node: Mapping, directory: Path, shown: str, lines: Sequence[str]
) -> Iterator[Service]:
    name = node.get("name")
    title = f"{name.text if isinstance(name, Scalar) else 'container'} of {shown}"

    def line(parent: Mapping, key: str) -> CommandLine | None:
        value, at = parent.get(key), parent.line_of(key)
        items = value.items if isinstance(value, Items) else ()
        words = tuple(item.text for item in items if isinstance(item, Scalar))
        evidence = Evidence(shown, at, lines[at - 1].strip()[:200] if at else "")
        templated = len(words) < len(items) or any("{{" in word for word in words)
        return CommandLine(words, evidence) if words and not templated else None

    command, arguments = line(node, "command"), line(node, "args")
    where = (command or arguments or CommandLine((), Evidence(shown, node.line, ""))).evidence
    service = Service(title, directory, where)
    if command or arguments:
        yield service._replace(entrypoint=command, command=arguments)
    handlers = [node.get(key) for key in ("livenessProbe", "readinessProbe", "startupProbe")]
    lifecycle = node.get("lifecycle")
    if isinstance(lifecycle, Mapping):
        handlers += [lifecycle.get("preStop"), lifecycle.get("postStart")]
    for handler in handlers:
        run = handler.get("exec") if isinstance(handler, Mapping) else None
        beside = line(run, "command") if isinstance(run, Mapping) else None
        if beside is not None:
            checked = CommandLine(("CMD", *beside.words), beside.evidence)
            yield service._replace(healthcheck=checked, evidence=beside.evidence)

"""Builds of named stages, and synced files, in workflows and in skaffold.yaml.

Apart from `buildtargets` so that the YAML reader is loaded only where such a file is there.
"""

from __future__ import annotations

from collections.abc import Iterator

from gorewrite.callers.buildtargets import Call
from gorewrite.callers.yamltree import Mapping, Node, Scalar, Sequence, read


def workflow(text: str) -> Iterator[Call]:
    """The inputs of docker/build-push-action in a workflow."""
    lines = text.split("\n")
    for document in read(text):
        for node in _mappings(document):
            inputs = node.get("with")
            target = inputs.get("target") if isinstance(inputs, Mapping) else None
            if not isinstance(inputs, Mapping) or not isinstance(target, Scalar):
                continue
            context, file = inputs.get("context"), inputs.get("file")
            yield Call(
                context.text if isinstance(context, Scalar) else ".",
                file.text if isinstance(file, Scalar) else None,
                False,
                target.text,
                inputs.line_of("target"),
                lines[inputs.line_of("target") - 1].strip(),
            )


def skaffold(text: str) -> Iterator[Call]:
    """The artifacts of a skaffold.yaml and of its profiles."""
    lines = text.split("\n")
    for document in read(text):
        for node in _mappings(document):
            artifacts = node.get("artifacts")
            for artifact in artifacts.items if isinstance(artifacts, Sequence) else ():
                if not isinstance(artifact, Mapping):
                    continue
                docker, context = artifact.get("docker"), artifact.get("context")
                values = docker if isinstance(docker, Mapping) else Mapping((), artifact.line)
                target, file = values.get("target"), values.get("dockerfile")
                syncs = artifact.get("sync") is not None
                line = artifact.line_of("sync") if syncs else values.line_of("target")
                yield Call(
                    context.text if isinstance(context, Scalar) else ".",
                    file.text if isinstance(file, Scalar) else None,
                    True,
                    target.text if isinstance(target, Scalar) else None,
                    line,
                    lines[line - 1].strip(),
                    syncs,
                )


def _mappings(node: Node) -> Iterator[Mapping]:
    """Every mapping at any depth. Anchors make a file small and its tree large: bounded."""
    waiting: list[Node] = [node]
    for _ in range(20_000):
        if not waiting:
            return
        current = waiting.pop()
        if isinstance(current, Mapping):
            yield current
            waiting += [value for _, _, value in reversed(current.items)]
        elif isinstance(current, Sequence):
            waiting += reversed(current.items)

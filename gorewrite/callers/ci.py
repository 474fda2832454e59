"""What readers of CI files share: scripts in YAML values, variables, versions of Docker."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from gorewrite.callers.excerpt import Document, Excerpt
from gorewrite.callers.model import Builder
from gorewrite.callers.yamlnodes import Mapping as YamlMapping
from gorewrite.callers.yamlnodes import Node, Scalar, Sequence
from gorewrite.evidence import Evidence

#: BuildKit is what `docker build` takes from here on (Docker Engine 23.0 release notes).
_BUILDKIT_SINCE: Final = 23
_DOCKER_IMAGE: Final = re.compile(
    r"(?:.*/)?docker:(?:(?P<version>\d+)(?:\.\d+)*(?:-\w+)*|(?P<name>latest|dind|cli|git|stable.*))"
)


def excerpt(document: Document, scalar: Scalar) -> Excerpt:
    """The text that a scalar stands for."""
    start = scalar.start
    if document.text[start : start + 1] in ("|", ">"):
        start = document.text.find("\n", start) + 1
    return document.value(start, scalar.end, scalar.text)


def scalars(node: Node | None) -> Iterator[Scalar]:
    """The texts of a script: one, a list of them, or lists in lists."""
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from scalars(item)


def script(document: Document, nodes: Iterable[Node | None]) -> Excerpt | None:
    """Several scripts that one shell runs one after the other; None for none."""
    parts = [excerpt(document, scalar) for node in nodes for scalar in scalars(node)]
    return Excerpt.joined(parts) if parts else None


def substituted(
    text: Excerpt, pattern: re.Pattern[str], value: Callable[[re.Match[str]], str | None]
) -> Excerpt:
    """With the expressions of a CI's own language put in; what is not known becomes a variable
    of the shell that nobody sets."""
    edits = []
    for found in pattern.finditer(text.text):
        known = value(found)
        edits.append((found.start(), found.end(), "${_unknown_}" if known is None else known))
    return text.replaced(edits)


def variables(node: Node | None) -> dict[str, str | None]:
    """The variables of an `env` mapping or of a list of `NAME=value` or mappings.

    None for a value that depends on others.
    """
    found: dict[str, str | None] = {}
    if isinstance(node, YamlMapping):
        for name, _, value in node.items:
            if isinstance(value, YamlMapping):  # GitLab: {value:, description:}
                value = value.get("value") or value
            plain = isinstance(value, Scalar) and "$" not in value.text
            found[name] = value.text if plain and isinstance(value, Scalar) else None
    elif isinstance(node, Sequence):
        for item in node.items:
            if isinstance(item, Scalar):
                for name, given in re.findall(r"(\w+)=([^\s\"']*|\"[^\"]*\"|'[^']*')", item.text):
                    found[name] = None if "$" in given else given.strip("\"'")
            elif isinstance(item, YamlMapping):
                found |= variables(item)
    return found


def docker_image(name: str) -> Builder | None:
    """Which builder the Docker command in an image takes; None when it is no image of Docker."""
    found = _DOCKER_IMAGE.fullmatch(name)
    if found is None:
        return Builder.BUILDKIT if re.fullmatch(r"(?:.*/)?docker", name) else None
    if found["version"] is not None:
        return of_version(int(found["version"]))
    # The tag "stable" was left at 19.03.
    return Builder.CLASSIC if found["name"].startswith("stable") else Builder.BUILDKIT


def of_version(major: int) -> Builder:
    """Which builder `docker build` takes where nothing else is said, by Docker's major version."""
    return Builder.BUILDKIT if major >= _BUILDKIT_SINCE else Builder.CLASSIC


def at(document: Document, line: int) -> Evidence:
    """A line of a file as evidence."""
    return Evidence(document.path, line, document.text_of(line)[:200])


def at_key(document: Document, node: YamlMapping, key: str) -> Evidence | None:
    """The line of a key of a mapping as evidence; None where it is not there."""
    return at(document, node.line_of(key)) if node.get(key) is not None else None

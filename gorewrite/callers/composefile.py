"""Compose files: what the `build` sections of their services say.

Source: Compose specification (build, extends, include, merge, interpolation). How the services run
is read by `gorewrite.callers.compose`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from gorewrite.callers import ci, places
from gorewrite.callers.buildcommand import setting_of
from gorewrite.callers.excerpt import Document
from gorewrite.callers.formats import COMPOSE_NAME
from gorewrite.callers.model import BuildCall, Builder, Source, bare_image
from gorewrite.callers.yamlnodes import Mapping, Node, Scalar, Sequence, read
from gorewrite.evidence import Evidence

PLAIN_NAMES: Final = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
_VARIABLE: Final = re.compile(
    r"\$(?:(?P<escaped>\$)|(?P<name>\w+)|\{(?P<braced>\w+)(?::?-(?P<default>[^{}]*)|[^{}]*)\})"
)
_SETTING: Final = re.compile(r"""(?m)^\s*(?:export\s+)?(\w+)=["']?([^"'#\n]*?)["']?\s*$""")


class _File(NamedTuple):
    """A compose file that was read. start: what its relative paths are relative to."""

    document: Document
    start: str
    services: Mapping
    included: tuple[str, ...]


class _Build(NamedTuple):
    """The `build` of a service with what it extends. file, node: where the nearest one stands.

    values: key -> (value, what a relative path in it is relative to).
    """

    file: _File
    service: Mapping
    values: dict[str, tuple[Node, str]]


def calls(source: Source) -> Iterator[BuildCall]:
    """The builds of the services of a compose file, and of those that it includes."""
    return (call for _, call in services(source))


def services(source: Source) -> Iterator[tuple[str, BuildCall]]:
    """(name of the service, its build) of a compose file, and of those that it includes."""
    yield from _calls(source, source.path, source.data, source.start, 0)


def _calls(
    source: Source, path: str, data: bytes, start: str, depth: int
) -> Iterator[tuple[str, BuildCall]]:
    file = _read(path, data, start)
    if file is None:
        return
    settings = _settings(source, start)
    builder, because = _builder(source, start, settings)
    for name, _, node in file.services.items:
        build = _build(source, file, name, node, 0)
        call = _call(build, settings) if build is not None else None
        if call is not None:
            yield name, call._replace(builder=builder, builder_because=because)
    for other in file.included if depth < 4 else ():
        # One with a usual name is read for itself.
        joined = places.join(start, other)
        more = source.read(joined) if joined and not _usual(joined) else None
        if joined is not None and more is not None:
            yield from _calls(source, joined, more, posixpath.dirname(joined) or ".", depth + 1)


def _usual(path: str) -> bool:
    return COMPOSE_NAME.fullmatch(posixpath.basename(path)) is not None


@lru_cache(maxsize=32)
def _read(path: str, data: bytes, start: str) -> _File | None:
    document = Document(path, data)
    documents = read(document.text)
    first = documents[0] if len(documents) == 1 else None
    if not isinstance(first, Mapping):
        return None
    included = []
    for item in first.sequence("include"):
        paths = item.sequence("path") if isinstance(item, Mapping) else (item,)
        included += [each.text for each in paths if isinstance(each, Scalar)]
    # In files of the first version the services are all there is.
    services = first.mapping("services") if first.get("services") is not None else first
    return _File(document, start, services, tuple(included))


def _build(source: Source, file: _File, name: str, node: Node, depth: int) -> _Build | None:
    """The `build` of a service, what it extends and, for an override, what it is merged with
    put in; None for a service that builds nothing."""
    if not isinstance(node, Mapping):
        return None
    base = _base(source, file, name, node, depth) if depth < 5 else None
    own = node.get("build")
    if own is None:
        return base
    values: dict[str, tuple[Node, str]] = {}
    if isinstance(own, Scalar):
        values = {"context": (own, file.start)}
    elif isinstance(own, Mapping):
        values = {key: (value, file.start) for key, _, value in own.items}
    else:
        return None
    return _Build(file, node, {**(base.values if base else {}), **values})


def _base(source: Source, file: _File, name: str, node: Mapping, depth: int) -> _Build | None:
    extends = node.get("extends")
    if isinstance(extends, Scalar):
        return _of(source, file, extends.text, depth)
    if isinstance(extends, Mapping):
        other = extends.text("file")
        found = file if other is None else _other(source, file, places.join(file.start, other))
        return _of(source, found, extends.text("service") or "", depth)
    build = node.get("build")
    if isinstance(build, Mapping) and build.get("context") is None:
        # An override (compose.override.yaml) leaves out what the file that it goes with says.
        here = posixpath.basename(file.document.path)
        for usual in PLAIN_NAMES:
            found = _other(source, file, posixpath.normpath(f"{file.start}/{usual}"))
            if usual != here and here not in PLAIN_NAMES and found is not None:
                return _of(source, found, name, depth)
    return None


def _of(source: Source, file: _File | None, name: str, depth: int) -> _Build | None:
    node = file.services.get(name) if file is not None else None
    if file is None or node is None:
        return None
    return _build(source, file, name, node, depth + 1)


def _other(source: Source, file: _File, path: str | None) -> _File | None:
    if path is None or path == file.document.path:
        return None
    data = source.read(path)
    return _read(path, data, posixpath.dirname(path) or ".") if data is not None else None


def _call(build: _Build, settings: dict[str, str]) -> BuildCall | None:
    if "dockerfile_inline" in build.values:
        return None

    def text(key: str) -> str | None:
        value = build.values.get(key)
        return value[0].text if value is not None and isinstance(value[0], Scalar) else None

    document = build.file.document
    written = (text("context") or "", text("dockerfile") or "")
    start = build.values["context"][1] if "context" in build.values else build.file.start
    context = places.join(start, _interpolated(written[0] or ".", settings))
    dockerfile = None
    if context is not None:
        named = _interpolated(written[1] or "Dockerfile", settings)
        dockerfile = places.join(context, named)
    target = _interpolated(text("target") or "", settings)
    image = build.service.text("image")
    keys = build.service.mapping("build")
    line = build.service.line_of("build")
    placed = [key for key in ("context", "dockerfile") if keys.get(key) is not None]
    line = keys.line_of(placed[0]) if placed else line
    platforms = build.values.get("platforms", (None, ""))[0]
    listed = platforms.items if isinstance(platforms, Sequence) else ()
    contexts = _arguments(build.values.get("additional_contexts", (None, ""))[0], settings)
    return BuildCall(
        "docker compose",
        document.path,
        line,
        document.text_of(line)[:200],
        document.trimmed(*build.service.span_of("build")),
        context,
        dockerfile,
        written,
        target if target and "$" not in target else None,
        tuple(_arguments(build.values.get("args", (None, ""))[0], settings)),
        tuple(item.text for item in listed if isinstance(item, Scalar)),
        exports_layers="cache_to" in build.values,
        named=tuple(name for name, _ in contexts),
        tags=(bare_image(image),) if image else (),
        target_because=ci.at_key(document, keys, "target"),
        exports_because=ci.at_key(document, keys, "cache_to"),
    )


def _arguments(node: Node | None, settings: dict[str, str]) -> Iterator[tuple[str, str | None]]:
    if isinstance(node, Mapping):
        for key, _, value in node.items:
            plain = isinstance(value, Scalar) and not value.null
            yield key, _known(value.text, settings) if plain and isinstance(value, Scalar) else None
    elif isinstance(node, Sequence):
        for item in node.items:
            if isinstance(item, Scalar):
                name, equals, given = item.text.partition("=")
                yield name, _known(given, settings) if equals else None


def _known(text: str, settings: dict[str, str]) -> str | None:
    value = _interpolated(text, settings)
    return None if "$" in value else value


def _settings(source: Source, start: str) -> dict[str, str]:
    """The variables of the env file beside it."""
    data = source.read(posixpath.normpath(f"{start}/.env"))
    return dict(_SETTING.findall(data.decode("utf-8", "replace"))) if data is not None else {}


def _builder(
    source: Source, start: str, settings: dict[str, str]
) -> tuple[Builder, Evidence | None]:
    """The builder that the env file beside it chooses, which is what the caller chose."""
    builder, because = setting_of(settings)
    if builder is not Builder.CLASSIC:
        return Builder.DEFAULT, None
    path = posixpath.normpath(f"{start}/.env")
    line = (source.read(path) or b"").partition(b"DOCKER_BUILDKIT")[0].count(b"\n") + 1
    return builder, Evidence(path, line, because)


def _interpolated(text: str, settings: dict[str, str]) -> str:
    """With variables and their defaults put in; one without a value stays as it is written."""

    def value(found: re.Match[str]) -> str:
        if found["escaped"]:
            return "$"
        name = found["name"] or found["braced"]
        if name == "PWD":
            return "."
        default = found["default"] if found["default"] is not None else found[0]
        return settings.get(name, default)

    return _VARIABLE.sub(value, text) if "$" in text else text

"""Builds in Bake files: docker-bake.hcl, docker-bake.json and other HCL files with targets.

Paths of a Bake file are relative to where `docker buildx bake` runs, which it does not say: most
often its own directory, where it is found without `--file`, or the top of the repository.
Sources: Bake file reference (docs.docker.com/build/bake/reference), docker/buildx issue 1028.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from gorewrite.callers.hcl import Block, Scope, Value, blocks, plain, products, spelled, template
from gorewrite.callers.model import BuildCall, Builder, Source, bare_image
from gorewrite.callers.places import join
from gorewrite.evidence import Evidence

_ALWAYS: Final = Evidence("", 0, "Bake is a command of Buildx, which builds with BuildKit")
_UNKNOWN: Final = "${…}"
#: Files that are read without `--file`, under any other one of their directory.
_DEFAULTS: Final = ("docker-bake.json", "docker-bake.hcl")
#: What a parent in another file may say.
_OPEN: Final = dict.fromkeys(("context", "dockerfile", "target"), _UNKNOWN)
_MERGED: Final = ("args", "contexts", "labels")


class _Target(NamedTuple):
    """A target with its own attributes, and where it stands. says: attribute -> its line."""

    name: str
    attributes: Mapping[str, Value]
    span: tuple[int, int]
    line: int
    says: Mapping[str, Evidence] = {}

    def over(self, base: _Target) -> _Target:
        """This target over another: arguments and the like are joined, others are replaced."""
        merged = {**base.attributes, **self.attributes}
        for key in _MERGED:
            below, above = base.attributes.get(key), self.attributes.get(key)
            if isinstance(below, dict) and isinstance(above, dict):
                merged[key] = {**below, **above}
        return self._replace(attributes=merged, says={**base.says, **self.says})


@dataclass
class _File:
    """The targets of a file by name, and the names that its groups list."""

    targets: dict[str, _Target] = field(default_factory=dict)
    grouped: set[str] = field(default_factory=set)

    def add(self, target: _Target) -> None:
        """A second block of a name is merged over the first."""
        old = self.targets.get(target.name)
        self.targets[target.name] = target if old is None else target.over(old)

    def merge(self, other: _File) -> None:
        """Puts another file over this one."""
        self.grouped |= other.grouped
        for target in other.targets.values():
            self.add(target)

    def resolved(self, target: _Target, above: tuple[str, ...] = ()) -> _Target:
        """A target with what it inherits; the last parent wins."""
        found = target._replace(attributes={}, says={})
        for name in _texts(target.attributes.get("inherits")):
            parent = self.targets.get(name)
            if parent is None or name in above or len(above) > 20:
                found = found._replace(attributes={**found.attributes, **_OPEN})
            else:
                found = self.resolved(parent, (*above, target.name)).over(found)
        return target.over(found)

    def built(self) -> Iterator[_Target]:
        """The targets that are there to be built, not only to be inherited."""
        parents = {
            name for t in self.targets.values() for name in _texts(t.attributes.get("inherits"))
        }
        for name, target in self.targets.items():
            says = target.attributes.keys() & {"output", "target"}
            if name in self.grouped or not (name[:1] == "_" or (name in parents and not says)):
                yield target


def calls(source: Source) -> Iterator[BuildCall]:
    """The builds of the targets of a file, one for each combination of a `matrix`.

    A target that the default file of the directory has, too, is put over that. A target that is
    only inherited is none, and one with `dockerfile-inline` builds no file.
    """
    file, own = _File(), _read(source.path, source.data)
    name = source.path.rpartition("/")[2]
    for sibling in _DEFAULTS if name not in _DEFAULTS else ():
        path = f"{source.directory}/{sibling}".removeprefix("./")
        file.merge(_read(path, source.read(path) or b""))
    file.merge(own)
    lines = source.data.decode("utf-8", "replace").split("\n")
    for target in file.built():
        if target.name not in own.targets:
            continue
        whole = file.resolved(target)
        if whole.attributes.get("dockerfile-inline") is None:
            yield _call(source, whole, lines)


def _call(source: Source, target: _Target, lines: list[str]) -> BuildCall:
    attributes = target.attributes
    written = (_text(attributes.get("context")), _text(attributes.get("dockerfile")))
    context = join(source.start, written[0].removeprefix("cwd://") or ".")
    dockerfile = join(context, written[1] or "Dockerfile") if context is not None else None
    args, stage = attributes.get("args"), attributes.get("target")
    named = attributes.get("contexts")
    return BuildCall(
        tool="bake",
        file=source.path,
        line=target.line,
        text=lines[target.line - 1].strip(),
        span=target.span,
        context=context,
        dockerfile=dockerfile,
        written=written,
        target=stage if isinstance(stage, str) and stage and plain(stage) else None,
        args=tuple(_arguments(args)) if isinstance(args, dict) else (),
        platforms=_texts(attributes.get("platforms")),
        builder=Builder.BUILDKIT,
        builder_because=_ALWAYS,
        exports_layers=bool(attributes.get("cache-to")),
        named=tuple(named) if isinstance(named, dict) else (),
        tags=tuple(bare_image(tag) for tag in _texts(attributes.get("tags"))),
        target_because=target.says.get("target"),
        exports_because=target.says.get("cache-to"),
    )


def _arguments(args: Mapping[str, Value]) -> Iterator[tuple[str, str | None]]:
    for name, value in args.items():
        if value is not None:  # Bake passes no argument that is null.
            yield name, spelled(value) if plain(value) else None


def _text(value: Value) -> str:
    """A text as it is written; "" for the default."""
    return value if isinstance(value, str) else "" if value is None else _UNKNOWN


def _texts(value: Value) -> tuple[str, ...]:
    return tuple(v for v in value if isinstance(v, str)) if isinstance(value, list) else ()


def _read(path: str, data: bytes) -> _File:
    return _json(data) if path.endswith(".json") else _hcl(path, data)


def _hcl(path: str, data: bytes) -> _File:
    every = blocks(data)
    texts = data.decode("utf-8", "replace").split("\n")
    names = {b.labels[0]: b.attributes["default"] for b in _of(every, "variable", "default")}
    scope = Scope(names)
    functions = {
        b.labels[0]: ([p.strip('" []') for p in _words(b)], b.attributes["result"])
        for b in _of(every, "function", "result")
    }
    scope = Scope(names, functions)
    file = _File()
    for block in _of(every, "group", "targets"):
        file.grouped.update(_texts(scope.value(block.attributes["targets"])))
    for block in _of(every, "target"):
        lines = {key: node.start_point[0] for key, node in block.attributes.items()}
        says = {key: Evidence(path, n + 1, texts[n].strip()[:200]) for key, n in lines.items()}
        for target in _expanded(block, scope):
            target = target._replace(says=says)
            file.add(target)
            if target.name != block.labels[0] and block.labels[0] in file.grouped:
                file.grouped.add(target.name)
    return file


def _of(every: Iterable[Block], kind: str, *required: str) -> list[Block]:
    return [
        b for b in every if b.kind == kind and b.labels and all(r in b.attributes for r in required)
    ]


def _words(function: Block) -> list[str]:
    """The parameters of a function, which are written as bare words."""
    node = function.attributes.get("params")
    return re.findall(r"\w+", (node.text or b"").decode()) if node is not None else []


def _expanded(block: Block, scope: Scope) -> Iterator[_Target]:
    """The targets that a block stands for: one, or one for each combination of its matrix."""
    label = block.labels[0]
    matrix = scope.value(block.attributes["matrix"]) if "matrix" in block.attributes else {}
    rows = list(products(matrix)) if isinstance(matrix, dict) else []
    for row in rows or [{}]:
        inner = scope.with_names(row)
        attributes = {
            key: inner.value(node) for key, node in block.attributes.items() if key != "matrix"
        }
        name = attributes.get("name")
        unique = name if isinstance(name, str) else label
        yield _Target(unique, attributes, block.span, block.line)


def _json(data: bytes) -> _File:
    """A Bake file in JSON, whose texts may hold `${variable}`."""
    text = data.decode("utf-8", "replace")
    file = _File()
    try:
        tree = dict(_members(text, text.index("{")))
        names = {
            name: value.get("default")
            for name, (value, _, _) in _inner(text, tree, "variable")
            if isinstance(value, dict)
        }
        for _, (group, _, _) in _inner(text, tree, "group"):
            file.grouped.update(_texts(group.get("targets") if isinstance(group, dict) else None))
        for name, (value, start, end) in _inner(text, tree, "target"):
            if isinstance(value, dict):
                span = (len(text[:start].encode()), len(text[:end].encode()))
                line = text.count("\n", 0, start) + 1
                file.add(_Target(name, _filled(value, names), span, line))
    except (ValueError, RecursionError):
        return _File()
    return file


def _inner(text: str, tree: Mapping[str, _Member], key: str) -> list[tuple[str, _Member]]:
    value, start, _ = tree.get(key, (None, 0, 0))
    return list(_members(text, text.index("{", start))) if isinstance(value, dict) else []


_Member = tuple[Value, int, int]


def _members(text: str, start: int) -> Iterator[tuple[str, _Member]]:
    """(key, (value, offset of the key, end of the value)) of the JSON object at `start`.

    Raises ValueError where it is none. `json` itself does not tell where things stand.
    """
    decoder = json.JSONDecoder()
    gap = re.compile(r"[\s,]*")

    def behind(at: int) -> int:
        found = gap.match(text, at)
        return found.end() if found else at

    at = behind(start + 1)
    while text[at : at + 1] not in ("}", ""):
        key, end = decoder.raw_decode(text, at)
        value, end = decoder.raw_decode(text, behind(text.index(":", end) + 1))
        yield key, (value, at, end)
        at = behind(end)


def _filled(value: Mapping[str, Value], names: Mapping[str, Value]) -> dict[str, Value]:
    return {key: _put(item, names) for key, item in value.items()}


def _put(value: Value, names: Mapping[str, Value]) -> Value:
    if isinstance(value, str):
        return template(value, names)
    if isinstance(value, list):
        return [_put(item, names) for item in value]
    return _filled(value, names) if isinstance(value, dict) else value

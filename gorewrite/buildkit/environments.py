"""The environment of a job, step or file in the YAML of a pipeline: `DOCKER_BUILDKIT: "1"`.

Each system has its own name for it and its own place: GitHub Actions, GitLab CI, CircleCI, Cloud
Build, Azure Pipelines, Taskfile and skaffold, as their references say. The value is a text
everywhere, for docker reads it as a boolean word and YAML would make it a number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from gorewrite.buildkit.model import SETTING, VARIABLE, Insertion, newline_of
from gorewrite.callers import yamlnodes
from gorewrite.callers.model import BuildCall, Source
from gorewrite.callers.yamlnodes import Mapping, Node, Scalar


class Place(NamedTuple):
    """Where a system takes variables from.

    path: keys down to what has an environment, "*" for any; key: the name of the environment.
    before: a new environment is put in front of the first of these keys that is there.
    """

    path: tuple[str, ...]
    key: str
    before: tuple[str, ...] = ("steps", "script", "args", "inputs", "tasks", "before_script")


JOBS: dict[str, Place] = {
    "workflow": Place(("jobs", "*"), "env"),
    "gitlab": Place(("*",), "variables", ("before_script", "script")),
    "circleci": Place(("jobs", "*"), "environment"),
    "taskfile": Place((), "env"),
}
#: Steps that are no command line, so that nothing can be put in front of docker.
STEPS = frozenset(["cloudbuild", "azure"])


class _File:
    """A YAML file and its nodes; offsets here are characters, as the nodes have them."""

    def __init__(self, data: bytes) -> None:
        self.text = data.decode("utf-8")
        self.newline = newline_of(data)
        self.ascii = self.text.isascii()
        self.documents = yamlnodes.read(self.text)

    def byte(self, offset: int) -> int:
        return offset if self.ascii else len(self.text[:offset].encode())

    def character(self, offset: int) -> int:
        return offset if self.ascii else len(self.text.encode()[:offset].decode("utf-8", "ignore"))

    def way_to(self, offset: int) -> Iterator[tuple[str, Node]]:
        """The keys (positions in lists as numbers) and nodes from the root down to an offset."""
        key, node = "", next((n for n in self.documents if n.start <= offset < n.end), None)
        while node is not None:
            yield key, node
            inner: list[tuple[str, Node]] = []
            if isinstance(node, Mapping):
                inner = [(name, value) for name, _, value in node.items]
            elif isinstance(node, yamlnodes.Sequence):
                inner = [(str(n), item) for n, item in enumerate(node.items)]
            key, node = next(((k, n) for k, n in inner if n.start <= offset < n.end), ("", None))


def jobs(
    source: Source, calls: Sequence[BuildCall], reader: str
) -> list[tuple[list[BuildCall], Insertion | None]]:
    """The calls by the job (file, …) they are in, each with what sets the variable there."""
    file = _read(source.data)
    place = JOBS.get(reader)
    if file is None or place is None:
        return [(list(calls), None)]
    found: dict[int, tuple[Mapping, list[BuildCall]]] = {}
    lost: list[BuildCall] = []
    for call in calls:
        way = list(file.way_to(file.character(call.span[0])))
        depth = len(place.path)
        names = [key for key, _ in way[1 : depth + 1]]
        fits = len(way) > depth and all(
            wanted in ("*", name) for wanted, name in zip(place.path, names, strict=True)
        )
        node = way[depth][1] if fits else None
        if isinstance(node, Mapping):
            found.setdefault(node.start, (node, []))[1].append(call)
        else:
            lost.append(call)
    each = [(inside, _variable(file, node, place)) for node, inside in found.values()]
    return [*each, *(([call], None) for call in lost)]


def step(source: Source, call: BuildCall, reader: str) -> Insertion | None:
    """What sets the variable for a step that is no command line; None when the call is in text."""
    file = _read(source.data)
    if file is None or reader not in STEPS:
        return None
    way = list(file.way_to(file.character(call.span[0])))
    node = way[-1][1] if way else None
    if isinstance(node, Scalar) and len(way) > 1:
        # The span starts with the first key of the step.
        node = way[-2][1]
    if not isinstance(node, Mapping) or file.byte(node.start) != call.span[0]:
        return None
    if reader == "cloudbuild":
        return _listed(file, node)
    return _variable(file, node, Place((), "env"))


def skaffold(source: Source, call: BuildCall) -> Insertion | None:
    """`useBuildkit: true` of the local builder, which then runs the docker command with the
    variable set (skaffold.yaml reference, build.local)."""
    file = _read(source.data)
    if file is None:
        return None
    (_, root), *_ = (*file.way_to(file.character(call.span[0])), ("", None))
    build = root.get("build") if isinstance(root, Mapping) else None
    if not isinstance(build, Mapping):
        return None
    if build.get("googleCloudBuild") is not None or build.get("cluster") is not None:
        return None
    local = build.get("local")
    if isinstance(local, Mapping):
        return _entry(file, local, "useBuildkit: true") if _own(build, "local", local) else None
    if "local" in dict(build.keys):
        return None
    place = Place((), "local", ("tagPolicy", "platforms", "artifacts"))
    return _new(file, build, place, ["local:", f"{' ' * _step(file, build)}useBuildkit: true"])


@lru_cache(maxsize=4)
def _read(data: bytes) -> _File | None:
    """The file, which is asked for each of its calls; None when it is no text."""
    try:
        return _File(data)
    except UnicodeDecodeError:
        return None


def _variable(file: _File, node: Mapping, place: Place) -> Insertion | None:
    """The variable in the environment of a mapping, which is made when it is not there."""
    written = next((value for name, _, value in node.items if name == place.key), None)
    if written is None:
        inner = " " * _step(file, node)
        return _new(file, node, place, [f"{place.key}:", f'{inner}{VARIABLE}: "1"'])
    if not isinstance(written, Mapping) or not _own(node, place.key, written):
        return None
    if any(name == VARIABLE for name, _, _ in written.items):
        return None
    return _entry(file, written, f'{VARIABLE}: "1"')


def _listed(file: _File, node: Mapping) -> Insertion | None:
    """The variable in the list of `NAME=value` that a step of Cloud Build has as its `env`."""
    written = next((value for name, _, value in node.items if name == "env"), None)
    if written is None:
        quote = '"' if _flow(file, node) else "'"
        line = f"{quote}env{quote}" if _flow(file, node) else "env"
        return _new(file, node, Place((), line), [f"{line}: [{quote}{SETTING}{quote}]"])
    if not isinstance(written, yamlnodes.Sequence) or not written.items:
        return None
    if not _own(node, "env", written):
        return None
    last = written.items[-1]
    if not isinstance(last, Scalar):
        return None
    if _flow(file, written):
        quote = '"' if file.text[last.start] == '"' else "'"
        return Insertion(file.byte(last.end), f", {quote}{SETTING}{quote}")
    dash = file.text.rindex("-", 0, last.start)
    return _line_below(file, last, f"{' ' * _column(file, dash)}- '{SETTING}'")


def _step(file: _File, node: Mapping) -> int:
    """By how many columns the file indents: from what is around a mapping to it, or, for the
    outermost one, from it to what is inside."""
    own = _column(file, node.keys[0][1]) if node.keys else 0
    start = file.text.rfind("\n", 0, node.start) + 1
    dash = file.text.rfind("-", start, node.start)
    if dash >= 0:
        return node.start - dash  # An item of a list.
    lines = file.text[:start].split("\n")[::-1] if own else file.text.split("\n")
    for line in lines:
        written = line.lstrip(" ")
        column = len(line) - len(written)
        if written.strip() and written[0] not in "#-" and (column < own if own else column > 0):
            return own - column if own else column
    return 2


def _column(file: _File, offset: int) -> int:
    return offset - (file.text.rfind("\n", 0, offset) + 1)


def _own(node: Mapping, key: str, value: Node) -> bool:
    """Whether the value of a key is written there, and not taken from elsewhere by its name."""
    return key in dict(node.keys) and node.start <= value.start < node.end


def _flow(file: _File, node: Node) -> bool:
    return file.text[node.start] in "{["


def _entry(file: _File, mapping: Mapping, text: str) -> Insertion | None:
    """A further entry of a mapping: behind the last one where that is one line, else the first."""
    if not mapping.keys or not mapping.items:
        return None
    first = mapping.keys[0][1]
    if _flow(file, mapping):
        return Insertion(file.byte(first), f"{text}, ")
    indent = _column(file, first)
    if file.text[first - indent : first].strip():
        return None
    last = mapping.keys[-1][0]
    value = next(value for name, _, value in mapping.items if name == last)
    if isinstance(value, Scalar) and value.start >= mapping.keys[-1][1]:
        below = _line_below(file, value, f"{' ' * indent}{text}")
        if below is not None:
            return below
    return Insertion(file.byte(first), f"{text}{file.newline}{' ' * indent}")


def _line_below(file: _File, value: Scalar, text: str) -> Insertion | None:
    """A line below a value that is on one line, behind a comment there."""
    end = file.text.find("\n", max(value.end - 1, value.start))
    if end < 0 or "\n" in file.text[value.start : value.end].rstrip():
        return None
    at = end - 1 if file.text[end - 1] == "\r" else end
    return Insertion(file.byte(at), f"{file.newline}{text}")


def _new(file: _File, node: Mapping, place: Place, lines: list[str]) -> Insertion | None:
    """A new key of a mapping, on lines of its own in front of the work that it is for."""
    if _flow(file, node):
        if len(lines) > 1 or not node.keys:
            return None
        first = next((at for name, at in node.keys if name in place.before), node.keys[0][1])
        indent = _column(file, first)
        apart = not file.text[first - indent : first].strip()
        return Insertion(
            file.byte(first), f"{lines[0]},{file.newline + ' ' * indent if apart else ' '}"
        )
    offsets = dict(node.keys)
    for name in place.before:
        if name not in offsets:
            continue
        start = file.text.rfind("\n", 0, offsets[name]) + 1
        blank = file.text[start : offsets[name]]
        if blank.strip():
            continue
        start = _above_comments(file.text, start, blank)
        text = "".join(f"{blank}{line}{file.newline}" for line in lines)
        return Insertion(file.byte(start), text)
    return None


def _above_comments(text: str, start: int, indent: str) -> int:
    """The start of the comment that stands right above a line and is about it."""
    while start:
        above = text.rfind("\n", 0, start - 1) + 1
        if not text.startswith(f"{indent}#", above):
            return start
        start = above
    return start

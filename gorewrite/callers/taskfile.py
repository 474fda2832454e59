"""Taskfiles (taskfile.dev): the commands of tasks.

Source: Task, "Schema reference" (cmds, dir, env, vars, for). Each command is a shell of its own in
the directory of the task.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

from gorewrite.callers import ci, places
from gorewrite.callers.excerpt import Document
from gorewrite.callers.model import BuildCall, Source
from gorewrite.callers.shellscript import Setting, commands
from gorewrite.callers.yamlnodes import Mapping as YamlMapping
from gorewrite.callers.yamlnodes import Node, Scalar, Sequence, read

_EXPRESSION: Final = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}")
_PLAIN: Final = re.compile(r"\.(\w+)")
_DEFAULT: Final = re.compile(
    r"\.(\w+)\s*\|\s*default\s+\"([^\"]*)\"|default\s+\"([^\"]*)\"\s+\.(\w+)"
)

Values = Mapping[str, str | None]


def calls(source: Source) -> Iterator[BuildCall]:
    """The builds of the tasks of a file."""
    document = Document(source.path, source.data)
    documents = read(document.text)
    top = documents[0] if documents else None
    if not isinstance(top, YamlMapping):
        return
    here = places.absolute(source.start)
    fixed: dict[str, str | None] = {
        "ROOT_DIR": places.ROOT,
        "TASKFILE_DIR": places.absolute(source.directory),
        "USER_WORKING_DIR": None,
    }
    general = _variables(top.get("vars"), fixed)
    env = ci.variables(top.get("env"))
    for _, _, task in top.mapping("tasks").items:
        yield from _task(document, source, task, here, general, env)


def _variables(node: Node | None, known: Values) -> dict[str, str | None]:
    found = dict(known)
    for name, _, value in node.items if isinstance(node, YamlMapping) else ():
        found[name] = _put_in(value.text, found) if isinstance(value, Scalar) else None
    return found


def _put_in(text: str, values: Values) -> str | None:
    """With variables put in; None when one is not known."""
    known = [_value(found[1], values) for found in _EXPRESSION.finditer(text)]
    if None in known:
        return None
    waiting = iter(known)
    return _EXPRESSION.sub(lambda _: next(waiting) or "", text)


def _found(found: re.Match[str], values: Values) -> str | None:
    return _value(found[1], values)


def _value(expression: str, values: Values) -> str | None:
    plain = _PLAIN.fullmatch(expression)
    if plain is not None:
        return values.get(plain[1])
    default = _DEFAULT.fullmatch(expression)
    if default is None:
        return None
    name, otherwise = (default[1], default[2]) if default[1] else (default[4], default[3])
    return values.get(name) or otherwise


def _task(
    document: Document,
    source: Source,
    task: Node,
    here: str,
    general: Values,
    env: dict[str, str | None],
) -> Iterator[BuildCall]:
    if isinstance(task, YamlMapping):
        values = _variables(task.get("vars"), general)
        env = {**env, **ci.variables(task.get("env"))}
        listed = [*task.sequence("cmds"), *task.sequence("cmd")]
        written = task.text("dir")
    else:
        values, written = dict(general), None
        listed = list(task.items) if isinstance(task, Sequence) else [task]
    cwd: str | None = here
    if written is not None:
        directory = places.join(source.start, _put_in(written, values) or "$")
        cwd = places.absolute(directory) if directory is not None else None
    for item in listed:
        command = item.get("cmd") if isinstance(item, YamlMapping) else item
        if not isinstance(command, Scalar):
            continue
        for each in _rounds(item, values):
            text = ci.substituted(
                ci.excerpt(document, command), _EXPRESSION, partial(_found, values=each)
            )
            yield from commands(text, Setting(cwd, env), source)


def _rounds(item: Node, values: Values) -> list[dict[str, str | None]]:
    """The variables of each time that a command runs: once, or `for` each of a list."""
    if not isinstance(item, YamlMapping) or item.get("for") is None:
        return [dict(values)]
    items = [each.text for each in item.sequence("for") if isinstance(each, Scalar)]
    given = item.mapping("for")
    if given.text("var"):
        listed = values.get(given.text("var") or "")
        items = (listed or "").split(given.text("split"))
    name = given.text("as") or "ITEM"
    return [{**values, name: each} for each in items] or [{**values, name: None}]

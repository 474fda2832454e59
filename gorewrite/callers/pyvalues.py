"""Plain values of Python and Starlark, and the functions of both that make values of values.

What is not known is a text with `${…}` in it, named after what is written there: alone, within
another text, or `${…[@]}` for any number of words. So it reads as a variable of a shell does.
A path is a text; one that is known from where the file itself stands begins with
`places.ROOT`, the top of the repository.
Sources: Python library reference (str, os.path, pathlib, shlex), Starlark specification.
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias, TypeVar

from gorewrite.callers.places import ROOT

Value: TypeAlias = "str | bool | int | list[Value] | dict[str, Value] | Function | Instance | None"

_MOST_ITEMS: Final = 500
_LONGEST: Final = 10_000


class Function(NamedTuple):
    """A function of the file. number: where the follower keeps its body."""

    number: int


class Instance(NamedTuple):
    """An object of a class of the file. number: tells it from others of its class."""

    kind: str
    number: int


class NotPlain(Exception):
    """A value that is not known."""


def unknown(name: str) -> str:
    """The text that stands for a value that is not known."""
    return "${" + name.replace("}", "").replace("{", "") + "}"


def plain(value: Value) -> bool:
    """Whether nothing in a value is left open."""
    if isinstance(value, str):
        return "${" not in value
    if isinstance(value, list):
        return all(plain(item) for item in value)
    return not isinstance(value, dict) or all(plain(item) for item in value.values())


def origin(value: Value) -> str | None:
    """What a value that is not known at all was named after."""
    if isinstance(value, str) and value.startswith("${") and value.find("}") == len(value) - 1:
        return value[2:-1]
    return None


def truth(value: Value) -> bool | None:
    """Whether a condition holds; None when that is open."""
    return bool(value) if plain(value) else None


_Any = TypeVar("_Any")


def bounded(value: _Any) -> _Any:
    """The value itself. Raises NotPlain where it is so long that it says nothing here: a loop may
    double a text each time."""
    if isinstance(value, str) and len(value) > _LONGEST:
        raise NotPlain
    if isinstance(value, (list, dict)) and len(value) > _MOST_ITEMS:
        raise NotPlain
    return value


def listed(value: Value) -> list[Value]:
    """The items of a value that is iterated over. Raises NotPlain when they are not known."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        return [*value]
    raise NotPlain


def spelled(value: Value) -> str:
    """A value within a text. Raises NotPlain for one that has no simple text."""
    if value is None or isinstance(value, (list, dict, Function, Instance)):
        raise NotPlain
    return str(value)


def merged(name: str, one: Value, other: Value) -> Value:
    """What a variable is after two ways through a file.

    Where one way only adds words to a command, these are kept: most often they are options.
    """
    if one == other:
        return one
    if isinstance(one, list) and isinstance(other, list):
        short, long = sorted((one, other), key=len)
        if short and long[: len(short)] == short:
            return long
        same = next((n for n, item in enumerate(short) if item != long[n]), len(short))
        return [*short[:same], f"${{{name}[@]}}"] if same else unknown(name)
    if isinstance(one, str) and isinstance(other, str):
        short_text, long_text = sorted((one, other), key=len)
        if " " in short_text.strip() and long_text.startswith(short_text.rstrip() + " "):
            return long_text
    if isinstance(one, dict) and isinstance(other, dict):
        return {k: merged(f"{name}.{k}", one.get(k), other.get(k)) for k in {**one, **other}}
    return unknown(name)


def added(left: Value, right: Value) -> Value:
    """`left + right`. Raises NotPlain."""
    if isinstance(left, list) or isinstance(right, list):
        return [*_words(left), *_words(right)]
    if isinstance(left, str) and isinstance(right, str):
        return left + right
    raise NotPlain


def _words(value: Value) -> list[Value]:
    """The items of a list that is part of another, `${x[@]}` for one that is not known."""
    name = origin(value)
    if name is not None:
        return [f"${{{name}[@]}}"]
    if not isinstance(value, list):
        raise NotPlain
    return value


def spread(value: Value) -> list[Value]:
    """What `*value` becomes in a list."""
    try:
        return _words(value)
    except NotPlain:
        return ["${…[@]}"]


def path_joined(*parts: Value) -> str:
    """os.path.join, and pathlib's `/`. Raises NotPlain."""
    return posixpath.join(*(spelled(part) for part in parts))


def _parent(path: Value) -> str:
    return posixpath.dirname(spelled(path).rstrip("/")) or "."


def _normal(path: Value) -> str:
    # What an unknown part is followed by must stay behind it.
    return posixpath.normpath(spelled(path)) if plain(path) else spelled(path)


def formatted(text: str, values: Sequence[Value], named: Mapping[str, Value]) -> str:
    """`text.format(…)` with fields that are names, numbers or nothing. Raises NotPlain."""
    from string import Formatter

    found: list[str] = []
    at = 0
    for literal, name, _, _ in Formatter().parse(text):
        bounded(found).append(literal)
        if name is None:
            continue
        if name == "":
            name, at = str(at), at + 1
        given = values[int(name)] if name.isdecimal() and int(name) < len(values) else None
        value = given if name.isdecimal() else named.get(name)
        found.append(unknown(name) if value is None else spelled(value))
    return "".join(found)


def percent(text: str, given: Value) -> str:
    """`text % given` with `%s` and `%d`. Raises NotPlain."""
    values = given if isinstance(given, list) else [given]
    pieces = text.replace("%%", "\1").replace("%d", "%s").split("%s")
    if len(bounded(pieces)) != len(values) + 1 or any("%" in piece for piece in pieces):
        raise NotPlain
    found = [pieces[0]]
    for value, piece in zip(values, pieces[1:], strict=True):
        found += [spelled(value), piece]
    return "".join(found).replace("\1", "%")


def attribute(value: Value, name: str) -> Value:
    """An attribute of a path, or of a `struct`. Raises NotPlain."""
    if isinstance(value, dict) and name in value:
        return value[name]
    if isinstance(value, str) and (plain(value) or value.startswith(ROOT)):
        if name == "parent":
            return _parent(value)
        if name == "parents":
            above = [_parent(value)]
            while above[-1] not in (".", "/", ROOT) and len(above) < 30:
                above.append(_parent(above[-1]))
            return list(above)
        if name == "name":
            return posixpath.basename(value)
    raise NotPlain


def method(value: Value, name: str, given: Sequence[Value], named: Mapping[str, Value]) -> Value:
    """`value.name(*given, **named)`. Raises NotPlain."""
    if isinstance(value, str):
        if name == "format":
            return formatted(value, given, named)
        if name in _TEXT_METHODS:
            return _TEXT_METHODS[name](value, *(spelled(item) for item in given))
        if name == "join" and len(given) == 1:
            return value.join(spelled(item) for item in listed(given[0]))
        if name in ("split", "splitlines") and plain(value):
            return [*value.split(spelled(given[0]) if given else None)]
    elif isinstance(value, dict):
        if name == "get" and given:
            found = value.get(spelled(given[0]))
            return found if found is not None else _default(given)
        if name == "items":
            return [[key, item] for key, item in value.items()]
        if name in ("keys", "values"):
            return list(value) if name == "keys" else list(value.values())
        if name == "copy":
            return dict(value)
    elif isinstance(value, list) and name == "copy":
        return list(value)
    raise NotPlain


def _default(given: Sequence[Value]) -> Value:
    """What a look-up that finds nothing gives; without a default it may find something later."""
    if len(given) < 2:
        raise NotPlain
    return given[1]


_TEXT_METHODS: Final[Mapping[str, Callable[..., Value]]] = {
    "absolute": _normal,
    "as_posix": str,
    "decode": lambda text, *_: text,
    "expanduser": str,
    "joinpath": path_joined,
    "lower": str.lower,
    "lstrip": str.lstrip,
    "replace": str.replace,
    "resolve": _normal,
    "rstrip": str.rstrip,
    "strip": str.strip,
    "upper": str.upper,
}


def _getenv(*given: Value) -> Value:
    return _default(given)


def _lists(*given: Value) -> list[list[Value]]:
    return [listed(value) for value in given]


def _dict(*given: Value) -> Value:
    if given and not isinstance(given[0], dict):
        raise NotPlain
    return dict(given[0]) if given and isinstance(given[0], dict) else {}


def _copied(*given: Value) -> Value:
    return listed(given[0]) if given else []


def _split(text: Value, *_: Value) -> Value:
    # An unknown part may be any number of words.
    if not isinstance(text, str) or not plain(text):
        raise NotPlain
    return list(shlex.split(text))


def _in_order(value: Value, *_: Value) -> Value:
    return sorted(listed(value), key=str)


FUNCTIONS: Final[Mapping[str, Callable[..., Value]]] = {
    "Path": lambda *parts: path_joined(*parts) if parts else ".",
    "Path.cwd": lambda: ".",
    "PurePath": path_joined,
    "dict": _dict,
    "enumerate": lambda value, *_: [[n, item] for n, item in enumerate(listed(value))],
    "list": _copied,
    "os.fspath": lambda value: value,
    "os.getcwd": lambda: ".",
    "os.getenv": _getenv,
    "os.path.abspath": _normal,
    "os.path.basename": lambda path: posixpath.basename(spelled(path)),
    "os.path.dirname": lambda path: posixpath.dirname(spelled(path)),
    "os.path.join": path_joined,
    "os.path.normpath": _normal,
    "os.path.realpath": _normal,
    "pathlib.Path": lambda *parts: path_joined(*parts) if parts else ".",
    "pathlib.Path.cwd": lambda: ".",
    "set": _copied,
    "shlex.join": lambda words: " ".join(spelled(word) for word in listed(words)),
    "shlex.quote": lambda text: text,
    "shlex.split": _split,
    "sorted": _in_order,
    "str": spelled,
    "tuple": _copied,
    "zip": lambda *given: [list(row) for row in zip(*_lists(*given), strict=False)],
}

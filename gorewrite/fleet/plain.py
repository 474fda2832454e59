"""Plain data as bytes and back: named tuples of numbers, texts, bytes, tuples and sets.

JSON, as what is read back may come from anywhere (a cache that a CI system restores): unlike
pickle it can hold nothing but data. What the JSON lacks, the annotations of the named tuples say.
"""

from __future__ import annotations

import json
import sys
import types
import zlib
from collections.abc import Callable
from enum import Enum
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin

_Maker = Callable[[Any], Any]


def dumped(value: object) -> bytes:
    """A value as bytes. Raises TypeError for one that is not plain."""
    return json.dumps(value, default=_jsonable, separators=(",", ":")).encode("ascii")


def _jsonable(value: object) -> object:
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"{type(value).__name__} is not plain data")


def loaded(kind: Any, data: bytes) -> Any:
    """The value of a kind that was dumped. Raises ValueError for anything else."""
    return made(kind, json.loads(data))


def packed(value: object) -> bytes:
    """A value as it is kept and sent: a tenth of its size. Raises TypeError."""
    return zlib.compress(dumped(value), 1)


def unpacked(kind: Any, data: bytes) -> Any:
    """The value that was packed. Raises ValueError for anything else."""
    try:
        return loaded(kind, zlib.decompress(data))
    except zlib.error as error:
        raise ValueError("damaged") from error


def made(kind: Any, value: Any) -> Any:
    """A value of a kind from its JSON. Raises ValueError."""
    try:
        return _maker(kind)(value)
    except (TypeError, AttributeError) as error:
        raise ValueError(f"not a {kind}") from error


@cache
def _maker(kind: Any) -> _Maker:
    """What makes a value of a kind from JSON."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is bytes:
        return lambda value: value.encode("utf-8", "surrogateescape")
    if origin in (types.UnionType, Union):
        return _optional(arguments)
    if origin is tuple and arguments[-1:] == (...,):
        make = _maker(arguments[0])
        return lambda value: tuple([make(each) for each in value])
    if origin is tuple:
        makers = [_maker(each) for each in arguments]
        return lambda value: tuple([m(e) for m, e in zip(makers, value, strict=True)])
    if origin is frozenset:
        make = _maker(arguments[0])
        return lambda value: frozenset([make(each) for each in value])
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    if hasattr(kind, "_fields"):
        return _named(kind)
    if kind in (str, int, float, bool, type(None), Any) or origin is Literal:
        return _same
    raise TypeError(f"{kind} is not plain data")


def _same(value: Any) -> Any:
    return value


def _optional(arguments: tuple[Any, ...]) -> _Maker:
    """For `kind | None`, and for a choice of kinds that are told apart by their JSON."""
    makers = [_maker(each) for each in arguments if each is not type(None)]
    made = [make for make in makers if make is not _same]
    if not made:
        return _same
    if len(makers) > 1:
        raise TypeError("a choice of kinds that JSON does not tell apart")
    make = made[0]
    return lambda value: None if value is None else make(value)


def _named(kind: Any) -> _Maker:
    makers = [_field(kind, name) for name in kind._fields]
    count = len(makers)
    if all(make is _same for make in makers):
        return lambda value: kind._make(value)

    def make(value: Any) -> Any:
        if len(value) != count:
            raise ValueError(f"not a {kind.__name__}")
        return kind(*[m(v) for m, v in zip(makers, value, strict=True)])

    return make


def _field(kind: Any, name: str) -> _Maker:
    """What makes the value of a field. Where its module imports the kind for annotations alone it
    is looked up among those that plans are made of. Of a kind that is not plain only None is."""
    annotation = kind.__annotations__[name]
    text = getattr(annotation, "__forward_arg__", annotation)
    if not isinstance(text, str):
        return _maker(text)
    scope = vars(sys.modules[kind.__module__])
    try:
        return _maker(eval(text, scope, _names()))
    except (NameError, TypeError):
        return _nothing


def _nothing(value: Any) -> None:
    if value is not None:
        raise ValueError("a kind of data that is not kept")


@cache
def _names() -> dict[str, Any]:
    from gorewrite import engine, evidence, transform

    return {**vars(evidence), **vars(transform), **vars(engine)}

"""Answers that are kept with the facts they follow from.

Facts about a Dockerfile do not change (a rewrite makes new ones), so what is worked out from
them is worked out once, whoever asks: several transforms ask the same of each go command.

How long: with facts until the plan is made (`Facts.forget`); with a build context for all
Dockerfiles that share it, until that is a lot (`Context.trim`); what follows from a text alone is
in an `lru_cache` of some hundred or thousand entries. So a run over many repositories stays small.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any, Concatenate, Final, Generic, ParamSpec, Protocol, Self, TypeVar, overload

from gorewrite import files


class Holder(Protocol):
    """Facts with room for the answers: (function, its other arguments) -> answer."""

    @property
    def memory(self) -> dict[Hashable, Any]: ...


_Holder = TypeVar("_Holder", bound=Holder)
_Rest = ParamSpec("_Rest")
_Answer = TypeVar("_Answer")
_ABSENT: Final = object()


def remembered(
    function: Callable[Concatenate[_Holder, _Rest], _Answer],
) -> Callable[Concatenate[_Holder, _Rest], _Answer]:
    """Keeps the answers of a function in the `memory` of its first argument.

    For a function of nothing but its arguments, the others hashable. An answer that is an
    iterator could be read only once: let the function return a tuple.
    """

    @wraps(function)
    def answer(holder: _Holder, /, *rest: _Rest.args, **named: _Rest.kwargs) -> _Answer:
        key = (function, rest, *named.items()) if named else (function, rest)
        memory = holder.memory
        if files.tape is not None and isinstance(memory, files.SharedMemory):
            # Whoever gets the answer depends on what was looked at for it, too.
            replayed: _Answer = memory.replay(key)
            if replayed is files.ABSENT:
                replayed = memory.answer(key, lambda: function(holder, *rest, **named))
            return replayed
        known: _Answer = memory.get(key, _ABSENT)
        if known is _ABSENT:
            known = memory[key] = function(holder, *rest, **named)
        return known

    return answer


_Function = TypeVar("_Function", bound=Callable[..., Any])


def lasting(function: _Function) -> _Function:
    """Below `remembered`: its answers are few and dear, as those that a walk over a whole build
    context gives, and are kept when the context forgets the rest."""
    function.lasting = True  # type: ignore[attr-defined]
    return function


class cached_property(Generic[_Answer]):
    """`functools.cached_property` without its lock, which cost as much as most of the answers.

    Python 3.12 has dropped the lock, too.
    """

    def __init__(self, function: Callable[[Any], _Answer]) -> None:
        self._function = function
        self._name = function.__name__
        self.__doc__ = function.__doc__

    @overload
    def __get__(self, holder: None, owner: type) -> Self: ...
    @overload
    def __get__(self, holder: object, owner: type) -> _Answer: ...
    def __get__(self, holder: object | None, owner: type) -> Self | _Answer:
        if holder is None:
            return self
        # The instance's own attribute is found before this descriptor from now on.
        answer = holder.__dict__[self._name] = self._function(holder)
        return answer

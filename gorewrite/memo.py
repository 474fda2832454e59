"""Answers that are kept with the facts they follow from.

Facts about a Dockerfile do not change (a rewrite makes new ones), so what is worked out from
them is worked out once, whoever asks: several transforms ask the same of each go command.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar


class Holder(Protocol):
    """Facts with room for the answers: (function, its other arguments) -> answer."""

    @property
    def memory(self) -> dict[Hashable, Any]: ...


_Holder = TypeVar("_Holder", bound=Holder)
_Rest = ParamSpec("_Rest")
_Answer = TypeVar("_Answer")


def remembered(
    function: Callable[Concatenate[_Holder, _Rest], _Answer],
) -> Callable[Concatenate[_Holder, _Rest], _Answer]:
    """Keeps the answers of a function in the `memory` of its first argument.

    For a function of nothing but its arguments, the others hashable. An answer that is an
    iterator could be read only once: let the function return a tuple.
    """

    @wraps(function)
    def answer(holder: _Holder, /, *rest: _Rest.args, **named: _Rest.kwargs) -> _Answer:
        key = (function, rest, *named.items())
        try:
            known: _Answer = holder.memory[key]
        except KeyError:
            known = holder.memory[key] = function(holder, *rest, **named)
        return known

    return answer

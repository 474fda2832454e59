"""What callers give to the build arguments of a Dockerfile.

A build has the values of one caller, and the defaults for the rest (Dockerfile reference, "ARG").
What a rewrite takes for granted has to hold in each of these builds, not in that with the defaults
alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from gorewrite.callers.model import BuildCall
from gorewrite.dockerfile import Dockerfile, expand, pairs
from gorewrite.evidence import Evidence
from gorewrite.stage.runs import STEERING

#: Beyond so many different builds it is not known what they differ in.
_MOST: Final = 8
#: They do nothing with what callers give, or pass it on to where it changes nothing else.
_IDLE: Final = frozenset(["ARG", "LABEL", "MAINTAINER", "EXPOSE"])
_NAMING: Final = frozenset(["FROM", "COPY", "ADD", "WORKDIR"])
_WORD: Final = re.compile(r"\w+")
_REFERENCE: Final = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_BESIDE_A_SLASH: Final = re.compile(r"/\$(?:\{(\w+)\}|(\w+))|\$\{(\w+)\}/|\$(\w+)/")


class Given(NamedTuple):
    """The build arguments that a caller sets to something else than their defaults.

    values: name -> value, None for one that is not plain; because: where a caller does. Both are
    empty for the build in which nobody sets any.
    """

    values: Mapping[str, str | None]
    because: tuple[Evidence, ...] = ()

    def __str__(self) -> str:
        shown = (name if v is None else f"{name}={v}" for name, v in sorted(self.values.items()))
        return ", ".join(shown)


DEFAULTS: Final = Given({})


def builds(dockerfile: Dockerfile, calls: Sequence[BuildCall]) -> tuple[Given, ...]:
    """The builds of a Dockerfile that differ in build arguments which it uses, at least one.

    The first is that with the defaults; not so where all callers set an argument without one, which
    is a part of a name or of a path and so has to be set.
    """
    if not any(call.args for call in calls):
        return (DEFAULTS,)
    defaults = _defaults(dockerfile)
    used, parts = _used(dockerfile, defaults)
    found: dict[tuple[tuple[str, str | None], ...], BuildCall] = {}
    needed = {name for name in parts if not defaults[name]}
    for call in calls:
        args = {name: value for name, value in call.args if name in used}
        needed.intersection_update(name for name, value in args.items() if value is not None)
        other = (arg for arg in sorted(args.items()) if {arg[1]} != (defaults[arg[0]] or {None}))
        found.setdefault(tuple(other), call)
    without = [] if needed else [DEFAULTS]
    given = [Given(dict(key), (call.evidence,)) for key, call in found.items() if key]
    if len(given) > _MOST:
        given = [together(given)]
    return (*without, *given)


def together(given: Sequence[Given]) -> Given:
    """As one build, of which it is not known what they differ in."""
    first, *others = given
    names = dict.fromkeys(name for each in given for name in each.values)
    absent = object()
    return Given(
        {
            name: value if all(each.values.get(name, absent) == value for each in others) else None
            for name in names
            for value in (first.values.get(name),)
        },
        tuple(dict.fromkeys(where for each in given for where in each.because)),
    )


def _defaults(dockerfile: Dockerfile) -> dict[str, set[str | None]]:
    """Argument -> its defaults: None for one that is not plain; none where it has none."""
    found: dict[str, set[str | None]] = {}
    for instruction in dockerfile.instructions:
        if instruction.keyword == "ARG":
            for name, raw in pairs(instruction):
                known = found.setdefault(name, set())
                known |= {expand(raw, lambda _: None)} if raw is not None else set()
    return found


def _used(dockerfile: Dockerfile, names: Iterable[str]) -> tuple[set[str], set[str]]:
    """(the arguments that some instruction names or that steer a RUN, those that are a part of a
    name or of a path)."""
    used = set(STEERING)
    parts: set[str] = set()
    for instruction in dockerfile.instructions:
        if instruction.keyword not in _IDLE:
            used.update(_WORD.findall(instruction.source))
            pattern = _REFERENCE if instruction.keyword in _NAMING else _BESIDE_A_SLASH
            parts.update("".join(groups) for groups in pattern.findall(instruction.source))
    return used.intersection(names), parts.intersection(names)

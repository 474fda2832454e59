"""What follows for the files that Dockerfiles share: one conclusion from all observations.

See `gorewrite.transform.SharedTransform`. Nothing here reads a Dockerfile.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gorewrite.checks import InternalError
from gorewrite.context import Context
from gorewrite.engine import Applied, Refused
from gorewrite.transform import FileChange, Observation, SharedRefusal, SharedTransform


class Verdict(NamedTuple):
    """A conclusion as reported: what it adds to the plan of the Dockerfile that carries it."""

    changes: tuple[Applied, ...] = ()
    refusals: tuple[Refused, ...] = ()
    files: tuple[FileChange, ...] = ()


def carrier(observations: Iterable[Observation]) -> Observation | None:
    """The one whose plan has what is concluded: the first by name, one without an objection."""
    able = [each for each in observations if each.place is not None]
    return min(able, key=lambda each: (each.objection is not None, each.path), default=None)


def concluded(
    transform: SharedTransform,
    context: Context,
    carrying: Observation,
    others: Sequence[Observation],
) -> Verdict:
    """What a transform concludes, for the plan of the Dockerfile that carries it.

    context: of that Dockerfile; others: the further observations of the same context.
    Raises InternalError when the transform fails.
    """
    assert carrying.place is not None
    line, changes, refusals = carrying.place.line, [], []
    files: tuple[FileChange, ...] = ()
    others = sorted(others, key=lambda each: each.path)
    try:
        claims = tuple(transform.conclude(context, carrying, others))
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        raise InternalError(f"the transform {transform.name} failed with {what}") from error
    for claim in claims:
        if isinstance(claim, SharedRefusal):
            refusals.append(Refused(transform.name, claim.code, line, claim.message, claim.because))
        elif carrying.objection is not None:
            said = "a comment asks to leave this alone"
            because = (carrying.objection,)
            refusals.append(Refused(transform.name, "opted-out", line, said, because))
        else:
            applied = claim.safety >= carrying.allowed
            files = claim.files if applied else ()
            changes.append(
                Applied(transform.name, claim.safety, line, claim.message, claim.because, applied)
            )
    return Verdict(tuple(changes), tuple(refusals), files)


def with_changes(changes: tuple[Applied, ...], further: tuple[Applied, ...]) -> tuple[Applied, ...]:
    """The changes of a plan and of a verdict: first what is applied, then what is offered."""
    every = (*changes, *further)
    return (*(c for c in every if c.applied), *(c for c in every if not c.applied))

"""One planned Dockerfile as a cache keeps it: for whatever is asked for the next time."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final, NamedTuple

from gorewrite.fleet.entries import Entry, Form, entry
from gorewrite.fleet.groups import Record
from gorewrite.fleet.plain import made, packed, unpacked
from gorewrite.outcome import Outcome
from gorewrite.transform import Observation, SharedTransform

_LENGTHS: Final = struct.Struct("<II")


class _Head(NamedTuple):
    """What is known without a look at the rest. form: of the entry; spans: see Piece."""

    form: Form
    root: str
    certain: bool
    spans: bool
    observations: tuple[Observation, ...]


class Kept(NamedTuple):
    """What was kept. root, certain, observations, spans: see gorewrite.fleet.work.Piece; data: all
    of it as bytes, where it is being kept."""

    root: str
    certain: bool
    spans: bool
    observations: tuple[Observation, ...]
    form: Form
    entry: bytes
    outcome: bytes
    data: bytes = b""

    def done(self, form: Form) -> bytes:
        """The packed entry for what is going to be said now. Raises ValueError."""
        if form == self.form:
            return self.entry
        if form.writes or form[:1] + form[3:] != self.form[:1] + self.form[3:]:
            return packed(entry(unpacked(Outcome, self.outcome), form))
        if form.diffs:
            return self.entry
        known: Entry = unpacked(Entry, self.entry)
        return packed(known._replace(diff=b""))


def keep(record: Record, form: Form) -> Kept | None:
    """What is kept of a record, with what is said of it in some form. None for one that says
    nothing of another run: a failure of gorewrite itself may be one of this machine."""
    outcome = record.outcome
    if outcome.error is not None and outcome.error.trace:
        return None
    form = form._replace(diffs=True, writes=False)
    what = *record.place, bool(outcome.spans), record.observations
    try:
        head = packed(_Head(form, *what))
        said, rest = packed(entry(outcome, form)), packed(outcome)
    except TypeError:  # What a user's transform saw is not plain.
        return None
    data = b"".join((_LENGTHS.pack(len(head), len(said)), head, said, rest))
    return Kept(*what, form, said, rest, data)


def kept(data: bytes, transforms: Mapping[str, object]) -> Kept:
    """What was kept, with what the shared transforms saw as they understand it.

    Raises ValueError for bytes that are none.
    """
    if len(data) < _LENGTHS.size:
        raise ValueError("damaged")
    first, second = _LENGTHS.unpack_from(data)
    start = _LENGTHS.size
    head: _Head = unpacked(_Head, data[start : start + first])
    said = data[start + first : start + first + second]
    observations = tuple(_understood(seen, transforms) for seen in head.observations)
    rest = data[start + first + second :]
    return Kept(head.root, head.certain, head.spans, observations, head.form, said, rest)


def _understood(seen: Observation, transforms: Mapping[str, object]) -> Observation:
    transform = transforms.get(seen.transform)
    if not isinstance(transform, SharedTransform):
        raise ValueError(f"no shared transform {seen.transform}")
    return seen._replace(what=made(_kind_of(type(transform)), seen.what))


def _kind_of(transform: type[SharedTransform]) -> object:
    """What such a transform sees: what it says of a file that cannot be read is of that kind."""
    found: object = transform.unread.__annotations__["return"]
    if isinstance(found, str):
        found = eval(found, transform.unread.__globals__)
    return found

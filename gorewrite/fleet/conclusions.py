"""What followed for Dockerfiles that share a build context, as a cache keeps it."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import NamedTuple

from gorewrite import files
from gorewrite.fleet.groups import Group, Placed
from gorewrite.fleet.plain import dumped, packed
from gorewrite.project import FileError
from gorewrite.shared import Verdict


class Conclusion(NamedTuple):
    """What followed for a group. members: digest of what was known of all; path: "" for nothing."""

    members: str
    path: str
    verdict: Verdict | None


class Told(NamedTuple):
    """What goes into a cache besides planned Dockerfiles. key: what it is about, with a `repr` that
    says it; seen: what was looked at for it."""

    key: tuple[str, ...]
    record: bytes
    seen: files.Seen


def key_for(group: Group) -> tuple[str, ...]:
    """What a conclusion is kept under."""
    return "verdict", group.transform, group.root


def members_of(
    group: Group, places: Mapping[str, tuple[str, bool]], run: Container[str]
) -> str | None:
    """Stands for all that is known of a group; None where a user's transform saw what is no plain
    data. places, run: see Group.verdict."""
    digests = []
    try:
        for path, seen in sorted(group.seen.items()):
            digests.append(files.digest_of(dumped((path, seen))))
    except TypeError:
        return None
    rest = [(path, places.get(path), path in run) for path in group.known]
    return files.digest_of(dumped((digests, rest)))


def concluded(
    group: Group,
    places: Mapping[str, tuple[str, bool]],
    run: Container[str],
    tape: files.Tape,
) -> tuple[Placed | None, Told | None]:
    """(what follows for a group, the same for a cache; None for what is not kept)."""
    members = members_of(group, places, run)
    with files.recording(tape):
        placed = group.verdict(places, run)
        seen = tape.inputs()
    if seen is None:
        return placed, None
    record = b""
    if members is not None and (placed is None or not isinstance(placed.said, FileError)):
        path, verdict = (placed.path, placed.said) if placed is not None else ("", None)
        assert not isinstance(verdict, FileError)
        record = packed(Conclusion(members, path, verdict))
    return placed, Told(key_for(group), record, seen)

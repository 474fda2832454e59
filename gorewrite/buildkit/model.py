"""How BuildKit is switched on in the file of a caller: texts put in at byte offsets."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from typing import NamedTuple

from gorewrite.callers.model import BuildCall, Builder, Source
from gorewrite.evidence import Evidence, Unknown
from gorewrite.transform import SpanEdit

#: What the command line of docker reads (docker/cli, cmd/docker/builder.go): from 18.09 on.
VARIABLE = "DOCKER_BUILDKIT"
SETTING = f"{VARIABLE}=1"
#: Compose v1 builds by itself unless it is told to call docker, which then asks `VARIABLE`.
COMPOSE_SETTING = f"COMPOSE_DOCKER_CLI_BUILD=1 {SETTING}"


class Insertion(NamedTuple):
    """A text that is put into a file; what it takes the place of is `length` bytes at `offset`."""

    offset: int
    text: str
    length: int = 0


#: So many bytes behind an insertion are told as replaced by themselves: should the file be another
#: one by then, they are not there, and nothing is put into the wrong place.
_CONTEXT = 6


def span_edits(source: Source, insertions: Iterable[Insertion]) -> tuple[SpanEdit, ...]:
    """The insertions as edits of the caller's file, in the order of their places."""
    ordered = sorted(insertions)
    ends = [each.offset for each in ordered[1:]] + [len(source.data)]
    return tuple(_edit(source, each, end) for each, end in zip(ordered, ends, strict=True))


def _edit(source: Source, insertion: Insertion, limit: int) -> SpanEdit:
    start, end = insertion.offset, insertion.offset + insertion.length
    text = insertion.text.encode()
    if not insertion.length:
        end = min(start + _CONTEXT, limit)
        text += source.data[start:end]
    return SpanEdit(source.path, start, end, source.data[start:end], text)


def changed_regions(source: Source, new: bytes) -> tuple[SpanEdit, ...]:
    """What differs between a caller's file and a new text of it, as small edits."""
    import difflib

    old_lines, new_lines = (data.splitlines(keepends=True) for data in (source.data, new))
    starts = [0]
    for line in old_lines:
        starts.append(starts[-1] + len(line))
    matcher = difflib.SequenceMatcher(None, old_lines, new_lines, autojunk=False)
    found: list[Insertion] = []
    for tag, first, last, new_first, new_last in matcher.get_opcodes():
        if tag == "equal":
            continue
        before, after = b"".join(old_lines[first:last]), b"".join(new_lines[new_first:new_last])
        same = len(posixpath.commonprefix([before, after]))
        rest = len(posixpath.commonprefix([before[same:][::-1], after[same:][::-1]]))
        text = after[same : len(after) - rest].decode()
        found.append(Insertion(starts[first] + same, text, len(before) - same - rest))
    return span_edits(source, found)


def applied(data: bytes, edits: Iterable[SpanEdit]) -> bytes:
    """The bytes of a file with edits made, of which each is made once."""
    pieces: list[bytes] = []
    at = 0
    for edit in sorted(set(edits), key=lambda each: (each.start, each.end)):
        pieces += (data[at : edit.start], edit.new)
        at = edit.end
    return b"".join((*pieces, data[at:]))


def newline_of(data: bytes) -> str:
    """What ends the lines of a file: that of its first one."""
    end = data.find(b"\n")
    return "\r\n" if end > 0 and data[end - 1 : end] == b"\r" else "\n"


class Way(NamedTuple):
    """How BuildKit is switched on for one call.

    alone: the edits that do it for this call, or why there are none.
    differences: what the call relies on. lacks_buildx: where the file installs a Docker that has no
        BuildKit.
    shared: the edits that do it for several calls of the file at once; () when that is not to be.
    beside: all calls that `shared` switches on; places: in how many places of the file they stand.
    """

    alone: tuple[SpanEdit, ...] | Unknown
    differences: tuple[Evidence, ...]
    lacks_buildx: Evidence | None
    shared: tuple[SpanEdit, ...] = ()
    beside: tuple[BuildCall, ...] = ()
    places: int = 0


def is_off(call: BuildCall) -> bool:
    """Whether somebody wrote that the classic builder is to be used."""
    because = call.builder_because
    said = because is not None and re.search(r"DOCKER_BUILDKIT|useBuildkit:", because.text)
    return call.builder is Builder.CLASSIC and bool(said)


def is_switchable(call: BuildCall) -> bool:
    """Whether a call might use the classic builder without anybody having asked for that.

    `docker compose` (v2) takes BuildKit unless it is told not to (docker/cli, BuildKitEnabled).
    """
    if call.tool == "docker compose" or is_off(call):
        return False
    return call.builder in (Builder.DEFAULT, Builder.CLASSIC)

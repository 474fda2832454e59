"""Programs that a stage takes from another one, or from another image, beside what go builds."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Final

from gorewrite import shell
from gorewrite.evidence import Unknown
from gorewrite.facts import StageFacts
from gorewrite.runtime.configured import CONFIGURATIONS
from gorewrite.runtime.programs import programs
from gorewrite.stage.layout import Placed, under

_PLACES: Final = re.compile(r"(?:/.+)?/s?bin")
#: What an image has many programs in before any RUN.
_FULL: Final = re.compile(r"(?:/usr)?/s?bin/?")
#: Commands that add no file which needs anything itself.
_ADDS_NONE: Final = frozenset("chmod chown go ls mkdir rm strip upx".split())


def unknown_programs(stage: StageFacts) -> Iterator[Unknown]:
    """What comes from a directory of programs and nobody knows: whoever starts it may need
    libraries or a shell for it."""
    known = {program.path for program in programs(stage)}
    for placed in stage.placed:
        if placed.origin != "stage" or placed.path is None or placed.path in known:
            continue
        if placed.source.endswith(CONFIGURATIONS):
            continue
        above = placed.source if placed.directory else posixpath.dirname(placed.source)
        if _PLACES.fullmatch(above) and (not placed.directory or _adds_to(stage, placed)):
            why = f"what {placed.path} is, and what it needs itself, is not known"
            yield Unknown(why, (stage.facts.at(placed.instruction),))


def _adds_to(stage: StageFacts, placed: Placed) -> bool:
    """Whether anything but go puts files into a directory that is copied."""
    if _FULL.fullmatch(placed.source):
        return True
    other = stage.facts.stage_named(placed.from_ or "", stage.index)
    if other is None or other.source_of(placed.source) is not None:
        return True
    for step in (step for member in other.lineage for run in member.runs for step in run.steps):
        name = shell.unwrapped(step).command.name
        if name not in _ADDS_NONE and any(
            path is None or under(path, placed.source) for path in shell.writes(step)
        ):
            return True
    return False

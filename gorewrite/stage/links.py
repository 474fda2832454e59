"""Symbolic links that RUNs make, which a COPY of their own would not keep.

`COPY --from` copies what a link stands for when its source is the link itself, and fails where
that is not there, as with `/dev/stdout` (BuildKit: "failed to walk"). Links below a directory
that is copied stay links.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import StageFacts
from gorewrite.stage import packages
from gorewrite.stage.images import Image
from gorewrite.stage.layout import tops, under
from gorewrite.stage.places import SYSTEM

if TYPE_CHECKING:
    from gorewrite.stage.inventory import Inventory

_ZONES = "/usr/share/zoneinfo"


class Link(NamedTuple):
    """A symbolic link. target: the absolute path it stands for, None when not known."""

    target: str | None
    where: Evidence


def settle(
    stage: StageFacts, inventory: Inventory, files: dict[str, Evidence], workdir: str
) -> tuple[list[Evidence], list[Unknown]]:
    """Puts into `files` what brings the links among them, in place of what would not.

    Returns the evidence where only the whole work directory does, and what nothing brings.
    """
    whole: list[Evidence] = []
    lost: list[Unknown] = []
    for path, link in inventory.links.items():
        if path not in files or inventory.gone(path):
            continue
        copied = _copied_as(stage, inventory, path, link)
        if copied == path:
            if not files.keys().isdisjoint(tops(path) - {path}) and link.target is not None:
                files.setdefault(link.target, link.where)  # It stays a link, which leads there.
            continue
        del files[path]
        if copied is None:
            why = f"{path} is a link, which COPY would follow; make it in the runtime stage"
            lost.append(Unknown(why, (link.where,)))
        elif copied:
            if under(copied, workdir):
                whole.append(link.where)
            else:
                files.setdefault(copied, link.where)
            if link.target in inventory.written or stage.holds(link.target or ""):
                files.setdefault(link.target or "", link.where)
    return whole, lost


def _copied_as(stage: StageFacts, inventory: Inventory, path: str, link: Link) -> str | None:
    """What to copy for the link at `path`: itself where the file it stands for will do, else
    the directory around it; "" when it leads nowhere today either, None when nothing will do.
    """
    target = link.target
    if target is None:
        return None
    if under(target, _ZONES):
        # The Debian images of Go hold the time zones, those on Alpine do not.
        base = stage.base
        bare = isinstance(base, Image) and (base.family == "alpine" or base.libc == "musl")
        has = not bare or "tzdata" in map(packages.bare_name, inventory.packages)
        return path if has else ""
    source = stage.source_of(target)
    kind = stage.facts.project.context.kind(source) if source is not None else None
    if inventory.origin(path) in stage.output_paths or kind == "file":
        return path
    around = posixpath.dirname(path)
    if around not in SYSTEM:
        return around
    return path if kind == "dir" else None

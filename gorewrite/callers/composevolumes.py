"""Volumes that several compose services mount.

A volume begins with what the image has at its place (Docker documentation, "Volumes"; Compose
specification, "volumes"), so what another service finds there comes from the image.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gorewrite.callers.yamlnodes import Mapping, Scalar

_NAMED = re.compile(r"(?P<volume>[A-Za-z0-9][\w.-]*):(?P<target>/[^:$]*)(?::.*)?")


def shared(services: Mapping) -> Iterator[tuple[str, str, int]]:
    """(service, absolute path in its container, line) of each mount of a named volume that
    another service mounts, too."""
    mounted: dict[str, list[tuple[str, str, int]]] = {}
    for name, _, service in services.items:
        for item in service.sequence("volumes") if isinstance(service, Mapping) else ():
            if isinstance(item, Scalar):
                found = _NAMED.fullmatch(item.text)
                volume, target = (found["volume"], found["target"]) if found else (None, None)
            elif isinstance(item, Mapping) and item.text("type") == "volume":
                volume, target = item.text("source"), item.text("target")
            else:
                continue
            if volume and target:
                mounted.setdefault(volume, []).append((name, target, item.line))
    for mounts in mounted.values():
        if len({name for name, _, _ in mounts}) > 1:
            yield from mounts

"""Files by which hosting services build the Dockerfile of a repository on machines of their own.

Railway takes a cache mount only with an `id=` that names the service (Railway docs, "Dockerfiles",
Cache mounts); CapRover uses the classic builder (caprover issue 2012).
"""

from __future__ import annotations

import json
import posixpath
import tomllib
from collections.abc import Iterator, Sequence
from typing import Any

from gorewrite.callers import places
from gorewrite.callers.model import BuildCall, Builder, Source
from gorewrite.evidence import Evidence


def calls(source: Source) -> Iterator[BuildCall]:
    """The build of the Dockerfile that is named, or of the one beside the file."""
    text = source.data.decode("utf-8", "replace")
    caprover = source.path.endswith("captain-definition")
    build = _build(source.path, text, [] if caprover else ["build"])
    if build is None or (caprover and "dockerfilePath" not in build):
        return
    written = build.get("dockerfilePath")
    named = written.lstrip("/") if isinstance(written, str) else "Dockerfile"
    # Relative to the root of the service, which need not be that of the repository.
    found = [places.join(top, named) for top in dict.fromkeys((source.directory, "."))]
    there = next((path for path in found if path and source.read(path) is not None), None)
    if there is None:
        return
    lines = text.splitlines() or [""]
    number = next((n for n, line in enumerate(lines) if "dockerfilePath" in line), 0)
    place = Evidence(source.path, number + 1, lines[number].strip()[:200])
    yield BuildCall(
        "CapRover" if caprover else "Railway",
        source.path,
        place.line,
        place.text,
        (0, len(source.data)),
        None,
        there,
        ("", named),
        builder=Builder.NEVER,
        builder_because=place,
    )


def _build(path: str, text: str, keys: Sequence[str]) -> dict[str, Any] | None:
    """The table that says what is built; None in a file that is not to be read."""
    try:
        data = tomllib.loads(text) if posixpath.splitext(path)[1] == ".toml" else json.loads(text)
    except ValueError:
        return None
    for key in keys:
        data = data.get(key, {}) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else None

"""Go tests that build a Dockerfile through the API of the engine, which is the classic builder.

Looked for only where go.mod requires a module that does so, or that of a directory of tests.
Sources: testcontainers-go, `FromDockerfile` (issue 57, pull request 2482; `BuildOptionsModifier`
can choose BuildKit); ory/dockertest, `BuildAndRun` (issue 525: "the --mount option requires
BuildKit").
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gorewrite.callers.model import BuildCall, Builder
from gorewrite.context import Context
from gorewrite.memo import lasting, remembered

_MODULES: Final = re.compile(rb"testcontainers/testcontainers-go|ory/dockertest")
_TESTS: Final = re.compile(r"tests?\b|e2e|integration|acceptance")
_BUILDS: Final = re.compile(rb"\bFromDockerfile\s*\{(?P<body>[^{}]*)\}|\bBuildAndRun\w*\(")
_FIELD: Final = re.compile(rb"\b(Context|Dockerfile)\s*:\s*([^\n,}]+)")
_LITERAL: Final = re.compile(rb'\s*"([^"]*)"\s*')
_MOST_FILES: Final = 5_000


def calls(context: Context, dockerfile: Path, repository: Path) -> Iterator[BuildCall]:
    """The builds that tests of the module at the top of a context start of a Dockerfile; where
    they do not say plainly of which one, of any."""
    for path, line, text, built in _found(context.unignored):
        if built is None or context.root / built == dockerfile:
            shown = posixpath.relpath(str(context.root / path), str(repository))
            yield BuildCall(
                "docker API", shown, line, text, (0, 0), None, None, builder=Builder.NEVER
            )


@remembered
@lasting
def _found(context: Context) -> tuple[tuple[str, int, str, str | None], ...]:
    """(file, line, its text, the Dockerfile that it names) of each such call."""
    tests = [f"{name}/" for name in context.listdir(".") if _TESTS.search(name)]
    tops = [top for top in ("", *tests) if _MODULES.search(context.read(f"{top}go.mod") or b"")]
    walked = (name for top in tops for name in context.walk(top or ".", limit=_MOST_FILES))
    names = dict.fromkeys(name for name in walked if name.endswith(".go"))
    found = []
    for name in names:
        data = context.read(name) or b""
        for call in () if b"BuilderBuildKit" in data else _BUILDS.finditer(data):
            line = data.count(b"\n", 0, call.start()) + 1
            text = data.split(b"\n")[line - 1].strip().decode("utf-8", "replace")[:200]
            found.append((name, line, text, _built(name, call["body"])))
    return tuple(found)


def _built(name: str, body: bytes | None) -> str | None:
    """The Dockerfile that a `FromDockerfile` names, relative to the top; None if not plain."""
    given = {"Context": "", "Dockerfile": "Dockerfile"}
    stated = _FIELD.findall(body or b"")
    for key, value in stated:
        literal = _LITERAL.fullmatch(value)
        if literal is None:
            return None
        given[key.decode()] = literal[1].decode("utf-8", "replace")
    place = posixpath.join(posixpath.dirname(name), given["Context"], given["Dockerfile"])
    return posixpath.normpath(place) if stated else None

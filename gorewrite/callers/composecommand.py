"""What a command line of compose builds: `docker compose build`, `docker-compose up --build`.

Source: Docker docs, `docker compose` (file, project-directory), `build`, `up`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from typing import Final

from gorewrite.callers import composefile, places
from gorewrite.callers.buildcommand import Argument
from gorewrite.callers.model import BuildCall, Source

_PROGRAM_VALUE: Final = frozenset(
    "-f --file -p --project-name --profile --env-file --project-directory --ansi --progress "
    "--parallel --context -H --host".split()
)
_VERB_VALUE: Final = frozenset(
    "--build-arg --progress --ssh -m --memory --builder --scale -t --timeout --attach --pull "
    "--exit-code-from --wait-timeout --platform".split()
)


def builds(
    words: Sequence[Argument], cwd: str | None, source: Source
) -> tuple[str, tuple[BuildCall, ...]] | None:
    """(the tool, the builds of the services that the command builds); None for another command.

    The builds are those of the compose files, which `source` reads.
    """
    texts = [word.value for word in words]
    name = posixpath.basename(texts[0] or "")
    if name == "docker-compose":
        tool, at = name, 1
    elif name in ("docker", "podman", "nerdctl") and texts[1:2] == ["compose"]:
        tool, at = "docker compose", 2
    else:
        return None
    options, at = _options(texts, at, _PROGRAM_VALUE)
    verb = texts[at] if at < len(texts) else None
    flags, end = _options(texts, at + 1, _VERB_VALUE)
    if verb != "build" and not (verb in ("up", "run", "create") and ("--build", None) in flags):
        return None
    wanted = [text for text in texts[end:] if text is None or not text.startswith("-")]
    start = places.inside(cwd) if cwd is not None else None
    files = [value for option, value in options if option in ("-f", "--file")]
    calls = tuple(_calls(start, files, wanted[:1] if verb == "run" else wanted, source))
    return tool, calls


def _options(
    texts: Sequence[str | None], at: int, with_value: frozenset[str]
) -> tuple[list[tuple[str, str | None]], int]:
    """The options from a place on, with their values, and where what follows them begins."""
    found: list[tuple[str, str | None]] = []
    while at < len(texts) and (texts[at] or "").startswith("-"):
        name, equals, value = (texts[at] or "").partition("=")
        at += 1
        if equals:
            found.append((name, value))
        elif name in with_value:
            found.append((name, texts[at] if at < len(texts) else None))
            at += 1
        else:
            found.append((name, None))
    return found, at


def _calls(
    start: str | None, files: Sequence[str | None], wanted: Sequence[str | None], source: Source
) -> Iterator[BuildCall]:
    usual = [posixpath.normpath(f"{start}/{name}") for name in composefile.PLAIN_NAMES]
    paths = [places.join(start, file) if file else None for file in files] or (
        usual if start is not None else []
    )
    for path in paths:
        data = source.read(path) if path is not None else None
        if path is None or data is None:
            continue
        directory = posixpath.dirname(path) or "."
        for service, call in composefile.services(Source(path, data, directory, source.read)):
            if not wanted or None in wanted or service in wanted:
                yield call
        if not files:
            return

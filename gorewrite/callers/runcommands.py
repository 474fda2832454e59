"""What a `docker run` or `kubectl` command means for the image, as a compose service.

Loaded only where a caller runs images. Sources: `docker run`, `docker exec`; `kubectl exec`,
`kubectl run`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from gorewrite.callers.compose import TELLING, CommandLine, Service, Stated
from gorewrite.callers.model import bare_image
from gorewrite.evidence import Evidence

#: Options of `docker run` whose value may be the name of the image, too.
_NAMES: Final = re.compile(r"-h|--(hostname|name|network|network-alias|link|label)")
_SETS: Final = re.compile(rf"(?:-e|--env)[= ]?((?:{'|'.join(sorted(TELLING))})=.*)")
_KUBECTL: Final = re.compile(
    r"\b(?:kubectl|oc)\s+(?P<before>.*?\b(?P<verb>exec|run)\b.*?)\s--\s+(?P<arguments>.*)"
)
_ASSIGNED: Final = re.compile(r"(\w+)=[\"']?(?:\$\(|`)\s*(?:sudo\s+)?$")
_COPIED: Final = re.compile(
    r"(?:-\S+\s+)*[\"']?(?P<container>\$\([^)]*\)|[^\s:\"']+)[\"']?:(?P<path>/[^\s\"']*)"
)
_RUN_IMAGE: Final = re.compile(r"--image[= ]([^\s]+)")
_SHELLS: Final = frozenset({"sh", "bash", "ash"})
#: `>`, `2>`, `>>`, `<` and the like, with the file when it follows at once.
_REDIRECTION: Final = re.compile(r"\d*(?:[<>]|>>|>\|)(?P<file>[^<>|].*)?$")


def words_of(arguments: str) -> list[str]:
    """The words of a simple command, without its redirections. Raises ValueError where a quote is
    left open."""
    words: list[str] = []
    given = iter(shlex.split(arguments))
    for word in given:
        redirection = _REDIRECTION.match(word)
        if redirection is None:
            words.append(word)
        elif redirection["file"] is None:
            next(given, None)
    return words


def run_of(
    words: list[str], names: set[str], beside: bool, directory: Path, evidence: Evidence
) -> Iterator[Service]:
    """The service that one `docker run` amounts to; none when it runs what the image says."""
    entrypoint = None
    for at, word in enumerate(words):
        option, equals, value = word.partition("=")
        if option == "--entrypoint":
            entrypoint = value if equals else "".join(words[at + 1 : at + 2])
        named = at > 0 and _NAMES.fullmatch(words[at - 1])
        if word.startswith("-") or named or bare_image(word) not in names:
            continue
        arguments = tuple(words[at + 1 :])
        given = CommandLine(arguments, evidence) if arguments else None
        service = Service(f"of {evidence.path}", directory, evidence)
        told = tuple(Stated(text, evidence) for text in _told(words[:at]))
        if told:
            yield service._replace(environment=told)
        shell = (entrypoint or (arguments[0] if arguments else "")).rpartition("/")[2]
        if beside or (shell in _SHELLS and len(arguments) < 2):
            line = (*((entrypoint,) if entrypoint else ()), *arguments)
            if line:
                yield service._replace(healthcheck=CommandLine(("CMD", *line), evidence))
        elif entrypoint or given:
            first = CommandLine((entrypoint,), evidence) if entrypoint else None
            yield service._replace(entrypoint=first, command=given)
        return


def _told(options: list[str]) -> Iterator[str]:
    """The variables among the options that are `TELLING`, as `NAME=value`."""
    for option, following in pairwise([*options, ""]):
        found = _SETS.fullmatch(option) or _SETS.fullmatch(f"{option} {following}")
        if found is not None:
            yield found[1]


def containers(before: str, words: list[str], names: set[str]) -> set[str]:
    """What the container is called that a `docker run` of the image makes.

    before: what stands in front of the command, as `id=$(`.
    """
    if not any(bare_image(word) in names for word in words):
        return set()
    found = {
        value or following
        for word, following in zip(words, [*words[1:], ""], strict=True)
        for option, _, value in [word.partition("=")]
        if option == "--name"
    }
    variable = _ASSIGNED.search(before)
    return (found | ({f"${{{variable[1]}}}"} if variable else set())) - {""}


def copied_of(
    arguments: str, names: set[str], called: set[str], directory: Path, evidence: Evidence
) -> Iterator[Service]:
    """The path that a `docker cp` takes out of a container, as one that is named.

    called: what containers of the image are called; `$(docker create IMAGE)` is one, too.
    """
    found = _COPIED.match(arguments)
    if found is None:
        return
    container = found["container"]
    made = container.startswith("$(") and " create " in container
    if container in called or (
        made and any(bare_image(word) in names for word in container[2:-1].split())
    ):
        named = Stated(found["path"], evidence)
        yield Service(f"of {evidence.path}", directory, evidence, environment=(named,))


def kubectl_of(
    line: str, images: set[str], names: set[str], directory: Path, evidence: Evidence
) -> Iterator[Service]:
    """The command that `kubectl exec` starts in a container of an image, or `kubectl run`.

    images: names of the image; names: what its pods may be called.
    """
    found = _KUBECTL.search(line)
    try:
        words = tuple(words_of(found["arguments"])) if found else ()
    except ValueError:
        return
    if found is None or not words:
        return
    service = Service(f"of {evidence.path}", directory, evidence)
    image = _RUN_IMAGE.search(found["before"])
    if found["verb"] == "run" and image is not None and bare_image(image[1]) in images:
        given = CommandLine(words, evidence)
        whole = "--command" in found["before"]
        first, rest = (given, None) if whole else (None, given)
        yield service._replace(entrypoint=first, command=rest)
    elif found["verb"] == "exec" and any(_pod(name).search(found["before"]) for name in names):
        yield service._replace(healthcheck=CommandLine(("CMD", *words), evidence))


@lru_cache(maxsize=256)
def _pod(name: str) -> re.Pattern[str]:
    """A pod of a deployment or the like of that name, as it is called in commands."""
    return re.compile(rf"(?<![\w.-]){re.escape(name)}(?=[\s:)\"']|$|-\d|-[0-9a-f]{{5,}})")

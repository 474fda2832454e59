"""What a `docker run` or `kubectl` command means for the image, as a compose service.

Loaded only where a caller runs images. Sources: `docker run`, `docker exec`; `kubectl exec`,
`kubectl run`, `kubectl cp`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from gorewrite.callers.compose import bound
from gorewrite.callers.model import bare_image
from gorewrite.callers.running import (
    TELLING,
    CommandLine,
    HostMount,
    Service,
    Stated,
    container_of,
)
from gorewrite.evidence import Evidence

#: Options that take no value; all others take one.
_SWITCH: Final = re.compile(
    r"-[ditTqP]+|--(?:build|detach|init|interactive|no-(?:deps|healthcheck|TTY)|oom-kill-disable"
    r"|privileged|publish-all|quiet(?:-pull|-build)?|read-only|remove-orphans|replace|rm|rmi"
    r"|service-ports|sig-proxy|tty|use-aliases)"
)
_LONG: Final = {"-e": "--env", "-u": "--user", "-v": "--volume", "-w": "--workdir"}
_WITH_VALUE: Final = re.compile(r"(-[euvw])(?!-)(.+)")
#: Options of `docker run` whose value may be the name of the image, too.
_NAMES: Final = re.compile(r"-h|--(hostname|name|network|network-alias|link|label)")
_IMAGE: Final = re.compile(r"(?![./])[\w.${}-]+(?::\d+)?(?:/[\w.${}-]+)*")
_KUBECTL: Final = re.compile(
    r"\b(?:kubectl|oc)\s+(?P<before>.*?\b(?P<verb>exec|run)\b.*?)\s--\s+(?P<arguments>.*)"
)
#: The directory in which a command runs, as shells and make call it.
_HERE: Final = re.compile(r"\$(?:\{(?:PWD|pwd|CURDIR)\}|PWD)")
#: Without the `--`, as old ones took it.
_KUBECTL_SHELL: Final = re.compile(
    r"\b(?:kubectl|oc)\s+(?P<before>.*?\b(?P<verb>exec)\b.*?)\s"
    r"(?P<arguments>(?:(?:/usr)?/bin/)?(?:ba|a)?sh(?:\s.*)?)$"
)
#: It runs `tar` in the container, whichever way (kubectl reference, `cp`).
_KUBECTL_COPY: Final = re.compile(
    r"\b(?:kubectl|oc)\s+(?:\S+\s+)*?(?:cp|rsync)\s(?:.*\s)?[\"']?(?P<pod>[^\s:]+):/?\S"
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


class Names(NamedTuple):
    """What an image and its containers are called.

    exact: the image as callers name it, and services of compose; last: what the last part of
    another name of it may be, where no registry is known.
    """

    exact: set[str]
    last: set[str]

    def mean(self, word: str) -> bool:
        """Whether a word is a name of the image."""
        bare = bare_image(word)
        likely = bare.rpartition("/")[2] in self.last and _IMAGE.fullmatch(bare) is not None
        return bare in self.exact or likely


class Run(NamedTuple):
    """The words of a `docker run`, `create` or `exec`.

    options: (name, value) with long names, "" for one without; image: the image or container, None
    where it stands behind a variable; arguments: what it is given.
    """

    options: tuple[tuple[str, str], ...]
    image: str | None
    arguments: tuple[str, ...]


def parsed(words: Sequence[str], names: Names) -> Run:
    """Reads the words behind the verb."""
    options: list[tuple[str, str]] = []
    at = 0
    while at < len(words) and words[at].startswith("-"):
        option, equals, value = words[at].partition("=")
        at += 1
        short = _WITH_VALUE.fullmatch(words[at - 1])
        if short is not None:
            option, value = short.groups()
        elif not equals and not _SWITCH.fullmatch(option) and at < len(words):
            if bare_image(words[at]) in names.exact and not _NAMES.fullmatch(option):
                break  # A switch that is not known here.
            value = words[at]
            at += 1
        options.append((_LONG.get(option, option), value))
    if at < len(words) and re.fullmatch(r"\$\{\w+\}|\$@|\$\*", words[at]):
        # A variable may be the image, or more options.
        exact = (n for n in range(at, len(words)) if bare_image(words[n]) in names.exact)
        at = next(exact, at)
    if at == len(words):
        return Run(tuple(options), None, ())
    return Run(tuple(options), words[at], tuple(words[at + 1 :]))


def run_of(run: Run, beside: bool, directory: Path, evidence: Evidence) -> Iterator[Service]:
    """The services that one `docker run` of the image amounts to; none when it runs what the image
    says. beside: whether the container runs already."""
    given = {name: value for name, value in run.options if value}
    service = container_of(evidence.path, directory, evidence)
    told = tuple(Stated(text, evidence) for text in _told(run.options))
    if told:
        yield service._replace(environment=told)
    if not beside:
        place, user = given.get("--workdir"), given.get("--user")
        service = service._replace(
            working_dir=Stated(place, evidence) if place and "$" not in place else None,
            user=Stated(user, evidence) if user and "$" not in user else None,
            mounts=tuple(_mounts(run.options, directory, evidence)),
        )
    if check := given.get("--health-cmd"):
        yield service._replace(healthcheck=CommandLine(("CMD-SHELL", check), evidence))
    entrypoint, arguments = given.get("--entrypoint"), run.arguments
    shell = (entrypoint or (arguments[0] if arguments else "")).rpartition("/")[2]
    if beside or (shell in _SHELLS and len(arguments) < 2):
        line = (*((entrypoint,) if entrypoint else ()), *arguments)
        if line:
            yield service._replace(healthcheck=CommandLine(("CMD", *line), evidence))
    elif entrypoint or arguments or service.working_dir or service.user or service.mounts:
        first = CommandLine((entrypoint,), evidence) if entrypoint else None
        command = CommandLine(arguments, evidence) if arguments else None
        yield service._replace(entrypoint=first, command=command)


def _mounts(
    options: Sequence[tuple[str, str]], directory: Path, evidence: Evidence
) -> Iterator[HostMount]:
    """What of the host lies over the image, for whoever runs the command in a directory."""
    for option, value in options:
        text = value
        if option == "--mount":
            given = dict(field.partition("=")[::2] for field in value.split(","))
            source = given.get("source", given.get("src", ""))
            target = given.get("target", given.get("destination", given.get("dst", "")))
            text = f"{source}:{target}" if given.get("type") == "bind" else ""
        elif option != "--volume":
            continue
        mount = bound(_HERE.sub(".", text), directory, evidence)
        if mount is not None:
            yield mount


def _told(options: Sequence[tuple[str, str]]) -> Iterator[str]:
    """The variables among the options that are `TELLING`, as `NAME=value`."""
    for option, value in options:
        if option == "--env" and value.partition("=")[0] in TELLING:
            yield value


def containers(before: str, run: Run) -> set[str]:
    """What the container is called that a `docker run` of the image makes.

    before: what stands in front of the command, as `id=$(`.
    """
    found = {value for option, value in run.options if option == "--name"}
    variable = _ASSIGNED.search(before)
    return (found | ({f"${{{variable[1]}}}"} if variable else set())) - {""}


def copied_of(
    arguments: str, names: Names, called: set[str], directory: Path, evidence: Evidence
) -> Iterator[Service]:
    """The path that a `docker cp` takes out of a container, as one that is named.

    called: what containers of the image are called; `$(docker create IMAGE)` is one, too.
    """
    found = _COPIED.match(arguments)
    if found is None:
        return
    container = found["container"]
    made = container.startswith("$(") and " create " in container
    if container in called or (made and any(names.mean(word) for word in container[2:-1].split())):
        named = Stated(found["path"], evidence)
        yield container_of(evidence.path, directory, evidence)._replace(environment=(named,))


def kubectl_of(
    line: str, images: set[str], names: set[str], directory: Path, evidence: Evidence
) -> Iterator[Service]:
    """The command that `kubectl exec` starts in a container of an image, or `kubectl run`; the
    `tar` that `kubectl cp` takes in it.

    images: names of the image; names: what its pods may be called.
    """
    service = container_of(evidence.path, directory, evidence)
    copied = _KUBECTL_COPY.search(line)
    if copied is not None and any(_pod(name).search(copied["pod"]) for name in names):
        yield service._replace(healthcheck=CommandLine(("CMD", "tar"), evidence))
    found = _KUBECTL.search(line) or _KUBECTL_SHELL.search(line)
    try:
        words = tuple(words_of(found["arguments"].partition(" ;")[0])) if found else ()
    except ValueError:
        return
    if found is None or not words:
        return
    image = _RUN_IMAGE.search(found["before"])
    verb = found["verb"]
    if verb == "run" and image is not None and bare_image(image[1]) in images:
        given = CommandLine(words, evidence)
        whole = "--command" in found["before"]
        first, rest = (given, None) if whole else (None, given)
        yield service._replace(entrypoint=first, command=rest)
    elif verb == "exec" and any(_pod(name).search(found["before"]) for name in names):
        yield service._replace(healthcheck=CommandLine(("CMD", *words), evidence))


@lru_cache(maxsize=256)
def _pod(name: str) -> re.Pattern[str]:
    """A pod of a deployment or the like of that name, as it is called in commands."""
    return re.compile(rf"(?<![\w.-]){re.escape(name)}(?=[\s:)\"']|$|-\d|-[0-9a-f]{{5,}})")

"""Who runs an image by its name: `docker run` and `docker exec` lines, Kubernetes manifests.

A bounded reading of the usual places; what is found is there, what is not found proves nothing.
Each is told as a compose service without a build, since it means the same: another command for
the image, or a command that is run beside it.
Sources: `docker run`, `docker compose run` and `exec`; Kubernetes API reference, Container v1
(command, args, probes, lifecycle).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gorewrite.callers.buildcalls import (
    BUILD,
    LARGEST_FILE,
    build_call,
    command_lines,
    files_named,
    place_of,
)
from gorewrite.callers.buildtargets import Call, caller_files, may_build
from gorewrite.evidence import Evidence
from gorewrite.files import kind_of

if TYPE_CHECKING:
    from gorewrite.callers.compose import Service

_TAG: Final = re.compile(r"(?:^|\s)(?:-t|--tag)[= ]+[\"']?([^\s\"']+)")
_RUN: Final = re.compile(
    r"\b(?:docker|podman|nerdctl)(?:-compose|\s+compose|\s+container)?\s+(?:-\S+\s+(?:\S+\.ya?ml\s+)?)*"
    r"(?P<verb>run|exec)\s+(?P<arguments>.*)"
)
_COMMAND: Final = re.compile(r"""(?:[^'"|&;]|'[^']*'|"(?:\\.|[^"\\])*")+""")
_MANIFEST: Final = re.compile(r".*\.ya?ml")
_PLACES: Final = (
    ". k8s kube kubernetes deploy deployment deployments manifests kustomize infra ops config"
).split()
_MOST_DIRECTORIES: Final = 60


def runs(dockerfile: Path, repository: Path, services: Iterable[Service]) -> tuple[Service, ...]:
    """What the callers of the image of a Dockerfile run in it, apart from compose `services`."""
    top, wanted = repository.resolve(), place_of(dockerfile)
    services = tuple(services)
    places = tuple(dict.fromkeys(caller_files(wanted.parent, top)))
    images = {bare_image(s.image) for s in services if s.image}
    images |= {tag for file, base in places for tag in _tags(file, base, wanted)}
    names = images | {service.name for service in services if service.name}
    found = [run for file, _ in places for run in _docker_runs(file, top, names)]
    known = {image.rpartition("/")[2] for image in images if "$" not in image}
    known |= {wanted.parent.name, top.name, _module_name(wanted.parent), _module_name(top)} - {""}
    pods = [pod for file in _manifests(wanted.parent, top) for pod in _pods(file, top)]
    own = {image for image, _ in pods if "/" in image}
    if wanted.parent == top and len(own) == 1:
        known |= {image.rpartition("/")[2] for image in own}  # The one image of the repository.
    found += [run for image, run in pods if image.rpartition("/")[2] in known]
    return tuple(found)


def bare_image(name: str) -> str:
    """The name of an image without tag and digest; Make's `$(X)` as `${X}`."""
    name = _make_variables(name).partition("@")[0]
    head, slash, last = name.rpartition("/")
    bare = re.match(r"(?:\$\{[^}]*\}|[^:])*", last)
    return head + slash + (bare[0] if bare else last)


def _make_variables(text: str) -> str:
    return re.sub(r"\$\((\w+)\)", r"${\1}", text)


def _module_name(directory: Path) -> str:
    text = _read(directory / "go.mod")
    found = re.search(r"(?m)^module\s+\"?([^\s\"]+)", text)
    return re.sub(r"/v\d+$", "", found[1]).rpartition("/")[2] if found else ""


def _read(file: Path) -> str:
    try:
        status = file.stat()
        return _text(file, status.st_mtime_ns, status.st_size)
    except OSError:
        return ""


@lru_cache(maxsize=512)
def _text(file: Path, _changed: int, size: int) -> str:
    return file.read_text("utf-8", "replace") if size <= LARGEST_FILE else ""


def _tags(file: Path, base: Path, wanted: Path) -> Iterator[str]:
    """The names that the build calls of a file give to what the Dockerfile builds."""
    text = _read(file)
    if not BUILD.search(text):
        return
    for line, command_line in command_lines(text.split("\n")):
        for command in _commands(command_line):
            found = BUILD.search(command)
            call = build_call(found["arguments"], line, command_line) if found else None
            if found is None or call is None:
                continue
            if may_build(Call(call.context, call.dockerfile, False, None, line, ""), base, wanted):
                yield from (bare_image(tag) for tag in _TAG.findall(found["arguments"]))


def _commands(line: str) -> list[str]:
    """The simple commands of a line: what stands between operators outside of quotes."""
    return [found[0] for found in _COMMAND.finditer(line)]


def _docker_runs(file: Path, top: Path, names: set[str]) -> Iterator[Service]:
    text = _read(file)
    if not names or not _RUN.search(text):
        return
    shown = file.relative_to(top).as_posix() if file.is_relative_to(top) else file.name
    for line, command_line in command_lines(text.split("\n")):
        for command in _commands(command_line):
            found = _RUN.search(command)
            if found is None:
                continue
            try:
                words = shlex.split(_make_variables(found["arguments"]))
            except ValueError:
                continue
            evidence = Evidence(shown, line, command_line[:200])
            from gorewrite.callers.runcommands import run_of

            yield from run_of(words, names, found["verb"] == "exec", file.parent, evidence)


def _manifests(directory: Path, top: Path) -> list[Path]:
    places = [directory, *(top / name for name in _PLACES)]
    below = [entry for place in places[2:] for entry in _directories(place)]
    deeper = [entry for place in below for entry in _directories(place)]
    every = dict.fromkeys([*places, *below, *deeper][:_MOST_DIRECTORIES])
    return [file for place in every for file in files_named(place, (_MANIFEST,))]


def _directories(place: Path) -> list[Path]:
    try:
        return sorted(entry for entry in place.iterdir() if kind_of(entry) == "dir")
    except OSError:
        return []


def _pods(file: Path, top: Path) -> Iterator[tuple[str, Service]]:
    text = _read(file)
    if "containers:" in text and "image:" in text and "apiVersion:" in text:
        from gorewrite.callers.runcommands import pods

        yield from pods(file, top, text)

"""Which stages callers build by name, and which tools copy files into running containers.

A bounded reading of Makefiles, scripts, CI workflows, Bake, skaffold and Tilt files in the usual
places. What is found is there; what is not found proves nothing.
Sources: `docker build --target`, docker/build-push-action (`target`), Bake file reference,
skaffold.yaml (`build.artifacts[].docker`, `.sync`), Tilt API (`docker_build`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from gorewrite.callers.buildcalls import (
    BUILD,
    COMPOSE,
    build_call,
    callers_of,
    calls_in,
    command_lines,
    directory_at,
    files_named,
    parents_within,
    place_of,
)
from gorewrite.evidence import Evidence

if TYPE_CHECKING:
    from gorewrite.callers.compose import Service

_SCRIPT_PLACES: Final = ("build", "ci", "hack", "scripts")
_SCRIPT: Final = re.compile(r".*\.sh")
_BAKE: Final = re.compile(r"docker-bake[^/]*\.hcl")
_SKAFFOLD: Final = re.compile(r"skaffold[^/]*\.ya?ml")
_TILT: Final = re.compile(r"Tiltfile")

_TARGET_OPTION: Final = re.compile(r"--target[= ]+[\"']?([\w.-]+)[\"']?(?=\s|$)")
_FILE_OPTION: Final = re.compile(r"(?:^|\s)(?:-f|--file)[= ]+[\"']?([^\s\"']+)")
_MOVES: Final = re.compile(r"\b(cd|pushd)\s")
_BAKE_TARGET: Final = re.compile(r"(?ms)^target\s+\"[^\"]*\"\s*\{(?P<body>.*?)^\}")
_BAKE_VALUE: Final = re.compile(r"(?m)^\s*(context|dockerfile|target)\s*=\s*\"([^\"]*)\"")
_TILT_VALUE: Final = re.compile(r"\b(context|dockerfile|target)\s*=\s*[\"']([^\"']*)[\"']")
_TILT_PLACES: Final = re.compile(r"\s*[\"'][^\"']*[\"']\s*,\s*[\"']([^\"']*)[\"']")


class Call(NamedTuple):
    """A build that names a target or syncs files. context, dockerfile: None when not known or
    not given; from_context: whether the Dockerfile is relative to the context."""

    context: str | None
    dockerfile: str | None
    from_context: bool
    target: str | None
    line: int
    text: str
    syncs: bool = False


def targets(
    dockerfile: Path, repository: Path, running: Iterable[Service] = ()
) -> tuple[tuple[str, Evidence], ...]:
    """The stages (lower case, or a number) that callers build by name, each with where.

    running: the compose services of the Dockerfile, whose targets are added. A call that does not
    show plainly which Dockerfile it builds counts when the file's name fits: whoever asks
    looks for the names of its stages.
    """
    top = repository.resolve()
    found = [(s.target.text, s.target.evidence) for s in running if s.target and s.target.text]
    for file, call in _calls(dockerfile, top):
        if call.target:
            found.append((call.target, _evidence(file, top, call)))
    return tuple(dict.fromkeys((name.lower(), evidence) for name, evidence in found))


def live_sync(dockerfile: Path, repository: Path) -> tuple[Evidence, ...]:
    """Where skaffold or Tilt copies files into running containers of this Dockerfile's image.

    Both unpack an archive there, so the image must have `tar` (skaffold docs, "File Sync"; Tilt
    docs, "live_update").
    """
    top = repository.resolve()
    # A build of a named stage is another image.
    calls = ((file, call) for file, call in _calls(dockerfile, top) if call.target is None)
    found = (_evidence(file, top, call) for file, call in calls if call.syncs)
    return tuple(dict.fromkeys(found))


def _evidence(file: Path, top: Path, call: Call) -> Evidence:
    shown = file.relative_to(top).as_posix() if file.is_relative_to(top) else file.name
    return Evidence(shown, call.line, call.text[:200])


def _calls(dockerfile: Path, top: Path) -> Iterator[tuple[Path, Call]]:
    """The calls in all files that are read, which may be of this Dockerfile."""
    wanted = place_of(dockerfile)
    for file, base in caller_files(wanted.parent, top):
        for call in calls_in(file, _read_calls):
            if may_build(call, base, wanted):
                yield file, call


def may_build(call: Call, base: Path, wanted: Path) -> bool:
    """Whether a call in `base` builds the Dockerfile `wanted`, or may, where it is not plain."""
    written = call.dockerfile
    root = directory_at(base, call.context) if call.context is not None else None
    if written is not None and "$" in written:
        return True
    if root is None or (written is not None and "{" in written):
        return Path(written or "Dockerfile").name == wanted.name
    place = root if written is None or call.from_context else base
    return place_of(place / (written or "Dockerfile")) == wanted


def caller_files(directory: Path, top: Path) -> Iterator[tuple[Path, Path]]:
    """(file, directory its paths are relative to) of all callers but compose files."""
    for file, base in callers_of(directory, top):
        if not COMPOSE.fullmatch(file.name):
            yield file, base
    for name in _SCRIPT_PLACES:
        yield from ((file, top) for file in files_named(top / name, (_SCRIPT,)))
    for base in parents_within(directory, top):
        yield from ((file, base) for file in files_named(base, (_BAKE, _SKAFFOLD, _TILT)))


@lru_cache(maxsize=512)
def _read_calls(file: Path, _changed: int, _size: int) -> Sequence[Call]:
    text = file.read_text("utf-8", "replace")
    # Most files name no target at all, and reading them closely would be the cost of a start.
    if "target" not in text and "sync" not in text and "live_update" not in text:
        return ()
    if _BAKE.fullmatch(file.name):
        return tuple(_bake(text))
    if _TILT.fullmatch(file.name):
        return tuple(_tilt(text))
    if _SKAFFOLD.fullmatch(file.name):
        from gorewrite.callers.buildyaml import skaffold

        return tuple(skaffold(text))
    calls = list(_commands(text)) if "--target" in text else []
    if file.parent.name == "workflows" and re.search(r"(?m)^\s+target:", text):
        from gorewrite.callers.buildyaml import workflow

        calls += workflow(text)
    return tuple(calls)


def _commands(text: str) -> Iterator[Call]:
    """The `docker build --target` calls of a Makefile, a script or a CI file."""
    lines = text.split("\n")
    moved = False
    for line, command_line in command_lines(lines):
        moved = moved or bool(_MOVES.search(command_line))
        for command in re.split(r"&&|\|\||[;|]", command_line):
            found = BUILD.search(command)
            option = _TARGET_OPTION.search(found["arguments"]) if found else None
            if found is None or option is None:
                continue
            call = build_call(found["arguments"], line, command_line)
            file = _FILE_OPTION.search(found["arguments"])
            written = file[1].replace("$(", "${") if file else None
            context = call.context if call is not None and not moved else None
            yield Call(context, written, False, option[1], line, command_line)


def _bake(text: str) -> Iterator[Call]:
    for block in _BAKE_TARGET.finditer(text):
        values = dict(_BAKE_VALUE.findall(block["body"]))
        place = re.search(r"(?m)^\s*target\s*=", block["body"])
        if place is None or "target" not in values:
            continue
        inherits = re.search(r"(?m)^\s*inherits\s*=", block["body"]) is not None
        yield Call(
            values.get("context", None if inherits else "."),
            values.get("dockerfile", "$inherited" if inherits else None),
            True,
            values["target"],
            *_line(text, block.start("body") + place.start()),
        )


def _tilt(text: str) -> Iterator[Call]:
    for call in re.finditer(r"(?m)^[^#\n]*?\bdocker_build\w*\(", text):
        body = _arguments(text, call.end())
        values = dict(_TILT_VALUE.findall(body))
        place = _TILT_PLACES.match(body)
        syncs = re.search(r"\blive_update\s*=", body)
        at = call.end() + (syncs.start() if syncs else 0)
        yield Call(
            values.get("context", place[1] if place else None),
            values.get("dockerfile"),
            False,
            values.get("target"),
            *_line(text, at),
            syncs is not None,
        )


def _arguments(text: str, start: int) -> str:
    """What stands up to the closing parenthesis."""
    depth = 1
    for found in re.finditer(r"[()]", text[start:]):
        depth += 1 if found[0] == "(" else -1
        if depth == 0:
            return text[start : start + found.start()]
    return text[start:]


def _line(text: str, at: int) -> tuple[int, str]:
    """(1-based line, its text) of an offset, blank space passed over."""
    at += len(text[at:]) - len(text[at:].lstrip())
    line = text.count("\n", 0, at) + 1
    return line, text.split("\n")[line - 1].strip()

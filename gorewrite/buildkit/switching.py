"""Which callers of a Dockerfile have to switch BuildKit on, and which of them can."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from gorewrite.buildkit.differences import relies_on_classic
from gorewrite.buildkit.model import SETTING, Way, is_off, is_switchable
from gorewrite.buildkit.needs import left_out, old_frontend_suffices
from gorewrite.callers import gotests, index
from gorewrite.callers.index import Index
from gorewrite.callers.model import BuildCall, Builder, Source
from gorewrite.callers.reading import Reader
from gorewrite.dockerfile import Comment, Dockerfile, ParseError, parse
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import Facts
from gorewrite.memo import remembered
from gorewrite.surroundings import Project
from gorewrite.transform import SpanEdit

NAME = "enable-buildkit"


class Switch(NamedTuple):
    """BuildKit switched on in one file. calls: those of this Dockerfile that it is for; others:
    how many more it reaches; doubts: what may rely on the classic builder; certain: whether these
    calls are known to use that today."""

    calls: tuple[BuildCall, ...]
    edits: tuple[SpanEdit, ...]
    others: int
    doubts: tuple[Evidence, ...]
    certain: bool


class Hindrance(NamedTuple):
    """A call that has no BuildKit and cannot be given it. code: a refusal of enable-buildkit;
    certain: whether it is known that the call has none."""

    code: str
    message: str
    because: tuple[Evidence, ...]
    certain: bool = True


class Callers(NamedTuple):
    """What is to be said of those that build a Dockerfile."""

    switches: tuple[Switch, ...]
    hindrances: tuple[Hindrance, ...]


def barrier(facts: Facts) -> Evidence | None:
    """A caller that could not build the Dockerfile if it needed BuildKit, after what
    enable-buildkit would do."""
    found = callers(facts)
    for hindrance in found.hindrances:
        if hindrance.certain:
            return next(each for each in reversed(hindrance.because) if each.path)
    if is_selected(facts):
        return None
    classic = (call for each in found.switches if each.certain for call in each.calls)
    return next((call.builder_because or call.evidence for call in classic), None)


def doubts(facts: Facts) -> tuple[Evidence, ...]:
    """What is in doubt of the switches without which the Dockerfile could not be built."""
    return tuple(d for switch in callers(facts).switches if switch.certain for d in switch.doubts)


@remembered
def is_selected(facts: Facts) -> bool:
    """Whether enable-buildkit may do its part."""
    from gorewrite.optout import opt_out

    config = facts.project.config
    comments = (node for node in facts.dockerfile.body if isinstance(node, Comment))
    left_alone = any(NAME in (opt_out(comment) or ()) for comment in comments)
    chosen = not config.select or NAME in config.select
    return chosen and NAME not in config.ignore and not left_alone


@remembered
def callers(facts: Facts) -> Callers:
    """What is to be done, and cannot be done, about the calls that build a Dockerfile."""
    project = facts.project
    stated = index.calls_of(project)
    elsewhere = {(call.file, call.span) for call in stated if call.builder is Builder.BUILDKIT}
    hindrances: list[Hindrance] = []
    switched: dict[tuple[SpanEdit, ...], tuple[Way, list[BuildCall]]] = {}
    tests = gotests.calls(project.context, project.path, project.repository)
    for call in (*stated, *project.callers.index.may_build(project.path), *tests):
        hindrance = _hindrance(call, facts.dockerfile)
        if hindrance is not None:
            hindrances.append(hindrance)
            continue
        if not is_switchable(call) or (call.file, call.span) in elsewhere:
            continue  # The other: an action that is used where BuildKit is certain.
        way = _ways(project, call.file).get(call.span)
        if way is None:
            continue
        if way.lacks_buildx is not None:
            message = f"`{call.tool}` in {_place(call)} has no buildx: install it beside docker"
            hindrances.append(Hindrance("buildx-missing", message, (way.lacks_buildx,)))
            continue
        edits = way.shared or way.alone
        if isinstance(edits, Unknown):
            what = "useBuildkit: true" if call.tool == "skaffold" else SETTING
            message = f"set {what} for `{call.tool}` in {_place(call)} by hand: {edits.why}"
            certain = call.builder is Builder.CLASSIC
            hindrances.append(Hindrance("caller-not-editable", message, (call.evidence,), certain))
        else:
            switched.setdefault(edits, (way, []))[1].append(call)
    targets = _targets(stated)
    switches = [
        _switch(facts.dockerfile, targets, calls, edits, way)
        for edits, (way, calls) in switched.items()
    ]
    return Callers(tuple(_by_file(switches)), tuple(dict.fromkeys(hindrances)))


def _by_file(switches: Iterable[Switch]) -> Iterator[Switch]:
    """One for each file and tool, those in doubt apart."""
    found: dict[tuple[str, str, bool], Switch] = {}
    for each in switches:
        key = (each.calls[0].file, each.calls[0].tool, bool(each.doubts))
        first = found.get(key)
        if first is not None:
            each = Switch(
                first.calls + each.calls,
                tuple(dict.fromkeys(first.edits + each.edits)),
                first.others + each.others,
                tuple(dict.fromkeys(first.doubts + each.doubts)),
                first.certain or each.certain,
            )
        found[key] = each
    yield from found.values()


@dataclass(frozen=True)
class _Asked:
    """A caller's file as many Dockerfiles ask for it."""

    repository: Path
    file: str
    data: bytes
    start: str
    read: Callable[[str], bytes | None] = field(compare=False)


def _ways(project: Project, file: str) -> Mapping[tuple[int, int], Way]:
    source = index.source(project, file)
    if source is None:
        return {}
    known = project.callers.index
    data = _before_edits(known, file) if file in _shared(known) else None
    asked = source.data if data is None else data
    return _ways_of(_Asked(known.repository, file, asked, source.start, source.read))


@remembered
def _shared(known: Index) -> frozenset[str]:
    """The files that build several Dockerfiles."""
    built: dict[str, set[str | None]] = {}
    for call in known.calls:
        if is_switchable(call):
            built.setdefault(call.file, set()).add(call.dockerfile)
    return frozenset(file for file, names in built.items() if len(names) > 1 or None in names)


@remembered
def _before_edits(known: Index, file: str) -> bytes | None:
    """A file that builds several Dockerfiles, as it is when the first of these is planned.

    When the next one is planned, the edits for the first may be written already; its own are told
    as places of the file without them, as the calls of the index are.
    """
    return Reader(str(known.repository)).bytes_of(file)


@lru_cache(maxsize=64)
def _ways_of(asked: _Asked) -> Mapping[tuple[int, int], Way]:
    """The ways to switch BuildKit on in a file: at once only where that does no harm to any of
    the Dockerfiles that it builds."""
    # Imported where something is to be switched on, which is rare.
    from gorewrite.buildkit.ways import ways

    found = ways(Source(asked.file, asked.data, asked.start, asked.read), index.read)
    harmed: dict[tuple[SpanEdit, ...], bool] = {}
    for way in found.values():
        if way.shared and way.shared not in harmed:
            built: dict[str | None, list[BuildCall]] = {}
            for call in way.beside:
                built.setdefault(call.dockerfile, []).append(call)
            harmed[way.shared] = any(
                _skips(asked.repository, name, calls) for name, calls in built.items()
            )
    return {
        span: way._replace(shared=()) if harmed.get(way.shared) else way
        for span, way in found.items()
    }


def _skips(repository: Path, dockerfile: str | None, calls: Sequence[BuildCall]) -> bool:
    """Whether BuildKit leaves out a stage of a Dockerfile that some calls build, or that cannot be
    told."""
    if dockerfile is None:
        return True
    try:
        tree = parse((repository / dockerfile).read_bytes())
    except (OSError, ParseError):
        return True
    targets = _targets(calls)
    wanted = {call.target for call in calls}
    return any(left_out(tree, target, targets) is not None for target in wanted)


def _targets(calls: Iterable[BuildCall]) -> tuple[str, ...]:
    """The stages that calls build by name."""
    return tuple(dict.fromkeys(call.target for call in calls if call.target))


def _switch(
    dockerfile: Dockerfile,
    targets: Sequence[str],
    calls: Sequence[BuildCall],
    edits: tuple[SpanEdit, ...],
    way: Way,
) -> Switch:
    doubtful = list(way.differences)
    for call in calls:
        stage = left_out(dockerfile, call.target, targets)
        if stage is not None:
            text = f"the commands of `{stage.source.strip()}` would no longer run"
            doubtful.append(Evidence(call.file, call.line, text))
        if call.dockerfile is None:
            text = f"what it builds is not plain: {call.text}"
            doubtful.append(Evidence(call.file, call.line, text[:200]))
    others = way.places - len({call.span for call in calls}) if edits == way.shared else 0
    classic = any(call.builder is Builder.CLASSIC for call in calls)
    classic = classic or any(map(relies_on_classic, way.differences))
    return Switch(tuple(calls), edits, others, tuple(dict.fromkeys(doubtful)), classic)


def _hindrance(call: BuildCall, dockerfile: Dockerfile) -> Hindrance | None:
    """Why a call cannot be given BuildKit at all."""
    place, said = _place(call), call.builder_because or call.evidence
    because = (call.evidence, said) if said != call.evidence else (said,)
    if call.builder is Builder.NEVER:
        message = f"`{call.tool}` in {place} cannot: {_alternative(call.tool)}"
        return Hindrance("builder-never", message, because)
    if call.builder is not Builder.CLASSIC:
        return None
    if is_off(call):
        state = "is" if _OFF.search(said.text) else "may be"
        message = f"BuildKit {state} switched off for `{call.tool}` in {place}"
        return Hindrance("buildkit-off", message, because)
    if call.tool == "skaffold":
        return None
    version = docker_version(said.text)
    if version is None or version < (18, 9):
        message = f"the Docker of `{call.tool}` in {place} has no BuildKit; 23 or newer has it"
        return Hindrance("docker-too-old", message, because)
    if version < (20, 10) and not old_frontend_suffices(dockerfile):
        message = (
            f"the Docker of `{call.tool}` in {place} has no RUN --mount of its own; "
            "write `# syntax=docker/dockerfile:1` at the top, or use Docker 23 or newer"
        )
        return Hindrance("docker-too-old", message, because)
    return None


_OFF = re.compile(r"(?i)(?:DOCKER_BUILDKIT|useBuildkit)\W*(?:0|f)")
_VERSION = re.compile(r"(?:docker[\w./-]*[:=@ ]|version)[\"'=: v]*(?:docker)?-?(\d+)(?:\.(\d+))?")


def docker_version(text: str) -> tuple[int, int] | None:
    """(major, minor) of the Docker that a line names: `image: docker:19.03-dind`,
    `version: 20.10.14`, `name: gcr.io/cloud-builders/docker`."""
    found = _VERSION.search(text)
    if found is not None:
        return int(found[1]), int(found[2] or 99)
    return next((version for name, version in _VERSIONS.items() if name in text), None)


#: Names that stand for a version: what `docker:stable` was when it was given up (Docker Hub), and
#: what Cloud Build's own step has (its README; "the --mount option requires BuildKit" in its logs).
_VERSIONS = {"docker:stable": (19, 3), "cloud-builders/docker": (20, 10)}


def _alternative(tool: str) -> str:
    for name, alternative in _ALTERNATIVES.items():
        if name in tool:
            return alternative
    return "build with `docker build`, which mounts caches"


#: What a caller can do instead (kaniko README, "Caching"; docker-py issue 2230; Railway docs,
#: "Dockerfiles"; aws-sam-cli pull request 8772).
_ALTERNATIVES: Mapping[str, str] = {
    "kaniko": "it passes over mounts, `--cache=true` keeps its layers in a registry",
    "docker API": "it is the classic builder; build with `docker build` and test what it made",
    "docker_image": "it takes the classic builder; name a `builder`, or use docker_image_build",
    "docker-py": "its API is the classic builder; use python-on-whales or the docker command line",
    "buildah": "`buildah build` of a newer release mounts caches",
    "CapRover": "it uses the classic builder; let it deploy an image that is built elsewhere",
    "Railway": "it wants an id on each mount that names the service, `id=s/<service id>-<name>`",
    "SAM": "it uses the classic builder; `sam build --use-buildkit` (from 1.156) mounts caches",
    "App Engine": "Cloud Build's Docker is too old; deploy an image that is built elsewhere "
    "(`--image-url`)",
    "Heroku": "its builder takes no mounts; push an image that is built elsewhere",
    "devspace": "it takes the engine's API; write `buildKit: {}` for the image, then buildx builds",
    "gcloud": "write a cloudbuild.yaml with a step that has `env: ['DOCKER_BUILDKIT=1']`",
    "az acr": "write an acr-task.yaml with a step that has `env: ['DOCKER_BUILDKIT=1']`",
}


def _place(call: BuildCall) -> str:
    return f"{call.file}:{call.line}"


def places(calls: Iterable[BuildCall]) -> str:
    """`Makefile:12 and 15`: where the calls of one file are."""
    found = list(calls)
    lines = [str(line) for line in sorted({call.line for call in found})]
    shown = lines if len(lines) < 5 else [*lines[:3], f"{len(lines) - 3} more lines"]
    *first, last = shown
    return f"{found[0].file}:{', '.join(first)}{' and ' if first else ''}{last}"

"""What a call relies on that BuildKit does otherwise than the classic builder.

Sources: docs.docker.com/reference/cli/docker/build-legacy (options of the legacy builder only);
docker/buildx commands/build.go (options that it passes over, custom networks); what BuildKit prints
goes to standard error, and there is no "Successfully built ID" in it (moby/moby issue 38903 for
squash, docker/buildx issue 175 for networks); it takes base images that nobody signed, whatever
DOCKER_CONTENT_TRUST says (docker/buildx issue 987).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gorewrite.callers.model import BuildCall, Source
from gorewrite.evidence import Evidence

_OPTIONS = re.compile(
    r"(?<=[\s\"'])(--(?:squash|isolation|memory(?:-swap)?|cpu-(?:period|quota|shares)"
    r"|cpuset-(?:cpus|mems)|security-opt)|-m|-c)(?=[\s=\"']|$)"
)
_NETWORK = re.compile(r"--network[\s=\"',]+(?![\s=\"',]|host\b|none\b|default\b)(\S+)")
#: Layers of an image serve as a cache only where the image says what is in them.
_CACHE_FROM = re.compile(r"--cache-from[\s=\"',]+(?!type=)\S")
_INLINE_CACHE = "BUILDKIT_INLINE_CACHE"
#: What the classic builder prints, and the images of single steps that it leaves behind.
_PRINTED = re.compile(
    r"(?:\b(?:grep|awk|sed|expect|search|match\w*)\b|=~).*Successfully (?:built|tagged)"
    r"|docker(?:\s+image)?\s+(?:rmi|rm)\b.*(?:dangling|label=)"
    r"|docker\s+images\b.*(?:dangling|label=).*\|\s*xargs"
)
#: Tools that run docker in a way of their own (azure-pipelines-tasks-common-packages issue 614;
#: skaffold pkg/skaffold/build/docker/docker.go).
_TASKS = {
    "Docker@2": "the task may not find buildx, and stops then",
    "skaffold": "skaffold would run the docker command, not its API",
}
_TRUST = re.compile(rb"\bDOCKER_CONTENT_TRUST[\"']?[ ]*[:=]+[ ]*[\"']?(?:1|true)\b")
_QUIET = re.compile(r"(?<=[\s\"'])(?:-q|--quiet)(?=[\s\"']|$)")
_PIPED = re.compile(rb"\s*(?:\d?>&\d\s*)?\|(?!\||\s*(?:tee|cat|ts)\b)")
_CAPTURED = re.compile(rb"(?:\$\$?\((?:shell\s+)?|`)\s*$")
_WRITTEN = re.compile(r"(?<=\s)(?:1?>{1,2}\s*(?!/dev/null|[&>])|&>{1,2}\s*(?!/dev/null|>))\S")
_EMPTY = ", which is nothing with BuildKit"
_RELIED = re.compile(rf"of the classic builder$|{_EMPTY}$|Successfully (?:built|tagged)")
_PYTHON = re.compile(r"check_output|capture_output|stdout\s*=")

_INSTALLS = re.compile(
    r"\bapk (?:[^\n;&|]* )?add (?:[^\n;&|]* )?docker(?:-cli)?(?![\w.-])"
    r"|\bapt(?:-get)? (?:[^\n;&|]* )?install (?:[^\n;&|]* )?docker\.io(?![\w-])"
)


def without_buildx(source: Source) -> Evidence | None:
    """Where a file installs the docker command of Alpine or Debian and not the package with
    buildx, without which Docker 23 and newer build with the classic builder, and stop at
    DOCKER_BUILDKIT=1 (docker/cli, cmd/docker/builder.go)."""
    text = source.data.decode("utf-8", "replace")
    if "buildx" in text:
        return None
    found = _INSTALLS.search(text.replace("\\\n", "  "))
    if found is None:
        return None
    line = text.count("\n", 0, found.start()) + 1
    return Evidence(source.path, line, text.split("\n")[line - 1].strip()[:200])


def differences(source: Source, call: BuildCall) -> Iterator[Evidence]:
    """What a call relies on that the classic builder has: its options, what it prints."""
    if call.tool in _TASKS:
        yield Evidence(call.file, call.line, _TASKS[call.tool])
        return
    start, end = call.span
    text = source.data[start:end].decode("utf-8", "replace")
    for wrong in (_OPTIONS.search(text), _NETWORK.search(text)):
        if wrong is not None:
            yield Evidence(call.file, call.line, f"{wrong[0].strip()} of the classic builder")
    if _CACHE_FROM.search(text) and _INLINE_CACHE not in text:
        yield Evidence(call.file, call.line, f"--cache-from without {_INLINE_CACHE}")
    if _TRUST.search(source.data):
        yield Evidence(call.file, call.line, "BuildKit passes over DOCKER_CONTENT_TRUST")
    if not _QUIET.search(text):
        piped = _PIPED.match(source.data, end)
        captured = _CAPTURED.search(source.data[max(0, start - 40) : start])
        if (piped or captured) and b">&" not in source.data[start : piped.end() if piped else end]:
            yield Evidence(call.file, call.line, f"what the build prints is read{_EMPTY}")
        elif piped or captured or _WRITTEN.search(text) or _PYTHON.search(text):
            yield Evidence(call.file, call.line, "what the build prints is read")


def relies_on_classic(difference: Evidence) -> bool:
    """Whether a call works with the classic builder alone, which then is the one that builds."""
    return _RELIED.search(difference.text) is not None


def reads_output(source: Source) -> Iterator[Evidence]:
    """The lines of a file that look for what only the classic builder prints or leaves behind."""
    text = source.data.decode("utf-8", "replace")
    for number, line in enumerate(text.split("\n") if _PRINTED.search(text) else (), 1):
        if _PRINTED.search(line) and not line.lstrip().startswith(("#", "//")):
            yield Evidence(source.path, number, line.strip()[:200])

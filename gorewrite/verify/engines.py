"""The engines that can build and run an image: found by asking, not by assuming.

Which command line builds with BuildKit depends on its version and on what is installed beside it:
`docker buildx build` wherever the plugin is there; `docker build` with DOCKER_BUILDKIT=1 only
before version 23, from which on it wants the plugin, too; `podman build` needs neither.
Sources: Docker Engine 23.0 release notes, docker/cli cmd/docker/builder.go, podman-build(1).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

Kind = Literal["buildx", "docker", "podman"]
KINDS: Final[tuple[Kind, ...]] = ("buildx", "docker", "podman")

_ANSWER_WITHIN: Final = 30
#: The first engine whose own builder knows `RUN --mount`, and the first client that wants buildx.
_FIRST_ENGINE: Final = (20, 10)
_NEEDS_PLUGIN: Final = (23, 0)


class EngineError(Exception):
    """No engine can be used. The text says what was found and what to install."""


@dataclass(frozen=True)
class Engine:
    """An engine that answered.

    kind: how it builds; program: the path of its command line; title: name and versions, for
    people; environment: what its builds need in addition.
    """

    kind: Kind
    program: str
    title: str
    environment: Mapping[str, str] = field(default_factory=dict)

    def build(
        self,
        dockerfile: Path,
        context: Path,
        tag: str,
        *,
        cold: bool,
        caches: str,
        options: Sequence[str] = (),
    ) -> list[str]:
        """The command that builds an image.

        cold: without the layers of earlier builds; caches: a name that sets the cache mounts of
        this run apart (BUILDKIT_CACHE_MOUNT_NS; podman keeps its own below TMPDIR).
        """
        command = [self.program, *(("buildx",) if self.kind == "buildx" else ()), "build"]
        if self.kind == "podman":
            # The OCI format has no health check and no shell.
            command += ["--layers", "--format", "docker"]
        else:
            command += ["--progress", "plain", "--build-arg", f"BUILDKIT_CACHE_MOUNT_NS={caches}"]
        if self.kind == "buildx":
            command += ["--load", "--provenance=false"]
        command += ["--no-cache"] if cold else []
        return [*command, *options, "--tag", tag, "--file", str(dockerfile), str(context)]


def find_engine(wanted: Kind | None = None) -> Engine:
    """The first engine that works: docker with buildx, docker, podman; or the kind `wanted`.

    Raises EngineError, which says what was found and what is missing.
    """
    problems: list[str] = []
    for found in _candidates(problems):
        if wanted is None or found.kind == wanted:
            return found
        problems.append(f"{found.program} is {found.title}")
    said = "; ".join(dict.fromkeys(problems)) or "neither docker nor podman is installed"
    install = {
        "buildx": "install Docker Engine 20.10 or newer with its buildx plugin",
        "docker": "install Docker Engine 20.10 or newer (from 23 on with its buildx plugin)",
        "podman": "install podman",
    }
    remedy = install[wanted] if wanted else f"{install['docker']}, or podman"
    raise EngineError(f"no {wanted or 'engine'} to build with: {said}; {remedy}")


def _candidates(problems: list[str]) -> Iterator[Engine]:
    # Several may be installed, of which not each can build.
    plain: list[Engine] = []
    for program in _programs("docker"):
        for found in _docker(program, problems):
            if found.kind == "buildx":
                yield found
            else:
                plain.append(found)
    yield from plain
    for program in _programs("podman"):
        version = _answer([program, "version", "--format", "{{.Client.Version}}"])
        if version is None:
            problems.append(f"{program} does not work (`podman version` fails)")
        else:
            yield Engine("podman", program, f"podman {version}")


def _docker(program: str, problems: list[str]) -> Iterator[Engine]:
    named = _answer([program, "--version"]) or ""
    if "podman" in named.lower():
        yield Engine("podman", program, named)
        return
    server = _answer([program, "version", "--format", "{{.Server.Version}}"])
    client = _number(named)
    if server is None:
        problems.append(f"{program} reaches no Docker Engine (is it running? is DOCKER_HOST set?)")
        return
    plugin = _answer([program, "buildx", "version"])
    if plugin is not None:
        words = plugin.split()
        title = f"docker buildx {words[1] if len(words) > 1 else ''}, Docker Engine {server}"
        yield Engine("buildx", program, title)
    if _number(server) < _FIRST_ENGINE:
        problems.append(f"Docker Engine {server} has no BuildKit")
    elif client < _NEEDS_PLUGIN:
        title = f"docker {'.'.join(map(str, client))}, Docker Engine {server}"
        yield Engine("docker", program, title, {"DOCKER_BUILDKIT": "1"})
    elif plugin is None:
        problems.append(f"{program} (docker {'.'.join(map(str, client))}) has no buildx plugin")


def _programs(name: str) -> Iterator[str]:
    """Every program of a name in PATH, each once."""
    seen: set[str] = set()
    for directory in os.get_exec_path():
        path = shutil.which(name, path=directory)
        if path is not None and os.path.realpath(path) not in seen:
            seen.add(os.path.realpath(path))
            yield path


def _answer(command: Sequence[str]) -> str | None:
    """What a program answers; None when it fails or does not answer."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=_ANSWER_WITHIN, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace").strip()


def _number(text: str) -> tuple[int, int]:
    """The first version in a text, as (major, minor); (0, 0) when there is none."""
    match = re.search(r"(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else (0, 0)

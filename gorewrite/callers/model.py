"""What is known of one call that builds an image: the vocabulary of all readers of callers."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

from gorewrite.evidence import Evidence


class Builder(Enum):
    """Which builder a call uses, as far as `RUN --mount` and heredocs are concerned.

    BUILDKIT: said so (buildx, DOCKER_BUILDKIT=1, an action that sets it up, Docker 23 or newer),
        or another one that mounts caches (podman, nerdctl).
    CLASSIC: the classic builder, said so (DOCKER_BUILDKIT=0) or known from an older Docker.
    DEFAULT: what the engine of whoever runs the call takes: BuildKit from Docker 23 on.
    NEVER: one that cannot mount caches, whatever is set (kaniko, docker-py, `buildah bud`).
    """

    BUILDKIT = "buildkit"
    CLASSIC = "classic"
    DEFAULT = "default"
    NEVER = "never"


class BuildCall(NamedTuple):
    """One place where an image is built from a Dockerfile.

    tool: as people call it ("docker build", "docker compose", "bake", "kaniko", "skaffold" …).
    file: the caller, relative to the repository root; line: 1-based; text: that line.
    span: byte offsets of the command, call or mapping within the file.
    context, dockerfile: relative to the repository root, posix, "." for the root; None where they
        are not plain (a variable, another repository), with what is written in `written`. A
        Dockerfile that is not named is the default one of its context.
    written: (context, dockerfile) as they stand there; "" where the default is taken.
    target: the stage that is built, None for the last one or one that is not plain.
    args: names of the build arguments, with their values where these are plain.
    platforms: as written. builder: see there; builder_because: what says so, when something does.
    exports_layers: whether layers are stored outside of the builder (`--cache-to`).
    syncs: whether files are copied into running containers of the image (skaffold, Tilt).
    tags: names that the image is given, without tag and digest, as written and as they come out.
    ignores: what the caller leaves out of the context besides (Tilt), as lines of an ignore file.
    entrypoint: what the caller's containers start in place of ENTRYPOINT (Tilt).
    named: of its named contexts, which take the place of stages and images of these names.
    target_because, exports_because: where these are said, when not in the line of the call.
    """

    tool: str
    file: str
    line: int
    text: str
    span: tuple[int, int]
    context: str | None
    dockerfile: str | None
    written: tuple[str, str] = ("", "")
    target: str | None = None
    args: tuple[tuple[str, str | None], ...] = ()
    platforms: tuple[str, ...] = ()
    builder: Builder = Builder.DEFAULT
    builder_because: Evidence | None = None
    exports_layers: bool = False
    syncs: bool = False
    tags: tuple[str, ...] = ()
    ignores: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    target_because: Evidence | None = None
    exports_because: Evidence | None = None

    @property
    def evidence(self) -> Evidence:
        return Evidence(self.file, self.line, self.text[:200])


def bare_image(name: str) -> str:
    """The name of an image without tag and digest; Make's `$(X)` as `${X}`."""
    name = re.sub(r"\$\((\w+)\)", r"${\1}", name).partition("@")[0]
    head, slash, last = name.rpartition("/")
    bare = re.match(r"(?:\$\{[^}]*\}|[^:])*", last)
    return head + slash + (bare[0] if bare else last)


def _no_file(_: str) -> bytes | None:
    return None


class Source(NamedTuple):
    """A file that may hold calls.

    path: relative to the repository root, posix; data: its bytes.
    start: the directory that its commands are run in, relative to the root, "." for the root.
        That is not told by a script: it is read once for the root and once for its own directory,
        and the calls count that build a Dockerfile which is there.
    read: the bytes of another file of the repository that this one names; None when it is not
        there.
    """

    path: str
    data: bytes
    start: str = "."
    read: Callable[[str], bytes | None] = _no_file

    @property
    def directory(self) -> str:
        """Where it lies, relative to the repository root; "." for the root."""
        return self.path.rpartition("/")[0] or "."

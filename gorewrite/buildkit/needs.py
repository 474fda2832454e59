"""What of a Dockerfile only BuildKit can do, and what BuildKit leaves out of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from gorewrite.dockerfile import (
    Dockerfile,
    Instruction,
    Stage,
    copy_parts,
    expand,
    find_stage,
    from_parts,
    global_values,
    stages,
)

#: Flags that the classic builder rejects: "the --mount option requires BuildKit" (moby/moby,
#: builder/dockerfile/dispatchers.go); those of ADD and COPY came with later frontends.
_FLAGS: Mapping[str, tuple[str, ...]] = {
    "RUN": ("mount", "network", "security", "device"),
    "COPY": ("link", "chmod", "parents", "exclude"),
    "ADD": ("link", "chmod", "checksum", "keep-git-dir", "exclude", "unpack"),
}


def needing(dockerfile: Dockerfile) -> tuple[Instruction, str] | None:
    """The first instruction that only BuildKit builds, and what of it: `--mount`, `a heredoc`.

    Cache mounts go first, whatever else there is: they are what this program writes.
    """
    found = [(i, need) for i in dockerfile.instructions if (need := _need(i))]
    mounts = [each for each in found if each[1] == "--mount"]
    return next(iter(mounts or found), None)


def _need(instruction: Instruction) -> str:
    for flag in _FLAGS.get(instruction.keyword, ()):
        if instruction.flag(flag) is not None:
            return f"--{flag}"
    return "a heredoc" if instruction.heredocs else ""


def old_frontend_suffices(dockerfile: Dockerfile) -> bool:
    """Whether Docker 18.09 and 19.03 build it with BuildKit switched on: their own frontend has no
    `RUN --mount`, but they fetch the one that a `# syntax=` line names (moby/buildkit,
    frontend/dockerfile/docs/reference.md, "syntax"; `--mount` is in docker/dockerfile from 1.2 on).
    """
    syntax = dockerfile.directives.get("syntax", "").partition("@")[0]
    image, _, tag = syntax.rpartition(":") if ":" in syntax else (syntax, "", "latest")
    version = re.match(r"(\d+)(?:\.(\d+))?", tag)
    if not image.endswith("docker/dockerfile"):
        return False
    return version is None or (int(version[1]), int(version[2] or 99)) >= (1, 2)


def left_out(
    dockerfile: Dockerfile, target: str | None = None, others: Iterable[str] = ()
) -> Instruction | None:
    """The FROM of a stage with commands that the classic builder runs and BuildKit does not.

    target: the stage that is built; others: stages that are built beside it, by calls of their own.

    The classic builder works through the stages up to the one that is built; BuildKit builds
    those that it consists of (docs.docker.com/build/building/multi-stage, "Differences between
    legacy builder and BuildKit"). A test that fails there no longer fails the build.
    """
    views = stages(dockerfile)
    last = find_stage(views, target, len(views)) if target else views[-1] if views else None
    if last is None:
        return None
    needed: set[int] = set()
    beside = (find_stage(views, name, len(views)) for name in others)
    waiting = [last, *(stage for stage in beside if stage is not None)]
    arguments = global_values(dockerfile)
    while waiting:
        stage = waiting.pop()
        if stage.index not in needed:
            needed.add(stage.index)
            waiting += _sources(stage, views, arguments)
    for stage in views[: last.index]:
        if stage.index not in needed and any(i.keyword == "RUN" for i in stage.instructions):
            return stage.from_
    return None


def _sources(
    stage: Stage, views: tuple[Stage, ...], arguments: Mapping[str, str | None]
) -> list[Stage]:
    """The stages that one is built on, or copies or mounts from."""
    names = [expand(from_parts(stage.from_).image.text, arguments.get)]
    for instruction in stage.instructions:
        if instruction.keyword in ("COPY", "ADD"):
            names.append(copy_parts(instruction).from_)
        for mount in instruction.flag_values("mount"):
            names += [part[5:] for part in mount.split(",") if part.startswith("from=")]
    found = (find_stage(views, expand(n, arguments.get) or n, stage.index) for n in names if n)
    return [view for view in found if view is not None]

"""Cache mounts for apt, for those who ask for them in the configuration.

Rule: Dockerfile reference, "RUN --mount=type=cache", example "Cache apt packages": apt needs
exclusive access, so the mounts are `sharing=locked`.
"""

from __future__ import annotations

from collections.abc import Iterator

from gorewrite import shell
from gorewrite.buildkit import switching
from gorewrite.caches.mounts import mounts, with_mounts
from gorewrite.facts import Facts, StageFacts
from gorewrite.stage.images import Image
from gorewrite.stage.runs import Run
from gorewrite.transform import Change, Proposal, Refusal, Safety

_ARCHIVES = "type=cache,target=/var/cache/apt,sharing=locked"
_LISTS = "type=cache,target=/var/lib/apt,sharing=locked"


def apt_mounts(facts: Facts) -> Iterator[Proposal]:
    """A change for each RUN that installs with apt as root, or why it gets no mount."""
    for stage in facts.stages:
        for run in stage.runs:
            yield from _run(stage, run)


def _run(stage: StageFacts, run: Run) -> Iterator[Proposal]:
    base = stage.base
    if not isinstance(base, Image) or base.libc != "glibc" or run.state.is_root is not True:
        return
    commands = [shell.package_command(shell.unwrapped(step).argv) for step in run.steps]
    actions = [c.action for c in commands if c is not None and c.manager == "apt"]
    if "install" not in actions:
        return
    taken = {mount.target for mount in mounts(run.instruction, run.state)}
    if any(target and target.startswith(("/var/cache", "/var/lib")) for target in taken):
        return
    instruction = run.instruction
    evidence = stage.facts.at(instruction)
    if "update" not in actions:
        message = "the package lists are in an earlier layer, which a mount would hide; update here"
        yield Refusal(instruction, "apt-lists-in-layer", message, (evidence,))
    elif "clean" in actions or "/var/cache/apt" in run.text:
        message = "the apt cache is cleaned here, for all who share it; leave the cleaning out"
        yield Refusal(instruction, "cache-cleaned", message, (evidence,))
    elif (builder := switching.barrier(stage.facts)) is not None:
        message = "no mount for apt's caches: a caller's builder knows none"
        yield Refusal(instruction, "builder-cannot-mount", message, (builder,))
    else:
        # Lists that are removed in the same RUN are no use to cache.
        flags = [_ARCHIVES] if "/var/lib/apt" in run.text else [_ARCHIVES, _LISTS]
        new = with_mounts(instruction, flags, one_line=False)
        message = "mount apt's caches while packages are installed"
        doubts = switching.doubts(stage.facts)
        safety = Safety.REVIEW if doubts else Safety.SAFE
        yield Change(instruction, (new,), safety, message, (*doubts, evidence))

"""enable-buildkit: DOCKER_BUILDKIT=1 where a Dockerfile that needs BuildKit is built."""

from __future__ import annotations

from collections.abc import Iterator

from gorewrite.buildkit.model import COMPOSE_SETTING, SETTING
from gorewrite.buildkit.needs import needing
from gorewrite.buildkit.switching import Callers, Switch, callers, places
from gorewrite.callers.model import Builder
from gorewrite.dockerfile import Instruction
from gorewrite.facts import Facts
from gorewrite.transform import Change, Proposal, Refusal, Safety, Transform


class EnableBuildkit(Transform):
    """Switches BuildKit on in the files that build a Dockerfile which needs it.

    *What it does*

    Where a Dockerfile has mounts, heredocs or flags that only BuildKit knows, and a script, a
    Makefile, a pipeline or a program builds it with whatever builder the engine takes by default,
    writes `DOCKER_BUILDKIT=1` into that file: in front of docker where it is called once, behind
    `sudo`, `env`, `time` and the like; as one `export`, or in the environment of the job, where it
    is called several times. Programs in Python that start docker get it in `env=`.
    docker-compose, which is Compose v1, gets `COMPOSE_DOCKER_CLI_BUILD=1` as well.

    *Why*

    Docker before 23 builds with the classic builder, which rejects such a Dockerfile ("the --mount
    option requires BuildKit"), unless the variable is set. Newer ones, podman and nerdctl build it
    as they are, so for them it changes nothing.

    *When it does nothing*

    Where BuildKit is certain: buildx, bake, Compose v2, podman, a runner of GitHub, an image or a
    machine with Docker 23 or newer, and where the variable is set. Compose files, `.env` files and
    anything else that has other readers are never edited. It says that it stops at

    - buildkit-off: somebody wrote DOCKER_BUILDKIT=0.
    - builder-never: the builder has no BuildKit whatever is set (kaniko, docker-py).
    - docker-too-old: the Docker of the pipeline is known and has no BuildKit, or one without
      `RUN --mount`.
    - buildx-missing: the file installs docker without buildx, so Docker 23 and newer have no
      BuildKit there, and stop when they are asked for it.
    - caller-not-editable: the call is not understood well enough to put anything into it.

    *Safety*

    Safe when the call is understood, the file reads the same afterwards but for the builder, and
    nothing relies on the classic builder. Review where something may: its options (`--squash`,
    `--memory`), a custom network, `--cache-from` images without inline cache, a program that reads
    what the build prints, and a stage of tests that BuildKit leaves out because the image does not
    consist of it. Also where a call does not say plainly what it builds, for skaffold (which then
    runs the docker command) and for the Docker task of Azure Pipelines (which may lack buildx).

    *References*

    docs.docker.com: "BuildKit", "docker build (legacy builder)", "Multi-stage builds"; docker/cli
    `cmd/docker/builder.go`; release notes of Docker Engine 23.0, of Compose 1.25 and 1.28.
    """

    name = "enable-buildkit"
    #: Behind cache-mounts, which may be what makes BuildKit necessary.
    order = 45
    summary = "set DOCKER_BUILDKIT=1 where a Dockerfile that needs BuildKit is built"
    before = "# Makefile\nimage:\n\tdocker build -t shop .\n"
    after = "# Makefile\nimage:\n\tDOCKER_BUILDKIT=1 docker build -t shop .\n"

    def propose(self, facts: Facts) -> Iterator[Proposal]:
        need = needing(facts.dockerfile)
        node = need[0] if need is not None else _mountable(facts)
        if node is None:
            return
        found = callers(facts)
        yield from _refusals(node, found, needed=need is not None)
        if need is not None:
            for switch in found.switches:
                yield _change(facts, node, switch)


def _mountable(facts: Facts) -> Instruction | None:
    """The first RUN of the go command: what would have cache mounts if all builders knew them."""
    for stage in facts.stages:
        for invocation in stage.invocations:
            return invocation.run.instruction
    return None


def _refusals(node: Instruction, found: Callers, *, needed: bool) -> Iterator[Refusal]:
    """What stops at a caller: said where BuildKit is needed, or would be if it were there."""
    for hindrance in found.hindrances:
        if needed or hindrance.certain:
            yield Refusal(node, hindrance.code, hindrance.message, hindrance.because)


def _change(facts: Facts, node: Instruction, switch: Switch) -> Change:
    first = switch.calls[0]
    setting = COMPOSE_SETTING if first.tool == "docker-compose" else SETTING
    message = f"set {setting} for `{first.tool}` in {places(switch.calls)}"
    if switch.others:
        message += f", and for {switch.others} more there"
    if switch.doubts:
        message += f"; to be reviewed: {switch.doubts[0].text}"
    known = (call.builder_because for call in switch.calls if call.builder is Builder.CLASSIC)
    calls = (call.evidence for call in switch.calls)
    because = (*switch.doubts, *calls, *(each for each in known if each), facts.at(node))
    safety = Safety.REVIEW if switch.doubts else Safety.SAFE
    return Change(node, (node,), safety, message, tuple(dict.fromkeys(because)), spans=switch.edits)

"""What the instructions of a stage need of its base image, when another takes its place.

Rules: Dockerfile reference, COPY (a file lands in a directory that is there, else under the name of
the destination), WORKDIR (made when it is missing); go/build writes programs with mode 755.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator
from itertools import takewhile
from typing import Final

from gorewrite import shell
from gorewrite.contract import argv_of
from gorewrite.dockerfile import BodyNode, Comment, Instruction, command_of, copy_parts
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import StageFacts
from gorewrite.runtime.choice import Runtime
from gorewrite.runtime.programs import programs
from gorewrite.runtime.requirements import Requirements
from gorewrite.stage import packages
from gorewrite.stage.commands import last
from gorewrite.stage.images import Image
from gorewrite.stage.inventory import take
from gorewrite.stage.layout import under
from gorewrite.stage.metadata import health_check
from gorewrite.stage.packages import Distro
from gorewrite.stage.runs import Run
from gorewrite.stage.scope import State
from gorewrite.stage.text import installation

Pairs = list[tuple[BodyNode, tuple[BodyNode, ...]]]

_MANAGERS: Final[dict[Distro, str]] = {"alpine": "apk", "debian": "apt"}
#: Where package managers keep what they fetched; braces as in `/var/lib/{apt,dpkg}/`.
_FETCHED: Final = re.compile(
    r"/var/(?:lib/(?:apt|\{(?:apt|dpkg|cache|log|,)+\})|cache/(?:apk|apt))(?:/.*)?|/etc/apk/cache"
)
#: Modes that a program which go built has already, or that it is not kept from having.
_EXECUTABLE: Final = frozenset("+x a+x u+x ugo+x +rx a+rx u+rx 755 0755".split())
#: What only golang images have.
_OF_GO: Final = re.compile(r"/usr/local/go\b|/go\b|\$\{?GO")


def spelled_out(stage: StageFacts, image: Image) -> Iterator[tuple[Instruction, Instruction]]:
    """The copies into directories that the base has and `image` has not, each with a destination
    that says that it is one: `COPY app /usr/local/bin/`."""
    base = stage.base.directories if isinstance(stage.base, Image) else frozenset()
    for instruction, state in stage.states.items():
        if instruction.keyword not in ("COPY", "ADD"):
            continue
        written = copy_parts(instruction).dest
        target = state.path(written)
        files = (p for p in stage.placed if p.instruction is instruction and not p.directory)
        if target not in base - image.directories or written.endswith("/") or not any(files):
            continue
        text = instruction.rest.rstrip()
        end = text.rindex('"') if instruction.json is not None else len(text)
        at = instruction.rest_start + end
        yield instruction, instruction.edit((at, at, "/"))


def without_shell(stage: StageFacts) -> tuple[Pairs, set[str]]:
    """(instruction, replacement) of the commands and the health check that get the form which needs
    no shell, and the contract fields that they are."""
    found: Pairs = []
    declares: set[str] = set()
    for keyword in ("ENTRYPOINT", "CMD"):
        instruction = last(stage, keyword)
        if keyword == "CMD" and last(stage, "ENTRYPOINT") is not None:
            continue  # Its words, `/bin/sh -c` too, are what the ENTRYPOINT is given.
        words = argv_of(command_of(instruction)) if instruction else None
        if instruction is not None and words and instruction.json is None:
            start = instruction.rest_start
            array = json.dumps(list(words), ensure_ascii=False)
            new = instruction.edit((start, start + len(instruction.rest), array))
            found.append((instruction, (new,)))
            declares.add(keyword.lower())
    health = last(stage, "HEALTHCHECK")
    if health is not None and (written := health_check(health)) is not None:
        found.append((health, (written,)))
        declares.add("healthcheck")
    return found, declares


def is_idle(stage: StageFacts, run: Run) -> bool:
    """Whether an image with certificates and time zones is the same without a RUN: it installs
    these, cleans up after itself, or does what COPY and WORKDIR do anyway."""
    return bool(run.steps) and all(_adds_nothing(stage, run, step) for step in run.steps)


def _adds_nothing(stage: StageFacts, run: Run, step: shell.Step) -> bool:
    command = shell.package_command(step.unmatched)
    if command is not None:
        if command.action in ("update", "clean") or "autoremove" in step.argv:
            return True
        known = command.action == "install" and command.packages and not command.unknown
        return bool(known) and all(packages.kind(p) == "provided" for p in command.packages)
    words = [word for word in step.argv[1:] if word is None or not word.startswith("-")]
    match (step.argv[0] or "") if step.argv else "":
        case "rm":
            texts = (word.text for word in step.command.words[1:])
            return all(text[0] == "-" or _FETCHED.fullmatch(text) for text in texts)
        case "set" | "export" | "update-ca-certificates":
            return True
        case "chmod" if len(words) == len(step.argv) - 1 and words and words[0] in _EXECUTABLE:
            return all(
                word is not None and _is_executable(stage, step.path(word)) for word in words[1:]
            )
        case "mkdir" if run.state.is_root and set(step.argv[1:]) - set(words) <= {"-p"}:
            return all(word is not None and _is_made(stage, step.path(word)) for word in words)
    return False


def _is_executable(stage: StageFacts, path: str | None) -> bool:
    """Whether go wrote a program, and nothing gave it another mode since."""
    for program in programs(stage):
        if program.path == path:
            placed = next(iter(stage.copies.over(path)), None)
            if placed is None or copy_parts(placed.instruction).chmod is not None:
                return False
            makers = (s for s in stage.takes_from if program.invocation.run in s.runs)
            return all(placed.source not in take(maker).owned for maker in makers)
    return False


def _is_made(stage: StageFacts, path: str | None) -> bool:
    """Whether another instruction makes a directory as root, with mode 755."""
    if path is None:
        return False
    for instruction, state in stage.states.items():
        if _is_named(instruction, state, path):
            return False  # What is copied there lands in it, and without it under its name.
        if instruction.keyword == "WORKDIR" and state.is_root:
            target = state.path(instruction.rest)
            if target is not None and under(target, path):
                return True
    return any(
        placed.path is not None
        and placed.directory is False
        and placed.path != path
        and under(placed.path, path)
        and copy_parts(placed.instruction).chown is None
        for placed in stage.placed
    )


def _is_named(instruction: Instruction, state: State, path: str) -> bool:
    """Whether a COPY or ADD has a path for its destination, without the `/` of a directory."""
    if instruction.keyword not in ("COPY", "ADD"):
        return False
    written = copy_parts(instruction).dest
    return not written.endswith("/") and state.path(written) == path


def lacking(stage: StageFacts, distro: Distro) -> Iterator[Unknown]:
    """What RUNs call that the plain image of a distribution has not, and none of them installs."""
    installed: dict[str, None] = {}
    for run in stage.runs:
        where = stage.facts.at(run.instruction)
        if isinstance(run.script, Unknown):
            yield Unknown(run.script.why, (where,))
            continue
        if _OF_GO.search(run.text):
            yield Unknown("this RUN names the directories of the Go image", (where,))
        for step in run.steps:
            command = shell.package_command(shell.unwrapped(step).unmatched)
            if command is not None and command.manager == _MANAGERS[distro]:
                installed |= dict.fromkeys(command.packages)
        for call in shell.calls(run.script):
            name = call.name
            if call.builtin:
                continue
            if name is None or (isinstance(call.words[0], str) and "/" in call.words[0]):
                yield Unknown("which commands this RUN calls is not known", (where,))
            elif not packages.in_image(name, distro) and not packages.brings(installed, name):
                yield Unknown(f"this RUN calls {name}", (where,))


def installed(stage: StageFacts, runtime: Runtime) -> tuple[str, dict[Instruction, Instruction]]:
    """How what the RUNs of a stage do not install yet gets into its new image: as the text of a RUN
    of its own, or by a RUN that installs packages, which takes the place of another."""
    distro = runtime.distro or "debian"
    there = {packages.bare_name(name) for name in take(stage).packages}
    names = [name for name in runtime.install if packages.bare_name(name) not in there]
    if not names:
        return "", {}
    for run in reversed(stage.runs):
        new = _with_more(run, names, distro) if run.state.is_root else None
        if new is not None:
            return "", {run.instruction: new}
    return f"{installation(stage.stage.cased('RUN'), distro, [' '.join(names)])}\n", {}


def _with_more(run: Run, names: list[str], distro: Distro) -> Instruction | None:
    """A RUN that installs packages as one that installs some more; None when it installs none."""
    for step in reversed(run.steps):
        command = shell.package_command(step.unmatched)
        if command is None or command.manager != _MANAGERS[distro] or command.virtual:
            continue
        for word in reversed(step.command.words if command.action == "install" else ()):
            if command.packages and word.value == command.packages[-1]:
                edit = (word.end, word.end, "".join(f" {name}" for name in names))
                return run.rewrite([edit])
    return None


def starts_in_workdir(stage: StageFacts) -> bool:
    """Whether the work directory of the base image decides where something is."""
    for instruction, state in stage.states.items():
        match instruction.keyword:
            case "WORKDIR":
                return not (state.expand(instruction.rest) or "").startswith("/")
            case "COPY" | "ADD":
                if not (state.expand(copy_parts(instruction).dest) or "").startswith("/"):
                    return True
    return True


def where_linked(stage: StageFacts) -> Iterator[tuple[str, Evidence]]:
    """The packages with libraries that the builders of a stage install, and where."""
    for other in stage.takes_from:
        for package, (_, where) in take(other).packages.items():
            if packages.kind(package) == "library":
                yield package, where


def installs(run: Run) -> str:
    """The packages that a RUN installs beside those whose files distroless has."""
    commands = (shell.package_command(shell.unwrapped(step).unmatched) for step in run.steps)
    found = (package for c in commands if c and c.action == "install" for package in c.packages)
    return ", ".join(p for p in found if packages.kind(p) != "provided")


def writes_among_go(stage: StageFacts, needs: Requirements) -> Iterator[Unknown]:
    """Everyone may write into the work directory of golang images, root alone into a new one
    (docker-library/golang, Dockerfile-linux.template: chmod 1777)."""
    end, base = stage.end, stage.base
    workdir = end.workdir or "/"
    golang = isinstance(base, Image) and base.family == "golang"
    if not golang or end.is_root or not under(workdir, "/go"):
        return
    known = (p.needs for p in needs.programs if not isinstance(p.needs, Unknown))
    for read in (read for need in known for read in need.reads):
        path = posixpath.join(workdir, read.path or "")
        if read.kind == "write" and under(path, "/go"):
            why = f"the program writes into {workdir}, which is no longer open to all"
            yield Unknown(why, (read.evidence,))


def in_words(needs: Requirements) -> str:
    """In words, what the image must hold beside the files of the program."""
    named = [*needs.tools, *needs.explicit, *needs.libraries]
    if named:
        return ", ".join(named[:3])
    return "a shell" if needs.shell or needs.bash else "a command whose name is not known"


def comments_naming(stage: StageFacts, name: str) -> list[Evidence]:
    """The comments right above FROM that name the image, which are the owner's to correct."""
    nodes = stage.facts.dockerfile.body
    above = reversed(nodes[: nodes.index(stage.stage.from_)])
    block = takewhile(lambda node: isinstance(node, Comment), above)
    return [stage.facts.at(node) for node in block if name in node.source.lower()][::-1]

"""The image contract: what a container made from the final stage promises.

It is computed symbolically before and after every rewrite. A difference that no change
declared is an internal error, and the file stays as it is.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from gorewrite.dockerfile import Instruction, command_of, pairs
from gorewrite.facts import StageFacts
from gorewrite.stage.scope import BUILD_ONLY, State, join

Command = tuple[str, ...] | str | None


def build_only(name: str) -> bool:
    """Whether a variable only steers a build."""
    return name in BUILD_ONLY or name.startswith("CGO_")


#: Directories that only images with a Go toolchain have in PATH (docker-library/golang).
TOOLCHAIN_PATHS = ("/go/bin", "/usr/local/go/bin")


@lru_cache(maxsize=256)
def runtime_path(path: str | None) -> str | None:
    """A PATH without the directories of the Go toolchain."""
    if path is None:
        return None
    return ":".join(p for p in path.split(":") if p.rstrip("/") not in TOOLCHAIN_PATHS)


class Contract(NamedTuple):
    """The promises of a stage's image. Commands are exec-form tuples or shell strings.

    env: what this Dockerfile sets, build-only variables left out (value None: not known).
    program: the absolute path that the first word of the command resolves to.
    """

    entrypoint: Command
    cmd: Command
    env: Mapping[str, str | None]
    workdir: str | None
    user: str | None
    ports: frozenset[str]
    volumes: frozenset[str]
    labels: Mapping[str, str | None]
    stopsignal: str | None
    healthcheck: str | None
    onbuild: tuple[str, ...]
    program: str | None

    def differences(self, after: Contract) -> dict[str, str]:
        """field -> "before -> after", for the fields that differ."""
        found = {}
        for name, old, new in zip(self._fields, self, after, strict=True):
            if name == "program" and old is None:
                continue  # What RUNs move about is known better once it is copied.
            if old != new:
                found[name] = f"{_show(old)} -> {_show(new)}"
        return found


_PROMISES = frozenset(
    "ENTRYPOINT CMD EXPOSE VOLUME LABEL MAINTAINER STOPSIGNAL HEALTHCHECK ONBUILD".split()
)


def contract(stage: StageFacts) -> Contract:
    """The contract of the image that `--target stage` gives."""
    entrypoint: Command = None
    cmd: Command = None
    health: str | None = None
    stopsignal: str | None = None
    ports: set[str] = set()
    volumes: set[str] = set()
    labels: dict[str, str | None] = {}
    onbuild: tuple[str, ...] = ()
    for member in stage.lineage:
        cmd_here = False
        # Triggers run in the stage built on this one; they are not inherited further.
        onbuild = ()
        for instruction in member.stage.instructions:
            keyword = instruction.keyword
            if keyword not in _PROMISES:
                continue
            state = member.states[instruction]
            match keyword:
                case "ENTRYPOINT":
                    entrypoint = command_of(instruction)
                    # BuildKit dispatchEntrypoint: a CMD from below is dropped.
                    if not cmd_here:
                        cmd = None
                case "CMD":
                    cmd, cmd_here = command_of(instruction), True
                case "EXPOSE":
                    ports |= {state.expand(w) or w for w in instruction.rest.split()}
                case "VOLUME":
                    volumes |= set(volumes_of(instruction, state))
                case "LABEL":
                    labels |= {k: state.expand(v or "") for k, v in pairs(instruction)}
                case "MAINTAINER":
                    labels["maintainer"] = instruction.rest
                case "STOPSIGNAL":
                    stopsignal = state.expand(instruction.rest)
                case "HEALTHCHECK":
                    health = " ".join((*(f.text for f in instruction.flags), instruction.rest))
                case "ONBUILD":
                    onbuild = (*onbuild, instruction.rest)
    end = stage.end
    declared = {name: end.env[name] for name in end.declared if not build_only(name)}
    declared["PATH"] = runtime_path(end.env.get("PATH"))
    return Contract(
        entrypoint,
        cmd,
        declared,
        end.workdir,
        _user(end.user),
        frozenset(port.removesuffix("/tcp") for port in ports),
        frozenset(volumes),
        labels,
        stopsignal,
        health,
        onbuild,
        program_path(entrypoint, cmd, end, stage),
    )


def program_path(entrypoint: Command, cmd: Command, end: State, stage: StageFacts) -> str | None:
    """The absolute path of the program that the command starts; None when not known.

    exec(3): a name with a slash is relative to the working directory, any other is looked
    up in PATH, where only files that the stage is known to hold count.
    """
    argv = argv_of(entrypoint if entrypoint is not None else cmd)
    if not argv:
        return None
    name = argv[0]
    if "/" in name:
        return join(end.workdir, name)
    search = end.env.get("PATH")
    for directory in (search or "").split(":"):
        path = posixpath.join(directory, name)
        if stage.holds(path):
            return path
    return None


_PLAIN = re.compile(r"[\w./:=,@%+-]+\Z")
_QUOTES = re.compile(r"""'[^'\n]*'|"[^"$`\\\n]*\"""")
_WORD = rf"(?:[\w./:=,@%+-]|{_QUOTES.pattern})+"
_LINE = re.compile(rf"\s*{_WORD}(?:\s+{_WORD})*\s*\Z")
#: Failures that are told apart from nothing.
_OR_FAIL = re.compile(r"\s*\|\|\s*(?:exit\s+1|false)\s*\Z")


def argv_of(command: Command) -> tuple[str, ...] | None:
    """The words of a command when no shell is needed to tell them; None otherwise.

    A shell string counts when it is one simple command of plain words, quoted or not, `exec` in
    front allowed.
    """
    if command is None or isinstance(command, tuple):
        return command
    if "'" in command or '"' in command:
        return _unquoted(command)
    words = command.split()
    if words[:1] == ["exec"]:
        words = words[1:]
    plain = words and all(_PLAIN.match(word) for word in words) and "=" not in words[0]
    return tuple(words) if plain else None


def _unquoted(command: str) -> tuple[str, ...] | None:
    """The words of a command line of which some are quoted, and none holds an expansion."""
    if not _LINE.match(command):
        return None
    words = [_QUOTES.sub(lambda found: found[0][1:-1], word) for word in re.findall(_WORD, command)]
    words = words[1:] if words[0] == "exec" else words
    return tuple(words) if words and "=" not in words[0] else None


def health_argv(instruction: Instruction) -> tuple[str, ...] | None:
    """The words of a HEALTHCHECK when no shell is needed to tell them; None otherwise.

    `|| exit 1` makes no difference: every failure is one (moby, daemon/health.go).
    """
    command = command_of(instruction)
    return argv_of(_OR_FAIL.sub("", command) if isinstance(command, str) else command)


def volumes_of(instruction: Instruction, state: State) -> tuple[str, ...]:
    """The paths of a VOLUME, with the variables that are known put in."""
    words = instruction.json or tuple(instruction.rest.split())
    return tuple(state.expand(word) or word for word in words)


def _user(user: str | None) -> str | None:
    return "0" if user in ("", "root", "0", "root:root", "0:0") else user


def _show(value: object) -> str:
    if isinstance(value, frozenset):
        return ", ".join(sorted(value)) or "none"
    return "none" if value is None else str(value)

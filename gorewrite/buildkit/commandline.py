"""Where `DOCKER_BUILDKIT=1` goes in a command line that calls docker, and how it is spelled there.

The setting stands right in front of docker, behind whatever wraps the call: `sudo` drops the
environment (sudoers(5), env_reset) but takes assignments of its own, as `env` does; `time` and
`exec` are words of the shell, behind which an assignment is none, but `env` is a program anywhere.
"""

from __future__ import annotations

import re

from gorewrite import shell
from gorewrite.buildkit.model import COMPOSE_SETTING, SETTING, Insertion
from gorewrite.callers.model import BuildCall, Source
from gorewrite.evidence import Unknown

_DOCKER = frozenset(["docker", "docker-compose"])
_TAKE_ASSIGNMENTS = frozenset(["sudo", "env"])
#: `$(X)` and `${X}` of make, shell and Groovy, `${{ x }}` and `{{x}}` of workflows and templates:
#: shown to the shell's parser as letters.
_EXPANSION = re.compile(
    r"\$+\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)|\$*\{\{.*?\}\}|\$+\{[^{}]*\}", re.DOTALL
)
#: What is enough to read of a command: up to the word that makes it a build.
_LEAD = re.compile(r"\s(?:build|bake|up|create)(?=\s|$)")


def prefix(
    source: Source, call: BuildCall, span: tuple[int, int] | None = None
) -> Insertion | Unknown:
    """The setting in front of the docker of a call.

    span: that of the command in the file, where it is not the call's own.
    """
    if call.tool == "plugin docker":
        return Unknown("put it into `environment:` of the step")
    start, end = span or call.span
    # A character a byte, so that what is found in the text is found in the file.
    text = source.data[start:end].decode("latin-1")
    shown = _EXPANSION.sub(lambda match: "x" * len(match[0]), text)
    lead = _LEAD.search(shown)
    script = shell.parse(shown[: lead.end()] if lead else shown)
    command = next(script.commands(), None) if isinstance(script, shell.Script) else None
    if command is None or command.start != 0 or not command.words:
        return Unknown("the command line is not understood")
    word = command.words[shell.unwrap(command)[0]]
    runs = word
    if word.value == "xargs":
        # What it starts has its environment.
        named = [w for w in command.words if w.value in _DOCKER]
        if not named or any(w.value == "sudo" for w in command.words if w.start > word.start):
            return Unknown("what xargs starts is not understood")
        runs = named[0]
    program = text[runs.start : runs.end]
    if not is_docker(program, source):
        return Unknown(f"{program} may be more than docker")
    wrappers = shell.wrappers(command)
    direct = not wrappers or wrappers[-1] in _TAKE_ASSIGNMENTS
    setting = COMPOSE_SETTING if call.tool == "docker-compose" else SETTING
    return Insertion(start + word.start, f"{'' if direct else 'env '}{setting} ")


def behind_sudo(source: Source, call: BuildCall) -> bool:
    """Whether what a file exports does not reach the docker of a call."""
    text = source.data[slice(*call.span)].decode("latin-1")
    return (
        re.match(r"[@+\-]*\s*(?:\w+=\S*\s+)*(?:\S+\s+)?(?:sudo|doas|env\s+-i|ssh)\s", text)
        is not None
    )


_VARIABLE = re.compile(r"\$+(?:(\w+)|\{(\w+)\}|\((\w+)\))")
#: `docker`, `/usr/bin/docker`, `${DOCKER:-docker}`, `$(shell which docker)`; podman and nerdctl
#: pass over the variable.
_NAMES_DOCKER = re.compile(
    r"(?:\$\{\w+:?[-=])?(?:[\w./]*/)?(?:docker|podman|nerdctl)\}?"
    r"|\$+\((?:shell\s+)?(?:which|command -v)\s+(?:docker|podman)(?:\s+2>\s*/dev/null)?\)"
)


def is_docker(program: str, source: Source, depth: int = 0) -> bool:
    """Whether the first word of a call is docker and nothing else, as far as its file says; its
    variables may hold the verb as well."""
    name = program.strip("\"'")
    if name.rpartition("/")[2] in _DOCKER:
        return True
    variable = _VARIABLE.fullmatch(name)
    if variable is None or depth > 3:
        return False
    named = variable[1] or variable[2] or variable[3]
    defined = re.compile(
        rf"^[ \t]*(?:export[ \t]+|readonly[ \t]+|local[ \t]+)?{named}[ \t]*[:?]{{0,3}}="
        r"[ \t]*(.*?)[ \t]*(?:#.*)?\r?$",
        re.MULTILINE,
    )
    values = [found.strip("\"'") for found in defined.findall(source.data.decode("latin-1"))]
    return bool(values) and all(_names_docker(value, source, depth) for value in values)


def _names_docker(value: str, source: Source, depth: int) -> bool:
    if _NAMES_DOCKER.fullmatch(value):
        return True
    first, *verbs = value.split() or [""]
    return {*verbs} <= {"image", "build"} and is_docker(first, source, depth + 1)

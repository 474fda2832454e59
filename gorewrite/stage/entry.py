"""What a container starts: the command, the scripts behind it, the tools they call.

ENTRYPOINT, CMD and HEALTHCHECK are followed through init wrappers, shells and shell
scripts from the build context, down to programs that are files of the image.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Container, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gorewrite.contract import argv_of, health_argv
from gorewrite.dockerfile import Instruction, command_of
from gorewrite.evidence import Evidence
from gorewrite.facts import StageFacts
from gorewrite.stage.commands import INIT, SYNCING, Entry, last
from gorewrite.stage.following import Follower
from gorewrite.stage.scope import join

if TYPE_CHECKING:
    from gorewrite.callers.running import Service


def read_entry(
    stage: StageFacts,
    made: Container[str] = (),
    services: Sequence[Service] | None = None,
    executed: Sequence[tuple[str, Evidence]] = (),
) -> Entry:
    """Follows the commands of the image that `stage` gives.

    made: further absolute paths that RUNs are known to create; services: the compose services
    whose commands and health checks are followed as well, None for all that run the stage;
    executed: what the sources of the programs start, followed where the stage holds it.
    """
    reader = _Reader(stage, made, stage.services if services is None else services)
    entry = reader.read()
    for word, evidence in executed:
        reader.started(word, evidence)
    return entry


class _Reader(Follower):
    def __init__(
        self, stage: StageFacts, made: Container[str], services: Sequence[Service]
    ) -> None:
        super().__init__(stage, made)
        self.services = services

    def read(self) -> Entry:
        entrypoint, cmd = last(self.stage, "ENTRYPOINT"), last(self.stage, "CMD")
        first = entrypoint or cmd
        if first is not None:
            self._image(first, entrypoint, cmd)
        for service in self.services:
            self._service(service, entrypoint)
        if first is None and not any(s.command or s.entrypoint for s in self.services):
            evidence = self.stage.facts.at(self.stage.stage.from_)
            message = "no ENTRYPOINT or CMD tells what the image runs; add one"
            self._refuse("no-entrypoint", message, evidence)
        started = self.entry.programs.keys() - self.entry.scripts.keys()
        only_inits = all(posixpath.basename(each) in INIT for each in started)
        if only_inits and self.runs_arguments.keys() == {False}:
            message = "the script runs what it is given, and nothing says what that is; add a CMD"
            self._refuse("no-entrypoint", message, self.runs_arguments[False])
        health = last(self.stage, "HEALTHCHECK")
        if health is not None and health.rest.strip().upper() != "NONE":
            self._health(health)
        return self.entry

    def _image(
        self, first: Instruction, entrypoint: Instruction | None, cmd: Instruction | None
    ) -> None:
        """What the image runs when its caller says nothing."""
        evidence = self.stage.facts.at(first)
        command = command_of(first)
        plain = argv_of(command)
        if first is entrypoint and isinstance(command, str) and self._given_words(cmd):
            plain = None  # Its shell ignores the words, which the program itself would not.
        # The shell form of ENTRYPOINT ignores CMD (Dockerfile reference, table in CMD).
        tail = command_of(cmd) if entrypoint is not None and cmd is not None else None
        if plain is not None:
            words = list(plain)
            if isinstance(tail, tuple) and isinstance(command, tuple):
                words += tail
            elif isinstance(tail, str) and isinstance(command, tuple):
                words += ["/bin/sh", "-c", tail]
            self._line(words, evidence, top=True, direct=True)
        else:
            assert isinstance(command, str)
            if re.match(r"\[[^\s\[]", command):
                why = (
                    f"{first.keyword} is no JSON array, so a shell runs it as it is written; write "
                    "double quotes, and no comma at the end"
                )
                self._refuse("entrypoint-unknown", why, evidence)
                return
            self.entry.shell.append(evidence)
            if "bash" in self.state.shell[0]:
                self.entry.bash.append(evidence)
            self._text(command, evidence)

    def _given_words(self, cmd: Instruction | None) -> bool:
        """Whether the image's CMD or a service gives the ENTRYPOINT more words."""
        return cmd is not None or any(s.command and not s.entrypoint for s in self.services)

    def _service(self, service: Service, entrypoint: Instruction | None) -> None:
        """What a compose service runs in place of the image's own commands."""
        own = self.state
        if service.working_dir is not None:
            self.state = replace(own, workdir=join(own.workdir, service.working_dir.text))
        image = command_of(entrypoint) if entrypoint is not None else ()
        given, line = service.command, service.entrypoint or service.command
        arguments = list(given.words) if given is not None else []
        words: list[str] = []
        if service.entrypoint is not None:
            words = [*service.entrypoint.words, *arguments]
        elif arguments and isinstance(image, tuple):
            # The shell form of ENTRYPOINT ignores what follows it.
            words = [*image, *arguments]
        if line is not None and words:
            self._line(words, line.evidence, top=True)
            if self.runs_arguments and image and arguments and service.entrypoint is None:
                self._line(arguments, line.evidence, top=True)
        health = [service.healthcheck] if service.healthcheck is not None else []
        for beside in (*health, *service.hooks):
            if beside.words[:1] == ("CMD",):
                self._line(list(beside.words[1:]), beside.evidence)
            elif beside.words[:1] == ("CMD-SHELL",):
                self.entry.shell.append(beside.evidence)
                self._text(" ".join(beside.words[1:]), beside.evidence)
        for mount in service.mounts:
            if mount.kind == "sync":
                self.entry.needs(SYNCING, mount.evidence)
        self.state = own

    def _health(self, instruction: Instruction) -> None:
        evidence = self.stage.facts.at(instruction)
        command, plain = command_of(instruction), health_argv(instruction)
        if plain and (isinstance(command, tuple) or self.is_file(plain[0])):
            if command != ("NONE",):
                self._line(list(plain), evidence)
        elif isinstance(command, str):
            self.entry.shell.append(evidence)
            self._text(command, evidence)

    def started(self, word: str, evidence: Evidence) -> None:
        """A program of the image that another one starts."""
        if self.is_file(word):
            self._program(word, evidence)

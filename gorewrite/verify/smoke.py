"""Runs the container before and after, and compares what is seen from outside.

A program that ends must end with the same exit status and output. A server must stay up, and
each of its TCP ports must answer `GET /` alike. What differs from one run of the *same* image to
the next (times, random numbers) is not held against the rewrite.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from gorewrite.verify.compare import Difference
from gorewrite.verify.engines import Engine
from gorewrite.verify.probe import Answer, ask, listens
from gorewrite.verify.processes import Done, Processes

_STEP: Final = 0.05
#: Seconds that a server must stay up once its ports have answered, or when it has none.
_SETTLED: Final = 1.0
_ANSWER_WITHIN: Final = 60
_MOST_LINES: Final = "1000"

#: Of the status that stands for the engine's own errors, those that the image is to blame for.
_FAULT: Final = re.compile(r"unable to find (?:user|group)|no matching entries in (?:passwd|group)")
#: What changes from run to run in the output of the same program, the file names that -trimpath
#: shortens, and the mark of a revision whose Dockerfile is rewritten and not yet committed.
_VOLATILE: Final = (
    (r"\x1b\[[0-9;]*m", ""),
    (r"\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?", "TIME"),
    (r"\b\d\d:\d\d:\d\d(\.\d+)?\b", "TIME"),
    (r"\b(\d+h)?(\d+m)?\d+(\.\d+)?(ns|µs|us|ms|s)\b", "DURATION"),
    (r"\b1[6-9]\d{8}(\.\d+|\d{3}|\d{6}|\d{9})?\b", "TIME"),
    (r"\b0x[0-9a-f]+\b", "ADDRESS"),
    (r"\bgoroutine \d+", "goroutine"),
    (r"(?<![\w./@+!-])/?(?:[\w.@+!-]+/)+([\w.-]+\.go:\d+)", r"\1"),
    (r"(?<=[0-9a-f])(?:[+-]dirty|-modified)\b", ""),
)


class SmokeOptions(NamedTuple):
    """What the user says about the run.

    arguments: for the container, in place of CMD; environment: `NAME=VALUE` each; command: a shell
    command for the host, run while the container is up; wait: seconds to wait for answers.
    """

    arguments: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    command: str = ""
    wait: float = 10.0


class Seen(NamedTuple):
    """What was seen of one container. code: exit status, None while it runs; fields: what is
    compared: name -> text."""

    code: int | None
    fields: Mapping[str, str]


class SmokeError(Exception):
    """A container could not be run at all, whatever is in it."""


class Smoke:
    """Runs containers of one verification. name: what they are called, before their own part."""

    def __init__(
        self, engine: Engine, processes: Processes, name: str, options: SmokeOptions
    ) -> None:
        self.engine = engine
        self.processes = processes
        self.name = name
        self.options = options
        #: Whether ports can be published; otherwise containers share the network of the host.
        self.bridged = bool(self._networks() & {"bridge", "podman"})

    def compare(
        self, before: str, after: str, ports: Sequence[int]
    ) -> tuple[str, list[Difference]]:
        """(what was seen, in one line; the differences) of containers of two images.

        ports: the TCP ports to ask. Raises SmokeError.
        """
        first = self.run(before, "before", ports)
        if "start" in first.fields:
            raise SmokeError(first.fields["start"])
        if self.options.command and first.code is not None:
            raise SmokeError(f"it {first.fields['state']} before --smoke-cmd could be run")
        second = self.run(after, "after", ports)
        differing = _differing(first, second)
        if differing:
            again = self.run(before, "again", ports)
            varying = set(_differing(first, again))
            differing = [name for name in differing if name not in varying]
        found = [
            Difference(f"run: {name}", *_excerpts(first.fields.get(name), second.fields.get(name)))
            for name in differing
        ]
        return _told(first), found

    def run(self, image: str, side: str, ports: Sequence[int]) -> Seen:
        """Runs one container until it has ended or all was seen."""
        container = f"{self.name}-run-{side}"
        command = ["run", "--detach", "--name", container, "--hostname", "gorewrite"]
        command += self._network(ports)
        for entry in self.options.environment:
            command += ["--env", entry]
        done = self._call(*command, image, *self.options.arguments)
        try:
            if done.code in (125, None) and not _FAULT.search(done.complaint):
                raise SmokeError(done.complaint)
            if done.code != 0:
                return Seen(done.code, {"start": done.complaint})
            return self._watch(container, ports)
        finally:
            self._call("rm", "--force", "--volumes", container)

    def _watch(self, container: str, ports: Sequence[int]) -> Seen:
        where = {port: self._address(container, port) for port in ports}
        answers: dict[int, Answer] = {}
        start = settled = time.monotonic()
        while time.monotonic() - start < self.options.wait:
            code = self._exit(container)
            if code is not None:
                return Seen(code, self._output(container, code))
            for port, address in where.items():
                if port not in answers and address is not None:
                    answer = ask(*address)
                    if answer is not None:
                        answers[port] = answer
                        settled = time.monotonic()
            if len(answers) == len(where) and time.monotonic() - settled >= _SETTLED:
                break
            time.sleep(_STEP)
        fields = {"state": "stays up"}
        for port in ports:
            answer = answers.get(port)
            fields |= _answered(port, answer) if answer else {f"port {port}": "does not answer"}
        if self.options.command:
            fields["command"] = self._command(container, where)
        code = self._exit(container)
        return Seen(code, fields if code is None else self._output(container, code))

    def _exit(self, container: str) -> int | None:
        done = self._call("inspect", "--format", "{{json .State}}", container)
        try:
            state = json.loads(done.out)
            return None if state["Running"] else int(state["ExitCode"])
        except (ValueError, LookupError) as error:
            raise SmokeError(f"the container cannot be inspected: {error}") from None

    def _output(self, container: str, code: int) -> dict[str, str]:
        done = self._call("logs", "--tail", _MOST_LINES, container)
        if done.code != 0:
            raise SmokeError(f"its output cannot be read: {done.complaint}")
        out, err = (_steady(text.decode("utf-8", "replace")) for text in (done.out, done.err))
        return {"state": f"ends with {code}", "output": out, "error output": err}

    def _command(self, container: str, where: Mapping[int, tuple[str, int] | None]) -> str:
        """What the user's command says, with the addresses of the container at hand."""
        environment = {"GOREWRITE_CONTAINER": container}
        for port, address in where.items():
            if address is not None:
                environment[f"GOREWRITE_HOST_{port}"] = address[0]
                environment[f"GOREWRITE_PORT_{port}"] = str(address[1])
        done = self.processes.run(
            ["/bin/sh", "-c", self.options.command],
            timeout=_ANSWER_WITHIN,
            together=True,
            environment=environment,
        )
        if done.code is None:
            raise SmokeError(f"--smoke-cmd did not end within {_ANSWER_WITHIN} s")
        return f"exit status {done.code}\n{_steady(done.text)}"

    def _networks(self) -> set[str]:
        return set(self._call("network", "ls", "--format", "{{.Name}}").text.split())

    def _network(self, ports: Sequence[int]) -> list[str]:
        if not self.bridged:
            taken = [port for port in ports if listens("127.0.0.1", port)]
            if taken:
                raise SmokeError(f"port {taken[0]} is in use on this machine")
            return ["--network", "host"]
        return [word for port in ports for word in ("--publish", f"127.0.0.1::{port}")]

    def _address(self, container: str, port: int) -> tuple[str, int] | None:
        """Where a port of a container is reached; None when it is not published."""
        if not self.bridged:
            return "127.0.0.1", port
        lines = self._call("port", container, f"{port}/tcp").text.split()
        published = lines[0].rpartition(":")[2] if lines else ""
        return (_engine_host(), int(published)) if published.isdigit() else None

    def _call(self, *command: str) -> Done:
        return self.processes.run([self.engine.program, *command], timeout=_ANSWER_WITHIN)


def tcp_ports(exposed: Mapping[str, object] | None) -> tuple[int, ...]:
    """The TCP ports of an image's `ExposedPorts`."""
    found = []
    for name in exposed or ():
        port, _, protocol = name.partition("/")
        if protocol in ("", "tcp") and port.isdigit():
            found.append(int(port))
    return tuple(sorted(found))


def _engine_host() -> str:
    """Where published ports are: beside the engine."""
    address = urlsplit(os.environ.get("DOCKER_HOST", ""))
    return address.hostname or "127.0.0.1" if address.scheme in ("tcp", "ssh") else "127.0.0.1"


def _answered(port: int, answer: Answer) -> dict[str, str]:
    name = f"port {port}"
    return {name: answer.status, f"{name}, body": _steady(answer.body)}


def _steady(text: str) -> str:
    for pattern, replacement in _VOLATILE:
        text = re.sub(pattern, replacement, text)
    return text.strip()


def _differing(first: Seen, second: Seen) -> list[str]:
    names = dict.fromkeys((*first.fields, *second.fields))
    return [name for name in names if first.fields.get(name) != second.fields.get(name)]


def _excerpts(first: str | None, second: str | None) -> tuple[str, str]:
    """The lines in which two texts begin to differ."""
    before, after = ((text or "nothing").splitlines() or [""] for text in (first, second))
    at = next(
        (n for n, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]), None
    )
    if at is None:
        at = min(len(before), len(after))
    one, other = (text[at] if at < len(text) else "nothing more" for text in (before, after))
    return one, other


def _told(seen: Seen) -> str:
    parts = [text for name, text in seen.fields.items() if "body" not in name]
    if seen.code is None:
        named = [
            f"{name} {text}" if name.startswith("port") else text.partition("\n")[0]
            for name, text in seen.fields.items()
            if "body" not in name
        ]
        return ", ".join(named)
    first = next((line for line in "\n".join(parts[1:]).splitlines() if line), "no output")
    return f"{parts[0]}: {first}" if len(parts) > 1 else parts[0]

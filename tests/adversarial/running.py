"""A model of a container: what the program of an image gets to see when it is started."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.adversarial.bases import Image
from tests.adversarial.commands import Shell
from tests.adversarial.disk import Disk, Failure
from tests.adversarial.programs import Behaviour

#: What an observation begins with when the program cannot do what it wants.
FAILED = "failed: "


@dataclass
class Process:
    """A started program. binary: what it was built from."""

    image: Image
    path: str
    arguments: tuple[str, ...]
    binary: dict[str, Any]
    environment: dict[str, str]
    directory: str

    @property
    def disk(self) -> Disk:
        return self.image.disk

    @property
    def owner(self) -> int:
        return self.image.number(self.image.user)

    def absolute(self, path: str) -> str:
        return posixpath.normpath(posixpath.join(self.directory, path))

    def read(self, path: str) -> str:
        """The content of a file and its owner."""
        entry = self.disk.at(self.absolute(path))
        if entry is None or entry.kind != "file":
            return f"{FAILED}{path} is not there"
        if self.owner not in (0, entry.owner) and not entry.mode & 0o044:
            return f"{FAILED}{path} is not for this user"
        return f"{entry.owner} {entry.content}"

    def tree(self, path: str) -> str:
        """All that lies below a directory, with its content."""
        top = self.absolute(path)
        if not self.disk.is_dir(top):
            return f"{FAILED}{path} is not there"
        files = [found for found in self.disk.below(top) if self.disk.text(found) is not None]
        return json.dumps({found: self.disk.text(found) for found in files})

    def write(self, path: str) -> str:
        directory = self.disk.at(posixpath.dirname(self.absolute(path)))
        if directory is None:
            return f"{FAILED}no directory for {path}"
        allowed = self.owner in (0, directory.owner) or directory.mode & 0o002
        return "written" if allowed else f"{FAILED}{path} cannot be written"

    def command(self, name: str) -> str:
        return "found" if self.image.find(name) else f"{FAILED}{name}: not found"

    def zone(self) -> str:
        here = self.disk.at("/usr/share/zoneinfo/Europe/Berlin") is not None
        toolchain = self.disk.at("/usr/local/go/lib/time/zoneinfo.zip") is not None
        found = here or (toolchain and not self.binary["trimmed"])
        return "found" if found else f"{FAILED}unknown time zone"

    def certificates(self) -> str:
        here = self.disk.at("/etc/ssl/certs/ca-certificates.crt") is not None
        return "trusted" if here else f"{FAILED}certificate signed by unknown authority"

    def account(self) -> str:
        known = self.owner in {number for number, _ in self.image.accounts().values()}
        return str(self.owner) if known else f"{FAILED}unknown userid"


def observe(image: Image, behaviours: dict[str, list[Behaviour]]) -> dict[str, str]:
    """What can be seen of a container: label -> observation.

    behaviours: directory of a main package -> what its program does.
    """
    seen: dict[str, str] = {
        "user": str(image.number(image.user)),
        "workdir": image.workdir,
        "exposed": str(sorted(image.exposed)),
        "volumes": str(sorted(image.volumes)),
        "signal": image.signal,
    }
    seen |= {f"label {name}": value for name, value in image.labels.items()}
    starts = [("command", _words(image, image.entrypoint, image.cmd))]
    if image.health is not None:
        starts.append(("health check", _words(image, [], image.health)))
    for what, words in starts:
        try:
            started = list(_started(image, words))
        except Failure as error:
            seen[what] = f"{FAILED}{error}"
            continue
        seen[what] = "started"
        for number, process in enumerate(started):
            label = f"{what} {number}"
            own = {k: v for k, v in process.binary.items() if k not in ("libc", "trimmed")}
            seen[label] = json.dumps([process.path, process.arguments, own], sort_keys=True)
            for index, behaviour in enumerate(behaviours.get(process.binary["package"], ())):
                seen[f"{label} {index} {behaviour.code}"] = behaviour.observe(process)
    return seen


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """What worked before and is different now."""
    return [
        f"{label}: {value} -> {after.get(label)}"
        for label, value in before.items()
        if not value.startswith(FAILED) and after.get(label) != value
    ]


def _words(image: Image, entry: list[str] | str, command: list[str] | str) -> list[str]:
    if isinstance(entry, str):
        return [*image.shell, entry]
    if isinstance(command, str):
        command = [*image.shell, command]
    return [*entry, *command]


def _started(image: Image, words: Sequence[str]) -> list[Process]:
    """The programs of the service that are started. Raises Failure."""
    if not words:
        raise Failure("no command")
    shell = Shell(image.copy(), {**image.env, "@": "\0".join(words[1:])})
    _start(shell, list(words))
    if not shell.programs:
        raise Failure("nothing is started")
    return [
        Process(image, path, arguments, json.loads(binary), environment, directory)
        for path, arguments, binary, environment, directory in shell.programs
    ]


_WRAPPERS = {"tini": 0, "dumb-init": 0, "su-exec": 1, "gosu": 1}


def _start(shell: Shell, words: list[str]) -> None:
    """Starts a command, as the container or `exec` does."""
    if not words:
        raise Failure("nothing to start")
    if posixpath.basename(words[0]) in ("sh", "bash", "ash") and "-c" in words[:-1]:
        if shell.image.find(words[0]) is None:
            raise Failure(f"{words[0]}: not found")
        text = words[words.index("-c") + 1]
        shell.run(text)
    elif posixpath.basename(words[0]) in ("sh", "bash", "ash") and len(words) > 1:
        if shell.image.find(words[0]) is None:
            raise Failure(f"{words[0]}: not found")
        shell.variables["@"] = "\0".join(words[2:])
        shell.run(shell.disk.text(shell.path(words[1])) or "exit 127")
    elif posixpath.basename(words[0]) in _WRAPPERS:
        if shell.image.find(words[0]) is None:
            raise Failure(f"{words[0]}: not found")
        rest = [word for word in words[1:] if word not in ("--", "-g")]
        _start(shell, rest[_WRAPPERS[posixpath.basename(words[0])] :])
        return
    else:
        shell.script(words)
    if shell.replaced is not None:
        following, shell.replaced = shell.replaced, None
        _start(shell, list(following))

"""What a built image is: its configuration, its layers, and files in it."""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

from gorewrite.verify.engines import Engine
from gorewrite.verify.processes import Processes

#: Every binary that Go links holds its build information behind this (debug/buildinfo).
_GO_BINARY: Final = b"\xff Go buildinf:"
_CHUNK: Final = 1 << 20
#: How docker before and since 23 and podman say that a path is not in a container.
_NOT_THERE: Final = re.compile(
    r"(?i)no such container:path|could not find the file|could not be found on container"
)
_ANSWER_WITHIN: Final = 120


class ImageError(Exception):
    """The engine did not tell of an image what it should."""


class BuiltImage(NamedTuple):
    """An image as the engine describes it.

    size: bytes; layers: the sizes in bytes of those that hold anything, the lowest first;
    config: the configuration that containers get (OCI image specification, "config").
    """

    name: str
    size: int
    layers: tuple[int, ...]
    config: Mapping[str, Any]
    platform: str


class FileEntry(NamedTuple):
    """A file, directory or link in an image. content: SHA-256 or the link's target; go: whether
    it is a program linked by Go."""

    kind: str
    mode: int
    owner: tuple[int, int]
    content: str
    go: bool = False

    def __str__(self) -> str:
        owner = f"{self.owner[0]}:{self.owner[1]}"
        return f"{self.kind} {self.mode:04o} {owner} {self.content[:12]}".strip()


class Images:
    """Asks an engine about the images of one verification. Every method raises ImageError.

    directory: for temporary files.
    """

    def __init__(self, engine: Engine, processes: Processes, directory: Path) -> None:
        self.engine = engine
        self.processes = processes
        self.directory = directory

    def inspect(self, name: str) -> BuiltImage:
        """Size, layers and configuration of an image."""
        try:
            image = json.loads(self._ask("image", "inspect", name))[0]
            platform = f"{image.get('Os', '')}/{image.get('Architecture', '')}"
            layers = tuple(size for size in reversed(self._layers(name)) if size)
            return BuiltImage(name, int(image["Size"]), layers, image.get("Config") or {}, platform)
        except (ValueError, LookupError, TypeError) as error:
            raise ImageError(f"{name} cannot be read: {error}") from None

    def _layers(self, name: str) -> list[int]:
        """The sizes of the layers, the topmost first."""
        if self.engine.kind == "podman":  # Its templates know sizes for people only.
            told = json.loads(self._ask("history", "--format", "json", name))
            return [int(layer["size"]) for layer in told]
        told = self._ask("history", "--human=false", "--format", "{{.Size}}", name)
        return [int(size) for size in told.split()]

    def container(self, image: str, name: str) -> None:
        """Makes a container whose files can be read; it is never started."""
        # A word in place of a missing command: without any, there is no container.
        self._ask("create", "--name", name, image, "true")

    def files(self, container: str, path: str) -> dict[str, FileEntry] | None:
        """Absolute path -> what is there, for a path of a container and all that lies below it;
        None when there is nothing."""
        command = [self.engine.program, "cp", f"{container}:{path}", "-"]
        with tempfile.TemporaryFile(dir=self.directory) as archive:
            done = self.processes.run(command, timeout=_ANSWER_WITHIN, to=archive)
            if done.code and _NOT_THERE.search(done.complaint):
                return None
            if done.code != 0:
                raise ImageError(f"{path} cannot be read: {done.complaint}")
            archive.seek(0)
            try:
                return dict(_entries(archive, path))
            except tarfile.TarError as error:
                raise ImageError(f"{path} cannot be read: {error}") from None

    def _ask(self, *command: str) -> str:
        done = self.processes.run([self.engine.program, *command], timeout=_ANSWER_WITHIN)
        if done.code != 0:
            raise ImageError(f"{' '.join(command[:2])}: {done.complaint}")
        return done.text


def _entries(archive: IO[bytes], path: str) -> Iterator[tuple[str, FileEntry]]:
    with tarfile.open(fileobj=archive) as tar:
        for member in tar:
            # The first component is the name of what was asked for.
            below = member.name.strip("/").partition("/")[2]
            name = posixpath.join(path, below) if below else path
            owner = (member.uid, member.gid)
            mode = member.mode & 0o7777
            if member.isdir():
                yield name, FileEntry("directory", mode, owner, "")
            elif member.issym():
                yield name, FileEntry("link", 0o777, owner, member.linkname)
            elif member.isfile() or member.islnk():
                digest, go = _digest(tar, member)
                yield name, FileEntry("file", mode, owner, digest, go)


def _digest(tar: tarfile.TarFile, member: tarfile.TarInfo) -> tuple[str, bool]:
    file = tar.extractfile(member)
    assert file is not None
    digest, go, last = hashlib.sha256(), False, b""
    while data := file.read(_CHUNK):
        digest.update(data)
        go = go or _GO_BINARY in last + data
        last = data[-len(_GO_BINARY) :]
    return digest.hexdigest(), go

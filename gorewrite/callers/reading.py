"""Reads the caller files of a repository, within limits; what is on disk settles what is open."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

from gorewrite.callers import places
from gorewrite.callers.formats import Format, Start, may_build
from gorewrite.callers.model import BuildCall, Builder, Source
from gorewrite.evidence import Evidence
from gorewrite.files import kind_of
from gorewrite.files import read as read_bytes

LARGEST_FILE: Final = 256 * 1024
_MOST_FILES: Final = 40_000
_MOST_BYTES: Final = 256 * 1024 * 1024

#: What no reader has to understand: such a builder is in use, whatever it builds.
_NO_MOUNTS: Final = re.compile(
    rb"gcr\.io/kaniko-project/(?:executor|warmer)|/kaniko/executor"
    rb"|\b(?:image|name|repository)[\"']?\s*:\s*[\"']?[\w.${}/:-]*/[\w.-]*kaniko"
    rb"|DOCKER_BUILDKIT[\"']?\s*[:=]+\s*[\"']?(?:0|false)\b"
)
_RUNS: Final = re.compile(
    rb"(?:docker|podman|nerdctl|kubectl|\boc)\b(?:[^\n]{0,500}|[\"']\s*,\s*\[?\s*[\"'])\b(?:run|exec|cp|rsync)\b"
)

#: Directories of pipelines and scripts, which speak for the directory that they lie in.
_ASIDE: Final = re.compile(
    r"(?:^|/)(?:\.(?:azure[^/]*|buildkite|circleci|ci|forgejo|gitea|github/workflows|gitlab[^/]*"
    r"|semaphore|tekton|woodpecker)|argo[^/]*|bin|build|ci|hack|k8s|kaniko|pipelines?|scripts?|tekton"
    r"|tools?)(?:/.*)?$"
)
#: Directories whose scripts run, by its name, what is built beside them.
_BESIDE: Final = re.compile(
    r"(?:^|/)(?:deploy(?:ments?)?|dev|docker|e2e|integration|local|ops|tests?)(?:/.*)?$"
)


def scope_of(file: str) -> str:
    """The directory at and below which a caller may build Dockerfiles that it does not name."""
    return _ASIDE.sub("", posixpath.dirname(file))


def reader_of(form: Format) -> Callable[[Source], Iterator[BuildCall]]:
    calls: Callable[[Source], Iterator[BuildCall]]
    calls = import_module(f"gorewrite.callers.{form.reader}").calls
    return calls


class Reader:
    """Reads caller files within limits."""

    def __init__(self, top: str) -> None:
        self.top = top
        self.starts: dict[str, str] = {}
        self.running: dict[str, list[str]] = {}
        self.files, self.bytes = 0, 0
        self.not_read: list[str] = []
        self._there: dict[str, bool] = {}

    def read(self, path: str, form: Format) -> Iterator[BuildCall]:
        """The calls of a file, with what is on disk taken into account."""
        if self.files >= _MOST_FILES or self.bytes >= _MOST_BYTES:
            self.not_read.append(path)
            return
        self.files += 1
        data = self.bytes_of(path)
        if data is None:
            return
        if form.reader != "composefile" and _RUNS.search(data):
            # A unit of systemd is made for another machine: where it lies says nothing.
            scope = "" if path.endswith(".service") else _BESIDE.sub("", scope_of(path))
            self.running.setdefault(scope, []).append(path)
        if not may_build(form, data):
            return
        try:
            found = [self._settled(call) for call in self._calls(path, data, form)]
        except Exception:
            # What one file of another team holds must not end the run of all.
            self.not_read.append(path)
            found = []
        yield from found
        if not any(call.builder in (Builder.NEVER, Builder.CLASSIC) for call in found):
            yield from _mentioned(path, data, form)

    def bytes_of(self, path: str) -> bytes | None:
        """What stands in a file of the repository; None for none, or one that is too large."""
        try:
            data = read_bytes(f"{self.top}/{path}", LARGEST_FILE)
        except (OSError, ValueError):
            return None
        self.bytes += len(data)
        if len(data) > LARGEST_FILE:
            self.not_read.append(path)
            return None
        return data

    def _calls(self, path: str, data: bytes, form: Format) -> list[BuildCall]:
        calls = reader_of(form)
        own = posixpath.dirname(path) or "."
        first = "." if form.start in (Start.ROOT, Start.EITHER) else own
        source = Source(path, data, first, self.bytes_of)
        found = list(calls(source))
        self.starts[path] = first
        other = own if first == "." else "."
        if form.start in (Start.ROOT, Start.OWN) or own == "." or not found:
            return found
        fitting = self._fitting(found)
        if form.start is not Start.EITHER and fitting == len({call.span for call in found}):
            return found
        second = list(calls(source._replace(start=other)))
        others = self._fitting(second)
        if form.start is Start.EITHER and fitting and fitting == others and found != second:
            same = set(found) & set(second)
            return [c if c in same else c._replace(context=None, dockerfile=None) for c in found]
        if others > fitting:
            self.starts[path] = other
            return second
        return found

    def _fitting(self, calls: Sequence[BuildCall]) -> int:
        """How many places in a file build a Dockerfile that is there."""
        there = {
            c.span for c in calls if c.dockerfile and self.is_file(self._settled(c).dockerfile)
        }
        return len(there)

    def _settled(self, call: BuildCall) -> BuildCall:
        """With the default name of a Dockerfile that is there."""
        if call.tool == "kaniko" and call.written[1]:
            # kaniko looks where it runs before it looks into its context.
            named = places.join(".", call.written[1])
            return call._replace(dockerfile=named) if self.is_file(named) else call
        if call.dockerfile is None or call.context is None or call.written[1]:
            return call
        names = ["Dockerfile", "dockerfile"]
        if call.tool.startswith(("podman", "buildah")):
            names = ["Containerfile", "Dockerfile"]
        for name in names:
            path = posixpath.normpath(f"{call.context}/{name}")
            if self.is_file(path):
                return call._replace(dockerfile=path)
        return call

    def is_file(self, path: str | None) -> bool:
        if path is None:
            return False
        if path not in self._there:
            self._there[path] = kind_of(f"{self.top}/{path}") == "file"
        return self._there[path]


def _mentioned(path: str, data: bytes, form: Format) -> Iterator[BuildCall]:
    """That a file names a builder without mounts, where no call was understood to use one."""
    for found in _NO_MOUNTS.finditer(data):
        start = data.rfind(b"\n", 0, found.start()) + 1
        end = data.find(b"\n", found.end())
        text = data[start : end if end >= 0 else len(data)].decode("utf-8", "replace").strip()
        if text.startswith(("#", "//")):
            continue
        line = data.count(b"\n", 0, start) + 1
        kaniko = b"kaniko" in found[0]
        yield BuildCall(
            "kaniko" if kaniko else "docker build",
            path,
            line,
            text[:200],
            found.span(),
            None,
            None,
            ("", "$DOCKERFILE"),
            builder=Builder.NEVER if kaniko else Builder.CLASSIC,
            builder_because=Evidence(path, line, text[:200]),
        )
        return


def text_of(file: Path | str) -> str:
    """What stands in a file; "" for none, one that is no plain file, and one that is too large."""
    if kind_of(file) != "file":
        return ""  # A pipe would be waited for.
    try:
        data = read_bytes(file, LARGEST_FILE)
    except OSError:
        return ""
    return data.decode("utf-8", "replace") if len(data) <= LARGEST_FILE else ""

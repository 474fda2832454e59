"""Holds two built images against each other: the contract that containers rely on, and files.

A difference counts against the rewrite unless there is a reason to expect it: the patch declared
it, or it comes with another base image.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, NamedTuple

from gorewrite.contract import build_only, contract, runtime_path
from gorewrite.facts import StageFacts
from gorewrite.stage.images import Image
from gorewrite.stage.layout import under
from gorewrite.stage.places import NO_TREE
from gorewrite.verify.images import BuiltImage, FileEntry, Images


class Difference(NamedTuple):
    """One difference. what: a field of the contract, a file, or something seen in a run;
    expected: why it is no fault of the rewrite, "" when it is one."""

    what: str
    before: str
    after: str
    expected: str = ""

    def __str__(self) -> str:
        text = f"{self.what}: {_short(self.before)} -> {_short(self.after)}"
        return f"{text} ({self.expected})" if self.expected else text


def _short(text: str) -> str:
    """A value in one line that can be read."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


_LONGEST: Final = 200
DECLARED: Final = "the patch says so"
_OTHER_BASE: Final = "comes with the base image"
_ONLY_BUILDS: Final = "steers builds only"
_COPIED: Final = "COPY gives directories this mode"
_FOLLOWED: Final = "COPY follows a link that it names"

#: Key of an image's configuration -> field of `Contract`.
_FIELDS: Final = {
    "Entrypoint": "entrypoint",
    "Cmd": "cmd",
    "WorkingDir": "workdir",
    "User": "user",
    "ExposedPorts": "ports",
    "Volumes": "volumes",
    "StopSignal": "stopsignal",
    "Healthcheck": "healthcheck",
    "OnBuild": "onbuild",
}


class Sides(NamedTuple):
    """The same stage before and after.

    declared: contract fields that differ on purpose; written: the content of the files that the
    patch writes, which a copy of the whole context brings into the image.
    """

    before: StageFacts
    after: StageFacts
    declared: frozenset[str]
    written: tuple[bytes, ...] = ()

    @property
    def same_base(self) -> bool:
        first, second = self.before.base, self.after.base
        if isinstance(first, Image) and isinstance(second, Image):
            return first.ref == second.ref
        return first == second

    @property
    def program(self) -> str | None:
        """The path of the program that the command starts after the rewrite."""
        return contract(self.after).program


def compare_configs(before: BuiltImage, after: BuiltImage, sides: Sides) -> Iterator[Difference]:
    """The differences between what two images tell containers to be."""
    if before.platform != after.platform:
        yield Difference("platform", before.platform, after.platform)
    for key, name in _FIELDS.items():
        first, second = (_field(key, image.config.get(key)) for image in (before, after))
        if first != second:
            expected = DECLARED if name in sides.declared else ""
            yield Difference(name, _text(first), _text(second), expected)
    written = contract(sides.before).labels
    first, second = (image.config.get("Labels") or {} for image in (before, after))
    yield from _mappings("label", first, second, written, "labels", sides)
    first, second = (_environment(image.config) for image in (before, after))
    yield from _mappings("env", first, second, sides.before.end.declared, "env", sides)


def _mappings(
    kind: str,
    before: Mapping[str, str],
    after: Mapping[str, str],
    written: Collection[str],
    field: str,
    sides: Sides,
) -> Iterator[Difference]:
    """The entries that differ. written: those that the Dockerfile itself sets; all others come
    with the base image."""
    for name in sorted({*before, *after}):
        first, second = before.get(name), after.get(name)
        if kind == "env" and name == "PATH":
            first, second = runtime_path(first), runtime_path(second)
        if first == second:
            continue
        expected = ""
        if field in sides.declared:
            expected = DECLARED
        elif kind == "env" and build_only(name):
            expected = _ONLY_BUILDS
        elif not sides.same_base and name not in written:
            expected = _OTHER_BASE
        yield Difference(f"{kind} {name}", _text(first), _text(second), expected)


def _field(key: str, value: Any) -> Any:
    """A value in one of its several spellings."""
    match key:
        case "WorkingDir":
            return posixpath.normpath(value or "/")
        case "User":
            return "0" if value in (None, "", "root", "0", "0:0", "root:root") else value
        case "ExposedPorts":
            return sorted(port.removesuffix("/tcp") for port in value or ())
        case "Volumes":
            return sorted(value or ())
    return value or None


def _environment(config: Mapping[str, Any]) -> dict[str, str]:
    pairs = (entry.partition("=") for entry in config.get("Env") or ())
    return {name: value for name, _, value in pairs}


def _text(value: Any) -> str:
    if value is None:
        return "none"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


# --- files -----------------------------------------------------------------------------


def runtime_paths(sides: Sides) -> tuple[str, ...]:
    """The image paths that are compared: the program, the work directory, and what COPY and ADD
    bring into the stage after the rewrite; of several below each other the topmost."""
    found = [sides.program, sides.after.end.workdir]
    for placed in sides.after.placed:
        if placed.path in NO_TREE and placed.origin == "context":
            # The base image has files of its own there.
            below = sides.after.facts.project.context.walk(placed.source)
            found += [placed.image_path(source) for source in below]
        else:
            found.append(placed.path)
    paths = sorted({path for path in found if path} - NO_TREE)
    tops: list[str] = []
    for path in paths:
        if not any(under(path, top) for top in tops):
            tops.append(path)
    return tuple(tops)


def compare_files(
    images: Images, containers: tuple[str, str], sides: Sides
) -> Iterator[Difference]:
    """Whether all that lies at the runtime paths after the rewrite was there before, with the same
    content, mode and owner. Programs that Go linked again differ in content. Raises ImageError."""
    program = sides.program
    moved = program is not None and "program" in sides.declared
    written = {hashlib.sha256(data).hexdigest() for data in sides.written}
    for path in runtime_paths(sides):
        before, after = (images.files(container, path) or {} for container in containers)
        for name, entry in after.items():
            old = before.get(name)
            if old is not None and _alike(old, entry):
                continue
            expected = ""
            if entry.content in written or (old is None and moved and name == program):
                expected = DECLARED
            elif old is not None and _opened(old, entry):
                expected = _COPIED
            elif old is not None and _alike(_target(images, containers[0], name, old), entry):
                expected = _FOLLOWED
            yield Difference(name, str(old or "missing"), str(entry), expected)
        for name in dict.fromkeys((path, program or path)):
            if name in before and name not in after:
                yield Difference(name, str(before[name]), "missing")


def _target(images: Images, container: str, path: str, entry: FileEntry) -> FileEntry:
    """What a link of a container leads to; of anything else and of a link to nowhere itself."""
    for _ in range(_MOST_LINKS):
        if entry.kind != "link":
            break
        path = posixpath.normpath(posixpath.join(posixpath.dirname(path), entry.content))
        entry = (images.files(container, path) or {}).get(path, entry._replace(kind="nowhere"))
    return entry


#: As many links as the kernel follows (path_resolution(7)).
_MOST_LINKS: Final = 40


def _opened(before: FileEntry, after: FileEntry) -> bool:
    """Whether all that differs is that COPY gave a directory the mode 755, which takes nothing
    away from anybody."""
    wider = before.kind == "directory" and after.mode == 0o755 and not before.mode & 0o022
    return wider and before._replace(mode=after.mode) == after


def _alike(before: FileEntry, after: FileEntry) -> bool:
    if before.go and after.go:
        before = before._replace(content=after.content)
    return before == after

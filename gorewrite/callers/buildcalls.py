"""Which build context the callers of a Dockerfile name: compose files, make, scripts, CI.

A bounded reading of lines, no YAML and no shell: a call that is not plain is passed over, so what
is found can be relied on and what is not found proves nothing.
Sources: Compose specification (build), `docker build` options, docker/build-push-action inputs.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from gorewrite.evidence import Evidence
from gorewrite.files import kind_of

_MOST_FILES: Final = 40
LARGEST_FILE: Final = 256 * 1024

COMPOSE: Final = re.compile(r"(docker-)?compose[^/]*\.ya?ml")
_MAKEFILE: Final = re.compile(r"(GNUm|[Mm])akefile")
_SCRIPT: Final = re.compile(r".*\.(mk|sh)|\.gitlab-ci\.yml")
_WORKFLOW: Final = re.compile(r".*\.ya?ml")

_KEY: Final = re.compile(r"(?P<indent>[ ]*(?:- +)?)(?P<key>[A-Za-z_-]+):(?: +(?P<value>.*))?")
BUILD: Final = re.compile(
    r"\b(?:docker|podman|nerdctl|buildah)\s+(?:(?:image|builder|buildx)\s+)?"
    r"(?:build|bud)(?=\s)(?P<arguments>.*)"
)
_VALUE_OPTION: Final = re.compile(
    r"-[tfomcv]|--(add-host|allow|annotation|attest|build-arg|build-context|builder|cache-from"
    r"|cache-to|cpu-shares|cpuset-cpus|file|format|iidfile|isolation|label|memory|memory-swap"
    r"|metadata-file|network|output|platform|progress|secret|security-opt|shm-size|ssh|tag|target"
    r"|ulimit|volume)"
)
_SWITCH: Final = re.compile(
    r"-[qD]|--(check|compress|debug|force-rm|layers|load|no-cache|pull|push|quiet|rm|squash)"
)
_MOVES: Final = re.compile(r"\b(cd|pushd)\s|\bworking-directory:")
_PRINTS: Final = re.compile(r"\b(echo|printf)\b")
_HERE: Final = re.compile(r"\$\((?:CURDIR|PWD|pwd)\)|\$\{(?:CURDIR|PWD)\}|\$PWD")


_Call = TypeVar("_Call")


class StatedContext(NamedTuple):
    """A build context that a caller names for a Dockerfile, and where it does."""

    root: Path
    evidence: Evidence


class BuildCall(NamedTuple):
    """A build call. context, dockerfile: as written; the Dockerfile is relative to the context in
    compose files (`from_context`), to where the caller runs elsewhere."""

    context: str
    dockerfile: str | None
    from_context: bool
    line: int
    text: str


def stated_contexts(dockerfile: Path, repository: Path) -> tuple[StatedContext, ...]:
    """What callers in the Dockerfile's directory, its parents and the CI files say, in that order.

    Only contexts that are existing directories within `repository` are returned.
    """
    wanted = place_of(dockerfile)
    top = repository.resolve()
    found = []
    for file, base in callers_of(wanted.parent, top):
        for call in calls_in(file, _read_calls):
            root = directory_at(base, call.context)
            if root is None or not root.is_relative_to(top):
                continue
            if call.dockerfile is None:
                path = root / "Dockerfile"
            else:
                path = (root if call.from_context else base) / call.dockerfile
            if place_of(path) == wanted:
                shown = file.relative_to(top).as_posix()
                found.append(StatedContext(root, Evidence(shown, call.line, call.text)))
    return tuple(found)


def place_of(dockerfile: Path) -> Path:
    """A Dockerfile that is a link is built where the link is, not where it points to."""
    return dockerfile.parent.resolve() / dockerfile.name


def parents_within(directory: Path, top: Path) -> tuple[Path, ...]:
    """`directory` and its parents up to and including `top`; itself alone when not below `top`."""
    if not directory.is_relative_to(top):
        return (directory,)
    above = [parent for parent in directory.parents if parent.is_relative_to(top)]
    return (directory, *above)


def callers_of(directory: Path, top: Path) -> Iterator[tuple[Path, Path]]:
    """(file, directory its paths are relative to), bounded."""
    for base in parents_within(directory, top):
        # A script below the top may be meant to run from anywhere.
        names = (COMPOSE, _MAKEFILE, _SCRIPT) if base == top else (COMPOSE, _MAKEFILE)
        yield from ((file, base) for file in files_named(base, names))
    yield from ((file, top) for file in files_named(top / ".github" / "workflows", (_WORKFLOW,)))


def files_named(directory: Path, names: Iterable[re.Pattern[str]]) -> list[Path]:
    """The files right in a directory whose whole name matches, sorted, bounded."""
    try:
        found = _entries_named(directory, tuple(names), directory.stat().st_mtime_ns)
    except OSError:
        return []
    return [entry for entry in found if kind_of(entry) == "file"][:_MOST_FILES]


@lru_cache(maxsize=1024)
def _entries_named(
    directory: Path, names: tuple[re.Pattern[str], ...], _changed: int
) -> tuple[Path, ...]:
    """In a monorepo the same directories, with all their services, are asked about each time."""
    entries = directory.iterdir()
    return tuple(sorted(e for e in entries if any(name.fullmatch(e.name) for name in names)))


def directory_at(base: Path, written: str) -> Path | None:
    """The directory that a caller in `base` names; None when it is not known or not there."""
    written = _HERE.sub(".", written)
    if not written or "$" in written or "://" in written or written.startswith(("-", "git@")):
        return None
    path = (base / written).resolve()
    return path if kind_of(path) == "dir" else None


def calls_in(file: Path, read: Callable[[Path, int, int], Sequence[_Call]]) -> Sequence[_Call]:
    """What `read` (file, time of change, size) finds in a caller's file; () for one that is too
    large or cannot be read."""
    try:
        status = file.stat()
        if status.st_size > LARGEST_FILE:
            return ()
        return read(file, status.st_mtime_ns, status.st_size)
    except OSError:
        return ()


@lru_cache(maxsize=512)
def _read_calls(file: Path, _changed: int, _size: int) -> tuple[BuildCall, ...]:
    """Every call in a file; in a monorepo the same root files are asked about again and again."""
    lines = file.read_text("utf-8", "replace").split("\n")
    if COMPOSE.fullmatch(file.name):
        return tuple(_mappings(lines, "build", "context", "dockerfile", from_context=True))
    calls = list(_commands(lines, one_shell=not _MAKEFILE.fullmatch(file.name)))
    if file.parent.name == "workflows":
        calls.extend(_mappings(lines, "with", "context", "file", from_context=False))
    return tuple(calls)


def _mappings(
    lines: list[str], parent: str, context: str, dockerfile: str, from_context: bool
) -> Iterator[BuildCall]:
    """The calls written as a YAML mapping `parent: {context: …, dockerfile: …}`, block or flow."""
    for n, line in enumerate(lines, 1):
        found = _KEY.fullmatch(_uncommented(line))
        if found is None or found["key"] != parent:
            continue
        value = found["value"] or ""
        pairs: dict[str, tuple[str, int]]
        if value.startswith("{"):
            pairs = {key: (text, n) for key, text in re.findall(r"(\w+):\s*([^,{}]+)", value)}
        elif value:
            pairs = {context: (value, n)}
        else:
            pairs = _block(lines, n, len(found["indent"]))
        root, at = pairs.get(context, (".", n))
        file, file_at = pairs.get(dockerfile, ("", at))
        if context in pairs or (dockerfile in pairs and from_context):
            at = at if context in pairs else file_at
            text = lines[at - 1].strip()
            yield BuildCall(_plain(root), _plain(file) or None, from_context, at, text)


def _plain(scalar: str) -> str:
    return scalar.strip().strip("\"'")


def _block(lines: list[str], after: int, indent: int) -> dict[str, tuple[str, int]]:
    """key → (value, line) of the mapping below line `after`, whose parent stands at `indent`."""
    pairs: dict[str, tuple[str, int]] = {}
    level: int | None = None
    for n, line in enumerate(lines[after:], after + 1):
        text = _uncommented(line)
        if not text.strip():
            continue
        depth = len(text) - len(text.lstrip(" "))
        if depth <= indent:
            break
        level = depth if level is None else level
        found = _KEY.fullmatch(text)
        if depth == level and found and found["value"]:
            pairs[found["key"]] = (found["value"], n)
    return pairs


def _uncommented(line: str) -> str:
    return re.sub(r"(^|\s)#.*", "", line).rstrip()


def command_lines(lines: list[str]) -> Iterator[tuple[int, str]]:
    """(line of its beginning, text) of each line that is no comment, continuations joined."""
    joined, first = "", 1
    for n, line in enumerate(lines, 1):
        first = first if joined else n
        joined += line.removesuffix("\\").strip() + " "
        if line.endswith("\\"):
            continue
        text, joined = joined.strip(), ""
        if not text.startswith("#"):
            yield first, text


def _commands(lines: list[str], one_shell: bool) -> Iterator[BuildCall]:
    """The `docker build` command lines of a Makefile, script or CI file.

    one_shell: a change of directory holds for the lines after it, as it does not in a Makefile.
    """
    if one_shell and any(_MOVES.search(line) for line in lines):
        return
    for first, text in command_lines(lines):
        if _MOVES.search(text):
            continue
        for command in re.split(r"&&|\|\||[;|]", text):
            found = BUILD.search(command)
            if found is None or _PRINTS.search(command):
                continue
            call = build_call(found["arguments"], first, text)
            if call is not None:
                yield call


def build_call(arguments: str, line: int, text: str) -> BuildCall | None:
    """The call with these arguments; None when it is not plain which of them is the context."""
    try:
        words = shlex.split(_HERE.sub(".", arguments))
    except ValueError:
        return None
    dockerfile, contexts = None, []
    waiting = iter(words)
    for word in waiting:
        name, equals, value = word.partition("=")
        if _VALUE_OPTION.fullmatch(name):
            value = value if equals else next(waiting, "")
            dockerfile = value if name in ("-f", "--file") else dockerfile
        elif word.startswith("-"):
            if not _SWITCH.fullmatch(name):
                return None
        else:
            contexts.append(word)
    if len(contexts) != 1:
        return None
    return BuildCall(contexts[0], dockerfile, False, line, text[:200])

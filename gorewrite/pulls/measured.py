"""What `gorewrite verify` measured, for the pull requests it was measured for.

A result is used for exactly the bytes that were built: the Dockerfile before and after, and every
other file that was edited for these builds.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from gorewrite.outcome import Edit
from gorewrite.pulls.markup import quiet
from gorewrite.pulls.model import Group, Planned

_LARGEST: Final = 256 << 20
_SECONDS: Final = ("cold", "unchanged", "source_edit", "dependency_edit")


class MeasuredError(ValueError):
    """A file of results that cannot be used. The text is one line, `path: problem; what to do`."""


class Side(NamedTuple):
    """One image. size, context_sent: bytes; seconds: as docs/verify.md has them; None where
    something was not measured."""

    size: int
    layers: int
    context_sent: int | None
    seconds: Mapping[str, float | None]


class Measured(NamedTuple):
    """What was found of one Dockerfile, which verified: nothing differs that should not.

    runs: what was seen of the containers; engine: what built, "" when it is not told; besides:
    ignore files of its build context which the patch edits for another Dockerfile, and which were
    as they are in these builds.
    """

    before: Side
    after: Side
    runs: tuple[str, ...]
    engine: str
    besides: tuple[str, ...] = ()


class Results(NamedTuple):
    """A file of results. found: of each Dockerfile, as JSON has it."""

    engine: str
    found: tuple[Mapping[str, Any], ...]


def read(path: Path) -> Results:
    """Reads what `gorewrite verify --output-format json` wrote, or `gorewrite --verify`.

    Raises MeasuredError.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise _unfit(path, "larger than 256 MiB")
        document = json.loads(data.decode("utf-8", "surrogateescape"))
    except OSError as error:
        raise MeasuredError(f"{path}: {error.strerror}; check the path") from None
    except (ValueError, RecursionError):
        raise _unfit(path, "not JSON") from None
    try:
        return _results(document)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _unfit(path, "no results of gorewrite verify") from None


def measured(results: Results, group: Group) -> tuple[dict[str, Measured], tuple[str, ...]]:
    """(what was measured, by path of the Dockerfile; why other results are not used).

    Results of Dockerfiles that are not of the group are passed over in silence.
    """
    found: dict[str, Measured] = {}
    said: list[str] = []
    edits = {edit.name: edit for each in group.planned for edit in each.edits}
    for planned in group.planned:
        of_it = [each for each in results.found if _dockerfile(each) == planned.path]
        if not of_it:
            continue
        result = of_it[-1]
        why = _unused(result, edits)
        if why:
            said.append(f"{planned.path}: its result is not used: {why}")
        else:
            found[planned.path] = Measured(
                _side(result["before"]),
                _side(result["after"]),
                tuple(result["runs"]),
                results.engine,
                tuple(sorted(_besides(result, planned, edits))),
            )
    return found, tuple(said)


def failed(results: Results, planned: Planned) -> str:
    """Why exactly what is planned failed its verification; "" when that is not known."""
    edits = {edit.name: edit for edit in planned.edits}
    for each in reversed(results.found):
        if _dockerfile(each) == planned.path:
            same = bool(each["files"]) and not _differs(each, edits)
            return str(quiet(each["reason"])) if same and each["verdict"] == "failed" else ""
    return ""


def digest(data: bytes | None) -> str | None:
    """The sha256 of the bytes of a file in hexadecimal digits; None where there is no file."""
    return hashlib.sha256(data).hexdigest() if data is not None else None


def _unused(result: Mapping[str, Any], edits: Mapping[str, Edit]) -> str:
    """Why a result says nothing about what is planned; "" when it does."""
    verdict = result["verdict"]
    if verdict != "verified":
        return f"{verdict}, {quiet(result['reason'])}"
    if not result["files"]:
        return "it does not tell what was built; verify with this version of gorewrite"
    return _differs(result, edits)


def _differs(result: Mapping[str, Any], edits: Mapping[str, Edit]) -> str:
    """How what was built differs from what is planned; "" when it does not."""
    for file in result["files"]:
        edit = edits.get(file["path"])
        before, after = file["before"], file["after"]
        if edit is None:
            if before != after:
                return f"{quiet(file['path'])} was edited for it, and is not now"
        elif digest(edit.old) != before:
            return f"{quiet(file['path'])} was another one then"
        elif digest(edit.new) != after:
            return f"{quiet(file['path'])} has another patch now"
    return ""


def _besides(
    result: Mapping[str, Any], planned: Planned, edits: Mapping[str, Edit]
) -> Iterator[str]:
    built = {file["path"] for file in result["files"]}
    context = (planned.document.get("context") or {}).get("directory", ".")
    shared = ".dockerignore" if context == "." else f"{context}/.dockerignore"
    own = f"{planned.path}.dockerignore"
    return (name for name in (shared, own) if name in edits and name not in built)


def _results(document: Any) -> Results:
    """Raises KeyError, TypeError, ValueError and AttributeError for what is of another shape."""
    if "results" in document:
        listed = document["results"]
    else:
        listed = [file["verification"] for file in document["files"] if file.get("verification")]
    engine = document.get("engine") or ""
    if not isinstance(engine, str):
        raise TypeError
    return Results(engine, tuple(_checked(each) for each in listed))


def _checked(result: Any) -> Mapping[str, Any]:
    """A result that has the shape of docs/verify.md, as far as it is used."""
    files = [
        {"path": str(file["path"]), "before": file["before"], "after": file["after"]}
        for file in result.get("files", ())
    ]
    sides = {name: result[name] for name in ("before", "after")}
    if result["verdict"] == "verified":
        for side in sides.values():
            _side(side)
    runs = result["runs"]
    if not isinstance(runs, list) or not all(isinstance(each, str) for each in runs):
        raise TypeError
    told = {name: str(result[name]) for name in ("path", "verdict", "reason")}
    return {**told, **sides, "files": files, "runs": runs}


def _dockerfile(result: Mapping[str, Any]) -> str:
    """The Dockerfile of a result, relative to its repository."""
    files: Sequence[Mapping[str, str]] = result["files"]
    return files[0]["path"] if files else result["path"]


def _side(side: Any) -> Side:
    numbers = [side["size"], len(side["layers"])]
    if side["context_sent"] is not None:
        numbers.append(side["context_sent"])
    seconds = {name: side["seconds"][name] for name in _SECONDS}
    numbers += [each for each in seconds.values() if each is not None]
    if not all(isinstance(each, int | float) and 0 <= each < 1e18 for each in numbers):
        raise TypeError
    if not side["size"]:
        raise ValueError
    return Side(side["size"], len(side["layers"]), side["context_sent"], seconds)


def _unfit(path: Path, problem: str) -> MeasuredError:
    return MeasuredError(f"{path}: {problem}; make them with gorewrite verify --output-format json")

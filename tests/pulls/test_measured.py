"""Results of verifications, for the pull requests they were made for."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gorewrite.outcome import Edit
from gorewrite.pulls.measured import MeasuredError, Results, digest, measured, read
from gorewrite.pulls.measured import failed as failing
from gorewrite.pulls.model import Group
from tests.formats.documents import result
from tests.pulls.groups_made import group, split

IGNORE = Edit("a/.dockerignore", "a/.dockerignore", None, b".git\n")
OF_IGNORE = {"path": "a/.dockerignore", "before": None, "after": digest(b".git\n")}


def verified(path: str = "a/Dockerfile", *files: dict[str, Any]) -> dict[str, Any]:
    own = {"path": path, "before": digest(b"old " + path.encode())}
    own["after"] = digest(b"new " + path.encode())
    return {**result(path.rpartition("/")[2], sizes=(900, 90)), "files": [own, *files]}


def written(path: Path, *found: dict[str, Any]) -> Results:
    path.write_text(json.dumps({"version": "1", "engine": "docker 28", "results": found}))
    return read(path)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "results.json"


def test_what_was_built_is_what_is_proposed(file: Path) -> None:
    found, said = measured(written(file, verified()), group(split("a/Dockerfile")))
    assert not said
    (one,) = found.values()
    assert (one.before.size, one.after.size, one.engine, one.besides) == (900, 90, "docker 28", ())
    assert one.after.seconds["source_edit"] == 0.9 and one.before.seconds["unchanged"] is None


def test_with_the_other_files_of_the_patch(file: Path) -> None:
    both = group(split("a/Dockerfile")._replace(edits=(*split("a/Dockerfile").edits, IGNORE)))
    found, said = measured(written(file, verified("a/Dockerfile", OF_IGNORE)), both)
    assert found and not said


def test_of_a_report(file: Path) -> None:
    report = {"files": [{"path": "x"}, {"path": "a/Dockerfile", "verification": verified()}]}
    file.write_text(json.dumps(report))
    found, _ = measured(read(file), group(split("a/Dockerfile")))
    assert found["a/Dockerfile"].engine == ""


def test_an_ignore_file_that_another_dockerfile_carries(file: Path) -> None:
    one, other = split("a/Dockerfile"), split("a/Dockerfile.dev")
    both = group(one, other._replace(edits=(*other.edits, IGNORE)))
    found, said = measured(written(file, verified()), both)
    assert found["a/Dockerfile"].besides == ("a/.dockerignore",) and not said


def test_other_dockerfiles_are_nobodys_business(file: Path) -> None:
    results = written(file, verified("b/Dockerfile"), {**verified("c/Dockerfile"), "files": []})
    assert measured(results, group(split("a/Dockerfile"))) == ({}, ())


def failed(found: dict[str, Any]) -> None:
    found["verdict"] = "failed"


def other_patch(found: dict[str, Any]) -> None:
    found["files"][0]["after"] = digest(b"x")


def other_base(found: dict[str, Any]) -> None:
    found["files"][0]["before"] = digest(b"x")


def other_ignore(found: dict[str, Any]) -> None:
    found["files"].append(OF_IGNORE)


def of_an_older_version(found: dict[str, Any]) -> None:
    del found["files"]
    found["path"] = "a/Dockerfile"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (failed, "failed, so it is"),
        (other_patch, "a/Dockerfile has another patch now"),
        (other_base, "a/Dockerfile was another one then"),
        (other_ignore, "a/.dockerignore was edited for it, and is not now"),
        (of_an_older_version, "it does not tell what was built; verify with this version"),
    ],
)
def test_what_is_not_used(file: Path, change: Callable[[dict[str, Any]], None], why: str) -> None:
    result = verified()
    change(result)
    found, (said,) = measured(written(file, result), group(split("a/Dockerfile")))
    assert not found
    assert said.startswith(f"a/Dockerfile: its result is not used: {why}")


def test_what_is_known_to_fail(file: Path) -> None:
    result = verified()
    one = split("a/Dockerfile")
    assert failing(written(file, result), one) == ""
    failed(result)
    assert failing(written(file, result), one) == "so it is"
    assert failing(written(file, result), split("b/Dockerfile")) == ""
    other_patch(result)
    assert failing(written(file, result), one) == ""
    of_an_older_version(result)
    assert failing(written(file, result), one) == ""


def test_the_last_of_two_results_counts(file: Path) -> None:
    old = verified()
    other_patch(old)
    of: Group = group(split("a/Dockerfile"))
    assert measured(written(file, old, verified()), of)[0]
    assert not measured(written(file, verified(), old), of)[0]


def _without(name: str) -> dict[str, Any]:
    found = verified()
    del found[name]
    return found


def _with(*keys: str, value: Any) -> dict[str, Any]:
    found = copy.deepcopy(verified())
    place = found
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    return found


@pytest.mark.parametrize(
    "document",
    [
        [],
        "results",
        {},
        {"results": 1},
        {"results": [1]},
        {"files": [1]},
        {"results": [], "engine": 3},
        {"results": [_without("verdict")]},
        {"results": [_without("before")]},
        {"results": [_with("runs", value="x")]},
        {"results": [_with("before", value=None)]},
        {"results": [_with("before", "size", value="9")]},
        {"results": [_with("before", "size", value=-9)]},
        {"results": [_with("before", "size", value=0)]},
        {"results": [_with("after", "seconds", "cold", value=float("nan"))]},
        {"results": [_with("after", "seconds", value={})]},
        {"results": [_with("files", value=[{}])]},
    ],
)
def test_other_documents(file: Path, document: Any) -> None:
    file.write_text(json.dumps(document))
    with pytest.raises(MeasuredError) as error:
        read(file)
    assert str(error.value) == (
        f"{file}: no results of gorewrite verify; "
        "make them with gorewrite verify --output-format json"
    )


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"[" * 100_000])
def test_no_json(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    with pytest.raises(MeasuredError, match=": not JSON; "):
        read(file)


def test_no_file(file: Path) -> None:
    with pytest.raises(MeasuredError, match=r"No such file or directory; check the path$"):
        read(file)

"""Several reports become one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gorewrite.formats.join import ReportError, joined, loaded, summary
from gorewrite.verify.show import as_json
from tests.formats.documents import MIXED, broken, change, document, file, refusal, result
from tests.verify.test_show import ENGINE, UNVERIFIED, verification


def verified(*results: dict[str, Any]) -> dict[str, Any]:
    return {"version": "1.2.3", "engine": "docker 28", "results": list(results), "summary": {}}


def test_one_report_stays_as_it_is() -> None:
    assert joined([MIXED]) == MIXED
    assert joined([document()]) == document()


def test_shards() -> None:
    first, second = MIXED["files"][:2], MIXED["files"][2:]
    assert joined([document(*first), document(*second)]) == MIXED


def test_of_a_file_in_several_the_last_counts() -> None:
    found = joined([document(file("x"), file("y")), document(file("x", refusal()))])
    assert found == document(file("x", refusal()), file("y"))


def test_results_belong_to_their_files() -> None:
    plan = document(file("x", change(), new=b"b\n"), broken("y"), file("z"))
    results = verified(result("x"), result("y", "unverified"), result("new", "failed"))
    for found in (joined([plan, results]), joined([results, plan]), joined([plan], [results])):
        files = {each["path"]: each for each in found["files"]}
        assert files.keys() == {"x", "y", "z", "new"}
        assert files["x"]["verification"] == result("x") and files["x"]["changes"]
        assert "verification" not in files["y"] and "verification" not in files["z"]
        assert files["new"]["verification"]["verdict"] == "failed"
        assert files["new"]["changes"] == []
    assert "verification" not in plan["files"][0]


def test_results_of_tests_are_as_those_of_verify() -> None:
    """What the tests of formats make up has the keys of what `gorewrite verify` prints."""

    def keys(value: object) -> object:
        if isinstance(value, dict):
            return {key: keys(inner) for key, inner in value.items()}
        return None

    printed = json.loads(as_json([verification()], ENGINE))["results"]
    assert keys(printed[0]) == keys(result("x", sizes=(1, 1)))
    printed = json.loads(as_json([UNVERIFIED], ENGINE))["results"]
    assert keys(printed[0]) == keys(result("x", "unverified"))


def test_summary_is_counted_anew() -> None:
    assert summary(MIXED["files"]) == {
        "files": 5,
        "changed": 1,
        "failed": 1,
        "applied": {"split-stages": 2},
        "review": {"slim-base": 1},
        "refused": {"hoist-modules:no-go-mod": 3},
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[" * 100_000,
        "[]",
        "1",
        '{"files": 1}',
        '{"files": [1]}',
        '{"files": [{"path": "x", "changed": true}]}',
        '{"files": [{"path": "x", "changed": true, "error": "y"}]}',
        '{"results": [{}]}',
        '{"results": [{"path": "x"}]}',
        "\udcff",
    ],
)
def test_no_report(text: str) -> None:
    with pytest.raises(ReportError, match=r"^x\.json: is no "):
        loaded("x.json", text.encode("utf-8", "surrogateescape"))


@pytest.mark.parametrize("place", [("diff",), ("changes",), ("changes", 0, "because", 0, "path")])
def test_report_of_another_tool(place: tuple[str | int, ...]) -> None:
    """Whose `files` have paths, and something else."""
    report = json.loads(json.dumps(document(file("x", change(), new=b"b\n"))))
    assert loaded("x", json.dumps(report).encode()) == report
    inner = report["files"][0]
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = None
    with pytest.raises(ReportError, match="is no report"):
        loaded("x", json.dumps(report).encode())


def test_report_with_bom_and_results() -> None:
    assert loaded("x", b"\xef\xbb\xbf" + json.dumps(document()).encode()) == document()
    assert loaded("x", json.dumps(verified()).encode())["results"] == []

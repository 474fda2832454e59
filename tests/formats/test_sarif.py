"""SARIF: valid, within GitHub's limits, and its fixes give the new files."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema.validators import validator_for

from gorewrite.differ import unified
from gorewrite.formats import sarif
from tests.formats.documents import MIXED, broken, change, document, file, refusal
from tests.formats.test_edits import TEXTS


@cache
def validator() -> Any:
    schema = json.loads(
        Path(__file__).parent.with_name("data").joinpath("sarif-2.1.0.json").read_bytes()
    )
    return validator_for(schema)(schema)


def run(*files: dict[str, Any], **whole: Any) -> dict[str, Any]:
    log = json.loads(sarif.render(whole or document(*files)))
    validator().validate(log)
    (found,) = log["runs"]
    assert isinstance(found, dict)
    return found


def applied(old: str, replacements: list[dict[str, Any]]) -> str:
    """What SARIF says a fix does; columns count UTF-16 code units, lines end at CR LF or LF."""
    starts = [0]
    while (end := old.find("\n", starts[-1])) >= 0:
        starts.append(end + 1)

    def offset(line: int, column: int) -> int:
        rest = old[starts[line - 1] :].encode("utf-16-le")[: (column - 1) * 2]
        return starts[line - 1] + len(rest.decode("utf-16-le"))

    parts, done = [], 0
    for each in replacements:
        region = each["deletedRegion"]
        start = offset(region["startLine"], region["startColumn"])
        parts += [old[done:start], each["insertedContent"]["text"]]
        done = offset(region["endLine"], region["endColumn"])
    return "".join([*parts, old[done:]])


def test_mixed() -> None:
    found = run(**MIXED)
    results = [(each["ruleId"], each["level"]) for each in found["results"]]
    assert results == [
        ("gorewrite/split-stages", "warning"),
        ("gorewrite/slim-base", "note"),
        ("gorewrite/hoist-modules/no-go-mod", "note"),
        ("gorewrite/file/error", "error"),
        ("gorewrite/hoist-modules/no-go-mod", "note"),
        ("gorewrite/hoist-modules/no-go-mod", "note"),
        ("gorewrite/verify", "error"),
        ("gorewrite/split-stages", "warning"),
    ]
    rules = found["tool"]["driver"]["rules"]
    assert [rules[each["ruleIndex"]]["id"] for each in found["results"]] == [r for r, _ in results]
    assert "*What it does*" in rules[0]["help"]["markdown"]
    assert not found["invocations"][0]["executionSuccessful"]
    first = found["results"][0]
    assert first["partialFingerprints"] == {"primaryLocationLineHash": "abc1:1"}
    (related,) = first["relatedLocations"]
    assert related["physicalLocation"]["artifactLocation"]["uri"] == "shop/main.go"
    # One fix a file, and none of what failed its verification.
    assert [n for n, each in enumerate(found["results"]) if "fixes" in each] == [0]


def test_nothing_to_say() -> None:
    found = run()
    assert found["results"] == [] and found["invocations"][0]["executionSuccessful"]
    assert run(file("x", change("slim-base", applied=False)))["results"][0].keys() == {
        *("ruleId", "ruleIndex", "level", "message"),
        *("locations", "partialFingerprints", "relatedLocations"),
    }


@given(TEXTS, TEXTS)
def test_fixes_give_the_new_file(old: str, new: str) -> None:
    for mark in ("", "\ufeff"):
        found = run(
            file("x", change(), old=(mark + old).encode(), new=(mark + new).encode(), ignore=b"a\n")
        )
        ((fix,),) = (each["fixes"] for each in found["results"])
        *first, ignore = fix["artifactChanges"]
        assert applied("", ignore["replacements"]) == "a\n"
        assert applied(old, first[0]["replacements"] if first else []) == new


@pytest.mark.parametrize(
    ("old", "new"), [(b"FROM a\n\xff\n", b"FROM b\n\xfe\n"), (b"\xffx\n", b"\xffy\n")]
)
def test_no_fix_of_what_is_no_utf8(old: bytes, new: bytes) -> None:
    assert "fixes" not in run(file("x", change(), old=old, new=new))["results"][0]


def test_odd_names_and_messages() -> None:
    found = run(file("é b/%#?/\udcff", change(line=0, message="a [b](c) d?")))
    (result,) = found["results"]
    location = result["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "%C3%A9%20b/%25%23%3F/%FF"
    assert location["region"] == {"startLine": 1}
    assert result["message"]["text"] == "a \\[b](c) d?"


def test_own_transforms_and_file_codes_have_rules() -> None:
    rules = run(file("x", change("ours"), refusal("onbuild", 1, "file")), broken("y"))["tool"]
    assert [rule["id"] for rule in rules["driver"]["rules"]] == [
        "gorewrite/ours",
        "gorewrite/file/onbuild",
        "gorewrite/file/error",
    ]


def test_least_telling_results_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "_MOST_RESULTS", 4)
    found = run(**MIXED)
    levels = [each["level"] for each in found["results"]]
    assert levels == ["warning", "error", "error", "warning"]
    (note,) = found["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"] == "4 results are left out: GitHub takes 4."
    assert {rule["id"] for rule in found["tool"]["driver"]["rules"]} == {
        each["ruleId"] for each in found["results"]
    }


def test_the_diff_of_a_report_is_the_fix() -> None:
    old, new = "FROM a\r\nRUN x\r\n", "FROM a\r\nRUN y\nRUN z"
    assert unified(old.encode(), new.encode(), "x")
    (result,) = run(file("x", change(), old=old.encode(), new=new.encode()))["results"]
    (artifact,) = result["fixes"][0]["artifactChanges"]
    assert applied(old, artifact["replacements"]) == new

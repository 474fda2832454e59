"""The formats that are lists of findings: GitHub annotations, GitLab, JUnit."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import pytest

from gorewrite.formats import github, gitlab, junit
from tests.formats.documents import MIXED, broken, change, document, file, refusal

# --- GitHub -----------------------------------------------------------------------------------


def test_github_commands_gravest_first() -> None:
    assert github.render(MIXED).splitlines() == [
        "::error file=cart/Dockerfile,line=4,title=gorewrite/file/error::unknown flag",
        "::error file=held/Dockerfile,line=1,title=gorewrite/verify::"
        "verification failed: so it is; nothing is applied",
        "::warning file=shop/Dockerfile,line=1,title=gorewrite/split-stages::split it",
        "::warning file=held/Dockerfile,line=1,title=gorewrite/split-stages::split it",
        "::notice file=shop/Dockerfile,line=1,title=gorewrite/slim-base::slim it (with --review)",
        *(
            f"::notice file={name}/Dockerfile,line=2,title=gorewrite/hoist-modules/no-go-mod::no"
            for name in ("shop", "mail", "mail")
        ),
    ]
    assert github.render(document(file("x"))) == ""


def test_github_values_cannot_end_a_command() -> None:
    (line,) = github.render(
        document(file("a,b:c%\n::error::x", change(message="100%\r\n::set-env::\x1b[0m")))
    ).splitlines()
    assert line == (
        "::warning file=a%2Cb%3Ac%25%0A%3A%3Aerror%3A%3Ax,line=1,title=gorewrite/split-stages::"
        "100%25\\r\\n::set-env::\\x1b[0m"
    )


def test_github_shows_ten_of_a_kind_and_says_so() -> None:
    files = [file(f"{n}/Dockerfile", change(), refusal()) for n in range(12)]
    lines = github.render(document(*files, broken("x"))).splitlines()
    assert [
        sum(line.startswith(f"::{kind} ") for line in lines) for kind in ("error", "warning")
    ] == [1, 10]
    assert lines[-1] == "gorewrite: 4 more are in its other reports"
    assert len(lines) == 1 + 10 + 10 + 1


# --- GitLab -----------------------------------------------------------------------------------


def problems(*files: dict[str, Any]) -> list[dict[str, Any]]:
    found = json.loads(gitlab.render(document(*files)))
    assert isinstance(found, list)
    return found


def test_gitlab_problems() -> None:
    assert problems() == [] and problems(file("x")) == []
    found = problems(*MIXED["files"])
    assert found[0] == {
        "description": "split-stages: split it",
        "check_name": "gorewrite/split-stages",
        "fingerprint": found[0]["fingerprint"],
        "severity": "minor",
        "location": {"path": "shop/Dockerfile", "lines": {"begin": 1}},
    }
    assert {each["severity"] for each in found} == {"major", "minor", "info"}
    # GitLab keeps one problem of a fingerprint.
    assert len({each["fingerprint"] for each in found}) == len(found)


def test_gitlab_fingerprints_stay_when_lines_move() -> None:
    first = problems(file("x", change(line=1)))[0]
    moved = problems(file("x", {**change(line=7), "fingerprint": "abc1:1"}))[0]
    assert moved["fingerprint"] == first["fingerprint"] and moved["location"] != first["location"]
    assert problems(file("y", change(line=1)))[0]["fingerprint"] != first["fingerprint"]


# --- JUnit ------------------------------------------------------------------------------------


def suites(*files: dict[str, Any]) -> ElementTree.Element:
    return ElementTree.fromstring(junit.render(document(*files)).encode())


def test_junit_cases() -> None:
    top = suites(*MIXED["files"])
    assert top.attrib == {
        "name": "gorewrite",
        "tests": "8",
        "failures": "2",
        "errors": "2",
        "skipped": "3",
    }
    assert [
        (suite.get("name"), [(case.get("name"), *(e.tag for e in case)) for case in suite])
        for suite in top
    ] == [
        (
            "shop/Dockerfile",
            [
                ("hoist-modules/no-go-mod", "skipped"),
                ("slim-base", "skipped"),
                ("split-stages", "failure"),
            ],
        ),
        ("cart/Dockerfile", [("file/error", "error")]),
        ("mail/Dockerfile", [("hoist-modules/no-go-mod", "skipped")]),
        ("idle/Dockerfile", [("nothing to do",)]),
        ("held/Dockerfile", [("split-stages", "failure"), ("verify", "error")]),
    ]


@pytest.mark.parametrize("text", ["\x00\x1b[0m", "\udcff", "\ufffe", "]]><x a='&'>"])
def test_junit_is_xml_whatever_is_said(text: str) -> None:
    top = suites(file(f"a{text}", change(message=f"m{text}")), broken(f"b{text}", text))
    assert [suite.get("name", "")[0] for suite in top] == ["a", "b"]

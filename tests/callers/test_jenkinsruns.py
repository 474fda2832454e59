"""The Dockerfiles in whose containers the steps of a Jenkinsfile run."""

from __future__ import annotations

import pytest

from gorewrite.callers.jenkinsruns import agents, target


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("agent { dockerfile true }", ["./Dockerfile"]),
        ("agent { dockerfile { filename 'Dockerfile.ci' } }", ["./Dockerfile.ci"]),
        (
            "agent { dockerfile {\n filename 'D'\n dir \"ci\"\n additionalBuildArgs '--pull' } }",
            ["ci/D"],
        ),
        ("docker.build('x').inside { sh 'go test' }", ["./Dockerfile"]),
        ("def i = docker.build('x', 'ci')\ni.inside { }", ["ci/Dockerfile"]),
        ("def i = docker.build(\"x:${n}\", '-f ci/D --target t .')\ni.inside { }", ["ci/D"]),
        ("docker.build('x').push()", []),
        ("agent { docker { image 'golang' } }", []),
        ("agent any // dockerfile true", []),
        ("// agent { dockerfile true }", []),
    ],
)
def test_agents(text: str, files: list[str]) -> None:
    assert [agent.file for agent in agents(text)] == files


@pytest.mark.parametrize(
    ("options", "expected"), [("", None), ("--target a .", "a"), ("-f x --target=b", "b")]
)
def test_target(options: str, expected: str | None) -> None:
    assert target(options) == expected

"""GitHub Actions: what workflows and actions build."""

from __future__ import annotations

import pytest

from gorewrite.callers.model import Builder
from tests.callers.reading import calls, places, spanned

PATH = ".github/workflows/ci.yml"
JOB = "jobs:\n  image:\n    runs-on: ubuntu-latest\n    steps:\n"


def steps(*listed: str) -> str:
    return JOB + "".join(f"      - {step}\n" for step in listed)


PUSH = "uses: docker/build-push-action@v6"
PLACES = [
    (steps("run: docker build svc"), [("svc", "svc/Dockerfile")]),
    (steps("{run: docker build ., working-directory: svc}"), [("svc", "svc/Dockerfile")]),
    (steps("run: |\n          cd svc\n          docker build ."), [("svc", "svc/Dockerfile")]),
    (steps("run: docker build ${{ github.workspace }}/svc"), [("svc", "svc/Dockerfile")]),
    (steps("run: docker build ${{ inputs.dir }}"), [(None, None)]),
    (steps("{run: docker build svc, shell: pwsh}"), []),
    (
        "defaults: {run: {working-directory: svc}}\n" + steps("run: docker build ."),
        [("svc", "svc/Dockerfile")],
    ),
    ("env: {DIR: svc}\n" + steps("run: docker build $DIR"), [("svc", "svc/Dockerfile")]),
    ("env: {DIR: svc}\n" + steps("run: docker build ${{ env.DIR }}"), [("svc", "svc/Dockerfile")]),
    (steps("{run: docker build $DIR, env: {DIR: svc}}"), [("svc", "svc/Dockerfile")]),
    (steps(PUSH), [(".", "Dockerfile")]),
    (steps(f"{{{PUSH}, with: {{context: svc}}}}"), [("svc", "svc/Dockerfile")]),
    (steps(f"{{{PUSH}, with: {{file: svc/Dockerfile}}}}"), [(".", "svc/Dockerfile")]),
    (
        steps(f"{{{PUSH}, with: {{context: '{{{{defaultContext}}}}:svc'}}}}"),
        [("svc", "svc/Dockerfile")],
    ),
    (steps(f"{{{PUSH}, with: {{context: '${{{{ x.y }}}}'}}}}"), [(None, None)]),
    (steps("{uses: docker/build-push-action@v1, with: {path: svc}}"), [("svc", "svc/Dockerfile")]),
    (
        steps("{uses: actions/checkout@v4, with: {path: src}}", "run: docker build src/svc"),
        [("svc", "svc/Dockerfile")],
    ),
    (
        steps(
            "uses: actions/checkout@v4",
            "{uses: actions/checkout@v4, with: {repository: a/b, path: other}}",
            "run: docker build other/svc",
        ),
        [(None, None)],
    ),
    (
        steps("{uses: google-github-actions/deploy-cloudrun@v2, with: {source: ./svc}}"),
        [("svc", "svc/Dockerfile")],
    ),
    (steps("{uses: google-github-actions/deploy-cloudrun@v2, with: {image: shop}}"), []),
    (steps("run: echo docker build svc"), []),
    ("jobs: {a: {steps: [{with: {context: svc}}]}}", []),
    ("jobs: [", []),
]


@pytest.mark.parametrize(("text", "expected"), PLACES)
def test_places(text: str, expected: list[tuple[str | None, str | None]]) -> None:
    assert places(calls("workflow", PATH, text)) == expected


MATRICES = [
    ("{dir: [a, b]}", "matrix.dir", ["a", "b"]),
    ("{os: [x, y], dir: [a]}", "matrix.dir", ["a"]),
    ("{include: [{dir: a, z: 1}, {dir: b}]}", "matrix.dir", ["a", "b"]),
    ("{name: [a, b], include: [{name: a, dir: x}, {name: b, dir: y}]}", "matrix.dir", ["x", "y"]),
    ("{svc: [{dir: a}, {dir: b}]}", "matrix.svc.dir", ["a", "b"]),
    ("'${{ fromJson(x) }}'", "matrix.dir", [None]),
]


@pytest.mark.parametrize(("matrix", "name", "expected"), MATRICES)
def test_matrix(matrix: str, name: str, expected: list[str | None]) -> None:
    text = (
        "jobs:\n  image:\n    strategy:\n      matrix: " + matrix + "\n    steps:\n"
        f"      - {PUSH}\n        with: {{context: '${{{{ {name} }}}}'}}\n"
    )
    assert [call.context for call in calls("workflow", PATH, text)] == expected


REUSED = """
on:
  workflow_call:
    inputs:
      dir: {type: string, default: app}
jobs:
  image:
    runs-on: ubuntu-latest
    steps:
      - run: docker build ${{ inputs.dir }}
"""


def test_a_workflow_of_the_repository_that_is_used() -> None:
    name = ".github/workflows/image.yml"
    text = f"jobs: {{a: {{uses: ./{name}, with: {{dir: svc}}}}, b: {{uses: ./{name}}}}}"
    found = calls("workflow", PATH, text, files={name: REUSED})
    assert [(call.file, call.context) for call in found] == [(name, "svc"), (name, "app")]


def test_an_action_of_the_repository_that_is_used() -> None:
    action = (
        "inputs: {dir: {default: app}}\nruns:\n  using: composite\n  steps:\n"
        "    - run: docker build ${{ inputs.dir }}\n      shell: bash\n"
    )
    text = steps("{uses: ./ci/image, with: {dir: svc}}")
    (call,) = calls("workflow", PATH, text, files={"ci/image/action.yml": action})
    assert (call.file, call.context, call.builder) == (
        "ci/image/action.yml",
        "svc",
        Builder.BUILDKIT,
    )


def test_a_workflow_that_uses_itself() -> None:
    text = f"jobs: {{a: {{uses: ./{PATH}}}}}"
    assert calls("workflow", PATH, text, files={PATH: text}) == []


BUILDERS = [
    ("ubuntu-latest", "", Builder.BUILDKIT),
    ("'${{ matrix.os }}'", "", Builder.DEFAULT),
    ("[self-hosted, linux]", "", Builder.DEFAULT),
    ("windows-2022", "", Builder.DEFAULT),
    ("ubuntu-latest", "    container: golang:1.24\n", Builder.DEFAULT),
    ("self-hosted", "    env: {DOCKER_BUILDKIT: 1}\n", Builder.BUILDKIT),
    ("ubuntu-latest", "    env: {DOCKER_BUILDKIT: 0}\n", Builder.CLASSIC),
]


@pytest.mark.parametrize(("machine", "more", "expected"), BUILDERS)
def test_builder(machine: str, more: str, expected: Builder) -> None:
    text = (
        f"jobs:\n  image:\n    runs-on: {machine}\n{more}    steps:\n      - run: docker build .\n"
    )
    (call,) = calls("workflow", PATH, text)
    assert call.builder is expected


def test_span_within_a_block() -> None:
    text = steps("run: |\n          set -e\n          docker build \\\n            -t é svc && x")
    (call,) = calls("workflow", PATH, text)
    assert spanned(text, call) == "docker build \\\n            -t é svc"
    assert call.line == 7


def test_everything_of_an_action() -> None:
    text = steps(
        PUSH + "\n        with:\n          context: svc\n          target: dev\n"
        "          build-args: |\n            A=1\n            B=${{ x }}\n"
        "          platforms: linux/amd64,linux/arm64\n          cache-to: type=gha\n"
        "          tags: example.com/shop:1"
    )
    (call,) = calls("workflow", PATH, text)
    assert (call.tool, call.builder, call.target) == ("build-push-action", Builder.BUILDKIT, "dev")
    assert call.args == (("A", "1"), ("B", None))
    assert call.platforms == ("linux/amd64", "linux/arm64")
    assert call.tags == ("example.com/shop",)
    assert str(call.exports_because) == f"{PATH}:13: cache-to: type=gha"

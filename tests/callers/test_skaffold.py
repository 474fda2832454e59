"""Builds in skaffold.yaml."""

from __future__ import annotations

import pytest

from gorewrite.callers import skaffold
from gorewrite.callers.model import BuildCall, Builder, Source

HEAD = "apiVersion: skaffold/v4beta11\nkind: Config\nbuild:\n"


def read(text: str, **files: str) -> list[BuildCall]:
    """The calls of deploy/skaffold.yaml; files: others, with `__` for `/`."""
    there = {name.replace("__", "/"): content.encode() for name, content in files.items()}
    return list(skaffold.calls(Source("deploy/skaffold.yaml", text.encode(), "deploy", there.get)))


def test_an_artifact() -> None:
    text = f"""{HEAD}
  artifacts:
    - image: api
      context: ../api
      sync:
        manual: [{{src: "**/*.html", dest: .}}]
      docker:
        dockerfile: build/Dockerfile
        target: dev
        buildArgs: {{A: "1", B: "{{{{.TAG}}}}"}}
        cliFlags: [--cache-to=type=local,dest=x]
"""
    (call,) = read(text)
    assert (call.context, call.dockerfile, call.target) == ("api", "api/build/Dockerfile", "dev")
    assert call.args == (("A", "1"), ("B", None))
    assert call.exports_layers
    assert call.syncs
    assert call.text == "sync:"
    assert call.tags == ("api",)
    assert [
        because and because.line for because in (call.target_because, call.exports_because)
    ] == [12, 14]
    written = text[slice(*call.span)]
    assert written.startswith("image: api")
    assert written.endswith("dest=x]")


@pytest.mark.parametrize(
    ("how", "artifact", "builder", "says"),
    [
        ("", "", Builder.CLASSIC, "useBuildkit is not set"),
        ("local: {useBuildkit: true}", "", Builder.BUILDKIT, "useBuildkit: true"),
        ("local: {useBuildkit: false}", "", Builder.CLASSIC, "useBuildkit: false"),
        ("local: {useDockerCLI: true}", "", Builder.DEFAULT, "useDockerCLI"),
        ("local: {push: false}", "", Builder.CLASSIC, "useBuildkit is not set"),
        ("platforms: [linux/amd64, linux/arm64]", "", Builder.BUILDKIT, ""),
        ("platforms: [linux/amd64]", "", Builder.CLASSIC, ""),
        ("", "docker: {cliFlags: [--pull]}", Builder.DEFAULT, ""),
        ("googleCloudBuild: {}", "", Builder.CLASSIC, "googleCloudBuild"),
        ("cluster: {}", "", Builder.NEVER, "cluster"),
        ("local: {useBuildkit: true}", "kaniko: {}", Builder.NEVER, "kaniko"),
    ],
)
def test_builders(how: str, artifact: str, builder: Builder, says: str) -> None:
    (call,) = read(f"{HEAD}  {how}\n  artifacts:\n    - image: api\n      {artifact}\n")
    assert call.builder is builder
    assert call.builder_because is not None
    assert says in call.builder_because.text


def test_profiles() -> None:
    text = f"""{HEAD}
  artifacts:
    - image: api
  local: {{useBuildkit: true}}
profiles:
  - name: same
    deploy: {{}}
  - name: cloud
    build: {{googleCloudBuild: {{}}}}
  - name: debug
    patches:
      - op: replace
        path: /build/artifacts/0/docker/dockerfile
        value: Dockerfile.debug
      - op: remove
        path: /build/artifacts/0/docker/target
  - name: other
    build:
      artifacts: [{{image: worker, context: worker}}]
"""
    assert [(call.dockerfile, call.builder) for call in read(text)] == [
        ("deploy/Dockerfile", Builder.BUILDKIT),
        ("deploy/Dockerfile", Builder.CLASSIC),
        ("deploy/Dockerfile.debug", Builder.BUILDKIT),
        ("deploy/worker/Dockerfile", Builder.BUILDKIT),
    ]


def test_a_dockerfile_beside_the_configuration() -> None:
    artifact = "{image: a, context: svc, docker: {dockerfile: a/Dockerfile}}"
    text = f"{HEAD}  artifacts: [{artifact}]\n"
    assert read(text)[0].dockerfile == "deploy/svc/a/Dockerfile"
    assert read(text, deploy__a__Dockerfile="FROM a")[0].dockerfile == "deploy/a/Dockerfile"


def test_a_custom_command() -> None:
    text = f"""{HEAD}
  artifacts:
    - image: api
      context: ../api
      custom:
        buildCommand: DOCKER_BUILDKIT=1 docker build -t $IMAGE -f x/Dockerfile $BUILD_CONTEXT
"""
    (call,) = read(text)
    assert (call.tool, call.context, call.dockerfile) == ("docker build", "api", "api/x/Dockerfile")
    assert call.builder is Builder.BUILDKIT
    assert text[slice(*call.span)].startswith("DOCKER_BUILDKIT=1 docker build")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "apiVersion: v1\nkind: Pod\nbuild:\n  artifacts: [{image: a}]\n",
        f"{HEAD}  artifacts: [{{image: a, ko: {{}}}}, {{image: b, jib: {{}}}}, text]\n",
        f"{HEAD}  artifacts: {{{{ .Values.artifacts }}}}\n",
        f"{HEAD}  artifacts: [{{image: a, custom: {{buildCommand: make}}}}]\n",
    ],
)
def test_nothing_is_built(text: str) -> None:
    assert read(text) == []


def test_places_that_are_not_plain() -> None:
    (call,) = read(f"{HEAD}  artifacts: [{{image: a, context: '{{{{.DIR}}}}'}}]\n")
    assert (call.context, call.dockerfile) == (None, None)
    assert call.written == ("{{.DIR}}", "")

"""What DevSpace, werf, Okteto, Copilot, Render and Fly build."""

from __future__ import annotations

import pytest

from gorewrite.callers.formats import format_of
from gorewrite.callers.model import Builder
from tests.callers.reading import calls

FILES = [
    (
        "deploy/devspace.yaml",
        "images:\n  api:\n    image: x/api\n    dockerfile: ../api/Dockerfile\n    context: ..\n"
        "    buildArgs:\n      MODE: dev\n  web:\n    image: x/web\n",
        [
            (".", "api/Dockerfile", None, (("MODE", "dev"),)),
            ("deploy", "deploy/Dockerfile", None, ()),
        ],
    ),
    (
        "werf.yaml",
        "configVersion: 1\n---\nimage: api\ncontext: api\ndockerfile: build/Dockerfile\n"
        "target: run\nargs:\n  A: 1\n---\nimage: web\nfrom: alpine\n",
        [("api", "api/build/Dockerfile", "run", (("A", "1"),))],
    ),
    (
        "okteto.yml",
        "build:\n  api:\n    context: api\n    dockerfile: dev.Dockerfile\ndeploy:\n  - x\n",
        [("api", "api/dev.Dockerfile", None, ())],
    ),
    (
        "copilot/api/manifest.yml",
        "name: api\nimage:\n  build: api/Dockerfile\n",
        [("api", "api/Dockerfile", None, ())],
    ),
    (
        "copilot/api/manifest.yml",
        "image:\n  build:\n    dockerfile: api/Dockerfile\n    context: .\n    target: run\n",
        [(".", "api/Dockerfile", "run", ())],
    ),
    (
        "render.yaml",
        "services:\n- type: web\n  dockerfilePath: ./api/Dockerfile\n- type: web\n  env: go\n",
        [(".", "api/Dockerfile", None, ())],
    ),
    (
        "api/fly.toml",
        'app = "x"\n[build]\ndockerfile = "Dockerfile.fly"\nbuild-target = "run"\n'
        "[build.args]\nA = 1\n",
        [("api", "api/Dockerfile.fly", "run", (("A", "1"),))],
    ),
    ("fly.staging.toml", "[build]\n", [(".", "Dockerfile", None, ())]),
    ("fly.toml", '[build]\nimage = "nginx"\n', []),
    ("fly.toml", "[build\n", []),
    ("fly.toml", "build = 1\n", []),
    ("devspace.yaml", "images: [1]\n", []),
    ("devspace.yaml", "images:\n  a:\n    build: {custom: {command: ./x}}\n", []),
    ("werf.yaml", "- 1\n", []),
    (
        "api/template.yaml",
        "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Metadata:\n"
        "      DockerContext: ..\n      Dockerfile: api/Dockerfile\n      DockerBuildTarget: run\n"
        "      DockerBuildArgs: {A: 1}\n  G:\n    Type: AWS::S3::Bucket\n",
        [(".", "api/Dockerfile", "run", (("A", "1"),))],
    ),
    ("api/app.yaml", "runtime: custom\nenv: flex\n", [("api", "api/Dockerfile", None, ())]),
    (
        "config/deploy.yml",
        "service: shop\nbuilder:\n  dockerfile: api/Dockerfile\n  target: run\n",
        [(".", "api/Dockerfile", "run", ())],
    ),
    ("config/deploy.staging.yml", "service: shop\nbuilder: {arch: amd64}\n", []),
    (
        "heroku.yml",
        "build:\n  docker:\n    web: api/Dockerfile\n    job: job/Dockerfile\n",
        [("api", "api/Dockerfile", None, ()), ("job", "job/Dockerfile", None, ())],
    ),
    ("api/app.yaml", "runtime: go\nname: custom\n", []),
]


@pytest.mark.parametrize(("path", "text", "expected"), FILES)
def test_builds(path: str, text: str, expected: list[tuple[object, ...]]) -> None:
    form = format_of(path)
    assert form is not None and form.reader == "deployments"
    start = "." if path.startswith(("copilot", "config")) else path.rpartition("/")[0] or "."
    found = calls("deployments", path, text, start)
    assert [(c.context, c.dockerfile, c.target, c.args) for c in found] == expected


def test_kaniko() -> None:
    text = "images:\n  api:\n    dockerfile: Dockerfile\n    kaniko:\n      cache: true\n"
    (found,) = calls("deployments", "devspace.yaml", text)
    assert found.builder is Builder.NEVER
    assert found.builder_because is not None and found.builder_because.line == 4


@pytest.mark.parametrize(("more", "expected"), [("", True), ("    devImage: golang:1.25\n", False)])
def test_files_are_copied_into_containers(more: str, expected: bool) -> None:
    text = (
        "images:\n  api:\n    image: x/api\n"
        f"dev:\n  api:\n    imageSelector: x/api\n    sync:\n    - path: ./\n{more}"
    )
    (found,) = calls("deployments", "devspace.yaml", text)
    assert found.syncs == expected


@pytest.mark.parametrize(
    ("more", "builder"),
    [
        ("", Builder.NEVER),
        ("    kaniko: {}\n", Builder.NEVER),
        ("    buildKit: {}\n", Builder.BUILDKIT),
        ("    docker: {useBuildKit: true}\n", Builder.BUILDKIT),
        ("    build: {docker: {useBuildKit: true}}\n", Builder.BUILDKIT),
        ("    docker: {useCli: true}\n", Builder.DEFAULT),
        ("    docker: {args: [--pull]}\n", Builder.DEFAULT),
        ("    docker: {disableFallback: true}\n", Builder.NEVER),
    ],
)
def test_builder_of_devspace(more: str, builder: Builder) -> None:
    (found,) = calls("deployments", "devspace.yaml", f"images:\n  api:\n    image: x/api\n{more}")
    assert found.builder is builder

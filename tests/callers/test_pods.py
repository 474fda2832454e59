"""Builds by kaniko in the manifests of pods, tasks and workflows."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.callers.model import Builder
from tests.callers.test_index import lay

_POD = (
    "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n"
    "  - image: gcr.io/kaniko-project/executor:v1.23\n"
)
_TASK = (
    "apiVersion: tekton.dev/v1\nkind: Pipeline\nspec:\n  tasks:\n"
    "  - taskRef: {name: kaniko}\n    params: "
)

_SCRIPT = """apiVersion: argoproj.io/v1alpha1
spec: {templates: [{name: x, script: {image: quay.io/buildah/stable, source: "%s"}}]}
"""
EVERY = ["Dockerfile", "dev.Dockerfile", "svc/Dockerfile"]

#: (file, text, the Dockerfiles that it builds, or may build)
BUILDS = [
    ("k8s/kaniko_yaml", _POD, EVERY),
    ("k8s/kaniko_yaml", _POD + "    args: [--dockerfile=svc/Dockerfile]\n", ["svc/Dockerfile"]),
    ("ci/pod_yaml", _POD + "    args: [-f, $(params.dir)/dev.Dockerfile]\n", ["dev.Dockerfile"]),
    (
        "argo/x_yaml",
        _POD + "    command: [x, --dockerfile, /w/dev.Dockerfile]\n",
        ["dev.Dockerfile"],
    ),
    ("_tekton/x_yaml", _TASK + "[{name: CONTEXT, value: .}]\n", EVERY),
    (
        "_tekton/x_yaml",
        _TASK + "[{name: DOCKERFILE, value: ./dev.Dockerfile}]\n",
        ["dev.Dockerfile"],
    ),
    ("k8s/pod_yaml", _POD, []),
    ("argo/build_yaml", _SCRIPT % "buildah bud -f svc/Dockerfile .", ["svc/Dockerfile"]),
    ("ci/pod_yaml", "kind: Pod\nspec: {containers: [{image: registry.example.com/shop}]}\n", []),
]


@pytest.mark.parametrize(("file", "text", "expected"), BUILDS)
def test_builds(tmp_path: Path, file: str, text: str, expected: list[str]) -> None:
    files = {name.replace("/", "__").replace(".", "_"): "" for name in EVERY}
    found = lay(tmp_path, **files, **{file.replace("/", "__"): text})
    paths = {name: found.repository / name for name in EVERY}
    calls = {n: (*found.building(path), *found.may_build(path)) for n, path in paths.items()}
    assert [name for name, each in calls.items() if each] == expected
    assert {c.builder for each in calls.values() for c in each} <= {Builder.NEVER}

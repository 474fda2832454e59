"""What callers run in an image: `docker run` lines and Kubernetes manifests."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.callers.runcalls import bare_image, runs

POD = """apiVersion: v1
kind: Pod
spec:
  containers:
    - name: web
      image: {image}
      {line}
    - name: store
      image: postgres:16
      command: ["bash"]
"""


def ran(top: Path, **files: str) -> list[tuple[str, ...]]:
    """The words of everything that is run in the image of `top`/Dockerfile."""
    (top / "Dockerfile").write_text("FROM golang:1.24\n")
    for name, text in files.items():
        path = top / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    found = runs(top / "Dockerfile", top, ())
    return [
        line.words
        for run in found
        for line in (run.entrypoint, run.command, run.healthcheck)
        if line is not None
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("docker run --rm -p 80:80 shop", []),
        ("docker run --rm shop:dev migrate up", [("migrate", "up")]),
        ("docker run --name shop shop go test ./...", [("go", "test", "./...")]),
        ("docker run -it shop bash", [("CMD", "bash")]),
        ("docker run --entrypoint sh shop -c 'a | b; c'", [("sh",), ("-c", "a | b; c")]),
        ("docker run --entrypoint=/bin/ls shop", [("/bin/ls",)]),
        ("docker exec shop cat /etc/hosts", [("CMD", "cat", "/etc/hosts")]),
        ("podman run shop serve && docker run other sh", [("serve",)]),
        ("docker run golang go version", []),
        ("docker run shop 'unclosed", []),
    ],
)
def test_docker_run(tmp_path: Path, line: str, words: list[tuple[str, ...]]) -> None:
    assert ran(tmp_path, Makefile=f"a:\n\tdocker build -t shop .\nb:\n\t{line}\n") == words


def test_image_named_by_variables(tmp_path: Path) -> None:
    text = "a:\n\tdocker build -t $(IMAGE):$(TAG) .\nb:\n\tdocker run ${IMAGE}:$(TAG) help\n"
    assert ran(tmp_path, Makefile=text) == [("help",)]


def test_other_dockerfile_names_other_image(tmp_path: Path) -> None:
    text = "a:\n\tdocker build -f other.Dockerfile -t shop .\nb:\n\tdocker run shop help\n"
    assert ran(tmp_path, Makefile=text) == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('command: ["/bin/sh", "-c", "x"]', [("/bin/sh", "-c", "x")]),
        ('args: ["--port", "80"]', [("--port", "80")]),
        ('livenessProbe: {exec: {command: ["cat", "/ok"]}}', [("CMD", "cat", "/ok")]),
        ('lifecycle: {preStop: {exec: {command: [sleep, "5"]}}}', [("CMD", "sleep", "5")]),
        ('args: ["{{ .Values.port }}"]', []),
        ("ports: []", []),
    ],
)
def test_pod(tmp_path: Path, line: str, words: list[tuple[str, ...]]) -> None:
    pod = POD.format(image="registry.example.com/shop:1", line=line)
    assert ran(tmp_path, k8s__pod_yaml=pod) == words


def test_pods_of_several_images_are_told_by_name(tmp_path: Path) -> None:
    pods = {
        f"k8s__{name}_yaml": POD.format(image=f"example.com/{name}:1", line=f"args: [{name}]")
        for name in ("shop", "stock")
    }
    assert ran(tmp_path, go_mod="module example.com/acme/stock/v2\n", **pods) == [("stock",)]


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("shop", "shop"),
        ("localhost:5000/shop:1", "localhost:5000/shop"),
        ("shop@sha256:00", "shop"),
        ("$(NAME):$(TAG)", "${NAME}"),
        ("${NAME:-shop}:1", "${NAME:-shop}"),
    ],
)
def test_bare_image(name: str, bare: str) -> None:
    assert bare_image(name) == bare

"""Builds in Tiltfiles."""

from __future__ import annotations

import pytest

from gorewrite.callers import starlark
from gorewrite.callers.model import BuildCall, Builder, Source


def read(text: str, path: str = "dev/Tiltfile") -> list[BuildCall]:
    return list(starlark.calls(Source(path, text.encode())))


def test_docker_build() -> None:
    text = """
docker_build(
    "example.com/api", "../api", dockerfile="Dockerfile.dev", target="dev",
    build_args={"A": "1", "B": str(local("date"))}, platform="linux/arm64",
    live_update=[sync("../api", "/src")],
)
"""
    (call,) = read(text)
    assert (call.context, call.dockerfile, call.target) == ("api", "dev/Dockerfile.dev", "dev")
    assert call.args == (("A", "1"), ("B", None))
    assert call.platforms == ("linux/arm64",)
    assert call.syncs
    assert call.builder is Builder.BUILDKIT
    assert text[slice(*call.span)] == text.strip()
    assert (call.line, call.text) == (2, "docker_build(")
    assert call.tags == ("example.com/api",)
    assert call.target_because is not None
    assert call.target_because.line == 3


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("", ()),
        ("entrypoint=['/api', '-v']", ("/api", "-v")),
        ("entrypoint='/api -v'", ("sh", "-c", "/api -v")),
        ("entrypoint=[unknown()]", ("sh", "-c", "")),
    ],
)
def test_entrypoint(given: str, words: tuple[str, ...]) -> None:
    (call,) = read(f'docker_build("a", ".", {given})')
    assert call.entrypoint == words
    (other,) = read(f'custom_build("a", "docker build .", ["."], {given})')
    assert other.entrypoint == words


@pytest.mark.parametrize(
    ("given", "ignores"),
    [
        ("", ()),
        ("ignore=[], only=[]", ()),
        ("ignore='*.sum'", ("*.sum",)),
        ("only=['a', 'b/c'], ignore=['b/c/d']", ("**", "!a", "!b/c", "b/c/d")),
        ("only=read_yaml('x')", ("**",)),
    ],
)
def test_what_is_left_out_of_the_context(given: str, ignores: tuple[str, ...]) -> None:
    (call,) = read(f"docker_build('a', 'svc', {given})")
    assert call.ignores == ignores


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ('docker_build("a", "svc")', [("dev/svc", "dev/svc/Dockerfile")]),
        ('docker_build("a", "svc", {"A": "1"}, "x/Dockerfile")', [("dev/svc", "dev/x/Dockerfile")]),
        ('docker_build("a", config.main_dir + "/s")', [("dev/s", "dev/s/Dockerfile")]),
        (
            'for s in ["a", "b"]:\n  docker_build(s, "services/" + s)',
            [
                ("dev/services/a", "dev/services/a/Dockerfile"),
                ("dev/services/b", "dev/services/b/Dockerfile"),
            ],
        ),
        (
            'S = {"a": {"dir": "x"}}\nfor n, s in S.items():\n  docker_build(n, s["dir"])',
            [("dev/x", "dev/x/Dockerfile")],
        ),
        (
            'def svc(name, dir=None):\n  docker_build(name, dir or "s/%s" % name)\n'
            'svc("a")\nsvc("b", dir="c")',
            [("dev/s/a", "dev/s/a/Dockerfile"), ("dev/c", "dev/c/Dockerfile")],
        ),
        (
            'custom_build("a", "docker build -t $EXPECTED_REF x", ["x"])',
            [("dev/x", "dev/x/Dockerfile")],
        ),
        ('custom_build("a", ["docker", "build", "x"], deps=[])', [("dev/x", "dev/x/Dockerfile")]),
        (
            'local_resource("a", cmd="cd .. && docker build -f x/Dockerfile .")',
            [(".", "x/Dockerfile")],
        ),
        ('local("docker build .", dir="sub")', [("dev/sub", "dev/sub/Dockerfile")]),
        (
            'podman_build("a", "x", extra_flags=["--file", "x/Containerfile"])',
            [("dev/x", "dev/x/Containerfile")],
        ),
        ('docker_build("a", ctx)', [(None, None)]),
        ('docker_build("a", ".", **read_yaml("x"))', [("dev", None)]),
        ('docker_build("a", ".", dockerfile_contents="FROM a")', []),
        ('k8s_yaml("docker_build.yaml")\nlocal("make docker-build")', []),
        ('docker_build("a", ".', []),
        ("", []),
    ],
)
def test_places(text: str, places: list[tuple[str | None, str | None]]) -> None:
    assert [(call.context, call.dockerfile) for call in read(text)] == places


@pytest.mark.parametrize(
    ("text", "syncs"),
    [
        ('docker_build("a", ".")', False),
        ('docker_build("a", ".", live_update=[])', False),
        ('docker_build("a", ".", live_update=RULES)', True),
        ('docker_build("a", ".", **options)', False),
        ('docker_build_with_restart("a", ".", "/app", [sync("a", "b")])', True),
        ('custom_build("a", "docker build .", ["."], live_update=[sync("a", "b")])', True),
        ('local("docker build .")', False),
    ],
)
def test_synced_files(text: str, syncs: bool) -> None:
    (call,) = read(text)
    assert call.syncs is syncs


def test_both_ways_of_a_condition() -> None:
    text = """
if os.getenv("CI"):
  docker_build("a", ".", target="prod")
else:
  docker_build("a", ".", target="dev")
"""
    assert [call.target for call in read(text)] == ["prod", "dev"]

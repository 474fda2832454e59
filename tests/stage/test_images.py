"""What is known of base images by their name alone."""

from __future__ import annotations

import pytest

from gorewrite.stage.images import DEFAULT_PATH, ImageRef, describe


@pytest.mark.parametrize(
    ("text", "repository", "tag", "digest", "name", "prefix"),
    [
        ("golang", "golang", None, None, "golang", ""),
        ("golang:1.24", "golang", "1.24", None, "golang", ""),
        ("golang@sha256:ab", "golang", None, "sha256:ab", "golang", ""),
        ("golang:1@sha256:ab", "golang", "1", "sha256:ab", "golang", ""),
        ("a.example.com/b/c:d", "a.example.com/b/c", "d", None, "c", "a.example.com/b/"),
        ("localhost:5000/golang", "localhost:5000/golang", None, None, "golang", "localhost:5000/"),
        ("localhost:5000/a:1", "localhost:5000/a", "1", None, "a", "localhost:5000/"),
        ("golang:", "golang", None, None, "golang", ""),
        ("", "", None, None, "", ""),
        ("/", "/", None, None, "", "/"),
        (":1", "", "1", None, "", ""),
    ],
)
def test_reference(
    text: str, repository: str, tag: str | None, digest: str | None, name: str, prefix: str
) -> None:
    ref = ImageRef.parse(text)
    assert (ref.text, ref.repository, ref.tag, ref.digest) == (text, repository, tag, digest)
    assert (ref.name, ref.prefix) == (name, prefix)


@pytest.mark.parametrize(
    ("text", "official", "public"),
    [
        ("golang:1.24", True, True),
        ("library/golang", True, True),
        ("docker.io/library/golang", True, True),
        ("docker.io/golang", True, True),
        ("somebody/golang", False, True),
        ("quay.io/somebody/golang", False, True),
        ("gcr.io/distroless/static", False, True),
        ("gcr.io/shop/golang", False, False),
        ("registry.example.com/golang", False, False),
        ("localhost:5000/golang", False, False),
        ("registry:5000/golang", False, False),
    ],
)
def test_where_it_comes_from(text: str, official: bool, public: bool) -> None:
    ref = ImageRef.parse(text)
    assert (ref.official, ref.public) == (official, public)


@pytest.mark.parametrize(
    "text",
    [
        "node:22",
        "somebody/golang",
        "somebody/alpine:3.20",
        "quay.io/somebody/golang:1.24",
        "ghcr.io/example/debian",
        "registry.example.com/team/golang",
        "mygolang",
        "golang-base:1.24",
        "alpine-glibc",
        "scratch:latest",
        "$BASE",
        "",
    ],
)
def test_nothing_is_assumed(text: str) -> None:
    image = describe(text)
    assert (image.family, image.known) == ("other", False)
    assert (image.libc, image.suite, image.has_shell, image.workdir, image.user) == (None,) * 5
    assert dict(image.env) == {}


@pytest.mark.parametrize(
    ("text", "family", "libc", "suite", "shell"),
    [
        ("scratch", "scratch", None, None, False),
        ("alpine", "alpine", "musl", None, True),
        ("alpine:3.20", "alpine", "musl", "3.20", True),
        ("alpine:3.20.3", "alpine", "musl", "3.20", True),
        ("alpine:edge", "alpine", "musl", None, True),
        ("docker.io/library/alpine:3", "alpine", "musl", None, True),
        ("debian", "debian", "glibc", None, True),
        ("debian:stable-slim", "debian", "glibc", None, True),
        ("debian:bookworm-slim", "debian", "glibc", "bookworm", True),
        ("debian:12", "debian", "glibc", "bookworm", True),
        ("debian:12.5-slim", "debian", "glibc", "bookworm", True),
        ("debian:13-slim", "debian", "glibc", "trixie", True),
        ("ubuntu:22.04", "ubuntu", "glibc", "jammy", True),
        ("ubuntu:noble", "ubuntu", "glibc", "noble", True),
        ("ubuntu", "ubuntu", "glibc", None, True),
        ("ubuntu:latest", "ubuntu", "glibc", None, True),
        ("ubuntu:noble-20240605", "ubuntu", "glibc", "noble", True),
        ("ubuntu:99.04", "ubuntu", "glibc", None, True),
        ("busybox:glibc", "busybox", None, None, True),
        ("gcr.io/distroless/static", "distroless", None, None, False),
        ("gcr.io/distroless/static-debian12", "distroless", None, "bookworm", False),
        ("gcr.io/distroless/base-debian13:debug", "distroless", "glibc", "trixie", True),
        ("gcr.io/distroless/cc-debian11:latest", "distroless", "glibc", "bullseye", False),
        ("registry.example.com/distroless/base-debian12", "distroless", "glibc", "bookworm", False),
        ("golang:1.24-alpine3.20", "golang", "musl", "3.20", True),
        ("golang:1.24-bookworm", "golang", "glibc", "bookworm", True),
        ("golang:alpine3.10", "golang", "musl", "3.10", True),  # Which Go, is not certain.
        ("public.ecr.aws/docker/library/golang:1.24-bookworm", "golang", "glibc", "bookworm", True),
        ("registry.example.com/golang:1.24-bookworm", "golang", "glibc", "bookworm", True),
        ("registry.example.com/hub-proxy/library/alpine:3.20", "alpine", "musl", "3.20", True),
        ("localhost:5000/debian:11", "debian", "glibc", "bullseye", True),
    ],
)
def test_known(text: str, family: str, libc: str | None, suite: str | None, shell: bool) -> None:
    image = describe(text)
    assert (image.family, image.libc, image.suite, image.has_shell) == (family, libc, suite, shell)
    assert image.known
    assert (image.env["PATH"] or "").endswith(DEFAULT_PATH)


def test_configuration() -> None:
    golang = describe("golang:1.24")
    assert (golang.workdir, golang.user, golang.env["GOPATH"]) == ("/go", "0", "/go")
    assert golang.go is not None
    alpine = describe("alpine")
    assert (alpine.workdir, alpine.user) == ("/", "0")
    nonroot = describe("gcr.io/distroless/static-debian12:nonroot")
    assert (nonroot.workdir, nonroot.user) == ("/home/nonroot", "65532")
    debug = describe("gcr.io/distroless/base-debian12:debug-nonroot")
    assert (debug.user, debug.has_shell) == ("65532", True)


def test_golang_tag_that_is_not_one() -> None:
    image = describe("golang:our-own")
    assert (image.family, image.libc, image.suite, image.go) == ("golang", None, None, None)


@pytest.mark.parametrize(
    ("name", "configured"),
    [
        ("amazonlinux:2023", True),
        ("docker.io/library/fedora:41", True),
        ("registry.access.redhat.com/ubi9/ubi-minimal@sha256:0", True),
        ("registry.access.redhat.com/ubi9/go-toolset:1.22", False),
        ("quay.io/centos/centos:stream9", True),
        ("example.com/team/fedora:1", False),
        ("golang:1.24", True),
    ],
)
def test_configured(name: str, configured: bool) -> None:
    image = describe(name)
    assert image.configured is configured
    assert (image.user == "0") is configured


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("docker.io/library/alpine:latest", "alpine"),
        ("docker.io/grafana/loki:3", "grafana/loki:3"),
        ("base", "base"),
    ],
)
def test_plain(name: str, plain: str) -> None:
    assert ImageRef.parse(name).plain == plain

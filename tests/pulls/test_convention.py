"""Titles of pull requests and messages of commits."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gorewrite.pulls.convention import Convention
from gorewrite.pulls.model import Group
from gorewrite.pulls.settings import PullSettings, settings_of
from tests.pulls.groups_made import HOSTILE, MOUNTS, change, group, planned, split

CACHES = change("cache-mounts", MOUNTS)
STRIP = change("build-flags", 'add -trimpath and -ldflags="-s -w"')


def title(of: Group, **settings: str) -> str:
    return Convention(settings_of(settings)).title(of, "spring")


def message(of: Group, **settings: object) -> str:
    return Convention(settings_of(settings)).message(of, "1.2.3", "spring")


@pytest.mark.parametrize(
    ("of", "words"),
    [
        (
            group(split("services/shop/Dockerfile")),
            "smaller image and cached rebuilds for services/shop",
        ),
        (group(split("Dockerfile")), "smaller image and cached rebuilds"),
        (group(split("Dockerfile.dev")), "smaller image and cached rebuilds for Dockerfile.dev"),
        (group(planned("a/Dockerfile", CACHES)), "cached rebuilds for a"),
        (group(planned("a/Dockerfile", STRIP)), "smaller binary for a"),
        (
            group(planned("a/Dockerfile", change("build-flags", "add -trimpath"))),
            "leaner build flags for a",
        ),
        (
            group(planned("a/Dockerfile", change("enable-buildkit", "set DOCKER_BUILDKIT=1"))),
            "build with BuildKit for a",
        ),
        (
            group(planned("a/Dockerfile", change("dockerignore", "create .dockerignore: .git"))),
            "leaner build context for a",
        ),
        (group(planned("a/Dockerfile", change("our-own", "do it"))), "improved Dockerfile for a"),
    ],
)
def test_the_patch_decides_the_words(of: Group, words: str) -> None:
    assert title(of) == f"build(docker): {words}"


def test_what_is_only_offered_decides_nothing() -> None:
    offer = change("slim-base", "put it on scratch", applied=False)
    assert title(group(planned("a/Dockerfile", CACHES, offer))).endswith(": cached rebuilds for a")


def test_what_few_of_many_get_is_not_promised_to_all() -> None:
    many = [planned(f"s/{n}/Dockerfile", CACHES) for n in range(9)]
    assert title(group(*many, split("s/z/Dockerfile"))) == (
        "build(docker): cached rebuilds for 10 Dockerfiles in s"
    )


def test_owners() -> None:
    members = split("a/Dockerfile"), split("b/Dockerfile")
    owned = group(*members, owners=("@acme/pay",), key="@acme/pay")
    assert title(owned, prefix="") == (
        "smaller images and cached rebuilds for 2 Dockerfiles of acme/pay"
    )
    assert (
        title(group(*members), prefix="") == "smaller images and cached rebuilds for 2 Dockerfiles"
    )


@pytest.mark.parametrize(
    ("path", "end"),
    [
        ("platform/payments/europe/services/shop/Dockerfile", " for …/services/shop"),
        (f"platform/{'x' * 20}/shop-with-a-long-name/Dockerfile", " for …/shop-with-a-long-name"),
        (f"{'x' * 60}/Dockerfile", ""),
    ],
)
def test_a_long_place_is_shortened(path: str, end: str) -> None:
    found = title(group(split(path)))
    assert found.startswith("build(docker): smaller image")
    assert found.endswith(end or "smaller image")
    assert len(found) <= 72


def test_a_long_template_is_cut() -> None:
    found = title(group(split("a/Dockerfile")), title="y" * 100)
    assert found == "y" * 71 + "…"


@pytest.mark.parametrize("template", ["", "{for}", "{ticket} "])
def test_a_title_is_never_empty(template: str) -> None:
    assert title(group(split("Dockerfile")), title=template) == "smaller image and cached rebuilds"


def test_templates() -> None:
    of = group(split("services/shop/Dockerfile"))
    assert title(of, prefix="docker({scope}): {ticket} ", ticket="OPS-12") == (
        "docker(shop): OPS-12 smaller image and cached rebuilds for services/shop"
    )
    assert title(of, prefix="docker({scope}): {ticket} ", title="{prefix}{count} {campaign}") == (
        "docker(shop): 1 spring"
    )
    assert title(of, title="{{{transforms}}}") == "{build-flags, cache-mounts, split-stages}"


@pytest.mark.parametrize(
    ("paths", "scope"),
    [
        (("services/shop/Dockerfile",), "shop"),
        (("services/shop/Dockerfile.dev",), "Dockerfile.dev"),
        (("services/a/Dockerfile", "services/b/Dockerfile"), "services"),
        (("a/Dockerfile", "b/Dockerfile"), "docker"),
        (("Dockerfile",), "docker"),
    ],
)
def test_scope(paths: tuple[str, ...], scope: str) -> None:
    assert title(group(*map(split, paths)), title="{scope}") == scope


def test_message() -> None:
    assert message(group(split("services/shop/Dockerfile"))) == (
        "build(docker): smaller image and cached rebuilds for services/shop\n"
        "\n"
        "services/shop/Dockerfile:\n"
        "- split off a runtime stage on gcr.io/distroless/static-debian13 that\n"
        "  takes /app/main from the builder\n"
        "- mount /go/pkg/mod and /root/.cache/go-build from a cache in each RUN\n"
        "  that uses them\n"
        '- add -trimpath and -ldflags="-s -w"\n'
        "\n"
        "Gorewrite-Campaign: spring\n"
        "Gorewrite-Rules: build-flags, cache-mounts, split-stages\n"
        "Gorewrite-Version: 1.2.3\n"
    )


def test_message_of_many() -> None:
    many = [split(f"services/{n}/Dockerfile") for n in range(40)]
    text = message(group(*many, planned("services/x/Dockerfile", CACHES)))
    body = text.split("\n\n")[1].splitlines()
    assert body[:2] == ["In 41 Dockerfiles:", "- The builder keeps Go's caches (41)"]
    assert len(body) == 4 and "`" not in text


def test_git_reads_the_trailers() -> None:
    text = message(
        group(split("a/Dockerfile")),
        trailers={"Refs": "OPS-12"},
        **{"sign-off": True, "author": "A. Bot <bot@example.com>", "commit-title": "chore: {what}"},
    )
    assert text.startswith("chore: smaller image and cached rebuilds\n\n")
    command = ["git", "interpret-trailers", "--parse"]
    found = subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout
    assert found.splitlines() == [
        "Gorewrite-Campaign: spring",
        "Gorewrite-Rules: build-flags, cache-mounts, split-stages",
        "Gorewrite-Version: 1.2.3",
        "Refs: OPS-12",
        "Signed-off-by: A. Bot <bot@example.com>",
    ]


def test_hostile_names() -> None:
    path = f"{HOSTILE.replace('/', '')}/@alice/#12/Dockerfile"
    of = group(split(path), split(f"{path}.b"), owners=("@alice",), key="x", name="@alice")
    text = message(of, title="{prefix}{what}{for} {scope}") + title(group(split(path)))
    assert "@alice" not in text and "#12" not in text
    assert all(each.isprintable() for each in text.replace("\n", ""))
    assert len(text.splitlines()[0]) <= 72
    assert [line for line in text.splitlines() if line.startswith("Gorewrite-Campaign")] == [
        "Gorewrite-Campaign: spring"
    ]


def test_the_default_needs_no_file(tmp_path: Path) -> None:
    assert Convention().settings == PullSettings() == settings_of({})

"""Go versions, feature floors, and tags of the golang image (docker-library/golang)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorewrite.evidence import Unknown
from gorewrite.golang.versions import (
    FEATURES,
    NEWEST,
    GoImage,
    GoVersion,
    golang_image,
    parse_version,
    supports,
)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("1.22", GoVersion(1, 22)),
        ("1.22.3", GoVersion(1, 22, 3)),
        ("1.22.0", GoVersion(1, 22, 0)),
        ("go1.21rc2", GoVersion(1, 21, None, -98)),
        ("1.9beta1", GoVersion(1, 9, None, -199)),
        ("go1.24.4 X:boringcrypto", GoVersion(1, 24, 4)),
        ("1.22.3-alpine", GoVersion(1, 22, 3)),
        (" 1.20 ", GoVersion(1, 20)),
        ("1", None),
        ("", None),
        ("latest", None),
        ("1.x", None),
        ("v1.22", None),
        ("${GO_VERSION}", None),
    ],
)
def test_parse_version(text: str, version: GoVersion | None) -> None:
    assert parse_version(text) == version


def test_versions_are_ordered_as_released() -> None:
    texts = [
        "1.9",
        "1.20beta1",
        "1.20rc1",
        "1.20rc2",
        "1.20.0",
        "1.20.1",
        "1.20.10",
        "1.20",
        "1.21rc1",
    ]
    versions = [parse_version(text) for text in texts]
    assert versions == sorted(versions, key=lambda v: v or NEWEST)
    assert [str(v) for v in versions] == texts


@given(st.integers(0, 40), st.integers(0, 30))
def test_a_printed_version_reads_back(minor: int, patch: int) -> None:
    version = GoVersion(1, minor, patch)
    assert parse_version(str(version)) == version


@pytest.mark.parametrize(
    ("version", "feature", "answer"),
    [
        ("1.12.17", "trimpath", False),
        ("1.13", "trimpath", True),
        ("1.13rc1", "trimpath", True),
        ("1.21", "s-implies-w", False),
        ("1.22.0", "s-implies-w", True),
        ("1.9", "content-staleness", False),
        ("2.0", "fips140", True),
        (None, "modules", None),
    ],
)
def test_supports(version: str | None, feature: str, answer: bool | None) -> None:
    known = parse_version(version) if version else None
    assert supports(known, feature) is answer  # type: ignore[arg-type]


def test_every_feature_is_in_the_newest_go() -> None:
    assert all(supports(NEWEST, feature) for feature in FEATURES)


def image(tag: str) -> tuple[str, bool, str, str | None, bool]:
    found = golang_image(tag)
    assert isinstance(found, GoImage), found
    return str(found.version), found.floating, found.distro, found.suite, found.written


NEW = str(NEWEST)


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        # Debian, suite not written: the default on the last day the tag was published.
        ("1.22", ("1.22", False, "debian", "bookworm", False)),
        ("1.22.3", ("1.22.3", False, "debian", "bookworm", False)),
        ("1.7", ("1.7", False, "debian", "jessie", False)),
        ("1.10.3", ("1.10.3", False, "debian", "stretch", False)),
        ("1.12.6", ("1.12.6", False, "debian", "stretch", False)),
        ("1.12.7", ("1.12.7", False, "debian", "buster", False)),
        ("1.12", ("1.12", False, "debian", "buster", False)),
        ("1.13", ("1.13", False, "debian", "buster", False)),
        ("1.16.6", ("1.16.6", False, "debian", "buster", False)),
        ("1.16", ("1.16", False, "debian", "bullseye", False)),
        ("1.17.0", ("1.17.0", False, "debian", "bullseye", False)),
        ("1.18", ("1.18", False, "debian", "bullseye", False)),
        ("1.19.9", ("1.19.9", False, "debian", "bullseye", False)),
        ("1.19", ("1.19", False, "debian", "bookworm", False)),
        ("1.20.4", ("1.20.4", False, "debian", "bullseye", False)),
        ("1.20.5", ("1.20.5", False, "debian", "bookworm", False)),
        ("1.24.5", ("1.24.5", False, "debian", "bookworm", False)),
        ("1.24", ("1.24", False, "debian", "trixie", False)),
        ("1.26", ("1.26", False, "debian", "trixie", False)),
        # Not certain: two suites on one day, older or newer than the tables.
        ("1.23.12", ("1.23.12", False, "debian", None, False)),
        ("1.23", ("1.23", False, "debian", None, False)),
        ("1.23.11", ("1.23.11", False, "debian", "bookworm", False)),
        ("1.5", ("1.5", False, "debian", None, False)),
        ("1.40", ("1.40", False, "debian", None, False)),
        # Suite written.
        ("1.22-bookworm", ("1.22", False, "debian", "bookworm", True)),
        ("1.22-bullseye", ("1.22", False, "debian", "bullseye", True)),
        ("1.15.2-buster", ("1.15.2", False, "debian", "buster", True)),
        # Alpine.
        ("1.22-alpine3.20", ("1.22", False, "alpine", "3.20", True)),
        ("1.22-alpine", ("1.22", False, "alpine", "3.21", False)),
        ("1.22.3-alpine", ("1.22.3", False, "alpine", "3.20", False)),
        ("1.22.2-alpine", ("1.22.2", False, "alpine", "3.19", False)),
        ("1.13-alpine", ("1.13", False, "alpine", None, False)),
        ("1.14.6-alpine", ("1.14.6", False, "alpine", None, False)),
        # Floating.
        ("latest", (NEW, True, "debian", "trixie", False)),
        ("1", (NEW, True, "debian", "trixie", False)),
        ("alpine", (NEW, True, "alpine", "3.24", False)),
        ("1-alpine", (NEW, True, "alpine", "3.24", False)),
        ("bookworm", (NEW, True, "debian", "bookworm", True)),
        ("1-trixie", (NEW, True, "debian", "trixie", True)),
        ("alpine3.24", (NEW, True, "alpine", "3.24", True)),
        # A dropped suite stands still.
        ("bullseye", ("1.24.6", False, "debian", "bullseye", True)),
        ("1-buster", ("1.20.5", False, "debian", "buster", True)),
        ("stretch", ("1.18.3", False, "debian", "stretch", True)),
        ("alpine3.18", ("1.22.3", False, "alpine", "3.18", True)),
        # Candidates.
        ("1.21rc2", ("1.21rc2", False, "debian", "bookworm", False)),
        ("1.22-rc-alpine", ("1.22rc1", False, "alpine", None, False)),
        ("1.22-rc", ("1.22rc1", False, "debian", "bookworm", False)),
        ("1.25rc3", ("1.25rc3", False, "debian", None, False)),
        ("1.23rc1-bookworm", ("1.23rc1", False, "debian", "bookworm", True)),
        ("1.18beta1-buster", ("1.18beta1", False, "debian", "buster", True)),
        ("rc", (NEW, True, "debian", "trixie", False)),
        # Windows.
        (
            "1.22-windowsservercore-ltsc2022",
            ("1.22", False, "windows", "windowsservercore-ltsc2022", True),
        ),
        ("windowsservercore", (NEW, True, "windows", "windowsservercore", False)),
        ("1.22-nanoserver", ("1.22", False, "windows", "nanoserver", False)),
    ],
)
def test_golang_image(tag: str, expected: tuple[str, bool, str, str | None, bool]) -> None:
    assert image(tag) == expected


@pytest.mark.parametrize(
    "tag",
    [
        "",
        "1.22-slim",
        "tip",
        "2.0",
        "1.8-onbuild",
        "1.22-",
        "v1.22",
        "$GO_VERSION",
        "1.22-jammy",
        "alpine3.4",
        "jessie",
        "latest-x",
        "1.22.3.4",
        "alpine3.99",
    ],
)
def test_tags_that_say_nothing_certain(tag: str) -> None:
    assert isinstance(golang_image(tag), Unknown)


@given(st.text("1.20-alpinebookwormrc$", max_size=14))
def test_any_tag_is_answered(tag: str) -> None:
    assert isinstance(golang_image(tag), GoImage | Unknown)

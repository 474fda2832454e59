"""What needs BuildKit, and what BuildKit leaves out."""

from __future__ import annotations

import pytest

from gorewrite.buildkit.needs import left_out, needing, old_frontend_suffices
from gorewrite.dockerfile import parse

NEEDING = [
    ("RUN --mount=type=cache,target=/root/.cache go build", "--mount"),
    ("RUN --mount=type=secret,id=key go build", "--mount"),
    ("RUN --network=none go build", "--network"),
    ("COPY --link . .", "--link"),
    ("COPY --chmod=755 run.sh /run.sh", "--chmod"),
    ("ADD --checksum=sha256:0 https://example.com/a /a", "--checksum"),
    ("RUN <<EOF\ngo build\nEOF", "a heredoc"),
    ("COPY <<EOF /a\nx\nEOF", "a heredoc"),
    ("COPY --link a a\nRUN --mount=type=cache,target=/c go build", "--mount"),
]


@pytest.mark.parametrize(("text", "need"), NEEDING)
def test_needing(text: str, need: str) -> None:
    found = needing(parse(f"FROM golang:1.24\n{text}\n"))
    assert found is not None
    assert found[1] == need


@pytest.mark.parametrize(
    "text",
    [
        "RUN go build",
        "COPY --from=build --chown=1:1 /a /a",
        "# RUN --mount=type=cache,target=/c go build",
        "RUN echo --mount=type=cache",
        "RUN cat <<< EOF",
    ],
)
def test_the_classic_builder_will_do(text: str) -> None:
    assert needing(parse(f"FROM golang:1.24 AS build\n{text}\n")) is None


@pytest.mark.parametrize(
    ("syntax", "suffices"),
    [
        ("docker/dockerfile:1", True),
        ("docker/dockerfile", True),
        ("docker.io/docker/dockerfile:1.4@sha256:0", True),
        ("docker/dockerfile:1.2", True),
        ("docker/dockerfile:labs", True),
        ("docker/dockerfile:1.1", False),
        ("docker/dockerfile:1.0-experimental", False),
        ("example.com/frontend:1", False),
        ("", False),
    ],
)
def test_frontend_that_an_old_docker_fetches(syntax: str, suffices: bool) -> None:
    directive = f"# syntax={syntax}\n" if syntax else ""
    assert old_frontend_suffices(parse(f"{directive}FROM golang:1.24\n")) is suffices


STAGES = """\
ARG BASE=build
FROM golang:1.24 AS build
RUN go build -o /a
FROM build AS test
RUN go test ./...
FROM golang:1.24 AS tools
RUN go install example.com/tool@v1
FROM $BASE AS packed
RUN --mount=from=tools,target=/t upx /a
FROM scratch
COPY --from=packed /a /a
"""


def test_a_stage_that_the_image_does_not_consist_of() -> None:
    found = left_out(parse(STAGES))
    assert found is not None
    assert found.rest == "build AS test"


@pytest.mark.parametrize("target", ["build", "test", "BUILD", "0"])
def test_stages_behind_the_target_are_built_by_neither(target: str) -> None:
    assert left_out(parse(STAGES), target) is None


@pytest.mark.parametrize(
    "text",
    [
        STAGES.replace("FROM scratch\n", "FROM scratch\nCOPY --from=test /a /b\n"),
        STAGES.replace("RUN go test ./...\n", ""),
        STAGES.replace("FROM scratch\n", "FROM scratch\nCOPY --from=1 /a /b\n"),
    ],
)
def test_nothing_is_left_out(text: str) -> None:
    assert left_out(parse(text)) is None


def test_a_stage_that_another_call_builds() -> None:
    assert left_out(parse(STAGES), None, ["TEST", "nobody"]) is None


def test_a_target_that_is_not_there() -> None:
    assert left_out(parse(STAGES), "nobody") is None

"""The layout of a runtime stage: that of the file it is added to."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.stage.text import stage_name
from tests.repositories import SHOP, facts_of
from tests.transforms.tools import rewrite


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("FROM golang\n", "builder"),
        ("FROM golang AS Builder\n", "build"),
        ("FROM builder\n", "build"),
        ("FROM golang\nCOPY --from=builder /a /b\n", "build"),
        ("FROM a AS builder\nFROM b AS build\nFROM c\n", "gobuild"),
        ("FROM golang\nRUN --mount=from=builder,target=/x y\n", "build"),
        (
            "FROM a AS builder\nFROM a AS build\nFROM a AS gobuild\nFROM a AS gobuilder\n"
            "FROM a AS go-build-stage\n",
            "builder5",
        ),
    ],
)
def test_stage_name(tmp_path: Path, text: str, name: str) -> None:
    assert stage_name(facts_of(tmp_path, text)) == name


LINES = ["FROM golang:1.24", "WORKDIR /app", "COPY . .", "RUN CGO_ENABLED=0 go build -o shop .",
         "EXPOSE 80", 'CMD ["./shop"]']  # fmt: skip


def stage(text: str) -> str:
    """The runtime stage that a Dockerfile is given."""
    new, _, refusals = rewrite(text, SHOP, "split-stages", review=True)
    assert new != text, refusals
    lines = new.splitlines(keepends=True)
    start = max(n for n, line in enumerate(lines) if line.lower().startswith("from "))
    return "".join(lines[start - 1 :])


def test_dense_and_airy_files() -> None:
    dense = (
        "\nFROM gcr.io/distroless/static-debian13\nWORKDIR /app\n"
        'COPY --from=builder /app/shop /app/shop\nEXPOSE 80\nCMD ["./shop"]\n'
    )
    assert stage("\n".join(LINES) + "\n") == dense
    airy = dense[1:].replace("\n", "\n\n").rstrip() + "\n"
    assert stage("\n\n".join(LINES) + "\n") == "\n" + airy


def test_case_of_the_keywords() -> None:
    lower = "\n".join(line.partition(" ")[0].lower() + line[line.index(" ") :] for line in LINES)
    text = stage(lower + "\n")
    words = [line.split()[0] for line in text.splitlines() if line]
    assert words == ["from", "workdir", "copy", "expose", "cmd"]


def test_line_endings() -> None:
    text = stage("\r\n".join(LINES) + "\r\n")
    assert text.count("\n") == text.count("\r\n") == 6


def test_user_comes_behind_what_needs_root() -> None:
    lines = [*LINES[:4], "USER 1000", "VOLUME /data", "ENTRYPOINT ./shop $PORT"]
    words = [line.split()[0] for line in stage("\n".join(lines) + "\n").splitlines() if line]
    assert words.index("RUN") < words.index("USER") < words.index("ENTRYPOINT")
    assert words.index("VOLUME") < words.index("USER")


def test_path_with_a_blank() -> None:
    text = stage("\n".join(LINES).replace("-o shop", "-o 'my shop'").replace("./shop", "./my shop"))
    assert 'COPY --from=builder ["/app/my shop", "/app/my shop"]\n' in text

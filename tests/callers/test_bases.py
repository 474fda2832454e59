"""Dockerfiles that begin with the image of another one, or copy from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.callers.bases import images, runs
from gorewrite.callers.index import read_index
from gorewrite.callers.runcalls import runs as run_in


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("FROM golang:1.24", ["golang"]),
        ("FROM --platform=linux/amd64 a.io:5000/x/shop:1 AS base\nFROM base", ["a.io:5000/x/shop"]),
        ("from shop@sha256:abc as Base\nFROM base\nCOPY --from=base a b", ["shop"]),
        ("ARG BASE=x/shop:1\nFROM ${BASE}\nCOPY --from=nginx:1 /a /b", ["nginx", "x/shop"]),
        ("FROM a\nCOPY --from=0 /a /b\nRUN --mount=from=tools,target=/x y", ["a", "tools"]),
        ("FROM $UNKNOWN\n", ["$UNKNOWN"]),
        ("FROM scratch\n# FROM other\n", []),
    ],
)  # fmt: skip
def test_images(text: str, named: list[str]) -> None:
    assert images(text) == named


def said(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """(image, words or path) of what a Dockerfile needs."""
    found = []
    for image, run in runs("Dockerfile", text, Path("/repo")):
        line = run.entrypoint or run.command or run.healthcheck
        found.append((image, line.words if line else tuple(s.text for s in run.environment)))
    return found


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("FROM shop AS a\nFROM a\nRUN go test ./...", [("shop", ("CMD-SHELL", "go test ./..."))]),
        ('FROM shop\nRUN ["ls", "/app"]', [("shop", ("CMD", "ls", "/app"))]),
        ("FROM shop\nCMD ./shop -x", [("shop", ("/bin/sh", "-c", "./shop -x"))]),
        ('FROM shop\nENTRYPOINT ["./shop"]', [("shop", ("./shop",))]),
        ("FROM nginx\nCOPY --from=shop:2 app/x /x", [("shop", ("/app/x",))]),
        ("FROM shop\nCOPY . .\nENV A=b\nUSER x", []),
        ("FROM shop\nWHAT?", []),
    ],
)
def test_what_is_needed(text: str, needed: list[tuple[str, tuple[str, ...]]]) -> None:
    assert said(text) == needed


def test_of_its_own_base_it_is_no_user(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM golang:1.24\nRUN go build .\n")
    (tmp_path / "till.Dockerfile").write_text("FROM golang:1.24\nRUN ls\n")
    (tmp_path / "Makefile").write_text("image:\n\tdocker build -t golang:shop .\n")
    assert run_in(tmp_path / "Dockerfile", read_index(tmp_path), ()) == ()


@pytest.mark.parametrize(
    ("base", "counts"),
    [("example/shop:1", 1), ("example.com/example/shop", 0), ("other/shop", 0), ("golang:1.24", 0)],
)
def test_only_the_whole_name_counts(tmp_path: Path, base: str, counts: int) -> None:
    """Otherwise a Dockerfile in a directory called `golang` would be its own caller."""
    top = tmp_path / "golang"
    (top / "till").mkdir(parents=True)
    (top / "Dockerfile").write_text("FROM golang:1.24\nRUN go build .\n")
    (top / "till" / "Dockerfile").write_text(f"FROM {base}\nRUN ls\n")
    (top / "Makefile").write_text("image:\n\tdocker build -t example/shop .\n")
    assert len(run_in(top / "Dockerfile", read_index(top), ())) == counts

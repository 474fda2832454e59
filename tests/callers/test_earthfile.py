"""Earthfiles: the Dockerfiles that they build."""

from __future__ import annotations

import pytest

from gorewrite.callers.model import Builder
from tests.callers.reading import calls, spanned


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM DOCKERFILE .", ("svc", "svc/Dockerfile", None)),
        ("FROM DOCKERFILE --target dev app", ("svc/app", "svc/app/Dockerfile", "dev")),
        ("  from dockerfile -f a/Dockerfile .", ("svc", "svc/a/Dockerfile", None)),
        (
            "FROM DOCKERFILE --pass-args \\\n  -f x.Dockerfile \\\n  .",
            ("svc", "svc/x.Dockerfile", None),
        ),
        ("FROM DOCKERFILE --build-arg A=b --allow-privileged .", ("svc", "svc/Dockerfile", None)),
        ("FROM DOCKERFILE $DIR", (None, None, None)),
        ("FROM DOCKERFILE -f +gen/Dockerfile .", ("svc", None, None)),
    ],
)
def test_calls(text: str, expected: tuple[str | None, ...]) -> None:
    text = f"VERSION 0.8\nimage:\n{text}\n    SAVE IMAGE x\n"
    (call,) = calls("earthfile", "svc/Earthfile", text)
    assert (call.context, call.dockerfile, call.target) == expected
    assert call.builder is Builder.BUILDKIT
    assert "SAVE" not in spanned(text, call)


@pytest.mark.parametrize("text", ["FROM golang:1.25", "# FROM DOCKERFILE .", "FROM DOCKERFILES ."])
def test_no_calls(text: str) -> None:
    assert calls("earthfile", "Earthfile", f"VERSION 0.8\n{text}\n") == []

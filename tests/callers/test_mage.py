"""Builds in targets of mage."""

from __future__ import annotations

import pytest

from gorewrite.callers.formats import format_of
from gorewrite.callers.model import Builder
from tests.callers.reading import calls


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'sh.RunV("docker", "build", "-t", "example/shop", "--target", "run", ".")',
            (".", "Dockerfile", "run", Builder.DEFAULT),
        ),
        (
            'exec.Command("docker", "build",\n\t"-f", "ci/Dockerfile",\n\tdir,\n)',
            (None, "ci/Dockerfile", None, Builder.DEFAULT),
        ),
        (
            'sh.RunWith(map[string]string{"DOCKER_BUILDKIT": "0"}, "docker", "build", ".")',
            (".", "Dockerfile", None, Builder.CLASSIC),
        ),
        ('sh.Run("docker", "buildx", "build", ".")', (".", "Dockerfile", None, Builder.BUILDKIT)),
    ],
)
def test_builds(text: str, expected: tuple[object, ...]) -> None:
    (call,) = calls("mage", "magefile.go", f"package main\n\nfunc A() error {{ return {text} }}\n")
    assert (call.context, call.dockerfile, call.target, call.builder) == expected
    assert call.line == 3


def test_files() -> None:
    for name in ("magefile.go", "magefiles/image.go", "tools/magefile_linux.go"):
        form = format_of(name)
        assert form is not None
        assert form.reader == "mage"
    assert format_of("image.go") is None

"""Go tests that build a Dockerfile through the API of the engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.callers.gotests import calls
from gorewrite.callers.model import Builder
from gorewrite.context import Context

REQUIRE = "module x\n\nrequire github.com/testcontainers/testcontainers-go v0.40.0\n"
OURS = 'FromDockerfile{\n\tContext: "..",\n\tDockerfile: "Dockerfile",\n}'


def lines(top: Path, mod: str, test: str) -> list[tuple[str, int]]:
    (top / "go.mod").write_text(mod)
    (top / "e2e").mkdir()
    (top / "e2e" / "a_test.go").write_text(f"package e2e\n\nvar a = testcontainers.{test}\n")
    found = list(calls(Context(top), top / "Dockerfile", top))
    assert all(call.builder is Builder.NEVER for call in found)
    return [(call.file, call.line) for call in found]


@pytest.mark.parametrize(
    "test",
    [
        OURS,
        'FromDockerfile{Context: filepath.Join("..", "x")}',
        'FromDockerfile{Context: ".."}',
        'BuildAndRun("shop", "../Dockerfile", nil)',
    ],
)
def test_builds(tmp_path: Path, test: str) -> None:
    assert lines(tmp_path, REQUIRE, test) == [("e2e/a_test.go", 3)]


def test_module_of_the_tests(tmp_path: Path) -> None:
    (tmp_path / "e2e").mkdir()
    (tmp_path / "e2e" / "go.mod").write_text(REQUIRE)
    (tmp_path / "e2e" / "a_test.go").write_text(f"package e2e\n\nvar a = {OURS}\n")
    (tmp_path / "go.mod").write_text("module x\n")
    (call,) = calls(Context(tmp_path), tmp_path / "Dockerfile", tmp_path)
    assert call.file == "e2e/a_test.go"


@pytest.mark.parametrize(
    ("mod", "test"),
    [
        ("module x\n", OURS),
        (REQUIRE, OURS.replace("..", "../other")),
        (REQUIRE, OURS.replace('"Dockerfile"', '"Dockerfile.dev"')),
        (REQUIRE, OURS + " // BuilderBuildKit"),
        (REQUIRE, "ContainerRequest{Image: `shop`}"),
    ],
)
def test_builds_nothing(tmp_path: Path, mod: str, test: str) -> None:
    assert lines(tmp_path, mod, test) == []

"""Files that the program reads and git leaves out."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.runtime.carried import Carry
from gorewrite.runtime.carry import carry
from gorewrite.runtime.requirements import requirements
from tests.repositories import GO_MOD, facts_of

MAIN = 'package main\n\nimport "os"\n\nfunc main() { BODY }\n'
ENV = 'os.ReadFile(".env")'


def carried(top: Path, ignored: str, body: str, copy: str = "COPY . .\n", **more: str) -> Carry:
    """What a program takes along; body: of its main function; ignored: the .gitignore."""
    files = {
        "go.mod": GO_MOD,
        "main.go": MAIN.replace("BODY", body),
        ".gitignore": ignored,
        **more,
    }
    text = f"FROM golang:1.24\nWORKDIR /app\n{copy}RUN CGO_ENABLED=0 go build -o shop .\n"
    stage = facts_of(top, text + 'CMD ["./shop"]\n', files).final
    return carry(stage, requirements(stage))


@pytest.mark.parametrize(
    ("ignored", "body", "more"),
    [
        ("*.log\n", ENV, {}),
        (".env\n", 'os.WriteFile(".env", nil, 0o600)', {}),
        (".env\n", ENV, {".dockerignore": ".env\n"}),
        (".env\n", 'os.ReadFile("/etc/.env")', {}),
        ("shop\n", 'os.ReadFile("shop")', {}),
    ],
)
def test_the_binary_alone(tmp_path: Path, ignored: str, body: str, more: dict[str, str]) -> None:
    found = carried(tmp_path, ignored, body, **more)
    assert (list(found.paths()), found.tree) == (["/app/shop"], None)


@pytest.mark.parametrize(
    ("ignored", "body", "more"),
    [
        ("conf/\n", 'os.ReadFile("conf/app.yaml")', {}),
        ("*.yaml\n", 'os.ReadFile("conf/app.yaml")', {"conf/x": ""}),
        ("uploads/\n", 'os.ReadDir("uploads")', {}),
    ],
)
def test_the_tree(tmp_path: Path, ignored: str, body: str, more: dict[str, str]) -> None:
    assert carried(tmp_path, ignored, body, **more).tree == "/app"


@pytest.mark.parametrize(
    ("body", "copy", "more"),
    [
        (ENV, "COPY . .\n", {}),
        (ENV, "COPY . .\n", {".env": "A=1\n"}),
        (ENV, "COPY go.mod *.go ./\nCOPY .env* ./\n", {".env.example": ""}),
        ('os.Open("./.env")', "COPY . .\n", {}),
    ],
)
def test_a_pattern_beside_the_program(
    tmp_path: Path, body: str, copy: str, more: dict[str, str]
) -> None:
    found = carried(tmp_path, ".env\n", body, copy, **more)
    assert (list(found.paths()), list(found.perhaps)) == (["/app/shop"], ["/app/.env"])
    assert found.tree is None


def test_the_tree_without_a_program_beside(tmp_path: Path) -> None:
    top = "FROM golang:1.24\nWORKDIR /app\nCOPY . .\nRUN CGO_ENABLED=0 go build -o /shop .\n"
    files = {"go.mod": GO_MOD, "main.go": MAIN.replace("BODY", ENV), ".gitignore": ".env\n"}
    stage = facts_of(tmp_path, top + 'CMD ["/shop"]\n', files).final
    found = carry(stage, requirements(stage))
    assert (found.tree, found.perhaps) == ("/app", {})


def test_the_directory_that_is_copied_by_name(tmp_path: Path) -> None:
    copy = "COPY go.mod *.go ./\nCOPY conf conf\n"
    found = carried(tmp_path, "*.yaml\n", 'os.ReadFile("conf/app.yaml")', copy, **{"conf/x": ""})
    assert (list(found.paths()), found.tree) == (["/app/shop", "/app/conf"], None)


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("COPY .env .\n", "/app/.env"),
        ("COPY config/prod.env .env\n", "/app/.env"),
        ("COPY ${ENV_FILE} ./\n", None),
        ("COPY .env .\nRUN rm .env\n", None),
    ],
)
def test_copied_but_not_in_the_checkout(tmp_path: Path, line: str, path: str | None) -> None:
    found = carried(tmp_path, ".env\n", ENV, f"COPY go.mod *.go ./\n{line}")
    assert list(found.paths()) == ["/app/shop", *([path] if path else [])]
    assert found.tree is None

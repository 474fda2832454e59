"""Files that a configuration names."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.runtime.carry import carry
from gorewrite.runtime.requirements import requirements
from tests.repositories import GO_MOD, facts_of

READS = 'os.ReadFile("conf/app.yaml")'
COMPOSE = "services:\n  shop:\n    build: .\n    volumes:\n      - ./conf/app.yaml:/app/app.yaml\n"


def carried(top: Path, body: str, **more: str) -> list[str]:
    """What a program takes along besides itself; body: of its main function."""
    files = {
        "go.mod": GO_MOD,
        "main.go": (
            f'package main\n\nimport (\n\t_ "embed"\n\t"os"\n)\n\n{body}\n\n'
            "func used() { os.Exit(0) }\n"
        ),
        "data/model.bin": "weights",
        "conf/near.pem": "key",
        **more,
    }
    text = "FROM golang:1.24\nWORKDIR /app\nCOPY . .\nRUN CGO_ENABLED=0 go build -o shop .\n"
    stage = facts_of(top, text + 'CMD ["./shop"]\n', files).final
    found = carry(stage, requirements(stage))
    assert found.tree is None
    return [path for path in found.paths() if path != "/app/shop"]


@pytest.mark.parametrize(
    ("body", "more", "expected"),
    [
        (
            f"func main() {{ {READS} }}",
            {"conf/app.yaml": "model: ./data/model.bin\n"},
            ["/app/conf/app.yaml", "/app/data/model.bin"],
        ),
        (
            f"func main() {{ {READS} }}",
            {"conf/app.yaml": "key: near.pem\n"},
            ["/app/conf/app.yaml", "/app/conf/near.pem"],
        ),
        (
            "//go:embed conf/app.yaml\nvar settings string\n\nfunc main() { println(settings) }",
            {"conf/app.yaml": "model: data/model.bin"},
            ["/app/data/model.bin"],
        ),
        (
            "func main() { used() }",
            {"conf/app.yaml": "{model: /app/data/model.bin}", "compose.yaml": COMPOSE},
            ["/app/data/model.bin"],
        ),
        (
            f'func main() {{ {READS}; os.ReadFile("data/b.json") }}',
            {"conf/app.yaml": "next: data/b.json", "data/b.json": '{"model": "data/model.bin"}'},
            ["/app/conf/app.yaml", "/app/data/b.json", "/app/data/model.bin"],
        ),
    ],
)
def test_where_configurations_lie(
    tmp_path: Path, body: str, more: dict[str, str], expected: list[str]
) -> None:
    assert carried(tmp_path, body, **more) == expected


@pytest.mark.parametrize(
    "text",
    [
        "model: gone.bin",
        "url: https://shop.example.com/data/model.bin",
        "pattern: data/*",
        "root: .",
        "root: /app",
        "source: ./main.go",
        "name: data",
        f"model: {'x' * (64 << 10)} data/model.bin",
    ],
)
def test_no_names(tmp_path: Path, text: str) -> None:
    found = carried(tmp_path, f"func main() {{ {READS} }}", **{"conf/app.yaml": text})
    assert found == ["/app/conf/app.yaml"]


def test_what_an_embedded_page_refers_to_is_for_browsers(tmp_path: Path) -> None:
    body = "//go:embed page.html\nvar page string\n\nfunc main() { println(page) }"
    more = {"page.html": '<link href="site.css">', "site.css": "body {}"}
    assert carried(tmp_path, body, **more) == []

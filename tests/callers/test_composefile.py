"""The build sections of compose files."""

from __future__ import annotations

import pytest

from tests.callers.reading import calls, places, spanned

PLACES = [
    # compose file below dev/, (context, Dockerfile)
    ("a: {build: .}", [("dev", "dev/Dockerfile")]),
    ("a: {build: ..}", [(".", "Dockerfile")]),
    ("a: {build: {context: ../svc}}", [("svc", "svc/Dockerfile")]),
    ("a: {build: {context: .., dockerfile: x/Dockerfile}}", [(".", "x/Dockerfile")]),
    ("a: {build: {dockerfile: X}}", [("dev", "dev/X")]),
    ("a: {build: '${DIR:-.}'}", [("dev", "dev/Dockerfile")]),
    ("a: {build: '${DIR}'}", [(None, None)]),
    ("a: {build: {context: ., dockerfile: '${FILE}'}}", [("dev", None)]),
    ("a: {build: ../..}", [(None, None)]),
    ("a: {build: 'https://example.com/a.git'}", [(None, None)]),
    ("a: {build: {context: ., dockerfile_inline: FROM scratch}}", []),
    ("a: {image: x}", []),
    ("a: {build: !reset null}", []),
    ("a: {build: [x]}", []),
    ("a: {build: x}\n  b: {extends: a}", [("dev/x", "dev/x/Dockerfile")] * 2),
    ("a: {extends: {file: ../base.yml, service: s}}", [("svc", "svc/Dockerfile")]),
    (
        "a: {extends: {file: ../base.yml, service: s}, build: {target: dev}}",
        [("svc", "svc/Dockerfile")],
    ),
    ("a: {extends: {file: ../missing.yml, service: s}}", []),
    ("a: {extends: a}", []),
]


@pytest.mark.parametrize(("services", "expected"), PLACES)
def test_places(services: str, expected: list[tuple[str | None, str | None]]) -> None:
    files = {"base.yml": "services: {s: {build: svc}}"}
    text = f"services:\n  {services}\n"
    assert places(calls("composefile", "dev/compose.yaml", text, "dev", files)) == expected


def test_an_override_is_merged() -> None:
    files = {"compose.yaml": "services: {a: {build: {context: svc, args: {A: 1}}}}"}
    text = "services: {a: {build: {target: dev}}, b: {build: {target: dev}}}"
    found = calls("composefile", "compose.override.yaml", text, files=files)
    assert places(found) == [("svc", "svc/Dockerfile"), (".", "Dockerfile")]
    assert [call.target for call in found] == ["dev", "dev"]


def test_the_env_file_is_asked() -> None:
    files = {".env": "# a\nDIR=svc\nexport FILE='x.Dockerfile'\n"}
    text = "services: {a: {build: {context: $DIR, dockerfile: '${FILE:-y}'}}}"
    found = calls("composefile", "compose.yaml", text, files=files)
    assert places(found) == [("svc", "svc/x.Dockerfile")]


def test_included_files_of_unusual_names_are_read() -> None:
    files = {"infra/stack.yml": "services: {a: {build: .}}", "x/compose.yaml": "services: {b: 1}"}
    text = "include: [infra/stack.yml, {path: x/compose.yaml}]\nservices: {}\n"
    (call,) = calls("composefile", "compose.yaml", text, files=files)
    assert (call.file, call.context) == ("infra/stack.yml", "infra")


def test_everything_of_a_build() -> None:
    text = (
        "services:\n  a:\n    image: shop:1\n    build:\n      context: svc\n      target: Dev\n"
        "      args: {A: 1, B: $B, C: }\n      platforms: [linux/arm64]\n"
        "      cache_to: [type=x]\n    command: x\n"
    )
    (call,) = calls("composefile", "compose.yaml", text)
    assert (call.tool, call.line, call.text) == ("docker compose", 5, "context: svc")
    assert call.target == "Dev" and call.platforms == ("linux/arm64",)
    assert call.args == (("A", "1"), ("B", None), ("C", None))
    assert call.exports_layers and call.tags == ("shop",)
    assert str(call.target_because) == "compose.yaml:6: target: Dev"
    assert spanned(text, call).startswith("build:\n") and spanned(text, call).endswith("type=x]")


def test_the_first_version_of_the_format() -> None:
    assert places(
        calls("composefile", "compose.yml", "web:\n  build: web\nvolumes: {a: {}}\n")
    ) == [("web", "web/Dockerfile")]


@pytest.mark.parametrize("text", ["", "a: [", "\tservices:\n", "services: []", "a: 1\n---\nb: 2\n"])
def test_other_files(text: str) -> None:
    assert calls("composefile", "compose.yaml", text) == []

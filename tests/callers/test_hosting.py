"""The configuration of hosting services as a caller."""

import pytest

from gorewrite.callers import hosting
from gorewrite.callers.model import Builder, Source

FILES = {"Dockerfile": b"", "api/Dockerfile": b"", "deploy/api.Dockerfile": b""}


def built(path: str, text: str) -> list[tuple[str | None, int]]:
    found = list(hosting.calls(Source(path, text.encode(), ".", FILES.get)))
    assert all(call.builder is Builder.NEVER and call.context is None for call in found)
    return [(call.dockerfile, call.line) for call in found]


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("railway.json", '{"deploy": {}}', [("Dockerfile", 1)]),
        ("api/railway.json", "{}", [("api/Dockerfile", 1)]),
        ("api/railway.toml", "[deploy]\n", [("api/Dockerfile", 1)]),
        (
            "railway.toml",
            '[build]\nbuilder = "DOCKERFILE"\ndockerfilePath = "/deploy/api.Dockerfile"\n',
            [("deploy/api.Dockerfile", 3)],
        ),
        (
            "api/railway.json",
            '{"build":\n{"dockerfilePath": "deploy/api.Dockerfile"}}',
            [("deploy/api.Dockerfile", 2)],
        ),
        ("captain-definition", '{"dockerfilePath": "./Dockerfile"}', [("Dockerfile", 1)]),
        ("captain-definition", '{"dockerfileLines": ["FROM scratch"]}', []),
        ("captain-definition", '{"imageName": "shop"}', []),
        # Nothing is built, or nobody knows what.
        ("railway.json", '{"build": {"dockerfilePath": "gone.Dockerfile"}}', []),
        ("railway.json", "{ // a comment\n}", []),
        ("railway.json", "[]", []),
        ("railway.json", '{"build": "nixpacks"}', []),
        ("railway.toml", "[build\n", []),
    ],
)
def test_dockerfile(path: str, text: str, expected: list[tuple[str, int]]) -> None:
    assert built(path, text) == expected

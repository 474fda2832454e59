"""What lies around a program."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.runtime.around import brought, filled, for_callers
from gorewrite.stage.inventory import take
from tests.repositories import SHOP, facts_of

WEB = "FROM node AS web\nRUN make\n\nFROM golang:1.24\nWORKDIR /app\n"


@pytest.mark.parametrize(
    ("copy", "path", "expected"),
    [
        ("COPY --from=web /w/dist ./static/", "/app/static/index.html", "/app/static"),
        ("COPY --from=web /w/dist ./static/", "/app/static", "/app/static"),
        ("COPY --from=web /w/dist ./static", "/app/static/a/b", "/app/static"),
        ("COPY --from=web /w/dist .", "/app/index.html", "/app"),
        ("COPY --from=web /w/tool /usr/bin/", "/usr/bin/tool", "/usr/bin/tool"),
        ("COPY --from=web /w/tool /usr/bin/", "/usr/bin/other", None),
        ("COPY --from=web /w/a.zip /srv/data/", "/srv/data/b", None),
        ("COPY --from=web /w/dist ./static/", "/app/other", None),
        ("COPY main.go ./static/", "/app/static/main.go", None),
    ],
)
def test_brought(copy: str, path: str, expected: str | None, tmp_path: Path) -> None:
    assert brought(facts_of(tmp_path, f"{WEB}{copy}\n").final, path) == expected


@pytest.mark.parametrize(
    ("path", "expected"), [("/opt/shop", True), ("/opt", False), ("/", False), ("/srv/x", False)]
)
def test_filled(path: str, expected: bool, tmp_path: Path) -> None:
    stage = facts_of(tmp_path, "FROM golang\nCOPY main.go /opt/shop/\n").final
    assert filled(stage, path) is expected


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ("RUN curl -o /bin/probe https://example.com/probe && chmod +x /bin/probe", True),
        ("RUN curl -o /bin/probe https://example.com/probe\nRUN probe --check", False),
        ("RUN curl -o /tmp/p https://example.com/probe && mv /tmp/p /bin/probe", True),
        ("WORKDIR /app\nCOPY . .\nRUN go build -o x . && mv x /bin/probe", False),
        ("RUN ln -s /usr/bin/true /bin/probe", False),
    ],
)
def test_for_callers(run: str, expected: bool, tmp_path: Path) -> None:
    stage = facts_of(tmp_path, f"FROM golang:1.24\n{run}\n", SHOP).final
    assert for_callers(stage, take(stage), "/bin/probe") is expected

"""What lies around a program."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.runtime.around import (
    brought,
    filled,
    for_callers,
    of_the_system,
    spread,
    volumes,
)
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


@pytest.mark.parametrize(
    ("run", "path", "expected"),
    [
        ("tar xf a.tgz -C /opt", "/opt/stock/a/b", "/opt/stock"),
        ("tar xf a.tgz -C /", "/usr/share/x/y", "/usr/share/x"),
        ("tar xf a.tgz -C /", "/etc/x.conf", "/etc/x.conf"),
        ("tar xf a.tgz -C /", "/app/x", None),
        ("tar xf a.tgz -C /srv/stock", "/srv/stock/x", None),  # It is copied whole.
        ("mkdir -p /opt", "/opt/x", None),
        ("true", "/opt/x", None),
        ("tar xf a.tgz -C /opt", "/opt", None),
    ],
)
def test_spread(run: str, path: str, expected: str | None, tmp_path: Path) -> None:
    stage = facts_of(tmp_path, f"FROM golang:1.24\nWORKDIR /app\nRUN {run}\n").final
    assert spread(take(stage), "/app", path) == expected


@pytest.mark.parametrize(
    ("image", "directory", "expected"),
    [
        ("golang:1.24", "/usr/local/etc", True),
        ("golang:1.24-alpine", "/usr/local/etc", False),  # It is not there before, either.
        ("golang:1.24-alpine", "/usr/local/share", True),
        ("golang:1.24", "/usr/local", False),  # With the toolchain in it.
        ("golang:1.24", "/var/log", False),
        ("example.com/own", "/opt", False),
    ],
)
def test_of_the_system(image: str, directory: str, expected: bool, tmp_path: Path) -> None:
    stage = facts_of(tmp_path, f"FROM {image}\nWORKDIR /app\n").final
    assert of_the_system(stage, directory) is expected


@pytest.mark.parametrize(
    ("lines", "paths"),
    [
        ('VOLUME ["/a", "/b"]', ["/a", "/b"]),
        ("ARG D=/x\nVOLUME $D /y", ["/x", "/y"]),
        ("VOLUME /app", []),
        ("VOLUME /", []),
        ("VOLUME /app/public", ["/app/public"]),
    ],
)
def test_volumes(lines: str, paths: list[str], tmp_path: Path) -> None:
    stage = facts_of(tmp_path, f"FROM golang:1.24\nWORKDIR /app\n{lines}\n").final
    assert [path for path, _ in volumes(stage, "/app")] == paths

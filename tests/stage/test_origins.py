"""Where a file first came from."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.stage.origins import first_source, heredoc
from tests.repositories import SHOP, facts_of

FILES = {**SHOP, "start.sh": "#!/bin/sh\n"}
BUILD = "FROM golang:1.24 AS build\nWORKDIR /src\nCOPY . .\nRUN go build -o shop .\n"


@pytest.mark.parametrize(
    ("last", "path", "source"),
    [
        ("FROM alpine\nCOPY --from=build /src /app\n", "/app/start.sh", "start.sh"),
        ("FROM alpine\nCOPY --from=0 /src/start.sh /init\n", "/init", "start.sh"),
        ("FROM alpine\nCOPY start.sh /\n", "/start.sh", "start.sh"),
        ("FROM alpine\nCOPY --from=0 /src/start.sh /opt\n", "/opt/start.sh", "start.sh"),
        ("FROM scratch\nCOPY --from=0 /src/start.sh /opt\n", "/opt", "start.sh"),
        ("FROM build\n", "/src/start.sh", "start.sh"),
        ("FROM alpine\nCOPY --from=build /src /app\n", "/app/shop", None),
        ("FROM alpine\nCOPY --from=build /src /app\n", "/start.sh", None),
        ("FROM alpine\nCOPY --from=busybox /src /app\n", "/app/start.sh", None),
        ("FROM alpine\nADD https://example.com/start.sh /\n", "/start.sh", None),
    ],
)
def test_first_source(last: str, path: str, source: str | None, tmp_path: Path) -> None:
    stage = facts_of(tmp_path, BUILD + last, FILES).final
    assert first_source(stage, path) == source


@pytest.mark.parametrize(
    ("copy", "text"),
    [
        ('COPY <<"EOF" /run.sh\nexec "$@"\nEOF\n', 'exec "$@"\n'),
        ("COPY <<EOF /run.sh\ntrue\nEOF\n", "true\n"),
        ("COPY <<EOF /run.sh\n$HOME\nEOF\n", None),  # The builder expands it.
        ('COPY <<"EOF" /run.sh\ntrue\nEOF\nCOPY start.sh /run.sh\n', None),
        ('RUN <<"EOF" cat > /run.sh\ntrue\nEOF\n', None),
    ],
)
def test_heredoc(copy: str, text: str | None, tmp_path: Path) -> None:
    stage = facts_of(tmp_path, f"FROM alpine\n{copy}", FILES).final
    found = heredoc(stage, "/run.sh")
    assert (found[1] if found else None) == text

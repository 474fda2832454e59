"""Programs that a stage takes from another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.runtime.brought import unknown_programs
from tests.repositories import facts_of, repository

BUILD = "FROM golang:1.24 AS build\nWORKDIR /src\nCOPY . .\nRUN go build -o /go/bin/shop .\n"


@pytest.mark.parametrize(
    ("copy", "unknown"),
    [
        ("COPY --from=build /go/bin/shop /shop", False),
        ("COPY --from=build /go/bin/events.json /shop", False),
        ("COPY --from=build /src/rates.csv /shop", False),
        ("COPY --from=build /go/bin/ /usr/bin/", False),
        ("COPY shop.sh /bin/shop.sh", False),
        ("COPY --from=build /usr/bin/curl /usr/bin/", True),
        ("COPY --from=build /usr/bin/ /tools/", True),
    ],
)
def test_unknown_programs(tmp_path: Path, copy: str, unknown: bool) -> None:
    repository(tmp_path, {"go.mod": "module example.com/shop\n", "main.go": "package main\n"})
    final = facts_of(tmp_path, f"{BUILD}FROM debian:13\n{copy}\n").final
    assert [bool(each.why) for each in unknown_programs(final)] == [True] * unknown

"""Generated services do the same after a safe rewrite; `python -m tests.adversarial` has more."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.adversarial.bases import base
from tests.adversarial.build import build, visible
from tests.adversarial.check import check
from tests.adversarial.disk import Failure
from tests.adversarial.programs import Behaviour
from tests.adversarial.running import FAILED, differences, observe
from tests.adversarial.services import service

CONTEXT = {
    "go.mod": "module example.com/shop\n\ngo 1.22\n",
    "main.go": 'package main\n\nimport "net/http"\n\nfunc main() {}\n',
    "config.yml": "a\n",
    "start.sh": '#!/bin/sh\nexec "$@"\n',
}
READS = {".": [Behaviour("config", lambda process: process.read("config.yml"))]}
BUILDS = "FROM golang:1.24 AS build\nWORKDIR /app\nCOPY . .\nRUN CGO_ENABLED=0 go build -o shop .\n"
SMALL = "FROM gcr.io/distroless/static-debian13\nWORKDIR /app\n"


@pytest.mark.parametrize("block", range(10))
def test_services(block: int, tmp_path: Path) -> None:
    outcomes = {seed: check(seed, tmp_path) for seed in range(block * 15, block * 15 + 15)}
    assert {seed: found.wrong for seed, found in outcomes.items() if found.wrong} == {}
    # Most of them have to be ones of which something can be seen.
    assert sum(found.built for found in outcomes.values()) >= 6
    applied = Counter(name for found in outcomes.values() for name in found.applied)
    assert applied["split-stages"] >= 3


def test_the_same_seed_is_the_same_service() -> None:
    first, second = service(Random(7)), service(Random(7))
    assert (first.dockerfile, first.context) == (second.dockerfile, second.context)


@pytest.mark.parametrize(
    ("after", "broken"),
    [
        (BUILDS + 'CMD ["./shop"]\n', ()),
        (BUILDS + SMALL + 'COPY --from=build /app /app\nCMD ["./shop"]\n', ()),
        (BUILDS + SMALL + 'COPY --from=build /app/shop .\nCMD ["./shop"]\n', ("config",)),
        (
            BUILDS + SMALL + 'COPY --from=build --chown=65532 /app /app\nCMD ["./shop"]\n',
            ("config",),
        ),
        (BUILDS + SMALL + 'COPY --from=build /app /app\nCMD ["shop"]\n', ("command", "config")),
        (BUILDS + SMALL + "COPY --from=build /app /app\nCMD ./shop\n", ("command", "config")),
        (
            BUILDS.replace("CGO_ENABLED=0 ", "") + SMALL + "COPY --from=build /app /app\n"
            'CMD ["./shop"]\n',
            ("command", "config"),
        ),
        (BUILDS + 'USER nobody\nCMD ["./shop"]\n', ("user",)),
        (BUILDS.replace("COPY . .", "COPY *.go go.mod ./") + 'CMD ["./shop"]\n', ("config",)),
    ],
)
def test_the_model_notices(after: str, broken: tuple[str, ...]) -> None:
    before = observe(build((BUILDS + 'CMD ["./shop"]\n').encode(), CONTEXT), READS)
    assert not any(value.startswith(FAILED) for value in before.values())
    found = differences(before, observe(build(after.encode(), CONTEXT), READS))
    kinds = {word for line in found for word in ("command", "config", "user") if word in line}
    assert all(word in kinds for word in broken)
    assert bool(found) is bool(broken)


@pytest.mark.parametrize(
    ("dockerfile", "why"),
    [
        ("FROM golang:1.24\nCOPY missing .\n", "missing"),
        ("FROM golang:1.24\nRUN false\n", "false"),
        ("FROM golang:1.24\nRUN cd /nowhere\n", "no such directory"),
        ("FROM golang:1.24-alpine\nRUN curl -o /x https://example.com\n", "curl: not found"),
        ("FROM golang:1.24\nRUN go build\n", "go.mod file not found"),
        ("FROM golang:1.24\nUSER shop\n", "unable to find user shop"),
        ("FROM scratch\nRUN true\n", "/bin/sh: not found"),
        ("FROM golang:1.24\nFROM alpine\nCOPY --from=0 /x /x\n", "/x: not found"),
    ],
)
def test_the_model_fails_like_a_builder(dockerfile: str, why: str) -> None:
    with pytest.raises(Failure, match=why):
        build(dockerfile.encode(), CONTEXT)


def test_cache_mounts_are_kept_and_leave_nothing_behind() -> None:
    mount = "RUN --mount=type=cache,target=/c "
    text = f"FROM alpine\n{mount}touch /c/x /y\n{mount}test -f /c/x && cp /c/x /z\n"
    disk = build(text.encode(), {}).disk
    assert [disk.text(path) for path in ("/c/x", "/y", "/z")] == [None, "", ""]


def test_ignore_files() -> None:
    files = dict.fromkeys(["a.md", "docs/a.md", "x/docs/b", "keep.md", "x/y/c.log"], "")
    left = visible(files, "*.md\n!keep.md\ndocs\n**/*.log\n")
    assert [path for path in left if not path.endswith("/")] == ["x/docs/b", "keep.md"]


def test_bases_are_not_shared() -> None:
    base("alpine").disk.remove("/bin")
    assert base("alpine").find("sh") == "/bin/sh"

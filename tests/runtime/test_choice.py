"""The choice of a runtime image."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.config import Config
from gorewrite.runtime.choice import NoRuntime, Runtime, choose, departures
from gorewrite.runtime.requirements import requirements
from gorewrite.stage.images import describe
from tests.repositories import SHOP, facts_of

STATIC, DYNAMIC = "RUN CGO_ENABLED=0 go build -o shop .", "RUN go build -o shop ."
CMD = 'CMD ["./shop"]'
SH = "CMD ./shop $PORT"


def chosen(
    top: Path, lines: str, image: str = "golang:1.24-bookworm", **config: str
) -> Runtime | NoRuntime:
    facts = facts_of(top, f"FROM {image}\nWORKDIR /app\nCOPY . .\n{lines}\n", SHOP)
    return choose(requirements(facts.final), describe(image), Config(**config))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lines", "image", "runtime", "install"),
    [
        (f"{STATIC}\n{CMD}", "golang:1.24", "gcr.io/distroless/static-debian13", ()),
        (f"{STATIC}\n{CMD}", "golang:1.24-alpine", "gcr.io/distroless/static-debian13", ()),
        (f"{DYNAMIC}\n{CMD}", "golang:1.24-bookworm", "gcr.io/distroless/base-debian13", ()),
        (f"{DYNAMIC}\n{CMD}", "golang:1.24-bullseye", "gcr.io/distroless/base-debian13", ()),
        (f"{STATIC}\n{SH}", "golang:1.24", "alpine:3.23", ("ca-certificates",)),
        (f"{STATIC}\n{SH}", "golang:1.24-alpine3.20", "alpine:3.20", ("ca-certificates",)),
        (f"{DYNAMIC}\n{SH}", "golang:1.24-bookworm", "debian:bookworm-slim", ("ca-certificates",)),
        (f"{DYNAMIC}\n{SH}", "debian:12", "debian:12-slim", ("ca-certificates",)),
        # The library of a `-dev` package, where the release is known and the version is not pinned.
        *(
            (
                f"RUN apt-get update && apt-get install -y {package}\n{DYNAMIC}\n{CMD}",
                f"golang:1.24-{suite}",
                f"debian:{suite}-slim",
                ("ca-certificates", library),
            )
            for package, suite, library in (
                ("libvips-dev", "bookworm", "libvips42"),
                ("libvips-dev", "trixie", "libvips42t64"),
                ("libvips-dev=8.14.1-3", "bookworm", "libvips-dev=8.14.1-3"),
                ("libshop-dev", "bookworm", "libshop-dev"),
            )
        ),
        (
            f"{STATIC}\nRUN apt-get update && apt-get install -y ffmpeg\n{CMD}",
            "golang:1.24-bookworm",
            "debian:bookworm-slim",
            ("ca-certificates", "ffmpeg"),
        ),
        (
            f"{STATIC}\nRUN apk add ffmpeg\n{CMD}",
            "golang:1.24-alpine3.20",
            "alpine:3.20",
            ("ca-certificates", "ffmpeg"),
        ),
        (
            f"{STATIC}\n{CMD}\nHEALTHCHECK CMD curl -f localhost",
            "golang:1.24",
            "alpine:3.23",
            ("ca-certificates", "curl"),
        ),
        (
            f'{STATIC}\nCMD ["bash", "-c", "./shop"]',
            "golang:1.24",
            "alpine:3.23",
            ("bash", "ca-certificates"),
        ),
        (
            f"ENV TZ=Europe/Berlin\n{STATIC}\n{SH}",
            "golang:1.24",
            "alpine:3.23",
            ("ca-certificates", "tzdata"),
        ),
        # What only builds does not come along.
        (
            f"RUN apt-get update && apt-get install -y git gcc make\n{STATIC}\n{CMD}",
            "golang:1.24",
            "gcr.io/distroless/static-debian13",
            (),
        ),
    ],
)
def test_auto(
    tmp_path: Path, lines: str, image: str, runtime: str, install: tuple[str, ...]
) -> None:
    found = chosen(tmp_path, lines, image)
    assert isinstance(found, Runtime), found
    assert (found.image.ref.text, found.install) == (runtime, install)
    assert found.because


@pytest.mark.parametrize(
    ("command", "image", "runtime", "install"),
    [
        ("date +%F", "golang:1.24-bookworm", "alpine:3.23", ()),
        ("date -d now", "golang:1.24-bookworm", "debian:bookworm-slim", ()),
        ("date -d now", "golang:1.24", "debian:trixie-slim", ()),
        ("date -d now", "golang:1.24-alpine3.22", "alpine:3.22", ()),
        ("ps aux", "golang:1.24-bookworm", "debian:bookworm-slim", ("procps",)),
        ("ls | xargs $X", "golang:1.24-bookworm", "debian:bookworm-slim", ()),
        ("cd /app && umask 077 && ls", "golang:1.24-bookworm", "alpine:3.23", ()),
        ("echo 'a\\nb'", "golang:1.24-bookworm", "debian:bookworm-slim", ()),
        # GNU wget is a package of alpine, too.
        ("wget --retry-connrefused x", "golang:1.24-bookworm", "alpine:3.23", ("wget",)),
    ],
)
def test_gnu_tools(
    tmp_path: Path, command: str, image: str, runtime: str, install: tuple[str, ...]
) -> None:
    found = chosen(tmp_path, f"{STATIC}\nCMD {command}; ./shop", image)
    assert isinstance(found, Runtime), found
    assert found.image.ref.text == runtime
    assert found.install == ("ca-certificates", *install)
    assert not found.doubts


def test_alpine_all_the_same_is_in_doubt(tmp_path: Path) -> None:
    lines = f"{STATIC}\nCMD date -d now; ./shop"
    for image, doubts in ("golang:1.24", 1), ("golang:1.24-alpine", 0):
        found = chosen(tmp_path / image[-6:], lines, image, runtime="alpine")
        assert isinstance(found, Runtime) and found.image.family == "alpine"
        assert [doubt.why for doubt in found.doubts] == [
            "busybox is not known to understand how date is called"
        ][:doubts]


@pytest.mark.parametrize(
    ("lines", "image", "runtime", "code"),
    [
        (f"{DYNAMIC}\n{CMD}", "example.com/go", "auto", "libc-unknown"),
        (f"{DYNAMIC}\n{SH}", "example.com/go", "auto", "libc-unknown"),
        (f"{STATIC}\nRUN dnf install -y ffmpeg\n{CMD}", "golang:1.24", "auto", "foreign-packages"),
        (f"{STATIC}\nRUN apk add ffmpeg\n{CMD}", "debian:12", "alpine", ""),
        (f"{STATIC}\nHEALTHCHECK CMD mystery -x\n{CMD}", "golang:1.24", "auto", "tool-unknown"),
        (f"{STATIC}\n{SH}", "golang:1.24", "distroless", "needs-userland"),
        (f"{STATIC}\n{SH}", "golang:1.24", "scratch", "needs-userland"),
        (f"{DYNAMIC}\n{CMD}", "golang:1.24", "scratch", "not-static"),
        (f"{DYNAMIC}\n{CMD}", "golang:1.24", "alpine", "libc-mismatch"),
        (f"RUN apk add gcc\n{DYNAMIC}\n{CMD}", "golang:1.24-alpine", "debian:12", "libc-mismatch"),
        (f"{DYNAMIC}\n{CMD}", "golang:1.24-alpine", "debian:12", ""),  # No gcc, no cgo.
        (f"{DYNAMIC}\n{CMD}", "golang:1.24", "alpine:3.20", "libc-mismatch"),
        # A C library older than the one that the binary was linked with.
        (f"{DYNAMIC}\n{CMD}", "golang:1.24-bookworm", "debian:11-slim", "libc-mismatch"),
        (f"{DYNAMIC}\n{CMD}", "golang:1.24-bookworm", "debian:bookworm", ""),
        (f"{DYNAMIC}\n{CMD}", "golang:1.24-bookworm", "debian:13", ""),
        (f"{STATIC}\n{CMD}", "golang:1.24-bookworm", "debian:11-slim", ""),
        (f"{STATIC}\n{SH}", "golang:1.24", "gcr.io/distroless/base-debian12", "needs-userland"),
        (f"{STATIC}\n{SH}", "golang:1.24", "gcr.io/distroless/base-debian12:debug", ""),
        (f"{STATIC}\n{SH}", "golang:1.24", "example.com/base", ""),
        (f"{STATIC}\n{CMD}", "golang:1.24", "scratch", ""),
    ],
)
def test_what_fits(tmp_path: Path, lines: str, image: str, runtime: str, code: str) -> None:
    found = chosen(tmp_path, lines, image, runtime=runtime)
    assert (found.code if isinstance(found, NoRuntime) else "") == code
    assert isinstance(found, Runtime) or found.message


def test_scratch_lacks_what_a_program_uses(tmp_path: Path) -> None:
    main = 'package main\n\nimport "os"\n\nfunc main() { os.CreateTemp("", "x") }\n'
    facts = facts_of(
        tmp_path,
        f"FROM golang:1.24\nWORKDIR /app\nCOPY . .\n{STATIC}\n{CMD}\n",
        {**SHOP, "main.go": main},
    )
    found = choose(requirements(facts.final), describe("golang:1.24"), Config(runtime="scratch"))
    assert isinstance(found, NoRuntime) and found.code == "scratch-lacks" and found.because


@pytest.mark.parametrize(
    ("image", "config", "doubt"),
    [
        (f"golang:1.24@sha256:{'0' * 64}", {}, "pinned by digest"),
        ("registry.example.com/golang:1.24", {}, "registry of its own"),
        ("registry.example.com/golang:1.24", {"registry_prefix": "registry.example.com"}, ""),
        ("golang:1.24", {}, ""),
    ],
)
def test_policy(tmp_path: Path, image: str, config: dict[str, str], doubt: str) -> None:
    found = chosen(tmp_path, f"{STATIC}\n{CMD}", image, **config)
    assert isinstance(found, Runtime)
    assert [doubt in each.why for each in found.doubts] == ([True] if doubt else [])


def test_mirror(tmp_path: Path) -> None:
    prefix = "registry.example.com/mirror/"
    for lines, name in ((CMD, "distroless/static-debian12"), (SH, "alpine:3.23")):
        found = chosen(
            tmp_path,
            f"{STATIC}\n{lines}",
            "golang:1.24-bookworm",
            registry_prefix=prefix,
            distroless_suite="debian12",
        )
        assert isinstance(found, Runtime) and found.image.ref.text == prefix + name


@pytest.mark.parametrize(
    ("base", "lines", "image", "fields", "doubts"),
    [
        ("golang:1.24", "", "gcr.io/distroless/static-debian13", set(), 0),
        ("golang:1.24", "USER 1000", "gcr.io/distroless/static-debian13:nonroot", set(), 0),
        ("golang:1.24", "", "gcr.io/distroless/static-debian13:nonroot", {"user"}, 1),
        ("golang:1.24", "USER root", "gcr.io/distroless/static-debian13:nonroot", {"user"}, 1),
        ("golang:1.24", "", "example.com/base", {"env", "user"}, 0),
        ("example.com/go", "", "alpine:3.20", {"env", "user", "workdir"}, 1),
    ],
)
def test_departures(
    tmp_path: Path, base: str, lines: str, image: str, fields: set[str], doubts: int
) -> None:
    stage = facts_of(tmp_path, f"FROM {base}\n{lines}\n").final
    found = departures(stage, describe(image))
    assert (found[0], len(found[1])) == (fields, doubts)


def test_the_command_that_nobody_has_is_named(tmp_path: Path) -> None:
    """Not `halt`, which alpine has and debian has not."""
    lines = f"{STATIC}\nHEALTHCHECK CMD halt -n || mystery -x\n{CMD}"
    found = chosen(tmp_path, lines, "golang:1.24-alpine")
    assert isinstance(found, NoRuntime)
    assert "mystery" in found.message

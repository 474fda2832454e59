"""slim-base: when it does nothing, what it refuses, what it writes."""

from __future__ import annotations

import pytest

from gorewrite.config import Config
from tests.repositories import GO_MOD, SHOP
from tests.transforms.tools import planned, rewrite

BUILD = (
    "FROM golang:1.24 AS build\nWORKDIR /src\nCOPY . .\nRUN CGO_ENABLED=0 go build -o /shop .\n\n"
)
CGO = BUILD.replace("CGO_ENABLED=0", "CGO_ENABLED=1")
COPY = "COPY --from=build /shop /shop\n"
END = 'ENTRYPOINT ["/shop"]\n'
STATIC = "FROM gcr.io/distroless/static-debian13\n"
RUNS_COMMANDS = {
    "go.mod": GO_MOD,
    "main.go": 'package main\n\nimport "os/exec"\n\n'
    'func main() { exec.Command("git", "log").Run() }\n',
}


@pytest.mark.parametrize(
    "text",
    [
        # Nothing lighter: distroless, scratch, busybox, an image of their own.
        f"{BUILD}{STATIC}{COPY}{END}",
        f"{BUILD}FROM scratch\n{COPY}{END}",
        f"{BUILD}FROM busybox\n{COPY}{END}",
        f"{BUILD}FROM example.com/base:1\n{COPY}{END}",
        f"{BUILD}FROM cgr.dev/chainguard/static\n{COPY}{END}",
        # A stage that builds, or that takes no program from one that does.
        f"FROM golang:1.24\nCOPY . .\nRUN go build -o /shop .\n{END}",
        f"{BUILD}FROM debian:12\nRUN go version\n{COPY}{END}",
        f"{BUILD}FROM debian:12\nCOPY shop /shop\n{END}",
        f"{BUILD}FROM debian:12\nCOPY --from=alpine /bin/sh /sh\n{END}",
        f"{BUILD}FROM debian:12 AS base\nENV A=b\nFROM base\n{COPY}{END}",
        # alpine is light: no word about why it stays.
        f"{BUILD}FROM alpine:3.20\nRUN apk add --no-cache bash\n{COPY}{END}",
        f"{BUILD}FROM alpine:3.20.1\nRUN apk add --no-cache bash\n{COPY}{END}",
        f"{BUILD}FROM alpine\nRUN apk add --no-cache bash\n{COPY}{END}",
        f"{BUILD}FROM alpine:3.20\nRUN adduser -D shop\n{COPY}{END}",
        f"{BUILD}FROM alpine:3.20\n{COPY}CMD /shop $PORT\n",
        "FROM node:22\nCOPY . .\nRUN npm ci\n",
        f"# gorewrite: ignore\n{BUILD}FROM debian:12\n{COPY}{END}",
    ],
)
def test_does_nothing(text: str) -> None:
    new, changes, refusals = rewrite(text, SHOP, "slim-base", review=True)
    assert (new, changes) == (text, ())
    assert all(refusal.transform == "file" for refusal in refusals)


@pytest.mark.parametrize(
    ("stage", "code"),
    [
        (f"FROM debian:12@sha256:{'0' * 64}\n{COPY}{END}", "digest-pinned"),
        (f"FROM $BASE\n{COPY}{END}", "base-unknown"),
        (f"ARG X\nFROM debian:${{TAG:-12}}\n{COPY}{END}".partition("\n")[2], "base-unknown"),
        (f"FROM ubuntu:24.04\nRUN useradd shop\n{COPY}{END}", "base-needs-shell"),
        (f"FROM ubuntu:24.04\nRUN apt-get install -y curl\n{COPY}{END}", "base-needs-shell"),
        (f"FROM ubuntu:24.04\nRUN mkdir /data\n{COPY}{END}", "base-needs-shell"),
        (
            f"FROM ubuntu:24.04\nRUN rm -rf /var/lib/apt/lists/* /srv\n{COPY}{END}",
            "base-needs-shell",
        ),
        (f"FROM debian:12\nONBUILD RUN x\n{COPY}{END}", "onbuild"),
        (f"FROM ubuntu:24.04\n{COPY}CMD /shop $PORT\n", "needs-userland"),
        (f"FROM ubuntu:24.04\n{COPY}{END}HEALTHCHECK CMD curl localhost\n", "needs-userland"),
        (f'FROM ubuntu:24.04\nCOPY start.sh /\n{COPY}CMD ["/start.sh"]\n', "needs-userland"),
        (f"FROM debian:12\n{COPY}USER shop\n{END}", "user-missing"),
        (f"FROM debian:12\nCOPY --chown=shop --from=build /shop /shop\n{END}", "user-missing"),
        (f"FROM debian:12\n{COPY}", "program-unknown"),
        (f'FROM debian:12\nCOPY other /other\n{COPY}CMD ["/other"]\n', "program-unknown"),
        (
            f"# gorewrite: ignore[slim-base]\nFROM debian:12\n{COPY}{END}",
            "opted-out",
        ),
    ],
)
def test_refusals(stage: str, code: str) -> None:
    files = {**SHOP, "start.sh": "#!/bin/sh\nexec /shop\n", "other": "\x7fELF"}
    text = BUILD + stage
    new, changes, refusals = rewrite(text, files, "slim-base", review=True)
    assert (new, changes) == (text, ())
    assert [refusal.code for refusal in refusals] == [code]
    assert all(refusal.because and refusal.message for refusal in refusals)


APT = (
    "RUN apt-get update \\\n    && apt-get install -y --no-install-recommends {} \\\n"
    "    && rm -rf /var/lib/apt/lists/*\n"
)
ON_PLAIN = [
    # (the stage, how it begins then)
    ("FROM debian:12\nRUN useradd shop\n", "FROM debian:12-slim\nRUN useradd shop\n"),
    ("FROM debian\nRUN mkdir /data\n", "FROM debian:stable-slim\nRUN mkdir /data\n"),
    (
        "FROM golang:1.24-alpine3.22\nWORKDIR /\nRUN mkdir /data\n",
        "FROM alpine:3.22\nRUN apk add --no-cache ca-certificates\nWORKDIR /\nRUN mkdir /data\n",
    ),
    (
        "FROM golang:1.24-bookworm\nWORKDIR /\nRUN apt update && apt install -y ffmpeg mailcap\n",
        "FROM debian:bookworm-slim\nWORKDIR /\n"
        "RUN apt update && apt install -y ffmpeg mailcap ca-certificates\n",
    ),
    (
        "FROM golang:1.24-bookworm\nWORKDIR /\nHEALTHCHECK CMD curl localhost\n",
        f"FROM debian:bookworm-slim\n{APT.format('ca-certificates curl')}WORKDIR /\n",
    ),
    # What the packages of another release are called is not known.
    (
        "FROM golang:1.13-buster\nWORKDIR /\nRUN apt-get update && apt-get install -y ffmpeg\n",
        None,
    ),
]


@pytest.mark.parametrize(("stage", "expected"), ON_PLAIN)
def test_plain_image(stage: str, expected: str | None) -> None:
    new, changes, refusals = rewrite(f"{BUILD}{stage}{COPY}{END}", SHOP, "slim-base")
    assert refusals == ()
    assert [str(change.safety) for change in changes] == ["safe" if expected else "review"]
    assert expected is None or new.startswith(BUILD + expected)


@pytest.mark.parametrize(
    "line",
    [
        "RUN curl -o /x https://example.com/x",
        "RUN cp /usr/local/go/lib/time/zoneinfo.zip /",
        "RUN /setup",
        "RUN $SETUP",
        "RUN git clone https://example.com/x",
    ],
)
def test_what_came_with_the_go_image(line: str) -> None:
    text = f"{BUILD}FROM golang:1.24\n{line}\n{COPY}{END}"
    _, changes, refusals = rewrite(text, SHOP, "slim-base", review=True)
    assert (changes, [refusal.code for refusal in refusals]) == ((), ["base-needs-shell"])


@pytest.mark.parametrize(
    ("lines", "idle"),
    [
        ("RUN chmod +x /shop", True),
        ("RUN chmod 755 /shop && set -e", True),
        ("RUN chmod 700 /shop", False),
        ("RUN chmod +x /other", False),
        ("RUN chmod -R +x /shop", False),
        ("RUN mkdir -p /srv/data\nWORKDIR /srv/data", True),
        ("RUN mkdir /srv/data\nWORKDIR /srv/data/x", True),
        ("RUN mkdir -m 700 /srv/data\nWORKDIR /srv/data", False),
        ("RUN mkdir /srv/data\nUSER 1\nWORKDIR /srv/data", False),
        ("RUN mkdir /srv/data\nCOPY --from=build /shop /srv/data/shop", True),
        ("RUN mkdir /srv/data\nCOPY --chown=1 --from=build /shop /srv/data/shop", False),
        ("RUN mkdir /srv/data", False),
        ("RUN mkdir /srv/data\nCOPY --from=build /shop /srv/data\nWORKDIR /srv/data", False),
        ("RUN apt-get autoremove -y && rm -rf /var/lib/{apt,dpkg,cache,log}/", True),
        ("RUN rm -rf /var/lib/{apt,shop}/", False),
    ],
)
def test_runs_that_change_nothing(lines: str, idle: bool) -> None:
    text = f"{BUILD}FROM ubuntu:24.04\n{COPY}{lines}\n{END}"
    _, changes, _ = rewrite(text, SHOP, "slim-base")
    assert bool(changes) is idle


def test_program_that_runs_commands() -> None:
    text = f"{BUILD}FROM ubuntu:24.04\n{COPY}{END}"
    _, changes, refusals = rewrite(text, RUNS_COMMANDS, "slim-base", review=True)
    assert (changes, [refusal.code for refusal in refusals]) == ((), ["needs-userland"])


@pytest.mark.parametrize(
    ("runtime", "code"),
    [
        ("alpine", "not-distroless"),
        ("scratch", "not-distroless"),
        ("debian:12", "not-distroless"),
        ("example.com/base", "not-distroless"),
    ],
)
def test_other_runtimes_are_not_put_under_a_stage(runtime: str, code: str) -> None:
    text = f"{BUILD}FROM ubuntu:24.04\n{COPY}{END}"
    plan = planned(text, SHOP, "slim-base", config=Config(runtime=runtime), review=True)
    assert plan.new == text.encode()
    assert [refusal.code for refusal in plan.refusals] == [code]
    assert runtime in plan.refusals[0].message


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        (f"FROM debian:12\n{COPY}{END}", f"{STATIC}{COPY}{END}"),
        (f"FROM ubuntu\n{COPY}{END}", f"{STATIC}{COPY}{END}"),
        (f"from debian:12 as final\n{COPY}{END}",
         STATIC.replace("FROM", "from").replace("13\n", "13 as final\n") + COPY + END),
        # A base with a work directory of its own: it is said.
        (f"FROM golang:1.24\n{COPY}{END}", f"{STATIC}WORKDIR /go\n{COPY}{END}"),
        (f"FROM golang:1.24\nWORKDIR /app\n{COPY}{END}", f"{STATIC}WORKDIR /app\n{COPY}{END}"),
        # What distroless has need not be installed.
        (
            "FROM debian:12\nRUN apt-get update && apt-get install -y ca-certificates tzdata \\\n"
            f"    && rm -rf /var/lib/apt/lists/*\n{COPY}{END}",
            f"{STATIC}{COPY}{END}",
        ),
        (f"FROM debian:12\nRUN apt-get update\nRUN apt-get install -y ca-certificates && "
         f"update-ca-certificates\n{COPY}{END}", f"{STATIC}{COPY}{END}"),
        # Users that distroless has.
        (f"FROM debian:12\n{COPY}USER nobody\n{END}", f"{STATIC}{COPY}USER nobody\n{END}"),
        (f"FROM debian:12\n{COPY}USER 1000:1000\n{END}", f"{STATIC}{COPY}USER 1000:1000\n{END}"),
        # No shell, no shell form.
        (f"FROM debian:12\n{COPY}CMD /shop -v\n", f'{STATIC}{COPY}CMD ["/shop", "-v"]\n'),
        (f"FROM debian:12\n{COPY}ENTRYPOINT exec /shop\n", f"{STATIC}{COPY}{END}"),
        # … but the shell of a CMD behind an ENTRYPOINT is only words.
        (f"FROM debian:12\n{COPY}{END}CMD serve now\n", f"{STATIC}{COPY}{END}CMD serve now\n"),
    ],
)  # fmt: skip
def test_writes(stage: str, expected: str) -> None:
    new, (change,), _ = rewrite(BUILD + stage, SHOP, "slim-base")
    assert new == BUILD + expected
    assert change.applied and change.because


@pytest.mark.parametrize(
    ("builder", "base"),
    [
        ("golang:1.24-bookworm", "gcr.io/distroless/base-debian13"),
        ("golang:1.24-bullseye", "gcr.io/distroless/base-debian13"),
        ("golang:1.24-trixie", "gcr.io/distroless/base-debian13"),
    ],
)
def test_cgo_takes_a_base_with_its_library(builder: str, base: str) -> None:
    text = CGO.replace("golang:1.24", builder) + f"FROM debian:12\n{COPY}{END}"
    new, _, _ = rewrite(text, SHOP, "slim-base", review=True)
    assert f"FROM {base}\n" in new


def test_cgo_of_musl_has_no_distroless() -> None:
    text = CGO.replace("golang:1.24", "golang:1.24-alpine") + f"FROM debian:12\n{COPY}{END}"
    _, changes, refusals = rewrite(text, SHOP, "slim-base", review=True)
    assert (changes, [refusal.code for refusal in refusals]) == ((), ["not-distroless"])


def test_cgo_of_musl_on_golang() -> None:
    text = CGO.replace("golang:1.24", "golang:1.24-alpine")
    final = f"FROM golang:1.24-alpine\nWORKDIR /\n{COPY}{END}"
    new, _, _ = rewrite(f"{text}{final}", SHOP, "slim-base", review=True)
    assert "FROM alpine:3.23\nRUN apk add --no-cache ca-certificates\nWORKDIR /\n" in new


def test_program_that_nobody_is_seen_to_build() -> None:
    text = "FROM golang:1.24 AS build\nCOPY . .\nRUN ./build\n\nFROM golang:1.24\n" + COPY + END
    _, (change,), refusals = rewrite(text, SHOP, "slim-base")
    assert (str(change.safety), refusals) == ("review", ())
    assert change.message.count("what it needs itself") == 1


@pytest.mark.parametrize(("user", "safety"), [("USER 1000\n", "review"), ("", "safe")])
def test_users_write_where_go_lets_all(user: str, safety: str) -> None:
    body = 'package main\n\nimport "os"\n\nfunc main() { os.WriteFile("log", nil, 0o600) }\n'
    text = f"{BUILD}FROM golang:1.24\nRUN mkdir /data\n{COPY}{user}{END}"
    _, (change,), _ = rewrite(text, {"go.mod": GO_MOD, "main.go": body}, "slim-base")
    assert str(change.safety) == safety


def test_alpine_is_for_review() -> None:
    text = f"{BUILD}FROM alpine:3.20\nRUN apk add --no-cache ca-certificates\n{COPY}{END}"
    new, (change,), _ = rewrite(text, SHOP, "slim-base")
    assert (new, change.applied) == (text, False)
    new, _, _ = rewrite(text, SHOP, "slim-base", review=True)
    assert new == f"{BUILD}{STATIC}{COPY}{END}"


def test_configuration() -> None:
    text = f"{BUILD}FROM debian:12\n{COPY}{END}"
    config = Config(distroless_suite="debian12", registry_prefix="registry.example.com/mirror/")
    plan = planned(text, SHOP, "slim-base", config=config)
    assert b"FROM registry.example.com/mirror/distroless/static-debian12\n" in plan.new


@pytest.mark.parametrize(
    ("build", "why"),
    [
        ("ARG GOFLAGS\nRUN go build -o /shop .", "what GOFLAGS says is not known"),
        ("RUN go vet . && sh build.sh", "what build.sh builds is not followed"),
    ],
)
def test_says_which_build_is_not_followed(build: str, why: str) -> None:
    files = {**SHOP, "build.sh": "#!/bin/sh\ngo build -o /shop .\n"}
    text = (
        f"FROM golang:1.24 AS build\nWORKDIR /src\nCOPY . .\n{build}\nFROM debian:12\n{COPY}{END}"
    )
    (refusal,) = rewrite(text, files, "slim-base")[2]
    assert refusal.code == "program-unknown"
    assert refusal.message.partition(": ")[2] == why

"""cache-mounts: the targets, all RUNs or none, and who else needs what is cached."""

from __future__ import annotations

import pytest

from gorewrite.config import Config
from tests.transforms.tools import planned, rewrite

SERVICE = {
    "go.mod": "module example.com/shop\n\ngo 1.22\n\nrequire github.com/go-chi/chi/v5 v5.0.12\n",
    "go.sum": "github.com/go-chi/chi/v5 v5.0.12 h1:x\n",
    "main.go": "package main\n\nfunc main() {}\n",
}
ALPINE = "golang:1.22-alpine"
BUILD = "go build -o /shop ."


def file(*lines: str, base: str = ALPINE) -> str:
    last = ("FROM scratch", "COPY --from=build /shop /shop", 'CMD ["/shop"]', "")
    return "\n".join((f"FROM {base} AS build", "WORKDIR /src", "COPY . .", *lines, *last))


def flags(modules: str, build: str) -> str:
    return f"--mount=type=cache,target={modules} \\\n    --mount=type=cache,target={build} \\\n    "


BOTH = flags("/go/pkg/mod", "/root/.cache/go-build")


def test_both_caches_and_the_command_untouched() -> None:
    new, changes, _ = rewrite(file(f"RUN {BUILD}"), SERVICE, "cache-mounts")
    assert new == file(f"RUN {BOTH}{BUILD}")
    assert [str(change.safety) for change in changes] == ["safe"]


def test_a_download_needs_the_modules_only() -> None:
    new, _, _ = rewrite(file("RUN go mod download", f"RUN {BUILD}"), SERVICE, "cache-mounts")
    download = "RUN --mount=type=cache,target=/go/pkg/mod go mod download"
    assert new == file(download, f"RUN {BOTH}{BUILD}")


@pytest.mark.parametrize(
    ("lines", "modules", "build"),
    [
        (("ENV GOPATH=/gopath",), "/gopath/pkg/mod", "/root/.cache/go-build"),
        (("ENV GOPATH=/a:/b",), "/a/pkg/mod", "/root/.cache/go-build"),
        (("ENV GOMODCACHE=/m GOCACHE=/c/",), "/m", "/c"),
        # Within one ENV the old values are put in (Dockerfile reference, "ENV").
        (("ENV GOPATH=/gopath GOMODCACHE=$GOPATH/m",), "/go/m", "/root/.cache/go-build"),
        (("ENV XDG_CACHE_HOME=/x",), "/go/pkg/mod", "/x/go-build"),
        (("ENV HOME=/srv",), "/go/pkg/mod", "/srv/.cache/go-build"),
        (("RUN go env -w GOMODCACHE=/m", "RUN go env -w GOCACHE=/c"), "/m", "/c"),
        (("ENV GOENV=off", "RUN go env -w GOCACHE=/c"), "/go/pkg/mod", "/root/.cache/go-build"),
        (("ENV GOCACHE=/c", "RUN go env -w GOCACHE=/d"), "/go/pkg/mod", "/c"),
        (("RUN go env -w GOCACHE=/c", "USER 0"), "/go/pkg/mod", "/c"),
        (("USER 0:0",), "/go/pkg/mod", "/root/.cache/go-build"),
    ],
)
def test_targets(lines: tuple[str, ...], modules: str, build: str) -> None:
    new, _, _ = rewrite(file(*lines, f"RUN {BUILD}"), SERVICE, "cache-mounts")
    assert new == file(*lines, f"RUN {flags(modules, build)}{BUILD}")


def test_packaged_go_has_its_modules_at_home() -> None:
    text = file("RUN apk add --no-cache go", f"RUN {BUILD}", base="alpine:3.20")
    new, _, _ = rewrite(text, SERVICE, "cache-mounts")
    assert f"RUN {flags('/root/go/pkg/mod', '/root/.cache/go-build')}{BUILD}" in new


@pytest.mark.parametrize(
    "command",
    [
        "make build",
        "make -C tools gen",
        "./build.sh",
        "sh build.sh",
        "golangci-lint run",
        "sh -c 'go vet ./...'",
        "echo $(go list ./...)",
        "time env GOOS=linux go vet ./...",
        "for d in a b; do go vet ./$d; done",
    ],
)
def test_every_run_that_uses_go(command: str) -> None:
    files = {
        **SERVICE,
        "Makefile": "build:\n\tgo build ./...\n",
        "tools/Makefile": "gen:\n\t$(GO) generate ./...\n",
        "build.sh": "#!/bin/sh\nexec go build ./...\n",
    }
    text = file(f"RUN {command}", f"RUN {BUILD}", "RUN ls")
    new, _, _ = rewrite(text, files, "cache-mounts")
    assert new == file(f"RUN {BOTH}{command}", f"RUN {BOTH}{BUILD}", "RUN ls")


def test_unknown_programs_get_the_mounts_under_review() -> None:
    text = file("RUN make generated", f"RUN {BUILD}")
    assert rewrite(text, SERVICE, "cache-mounts")[0] == text
    new, _, _ = rewrite(text, SERVICE, "cache-mounts", review=True)
    assert new == file(f"RUN {BOTH}make generated", f"RUN {BOTH}{BUILD}")


@pytest.mark.parametrize(
    "line",
    [
        "RUN go version",
        "RUN go env",
        "RUN make",
        "RUN apk add git",
        "RUN gofmt -l .",
        "RUN curl -s https://example.com/install.sh | sh -s -- -b /go/bin",
        "ONBUILD RUN go build ./...",
    ],
)
def test_nothing_to_mount(line: str) -> None:
    text = file(line)
    assert rewrite(text, SERVICE, "cache-mounts", review=True) == (text, (), ())


BLOCKED = {
    "modcache-needed-in-layer": (
        "RUN cp -r /go/pkg/mod/github.com/go-chi /chi",
        "RUN cp -r $GOPATH/pkg/mod /modules",
        "RUN ls $(go env GOMODCACHE)",
        "RUN protoc -I $(go list -m -f {{.Dir}} example.com/x) x.proto",
        "COPY --from=other /modules /go/pkg/mod",
        "RUN tar cf /all.tar /go",
    ),
    "buildcache-needed-in-layer": (
        "RUN cp -r /root/.cache/go-build /cache",
        "RUN mv /root /home",
    ),
    "cache-cleaned": (
        "RUN go clean -modcache",
        "RUN go clean -cache -testcache",
        "RUN rm -rf /go",
        "RUN rm -rf ~/.cache/*",
        "RUN rm -fr $GOPATH/pkg/mod/cache",
    ),
    "cache-path-unknown": (
        "RUN go env -w GOCACHE=$(pwd)/c",
        "ARG GOCACHE=/c",
        "ENV GOCACHE=$SOMEWHERE",
        "ENV GOMODCACHE=modules",
    ),
    "own-cache-mount": (
        "RUN --mount=type=cache,target=/go go test ./...",
        "RUN --mount=type=cache,target=/root/.cache go test ./...",
    ),
    "private-modules": (
        "RUN --mount=type=ssh go mod download",
        "RUN --network=none go test ./...",
        "RUN GOPROXY=https://proxy.example.com go mod download",
        "RUN git config --global http.extraHeader x && go mod download && rm ~/.gitconfig",
    ),
}


@pytest.mark.parametrize(("code", "line"), [(c, line) for c in BLOCKED for line in BLOCKED[c]])
def test_a_cache_that_others_need_is_not_mounted(code: str, line: str) -> None:
    _, _, refusals = rewrite(file(line, f"RUN {BUILD}"), SERVICE, "cache-mounts")
    assert [refusal.code for refusal in refusals] == [code]


@pytest.mark.parametrize(
    "line",
    [
        "RUN mkdir -p /go/pkg/mod && chown -R root /go",
        "RUN go clean",
        "RUN rm -rf /var/cache/apk/* /root/.npm",
        "RUN rm -f /root/*.zip",
        "COPY --from=other /go/bin/tool /go/bin/tool",
        "ENV PATH=$PATH:/go/bin",
    ],
)
def test_harmless_neighbours(line: str) -> None:
    new, _, refusals = rewrite(file(line, f"RUN {BUILD}"), SERVICE, "cache-mounts")
    assert new == file(line, f"RUN {BOTH}{BUILD}")
    assert not refusals


@pytest.mark.parametrize(
    ("copied", "code"),
    [
        ("/go", "modcache-needed-in-layer"),
        ("/go/pkg/mod/cache", "modcache-needed-in-layer"),
        ("/root/.cache", "buildcache-needed-in-layer"),
        ("/go/bin", None),
        ("/src", None),
    ],
)
def test_what_later_stages_copy(copied: str, code: str | None) -> None:
    text = file(f"RUN {BUILD}") + f"COPY --from=build {copied} /copy\n"
    _, _, refusals = rewrite(text, SERVICE, "cache-mounts")
    assert [refusal.code for refusal in refusals] == ([code] if code else [])


@pytest.mark.parametrize(
    ("command", "safe"),
    [
        ('CMD ["/shop"]', True),
        ('CMD ["go", "run", "."]', False),
        ("ENTRYPOINT air -c .air.toml", False),
        ('CMD ["sleep", "infinity"]', False),
        ('CMD ["sh", "-c", "go test ./..."]', False),
        ('ENTRYPOINT ["/src/start.sh"]', False),
    ],
)
def test_what_the_shipped_container_runs(command: str, safe: bool) -> None:
    files = {**SERVICE, "start.sh": "#!/bin/sh\nexec go run .\n"}
    text = f"FROM {ALPINE}\nWORKDIR /src\nCOPY . .\nRUN {BUILD}\n{command}\n"
    new, _, refusals = rewrite(text, files, "cache-mounts")
    assert ("--mount" in new) is safe
    assert bool(refusals) is not safe


def test_an_image_without_command_asks_for_review() -> None:
    text = f"FROM {ALPINE}\nWORKDIR /src\nCOPY . .\nRUN {BUILD}\n"
    _, changes, _ = rewrite(text, SERVICE, "cache-mounts")
    assert [str(change.safety) for change in changes] == ["review"]


@pytest.mark.parametrize(
    ("syntax", "known"),
    [
        ("docker/dockerfile:1", True),
        ("docker/dockerfile:1.4", True),
        ("docker.io/docker/dockerfile:1.7-labs", True),
        ("docker/dockerfile", True),
        ("docker/dockerfile:1.1", False),
        ("docker/dockerfile:experimental", True),
        ("docker/dockerfile:1.0-experimental", True),
        ("example.com/frontend:3", False),
    ],
)
def test_the_frontend_has_to_know_mounts(syntax: str, known: bool) -> None:
    new, _, refusals = rewrite(
        f"# syntax={syntax}\n" + file(f"RUN {BUILD}"), SERVICE, "cache-mounts"
    )
    assert ("--mount" in new) is known
    assert [refusal.code for refusal in refusals] == ([] if known else ["old-syntax"])


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("Makefile", "image:\n\tDOCKER_BUILDKIT=0 docker build .\n"),
        ("build.py", "import docker\ndocker.from_env().images.build(path='.')\n"),
        (".github/workflows/ci.yml", "env:\n  DOCKER_BUILDKIT: '0'\n"),
        (
            "skaffold.yaml",
            "apiVersion: skaffold/v4beta1\nkind: Config\n"
            "build:\n  artifacts:\n    - image: shop\n      kaniko: {}\n",
        ),
    ],
)
def test_a_builder_without_mounts(path: str, text: str) -> None:
    before = file(f"RUN {BUILD}")
    new, _, refusals = rewrite(before, {**SERVICE, path: text}, "cache-mounts")
    assert new == before
    assert [refusal.code for refusal in refusals] == ["builder-cannot-mount"]


def test_the_owners_mount_is_taken_over() -> None:
    mine = "type=cache,id=shop,sharing=locked,target=/go/pkg/mod"
    text = file(f"RUN --mount={mine} go mod download", f"RUN {BUILD}")
    new, _, _ = rewrite(text, SERVICE, "cache-mounts")
    assert new == file(
        f"RUN --mount={mine} go mod download",
        f"RUN --mount={mine} \\\n"
        f"    --mount=type=cache,target=/root/.cache/go-build \\\n    {BUILD}",
    )


def test_numeric_users_need_a_home() -> None:
    user = ("USER 1000:1001", f"RUN {BUILD}")
    refused = rewrite(file(*user), SERVICE, "cache-mounts", review=True)[2]
    assert [refusal.code for refusal in refused] == ["cache-path-unknown"]
    new, _, _ = rewrite(file("ENV GOCACHE=/tmp/c", *user), SERVICE, "cache-mounts")
    assert "target=/go/pkg/mod,uid=1000,gid=1001 " in new
    assert "target=/tmp/c,uid=1000,gid=1001 " in new


def test_apt_on_request() -> None:
    text = file(
        "RUN apt-get update && apt-get install -y make", f"RUN {BUILD}", base="golang:1.22-bookworm"
    )
    for asked in (False, True):
        plan = planned(text, SERVICE, "cache-mounts", config=Config(apt_cache_mounts=asked))
        assert (b"target=/var/lib/apt,sharing=locked" in plan.new) is asked


TARGETS = """FROM golang:1.22 AS base
WORKDIR /src
COPY . .
{base}
FROM base AS dev
{dev}
FROM base AS prod
RUN {mounts}go build -o /shop .
CMD ["/shop"]
"""


@pytest.mark.parametrize(
    ("dev", "base", "codes"),
    [
        ('CMD ["go", "run", "."]', "", []),
        ("RUN go clean -modcache\nCMD sleep 1", "", []),
        ("RUN cp -r /go/pkg/mod /mods\nCMD ./x", "", []),
        ('CMD ["go", "run", "."]', "RUN go mod download", ["modcache-needed-in-layer"]),
        ('CMD ["go", "run", "."]', "RUN go build ./...",
         ["modcache-needed-in-layer", "buildcache-needed-in-layer"]),
    ],
)  # fmt: skip
def test_only_stages_with_the_layers_count(dev: str, base: str, codes: list[str]) -> None:
    old = TARGETS.format(dev=dev, base=base, mounts="")
    new, _, refusals = rewrite(old, SERVICE, "cache-mounts")
    assert [refusal.code for refusal in refusals] == codes
    if not codes:
        assert new == TARGETS.format(dev=dev, base=base, mounts=BOTH)

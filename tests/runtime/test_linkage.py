"""Static, glibc or musl: what a binary needs to start."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from gorewrite.evidence import Unknown
from gorewrite.gobuild.toolchain import cgo_setting, go_version
from gorewrite.runtime.linkage import Linkage, linkage
from gorewrite.runtime.programs import programs
from tests.repositories import GO_MOD, MAIN, SHOP, built, facts_of

DEBIAN = "FROM golang:1.22\nWORKDIR /src\nCOPY . .\n"
ALPINE = "FROM golang:1.22-alpine\nWORKDIR /src\nCOPY . .\n"
SQLITE = {
    "go.mod": GO_MOD + "\nrequire github.com/mattn/go-sqlite3 v1.14.22\n",
    "main.go": 'package main\n\nimport _ "github.com/mattn/go-sqlite3"\n\nfunc main() {}\n',
}
PUREGO = {
    "go.mod": GO_MOD + "\nrequire github.com/ebitengine/purego v0.8.0\n",
    "main.go": 'package main\n\nimport _ "github.com/ebitengine/purego"\n\nfunc main() {}\n',
}
CXX = {
    "go.mod": GO_MOD,
    "main.go": 'package main\n\nimport "C"\n\nfunc main() {}\n',
    "sum.cpp": 'extern "C" int sum(int a, int b) { return a + b; }\n',
}


def linked(top: Path, dockerfile: str, files: Mapping[str, str] | None = None) -> Linkage:
    (program,) = programs(facts_of(top, dockerfile, files).final)
    return program.linkage


@pytest.mark.parametrize(
    ("dockerfile", "kind"),
    [
        (DEBIAN + "RUN CGO_ENABLED=0 go build -o /app .\n", "static"),
        (DEBIAN + "RUN export CGO_ENABLED=0 && go build -o /app .\n", "static"),
        (DEBIAN + "ENV CGO_ENABLED=0\nRUN go build -o /app .\n", "static"),
        (DEBIAN + "RUN env CGO_ENABLED=0 go build -o /app .\n", "static"),
        (DEBIAN + "RUN go env -w CGO_ENABLED=0 && go build -o /app .\n", "static"),
        (DEBIAN + "RUN go build -o /app .\n", "glibc"),
        (DEBIAN + "RUN go build -ldflags '-extldflags \"-static\"' -o /app .\n", "glibc"),
        (DEBIAN + "RUN go build -tags netgo,osusergo -o /app .\n", "static"),
        (DEBIAN + "RUN go build -tags netgo -o /app .\n", "glibc"),
        (
            DEBIAN + "RUN GOEXPERIMENT=boringcrypto go build -tags netgo,osusergo -o /app .\n",
            "glibc",
        ),
        (DEBIAN + "RUN CGO_ENABLED=0 go build -buildmode=pie -o /app .\n", "glibc"),
        (DEBIAN + 'ENV GOFLAGS="-buildmode=pie"\nRUN CGO_ENABLED=0 go build -o /app .\n', "glibc"),
        (DEBIAN + "ENV CGO_ENABLED=0\nRUN CGO_ENABLED=1 go build -o /app .\n", "glibc"),
        (DEBIAN + "RUN CGO_ENABLED=0 go vet . && go build -o /app .\n", "glibc"),
        (DEBIAN + "ARG CGO_ENABLED\nRUN go build -o /app .\n", "unknown"),
        (DEBIAN + "ARG TARGETARCH\nRUN GOARCH=$TARGETARCH go build -o /app .\n", "unknown"),
        (ALPINE + "RUN go build -o /app .\n", "static"),
        (ALPINE + "RUN apk add --no-cache git make && go build -o /app .\n", "static"),
        (ALPINE + "RUN go build -o /app . && apk add gcc\n", "static"),
        (ALPINE + "RUN apk add gcc musl-dev\nRUN go build -o /app .\n", "musl"),
        (ALPINE + "RUN apk add --no-cache vips-dev\nRUN go build -o /app .\n", "unknown"),
        (ALPINE + "RUN ./setup.sh\nRUN go build -o /app .\n", "unknown"),
        (ALPINE + "RUN CC=clang go build -o /app .\n", "unknown"),
        (ALPINE.replace("1.22", "1.19") + "RUN go build -o /app .\n", "musl"),
        (
            ALPINE + "RUN apk add build-base\n"
            "RUN go build -ldflags '-linkmode external -extldflags \"-static\"' -o /app .\n",
            "static",
        ),
        ("FROM example.com/go:1\nWORKDIR /src\nCOPY . .\nRUN go build -o /app .\n", "unknown"),
    ],
)
def test_kind(tmp_path: Path, dockerfile: str, kind: str) -> None:
    found = linked(tmp_path, dockerfile)
    assert found.kind == kind
    assert found.because


@pytest.mark.parametrize(
    ("files", "line", "kind"),
    [
        (SQLITE, "RUN go build -o /app .\n", "glibc"),
        (SQLITE, "RUN go build -tags netgo,osusergo -o /app .\n", "glibc"),
        # The owner has switched cgo off: what starts is a static binary, stub or not.
        (SQLITE, "RUN CGO_ENABLED=0 go build -o /app .\n", "static"),
        (PUREGO, "RUN CGO_ENABLED=0 go build -o /app .\n", "glibc"),
    ],
)
def test_modules_decide(tmp_path: Path, files: Mapping[str, str], line: str, kind: str) -> None:
    assert linked(tmp_path, DEBIAN + line, files).kind == kind


def test_loader_that_only_go_mod_names(tmp_path: Path) -> None:
    loader = "\nrequire github.com/ebitengine/purego v0.8.0 // indirect\n"
    line = "RUN CGO_ENABLED=0 go build -o /app .\n"
    found = linked(tmp_path, DEBIAN + line, {**SHOP, "go.mod": GO_MOD + loader})
    assert found.kind == "unknown"
    assert found.because[0].path == "go.mod"
    # gopsutil brings it for other systems.
    explained = GO_MOD + loader + "require github.com/shirou/gopsutil/v4 v4.24.0\n"
    assert linked(tmp_path, DEBIAN + line, {**SHOP, "go.mod": explained}).kind == "static"


def test_cxx(tmp_path: Path) -> None:
    found = linked(tmp_path, DEBIAN + "RUN go build -o /app .\n", CXX)
    assert (found.kind, found.cxx) == ("glibc", True)
    assert not linked(tmp_path, DEBIAN + "RUN go build -o /app .\n", SHOP | {"sum.cpp": ""}).cxx


def test_arg_default_is_assumed(tmp_path: Path) -> None:
    found = linked(tmp_path, DEBIAN + "ARG CGO_ENABLED=0\nRUN go build -o /app .\n")
    assert (found.kind, found.assumed) == ("static", True)
    assert not linked(tmp_path, DEBIAN + "ENV CGO_ENABLED=0\nRUN go build -o /app .\n").assumed


def test_sources_unknown(tmp_path: Path) -> None:
    """Without the sources only a go.mod without loaders is proof."""
    text = DEBIAN + "RUN CGO_ENABLED=0 go build -o /app .\n"
    stage, invocation = built(facts_of(tmp_path, text))
    assert linkage(stage, invocation, Unknown("not read")).kind == "static"
    stage, invocation = built(facts_of(tmp_path / "bare", text, {"main.go": MAIN}))
    assert linkage(stage, invocation, Unknown("not read")).kind == "unknown"


def test_sourced_script_may_set_it(tmp_path: Path) -> None:
    stage, invocation = built(facts_of(tmp_path, DEBIAN + "RUN . ./env.sh && go build -o /app\n"))
    setting = cgo_setting(stage, invocation)
    assert (setting.value, setting.explicit) == (None, True)


def test_parent_stage_decides(tmp_path: Path) -> None:
    text = (
        "FROM golang:1.22-alpine AS base\nRUN apk add --no-cache gcc\nENV CGO_ENABLED=0\n"
        "FROM base\nWORKDIR /src\nCOPY . .\nRUN go build -o /app .\n"
    )
    stage, invocation = built(facts_of(tmp_path, text), 1)
    setting = cgo_setting(stage, invocation)
    assert (setting.value, setting.explicit, setting.because.line) == (False, True, 3)
    assert str(go_version(stage, invocation)) == "1.22"


def test_version_from_go_mod(tmp_path: Path) -> None:
    text = "FROM example.com/go\nWORKDIR /src\nCOPY . .\nRUN go build -o /app .\n"
    stage, invocation = built(facts_of(tmp_path, text))
    assert str(go_version(stage, invocation)) == "1.22"
    assert go_version(stage) is None

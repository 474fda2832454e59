"""build-flags: what it writes into a RUN, and when it writes nothing."""

from __future__ import annotations

import pytest

from gorewrite.config import Config
from tests.repositories import GO_MOD, SHOP
from tests.transforms.tools import planned, rewrite

FROM = "FROM golang:1.22\nWORKDIR /app\nCOPY . .\n"
END = 'CMD ["/app/shop"]\n'
ADDED = 'CGO_ENABLED=0 GOOS=linux go build -trimpath -ldflags="-s -w"'
DONE = 'CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o shop .'
UNKNOWN = {
    "go.mod": GO_MOD + "\nrequire example.org/queue v1.0.0\n",
    "main.go": 'package main\n\nimport _ "example.org/queue"\n\nfunc main() {}\n',
}


def run(line: str, *, top: str = FROM, files: dict[str, str] | None = None) -> str:
    """The RUN that `RUN line` becomes, without `RUN `."""
    new, _, _ = rewrite(f"{top}RUN {line}\n{END}", SHOP if files is None else files, "build-flags")
    assert new.startswith(top) and new.endswith(END)
    return new[len(top) + 4 : -len(END) - 1]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("go build", ADDED),
        ("go build -o shop .", f"{ADDED} -o shop ."),
        ("  go build -o shop .", f"  {ADDED} -o shop ."),
        (
            "go install .",
            'CGO_ENABLED=0 go install -trimpath -ldflags="-s -w" .',
        ),
        (
            "GOARCH=arm64 go build -o shop .",
            'CGO_ENABLED=0 GOOS=linux GOARCH=arm64 go build -trimpath -ldflags="-s -w" -o shop .',
        ),
        (
            "GOOS=linux go build -o shop .",
            'CGO_ENABLED=0 GOOS=linux go build -trimpath -ldflags="-s -w" -o shop .',
        ),
        ("cd /app && go build", f"cd /app && {ADDED}"),
        (
            "go -C /app build",
            'CGO_ENABLED=0 GOOS=linux go -C /app build -trimpath -ldflags="-s -w"',
        ),
        # Wrappers: env and sudo take assignments, the others do not.
        ("env A=b go build", f"env A=b {ADDED}"),
        ("sudo -E go build", f"sudo -E {ADDED}"),
        (
            "nice -n 5 go build",
            'CGO_ENABLED=0 GOOS=linux nice -n 5 go build -trimpath -ldflags="-s -w"',
        ),
        (
            "time env A=b nice go build",
            'time env A=b CGO_ENABLED=0 GOOS=linux nice go build -trimpath -ldflags="-s -w"',
        ),
        # Only what is missing.
        ("CGO_ENABLED=0 go build -o shop .", DONE),
        (
            "CGO_ENABLED=0 go build -trimpath -o shop .",
            'CGO_ENABLED=0 go build -ldflags="-s -w" -trimpath -o shop .',
        ),
        (
            'CGO_ENABLED=0 go build -trimpath -ldflags "-w" -o shop .',
            'CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o shop .',
        ),
        (
            "CGO_ENABLED=0 go build -trimpath --ldflags=-w -o shop .",
            'CGO_ENABLED=0 go build -trimpath --ldflags="-s -w" -o shop .',
        ),
        (
            "CGO_ENABLED=0 go build -trimpath -ldflags=\"-X 'main.v=a b'\" -o shop .",
            "CGO_ENABLED=0 go build -trimpath -ldflags=\"-s -w -X 'main.v=a b'\" -o shop .",
        ),
        # Obsolete flags.
        ("CGO_ENABLED=0 go build -a -installsuffix cgo -o shop .", DONE),
        ("CGO_ENABLED=0 go build -installsuffix=cgo -a -o shop .", DONE),
        ("CGO_ENABLED=0 go build -a \\\n    -o shop .", DONE.replace(" -o", " \\\n    -o")),
        ("CGO_ENABLED=0 go build \\\n    -a \\\n    -o shop .", DONE.replace(" -o", " \\\n    -o")),
        (
            "CGO_ENABLED=0 go build \\\n    -a -installsuffix cgo -o shop .",
            DONE.replace(" -o", " \\\n    -o"),
        ),
        (
            "CGO_ENABLED=1 go build -a -o shop .",
            'CGO_ENABLED=1 go build -trimpath -ldflags="-s -w" -a -o shop .',
        ),
        # Several commands in one RUN, tests and tools left alone.
        (
            "go test ./... && go build && go install example.org/lint@v1.0.0",
            f"go test ./... && {ADDED} && go install example.org/lint@v1.0.0",
        ),
        ("for i in 1 2; do go build -o /$i .; done", f"for i in 1 2; do {ADDED} -o /$i .; done"),
        (
            '["go", "build", "-o", "shop"]',
            '["env", "CGO_ENABLED=0", "GOOS=linux", "go", "build", "-trimpath", "-ldflags=-s -w", '
            '"-o", "shop"]',
        ),
        (
            "<<EOF\ngo vet .\ngo build -o shop .\nEOF",
            f"<<EOF\ngo vet .\n{ADDED} -o shop .\nEOF",
        ),
    ],
)
def test_rewrites(line: str, expected: str) -> None:
    assert run(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        DONE,
        "CGO_ENABLED=0 go build -trimpath -ldflags='-w -s' -o shop .",
        # Go 1.22: -s implies -w.
        "CGO_ENABLED=0 go build -trimpath -ldflags=-s -o shop .",
        "CGO_ENABLED=0 go build -trimpath=false -ldflags '-s=false' -o shop .",
        "CGO_ENABLED=0 go build -trimpath -ldflags '-w=0' -o shop .",
        "go build -o /dev/null .",
        "go build ./...",
        "go test -c -o shop .",
        "go run .",
        "go vet ./... && go generate ./... && go mod download",
        "go install example.org/tool@latest",
        "go build -n .",
        "go build -cover -o shop .",
        "GOOS=windows CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o shop.exe .",
        "echo go build -o shop .",
        'sh -c "go build -o shop ."',
        "git clone https://example.com/x && my-go build -o shop .",
    ],
)
def test_leaves_alone(line: str) -> None:
    files = {**SHOP, "cart/cart.go": "package cart\n"}
    new, changes, refusals = rewrite(f"{FROM}RUN {line}\n{END}", files, "build-flags")
    assert new == f"{FROM}RUN {line}\n{END}"
    assert not changes
    assert not refusals


@pytest.mark.parametrize(
    ("top", "line", "code", "expected"),
    [
        (
            "",
            "CGO_ENABLED=1 go build -o shop .",
            "cgo-explicit",
            "CGO_ENABLED=1 go build -trimpath",
        ),
        ("ENV CGO_ENABLED=1\n", "go build -o shop .", "cgo-explicit", "go build -trimpath"),
        ("ARG CGO_ENABLED\n", "go build -o shop .", "cgo-explicit", "go build -trimpath"),
        ("", "go build -race -o shop .", "race-build", "go build -trimpath"),
        ("", "go build -buildmode=pie -o shop .", "pie-build", "go build -trimpath"),
        ("", "go build -buildmode=c-shared -o shop.so .", "plugin", "go build -buildmode"),
        ("", "go build -ldflags '-linkmode external' .", "external-linking", "go build -trimpath"),
        ("ENV GOEXPERIMENT=boringcrypto\n", "go build -o shop .", "fips", "go build -o"),
        ("ENV RES_OPTIONS=ndots:2\n", "go build -o shop .", "cgo-resolver", "go build -trimpath"),
        ("ENV GOFLAGS=-ldflags=-w\n", "go build -o shop .", "goflags", "-trimpath -o"),
        ("ARG F\n", "go build $F -o shop .", "unreadable-command", "go build $F"),
        ("ARG F\n", "go build -ldflags $F -o shop .", "", '-ldflags "-s -w $F"'),
        ("", "go build -gcflags 'all=-N -l' -o shop .", "debug-symbols", "go build -gcflags"),
        (
            "RUN curl -o x https://example.com/oneagent\n",
            "go build .",
            "debug-symbols",
            "-trimpath .",
        ),
    ],
)
def test_refusals(top: str, line: str, code: str, expected: str) -> None:
    new, _, refusals = rewrite(f"{FROM}{top}RUN {line}\n{END}", SHOP, "build-flags")
    assert [refusal.code for refusal in refusals] == ([code] if code else [])
    assert all(refusal.because and refusal.message for refusal in refusals)
    assert expected in new


def test_time_keyword_of_bash() -> None:
    """`time` is a keyword only as the first word; dash and busybox have a program of the name."""
    bash = FROM + 'SHELL ["/bin/bash", "-c"]\n'
    assert run("time go build", top=bash) == f"time {ADDED}"
    assert run("time go build").startswith("CGO_ENABLED=0 GOOS=linux time go build")


def test_unknown_module_asks_for_review() -> None:
    text = f"{FROM}RUN go build -o shop .\n{END}"
    new, changes, _ = rewrite(text, UNKNOWN, "build-flags")
    assert 'RUN go build -trimpath -ldflags="-s -w" -o shop .' in new
    assert [(str(c.safety), c.applied) for c in changes] == [("safe", True), ("review", False)]
    assert "example.org/queue" in changes[1].message
    new, changes, _ = rewrite(text, UNKNOWN, "build-flags", review=True)
    assert f"RUN {ADDED} -o shop ." in new
    assert [(str(c.safety), c.applied) for c in changes] == [("safe", True), ("review", True)]


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        # No C compiler: cgo is off, or the build with C code fails already.
        ("golang:1.22-alpine", f"{ADDED} -o shop ."),
        ("golang:1.17-alpine", f"{ADDED} -o shop ."),
        ("golang:1.12", 'go build -ldflags="-s -w" -o shop .'),
        # Which Go it is shows in go.mod.
        ("example.com/go", 'go build -trimpath -ldflags="-s -w" -o shop .'),
    ],
)
def test_images(image: str, expected: str) -> None:
    top = FROM.replace("golang:1.22", image)
    final = "\nFROM scratch\nCOPY --from=0 /app/shop /app/shop"
    new, _, _ = rewrite(f"{top}RUN go build -o shop .{final}\n{END}", UNKNOWN, "build-flags")
    assert f"RUN {expected}\n" in new


def test_configuration_switches_flags_off() -> None:
    text = f"{FROM}RUN go build -o shop .\n{END}"
    plan = planned(text, SHOP, "build-flags", config=Config(strip=False, trimpath=False))
    assert b"RUN CGO_ENABLED=0 GOOS=linux go build -o shop ." in plan.new
    plan = planned(text, SHOP, "build-flags", config=Config(legacy_static_flags=True))
    assert b"go build -a -installsuffix cgo -trimpath" in plan.new


def test_stage_that_is_only_mounted() -> None:
    text = (
        FROM.replace("1.22", "1.22 AS tools")
        + "RUN go build -o /tool .\nFROM golang:1.22\nRUN --mount=from=tools,target=/t /t/tool\n"
    )
    new, changes, _ = rewrite(text, SHOP, "build-flags")
    assert (new, changes) == (text, ())


def test_makefile() -> None:
    text = f"{FROM}RUN make shop\n{END}"
    make = {**SHOP, "Makefile": "shop:\n\t@go build -o $@ .\n"}
    new, changes, refusals = rewrite(text, make, "build-flags")
    assert new == text
    assert [r.code for r in refusals] == ["indirect-build"]
    assert [(c.message.partition(";")[0], c.applied) for c in changes] == [
        ("add CGO_ENABLED=0", False)
    ]
    decided = {**SHOP, "Makefile": "shop:\n\tCGO_ENABLED=1 go build -trimpath -ldflags '-s -w' .\n"}
    assert rewrite(text, decided, "build-flags")[1:] == ((), ())


def test_build_settings_read_by_the_program() -> None:
    main = (
        'package main\n\nimport "runtime/debug"\n\nfunc main() {\n'
        "\tinfo, _ := debug.ReadBuildInfo()\n"
        '\tfor _, s := range info.Settings {\n\t\tif s.Key == "-ldflags" {\n'
        "\t\t\tprintln(s.Value)\n\t\t}\n\t}\n}\n"
    )
    files = {"go.mod": GO_MOD, "main.go": main}
    new, _, refusals = rewrite(f"{FROM}RUN go build .\n{END}", files, "build-flags")
    assert [r.code for r in refusals] == ["build-settings"]
    assert "-trimpath" not in new

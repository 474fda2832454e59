"""The programs of a stage and what they need."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.evidence import Unknown
from gorewrite.golang.needs import ProgramNeeds
from gorewrite.runtime.programs import main_packages, needs_of, programs
from gorewrite.stage.outputs import outputs_of
from tests.repositories import GO_MOD, MAIN, SHOP, built, facts_of

TOP = "FROM golang:1.22\nWORKDIR /src\nCOPY . .\n"
TWO = {"go.mod": GO_MOD, "cmd/api/main.go": MAIN, "cmd/worker/main.go": MAIN}


def test_programs_of_the_lineage(tmp_path: Path) -> None:
    text = (
        TOP.replace("golang:1.22", "golang:1.22 AS base")
        + "RUN go build -o /out/api ./cmd/api\n"
        + "FROM base\nRUN CGO_ENABLED=0 go build -o /out/worker ./cmd/worker\n"
    )
    found = programs(facts_of(tmp_path, text, TWO).final)
    assert [(p.path, p.output.package_dir, p.linkage.kind) for p in found] == [
        ("/out/api", "cmd/api", "glibc"),
        ("/out/worker", "cmd/worker", "static"),
    ]


def test_tags_and_cgo_of_the_command_count(tmp_path: Path) -> None:
    files = {
        **SHOP,
        "c.go": '//go:build withc\n\npackage main\n\nimport "C"\n',
    }
    verdicts = {}
    for flags in ("", "-tags withc", "-tags $TAGS"):
        facts = facts_of(tmp_path, TOP + f"ARG TAGS\nRUN go build {flags} -o /app .\n", files)
        stage, invocation = built(facts)
        outputs = outputs_of(stage, invocation)
        assert not isinstance(outputs, Unknown)
        (output,) = outputs
        needs = needs_of(stage, invocation, output)
        verdicts[flags] = needs.cgo.verdict if isinstance(needs, ProgramNeeds) else needs.why
    assert verdicts == {
        "": "pure",
        "-tags withc": "cgo",
        "-tags $TAGS": "the build tags are not known",
    }


@pytest.mark.parametrize(
    ("line", "packages"),
    [
        ("go build -o /app ./cmd/api", ("cmd/api",)),
        ("go build -o $OUT ./cmd/api", ("cmd/api",)),
        ("go build -o /bin/ ./cmd/...", ("cmd/api", "cmd/worker")),
        ("go install example.com/shop/cmd/worker", ("cmd/worker",)),
        ("cd cmd/api && go build -o /api main.go", ("cmd/api",)),
        ("for p in api worker; do go build -o /$p ./cmd/$p; done", ("cmd/api", "cmd/worker")),
        ("for p in cmd/*; do go build -o /bin/$p ./$p; done", ("cmd/api", "cmd/worker")),
        ("for p in ./cmd/w*; do go build -o /bin/ $p; done", ("cmd/worker",)),
        ("go build -o /bin/ ./cmd/*", ("cmd/api", "cmd/worker")),
        ("go build -o /app ./cmd/$SERVICE", ("cmd/api", "cmd/worker")),
        ("go build -o /app cmd/${SERVICE}/main.go", ("cmd/api", "cmd/worker")),
        ("go build -o /app $WITH_DEFAULT", ("cmd/api", "cmd/worker")),
        ("cd cmd/$SERVICE && go build -o /app .", ("cmd/api", "cmd/worker")),
        ("go build -C cmd/${SERVICE} -o /app .", ("cmd/api", "cmd/worker")),
        ("for p in $SERVICES; do go build -o /$p ./cmd/$p; done", ("cmd/api", "cmd/worker")),
        ("go build -o /app $PLACE/cmd/api", ("cmd/api",)),
    ],
)
def test_main_packages(tmp_path: Path, line: str, packages: tuple[str, ...]) -> None:
    args = "ARG OUT\nARG SERVICE=api\nARG SERVICES\nARG WITH_DEFAULT=./cmd/api\n"
    top = TOP.replace("COPY . .", "ARG PLACE=/src\nCOPY . $PLACE")
    stage, invocation = built(facts_of(tmp_path, f"{top}{args}RUN {line}\n", TWO))
    assert main_packages(stage, invocation) == packages


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("COPY . .\nWORKDIR /src/cmd/$SERVICE", ("cmd/api", "cmd/worker")),
        ("COPY . .\nENV NAME=$SERVICE\nWORKDIR cmd/${NAME}", ("cmd/api", "cmd/worker")),
        # The sources move along.
        ("WORKDIR /src/$SERVICE\nCOPY cmd/api .", ("cmd/api",)),
        ("COPY cmd/$SERVICE .", None),
        ("COPY api/$ONE .", ("api/v1",)),
    ],
)
def test_what_an_argument_chooses(
    tmp_path: Path, before: str, expected: tuple[str, ...] | None
) -> None:
    text = f"FROM golang:1.22\nWORKDIR /src\nARG SERVICE=api\nARG ONE=v1\n{before}\n"
    files = {**TWO, "api/v1/main.go": MAIN, "api/README": ""}
    stage, invocation = built(facts_of(tmp_path, f"{text}RUN go build -o /app .\n", files))
    found = main_packages(stage, invocation)
    assert (None if isinstance(found, Unknown) else found) == expected
    paths = [(program.path, program.output.package_dir) for program in programs(stage)]
    assert paths == [("/app", each) for each in expected or ()]


@pytest.mark.parametrize(
    "line",
    [
        "go build -o /app $PACKAGES",
        "go build -o /app ./cmd/missing",
        "for p in $(ls cmd); do go build -o /$p ./cmd/$p; done",
        "while read p; do go build -o /$p ./cmd/$p; done < list",
        "go install example.org/other/cmd/tool",
    ],
)
def test_main_packages_unknown(tmp_path: Path, line: str) -> None:
    text = f"{TOP}ARG PACKAGES\nARG SERVICES\nRUN {line}\n"
    stage, invocation = built(facts_of(tmp_path, text, TWO))
    assert isinstance(main_packages(stage, invocation), Unknown)

"""dockerignore: which patterns are written, above what, and what keeps them away."""

from __future__ import annotations

from pathlib import Path

import pytest
from gorewrite.transforms.dockerignore import _PATTERNS, _matching

from gorewrite.config import Config
from gorewrite.context.ignorefile import IgnoreFile
from gorewrite.engine import Plan
from gorewrite.outcome import changes_on_disk
from gorewrite.project import Workspace
from gorewrite.transform import Safety
from tests.transforms.tools import planned, transform

MAIN = 'package main\n\nimport "os"\n\nfunc main() { os.Exit(0) }\n'
FILES = {"go.mod": "module example.com/shop\n\ngo 1.24\n", "main.go": MAIN, "README.md": "# Shop\n"}
BUILD = "FROM golang:1.24-alpine AS build\nWORKDIR /src\nCOPY . .\n{}RUN go build -o /shop .\n"
SCRATCH = 'FROM scratch\nCOPY --from=build /shop /shop\nCMD ["/shop"]\n'
PLAIN = BUILD.format("") + SCRATCH
EVERYTHING = [
    ".git", ".idea", ".vscode", ".dockerignore", "Dockerfile*", "coverage.out", "*.log", "*.md",
]  # fmt: skip
WITHOUT_DOCUMENTATION = EVERYTHING[:-2]


def plan(dockerfile: str, **files: str) -> Plan:
    """Keyword arguments are paths: `__` stands for `.`, `___` for `/`."""
    named = {k.replace("___", "/").replace("__", "."): v for k, v in files.items()}
    return planned(dockerfile, FILES | named, "dockerignore")


def patterns(result: Plan) -> list[str]:
    """The lines of the written file; [] when none is."""
    return [line for file in result.files for line in file.new.decode().split("\n") if line]


def test_created() -> None:
    result = plan(PLAIN)
    assert patterns(result) == EVERYTHING
    assert result.files[0].old is None
    assert result.new == result.old


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("bin\n", ".git\n.dockerignore\nDockerfile*\n*.md\n\nbin\n"),
        ("bin", ".git\n.dockerignore\nDockerfile*\n*.md\n\nbin"),
        ("bin\r\n", ".git\r\n.dockerignore\r\nDockerfile*\r\n*.md\r\n\r\nbin\r\n"),
        ("\ufeffbin\n", "\ufeff.git\n.dockerignore\nDockerfile*\n*.md\n\nbin\n"),
        ("", ".git\n.dockerignore\nDockerfile*\n*.md\n"),
        ("README.md\n", ".git\n.dockerignore\nDockerfile*\n\nREADME.md\n"),
        ("!Dockerfile\n", ".git\n.dockerignore\n*.md\n\n!Dockerfile\n"),
        ("/.git/\n.docker*\nDocker*\n*.md\n", None),
        ("# only\n*\n!*.go\n", None),
    ],
)
def test_existing_file(old: str, new: str | None) -> None:
    result = plan(PLAIN, __dockerignore=old)
    assert [file.new.decode() for file in result.files] == ([new] if new is not None else [])


@pytest.mark.parametrize(
    ("dockerfile", "wanted"),
    [
        pytest.param(PLAIN.replace("COPY . .", "COPY go.mod main.go ./"), [], id="by name"),
        pytest.param(PLAIN.replace("COPY . .", "COPY * ./"), [], id="pattern"),
        pytest.param(
            PLAIN.replace("COPY . .", "COPY Dockerfile README.md ./\nCOPY . ."),
            [p for p in EVERYTHING if p not in ("Dockerfile*", "*.md")],
            id="also by name",
        ),
        pytest.param(
            PLAIN.replace("COPY . .", "ARG X\nCOPY . .\nCOPY $X /x"),
            EVERYTHING[:3],
            id="source not known",
        ),
        pytest.param(BUILD.format("RUN go vet ./...\n") + SCRATCH, WITHOUT_DOCUMENTATION, id="vet"),
        pytest.param(BUILD.format("RUN make\n") + SCRATCH, WITHOUT_DOCUMENTATION, id="make"),
        pytest.param(BUILD.format("RUN cp -r . /a\n") + SCRATCH, WITHOUT_DOCUMENTATION, id="cp ."),
        pytest.param(BUILD.format("RUN cp go.mod /a\n") + SCRATCH, EVERYTHING, id="cp of a file"),
        pytest.param(
            BUILD.format("RUN cat README.md\n") + SCRATCH,
            [p for p in EVERYTHING if p != "*.md"],
            id="read by name",
        ),
        pytest.param(
            BUILD.format('RUN test -n "$(head -1 README.md)"\n') + SCRATCH,
            [p for p in EVERYTHING if p != "*.md"],
            id="read in a substitution",
        ),
        pytest.param(BUILD.format("RUN rm -rf /tmp/*\n") + SCRATCH, EVERYTHING, id="elsewhere"),
        pytest.param(BUILD.format("RUN apk add curl\n") + SCRATCH, EVERYTHING, id="packages"),
        pytest.param(
            BUILD.format("")
            + 'FROM alpine\nRUN tar cf /x /etc\nCOPY --from=build /shop /\nCMD ["/shop"]\n',
            EVERYTHING,
            id="a stage without the tree",
        ),
        pytest.param(BUILD.format("") + 'CMD ["/shop"]\n', WITHOUT_DOCUMENTATION, id="one stage"),
        pytest.param(
            BUILD.format("") + 'FROM alpine\nCOPY --from=build /src /src\nCMD ["/src/shop"]\n',
            WITHOUT_DOCUMENTATION,
            id="the tree is copied on",
        ),
        pytest.param(
            BUILD.format("") + 'FROM alpine\nCOPY --from=build / /r\nCMD ["/r/shop"]\n',
            WITHOUT_DOCUMENTATION,
            id="everything is copied on",
        ),
    ],
)
def test_what_the_build_takes(dockerfile: str, wanted: list[str]) -> None:
    assert patterns(plan(dockerfile)) == wanted


READS = 'package main\n\nimport "os"\n\nfunc main() { os.ReadFile(%s) }\n'


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ('"README.md"', WITHOUT_DOCUMENTATION),
        ('"Dockerfile"', [p for p in WITHOUT_DOCUMENTATION if p != "Dockerfile*"]),
        ("os.Args[1]", EVERYTHING[:3]),
        ('"docs/README.md"', WITHOUT_DOCUMENTATION),
    ],
)
def test_what_the_program_reads(name: str, wanted: list[str]) -> None:
    dockerfile = BUILD.format("") + 'CMD ["/shop"]\n'
    assert patterns(plan(dockerfile, main__go=READS % name)) == wanted


@pytest.mark.parametrize(
    ("run", "files", "dirty"),
    [
        ("RUN git rev-parse HEAD > /rev\n", {}, False),
        ("RUN git -C /src log -1 > /rev\n", {}, False),
        ("RUN cat .git/HEAD > /rev\n", {}, False),
        ("RUN git status --porcelain\n", {}, True),
        ("RUN goreleaser build\n", {}, True),
        ("RUN make\n", {"Makefile": "V := $(shell git describe)\nall:\n\techo $V\n"}, False),
        ("RUN make b\n", {"Makefile": "a:\n\techo\nb: c\nc:\n\tgit describe --dirty\n"}, True),
        ("RUN ./v\n", {"v": "#!/bin/sh\n. $(dirname $0)/w\n", "w": "git describe\n"}, False),
        ("RUN go generate ./...\n", {"g.go": "package main\n\n//go:generate git log\n"}, True),
        ("RUN apk add git && go build -buildvcs=true -o /x .\n", {}, True),
        (
            "RUN go test ./...\n",
            {"main_test.go": 'package main\n\nimport "github.com/go-git/go-git/v5"\n'},
            False,
        ),
    ],
)
def test_git_needed(run: str, files: dict[str, str], dirty: bool) -> None:
    result = planned(BUILD.format(run) + SCRATCH, FILES | files, "dockerignore")
    assert [refusal.code for refusal in result.refusals] == ["git-needed"]
    assert ".git" not in patterns(result)
    assert bool(patterns(result)) is not dirty


@pytest.mark.parametrize(
    ("run", "files"),
    [
        ("RUN apk add git\n", {}),
        ("RUN git clone https://example.com/a.git /a && cd /a && git checkout v1\n", {}),
        ("RUN git config --global user.name a\n", {}),
        ("RUN echo .gitignore .github x.git\n", {}),
        ("RUN make a\n", {"Makefile": "a:\n\techo\nb:\n\tgit describe --dirty\n"}),
        ("RUN make\n", {"Makefile": "# git describe\na:\n\techo\n"}),
        ("RUN go test ./...\n", {"main_test.go": "package main\n"}),
        ("RUN make\n", {"Makefile": 'a:\n\techo \'{"pre-commit": "lint-staged"}\'\n'}),
        ("RUN ./v\n", {"v": "#!/bin/sh\n# git describe\n"}),
    ],
)
def test_git_not_needed(run: str, files: dict[str, str]) -> None:
    result = planned(BUILD.format(run) + SCRATCH, FILES | files, "dockerignore")
    assert ".git" in patterns(result)
    assert not result.refusals


INFO = (
    'package main\n\nimport "runtime/debug"\n\n'
    "func main() { i, _ := debug.ReadBuildInfo(); println(i.Main.Version) }\n"
)


@pytest.mark.parametrize(
    ("image", "run", "needed"),
    [
        ("golang:1.24", "go build -o /shop .", True),
        ("golang:1.17", "go build -o /shop .", False),
        ("golang:1.24-alpine", "go build -o /shop .", False),
        ("golang:1.24-alpine", "apk add git && go build -o /shop .", True),
        ("golang:1.24", "go build -buildvcs=false -o /shop .", False),
        ("golang:1.24", "GOFLAGS=-buildvcs=false go build -o /shop .", False),
        ("example.com/go", "go build -o /shop .", True),
    ],
)
def test_version_stamp(image: str, run: str, needed: bool) -> None:
    dockerfile = f"FROM {image} AS build\nWORKDIR /src\nCOPY . .\nRUN {run}\n{SCRATCH}"
    result = plan(dockerfile, main__go=INFO)
    assert [refusal.code for refusal in result.refusals] == (["git-needed"] if needed else [])
    assert (".git" in patterns(result)) is not needed


def test_several_dockerfiles_share_one_file(tmp_path: Path) -> None:
    """The second one adds nothing, in the same run and in the next."""
    files = {**FILES, "Dockerfile": PLAIN, "Dockerfile.debug": PLAIN, "compose.yaml": "a: b\n"}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    (tmp_path / ".git").mkdir()
    for expected in (1, 0):
        workspace = Workspace((transform("dockerignore"),), Safety.SAFE)
        written = [
            change
            for name in ("Dockerfile", "Dockerfile.debug")
            for change in changes_on_disk(workspace.rewrite(tmp_path / name, name, Config()))
        ]
        assert len(written) == expected
        for path, _, new in written:
            path.write_bytes(new)
    text = (tmp_path / ".dockerignore").read_text()
    assert "compose*.y*ml" in text
    assert "*.md" not in text


def test_an_export_without_git_is_still_built_from_a_repository(tmp_path: Path) -> None:
    for name, text in {**FILES, "Dockerfile": PLAIN}.items():
        (tmp_path / name).write_text(text)
    workspace = Workspace((transform("dockerignore"),), Safety.SAFE)
    result = workspace.rewrite(tmp_path / "Dockerfile", "Dockerfile", Config())
    assert patterns(result.plan)[0] == ".git"


@pytest.mark.parametrize("directory", ["docs", "test", "e2e"])
@pytest.mark.parametrize(
    ("file", "left_out"),
    [("a.txt", True), ("a.go", False), ("b/c.go", False), ("a.json", False), ("x.h", False)],
)
def test_directories(directory: str, file: str, left_out: bool) -> None:
    result = planned(PLAIN, FILES | {f"{directory}/{file}": "x\n"}, "dockerignore")
    assert (directory in patterns(result)) is left_out


@pytest.mark.parametrize("name", ["vendor", "web", "scripts", "internal", "tools"])
def test_directories_never_left_out(name: str) -> None:
    result = planned(PLAIN, FILES | {f"{name}/a.txt": "x\n"}, "dockerignore")
    assert name not in patterns(result)


def test_a_directory_named_like_a_file_keeps_the_pattern_away() -> None:
    result = planned(PLAIN, FILES | {"Dockerfiles/setup.sh": "x\n"}, "dockerignore")
    assert "Dockerfile*" not in patterns(result)


def test_opted_out() -> None:
    before = PLAIN.replace("COPY . .", "# gorewrite: ignore[dockerignore]\nCOPY . .")
    result = plan(before)
    assert not result.files
    assert [refusal.code for refusal in result.refusals] == ["opted-out"]


def test_patterns_of_candidates_match_as_in_an_ignore_file() -> None:
    names = [
        pattern.replace("*", filler) for pattern in _PATTERNS for filler in ("", "x", "*", ".md")
    ]
    for name in ("a\nb.log", "[x].md", "Docker", "compose.yml.log", "docker-compose.yaml", *names):
        alone = {each for each in _PATTERNS if IgnoreFile.parse(each).excludes(name)}
        assert _matching(name) == alone, name


@pytest.mark.parametrize(
    "names", [(".gitignore", ".dockerignore"), (".dockerignore", ".gitignore")]
)
def test_a_link_is_not_written_through(tmp_path: Path, names: tuple[str, str]) -> None:
    (tmp_path / ".git").mkdir()
    files = FILES | {"Dockerfile": PLAIN, names[0]: "bin\n"}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    (tmp_path / names[1]).symlink_to(names[0])
    workspace = Workspace([transform("dockerignore")], Safety.REVIEW)
    result = workspace.rewrite(tmp_path / "Dockerfile", "Dockerfile", Config()).plan
    assert not result.files
    assert [each.code for each in result.refusals] == ["ignore-file-is-a-link"]

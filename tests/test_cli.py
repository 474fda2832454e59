"""The command line: what goes to which stream, what is written, and the exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gorewrite import __version__, engine
from gorewrite.cli import cli
from gorewrite.facts import Facts
from gorewrite.transform import Change, Proposal, Safety, Transform
from tests.repositories import SHOP, repository

NAIVE = 'FROM golang:1.24\nWORKDIR /app\nCOPY . .\nRUN go build -o shop .\nCMD ["./shop"]\n'
DONE = (
    "FROM golang:1.24 AS build\nWORKDIR /app\nCOPY . .\n"
    "RUN CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o shop .\n\n"
    "FROM gcr.io/distroless/static-debian13\nCOPY --from=build /app/shop /shop\n"
    'ENTRYPOINT ["/shop"]\n'
)
FLAGS = 'RUN CGO_ENABLED=0 GOOS=linux go build -trimpath -ldflags="-s -w" -o shop .'
Gorewrite = Callable[..., Result]


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shop with a naive Dockerfile, as current directory."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    found = repository(tmp_path / "shop", {**SHOP, "Dockerfile": NAIVE})
    monkeypatch.chdir(found)
    return found


@pytest.fixture
def gorewrite(top: Path) -> Gorewrite:
    def run(*args: str, stdin: bytes | None = None) -> Result:
        result = CliRunner().invoke(cli, args, input=stdin, prog_name="gorewrite")
        # SystemExit is how click ends; any other exception would be shown as a traceback.
        assert result.exception is None or isinstance(result.exception, SystemExit), result.output
        return result

    return run


def real(
    *args: str, cwd: Path, stdin: bytes = b"", **env: str
) -> subprocess.CompletedProcess[bytes]:
    """gorewrite as a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", "from gorewrite.cli import main; main()", *args],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        env={**os.environ, **env},
        check=False,
    )


def snapshot(top: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(top)): path.read_bytes()
        for path in sorted(top.rglob("*"))
        if path.is_file()
    }


# --- previews --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "status"),
    [
        (["--dry-run"], 0),
        (["--diff", "Dockerfile"], 0),
        (["--dry-run", "--review", "."], 0),
        (["--dry-run", "--output-format", "json"], 0),
        (["--dry-run", "--output-format", "patch"], 0),
        (["--check"], 1),
        (["--check", "--dry-run"], 1),
        (["--check", "--quiet"], 1),
        (["list"], 0),
        (["explain", "split-stages"], 0),
        (["--select", "no-such"], 2),
        (["no-such-file"], 2),
    ],
)
def test_writes_nothing(top: Path, gorewrite: Gorewrite, args: list[str], status: int) -> None:
    before = snapshot(top)
    assert gorewrite(*args).exit_code == status
    assert snapshot(top) == before


def test_dry_run_prints_the_diff_and_the_reasons(gorewrite: Gorewrite) -> None:
    result = gorewrite("--dry-run")
    assert result.stdout.startswith("diff --git a/Dockerfile b/Dockerfile\n--- a/Dockerfile\n")
    assert "+FROM gcr.io/distroless/static-debian13\n" in result.stdout
    assert "\x1b" not in result.output
    assert "split-stages  line 1: split off a runtime stage" in result.stderr
    assert result.stderr.endswith("1 Dockerfile: 1 would change.\n")


def test_patch_is_taken_by_git(top: Path, gorewrite: Gorewrite) -> None:
    """Two files that share a build context, and an ignore file that both of them extend."""
    repository(top, {"other.Dockerfile": NAIVE.replace("shop .", "other .")})
    patch = gorewrite("--output-format", "patch", "--dry-run").stdout_bytes
    (top / ".git").rmdir()
    subprocess.run(["git", "apply"], cwd=top, input=patch, check=True, capture_output=True)
    patched = snapshot(top)
    repository(top, {"Dockerfile": NAIVE, "other.Dockerfile": NAIVE.replace("shop .", "other .")})
    (top / ".dockerignore").unlink()
    assert gorewrite().exit_code == 0
    assert snapshot(top) == patched


@pytest.mark.parametrize("place", ["inside/it", "."])
def test_patch_of_files_elsewhere_is_taken_by_git(
    top: Path, gorewrite: Gorewrite, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Names are relative to the current directory, or else to the root of the repository."""
    repository(top, {"inside/it/keep": ""})
    monkeypatch.chdir(top / place)
    patch = gorewrite("--dry-run", "--output-format", "patch", str(top)).stdout_bytes
    assert b"+++ b/Dockerfile\n" in patch and b"+++ b/.dockerignore\n" in patch
    (top / ".git").rmdir()
    subprocess.run(["git", "apply"], cwd=top, input=patch, check=True, capture_output=True)
    assert (top / "Dockerfile").read_text() != NAIVE


def test_check_of_a_file_that_is_done(top: Path, gorewrite: Gorewrite) -> None:
    assert gorewrite().exit_code == 0
    assert gorewrite("--check").exit_code == 0
    assert gorewrite("--dry-run").stdout == ""


# --- applying --------------------------------------------------------------------------------


def test_apply(top: Path, gorewrite: Gorewrite) -> None:
    result = gorewrite()
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.endswith("1 Dockerfile: 1 changed.\n")
    text = (top / "Dockerfile").read_text()
    assert "FROM golang:1.24 AS builder\n" in text
    assert (top / ".dockerignore").is_file()
    before = snapshot(top)
    assert gorewrite().exit_code == 0
    assert snapshot(top) == before


def test_quiet(gorewrite: Gorewrite) -> None:
    result = gorewrite("-q")
    assert (result.exit_code, result.output) == (0, "")


def test_verbose_tells_the_context_and_all_evidence(gorewrite: Gorewrite, top: Path) -> None:
    short, long = gorewrite("--dry-run").stderr, gorewrite("--dry-run", "--verbose").stderr
    assert "build context" not in short
    assert f"build context {top}" in long.replace("\n      ", "")
    assert "(--verbose)" not in long


def test_review_applies_what_was_offered(top: Path, gorewrite: Gorewrite) -> None:
    """A program that starts what its caller names: alpine, for a person to look at."""
    code = 'import "os"\nimport "os/exec"\n\nfunc main() { exec.Command(os.Args[1]).Run() }\n'
    repository(top, {"main.go": f"package main\n\n{code}"})
    result = gorewrite("--select", "split-stages", "--dry-run")
    assert result.stdout == ""
    assert "? split-stages (with --review)" in result.stderr
    assert "--review would do more in 1." in result.stderr
    result = gorewrite("--select", "split-stages", "--review")
    assert result.exit_code == 0
    assert "AS builder" in (top / "Dockerfile").read_text()
    assert "+ split-stages" in result.stderr


def test_select_and_ignore(top: Path, gorewrite: Gorewrite) -> None:
    assert gorewrite("--select", "build-flags").exit_code == 0
    assert (top / "Dockerfile").read_text() == NAIVE.replace("RUN go build -o shop .", FLAGS)
    (top / "Dockerfile").write_text(NAIVE)
    names = ["split-stages", "hoist-modules,cache-mounts", "slim-base , dockerignore"]
    names += ["clean-packages", "merge-runs"]
    assert gorewrite(*(word for name in names for word in ("--ignore", name))).exit_code == 0
    assert (top / "Dockerfile").read_text() == NAIVE.replace("RUN go build -o shop .", FLAGS)


@pytest.mark.parametrize("option", ["--select", "--ignore"])
def test_unknown_transform(gorewrite: Gorewrite, option: str) -> None:
    result = gorewrite(option, "split-stage")
    assert result.exit_code == 2
    assert "no transform is named split-stage; did you mean split-stages?" in result.stderr
    result = gorewrite(option, "xyzzy")
    assert "no transform is named xyzzy; there are build-flags, " in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("",), "is empty; the current directory is `.`"),
        (("--select", ""), "names no transform"),
        (("--select", " , "), "names no transform"),
        (("--runtime", ""), "is no image"),
        (("--runtime", "a base"), "is no image"),
        (("--runtime", "${BASE}"), "is no image"),
        (("--verify-option=--network=host",), "--verify-option is for --verify"),
    ],
)
def test_what_a_script_leaves_empty_or_forgets(
    top: Path, gorewrite: Gorewrite, arguments: tuple[str, ...], said: str
) -> None:
    """It stands for nothing else: the file would be written."""
    result = gorewrite(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert (top / "Dockerfile").read_text() == NAIVE


@pytest.mark.parametrize(
    ("runtime", "line"),
    [
        ("auto", "FROM gcr.io/distroless/static-debian13"),
        ("distroless", "FROM gcr.io/distroless/static-debian13"),
        ("alpine", "FROM alpine:3."),
        ("scratch", "FROM scratch\n"),
        ("example.com/base:1", "FROM example.com/base:1\n"),
    ],
)
def test_runtime(top: Path, gorewrite: Gorewrite, runtime: str, line: str) -> None:
    gorewrite("--runtime", runtime)
    assert line in (top / "Dockerfile").read_text()


def test_context(top: Path, gorewrite: Gorewrite) -> None:
    """A Dockerfile whose context lies elsewhere, under a name that nothing suggests."""
    repository(top, {"deploy/a/Dockerfile": NAIVE, "src/shop/go.mod": SHOP["go.mod"]})
    repository(top, {"src/shop/main.go": SHOP["main.go"]})
    result = gorewrite("--context", "src/shop", "-v", "--dry-run", "deploy/a/Dockerfile")
    assert f"build context {top / 'src/shop'}" in result.stderr.replace("\n      ", "")
    assert "+FROM gcr.io/distroless/static-debian13\n" in result.stdout
    result = gorewrite("--context", "nowhere")
    assert result.exit_code == 2
    assert "'nowhere' does not exist" in result.stderr


# --- output ----------------------------------------------------------------------------------


def test_json(gorewrite: Gorewrite) -> None:
    result = gorewrite("--dry-run", "--output-format", "json")
    assert result.stderr == ""
    report = json.loads(result.stdout)
    assert report["version"] == __version__
    (file,) = report["files"]
    assert (file["path"], file["changed"]) == ("Dockerfile", True)
    assert file["diff"].startswith("diff --git a/Dockerfile b/Dockerfile\n")
    assert {change["transform"] for change in file["changes"]} >= {"build-flags", "split-stages"}
    assert all(change["because"] for change in file["changes"])
    assert report["summary"]["changed"] == 1


def test_json_of_an_applied_run(top: Path, gorewrite: Gorewrite) -> None:
    report = json.loads(gorewrite("--output-format", "json").stdout)
    assert report["files"][0]["changed"]
    assert (top / "Dockerfile").read_text() != NAIVE


def test_output_file(top: Path, gorewrite: Gorewrite) -> None:
    expected = gorewrite("--output-format", "patch", "--dry-run").stdout_bytes
    target = top.parent / "out.patch"
    target.write_text("of the run before\n")
    for form in ("patch", "text"):
        args = ["--dry-run", "--output-format", form, "--output-file", str(target), "--color"]
        assert gorewrite(*args).stdout == ""
        assert target.read_bytes() == expected
    assert gorewrite("--output-file", str(target)).stdout == ""
    assert target.read_bytes() == expected, "what was applied"
    gorewrite("--output-file", str(target))
    assert target.read_bytes() == b"", "nothing is left of the run before"


def test_output_file_that_is_a_dockerfile(top: Path, gorewrite: Gorewrite) -> None:
    """It would be empty before it is read."""
    result = gorewrite("--dry-run", "--output-file", "Dockerfile")
    assert (result.exit_code, result.stderr) == (
        2,
        "gorewrite: Dockerfile: is a Dockerfile; choose another file\n",
    )
    assert (top / "Dockerfile").read_text() == NAIVE
    for _ in range(2):
        assert gorewrite("--dry-run", "--output-file", "Dockerfile.patch").exit_code == 0


def test_output_file_that_cannot_be_written(top: Path, gorewrite: Gorewrite) -> None:
    result = gorewrite("--output-file", str(top / "no" / "where"))
    assert result.exit_code == 2
    assert "No such file or directory; choose another file" in result.stderr
    assert (top / "Dockerfile").read_text() == NAIVE


def test_color(gorewrite: Gorewrite, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[32m+FROM" in gorewrite("--dry-run", "--color").stdout
    assert "\x1b" not in gorewrite("--dry-run", "--no-color").output
    assert "\x1b" not in gorewrite("--dry-run", "--color", "--output-format", "patch").stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in gorewrite("--dry-run").output
    assert "\x1b[32m+FROM" in gorewrite("--dry-run", "--color").stdout, "the option goes before"


# --- standard input --------------------------------------------------------------------------


def test_stdin(top: Path, gorewrite: Gorewrite) -> None:
    before = snapshot(top)
    result = gorewrite("-", "--select", "build-flags", stdin=NAIVE.encode())
    assert result.stdout == NAIVE.replace("RUN go build -o shop .", FLAGS)
    assert "build-flags" in result.stderr
    result = gorewrite("-", "--dry-run", "--select", "build-flags", stdin=NAIVE.encode())
    assert result.stdout.startswith("diff --git")
    report = json.loads(gorewrite("-", "--output-format", "json", stdin=NAIVE.encode()).stdout)
    assert report["files"][0]["path"] == "-"
    assert gorewrite("-", "--check", stdin=NAIVE.encode()).exit_code == 1
    args = ["-", "--check", "--select", "split-stages"]
    assert gorewrite(*args, stdin=DONE.encode()).exit_code == 0
    assert snapshot(top) == before


def test_stdin_passes_on_what_it_leaves_alone(gorewrite: Gorewrite) -> None:
    odd = b"FROM debian\r\nRUN echo \xff\xfe"
    assert gorewrite("-", stdin=odd).stdout_bytes == odd


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "gorewrite: -: file with no instructions; "),
        (b"FROM golang\nENV KEY\n", "gorewrite: -:2: ENV must have two arguments; "),
        (b"FROM a\n\0", "gorewrite: -: is a binary file; "),
        (b"#" * (1 << 20) + b"\n\n", "standard input is over 1048576 bytes; raise max-file-size"),
    ],
    ids=["empty", "rejected", "binary", "large"],
)
def test_stdin_that_is_none(gorewrite: Gorewrite, data: bytes, problem: str) -> None:
    result = gorewrite("-", stdin=data)
    assert (result.exit_code, result.stdout) == (2, "")
    assert problem in result.stderr


def test_stdin_stands_alone(gorewrite: Gorewrite) -> None:
    result = gorewrite("-", "Dockerfile", stdin=b"")
    assert result.exit_code == 2
    assert "- stands alone" in result.stderr


# --- several files ---------------------------------------------------------------------------

BAD: dict[str, bytes] = {
    "binary.Dockerfile": b"FROM golang:1.24\n\x00\x01\x02",
    "empty.Dockerfile": b"",
    "comments.Dockerfile": b"# nothing\n# but comments\n",
    "large.Dockerfile": b"FROM golang:1.24\n" + b"# x\n" * 524_288,
    "rejected.Dockerfile": b"FROM golang:1.24\nENV KEY\n",
    "deep.Dockerfile": b"FROM golang:1.24 AS s0\n"
    + b"".join(b"FROM s%d AS s%d\n" % (i, i + 1) for i in range(2_000))
    + b"COPY . .\nRUN go build -o /shop .\n",
}


def test_bad_files_get_one_line_each_and_the_others_are_done(
    top: Path, gorewrite: Gorewrite
) -> None:
    repository(top, BAD)
    (top / "loop.Dockerfile").symlink_to("loop.Dockerfile")
    (top / "gone.Dockerfile").symlink_to("nowhere")
    (top / "dir.Dockerfile").mkdir()
    os.mkfifo(top / "fifo.Dockerfile")
    links = ["loop.Dockerfile", "gone.Dockerfile", "fifo.Dockerfile", "absent", "x" * 300]
    result = gorewrite(*links, *BAD, "dir.Dockerfile", "Dockerfile", "-q")
    assert result.exit_code == 3
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == len(links) + len(BAD)
    for name in (*links, *BAD):
        (line,) = (line for line in lines if line.startswith(f"gorewrite: {name}:"))
        problem, _, advice = line.partition("; ")
        assert problem and advice, line
    assert (top / "Dockerfile").read_text() != NAIVE
    assert all((top / name).read_bytes() == data for name, data in BAD.items())


def test_all_files_failed(gorewrite: Gorewrite) -> None:
    result = gorewrite("absent", "nowhere/Dockerfile")
    assert result.exit_code == 2
    assert result.stderr.endswith("2 Dockerfiles: 0 changed, 2 failed.\n")


def test_failed_file_in_json(top: Path, gorewrite: Gorewrite) -> None:
    repository(top, BAD)
    result = gorewrite("--dry-run", "--output-format", "json")
    assert result.exit_code == 3
    files = {file["path"]: file for file in json.loads(result.stdout)["files"]}
    assert files["rejected.Dockerfile"]["error"]["line"] == 2
    assert files["Dockerfile"]["changed"]


def test_file_named_twice_is_done_once(top: Path, gorewrite: Gorewrite) -> None:
    (top / "link").symlink_to("Dockerfile")
    names = ["Dockerfile", str(top / "Dockerfile"), "./Dockerfile", ".", "link"]
    assert gorewrite("--dry-run", *names).stdout.count("diff --git a/Dockerfile") == 1


def test_link_is_kept(top: Path, gorewrite: Gorewrite) -> None:
    (top / "Dockerfile").rename(top / "real")
    (top / "Dockerfile").symlink_to("real")
    assert gorewrite("Dockerfile").exit_code == 0
    assert (top / "Dockerfile").is_symlink()
    assert (top / "real").read_text() != NAIVE


def test_link_out_of_the_repository(top: Path, gorewrite: Gorewrite) -> None:
    (top / "Dockerfile").rename(top.parent / "real")
    (top / "Dockerfile").symlink_to("../real")
    result = gorewrite("Dockerfile", "-q")
    assert result.exit_code == 2
    assert "outside of the tree" in result.stderr
    assert (top.parent / "real").read_text() == NAIVE


def test_file_that_changes_meanwhile(
    top: Path, gorewrite: Gorewrite, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Late(Transform):
        name = "late"
        summary = before = after = ""

        def propose(self, facts: Facts) -> Iterator[Proposal]:
            (top / "Dockerfile").write_text("FROM scratch\n")
            node = facts.dockerfile.body[3]
            new = facts.dockerfile.fragment("RUN go build -o shop -v .\n")
            if node.source != new[0].source:
                yield Change(node, new, Safety.SAFE, "late", (facts.at(node),))

    monkeypatch.setattr(engine, "available", lambda: (Late(),))
    result = gorewrite("-q")
    assert result.exit_code == 2
    assert "was not written" in result.stderr and "; run again" in result.stderr
    assert (top / "Dockerfile").read_text() == "FROM scratch\n"


def test_report_of_files_that_could_not_be_written(
    top: Path, gorewrite: Gorewrite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is in the report with its error, which stays one document."""
    (top / "Dockerfile").unlink()
    repository(top, {"a/Dockerfile": NAIVE, "b/Dockerfile": NAIVE})

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    result = gorewrite("--output-format", "json")
    assert result.exit_code == 2
    files = json.loads(result.stdout)["files"]
    assert [(file["path"], file["changed"]) for file in files] == [
        ("a/Dockerfile", False),
        ("b/Dockerfile", False),
    ]
    problem = f"was not written: {top}/a/Dockerfile: No space left on device"
    assert files[0]["error"] == {"line": 0, "message": problem}
    assert "No space left on device" in gorewrite("a", "--output-format", "markdown").stdout


def test_directory_without_dockerfiles(top: Path, gorewrite: Gorewrite) -> None:
    (top / "empty").mkdir()
    result = gorewrite("empty")
    assert (result.exit_code, result.stderr) == (0, "No Dockerfiles found.\n")


def test_directory_is_searched(top: Path, gorewrite: Gorewrite) -> None:
    repository(
        top, {"a/Dockerfile": NAIVE, "b/c/api.Dockerfile": NAIVE, "d/README.md": "Dockerfile"}
    )
    report = json.loads(gorewrite("a", "b", "--dry-run", "--output-format", "json").stdout)
    assert [file["path"] for file in report["files"]] == ["a/Dockerfile", "b/c/api.Dockerfile"]


def test_broken_module(top: Path, gorewrite: Gorewrite) -> None:
    repository(top, {"go.mod": "modul ???(\n"})
    result = gorewrite()
    assert result.exit_code == 0
    assert "file [module-broken]  line 4: go.mod does not parse" in result.stderr
    assert (top / "Dockerfile").read_text() == NAIVE


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("Dockerfile", "FROM {{ .Image }}\nRUN go build .\n", "template"),
        ("Dockerfile.tmpl", NAIVE, "template"),
        ("Dockerfile", "# Code generated by hand. DO NOT EDIT.\n" + NAIVE, "rendered"),
        ("Dockerfile", "# gorewrite: ignore\n" + NAIVE, "opted-out"),
        ("Dockerfile", "# escape=`\n" + NAIVE, "windows-container"),
        ("Dockerfile", "ARG TAG=1.24-nanoserver\nFROM golang:${TAG}\n", "windows-container"),
        ("Dockerfile", "FRM golang:1.24\n" + NAIVE, "unknown-instruction"),
        ("Dockerfile", NAIVE + "ONBUILD RUN go generate\n", "onbuild"),
        ("Dockerfile", "ARG TAG=1.8-onbuild\nFROM golang:$TAG\n", "onbuild"),
    ],
)
def test_left_alone_as_a_whole(
    top: Path, gorewrite: Gorewrite, name: str, text: str, code: str
) -> None:
    repository(top, {name: text})
    result = gorewrite(name)
    assert result.exit_code == 0
    assert f"file [{code}]" in result.stderr
    assert (top / name).read_text() == text


def test_nothing_about_go_is_said_nothing_about(top: Path, gorewrite: Gorewrite) -> None:
    repository(top, {"Dockerfile": "# generated by a tool\nFROM node:22\nRUN npm ci\n"})
    assert gorewrite().stderr == "1 Dockerfile: 0 changed.\n"


# --- failures of gorewrite itself ------------------------------------------------------------


class Crash(Transform):
    """Fails on files that say so."""

    name = "crash"
    order = 1
    summary = before = after = ""

    def propose(self, facts: Facts) -> Iterator[Proposal]:
        if "crash" in facts.dockerfile.source:
            raise ZeroDivisionError("by design")
        yield from ()


class Breach(Crash):
    """Changes what the image promises, without a word."""

    def propose(self, facts: Facts) -> Iterator[Proposal]:
        for node in facts.dockerfile.instructions:
            if node.keyword == "CMD" and "crash" in facts.dockerfile.source:
                new = facts.dockerfile.fragment('CMD ["./other"]\n')
                if node.source != new[0].source:
                    yield Change(node, new, Safety.SAFE, "another command", (facts.at(node),))


@pytest.mark.parametrize(
    ("transform", "problem"),
    [
        (Crash(), "the transform crash failed with ZeroDivisionError: by design"),
        (Breach(), "the image contract would change (cmd: ('./shop',) -> ('./other',)"),
    ],
)
def test_internal_error(
    top: Path,
    gorewrite: Gorewrite,
    monkeypatch: pytest.MonkeyPatch,
    transform: Transform,
    problem: str,
) -> None:
    transforms = (transform, *engine.available())
    monkeypatch.setattr(engine, "available", lambda: transforms)
    bad = "# crash\n" + NAIVE
    repository(top, {"a.Dockerfile": bad, "b.Dockerfile": NAIVE})
    result = gorewrite("-q", "a.Dockerfile", "b.Dockerfile")
    assert result.exit_code == 3
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"gorewrite: a.Dockerfile: internal error: {problem}")
    assert line.endswith("; the file is left alone, please report this")
    assert (top / "a.Dockerfile").read_text() == bad
    assert (top / "b.Dockerfile").read_text() != NAIVE
    assert "Traceback" in gorewrite("-v", "a.Dockerfile").stderr
    result = gorewrite("-", stdin=bad.encode())
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"gorewrite: -: internal error: {problem}" in result.stderr


# --- configuration ---------------------------------------------------------------------------


def test_configuration_of_each_file_counts(top: Path, gorewrite: Gorewrite) -> None:
    repository(
        top,
        {
            "gorewrite.toml": 'select = ["build-flags"]\n',
            "a/gorewrite.toml": 'ignore = ["build-flags"]\n',
            "a/Dockerfile": NAIVE,
            "b/Dockerfile": NAIVE,
        },
    )
    for name in ("a", "b"):
        repository(top, {f"{name}/{file}": text for file, text in SHOP.items()})
    report = json.loads(gorewrite("--dry-run", "--output-format", "json").stdout)
    found = {f["path"]: {c["transform"] for c in f["changes"]} for f in report["files"]}
    assert found["Dockerfile"] == found["b/Dockerfile"] == {"build-flags"}
    assert "build-flags" not in found["a/Dockerfile"] and found["a/Dockerfile"]
    report = json.loads(
        gorewrite("--dry-run", "--output-format", "json", "--select", "cache-mounts").stdout
    )
    found = {f["path"]: {c["transform"] for c in f["changes"]} for f in report["files"]}
    assert set(map(frozenset, found.values())) == {frozenset({"cache-mounts"})}


def test_configuration_asks_for_review(top: Path, gorewrite: Gorewrite) -> None:
    offered = NAIVE.replace("COPY", "RUN mystery-tool\nCOPY")
    repository(top, {"Dockerfile": offered, "gorewrite.toml": "review = true\n"})
    gorewrite("--select", "split-stages")
    assert "AS builder" in (top / "Dockerfile").read_text()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("selct = []\n", "unknown key selct; did you mean select?"),
        ('ignore = ["split-stage"]\n', "no transform is named split-stage; did you mean"),
        ("review = 1\n", "review must be true or false"),
        ("= 1\n", "not TOML"),
    ],
)
def test_broken_configuration(top: Path, gorewrite: Gorewrite, text: str, problem: str) -> None:
    repository(top, {"gorewrite.toml": text})
    result = gorewrite()
    assert result.exit_code == 2
    assert problem in result.stderr
    result = gorewrite("-", stdin=NAIVE.encode())
    assert result.exit_code == 2
    assert problem in result.stderr
    (top / "gorewrite.toml").unlink()
    repository(top, {"svc/gorewrite.toml": text, "svc/Dockerfile": NAIVE})
    result = gorewrite("-q")
    assert result.exit_code == 3, "only the files below it fail"
    assert result.stderr.startswith("gorewrite: svc/Dockerfile: ") and problem in result.stderr
    assert (top / "Dockerfile").read_text() != NAIVE


def test_bad_exclude(top: Path, gorewrite: Gorewrite) -> None:
    repository(top, {"gorewrite.toml": 'exclude = ["[a"]\n'})
    result = gorewrite("-q")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"gorewrite: {top / 'gorewrite.toml'}:1: exclude: [a: ")


# --- the other commands ----------------------------------------------------------------------


def test_list(gorewrite: Gorewrite) -> None:
    lines = gorewrite("list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == [t.name for t in engine.available()]
    assert all(len(line.split(None, 1)) == 2 for line in lines)


@pytest.mark.parametrize("name", [t.name for t in engine.available()])
def test_explain(gorewrite: Gorewrite, name: str) -> None:
    text = gorewrite("explain", name).stdout
    for heading in ("What it does", "Why", "When it does nothing", "Safety", "References"):
        assert f"\n*{heading}*\n" in text
    assert "\nBefore\n" in text and "\nAfter\n" in text
    assert all(line == line.rstrip() for line in text.splitlines())


def test_explain_unknown(gorewrite: Gorewrite) -> None:
    result = gorewrite("explain", "cache-mount")
    assert result.exit_code == 2
    assert "did you mean cache-mounts?" in result.stderr


def test_help_and_version(gorewrite: Gorewrite) -> None:
    text = gorewrite("--help").stdout
    assert "--dry-run" in text and "explain" in text and "list" in text
    assert gorewrite("--version").stdout == f"gorewrite {__version__}\n"
    result = gorewrite("--dry-rnu")
    assert result.exit_code == 2
    assert "--dry-run" in result.stderr


# --- as a process of its own -----------------------------------------------------------------


def test_process(top: Path) -> None:
    result = real("--dry-run", cwd=top)
    assert result.returncode == 0
    assert result.stdout.startswith(b"diff --git a/Dockerfile b/Dockerfile\n")
    assert b"\x1b" not in result.stdout + result.stderr
    assert (top / "Dockerfile").read_text() == NAIVE
    assert real("--check", "-q", cwd=top).returncode == 1
    result = real("-", "--select=build-flags", "-q", cwd=top, stdin=NAIVE.encode())
    assert result.stdout.decode() == NAIVE.replace("RUN go build -o shop .", FLAGS)


@pytest.mark.parametrize("locale", ["C.UTF-8", "C", "POSIX"])
def test_odd_names(top: Path, locale: str) -> None:
    """Names in UTF-8, with blanks, and that are no text at all."""
    names = [b"b\xc3\xa4ckerei/Dockerfile", b"a b/Dockerfile", b"n\xff/Dockerfile"]
    for name in names:
        path = Path(os.fsdecode(bytes(top) + b"/" + name))
        path.parent.mkdir()
        path.write_text(NAIVE)
        for file, text in SHOP.items():
            (path.parent / file).write_text(text)
    result = real("--dry-run", cwd=top, LC_ALL=locale)
    assert (result.returncode, result.stdout.count(b"\ndiff --git ") >= 3) == (0, True)
    assert b'"a/b\\303\\244ckerei/Dockerfile"' in result.stdout
    assert b'"a/n\\377/Dockerfile"' in result.stdout
    assert b"4 Dockerfiles: 4 would change." in result.stderr
    for form in ("json", "patch"):
        result = real("--dry-run", "--output-format", form, cwd=top, LC_ALL=locale)
        assert (result.returncode, result.stderr) == (0, b"")
    result = real("-q", *map(os.fsdecode, names), cwd=top, LC_ALL=locale)
    assert (result.returncode, result.stderr) == (0, b"")
    assert all(
        b"AS builder" in (Path(os.fsdecode(bytes(top) + b"/" + n)).read_bytes()) for n in names
    )


def test_reader_that_goes_away(top: Path) -> None:
    """`gorewrite --dry-run | head -0`: no traceback."""
    process = subprocess.Popen(
        [sys.executable, "-c", "from gorewrite.cli import main; main()", "--dry-run", "-q"],
        cwd=top,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    process.wait()
    assert b"Traceback" not in said

"""`gorewrite callers`: what it says of who builds what."""

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from gorewrite.cli import cli

FILES = {
    "svc/Dockerfile": "FROM golang:1.24\n",
    "web/Dockerfile": "FROM node:22\n",
    "Makefile": "export DOCKER_BUILDKIT = 1\nsvc:\n"
    "\tdocker build --target dev --build-arg A=1 svc\n"
    "open:\n\tdocker build -f $(F) .\n",
}


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> str:
    done = CliRunner().invoke(cli, ["callers", *arguments])
    assert done.exit_code == 0, done.output
    return done.output


def test_text() -> None:
    assert run() == (
        "svc/Dockerfile\n"
        "  docker build, Makefile:3\n"
        "    context   svc\n"
        "    target    dev\n"
        "    args      A=1\n"
        "    builder   buildkit: mounts caches\n"
        "              Makefile:1: export DOCKER_BUILDKIT = 1\n"
        "\n"
        "web/Dockerfile\n"
        "  no caller is understood, 1 may build it\n"
        "\n"
        "Calls that do not say plainly what they build\n"
        "  docker build, Makefile:5: ${F}\n"
        "\n"
        "2 Dockerfiles, 1 with a caller\n"
    )


def test_lines_fit_a_terminal(repository: Path) -> None:
    (repository / "Makefile").write_text(f"x:\n\tdocker build --build-arg A={'a' * 200} svc\n")
    assert max(len(line) for line in run().splitlines()) == 80


def test_one_dockerfile() -> None:
    text = run("web/Dockerfile")
    assert "svc" not in text and text.endswith("1 Dockerfile, 0 with a caller\n")


def test_json() -> None:
    document = json.loads(run("--output-format", "json"))
    svc, web = document["dockerfiles"]
    assert (svc["path"], web["path"]) == ("svc/Dockerfile", "web/Dockerfile")
    (call,) = svc["callers"]
    assert (call["tool"], call["file"], call["line"]) == ("docker build", "Makefile", 3)
    assert call["args"] == [{"name": "A", "value": "1"}]
    assert call["builder"] == "buildkit"
    start, end = call["span"]
    assert FILES["Makefile"][start:end] == "docker build --target dev --build-arg A=1 svc"
    assert [each["dockerfile"] for each in web["may_build"]] == [None]
    assert document["not_read"] == []


def test_a_path_that_is_missing() -> None:
    done = CliRunner().invoke(cli, ["callers", "missing"])
    assert done.exit_code == 2 and "no such file" in done.output

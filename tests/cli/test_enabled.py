"""`enabled = false`: what is opted out by the configuration."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gorewrite.cli import cli
from tests.repositories import SHOP, repository

NAIVE = 'FROM golang:1.24\nWORKDIR /app\nCOPY . .\nRUN go build -o shop .\nCMD ["./shop"]\n'
TEXT = """\
[[overrides]]
paths = ["legacy/**"]
enabled = false

[[overrides]]
paths = ["legacy/live"]
enabled = true
"""


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    places = ("shop", "legacy/a", "legacy/live")
    files = {f"{place}/{name}": text for place in places for name, text in SHOP.items()}
    files |= {f"{place}/Dockerfile": NAIVE for place in places}
    found = repository(tmp_path, {**files, "gorewrite.toml": TEXT})
    monkeypatch.chdir(found)
    return found


def run(*args: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(cli, args, input=stdin, prog_name="gorewrite")


def test_opted_out_by_an_override(top: Path) -> None:
    result = run()
    assert result.exit_code == 0
    assert (top / "legacy/a/Dockerfile").read_text() == NAIVE
    assert not (top / "legacy/a/.dockerignore").exists()
    for place in ("shop", "legacy/live"):
        assert (top / place / "Dockerfile").read_text() != NAIVE
    assert result.stderr.count("[opted-out]") == 1
    assert "gorewrite.toml:3: enabled = false" in result.stderr


def test_is_told_once_a_file_with_its_line(top: Path) -> None:
    (top / "gorewrite.toml").write_text("# not here\nenabled = false\n")
    files = json.loads(run("--dry-run", "--output-format", "json").stdout)["files"]
    assert len(files) == 3
    for file in files:
        assert not file["changed"] and file["changes"] == []
        (refusal,) = file["refusals"]
        assert (refusal["transform"], refusal["code"]) == ("file", "opted-out")
        (where,) = refusal["because"]
        assert (where["path"], where["line"]) == ("gorewrite.toml", 2)


def test_what_is_opted_out_is_not_read(top: Path) -> None:
    """A file that nothing is to be done with cannot fail."""
    (top / "legacy/a/Dockerfile").write_bytes(b"\0" * 100)
    (top / "legacy/a/broken.Dockerfile").write_text("FROM\n")
    result = run("--check", "legacy/a")
    assert result.exit_code == 0
    assert "2 Dockerfiles" in result.stderr
    (top / "gorewrite.toml").unlink()
    assert run("--check", "legacy/a").exit_code == 3, "now they do"


def test_standard_input_stays_as_it_is(top: Path) -> None:
    (top / "gorewrite.toml").write_text("enabled = false\n")
    result = run("-", stdin=NAIVE.encode())
    assert (result.exit_code, result.stdout) == (0, NAIVE)


def test_opted_out_by_a_comment_is_the_same_refusal(top: Path) -> None:
    (top / "shop/Dockerfile").write_text("# gorewrite: ignore\n" + NAIVE)
    files = json.loads(run("--dry-run", "--output-format", "json", "shop").stdout)["files"]
    assert [r["code"] for r in files[0]["refusals"]] == ["opted-out"]

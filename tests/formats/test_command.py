"""The formats on the command line: in a run, and of what runs have said."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from gorewrite.cli import cli
from gorewrite.formats import FORMATS
from tests.formats.test_html import data_of
from tests.formats.test_sarif import applied, validator
from tests.repositories import SHOP, repository

NAIVE = 'FROM golang:1.24\nWORKDIR /app\nCOPY . .\nRUN go build -o shop .\nCMD ["./shop"]\n'
Run = Callable[..., Result]


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two shops, as current directory."""
    for name in ("shop", "cart"):
        found = {f"{name}/{path}": text for path, text in SHOP.items()}
        repository(tmp_path, {**found, f"{name}/Dockerfile": NAIVE})
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(top: Path) -> Run:
    def invoke(*args: str, stdin: bytes | None = None) -> Result:
        result = CliRunner().invoke(cli, args, input=stdin, prog_name="gorewrite")
        assert result.exception is None or isinstance(result.exception, SystemExit), result.output
        return result

    return invoke


@pytest.mark.parametrize("name", FORMATS)
def test_a_run_gives_what_its_report_gives(name: str, run: Run, top: Path) -> None:
    assert run("--dry-run", "--output-format", "json", "--output-file", "r.json").exit_code == 0
    direct = run("--dry-run", "--output-format", name)
    assert direct.exit_code == 0 and direct.stdout
    later = run("report", "r.json", "--output-format", name)
    assert later.exit_code == 0 and later.stdout == direct.stdout
    assert run("report", "r.json", "--output-format", name, "--output-file", "o").stdout == ""
    assert (top / "o").read_text() == direct.stdout
    assert not (top / "shop/.dockerignore").exists()


def test_formats_are_what_they_say(run: Run, top: Path) -> None:
    def made(name: str) -> str:
        return run("--dry-run", "--output-format", name).stdout

    validator().validate(json.loads(made("sarif")))
    assert len(json.loads(made("gitlab"))) == len(json.loads(made("sarif"))["runs"][0]["results"])
    assert ElementTree.fromstring(made("junit")).get("errors") == "0"
    assert [each["path"] for each in data_of(made("html"))["files"]] == [
        "cart/Dockerfile",
        "shop/Dockerfile",
    ]


def test_fixes_are_the_patch(run: Run, top: Path) -> None:
    log = json.loads(run("--dry-run", "--output-format", "sarif").stdout)
    made = {}
    for each in log["runs"][0]["results"]:
        for fix in each.get("fixes", ()):
            for artifact in fix["artifactChanges"]:
                path = artifact["artifactLocation"]["uri"]
                assert path not in made
                old = (top / path).read_text() if (top / path).exists() else ""
                made[path] = applied(old, artifact["replacements"])
    assert run().exit_code == 0
    assert made == {path: (top / path).read_text() for path in made}
    assert set(made) >= {"cart/Dockerfile", "shop/Dockerfile"}


def test_patch_of_joined_shards_applies(run: Run, top: Path) -> None:
    for name in ("shop", "cart"):
        run("--dry-run", "--output-format", "json", "--output-file", f"{name}.json", name)
    patch = run("report", "shop.json", "cart.json", "--output-format", "patch").stdout
    subprocess.run(["git", "apply", "-"], input=patch.encode(), check=True, env={**os.environ})
    assert "builder" in (top / "shop/Dockerfile").read_text()
    assert run("--check").exit_code == 0


def test_standard_input(run: Run) -> None:
    said = run("--dry-run", "--output-format", "json").stdout.encode()
    assert "**2 Dockerfiles**: 2 changed." in run("report", "-", stdin=said).stdout
    made = run("--dry-run", "--output-format", "github", "-", stdin=NAIVE.encode()).stdout
    assert "::warning file=-,line=" in made


def test_title_and_links(run: Run) -> None:
    run("--dry-run", "--output-format", "json", "--output-file", "r.json")
    url = "https://git.example.com/{path}#L{line}"
    made = run("report", "r.json", "--output-format=html", "--title=Ours", f"--source-url={url}")
    found = data_of(made.stdout)
    assert (found["title"], found["source_url"]) == ("Ours", url)


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        ((), "Missing argument 'FILE...'"),
        (("missing.json",), "'missing.json' does not exist"),
        (("shop/Dockerfile",), "shop/Dockerfile: is no JSON"),
        (("r.json", "--source-url", "javascript:x//{path}"), "begins with https:// or http://"),
        (("r.json", "--source-url", "https://x"), "names the file with {path}"),
        (("r.json", "--title", "x"), "are for --output-format html"),
        (("r.json", "--output-format", "pdf"), "'pdf' is not one of"),
        (("r.json", "--output-file", "no/such/place"), "choose another file"),
    ],
)
def test_wrong_use(args: tuple[str, ...], problem: str, run: Run, top: Path) -> None:
    (top / "r.json").write_text('{"version": "1", "files": []}')
    result = run("report", *args)
    assert result.exit_code == 2 and problem in " ".join(result.stderr.split())


def test_page_lists_every_format() -> None:
    page = (Path(__file__).parents[2] / "docs/reports.md").read_text()
    listed = [line.split("|")[1].strip() for line in page.splitlines() if line.startswith("| `")]
    assert listed == ["`text`", *(f"`{name}`" for name in FORMATS)]

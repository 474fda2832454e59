"""`gorewrite config`."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from gorewrite.cli import cli
from gorewrite.cli.config import json_schema
from gorewrite.config import ConfigError, keys, load
from gorewrite.pulls.settings import keys as pull_keys
from tests.repositories import repository

ROOT = Path(__file__).parent.parent.parent
TEXT = """\
# The team's.
ignore = ["dockerignore"]
runtime = "alpine"

[contexts]
"services/*/Dockerfile" = "."

[[overrides]]
paths = ["services/legacy/**"]
enabled = false
runtime = "distroless"
"""


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    found = repository(
        tmp_path,
        {
            "gorewrite.toml": TEXT,
            "services/legacy/a/Dockerfile": "FROM golang:1.24\nRUN go build .\n",
            "services/shop/Dockerfile": "FROM alpine\n",
        },
    )
    monkeypatch.chdir(found)
    return found


def run(*args: str) -> Result:
    return CliRunner().invoke(cli, args, prog_name="gorewrite")


def shown(*args: str) -> dict[str, tuple[Any, str]]:
    """Key → (value, where it is from)."""
    result = run("config", *args)
    assert result.exit_code == 0, result.output
    values = tomllib.loads(result.stdout)
    found = {}
    for line in result.stdout.splitlines():
        if not line.startswith("#"):
            key, _, rest = line.partition(" = ")
            found[key] = values.pop(key), rest.rpartition("  # ")[2]
    assert not values
    return found


def test_show(top: Path) -> None:
    found = shown("services/shop/Dockerfile")
    assert list(found) == list(keys())
    assert found["ignore"] == (["dockerignore"], "gorewrite.toml:2")
    assert found["runtime"] == ("alpine", "gorewrite.toml:3")
    assert found["contexts"] == ({"services/*/Dockerfile": "."}, "gorewrite.toml:5")
    assert found["review"] == (False, "default")
    assert found["max-file-size"] == (1 << 20, "default")
    assert shown("--show", "services/shop/Dockerfile") == found


def test_show_of_a_file_with_an_override(top: Path) -> None:
    found = shown("services/legacy/a/Dockerfile")
    why = " for services/legacy/**"
    assert found["enabled"] == (False, f"gorewrite.toml:10{why}")
    assert found["runtime"] == ("distroless", f"gorewrite.toml:11{why}")
    assert found["ignore"] == (["dockerignore"], "gorewrite.toml:2")


def test_show_of_a_directory_names_the_overrides(top: Path) -> None:
    text = run("config").stdout
    assert shown()["runtime"] == ("alpine", "gorewrite.toml:3")
    assert text.startswith("# .\n# configuration: gorewrite.toml\n")
    assert "[[overrides]]" in text.splitlines()[-1]
    assert "[[overrides]]" not in run("config", "services/shop/Dockerfile").stdout


def test_show_with_the_command_line(top: Path) -> None:
    found = shown("services", "--runtime", "scratch", "--review", "--ignore", "merge-runs")
    assert found["runtime"] == ("scratch", "command line, over gorewrite.toml:3")
    assert found["review"] == (True, "command line, over default")
    assert found["ignore"][0] == ["merge-runs", "dockerignore"]


def test_show_of_pyproject(top: Path) -> None:
    (top / "gorewrite.toml").rename(top / "old")
    repository(
        top, {"pyproject.toml": "[project]\nname = 'a'\n\n[tool.gorewrite]\nreview = true\n"}
    )
    assert shown()["review"] == (True, "pyproject.toml:5")


def test_show_without_a_configuration(top: Path) -> None:
    (top / "gorewrite.toml").unlink()
    assert {origin for _, origin in shown().values()} == {"default"}
    assert "# configuration: none" in run("config").stdout


def test_get(top: Path) -> None:
    assert run("config", "--get", "runtime").stdout == '"alpine"\n'
    assert run("config", "services/legacy/a/Dockerfile", "--get", "enabled").stdout == "false\n"
    assert run("config", "--get", "runtme").exit_code == 2


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (("no-such",), "gorewrite: no-such: no such file or directory; check the path"),
        (("--schema", "--show"), "--show, --get and --schema exclude each other"),
        (("--select", "no-such"), "no transform is named no-such"),
    ],
)
def test_problems(top: Path, args: tuple[str, ...], problem: str) -> None:
    result = run("config", *args)
    assert result.exit_code == 2
    assert problem in result.stderr


def test_show_of_a_broken_configuration(top: Path) -> None:
    (top / "gorewrite.toml").write_text("reveiw = true\n")
    result = run("config", "services")
    assert result.exit_code == 2
    assert result.stderr.startswith("gorewrite: /") and "did you mean review?" in result.stderr


# --- the schema ------------------------------------------------------------------------------


def test_published_schema_is_that_of_the_code() -> None:
    text = (ROOT / "docs" / "gorewrite.schema.json").read_text()
    assert text == run("config", "--schema").stdout
    schema = json.loads(text)
    jsonschema.Draft7Validator.check_schema(schema)
    assert "$id" not in schema


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        "",
        "enabled = true",
        "review = 1",
        "select = 'a'",
        "exclude = [1]",
        "runtime = ''",
        "runtime = ' '",
        "registry-prefix = ''",
        "distroless-suite = 'debian12'",
        "distroless-suite = 'debian11'",
        "max-file-size = 0",
        "max-file-size = 1",
        "max-file-size = 1.5",
        "max-file-size = true",
        "contexts = 'a'",
        "[contexts]\na = 1",
        "reveiw = true",
        "overrides = 1",
        "[[overrides]]\nreview = true",
        "[[overrides]]\npaths = []",
        "[[overrides]]\npaths = ['a']",
        "[[overrides]]\npaths = ['a']\nexclude = ['b']",
        "[[overrides]]\npaths = ['a']\nreveiw = true",
        "pull-requests = 1",
        "[pull-requests]",
        "[pull-requests]\ntitel = 'a'",
        "[pull-requests]\ntitle = '{prefix}{what} {{}}'",
        "[pull-requests]\ntitle = '{whta}'",
        "[pull-requests]\ntitle = '{what:>3}'",
        "[pull-requests]\ntitle = '{what'",
        "[pull-requests]\ntitle = '}'",
        "[pull-requests]\nlabels = 'a'",
        "[pull-requests]\nlabels = ['a']",
        "[pull-requests]\nauthor = 'a <a@example.com>'",
        "[pull-requests]\nauthor = 'a'",
        "[pull-requests]\nsign-off = 1",
        "[pull-requests]\ntrailers = {Refs = 'a'}",
        "[pull-requests]\ntrailers = {Refs = ' '}",
        "[pull-requests]\ntrailers = {'a b' = 'a'}",
    ],
)
def test_schema_takes_what_is_taken(tmp_path: Path, text: str) -> None:
    repository(tmp_path, {"gorewrite.toml": text})
    try:
        load(tmp_path)
    except ConfigError:
        taken = False
    else:
        taken = True
    valid = jsonschema.Draft7Validator(json_schema()).is_valid(tomllib.loads(text))
    assert valid == taken


# --- the page --------------------------------------------------------------------------------


def test_examples_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the page shows is what is said, as far as it is shown."""
    page = (ROOT / "docs" / "configuration.md").read_text()
    written, *_ = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    repository(tmp_path, {"gorewrite.toml": written, "services/legacy/shop/Dockerfile": ""})
    monkeypatch.chdir(tmp_path)
    examples = re.findall(r"```console\n\$ gorewrite ([^\n]*)\n(.*?)```", page, re.DOTALL)
    assert len(examples) == 2
    for words, expected in examples:
        start, more, _ = expected.partition("…\n")
        said = run(*words.split()).stdout
        assert said.startswith(start) if more else said == expected


def test_pull_requests(top: Path) -> None:
    assert "[pull-requests]" not in run("config").stdout
    (top / "gorewrite.toml").write_text('[pull-requests]\nticket = "OPS-1"\n')
    result = run("config")
    table = tomllib.loads(result.stdout)["pull-requests"]
    assert list(table) == list(pull_keys()) and table["ticket"] == "OPS-1"
    assert 'ticket = "OPS-1"  # gorewrite.toml:2' in re.sub(" +#", "  #", result.stdout)


def test_pull_requests_of_pyproject(top: Path) -> None:
    (top / "gorewrite.toml").unlink()
    text = "[tool.gorewrite]\nreview = true\n[tool.gorewrite.pull-requests]\nsign-off = true\n"
    (top / "pyproject.toml").write_text(text)
    said = re.sub(" +#", " #", run("config").stdout)
    assert "sign-off = true # pyproject.toml:4" in said
    assert 'ticket = "" # default' in said

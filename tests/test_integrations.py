"""pre-commit, GitHub and GitLab: what they read, and the scripts that they run."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from gorewrite.cli.rewrite import rewrite
from gorewrite.discovery import is_dockerfile_name
from tests.repositories import SHOP, repository

ROOT = Path(__file__).parent.parent
NAIVE = 'FROM golang:1.24\nWORKDIR /app\nCOPY . .\nRUN go build -o shop .\nCMD ["./shop"]\n'
HOOKS = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"]}
SPEC, JOB = yaml.safe_load_all((ROOT / "templates" / "gorewrite" / "template.yml").read_text())


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory like the `bin` of an environment in which gorewrite is installed."""
    directory = tmp_path_factory.mktemp("gorewrite") / "gorewrite" / "bin"
    directory.mkdir(parents=True)
    for name, text in (
        ("gorewrite", f"#!{sys.executable}\nfrom gorewrite.cli import main\nmain()\n"),
        ("python", f'#!/bin/sh\nexec {sys.executable} "$@"\n'),
    ):
        (directory / name).write_text(text)
        (directory / name).chmod(0o755)
    return directory


@pytest.fixture
def top(tmp_path: Path) -> Path:
    return repository(
        tmp_path / "repo",
        {
            **{f"shop/{name}": text for name, text in SHOP.items()},
            "shop/Dockerfile": NAIVE,
            "other/Dockerfile": "FROM alpine\n",
            "my cart/Dockerfile.dev": NAIVE,
            "my cart/go.mod": SHOP["go.mod"],
            "my cart/main.go": SHOP["main.go"],
            "third_party/Dockerfile": NAIVE,
            "third_party/go.mod": SHOP["go.mod"],
            "third_party/main.go": SHOP["main.go"],
            "gorewrite.toml": 'exclude = ["third_party"]\nignore = ["dockerignore"]\n',
        },
    )


def git(top: Path, *words: str) -> str:
    if not (top / ".git" / "HEAD").exists():
        (top / ".git").rmdir()
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *words]
    return subprocess.run(command, cwd=top, check=True, capture_output=True, text=True).stdout


# --- pre-commit ------------------------------------------------------------------------------


@pytest.mark.parametrize("hook", HOOKS.values(), ids=HOOKS.keys())
@pytest.mark.parametrize(
    "name",
    "Dockerfile Dockerfile.dev Dockerfile-dev Dockerfile_dev Dockerfiles dockerfile x.dockerfile "
    "shop.Dockerfile Containerfile Containerfile.dev Dockerfile.tmpl Dockerfile.dockerignore "
    "Dockerfile.md Dockerfile.go x.dockerfile.yml .dockerfile Dockerfile.orig my.Dockerfile.json "
    "Dockerfile. notDockerfile go.mod Dockerfile.yaml".split(),
)
def test_hooks_take_what_a_search_takes(hook: dict[str, Any], name: str) -> None:
    for path in (name, f"deploy/my images/{name}"):
        taken = re.search(hook["files"], path) and not re.search(hook["exclude"], path)
        assert bool(taken) == is_dockerfile_name(name)


def test_hooks_are_whole() -> None:
    assert set(HOOKS) == {"gorewrite", "gorewrite-check"}
    options = {option for param in rewrite.params for option in param.opts}
    for hook in HOOKS.values():
        program, *words = shlex.split(hook["entry"])
        assert program == "gorewrite" and set(words) <= options
        assert hook["language"] == "python" and hook["require_serial"]


def test_pre_commit_runs_the_hooks(top: Path, programs: Path, tmp_path: Path) -> None:
    """The real program, with the hooks as local ones: nothing has to be installed."""
    hooks = [{**hook, "language": "system"} for hook in HOOKS.values()]
    settings = {"repos": [{"repo": "local", "hooks": hooks}]}
    (top / ".pre-commit-config.yaml").write_text(yaml.safe_dump(settings))
    git(top, "init", "-q")
    git(top, "add", "-A")
    git(top, "commit", "-qm", "first")
    environment = {
        **os.environ,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PRE_COMMIT_HOME": str(tmp_path / "home"),
    }

    def run(hook: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "pre_commit", "run", "--all-files", "--color=never", hook]
        done = subprocess.run(command, cwd=top, env=environment, capture_output=True, text=True)
        return done.returncode, done.stdout

    status, text = run("gorewrite-check")
    assert (status, git(top, "status", "--porcelain")) == (1, "")
    assert "- exit code: 1" in text and "2 would change" in text
    status, text = run("gorewrite")
    assert status == 1 and "files were modified by this hook" in text
    assert "exit code" not in text
    changed = git(top, "diff", "--name-only", "-z").split("\0")
    assert changed == ["my cart/Dockerfile.dev", "shop/Dockerfile", ""]
    for hook in HOOKS:
        status, text = run(hook)
        assert status == 0 and "Passed" in text


def test_force_exclude(top: Path, programs: Path) -> None:
    def files(*words: str) -> list[str]:
        done = subprocess.run(
            [programs / "gorewrite", "--dry-run", "--output-format", "json", *words],
            cwd=top,
            capture_output=True,
            check=True,
        )
        return [file["path"] for file in json.loads(done.stdout)["files"]]

    named = ["third_party/Dockerfile", "shop/Dockerfile"]
    assert sorted(files(*named)) == sorted(named)
    assert files("--force-exclude", *named) == ["shop/Dockerfile"]
    repository(top, {"a/vendor/b/Dockerfile": NAIVE})
    assert files("--force-exclude", "a/vendor/b/Dockerfile") == []
    assert files("--force-exclude", "third_party") == ["third_party/Dockerfile"]


# --- GitHub ----------------------------------------------------------------------------------


def valid(kind: str, file: Path) -> bool:
    """Whether SchemaStore's schema, as check-jsonschema has it, takes a file."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{kind}", file]
    return subprocess.run(command, capture_output=True).returncode == 0


def test_action_is_valid(tmp_path: Path) -> None:
    assert valid("github-actions", ROOT / "action.yml")
    (tmp_path / "action.yml").write_text("name: a\nruns: {using: composite}\n")
    assert not valid("github-actions", tmp_path / "action.yml")


def test_scripts_hold_no_expressions() -> None:
    """What an input says must not become part of a program."""
    for step in STEPS.values():
        assert "${{" not in step.get("run", "")
    used = {name for step in STEPS.values() for name in re.findall(r"inputs\.([\w-]+)", str(step))}
    assert used == set(ACTION["inputs"])


class Runner:
    """Runs steps of the action as GitHub's runner does."""

    def __init__(self, top: Path, temporary: Path, **inputs: str) -> None:
        self.top, self.temporary = top, temporary
        self.inputs = {name: each["default"] for name, each in ACTION["inputs"].items()}
        self.inputs |= {name.replace("_", "-"): value for name, value in inputs.items()}
        self.outputs: dict[str, str] = {}
        self.summary = ""
        self.log = ""

    def run(self, name: str) -> int:
        step = STEPS[name]
        files = {key: self.temporary / key for key in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.write_text("")
        given = {key: self._value(text) for key, text in step["env"].items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.top,
            env={**os.environ, "RUNNER_TEMP": str(self.temporary), **files, **given},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.log += done.stdout
        lines = files["GITHUB_OUTPUT"].read_text().splitlines()
        self.outputs |= dict(line.split("=", 1) for line in lines)
        self.summary += files["GITHUB_STEP_SUMMARY"].read_text()
        return done.returncode

    def _value(self, text: str) -> str:
        expression = re.fullmatch(r"\$\{\{ (.*?) \}\}", text)
        assert expression is not None
        for alternative in expression[1].split(" || "):
            place, _, name = alternative.rpartition(".")
            value = self.inputs[name] if place == "inputs" else self.outputs.get(name, "")
            if value:
                return value
        return ""


@pytest.fixture
def temporary(tmp_path: Path, programs: Path) -> Path:
    (tmp_path / "temp").mkdir()
    (tmp_path / "temp" / "gorewrite").symlink_to(programs.parent)
    return tmp_path / "temp"


def test_action_checks(top: Path, temporary: Path) -> None:
    """Whatever modules the repository has."""
    repository(top, dict.fromkeys(("json.py", "pip.py", "venv.py"), "raise SystemExit(9)\n"))
    runner = Runner(top, temporary)
    assert runner.run("Run gorewrite") == 0, runner.log
    assert runner.outputs["changes"] == "2" and runner.outputs["failed"] == "0"
    assert runner.outputs["status"] == "1"
    assert json.loads(Path(runner.outputs["report"]).read_text())["files"]
    assert "shop/Dockerfile" in runner.summary
    assert "::" in runner.log and "file=shop/Dockerfile" in runner.log
    assert runner.run("Result") == 1
    assert (top / "shop" / "Dockerfile").read_text() == NAIVE


def test_action_reports(top: Path, temporary: Path) -> None:
    runner = Runner(
        top,
        temporary,
        mode="dry-run",
        paths="my cart\n\nother/Dockerfile\n",
        args="--select=build-flags\n--review\n",
        format="sarif",
        report_file="my report.sarif",
        annotations="false",
        upload_sarif="true",
    )
    assert runner.run("Run gorewrite") == 0, runner.log
    assert runner.outputs["changes"] == "1" and runner.outputs["status"] == "0"
    assert "file=" not in runner.log
    document = json.loads(Path(runner.outputs["report"]).read_text())
    assert [file["path"] for file in document["files"]] == [
        "my cart/Dockerfile.dev",
        "other/Dockerfile",
    ]
    assert {c["transform"] for f in document["files"] for c in f["changes"]} == {"build-flags"}
    for file in (top / "my report.sarif", temporary / "gorewrite.sarif"):
        assert json.loads(file.read_text())["version"] == "2.1.0"
    assert runner.run("Result") == 0


@pytest.mark.parametrize(
    ("inputs", "status", "problem"),
    [
        ({"mode": "apply; touch owned"}, 2, "mode is check or dry-run"),
        ({"paths": "$(touch owned)"}, 2, "$(touch owned): no such file"),
        ({"args": "--no-such `touch owned`"}, 2, "No such option"),
        ({"paths": "--review"}, 2, "--review: no such file"),
    ],
)
def test_action_takes_inputs_for_text(
    top: Path, temporary: Path, inputs: dict[str, str], status: int, problem: str
) -> None:
    runner = Runner(top, temporary, **inputs)
    first = runner.run("Run gorewrite")
    assert status in (first, int(runner.outputs.get("status", "0")))
    assert problem in runner.log
    assert not (top / "owned").exists()


def test_action_says_which_python_it_needs(top: Path, temporary: Path, tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    for name in ("python3", *(f"python3.{minor}" for minor in range(11, 16))):
        (old / name).write_text("#!/bin/sh\nexit 1\n")
        (old / name).chmod(0o755)
    runner = Runner(top, temporary, version="nothing")
    os_path = os.environ["PATH"]
    try:
        os.environ["PATH"] = f"{old}:{os_path}"
        assert runner.run("Install gorewrite") == 1
    finally:
        os.environ["PATH"] = os_path
    assert "needs Python 3.11" in runner.log


# --- GitLab ----------------------------------------------------------------------------------


def component(**inputs: str) -> dict[str, Any]:
    """The configuration that GitLab makes of the component."""
    text = json.dumps(JOB)
    given = {name.replace("_", "-"): value for name, value in inputs.items()}
    for name, each in SPEC["spec"]["inputs"].items():
        value = given[name] if name in given else each["default"]
        text = text.replace(f"$[[ inputs.{name} ]]", json.dumps(value)[1:-1])
    assert "$[[" not in text
    found: dict[str, Any] = json.loads(text)
    return found


def test_component_is_valid(tmp_path: Path) -> None:
    file = tmp_path / ".gitlab-ci.yml"
    file.write_text(yaml.safe_dump(component(package="gorewrite", job_name="docker lint")))
    assert valid("gitlab-ci", file)
    assert list(component(package="gorewrite", job_name="docker lint")) == ["docker lint"]
    file.write_text("a: {script: 1}\n")
    assert not valid("gitlab-ci", file)


def test_component_has_no_inputs_in_its_script() -> None:
    (job,) = JOB.values()
    assert "$[[" not in str(job["script"]) + str(job["before_script"])
    used = set(re.findall(r"inputs\.([\w-]+)", str(JOB)))
    assert used == set(SPEC["spec"]["inputs"])
    for variable in job["variables"].values():
        assert variable["expand"] is False


@pytest.mark.parametrize(
    ("inputs", "status", "changed"),
    [
        ({}, 1, 2),
        ({"mode": "dry-run", "paths": "shop other/Dockerfile"}, 0, 1),
        ({"args": "--select=build-flags --review", "paths": "other"}, 0, 0),
        ({"args": "`touch owned` *", "paths": "$(touch owned)"}, 2, None),
    ],
)
def test_component_runs(
    top: Path, programs: Path, inputs: dict[str, str], status: int, changed: int | None
) -> None:
    (job,) = component(package="gorewrite", **inputs).values()
    variables = {name: each["value"] for name, each in job["variables"].items()}
    done = subprocess.run(
        ["sh", "-ec", "\n".join(job["script"])],
        cwd=top,
        env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", **variables},
        capture_output=True,
        text=True,
    )
    assert done.returncode == status, done.stderr
    assert not (top / "owned").exists()
    if changed is None:
        return
    assert json.loads((top / "gorewrite.json").read_text())["summary"]["changed"] == changed
    quality = json.loads((top / job["artifacts"]["reports"]["codequality"]).read_text())
    assert bool(quality) or not changed


# --- the page --------------------------------------------------------------------------------


def test_page_lists_every_input() -> None:
    page = (ROOT / "docs" / "integrations.md").read_text()
    github, _, gitlab = page.partition("## GitLab CI")
    for text, inputs in ((github, ACTION["inputs"]), (gitlab, SPEC["spec"]["inputs"])):
        rows = dict(re.findall(r"^\| `([\w-]+)` \| ([^|]*) \|", text, re.MULTILINE))
        for name, each in inputs.items():
            default = each.get("default")
            shown = f"`{default}`" if default else "to be given" if default is None else "none"
            assert rows[name] == shown
    for name in ACTION["outputs"]:
        assert f"`{name}`" in github


def test_page_names_every_hook() -> None:
    page = (ROOT / "docs" / "integrations.md").read_text()
    for name, hook in HOOKS.items():
        assert f"| `{name}` | `{hook['entry']} FILES` |" in page

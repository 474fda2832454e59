"""The bot's packaging: the files are valid, and say what the commands understand."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from packaging.requirements import Requirement

from gorewrite.cli.migrate import migrate
from gorewrite.cli.pr import pr

ROOT = Path(__file__).parent.parent
BOT = ROOT / "bot"
WORKFLOW = yaml.safe_load((BOT / "github" / "gorewrite.yml").read_text())
JOB = yaml.safe_load((BOT / "gitlab" / "gorewrite.yml").read_text())["gorewrite"]
CONFIG, CRON = yaml.safe_load_all((BOT / "kubernetes" / "cronjob.yaml").read_text())
POD = CRON["spec"]["jobTemplate"]["spec"]["template"]["spec"]
(CONTAINER,) = POD["containers"]
STEPS = WORKFLOW["jobs"]["pull-requests"]["steps"]
DOCKERFILE = (BOT / "Dockerfile").read_text()


def commands() -> Iterator[list[str]]:
    """The words of each run of gorewrite."""
    yield CONTAINER["args"]
    lines = [*JOB["script"], *(step.get("run", "") for step in STEPS)]
    for line in "\n".join(lines).splitlines():
        words = shlex.split(line)
        if words[:1] == ["gorewrite"]:
            yield words[1:]


@pytest.mark.parametrize("words", list(commands()), ids=lambda words: words[0])
def test_commands_are_understood(words: list[str]) -> None:
    """As the command itself reads them; files of the image are not there."""
    command: click.Command = {"pr": pr, "migrate": migrate}[words[0]]
    given = [word.replace("/etc/gorewrite/repositories", __file__) for word in words[1:]]
    with command.make_context(words[0], given) as context:
        assert context.params["max_open"] and context.params["rate"]


def test_all_three_run_it() -> None:
    assert sorted(words[0] for words in commands()) == ["migrate", "pr", "pr"]


@pytest.mark.parametrize(
    ("kind", "name"),
    [("github-workflows", "github/gorewrite.yml"), ("gitlab-ci", "gitlab/gorewrite.yml")],
)
def test_files_are_valid(kind: str, name: str, tmp_path: Path) -> None:
    def valid(file: Path) -> bool:
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{kind}"]
        return subprocess.run([*command, file], capture_output=True).returncode == 0

    assert valid(BOT / name)
    (tmp_path / "a.yml").write_text("jobs: 1\n")
    assert not valid(tmp_path / "a.yml")


def test_the_workflow_may_only_read_and_runs_once_at_a_time() -> None:
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert WORKFLOW["concurrency"] == {"group": "gorewrite", "cancel-in-progress": False}
    (checkout,) = (step for step in STEPS if "checkout" in step.get("uses", ""))
    assert checkout["with"] == {"persist-credentials": False}
    assert all("${{" not in step.get("run", "") for step in STEPS)
    assert all("GITHUB_TOKEN" not in str(step) for step in STEPS)


def test_the_merge_requests_are_made_on_a_schedule_alone() -> None:
    (rule,) = JOB["rules"]
    assert '$CI_PIPELINE_SOURCE == "schedule"' in rule["if"]
    assert JOB["resource_group"] and JOB["image"]["entrypoint"] == [""]


def test_the_container_may_do_little() -> None:
    assert CRON["spec"]["concurrencyPolicy"] == "Forbid"
    assert POD["automountServiceAccountToken"] is False
    assert POD["securityContext"]["runAsNonRoot"] is True
    assert CONTAINER["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert set(CONTAINER["resources"]) == {"requests", "limits"}
    mounts = {each["name"]: each for each in CONTAINER["volumeMounts"]}
    writable = {name for name, each in mounts.items() if not each.get("readOnly")}
    assert {mounts[name]["mountPath"] for name in writable} == {"/srv/gorewrite", "/tmp"}
    volumes = {each["name"]: each for each in POD["volumes"]}
    assert volumes.keys() == mounts.keys()
    assert volumes["repositories"]["configMap"]["name"] == CONFIG["metadata"]["name"]
    assert list(CONFIG["data"]) == ["repositories"]


def test_tokens_come_from_secrets() -> None:
    (token,) = CONTAINER["env"]
    assert token["name"] == "GOREWRITE_TOKEN" and set(token["valueFrom"]) == {"secretKeyRef"}
    for text in (BOT / "github" / "gorewrite.yml", BOT / "gitlab" / "gorewrite.yml"):
        assert not re.search(r"(?i)--token|ghp_|glpat-", text.read_text())


def test_the_image_and_the_manifest_have_the_same_user() -> None:
    (user,) = re.findall(r"^USER (\d+):(\d+)$", DOCKERFILE, re.MULTILINE)
    assert (str(POD["securityContext"]["runAsUser"]), user[0]) == (user[1], user[1])
    assert f"--uid {user[0]} " in DOCKERFILE


def test_the_last_stage_gets_only_what_runs() -> None:
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    brought = re.findall(r"^(?:COPY|ADD) .*$", last, re.MULTILINE)
    assert brought == ["COPY --from=build /opt/gorewrite /opt/gorewrite"]


def test_the_build_context_has_all_that_is_copied_and_no_more() -> None:
    kept = set((BOT / "Dockerfile.dockerignore").read_text().split())
    copied = {
        word
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
        for word in line.split()
    }
    assert {f"!{name}" for name in copied} == kept - {"*", "**/__pycache__"}
    assert all((ROOT / name).exists() for name in copied)


def pinned() -> dict[str, str]:
    lines = (BOT / "constraints.txt").read_text().splitlines()
    pins = (line.split("==") for line in lines if not line.startswith("#"))
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in pins}


def test_every_dependency_is_pinned_to_a_version_that_fits() -> None:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["github-app"]]
    for each in map(Requirement, wanted):
        version = pinned()[re.sub(r"[-_.]+", "-", each.name).lower()]
        assert each.specifier.contains(version), f"{each} against {version}"


def test_all_packages_are_installed() -> None:
    """The image has a copy, not the checkout."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    there = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in (ROOT / "gorewrite").rglob("__init__.py")
    }
    assert there == set(project["tool"]["setuptools"]["packages"]) - {"gorewrite.transforms"}

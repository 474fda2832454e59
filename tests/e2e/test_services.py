"""Small services, each with a hazard that only a run shows: built and run before and after.

`services/NAME/case.toml` says what to expect: `applied` transforms, `refused` codes, options of
`gorewrite verify`, and its verdict. The `long` ones are left out of a usual run.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sysconfig
import tomllib
from pathlib import Path
from typing import Any

import pytest

SERVICES = Path(__file__).parent / "services"
COMMAND = str(Path(sysconfig.get_path("scripts")) / "gorewrite")


def cases() -> list[Any]:
    found = []
    for file in sorted(SERVICES.glob("*/case.toml")):
        case = tomllib.loads(file.read_text())
        marks = [pytest.mark.long] if case.get("long") else []
        found.append(pytest.param(file.parent, case, id=file.parent.name, marks=marks))
    return found


@pytest.mark.e2e
@pytest.mark.parametrize(("directory", "case"), cases())
def test_service(directory: Path, case: dict[str, Any], engine: Any, tmp_path: Path) -> None:
    repository = tmp_path / directory.name
    shutil.copytree(directory / "repo", repository, symlinks=True)
    subprocess.run(["git", "init", "-q", repository], check=True)
    before = snapshot(repository)
    options = ["--network=host", *case["verify"].get("options", ())]
    command = [COMMAND, "--verify", "--quiet", "--output-format", "json"]
    if "--review" in options:
        command.append("--review")
        options.remove("--review")
    command += [f"--verify-option={option}" for option in options]
    done = subprocess.run(
        [*command, case["dockerfile"]],
        cwd=repository,
        env=engine.environ,
        capture_output=True,
        text=True,
    )
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)["files"][0]
    told = json.dumps(report, indent=1) + done.stderr

    applied = {change["transform"] for change in report["changes"] if change["applied"]}
    assert set(case["applied"]) <= applied, told
    refused = {f"{each['transform']}:{each['code']}" for each in report["refusals"]}
    assert set(case.get("refused", ())) <= refused, told
    verdict = report.get("verification", {"verdict": "unchanged"})["verdict"]
    assert verdict == case["verify"]["verdict"], told
    if verdict == "verified":
        assert done.returncode == 0, told
        assert (repository / case["dockerfile"]).read_bytes() != before[case["dockerfile"]]
    else:
        assert done.returncode == (verdict != "unchanged"), told
        assert snapshot(repository) == before


def snapshot(directory: Path) -> dict[str, bytes]:
    """Path -> content of every file."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and ".git" not in path.parts
    }

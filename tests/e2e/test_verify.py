"""`gorewrite verify` on real engines: what it must notice, measure and leave behind."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gorewrite.config import Config
from gorewrite.engine import available
from gorewrite.project import Workspace
from gorewrite.transform import Safety
from gorewrite.verify.engines import find_engine
from gorewrite.verify.verification import Verdict, Verification, VerifyOptions, verify
from tests.e2e.conftest import Engine

SERVICES = Path(__file__).parent / "services"
COMMAND = str(Path(sysconfig.get_path("scripts")) / "gorewrite")
NETWORK = "--network=host"


@pytest.fixture
def service(tmp_path: Path) -> Path:
    """A copy of a service that reads a file at run time."""
    shutil.copytree(SERVICES / "config-flag" / "repo", tmp_path / "service")
    subprocess.run(["git", "init", "-q", tmp_path / "service"], check=True)
    return tmp_path / "service"


def told(engine: Engine, service: Path, *options: str) -> dict[str, Any]:
    """The one result of `gorewrite verify` as JSON."""
    command = [COMMAND, "verify", NETWORK, "--quiet", "--output-format", "json", *options]
    done = subprocess.run(
        command, cwd=service, env=engine.environ, capture_output=True, text=True, check=True
    )
    (result,) = json.loads(done.stdout)["results"]
    assert isinstance(result, dict)
    return result


def test_all_is_measured(engine: Engine, service: Path) -> None:
    result = told(engine, service)
    assert result["verdict"] == "verified", result
    before, after = result["before"], result["after"]
    assert after["size"] < before["size"] / 10
    assert sum(before["layers"]) == pytest.approx(before["size"], rel=0.01)
    assert 0 < after["context_sent"] <= before["context_sent"]
    for side in (before, after):
        assert all(seconds > 0 for seconds in side["seconds"].values())
        assert side["seconds"]["unchanged"] < side["seconds"]["cold"]
    assert after["seconds"]["source_edit"] < before["seconds"]["source_edit"]


def changed(
    engine: Engine,
    service: Path,
    monkeypatch: pytest.MonkeyPatch,
    edit: Callable[[bytes], bytes],
) -> Verification:
    """What becomes of the service's rewrite once it is edited."""
    for name, value in engine.environ.items():
        monkeypatch.setenv(name, value)
    path = service / "Dockerfile"
    result = Workspace(available(), Safety.SAFE).rewrite(path, "Dockerfile", Config())
    assert edit(result.plan.new) != result.plan.new
    result = result._replace(plan=result.plan._replace(new=edit(result.plan.new)))
    return verify(result, find_engine(), VerifyOptions(rebuilds=False, build=(NETWORK,)))


def test_lost_file_is_noticed(
    engine: Engine, service: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree, program = b"/srv/relay /srv/relay", b"/srv/relay/app /srv/relay/app"
    found = changed(engine, service, monkeypatch, lambda text: text.replace(tree, program))
    assert found.verdict == Verdict.FAILED
    assert any(difference.what.startswith("run: ") for difference in found.differences), found


def test_other_command_is_noticed(
    engine: Engine, service: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = changed(engine, service, monkeypatch, lambda text: text.replace(b"app.toml", b"a.toml"))
    assert found.verdict == Verdict.FAILED
    assert "cmd" in {difference.what for difference in found.differences}, found


def test_other_owner_is_noticed(
    engine: Engine, service: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = changed(
        engine,
        service,
        monkeypatch,
        lambda text: text.replace(b"COPY --from=builder", b"COPY --chown=7:7 --from=builder"),
    )
    assert found.verdict == Verdict.FAILED
    assert any("7:7" in difference.after for difference in found.differences), found


def test_rewrite_that_does_not_build(
    engine: Engine, service: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = changed(
        engine, service, monkeypatch, lambda text: text.replace(b"go build", b"go build -nonsense")
    )
    assert found.verdict == Verdict.FAILED
    assert "nonsense" in found.log


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("seconds", [0.3, 2.0, 6.0, 12.0])
def test_killed_at_any_point_it_leaves_nothing(
    engine: Engine, service: Path, tmp_path: Path, number: signal.Signals, seconds: float
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    before = {path: path.stat().st_mtime_ns for path in service.rglob("*")}
    process = subprocess.Popen(
        [COMMAND, "verify", NETWORK, "--quiet"],
        cwd=service,
        env={**engine.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # As from a terminal: a shell starts what it leaves in the background without SIGINT.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    time.sleep(seconds)
    process.send_signal(number)
    process.wait()
    deadline = time.monotonic() + 30
    while (left := leftovers(engine, temporary)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert left == []
    assert {path: path.stat().st_mtime_ns for path in service.rglob("*")} == before


def leftovers(engine: Engine, temporary: Path) -> list[str]:
    """What of a verification is still there: processes, containers, images, files."""
    names = engine.run("docker", "ps", "--all", "--format", "{{.Names}}").split()
    names += engine.run("docker", "images", "--format", "{{.Repository}}:{{.Tag}}").split()
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    found = [name for name in names if "gorewrite-verify-" in name]
    # What belongs to it has its directory among its arguments.
    found += [line for line in listed.stdout.splitlines() if str(temporary) in line]
    return found + [str(path) for path in temporary.iterdir()]


@pytest.mark.long
def test_buildx(buildx: Engine, service: Path) -> None:
    result = told(buildx, service, "--engine=buildx")
    assert result["verdict"] == "verified", result


@pytest.mark.long
def test_podman(podman: Engine, service: Path) -> None:
    result = told(podman, service, "--engine=podman")
    assert result["verdict"] == "verified", result

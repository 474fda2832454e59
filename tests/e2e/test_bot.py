"""The bot's image, built and run with what the CronJob gives it, against the test forge.

The base is a stand-in: Debian's own Python, where the packages are installed as in the real one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.conftest import Engine
from tests.forgery import GitHubForge
from tests.repositories import SHOP

ROOT = Path(__file__).parent.parent.parent
IMAGE = "gorewrite-bot"
PYTHON = """\
FROM e2e-root
COPY --from=e2e-machine ca.crt /usr/local/share/ca-certificates/machine.crt
RUN --mount=type=cache,target=/var/lib/apt/lists apt-get update -qq && \\
    apt-get install -qq --no-install-recommends ca-certificates python3-pip python3-venv \\
        >/dev/null && \\
    update-ca-certificates >/dev/null 2>&1 && \\
    printf '[global]\\ncert = /etc/ssl/certs/ca-certificates.crt\\n' >/etc/pip.conf
"""
NAIVE = 'FROM golang:1.24\nWORKDIR /app\nCOPY . .\nRUN go build -o shop .\nCMD ["./shop"]\n'


@pytest.fixture(scope="module")
def image(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The image of bot/Dockerfile."""
    standin = tmp_path_factory.mktemp("python")
    (standin / "Dockerfile").write_text(PYTHON)
    build = ("docker", "build", "--quiet", "--network=host")
    engine.run(*build, "--tag=e2e-python", str(standin))
    engine.run(
        *build,
        "--build-arg=PYTHON=e2e-python",
        f"--tag={IMAGE}",
        f"--file={ROOT / 'bot' / 'Dockerfile'}",
        str(ROOT),
    )
    return IMAGE


def run(engine: Engine, image: str, *words: str) -> str:
    """What a container prints that may do as little as that of the CronJob."""
    limits = ("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges")
    places = ("--tmpfs=/tmp:uid=10001", "--tmpfs=/srv/gorewrite:uid=10001")
    return engine.run("docker", "run", "--rm", "--network=host", *limits, *places, *words)


@pytest.mark.long
def test_the_bot_proposes_once(engine: Engine, image: str, tmp_path: Path) -> None:
    _, cron = yaml.safe_load_all((ROOT / "bot" / "kubernetes" / "cronjob.yaml").read_text())
    pod: Any = cron["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    with GitHubForge(tmp_path / "forge") as forge:
        forge.add_repository("acme/shop", {**SHOP, "Dockerfile": NAIVE})
        (tmp_path / "repositories").write_text("acme/shop\n")
        mount = f"--volume={tmp_path / 'repositories'}:/etc/gorewrite/repositories:ro"
        token = f"--env=GOREWRITE_TOKEN={forge.token}"
        command = (*container["args"], f"--forge-url={forge.api}")
        run(engine, image, mount, token, image, *command)
        (pull,) = forge.repository("acme/shop").pulls.values()
        assert pull.title.startswith("build(docker): smaller image")
        done = len(forge.writes), len(forge.pushes)
        # The next night, in a new container: its work directory is empty.
        run(engine, image, mount, token, image, *command)
        assert (len(forge.writes), len(forge.pushes)) == done


@pytest.mark.long
def test_the_image_holds_no_tools(engine: Engine, image: str) -> None:
    script = "id -u; ls -A /srv/gorewrite; which gcc make; touch /x || echo read-only"
    words = ("--entrypoint=sh", image, "-c", script)
    assert run(engine, image, *words).split() == ["10001", "read-only"]

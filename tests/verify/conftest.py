"""An engine that is none, and a service to verify."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gorewrite.verify.processes import Processes
from tests.repositories import SHOP, repository
from tests.verify.tools import NAIVE, Fake, Nobody, end


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    """The only engine in PATH. Directories of verifications are made in tmp_path/temporary."""
    found = Fake(tmp_path / "fake")
    for name in ("git", "sleep", "head"):
        program = shutil.which(name)
        assert program is not None
        (found.bin / name).symlink_to(program)
    monkeypatch.setenv("PATH", str(found.bin))
    # By this what was started for it is told from other processes.
    monkeypatch.setenv("FAKE_ENGINE", str(found.state))
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield found
    if found.watched:
        end(found.processes)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A service that is rewritten."""
    return repository(tmp_path / "shop", {**SHOP, "Dockerfile": NAIVE})


@pytest.fixture
def processes(fake: Fake) -> Processes:
    """Processes that nobody has to end."""
    return Processes(Nobody())

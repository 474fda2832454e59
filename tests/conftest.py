"""Options shared by all tests."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import settings

# The same inputs in every run; HYPOTHESIS_PROFILE=explore looks at new ones.
settings.register_profile("repeat", derandomize=True, database=None, deadline=None)
settings.register_profile("explore", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeat"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite golden/*/*/{expected,report.json}"
    )


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Many tests wait for other processes, half of the time."""
    return 2 * (os.cpu_count() or 1)


@pytest.fixture(autouse=True, scope="session")
def no_cache_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nothing is taken from what the user's own runs left, and nothing is left to them."""
    os.environ["GOREWRITE_CACHE_DIR"] = str(tmp_path_factory.mktemp("cache"))


# --- no token gets out -------------------------------------------------------------------------

#: Where a token of a test forge has to stand: what tests give to git as the user's own.
_MAY_HOLD = frozenset({"credentials"})


def _issued() -> set[str]:
    """The tokens of all test forges so far, without loading them."""
    forges = sys.modules.get("tests.forgery.forge")
    return forges.ISSUED if forges is not None else set()


def _told(where: str, text: str | bytes) -> None:
    """Fails for a text with a token in it."""
    data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    for token in _issued():
        assert token.encode() not in data, f"a token is told: {where}"


@pytest.fixture(autouse=True, scope="session")
def no_command_tells_a_token() -> Iterator[None]:
    """Whatever a command prints in any test is looked through."""
    invoke = CliRunner.invoke

    def watched(self: CliRunner, *args: Any, **options: Any) -> Any:
        result = invoke(self, *args, **options)
        _told("what a command prints", result.output)
        _told("what a command raises", repr(result.exception))
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CliRunner, "invoke", watched)
        yield


@pytest.fixture(autouse=True)
def no_file_holds_a_token(request: pytest.FixtureRequest) -> Iterator[None]:
    """So is every file that a test with a forge leaves: journals, logs, patches, caches, clones."""
    yield
    top = request.node.funcargs.get("tmp_path")
    if top is None or not _issued():
        return
    for directory, _, names in os.walk(top):
        for name in names:
            path = Path(directory, name)
            if name not in _MAY_HOLD and path.is_file() and not path.is_symlink():
                _told(str(path), path.read_bytes())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Any:
    """And what reaches the terminal from any process of a test."""
    report = yield
    for name, text in report.sections:
        if any(token in text for token in _issued()):
            report.outcome, report.longrepr = "failed", f"a token is told: {name}"
    return report

"""Options shared by all tests."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# The same inputs in every run; HYPOTHESIS_PROFILE=explore looks at new ones.
settings.register_profile("repeat", derandomize=True, database=None, deadline=None)
settings.register_profile("explore", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeat"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite golden/*/*/{expected,report.json}"
    )


@pytest.fixture(autouse=True, scope="session")
def no_cache_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nothing is taken from what the user's own runs left, and nothing is left to them."""
    os.environ["GOREWRITE_CACHE_DIR"] = str(tmp_path_factory.mktemp("cache"))

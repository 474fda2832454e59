"""The browser in which the HTML report is tested. It is installed where it is missing."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from typing import NoReturn

import pytest

from tests.formats.browser import BrowserError, Page, browser, find


@pytest.fixture(scope="session")
def page() -> Iterator[Page]:
    """A page of a headless Chromium, 1280 by 900 pixels; apt-get brings it where it is missing."""
    if find() is None:
        if os.geteuid() != 0:
            _unavailable("there is no chromium, and only root can install it")
        packages = "chromium fonts-dejavu-core"
        install = f"apt-get update -q; apt-get install -y -q --no-install-recommends {packages}"
        done = subprocess.run(["sh", "-c", install], capture_output=True, text=True, check=False)
        if done.returncode:
            _unavailable(f"chromium cannot be installed: {done.stderr[-500:].strip()}")
    program = find()
    assert program is not None
    try:
        with browser(program) as found:
            found.size(1280, 900)
            yield found
    except BrowserError as error:
        _unavailable(f"{program}: {error}")


def _unavailable(why: str) -> NoReturn:
    """In CI there must be a browser, elsewhere the tests can do without."""
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)

"""What is installed is what is here."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]


def test_every_package_is_installed() -> None:
    directories = {path.parent for path in (ROOT / "gorewrite").rglob("*.py")}
    names = {".".join(path.relative_to(ROOT).parts) for path in directories}
    assert set(SETTINGS["packages"]) == names | {"gorewrite.transforms"}


def test_every_file_that_is_no_program_is_installed() -> None:
    listed = set()
    for package, globs in SETTINGS["package-data"].items():
        directory = ROOT.joinpath(*package.split("."))
        for glob in globs:
            found = {path for path in directory.glob(glob) if path.is_file()}
            assert found, (package, glob)
            listed |= found
    files = {
        path
        for path in (ROOT / "gorewrite").rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    }
    assert files == listed

"""What git is told to leave out."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.context.gitignore import ignored


def line_of(top: Path, path: str, files: dict[str, str]) -> str | None:
    """The line that leaves a path out; files: directory -> its .gitignore."""
    for name, text in files.items():
        (top / name).mkdir(exist_ok=True)
        (top / name / ".gitignore").write_text(text)
    found = ignored(top, top / path)
    return str(found) if found is not None else None


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        (".env\n", ".env", ".gitignore:1: .env"),
        ("# local\n\n.env  \n", "api/.env", ".gitignore:3: .env"),
        ("/.env\n", ".env", ".gitignore:1: /.env"),
        ("*.env\n", "app.env", ".gitignore:1: *.env"),
        ("conf/\n", "conf", ".gitignore:1: conf/"),
        ("conf/\n", "conf/app.yaml", ".gitignore:1: conf/"),
        ("/web/dist\n", "web/dist/index.html", ".gitignore:1: /web/dist"),
        ("!.env\n.env\n", ".env", ".gitignore:2: .env"),
        ("\\#x\n", "#x", ".gitignore:1: \\#x"),
        (".env\r\n", ".env", ".gitignore:1: .env"),
    ],
)
def test_left_out(tmp_path: Path, text: str, path: str, line: str) -> None:
    assert line_of(tmp_path, path, {".": text}) == line


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("", ".env"),
        ("# .env\n", ".env"),
        ("/.env\n", "api/.env"),
        (".env.*\n", ".env"),
        (".env*\n!.env.example\n", ".env.example"),
        ("[\n", "["),
        ("../.env\n", ".env"),
    ],
)
def test_taken(tmp_path: Path, text: str, path: str) -> None:
    assert line_of(tmp_path, path, {".": text}) is None


def test_the_nearest_file_wins(tmp_path: Path) -> None:
    files = {".": "*.yaml\n", "api": "!app.yaml\n"}
    assert line_of(tmp_path, "api/app.yaml", files) is None
    assert line_of(tmp_path, "api/db.yaml", files) == ".gitignore:1: *.yaml"


def test_another_repository(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*\n")
    assert ignored(tmp_path / "inner", tmp_path / "x") is None

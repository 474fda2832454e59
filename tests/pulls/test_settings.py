"""`[pull-requests]` of the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.config import ConfigError, load
from gorewrite.pulls.settings import FIELDS, PullSettings, filled, keys, settings_at, settings_of

TABLE = """\
[pull-requests]
prefix = "chore({scope}): {ticket} "
title = "{prefix}{what}"
commit-title = "{what}"
ticket = "OPS-12"
labels = ["docker"]
trailers = { Refs = "OPS-12" }
author = "A. Bot <bot@example.com>"
sign-off = true
"""


def test_all_keys(tmp_path: Path) -> None:
    (tmp_path / "gorewrite.toml").write_text(TABLE)
    found = settings_at(tmp_path)
    assert found == PullSettings(
        "chore({scope}): {ticket} ",
        "{prefix}{what}",
        "{what}",
        "OPS-12",
        ("docker",),
        (("Refs", "OPS-12"),),
        "A. Bot <bot@example.com>",
        True,
    )
    assert all(f"\n{key} = " in TABLE for key in keys())
    assert load(tmp_path).path == tmp_path / "gorewrite.toml"


def test_pyproject(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.gorewrite.pull-requests]\nticket = 'A-1'\n")
    assert settings_at(tmp_path) == PullSettings(ticket="A-1")


@pytest.mark.parametrize("text", ["", "review = true\n", "[pull-requests]\n"])
def test_defaults(tmp_path: Path, text: str) -> None:
    (tmp_path / "gorewrite.toml").write_text(text)
    assert settings_at(tmp_path) == PullSettings()


def test_defaults_are_what_the_keys_take() -> None:
    table = {
        name: dict(each.default) if "table" in each.metadata["kind"] else each.default
        for name, each in keys().items()
    }
    table["labels"] = []
    assert settings_of(table) == PullSettings()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("titel = 'x'", "unknown key titel; did you mean title?"),
        ("sign_off = true", "unknown key sign_off; did you mean sign-off?"),
        ("title = 1", "title must be a template"),
        ("title = 'a\\nb'", "title must be a template"),
        ("title = '{whta}'", "title: unknown {whta}; did you mean what?"),
        ("title = '{what.real}'", "title: unknown {what.real}; did you mean what?"),
        ("title = '{}'", "title: unknown {}; known: what, for, scope"),
        ("title = '{what:>9}'", "title: {what} takes no format"),
        ("title = '{what!r}'", "title: {what} takes no format"),
        ("title = '{'", "title: Single '{' encountered in format string; a brace is written twice"),
        ("prefix = '{prefix}'", "prefix: unknown {prefix}; known: what, for, scope"),
        ("labels = 'x'", "labels must be a list of strings"),
        ("author = 'x'", "author must be a name and an address"),
        ("author = 'x <a@b>\\nEvil: y <c@d>'", "author must be a name and an address"),
        ("trailers = {'a b' = 'x'}", "trailers must be a table of trailers"),
        ("trailers = {Refs = 'a\\nb'}", "trailers must be a table of trailers"),
        ("trailers = {Gorewrite-Version = '9'}", "trailers must be a table of trailers"),
        ("trailers = {signed-off-by = 'x'}", "trailers must be a table of trailers"),
        ("sign-off = 1", "sign-off must be true or false"),
    ],
)
def test_problems(tmp_path: Path, text: str, problem: str) -> None:
    text = text.replace("'", '"').replace('"{"', "'{'").replace('"a b"', "'a b'")
    (tmp_path / "gorewrite.toml").write_text(f"[pull-requests]\n{text}\n")
    with pytest.raises(ConfigError) as error:
        settings_at(tmp_path)
    assert str(error.value).startswith(f"{tmp_path}/gorewrite.toml:2: {problem}")


def test_the_table_must_be_one(tmp_path: Path) -> None:
    (tmp_path / "gorewrite.toml").write_text("pull-requests = 1\n")
    with pytest.raises(ConfigError, match="pull-requests must be a table"):
        load(tmp_path)


def test_it_is_for_all_dockerfiles(tmp_path: Path) -> None:
    text = "[[overrides]]\npaths = ['a']\npull-requests = {}\n"
    (tmp_path / "gorewrite.toml").write_text(text)
    with pytest.raises(ConfigError, match="unknown key pull-requests"):
        load(tmp_path)


def test_filled() -> None:
    values = dict.fromkeys(FIELDS, "x") | {"what": "{ticket}"}
    assert filled("{{{what}}} {ticket}", values) == "{{ticket}} x"

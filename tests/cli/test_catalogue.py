"""`gorewrite explain`."""

from __future__ import annotations

import pytest
from click.testing import CliRunner, Result

from gorewrite.cli import cli
from gorewrite.engine import available
from gorewrite.refusals import pages


def run(*args: str) -> Result:
    return CliRunner().invoke(cli, args, prog_name="gorewrite")


def test_refusal() -> None:
    result = run("explain", "--refusal", "cgo-required")
    assert result.exit_code == 0
    head, *_, last = result.stdout.split("\n\n")
    assert head == "cgo-required  (build-flags)"
    assert 'import _ "github.com/mattn/go-sqlite3"' in result.stdout
    assert "What you can do" in result.stdout and last.strip()
    assert run("explain", "cgo-required").stdout == result.stdout
    assert run("explain", "--refusal", "build-flags/cgo-required").stdout == result.stdout


def test_a_code_of_several_transforms_has_a_page_of_each() -> None:
    both = run("explain", "--refusal", "cache-cleaned").stdout
    one = run("explain", "--refusal", "cache-mounts/cache-cleaned").stdout
    assert "(hoist-modules)" in both and "(cache-mounts)" in both
    assert one in both and "(hoist-modules)" not in one


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (("--refusal", "cgo-requird"), "no refusal has the code cgo-requird; did you mean cgo-r"),
        (("split-stages", "--refusal", "opted-out"), "as --refusal split-stages/opted-out"),
        (("--refusal", "xyzzy"), "no refusal has the code xyzzy; `gorewrite explain` lists all"),
        (("--refusal", "slim-base/cgo-required"), "did you mean cgo-required?"),
        (("split-stage",), "did you mean split-stages?"),
        (("xyzzy",), "no transform and no refusal is named xyzzy; `gorewrite explain` lists"),
    ],
)
def test_unknown(args: tuple[str, ...], problem: str) -> None:
    result = run("explain", *args)
    assert result.exit_code == 2
    assert problem in result.stderr


def test_without_a_name_everything_is_listed() -> None:
    result = run("explain")
    assert result.exit_code == 0
    words = set(result.stdout.replace(",", " ").split())
    assert {transform.name for transform in available()} <= words
    assert {page.code for page in pages(available())} <= words


def test_pages_fit_a_terminal() -> None:
    for page in pages(available()):
        lines = run("explain", "--refusal", f"{page.transform}/{page.code}").stdout.splitlines()
        assert max(map(len, lines)) <= 96, page.code

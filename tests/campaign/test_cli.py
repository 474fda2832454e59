"""`gorewrite migrate`, `status`, `retry` and `close` as people run them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gorewrite.campaign.definition import Definition, Home
from gorewrite.campaign.driver import Driver, Ended
from gorewrite.campaign.journal import Journal, only_one
from gorewrite.cli import cli


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Driver]]:
    """The runs that were begun; they do nothing."""
    begun: list[Driver] = []

    def run(driver: Driver) -> Ended:
        begun.append(driver)
        return Ended(0)

    monkeypatch.setattr(Driver, "run", run)
    yield begun


def gorewrite(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(each) for each in arguments])


def test_options_are_kept_and_given_again(tmp_path: Path, runs: list[Driver]) -> None:
    (tmp_path / "deny").write_text("")
    top = tmp_path / "slim"
    first = ("--org", "acme", "--org", "other", "--deny", tmp_path / "deny", "--review")
    assert gorewrite("migrate", "--campaign", top, *first, "--select", "a").exit_code == 2
    assert gorewrite("migrate", "--campaign", top, *first, "--canary", "5%").exit_code == 0
    assert gorewrite("migrate", "--campaign", top, "--pr", "--canary", "100%").exit_code == 0
    assert gorewrite("migrate", "--campaign", top, "--publish", "x=draft").exit_code == 0
    assert Home(top).load() == Definition(
        name="slim",
        org=("acme", "other"),
        deny=f"{tmp_path}/deny",
        review=True,
        pr=True,
        publish=("x=draft",),
    )
    assert [run.definition.canary for run in runs] == [0.05, 1.0, 1.0]
    assert gorewrite("migrate", "--campaign", top, "--no-pr").exit_code == 0
    assert not runs[-1].definition.pr


def test_what_is_for_one_run_is_not_kept(tmp_path: Path, runs: list[Driver]) -> None:
    options = ("--dry-run", "--rescan", "--keep-clones", "--shard", "2/3", "--jobs", "7")
    gorewrite("migrate", "--campaign", tmp_path / "slim", "--org", "acme", *options)
    assert Home(tmp_path / "slim").load() == Definition(name="slim", org=("acme",))
    (run,) = runs
    assert run.options == ((2, 3), "", True, True, True)
    assert run.planners.workers == 7
    assert run.journal.path.name == "journal.2-of-3.sqlite"


def test_a_preview_lets_nothing_in(tmp_path: Path, runs: list[Driver]) -> None:
    """The next run opens no pull request because somebody looked what it would open."""
    top = tmp_path / "slim"
    stage = ("--pr", "--canary", "5%", "--publish", "pilot-*")
    gorewrite("migrate", "--campaign", top, "--org", "acme", *stage, "--dry-run")
    assert Home(top).load() == Definition(name="slim", org=("acme",))
    gorewrite("migrate", "--campaign", top, *stage)
    gorewrite("migrate", "--campaign", top, "--canary", "100%", "--review", "--dry-run")
    known = Home(top).load()
    assert known is not None
    assert (known.pr, known.canary, known.review) == (True, 0.05, True)
    assert [run.definition.canary for run in runs] == [0.05, 0.05, 1.0]


def test_a_directory_that_takes_nothing(tmp_path: Path, runs: list[Driver]) -> None:
    home = Home(tmp_path / "slim")
    home.journal.with_suffix(".lock").mkdir(parents=True)
    result = gorewrite("migrate", "--campaign", home.top, "--org", "acme")
    assert (result.exit_code, runs) == (2, [])
    assert result.output == f"gorewrite: {home.top}/journal.lock: Is a directory\n"
    assert gorewrite("migrate", "--campaign", "", "--org", "acme").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "which repositories?"),
        (("--org", "acme", "--publish", "a=maybe"), "a=maybe: not GLOB=true"),
        (("--org", "acme", "--canary", "5"), "5 is no share"),
        (("--org", "acme", "--canary", "0%"), "0% is no share"),
        (("--org", "acme", "--canary", "nan%"), "nan% is no share"),
        (("--org", "acme", "--max-failures", "few"), "max-failures few"),
        (("--org", "acme", "--rate", "fast"), "--rate: 'fast' is no rate"),
        (("--org", "acme", "--select", "slim"), "no transform is named slim"),
        (("--org", "acme", "--shard", "4/3"), "4/3 is not I/N"),
        (("--repos", "/nonexistent"), "does not exist"),
        (("--org", "acme", "--scheduler", "tcp://h:1", "--jobs", "2"), "--jobs is not with"),
    ],
)
def test_what_cannot_be_meant(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    result = gorewrite("migrate", "--campaign", tmp_path / "slim", *arguments)
    assert result.exit_code == 2
    assert said in result.output
    assert "Traceback" not in result.output


def test_a_campaign_in_use_is_not_run_twice(tmp_path: Path, runs: list[Driver]) -> None:
    home = Home(tmp_path / "slim")
    with only_one(home.journal):
        result = gorewrite("migrate", "--campaign", home.top, "--org", "acme")
    assert (result.exit_code, runs) == (2, [])
    assert "in use by process" in result.output


def test_a_closed_campaign_is_not_run(tmp_path: Path, runs: list[Driver]) -> None:
    home = Home(tmp_path / "slim")
    home.save(Definition(name="slim", org=("acme",), closed="enough"))
    result = gorewrite("migrate", "--campaign", home.top)
    assert (result.exit_code, runs) == (2, [])
    assert "the campaign is closed: enough" in result.output


@pytest.mark.parametrize("command", ["status", "retry", "close"])
def test_there_has_to_be_a_campaign(tmp_path: Path, command: str) -> None:
    result = gorewrite(command, "--campaign", tmp_path / "slim")
    assert result.exit_code == 2
    assert "no campaign" in result.output
    assert not (tmp_path / "slim").exists()


def begun(top: Path) -> Home:
    """A campaign with two repositories, of which one failed."""
    home = Home(top / "slim")
    home.save(Definition(name="slim", org=("acme",)))
    with Journal(home.journal) as journal:
        scan = journal.begin(1.0)
        journal.add(scan, [("acme/shop", "url", ""), ("acme/api", "url", "")])
        journal.listed(scan, 1.0)
        journal.done(scan, "acme/shop", "published", 2.0)
        journal.pull("acme/shop", "gorewrite/x", "open", 2.0, url="https://git.example.com/1")
        (row,) = journal.due(scan, 3.0)
        journal.failed(scan, row, "it is gone", "it is gone", transient=False, now=3.0)
    return home


def test_status_in_words_and_as_json(tmp_path: Path) -> None:
    home = begun(tmp_path)
    result = gorewrite("status", "--campaign", home.top, "--list")
    assert result.exit_code == 0
    assert "1 published" in result.output and "failed: it is gone (acme/api)" in result.output
    assert "https://git.example.com/1" in result.output
    result = gorewrite("status", "--campaign", home.top, "--output-format", "json")
    document = json.loads(result.output)
    assert document["repositories"] == {"published": 1, "failed": 1}
    assert [each["name"] for each in document["all"]] == ["acme/shop", "acme/api"]


@pytest.mark.parametrize("form", ["html", "markdown"])
def test_status_as_a_report(tmp_path: Path, form: str) -> None:
    home = begun(tmp_path)
    file = tmp_path / "report"
    result = gorewrite(
        "status", "--campaign", home.top, "--output-format", form, "--output-file", file
    )
    assert result.exit_code == 0
    assert file.stat().st_size > 20


def test_retry_runs_what_failed(tmp_path: Path, runs: list[Driver]) -> None:
    home = begun(tmp_path)
    assert gorewrite("retry", "--campaign", home.top).exit_code == 0
    (run,) = runs
    assert run.options.only == "failed"
    with Journal(home.journal) as journal:
        assert [row.name for row in journal.due(1, 4.0)] == ["acme/api"]


def test_close_asks(tmp_path: Path) -> None:
    home = begun(tmp_path)
    result = CliRunner().invoke(cli, ["close", "--campaign", str(home.top)], input="n\n")
    assert result.exit_code == 1
    definition = home.load()
    assert definition is not None and not definition.closed

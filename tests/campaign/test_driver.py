"""Campaigns over some repositories on a test forge."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gorewrite.campaign.closing import Closer, forgive, refresh
from gorewrite.campaign.driver import Options
from gorewrite.campaign.planning import Failure, Job, Result
from gorewrite.campaign.status import as_json, brief, report, standing
from gorewrite.forge.model import ForgeError
from gorewrite.forge.pacing import Rate
from gorewrite.formats import render
from tests.campaign.tools import OPTED_OUT, SERVICE, WORDS, Campaign, Watched
from tests.forgery import GitHubForge
from tests.git.tools import git, repository

NAMES = [f"acme/{name}" for name in ("api", "jobs", "shop", "web")]


@pytest.fixture
def forge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHubForge]:
    """Eight repositories, of which four would change."""
    with GitHubForge(tmp_path / "forge") as forge:
        filled(forge)
        monkeypatch.setenv("GOREWRITE_TOKEN", forge.token)
        yield forge


def filled(forge: GitHubForge) -> None:
    for name in NAMES:
        forge.add_repository(name, SERVICE)
    forge.add_repository("acme/words", WORDS)
    forge.add_repository("acme/no", OPTED_OUT)
    forge.add_repository("acme/empty", {})
    forge.add_repository("acme/old", SERVICE, archived=True)


def branch(forge: GitHubForge, name: str) -> str:
    return next(each for each in forge.repository(name).heads if each != "main")


class Fake:
    """Plans nothing: says what it was told to. See Planners."""

    workers = 1

    def __init__(self, **failures: Failure) -> None:
        self.failures = failures

    def results(self, jobs):  # type: ignore[no-untyped-def]
        for job in jobs:
            failure = self.failures.get(job.name.rpartition("/")[2])
            yield Result(job.name, failure, "" if failure else "there is no Dockerfile")


NO_ANSWER = Failure("no answer", "no answer from git.example.com", transient=True)
GONE = Failure("gone", "it is gone")


# --- planning alone --------------------------------------------------------------------


def test_without_pull_requests_nothing_is_written_at_the_forge(
    forge: GitHubForge, tmp_path: Path
) -> None:
    campaign = Campaign(forge, tmp_path, pr=False)
    ended, watched = campaign.run()
    assert ended == (0, "", 0.0)
    assert campaign.wrote() == (0, 0)
    clean = ("acme/words", "acme/no", "acme/empty")
    assert watched.states == {
        **dict.fromkeys(NAMES, "planned"),
        **dict.fromkeys(clean, "clean"),
    }
    patches = sorted(path.name for path in (campaign.home.top / "patches").iterdir())
    assert patches == [f"acme+{name.partition('/')[2]}.patch" for name in NAMES]
    assert b"+++ b/Dockerfile" in campaign.home.patch("acme/shop").read_bytes()
    assert not (campaign.home.top / "clones").exists()


def test_a_second_scan_fetches_nothing_that_stands_where_it_stood(
    forge: GitHubForge, tmp_path: Path
) -> None:
    campaign = Campaign(forge, tmp_path, pr=False)
    campaign.run()
    before = len(forge.requests)
    _, watched = campaign.run()
    assert watched.count == 7
    asked = [each for each in forge.requests[before:] if each.kind == "git"]
    assert not [each for each in asked if b"command=fetch" in (each.body or b"")]
    human = forge.human("acme/shop")
    human.commit("main", {"Dockerfile": "FROM alpine\n"})
    _, watched = campaign.run()
    assert watched.states["acme/shop"] == "clean"
    assert watched.states["acme/api"] == "planned"
    assert not campaign.home.patch("acme/shop").exists()
    # What is asked for is another thing: all is planned anew.
    _, watched = campaign.run(ignore=("split-stages",))
    assert watched.told["acme/api"] == "1 of 1"


# --- pull requests ---------------------------------------------------------------------


def test_each_repository_gets_its_pull_request_and_then_nothing_is_written(
    forge: GitHubForge, tmp_path: Path
) -> None:
    campaign = Campaign(forge, tmp_path)
    campaign.run()
    assert campaign.states() == dict.fromkeys(NAMES, "open")
    before = campaign.wrote()
    ended, watched = campaign.run()
    assert ended == (0, "", 0.0)
    assert {action for _, action in watched.steps} == {"unchanged"}
    assert campaign.wrote() == before == (4, 4)


def test_a_dry_run_says_what_would_be_and_a_real_one_does_it(
    forge: GitHubForge, tmp_path: Path
) -> None:
    campaign = Campaign(forge, tmp_path)
    _, watched = campaign.run(Options(dry_run=True))
    assert sorted(watched.steps) == [(name, "create") for name in NAMES]
    assert campaign.wrote() == (0, 0)
    assert campaign.states() == {}
    campaign.run()
    assert campaign.states() == dict.fromkeys(NAMES, "open")


def test_stages_let_in_more_and_more(forge: GitHubForge, tmp_path: Path) -> None:
    campaign = Campaign(forge, tmp_path, publish=("shop=draft",))
    _, watched = campaign.run()
    assert campaign.states() == {"acme/shop": "open"}
    assert forge.repository("acme/shop").pulls[1].draft
    assert "--publish" in watched.told["acme/api"]
    campaign.run(publish=("shop=draft", "api"))
    assert campaign.states() == {"acme/shop": "open", "acme/api": "open"}
    assert not forge.repository("acme/api").pulls[1].draft


def test_what_a_scan_held_back_is_let_in_by_the_next_run_of_it(
    forge: GitHubForge, tmp_path: Path
) -> None:
    campaign = Campaign(forge, tmp_path, publish=("none",))
    campaign.run(planners=Fake(no=NO_ANSWER))
    campaign.run(planners=Fake())
    assert not campaign.states()
    with campaign.journal() as journal:
        assert journal.scan() == (1, True)
        for row in journal.repositories(1):
            if row.name in NAMES:
                journal.done(1, row.name, "planned", campaign.now)
    _, watched = campaign.run(publish=())
    assert sorted(watched.states) == NAMES
    assert campaign.states() == dict.fromkeys(NAMES, "open")


def test_people_have_the_last_word(forge: GitHubForge, tmp_path: Path) -> None:
    campaign = Campaign(forge, tmp_path)
    campaign.run()
    forge.human("acme/api").close(1)
    forge.human("acme/jobs").commit(branch(forge, "acme/jobs"))
    forge.human("acme/shop").merge(1)
    forge.human("acme/web").label(1, "gorewrite:stop")
    heads = dict(forge.repository("acme/jobs").heads)
    campaign.run()
    campaign.run()
    assert campaign.states() == {
        "acme/api": "declined",
        "acme/jobs": "blocked",
        "acme/shop": "merged",
        "acme/web": "stopped",
    }
    assert forge.repository("acme/jobs").heads == heads
    before = campaign.wrote()
    campaign.run()
    assert campaign.wrote() == before


def test_a_dockerfile_that_cannot_be_planned_keeps_its_pull_request(
    forge: GitHubForge, tmp_path: Path
) -> None:
    campaign = Campaign(forge, tmp_path)
    campaign.run()
    forge.human("acme/shop").commit("main", {"Dockerfile": "FROM golang:1.24\nRUN <<EOF\n"})
    before = campaign.wrote()
    for _ in range(2):
        _, watched = campaign.run()
        assert watched.states["acme/shop"] == "clean"
        assert campaign.wrote()[0] == before[0]
    assert campaign.states()["acme/shop"] == "open"
    assert forge.repository("acme/shop").pulls[1].state == "open"


def test_branches_are_pushed_where_there_is_no_forge(tmp_path: Path) -> None:
    bare = tmp_path / "shop.git"
    repository(tmp_path / "shop", SERVICE)
    git(tmp_path, "clone", "-q", "--bare", "shop", str(bare))
    (tmp_path / "list").write_text(f"{bare.as_uri()}\n")
    with GitHubForge(tmp_path / "forge") as unused:
        campaign = Campaign(unused, tmp_path, org=(), repos=f"{tmp_path}/list")
        campaign.run(forge="none")
        campaign.run()
    assert list(campaign.states().values()) == ["pushed"]
    assert "gorewrite/" in git(bare, "branch", "--list")


def test_a_topic_that_comes_later_counts(forge: GitHubForge, tmp_path: Path) -> None:
    campaign = Campaign(forge, tmp_path, org=(), repos=f"{tmp_path}/list")
    (tmp_path / "list").write_text("acme/shop\nacme/old\n")
    forge.repository("acme/shop").topics = ["no-gorewrite"]
    _, watched = campaign.run()
    assert watched.states == {"acme/shop": "skipped", "acme/old": "skipped"}
    assert campaign.wrote() == (0, 0)


def test_only_blocked_ones(forge: GitHubForge, tmp_path: Path) -> None:
    campaign = Campaign(forge, tmp_path)
    campaign.run()
    forge.human("acme/web").label(1, "gorewrite:stop")
    campaign.run()
    forge.human("acme/web").unlabel(1, "gorewrite:stop")
    _, watched = campaign.run(Options(only="blocked"))
    assert watched.states == {"acme/web": "published"}
    assert campaign.states()["acme/web"] == "open"


# --- failures --------------------------------------------------------------------------


def test_failures_are_counted_by_cause_and_tried_again(forge: GitHubForge, tmp_path: Path) -> None:
    campaign = Campaign(forge, tmp_path, pr=False)
    ended, _ = campaign.run(planners=Fake(api=NO_ANSWER, jobs=GONE, shop=GONE))
    assert ended.failed == 3
    text = brief(standing(campaign.definition, campaign.home))
    assert "failed: gone (acme/jobs and 1 more)" in text
    assert "failed: no answer (acme/api)" in text
    _, watched = campaign.run(planners=Fake())
    assert watched.count == 0
    campaign.now += 61
    _, watched = campaign.run(planners=Fake())
    assert watched.states == {"acme/api": "clean"}
    _, watched = campaign.run(Options(only="failed"), planners=Fake())
    assert watched.states == {"acme/jobs": "clean", "acme/shop": "clean"}


def test_forgiven_failures_are_due_at_once(forge: GitHubForge, tmp_path: Path) -> None:
    campaign = Campaign(forge, tmp_path, pr=False)
    campaign.run(planners=Fake(api=NO_ANSWER, jobs=GONE))
    forgive(campaign.home)
    _, watched = campaign.run(planners=Fake())
    assert sorted(watched.states) == ["acme/api", "acme/jobs"]


@pytest.mark.parametrize(("most", "done"), [("0", 1), ("1", 2), ("30%", 3), ("", 7)])
def test_too_many_failures_end_the_run(
    forge: GitHubForge, tmp_path: Path, most: str, done: int
) -> None:
    campaign = Campaign(forge, tmp_path, pr=False, max_failures=most)
    every = dict.fromkeys(("api", "jobs", "shop", "web", "words", "no", "empty"), GONE)
    ended, watched = campaign.run(planners=Fake(**every))
    assert len(watched.states) == done
    assert bool(ended.why) == (done < 7)


def test_a_token_that_does_not_work_ends_the_run(
    forge: GitHubForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = Campaign(forge, tmp_path)
    campaign.run(Options(dry_run=True))
    forge.faults.add("status", "GET", "/repos/", status=401, times=100)
    ended, watched = campaign.run()
    assert ended.why and len(watched.states) == 0
    assert campaign.wrote() == (0, 0)


def test_a_rate_that_is_used_up_ends_the_run_and_says_until_when(
    forge: GitHubForge, tmp_path: Path
) -> None:
    campaign = Campaign(forge, tmp_path)
    campaign.rates = (Rate(2, 3600),)
    pacer = campaign.pacer(None)  # type: ignore[arg-type]
    campaign.pacer = lambda _: pacer  # type: ignore[method-assign]
    ended, _ = campaign.run()
    assert "the rate" in ended.why
    assert ended.until == pytest.approx(campaign.now + 3600, abs=60)
    assert len(forge.writes) == 2
    campaign.now = ended.until + 1
    campaign.run()
    campaign.now += 3700
    campaign.run()
    assert campaign.states() == dict.fromkeys(NAMES, "open")
    assert len(forge.writes) == 4


# --- killed ----------------------------------------------------------------------------

VICTIM = """
import os, sys
from gorewrite.campaign.journal import Journal
left = int(sys.argv[1])
write = Journal._do
def counted(*args):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), 9)
    return write(*args)
Journal._do = counted
from gorewrite.cli import main
sys.argv[1:] = sys.argv[2:]
main()
"""


def killed(forge: GitHubForge, top: Path, *steps: int) -> list[int]:
    """Runs a campaign as a process that kills itself before so many writes to the journal."""
    environment = {**os.environ, "GOREWRITE_TOKEN": forge.token, "XDG_STATE_HOME": f"{top}/state"}
    command = ["migrate", "--campaign", f"{top}/slim", "--org", "acme", "--pr", "--rate", "1000/s"]
    command += ["--forge", "github", "--forge-url", forge.api, "--jobs", "1", "--quiet"]
    return [
        subprocess.run(
            [sys.executable, "-c", VICTIM, str(step), *command], env=environment, check=False
        ).returncode
        for step in steps
    ]


def picture(forge: GitHubForge) -> str:
    """All that can be seen at the forge."""
    return json.dumps(
        {
            name: [
                sorted(repository.heads.items()),
                [(p.number, p.title, p.state, p.head) for p in repository.pulls.values()],
            ]
            for name, repository in forge.repositories.items()
        }
    )


def test_kills_leave_no_trace(forge: GitHubForge, tmp_path: Path) -> None:
    # In the list of repositories; before the first pull request is known; amid the others.
    statuses = killed(forge, tmp_path, 6, 17, 9, 12, 10_000)
    assert statuses == [-9, -9, -9, -9, 0]
    before = len(forge.writes), len(forge.pushes)
    assert before == (4, 4)
    assert killed(forge, tmp_path, 10_000) == [0]
    assert (len(forge.writes), len(forge.pushes)) == before
    with GitHubForge(tmp_path / "other") as other:
        filled(other)
        assert killed(other, tmp_path / "undisturbed", 10_000) == [0]
        assert picture(forge) == picture(other)


# --- the whole campaign ----------------------------------------------------------------


def test_what_became_of_it_is_told_in_all_forms(forge: GitHubForge, tmp_path: Path) -> None:
    campaign = Campaign(forge, tmp_path)
    campaign.run()
    forge.human("acme/shop").merge(1)
    with campaign.journal() as journal, campaign.access() as access:
        refresh(campaign.definition, journal, access)
    assert campaign.states()["acme/shop"] == "merged"
    document = as_json(campaign.definition, campaign.home)
    assert document["pull_requests"] == {"open": 3, "merged": 1}
    assert document["dockerfiles"] == {"all": 5, "changed": 4}
    shop = next(each for each in document["all"] if each["name"] == "acme/shop")
    assert shop["pull_requests"][0]["state"] == "merged"
    found = report(campaign.definition, campaign.home)
    files = {file["path"]: file for file in found["files"]}
    assert files["acme/shop/Dockerfile"]["pull_request"]["state"] == "merged"
    assert "pull_request" not in files["acme/no/Dockerfile"]
    assert found["summary"]["changed"] == 4
    assert b'"pull_request":{"state":"merged"' in render("html", found)
    # Merged is one thing, that the code is better by now another.
    campaign.run()
    now = standing(campaign.definition, campaign.home)
    assert (now["dockerfiles"]["changed"], now["dockerfiles_first"]["changed"]) == (3, 4)


def test_shards_are_told_together(forge: GitHubForge, tmp_path: Path) -> None:
    names = []
    for number in (1, 2):
        campaign = Campaign(forge, tmp_path, pr=False)
        campaign.home.part = f"{number}/2"
        _, watched = campaign.run(Options(part=(number, 2)), planners=Fake())
        names += list(watched.states)
    assert len(names) == len(set(names)) == 7
    assert standing(campaign.definition, campaign.home)["repositories"] == {"clean": 7}


def test_closing_ends_it_but_for_what_is_peoples_own(forge: GitHubForge, tmp_path: Path) -> None:
    campaign = Campaign(forge, tmp_path)
    campaign.run()
    forge.human("acme/jobs").commit(branch(forge, "acme/jobs"))
    forge.human("acme/shop").merge(1)

    def close(*, dry_run: bool) -> Watched:
        watched = Watched()
        with campaign.journal() as journal, campaign.access() as access:
            closer = Closer(
                campaign.definition, campaign.home, journal, access, watched, "we are done",
                lambda: campaign.now, dry_run=dry_run,
            )  # fmt: skip
            assert closer.run().failed == 0
        return watched

    before = campaign.wrote()
    assert ("acme/api", "close") in close(dry_run=True).steps
    assert campaign.wrote() == before
    close(dry_run=False)
    states = {"api": "closed", "jobs": "abandoned", "shop": "merged", "web": "closed"}
    assert campaign.states() == {f"acme/{name}": state for name, state in states.items()}
    pulls = forge.repository("acme/api").pulls[1]
    assert pulls.state == "closed" and pulls.title.endswith(" - autoclosed")
    assert "we are done" in pulls.comments[-1].body
    assert list(forge.repository("acme/api").heads) == ["main"]
    assert forge.repository("acme/jobs").pulls[1].state == "open"
    before = campaign.wrote()
    close(dry_run=False)
    assert campaign.wrote() == before


def test_no_secret_is_written_anywhere(
    forge: GitHubForge, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    forge.faults.add("status", "POST", "/pulls$", status=422, times=100)
    assert killed(forge, tmp_path, 10_000) == [3]
    out, err = capfd.readouterr()
    written = [path.read_bytes() for path in (tmp_path / "slim").rglob("*") if path.is_file()]
    assert len(written) > 8
    assert not any(forge.token.encode() in text for text in (*written, (out + err).encode()))


def test_a_forge_that_is_out_of_order_is_left_alone(
    forge: GitHubForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        forge.add_repository(f"acme/more{number}", SERVICE)

    def broken(*_: object, **__: object) -> None:
        raise ForgeError("502 Bad Gateway; run again later", transient=True, status=502)

    monkeypatch.setattr("gorewrite.campaign.publishing.Publisher.publish", broken)
    campaign = Campaign(forge, tmp_path)
    ended, watched = campaign.run()
    assert ended.why == "5 in a row failed: 502 Bad Gateway; run again later"
    assert list(watched.states.values()).count("failed") == 5
    campaign.now += 61
    monkeypatch.undo()
    monkeypatch.setenv("GOREWRITE_TOKEN", forge.token)
    campaign.run()
    assert len(campaign.states()) == 8


def test_the_iterator_of_planners_is_closed(forge: GitHubForge, tmp_path: Path) -> None:
    closed = []

    class Endless:
        workers = 1

        def results(self, jobs: Iterator[Job]) -> Iterator[Result]:
            try:
                for job in jobs:
                    yield Result(job.name, GONE)
            finally:
                closed.append(True)

    Campaign(forge, tmp_path, max_failures="0").run(planners=Endless())
    assert closed == [True]

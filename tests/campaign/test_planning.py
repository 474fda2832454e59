"""One repository, from its URL to its groups."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from gorewrite.campaign.planning import Job, Request, Result, planned
from gorewrite.fleet.settings import Settings
from gorewrite.pulls.planning import scan
from tests.campaign.tools import OPTED_OUT, SERVICE, WORDS
from tests.git.tools import git, repository

TWO = {f"services/{name}/{path}": text for name in ("api", "web") for path, text in SERVICE.items()}


def plan(top: Path, files: dict[str, str], **request: object) -> Result:
    repository(top / "from", files)
    url = (top / "from").as_uri()
    request = {"campaign": "slim", "clones": str(top / "clones"), **request}
    return planned(Job("acme/shop", url, "", Request(**request)))  # type: ignore[arg-type]


def test_what_is_planned_is_what_a_checkout_gives(tmp_path: Path) -> None:
    files = {**TWO, "CODEOWNERS": "services/api @acme/api\nservices/web @acme/web\n"}
    result = plan(tmp_path, files)
    direct = scan(tmp_path / "from", Settings(), None, None)
    assert [each.path for group in result.groups for each in group.planned] == [
        each.path for each in direct.planned
    ]
    edits = [each.edits for group in result.groups for each in group.planned]
    assert edits == [each.edits for each in direct.planned]
    assert [group.key for group in result.groups] == ["@acme/api", "@acme/web"]
    assert result.found is not None
    assert (result.found.dockerfiles, result.found.changed) == (2, 2)
    assert pickle.loads(pickle.dumps(result)) == result


def test_the_report_names_no_place_of_this_machine(tmp_path: Path) -> None:
    result = plan(tmp_path, TWO)
    assert str(tmp_path) not in result.files.decode()
    (one, _) = json.loads(result.files)
    assert one["path"] == "services/api/Dockerfile"
    assert one["branch"].startswith("gorewrite/")


def test_clones_are_removed_but_when_they_are_to_be_kept(tmp_path: Path) -> None:
    plan(tmp_path / "one", SERVICE)
    assert not list((tmp_path / "one/clones").iterdir())
    plan(tmp_path / "two", SERVICE, keep=True)
    assert (tmp_path / "two/clones/acme+shop/Dockerfile").exists()


@pytest.mark.parametrize(
    ("files", "nothing"),
    [
        (WORDS, "there is no Dockerfile"),
        ({"go.mod": SERVICE["go.mod"], "main.go": SERVICE["main.go"]}, "there is no Dockerfile"),
        (OPTED_OUT, ""),
        ({**SERVICE, "gorewrite.toml": "enabled = false\n"}, ""),
    ],
)
def test_nothing_to_do(tmp_path: Path, files: dict[str, str], nothing: str) -> None:
    result = plan(tmp_path, files)
    assert (result.failure, result.nothing, result.groups) == (None, nothing, ())
    assert result.found is not None and result.found.changed == 0


def test_a_dockerfile_that_only_a_caller_names_is_found(tmp_path: Path) -> None:
    files = {**SERVICE, "build/image": SERVICE["Dockerfile"]}
    del files["Dockerfile"]
    compose = "services:\n  shop:\n    build:\n      context: .\n      dockerfile: build/image\n"
    result = plan(tmp_path, {**files, "compose.yaml": compose})
    assert [each.path for group in result.groups for each in group.planned] == ["build/image"]


def test_an_empty_repository(tmp_path: Path) -> None:
    (tmp_path / "from").mkdir()
    git(tmp_path / "from", "init", "-q", "-b", "main")
    result = planned(Job("a", (tmp_path / "from").as_uri(), "", Request()))
    assert (result.failure, result.nothing) == (None, "it is empty")


def test_a_repository_that_stands_where_it_stood_is_not_fetched(tmp_path: Path) -> None:
    repository(tmp_path / "from", SERVICE)
    id = git(tmp_path / "from", "rev-parse", "main")
    job = Job("a", (tmp_path / "from").as_uri(), "", Request(clones=str(tmp_path / "c")), known=id)
    result = planned(job)
    assert result.unchanged and result.found is None
    assert not (tmp_path / "c").exists()


def test_branches_of_ours_are_seen(tmp_path: Path) -> None:
    repository(tmp_path / "from", WORDS)
    url = (tmp_path / "from").as_uri()
    assert not planned(Job("a", url, "", Request())).ours
    git(tmp_path / "from", "branch", "gorewrite/dockerfiles-00000000")
    assert planned(Job("a", url, "", Request())).ours


def test_a_branch_of_what_cannot_be_planned_is_kept(tmp_path: Path) -> None:
    broken = {"services/old/Dockerfile": "FROM golang:1.24\nRUN <<EOF\nno end\n"}
    result = plan(tmp_path, {**TWO, **broken}, by="service")
    assert result.found is not None and result.found.errors == 1
    (kept,) = result.kept
    assert kept.startswith("gorewrite/")
    assert len(result.groups) == 2


def test_failures_are_told_without_what_is_their_own(tmp_path: Path) -> None:
    url = (tmp_path / "nothere").as_uri()
    failure = planned(Job("acme/shop", url, "", Request())).failure
    assert failure is not None
    assert "nothere" in failure.text
    assert "nothere" not in failure.cause.replace(url.removeprefix("file://"), "")


def test_a_configuration_that_cannot_be_used_is_the_repositorys_own(tmp_path: Path) -> None:
    result = plan(tmp_path, {**SERVICE, "gorewrite.toml": "no-such-key = 1\n"})
    assert result.failure is not None
    assert result.failure.cause == "its configuration cannot be used"
    assert str(tmp_path) not in result.failure.text


def test_whatever_goes_wrong_is_a_failure_of_this_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("token ghp_abcdefghijklmnopqrstuvwxyz0123456789\nand more")

    monkeypatch.setattr("gorewrite.campaign.planning._in_clone", broken)
    failure = plan(tmp_path, SERVICE).failure
    assert failure is not None and failure.cause == "internal error"
    assert "ghp_" not in failure.text and "\n" not in failure.text

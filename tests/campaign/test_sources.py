"""Which repositories a campaign takes, and which it leaves alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gorewrite.campaign.definition import CampaignError, Definition
from gorewrite.campaign.sources import Listed, in_directory, listed, some
from gorewrite.forge.model import Forge, Repository
from tests.git.tools import contents, git, repository


class Hub:
    """A forge with these repositories."""

    def __init__(self, *repositories: Repository) -> None:
        self._repositories = repositories

    def repositories(self, owner: str) -> Iterator[Repository]:
        return (each for each in self._repositories if each.path.startswith(f"{owner}/"))

    def forge(self, path: str) -> Forge:
        raise AssertionError


def hosted(path: str, **more: object) -> Repository:
    return Repository(path, f"https://git.example.com/{path}.git", "main", **more)  # type: ignore[arg-type]


HUB = Hub(
    hosted("acme/shop"),
    hosted("acme/old", archived=True),
    hosted("acme/copy", fork=True),
    hosted("acme/never", topics=("go", "no-gorewrite")),
    hosted("acme/api", topics=("go",)),
    hosted("other/shop"),
)


def names(definition: Definition, hub: Hub = HUB) -> tuple[list[str], dict[str, str]]:
    """(those that are taken; those that are not → why)."""
    left: dict[str, str] = {}
    found = [each.name for each in listed(definition, lambda _: hub, left.__setitem__)]
    return found, left


def test_archived_ones_forks_and_those_that_do_not_want_it_are_left_alone() -> None:
    found, left = names(Definition(org=("acme",)))
    assert found == ["acme/shop", "acme/api"]
    assert left == {
        "acme/old": "it is archived",
        "acme/copy": "it is a fork",
        "acme/never": "it has the topic no-gorewrite",
    }


def test_nothing_overrides_the_topic() -> None:
    found, _ = names(Definition(org=("acme",), archived=True, forks=True, topics=("go",)))
    assert found == ["acme/api"]
    found, _ = names(Definition(org=("acme",), archived=True, forks=True))
    assert found == ["acme/shop", "acme/old", "acme/copy", "acme/api"]


@pytest.mark.parametrize(
    ("match", "exclude", "found"),
    [
        (("shop",), (), ["acme/shop", "other/shop"]),
        (("acme/*",), ("acme/shop",), ["acme/api"]),
        ((), ("acme",), ["other/shop"]),
        (("nothing",), (), []),
    ],
)
def test_patterns(match: tuple[str, ...], exclude: tuple[str, ...], found: list[str]) -> None:
    definition = Definition(org=("acme", "other"), match=match, exclude=exclude)
    assert names(definition)[0] == found


def test_the_deny_list_goes_before_all(tmp_path: Path) -> None:
    (tmp_path / "deny").write_text("# never\nacme/sh*\n\nother/   # all of theirs\n")
    definition = Definition(org=("acme", "other"), match=("shop", "api"), deny=f"{tmp_path}/deny")
    assert names(definition)[0] == ["acme/api"]
    (tmp_path / "deny").write_text("ok\n[\n")
    with pytest.raises(CampaignError, match="deny:2: "):
        names(definition)


def test_each_repository_is_taken_once() -> None:
    hub = Hub(*HUB._repositories, *HUB._repositories)
    assert names(Definition(org=("acme", "other", "acme")), hub)[0] == [
        "acme/shop",
        "acme/api",
        "other/shop",
    ]


LIST = """# Comments.
https://git.example.com/acme/shop.git  # and here
ssh://git@git.example.com:2222/acme/api
git@git.example.com:acme/web.git
acme/jobs
https://elsewhere.example.com/acme/shop.git
https://git.example.com/acme/shop.git
"""


def test_a_list(tmp_path: Path) -> None:
    (tmp_path / "list").write_text(LIST)
    definition = Definition(
        repos=f"{tmp_path}/list", forge="gitea", forge_url="https://git.example.com", base="dev"
    )
    assert list(listed(definition, lambda _: HUB, print)) == [
        Listed("acme/shop", "https://git.example.com/acme/shop.git", "dev"),
        Listed("acme/api", "ssh://git@git.example.com:2222/acme/api", "dev"),
        Listed("acme/web", "git@git.example.com:acme/web.git", "dev"),
        Listed("acme/jobs", "https://git.example.com/acme/jobs.git", "dev"),
        Listed(
            "elsewhere.example.com/acme/shop", "https://elsewhere.example.com/acme/shop.git", "dev"
        ),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "https://user:secret@git.example.com/acme/shop",
        "https://secret@git.example.com/acme/shop",
        "ext::sh -c x",
        "--upload-pack=x",
        "https://git.example.com/",
        "shop",
        "a b",
        "-x/y",
    ],
)
def test_what_is_no_repository(tmp_path: Path, line: str) -> None:
    (tmp_path / "list").write_text(f"acme/shop\n{line}\n")
    definition = Definition(repos=f"{tmp_path}/list", forge="github")
    with pytest.raises(CampaignError, match="list:2: ") as caught:
        names(definition)
    assert "secret" not in str(caught.value)


def test_a_list_that_is_not_there() -> None:
    with pytest.raises(CampaignError, match="No such file"):
        names(Definition(repos="/nonexistent/list"))


def test_clones_are_planned_as_their_remote_has_them_and_stay_as_they_are(tmp_path: Path) -> None:
    origin = tmp_path / "origin"
    repository(origin, {"Dockerfile": "FROM golang:1.24\n"})
    clones = tmp_path / "clones"
    clones.mkdir()
    git(clones, "clone", "-q", str(origin), "shop")
    git(clones / "shop", "checkout", "-q", "-b", "mine")
    (clones / "shop/Dockerfile").write_text("edited\n")
    repository(clones / "local", {"a": "b"})
    (clones / "no clone").mkdir()
    before = contents(clones)
    assert list(in_directory(clones, remote=False)) == [
        Listed("local", (clones / "local").as_uri(), "refs/heads/main"),
        Listed("shop", (clones / "shop").as_uri(), "refs/remotes/origin/main"),
    ]
    assert contents(clones) == before


def test_pull_requests_for_clones_go_to_their_remotes(tmp_path: Path) -> None:
    repository(tmp_path / "shop", {"a": "b"})
    git(tmp_path / "shop", "remote", "add", "origin", "git@git.example.com:acme/shop.git")
    repository(tmp_path / "tea", {"a": "b"})
    with_token = "https://job:token@git.example.com/acme/tea.git"
    git(tmp_path / "tea", "remote", "add", "origin", with_token)
    found = list(in_directory(tmp_path, remote=True))
    assert found == [
        Listed("acme/shop", "git@git.example.com:acme/shop.git"),
        Listed("acme/tea", "https://git.example.com/acme/tea.git"),
    ]


def test_a_directory_without_clones(tmp_path: Path) -> None:
    with pytest.raises(CampaignError, match="no clones"):
        list(in_directory(tmp_path, remote=False))


def test_shards_take_each_repository_once() -> None:
    every = [Listed(f"acme/{number}", "url") for number in range(300)]
    parts = [list(some(every, (number, 4))) for number in (1, 2, 3, 4)]
    assert sorted(each for part in parts for each in part) == sorted(every)
    assert all(40 < len(part) < 110 for part in parts)
    assert list(some(every, None)) == every

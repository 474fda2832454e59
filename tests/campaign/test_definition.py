"""What a campaign is to do, and where it keeps what."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.campaign.definition import (
    CampaignError,
    Definition,
    Home,
    file_name,
    most_failures,
    over,
)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    home = Home(tmp_path / "slim")
    assert home.load() is None
    definition = Definition(
        name='sl"im\n\x7f',
        org=("acme", "ümlaut"),
        label=("ship it 🚀",),
        publish=("pilot-*", "shop=draft"),
        canary=0.05,
        pr=True,
        max_open=3,
    )
    home.save(definition)
    assert home.load() == definition


def test_a_file_that_says_the_same_is_left_as_people_wrote_it(tmp_path: Path) -> None:
    home = Home(tmp_path)
    text = "# Ours.\nname='slim'\norg=['acme']\ncanary=1\n"
    (tmp_path / "campaign.toml").write_text(text)
    definition = home.load()
    assert definition == Definition(name="slim", org=("acme",))
    home.save(definition)
    assert (tmp_path / "campaign.toml").read_text() == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("orgs = ['x']", "unknown key orgs; did you mean org?"),
        ("org = 'x'", "org must be a list of strings"),
        ("org = [1]", "org must be a list of strings"),
        ("pr = 'yes'", "pr must be true or false"),
        ("max-open = true", "max-open must be a whole number"),
        ("canary = 0", "canary must be above 0"),
        ("canary = 5", "canary must be above 0 and at most 1"),
        ("publish = ['a=maybe']", "a=maybe: not GLOB=true"),
        ("match = ['[']", r"\["),
        ("max-failures = '5 %'", "max-failures 5 %"),
        ("name = ''", "name must not be empty"),
        ("forge = 'githb'", "forge must be one of auto, github, gitlab, gitea, none"),
        ("group-by = 'team'", "group-by must be one of service, owner, repo"),
        ("runtime = 'a base'", "runtime must be an image"),
        ("name = ", "not TOML"),
    ],
)
def test_what_means_nothing_is_said_in_a_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "campaign.toml").write_text(text)
    with pytest.raises(CampaignError, match=said) as caught:
        Home(tmp_path).load()
    assert str(caught.value).startswith(f"{tmp_path}/campaign.toml: ")
    assert "\n" not in str(caught.value)


def test_the_command_line_goes_over_the_file() -> None:
    definition = over(Definition(org=("acme",), pr=True), {"canary": 0.5, "publish": ("x",)})
    assert definition == Definition(org=("acme",), pr=True, canary=0.5, publish=("x",))


def test_only_what_decides_a_plan_is_in_the_digest() -> None:
    plain = Definition()
    assert plain.digest == Definition(org=("acme",), pr=True, canary=0.1).digest
    assert plain.digest != Definition(review=True).digest
    assert plain.digest != Definition(ignore=("cache-mounts",)).digest
    assert plain.digest != Definition(group_by="service").digest


def test_names_of_files_are_never_the_same_and_stay_where_they_belong() -> None:
    names = ["a/b", "a+b", "a%2Fb", "a", "b/a", "..", ".", "../x", "/x", ".git/x", "x" * 300]
    names += ["x" * 301, "A/b", "a//b", "\udcff", "\n"]
    found = [file_name(name) for name in names]
    assert len(set(found)) == len(names)
    for name in found:
        assert "/" not in name and not name.startswith(".") and len(name) < 200


def test_shards_have_journals_of_their_own(tmp_path: Path) -> None:
    assert Home(tmp_path).journal == tmp_path / "journal.sqlite"
    assert Home(tmp_path, "3/8").journal == tmp_path / "journal.3-of-8.sqlite"


@pytest.mark.parametrize(
    ("text", "count", "most"),
    [("", 10, float("inf")), ("0", 10, 0), ("7", 10, 7), ("5%", 200, 10), ("100%", 3, 3)],
)
def test_how_many_failures_are_borne(text: str, count: int, most: float) -> None:
    assert most_failures(text, count) == most

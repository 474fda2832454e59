"""Whose pull requests are opened by now."""

from __future__ import annotations

import pytest

from gorewrite.campaign.stages import Rule, stage_of


@pytest.mark.parametrize(
    ("rules", "stages"),
    [
        ([], "yes yes yes"),
        (["pilot-*"], "yes no no"),
        (["pilot-*=draft"], "draft no no"),
        (["*=true", "acme/pilot-*=false"], "no yes yes"),
        # The last that matches counts, not the nearest.
        (["acme/pilot-*=false", "*=true"], "yes yes yes"),
        (["acme/*", "acme/shop=draft"], "yes draft no"),
        (["other"], "no no yes"),
        (["shop/"], "no no no"),
    ],
)
def test_rules(rules: list[str], stages: str) -> None:
    parsed = [Rule.parse(text) for text in rules]
    names = ("acme/pilot-1", "acme/shop", "other/words")
    found = [stage_of(name, parsed, 1.0, "slim") for name in names]
    assert found == stages.split()


@pytest.mark.parametrize("text", ["", "=true", "a=yes", "a=", "[=true", "../x", "!a"])
def test_no_rule(text: str) -> None:
    with pytest.raises(ValueError):
        Rule.parse(text)


def test_a_larger_canary_takes_those_of_a_smaller_one() -> None:
    names = [f"acme/{number}" for number in range(400)]

    def taken(share: float, campaign: str = "slim") -> set[str]:
        return {name for name in names if stage_of(name, (), share, campaign) == "yes"}

    assert 5 <= len(taken(0.05)) <= 40
    assert taken(0.05) < taken(0.5) < taken(1.0) == set(names)
    assert taken(0.05) != taken(0.05, "another campaign")


def test_a_canary_lets_nobody_in_whom_the_rules_leave_out() -> None:
    assert stage_of("acme/shop", [Rule.parse("shop=false")], 1.0, "slim") == "no"

"""The texts of pull requests, given what a run knows besides its groups."""

from __future__ import annotations

from collections.abc import Callable

from gorewrite.forge.model import Address
from gorewrite.pulls.body import Told, body
from gorewrite.pulls.links import links_for
from gorewrite.pulls.measured import Results, measured
from gorewrite.pulls.model import Group


def telling(
    address: Address,
    campaign: str,
    options: str,
    results: Results | None,
    say: Callable[[str], None],
) -> Callable[[Group, str, str], str]:
    """What makes the text of a group, given the commit that its branch stands on and the version of
    gorewrite that made it.

    address: of the repository, for links; options: those that decide the patch, as words of a
    shell; results: of `gorewrite verify`; say: told which of them are not used, and why.
    """

    def tell(group: Group, commit: str, version: str) -> str:
        found, said = measured(results, group) if results is not None else ({}, ())
        for line in said:
            say(line)
        links = links_for(address, commit)
        return body(group, Told(campaign, commit, options, version, found, links))

    return tell

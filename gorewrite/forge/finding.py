"""The pull requests of many branches, in as few requests as a forge lets one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from gorewrite.forge.client import Page
from gorewrite.forge.model import PullRequest


def pulls_of(
    heads: Sequence[str],
    pages: Iterable[Page],
    of_branch: Callable[[str], Iterable[Any]] | None,
    read: Callable[[Any], PullRequest | None],
) -> dict[str, PullRequest]:
    """The open pull request of each branch, else the newest; absent for one that never had any.

    pages: of all there are, in whatever state, the oldest first: so nothing moves from a page to
    one that was read already while others open and close some; of_branch: those of one branch, None
    where a forge cannot say; read: None for those of other repositories. Pages are read while fewer
    of them are left than branches.
    """
    wanted = dict.fromkeys(heads)
    found: dict[str, PullRequest] = {}

    def keep(items: Iterable[Any]) -> None:
        for pull in map(read, items):
            if pull is not None and pull.head in wanted:
                other = found.get(pull.head)
                if other is None or _rank(pull) > _rank(other):
                    found[pull.head] = pull

    if of_branch is None or len(wanted) > 1:
        for page in pages if wanted else ():
            keep(page.items)
            if page.left == 0:
                return found
            if of_branch is not None and (page.left is None or page.left >= len(wanted)):
                break
    if of_branch is not None:
        for head in wanted:
            keep(of_branch(head))
    return found


def _rank(pull: PullRequest) -> tuple[bool, int]:
    return pull.state == "open", pull.number

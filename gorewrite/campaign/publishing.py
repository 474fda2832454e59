"""The pull requests of one repository after the other: the only part of a campaign that writes.

It needs no files of the repository, only its list of files at the commit that was planned.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gorewrite import __version__
from gorewrite.campaign.access import Access
from gorewrite.campaign.definition import Definition
from gorewrite.campaign.planning import Result
from gorewrite.campaign.sources import unwanted
from gorewrite.campaign.tables import PullState
from gorewrite.git.clone import Clone
from gorewrite.pulls.model import Step

if TYPE_CHECKING:
    from gorewrite.forge.model import Forge, PullRequest
    from gorewrite.pulls.publish import Publishing

#: What was done about a pull request → what it is then; None where that has to be asked.
STATES: Final[Mapping[str, PullState | None]] = {
    "create": "open",
    "update": "open",
    "unchanged": "open",
    "wait": "waiting",
    "blocked": "blocked",
    "stopped": "stopped",
    "declined": "declined",
    "failed": "failed",
    "close": None,
    "abandon": "abandoned",
}


class Unwanted(Exception):
    """The repository does not want pull requests. The text says why."""


class Publisher:
    """Opens the pull requests of a campaign.

    work: a directory for throw-away repositories, None for a temporary one.
    """

    def __init__(self, definition: Definition, access: Access, work: Path | None = None) -> None:
        self.definition = definition
        self.access = access
        self._work = work

    def publish(
        self,
        url: str,
        result: Result,
        say: Callable[[str], None],
        *,
        draft: bool = False,
        dry_run: bool = False,
        closing: str = "",
    ) -> Iterator[Step]:
        """Brings the pull requests of a repository to what they should be.

        closing: why all of them are closed, "" when they are not. Raises Unwanted, ForgeError,
        CloneError, GitError, and gorewrite.pulls.publish.Stopped when all that follows would fail.
        """
        from gorewrite.pulls.publish import publish

        tip = result.tip
        assert tip is not None
        address = self.access.address(url)
        forge = self.access.forge(address)
        if address.kind != "none" and not closing:
            self._check(forge)
        top = Path(tempfile.mkdtemp(prefix="publish-", dir=self._work))
        try:
            clone = Clone(
                top / url.rstrip("/").rpartition("/")[2].removesuffix(".git"),
                url,
                tip.ref,
                lambda: self.access.variables(url),
            )
            clone.fetch_trees(tip.commit)
            options = self._options(url, result, forge, say)
            options = options._replace(draft=draft, dry_run=dry_run, closing=closing)
            yield from publish(forge, clone.git, () if closing else result.groups, options, say)
        finally:
            shutil.rmtree(top, ignore_errors=True)

    def states(self, url: str, branches: Iterable[str]) -> dict[str, PullRequest]:
        """The pull requests of some branches as the forge has them. Raises ForgeError."""
        return self.access.forge(self.access.address(url)).pulls(tuple(branches))

    def _check(self, forge: Forge) -> None:
        """Raises Unwanted, ForgeError."""
        found = forge.repository()
        why = unwanted(found, self.definition)
        if found.archived:
            why = "it is archived"
        elif not found.can_push and not why:
            why = "the token may not push to it"
        if why:
            raise Unwanted(why)

    def _options(
        self, url: str, result: Result, forge: Forge, say: Callable[[str], None]
    ) -> Publishing:
        from gorewrite.git.commits import Identity
        from gorewrite.pulls.convention import Convention
        from gorewrite.pulls.publish import Publishing, asked_of
        from gorewrite.pulls.telling import telling

        assert result.tip is not None
        definition, settings = self.definition, result.settings
        reviewers, codeowners = asked_of(definition.reviewers)
        return Publishing(
            result.tip.branch,
            result.tip.commit,
            url,
            definition.name,
            __version__,
            Convention(settings),
            Identity.parse(settings.author),
            telling(forge.address, definition.name, definition.settings.words(), None, say),
            labels=tuple(dict.fromkeys((*settings.labels, *definition.label))),
            reviewers=reviewers,
            codeowners=codeowners,
            max_open=definition.max_open,
            sign=definition.sign,
            kept=result.kept,
            why=dict(result.why),
            fetching=("--filter=blob:none",),
        )


def state_of(pull: PullRequest) -> PullState:
    """What a pull request that is not ours to decide on any more became."""
    from gorewrite.pulls.decide import is_declined

    if pull.state == "closed":
        return "declined" if is_declined(pull) else "closed"
    return pull.state

"""What is to be done about a pull request follows from what stands on the forge, and nothing else.

Whatever was done before, by whom, and how far a run got: it is seen there, so that a run may end
anywhere and the next one goes on. People have the last word: what one of them closed is not opened
again, what one of them edited is not overwritten.
"""

from __future__ import annotations

from typing import NamedTuple

from gorewrite.forge.model import PullRequest
from gorewrite.git.trees import Changed
from gorewrite.pulls import marks
from gorewrite.pulls.convention import STOP_LABEL
from gorewrite.pulls.markup import bare, read_marker
from gorewrite.pulls.model import Action
from gorewrite.pulls.pushed import Tip


class Found(NamedTuple):
    """What stands there for one branch. commit: of the branch on the remote, "" for none; tip: None
    where that is the very commit we would push, or there is none; pull: the open one, else the
    newest, None for none."""

    commit: str
    tip: Tip | None
    pull: PullRequest | None

    @property
    def open(self) -> PullRequest | None:
        """The pull request when it is open."""
        return self.pull if self.pull is not None and self.pull.state == "open" else None


class Decision(NamedTuple):
    """action: "create" and "update" also where it turns out that nothing has to be written; push:
    whether the branch is pushed; reason: one clause for people."""

    action: Action
    push: bool = False
    reason: str = ""


def decide(found: Found, changes: Changed, base: str) -> Decision:
    """What to do about a group. changes: what it changes of the tip of the base, a branch."""
    pull = found.pull
    if pull is not None and is_declined(pull):
        return Decision("declined", reason="a person closed it; rename or reopen it to get it back")
    if found.open is not None and STOP_LABEL in found.open.labels:
        return Decision("stopped", reason=f"it has the label {STOP_LABEL}")
    if found.open is not None and found.open.base != base:
        reason = f"somebody made it for {found.open.base}; change that back to {base}, or close it"
        return Decision("stopped", reason=reason)
    if found.tip is not None and not found.tip.ours:
        hint = "delete the branch" if found.open is None else "revert that, or delete the branch,"
        return Decision("blocked", reason=f"somebody else committed to it; {hint} to go on")
    current = bool(found.commit) and (found.tip is None or found.tip.changes == changes)
    return Decision("update" if found.open is not None else "create", push=not current)


def decide_obsolete(found: Found, campaign: str) -> Decision | None:
    """What to do about a branch for which nothing is proposed any more; None for one that is not
    of this campaign, or about which nothing is left to do."""
    tip, pull = found.tip, found.open
    assert tip is not None
    if tip.ours:
        if tip.campaign != bare(campaign):
            return None
        if pull is not None and STOP_LABEL in pull.labels:
            return Decision("stopped", reason=f"it has the label {STOP_LABEL}")
        if found.pull is not None and is_declined(found.pull):
            return None
        return Decision("close")
    if pull is None or campaign_of(pull) != campaign:
        return None
    return Decision("abandon", reason="somebody else committed to it; it is theirs now")


def campaign_of(pull: PullRequest) -> str | None:
    """The campaign that a pull request belongs to; None when it does not say."""
    told = (read_marker(pull.body) or {}).get("campaign")
    return told if isinstance(told, str) else None


def is_declined(pull: PullRequest) -> bool:
    """Whether a person closed a pull request, and did not rename it since.

    What we close ourselves has a title that says so.
    """
    if pull.state != "closed" or pull.title.endswith(marks.AUTOCLOSED):
        return False
    text = marks.read(pull.body)
    return text is None or text.title == marks.digest(pull.title)

"""One pull request brought to what it should be, by as few requests as can be."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from gorewrite.forge.model import Forge, ForgeError, PullRequest, Wanted
from gorewrite.pulls import marks
from gorewrite.pulls.decide import Decision
from gorewrite.pulls.markup import marker, prose, read_marker
from gorewrite.pulls.model import Action, Group, Proposal

if TYPE_CHECKING:
    from gorewrite.pulls.publish import Publishing

#: Forges that ask the owners of changed files for a review by themselves.
_ASK_OWNERS: Final = ("github", "gitea")

_BLOCKED: Final = """\
Somebody else committed to this branch, so gorewrite leaves it alone from now on: nothing of those
commits is ever overwritten. It is yours to finish and merge.

To have gorewrite go on, revert those commits or delete the branch. This is said once."""


class Standing(NamedTuple):
    """A pull request on its way. pull: None where none is open."""

    proposal: Proposal
    pull: PullRequest | None
    decision: Decision


class Requests:
    """What is asked of the forge. With `dry_run` nothing is written, and the answers are the same.

    open: how many pull requests of the campaign are.
    """

    def __init__(self, forge: Forge, options: Publishing, say: Callable[[str], None]) -> None:
        self.forge = forge
        self.options = options
        self.say = say
        self.open = 0
        self._writes = 0

    def propose(self, standing: Standing) -> tuple[Action, str, int]:
        """(what was done, the URL, how many requests wrote something). Raises ForgeError."""
        self._writes = 0
        proposal, pull = standing.proposal, standing.pull
        if self.forge.address.kind == "none":
            url = self.forge.compare_url(proposal.base, proposal.branch)
            action: Action = "create" if standing.decision.push else "unchanged"
            return action if standing.decision.action != "blocked" else "blocked", url, 0
        if standing.decision.action == "blocked":
            if pull is not None:
                self._comment_once(pull, "blocked", _BLOCKED)
                self._retitle(pull, marks.bare(pull.title))
            return "blocked", pull.url if pull is not None else "", self._writes
        if pull is not None:
            self._bring(pull, proposal)
            return ("update" if self._writes else "unchanged"), pull.url, self._writes
        return "create", self._create(proposal), self._writes

    def close(self, pull: PullRequest | None, reason: str) -> int:
        """Closes what nothing is left of; how many requests wrote something. Raises ForgeError.

        The title first says that it was not a person: see marks.
        """
        self._writes = 0
        if pull is not None:
            text = f"Closed by gorewrite: {prose(reason)}. Its branch is deleted."
            self._comment_once(pull, "closed", text)
            self._retitle(pull, marks.closing(pull.title, marks.AUTOCLOSED))
            self._write(lambda: self.forge.close(pull))
            self.open -= 1
        return self._writes

    def abandon(self, pull: PullRequest | None, reason: str) -> int:
        """Leaves what people edited to them, and says so once. Raises ForgeError."""
        self._writes = 0
        if pull is not None and not pull.title.endswith(marks.ABANDONED):
            text = (
                f"gorewrite has nothing left to propose here, but {prose(reason)}: it stays open, "
                "and gorewrite leaves it alone."
            )
            self._comment_once(pull, "abandoned", text)
            self._retitle(pull, marks.closing(pull.title, marks.ABANDONED))
        return self._writes

    def _create(self, proposal: Proposal) -> str:
        """Opens one; its URL."""
        options = self.options
        labels, reviewers = options.labels, self._reviewers(proposal.group)
        finished = not (labels or reviewers)
        text = marks.made(proposal.body, proposal.title, finished=finished)
        wanted = Wanted(
            proposal.branch,
            proposal.base,
            proposal.title,
            str(text),
            options.draft,
            labels,
            reviewers,
        )
        if options.dry_run:
            return ""
        self._writes += 1
        pull = self.forge.create(wanted)
        if pull.body and not marks.same(pull.body, str(text)):
            self._bring(pull, proposal)  # It was there: a run that was killed, or one beside this.
        elif not finished:
            self._finish(pull, text, proposal.group)
        return pull.url

    def _bring(self, pull: PullRequest, proposal: Proposal) -> None:
        """An open one to what it should be. What people changed in it stays."""
        text = marks.read(pull.body)
        title, body = marks.bare(pull.title), pull.body
        if text is not None:
            if text.title == marks.digest(pull.title):
                title = proposal.title
                text = text._replace(title=marks.digest(title))
            if not marks.says_the_same(text.section, proposal.body):
                text = text._replace(section=proposal.body)
            body = str(text)
        self._update(pull, title, body)
        if text is not None and not text.finished:
            self._finish(pull, text, proposal.group)

    def _finish(self, pull: PullRequest, text: marks.Text, group: Group) -> None:
        """Labels and reviewers, which are asked for once: who takes one away does not get it again.

        That they are still to be asked for stands in the text until they have been.
        """
        labels, reviewers = self.options.labels, self._reviewers(group)
        missing = tuple(label for label in labels if label not in pull.labels)
        if missing:
            self._write(lambda: self.forge.add_labels(pull, missing))
        if reviewers:
            try:
                self._write(lambda: self.forge.request_reviewers(pull, reviewers))
            except ForgeError as error:
                if error.transient:
                    raise
                self.say(f"{pull.url}: {error}")
        body = str(text._replace(finished=True))
        self._write(lambda: self.forge.update(pull, body=body))

    def _reviewers(self, group: Group) -> tuple[str, ...]:
        """Those who are asked for a review. Most forges ask owners themselves; addresses and roles
        are nobody that a forge can be told of."""
        found = list(self.options.reviewers)
        if self.options.codeowners and self.forge.address.kind not in _ASK_OWNERS:
            owners = (o for o in group.owners if o.startswith("@") and not o.startswith("@@"))
            found += [owner[1:] for owner in owners]
        return tuple(dict.fromkeys(found))

    def _update(self, pull: PullRequest, title: str, body: str) -> None:
        """Only what is different."""
        new_title = title if title != pull.title else None
        new_body = body if not marks.same(body, pull.body) else None
        if new_title is not None or new_body is not None:
            self._write(lambda: self.forge.update(pull, title=new_title, body=new_body))

    def _retitle(self, pull: PullRequest, title: str) -> None:
        if title != pull.title:
            self._write(lambda: self.forge.update(pull, title=title))

    def _comment_once(self, pull: PullRequest, kind: str, text: str) -> None:
        """Says something below it, unless that was said ever before."""
        for comment in self.forge.comments(pull):
            if (read_marker(comment) or {}).get("said") == kind:
                return
        said = f"{text}\n\n{marker(said=kind)}"
        self._write(lambda: self.forge.comment(pull, said))

    def _write(self, write: Callable[[], object]) -> None:
        if not self.options.dry_run:
            write()
        self._writes += 1

"""Branches and pull requests as they should be: everything that `pr` does after planning.

What stands on the remote and the forge is read first; then each branch and each pull request is
brought to what it should be, where it is not. Nothing is remembered from run to run, and no step
needs an earlier one of the same run: one that is killed anywhere is made good by the next.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from gorewrite.forge.model import Forge, ForgeError, PullRequest
from gorewrite.git import remote as remotes
from gorewrite.git.commits import Draft as Commit
from gorewrite.git.commits import Identity, signed
from gorewrite.git.remote import Push, Pushed
from gorewrite.git.run import Git, GitError
from gorewrite.pulls.branches import PREFIX
from gorewrite.pulls.decide import Decision, Found, campaign_of, decide, decide_obsolete
from gorewrite.pulls.drafts import Draft, date_of, proposed
from gorewrite.pulls.model import Action, Group, Proposal, Step
from gorewrite.pulls.pushed import tips
from gorewrite.pulls.requests import Requests, Standing

#: Branches that are pushed at once, before their pull requests are opened: few enough that no
#: branch waits for its pull request for long, where those are paced.
AT_ONCE: Final = 100
#: So many failures of the forge in a row, and it is left alone.
_MOST_FAILURES: Final = 5


class Naming(Protocol):
    """How pull requests and commits are named, see gorewrite.pulls.convention."""

    def title(self, group: Group, campaign: str = "") -> str: ...
    def message(self, group: Group, version: str, campaign: str) -> str: ...


class Publishing(NamedTuple):
    """What pull requests are made of and how.

    base, base_commit: the branch they are for, and its tip, which is in the repository; remote: its
    name or URL; body: the text for a group, given the commit that its branch stands on and the
    version that made it; labels, reviewers: asked for once, when a pull request is opened;
    codeowners: also ask the owners of each group; max_open: open pull requests of the campaign, 0
    for any number; whole: whether all of the repository was planned, so that what is not among the
    groups is obsolete; kept: branches that are not, as something of theirs could not be planned;
    why: branch -> why nothing is proposed for it any more; closing: the same for all; fetching:
    options for git fetch.
    """

    base: str
    base_commit: str
    remote: str
    campaign: str
    version: str
    naming: Naming
    identity: Identity
    body: Callable[[Group, str, str], str]
    draft: bool = False
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    codeowners: bool = False
    max_open: int = 0
    sign: bool = False
    dry_run: bool = False
    whole: bool = True
    kept: Collection[str] = ()
    why: Mapping[str, str] = {}
    closing: str = ""
    fetching: tuple[str, ...] = ()


def asked_of(reviewers: str) -> tuple[tuple[str, ...], bool]:
    """(whom `--reviewers` names, whether it says to ask the owners): `codeowners`, `none`, or names
    with commas between them."""
    names = tuple(name for name in reviewers.split(",") if name)
    return () if names in (("codeowners",), ("none",)) else names, names == ("codeowners",)


class Stopped(Exception):
    """The rest waits: a pause that the forge or the rate asks for, or a forge that does not answer.

    The text says why; cause: what the forge said; until: seconds since 1970, 0.0 when unknown.
    """

    def __init__(self, cause: ForgeError) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.until: float = getattr(cause, "until", 0.0)


def publish(
    forge: Forge,
    git: Git,
    groups: Sequence[Group],
    options: Publishing,
    say: Callable[[str], None] = lambda _: None,
) -> Iterator[Step]:
    """Does it, and tells each step as soon as it is done; with `dry_run`, what would be done.

    git: of a repository that is nobody's work tree, see gorewrite.git.copy; say: told of what is no
    step: that something is waited for, that reviewers could not be asked. Raises GitError, or
    ForgeError, when the remote or the forge cannot be read at all, and Stopped, when everything
    that waits has been told.
    """
    return _Publisher(forge, git, options, say).run(groups)


class _Work(NamedTuple):
    """One group on its way."""

    proposal: Proposal
    draft: Draft
    found: Found
    decision: Decision


class _Publisher:
    """One run."""

    def __init__(
        self, forge: Forge, git: Git, options: Publishing, say: Callable[[str], None]
    ) -> None:
        self.forge = forge
        self.git = git
        self.options = options
        self.requests = Requests(forge, options, say)
        self._failures = 0

    def run(self, groups: Sequence[Group]) -> Iterator[Step]:
        """See publish."""
        proposals, made = proposed(self.git, groups, self.options)
        wanted = {proposal.branch: proposal.commit for proposal in proposals}
        try:
            looked = self._look(wanted)
        except GitError:  # A branch that was deleted in between; or the remote is gone.
            looked = self._look(wanted)
        stale = [branch for branch in looked if branch not in wanted]
        obsolete = [
            (branch, decision)
            for branch in stale
            if (decision := decide_obsolete(looked[branch], self.options.campaign)) is not None
        ]
        works = [
            _Work(proposal, draft, looked[proposal.branch], self._decide(looked, proposal, draft))
            for proposal, draft in zip(proposals, made, strict=True)
        ]
        yield from self._all(obsolete, works, looked)

    # --- what there is -------------------------------------------------------------------

    def _look(self, wanted: Mapping[str, str]) -> dict[str, Found]:
        """What stands there for the branches that are wanted, and for those that look like ours
        and that no group asks for. wanted: branch -> the commit for it."""
        heads = remotes.branches(self.git, self.options.remote)
        ours = [name for name in heads if name.startswith(PREFIX)]
        passed_over = {*wanted, *self.options.kept}
        stale = [name for name in ours if self.options.whole and name not in passed_over]
        asked = dict.fromkeys((*wanted, *stale, *(ours if self.options.max_open else ())))
        pulls = self.forge.pulls(list(asked)) if asked else {}
        self.requests.open = sum(self._counts(pull) for pull in pulls.values())
        return self._found(heads, {**dict.fromkeys(stale, ""), **wanted}, pulls)

    def _found(
        self,
        heads: Mapping[str, str],
        wanted: Mapping[str, str],
        pulls: Mapping[str, PullRequest],
    ) -> dict[str, Found]:
        """The same for some branches. heads: all branches of the remote; wanted: see _look, "" for
        no commit."""
        fetched = [name for name, id in wanted.items() if heads.get(name, id) != id]
        found = tips(self.git, self.options.remote, fetched, self.options.fetching)
        looked = {}
        for name in wanted:
            tip = found.get(name)
            head = tip.commit.id if tip is not None else heads.get(name, "")
            looked[name] = Found(head, tip, pulls.get(name))
        return looked

    def _counts(self, pull: PullRequest) -> bool:
        """Whether it is an open one of this campaign."""
        return pull.state == "open" and campaign_of(pull) in (None, self.options.campaign)

    def _decide(self, looked: Mapping[str, Found], proposal: Proposal, draft: Draft) -> Decision:
        if draft.problem:
            return Decision("failed", reason=draft.problem)
        return decide(looked[proposal.branch], draft.changes, self.options.base)

    # --- what is done --------------------------------------------------------------------

    def _all(
        self,
        obsolete: Sequence[tuple[str, Decision]],
        works: Sequence[_Work],
        looked: Mapping[str, Found],
    ) -> Iterator[Step]:
        """All steps. Obsolete ones come first: what they leave is room for others."""
        stop: Stopped | None = None
        for branch, decision in obsolete:
            if stop is None:
                try:
                    yield self._obsolete(branch, looked[branch], decision)
                    continue
                except Stopped as stopped:
                    stop = stopped
            yield Step("wait", branch, None, str(stop), _url(looked[branch]))
        for start in range(0, len(works), AT_ONCE):
            chunk = [self._room(work) for work in works[start : start + AT_ONCE]]
            pushed = self._push(chunk) if stop is None else {}
            for work in chunk:
                if stop is None:
                    try:
                        yield self._one(work, pushed)
                        continue
                    except Stopped as stopped:
                        stop = stopped
                done = pushed.get(work.proposal.branch, Pushed("refused")).state == "done"
                yield _step("wait", work, str(stop), pushed=done)
        if stop is not None:
            raise stop

    def _room(self, work: _Work) -> _Work:
        """The same, or that it waits, where there are enough open ones."""
        most = self.options.max_open
        if work.decision.action != "create" or not most:
            return work
        if self.requests.open >= most:
            reason = f"{self.requests.open} are open, and --max-open is {most}"
            return work._replace(decision=Decision("wait", reason=reason))
        self.requests.open += 1
        return work

    def _push(self, works: Sequence[_Work]) -> dict[str, Pushed]:
        """Branch -> what became of its push. A remote that refuses all does so for each."""
        pushing = [work for work in works if work.decision.push]
        if self.options.dry_run or not pushing:
            return {}
        pushes = [
            Push(work.proposal.branch, id, work.found.commit)
            for work, id in zip(pushing, self._signed(pushing), strict=True)
        ]
        try:
            return remotes.push(self.git, self.options.remote, pushes)
        except GitError as error:
            return {push.branch: Pushed("refused", str(error)) for push in pushes}

    def _signed(self, works: Sequence[_Work]) -> list[str]:
        """The commits of what is pushed, signed where that is asked for: only these, as a signature
        is never the same twice."""
        ids = [work.proposal.commit for work in works]
        if not self.options.sign:
            return ids
        plain = [Commit(work.proposal.base_commit, work.proposal.message, ()) for work in works]
        options = self.options
        date = date_of(self.git, options.base_commit)
        return signed(self.git, plain, ids, options.identity, date)

    def _one(self, work: _Work, pushed: Mapping[str, Pushed]) -> Step:
        """What is done about one group, and the step that says so."""
        push = pushed.get(work.proposal.branch)
        try:
            if push is not None and push.state == "stale":
                work = self._again(work)
                push = self._push([work]).get(work.proposal.branch)
            if push is not None and push.state != "done":
                return _step("failed", work, push.reason)
            return self._proposed(work, pushed=push is not None)
        except ForgeError as error:
            self._failed(error)
            return _step("failed", work, str(error), pushed=push is not None)
        except GitError as error:
            return _step("failed", work, str(error))

    def _proposed(self, work: _Work, *, pushed: bool) -> Step:
        """The pull request of a branch that is as it should be. Raises ForgeError."""
        proposal, decision = self._told(work), work.decision
        work = work._replace(proposal=proposal)
        if decision.action not in ("create", "update", "blocked"):
            return _step(decision.action, work, decision.reason, pushed=pushed)
        standing = Standing(proposal, work.found.open, decision)
        action, url, writes = self.requests.propose(standing)
        self._failures = 0
        if action == "unchanged" and (pushed or decision.push):
            action = "update"
        return _step(action, work, decision.reason, url, writes, pushed)

    def _told(self, work: _Work) -> Proposal:
        """The proposal with its text, which is about the commit that stands in the branch."""
        proposal, options, tip = work.proposal, self.options, work.found.tip
        if self.forge.address.kind == "none" and not options.dry_run:
            return proposal  # Nobody reads it.
        base, version = options.base_commit, options.version
        if tip is not None and tip.ours and not work.decision.push:
            base, version = tip.base, tip.version
            proposal = proposal._replace(commit=tip.commit.id, base_commit=base)
        return proposal._replace(body=options.body(proposal.group, base, version))

    def _again(self, work: _Work) -> _Work:
        """A group whose branch moved while this run went on, looked at once more."""
        proposal = work.proposal
        heads = remotes.branches(self.git, self.options.remote)
        pulls = self.forge.pulls([proposal.branch])
        looked = self._found(heads, {proposal.branch: proposal.commit}, pulls)
        found = looked[proposal.branch]
        return work._replace(found=found, decision=self._decide(looked, proposal, work.draft))

    def _obsolete(self, branch: str, found: Found, decision: Decision) -> Step:
        """What is done about a branch for which nothing is proposed any more."""
        options = self.options
        reason = decision.reason
        if decision.action == "close":
            default = f"nothing is left to propose on {options.base}"
            if found.pull is not None and found.pull.state == "merged":
                default = "it is merged"
            reason = options.closing or options.why.get(branch, default)
        writes, deleted = 0, False
        try:
            if decision.action == "close":
                writes = self.requests.close(found.open, reason)
                deleted = self._delete(branch, found.commit)
            elif decision.action == "abandon":
                writes = self.requests.abandon(found.open, options.closing or reason)
                if not writes:
                    decision = Decision("blocked")
        except ForgeError as error:
            self._failed(error)
            return Step("failed", branch, None, str(error), _url(found))
        except GitError as error:
            return Step("failed", branch, None, str(error), _url(found))
        self._failures = 0
        return Step(decision.action, branch, None, reason, _url(found), writes, deleted)

    def _delete(self, branch: str, commit: str) -> bool:
        """Whether the branch was deleted. Raises GitError."""
        if self.options.dry_run:
            return False
        push = remotes.push(self.git, self.options.remote, [Push(branch, "", commit)])[branch]
        if push.state != "done":
            raise GitError(f"the branch was not deleted: {push.reason}")
        return True

    def _failed(self, error: ForgeError) -> None:
        """Counts a failure. Raises Stopped when all that follows would fail as well."""
        self._failures += 1
        until = getattr(error, "until", None)
        if until is not None or error.status == 401 or self._failures >= _MOST_FAILURES:
            raise Stopped(error) from None


def _step(
    action: Action,
    work: _Work,
    reason: str = "",
    url: str = "",
    writes: int = 0,
    pushed: bool = False,
) -> Step:
    return Step(
        action,
        work.proposal.branch,
        work.proposal,
        reason,
        url or _url(work.found),
        writes,
        pushed,
    )


def _url(found: Found) -> str:
    return found.pull.url if found.pull is not None else ""

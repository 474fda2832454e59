"""GitHub, github.com and Enterprise Server: REST, and of that only what every token may use.

The paths are those of "REST API endpoints for pull requests", "… labels", "… issue comments", "…
review requests" and "… repositories", which tests hold against GitHub's own description.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final
from urllib.parse import quote

from gorewrite.forge.address import compare_url
from gorewrite.forge.client import Client
from gorewrite.forge.finding import pulls_of
from gorewrite.forge.model import Address, ForgeError, PullRequest, Repository, Wanted
from gorewrite.forge.trouble import documented

#: Answers to a pull request that is there already: GitHub's, Gitea's.
_DUPLICATE: Final = (409, 422)

#: What is said of a branch that was pushed a moment ago, until all of GitHub knows of it, and the
#: seconds after which it is tried again (as hub did, github.com/github/hub#1258).
_UNSETTLED: Final = ("head invalid", "No commits between")
_SETTLING: Final = (2.0, 5.0)


class GitHub:
    """A repository on GitHub. Methods: see `gorewrite.forge.model.Forge`."""

    #: How a list of comments is asked for in long pages.
    _paged: ClassVar[Mapping[str, int]] = {"per_page": 100}

    def __init__(self, client: Client, address: Address) -> None:
        self.address = address
        self._client = client
        self._repository: Repository | None = None

    def repository(self) -> Repository:
        self._repository = repository(self._client.get(self._place(self.address.path)))
        return self._repository

    def pulls(self, heads: Sequence[str]) -> dict[str, PullRequest]:
        pages = self._client.pages(
            f"{self._root()}/pulls", state="all", sort="created", direction="asc", per_page=100
        )
        return pulls_of(heads, pages, self._of_branch, self._pull)

    def create(self, wanted: Wanted) -> PullRequest:
        for seconds in _SETTLING:
            try:
                return self._create(wanted)
            except ForgeError as error:
                if error.status != 422 or not any(word in str(error) for word in _UNSETTLED):
                    raise
            self._client.wait(seconds)
        return self._create(wanted)

    def update(
        self, pull: PullRequest, *, title: str | None = None, body: str | None = None
    ) -> None:
        given = {"title": self._titled(pull, title), "body": body}
        self._patch(pull, {name: text for name, text in given.items() if text is not None})

    def close(self, pull: PullRequest) -> None:
        self._patch(pull, {"state": "closed"})

    def add_labels(self, pull: PullRequest, labels: Sequence[str]) -> None:
        if labels:
            self._client.write("POST", f"{self._issue(pull)}/labels", {"labels": list(labels)})

    def request_reviewers(self, pull: PullRequest, reviewers: Sequence[str]) -> None:
        asked = list(dict.fromkeys(name.removeprefix("@") for name in reviewers))
        if not asked:
            return
        try:
            self._ask(pull, asked)
        except ForgeError as error:
            if error.status not in (404, 422):
                raise
            # One who may not review, as the author, makes it refuse all of them.
            refused = (
                asked if len(asked) == 1 else [who for who in asked if not self._asks(pull, who)]
            )
            if refused:
                names = ", ".join(refused)
                raise ForgeError(f"{error}; not asked for a review: {names}", status=422) from None

    def comments(self, pull: PullRequest) -> Iterator[str]:
        for comment in self._client.items(f"{self._issue(pull)}/comments", **self._paged):
            yield comment["body"] or ""

    def comment(self, pull: PullRequest, text: str) -> None:
        def made() -> object:
            return True if text in map(str.rstrip, self.comments(pull)) else None

        text = text.rstrip()
        self._client.write("POST", f"{self._issue(pull)}/comments", {"body": text}, made=made)

    def compare_url(self, base: str, head: str) -> str:
        return compare_url(self.address.kind, self.address.web, base, head)

    # --- requests ------------------------------------------------------------------------

    @staticmethod
    def _place(path: str) -> str:
        return f"/repos/{quote(path)}"

    def _root(self) -> str:
        """Of the repository as it is called now: a renamed one is asked for once."""
        known = self._repository or self.repository()
        return self._place(known.path)

    def _issue(self, pull: PullRequest) -> str:
        return f"{self._root()}/issues/{pull.number}"

    def _create(self, wanted: Wanted) -> PullRequest:
        def made() -> PullRequest | None:
            return self._open(wanted.head, wanted.base)

        body = {
            "title": wanted.title,
            "head": wanted.head,
            "base": wanted.base,
            "body": wanted.body,
            **self._draft(wanted),
        }
        try:
            answer = self._client.write("POST", f"{self._root()}/pulls", body, made=made)
        except ForgeError as error:
            if error.status in _DUPLICATE and (there := made()) is not None:
                return there
            raise
        return answer if isinstance(answer, PullRequest) else self._read(answer)

    def _patch(self, pull: PullRequest, fields: dict[str, Any]) -> None:
        if fields:
            self._client.write("PATCH", f"{self._root()}/pulls/{pull.number}", fields)

    def _of_branch(self, head: str) -> Iterable[Any]:
        owner = (self._repository or self.repository()).path.partition("/")[0]
        return self._client.items(
            f"{self._root()}/pulls", state="all", head=f"{owner}:{head}", per_page=100
        )

    def _open(self, head: str, base: str) -> PullRequest | None:
        """The open one of a branch for a base."""
        for pull in map(self._pull, self._of_branch(head)):
            if pull is not None and (pull.head, pull.base, pull.state) == (head, base, "open"):
                return pull
        return None

    def _ask(self, pull: PullRequest, names: Sequence[str]) -> None:
        """Teams are named by their slug alone."""
        people = [name for name in names if "/" not in name]
        teams = [name.partition("/")[2] for name in names if "/" in name]
        asked = {"reviewers": people, "team_reviewers": teams}
        place = f"{self._root()}/pulls/{pull.number}/requested_reviewers"
        self._client.write("POST", place, {name: who for name, who in asked.items() if who})

    def _asks(self, pull: PullRequest, name: str) -> bool:
        try:
            self._ask(pull, [name])
        except ForgeError as error:
            if error.status not in (404, 422):
                raise
            return False
        return True

    # --- answers -------------------------------------------------------------------------

    def _draft(self, wanted: Wanted) -> dict[str, Any]:
        return {"draft": True} if wanted.draft else {}

    def _titled(self, pull: PullRequest, title: str | None) -> str | None:
        return title

    @documented
    def _pull(self, raw: Any) -> PullRequest | None:
        """None for one from a fork. Its repository is null once that is deleted; where the filter
        by head is not understood, GitHub gives all there are."""
        head, base = raw["head"]["repo"], raw["base"]["repo"]
        return self._read(raw) if head is not None and head["id"] == base["id"] else None

    @documented
    def _read(self, raw: Any) -> PullRequest:
        return PullRequest(
            number=raw["number"],
            url=raw["html_url"],
            title=raw["title"],
            body=raw["body"] or "",
            state="merged" if raw["merged_at"] else raw["state"],
            draft=bool(raw.get("draft")),
            head=raw["head"]["ref"],
            base=raw["base"]["ref"],
            labels=tuple(label["name"] for label in raw["labels"]),
        )


class GitHubHub:
    """GitHub as a whole. Methods: see `gorewrite.forge.model.Hub`."""

    def __init__(self, client: Client, address: Address) -> None:
        self._client = client
        self._address = address

    def repositories(self, owner: str) -> Iterator[Repository]:
        try:
            yield from map(repository, self._list(owner))
        except ForgeError as error:
            if error.status != 404:
                raise
            raise ForgeError(
                f"{owner} is no organisation that the token may see; name the repositories of a"
                " person one by one",
                status=404,
            ) from None

    def forge(self, path: str) -> GitHub:
        return GitHub(self._client, inside(self._address, path))

    def _list(self, owner: str) -> Iterable[Any]:
        place = f"/orgs/{quote(owner, safe='')}/repos"
        return self._client.items(place, type="all", sort="full_name", per_page=100)


def inside(hub: Address, path: str) -> Address:
    """The address of a repository on the forge that a hub's address is of."""
    web = hub.web.removesuffix(f"/{hub.path}") if hub.path else hub.web
    return hub._replace(web=f"{web}/{path}", path=path)


@documented
def repository(raw: Any) -> Repository:
    """A repository as GitHub and Gitea tell it."""
    rights = raw.get("permissions") or {}
    return Repository(
        path=raw["full_name"],
        clone_url=raw["clone_url"],
        default_branch=raw.get("default_branch") or "",
        archived=bool(raw.get("archived")) or bool(raw.get("disabled")),
        fork=bool(raw.get("fork")),
        topics=tuple(raw.get("topics") or ()),
        # The token of an app is told no rights at all, whatever it has.
        can_push=bool(rights.get("push")) or not rights.get("pull"),
    )

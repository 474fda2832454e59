"""Gitea and Forgejo: their API, v1, is GitHub's in most of what is needed here.

What differs (routers/api/v1, modules/structs of Gitea): lists have `limit`, and pull requests
cannot be asked for by branch; a branch that was deleted is no longer `head.ref`; drafts are those
whose title says so; labels are given by number and have to be there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final
from urllib.parse import quote

from gorewrite.forge.finding import pulls_of
from gorewrite.forge.github import GitHub, GitHubHub, inside, repository
from gorewrite.forge.model import ForgeError, PullRequest, Repository, Wanted
from gorewrite.forge.trouble import documented

#: Pages may be shorter: MAX_RESPONSE_ITEMS is 50 unless an instance says otherwise.
_LIMIT: Final = 50
#: WORK_IN_PROGRESS_PREFIXES as they are unless an instance says otherwise.
_DRAFT: Final = re.compile(r"\s*(?:WIP:|\[WIP\])\s*", re.IGNORECASE)
_COLOR: Final = "#ededed"


class Gitea(GitHub):
    """A repository on Gitea or Forgejo. Methods: see `gorewrite.forge.model.Forge`."""

    #: Comments come all at once.
    _paged: ClassVar[Mapping[str, int]] = {}
    #: Numbers of labels by name, once they were asked for.
    _known: dict[str, int] | None = None

    def pulls(self, heads: Sequence[str]) -> dict[str, PullRequest]:
        return pulls_of(heads, self._all("all"), None, self._pull)

    def add_labels(self, pull: PullRequest, labels: Sequence[str]) -> None:
        if not labels:
            return
        known = self._known = self._known or self._labels()
        for name in labels:
            if name not in known:
                known[name] = self._add_label(name)
        numbers = [known[name] for name in dict.fromkeys(labels)]
        self._client.write("POST", f"{self._issue(pull)}/labels", {"labels": numbers})

    def _all(self, state: str) -> Iterator[Any]:
        return self._client.pages(f"{self._root()}/pulls", state=state, sort="oldest", limit=_LIMIT)

    def _of_branch(self, head: str) -> Iterable[Any]:
        """Open ones of all branches: no list has those of one."""
        for page in self._all("open"):
            yield from page.items

    def _labels(self) -> dict[str, int]:
        """Those of the repository, and of the organisation it belongs to."""
        owner = self._root().split("/")[2]
        found: dict[str, int] = {}
        for place in (f"/orgs/{owner}/labels", f"{self._root()}/labels"):
            try:
                for label in self._client.items(place, limit=_LIMIT):
                    found[label["name"]] = label["id"]
            except ForgeError as error:
                if error.status != 404:  # It belongs to a person.
                    raise
        return found

    def _add_label(self, name: str) -> int:
        def made() -> object:
            number = self._labels().get(name)
            return None if number is None else {"id": number}

        body = {"name": name, "color": _COLOR}
        number: int = self._client.write("POST", f"{self._root()}/labels", body, made=made)["id"]
        return number

    def _draft(self, wanted: Wanted) -> dict[str, Any]:
        return {"title": f"WIP: {wanted.title}"} if wanted.draft else {}

    def _titled(self, pull: PullRequest, title: str | None) -> str | None:
        return f"WIP: {title}" if title is not None and pull.draft else title

    @documented
    def _pull(self, raw: Any) -> PullRequest | None:
        head, base = raw["head"], raw["base"]
        return self._read(raw) if head.get("repo_id") == base.get("repo_id") else None

    @documented
    def _read(self, raw: Any) -> PullRequest:
        found = super()._read(raw | {"labels": raw.get("labels") or ()})
        # The label is the name of the branch as it was; ref is refs/pull/1/head once it is gone.
        found = found._replace(head=raw["head"].get("label") or found.head)
        prefix = _DRAFT.match(found.title)
        if prefix is None:
            return found
        return found._replace(title=found.title[prefix.end() :], draft=True)


class GiteaHub(GitHubHub):
    """Gitea or Forgejo as a whole. Methods: see `gorewrite.forge.model.Hub`."""

    def repositories(self, owner: str) -> Iterator[Repository]:
        yield from map(repository, self._list(owner))

    def forge(self, path: str) -> Gitea:
        return Gitea(self._client, inside(self._address, path))

    def _list(self, owner: str) -> Iterable[Any]:
        name = quote(owner, safe="")
        try:
            yield from self._client.items(f"/orgs/{name}/repos", limit=_LIMIT)
        except ForgeError as error:
            if error.status != 404:
                raise
            yield from self._client.items(f"/users/{name}/repos", limit=_LIMIT)

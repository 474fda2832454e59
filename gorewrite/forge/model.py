"""What a pull-request bot needs of a forge, and no more.

Everything here is asked of one forge and one repository at a time. Branches are pushed and read
with git, never through a forge.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, Protocol

#: Kinds of forges; "none": branches are pushed, and people open the pull requests.
KINDS = ("github", "gitlab", "gitea", "none")

PullState = Literal["open", "closed", "merged"]


class Address(NamedTuple):
    """Where a repository lies.

    kind: of KINDS; api: base URL of the API without a final slash, as https://api.github.com or
    https://git.example.com/api/v4, "" for "none"; web: URL of the repository for browsers; path:
    owner/name, or group/subgroup/name.
    """

    kind: str
    api: str
    web: str
    path: str


class Repository(NamedTuple):
    """A repository as its forge tells it. clone_url: by HTTPS, without credentials."""

    path: str
    clone_url: str
    default_branch: str
    archived: bool = False
    fork: bool = False
    topics: tuple[str, ...] = ()
    can_push: bool = True


class PullRequest(NamedTuple):
    """A pull request (GitLab: merge request; number: its iid). head, base: names of branches."""

    number: int
    url: str
    title: str
    body: str
    state: PullState
    draft: bool
    head: str
    base: str
    labels: tuple[str, ...] = ()


class Wanted(NamedTuple):
    """A pull request as it should be."""

    head: str
    base: str
    title: str
    body: str
    draft: bool = False
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()


class ForgeError(Exception):
    """A forge refused, or could not be reached. The text is one line without secrets.

    transient: whether trying again later may help; status: of the HTTP answer, 0 for none.
    """

    def __init__(self, text: str, *, transient: bool = False, status: int = 0) -> None:
        super().__init__(text)
        self.transient = transient
        self.status = status


class Forge(Protocol):
    """One repository on a forge. Every method may raise ForgeError."""

    address: Address

    def repository(self) -> Repository:
        """What the forge says of the repository."""

    def pulls(self, heads: Sequence[str]) -> dict[str, PullRequest]:
        """The pull request of each branch of this repository: the open one, else the newest.

        Branches that never had one are absent.
        """

    def create(self, wanted: Wanted) -> PullRequest:
        """Opens a pull request, without its labels and reviewers.

        Where one is open for the branch already, as a run that was killed may have left it, that
        one is given back.
        """

    def update(
        self, pull: PullRequest, *, title: str | None = None, body: str | None = None
    ) -> None:
        """Changes what is given."""

    def close(self, pull: PullRequest) -> None:
        """Closes it. Its branch is deleted with git."""

    def add_labels(self, pull: PullRequest, labels: Sequence[str]) -> None:
        """Adds labels; the others stay."""

    def request_reviewers(self, pull: PullRequest, reviewers: Sequence[str]) -> None:
        """Asks people, and teams as `org/team`, for a review.

        Those who cannot be asked are named in a ForgeError when all others were.
        """

    def comments(self, pull: PullRequest) -> Iterator[str]:
        """The texts of all its comments, the oldest first."""

    def comment(self, pull: PullRequest, text: str) -> None:
        """Says something below it."""

    def compare_url(self, base: str, head: str) -> str:
        """Where a person opens the pull request in a browser."""


class Hub(Protocol):
    """A forge as a whole."""

    def repositories(self, owner: str) -> Iterator[Repository]:
        """All repositories of an organisation or group, archived ones and forks too, page by page.

        A user is an owner as well where the forge lists them (not GitHub). Raises ForgeError.
        """

    def forge(self, path: str) -> Forge:
        """One repository of it. path: owner/name."""

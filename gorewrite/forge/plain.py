"""No forge: branches are pushed, people open the pull requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NoReturn

from gorewrite.forge.address import compare_url
from gorewrite.forge.model import Address, ForgeError, PullRequest, Repository, Wanted


class Plain:
    """A repository of which no forge is asked. Methods: see `gorewrite.forge.model.Forge`.

    Nothing is known of pull requests, and there are none to write to.
    """

    def __init__(self, address: Address) -> None:
        self.address = address

    def repository(self) -> Repository:
        return Repository(path=self.address.path, clone_url="", default_branch="")

    def pulls(self, heads: Sequence[str]) -> dict[str, PullRequest]:
        return {}

    def comments(self, pull: PullRequest) -> Iterator[str]:
        return iter(())

    def compare_url(self, base: str, head: str) -> str:
        return compare_url("none", self.address.web, base, head)

    def create(self, wanted: Wanted) -> NoReturn:
        _refuse()

    def update(
        self, pull: PullRequest, *, title: str | None = None, body: str | None = None
    ) -> NoReturn:
        _refuse()

    def close(self, pull: PullRequest) -> NoReturn:
        _refuse()

    def add_labels(self, pull: PullRequest, labels: Sequence[str]) -> NoReturn:
        _refuse()

    def request_reviewers(self, pull: PullRequest, reviewers: Sequence[str]) -> NoReturn:
        _refuse()

    def comment(self, pull: PullRequest, text: str) -> NoReturn:
        _refuse()


def _refuse() -> NoReturn:
    raise ForgeError("with `--forge none` there are no pull requests; name the forge")

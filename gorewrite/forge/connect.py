"""Connections to forges, by the kind of their address.

The modules that talk HTTP are loaded here, when they are needed: start-up does not pay for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gorewrite.forge.model import Address, Forge, ForgeError, Hub

if TYPE_CHECKING:
    from gorewrite.forge.client import Client
    from gorewrite.forge.pacing import Pacer
    from gorewrite.forge.secrets import Secret


@contextmanager
def connect(
    address: Address,
    *,
    token: Secret | None,
    pacer: Pacer,
    log: Callable[[str], None] = lambda line: None,
    ca_file: Path | None = None,
    answers: Path | None = None,
    **more: Any,
) -> Iterator[Forge]:
    """A repository on its forge.

    log: is told of waits, one line; ca_file: certificates that are trusted, too; answers: the file
    that keeps answers between runs (gorewrite.forge.answers); more: for tests, see Client.
    Raises ForgeError.
    """
    if address.kind == "none":
        from gorewrite.forge.plain import Plain

        yield Plain(address)
        return
    with _client(address, token, pacer, log, ca_file, answers, more) as client:
        yield _adapters(address.kind)[0](client, address)


@contextmanager
def connect_hub(
    address: Address,
    *,
    token: Secret | None,
    pacer: Pacer,
    log: Callable[[str], None] = lambda line: None,
    ca_file: Path | None = None,
    answers: Path | None = None,
    **more: Any,
) -> Iterator[Hub]:
    """A forge as a whole; its repositories share the connection. address: from `hub_address`.

    The others: as for `connect`. Raises ForgeError.
    """
    if address.kind == "none":
        raise ForgeError("`--forge none` has no list of repositories; give one by --repos")
    with _client(address, token, pacer, log, ca_file, answers, more) as client:
        yield _adapters(address.kind)[1](client, address)


def _client(
    address: Address,
    token: Secret | None,
    pacer: Pacer,
    log: Callable[[str], None],
    ca_file: Path | None,
    answers: Path | None,
    more: dict[str, Any],
) -> Client:
    from gorewrite.forge.client import Client

    return Client(
        address, token=token, pacer=pacer, log=log, ca_file=ca_file, answers=answers, **more
    )


def _adapters(kind: str) -> tuple[Callable[..., Forge], Callable[..., Hub]]:
    if kind == "github":
        from gorewrite.forge.github import GitHub, GitHubHub

        return GitHub, GitHubHub
    if kind == "gitlab":
        from gorewrite.forge.gitlab import GitLab, GitLabHub

        return GitLab, GitLabHub
    from gorewrite.forge.gitea import Gitea, GiteaHub

    return Gitea, GiteaHub

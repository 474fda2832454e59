"""The forges of a campaign: where each repository lies, with which token, over one connection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

from gorewrite.campaign.definition import Definition
from gorewrite.forge.address import address_of, hub_address
from gorewrite.forge.model import Address, Forge, ForgeError, Hub
from gorewrite.forge.tokens import git_environment, missing, token_for, warning

if TYPE_CHECKING:
    from gorewrite.forge.pacing import Pacer
    from gorewrite.forge.secrets import Secret

#: Seconds that a run waits at once for a rate, unless it is told otherwise.
LONGEST_WAIT = 3600.0

#: Makes what keeps the rates of one forge.
Pacers = Callable[[Address], "Pacer"]


class Access:
    """Forges and tokens, each asked for once; a context manager that closes the connections.

    pacers: None for those of the definition; say: told of waits, and of what is wrong with a token;
    answers: a file in which answers are kept, so that a forge need not send the same again.
    """

    def __init__(
        self,
        definition: Definition,
        say: Callable[[str], None],
        pacers: Pacers | None = None,
        longest: float = LONGEST_WAIT,
        answers: Path | None = None,
    ) -> None:
        self.definition = definition
        self.say = say
        self._pacers = pacers or self._pacer_of
        self._longest = longest
        self._ca_file = Path(definition.ca_file) if definition.ca_file else None
        self._answers = answers
        #: By API and owner: those of a GitHub App are for one owner each.
        self._tokens: dict[tuple[str, str], Secret | None] = {}
        self._pacing: dict[str, Pacer] = {}
        self._hub: tuple[tuple[str, str], Hub] | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def address(self, url: str) -> Address:
        """Where a repository lies. Raises ForgeError."""
        return address_of(url, kind=self.definition.forge, api=self.definition.forge_url)

    def variables(self, url: str) -> Mapping[str, str]:
        """What gives git the token for a repository."""
        try:
            token = self._token(self.address(url))
        except ForgeError:
            token = None  # Git has its own ways: SSH, or what is public.
        return git_environment(token, url, ca_file=self._ca_file)

    def forge(self, address: Address) -> Forge:
        """A repository. Raises ForgeError, also where there is no token."""
        if address.kind == "none":
            from gorewrite.forge.plain import Plain

            return Plain(address)
        owner = address.path.partition("/")[0]
        return self._hub_at(address, owner).forge(address.path)

    def hub(self, owner: str) -> Hub:
        """The forge on which an organisation is. Raises ForgeError."""
        definition = self.definition
        address = hub_address(owner, kind=definition.forge, api=definition.forge_url)
        return self._hub_at(address, owner)

    def _hub_at(self, address: Address, owner: str) -> Hub:
        # Repositories come as they were listed, those of one owner together: the last one is kept.
        key = (address.api, owner)
        if self._hub is None or self._hub[0] != key:
            from gorewrite.forge.connect import connect_hub

            token = self._token(address)
            if token is None:
                raise ForgeError(missing(address))
            self._stack.close()
            web = address.web.removesuffix(address.path).rstrip("/")
            place = address._replace(web=f"{web}/{owner}", path=owner)
            hub = self._stack.enter_context(
                connect_hub(
                    place,
                    token=token,
                    pacer=self._pacer(address),
                    log=self.say,
                    ca_file=self._ca_file,
                    answers=self._answers,
                )
            )
            self._hub = (key, hub)
        return self._hub[1]

    def _token(self, address: Address) -> Secret | None:
        """The token for a forge, and with a GitHub App for one owner there. Raises ForgeError."""
        key = (address.api, address.path.partition("/")[0])
        if key not in self._tokens:
            token = token_for(address, named=self.definition.forge_url)
            if said := warning(token):
                self.say(said)
            self._tokens[key] = token
        return self._tokens[key]

    def _pacer(self, address: Address) -> Pacer:
        if address.api not in self._pacing:
            self._pacing[address.api] = self._pacers(address)
        return self._pacing[address.api]

    def _pacer_of(self, address: Address) -> Pacer:
        from gorewrite.forge.pacing import pacer_for

        return pacer_for(address, self.definition.rate, self.say, longest=self._longest)

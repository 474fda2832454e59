"""A GitHub App as the one who acts: its key, and the tokens that are made with it.

"Generating a JSON Web Token (JWT) for a GitHub App" and "Generating an installation access token
for a GitHub App" of GitHub's documentation. The token of an installation is good for an hour.
Besides these two requests only documented paths of repositories are used, see github.py.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

from gorewrite.forge.model import Address, ForgeError
from gorewrite.forge.secrets import Secret, hide

#: Seconds before its end that a token is made anew; what a long push may take.
_EARLY: Final = 600
#: Seconds a signed name is good; GitHub takes at most ten minutes, by its own clock.
_SIGNED: Final = 540
_SKEW: Final = 60


class InstallationToken(Secret):
    """The token of an installation of an app, made anew before it ends."""

    __slots__ = ("_clock", "_fetch", "_lock", "_until")

    def __init__(
        self,
        fetch: Callable[[], tuple[str, float]],
        origin: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        """fetch: gives a new token and when it ends, in seconds since the epoch."""
        super().__init__("", origin=origin)
        self._fetch = fetch
        self._clock = clock
        self._until = 0.0
        self._lock = threading.Lock()

    def reveal(self) -> str:
        """The token of now. Raises ForgeError where none can be had."""
        with self._lock:
            if self._clock() > self._until - _EARLY:
                self._text, self._until = self._fetch()
                hide(self._text, self.user)
            return self._text


class _Signed(Secret):
    """The name of an app, signed with its key; anew each time."""

    __slots__ = ("_app", "_clock", "_key")

    def __init__(self, app: str, key: Secret, clock: Callable[[], float]) -> None:
        super().__init__("")
        self._app = app
        self._key = key
        self._clock = clock

    def reveal(self) -> str:
        try:
            import jwt
        except ImportError:
            raise ForgeError(
                "the key of a GitHub App needs a package: pip install 'gorewrite[github-app]'"
            ) from None
        now = int(self._clock())
        claims = {"iat": now - _SKEW, "exp": now - _SKEW + _SIGNED, "iss": self._app}
        try:
            text = jwt.encode(claims, self._key.reveal(), algorithm="RS256")
        except Exception:
            # What it says may hold the key.
            raise ForgeError("the private key of the GitHub App is no RSA key in PEM") from None
        hide(text)
        return text


def app_token(
    address: Address,
    environ: Mapping[str, str],
    *,
    clock: Callable[[], float] = time.time,
    **connection: Any,
) -> InstallationToken:
    """The token of the app that GITHUB_APP_ID names, for the owner of a repository or for an owner.

    Its key is GITHUB_APP_PRIVATE_KEY or in GITHUB_APP_PRIVATE_KEY_FILE; the installation is
    GITHUB_APP_INSTALLATION_ID, or looked up. connection: further arguments of Client.
    Raises ForgeError, here and when it is revealed.
    """
    signed = _Signed(environ["GITHUB_APP_ID"].strip(), private_key(environ), clock)
    installation = environ.get("GITHUB_APP_INSTALLATION_ID", "").strip()

    def fetch() -> tuple[str, float]:
        from gorewrite.forge.client import Client
        from gorewrite.forge.pacing import Pacer

        # No content is created: this is not paced as what is.
        with Client(address, token=signed, pacer=Pacer((), None), **connection) as client:
            number = installation or _installation(client, address.path)
            made = client.write(
                "POST", f"/app/installations/{quote(number, safe='')}/access_tokens"
            )
        try:
            until = datetime.fromisoformat(made["expires_at"]).timestamp()
            return str(made["token"]), until
        except (KeyError, TypeError, ValueError):
            raise ForgeError("GitHub made a token for the app that cannot be read") from None

    parts = urlsplit(address.web)
    return InstallationToken(fetch, f"{parts.scheme}://{parts.netloc}", clock)


def _installation(client: Any, path: str) -> str:
    """The number of the installation that has a repository, or an owner's. Raises ForgeError."""
    owner, _, name = (quote(part, safe="") for part in path.partition("/"))
    places = [f"/repos/{owner}/{name}"] if name else [f"/orgs/{owner}", f"/users/{owner}"]
    for place in places:
        try:
            return str(client.get(f"{place}/installation")["id"])
        except ForgeError as error:
            if error.status != 404:
                raise
    raise ForgeError(f"the GitHub App is not installed for {path}; install it there", status=404)


def private_key(environ: Mapping[str, str]) -> Secret:
    """The key in GITHUB_APP_PRIVATE_KEY, or in the file GITHUB_APP_PRIVATE_KEY_FILE names.

    Raises ForgeError. Line ends written as `\\n`, as many places for secrets demand, are read.
    """
    text = environ.get("GITHUB_APP_PRIVATE_KEY", "")
    name = environ.get("GITHUB_APP_PRIVATE_KEY_FILE", "")
    if not text and name:
        try:
            text = Path(name).read_text("utf-8")
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or "it is no text"
            raise ForgeError(f"GITHUB_APP_PRIVATE_KEY_FILE cannot be read: {why}") from None
    if not text.strip():
        raise ForgeError(
            "GITHUB_APP_ID is set, its key is not: set GITHUB_APP_PRIVATE_KEY"
            " or GITHUB_APP_PRIVATE_KEY_FILE"
        )
    return Secret(text.replace("\\n", "\n").strip() + "\n")

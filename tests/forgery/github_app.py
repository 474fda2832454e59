"""GitHub Apps: keys, installations, and tokens that are good for an hour.

They are not in the part of GitHub's description that the repository has. Shapes and rules are those
of "Generating an installation access token for a GitHub App" and "REST API endpoints for GitHub
Apps" in GitHub's documentation.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.forgery.github_words import error
from tests.forgery.pages import iso
from tests.forgery.server import Answer, Request

if TYPE_CHECKING:
    from tests.forgery.github import GitHubForge

#: Seconds that a token is good for, and the longest that a signed request for one may be.
TOKEN_LIFE, SIGNED_LIFE = 3600, 600

_PATHS = re.compile(
    r"/(?:(?:repos|orgs|users)/(?P<owner>[^/]+)(?:/[^/]+)?/installation"
    r"|app/installations/(?P<number>\d+)/access_tokens)"
)


class App(NamedTuple):
    """An app, and the one owner it is installed for. key: private, in PEM."""

    name: str
    owner: str
    installation: int
    key: str


class Apps:
    """The apps of one forge."""

    def __init__(self, forge: GitHubForge) -> None:
        self.forge = forge
        self.known: dict[str, App] = {}

    def add(self, name: str, owner: str, number: int) -> App:
        """An app and its installation."""
        app = self.known[name] = App(name, owner, number, _key())
        return app

    def meant(self, path: str) -> bool:
        """Whether a path is one of an app's."""
        return _PATHS.fullmatch(path) is not None

    def problems(self, request: Request, path: str) -> list[str]:
        """What is wrong with a request."""
        match = _PATHS.fullmatch(path)
        method = "POST" if match and match["number"] else "GET"
        found = [] if request.method == method else [f"{request.method} {path} is not described"]
        unknown = {*(request.body or ())} - {"repositories", "repository_ids", "permissions"}
        return found + [f"{path}: {name} is not described" for name in sorted(unknown)]

    def respond(self, request: Request, path: str) -> Answer:
        """An installation, or a token for one; both are asked for with a signed claim."""
        app = self._signer(request)
        if isinstance(app, Answer):
            return app
        match = _PATHS.fullmatch(path)
        assert match is not None
        if match["number"]:
            return self._token(app, match["number"])
        if match["owner"].casefold() != app.owner.casefold():
            return error(404, "Not Found")
        account = self.forge.shapes.account(app.owner, 1, "Organization")
        shown = {"id": app.installation, "account": account, "app_id": app.name}
        return Answer(200, shown | {"target_type": "Organization", "suspended_at": None})

    def _token(self, app: App, number: str) -> Answer:
        if int(number) != app.installation:
            return error(404, "Not Found")
        until = self.forge.clock() + TOKEN_LIFE
        login = f"{app.name}[bot]"
        if login not in self.forge.users:
            self.forge.add_user(login)
        secret = hashlib.sha256(f"{login} {until} {len(self.forge.tokens)}".encode()).hexdigest()
        token = self.forge.add_token(login, f"ghs_{secret[:36]}", until=until)
        permissions = {"contents": "write", "pull_requests": "write", "metadata": "read"}
        shown = {"token": token, "expires_at": iso(until), "permissions": permissions}
        return Answer(201, shown | {"repository_selection": "all"})

    def _signer(self, request: Request) -> App | Answer:
        import jwt

        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        try:
            name = str(jwt.decode(text, options={"verify_signature": False})["iss"])
            app = self.known[name]
            # The times are the forge's, so they are looked at here.
            claims: dict[str, Any] = jwt.decode(
                text,
                _public(app.key),
                algorithms=["RS256"],
                options={"verify_exp": False, "verify_iat": False},
            )
        except (KeyError, jwt.InvalidTokenError):
            return error(401, "A JSON web token could not be decoded")
        now = self.forge.clock()
        if scheme != "Bearer" or not claims["iat"] <= now <= claims["exp"]:
            return error(401, "A JSON web token could not be decoded")
        if claims["exp"] > now + SIGNED_LIFE:
            return error(401, "'Expiration time' claim ('exp') is too far in the future")
        return app


@cache
def _key() -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    return (
        rsa.generate_private_key(public_exponent=65537, key_size=2048)
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        .decode()
    )


@cache
def _public(key: str) -> Any:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    return load_pem_private_key(key.encode(), None).public_key()

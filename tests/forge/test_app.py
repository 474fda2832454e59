"""The key of a GitHub App: tokens are made with it, in time, and neither shows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from gorewrite.forge.address import address_of, hub_address
from gorewrite.forge.app import app_token
from gorewrite.forge.model import Address, ForgeError
from gorewrite.forge.secrets import redacted
from gorewrite.forge.tokens import git_environment, token_for
from tests.forge.clocks import Clock

SHOP = address_of("https://github.com/acme/shop", environ={})


@cache
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem() -> str:
    kind = serialization.PrivateFormat.PKCS8
    plain = serialization.NoEncryption()
    return key().private_bytes(serialization.Encoding.PEM, kind, plain).decode()


class Apps:
    """GitHub's paths for apps; the tokens are good for an hour of a clock."""

    def __init__(self, clock: Clock, *places: str) -> None:
        self.clock = clock
        self.places = places
        self.asked: list[str] = []
        self.made = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        token = request.headers["authorization"].removeprefix("Bearer ")
        options = {"verify_exp": False, "verify_iat": False}
        claims = jwt.decode(token, key().public_key(), algorithms=["RS256"], options=options)
        assert claims["iss"] == "4711"
        assert claims["iat"] <= self.clock.now <= claims["exp"] <= self.clock.now + 600
        path = request.url.path
        self.asked.append(f"{request.method} {path}")
        if path.endswith("/access_tokens"):
            self.made += 1
            until = datetime.fromtimestamp(self.clock.now + 3600, UTC)
            body = {"token": f"ghs_made-{self.made}", "expires_at": f"{until:%Y-%m-%dT%H:%M:%SZ}"}
            return httpx.Response(201, json=body)
        if path in self.places:
            return httpx.Response(200, json={"id": 99})
        return httpx.Response(404, json={"message": "Not Found"})


@pytest.fixture
def clock() -> Iterator[Clock]:
    return Clock(1_790_000_000.0)


def token(apps: Apps, address: Address = SHOP, **environ: str) -> Any:
    given = {"GITHUB_APP_ID": "4711", "GITHUB_APP_PRIVATE_KEY": pem(), **environ}
    return app_token(address, given, clock=apps.clock, transport=httpx.MockTransport(apps))


def test_a_token_is_made_anew_before_it_ends(clock: Clock) -> None:
    apps = Apps(clock)
    secret = token(apps, GITHUB_APP_INSTALLATION_ID="12")
    assert apps.asked == []
    assert secret.reveal() == secret.reveal() == "ghs_made-1"
    clock.now += 49 * 60
    assert secret.reveal() == "ghs_made-1"
    clock.now += 2 * 60
    assert secret.reveal() == "ghs_made-2"
    assert apps.asked == ["POST /app/installations/12/access_tokens"] * 2


def test_git_gets_the_token_of_now(clock: Clock) -> None:
    secret = token(Apps(clock), GITHUB_APP_INSTALLATION_ID="12")
    for expected in ("ghs_made-1", "ghs_made-2"):
        added = git_environment(secret, SHOP.web, {})
        assert (added["GOREWRITE_GIT_USER"], added["GOREWRITE_GIT_TOKEN"]) == (
            "x-access-token",
            expected,
        )
        clock.now += 3600


@pytest.mark.parametrize(
    ("address", "place", "asked"),
    [
        (SHOP, "/repos/acme/shop/installation", 1),
        (hub_address("acme", environ={}), "/orgs/acme/installation", 1),
        (hub_address("alice", environ={}), "/users/alice/installation", 2),
    ],
)
def test_the_installation_is_looked_up(
    clock: Clock, address: Address, place: str, asked: int
) -> None:
    apps = Apps(clock, place)
    assert token(apps, address).reveal() == "ghs_made-1"
    assert len(apps.asked) == asked + 1
    assert apps.asked[-1] == "POST /app/installations/99/access_tokens"


def test_an_app_that_is_not_installed(clock: Clock) -> None:
    with pytest.raises(ForgeError, match="not installed for acme/shop; install it there"):
        token(Apps(clock)).reveal()


def test_a_key_in_a_file_or_in_one_line(clock: Clock, tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_text(pem())
    for given in (
        {"GITHUB_APP_PRIVATE_KEY": "", "GITHUB_APP_PRIVATE_KEY_FILE": str(path)},
        {"GITHUB_APP_PRIVATE_KEY": pem().replace("\n", "\\n")},
        {"GITHUB_APP_PRIVATE_KEY": pem().replace("\n", "\r\n")},
    ):
        secret = token(Apps(clock), GITHUB_APP_INSTALLATION_ID="12", **given)
        assert secret.reveal() == "ghs_made-1"


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, "its key is not"),
        ({"GITHUB_APP_PRIVATE_KEY_FILE": "/no/such/file"}, "cannot be read"),
    ],
)
def test_a_key_that_is_not_there(environ: dict[str, str], said: str) -> None:
    with pytest.raises(ForgeError, match=said):
        token_for(SHOP, {"GITHUB_APP_ID": "4711", **environ})


def test_a_key_that_is_none_does_not_show(clock: Clock) -> None:
    secret = token(Apps(clock), GITHUB_APP_PRIVATE_KEY="not-a-key-but-secret")
    with pytest.raises(ForgeError, match="no RSA key in PEM") as caught:
        secret.reveal()
    shown = f"{caught.value} {caught.value.__cause__}"
    assert "not-a-key" not in shown
    assert caught.value.__suppress_context__


def test_neither_key_nor_tokens_show(clock: Clock) -> None:
    secret = token(Apps(clock), GITHUB_APP_INSTALLATION_ID="12")
    text = secret.reveal()
    assert (str(secret), redacted(f"a {text} b"), redacted(pem())) == ("***", "a *** b", "***")


@pytest.mark.parametrize(
    ("url", "more", "used"),
    [
        ("https://github.com/acme/shop", {}, True),
        ("https://acme.ghe.com/acme/shop", {}, True),
        ("https://github.example.com/acme/shop", {"GH_HOST": "github.example.com"}, True),
        ("https://github.example.com/acme/shop", {}, False),
        ("https://github.com/acme/shop", {"GITHUB_SERVER_URL": "https://ghes.example.com"}, False),
        ("https://gitlab.com/acme/shop", {}, False),
    ],
)
def test_where_an_app_is_known(url: str, more: dict[str, str], used: bool) -> None:
    """What is signed is worth a token at the right place: it goes to no other."""
    environ = {"GITHUB_APP_ID": "4711", "GITHUB_APP_PRIVATE_KEY": pem(), **more}
    found = token_for(address_of(url, environ={}), environ, git="no-such-command")
    assert (found is not None) is used

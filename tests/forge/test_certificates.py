"""TLS: a server that is not trusted gets nothing, one whose authority is given gets the token."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gorewrite.forge.client import Client
from gorewrite.forge.model import Address, ForgeError
from gorewrite.forge.pacing import Pacer
from gorewrite.forge.secrets import Secret


def certificate(path: Path) -> Path:
    """A self-signed certificate for 127.0.0.1, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    kind = serialization.PrivateFormat.PKCS8
    text = made.public_bytes(pem) + key.private_bytes(pem, kind, serialization.NoEncryption())
    path.write_bytes(text)
    return path


class Forge(HTTPServer):
    """Answers every GET with 7; asked: the tokens it got."""

    asked: list[str | None]

    def handle_error(self, request: object, client_address: object) -> None:
        """Who does not trust it hangs up."""


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Forge)
        self.server.asked.append(self.headers["Authorization"])
        self.send_response(200)
        self.send_header("Content-Length", "1")
        self.end_headers()
        self.wfile.write(b"7")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def trusted(tmp_path: Path) -> Path:
    return certificate(tmp_path / "ca.pem")


@pytest.fixture
def server(trusted: Path) -> Iterator[Forge]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted)
    server = Forge(("127.0.0.1", 0), Handler)
    server.asked = []
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def client(server: Forge, ca_file: Path | None = None) -> Client:
    api = f"https://127.0.0.1:{server.server_port}/api/v1"
    pacer = Pacer((), None, sleep=lambda seconds: None)
    return Client(
        Address("gitea", api, api, "a/b"), token=Secret("a-token"), pacer=pacer, ca_file=ca_file
    )


def test_who_is_not_trusted_gets_no_token(server: Forge) -> None:
    with (
        client(server) as it,
        pytest.raises(ForgeError, match="--ca-file or SSL_CERT_FILE") as caught,
    ):
        it.get("/x")
    assert not caught.value.transient
    assert server.asked == []


def test_an_authority_is_given_by_a_file(server: Forge, trusted: Path) -> None:
    with client(server, trusted) as it:
        assert it.get("/x") == 7
    assert server.asked == ["Bearer a-token"]


def test_an_authority_is_given_by_the_environment(
    server: Forge, trusted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with client(server) as it:
        assert it.get("/x") == 7

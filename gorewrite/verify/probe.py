"""Asks a TCP port `GET /` and tells what it answers, whatever protocol it speaks."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import Final, NamedTuple

_CONNECT: Final = 1.0
#: Seconds without a byte after which a server that keeps the connection open is taken as silent.
_SILENCE: Final = 2.0
#: Seconds for an answer as a whole: some never end.
_LONGEST: Final = 5.0
_MOST: Final = 1 << 20
_REQUEST: Final = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: gorewrite\r\nAccept: */*\r\n"
    b"Connection: close\r\n\r\n"
)
#: What of a response's head must stay the same.
_KEPT: Final = ("content-type", "location", "www-authenticate")


class Answer(NamedTuple):
    """What a port says. status: the status line with the headers that count, or what it does when
    it speaks another protocol; body: the rest."""

    status: str
    body: str


def listens(host: str, port: int) -> bool:
    """Whether somebody takes connections at a port."""
    try:
        with socket.create_connection((host, port), _CONNECT):
            return True
    except OSError:
        return False


def ask(host: str, port: int) -> Answer | None:
    """The answer of a port; None when nobody listens, or a proxy that has nobody to pass it to
    closes the connection."""
    try:
        with socket.create_connection((host, port), _CONNECT) as connection:
            connection.settimeout(_SILENCE)
            connection.sendall(_REQUEST)
            data, closed = _read(connection)
    except OSError:
        return None
    if not data:
        return None if closed else Answer("open, says nothing", "")
    return _http(data) or Answer(f"says {data[:16]!r}", "")


def _read(connection: socket.socket) -> tuple[bytes, bool]:
    data = bytearray()
    end = time.monotonic() + _LONGEST
    with contextlib.suppress(TimeoutError):
        while len(data) < _MOST and time.monotonic() < end:
            more = connection.recv(1 << 16)
            if not more:
                return bytes(data), True
            data += more
    return bytes(data), False


def _http(data: bytes) -> Answer | None:
    if not data.startswith(b"HTTP/1."):
        return None
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.lower().partition(":")[::2] for line in lines)
    said = [headers[name].strip() for name in _KEPT if name in headers]
    return Answer(", ".join([first.partition(" ")[2], *said]), body.decode("utf-8", "replace"))

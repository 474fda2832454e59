"""What a port is said to answer."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from gorewrite.verify.probe import Answer, ask
from tests.verify.servers import http, saying, serving, unused


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gorewrite.verify.probe._SILENCE", 0.2)


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nDate: x\r\n\r\n<p>", "200 OK, text/html"),
        (b"HTTP/1.0 404 Not Found\r\nX: y\r\n\r\n<p>", "404 Not Found"),
        (b"HTTP/1.1 301 Moved\r\nlocation:  /Login \r\n\r\n<p>", "301 Moved, /login"),
        (b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\n\r\n<p>", "401 No, basic"),
    ],
)
def test_http(response: bytes, answer: str) -> None:
    with serving(saying(response)) as port:
        assert ask("127.0.0.1", port) == Answer(answer, "<p>")


def test_only_the_headers_that_count() -> None:
    """The order in which they come does not."""
    one = http("x", "200 OK", "Location: /a", "Content-Type: text/plain", "ETag: 1", "Date: 2")
    two = http("x", "200 OK", "Date: 3", "content-type: text/plain", "LOCATION: /a")
    with serving(one) as first, serving(two) as second:
        assert ask("127.0.0.1", first) == ask("127.0.0.1", second)


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (b"220 ready\r\n", Answer("says b'220 ready\\r\\n'", "")),
        (b"-ERR unknown command 'GET'\r\n", Answer("says b'-ERR unknown com'", "")),
        (b"\x00\x00\x12\x04\x00", Answer("says b'\\x00\\x00\\x12\\x04\\x00'", "")),
        (b"HTTP/2", Answer("says b'HTTP/2'", "")),
        (b"HTTP/1.1 200 OK", Answer("200 OK", "")),
        (b"HTTP/1.1 200 OK\r\n\r\n\xff", Answer("200 OK", "\ufffd")),
    ],
)
def test_other_protocols_and_broken_answers(data: bytes, answer: Answer) -> None:
    with serving(saying(data)) as port:
        assert ask("127.0.0.1", port) == answer


def test_nobody_listens() -> None:
    assert ask("127.0.0.1", unused()) is None


def test_proxy_with_nobody_behind_it() -> None:
    """That of docker takes connections before the program listens."""
    with serving(lambda _: None) as port:
        assert ask("127.0.0.1", port) is None


def test_connection_is_reset() -> None:
    def reset(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    with serving(reset) as port:
        assert ask("127.0.0.1", port) is None


def test_server_that_says_nothing() -> None:
    with serving(lambda connection: time.sleep(0.5)) as port:
        assert ask("127.0.0.1", port) == Answer("open, says nothing", "")


def test_server_that_keeps_the_connection() -> None:
    def keep(connection: socket.socket) -> None:
        http("kept")(connection)
        time.sleep(0.5)

    with serving(keep) as port:
        assert ask("127.0.0.1", port) == Answer("200 OK", "kept")


def test_answer_in_pieces() -> None:
    def slowly(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        for piece in (b"HTTP/1.1 200", b" OK\r\n\r", b"\nhel", b"lo"):
            connection.sendall(piece)
            time.sleep(0.05)

    with serving(slowly) as port:
        assert ask("127.0.0.1", port) == Answer("200 OK", "hello")


def test_very_long_answer_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gorewrite.verify.probe._MOST", 1000)
    with serving(http("x" * 500_000)) as port:
        answer = ask("127.0.0.1", port)
    assert answer is not None
    assert len(answer.body) < 100_000


def test_server_that_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gorewrite.verify.probe._LONGEST", 0.3)
    over = threading.Event()

    def events(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        while not over.wait(0.05):
            connection.sendall(b"data: x\n\n")

    with serving(events) as port:
        threading.Timer(1.0, over.set).start()
        start = time.monotonic()
        answer = ask("127.0.0.1", port)
        taken = time.monotonic() - start
        over.set()
    assert answer is not None
    assert taken < 0.8

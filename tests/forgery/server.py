"""A small HTTP/1.1 server in threads: requests in, answers out, and a log of both.

It keeps connections open, as forges do, and can refuse to answer in the ways of faults.py.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass
class Answer:
    """What is sent back. body: anything that json.dumps takes, bytes as they are, None: none.

    silent: nothing is sent at all until the client hangs up; dropped: the connection is closed.
    """

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    silent: bool = False
    dropped: bool = False


@dataclass
class Request:
    """A request and what became of it; the log is made of these.

    path: decoded, without the query; raw_path: as it was sent; query: name to values; body: parsed
    JSON, None for none or for git's; data: the bytes, until it is answered; arrived:
    time.monotonic(); at: by the forge's own clock; status: of the answer, 0 for none; user: the
    login; kind: "api" or "git"; violations: of the API's description; fault: the kind of the fault
    it met; lag: by how many seconds what is read is old; done: whether it was carried out,
    whatever was answered.
    """

    method: str
    path: str
    raw_path: str
    query: dict[str, list[str]]
    headers: Message[str, str]
    data: bytes = field(repr=False)
    arrived: float
    at: float = 0.0
    body: Any = None
    status: int = 0
    user: str = ""
    kind: str = "api"
    violations: list[str] = field(default_factory=list)
    fault: str = ""
    lag: float = 0.0
    done: bool = False

    @property
    def write(self) -> bool:
        """Whether it asks for a change."""
        return self.method not in ("GET", "HEAD")

    @property
    def target(self) -> str:
        """Path and query, for people."""
        return unquote(self.raw_path)


class Server:
    """Listens on a free port of 127.0.0.1, and asks `answer` what to say.

    clock: seconds since 1970, for the Date of answers. `answer` is called in the thread of the
    connection, and must not raise.
    """

    def __init__(
        self,
        answer: Callable[[Request], Answer],
        clock: Callable[[], float],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.answer = answer
        self.clock = clock
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self.stopping = threading.Event()
        self._connections: set[socket.socket] = set()
        self._threads: set[threading.Thread] = set()
        self._lock = threading.Lock()
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def close(self) -> None:
        """Hangs up on everybody, and waits until all threads are done."""
        self.stopping.set()
        # Closing alone does not wake a thread that waits in accept.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join()
        with self._lock:
            threads = list(self._threads)
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()

    def _accept(self) -> None:
        while not self.stopping.is_set():
            try:
                connection, address = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._talk, args=(connection, address), daemon=True)
            with self._lock:
                self._threads.add(thread)
                self._connections.add(connection)
            thread.start()

    def _talk(self, connection: socket.socket, address: Any) -> None:
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with contextlib.suppress(OSError):  # which those of TLS are, too
                if self._tls:
                    with self._tls.wrap_socket(connection, server_side=True) as wrapped:
                        _Handler(wrapped, address, self)  # type: ignore[arg-type]
                else:
                    _Handler(connection, address, self)  # type: ignore[arg-type]
        finally:
            with self._lock:
                self._threads.discard(threading.current_thread())
                self._connections.discard(connection)
            connection.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "forgery"
    server: Server  # type: ignore[assignment]

    def _do(self) -> None:
        arrived = time.monotonic()
        data = self._data()
        split = urlsplit(self.path)
        request = Request(
            method=self.command,
            path=unquote(split.path),
            raw_path=self.path,
            query=parse_qs(split.query, keep_blank_values=True),
            headers=self.headers,
            data=data,
            arrived=arrived,
        )
        answer = self.server.answer(request)
        if answer.silent:
            self._wait_for_the_end()
        if answer.silent or answer.dropped:
            self.close_connection = True
            return
        self._send(answer)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _do

    def _data(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            parts = []
            while size := int(self._line().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            while self._line().strip():
                pass
            return b"".join(parts)
        length = int(self.headers.get("Content-Length") or 0)
        data = self.rfile.read(length)
        if len(data) < length:
            raise ConnectionAbortedError("the client is gone, and with it the rest")
        return data

    def _line(self) -> bytes:
        if not (line := self.rfile.readline()):
            raise ConnectionAbortedError("the client is gone, and with it the rest")
        return line

    def _send(self, answer: Answer) -> None:
        headers = dict(answer.headers)
        if answer.body is None:
            data = b""
        elif isinstance(answer.body, bytes):
            data = answer.body
        else:
            data = json.dumps(answer.body).encode()
            headers.setdefault("Content-Type", "application/json; charset=utf-8")
        self.send_response(answer.status)
        for name, value in headers.items():
            self.send_header(name, value)
        if answer.status not in (204, 304):
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _wait_for_the_end(self) -> None:
        """Until the client hangs up or the server is closed, which ends the connection too."""
        with contextlib.suppress(OSError):
            self.rfile.read(1)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The Date of an answer, by the forge's clock."""
        return super().date_time_string(self.server.clock() if timestamp is None else timestamp)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is written to stderr."""

"""Little servers on ports of their own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Handle = Callable[[socket.socket], None]


@contextmanager
def serving(handle: Handle) -> Iterator[int]:
    """The port of a server on the loopback address, which does with each connection what
    `handle` says, and then closes it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_serve, args=(server, handle))
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(server: socket.socket, handle: Handle) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            try:
                handle(connection)
            except OSError:
                continue


def saying(data: bytes) -> Handle:
    """Reads a request, and answers the same to each."""

    def handle(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        connection.sendall(data)

    return handle


def http(body: str = "hello", status: str = "200 OK", *headers: str) -> Handle:
    """Answers as an HTTP server does."""
    head = "\r\n".join((f"HTTP/1.1 {status}", *headers, "Connection: close"))
    return saying(f"{head}\r\n\r\n{body}".encode())


def unused() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])

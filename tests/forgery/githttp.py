"""git's smart HTTP protocol: `git http-backend` behind the server."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

from tests.forgery.bare import ENVIRONMENT
from tests.forgery.server import Answer, Request

#: The paths of a repository's git: its name with or without .git, and what is asked.
PATHS = re.compile(r"/(?P<path>.+?)(?:\.git)?/(?P<service>info/refs|git-(?:upload|receive)-pack)")


@cache
def _backend() -> str:
    """The program itself: `git http-backend` costs a process more each time."""
    place = subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True)
    return f"{place.stdout.strip()}/git-http-backend"


def pushes(request: Request) -> bool:
    """Whether a request is one of the two of a push."""
    return request.path.endswith("/git-receive-pack") or request.query.get("service") == [
        "git-receive-pack"
    ]


def backend(request: Request, directory: Path, service: str, user: str) -> Answer:
    """What git answers. directory: of the bare repository; service: of PATHS."""
    _, _, query = request.raw_path.partition("?")
    environment = {
        "GIT_PROJECT_ROOT": str(directory.parent),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{directory.name}/{service}",
        "QUERY_STRING": query,
        "REQUEST_METHOD": request.method,
        "CONTENT_TYPE": request.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(request.data)),
        "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
        "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
        "REMOTE_USER": user,
        "REMOTE_ADDR": "127.0.0.1",
    }
    done = subprocess.run(
        [_backend()],
        input=request.data,
        capture_output=True,
        env=ENVIRONMENT | environment,
    )
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    headers = {}
    for line in head.decode("latin-1").split("\r\n"):
        name, _, value = line.partition(":")
        headers[name.strip()] = value.strip()
    status = int(headers.pop("Status", "200").split()[0])
    return Answer(status, body, headers)

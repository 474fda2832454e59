"""Dockerfiles that no tool likes to read, for benchmarks/fleet.py: none may stop a run."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Final

_HEAD: Final = "FROM golang:1.24\nWORKDIR /src\nCOPY . .\n"
_TAIL: Final = 'CMD ["/app"]\n'
_BUILD: Final = "RUN go build -o /app .\n"


def write(place: Path, draw: random.Random) -> str:
    """Puts a hostile Dockerfile into a service, and says of which kind."""
    kind = draw.choice(list(KINDS))
    dockerfile = place / "Dockerfile"
    if kind == "directory":
        dockerfile.mkdir()
        (dockerfile / "notes.txt").write_text("A directory named as a file.\n")
        (place / "Dockerfile.real").write_text(_HEAD + _BUILD + _TAIL)
    elif kind == "link-loop":
        dockerfile.symlink_to("Dockerfile")
    elif kind == "link-out":
        dockerfile.symlink_to("../../../../../../outside/Dockerfile")
    else:
        dockerfile.write_bytes(KINDS[kind].encode("utf-8", "surrogateescape"))
    return kind


def _deep() -> str:
    nested = "(" * 400 + "true" + ")" * 400
    groups = "{ " * 300 + "go build -o /app .; " + "}; " * 299 + "}"
    return f"{_HEAD}RUN {nested}\nRUN {groups}\n{_TAIL}"


def _many_copies() -> str:
    copies = "".join(f"COPY pkg{n}/file{n}.go /src/pkg{n}/\n" for n in range(1500))
    return "FROM golang:1.24\nWORKDIR /src\n" + copies + _BUILD + _TAIL


def _wildcards() -> str:
    pattern = "/".join(["*a*a*a*a*a*a*a*a*b"] * 6)
    return f"FROM golang:1.24\nCOPY {pattern} /src/\n{_BUILD}{_TAIL}"


def _substitutions() -> str:
    word = "${A:-" * 200 + "x" + "}" * 200
    shell = "$(" * 150 + ")" * 150
    return f"{_HEAD}ENV B={word}\n{_BUILD}RUN echo {shell}\n{_TAIL}"


_HEREDOC: Final = """\
# syntax=docker/dockerfile:1
FROM golang:1.24
WORKDIR /src
COPY . .
COPY <<EOF /etc/app.conf
port = ${PORT}
FROM nowhere
EOF
RUN <<-SCRIPT
	set -e
	go build -o /app .
	SCRIPT
CMD ["/app"]
"""

#: Kind -> text; "" where it is no plain file, or an empty one.
KINDS: Final = {
    "binary": "\0\1\2ELF" * 300,
    "long-line": f"{_HEAD}RUN echo {'x' * (1 << 20)}\n{_BUILD}{_TAIL}",
    "deep": _deep(),
    "broken": "FROM golang:1.24\nCOPY onlyone\nRUN\nFRM x\n",
    "template": 'FROM {{ .Base }}\n{{ range .Env }}\nENV {{ . }}\n{{ end }}\nCMD ["app"]\n',
    "link-loop": "",
    "link-out": "",
    "directory": "",
    "unreadable": _HEAD + _BUILD + _TAIL,
    "wildcards": _wildcards(),
    "substitutions": _substitutions(),
    "crlf": (_HEAD + "RUN go build \\\n    -o /app .\n" + _TAIL).replace("\n", "\r\n"),
    "heredocs": _HEREDOC,
    "copies": _many_copies(),
    "latin": f'{_HEAD}LABEL owner="Z\udcfcrich"\n{_BUILD}{_TAIL}',
    "empty": "",
    "no-newline": (_HEAD + _BUILD + _TAIL).rstrip("\n"),
    "comments": "# nothing but a comment\n" * 5000,
}

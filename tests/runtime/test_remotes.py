"""What git and ssh need in the image of a program that runs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.runtime.remotes import known_hosts
from gorewrite.runtime.requirements import requirements
from tests.repositories import GO_MOD, facts_of

CLONE = 'package main\n\nimport "os/exec"\n\nfunc main() { exec.Command("git", "clone").Run() }\n'
PLAIN = "package main\n\nfunc main() {}\n"


@pytest.mark.parametrize(
    ("line", "source", "hosts", "doubts"),
    [
        ("RUN ssh-keyscan a.example.com >> /root/.ssh/known_hosts", CLONE, 1, 0),
        ("RUN mkdir -p /root/.ssh && chmod 700 /root/.ssh", CLONE, 0, 0),
        ("COPY id_rsa /root/.ssh/id_rsa", CLONE, 0, 1),
        ("RUN git config --global user.name x", CLONE, 0, 1),
        ("RUN git config user.name x", CLONE, 0, 0),
        ("RUN echo x > /home/shop/.netrc", CLONE, 0, 1),
        ("RUN git config --global user.name x", PLAIN, 0, 0),
        ("RUN ssh-keyscan a.example.com >> /root/.ssh/known_hosts", PLAIN, 0, 0),
    ],
)
def test_left_at_home(tmp_path: Path, line: str, source: str, hosts: int, doubts: int) -> None:
    text = f"FROM golang:1.24\nWORKDIR /app\n{line}\nCOPY . .\nRUN CGO_ENABLED=0 go build -o x .\n"
    files = {"go.mod": GO_MOD, "main.go": source, "id_rsa": "key"}
    stage = facts_of(tmp_path, text + 'CMD ["./x"]\n', files).final
    needs = requirements(stage)
    assert len(known_hosts(needs, stage)) == hosts
    assert sum("stays behind" in doubt.why for doubt in needs.doubts) == doubts

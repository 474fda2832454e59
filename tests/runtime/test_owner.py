"""Owners of the directories that a runtime stage takes over."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.runtime.owner import Owners, Ownership
from gorewrite.stage.inventory import take
from tests.repositories import GO_MOD, SHOP, facts_of

TOP = "FROM golang:1.24\nRUN groupadd -g 77 crew && useradd -m -g crew smith && useradd ash\n"
END = 'CMD ["./shop"]\n'
APP = "WORKDIR /app\nCOPY . .\nRUN go build -o shop .\n"


def owner(top: Path, lines: str, path: str) -> Ownership:
    files = {"go.mod": GO_MOD, **SHOP, "data/a.txt": "a\n", "empty/.keep": ""}
    stage = facts_of(top, TOP + lines + END, files).final
    return Owners(stage, take(stage)).of(path)


@pytest.mark.parametrize(
    ("lines", "path"),
    [
        (APP, "/app"),
        (APP, "/app/data"),
        (APP + "RUN mkdir -p /data\n", "/data"),
        (APP + "RUN mkdir -p -m 755 /data && chown root:root /data\n", "/data"),
        (APP + "RUN chmod -R o-w /app && chmod 0755 /app && chmod -R a+rX,u+w,go-w /app\n", "/app"),
        # Of the file alone, of another directory, of something below.
        (APP + "RUN chown smith:crew /app/shop\n", "/app"),
        (APP + "RUN mkdir /data && chown -R smith:crew /data/x\n", "/data"),
        (APP + "RUN mkdir /data /datas && chown smith:crew /datas\n", "/data"),
        # WORKDIR makes it root's, whatever is copied into it.
        ("WORKDIR /app\nCOPY --chown=smith:crew . /app\n", "/app"),
        # Taken back.
        (APP + "RUN chown -R smith:crew /app\nRUN chown -R 0:0 /app\n", "/app"),
    ],
)
def test_root_keeps_it(tmp_path: Path, lines: str, path: str) -> None:
    assert owner(tmp_path, lines, path) == Ownership()


@pytest.mark.parametrize(
    ("lines", "path", "chown"),
    [
        (APP + "RUN chown -R smith:crew /app\n", "/app", "smith:crew"),
        (APP + "RUN chown -R smith.crew /app\n", "/app", "smith:crew"),
        (APP + "RUN chown -R smith: /app\n", "/app", "smith:crew"),
        (APP + "RUN chown -R ash: /app\n", "/app", "ash:ash"),
        (APP + "RUN chown -R smith /app\n", "/app", "smith:0"),
        (APP + "RUN chgrp -R crew /app\n", "/app", "0:crew"),
        (APP + "RUN chown -R 1500:1500 /app\n", "/app", "1500:1500"),
        (APP + "RUN chown -R nobody:nogroup /app\n", "/app", "65534:65534"),
        (APP + "RUN chown -R smith:crew /\n", "/app", "smith:crew"),
        (APP + "RUN chown --recursive smith:crew .\n", "/app", "smith:crew"),
        (APP + "RUN mkdir -p /d && chown smith:crew /d && chmod 755 /d\n", "/d", "smith:crew"),
        (APP + "RUN install -d -o smith -g crew -m 755 /d\n", "/d", "smith:crew"),
        (APP + "USER smith\nRUN mkdir /app/state\n", "/app/state", "smith:crew"),
        (APP + "USER 1500\nRUN mkdir /tmp/state\n", "/tmp/state", "1500:0"),
        ("COPY --chown=smith:crew . /app\n", "/app", "smith:crew"),
        ("COPY --chown=smith:crew . /app\n", "/app/data", "smith:crew"),
        ("", "/home/smith", "smith:crew"),
        ("USER smith\nWORKDIR /app\nCOPY --chown=smith:crew . .\n", "/app", "smith:crew"),
        ("USER 1500:1501\nWORKDIR /app\nCOPY --chown=1500:1501 . .\n", "/app", "1500:1501"),
    ],
)
def test_copy_says_whose_it_is(tmp_path: Path, lines: str, path: str, chown: str) -> None:
    assert owner(tmp_path, lines, path) == Ownership(chown)


@pytest.mark.parametrize(
    ("lines", "path", "why"),
    [
        (APP + "RUN mkdir -m 1777 /d\n", "/d", "mode"),
        (APP + "RUN mkdir /d && chmod 777 /d\n", "/d", "mode"),
        (APP + "RUN mkdir /d && chmod 750 /d\n", "/d", "mode"),
        (APP + "RUN mkdir /d && chmod o= /d\n", "/d", "mode"),
        (APP + "RUN mkdir /d && chmod g+s /d\n", "/d", "mode"),
        (APP + "RUN mkdir /d && chmod go-rx /d\n", "/d", "mode"),
        (APP + "ARG MODE\nRUN mkdir /d && chmod $MODE /d\n", "/d", "mode"),
        (APP + "RUN chmod -R g+rwX /app\n", "/app", "mode"),
        (APP + "RUN chmod a+w /app\n", "/app", "mode"),
        (APP + "RUN chown smith:crew /app\n", "/app", "other owners"),
        (APP + "RUN chown -R smith:crew /app && touch /app/x\n", "/app", "other owners"),
        (APP + "RUN chown -R smith:crew /app\nRUN go build -o bin .\n", "/app", "other owners"),
        (APP + "RUN chown -R smith:crew /app\nCOPY data data\n", "/app", "other owners"),
        (APP + "RUN chown -R www-data:www-data /app\n", "/app", "not known"),
        (APP + "ARG OWNER\nRUN chown -R $OWNER /app\n", "/app", "not known"),
    ],
)
def test_what_copy_cannot_say_is_a_doubt(tmp_path: Path, lines: str, path: str, why: str) -> None:
    doubt = owner(tmp_path, lines, path).doubt
    assert doubt is not None
    assert why in doubt.why and path in doubt.why
    assert doubt.evidence

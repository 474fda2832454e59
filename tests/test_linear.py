"""How the work grows with a Dockerfile: with its length, not with the square of it."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from types import FrameType

import pytest

from gorewrite.dockerfile import Instruction
from gorewrite.engine import Plan, available, plan
from gorewrite.stage import runs, scope
from gorewrite.stage.scope import State
from gorewrite.transform import Safety
from tests.repositories import facts_of

SETTING_UP = """\
# Tool number {n}
ENV TOOL_{n}={n}
RUN mkdir -p /opt/tool{n} \\
    && echo {n} > /opt/tool{n}/version
"""
BUILDING = """\
COPY main.go /opt/tool{n}/main.go
ARG VERSION_{n}=1.{n}
RUN go build -o /opt/tool{n}/bin -ldflags "-X main.version=$VERSION_{n}" .
"""
JOINED = "RUN mkdir -p /opt/tool{n}\n"
CARRIED_ON = " \\\n    && echo {n} > /opt/tool{n}"


def planned(top: Path, block: str, count: int, base: str = "golang:1.24") -> Plan:
    """The plan for a Dockerfile with so many blocks."""
    middle = "".join(block.format(n=n) for n in range(count))
    if block is CARRIED_ON:
        middle = f"RUN true{middle}\n"
    text = f"FROM {base}\nWORKDIR /app\nCOPY . .\n{middle}RUN go build -o app .\n"
    if block is JOINED:
        text = f"FROM {base} AS b\nRUN go build .\nFROM debian:13-slim\n{middle}"
    text += "CMD /app/app\n"
    project = facts_of(top, text).project
    return plan(text.encode(), project, available(), Safety.SAFE)


def calls(top: Path, block: str, count: int, base: str) -> int:
    """How many functions (and steps of generators) such a plan takes."""
    made, before = 0, sys.getprofile()

    def called(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal made
        made += event in ("call", "c_call")

    sys.setprofile(called)
    try:
        planned(top, block, count, base)
    finally:
        sys.setprofile(before)
    return made


@pytest.mark.parametrize(
    ("base", "block"),
    # Without a C compiler in the image, everything ahead of a command may bring one.
    [
        ("golang:1.24", SETTING_UP),
        ("golang:1.24", BUILDING),
        ("golang:1.24-alpine", BUILDING),
        ("golang:1.24", JOINED),
        ("golang:1.24", CARRIED_ON),
    ],
)
def test_twice_the_lines_are_twice_the_work(tmp_path: Path, base: str, block: str) -> None:
    calls(tmp_path, block, 79, base)  # What a process loads once is there.
    some, more, most = (calls(tmp_path, block, count, base) for count in (20, 40, 80))
    assert most - more < 2.05 * (more - some)


def test_what_no_change_touches_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: Counter[str] = Counter()

    def counted(instruction: Instruction, state: State, escape: str) -> object:
        read[instruction.source] += 1
        return body(instruction, state, escape)

    def expanded(state: State, raw: str) -> str | None:
        read[raw] += 1
        return expand(state, raw)

    body, expand = runs._body, State.expand
    monkeypatch.setattr(runs, "_body", counted)
    monkeypatch.setattr(scope.State, "expand", expanded)
    result = planned(tmp_path, SETTING_UP.replace("={n}", "=value{n}"), 5)
    assert len(result.changes) > 2
    for n in range(5):
        (run,) = [source for source in read if f"mkdir -p /opt/tool{n} " in source]
        # The new stage has the ENV, too, and reads it for itself.
        assert (read[run], read[f"value{n}"]) == (1, 2)

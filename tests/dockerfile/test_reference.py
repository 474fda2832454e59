"""Every input of buildkit-parses.json: what BuildKit's own parser makes of it, we make of it."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from gorewrite.dockerfile import Instruction, ParseError, parse

_CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "data" / "buildkit-parses.json").read_text("utf-8")
)
_ACCEPTED = [case for case in _CASES if case["accepted"]]
_REJECTED = [case for case in _CASES if not case["accepted"]]


def _name(case: dict[str, Any]) -> str:
    return str(case["name"])


def _bytes(case: dict[str, Any]) -> bytes:
    if case["encoding"] == "base64":
        return base64.b64decode(case["text"])
    return str(case["text"]).encode()


def _shown(text: str) -> str:
    """As the reference shows it: a byte that is no UTF-8 is U+FFFD."""
    return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)


def _described(instruction: Instruction, first_line: int) -> dict[str, Any]:
    flags = [
        f"--{flag.name}" + ("" if flag.value is None else f"={flag.value}")
        for flag in instruction.flags
    ]
    return {
        "keyword": instruction.keyword,
        "first_line": first_line,
        "last_line": first_line + instruction.line_count - 1,
        "joined": _shown(instruction.logical.lstrip()),
        "flags": flags,
        "arguments": [_shown(argument) for argument in instruction.arguments],
        "json": instruction.json is not None,
        "heredocs": [heredoc.content for heredoc in instruction.heredocs],
    }


def test_there_are_75_cases() -> None:
    assert len(_CASES) == 75


@pytest.mark.parametrize("case", _ACCEPTED, ids=_name)
def test_accepted(case: dict[str, Any]) -> None:
    dockerfile = parse(_bytes(case))
    described = [_described(i, dockerfile.line_of(i)) for i in dockerfile.instructions]
    assert described == case["instructions"]


@pytest.mark.parametrize("case", _ACCEPTED, ids=_name)
def test_round_trip(case: dict[str, Any]) -> None:
    assert parse(_bytes(case)).to_bytes() == _bytes(case)


@pytest.mark.parametrize("case", _REJECTED, ids=_name)
def test_rejected(case: dict[str, Any]) -> None:
    with pytest.raises(ParseError) as caught:
        parse(_bytes(case))
    assert caught.value.problem == case["error"]

"""Damaged and hostile inputs: reading them ends, soon, without an error of ours."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from gorewrite.config import Config
from gorewrite.engine import available
from gorewrite.project import FileError, Result, Workspace
from gorewrite.transform import Safety
from tests.adversarial.mutations import fuzz
from tests.repositories import SHOP, repository

PLAIN = 'FROM golang:1.24\nWORKDIR /app\nCOPY . .\nRUN go build -o shop .\nCMD ["./shop"]\n'


@pytest.mark.parametrize("block", range(5))
def test_damaged_inputs(block: int, tmp_path: Path) -> None:
    seeds = range(block * 600, block * 600 + 600)
    assert {seed: wrong for seed in seeds if (wrong := fuzz(seed, tmp_path))} == {}


def planned(top: Path, dockerfile: str) -> tuple[Result | FileError, float]:
    """The plan, and the seconds of CPU that it took."""
    started = time.process_time()
    try:
        found: Result | FileError = Workspace(available(), Safety.SAFE).rewrite(
            top / "Dockerfile", "Dockerfile", Config(), dockerfile.encode()
        )
    except FileError as error:
        found = error
    return found, time.process_time() - started


def test_many_files(tmp_path: Path) -> None:
    files = {f"assets/{n % 50}/{n}.json": "" for n in range(3000)}
    repository(tmp_path, {**SHOP, **files})
    result, spent = planned(tmp_path, PLAIN)
    assert isinstance(result, Result)
    assert result.plan.changed
    assert spent < 3


def test_deep_tree(tmp_path: Path) -> None:
    repository(tmp_path, {**SHOP, "/".join(["d"] * 400) + "/x": ""})
    result, spent = planned(tmp_path, PLAIN)
    assert isinstance(result, Result)
    assert spent < 3


@pytest.mark.parametrize(
    "line",
    [
        "RUN " + "a " * 60_000,
        "RUN echo " + "x" * 200_000,
        "RUN " + "(" * 2000 + ")" * 2000,
        "RUN " + "$(" * 1000 + ")" * 1000,
        "RUN true " + "&& true " * 10_000,
        "RUN true " + "\\\n  && true " * 3000,
        "ENV " + " ".join(f"A{n}=$A{n - 1}" for n in range(2000)),
        "ENV A=" + "${A:-" * 500 + "}" * 500,
        "COPY " + "a " * 5000 + "/x/",
        "COPY " + "*" * 200 + " /x/",
        "COPY " + "[" * 2000 + " /x/",
        "CMD " + "[" * 5000,
        "LABEL " + '"' * 9999,
        "RUN go build -ldflags '" + "-X a.b=c " * 5000 + "' -o shop .",
    ],
    ids=lambda line: line[:12],
)
def test_huge_lines(line: str, tmp_path: Path) -> None:
    repository(tmp_path, SHOP)
    result, spent = planned(tmp_path, PLAIN.replace("RUN go", f"{line}\nRUN go"))
    assert isinstance(result, Result) or "internal error" not in result.problem
    assert spent < 5


@pytest.mark.parametrize(
    "patterns",
    ["*a" * 60 + "\n", "**/" * 60 + "x\n", "?" * 300 + "\n", "[a-z]*" * 40 + "!\n", "a\n" * 5000],
    ids=["stars", "doublestars", "marks", "classes", "many"],
)
def test_catastrophic_patterns(patterns: str, tmp_path: Path) -> None:
    names = {"a" * 100 + str(n): "" for n in range(100)}
    repository(tmp_path, {**SHOP, **names, ".dockerignore": patterns})
    result, spent = planned(tmp_path, PLAIN)
    assert isinstance(result, Result) or "internal error" not in result.problem
    assert spent < 5

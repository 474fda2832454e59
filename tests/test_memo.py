"""Answers that are kept: worked out once, whatever they are, and dropped when told so."""

from __future__ import annotations

import gc
from collections.abc import Hashable
from pathlib import Path
from typing import Any

from gorewrite import files
from gorewrite.engine import available, plan
from gorewrite.memo import cached_property, lasting, remembered
from gorewrite.transform import Safety
from tests.repositories import facts_of

SERVICE = """\
FROM golang:1.24 AS build
WORKDIR /app
COPY . .
RUN --mount=type=secret,id=x time env A=b go mod download && go build -o app .
FROM alpine
COPY --from=build /app/app /app
CMD ["/app"]
"""


class Holder:
    def __init__(self) -> None:
        self.memory: dict[Hashable, Any] = {}
        self.asked: list[object] = []

    @cached_property
    def size(self) -> int:
        """How large it is."""
        self.asked.append("size")
        return 3


@remembered
def answer(holder: Holder, name: str, *, loud: bool = False) -> str | None:
    holder.asked.append(name)
    return name.upper() if loud else None


def test_an_answer_is_worked_out_once_for_each_holder_and_its_arguments() -> None:
    one, other = Holder(), Holder()
    assert [answer(one, "a"), answer(one, "a"), answer(one, "b"), answer(other, "a")] == [None] * 4
    assert [answer(one, "a", loud=True), answer(one, "a", loud=True)] == ["A", "A"]
    assert (one.asked, other.asked) == (["a", "b", "a"], ["a"])


def test_a_cached_property_is_worked_out_once() -> None:
    one = Holder()
    assert (one.size, one.size, one.asked) == (3, 3, ["size"])
    assert Holder.size.__doc__ == "How large it is."


def test_what_was_forgotten_is_worked_out_again(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, SERVICE)
    before = [(stage.placed, dict(stage.output_paths)) for stage in facts.stages]
    states = [stage.states for stage in facts.stages]
    facts.forget()
    assert [(stage.placed, dict(stage.output_paths)) for stage in facts.stages] == before
    # What follows from less than the file is still there.
    assert [stage.states for stage in facts.stages] == states


def test_planning_leaves_nothing_to_the_garbage_collector(tmp_path: Path) -> None:
    project = facts_of(tmp_path, SERVICE).project
    plan(SERVICE.encode(), project, available(), Safety.SAFE)  # What is loaded once is there.
    gc.collect()
    gc.disable()
    try:
        assert plan(SERVICE.encode(), project, available(), Safety.SAFE).changed
        assert gc.collect() < 10
    finally:
        gc.enable()


def test_a_memory_that_is_trimmed_keeps_what_lasts() -> None:
    class Tree:
        memory = files.SharedMemory()

    asked: list[str] = []

    @remembered
    @lasting
    def whole(_: Tree) -> str:
        asked.append("whole")
        return "of all"

    @remembered
    def part(_: Tree, name: str) -> str:
        asked.append(name)
        return name

    tree = Tree()
    for _ in range(2):
        assert (whole(tree), part(tree, "a")) == ("of all", "a")
    tree.memory.trim()
    assert (whole(tree), part(tree, "a")) == ("of all", "a")
    tree.memory.clear()
    assert whole(tree) == "of all"
    assert asked == ["whole", "a", "a", "whole"]

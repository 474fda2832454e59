"""The engine with transforms made for it: thresholds, opt-outs, rounds, and its own checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gorewrite.checks import InternalError
from gorewrite.config import Config
from gorewrite.context import Context
from gorewrite.dockerfile import BodyNode, Instruction
from gorewrite.engine import CannotRead, Plan, available, by_name, plan
from gorewrite.evidence import Evidence
from gorewrite.facts import Facts
from gorewrite.surroundings import Project
from gorewrite.transform import Change, FileChange, Proposal, Refusal, Safety, Transform
from tests.repositories import SHOP, repository

TEXT = '# about\nFROM golang:1.24\nWORKDIR /app\nRUN a\nRUN b\nCMD ["./shop"]\n'
Propose = Callable[[Facts], Iterator[Proposal]]


class Made(Transform):
    """A transform out of a function."""

    summary = before = after = ""

    def __init__(self, propose: Propose, name: str = "made") -> None:
        self._propose = propose
        self.name = name  # type: ignore[misc]

    def propose(self, facts: Facts) -> Iterator[Proposal]:
        yield from self._propose(facts)


def find(facts: Facts, source: str) -> Instruction | None:
    """The instruction whose text is `source`."""
    return next((i for i in facts.dockerfile.instructions if i.source.strip() == source), None)


def changing(
    old: str,
    new: str,
    safety: Safety = Safety.SAFE,
    *,
    declares: frozenset[str] = frozenset(),
    files: tuple[FileChange, ...] = (),
    name: str = "made",
) -> Made:
    """Turns the instruction `old` into the lines `new`."""

    def propose(facts: Facts) -> Iterator[Proposal]:
        node = find(facts, old)
        if node is not None:
            made = facts.dockerfile.fragment(new) if new else ()
            yield Change(
                node,
                made,
                safety,
                f"{old} becomes {new.strip()}",
                (facts.at(node),),
                files=files,
                declares=declares,
            )

    return Made(propose, name)


Run = Callable[..., Plan]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Plans a Dockerfile of a shop with the given transforms."""
    repository(tmp_path, SHOP)

    def planned(text: str, *transforms: Transform, allowed: Safety = Safety.SAFE) -> Plan:
        path = tmp_path / "Dockerfile"
        project = Project(path, "Dockerfile", tmp_path, Context.of(tmp_path, path), Config())
        return plan(text.encode(), project, transforms, allowed)

    return planned


# --- what is applied -------------------------------------------------------------------------


def test_nothing_to_do(run: Run) -> None:
    found = run(TEXT)
    assert found.old == found.new == TEXT.encode()
    assert not found.changed
    assert (found.changes, found.refusals, found.files, found.notes) == ((), (), (), ())


@pytest.mark.parametrize(
    ("safety", "allowed", "applied"),
    [
        (Safety.SAFE, Safety.SAFE, True),
        (Safety.SAFE, Safety.REVIEW, True),
        (Safety.REVIEW, Safety.SAFE, False),
        (Safety.REVIEW, Safety.REVIEW, True),
    ],
)
def test_safety_is_a_threshold(run: Run, safety: Safety, allowed: Safety, applied: bool) -> None:
    found = run(TEXT, changing("RUN a", "RUN z\n", safety), allowed=allowed)
    assert (b"RUN z\n" in found.new) == applied == found.changed
    (change,) = found.changes
    assert (change.transform, change.safety, change.line) == ("made", safety, 4)
    assert change.applied == applied
    assert change.because == (Evidence("Dockerfile", 4, "RUN a"),)


def test_removal_and_insertion(run: Run) -> None:
    assert run(TEXT, changing("RUN a", "")).new == TEXT.replace("RUN a\n", "").encode()
    found = run(TEXT, changing("RUN a", "RUN y\nRUN z\n"))
    assert found.new == TEXT.replace("RUN a\n", "RUN y\nRUN z\n").encode()


def test_line_endings_and_missing_newline(run: Run) -> None:
    text = TEXT.replace("\n", "\r\n").rstrip()
    new = 'CMD ["./shop", "-v"]\nUSER 1\n'
    found = run(text, changing('CMD ["./shop"]', new, declares=frozenset({"cmd", "user"})))
    assert found.new.decode() == text[: -len('CMD ["./shop"]')] + new.replace("\n", "\r\n").rstrip()


def test_change_that_changes_nothing_is_not_reported(run: Run) -> None:
    def propose(facts: Facts) -> Iterator[Proposal]:
        node = facts.dockerfile.body[0]
        yield Change(node, (node,), Safety.SAFE, "kept", (facts.at(node),))

    assert run(TEXT, Made(propose)).changes == ()


def test_rounds_go_on_with_what_was_written(run: Run) -> None:
    """Lines of the report are those of the input, whatever came between."""
    first = changing("RUN a", "RUN 1\nRUN 2\nRUN 3\n", name="first")
    second = changing("RUN 3", "RUN 4\n", name="second")
    third = changing("RUN b", "RUN c\n", name="third")
    found = run(TEXT, third, second, first)
    assert b"RUN 1\nRUN 2\nRUN 4\nRUN c\n" in found.new
    assert [(c.transform, c.line) for c in found.changes] == [
        ("third", 5),
        ("first", 4),
        ("second", 4),
    ]


def test_two_changes_of_one_node(run: Run) -> None:
    """The first one is applied; the second one has its turn when it still holds."""

    def propose(facts: Facts) -> Iterator[Proposal]:
        node = find(facts, "RUN a")
        if node is not None:
            for word in ("y", "z"):
                new = facts.dockerfile.fragment(f"RUN {word}\n")
                yield Change(node, new, Safety.SAFE, f"write {word}", (facts.at(node),))
        node = find(facts, "RUN y")
        if node is not None:
            new = facts.dockerfile.fragment("RUN x\n")
            yield Change(node, new, Safety.SAFE, "write x", (facts.at(node),))

    found = run(TEXT, Made(propose))
    assert b"RUN x\nRUN b" in found.new
    assert [c.message for c in found.changes] == ["write y", "write x"]


def test_change_of_several_nodes_is_whole(run: Run) -> None:
    """What conflicts in one of its nodes is not half applied."""

    def propose(facts: Facts) -> Iterator[Proposal]:
        a, b = find(facts, "RUN a"), find(facts, "RUN b")
        make = facts.dockerfile.fragment
        if a is not None and b is not None:
            yield Change(b, make("RUN B\n"), Safety.SAFE, "first", (facts.at(b),))
            pair: tuple[BodyNode, tuple[BodyNode, ...]] = (b, ())
            yield Change(a, make("RUN A\n"), Safety.SAFE, "both", (facts.at(a),), also=(pair,))

    found = run(TEXT, Made(propose))
    assert b"RUN a\nRUN B\n" in found.new
    assert [c.message for c in found.changes] == ["first"]


def test_files_of_a_change(run: Run) -> None:
    """The last content is written over what was there at first; a file alone is a change."""
    first = FileChange(".dockerignore", None, b".git\n")
    second = FileChange(".dockerignore", b".git\n", b".git\n*.log\n")

    def propose(facts: Facts) -> Iterator[Proposal]:
        node = facts.dockerfile.instructions[0]
        file = second if ".dockerignore" in facts.project.pending else first
        yield Change(node, (node,), Safety.SAFE, "ignore", (facts.at(node),), files=(file,))

    found = run(TEXT, Made(propose))
    assert found.files == (FileChange(".dockerignore", None, b".git\n*.log\n"),)
    assert found.changed and found.new == found.old


def test_offers_and_refusals_are_those_of_the_last_round(run: Run) -> None:
    def refuse(facts: Facts) -> Iterator[Proposal]:
        node = facts.dockerfile.instructions[0]
        code = "before" if find(facts, "RUN a") else "after"
        yield Refusal(node, code, code, (facts.at(node),))
        yield Refusal(node, code, "said twice", (facts.at(node),))

    offer = changing("RUN a", "RUN offered\n", Safety.REVIEW, name="offer")
    found = run(TEXT, Made(refuse, "refuse"), offer, changing("RUN a", "RUN z\n"))
    assert [(r.code, r.line, r.message) for r in found.refusals] == [("after", 2, "after")]
    assert [c.message for c in found.changes] == ["RUN a becomes RUN z"]


def test_a_stage_that_a_change_wrote_needs_no_excuse(run: Run) -> None:
    def refuse(facts: Facts) -> Iterator[Proposal]:
        for instruction in facts.dockerfile.instructions:
            if instruction.keyword == "FROM":
                yield Refusal(instruction, "base", instruction.rest, (facts.at(instruction),))

    split = changing("RUN b", "RUN b2\n\nFROM alpine\nWORKDIR /app\nRUN c\n")
    named = changing("FROM golang:1.24", "FROM golang:1.24 AS build\n")
    found = run(TEXT, named, split, Made(refuse, "refuse"))
    assert b"FROM alpine" in found.new
    assert [(r.line, r.message) for r in found.refusals] == [(2, "golang:1.24 AS build")]


# --- opt-out ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("comment", "stopped"),
    [
        ("# gorewrite: ignore", True),
        ("#gorewrite:ignore", True),
        ("  # gorewrite: ignore  ", True),
        ("# gorewrite: ignore because of the mirror", True),
        ("# gorewrite: ignore[made]", True),
        ("# gorewrite: ignore[ other , made ]", True),
        ("# gorewrite: ignore[]", True),
        ("# gorewrite: ignore[made] as agreed", True),
        ("# gorewrite: ignore\n# why", True),
        ("# why\n# gorewrite: ignore\n# and so on", True),
        ("# gorewrite: ignore[other]", False),
        ("# gorewrite: ignored", False),
        ("# gorewrite: ignore[made", False),
        ("# see gorewrite: ignore", False),
        ("# gorewrite: ignore\n", False),
        ("# gorewrite: ignore\nRUN other", False),
    ],
)
def test_opt_out_of_an_instruction(run: Run, comment: str, stopped: bool) -> None:
    text = TEXT.replace("RUN a\n", f"{comment}\nRUN a\n")
    found = run(text, changing("RUN a", "RUN z\n"))
    assert found.changed != stopped
    if stopped:
        (refusal,) = found.refusals
        assert (refusal.transform, refusal.code) == ("made", "opted-out")
        (evidence,) = refusal.because
        assert "gorewrite" in evidence.text
        assert text.split("\n")[evidence.line - 1].strip() == evidence.text
        assert text.split("\n")[refusal.line - 1] == "RUN a"


def test_opt_out_holds_for_every_node_of_a_change(run: Run) -> None:
    def propose(facts: Facts) -> Iterator[Proposal]:
        a, b = find(facts, "RUN a"), find(facts, "RUN b")
        if a is not None and b is not None:
            new = facts.dockerfile.fragment("RUN a && b\n")
            yield Change(a, new, Safety.SAFE, "join", (facts.at(a),), also=((b, ()),))

    text = TEXT.replace("RUN b", "# gorewrite: ignore[made]\nRUN b")
    assert not run(text, Made(propose)).changed


# --- the engine's own checks -----------------------------------------------------------------


def test_transform_that_never_settles(run: Run) -> None:
    there, back = changing("RUN a", "RUN z\n"), changing("RUN z", "RUN a\n", name="back")
    with pytest.raises(InternalError, match="does not settle in 8 rounds"):
        run(TEXT, there, back)


def test_transform_that_grows_for_ever(run: Run) -> None:
    with pytest.raises(InternalError, match="does not settle"):
        run(TEXT, changing("RUN a", "RUN a\nRUN a\n"))


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('CMD ["./shop"]', 'CMD ["./store"]', "cmd"),
        ('CMD ["./shop"]', 'ENTRYPOINT ["./shop"]', "entrypoint"),
        ("RUN a", "ENV MODE=fast", "env"),
        ("RUN a", "EXPOSE 80", "ports"),
        ("RUN a", "VOLUME /data", "volumes"),
        ("RUN a", "LABEL a=b", "labels"),
        ("RUN a", "USER 1000", "user"),
        ("RUN a", "STOPSIGNAL SIGINT", "stopsignal"),
        ("RUN a", "HEALTHCHECK NONE", "healthcheck"),
        ("RUN a", "ONBUILD RUN a", "onbuild"),
        ("WORKDIR /app", "WORKDIR /srv", "workdir"),
    ],
)
def test_contract_is_kept_or_declared(run: Run, old: str, new: str, field: str) -> None:
    with pytest.raises(InternalError, match=f"contract would change .*{field}: "):
        run(TEXT, changing(old, f"{new}\n"))
    every = frozenset({field, "program", "cmd"})
    assert new.encode() in run(TEXT, changing(old, f"{new}\n", declares=every)).new


def test_declared_by_a_change_that_is_only_offered(run: Run) -> None:
    offered = changing("RUN b", "USER 1\n", Safety.REVIEW, declares=frozenset({"user"}), name="b")
    with pytest.raises(InternalError, match="user"):
        run(TEXT, offered, changing("RUN a", "USER 2\n"))


def test_lost_comment(run: Run) -> None:
    def propose(facts: Facts) -> Iterator[Proposal]:
        node = facts.dockerfile.body[0]
        if node.source.startswith("#"):
            yield Change(node, (), Safety.SAFE, "drop", (facts.at(node),))

    with pytest.raises(InternalError, match="a comment would be lost: # about"):
        run(TEXT, Made(propose))


def test_transform_that_fails(run: Run) -> None:
    def fail(facts: Facts) -> Iterator[Proposal]:
        yield from changing("RUN a", "RUN z\n").propose(facts)
        raise KeyError("shelf")

    with pytest.raises(InternalError, match="the transform made failed with KeyError: 'shelf'"):
        run(TEXT, Made(fail))


def test_transform_that_recurses_for_ever(run: Run) -> None:
    def fail(facts: Facts) -> Iterator[Proposal]:
        yield from fail(facts)

    with pytest.raises(InternalError, match="RecursionError"):
        run(TEXT, Made(fail))


@pytest.mark.parametrize("text", ["", "# only\n", "FROM golang\nENV KEY\n"])
def test_cannot_read(run: Run, text: str) -> None:
    with pytest.raises(CannotRead):
        run(text)


# --- installed transforms --------------------------------------------------------------------


def test_order_of_the_installed_transforms() -> None:
    found = available()
    assert [t.order for t in found] == sorted(t.order for t in found)
    names = [t.name for t in found]
    assert len(set(names)) == len(names)
    assert by_name(found)["split-stages"].order < by_name(found)["cache-mounts"].order

"""Stages as views of the body."""

from __future__ import annotations

from gorewrite.dockerfile import parse, stages


def test_comments_above() -> None:
    (stage,) = stages(parse("FROM a\n# far\n\n# near\n# nearer\nRUN b\nRUN c\n"))
    first, second = stage.instructions
    assert [c.text for c in stage.comments_above(first)] == ["# near", "# nearer"]
    assert stage.comments_above(second) == ()
    assert stage.set_apart(first)
    assert not stage.set_apart(second)


def test_each_stage_has_what_follows_its_from() -> None:
    tree = parse("ARG V=1\n# a\nFROM a AS First\nRUN b\n\n# c\nFROM first\nFROM d\nRUN e\n# f\n")
    found = stages(tree)
    assert [stage.name for stage in found] == ["first", None, None]
    assert [[i.source for i in stage.instructions] for stage in found] == [
        ["RUN b\n"],
        [],
        ["RUN e\n"],
    ]
    assert [len(stage.nodes) for stage in found] == [4, 1, 3]
    assert [stage.nodes[0] for stage in found] == [stage.from_ for stage in found]


def test_without_from_there_is_none() -> None:
    assert stages(parse("ARG V=1\n")) == ()

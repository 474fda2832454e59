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

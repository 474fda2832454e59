"""The whole tree: identity, changes, fragments."""

from __future__ import annotations

import pytest

from gorewrite.dockerfile import (
    Blank,
    Comment,
    Directive,
    Dockerfile,
    Instruction,
    Newline,
    Node,
    Text,
    parse,
)
from gorewrite.memo import remembered


def test_nodes_are_equal_only_to_themselves() -> None:
    one, two = parse("FROM a\n"), parse("FROM a\n")
    assert one.body[0] != two.body[0]
    assert len({one.body[0], two.body[0]}) == 2
    assert one.body[0].deep_equals(two.body[0])
    assert one.deep_equals(two)


@pytest.mark.parametrize("other", ["FROM b\n", "\ufeffFROM a\n", "FROM a\n\n", "FROM a"])
def test_deep_equals_tells_apart(other: str) -> None:
    assert not parse("FROM a\n").deep_equals(parse(other))
    assert not parse("FROM a\n").deep_equals("FROM a\n")
    assert not Comment("# a").deep_equals(Directive("# a"))


def test_with_changes_reads_again() -> None:
    (run,) = parse("RUN a\n").instructions
    assert run.rest == "a"
    changed = run.with_changes(parts=(Text("CMD b"), Newline("\n")))
    assert (changed.keyword, changed.rest) == ("CMD", "b")
    assert (run.keyword, run.rest) == ("RUN", "a")
    with pytest.raises(TypeError):
        run.with_changes(text="b")


def test_a_node_without_a_text_of_its_own() -> None:
    with pytest.raises(NotImplementedError):
        _ = Node().source


def test_first_line() -> None:
    tree = parse("\n# a\nRUN a \\\n  b\n")
    assert tree.first_line == "# a"
    assert [node.first_line for node in tree.body] == ["", "# a", "RUN a \\"]


def test_lines() -> None:
    tree = parse("# a\nFROM a \\\n  AS c\nRUN b\n")
    assert list(tree.lines.values()) == [1, 2, 4]
    assert [tree.line_of(node) for node in tree.body] == [1, 2, 4]


def test_line_of_another_node() -> None:
    with pytest.raises(KeyError):
        parse("FROM a\n").line_of(Comment("# c"))


def _replaced(text: str, at: int, *new: str) -> str:
    """Replace one body node; each new one is given as text, "=" stands for the old one."""
    tree = parse(text)
    old = tree.body[at]
    nodes: list[Node] = []
    for each in new:
        nodes.extend([old] if each == "=" else tree.fragment(each))
    result = tree.deep_replace({old: nodes})
    kept = [node for node in tree.body if node is not old]
    assert all(node in result.body for node in kept)
    if new:
        assert result.source.endswith("\n") == text.endswith("\n")
    assert parse(result.to_bytes()).deep_equals(result)
    return result.source


@pytest.mark.parametrize(
    ("text", "at", "new", "expected"),
    [
        ("FROM a\nRUN b\n", 1, ["RUN c\n", "RUN d\n"], "FROM a\nRUN c\nRUN d\n"),
        ("FROM a\nRUN b\n", 1, [], "FROM a\n"),
        ("FROM a\nRUN b\n", 0, ["=", "# c\n\n"], "FROM a\n# c\n\nRUN b\n"),
        ("FROM a\r\nRUN b\r\n", 1, ["=", "USER c\n"], "FROM a\r\nRUN b\r\nUSER c\r\n"),
        # A file without a final newline keeps none.
        ("FROM a\nRUN b", 1, ["RUN c\n"], "FROM a\nRUN c"),
        ("FROM a\nRUN b", 1, ["=", "RUN c\n"], "FROM a\nRUN b\nRUN c"),
        ("FROM a\nRUN b", 0, ["=", "RUN c\n"], "FROM a\nRUN c\nRUN b"),
        ("FROM a\nRUN b", 1, ["=", "RUN c \\\n d\n"], "FROM a\nRUN b\nRUN c \\\n d"),
        ("FROM a\nRUN b", 1, ["=", "RUN c\n\n"], "FROM a\nRUN b\nRUN c"),
        ("FROM a\nRUN b", 1, ["=", "# c\n"], "FROM a\nRUN b\n# c"),
        ("FROM a\nRUN b", 1, ["=", "RUN <<E\nx\nE\n"], "FROM a\nRUN b\nRUN <<E\nx\nE"),
        ("FROM a\r\nRUN b\r\nUSER c", 2, ["=", "USER d"], "FROM a\r\nRUN b\r\nUSER c\r\nUSER d"),
        ("FROM a\n# c", 1, ["=", "USER d\n"], "FROM a\n# c\nUSER d"),
        ("RUN <<E\nx\nE", 0, ["=", "USER d\n"], "RUN <<E\nx\nE\nUSER d"),
        ("FROM a\nRUN b\r", 1, ["=", "USER d\n"], "FROM a\nRUN b\r\nUSER d"),
        # Only deleted: the node before is left alone.
        ("FROM a\nRUN b", 1, [], "FROM a\n"),
        # An open end would swallow what follows.
        ("FROM a\nRUN b \\\n", 1, ["=", "USER c\n"], "FROM a\nRUN b \nUSER c\n"),
        ("FROM a\nRUN b \\", 1, ["=", "USER c\n"], "FROM a\nRUN b \nUSER c"),
        (
            "FROM a\nRUN b \\\n # c\n\n# d",
            1,
            ["=", "USER c\n"],
            "FROM a\nRUN b \n # c\n\n# d\nUSER c",
        ),
        ("FROM a\nRUN b \\\n# c\n  \\ ", 1, ["=", "USER d"], "FROM a\nRUN b \n# c\nUSER d"),
        ("FROM a\n\\\n# c\n", 1, ["=", "USER d\n"], "FROM a\n# c\nUSER d\n"),
        ("FROM a\nUSER c\n", 1, ["RUN b \\\n"], "FROM a\nRUN b \\\n"),
        ("FROM a\nUSER c", 1, ["RUN b \\\n\n"], "FROM a\nRUN b \\"),
    ],
)
def test_deep_replace(text: str, at: int, new: list[str], expected: str) -> None:
    assert _replaced(text, at, *new) == expected


def test_deep_replace_leaves_the_other_nodes_alone() -> None:
    tree = parse("FROM a\nRUN b\nUSER c\n")
    result = tree.deep_replace({tree.body[1]: ()})
    assert result.body == (tree.body[0], tree.body[2])
    assert tree.deep_replace({}).body == tree.body


def test_deep_replace_to_nothing() -> None:
    tree = parse("FROM a")
    assert tree.deep_replace({tree.body[0]: ()}).source == ""
    assert tree.deep_replace({tree.body[0]: (Blank(""), Blank(""))}).source == ""


def test_deep_replace_of_another_node() -> None:
    with pytest.raises(KeyError):
        parse("FROM a\n").deep_replace({Comment("# c"): ()})


def _windows() -> Dockerfile:
    return parse("# escape=`\r\nFROM a\r\n")


def test_fragment_takes_the_style_of_the_file() -> None:
    text = "# c\n\nRUN a \\ \n  # d\n  b <<E\nx \\\nE\nUSER c"
    nodes = _windows().fragment(text)
    assert "".join(node.source for node in nodes) == (
        "# c\r\n\r\nRUN a ` \r\n  # d\r\n  b <<E\r\nx \\\r\nE\r\nUSER c"
    )
    plain = parse("FROM a\n").fragment(text)
    assert "".join(node.source for node in plain) == text


def test_fragment_is_no_place_for_directives() -> None:
    (node,) = parse("FROM a\n").fragment("# escape=`\n")
    assert isinstance(node, Comment)
    assert parse("FROM a\n").fragment("") == ()


def test_fragment_that_means_something_else_with_a_backtick() -> None:
    with pytest.raises(ValueError, match="escape character `"):
        _windows().fragment("RUN a`\nUSER b\n")


def test_fragment_errors() -> None:
    with pytest.raises(ValueError, match="line 2: ENV must have two arguments"):
        parse("FROM a\n").fragment("USER a\nENV b\n")


def test_answers_are_kept_with_the_tree_and_with_its_nodes() -> None:
    asked = []

    @remembered
    def lines(holder: Dockerfile | Instruction) -> int:
        asked.append(holder)
        return holder.source.count("\n")

    tree = parse("FROM a\nRUN b \\\n  c\n")
    run = tree.instructions[1]
    assert [lines(tree), lines(tree), lines(run), lines(run)] == [3, 3, 2, 2]
    assert asked == [tree, run]
    assert lines(parse("FROM a\n")) == 1

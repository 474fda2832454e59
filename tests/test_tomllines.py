"""In which line of a TOML file a value stands."""

import tomllib

import pytest

from gorewrite.tomllines import KeyPath, line_of

TEXT = '''\
# a = 1
title = """
a = 2
[b]
"""
a = [
  # first
  1,
  2,
]
"quoted key" = 1

[b]
c.d = 1
e = { f = 1 }

[[b.list]]
x = 1

# the second
[[b.list]]
y = """
x = 3
"""
x = 2
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("a",), 6),
        (("quoted key",), 11),
        (("b",), 13),
        (("b", "c"), 14),
        (("b", "c", "d"), 14),
        (("b", "e", "f"), 15),
        (("b", "list"), 17),
        (("b", "list", 0, "x"), 18),
        (("b", "list", 1), 21),
        (("b", "list", 1, "y"), 22),
        (("b", "list", 1, "x"), 25),
        (("b", "list", 1, "z"), 0),
        (("b", "list", 2, "x"), 0),
        (("a", "b"), 0),
        (("nothing",), 0),
    ],
)
def test_line_of(path: KeyPath, line: int) -> None:
    assert line_of(TEXT, path) == line
    assert line_of(TEXT.replace("\n", "\r\n"), path) == line


def test_of_every_length() -> None:
    """Wherever it stands in a file of any length."""
    for size in range(1, 20):
        for at in range(size):
            lines = [f"k{number} = {number}" for number in range(size)]
            lines[at] = "\n".join(("wanted = [", "  1,", "]"))
            text = "\n".join(lines)
            tomllib.loads(text)
            assert line_of(text, ("wanted",)) == at + 1

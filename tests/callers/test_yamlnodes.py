"""YAML as nodes: what is read is right and knows its place, the rest is odd."""

from typing import Any

import pytest

from gorewrite.callers import yamlnodes
from gorewrite.callers.yamlnodes import Mapping, Node, Odd, Scalar, Sequence, read


def plain(node: Node) -> Any:
    """The node as Python values; an odd one as None."""
    match node:
        case Scalar():
            return node.text
        case Sequence():
            return [plain(item) for item in node.items]
        case Mapping():
            return {key: plain(value) for key, _, value in node.items}
    return None


READ = [
    ("a: b", {"a": "b"}),
    ("a:\n  b: c\n  d:\n", {"a": {"b": "c", "d": ""}}),
    ("a:\n- b\n- c: d\n  e: f\n- - g\n", {"a": ["b", {"c": "d", "e": "f"}, ["g"]]}),
    ("a: b # c\nd: e#f\n", {"a": "b", "d": "e#f"}),
    ('a: \'b # c\'\nd: "e: \\"f\\""', {"a": "b # c", "d": 'e: "f"'}),
    ("a: 'it''s'", {"a": "it's"}),
    ("a: http://b:80/c\n", {"a": "http://b:80/c"}),
    ("- 80:80\n- '1:2'\n", ["80:80", "1:2"]),
    ("'a b': c\n\"d\": e\n", {"a b": "c", "d": "e"}),
    ("a: [b, 'c, d', [e], {f: g}]\n", {"a": ["b", "c, d", ["e"], {"f": "g"}]}),
    ("a: [\n  b, # c\n  d\n]\ne: f\n", {"a": ["b", "d"], "e": "f"}),
    ("a: {b: c, d: , e, 'f':g}\n", {"a": {"b": "c", "d": "", "e": "", "f": "g"}}),
    ("a: b\n  c\nd: e\n", {"a": "b c", "d": "e"}),
    ("a:\n  b\n  c\n", {"a": "b c"}),
    ("a: |\n  b\n\n    c\nd: e\n", {"a": "b\n\n  c\n", "d": "e"}),
    ("a: >-\n  b\n  c\n", {"a": "b c"}),
    ("a: &x [b]\nc: *x\n", {"a": ["b"], "c": ["b"]}),
    ("a: &x\n  b: c\nd:\n  <<: *x\n  e: f\n", {"a": {"b": "c"}, "d": {"e": "f", "b": "c"}}),
    ("a: &x {b: 1}\nc: {<<: *x, b: 2}\n", {"a": {"b": "1"}, "c": {"b": "2"}}),
    ("%YAML 1.2\n---\na: b\n", {"a": "b"}),
    ("a: b\r\nc: d\r\n", {"a": "b", "c": "d"}),
    ("# a\n\na: b\n  # c\n", {"a": "b"}),
    ("a: ${{ b }}\n", {"a": "${{ b }}"}),
    ('a: "b\n  c"', {"a": "b c"}),
    ('a: "\\x41"', {"a": "A"}),
    ("a: |2\n  b\n", {"a": "b\n"}),
    ("a: >\n  b\n\n  c\n", {"a": "b\nc\n"}),
    ("a: [b c: d]\n", {"a": [{"b c": "d"}]}),
    ("a: 010\nb: yes\n", {"a": "010", "b": "yes"}),
]


@pytest.mark.parametrize(("text", "expected"), READ)
def test_reads(text: str, expected: Any) -> None:
    (document,) = read(text)
    assert plain(document) == expected


ODD = [
    "a: !tag b",
    "a: b: c",
    "a: [b, c\n",
    "a: [b] c",
    "a: {{ b }}",
    "a: *b",
    "a: @b",
    "a: - b",
    "a: 'b' c",
    "a: '\n",
    "a:\n\t- b\n",
    "a: " + "[" * 500,
]


@pytest.mark.parametrize("text", ODD)
def test_is_odd(text: str) -> None:
    (document,) = read(f"first: 1\n{text}\nlast: 2\n")
    if isinstance(document, Mapping):
        assert isinstance(document.get("a"), Odd)
        assert plain(document)["first"] == "1"
        assert plain(document)["last"] == "2"
    else:
        assert isinstance(document, Odd)


def test_what_stands_before_an_error_is_read() -> None:
    first, second = read("a: b\n---\nc: [\n")
    assert plain(first) == {"a": "b"}
    assert isinstance(second, Odd) and second.line >= 3


TEXT = "é: 'b c'\nd: |\n  x\n  y\ne: {f: g}\n"


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_places(mark: str) -> None:
    text = mark + TEXT
    (document,) = read(text)
    assert isinstance(document, Mapping)
    value = document.get("é")
    assert isinstance(value, Scalar) and text[value.start : value.end] == "'b c'"
    start, end = document.span_of("d")
    assert text[start:end] == "d: |\n  x\n  y\n"
    inner = document.mapping("e")
    assert text[inner.start : inner.end] == "{f: g}"


def test_without_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    yamlnodes._loader.cache_clear()
    monkeypatch.setattr("yaml.__with_libyaml__", False)
    slow = read(TEXT)
    yamlnodes._loader.cache_clear()
    monkeypatch.undo()
    assert slow == read(TEXT)


def test_aliases_do_not_multiply() -> None:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    (document,) = read("\n".join(lines))
    assert isinstance(document, Mapping)
    assert sum(1 for _ in yamlnodes.mappings(document)) == 1


def test_an_alias_of_what_it_stands_in() -> None:
    (document,) = read("a: &a [*a]\n")
    assert isinstance(document, (Mapping, Odd))


@pytest.mark.parametrize("text", ["a: b\na: c\n", "a: b\n- c\n", "? [a]\n: b\n", "- " * 500 + "a"])
def test_a_document_that_is_odd(text: str) -> None:
    (document,) = read(text)
    while isinstance(document, Sequence):
        document = document.items[0]
    assert isinstance(document, Odd)


def test_lines_and_documents() -> None:
    first, second = read("a: b\n---\n\n# c\nd:\n  - e\n  - {f: g}\n")
    assert isinstance(first, Mapping) and first.line_of("a") == 1
    assert isinstance(second, Mapping) and second.line_of("d") == 5
    items = second.get("d")
    assert isinstance(items, Sequence) and [item.line for item in items.items] == [6, 7]
    assert read("") == () and read("# only\n") == ()


def test_null_is_no_value() -> None:
    (document,) = read("a: ~\nb: null\nc: 'null'\nd:\n")
    assert isinstance(document, Mapping)
    found = [document.get(key) for key in "abcde"]
    assert [node is None for node in found] == [True, True, False, True, True]

"""What the parser makes of shell text: structure, spans, and what it refuses."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gorewrite.shell import (
    Command,
    Compound,
    Group,
    List,
    Opaque,
    Pipeline,
    Script,
    Subshell,
    parse,
)
from gorewrite.shell.nodes import Node


def read(text: str) -> Script:
    script = parse(text)
    assert isinstance(script, Script), script
    return script


def shown(node: Node | Script) -> str:
    """A node in one line: [command words], <pipe>, (subshell), {group}."""
    match node:
        case Script():
            return " ".join(
                shown(s.node) + s.terminator.replace("\n", "⏎") for s in node.statements
            )
        case List():
            rest = zip(node.operators, node.items[1:], strict=True)
            return shown(node.items[0]) + "".join(f" {o} {shown(i)}" for o, i in rest)
        case Pipeline():
            return "!" * node.negated + "<" + " | ".join(map(shown, node.items)) + ">"
        case Command():
            parts = [f"{a.name}={a.word.text if a.word else ''}" for a in node.assignments]
            parts += [word.text for word in node.words]
            for r in node.redirects:
                fd = "" if r.fd is None else r.fd
                parts.append(f"{fd}{r.operator}{r.target.text if r.target else '-'}")
            return "[" + " ".join(parts) + "]"
        case Subshell():
            return f"({shown(node.body)}){'>' * len(node.redirects)}"
        case Group():
            return f"{{{shown(node.body)}}}{'>' * len(node.redirects)}"
        case Compound():
            head = " ".join([node.kind, node.variable or "", *(w.text for w in node.items)])
            bodies = "/".join(shown(body) for body in node.bodies)
            return f"{head.rstrip()}:{bodies};;{'>' * len(node.redirects)}"


STRUCTURES = [
    ("", ""),
    ("  ", ""),
    ("# only a comment", ""),
    ("a", "[a]"),
    ("a;", "[a];"),
    ("a; b & c", "[a]; [b]& [c]"),
    ("a\n\nb", "[a]⏎ [b]"),
    ("a && b || c", "[a] && [b] || [c]"),
    ("a && b | c || d", "[a] && <[b] | [c]> || [d]"),
    ("a |& b", "<[a] | [b]>"),
    ("! a && b", "!<[a]> && [b]"),
    ("! a | b", "!<[a] | [b]>"),
    # The grammar has the redirection around the list or the negation.
    ("a && b > x", "[a] && [b >x]"),
    ("a | b > x", "<[a] | [b >x]>"),
    ("! a > x", "!<[a >x]>"),
    ("a && (b) > x", "[a] && ([b])>"),
    # The grammar counts what follows the target as another target.
    ("a > x b", "[a b >x]"),
    ("a b 2>/dev/null c >&2", "[a b c 2>/dev/null >&2]"),
    ("> x", "[>x]"),
    (">x cmd a", "[cmd a >x]"),
    ("A=1 >x cmd", "[A=1 cmd >x]"),
    ("a 2>&-", "[a 2>&-]"),
    ("a2>x", "[a2 >x]"),
    ("a <<< 'b' c", "[a c <<<'b']"),
    ("A=b C= d", "[A=b C= d]"),
    ("A=b", "[A=b]"),
    ("A=b B=c; x", "[A=b B=c]; [x]"),
    ("export A=b C", "[export A=b C]"),
    ("unset A $B", "[unset A $B]"),
    ("declare -x A=b", "[declare -x A=b]"),
    ("[ -f x ] && [[ -n $y && a =~ ^(b|c)$ ]]", "[[ -f x ]] && [[[ -n $y && a =~ ^(b|c)$ ]]]"),
    ("[ ! -f x ] 2>/dev/null", "[[ ! -f x ] 2>/dev/null]"),
    ("test a = b", "[test a = b]"),
    ("time go build", "[time go build]"),
    ("(cd a && b) | c", "<([cd a] && [b]) | [c]>"),
    ("{ a; b; } > x", "{[a]; [b];}>"),
    ("for d in a $b 'c d'; do x; done", "for d a $b 'c d':[x];;;"),
    ("for d\ndo x\ndone", "for d:[x];;"),
    ("while read x; do a; done < f", "while:[read x];/[a];;;>"),
    ("until a; do b; done", "until:[a];/[b];;;"),
    ("if a; then b; elif c; then d; else e; fi", "if:[a];/[b];/[c];/[d];/[e];;;"),
    ("case $a in x|y) b ;; *) c; d ;; z) ;; esac", "case  $a x y * z:[b]/[c]; [d]/;;"),
    ("f() { a; }; f", "function f:{[a];};;; [f]"),
    ("echo $ a==b = == x", "[echo $ a==b = == x]"),
    ("echo a$b'c'\"d\"{e}", "[echo a$b'c'\"d\"{e}]"),
    ("find . -exec rm {} \\;", "[find . -exec rm {} \\;]"),
    ("a && # note\nb", "[a] && [b]"),
    ("cat <<EOF > /x && b | c\nbody $x\nEOF\nd", "[cat <<EOF >/x] && <[b] | [c]>⏎ [d]"),
    ("x && cat <<-'E' | sh && b || c\nbody\n\tE", "[x] && <[cat <<-'E'] | [sh]> && [b] || [c]"),
    ("$(<file)", "[$(<file)]"),
    ('a "$(b) ${C} `d`"', '[a "$(b) ${C} `d`"]'),
    ("a \\\n  b", "[a b]"),
    # A shell takes only blank, tab and newline for blanks.
    ("a\u00a0b c\r\nd", "[a\u00a0b c\r]⏎ [d]"),
    ("é=1 é 'ü'", "[é=1 é 'ü']"),
    ("echo \udcff\udcfe x", "[echo \udcff\udcfe x]"),
]


@pytest.mark.parametrize(("text", "expected"), STRUCTURES)
def test_structure(text: str, expected: str) -> None:
    assert shown(read(text)) == expected


OPAQUE = [
    *("a &&", "&& a", "a | | b", "a;;b", "; a", "(a", "a)", "{ a;", "'a", '"a', "`a", "$(a"),
    *("if a; then b", "fi", "done", "then a", "for x in a; do", "case a in", "a ( b )", "}"),
    *("A[1]=x", "((a=1))", "for ((i=0;i<1;i++)) { a; }", "coproc a", "! ! a", "f() { a; } > x"),
    *("select x in a; do b; done", "a\0b", "[ a > b ]", "a `b \\`c\\``", "(a) > x b"),
    *("cat <<EOF", "cat <<EOF > /x", "<<EOF", "a <<'", "a >", "a > > b", "{fd}>x a"),
    "(" * 100 + "a" + ")" * 100,
    "if a; then " * 200 + "b;" + " fi;" * 200,
    "$( " * 500 + "a" + ")" * 500,
]


@pytest.mark.parametrize("text", OPAQUE)
def test_opaque(text: str) -> None:
    found = parse(text)
    assert isinstance(found, Opaque)
    assert found.why


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("f() { if a; then b; fi }", "ab"),
        ("f() { (a) }; g() { [[ -n $x ]] } >&2; a", "a[[a"),
        ("if a; then (b) fi; for i in 1; do { c; } done", "abc"),
        ("if (a) then b; fi; exec 3<>/dev/tcp/db/80; c", "abexecc"),
        ("for ((i = 0; i < 3; i++)); do a $i; done; b", "ab"),
        ("A=(a b) B+=(c); d", "?d"),
    ],
)
def test_what_the_grammar_does_not_take_and_bash_does(text: str, names: str) -> None:
    assert "".join(command.name or "?" for command in read(text).commands()) == names


def test_arrays_are_values_that_nobody_knows() -> None:
    (command,) = read('A=(x "$Y" $(z))').commands()
    (assignment,) = command.assignments
    assert assignment.name == "A" and assignment.word is not None
    assert assignment.word.value is None and assignment.word.variables == {"Y"}
    assert [c.name for s in assignment.word.substitutions for c in s.commands()] == ["z"]


def test_what_is_not_understood_is_shown() -> None:
    script = "set -e\n\nsay() { if a; then b fi; }\nsay\n"
    assert parse(script) == Opaque("shell syntax not understood: say() { if a; then b fi; }")
    found = parse(f"a ) {'b' * 100}")
    assert isinstance(found, Opaque)
    assert found.why.endswith("b…") and len(found.why) < 105


@pytest.mark.parametrize("separator", [" && ", " || ", " | ", "; ", "\n", " && cd x; "])
def test_thousands_of_commands_need_no_recursion(separator: str) -> None:
    script = read(separator.join(f"go build ./cmd/c{i}" for i in range(5000)))
    assert sum(command.name == "go" for command in script.commands()) == 5000


def test_commands_come_in_source_order_at_any_depth() -> None:
    text = "a; (b && { c | d; }) || if e; then f; else g; fi; for x in 1; do h $(no); done"
    assert "".join(c.name or "?" for c in read(text).commands()) == "abcdefgh"


def test_substitutions() -> None:
    text = 'a "x $(b `c`)" D=$(d) > $(e) <(f); for i in $(g); do :; done; [ -n "$(h)" ]; A=$(i)'
    found = [c.name for s in read(text).substitutions() for c in s.commands()]
    assert found == ["b", "c", "d", "f", "e", "g", "h", "i"]


def test_substitution_in_a_here_document() -> None:
    script = read("cat <<E\n$(a) $x\nE\n")
    assert [c.name for s in script.substitutions() for c in s.commands()] == ["a"]
    (command,) = script.commands()
    assert command.redirects[0].body == (8, 16)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a", ["a"]),
        ("a && b x && [ c ]", ["a", "b", "["]),
        ("a && b;", ["a", "b"]),
        ("a && b > x", ["a", "b"]),
        *((text, None) for text in ("", "a; b", "a || b", "a | b", "a & ", "a && b &", "! a")),
        *((text, None) for text in ("a # c", "# c\na", "(a)", "a && { b; }", "a\nb", "f() { a; }")),
        *((text, None) for text in ("if a; then b; fi", "a && b | c", "cat <<E\nx\nE\n")),
    ],
)
def test_and_list(text: str, names: list[str] | None) -> None:
    commands = read(text).and_list()
    assert (commands and [c.name for c in commands]) == names


def test_spans_are_characters_and_not_bytes() -> None:
    text = "echo 'größe' \udce4 && CGO=é go build -o \"/ä\" ./…"
    for command in read(text).commands():
        for word in command.words:
            assert text[word.start : word.end] == word.text
    *_, last = read(text).commands()
    assert text[last.start : last.end] == 'CGO=é go build -o "/ä" ./…'
    assert text[last.assignments[0].start : last.assignments[0].end] == "CGO=é"


def test_parse_is_cached() -> None:
    assert parse("go build ./...") is parse("go build ./...")


_pieces = st.sampled_from(
    [
        "a",
        "go build",
        " ",
        "&&",
        "||",
        "|",
        ";",
        "\n",
        "(",
        ")",
        "{",
        "}",
        "$x",
        "${y:-z}",
        "$(b)",
        "'q'",
        '"d $x"',
        ">",
        "2>&1",
        "<<E\nx\nE\n",
        "# c",
        "A=b",
        "if",
        "then",
        "fi",
        "for",
        "in",
        "do",
        "done",
        "é",
        "�",
        "\\",
        "`",
        "!",
        "[",
        "]",
        "*",
        "~",
        "=",
        "\t",
        "$((1+1))",
        "case",
    ]
)


def check_spans(text: str, script: Script) -> None:
    for command in script.commands():
        for word in command.words:
            assert text[word.start : word.end] == word.text
            assert command.start <= word.start < word.end <= command.end
        for assignment in command.assignments:
            assert text[assignment.start : assignment.end].startswith(assignment.name)
            if assignment.word:
                assert text[assignment.start : assignment.end].endswith(assignment.word.text)
    for comment in script.comments:
        assert text[comment.start : comment.end] == comment.text
    for inner in script.substitutions():
        for command in inner.commands():
            for word in command.words:
                assert text[word.start : word.end] == word.text


@given(st.one_of(st.text(), st.lists(_pieces).map("".join), st.lists(_pieces).map(" ".join)))
@settings(max_examples=400, deadline=None, derandomize=True)
def test_any_text_is_read_or_opaque_with_true_spans(text: str) -> None:
    script = parse(text)
    if isinstance(script, Script):
        check_spans(text, script)

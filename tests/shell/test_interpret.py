"""Following directories, variables and what may be skipped."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gorewrite.shell import (
    Script,
    Step,
    package_command,
    parse,
    steps,
    unwrap,
    unwrapped,
    user_command,
    writes,
)

ENV = {"A": "1", "HOME": "/root", "UNKNOWN": None}


def follow(text: str, cwd: str | None = "/go") -> tuple[Step, ...]:
    script = parse(text)
    assert isinstance(script, Script), script
    return steps(script, cwd, ENV)


def last(text: str, cwd: str | None = "/go") -> Step:
    return follow(text, cwd)[-1]


@pytest.mark.parametrize(
    ("text", "cwd"),
    [
        *(
            ("x", "/go"),
            ("cd /src && x", "/src"),
            ("cd a; x", "/go/a"),
            ("cd a && cd .. && x", "/go"),
        ),
        *(("cd ../../.. && x", "/"), ("cd // && x", "/"), ("cd && x", "/root"), ("cd -; x", None)),
        *(("cd /a; cd /b; cd -; x", "/a"), ("cd $A && x", "/go/1"), ("cd $NO && x", None)),
        *(
            ("cd $NO; cd /a; x", "/a"),
            ("cd $UNKNOWN && x", None),
            ("cd *; x", None),
            ("cd ~; x", "/root"),
        ),
        *(
            ("(cd a && y); x", "/go"),
            ("cd a | y; x", "/go"),
            ("cd a & x", "/go"),
            ("{ cd a; }; x", "/go/a"),
        ),
        *(("cd a || exit 1; x", "/go/a"), ("cd a || { echo; exit 1; }; x", "/go/a")),
        *(("cd a || true; x", None), ("cd a || exit 0; x", None), ("cd a || cd b; x", None)),
        *(("cd a || false; x", None), ("cd a || (exit 1); x", None), ("cd a && y; x", "/go/a")),
        *(("[ -d a ] && cd a; x", None), ("[ -d a ] && cd a && x", "/go/a")),
        *(("if y; then cd a; fi; x", None), ("if y; then cd a; else cd a; fi; x", "/go/a")),
        *(("if cd a; then y; fi; x", "/go/a"), ("case $A in 1) cd a;; esac; x", None)),
        *(("for d in a b; do cd $d; done; x", None), ("for d in a; do (cd $d); done; x", "/go")),
        *(
            ("while y; do cd a; done; x", None),
            ("f() { cd a; }; x", "/go"),
            ("f() { cd a; }; f; x", None),
        ),
        *(
            ("pushd a; popd; x", "/go"),
            ("pushd a; x", "/go/a"),
            ("popd; x", None),
            ("cd a b; x", None),
        ),
        *(
            (". ./env; x", None),
            ("eval cd a; x", None),
            ("command cd a; x", "/go/a"),
            ("env cd a; x", "/go"),
        ),
        *(
            ("cd -P a; x", "/go/a"),
            ("cd -- a; x", "/go/a"),
            ("cd 'a b' && x", "/go/a b"),
            ("! cd a; x", "/go/a"),
        ),
    ],
)
def test_cwd(text: str, cwd: str | None) -> None:
    assert last(text).cwd == cwd


def test_unknown_start() -> None:
    assert last("cd a && x", None).cwd is None
    assert last("cd /a && x", None).cwd == "/a"


@pytest.mark.parametrize(
    ("text", "name", "env", "seen"),
    [
        *(("x", "A", "1", "1"), ("A=2 x", "A", "2", "1"), ("A=2; x", "A", "2", "2")),
        *(
            ("B=2; x", "B", "-", "2"),
            ("B=2; export B; x", "B", "2", "2"),
            ("export B=2; x", "B", "2", "2"),
        ),
        *(
            ("B=$A$A; x", "B", "-", "11"),
            ("B=1 C=$B; x", "C", "-", "1"),
            ("export B; B=3; x", "B", "3", "3"),
        ),
        *(
            ("A+=2; x", "A", "12", "12"),
            ("B=$(y); x", "B", "-", None),
            ("A=$(y) x", "A", None, "1"),
        ),
        *(("unset A; x", "A", "-", ""), ("(A=2); x", "A", "1", "1"), ("A=2 | y; x", "A", "1", "1")),
        *(("y && A=2; x", "A", None, None), ("if y; then A=2; fi; x", "A", None, None)),
        *(("read A; x", "A", None, None), ("for A in a b; do x; done", "A", None, None)),
        *(("for i in 1; do x; A=2; done", "A", None, None), (". ./e; x", "A", None, None)),
        *(("export 'B=a b'; x", "B", "a b", "a b"), ("B='a b'; export C=$B; x", "C", None, None)),
        *(("B='a b'; export C=\"$B\"; x", "C", "a b", "a b"), ("export -n A; x", "A", "-", "1")),
        *(
            ("readonly B=2; x", "B", "-", "2"),
            ("declare -x B=2; x", "B", "2", "2"),
            ("A= x", "A", "", "1"),
        ),
        *(
            ("set -a; B=2; x", "B", "2", "2"),
            ("A=2 y; x", "A", "1", "1"),
            ("A=2 export B=$A; x", "B", "1", "1"),
        ),
        *(("f() { A=2; }; f; x", "A", None, None), ("f() { A=2; }; x", "A", "1", "1")),
    ],
)
def test_variables(text: str, name: str, env: str | None, seen: str | None) -> None:
    step = next(s for s in follow(text) if s.command.name == "x")
    assert (step.env.get(name, "-"), step.variables.get(name, "-")) == (env, seen)


@pytest.mark.parametrize(
    ("text", "conditional"),
    [
        *(
            ("x", False),
            ("a; x", False),
            ("a && x", False),
            ("a && x && b", False),
            ("(a && x)", False),
        ),
        *(
            ("a && x || exit 1", False),
            ("a && x || { echo; exit 2; }", False),
            ("x || true", False),
        ),
        *(("a || exit 1; x", False), ("if x; then a; fi", False), ("while x; do a; done", False)),
        *(
            ("a && x || false", False),
            ("a | x", False),
            ("{ a && x; }", False),
            ("a || b && x", False),
        ),
        *(
            ("a || x", True),
            ("a && x || true", True),
            ("a && x || exit 0", True),
            ("a && x; b", True),
        ),
        *(
            ("if a; then x; fi", True),
            ("if a; then b; else x; fi", True),
            ("if a; then b; elif x; then c; fi", True),
        ),
        *(
            ("case a in b) x;; esac", True),
            ("for i in a; do x; done", True),
            ("while a; do x; done", True),
        ),
        *(("f() { x; }", True), ("a && x | b; c", True), ("a && x &", True), ("! (a && x)", True)),
        *(("a || exit 0; x", True), ("exit; x", True), ("exec a; x", True), ("a && x | b", False)),
        *(("(a || exit 0); x", False), ("a || exit $A; x", True), ("a || exit; x", False)),
    ],
)
def test_conditional(text: str, conditional: bool) -> None:
    step = next(s for s in follow(text) if s.command.name == "x")
    assert step.conditional is conditional


def test_loop_can_be_enumerated() -> None:
    (step,) = follow('for d in api "web ui"; do go build -o /out/$d ./cmd/"$d"; done')
    assert step.loop is not None
    assert step.loop.variable == "d"
    assert step.argv == ("go", "build", "-o", None, None)
    items = [item.value for item in step.loop.items]
    assert items == ["api", "web ui"]
    assert step.argv_with({"d": "api"}) == ("go", "build", "-o", "/out/api", "./cmd/api")


def test_steps_of_assignments_alone_have_no_words() -> None:
    first, second = follow("B=2; x $B")
    assert first.argv == ()
    assert second.argv == ("x", "2")


def test_sourced() -> None:
    assert [s.sourced for s in follow(". ./env && x")] == [False, True]


@pytest.mark.parametrize(
    ("text", "index"),
    [
        *(
            ("go build", 0),
            ("env A=b go build", 2),
            ("time env A=b C=$D go build", 4),
            ("time -p go", 2),
        ),
        *(
            ("nice -n 5 go", 3),
            ("nice -5 go", 2),
            ("sudo -E -u root go", 4),
            ("exec go", 1),
            ("nohup go", 1),
        ),
        *(("/usr/bin/env -i A=b -- go", 3), ("/usr/bin/env -i A=b go", 3), ("env -u A go", 3)),
        *(
            ("env --chdir=/x go", 2),
            ("command go", 1),
            ("timeout -k 5 10m go", 4),
            ("env -- A=b go", 3),
        ),
        # Used in a way that is not known: the wrapper is the command.
        *(
            ("env", 0),
            ("env A=b", 0),
            ("command -v go", 0),
            ("sudo --weird go", 0),
            ("nice -x go", 0),
        ),
        *(("sh -c go", 0), ("xargs go", 0), ("A=b", 0), ("$X go", 0), ("echo env go", 0)),
    ],
)
def test_unwrap(text: str, index: int) -> None:
    (command,) = (step.command for step in follow(text))
    assert unwrap(command) == (index,)


def test_unwrapped_environment() -> None:
    step = unwrapped(last("B=0 time env -C /src A=$A$A C='x y' go build"))
    assert step.argv == ("go", "build")
    assert step.cwd == "/src"
    assert (step.env["A"], step.env["B"], step.env["C"]) == ("11", "0", "x y")
    assert [a.name for a in step.command.assignments] == ["B", "A", "C"]
    assert unwrapped(last("env -i A=2 go")).env == {"A": "2"}
    assert "A" not in unwrapped(last("env -u A go")).env
    assert unwrapped(last("sudo go")).env["A"] is None
    plain = last("go build")
    assert unwrapped(plain) is plain


_commands = st.sampled_from(
    [
        "cd a",
        "cd $X",
        "export B=$A",
        "A=1",
        "unset A",
        "a",
        "exit",
        "exit 1",
        "(cd b; c)",
        "! a",
        "{ a; cd /; }",
        "if a; then cd b; fi",
        "for A in x; do cd $A; done",
        ". e",
        "f() { cd a; }",
        "cp $A b",
        "env A=b",
        "sudo -u x env B=c d",
        "tar",
        "curl -o",
        "wget -P",
        "apk add -t",
        "f",
        "useradd -u",
        "chmod",
        "cp",
        "install -d",
        "case a in b) cd c;; esac",
        "a > $X",
        "exec b",
    ]
)


@given(st.lists(st.tuples(_commands, st.sampled_from([" && ", " || ", " | ", "; ", " & "]))))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_every_command_is_a_step_and_nothing_raises(pieces: list[tuple[str, str]]) -> None:
    text = "".join(part for piece in pieces for part in piece) + "last"
    script = parse(text)
    assert isinstance(script, Script)
    found = steps(script, "/go", ENV)
    assert [step.command for step in found] == list(script.commands())
    for step in found:
        assert all(path is None or path.startswith("/") for path in writes(step))
        package_command(step.argv)
        user_command(step.argv)

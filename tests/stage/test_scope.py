"""ENV, ARG, WORKDIR, USER and SHELL as instructions see them."""

from __future__ import annotations

import pytest

from gorewrite.dockerfile import parse
from gorewrite.stage import scope
from gorewrite.stage.images import describe
from gorewrite.stage.runs import Lasting
from gorewrite.stage.scope import Outside, State, join


def state(text: str, start: State | None = None, **global_args: str | None) -> State:
    """The state after instructions of an alpine stage."""
    found = start or State.of_image(describe("alpine:3.20"))
    for instruction in parse(f"FROM alpine:3.20\n{text}\n").instructions[1:]:
        found = scope.after(found, instruction, Outside({}, global_args))
    return found


@pytest.mark.parametrize(
    "line",
    [
        "RUN cd /x && export A=1",
        'CMD ["x"]',
        "COPY a /b",
        "EXPOSE 80",
        "LABEL A=b",
        "ONBUILD WORKDIR /x",
        "ONBUILD ENV A=1",
        "VOLUME /x",
        "HEALTHCHECK CMD x",
    ],
)
def test_changes_nothing(line: str) -> None:
    start = State.of_image(describe("alpine:3.20"))
    assert state(line, start) is start


@pytest.mark.parametrize(
    ("lines", "workdir"),
    [
        ("WORKDIR /app", "/app"),
        ("WORKDIR app", "/app"),
        ("WORKDIR /a\nWORKDIR b\nWORKDIR ../c/", "/a/c"),
        ("WORKDIR /a//b/./c/", "/a/b/c"),
        ("ARG D=/d\nWORKDIR $D/x", "/d/x"),
        ("ENV D=/d\nWORKDIR ${D}", "/d"),
        ('WORKDIR "/a b"', "/a b"),
        ("WORKDIR /../..", "/"),
        ("WORKDIR $NOWHERE", None),
        ("WORKDIR $NOWHERE\nWORKDIR b", None),
        ("WORKDIR $NOWHERE\nWORKDIR /b", "/b"),
        ("ARG D\nWORKDIR /a/$D", None),
        ("ARG D\nWORKDIR /a/${D:-x}", None),
    ],
)
def test_workdir(lines: str, workdir: str | None) -> None:
    assert state(lines).workdir == workdir


def test_workdir_of_an_unknown_base() -> None:
    unknown = State.of_image(describe("example.com/base"))
    assert unknown.workdir is None
    assert state("WORKDIR a", unknown).workdir is None
    assert state("WORKDIR /a", unknown).workdir == "/a"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        # A variable of an ENV has the value from before the instruction.
        ("ENV A=1\nENV A=2 B=$A", {"A": "2", "B": "1"}),
        ("ENV A=1\nARG A=2\nENV B=$A", {"A": "1", "B": "1"}),
        ("ARG A=2\nENV A=1\nENV B=$A", {"A": "1", "B": "1"}),
        ("ARG A\nENV B=$A", {"B": None}),
        ("ENV B=a${NOWHERE}b", {"B": None}),
        ("ENV A=\nENV B=x$A", {"A": "", "B": "x"}),
        ("ENV A=1\nENV B='$A' C=\"$A\" D=\\$A", {"A": "1", "B": "$A", "C": "1", "D": "$A"}),
        ("ENV A=1\nENV B=${A:+x}${A%1}", {"A": "1", "B": "x"}),
    ],
)
def test_env(lines: str, expected: dict[str, str | None]) -> None:
    found = state(lines)
    assert {key: found.env[key] for key in found.declared} == expected


def test_args() -> None:
    found = state("ARG A\nARG B=2\nARG C=$B D\nARG E=$A", A="global", B="other")
    assert found.args == {"A": "global", "B": "2", "C": "2", "D": None, "E": "global"}


def test_args_that_a_caller_sets() -> None:
    given = {"A": "x", "B": None, "Z": "z"}
    found = State()
    for instruction in parse("FROM a\nARG A=1 B=2 C=$A").instructions[1:]:
        found = scope.after(found, instruction, Outside(given, {"B": "other"}))
    assert found.args == {"A": "x", "B": None, "C": None}


def test_args_before_from_are_not_in_the_stage() -> None:
    assert state("ENV B=$A", A="global").env["B"] is None


@pytest.mark.parametrize(
    ("lines", "user", "root"),
    [
        ("", "0", True),
        ("USER root", "root", True),
        ("USER 0:1000", "0:1000", True),
        ("USER ''", "", True),
        ("USER shop", "shop", False),
        ("USER 1000:0", "1000:0", False),
        ("USER shop\nUSER root", "root", True),
        ("ARG U=shop\nUSER $U", "shop", False),
        ("ARG U\nUSER $U", None, None),
    ],
)
def test_user(lines: str, user: str | None, root: bool | None) -> None:
    found = state(lines)
    assert (found.user, found.is_root) == (user, root)


@pytest.mark.parametrize(
    ("line", "posix"),
    [
        ("", True),
        ('SHELL ["/bin/bash", "-o", "pipefail", "-c"]', True),
        ('SHELL ["ash", "-c"]', True),
        ('SHELL ["/bin/busybox", "sh", "-c"]', True),
        ('SHELL ["pwsh", "-Command"]', False),
        ('SHELL ["C:\\\\\\\\Windows\\\\\\\\cmd", "/S"]', False),
        ('SHELL ["/usr/bin/python3", "-c"]', False),
        ('SHELL ["/usr/bin/env", "sh"]', False),
        ("SHELL []", False),
    ],
)
def test_shell(line: str, posix: bool) -> None:
    assert state(line).posix_shell == posix


def test_shell_env_has_args_below_envs() -> None:
    found = state("ENV A=env\nARG A=arg B=arg")
    assert (found.shell_env["A"], found.shell_env["B"]) == ("env", "arg")


def test_states_are_those_before() -> None:
    tree = parse("FROM alpine\nWORKDIR /a\nENV A=1\nWORKDIR $A\n")
    states, end = Lasting().states(State(), tree.instructions[1:], Outside({}, {}), tree.escape)
    found = [(i.keyword, before.workdir, before.env.get("A")) for i, before in states.items()]
    assert end.workdir == "/a/1"
    assert found == [("WORKDIR", None, None), ("ENV", "/a", None), ("WORKDIR", "/a", "1")]


@pytest.mark.parametrize(
    ("workdir", "path", "expected"),
    [
        ("/a", "b", "/a/b"),
        ("/a", "/b", "/b"),
        ("/a", "../..", "/"),
        ("/", "b", "/b"),
        ("/a", ".", "/a"),
        ("/a", "//b", "/b"),
        (None, "b", None),
        (None, "/b/", "/b"),
    ],
)
def test_join(workdir: str | None, path: str, expected: str | None) -> None:
    assert join(workdir, path) == expected

"""RUN instructions as text, in all the forms that they are written in."""

from __future__ import annotations

import pytest

from gorewrite.dockerfile import parse
from gorewrite.evidence import Unknown
from gorewrite.stage.images import describe
from gorewrite.stage.runs import Lasting, Run
from gorewrite.stage.scope import State

GOLANG = State.of_image(describe("golang:1.24"))


def read(text: str, state: State = GOLANG) -> Run:
    """The first RUN of a stage."""
    tree = parse(f"FROM golang:1.24\n{text}\n")
    (run,) = [i for i in tree.instructions if i.keyword == "RUN"]
    return Lasting().run(state, run, tree.escape)


def replaced(run: Run, old: str, new: str) -> str:
    """The instruction after one edit of the text that the shell reads."""
    start = run.text.index(old)
    return run.rewrite([(start, start + len(old), new)]).source


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("RUN <<EOF cat > /x\na\nEOF", "a heredoc that feeds another command"),
        ("RUN cat <<EOF\na\nEOF", "a heredoc that feeds another command"),
        ("RUN <<A <<B\na\nA\nb\nB", "a heredoc that feeds another command"),
        ("RUN <<EOF\n#!/usr/bin/python3\nprint()\nEOF", "a heredoc with its own interpreter"),
        ("RUN <<EOF\n#!/bin/bash -c x\ngo build\nEOF", "a heredoc with its own interpreter"),
        ("RUN <<EOF bash > /x\ngo build\nEOF", "a heredoc that feeds another command"),
        ("RUN go build 'x", ""),
        ("RUN if true; then go build", ""),
    ],
)
def test_text_that_is_not_read(text: str, why: str) -> None:
    run = read(text)
    assert isinstance(run.script, Unknown)
    assert why in run.script.why and run.script.why
    assert run.steps == () and run.invocations == ()


def test_shell_that_is_not_one() -> None:
    state = State(shell=("pwsh", "-Command"))
    for text in ("RUN go build", "RUN <<EOF\ngo build\nEOF"):
        run = read(text, state)
        assert isinstance(run.script, Unknown) and run.script.why == "the shell is pwsh"
    assert len(read('RUN ["go", "build"]', state).invocations) == 1, "no shell is asked"
    assert isinstance(read("RUN a", State(shell=())).script, Unknown)


@pytest.mark.parametrize(
    ("text", "form", "body"),
    [
        ("RUN go build", "shell", "go build"),
        ("run   go build  ", "shell", "go build"),
        ("RUN --mount=type=cache,target=/x go build", "shell", "go build"),
        ('RUN ["go", "build", "a b"]', "exec", "go build 'a b'"),
        ("RUN <<EOF\ngo build\nEOF", "heredoc", "go build\n"),
        ("RUN <<EOF bash -ex\ngo build\nEOF", "heredoc", "go build\n"),
        ("RUN /bin/sh <<EOF\ngo build\nEOF", "heredoc", "go build\n"),
        (
            "RUN <<EOF\n#!/usr/bin/env bash\ngo build\nEOF",
            "heredoc",
            "#!/usr/bin/env bash\ngo build\n",
        ),
        ("RUN <<-EOF\n\tgo build\n\tEOF", "heredoc", "go build\n"),
        ("RUN --network=none <<'EOF'\ngo build\nEOF", "heredoc", "go build\n"),
    ],
)
def test_forms(text: str, form: str, body: str) -> None:
    run = read(text)
    assert (run.form, run.text) == (form, body)
    assert len(run.invocations) == 1


@pytest.mark.parametrize(
    "text",
    [
        "RUN go build -o shop .",
        "RUN --mount=type=cache,target=/x \\\n    go build \\\n    # why\n    -o shop .",
        "RUN <<EOF\nset -e\ngo build -o shop .\nEOF",
        "RUN <<-EOF\n\tset -e\n\tgo build -o shop .\nEOF",
        'RUN [ "go",  "build", "-o", "shop", "." ]',
    ],
)
def test_no_edit_keeps_every_byte(text: str) -> None:
    run = read(text)
    if run.form != "exec":
        assert run.rewrite([]).source == f"{text}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RUN go build -o shop .", "RUN go build -v -o shop .\n"),
        (
            "RUN --mount=type=cache,target=/x \\\n    go build \\\n    # why\n    -o shop .",
            "RUN --mount=type=cache,target=/x \\\n    go build -v \\\n    # why\n    -o shop .\n",
        ),
        (
            "RUN set -e \\\n && cd x \\\n && go build -o shop .",
            "RUN set -e \\\n && cd x \\\n && go build -v -o shop .\n",
        ),
        (
            "RUN <<EOF\nset -e\ngo build -o shop .\nEOF",
            "RUN <<EOF\nset -e\ngo build -v -o shop .\nEOF\n",
        ),
        (
            "RUN <<-EOF\n\tset -e\n\tgo build -o shop .\n\tEOF",
            "RUN <<-EOF\n\tset -e\n\tgo build -v -o shop .\n\tEOF\n",
        ),
        ('RUN ["go", "build", "-o", "a b"]', 'RUN ["go", "build", "-v", "-o", "a b"]\n'),
        ('RUN --network=none [ "go","build" ]', 'RUN --network=none ["go", "build", "-v"]\n'),
    ],
)
def test_edit(text: str, expected: str) -> None:
    assert replaced(read(text), "go build", "go build -v") == expected


def test_edit_of_several_places() -> None:
    run = read("RUN go build \\\n  && go test")
    edits = [(0, 2, "GO"), (run.text.index("go test"), run.text.index("go test") + 2, "Go")]
    assert run.rewrite(edits).source == "RUN GO build \\\n  && Go test\n"


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        ("CGO_ENABLED=0 go build", 'RUN ["env", "CGO_ENABLED=0", "go", "build", "-o", "x"]\n'),
        ("A='b c' go build", 'RUN ["env", "A=b c", "go", "build", "-o", "x"]\n'),
        ("go build -ldflags='-s -w'", 'RUN ["go", "build", "-ldflags=-s -w", "-o", "x"]\n'),
        ("go build -tags=ä", 'RUN ["go", "build", "-tags=ä", "-o", "x"]\n'),
    ],
)
def test_edit_of_exec_form(new: str, expected: str) -> None:
    assert replaced(read('RUN ["go", "build", "-o", "x"]'), "go build", new) == expected


def test_edit_that_exec_form_cannot_hold() -> None:
    with pytest.raises(ValueError, match="one command"):
        replaced(read('RUN ["go", "build"]'), "go build", "go build && true")


def test_crlf() -> None:
    run = read("RUN go build \\\r\n  -o shop .\r")
    assert replaced(run, "go build", "go build -v") == "RUN go build -v \\\r\n  -o shop .\r\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RUN go build", [("build", 0)]),
        ("RUN true \\\n && go mod download \\\n && go build", [("mod download", 1), ("build", 2)]),
        ("RUN true \\\n # comment\n\n && go build", [("build", 3)]),
        ("RUN <<EOF\nset -e\n\ngo build\nEOF", [("build", 3)]),
        ("RUN \\\n <<EOF\ngo build\nEOF", [("build", 2)]),
        ("RUN env A=b go build", [("build", 0)]),
        ("RUN time nice -n 5 go build", [("build", 0)]),
        ("RUN for d in a b; do\\\n go build ./$d; done", [("build", 1)]),
        ("RUN (cd x && go test) || go vet", [("test", 0), ("vet", 0)]),
        ("RUN echo go build", []),
        ("RUN goose build", []),
        ("RUN sh -c 'go build'", []),
        ("RUN $GO build", []),
    ],
)
def test_invocations(text: str, expected: list[tuple[str, int]]) -> None:
    found = [(each.go.kind, each.line_offset) for each in read(text).invocations]
    assert found == expected


def test_words_are_those_of_go() -> None:
    (invocation,) = read("RUN A=1 env B=2 go build -o x").invocations
    assert [word.text for word in invocation.words] == ["go", "build", "-o", "x"]
    assert invocation.go.env["B"] == "2"
    assert invocation.go.cwd == "/go"


def test_line_of_exec_form() -> None:
    run = read('RUN --network=none \\\n ["go", "build"]')
    assert [each.line_offset for each in run.invocations] == [1]

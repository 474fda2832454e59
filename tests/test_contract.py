"""The image contract: what a stage's image promises, and how two of them differ."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.contract import (
    Contract,
    argv_of,
    build_only,
    contract,
    health_argv,
    runtime_path,
)
from gorewrite.dockerfile import parse
from gorewrite.stage.images import DEFAULT_PATH
from tests.repositories import facts_of

GO = "FROM golang:1.24\nWORKDIR /app\nCOPY . .\nRUN go build -o shop .\n"


def promised(top: Path, text: str) -> Contract:
    return contract(facts_of(top, text).final)


def test_of_a_plain_image(tmp_path: Path) -> None:
    found = promised(tmp_path, "FROM alpine:3.20\n")
    assert found == Contract(
        entrypoint=None,
        cmd=None,
        env={"PATH": DEFAULT_PATH},
        workdir="/",
        user="0",
        ports=frozenset(),
        volumes=frozenset(),
        labels={},
        stopsignal=None,
        healthcheck=None,
        onbuild=(),
        program=None,
    )


def test_all_fields(tmp_path: Path) -> None:
    found = promised(
        tmp_path,
        "FROM alpine:3.20\nARG V=1\nENV A=$V\nENV B=${A}2 C=3 GOOS=linux CGO_CFLAGS=-g\n"
        "WORKDIR /srv\nWORKDIR shop\nUSER 1000:1000\nEXPOSE 80 443/tcp 53/udp $V\n"
        'VOLUME /a /b\nVOLUME ["/c d"]\nLABEL k=v l="x $A"\nMAINTAINER somebody\n'
        "STOPSIGNAL SIG$V\nHEALTHCHECK --interval=5s CMD x\nONBUILD RUN y\nONBUILD RUN z\n"
        'ENTRYPOINT ["/bin/x"]\nCMD ["-v"]\n',
    )
    assert found == Contract(
        entrypoint=("/bin/x",),
        cmd=("-v",),
        env={"PATH": DEFAULT_PATH, "A": "1", "B": "12", "C": "3"},
        workdir="/srv/shop",
        user="1000:1000",
        ports=frozenset({"80", "443", "53/udp", "1"}),
        volumes=frozenset({"/a", "/b", "/c d"}),
        labels={"k": "v", "l": "x 1", "maintainer": "somebody"},
        stopsignal="SIG1",
        healthcheck="--interval=5s CMD x",
        onbuild=("RUN y", "RUN z"),
        program="/bin/x",
    )


@pytest.mark.parametrize(
    ("lines", "entrypoint", "cmd"),
    [
        ('CMD ["a"]\n', None, ("a",)),
        ("CMD a b\n", None, "a b"),
        ('CMD ["a"]\nCMD ["b"]\n', None, ("b",)),
        ('CMD ["a"]\nENTRYPOINT ["e"]\n', ("e",), ("a",)),
        ('ENTRYPOINT ["e"]\nENTRYPOINT f\n', "f", None),
        ('ENTRYPOINT ["e"]\nCMD ["a"]\nENTRYPOINT ["f"]\n', ("f",), ("a",)),
        ("CMD []\n", None, ()),
    ],
)
def test_commands_of_one_stage(tmp_path: Path, lines: str, entrypoint: object, cmd: object) -> None:
    found = promised(tmp_path, "FROM alpine:3.20\n" + lines)
    assert (found.entrypoint, found.cmd) == (entrypoint, cmd)


@pytest.mark.parametrize(
    ("below", "above", "entrypoint", "cmd"),
    [
        ('CMD ["a"]', "", None, ("a",)),
        ('CMD ["a"]', 'CMD ["b"]', None, ("b",)),
        # BuildKit dispatchEntrypoint: a CMD that the base brought is reset.
        ('CMD ["a"]', 'ENTRYPOINT ["e"]', ("e",), None),
        ('CMD ["a"]', 'CMD ["b"]\nENTRYPOINT ["e"]', ("e",), ("b",)),
        ('ENTRYPOINT ["e"]\nCMD ["a"]', "", ("e",), ("a",)),
        ('ENTRYPOINT ["e"]\nCMD ["a"]', 'CMD ["b"]', ("e",), ("b",)),
        ('ENTRYPOINT ["e"]\nCMD ["a"]', 'ENTRYPOINT ["f"]', ("f",), None),
    ],
)
def test_commands_through_stages(
    tmp_path: Path, below: str, above: str, entrypoint: object, cmd: object
) -> None:
    text = f"FROM alpine:3.20 AS base\n{below}\nFROM base\nRUN true\n{above}\n"
    found = promised(tmp_path, text)
    assert (found.entrypoint, found.cmd) == (entrypoint, cmd)


def test_inherits_from_the_stage_below(tmp_path: Path) -> None:
    found = promised(
        tmp_path,
        "ARG TAG=3.20\nFROM alpine:$TAG AS base\nARG V=1\nENV A=$V\nUSER shop\nWORKDIR /srv\n"
        "EXPOSE 80\nVOLUME /a\nLABEL a=b c=d\nSTOPSIGNAL SIGINT\nHEALTHCHECK NONE\n"
        "ONBUILD RUN x\nFROM base AS middle\nEXPOSE 81\nFROM Middle\nWORKDIR data\n"
        "VOLUME /b\nLABEL c=e\nENV B=$A$V\n",
    )
    assert found.user == "shop"
    assert found.workdir == "/srv/data"
    assert found.ports == {"80", "81"}
    assert found.volumes == {"/a", "/b"}
    assert found.labels == {"a": "b", "c": "e"}
    assert (found.stopsignal, found.healthcheck) == ("SIGINT", "NONE")
    assert found.onbuild == (), "triggers run in the next build and are not inherited"
    # An ARG does not cross FROM, and nowhere set it is empty to the builder.
    assert found.env["A"] == "1"


def test_nothing_of_a_stage_that_is_only_copied_from(tmp_path: Path) -> None:
    text = (
        GO + "ENV A=1\nUSER shop\nEXPOSE 80\nCMD x\n\nFROM alpine:3.20\nCOPY --from=0 /app /app\n"
    )
    found = promised(tmp_path, text)
    assert found == promised(tmp_path, "FROM alpine:3.20\n")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("ENV A=1 B=$A", {"A": "1", "B": None}),
        ("ENV A=1\nENV B=$A", {"A": "1", "B": "1"}),
        ("ENV A='$x' B=\"q r\" C=a\\ b", {"A": "$x", "B": "q r", "C": "a b"}),
        ("ENV A b c", {"A": "b c"}),
        ("ARG A=1\nENV A=2", {"A": "2"}),
        ("ARG A\nENV B=$A", {"B": None}),
        ("ARG A\nENV B=${A:-x}", {"B": None}),
        ("ENV CGO_ENABLED=0 GOFLAGS=-v CC=gcc CGO_X=1 GOPHER=1", {"GOPHER": "1"}),
        ("ENV GOMAXPROCS=2 GOMEMLIMIT=1GiB GODEBUG=x=1 GOGC=50",
         {"GOMAXPROCS": "2", "GOMEMLIMIT": "1GiB", "GODEBUG": "x=1", "GOGC": "50"}),
    ],
)  # fmt: skip
def test_env(tmp_path: Path, lines: str, expected: dict[str, str | None]) -> None:
    env = dict(promised(tmp_path, f"FROM alpine:3.20\n{lines}\n").env)
    del env["PATH"]
    assert env == expected


@pytest.mark.parametrize(
    ("lines", "path"),
    [
        ("", DEFAULT_PATH),
        ("ENV PATH=/app:$PATH", f"/app:{DEFAULT_PATH}"),
        ("ENV PATH=$GOPATH/bin:$PATH", DEFAULT_PATH),
        ("ENV PATH=/go/bin/:/usr/local/go/bin:/bin", "/bin"),
        ("ENV PATH=/x", "/x"),
    ],
)
def test_path_without_the_toolchain(tmp_path: Path, lines: str, path: str) -> None:
    assert promised(tmp_path, f"{GO}{lines}\n").env["PATH"] == path
    assert runtime_path(None) is None


@pytest.mark.parametrize(
    ("lines", "program"),
    [
        ('CMD ["./shop"]', "/app/shop"),
        ('CMD ["/app/shop"]', "/app/shop"),
        ('ENTRYPOINT ["../app/shop"]\nCMD ["/x"]', "/app/shop"),
        ('CMD ["shop"]', None),
        ('ENV PATH=/app:$PATH\nCMD ["shop"]', "/app/shop"),
        ("ENV PATH=$PATH:/app\nCMD shop -v", "/app/shop"),
        ("CMD exec ./shop -v", "/app/shop"),
        ("CMD ./shop && true", None),
        ("CMD A=b ./shop", None),
        ('RUN go install .\nCMD ["shop"]', "/go/bin/shop"),
        ('COPY start.sh /usr/local/bin/\nCMD ["start.sh"]', "/usr/local/bin/start.sh"),
        ('WORKDIR $UNKNOWN\nCMD ["./shop"]', None),
        ("CMD []", None),
        ("", None),
    ],
)
def test_program(tmp_path: Path, lines: str, program: str | None) -> None:
    files = {"go.mod": "module example.com/shop\n", "main.go": "package main\nfunc main() {}\n"}
    files["start.sh"] = "#!/bin/sh\n"
    facts = facts_of(tmp_path, f"{GO}{lines}\n", files)
    assert contract(facts.final).program == program


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (None, None),
        ((), ()),
        (("a", "b c"), ("a", "b c")),
        ("a --b=c ./d", ("a", "--b=c", "./d")),
        ("exec a b", ("a", "b")),
        ("exec", None),
        ("", None),
        ("A=b c", None),
        ("a $B", None),
        ('a \'b c\' --d="it\'s" ""', ("a", "b c", "--d=it's", "")),
        ("exec 'a'", ("a",)),
        ("'A'=b c", None),
        ("a 'b", None),
        ("a \"$B\" 'c'", None),
        ("a 'b' *", None),
        ("a && b", None),
        ("a; b", None),
        ("a | b", None),
        ("a > b", None),
        ("a *.txt", None),
        ("a ~/b", None),
        ("a # b", None),
    ],
)
def test_argv_of(command: tuple[str, ...] | str | None, words: tuple[str, ...] | None) -> None:
    assert argv_of(command) == words


@pytest.mark.parametrize("name", ["GOOS", "CGO_ENABLED", "CGO_LDFLAGS", "GOPATH", "CC"])
def test_build_only(name: str) -> None:
    assert build_only(name)


@pytest.mark.parametrize("name", ["GODEBUG", "GOMAXPROCS", "GOGC", "GOTRACEBACK", "PORT", "CGO"])
def test_not_build_only(name: str) -> None:
    assert not build_only(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("USER root", "USER 0"),
        ("USER root:root", ""),
        ("USER ''", "USER 0:0"),
        ("EXPOSE 80/tcp", "EXPOSE 80"),
        ("EXPOSE 80\nEXPOSE 81", "EXPOSE 81 80"),
        ("VOLUME /a /b", 'VOLUME ["/b", "/a"]'),
        ("WORKDIR /app", "WORKDIR /\nWORKDIR app/"),
        ("ENV A=1 B=2", "ENV B 2\nENV A='1'"),
        ("LABEL a='b'", "LABEL a=b"),
        ("ENV GOOS=linux", ""),
        ("MAINTAINER x", "LABEL maintainer=x"),
    ],
)
def test_no_difference(tmp_path: Path, one: str, other: str) -> None:
    first, second = (promised(tmp_path, f"FROM alpine:3.20\n{lines}\n") for lines in (one, other))
    assert first.differences(second) == {}


@pytest.mark.parametrize(
    ("one", "other", "differences"),
    [
        ("USER a", "USER b", {"user": "a -> b"}),
        ("", "EXPOSE 80", {"ports": "none -> 80"}),
        ("CMD a", 'CMD ["a"]', {"cmd": "a -> ('a',)", "program": None}),
        ("WORKDIR /a", "WORKDIR /b", {"workdir": "/a -> /b"}),
        ("HEALTHCHECK CMD x", "", {"healthcheck": "CMD x -> none"}),
        ('CMD ["/a"]', 'CMD ["/b"]', {"cmd": "('/a',) -> ('/b',)", "program": "/a -> /b"}),
    ],
)
def test_differences(
    tmp_path: Path, one: str, other: str, differences: dict[str, str | None]
) -> None:
    first, second = (promised(tmp_path, f"FROM alpine:3.20\n{lines}\n") for lines in (one, other))
    found = first.differences(second)
    assert found == {name: text for name, text in differences.items() if text is not None}


def test_program_that_was_not_known_is_no_difference(tmp_path: Path) -> None:
    first = promised(tmp_path, 'FROM alpine:3.20\nCMD ["x"]\n')
    assert (
        first.differences(promised(tmp_path, 'FROM alpine:3.20\nCOPY main.go /bin/x\nCMD ["x"]\n'))
        == {}
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("CMD ./shop -health", ("./shop", "-health")),
        ("CMD ./shop -health || exit 1", ("./shop", "-health")),
        ("--interval=5s CMD exec shop || false", ("shop",)),
        ('CMD ["shop", "|| exit 1"]', ("shop", "|| exit 1")),
        ("CMD ./shop || exit 2", None),
        ("CMD ./shop -p $PORT || exit 1", None),
        ("CMD a || b || exit 1", None),
        ("CMD a && b", None),
        ("NONE", ()),
    ],
)
def test_health_argv(text: str, words: tuple[str, ...] | None) -> None:
    (instruction,) = parse(f"HEALTHCHECK {text}\n".encode()).instructions
    assert health_argv(instruction) == words

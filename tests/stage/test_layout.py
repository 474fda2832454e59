"""Where files of the build context land, and where files of an image come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.stage.layout import context_path, relative, tops, under
from tests.repositories import facts_of

FILES = {
    "main.go": "package main\n",
    "go.mod": "module example.com/shop\n",
    "cmd/api/main.go": "package main\n",
    "conf/a.yml": "a\n",
    "conf/b.yml": "b\n",
    "site.tar.gz": "x",
    "a b.txt": "x",
}


def placed(top: Path, lines: str) -> list[tuple[str, str, str | None]]:
    """(origin, source, path) of what the last stage places."""
    facts = facts_of(top, f"FROM golang:1.24\nWORKDIR /app\n{lines}\n", FILES)
    return [(p.origin, p.source, p.path) for p in facts.final.placed]


@pytest.mark.parametrize("line", ["RUN cp a /b", "WORKDIR /x", "ENV A=b", "CMD cp a b", ""])
def test_nothing_is_placed(tmp_path: Path, line: str) -> None:
    assert placed(tmp_path, line) == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("COPY main.go x.go", [("context", "main.go", "/app/x.go")]),
        ("COPY main.go .", [("context", "main.go", "/app/main.go")]),
        ("COPY main.go ./", [("context", "main.go", "/app/main.go")]),
        ("COPY main.go /app", [("context", "main.go", "/app/main.go")]),
        # What the base image has is a directory, which says nothing of a source nobody sees.
        ("COPY main.go /srv", [("context", "main.go", "/srv/main.go")]),
        ("COPY main.go /usr/local/bin", [("context", "main.go", "/usr/local/bin/main.go")]),
        ("COPY main.go /usr/local/srv", [("context", "main.go", "/usr/local/srv")]),
        ("COPY main.go /srv/", [("context", "main.go", "/srv/main.go")]),
        ("COPY /main.go /srv/", [("context", "main.go", "/srv/main.go")]),
        ("COPY ../main.go /srv/", [("context", "main.go", "/srv/main.go")]),
        ("COPY . .", [("context", ".", "/app")]),
        ("COPY . /srv", [("context", ".", "/srv")]),
        # A directory is copied by its contents.
        ("COPY conf /etc/shop", [("context", "conf", "/etc/shop")]),
        ("COPY conf/ ./", [("context", "conf", "/app")]),
        (
            "COPY go.mod main.go ./",
            [("context", "go.mod", "/app/go.mod"), ("context", "main.go", "/app/main.go")],
        ),
        (
            "COPY conf/*.yml /etc/",
            [("context", "conf/a.yml", "/etc/a.yml"), ("context", "conf/b.yml", "/etc/b.yml")],
        ),
        ('COPY ["a b.txt", "/x y/"]', [("context", "a b.txt", "/x y/a b.txt")]),
        ("COPY --chown=1:1 main.go /", [("context", "main.go", "/main.go")]),
        ("COPY missing /srv", [("context", "missing", "/srv")]),
        ("COPY main.go $UNKNOWN", [("context", "main.go", None)]),
        ("COPY main.go $UNKNOWN/x/", [("context", "main.go", None)]),
        ("ARG D=/srv\nCOPY main.go $D/", [("context", "main.go", "/srv/main.go")]),
        ("ARG S\nCOPY $S /srv/", [("context", "$S", "/srv/$S")]),
        ("ADD main.go /srv/", [("context", "main.go", "/srv/main.go")]),
        # Unpacked: a directory by its contents.
        ("ADD site.tar.gz /srv/", [("remote", "site.tar.gz", "/srv")]),
        (
            "COPY <<a.yml <<b.yml /etc/\na\na.yml\nb\nb.yml",
            [("remote", "a.yml", "/etc/a.yml"), ("remote", "b.yml", "/etc/b.yml")],
        ),
        ("COPY site.tar.gz /srv/", [("context", "site.tar.gz", "/srv/site.tar.gz")]),
        ("ADD https://example.com/x /y", [("remote", "https://example.com/x", "/y")]),
        ("ADD git@example.com:a/b.git /y", [("remote", "git@example.com:a/b.git", "/y")]),
        ("COPY <<EOF /y\nx\nEOF", [("remote", "EOF", "/y")]),
        ("COPY --from=alpine /a /b", [("stage", "/a", "/b")]),
        ("COPY --from=alpine a /b/", [("stage", "/a", "/b/a")]),
    ],
)
def test_placed(tmp_path: Path, line: str, expected: list[tuple[str, str, str | None]]) -> None:
    assert placed(tmp_path, line) == expected


def test_directory_of_another_stage(tmp_path: Path) -> None:
    """A directory comes by its contents, a file into the directory."""
    facts = facts_of(
        tmp_path,
        "FROM golang:1.24 AS build\nWORKDIR /src\nCOPY . .\nRUN go build -o /out/shop .\n"
        "FROM scratch\nCOPY --from=build /src/conf /etc/conf/\nCOPY --from=build /out/shop /bin/\n"
        "COPY --from=0 /src /all/\n",
        FILES,
    )
    assert [p.path for p in facts.final.placed] == ["/etc/conf", "/bin/shop", "/all"]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("/app/main.go", "main.go"),
        ("/app", "."),
        ("/app/cmd/api", "cmd/api"),
        ("/app/missing", None),
        ("/etc/shop/b.yml", "conf/b.yml"),
        ("/etc/shop", "conf"),
        ("/srv/x.go", "main.go"),
        ("/srv", None),
        ("/", None),
        ("/application/main.go", None),
        ("/app/over.yml", "conf/a.yml"),
    ],
)
def test_source_of(tmp_path: Path, path: str, source: str | None) -> None:
    facts = facts_of(
        tmp_path,
        "FROM golang:1.24\nWORKDIR /app\nCOPY . .\nCOPY conf /etc/shop\nCOPY main.go /srv/x.go\n"
        "COPY conf/a.yml over.yml\n",
        FILES,
    )
    assert facts.final.source_of(path) == source
    if source is not None:
        assert path in facts.final.paths_of(source)


def test_newest_copy_counts(tmp_path: Path) -> None:
    text = "FROM golang:1.24\nCOPY conf/a.yml /x\nRUN one\nCOPY conf/b.yml /x\nRUN two\n"
    facts = facts_of(tmp_path, text + "COPY --from=alpine /etc/x /x\n", FILES)
    one, two = (i for i in facts.final.stage.instructions if i.keyword == "RUN")
    assert facts.final.source_of("/x", one) == "conf/a.yml"
    assert facts.final.source_of("/x", two) == "conf/b.yml"
    assert facts.final.source_of("/x") is None, "the one of another image"


@pytest.mark.parametrize(
    ("mount", "path", "source"),
    [
        ("type=bind,target=/src", "/src/main.go", "main.go"),
        ("target=/src", "/src/conf", "conf"),
        ("type=bind,source=conf,target=/src", "/src/a.yml", "conf/a.yml"),
        ("type=bind,src=conf,dst=src", "/app/src/a.yml", "conf/a.yml"),
        ("type=bind,from=alpine,target=/src", "/src/main.go", None),
        ("type=cache,target=/src", "/src/main.go", None),
        ("type=bind,source=$X,target=/src", "/src/main.go", None),
        ("type=bind,target=/src", "/other", None),
    ],
)
def test_mounted(tmp_path: Path, mount: str, path: str, source: str | None) -> None:
    text = f"FROM golang:1.24\nWORKDIR /app\nRUN --mount={mount} go build\n"
    facts = facts_of(tmp_path, text, FILES)
    run = facts.final.runs[0].instruction
    assert facts.final.source_of(path, run) == source
    assert facts.final.source_of(path) is None


@pytest.mark.parametrize(
    ("path", "top", "expected"),
    [
        ("a/b", "a", "b"),
        ("a", "a", "."),
        ("a", ".", "a"),
        ("/a", "/", "a"),
        ("/a/b/c", "/a", "b/c"),
        ("/ab", "/a", None),
        ("/a", "/a/b", None),
        ("..", ".", None),
        ("../a", ".", None),
    ],
)
def test_relative(path: str, top: str, expected: str | None) -> None:
    assert relative(path, top) == expected
    assert under(path, top) == (expected is not None)
    assert expected is None or top in tops(path)


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (".", "."),
        ("", "."),
        ("/", "."),
        ("./a/", "a"),
        ("/a", "a"),
        ("../../a", "a"),
        ("a//b", "a/b"),
    ],
)
def test_context_path(value: str, path: str) -> None:
    assert context_path(value) == path

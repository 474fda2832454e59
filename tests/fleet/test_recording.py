"""All that planning looks at is recorded: nothing but gorewrite.files touches the disk."""

from __future__ import annotations

import builtins
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gorewrite import files
from gorewrite.context import Context
from gorewrite.discovery import Survey
from gorewrite.fleet.entries import Form
from gorewrite.fleet.gathering import tasks_of
from gorewrite.fleet.settings import Settings
from gorewrite.fleet.work import Planner
from tests.repositories import repository

ASKED = [
    (os, "stat"),
    (os, "lstat"),
    (os, "scandir"),
    (os, "listdir"),
    (os, "readlink"),
    (os, "access"),
    (io, "open"),
    (builtins, "open"),
]
PACKAGE = str(Path(files.__file__).parent)


def _asker() -> str:
    """The file of the package that asks, "" for what Python does for itself (imports)."""
    frame = sys._getframe(2)
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith("<frozen importlib"):
            return ""
        if name.startswith(PACKAGE):
            return name[len(PACKAGE) + 1 :]
        frame = frame.f_back  # type: ignore[assignment]
    return ""


@contextmanager
def watched(below: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Who asks the disk about something below a directory, but gorewrite.files and its tape."""
    found: list[str] = []

    def watching(name: str, ask: Callable[..., Any]) -> Callable[..., Any]:
        def asked(*arguments: Any, **named: Any) -> Any:
            path = arguments[0] if arguments else "."
            if isinstance(path, str | os.PathLike) and str(path).startswith(str(below)):
                asker = _asker()
                if asker not in ("", "files.py", "tape.py"):
                    found.append(f"{asker} asks {name} of {path}")
            return ask(*arguments, **named)

        return asked

    with monkeypatch.context() as patch:
        for module, name in ASKED:
            patch.setattr(module, name, watching(name, getattr(module, name)))
        yield found


DOCKERFILE = """\
FROM golang:1.24 AS build
WORKDIR /src
COPY . .
RUN ./scripts/build.sh && go generate ./...
RUN go build -o /app ./cmd/shop
FROM debian:bookworm-slim
COPY --from=build /app /app
COPY static* /static/
CMD ["/app"]
"""
SHOP = {
    "go.mod": "module example.com/shop\n\ngo 1.24\n\nreplace example.com/lib => ./lib\n",
    "go.work": "go 1.24\n\nuse .\n",
    "lib/go.mod": "module example.com/lib\n",
    "lib/lib.go": 'package lib\n\nimport _ "embed"\n\n//go:embed text.txt\nvar Text string\n',
    "lib/text.txt": "text",
    "cmd/shop/main.go": 'package main\n\nimport (\n\t"os"\n\n\t"example.com/lib"\n)\n\n'
    'func main() {\n\t_, _ = os.ReadFile("static/a.html")\n\tprintln(lib.Text)\n}\n',
    "static/a.html": "<p>",
    "scripts/build.sh": "#!/bin/sh\ngit describe\n",
    "Makefile": "build:\n\tdocker build -t shop .\n",
    "compose.yaml": "services:\n  shop:\n    build: .\n    env_file: .env\n    volumes: [.:/src]\n",
    "compose.override.yaml": "services:\n  shop:\n    environment:\n      TZ: Europe/Berlin\n",
    "deploy/shop.yaml": "kind: Deployment\nspec:\n  template:\n    spec:\n      containers:\n"
    "        - image: example.com/shop\n          command: [/app]\n",
    ".env": "PORT=1\n",
    "gorewrite.toml": 'ignore = ["merge-runs"]\n',
    ".dockerignore": "*.md\n",
}


@pytest.mark.parametrize(
    ("dockerfile", "files_there"),
    [
        pytest.param(DOCKERFILE, SHOP, id="all"),
        pytest.param(
            "FROM golang:1.24\nCOPY . /go/src/app\nWORKDIR /go/src/app\n"
            'RUN make build\nUSER app\nCMD ["./bin/app"]\n',
            {
                "main.go": "package main\n\nfunc main() {}\n",
                "Makefile": "build:\n\tgo build -o bin/app\n",
            },
            id="make",
        ),
        pytest.param("FROM {{ .Base }}\n", {"Dockerfile.tmpl": ""}, id="template"),
    ],
)
def test_only_files_touches_the_disk(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    dockerfile: str,
    files_there: dict[str, str],
) -> None:
    top = repository(tmp_path / "shop", {**files_there, "Dockerfile": dockerfile})
    survey = Survey()
    task = tasks_of([(top / "Dockerfile", "Dockerfile")])[0]
    planner = Planner(Settings(here=str(top)), survey, Form())
    survey.index(top)
    planner.record(task)  # What is loaded once, is.
    planner = Planner(Settings(here=str(top)), survey, Form())
    with files.recording(files.Tape()), watched(top, monkeypatch) as found:
        planner.record(task)
    assert not found, "\n".join(sorted(set(found)))


def test_what_is_let_in_again_is_told_to_each_recording(tmp_path: Path) -> None:
    top = repository(tmp_path / "shop", {".dockerignore": "a\n!a/b/c\n", "a/b/c": "", "d": ""})
    context = Context.of(top, top / "Dockerfile")
    tape, seen = files.Tape(), []
    for _ in range(2):
        with files.recording(tape) as recording:
            assert "a" in context.listdir(".")
            seen.append(set(recording.looked_at()))
    assert seen[0] == seen[1] >= {f"n{top}", f"n{top}/a", f"n{top}/a/b"}


def test_names_that_are_asked_for_together_are_told_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "directory").mkdir()
    (tmp_path / "file").write_text("")
    for name in ("file", "directory", "nothing"):
        (tmp_path / f"to-{name}").symlink_to(name)
    names = ["to-file", "to-directory", "to-nothing", "directory", "nothing", "file"]
    assert files.among(tmp_path, names) == ["to-file", "file"]
    with files.recording(files.Tape()) as together:
        assert files.among(tmp_path, names) == ["to-file", "file"]
    with files.recording(files.Tape()) as alone:
        assert [files.kind_of(tmp_path / name) == "file" for name in names].count(True) == 2
    assert together.now == alone.now >= {f"m{tmp_path}/{name}" for name in names}


@pytest.mark.parametrize(
    ("path", "links"),
    [
        ("a/b/file", ()),
        ("a/b/", ()),
        ("link/file", ("link",)),
        ("link/../a", ("link/..",)),
        ("a/./b//file", ("a/./b/",)),
        ("twice/file", ("twice",)),
        ("a/b/nothing/deeper", ()),
        ("a/b/file/below", ()),
        ("itself/file", ()),
        ("dangling", ("dangling",)),
        ("/".join(["a/b/../.."] * 30), ()),
    ],
)
def test_links_on_the_way_to_a_path_are_told(
    tmp_path: Path, path: str, links: tuple[str, ...]
) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/file").write_text("")
    (tmp_path / "link").symlink_to("a/b")
    (tmp_path / "twice").symlink_to(tmp_path / "link")
    (tmp_path / "itself").symlink_to("itself")
    (tmp_path / "dangling").symlink_to("a/nothing")
    place = f"{tmp_path}/{path}"
    with files.recording(files.Tape()) as tape:
        assert files.real(place) == os.path.realpath(place)
        assert {f"r{tmp_path}/{link}" for link in links} <= tape.now
        assert f"m{tmp_path}" in tape.now

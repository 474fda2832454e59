"""Makes a monorepo of Go services with their Dockerfiles, the same one for the same seed.

One Go module at the root with internal packages that import each other, services three
directories deep that import some of them, services with a module or a workspace of their own,
compose files, Makefiles and workflows that build them, and among the Dockerfiles some that no
tool likes to read. Each service is drawn from the seed and its number alone, so the first
thousand of a large repository are those of a small one.
"""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import fleet_hostile
from fleet_shapes import DOCKERFILES, REST, WEIGHTS

#: Services of a team, teams of an area.
TEAM: Final = 20
AREA: Final = 10
#: Of a hundred services.
HOSTILE: Final = 5
OWN_MODULE: Final = 25
OWN_WORKSPACE: Final = 3
FOREIGN: Final = 3
DEEPEST: Final = 5

_GIT: Final = {
    "GIT_AUTHOR_NAME": "A. Gopher",
    "GIT_AUTHOR_EMAIL": "gopher@example.com",
    "GIT_AUTHOR_DATE": "2025-01-01T00:00:00Z",
    "GIT_COMMITTER_NAME": "A. Gopher",
    "GIT_COMMITTER_EMAIL": "gopher@example.com",
    "GIT_COMMITTER_DATE": "2025-01-01T00:00:00Z",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}

_GO_SUM: Final = """\
github.com/google/uuid v1.6.0 h1:NIvaJDMOsjHA8n1jAhLSgzrAzy1Hgr+hNrb57e+94F0=
github.com/google/uuid v1.6.0/go.mod h1:TIyPZe4MgqvfeYDBFedMoGGpEw/LqOeaOT+nhxU+yHo=
github.com/mattn/go-sqlite3 v1.14.24 h1:tpSp2G2KyMnnQu99ngJ47EIkWVmliIizyZBfPrBWDRM=
github.com/mattn/go-sqlite3 v1.14.24/go.mod h1:Uh1q+B4BYcTPb+yiD3kU8Ct7aC0hY9fxUwlHK0RXw+Y=
"""
_REQUIRES: Final = """
require (
	github.com/google/uuid v1.6.0
	github.com/mattn/go-sqlite3 v1.14.24
)
"""
_IGNORE: Final = ".git\n.github\n**/*.md\nbin\n"


class Service(NamedTuple):
    """One service. directory: relative to the repository; own: whether its build context is its
    own directory, not the root; hostile: what is wrong with its Dockerfile, "" for nothing."""

    directory: str
    own: bool
    hostile: str

    @property
    def name(self) -> str:
        return self.directory.rpartition("/")[2]


def generate(top: Path, services: int, packages: int = 400, seed: int = 1) -> tuple[Service, ...]:
    """Writes the repository into an empty or missing directory and commits it once.

    What git cannot store (that a file may not be read) is made after the commit.
    """
    top.mkdir(parents=True, exist_ok=True)
    _root(top)
    for number in range(packages):
        _package(top, number, packages, seed)
    made = tuple(_service(top, number, packages, seed) for number in range(services))
    _callers(top, made, seed)
    environment = {**os.environ, **_GIT}
    for command in (
        ["init", "-q", "-b", "main"],
        ["add", "-A"],
        ["-c", "gc.auto=0", "commit", "-q", "-m", "All services"],
    ):
        subprocess.run(["git", *command], cwd=top, env=environment, check=True)
    for service in made:
        if service.hostile == "unreadable":
            (top / service.directory / "Dockerfile").chmod(0)
    return made


def _write(path: Path, text: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


def _root(top: Path) -> None:
    _write(top / "go.mod", f"module example.com/platform\n\ngo 1.24\n{_REQUIRES}")
    _write(top / "go.sum", _GO_SUM)
    _write(top / ".dockerignore", _IGNORE)
    _write(top / ".gitignore", "/bin/\n*.out\n")
    _write(top / "README.md", "# Platform\n")
    _write(top / "scripts/build.sh", '#!/bin/sh\nset -eu\ngo build -o /out/app "$1"\n')
    (top / "scripts/build.sh").chmod(0o755)


# --- Go ----------------------------------------------------------------------------------


def _package(top: Path, number: int, packages: int, seed: int) -> None:
    """A package of the level `number % DEEPEST`, which imports some of the level below."""
    draw = random.Random(f"{seed} package {number}")
    directory, level = top / _package_directory(number), number % DEEPEST
    below = list(range(level - 1, packages, DEEPEST)) if level else []
    imports = [_import(n) for n in sorted(draw.sample(below, min(len(below), draw.randrange(4))))]
    uses = [f"\t_ = {path.rpartition('/')[2]}.Name()" for path in imports]
    extra: list[str] = []
    kind = draw.random()
    if kind < 0.08:
        imports.append("embed")
        extra.append("//go:embed queries/*.sql\nvar queries embed.FS\n")
        _write(directory / "queries/all.sql", "SELECT 1;\n")
    elif kind < 0.13:
        imports.append("os")
        uses.append('\t_, _ = os.ReadFile("config/limits.yaml")')
    elif kind < 0.18:
        imports.append("net/http")
        uses.append('\t_, _ = http.Get("https://example.com/status")')
    elif kind < 0.21:
        imports.append("time")
        uses.append('\t_, _ = time.LoadLocation("Europe/Berlin")')
    elif kind < 0.22:
        extra.append('// int one(void) { return 1; }\nimport "C"\n')
    name = directory.name
    lines = [f"// Package {name} is shared by services.", f"package {name}", ""]
    lines += [text for text in extra if "import" in text]
    lines += ["import (", *(f'\t"{path}"' for path in sorted(imports)), ")", ""] if imports else []
    lines += [text for text in extra if "import" not in text]
    lines += ["// Name says which package this is.", "func Name() string {", *uses]
    lines += [f'\treturn "{name}"', "}", ""]
    _write(directory / f"{name}.go", "\n".join(lines))
    _write(directory / f"{name}_test.go", f"package {name}\n")


def _package_directory(number: int) -> str:
    return f"internal/g{number // 20:02}/pkg{number:03}"


def _import(number: int) -> str:
    return f"example.com/platform/{_package_directory(number)}"


def _main(imports: list[str], draw: random.Random) -> str:
    standard = ["log", "net/http", "os"]
    outside = ["github.com/google/uuid"] if draw.random() < 0.5 else []
    if draw.random() < 0.03:
        outside.append("github.com/mattn/go-sqlite3")
    body = [f"\t_ = {path.rpartition('/')[2]}.Name()" for path in imports]
    if "github.com/google/uuid" in outside:
        body.append("\tlog.Print(uuid.NewString())")
    if draw.random() < 0.1:
        body.append('\t_, _ = os.ReadFile("config.yaml")')
    blank = [f'\t_ "{path}"' for path in outside if path.endswith("sqlite3")]
    named = [f'\t"{path}"' for path in (*imports, *outside) if not path.endswith("sqlite3")]
    lines = ["package main", "", "import (", *(f'\t"{path}"' for path in standard), ""]
    lines += [*named, *blank, ")", "", "func main() {", *body]
    lines += ['\tlog.Fatal(http.ListenAndServe(":"+os.Getenv("PORT"), handler()))', "}", ""]
    return "\n".join(lines)


_HANDLER: Final = """\
package main

import "net/http"

func handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
	})
	return mux
}
"""


def _service(top: Path, number: int, packages: int, seed: int) -> Service:
    draw = random.Random(f"{seed} service {number}")
    team = number // TEAM
    name = f"svc{number:05}"
    directory = f"services/area{team // AREA:02}/team{team % AREA}/{name}"
    kind = draw.randrange(100)
    own = kind < OWN_MODULE
    place = top / directory
    imports = sorted({_import(draw.randrange(packages)) for _ in range(draw.randrange(1, 4))})
    if own:
        imports = []
        _write(place / "go.mod", f"module example.com/{name}\n\ngo 1.24\n{_REQUIRES}")
        _write(place / "go.sum", _GO_SUM)
    if kind < OWN_WORKSPACE:
        _write(place / "go.work", "go 1.24\n\nuse (\n\t.\n\t./lib\n)\n")
        _write(place / "lib/go.mod", f"module example.com/{name}/lib\n\ngo 1.24\n")
        _write(place / "lib/lib.go", 'package lib\n\nfunc Name() string { return "lib" }\n')
        imports = [f"example.com/{name}/lib"]
    _write(place / "main.go", _main(imports, draw))
    _write(place / "handler.go", _HANDLER)
    _write(place / "config.yaml", f"name: {name}\n")
    if draw.randrange(100) < HOSTILE:
        return Service(directory, own, fleet_hostile.write(place, draw))
    shape = draw.choices(list(DOCKERFILES), WEIGHTS)[0]
    text = DOCKERFILES[shape] if kind < 100 - FOREIGN else REST
    if "entrypoint.sh" in text:
        _write(place / "entrypoint.sh", '#!/bin/sh\nset -e\nexec "$@"\n')
        (place / "entrypoint.sh").chmod(0o755)
    here, package = (".", ".") if own else (directory, f"./{directory}")
    for hole, filled in (("{here}", here), ("{package}", package), ("{name}", name)):
        text = text.replace(hole, filled)
    _write(place / "Dockerfile", text)
    return Service(directory, own, "")


# --- callers -----------------------------------------------------------------------------


def _callers(top: Path, services: tuple[Service, ...], seed: int) -> None:
    """Who builds the services: some teams with a compose file, some with a Makefile, some areas
    with a workflow; nobody for the rest."""
    for team, members in _teams(services):
        draw = random.Random(f"{seed} {team}")
        kind = draw.random()
        if kind < 0.2:
            _write(top / team / "compose.yaml", _compose(members))
        elif kind < 0.4:
            _write(top / team / "Makefile", _makefile(members))
        elif kind < 0.45:
            name = team.replace("/", "-")
            _write(top / f".github/workflows/{name}.yaml", _workflow(members))


def _teams(services: tuple[Service, ...]) -> Iterator[tuple[str, tuple[Service, ...]]]:
    for first in range(0, len(services), TEAM):
        members = services[first : first + TEAM]
        yield members[0].directory.rpartition("/")[0], members


def _compose(members: tuple[Service, ...]) -> str:
    lines = ["services:"]
    for service in members:
        lines += [f"  {service.name}:", "    build:"]
        if service.own:
            lines.append(f"      context: ./{service.name}")
        else:
            lines += [
                "      context: ../../..",
                f"      dockerfile: {service.directory}/Dockerfile",
            ]
        lines.append('    environment:\n      PORT: "8080"')
    return "\n".join(lines) + "\n"


def _makefile(members: tuple[Service, ...]) -> str:
    rules = []
    for service in members:
        where = service.name if service.own else f"-f {service.name}/Dockerfile ../../.."
        rules.append(f"{service.name}:\n\tdocker build -t {service.name} {where}\n")
    return f".PHONY: {' '.join(service.name for service in members)}\n\n" + "\n".join(rules)


def _workflow(members: tuple[Service, ...]) -> str:
    lines = ["on: push", "jobs:", "  build:", "    runs-on: ubuntu-latest", "    steps:"]
    lines.append("      - uses: actions/checkout@v4")
    for service in members:
        context = service.directory if service.own else "."
        lines += ["      - uses: docker/build-push-action@v6", "        with:"]
        lines += [
            f"          context: {context}",
            f"          file: {service.directory}/Dockerfile",
        ]
    return "\n".join(lines) + "\n"

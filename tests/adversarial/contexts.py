"""Makes up build contexts: a Go module, the files around it, and an ignore file."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from tests.adversarial.programs import FILES, KINDS, Behaviour, program

_MODULES = (
    "github.com/google/uuid v1.6.0",
    "github.com/gorilla/mux v1.8.1",
    "example.org/queue v1.0.0",
    "git.example.com/log v0.1.0",
)
_IGNORED = (
    ".git *.md docs **/*.log *.yml !README.md node_modules Dockerfile* data/* static .env "
    "# *_test.go tmp/"
).split()
_SHEBANGS = ("#!/bin/sh", "#!/bin/sh", "#!/bin/bash", "#!/usr/bin/env bash")
_STEPS = """
echo starting
cat config.yml
[ -f .env ] && cat .env
mkdir -p /tmp/work
cat migrations/001.sql
curl -s http://example.com/ready || true
touch /tmp/started
grep port < conf/app.toml > /tmp/port
echo live > live.yml
[ -f data/cities.csv ] || exit 3
cd /
""".strip().splitlines()
#: What a script ends with; PROGRAM stands for the path of the binary.
_LAST = ('exec "$@"', 'exec "$@"', "PROGRAM", "exec PROGRAM")


@dataclass
class Sources:
    """A build context. files: path -> text; main: directory of the main package; cgo: whether it
    needs cgo; behaviours: directory of a main package -> what its program does."""

    module: str
    main: str
    cgo: bool
    files: dict[str, str] = field(default_factory=dict)
    behaviours: dict[str, list[Behaviour]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What go calls the binary of the main package."""
        name = self.module.removeprefix("example.com/").partition("/")[0]
        return name if self.main == "." else posixpath.basename(self.main)


def sources(rng: Random) -> Sources:
    """A build context. The same state of `rng` gives the same one."""
    made = Sources(
        "example.com/" + rng.choice(["shop", "shop", "server", "api/v2"]),
        rng.choice([".", ".", ".", "cmd/server", "cmd/server"]),
        rng.random() < 0.08,
    )
    files = made.files
    files |= FILES
    library = _module(rng, made)
    _program(rng, made, made.main, library)
    if rng.random() < 0.15:
        _program(rng, made, "cmd/worker", library)
    if rng.random() < 0.5:
        files[".git/HEAD"] = "ref: refs/heads/main\n"
    if rng.random() < 0.3:
        files["server_test.go"] = "package main\n"
    if rng.random() < 0.2:
        files["web/src/main.js"], files["web/package.json"] = "start();\n", "{}\n"
    if rng.random() < 0.3:
        found = rng.sample(_IGNORED, rng.randint(1, 4))
        files[".dockerignore"] = "\n".join(found) + "\n"
    steps = rng.sample(_STEPS, rng.choice([0, 1, 2, 3]))
    lines = [rng.choice(_SHEBANGS), "set -e", *steps, rng.choice(_LAST), ""]
    files["start.sh"] = "\n".join(lines)
    return made


def _module(rng: Random, made: Sources) -> list[Behaviour]:
    """The module; what its programs can do by a module of their own beside it."""
    files = made.files
    modules = rng.sample(_MODULES, rng.choice([0, 0, 0, 1, 1, 2]))
    text = f"module {made.module}\n\ngo 1.22\n"
    text += "".join(f"\nrequire {module}\n" for module in modules)
    library: list[Behaviour] = []
    beside = rng.choice(["", "", "", "", "replace", "work"])
    if beside:
        library = [_library(rng, files)]
    if beside == "replace" or (beside and rng.random() < 0.5):
        text += "\nrequire example.com/lib v0.0.0\n"
    if beside == "replace":
        text += "\nreplace example.com/lib => ./lib\n"
    elif beside:
        files["go.work"] = "go 1.22\n\nuse (\n\t.\n\t./lib\n)\n"
    files["go.mod"] = text
    if modules or rng.random() < 0.5:
        files["go.sum"] = "".join(f"{module} h1:x\n" for module in modules)
    if "git.example.com" in text:
        files["netrc"] = "machine git.example.com\n"
    if modules and not beside and rng.random() < 0.2:
        _vendor(modules, files)
    return library


def _library(rng: Random, files: dict[str, str]) -> Behaviour:
    """A module in lib/, whose package reads a file where the program runs."""
    path = rng.choice(sorted(FILES))
    files["lib/go.mod"] = "module example.com/lib\n\ngo 1.22\n"
    files["lib/lib.go"] = (
        'package lib\n\nimport "os"\n\n'
        f'func Load() ([]byte, error) {{ return os.ReadFile("{path}") }}\n'
    )
    return Behaviour("lib.Load()", lambda process: process.read(path), ("example.com/lib",))


def _vendor(modules: list[str], files: dict[str, str]) -> None:
    """What `go mod vendor` leaves."""
    files["vendor/modules.txt"] = "".join(f"# {module}\n## explicit\n" for module in modules)
    for module in modules:
        path = module.partition(" ")[0]
        files[f"vendor/{path}/code.go"] = f"package {posixpath.basename(path)}\n"


def _program(rng: Random, made: Sources, directory: str, library: Sequence[Behaviour]) -> None:
    count = rng.choice([0, 1, 1, 2, 2, 3, 4])
    behaviours = [rng.choice(KINDS)(rng) for _ in range(count)]
    behaviours += library if rng.random() < 0.7 else []
    made.behaviours[directory] = behaviours
    for path, text in program(behaviours, made.module, made.cgo).items():
        place = path if path.startswith("internal/") else posixpath.join(directory, path)
        made.files[posixpath.normpath(place)] = text
    if any(behaviour.imports == ("embed",) for behaviour in behaviours):
        for path, text in FILES.items():  # What is embedded lies below the package.
            made.files[posixpath.normpath(posixpath.join(directory, path))] = text

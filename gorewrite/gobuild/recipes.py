"""What the commands of a RUN take commands from: Makefiles, task files and scripts.

Rules: GNU make manual, "Options Summary" and "Including Other Makefiles"; `task --help`; `just
--help`; POSIX `sh`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from gorewrite import shell
from gorewrite.context import Context
from gorewrite.facts import StageFacts
from gorewrite.gobuild.makefile import run_part
from gorewrite.memo import remembered
from gorewrite.stage.runs import Run

_MAKEFILES: Final = ("GNUmakefile", "makefile", "Makefile")
_MAKERS: Final = {
    "make": _MAKEFILES,
    "gmake": _MAKEFILES,
    "task": ("Taskfile.yml", "Taskfile.yaml"),
    "just": ("justfile", "Justfile"),
    "mage": ("magefile.go",),
}
_DIRECTORY: Final = ("-C", "--directory", "-d", "--dir")
_FILE: Final = ("-f", "--file", "-t", "--taskfile", "--makefile")
#: Other options of make that take the next word.
_VALUED: Final = ("-I", "-o", "-W", "--include-dir", "--old-file", "--what-if")
SHELLS: Final = frozenset({"sh", "bash", "ash", "dash", "zsh"})
_INTERPRETERS: Final = re.compile(r"python[\d.]*|node|deno|bun|ruby|perl|php")
_COMMENT: Final = re.compile(r"(?m)^[ \t]*#(?!!).*$")
_INCLUDE: Final = re.compile(r"(?m)^[-s]?include[ \t]+([\w./ -]+)$")
_SCRIPTS: Final = (".sh", ".bash", ".mk", ".py", ".js", ".mjs", ".cjs", ".ts", ".mts")
#: What may be the path of a script: read by name, included, or with a `/` in it.
_NAMED: Final = re.compile(
    r"(?m)(?:^[-s]?include|(?:^|[\s;&|(])(?:\.|source|sh|bash))\s+"
    r"[\"']?(?:\$\([^)\n]*\)/|\$\{?\w+\}?/)?(?P<read>[\w./-]+)"
    r"|(?P<path>[\w.-]*(?:/[\w.-]+)+|[\w-]+\.(?:sh|bash|mk|py|[cm]?js|m?ts)\b)"
)
_MOST: Final = 30


class Recipe(NamedTuple):
    """What a command takes commands from.

    maker: make, task, just or mage; "" for a script. paths: where it looks, in order, as absolute
    image paths; None for one that is not known. goals: the targets that make makes, () for the
    default one; None where all of a file counts. program: what is named may be no file of commands.
    """

    maker: str
    paths: tuple[str | None, ...]
    goals: tuple[str, ...] | None = None
    program: bool = False


class Source(NamedTuple):
    """The file of the build context that a recipe is. path: there; place: in the image."""

    path: str
    place: str
    goals: tuple[str, ...] | None


def recipe_of(step: shell.Step) -> Recipe | None:
    """What a command takes commands from, wrappers aside; None when that is nothing but itself."""
    step = shell.unwrapped(step)
    argv = step.argv
    if not argv or argv[0] is None:
        return None
    name = posixpath.basename(argv[0])
    if name in _MAKERS:
        return _maker(step, name)
    if name in SHELLS:
        if any(word in ("-s", "-") or re.fullmatch(r"-\w*c", word or "") for word in argv[1:]):
            return None  # It runs an argument, or what another command prints: an installer.
        scripts = [word for word in argv[1:] if word is None or not word.startswith("-")]
        return Recipe("", (step.path(scripts[0]),)) if scripts else None
    if _INTERPRETERS.fullmatch(name):
        words = (word for word in argv[1:] if word and not word.startswith("-"))
        return Recipe("", tuple(step.path(word) for word in words), program=True)
    return Recipe("", (step.path(argv[0]),), program=True) if "/" in argv[0] else None


def _maker(step: shell.Step, name: str) -> Recipe:
    """make, task, just or mage with its options."""
    directory, file, goals = ".", None, list[str]()
    words = [(word.text.strip("\"'"), word.expand(step.variables)) for word in step.command.words]
    waiting = words[:0:-1]
    known = True
    while waiting:
        text, value = waiting.pop()
        option, equals, given = (value or text).partition("=")
        if option in (*_DIRECTORY, *_FILE, *_VALUED):
            given = given if equals else (waiting.pop()[1] or "") if waiting else ""
            directory = given if option in _DIRECTORY else directory
            file = given if option in _FILE else file
        elif option in ("-j", "-l") and waiting and (waiting[-1][1] or "").isdigit():
            waiting.pop()
        elif not text.startswith("-") and not re.match(r"\w+[:+?]?=", text):
            known &= value is not None
            goals += [value] if value else []
    names = _MAKERS[name] if file is None else (file,)
    paths = tuple(step.path(posixpath.join(directory, each)) if each else None for each in names)
    made = tuple(goals) if known and _MAKERS[name] is _MAKEFILES else None
    return Recipe("make" if name == "gmake" else name, paths, made)


def source_of(stage: StageFacts, run: Run, recipe: Recipe) -> Source | None:
    """The first of a recipe's files that comes from the build context."""
    tree = stage.facts.project.context
    for place in recipe.paths:
        path = stage.source_of(place, run.instruction) if place is not None else None
        if place is not None and path is not None and tree.read(path) is not None:
            return Source(path, place, recipe.goals)
    return None


@remembered
def run_texts(stage: StageFacts, run: Run) -> tuple[tuple[str, str], ...]:
    """(context path, text) of what the commands of a RUN, and those whose output it puts in, take
    commands from."""
    steps = list(run.steps)
    for script in run.substitutions:
        steps += shell.steps(script, run.state.workdir, run.state.shell_env)
    sources = (source_of(stage, run, recipe) for step in steps if (recipe := recipe_of(step)))
    tree = stage.facts.project.context
    return tuple(found for s in sources if s for found in texts(tree, s.path, s.goals))


def texts(tree: Context, path: str, goals: Sequence[str] | None) -> Iterator[tuple[str, str]]:
    """(context path, text) of a file that holds commands, and of the files that it includes,
    reads or names. Comments are left out, and of Makefiles the recipes that are not run."""
    if goals is not None:
        found = _made(_included(tree, path), goals)
    else:
        text = _text(tree, path)
        found = {path: text} if text is not None else {}
    waiting = list(found.items())
    for each, text in waiting:  # Which grows.
        yield each, text
        for name in _named(tree, each, text):
            more = _text(tree, name) if name not in found and len(found) < _MOST else None
            if more is not None:
                found[name] = more
                waiting.append((name, more))


def _included(tree: Context, path: str) -> dict[str, str]:
    """A Makefile and those that it includes."""
    found: dict[str, str] = {}
    waiting = [path]
    for each in waiting:  # Which grows.
        text = _text(tree, each) if each not in found and len(found) < _MOST else None
        if text is None:
            continue
        found[each] = text
        names = (name for names in _INCLUDE.findall(text) for name in names.split())
        top = posixpath.dirname(path)
        waiting += (posixpath.normpath(posixpath.join(top, name)) for name in names)
    return found


def _made(files: dict[str, str], goals: Sequence[str]) -> dict[str, str]:
    """The parts of Makefiles that make runs, which reads them as one."""
    lines = run_part("\n".join(files.values()), goals).split("\n")
    found: dict[str, str] = {}
    for path, text in files.items():
        count = text.count("\n") + 1
        found[path] = "\n".join(lines[:count])
        lines = lines[count:]
    return found


def _text(tree: Context, path: str) -> str | None:
    data = tree.read(path)
    if data is None or b"\0" in data:
        return None
    return _COMMENT.sub("", data.decode("utf-8", "surrogateescape"))


def _named(tree: Context, path: str, text: str) -> Iterator[str]:
    """The context paths of scripts and includes that a text names; `$(dirname $0)/x` too."""
    for found in _NAMED.finditer(text):
        name = (found["read"] or found["path"]).lstrip("/")
        for base in dict.fromkeys((posixpath.dirname(path), ".")):
            place = posixpath.normpath(posixpath.join(base, name))
            if place == path or place.endswith(".go") or tree.kind(place) != "file":
                continue
            script = place.endswith(_SCRIPTS)
            if found["read"] or script or (tree.read(place) or b"").startswith(b"#!"):
                yield place

"""Builds that a RUN hands to a Makefile or a script, as far as those plainly run `go build`."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from gorewrite import shell
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import StageFacts
from gorewrite.golang.needs import ProgramNeeds
from gorewrite.runtime.programs import Needs, main_packages, package_needs
from gorewrite.stage.runs import Body, Run

_BUILD = re.compile(r"(?:(?<![\w./-])go|\$[({]GO(?:CMD|BIN)?[)}])\s+(?:build|install)\b")
_SHELLS = frozenset({"sh", "bash", "ash", "dash"})
_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
_DECIDES = re.compile(r"CGO_|\bCC=|-(race|msan|asan|buildmode|linkmode)\b|GOEXPERIMENT|GOOS")


class IndirectBuild(NamedTuple):
    """A command that runs a file with `go build` in it.

    step: the command, wrappers included; path: the file, a context path; text: its content;
    builds: its lines with `go build`; cwd: the directory it runs in.
    """

    step: shell.Step
    path: str
    text: str
    builds: tuple[Evidence, ...]
    cwd: str | None

    @property
    def missing(self) -> tuple[str, ...]:
        """The flags that the file nowhere has. One that it has anywhere is its owner's choice."""
        wanted = {
            "-trimpath": r"-trimpath\b",
            "-ldflags '-s -w'": r"(^|[\s'\"=])-s(?=[\s'\"])",
        }
        return tuple(f for f, pattern in wanted.items() if not re.search(pattern, self.text))

    @property
    def decides(self) -> bool:
        """Whether the file has a word on cgo, or may need it for something else."""
        return _DECIDES.search(self.text) is not None

    def needs(self, stage: StageFacts, run: Run) -> Needs:
        """What the programs need that the lines with `go build` plainly name."""
        recipe = self.path.rpartition("/")[2] in _MAKEFILES or self.path.endswith(".mk")
        text = "\n".join(map(_recipe, self.builds)) if recipe else self.text
        script = shell.parse(text)
        if isinstance(script, shell.Opaque):
            return (Unknown(script.why, self.builds),)
        env = run.state.env.updated(self.step.env)
        state = replace(run.state, workdir=self.cwd, env=env)
        hidden = Run(run.instruction, Body(state, "heredoc", text, script))
        found: list[ProgramNeeds | Unknown] = []
        for invocation in hidden.invocations:
            if invocation.go.kind not in ("build", "install") or invocation.go.versioned:
                continue
            directories = main_packages(stage, invocation)
            if isinstance(directories, Unknown):
                found.append(directories)
                continue
            found += [package_needs(stage, invocation, each, None) for each in directories]
        return tuple(found)


def indirect_builds(stage: StageFacts, run: Run) -> Iterator[IndirectBuild]:
    """The commands of a RUN that build through a Makefile or script from the build context."""
    tree = stage.facts.project.context
    for step in run.steps:
        inner = shell.unwrapped(step)
        for candidate in _candidates(inner):
            source = stage.source_of(candidate, run.instruction)
            data = tree.read(source) if source is not None else None
            if source is None or data is None:
                continue
            text = data.decode("utf-8", "replace")
            builds = tuple(
                Evidence(source, number, line.strip())
                for number, line in enumerate(text.split("\n"), 1)
                if _BUILD.search(line) and not line.lstrip().startswith("#")
            )
            if builds:
                make = posixpath.basename(inner.argv[0] or "").endswith("make")
                cwd = posixpath.dirname(candidate) if make else inner.cwd
                yield IndirectBuild(step, source, text, builds, cwd)
            break


def _recipe(build: Evidence) -> str:
    """A line of a Makefile's recipe as the shell gets it, its go command plain."""
    text = re.sub(r"\$[({]GO(CMD|BIN)?[)}]", "go", build.text.lstrip("@-+ "))
    return text.replace("$$", "$").removesuffix("\\")


def _candidates(step: shell.Step) -> Iterator[str]:
    """Absolute image paths of the file that a command reads its commands from."""
    argv = step.argv
    name = argv[0] if argv else None
    if name is None:
        return
    if name in ("make", "gmake"):
        directory, file = _make_options(argv)
        base = step.path(directory) if directory else step.cwd
        names = (file,) if file else _MAKEFILES
        if base is not None:
            yield from (posixpath.normpath(posixpath.join(base, each)) for each in names)
        return
    script = name if "/" in name else None
    if name.rpartition("/")[2] in _SHELLS:
        script = argv[1] if len(argv) > 1 else None
    path = step.path(script) if script and not script.startswith("-") else None
    if path is not None:
        yield path


def _make_options(argv: tuple[str | None, ...]) -> tuple[str | None, str | None]:
    """The values of -C and -f."""
    found: dict[str, str | None] = {}
    for word, following in zip(argv, (*argv[1:], None), strict=True):
        if word in ("-C", "-f"):
            found[word] = following
    return found.get("-C"), found.get("-f")

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
from gorewrite.gobuild.recipes import recipe_of, source_of, texts
from gorewrite.golang.needs import ProgramNeeds
from gorewrite.runtime.programs import Needs, main_packages, package_needs
from gorewrite.stage.runs import Body, Run

_BUILD = re.compile(r"(?:(?<![\w./-])go|\$[({]GO(?:CMD|BIN)?[)}])\s+(?:build|install)\b")
_DECIDES = re.compile(r"CGO_|\bCC=|-(race|msan|asan|buildmode|linkmode)\b|GOEXPERIMENT|GOOS")


class IndirectBuild(NamedTuple):
    """A command that runs a file with `go build` in it.

    step: the command, wrappers included; path: the file, a context path; text: what of it is run;
    builds: its lines with `go build`; cwd: the directory it runs in; made: whether by make.
    """

    step: shell.Step
    path: str
    text: str
    builds: tuple[Evidence, ...]
    cwd: str | None
    made: bool

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
        text = "\n".join(map(_recipe, self.builds)) if self.made else self.text
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
    for step in run.steps:
        recipe = recipe_of(step)
        source = source_of(stage, run, recipe) if recipe is not None else None
        if recipe is None or source is None or recipe.maker not in ("make", ""):
            continue
        first = next(texts(stage.facts.project.context, source.path, source.goals), None)
        text = first[1] if first is not None else ""
        builds = tuple(
            Evidence(source.path, number, line.strip())
            for number, line in enumerate(text.split("\n"), 1)
            if _BUILD.search(line)
        )
        if builds:
            inner = shell.unwrapped(step)
            cwd = posixpath.dirname(source.place) if recipe.maker else inner.cwd
            yield IndirectBuild(step, source.path, text, builds, cwd, bool(recipe.maker))


def _recipe(build: Evidence) -> str:
    """A line of a Makefile's recipe as the shell gets it, its go command plain."""
    text = re.sub(r"\$[({]GO(CMD|BIN)?[)}]", "go", build.text.lstrip("@-+ "))
    return text.replace("$$", "$").removesuffix("\\")

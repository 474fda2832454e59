"""From a path to a plan: reads a Dockerfile, finds its build context, runs the engine.

The reasons to leave a whole file alone (templates, rendered files, Windows, ONBUILD …)
live here too; each is a refusal of the pseudo-transform `file`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from gorewrite.checks import InternalError
from gorewrite.config import Config, ConfigError
from gorewrite.context import Context, ContextGuess, infer_context
from gorewrite.context.ignorefile import IgnoreError
from gorewrite.discovery import Survey, repository_root
from gorewrite.dockerfile import (
    Comment,
    Dockerfile,
    Instruction,
    ParseError,
    copy_parts,
    from_parts,
    parse,
)
from gorewrite.engine import CannotRead, Plan, Refused, plan, whole_file_opt_out
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import Facts
from gorewrite.files import kind_of
from gorewrite.golang.gomod import nearest_gomod
from gorewrite.surroundings import Project
from gorewrite.transform import Safety, Transform


class FileError(Exception):
    """A file that cannot be rewritten. `str()` is `path:line: problem; what to do`."""

    def __init__(self, path: str, line: int, problem: str) -> None:
        place = f"{path}:{line}" if line else path
        super().__init__(f"{place}: {problem}")
        self.path, self.line, self.problem = path, line, problem


class Result(NamedTuple):
    """A planned Dockerfile. context, project: None when the file was left alone as a whole."""

    path: Path
    display: str
    plan: Plan
    context: ContextGuess | None
    project: Project | None = None


#: Contexts that are remembered in a run with all that was read of them.
_MOST_CONTEXTS = 16


@dataclass
class Workspace:
    """One run over many Dockerfiles: what is shared between them.

    transforms: those that may run, of which the configuration of each file chooses; allowed: the
    lowest safety that is applied where that configuration does not ask for more.
    """

    transforms: Sequence[Transform]
    allowed: Safety
    context: Path | None = None
    survey: Survey = field(default_factory=Survey)
    _contexts: dict[tuple[Path, Path | None], Context] = field(default_factory=dict)
    _pending: dict[Path, dict[str, bytes]] = field(default_factory=dict)

    def rewrite(
        self, path: Path, display: str, config: Config, data: bytes | None = None
    ) -> Result:
        """Plans one Dockerfile. data: its bytes when they do not come from the file.

        Raises FileError for what cannot be read or parsed, and for every failure of gorewrite
        itself, so that the other files of a run are still done; ConfigError.
        """
        if data is None:
            data = read(path, display, config.max_file_size)
        if b"\0" in data[:8192]:
            raise FileError(display, 0, "is a binary file; exclude it if it is no Dockerfile")
        try:
            return self._planned(path, display, config, data)
        except (FileError, ConfigError):
            raise
        except Exception as error:
            what = str(error) if isinstance(error, InternalError) else repr(error)
            problem = f"internal error: {what}; the file is left alone, please report this"
            raise FileError(display, 0, problem) from error

    def drop(self, result: Result) -> None:
        """Forgets a result that is not going to be written."""
        if result.project is not None:
            self._pending[result.project.context.root] = dict(result.project.pending)

    def _planned(self, path: Path, display: str, config: Config, data: bytes) -> Result:
        try:
            tree = parse(data)
        except ParseError as error:
            template = b"{{" in data or b"{%" in data or b"<%" in data
            hint = (
                "it looks like a template: rewrite what it renders"
                if template
                else "builds fail on it, too: correct it first"
            )
            raise FileError(display, error.line, f"{error.problem}; {hint}") from None
        refused = _leave_alone(tree, path, display)
        if refused is not None:
            said = (refused,) if _GO.search(data) or refused.code == "opted-out" else ()
            return Result(path, display, Plan(data, data, (), (), said), None)
        try:
            project, guess = self._project(path, display, tree, config)
        except IgnoreError as error:
            raise FileError(display, 0, f"its ignore file: {error}; builds fail with it") from None
        facts = Facts(tree, project)
        foreign = _not_ours(facts)
        if foreign is not None:
            return Result(path, display, Plan(data, data, (), (), foreign), guess)
        try:
            allowed = Safety.REVIEW if config.review else self.allowed
            planned = plan(data, project, self._chosen(config), allowed, facts)
        except CannotRead as error:
            raise FileError(display, error.line, error.problem) from None
        pending = self._pending.setdefault(project.context.root, {})
        pending.update({change.path: change.new for change in planned.files})
        return Result(path, display, planned, guess, project)

    def _chosen(self, config: Config) -> tuple[Transform, ...]:
        return tuple(
            transform
            for transform in self.transforms
            if (not config.select or transform.name in config.select)
            and transform.name not in config.ignore
        )

    def _project(
        self, path: Path, display: str, tree: Dockerfile, config: Config
    ) -> tuple[Project, ContextGuess]:
        repository = repository_root(path.parent) or path.parent.resolve()
        given = self.context or config.context_for(path)
        guess = infer_context(path, repository, _context_sources(tree), given)
        key = (guess.root, path if _own_ignore(path) else None)
        context = self._contexts.pop(key, None) or Context.of(guess.root, path)
        self._contexts[key] = context
        if len(self._contexts) > _MOST_CONTEXTS:
            del self._contexts[next(iter(self._contexts))]  # The one not used for longest.
        here = path.resolve()
        base = config.path.parent if config.path is not None else None
        if guess.root.is_relative_to(repository):
            near = self.survey.below(guess.root, config.exclude, base)
        else:
            every = self.survey.below(repository, config.exclude, base)
            near = [file for file in every if file.is_relative_to(guess.root)]
        neighbours = tuple(file for file in near if file != here)
        project = Project(
            path,
            display,
            repository,
            context,
            config,
            None if guess.certain else Unknown(guess.why),
            neighbours,
            dict(self._pending.get(guess.root, {})),
        )
        return project, guess


def read(path: Path, display: str, limit: int) -> bytes:
    """The bytes of a Dockerfile. Raises FileError when it is none or too large (bytes)."""
    try:
        if kind_of(path) == "dir":
            raise FileError(display, 0, "is a directory; name a file or a directory to search")
        size = path.stat().st_size
        if size > limit:
            raise FileError(
                display,
                0,
                f"has {size} bytes, the limit is {limit}; raise max-file-size to read it",
            )
        return path.read_bytes()
    except OSError as error:
        why = error.strerror or str(error)
        raise FileError(display, 0, f"cannot be read: {why}; check the path and its mode") from None


def changes_on_disk(result: Result) -> list[tuple[Path, bytes | None, bytes]]:
    """(path, old, new) of every file of a plan."""
    found: list[tuple[Path, bytes | None, bytes]] = []
    if result.plan.new != result.plan.old:
        found.append((result.path, result.plan.old, result.plan.new))
    if result.context is not None:
        root = result.context.root
        found += [(root / change.path, change.old, change.new) for change in result.plan.files]
    return found


def _own_ignore(path: Path) -> bool:
    return kind_of(path.with_name(path.name + ".dockerignore")) == "file"


def _context_sources(tree: Dockerfile) -> tuple[str, ...]:
    sources: list[str] = []
    for instruction in tree.instructions:
        if instruction.keyword in ("COPY", "ADD"):
            parts = copy_parts(instruction)
            if parts.from_ is None:
                sources += [s for s in parts.sources if "://" not in s and not s.startswith("<<")]
    return tuple(sources)


_RENDERED = re.compile(
    r"(?i)\bdo not (?:edit|modify)\b|\bauto-?generated\b"
    r"|^#+\s*(?:(?:this|the) (?:docker)?file (?:is|was) )?generated (?:by|from|with|using)\b"
)
_TEMPLATE_SUFFIXES = (
    ".tmpl",
    ".template",
    ".tpl",
    ".j2",
    ".jinja",
    ".jinja2",
    ".gotmpl",
    ".in",
    ".erb",
)
#: Where none of this stands, nothing was said about Go, and no refusal is of interest.
_GO = re.compile(rb"golang|\bgo (?:build|install|mod|run|test|get)\b")
_KEYWORDS = frozenset(
    [
        "ADD",
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "FROM",
        "HEALTHCHECK",
        "LABEL",
        "MAINTAINER",
        "ONBUILD",
        "RUN",
        "SHELL",
        "STOPSIGNAL",
        "USER",
        "VOLUME",
        "WORKDIR",
    ]
)
_WINDOWS = re.compile(
    r"(?i)nanoserver|windowsservercore|mcr\.microsoft\.com/windows|\bwindows\b.*ltsc"
)


def _leave_alone(tree: Dockerfile, path: Path, display: str) -> Refused | None:
    """The first reason to leave the whole file alone that can be seen without its context."""

    def refuse(code: str, node: object, message: str) -> Refused:
        line = tree.line_of(node) if isinstance(node, Instruction | Comment) else 0
        text = (
            node.source.strip().partition("\n")[0]
            if isinstance(node, Instruction | Comment)
            else ""
        )
        return Refused("file", code, line, message, (Evidence(display, line, text or message),))

    if not any(i.keyword == "FROM" for i in tree.instructions):
        return refuse("no-stage", None, "it has no FROM; it is no Dockerfile that can be built")
    comment = whole_file_opt_out(tree)
    if comment is not None:
        return refuse("opted-out", comment, "a comment asks to leave this file alone")
    if path.suffix in _TEMPLATE_SUFFIXES:
        return refuse("template", None, "this is a template; rewrite what it renders instead")
    for instruction in tree.instructions:
        if instruction.keyword == "FROM" and re.search(r"\{\{|\{%|<%|@@", instruction.rest):
            return refuse("template", instruction, "this is a template; edit it by hand")
        if instruction.keyword not in _KEYWORDS:
            template = instruction.source.lstrip()[:2] in ("{{", "{%", "<%")
            if template:
                return refuse("template", instruction, "this is a template; edit it by hand")
            known = "a frontend of its own" if "syntax" in tree.directives else "no known one"
            return refuse(
                "unknown-instruction",
                instruction,
                f"{instruction.keyword} is an instruction of {known}",
            )
    for node in tree.body:
        if isinstance(node, Instruction):
            break
        if isinstance(node, Comment) and _RENDERED.search(node.text):
            return refuse("rendered", node, "this file is rendered; change its source instead")
    for suffix in _TEMPLATE_SUFFIXES:
        beside = path.with_name(path.name + suffix)
        if kind_of(beside) == "file":
            return refuse(
                "rendered", None, f"{beside.name} beside it renders it; change that instead"
            )
    if tree.escape != "\\":
        return refuse("windows-container", None, "the escape directive is for Windows containers")
    for instruction in tree.instructions:
        if instruction.keyword == "FROM" and _WINDOWS.search(from_parts(instruction).image.text):
            return refuse("windows-container", instruction, "Windows containers are left alone")
        if instruction.keyword == "SHELL" and re.search(
            r"(?i)powershell|cmd(\.exe)?\b", instruction.rest
        ):
            return refuse("windows-container", instruction, "its shell is not a POSIX shell")
    return None


def _not_ours(facts: Facts) -> tuple[Refused, ...] | None:
    """Refusals for a file whose stages are none of our business; () for one without Go."""
    if not facts.builds_go:
        return ()
    for member in facts.final.lineage:
        for instruction in member.stage.instructions:
            if instruction.keyword == "ONBUILD":
                return (
                    _refused(facts, instruction, "onbuild", "ONBUILD triggers run in other builds"),
                )
        if ":onbuild" in from_parts(member.stage.from_).image.text:
            return (
                _refused(facts, member.stage.from_, "onbuild", "its base hides the build steps"),
            )
    return _broken_module(facts)


def _broken_module(facts: Facts) -> tuple[Refused, ...] | None:
    """A refusal when go builds with a go.mod that cannot be read: go fails on it, too."""
    for stage in facts.stages:
        for invocation in stage.invocations:
            instruction = invocation.run.instruction
            located = stage.locate(invocation.go.directory or "", instruction)
            module = nearest_gomod(*located) if located is not None else None
            if isinstance(module, Unknown):
                line = facts.at(instruction).line
                message = f"{module.why}; go fails on it, too: correct it first"
                return (Refused("file", "module-broken", line, message, module.evidence),)
    return None


def _refused(facts: Facts, instruction: Instruction, code: str, message: str) -> Refused:
    evidence = facts.at(instruction)
    return Refused("file", code, evidence.line, message, (evidence,))

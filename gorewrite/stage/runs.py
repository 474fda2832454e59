"""RUN instructions as text that a shell reads, whatever form they are written in.

Shell form, heredoc form (`RUN <<EOF`) and exec form (`RUN ["go", "build"]`) become one
`Run` with one `text`; `rewrite` takes edits of that text and gives the instruction back
in the form it had.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from gorewrite import shell
from gorewrite.dockerfile import Instruction, copy_parts
from gorewrite.evidence import Unknown
from gorewrite.golang.commands import GoCommand, names_go, parse_go
from gorewrite.golang.goenv import UNREAD, seen_by_go, stored_by
from gorewrite.memo import cached_property, remembered
from gorewrite.stage.images import Image
from gorewrite.stage.layout import Placed, tops
from gorewrite.stage.scope import BUILD_ONLY, CONFIGURING, Outside, State, after
from gorewrite.stage.views import Copies

if TYPE_CHECKING:
    from gorewrite.context import Context

Edit = tuple[int, int, str]
Form = Literal["shell", "heredoc", "exec"]


def _made(step: shell.Step) -> Iterator[str]:
    """The directories that a command makes: with mkdir or install, or as the home of a user."""
    name = step.argv[0] if step.argv else None
    if name == "mkdir" or (name == "install" and "-d" in step.argv):
        yield from filter(None, shell.writes(step))
    elif (user := shell.user_command(step.argv)) is not None and user.made_home:
        yield user.made_home


@dataclass(frozen=True, eq=False)
class Invocation:
    """One `go …` in a RUN.

    step: the simple command it stands in, wrappers (`env`, `time`, …) included; words: its
    words from `go` on, so that `words[i]` is `go.argv[i]`.
    """

    run: Run
    step: shell.Step
    words: tuple[shell.Word, ...]
    go: GoCommand

    @property
    def line_offset(self) -> int:
        """Physical line inside the instruction, 0-based."""
        return self.run.line_at(self.words[0].start)


@dataclass(frozen=True, eq=False)
class Commands:
    """What a shell is told to do.

    Many Dockerfiles say the same, and a RUN whose flags change is a new one: what follows from the
    commands alone is worth keeping with them (see gorewrite.memo).

    steps: the simple commands in order, each with working directory and variables; go: the `go`
    commands among them, (step, words from `go`, go); stored: by their `go env -w`, see State.
    """

    steps: tuple[shell.Step, ...]
    go: tuple[tuple[shell.Step, tuple[shell.Word, ...], GoCommand], ...]
    stored: Mapping[str, str | None]
    memory: dict[Hashable, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Body:
    """What the shell reads of a RUN, and the configuration before it.

    RUNs that differ in nothing but their flags have the same one.

    form: how it is written; text: what the shell reads ("" when script is unknown).
    """

    state: State
    form: Form
    text: str
    script: shell.Script | Unknown

    @cached_property
    def substitutions(self) -> tuple[shell.Script, ...]:
        """See Run."""
        return () if isinstance(self.script, Unknown) else tuple(self.script.substitutions())

    @cached_property
    def commands(self) -> Commands:
        """Its commands."""
        if isinstance(self.script, Unknown):
            return Commands((), (), {})
        text = _Text(self.text, self.script)
        stored = tuple(sorted(self.state.stored.items()))
        return _commands(text, self.state.workdir, self._settings, stored)

    @property
    def _settings(self) -> tuple[tuple[str, str | None], ...]:
        """The variables that its text names or that steer the go command."""
        env, args = self.state.env, self.state.args
        names = STEERING.union(_NAME.findall(self.text))
        found = self.state.implied
        found |= args.among(names)
        found |= env.among(names)
        return tuple(sorted(found.items()))


class Run:
    """One RUN (or the RUN of an ONBUILD is not one: triggers run elsewhere).

    state: the configuration before it; form: how it is written; text: what the shell reads, ""
    when script is unknown; script: its commands, or why no shell can be assumed.
    """

    def __init__(self, instruction: Instruction, body: Body) -> None:
        self.instruction, self.body = instruction, body
        self.state, self.form = body.state, body.form
        self.text, self.script = body.text, body.script

    @cached_property
    def steps(self) -> tuple[shell.Step, ...]:
        """Its simple commands in order, each with working directory and variables."""
        return self.body.commands.steps

    @cached_property
    def makes(self) -> frozenset[str]:
        """The directories that it makes, as far as they are named, and those above them."""
        paths = (path for step in self.steps for path in _made(shell.unwrapped(step)))
        return frozenset().union(*map(tops, paths)) - {"."}

    @property
    def substitutions(self) -> tuple[shell.Script, ...]:
        """The bodies of its $(…) and the like, those nested in others too."""
        return self.body.substitutions

    @cached_property
    def invocations(self) -> tuple[Invocation, ...]:
        """Its `go` commands, behind wrappers such as `env`, `time` and `nice` too."""
        return tuple(Invocation(self, *found) for found in self.body.commands.go)

    def forget(self) -> None:
        """See Facts.forget."""
        vars(self).pop("invocations", None)

    def line_at(self, offset: int) -> int:
        """The 0-based physical line inside the instruction of an offset into `text`."""
        if self.form == "heredoc":
            header = sum(part.text.count("\n") for part in self.instruction.parts)
            return header + self.text.count("\n", 0, offset)
        if self.form == "exec":
            return self.instruction.line_at(self.instruction.rest_start)
        return self.instruction.line_at(self.instruction.rest_start + offset)

    def rewrite(self, edits: Sequence[Edit]) -> Instruction:
        """The instruction with (start, end, new) edits of `text` applied in its own form."""
        base = self.instruction.rest_start
        match self.form:
            case "heredoc":
                return self.instruction.edit_heredoc(0, *edits)
            case "exec":
                rest = self.instruction.rest
                array = json.dumps(_argv(shell.apply_edits(self.text, edits)), ensure_ascii=False)
                return self.instruction.edit((base, base + len(rest), array))
        return self.instruction.edit(*((base + s, base + e, new) for s, e, new in edits))


_NAME = re.compile(r"[A-Za-z_]\w*")
#: What the go command and the shell take from the environment without being told to.
STEERING = BUILD_ONLY | frozenset(
    """CGO_CFLAGS CGO_CPPFLAGS CGO_CXXFLAGS CGO_LDFLAGS GOFIPS140 GODEBUG CDPATH HOME PATH TMPDIR
    USER XDG_CACHE_HOME XDG_CONFIG_HOME""".split()
)


@dataclass(frozen=True, slots=True)
class _Text:
    """What the shell reads, and how."""

    text: str
    script: shell.Script = field(compare=False)


@lru_cache(maxsize=512)
def _commands(
    text: _Text,
    workdir: str | None,
    settings: tuple[tuple[str, str | None], ...],
    stored: tuple[tuple[str, str | None], ...],
) -> Commands:
    steps = shell.steps(text.script, workdir, dict(settings))
    found = []
    kept = dict(stored)
    stores: dict[str, str | None] = {}
    for step in steps:
        inner = shell.unwrapped(step)
        words = inner.command.words
        if not words or not names_go(_value(words[0], inner.variables)):
            continue
        argv = [_value(word, inner.variables) for word in words]
        raw = [word.text for word in words]
        go = parse_go(argv, inner.cwd, seen_by_go(inner.env, kept), raw)
        if go is not None:
            found.append((step, words, go))
            stores |= stored_by(go, raw, sure=not step.conditional)
            kept |= stores
    return Commands(steps, tuple(found), stores)


def _value(word: shell.Word, variables: Mapping[str, str | None]) -> str | None:
    """The one word that `word` becomes; None when it is not known or becomes several or none."""
    fields = word.fields(variables)
    return fields[0] if fields is not None and len(fields) == 1 else None


def _read(state: State, form: Form, text: str, unknown: str) -> Body:
    """Reads a body; `script` is `Unknown` with the reason where no shell can be assumed."""
    if unknown:
        return Body(state, form, text, Unknown(unknown))
    parsed = shell.parse(text)
    return Body(
        state, form, text, Unknown(parsed.why) if isinstance(parsed, shell.Opaque) else parsed
    )


class Lasting:
    """What stays known when a change makes new facts, for it follows from less than the whole file.

    States keep what follows from them, so those up to the change stay the same.
    """

    def __init__(self) -> None:
        self._starts: dict[str, State] = {}
        self._runs: dict[tuple[State, Instruction], Run] = {}
        self._bodies: dict[tuple[State, Form, str, str], Body] = {}
        self._copies: dict[tuple[Placed, ...], Copies] = {}
        self._directories: dict[frozenset[str], frozenset[str]] = {}

    def start(self, base: Image | Unknown) -> State:
        """The state of a stage right after FROM."""
        name = base.ref.text if isinstance(base, Image) else ""
        if name not in self._starts:
            self._starts[name] = State.of_image(base) if isinstance(base, Image) else State()
        return self._starts[name]

    def run(self, state: State, instruction: Instruction, escape: str) -> Run:
        """How a RUN reads in a state. escape: the escape character of the file."""
        run = self._runs.get((state, instruction))
        if run is None:
            key = (state, *_body(instruction, state, escape))
            body = self._bodies.get(key)
            if body is None:
                body = self._bodies[key] = _read(*key)
            run = self._runs[state, instruction] = Run(instruction, body)
        return run

    def states(
        self,
        start: State,
        instructions: Sequence[Instruction],
        outside: Outside,
        escape: str,
    ) -> tuple[Mapping[Instruction, State], State]:
        """The state before each instruction, and that at the end."""
        found: dict[Instruction, State] = {}
        state = start
        for instruction in instructions:
            found[instruction] = state
            if instruction.keyword in CONFIGURING:
                state = after(state, instruction, outside)
            elif _may_store(instruction):
                state = self._stored(state, instruction, escape)
        return found, state

    def _stored(self, state: State, instruction: Instruction, escape: str) -> State:
        """The state after a RUN or a COPY that may store settings of the go command."""
        key: Hashable = ("stored", instruction)
        known: State | None = state.memory.get(key)
        if known is None:
            changes: Mapping[str, str | None] = {}
            if instruction.keyword == "RUN":
                changes = self.run(state, instruction, escape).body.commands.stored
            elif instruction.keyword in ("COPY", "ADD"):
                target = state.path(copy_parts(instruction).dest) or ""
                changes = UNREAD if _SETTINGS.search(target) else {}
            stored = state.stored.updated(changes)
            known = state.memory[key] = state.changed(stored=stored) if changes else state
        return known

    def copies(self, placed: tuple[Placed, ...], tree: Context) -> Copies:
        """What COPY and ADD place. tree: the build context, always the same."""
        if placed not in self._copies:
            self._copies[placed] = Copies(placed, tree)
        return self._copies[placed]

    def same(self, directories: frozenset[str]) -> frozenset[str]:
        """The first of equal sets of directories, which is equal to itself at once."""
        return self._directories.setdefault(directories, directories)

    def forget(self) -> None:
        """See Facts.forget."""
        for run in self._runs.values():
            run.forget()
        for copies in self._copies.values():
            copies.forget()


_MAY_STORE = re.compile(r"\benv\s+--?[wu]\b|\.config/go\b|\bgo\.env\b")
#: Where go looks for its settings: those of the user, and those of the toolchain.
_SETTINGS = re.compile(r"/\.config/go(?:/env)?$|/go/go\.env$")


@remembered
def _may_store(instruction: Instruction) -> bool:
    return _MAY_STORE.search(instruction.source) is not None


#: A shell that reads a heredoc, as a command or behind `#!`.
_SHELL = re.compile(r"(?:/usr/bin/env\s+)?(?:(?:/usr)?/bin/)?(?:ba|da|a)?sh(?:\s+-[a-z]+)*")


def _body(instruction: Instruction, state: State, escape: str) -> tuple[Form, str, str]:
    """How it is written, what the shell reads, and why that cannot be read ("" when it can)."""
    if instruction.json is not None:
        return "exec", " ".join(shell.quote(word) for word in instruction.json), ""
    if instruction.heredocs:
        heredoc = instruction.heredocs[0]
        words = [word.text for word in instruction.words if not word.text.startswith("<<")]
        if len(instruction.heredocs) > 1 or (words and not _SHELL.fullmatch(" ".join(words))):
            return "heredoc", "", "a heredoc that feeds another command"
        first = heredoc.body.partition("\n")[0]
        if first.startswith("#!") and not _SHELL.fullmatch(first[2:].strip()):
            return "heredoc", heredoc.body, "a heredoc with its own interpreter"
        form: Form = "heredoc"
        text = heredoc.body
    else:
        form, text = "shell", instruction.rest
    if not state.posix_shell:
        return form, text, f"the shell is {state.shell[0] if state.shell else 'not known'}"
    if escape != "\\":
        return form, text, "the escape character is not a backslash"
    return form, text, ""


def _argv(text: str) -> list[str]:
    """The exec-form words of one simple command; assignments go through `env`."""
    script = shell.parse(text)
    commands = () if isinstance(script, shell.Opaque) else tuple(script.commands())
    if len(commands) != 1:
        raise ValueError("an exec-form RUN holds one command")
    command = commands[0]
    words = [word.value or "" for word in command.words]
    sets = [f"{a.name}={(a.word.value or '') if a.word else ''}" for a in command.assignments]
    return ["env", *sets, *words] if sets else words

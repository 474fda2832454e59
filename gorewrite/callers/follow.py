"""Follows a shell script as `gorewrite.shell.steps` does, for scripts that people and CI run.

Beyond that: functions run where they are called, with their arguments; a loop over a plain list
runs once for each; `$(dirname "$0")`, `$(pwd)`, `$(git rev-parse --show-toplevel)` are known; a
script that is read in (`. lib.sh`) is taken to leave the directory alone. What a part that is not
understood would change is not known behind it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import accumulate
from typing import Final

from gorewrite import shell
from gorewrite.callers import places
from gorewrite.callers.model import Source
from gorewrite.shell.interpret import Place, Walk
from gorewrite.shell.nodes import Computed, Literal, Parameter, Part
from gorewrite.shell.state import State
from gorewrite.shell.step import resolve

_MOST_STEPS: Final = 5000
_MOST_ROUNDS: Final = 60
_DEEPEST: Final = 12
_MOST_JOINED: Final = 8

_POSITIONAL: Final = re.compile(r"\$(?:\{(\d+)(?::?-([^{}$`]*))?\}|(\d))")
#: What goes on with a statement that began above.
_INSIDE: Final = re.compile(r"[})#]|(fi|done|esac|else|elif|then|do)\b")
_DOCUMENT: Final = re.compile(r"<<-?\s*[\"']?(\w+)[\"']?")
_THIS_FILE: Final = re.compile(r"\$0|\$\{0\}|\$\{?BASH_SOURCE(?:\[0\])?\}?")
_THIS_DIRECTORY: Final = re.compile(r"\$\{(?:0|BASH_SOURCE(?:\[0\])?)%/\*\}|\$\{0:h\}")


def follow(
    text: str,
    cwd: str | None,
    variables: Mapping[str, str | None],
    script: str | None = None,
    source: Source | None = None,
) -> Iterator[shell.Step]:
    """Every simple command of a script, with the state it runs in; offsets are those of `text`.

    cwd, variables: where it starts, and what is known of its environment; script: its own path,
    relative to the repository; source: what finds the scripts that it reads in.
    """
    known = {**places.CHECKOUT, **variables, "PWD": cwd}
    walk = _Follower(script, source)
    state = State(cwd, known, set(variables) | set(places.CHECKOUT))
    understood = _understood(text)
    if understood is not None:
        walk.script(understood, state, Place(False, False, None))
    walk.uncalled(state)
    return iter(walk.found)


def _understood(text: str) -> shell.Script | None:
    """The script; with blanks in place of its statements that are not understood, when that is
    all that hinders; None when it is not."""
    script = shell.parse(text)
    if not isinstance(script, shell.Opaque):
        return script
    kept: list[str] = []
    parts = [text[start:end] for start, end in _parts(text)][::-1]
    while parts:
        part = parts.pop()
        # Lines of a quoted text may begin at the left margin, too.
        joined = accumulate(parts[:-_MOST_JOINED:-1], initial=part)
        whole = next((j for j in joined if not isinstance(shell.parse(j), shell.Opaque)), None)
        kept.append(re.sub(r"[^\n]", " ", part) if whole is None else whole)
        while whole is not None and len(part) < len(whole):
            part += parts.pop()
    script = shell.parse("".join(kept))
    return None if isinstance(script, shell.Opaque) else script


def _parts(text: str) -> Iterator[tuple[int, int]]:
    """Where the statements of a script stand that begin at the left margin, without gaps."""
    starts = [0]
    at = 0
    document: str | None = None
    for line in text.split("\n"):
        if document is not None:
            document = None if line.strip() == document else document
        else:
            if at and line and not line[0].isspace() and not _INSIDE.match(line):
                starts.append(at)
            found = _DOCUMENT.search(line)
            document = found[1] if found is not None else None
        at += len(line) + 1
    yield from zip(starts, [*starts[1:], len(text)], strict=True)


class _Follower(Walk):
    def __init__(self, script: str | None, source: Source | None) -> None:
        super().__init__()
        self.file = script
        self.source = source
        self.arguments: list[tuple[str | None, ...] | None] = [None]
        self.called: set[str] = set()
        #: Functions of scripts that are read in.
        self.foreign: set[str] = set()
        self.depth = 0
        #: Loops in loops, and functions that call each other, may run without end.
        self.left = _MOST_STEPS

    def uncalled(self, state: State) -> None:
        """Runs the functions that nothing in the script calls: `"$@"` at its end may."""
        for name, function in list(self.functions.items()):
            if name not in self.called and name not in self.foreign:
                self._call(name, function.bodies[0], (), state.copy(), Place(True, False, None))

    def script(self, script: shell.Script, state: State, place: Place) -> None:
        """Scripts are written for the case that all goes well: `cd a && x && cd ..` comes back."""
        self.left -= 1
        if self.left < 0:
            return
        for statement in script.statements:
            if statement.terminator == "&":
                self.apart(statement.node, state, place._replace(fatal=False))
            else:
                here = place._replace(fatal=True, after_failure=False)
                self.node(statement.node, state, here)

    def function(self, unit: shell.Compound, state: State, place: Place) -> None:
        if unit.variable:
            self.functions[unit.variable] = unit

    def loop(self, unit: shell.Compound, state: State, place: Place) -> None:
        items = self._items(unit, state) if unit.kind == "for" and unit.variable else None
        if items is None or len(items) > _MOST_ROUNDS:
            super().loop(unit, state, place)
            return
        assert unit.variable is not None
        for item in items:
            state.assign(unit.variable, item)
            self.script(unit.bodies[0], state, place._replace(conditional=True, fatal=False))

    def _items(self, unit: shell.Compound, state: State) -> list[str] | None:
        if not unit.items:
            return None
        found: list[str] = []
        for word in unit.items:
            fields = self._settled_word(word, state).fields(state.variables)
            if fields is None:
                return None
            found += fields
        return found

    def command(self, command: shell.Command, state: State, place: Place) -> None:
        for word in (*command.words, *(a.word for a in command.assignments if a.word)):
            for body in word.substitutions:
                self.script(body, state.copy(), place._replace(conditional=True, fatal=False))
        command = self._settled(command, state)
        name = command.name
        if name in self.functions and name is not None:
            if _passes_on(self.functions[name]):
                # What it is given is the command that it runs.
                super().command(command._replace(words=command.words[1:]), state, place)
            words = tuple(word.expand(state.variables) for word in command.words[1:])
            count = len(self.found)
            self._call(name, self.functions[name].bodies[0], words, state, place)
            if name in self.foreign:
                # What stands in another file is told where it is called.
                self.found[count:] = [_moved(step, command) for step in self.found[count:]]
        elif name == "shift" and len(command.words) == 1:
            given = self.arguments[-1]
            self.arguments[-1] = given[1:] if given is not None else None
        elif name in (".", "source", "eval"):
            if name != "eval" and len(command.words) > 1:
                self._read_in(command.words[1].expand(state.variables), state)
        else:
            super().command(command, state, place)
        state.variables["PWD"] = state.cwd

    def _call(
        self,
        name: str,
        body: shell.Script,
        words: tuple[str | None, ...],
        state: State,
        place: Place,
    ) -> None:
        self.called.add(name)
        if self.depth > _DEEPEST:
            return
        self.depth += 1
        self.arguments.append(words)
        self.script(body, state, place._replace(fatal=False))
        self.arguments.pop()
        self.depth -= 1

    def _read_in(self, name: str | None, state: State) -> None:
        """Takes over the variables and functions of another script, not its commands."""
        path = shell_path(state.cwd, name)
        data = self.source.read(path) if self.source is not None and path is not None else None
        if data is None or self.depth > 3:
            return
        other = _Follower(path, self.source)
        other.depth = self.depth + 1
        script = _understood(data.decode("utf-8", "replace").replace("\\\n", "  "))
        if script is not None:
            other.script(script, state, Place(False, False, None))
            self.foreign.update(other.functions.keys() - self.functions.keys())
            self.functions = {**other.functions, **self.functions}

    # What a running shell would put in.

    def _settled(self, command: shell.Command, state: State) -> shell.Command:
        # A function that runs its arguments is told by what it is given, where it is called.
        given = (*command.words[:1], *(w for word in command.words[1:] for w in self._given(word)))
        words = tuple(self._settled_word(word, state) for word in given)
        assignments = tuple(
            a._replace(word=self._settled_word(a.word, state)) if a.word else a
            for a in command.assignments
        )
        return command._replace(words=words, assignments=assignments)

    def _given(self, word: shell.Word) -> tuple[shell.Word, ...]:
        """The words that `"$@"` stands for in a function; the word itself where it is another."""
        given = self.arguments[-1]
        if given is None or word.text.strip('"') not in ("$@", "${@}", "$*") or None in given:
            return (word,)
        return tuple(word._replace(parts=(Literal(text or "", True),)) for text in given)

    def _settled_word(self, word: shell.Word, state: State) -> shell.Word:
        if not any(isinstance(part, (Computed, Parameter)) for part in word.parts):
            return word
        bodies = iter(word.substitutions)
        return word._replace(
            parts=tuple(self._settled_part(part, bodies, state) for part in word.parts)
        )

    def _settled_part(self, part: Part, bodies: Iterator[shell.Script], state: State) -> Part:
        value: str | None = None
        if isinstance(part, Parameter):
            # A variable that nobody sets has its default.
            if part.default is not None and part.name not in state.variables:
                value = part.default
        elif isinstance(part, Computed):
            value = self._computed(part.text, bodies, state)
        return part if value is None else Literal(value, True)

    def _computed(self, text: str, bodies: Iterator[shell.Script], state: State) -> str | None:
        if text.startswith(("$(", "`")) and not text.startswith("$(("):
            body = next(bodies, None)
            return self._output(body, state.copy()) if body is not None else None
        if self.file is not None and _THIS_FILE.fullmatch(text):
            return f"{places.ROOT}/{self.file}"
        if self.file is not None and _THIS_DIRECTORY.fullmatch(text):
            return posixpath.dirname(f"{places.ROOT}/{self.file}")
        found = _POSITIONAL.fullmatch(text)
        if found is None:
            return None
        number, given = int(found[1] or found[3]), self.arguments[-1]
        if given is not None and 0 < number <= len(given):
            return given[number - 1]
        return found[2]

    def _output(self, body: shell.Script, state: State) -> str | None:
        """What a command substitution prints, for those that name directories."""
        if len(body.statements) != 1:
            return None
        node = body.statements[0].node
        if isinstance(node, shell.Command):
            return self._printed(self._settled(node, state), state)
        if isinstance(node, shell.List) and set(node.operators) == {"&&"}:
            *before, last = node.items
            for item in before:
                if not isinstance(item, shell.Command) or item.name not in ("cd", "pushd"):
                    return None
                self.silently(item, state)
            if isinstance(last, shell.Command):
                return self._printed(self._settled(last, state), state)
        return None

    def silently(self, command: shell.Command, state: State) -> None:
        """Changes the state as a command does, without telling it as a step."""
        count = len(self.found)
        self.command(command, state, Place(False, False, None))
        del self.found[count:]

    def _printed(self, command: shell.Command, state: State) -> str | None:
        words = [word.expand(state.variables) for word in command.words]
        operands = [word for word in words[1:] if word is None or not word.startswith("-")]
        only = operands[0] if len(operands) == 1 else None
        match command.name:
            case "pwd":
                return state.cwd
            case "dirname" if only:
                return posixpath.dirname(only) or "."
            case "basename" if only:
                return posixpath.basename(only)
            case "echo" if only:
                return only
            case "realpath" | "readlink" | "abspath" if only:
                return resolve(state.cwd, only)
            case "git" if "--show-toplevel" in words:
                return places.ROOT
        return None


def _moved(step: shell.Step, to: shell.Command) -> shell.Step:
    """A step at the place of another command."""
    return replace(step, command=step.command._replace(start=to.start, end=to.end))


def _passes_on(function: shell.Compound) -> bool:
    """Whether a function runs its arguments as a command: `retry docker build .`."""
    first = (command.words[0].text for command in function.bodies[0].commands() if command.words)
    return any(text in ('"$@"', "$@", '"${@}"', "$*") for text in first)


def shell_path(cwd: str | None, name: str | None) -> str | None:
    """A path as a command means it, relative to the repository."""
    return places.inside(resolve(cwd, name))

"""The configuration instructions of a stage, moved to a new stage that replaces it.

ENV, LABEL, EXPOSE, VOLUME, USER, STOPSIGNAL, HEALTHCHECK, ENTRYPOINT and CMD do not reach
the image of another stage, and neither do the ARGs they use (Dockerfile reference, "ARG
scope"): what the image promises is written again, in its own words where they still mean
the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field

from gorewrite.contract import argv_of, build_only, health_argv, runtime_path
from gorewrite.dockerfile import Instruction, Stage, command_of, pairs, variables
from gorewrite.evidence import Unknown
from gorewrite.facts import StageFacts
from gorewrite.stage.commands import last
from gorewrite.stage.images import DEFAULT_PATH
from gorewrite.stage.scope import state_of

#: What writes files, and moves nowhere.
_FILES = frozenset(["RUN", "COPY", "ADD"])
_MOVED = frozenset(
    ["CMD", "ENTRYPOINT", "EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER", "STOPSIGNAL", "VOLUME"]
)


@dataclass
class Moved:
    """What the new stage says.

    lines: the texts of its instructions, in order, each with the node it came from; removed:
    the instructions that the old stage no longer needs; declares: contract fields that
    differ on purpose.
    """

    lines: list[tuple[str, Instruction]] = field(default_factory=list)
    removed: list[Instruction] = field(default_factory=list)
    declares: set[str] = field(default_factory=set)


class CannotMove(Exception):
    """A value that cannot be written in another stage; carries the instruction."""

    def __init__(self, instruction: Instruction, message: str) -> None:
        super().__init__(message)
        self.instruction = instruction


def move(
    stage: StageFacts,
    read_by_program: frozenset[str],
    base_env: Mapping[str, str | None],
    *,
    exec_form: bool,
    program: Callable[[str], str | None],
) -> Moved:
    """The configuration of `stage` (and of the stages it is built on) as new instructions.

    read_by_program: environment variables that the sources read; base_env: what the new
    base image sets; exec_form: whether shell-form commands must become exec form; program:
    first word of a command -> the absolute path to write instead, None to keep it.
    Raises CannotMove.
    """
    return _Mover(stage, read_by_program, base_env, exec_form, program).move()


@dataclass
class _Mover:
    stage: StageFacts
    read: frozenset[str]
    base_env: Mapping[str, str | None]
    exec_form: bool
    program: Callable[[str], str | None]
    moved: Moved = field(default_factory=Moved)
    declared: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)

    def move(self) -> Moved:
        end = self.stage.end
        self.declared = {"PATH", *self.base_env}
        last_run = self._last_run()
        single = {
            key: last(self.stage, key)
            for key in ("CMD", "ENTRYPOINT", "HEALTHCHECK", "STOPSIGNAL", "USER")
        }
        for member in self.stage.lineage:
            own = member is self.stage
            for index, instruction in enumerate(member.stage.instructions):
                keyword = instruction.keyword
                if keyword in _FILES:
                    continue
                if keyword in single and single[keyword] is not instruction:
                    if own and keyword in _MOVED:
                        self.moved.removed.append(instruction)
                    continue
                behind = own and index > last_run
                match keyword:
                    case "ENV":
                        self._env(instruction, behind)
                    case "USER":
                        # Root by default of an argument is whoever a caller says.
                        if end.user not in (None, "", "0", "root") or "$" in instruction.rest:
                            self._copy(instruction)
                        if behind:
                            self.moved.removed.append(instruction)
                    case "CMD" | "ENTRYPOINT":
                        self._command(instruction)
                    case "HEALTHCHECK" if self.exec_form:
                        written = health_check(instruction)
                        self._copy(written or instruction, instruction)
                        self.moved.declares |= {"healthcheck"} if written else set()
                    case _ if keyword in _MOVED:
                        self._copy(instruction)
                    case "SHELL" if not self.exec_form:
                        self._copy(instruction)
                    case "WORKDIR" if end.workdir is None and instruction is end.workdir_from:
                        # A build argument decides it: the new stage asks for the same one.
                        self._copy(instruction)
                if own and keyword in _MOVED:
                    self.moved.removed.append(instruction)
                # With a comment it stays where the comment makes sense.
                plain = keyword in ("WORKDIR", "SHELL") and behind
                if plain and not member.stage.comments_above(instruction):
                    self.moved.removed.append(instruction)
        self._leave_behind(last_run)
        return self.moved

    def _leave_behind(self, last_run: int) -> None:
        """Of the ARGs that only configure the image, removes those that the new stage declares."""
        written = {source for _, source in self.moved.lines}
        instructions = self.stage.stage.instructions
        for index, instruction in enumerate(instructions):
            if instruction.keyword != "ARG" or index < last_run or instruction not in written:
                continue
            names = {name for name, _ in pairs(instruction)}
            stay = (i for i in instructions[index + 1 :] if i not in self.moved.removed)
            if names <= self.declared and not any(names & variables(i.rest) for i in stay):
                self.moved.removed.append(instruction)

    def _last_run(self) -> int:
        """Index of the last instruction that writes files: what stands behind it only
        configures the image."""
        indexes = [
            index
            for index, instruction in enumerate(self.stage.stage.instructions)
            if instruction.keyword in _FILES
        ]
        return indexes[-1] if indexes else -1

    def _copy(self, instruction: Instruction, own: Instruction | None = None) -> None:
        """own: the instruction in whose place this one is written."""
        self._arguments(instruction)
        self.moved.lines.append((text_of(instruction), own or instruction))

    def _arguments(self, instruction: Instruction) -> None:
        """Declares the variables of an instruction that the new stage does not have yet."""
        if instruction.keyword in ("CMD", "ENTRYPOINT", "RUN", "SHELL", "HEALTHCHECK"):
            return  # Not expanded by the builder (Dockerfile reference, "Environment replacement").
        names = variables(instruction.rest)
        if instruction.keyword != "ENV" and (other := self._other_here(names, instruction)):
            raise CannotMove(instruction, f"${other} is another one in the runtime; write it out")
        for name in sorted(names - self.declared, key=instruction.rest.find):
            if not self._unset(name, instruction):
                self._declare(name, instruction)

    def _unset(self, name: str, instruction: Instruction) -> bool:
        """Whether an ENV extends a variable that nobody sets, neither the file nor either base:
        `LD_LIBRARY_PATH=/opt/lib:$LD_LIBRARY_PATH`."""
        if instruction.keyword != "ENV" or not any(key == name for key, _ in pairs(instruction)):
            return False
        state, base = state_of(self.stage, instruction), self.stage.base
        if isinstance(base, Unknown) or not base.known:
            return False
        return not any(name in each for each in (state.env, state.args, self.base_env))

    def _declare(self, name: str, instruction: Instruction) -> None:
        """Declares a variable as it is seen by an instruction."""
        source = self._declaration(name, instruction)
        if source is not None:
            self._argument(name, source)
            return
        value = state_of(self.stage, instruction).env.get(name)
        if value is None:
            raise CannotMove(instruction, f"the value of ${name} is not known; write it out")
        self.moved.lines.append((f"ENV {name}={quote(value)}", instruction))
        self.declared.add(name)

    def _argument(self, name: str, source: Instruction) -> None:
        """Declares an ARG, behind those that its default is made of."""
        self.declared.add(name)
        for key, raw in pairs(source):
            if key != name:
                continue
            for used in sorted(variables(raw or "") - self.declared):
                self._declare(used, source)  # Not what the same ARG says beside it.
            default = f"={raw}" if raw is not None else ""
            self.moved.lines.append((f"ARG {name}{default}", source))

    def _other_here(self, names: Set[str], instruction: Instruction) -> str | None:
        """A variable that the runtime's base image gives another value than the stage does."""
        env = state_of(self.stage, instruction).env
        base = {"PATH": DEFAULT_PATH, **self.base_env}
        for name in sorted(names & base.keys()):
            own = env.get(name)
            if name == "PATH" and own != runtime_path(own):
                return name
            if name not in self.written and own != base[name]:
                return name
        return None

    def _declaration(self, name: str, before: Instruction) -> Instruction | None:
        """The ARG that a variable of an instruction stands for; None for an ENV."""
        for member in self.stage.lineage:
            if before not in member.states:
                continue
            state = member.states[before]
            if name in state.env or name not in state.args:
                return None
            for instruction in member.stage.instructions:
                if instruction is before:
                    break
                if instruction.keyword == "ARG" and any(k == name for k, _ in pairs(instruction)):
                    return instruction
        return None

    def _env(self, instruction: Instruction, behind: bool) -> None:
        end = self.stage.end
        every = [key for key, _ in pairs(instruction)]
        kept = [key for key in every if end.declared.get(key) is instruction and self._needed(key)]
        if kept == every and self._same_meaning(instruction):
            self._arguments(instruction)
            self.moved.lines.append((text_of(instruction), instruction))
        else:
            for key in kept:
                value = runtime_path(end.env.get(key)) if key == "PATH" else end.env.get(key)
                if value is None:
                    raise CannotMove(instruction, f"the value of {key} is not known; write it out")
                self.moved.lines.append((f"ENV {key}={quote(value)}", instruction))
        self.declared |= set(kept)
        self.written |= set(kept)
        if behind:
            self.moved.removed.append(instruction)

    def _needed(self, key: str) -> bool:
        if key == "PATH":
            return runtime_path(self.stage.end.env.get("PATH")) != DEFAULT_PATH
        return not build_only(key) or key in self.read

    def _same_meaning(self, instruction: Instruction) -> bool:
        """Whether an ENV means the same on another base: its variables are only ARGs, ENVs
        written before it, what both bases give one value, or the PATH that is extended."""
        names = variables(instruction.rest)
        for name in names:
            source = self._declaration(name, instruction)
            if source is None and not (name in self.declared or self._unset(name, instruction)):
                return False
        extended = {"PATH"} if all(key == "PATH" for key, _ in pairs(instruction)) else set()
        return self._other_here(names - extended, instruction) is None

    def _command(self, instruction: Instruction) -> None:
        command = command_of(instruction)
        words = argv_of(command)
        has_entrypoint = last(self.stage, "ENTRYPOINT") is not None
        if instruction.keyword == "CMD" and has_entrypoint and isinstance(command, str):
            words = None  # `/bin/sh -c …` are words that the ENTRYPOINT is given.
        is_program = instruction.keyword == "ENTRYPOINT" or not has_entrypoint
        path = self.program(words[0]) if words and is_program else None
        text = text_of(instruction)
        first = re.escape(words[0]) if words else ""
        found = re.search(rf"(?<!\S){first}(?!\S)", instruction.rest) if path else None
        if isinstance(command, str) and not self.exec_form and (path is None or found):
            if words and path and found:  # Not where the word is quoted.
                start = instruction.rest_start + found.start()
                text = text_of(instruction.edit((start, start + len(words[0]), path)))
                self.moved.declares |= {instruction.keyword.lower()}
        elif words:
            if path is not None:
                words = (path, *words[1:])
            if words != command:
                array = json.dumps(list(words), ensure_ascii=False)
                keyword = instruction.source.split(None, 1)[0]
                self.moved.lines.append((f"{keyword} {array}", instruction))
                self.moved.declares |= {instruction.keyword.lower()}
                return
        self.moved.lines.append((text, instruction))


def extend_path(moved: Moved, directories: Sequence[str], stage: Stage) -> None:
    """Adds an ENV that puts directories in front of PATH, ahead of the commands."""
    commands = ("HEALTHCHECK", "ENTRYPOINT", "CMD")
    places = (n for n, (_, at) in enumerate(moved.lines) if at.keyword in commands)
    if directories:
        text = f"{stage.cased('ENV')} PATH={':'.join(directories)}:$PATH"
        moved.lines.insert(next(places, len(moved.lines)), (text, stage.from_))


def health_check(instruction: Instruction) -> Instruction | None:
    """A HEALTHCHECK in shell form as JSON; None where it is no shell form of plain words."""
    words = health_argv(instruction) if instruction.json is None else None
    if not words:
        return None
    end = instruction.rest_start + len(instruction.rest)
    start = end - len(instruction.reading.health_type[1])
    return instruction.edit((start, end, json.dumps(list(words), ensure_ascii=False)))


def text_of(instruction: Instruction) -> str:
    """An instruction's own text with "\\n" line ends and without the last one."""
    return instruction.source.replace("\r\n", "\n").rstrip("\n")


def quote(value: str) -> str:
    """A value for `ENV KEY=value`: quoted when it needs it, `$` escaped."""
    if re.fullmatch(r"[\w./:@%+,=-]*", value) and value:
        return value
    escaped = re.sub(r'([\\"$])', r"\\\1", value)
    return f'"{escaped}"'

"""Where a RUN is carried on: in the layout its author uses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gorewrite import shell
from gorewrite.dockerfile import CommentLine, Instruction, Text
from gorewrite.evidence import Unknown
from gorewrite.stage.runs import Run

_CARRIED_ON = re.compile(r"\\[ \t]*\r?\n([ \t]+)(?=[^\s#])")


class Layout(NamedTuple):
    """How the lines of a continued RUN are written.

    trailing: `&& \\` ends a line, rather than `&&` beginning one; indent: of the lines that
    carry an instruction on.
    """

    trailing: bool
    indent: str

    @classmethod
    def of(cls, instructions: Iterable[Instruction]) -> Layout:
        """The layout of some instructions; `    && ` where they are of one line each."""
        source = "".join(instruction.source for instruction in instructions)
        trailing = re.search(r"&&[ \t]*\\\r?\n", source)
        leading = re.search(r"\n[ \t]*&&", source)
        indents = _CARRIED_ON.findall(source)
        return cls(bool(trailing and not leading), min(indents, key=len, default="    "))

    def carried_on(self, command: str, comments: Sequence[str] = (), operator: str = "&&") -> str:
        """The text that joins `command` to what stands before, comment lines above it.

        operator: "&&", or ";" which always ends a line.
        """
        ends = f" {operator}" if self.trailing and operator == "&&" else operator.strip("&")
        begins = "" if self.trailing or operator == ";" else "&& "
        lines = "".join(f"{self.indent}{comment}\n" for comment in comments)
        return f"{ends} \\\n{lines}{self.indent}{begins}{command}"


def commands_of(instruction: Instruction) -> tuple[list[str], str]:
    """(comments before the first command, the commands as written) of a RUN."""
    start = instruction.rest_start
    end = start + len(instruction.rest)
    comments: list[str] = []
    pieces: list[str] = []
    at = 0
    for part in instruction.parts:
        if isinstance(part, Text):
            pieces.append(part.text[max(start - at, 0) : max(end - at, 0)])
            at += len(part.text)
        elif start < at < end:
            pieces.append(part.text)
        elif isinstance(part, CommentLine):
            comments.append(part.text.strip())
    return comments, "".join(pieces)


def appended(run: Run, command: str) -> Instruction | Unknown:
    """The RUN with a command behind its last one, which runs when all before has succeeded.

    Unknown with the reason where that cannot be had without a change of what came before: under
    `set -e`, whatever stands left of `&&` no longer stops at a failure inside it (POSIX 2.8.1).
    """
    assert not isinstance(run.script, Unknown)
    last = run.script.statements[-1]
    node = last.node
    if last.terminator == "&":
        return Unknown("its last command runs in the background")
    if any(r.body is not None for unit in run.script.units() for r in unit.redirects):
        return Unknown("it has a heredoc inside")
    layout = Layout.of((run.instruction,))
    if _errexit(run.script):
        if run.form == "heredoc":
            end = run.text.find("\n", node.end)
            return run.rewrite([(end, end, f"\n{command}")])
        return run.rewrite([(node.end, node.end, layout.carried_on(command, operator=";"))])
    items = node.items if isinstance(node, shell.List | shell.Pipeline) else (node,)
    plain = all(isinstance(item, shell.Command | shell.Pipeline) for item in items)
    ends = items[-1]
    leaves = isinstance(ends, shell.Command) and ends.name in ("exec", "exit")
    if not plain or leaves or any(_function(unit) for unit in run.script.units()):
        return Unknown("its last command is not a plain one")
    return run.rewrite([(node.end, node.end, layout.carried_on(command))])


def _function(unit: object) -> bool:
    return isinstance(unit, shell.Compound) and unit.kind == "function"


def _errexit(script: shell.Script) -> bool:
    """Whether the script begins with `set -e`, alone or with other letters."""
    first = script.statements[0].node
    if isinstance(first, shell.List) and set(first.operators) == {"&&"}:
        first = first.items[0]
        if len(script.statements) == 1:
            return False  # `set -e && …` is one list: carry that on.
    return (
        isinstance(first, shell.Command)
        and first.name == "set"
        and any(re.match(r"-[a-z]*e", argument or "") for argument in first.argv[1:])
    )

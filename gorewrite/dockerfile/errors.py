"""What is raised when a text is no Dockerfile."""

from __future__ import annotations


class ParseError(ValueError):
    """BuildKit's parser would reject the text.

    line: 1-based line the problem was met on (the first line of the instruction).
    problem: one short sentence, in BuildKit's words where it has any.
    """

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(line, problem)
        self.line = line
        self.problem = problem

    def __str__(self) -> str:
        return f"line {self.line}: {self.problem}"


class ArgumentError(ValueError):
    """The arguments of one instruction are wrong; the parser adds the line."""

"""One command as it would run: where, with which variables, and behind which wrapper."""

from __future__ import annotations

import posixpath
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from gorewrite.memo import cached_property
from gorewrite.shell.nodes import Assignment, Command, Compound, Literal, Word


@dataclass(frozen=True)
class Step:
    """A simple command in the state it is started in.

    cwd: the absolute working directory; None when not known.
    env: the environment of the process: what was exported before, and the command's own
         assignments. None for a variable whose value is not known.
    conditional: it may not run although the whole script succeeds: right of `||`, right of `&&`
         where a failure on the left is not fatal, inside of if, case, a loop or a function.
    loop: the innermost `for`, `while` or `until` around it; the loop variable is None in
         `variables`, put each of `loop.items` there to enumerate.
    variables: what `$X` in the command's words stands for, exported or not. Its own assignments
         are not visible there (POSIX 2.9.1). "" for a variable that was unset.
    sourced: something before may have set any variable: `.`, `source`, `eval`.
    """

    command: Command
    cwd: str | None
    env: Mapping[str, str | None]
    conditional: bool
    loop: Compound | None
    variables: Mapping[str, str | None]
    sourced: bool = False

    @cached_property
    def memory(self) -> dict[Hashable, Any]:
        """See gorewrite.memo."""
        return {}

    @cached_property
    def argv(self) -> tuple[str | None, ...]:
        """The command's words expanded and split; None for one (or several) not known."""
        return self.argv_with({})

    def argv_with(self, more: Mapping[str, str | None]) -> tuple[str | None, ...]:
        """`argv` with `more` variables, such as one round's value of a loop variable."""
        variables = {**self.variables, **more} if more else self.variables
        found: list[str | None] = []
        for word in self.command.words:
            fields = word.fields(variables)
            found.extend((None,) if fields is None else fields)
        return tuple(found)

    @cached_property
    def unmatched(self) -> tuple[str | None, ...]:
        """`argv` where no file matches a pattern, which is passed on as it is written then:
        `curl=8.*` of `apt-get install`."""
        words = (word._replace(globs=False) for word in self.command.words)
        command = self.command._replace(words=tuple(words))
        return replace(self, command=command).argv

    @cached_property
    def _inner(self) -> Step | None:
        """The step without its wrappers; None when it has none."""
        return _without_wrappers(self)

    def path(self, name: str | None) -> str | None:
        """`name`, as this command would resolve it, as an absolute normal path; None unknown."""
        return resolve(self.cwd, name)


def resolve(cwd: str | None, name: str | None) -> str | None:
    """`name` relative to `cwd` as an absolute path without `.` and `..`; None if not known."""
    if not name:
        return None
    if not name.startswith("/"):
        if cwd is None:
            return None
        name = f"{cwd}/{name}"
    return "/" + posixpath.normpath(name).lstrip("/")


# Options of the wrappers that take a value as the next word (GNU coreutils 9.5, sudo 1.9,
# busybox 1.37, util-linux 2.40 manual pages). Any option not named here ends the search.
WITH_VALUE: dict[str, frozenset[str]] = {
    "env": frozenset({"-u", "-C", "--unset", "--chdir"}),
    "time": frozenset({"-f", "-o", "--format", "--output"}),
    "nice": frozenset({"-n", "--adjustment"}),
    "ionice": frozenset({"-c", "-n", "--class", "--classdata"}),
    "exec": frozenset({"-a"}),
    "sudo": frozenset({"-u", "-g", "-C", "-h", "-p", "-D", "--user", "--group", "--chdir"}),
    "command": frozenset(),
    "builtin": frozenset(),
    "nohup": frozenset(),
    "setsid": frozenset(),
    "stdbuf": frozenset({"-i", "-o", "-e", "--input", "--output", "--error"}),
    "timeout": frozenset({"-k", "-s", "--kill-after", "--signal"}),
}
_WITHOUT_VALUE: dict[str, frozenset[str]] = {
    "env": frozenset({"-i", "-", "-v", "--ignore-environment", "--debug"}),
    "time": frozenset({"-p", "-v", "-a", "--portability", "--verbose", "--append"}),
    "ionice": frozenset({"-t", "--ignore"}),
    "exec": frozenset({"-c", "-l"}),
    "sudo": frozenset({"-E", "-H", "-n", "-S", "--preserve-env", "--set-home", "-k", "-b"}),
    "command": frozenset({"-p"}),
    "setsid": frozenset({"-c", "-f", "-w", "--ctty", "--fork", "--wait"}),
    "timeout": frozenset({"-v", "--foreground", "--preserve-status", "--verbose"}),
}


#: A script itself, and what it is given.
_OWN = frozenset({"$0", "$@"})


def unwrap(command: Command) -> tuple[int, ...]:
    """The index, as a tuple of one, of the first word of the command that really runs.

    It stands behind `env A=b`, `time`, `nice`, `exec`, `sudo`, `command`, `nohup`, `timeout` and
    the like, any number of them: 3 for `time env A=b go build`. (0,) when there is no wrapper,
    or when a wrapper is used in a way that is not known here, so that the wrapper itself is
    what the caller sees. `sh -c` and `xargs` are no wrappers.
    """
    layers = _layers(command.words)
    return (layers[-1][2] if layers else 0,)


def wrappers(command: Command) -> tuple[str, ...]:
    """The names of the wrappers that `unwrap` takes off: ("time", "env") of `time env A=b go`."""
    return tuple(name for name, _, _ in _layers(command.words))


def _layers(words: tuple[Word, ...]) -> list[tuple[str, int, int]]:
    """The wrappers: (name, index of its first argument, index of the command it runs)."""
    found: list[tuple[str, int, int]] = []
    at = 0
    while True:
        name = (words[at].value or "").rpartition("/")[2] if at < len(words) else ""
        if name not in WITH_VALUE:
            return found
        behind = _behind_options(name, words, at + 1)
        if behind is None:
            return []
        found.append((name, at + 1, behind))
        at = behind


def _behind_options(name: str, words: tuple[Word, ...], at: int) -> int | None:
    """The index of the first word that is neither option nor operand of the wrapper `name`."""
    while at < len(words):
        text = words[at].value
        if text is None or not text.startswith("-"):
            break
        at += 1
        if text == "--":
            break
        if text in WITH_VALUE[name]:
            at += 1
        elif text not in _WITHOUT_VALUE.get(name, frozenset()) and not _joined(name, text):
            return None
    if name == "timeout":
        at += 1
        own = [word.text.strip('"') in _OWN for word in words[at : at + 2]]
        at += own == [False, True] and words[at].value is None  # `timeout $OPTION $DURATION "$@"`
    while name in {"env", "sudo"} and at < len(words) and _assigned(words[at]):
        at += 1
    return at if at < len(words) else None


def _joined(name: str, text: str) -> bool:
    """True for an option with its value in the same word: `--chdir=/x`, `-n5`, `-5` of nice."""
    if text.startswith("--"):
        option, equals, _ = text.partition("=")
        return bool(equals) and (option in WITH_VALUE[name] or option == "--preserve-env")
    return text[:2] in WITH_VALUE[name] or (name == "nice" and text[1:].isdigit())


def _assigned(word: Word) -> str | None:
    """The name in `NAME=value` as an argument of env, else None."""
    name, equals, _ = word.text.partition("=")
    return name if equals and name.isidentifier() and name.isascii() else None


def unwrapped(step: Step) -> Step:
    """The step with its wrappers taken off: words, environment and directory are those of the
    command that really runs. `env A=b go build` becomes `go build` with A in `env` and among
    the command's assignments (with the span of the word it came from).
    """
    return step._inner or step


def _without_wrappers(step: Step) -> Step | None:
    layers = _layers(step.command.words)
    if not layers:
        return None
    env, cwd = dict(step.env), step.cwd
    assignments = list(step.command.assignments)
    for name, first, behind in layers:
        words = step.command.words[first:behind]
        if name == "sudo":
            # sudoers resets the environment unless told otherwise; what of it stays is not known.
            env = dict.fromkeys(env)
        for word, following in pairwise((*words, None)):
            assert word is not None
            option, _, joined = (word.value or "").partition("=")
            operand = following.expand(step.variables) if following else None
            if option in {"-C", "-D", "--chdir"}:
                cwd = resolve(cwd, joined or operand)
            elif name == "env" and option in {"-i", "-", "--ignore-environment"}:
                env = {}
            elif name == "env" and option in {"-u", "--unset"}:
                env.pop(joined or operand or "", None)
            elif name in {"env", "sudo"} and (variable := _assigned(word)):
                assignment = _as_assignment(variable, word)
                assignments.append(assignment)
                env[variable] = assignment.word.expand(step.variables) if assignment.word else ""
    command = step.command._replace(
        assignments=tuple(assignments), words=step.command.words[behind:]
    )
    return replace(step, command=command, env=env, cwd=cwd)


def _as_assignment(name: str, word: Word) -> Assignment:
    """An argument `NAME=value` of env, read as the assignment it amounts to."""
    skipped = len(name) + 1
    first, *rest = word.parts
    assert isinstance(first, Literal) and not first.quoted
    parts = (Literal(first.value[skipped:]), *rest)
    value = word._replace(text=word.text[skipped:], start=word.start + skipped, parts=parts)
    return Assignment(name, value if value.text else None, word.start, word.end)

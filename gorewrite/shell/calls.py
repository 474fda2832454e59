"""The programs that shell text starts, each with its words, those behind others too.

`timeout 5 find . -exec rm {} +` calls timeout, find and rm. Words are as far known as the text
tells. Builtins: POSIX Shell Command Language 2.14 and XCU 1.6, dash(1), bash(1), busybox ash.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, TypeAlias

from gorewrite.shell.nodes import Command, Compound, Literal, Parameter, Script, Word
from gorewrite.shell.parse import parse
from gorewrite.shell.step import WITH_VALUE

_BUILTINS: Final = frozenset(
    (
        ". : [ [[ alias bg break builtin case cd chdir command continue declare dirs disown "
        "echo eval exec exit export false fc fg getopts hash help history jobs kill let local "
        "popd printf pushd pwd read readonly return set shift shopt source suspend test times "
        "trap true type typeset ulimit umask unalias unset wait"
    ).split()
)
_SHELLS: Final = frozenset({"sh", "ash", "dash", "bash", "zsh", "ksh"})
#: Text that becomes any number of words even in quotes.
_SEVERAL: Final = ("$@", "${@", "[@]", "[*]")


class Some(NamedTuple):
    """An argument that is not known. start: what it begins with; many: it may be any number of
    words, options among them."""

    start: str = ""
    many: bool = False


Argument: TypeAlias = str | Some
ANYTHING: Final = Some(many=True)


class Call(NamedTuple):
    """A command with its arguments. builtin: the shell itself runs it, no file is needed."""

    words: tuple[Argument, ...]
    builtin: bool = False

    @property
    def name(self) -> str | None:
        """The name of the program without its directory, None when it is not known."""
        first = self.words[0]
        return first.rpartition("/")[2] if isinstance(first, str) else None


def is_builtin(command: str) -> bool:
    """Whether a command is a word of the shell itself."""
    return command in _BUILTINS


def calls(script: Script) -> Iterator[Call]:
    """The calls of a script, of what it substitutes and of texts that it hands to other shells.

    A call whose first word is not known stands for any program.
    """
    functions = {
        unit.variable
        for unit in script.units()
        if isinstance(unit, Compound) and unit.kind == "function"
    }
    for body in (script, *script.substitutions()):
        for command in body.commands():
            for call in calls_of(command):
                if call.words[0] not in functions:
                    yield call


def calls_of(command: Command) -> Iterator[Call]:
    """The calls of one command."""
    words = tuple(argument for word in command.words for argument in _arguments(word))
    if words:
        yield from calls_behind(words, in_shell=True)


def calls_behind(words: tuple[Argument, ...], *, in_shell: bool = False) -> Iterator[Call]:
    """The call that some words are, then those that it leads to."""
    call = Call(words, in_shell and isinstance(words[0], str) and is_builtin(words[0]))
    yield call
    name = call.name
    if name in _SHELLS:
        text = command_string(words[1:])
        script = parse(text) if isinstance(text, str) else None
        if isinstance(script, Script):
            yield from calls(script)
        elif text is not None or _reads_input(words[1:]):
            yield Call((ANYTHING,))
    elif call.builtin and name in (".", "source", "eval"):
        yield Call((ANYTHING,))
    elif name == "find":
        for inner in executed_by_find(words)[1]:
            yield from calls_behind(inner)
    elif name is not None and (behind := _behind(name, words)):
        yield from calls_behind(behind, in_shell=name in ("command", "builtin"))


def command_string(arguments: Sequence[Argument]) -> Argument | None:
    """The text that a shell with these arguments is to run; None when it runs a known file or what
    it is sent."""
    found, at = False, 0
    while at < len(arguments):
        word = arguments[at]
        if isinstance(word, Some):
            return word if found and not word.many else ANYTHING
        if word[:1] not in ("-", "+") or word in ("-", "--"):
            break
        found = found or (word[0] == "-" and word[1] != "-" and "c" in word)
        at += 2 if word.endswith(("o", "O")) and not word.startswith("--") else 1
    if not found:
        return None
    at += arguments[at : at + 1] == ("--",)
    return arguments[at] if at < len(arguments) else ANYTHING


def _reads_input(arguments: Sequence[Argument]) -> bool:
    """Whether a shell without a text has no file either, so that it runs what it is sent."""
    return all(isinstance(word, str) and word[:1] in ("-", "+") for word in arguments)


def executed_by_find(
    words: tuple[Argument, ...],
) -> tuple[tuple[Argument, ...], tuple[tuple[Argument, ...], ...]]:
    """The words of find without those of its -exec, and the commands of these."""
    own: list[Argument] = []
    inner: list[tuple[Argument, ...]] = []
    at = 0
    while at < len(words):
        own.append(words[at])
        at += 1
        if own[-1] in ("-exec", "-execdir", "-ok", "-okdir"):
            end = next((n for n in range(at, len(words)) if words[n] in (";", "+")), len(words))
            inner.append(words[at:end])
            at = end + 1
    return tuple(own), tuple(command for command in inner if command)


_OPTIONS: Final = {
    **WITH_VALUE,
    "xargs": frozenset("-a -d -E -I -L -n -P -s".split()),
    "watch": frozenset("-n --interval".split()),
    "chroot": frozenset(),
}


def _behind(name: str, words: tuple[Argument, ...]) -> tuple[Argument, ...]:
    """The command that a program such as timeout or xargs is given; () when there is none."""
    if name not in _OPTIONS:
        return ()
    at = 1
    while at < len(words):
        word = words[at]
        if isinstance(word, Some) or not word.startswith("-"):
            break
        if name == "command" and word in ("-v", "-V"):
            return ()
        at += 2 if word in _OPTIONS[name] else 1
        if word == "--":
            break
    at += name in ("timeout", "chroot")
    while name in ("env", "sudo") and at < len(words) and "=" in _text(words[at]):
        at += 1
    return words[at:]


def _text(argument: Argument) -> str:
    return argument if isinstance(argument, str) else argument.start


def _arguments(word: Word) -> tuple[Argument, ...]:
    """What a word of a command becomes."""
    fields = word.fields({})
    if fields is not None:
        return fields
    start = ""
    for part in word.parts:
        if not isinstance(part, Literal):
            break
        start += part.value
    if all(isinstance(part, Literal) for part in word.parts):
        # A pattern becomes names of files; `*` none that begins like an option, it is hoped.
        for mark in "*?[":
            start = start.partition(mark)[0]
        return (Some(start or "./"),)
    if any(mark in word.text for mark in _SEVERAL):
        return (Some(start, many=True),)
    one = word.text[:1] == '"' or any(isinstance(part, Literal) for part in word.parts)
    one = one or all(isinstance(part, Parameter) and part.quoted for part in word.parts)
    return (Some(start, many=not one),)

"""A shell of few words: what the generated RUNs and scripts are written in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATORS = ("&&", "||", ">>", ";", "|", ">", "<", "\n")
_LOOP = re.compile(r"for (\w+) in ([^;]*); do (.*?);? done", re.DOTALL)


class Unsupported(Exception):
    """Something that this shell does not know: the generator must not write it."""


class Command(NamedTuple):
    """One command. joint: what stands in front of it: "", `&&`, `||`, `;` or `|`; output, input:
    the files of its redirections."""

    joint: str
    words: tuple[str, ...]
    output: str | None = None
    input: str | None = None


def commands(text: str, value: Callable[[str], str]) -> Iterator[Command]:
    """The commands of a script, each expanded when it is asked for: by then the ones before it
    may have run. value: name of a variable -> its value."""
    text = _unrolled(re.sub(r"\\\n", "", text))
    at, joint = 0, ""
    while at < len(text):
        words, files, at, following = _command(text, at, value)
        if words or files:
            yield Command(joint, tuple(words), files.get(">"), files.get("<"))
        joint = ";" if following == "\n" else following


def _unrolled(text: str) -> str:
    def unroll(loop: re.Match[str]) -> str:
        name, words, body = loop.groups()
        each = (re.sub(rf"\$(?:{name}\b|{{{name}}})", word, body) for word in words.split())
        return " && ".join(each)

    return _LOOP.sub(unroll, text)


def _command(
    text: str, at: int, value: Callable[[str], str]
) -> tuple[list[str], dict[str, str], int, str]:
    words: list[str] = []
    files: dict[str, str] = {}
    redirected = ""
    while at < len(text):
        if text[at] in " \t":
            at += 1
        elif text[at] == "#":
            at = (text.find("\n", at) + len(text) + 1) % (len(text) + 1)
        elif operator := next((o for o in _OPERATORS if text.startswith(o, at)), ""):
            at += len(operator)
            if operator not in (">", ">>", "<"):
                return words, files, at, operator
            redirected = operator[0]
        elif text.startswith("2>", at):
            at = at + 2 + len(re.match(r"(?:&1|\S+)", text[at + 2 :])[0])  # type: ignore[index]
        else:
            found, at = _word(text, at, value)
            if redirected:
                files[redirected], redirected = found[0], ""
            else:
                words += found
    return words, files, at, ""


def _word(text: str, at: int, value: Callable[[str], str]) -> tuple[list[str], int]:
    """One word, which an expansion without quotes makes to several, or to none."""
    found, quoted, quote = [""], False, ""
    while at < len(text):
        char = text[at]
        if quote == "'" and char != "'":
            found[-1] += char
            at += 1
        elif char in "'\"" and quote in ("", char):
            quote, quoted = ("", True) if quote else (char, True)
            at += 1
        elif char == "\\":
            found[-1] += text[at + 1 : at + 2]
            at += 2
        elif char == "$" and text.startswith('"$@"', at - 1):
            words = value("@").split("\0") if value("@") else []
            found = words or []
            return found, at + 3
        elif char == "$":
            expanded, at = _expansion(text, at, value)
            if quote:
                found[-1] += expanded
            else:
                pieces = expanded.split()
                found[-1] += pieces[0] if pieces else ""
                found += pieces[1:]
        elif not quote and (char in " \t" or any(text.startswith(o, at) for o in _OPERATORS)):
            break
        elif char == "`":
            raise Unsupported(text)
        else:
            found[-1] += char
            at += 1
    if quote:
        raise Unsupported(f"unclosed quote in {text!r}")
    return ([] if found == [""] and not quoted else found), at


def _expansion(text: str, at: int, value: Callable[[str], str]) -> tuple[str, int]:
    if text.startswith("${", at):
        end = text.index("}", at)
        name, _, default = text[at + 2 : end].partition(":-")
        return value(name) or default, end + 1
    if name := _NAME.match(text, at + 1):
        return value(name[0]), name.end()
    if text[at + 1 : at + 2] in ("(", "?", "#", "*"):
        raise Unsupported(text)
    return "$", at + 1


def substituted(text: str, variables: Mapping[str, str]) -> str:
    """Variables in an instruction (Dockerfile reference, Environment replacement)."""
    out, at = "", 0
    while at < len(text):
        if text[at] == "\\":
            out += text[at + 1 : at + 2]
            at += 2
        elif text[at] == "$":
            expanded, at = _expansion(text, at, lambda name: variables.get(name, ""))
            out += expanded
        else:
            out += text[at]
            at += 1
    return out

"""Plain commands joined with `&&`, which most RUNs are, read without a parser.

Every character in them stands for itself, so that blanks are all the grammar there is. Whatever
else a text holds is left to the parser, whose reading of such a list is the same (tests/shell).
"""

from __future__ import annotations

import re
from typing import Final

from gorewrite.shell.nodes import Command, List, Literal, Script, Statement, Word

# POSIX 2.4 and bash: where a command is expected these are no commands, though
# tree-sitter-bash lets some of them pass.
RESERVED: Final = frozenset(
    """! { } case coproc do done elif else esac fi for function if select then until
    while""".split()
)
_PLAIN: Final = re.compile(r"[A-Za-z0-9_./:@%+,=^& \t-]+")
#: A command's name, and one that the grammar makes a rule of its own for.
_NAME: Final = re.compile(r"[A-Za-z_./][A-Za-z0-9_./-]*")
_DECLARING: Final = frozenset("declare export local readonly typeset unset unsetenv".split())
_WORD: Final = re.compile(r"[^ \t]+")


def plain_list(text: str) -> Script | None:
    """The commands of a plain list; None for every other text."""
    if not _PLAIN.fullmatch(text):
        return None
    commands: list[Command] = []
    words: list[Word] = []
    for found in _WORD.finditer(f"{text} &&"):
        word = found.group()
        if word == "&&":
            name = words[0].text if words else ""
            if name in _DECLARING or not _NAME.fullmatch(name):
                return None
            commands.append(Command((), tuple(words), (), words[0].start, words[-1].end))
            words = []
        elif "&" in word or word[0] == "=" or word in RESERVED:
            return None
        else:
            words.append(Word(word, *found.span(), (Literal(word),)))
    first, last = commands[0], commands[-1]
    operators = ("&&",) * (len(commands) - 1)
    node = List(tuple(commands), operators, first.start, last.end) if operators else first
    return Script((Statement(node, "", node.start, node.end),), (), 0, len(text))

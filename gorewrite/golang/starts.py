"""The programs that a program starts, and what it calls them with."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from gorewrite import shell
from gorewrite.evidence import Unknown
from gorewrite.golang.needs import Mention
from gorewrite.golang.reads import Call, Calls
from gorewrite.golang.texts import Value
from gorewrite.golang.values import Evaluator, Scope

if TYPE_CHECKING:
    from tree_sitter import Node

# (import path, function) -> index of the argument that names the program.
EXECUTES = {
    ("os/exec", "Command"): 0,
    ("os/exec", "CommandContext"): 1,
    ("os/exec", "LookPath"): 0,
    ("golang.org/x/sys/execabs", "Command"): 0,
    ("golang.org/x/sys/execabs", "CommandContext"): 1,
    ("golang.org/x/sys/execabs", "LookPath"): 0,
    ("syscall", "Exec"): 0,
    ("syscall", "ForkExec"): 0,
    ("syscall", "StartProcess"): 0,
    ("golang.org/x/sys/unix", "Exec"): 0,
    ("os", "StartProcess"): 0,
    ("github.com/go-cmd/cmd", "NewCmd"): 0,
    ("github.com/codeskyblue/go-sh", "Command"): 0,
}
_SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh", "ksh"})
_INTERPRETERS = frozenset("python python2 python3 node ruby perl php Rscript".split())
# Programs that read, with a document, what it refers to: pictures, styles, further parts.
_COMPOSERS = frozenset(
    (
        "wkhtmltopdf wkhtmltoimage weasyprint prince chromium chromium-browser google-chrome "
        "pandoc pdflatex xelatex lualatex latexmk typst asciidoctor soffice libreoffice "
        "ansible-playbook"
    ).split()
)
_DOCUMENT = re.compile(r"(?!/tmp/|-|\w+://)\S+\.(?:x?html?|tex|md|rst|adoc|typ|ya?ml)")
# Those that take the words of the command one by one, not in a slice.
_VARIADIC = frozenset({"Command", "CommandContext", "NewCmd"})
# `cmd.Args = append(cmd.Args, …)`: any command of the file may be given more words.
_CHANGED = re.compile(rb"\.Args\s*=(?!=)")
# Commands of git about the repository that they are started in (git(1)); not so where a directory
# is given to commands of the file: `cmd.Dir = checkout`.
_OF_THE_REPOSITORY = frozenset(
    (
        "blame branch describe diff log ls-files ls-tree "
        "rev-list rev-parse shortlog show status tag"
    ).split()
)
_ELSEWHERE = re.compile(rb"\.Dir\s*=|\bDir:|os\s*\.\s*Chdir\b")
# More calls than this are no longer worth telling apart.
_MOST_CALLS = 32


def execute(found: Calls, evaluator: Evaluator, call: Call, index: int) -> None:
    """Note what a call starts. index: of the argument that names the program."""
    if len(call.arguments) <= index:
        return
    program = evaluator.value(call.scope, call.arguments[index])
    if call.scope.declaration.text(call.arguments[index]) == "os.Args[0]":
        program = Value(("/proc/self/exe",), True)  # Itself, wherever that is.
    following = call.arguments[index + 1 :]
    gathered = any(node.type == "variadic_argument" for node in following)
    if not program.exact:
        found.execute(shell.Call((shell.ANYTHING,)), call.place)
    elif call.name == "LookPath":
        for text in program.texts:
            found.execute(shell.Call((text,)), call.place)
    elif call.name in _VARIADIC:
        arguments = [_argument(evaluator, call, node) for node in following]
        if _CHANGED.search(call.scope.file.code):
            arguments.append(((shell.ANYTHING,),))
        for words in _calls(program, arguments):
            started = list(shell.calls_behind(words))
            if len(started) > 1 and gathered:
                # Several slices in one: which word belongs to which command is not known.
                started = [started[0], shell.Call((shell.ANYTHING,))]
            for each in started:
                found.execute(each, call.place)
    else:
        for text in program.texts:
            found.execute(shell.Call((text, shell.ANYTHING)), call.place)
    _given(found, evaluator, call, program, following)
    if program.texts == ("git",) and following and not _ELSEWHERE.search(call.scope.file.code):
        command = evaluator.value(call.scope, following[0]).texts
        if command and _OF_THE_REPOSITORY.issuperset(command):
            # Not every build context has a .git, so it comes with the tree.
            found.read("stat", False, Value((".", ".git"), True), call.place)


def start_command(
    found: Calls, evaluator: Evaluator, scope: Scope, literal: Node, fields: Mapping[str, Node]
) -> None:
    """Note what a literal `exec.Cmd{Path: …, Args: …}` starts; the first of Args is its name."""
    place = scope.declaration.evidence(literal)
    program = evaluator.value(scope, fields.get("Path"))
    given = evaluator.elements(scope, fields.get("Args")).texts[1:] or (shell.ANYTHING,)
    for text in program.texts if program.exact else (shell.ANYTHING,):
        found.execute(shell.Call((text, *given)), place)


def _argument(
    evaluator: Evaluator, call: Call, node: Node
) -> tuple[tuple[shell.Argument, ...], ...]:
    """What an argument can be, each time as words."""
    if node.type == "variadic_argument":
        value = evaluator.elements(call.scope, node.named_child(0))
        return (value.texts if value.exact else (shell.ANYTHING,),)
    value = evaluator.value(call.scope, node)
    if value.exact and value.texts:
        return tuple((text,) for text in value.texts)
    if value.texts or len(value.starts) != 1:
        return ((shell.ANYTHING,),)
    return ((shell.Some(value.starts[0]),),)


def _calls(
    program: Value, arguments: list[tuple[tuple[shell.Argument, ...], ...]]
) -> Iterator[tuple[shell.Argument, ...]]:
    """Every command line that a call can be."""
    chosen = list(itertools.islice(itertools.product(*arguments), _MOST_CALLS + 1))
    if len(chosen) > _MOST_CALLS:
        chosen = [((shell.ANYTHING,),)]
    for text in program.texts:
        for words in chosen:
            yield (text, *itertools.chain.from_iterable(words))


def _given(
    found: Calls, evaluator: Evaluator, call: Call, program: Value, following: list[Node]
) -> None:
    """What a started program gets to see: files, or the script that it is to run."""
    values = [evaluator.value(call.scope, node).texts for node in following]
    for text in itertools.chain.from_iterable(values):
        found.given += (Mention(word, call.place) for word in text.split())
    names = {text.rpartition("/")[2] for text in program.texts}
    if names & _COMPOSERS:
        for text in filter(_DOCUMENT.fullmatch, itertools.chain.from_iterable(values)):
            why = f"what {text} refers to is not known"
            found.dynamic.append(Unknown(why, (call.place,)))
    script = values[0] if values else ()
    if not script or any(text.startswith("-") for text in script):
        return
    if names & _SHELLS:
        for text in script:
            path = text if "/" in text else f"./{text}"
            found.execute(shell.Call((path, shell.ANYTHING)), call.place)
    elif names & _INTERPRETERS:
        why = f"what {script[0]} reads is not known"
        found.dynamic.append(Unknown(why, (call.place,)))

"""Command lines of an image: what they are made of, and which instruction counts."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gorewrite import shell
from gorewrite.dockerfile import Instruction
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import StageFacts
from gorewrite.shell import Call
from gorewrite.shell.nodes import Literal, Parameter, Unit, Word

#: Commands that build, watch or debug: with them the image is a development image.
DEV_TOOLS = frozenset(
    (
        "go air CompileDaemon reflex realize fresh gin dlv gotestsum ginkgo make task mage modd "
        "nodemon watchexec entr wgo gow arelo gaper bee revel buffalo golangci-lint gopls"
    ).split()
)
INIT = frozenset({"tini", "dumb-init", "catatonit", "su-exec", "gosu", "exec"})
SHELLS = frozenset({"sh", "ash", "dash", "bash"})
IDLE = frozenset({"sleep", "tail", "cat", "true", "sh", "ash", "dash", "bash"})
DAEMONS = frozenset({"cron", "crond", "supervisord", "service", "rc-service"})
#: Commands that start another one, which no unwrapping shows.
STARTERS = frozenset({"xargs", "find", "watch", "chroot"})
#: What Compose Watch runs (Compose docs, "Use Compose Watch": the image must have these).
SYNCING = (
    Call(("stat", "-c", "%n", "/")),
    Call(("mkdir", "-p", "/")),
    Call(("rmdir", "/")),
)
#: What a script writes for the words that it was given itself.
GIVEN = ('"$@"', "$@", '"${@}"', "$*", '"$*"')
_ARGUMENTS: Final = frozenset((*GIVEN, *(f"({given})" for given in GIVEN)))
_VARIABLE: Final = re.compile(r'"?\$(?:(\w+)|\{(\w+)(?:\[[@*]\])?\})"?')
#: What it writes for itself.
ITSELF = ('"$0"', "$0", '"${0}"', "${0}")
_SELF: Final = r'"?\$(?:0|\{0\}|BASH_SOURCE|\{BASH_SOURCE(?:\[0\])?\})"?'
#: The directory that a script lies in, as scripts write it, and what follows.
_BESIDE: Final = re.compile(
    rf'"?(?:\$\( *dirname +(?:-- +)?(?:{_SELF}|"?\$\((?:readlink -f|realpath) +{_SELF}\)"?) *\)'
    r'|\$\{(?:0|BASH_SOURCE)%/\*\})"?(/[^"$`]*)?"?'
)
#: Programs that run several others: the image is more than one Go service.
SUPERVISORS = frozenset(
    (
        "supervisord s6-svscan runsvdir nginx foreman overmind pm2 pm2-runtime crond cron systemd "
        "service rc-service init forego goreman hivemind honcho circusd dinit monit multirun"
    ).split()
)


@dataclass
class Entry:
    """What a stage's image runs.

    programs: absolute image paths that are started; scripts: those of them that are shell scripts
    (path -> context path, "" for a heredoc); tools: command -> where it is called; calls: every
    command line, those of other commands too, and where it is; shell: why a shell is needed; bash:
    why it must be bash; looked_up: programs that are found through the PATH of the Go image, by
    others than ENTRYPOINT and CMD; paths: commands of the base image that are called by their
    absolute path; mounted: where scripts run the files of a directory that is mounted; written:
    files that a shell writes, as they are named there; entered: directories that it changes to;
    doubts: what makes it one to review; refusal: (code, message, evidence) when this cannot be
    moved to another image.
    """

    programs: dict[str, Evidence] = field(default_factory=dict)
    scripts: dict[str, str] = field(default_factory=dict)
    tools: dict[str, Evidence] = field(default_factory=dict)
    calls: list[tuple[Call, Evidence]] = field(default_factory=list)
    shell: list[Evidence] = field(default_factory=list)
    bash: list[Evidence] = field(default_factory=list)
    arguments: list[tuple[str, Evidence]] = field(default_factory=list)
    looked_up: dict[str, Evidence] = field(default_factory=dict)
    paths: dict[str, Evidence] = field(default_factory=dict)
    mounted: list[Evidence] = field(default_factory=list)
    written: list[tuple[str, Evidence]] = field(default_factory=list)
    entered: list[tuple[str, Evidence]] = field(default_factory=list)
    doubts: list[Unknown] = field(default_factory=list)
    refusal: tuple[str, str, Evidence] | None = None

    def called(self, calls: Iterable[Call], evidence: Evidence) -> None:
        """Notes command lines."""
        self.calls += ((call, evidence) for call in calls)

    def needs(self, calls: Sequence[Call], evidence: Evidence) -> None:
        """Notes command lines that others run in the container, and their tools."""
        self.called(calls, evidence)
        for call in calls:
            if call.name is not None:
                self.tools.setdefault(call.name, evidence)


def last(stage: StageFacts, keyword: str) -> Instruction | None:
    """The last instruction of a kind in a stage's lineage: the one that counts."""
    found = None
    for member in stage.lineage:
        for instruction in member.stage.instructions:
            if instruction.keyword == keyword:
                found = instruction
            if keyword == "CMD" and instruction.keyword == "ENTRYPOINT" and found is not None:
                # BuildKit dispatchEntrypoint: a CMD of an earlier stage is dropped.
                found = found if found in member.states else None
    return found


def quoted(word: str) -> str:
    """A word as the shell reads it, so that an assignment stays one."""
    name, equals, value = word.partition("=")
    return f"{name}={shell.quote(value)}" if equals and name.isidentifier() else shell.quote(word)


def wrapped(words: Sequence[str]) -> tuple[shell.Command | None, list[str]]:
    """(the words as a command, the command line behind `env A=b`, `nice` …, if any)."""
    script = shell.parse(" ".join(map(quoted, words)))
    command = None if isinstance(script, shell.Opaque) else next(script.commands(), None)
    (first,) = shell.unwrap(command) if command is not None else (0,)
    return command, list(words[first:]) if first else []


def behind_init(words: list[str]) -> list[str]:
    """The command line behind tini, dumb-init, su-exec USER …"""
    name = posixpath.basename(words[0])
    rest = words[1:]
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option == "--":
            break
        if option in ("-p", "-e"):  # tini: signal, exit code
            rest = rest[1:]
    return rest[1:] if name in ("su-exec", "gosu") else rest


def no_service(words: Sequence[str], name: str) -> tuple[str, str] | None:
    """(code, message) where a command that the file does not build is none of a service.

    name: of the program, without its directory.
    """
    if name in DEV_TOOLS or (name == "env" and "go" in words):
        why = f"the image runs {name}, which needs the toolchain and the sources; "
        return "dev-or-test-image", why + "split a production image off it by hand"
    alone = len(words) == 1 or name in ("sleep", "tail", "cat")
    if name in IDLE and alone and "-c" not in words:
        why = f"the image runs only {name}; what it is for is known only to its callers"
        return "no-entrypoint", why
    if name in SUPERVISORS:
        return (
            "multi-process-image",
            f"{name} runs several processes in one image; give each its own",
        )
    return None


def behind_shell(words: Sequence[str]) -> tuple[bool, list[str]]:
    """(whether a shell is given text by `-c`, the words behind its options).

    Options end at the first word that is none; `-o` and `+o` take a word, in a cluster, too.
    """
    rest, text = list(words[1:]), False
    while rest and rest[0][:1] in ("-", "+") and len(rest[0]) > 1:
        option = rest.pop(0)
        if option == "--":
            break
        if not option.startswith("--"):
            text |= "c" in option and option[0] == "-"
            del rest[: option.count("o")]
    return text, rest


def files_of(unit: Unit) -> tuple[list[str], list[str]]:
    """(files that a part of a script reads by itself or that it names in a variable, files that it
    writes), as they are named. Arguments of programs are among the first only where a variable is
    in them: then it is the default of that, and the directory before it.
    """
    targets = [(r.is_output, r.operator, r.target.value) for r in unit.redirects if r.target]
    reads = [path for _, operator, path in targets if path and operator == "<"]
    writes = [path for output, _, path in targets if path and output]
    if isinstance(unit, shell.Command):
        for assigned in (a.word for a in unit.assignments if a.word is not None):
            reads += _texts(assigned)
        for word in unit.words:
            reads += _texts(word) if word.value is None else ()
    words = [word.value for word in unit.words] if isinstance(unit, shell.Command) else []
    match words[:1]:
        case ["[" | "[[" | "test"]:
            reads += [word for word in words[1:] if word]
        case ["export" | "readonly" | "declare" | "typeset" | "local"]:
            reads += [word.partition("=")[2] for word in words[1:] if word]
        case ["touch" | "mkdir" | "tee" | "cp" | "mv" | "ln" | "rm"]:
            writes += [word for word in words[1:] if word]
    return reads, writes


def _texts(word: Word) -> Iterator[str]:
    """What is known of a word: the whole, or the directory it begins with and its defaults."""
    if word.value is not None:
        yield word.value
        return
    if word.text.startswith("("):  # An array.
        yield from (text.strip("\"'") for text in word.text[1:-1].split())
    first = word.parts[0] if word.parts else None
    if isinstance(first, Literal) and "/" in first.value:
        yield first.value.rpartition("=")[2].rpartition("/")[0] + "/"
    for part in word.parts:
        if isinstance(part, Parameter) and part.default:
            yield part.default


def gives_arguments(word: str, text: str) -> bool:
    """Whether a word of a script with that text stands for the words that the script is given:
    `"$@"`, or a variable that it is put in (`cmd="$@"`, `CLI=("$@")`)."""
    found = _VARIABLE.fullmatch(word)
    if found is None:
        return word in GIVEN
    values = re.findall(rf"(?<![\w$]){found[1] or found[2]}=([^\s;]+)", text)
    return bool(values) and _ARGUMENTS.issuperset(values)


def entered(unit: Unit, script: str | None, env: Mapping[str, str | None]) -> str | None:
    """The directory that a command changes to, None for any other one; as it is written where it
    is not known. script: the absolute path of what `$0` is.
    """
    if not isinstance(unit, shell.Command) or unit.name not in ("cd", "pushd"):
        return None
    word = next((w for w in unit.words[1:] if not w.text.startswith("-")), None)
    if word is None:
        return None
    return beside(word.text, script) or word.expand(env) or word.text


def beside(word: str, script: str | None) -> str | None:
    """The path of `"$(dirname "$0")/x"` in a script; None for any other word."""
    found = _BESIDE.fullmatch(word) if script is not None else None
    if found is None or script is None:
        return None
    return posixpath.normpath(posixpath.dirname(script) + (found[1] or ""))


def runs_as_given(word: str, text: str) -> bool:
    """Whether `exec "$@"` of a script runs a command that the image is not seen to hold: not where
    the word is one that the script knows, an option, an address, or where it puts others first."""
    if not re.fullmatch(r"[a-z][\w-]*", word) or re.search(r"\b(?:set +--|shift)\b", text):
        return False
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) is None


def moves(script: shell.Script) -> Iterator[Unit]:
    """The commands of a script that are run one by one, whatever others do: a `cd` among them
    counts for all that follow."""
    for statement in script.statements:
        node = statement.node
        first = node.items[0] if isinstance(node, shell.List) else node
        if isinstance(first, shell.Command) and statement.terminator != "&":
            yield first


def units_in(script: shell.Script) -> Iterator[Unit]:
    yield from script.units()
    for inner in script.substitutions():
        yield from units_in(inner)


def functions_in(script: shell.Script) -> set[str]:
    """The names of the functions that a script declares."""
    nodes = (statement.node for statement in script.statements)
    compounds = (node for node in nodes if isinstance(node, shell.Compound))
    return {c.variable for c in compounds if c.kind == "function" and c.variable}

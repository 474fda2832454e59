"""Command lines of an image: what they are made of, and which instruction counts."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from gorewrite import shell
from gorewrite.dockerfile import Instruction
from gorewrite.evidence import Evidence
from gorewrite.facts import StageFacts
from gorewrite.shell import Call

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
DAEMONS = frozenset({"cron", "crond", "supervisord"})
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
#: Programs that run several others: the image is more than one Go service.
SUPERVISORS = frozenset(
    "supervisord s6-svscan runsvdir nginx foreman overmind pm2 crond cron systemd init".split()
)


@dataclass
class Entry:
    """What a stage's image runs.

    programs: absolute image paths that are started; scripts: those of them that are shell
    scripts from the context (path -> context path); tools: command -> where it is called; calls:
    every command line, those of other commands too, and where it is;
    shell: why a shell is needed; bash: why it must be bash; looked_up: programs that are
    found through the PATH of the Go image, by others than ENTRYPOINT and CMD; refusal: (code,
    message, evidence) when this cannot be moved to another image.
    """

    programs: dict[str, Evidence] = field(default_factory=dict)
    scripts: dict[str, str] = field(default_factory=dict)
    tools: dict[str, Evidence] = field(default_factory=dict)
    calls: list[tuple[Call, Evidence]] = field(default_factory=list)
    shell: list[Evidence] = field(default_factory=list)
    bash: list[Evidence] = field(default_factory=list)
    arguments: list[tuple[str, Evidence]] = field(default_factory=list)
    looked_up: dict[str, Evidence] = field(default_factory=dict)
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


def commands_in(script: shell.Script) -> Iterator[shell.Command]:
    yield from script.commands()
    for inner in script.substitutions():
        yield from commands_in(inner)


def compounds_in(script: shell.Script) -> Iterator[shell.Compound]:
    for statement in script.statements:
        if isinstance(statement.node, shell.Compound):
            yield statement.node

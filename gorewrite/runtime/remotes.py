"""What git and ssh need where a program runs them: ssh itself, known hosts, configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from gorewrite import shell
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import StageFacts
from gorewrite.golang.needs import ProgramNeeds
from gorewrite.shell import Call
from gorewrite.stage.images import Image

if TYPE_CHECKING:
    from gorewrite.runtime.requirements import Requirements

#: Commands of git that talk to another repository (git(1)).
_REMOTE: Final = frozenset(
    ("clone", "fetch", "pull", "push", "ls-remote", "remote", "submodule", "archive", "lfs")
)
#: Where git and ssh look for configuration, credentials and keys (git-config(1), ssh(1)).
_AT_HOME: Final = re.compile(
    r"/\.(?:ssh|netrc|gitconfig|git-credentials|config/git)(?:/|$)|^/etc/(?:gitconfig$|ssh/)"
)

#: Modules that ask there, too.
_ASKING: Final = re.compile(
    r"(?:github\.com/go-git|gopkg\.in/src-d)/go-git\b|github\.com/(?:melbahja/goph|kevinburke/ssh_config)"
)


def settle(needs: Requirements, stage: StageFacts) -> None:
    """Adds ssh for remotes of that kind, which the golang images on Debian have, and a doubt for
    what is left at home."""
    base = stage.base
    had = isinstance(base, Image) and base.family == "golang" and base.libc == "glibc"
    had = had or any(name.startswith("openssh") for name in needs.inventory.packages)
    found = [(call, where) for call, where in needs.calls if call.name == "git"]
    where = needs.tools.get("git") if not found else None
    where = next((where for call, where in found if _may_use_ssh(call)), where)
    if had and where is not None:
        needs.tools.setdefault("ssh", where)
    for path, place in _put_at_home(needs, stage):
        if path is None or not path.endswith("/known_hosts"):
            run = (
                "git or ssh is run" if _runs(needs) else "the program looks for ssh and git at home"
            )
            why = f"{run}, and its configuration stays behind: it may hold secrets"
            needs.doubts.append(Unknown(why, (place,)))
            return


def known_hosts(needs: Requirements, stage: StageFacts) -> dict[str, Evidence]:
    """The files with known hosts, by path: they hold no secret."""
    found = _put_at_home(needs, stage)
    return {path: where for path, where in found if path and path.endswith("/known_hosts")}


def _put_at_home(needs: Requirements, stage: StageFacts) -> Iterator[tuple[str | None, Evidence]]:
    """(path, where) of the files that the build puts where git and ssh look; None for a path that
    is not known. Nothing where the program runs neither."""
    if not (_runs(needs) or any(_asks_at_home(program.needs) for program in needs.programs)):
        return
    for member in stage.lineage:
        for run in member.runs:
            for step in run.steps:
                argv = shell.unwrapped(step).argv
                if argv[:1] in (("mkdir",), ("chmod",), ("chown",)):
                    continue
                where = member.facts.at(run.instruction, None, run.line_at(step.command.start))
                if _configures(argv):
                    yield None, where
                for path in shell.writes(step):
                    if path is not None and _AT_HOME.search(path):
                        yield path, where
    for placed in stage.placed:
        if placed.path is not None and _AT_HOME.search(placed.path):
            yield placed.path, stage.facts.at(placed.instruction)


def _runs(needs: Requirements) -> bool:
    return not {"git", "ssh"}.isdisjoint(needs.tools)


def _asks_at_home(read: ProgramNeeds | Unknown) -> bool:
    """Whether a program looks for what git and ssh keep at home, itself or by a module."""
    if isinstance(read, Unknown):
        return False
    asking = any(map(_ASKING.match, read.modules))
    return asking or any(_AT_HOME.search(f"/{mention.text}") for mention in read.mentions)


def _configures(argv: Sequence[str | None]) -> bool:
    wide = bool({"--global", "--system"} & set(argv))
    return argv[:1] == ("git",) and "config" in argv and wide


def _may_use_ssh(call: Call) -> bool:
    words = iter(call.words[1:])
    for word in words:
        if word in ("-C", "-c", "--git-dir", "--work-tree"):
            next(words, None)
        elif not isinstance(word, str) or word in _REMOTE:
            http = ("http://", "https://")
            return not any(isinstance(word, str) and word.startswith(http) for word in call.words)
        elif not word.startswith("-"):
            return False
    return False

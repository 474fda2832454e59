"""Where the go command keeps its caches, and as which user it writes them.

Rules: `go help environment`, `go help cache`; Go modules reference, "Module cache"; os
`UserCacheDir`. HOME of a container's user comes from /etc/passwd (runc).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from gorewrite import shell
from gorewrite.evidence import Unknown
from gorewrite.facts import StageFacts
from gorewrite.memo import remembered
from gorewrite.shell import UserCommand, user_command
from gorewrite.stage.images import Image
from gorewrite.stage.runs import Run
from gorewrite.stage.scope import State


class Account(NamedTuple):
    """The user of a RUN. gid and home are None when not known; uid 0 is root."""

    uid: int
    gid: int | None
    home: str | None


def account(stage: StageFacts, state: State) -> Account | Unknown:
    """The numeric user of a state: cache mounts take numbers only."""
    if state.user is None:
        return Unknown("the user of the base image is not known")
    return Account(0, 0, "/root") if state.is_root else _account(stage, state.user)


@remembered
def _account(stage: StageFacts, written: str) -> Account | Unknown:
    name, _, group = written.partition(":")
    made = {(command.kind, command.name): command for _, _, command in _accounts(stage)}
    user = made.get(("user", name))
    if name.isdecimal():
        gid = int(group) if group.isdecimal() else None
        return Account(int(name), gid, None)
    if user is None and name == "nobody" and isinstance(stage.base, Image) and stage.base.libc:
        return Account(65534, int(group) if group.isdecimal() else 65534, None)
    if user is None or user.uid is None:
        return Unknown(f"which number user {name} has is not known")
    named = made.get(("group", group or user.group or ""))
    gid = int(group) if group.isdecimal() else named.gid if named is not None else user.gid
    return Account(user.uid, gid, _home(user))


def _home(user: UserCommand) -> str | None:
    if user.home is not None:
        return user.home if user.home.startswith("/") else None
    # Debian's `adduser --system` has had several defaults, none of them a usable directory.
    return None if user.system else f"/home/{user.name}"


def numbered_by(stage: StageFacts, state: State) -> str:
    """The build argument that chooses the number of the user of a state, "" for none: what is
    known of that is its default."""
    texts = [(state.user_from.rest, state)] if state.user_from is not None else []
    texts += [(text, run.state) for run, text, _ in _accounts(stage)]
    for text, seen in texts:
        for name in re.findall(r"\$\{?(\w+)", text):
            if name in seen.args and name not in seen.env:
                return str(name)
    return ""


@remembered
def _accounts(stage: StageFacts) -> tuple[tuple[Run, str, UserCommand], ...]:
    """(RUN, text, meaning) of the commands that make users and groups."""
    found = []
    for member in stage.lineage:
        for run in member.runs:
            for step in run.steps:
                command = user_command(shell.unwrapped(step).argv)
                if command is not None:
                    text = run.text[step.command.start : step.command.end]
                    found.append((run, text, command))
    return tuple(found)


def module_cache(
    stage: StageFacts, state: State, env: Mapping[str, str | None], home: str | None
) -> str | Unknown:
    """The absolute image path of the module cache of a go command.

    env: the environment of the command; home: of its user, when HOME is not in `env`.
    """
    return _known(_Reader(stage, state, env, home).modules)


def build_cache(
    stage: StageFacts, state: State, env: Mapping[str, str | None], home: str | None
) -> str | Unknown:
    """As `module_cache`, of the build cache."""
    return _known(_Reader(stage, state, env, home).build)


def _known(read: Callable[[], str]) -> str | Unknown:
    try:
        return read()
    except _NotKnown as reason:
        return Unknown(str(reason))


class _NotKnown(Exception):
    pass


class _Reader:
    def __init__(
        self, stage: StageFacts, state: State, env: Mapping[str, str | None], home: str | None
    ) -> None:
        base = stage.base
        self.base = base if isinstance(base, Image) and base.configured else None
        self.state = state
        self.env = env
        self.user_home = home

    def home(self, wanted: str) -> str:
        """The home directory, for a cache that no variable names."""
        found = self.value("HOME") or self.user_home
        if not found:
            raise _NotKnown(f"neither {wanted} nor the home directory of the user is known")
        return found

    def value(self, name: str) -> str:
        """The value of a variable, "" when it is not set."""
        if name not in self.env:
            if self.base is None:
                raise _NotKnown(
                    "what the base image sets is not known; set GOMODCACHE and GOCACHE with ENV"
                )
            return ""
        value = self.env[name]
        if value is None or (name in self.state.args and name not in self.state.env):
            raise _NotKnown(f"the value of {name} is not known")
        return value

    def modules(self) -> str:
        """GOMODCACHE, else pkg/mod in the first directory of GOPATH, else of HOME/go."""
        named = self.value("GOMODCACHE")
        if named:
            return _absolute("GOMODCACHE", named)
        gopath = self.value("GOPATH").partition(":")[0]
        if not gopath:
            gopath = posixpath.join(self.home("GOPATH"), "go")
        return posixpath.join(_absolute("GOPATH", gopath), "pkg/mod")

    def build(self) -> str:
        """GOCACHE, else go-build in XDG_CACHE_HOME, else in HOME/.cache."""
        named = self.value("GOCACHE")
        if named:
            return _absolute("GOCACHE", named)
        top = self.value("XDG_CACHE_HOME")
        if not top:
            top = posixpath.join(self.home("GOCACHE"), ".cache")
        return posixpath.join(_absolute("XDG_CACHE_HOME", top), "go-build")


_SPECIAL = frozenset(" ,\"'$\\")


def _absolute(name: str, path: str) -> str:
    """A clean absolute path that can stand in a mount flag."""
    if not path.startswith("/") or not _SPECIAL.isdisjoint(path):
        raise _NotKnown(f"{name} is {path}, which is no plain absolute path")
    return posixpath.normpath(path)

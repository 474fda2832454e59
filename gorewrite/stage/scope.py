"""ENV, ARG, WORKDIR, USER and SHELL as each instruction of a stage sees them.

Rules: Dockerfile reference, "Environment replacement", "ARG scope", "WORKDIR"; a stage
starts with the configuration of its base, whether that is an image or an earlier stage.
"""

from __future__ import annotations

import posixpath
from collections import ChainMap
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from gorewrite.dockerfile import Instruction, expand, pairs
from gorewrite.golang.goenv import seen_by_go
from gorewrite.memo import remembered
from gorewrite.stage.images import Image
from gorewrite.versions import Versions

if TYPE_CHECKING:
    from gorewrite.facts import StageFacts

DEFAULT_SHELL = ("/bin/sh", "-c")

#: Variables that only steer a build (Go's `go help environment`, apt, C compilers). They
#: stay behind with the toolchain unless the program itself reads them.
BUILD_ONLY = frozenset(
    [
        "CGO_ENABLED",
        "GOOS",
        "GOARCH",
        "GOARM",
        "GOAMD64",
        "GOFLAGS",
        "GO111MODULE",
        "GOPROXY",
        "GOPRIVATE",
        "GONOSUMDB",
        "GONOSUMCHECK",
        "GONOPROXY",
        "GOSUMDB",
        "GOINSECURE",
        "GOVCS",
        "GOCACHE",
        "GOMODCACHE",
        "GOPATH",
        "GOBIN",
        "GOROOT",
        "GOTOOLCHAIN",
        "GOEXPERIMENT",
        "GOWORK",
        "GOAUTH",
        "GOTMPDIR",
        "GOENV",
        "GOLANG_VERSION",
        "DEBIAN_FRONTEND",
        "CC",
        "CXX",
        "AR",
        "PKG_CONFIG",
        "PKG_CONFIG_PATH",
    ]
)


@dataclass(frozen=True, eq=False)
class State:
    """The configuration in force at one point of a stage.

    env: variable -> value, None when it is set but its value is not known.
    declared: variable -> the ENV instruction of this Dockerfile that set it last.
    args: ARGs in scope -> default value, None without a (known) default.
    workdir, user: None when not known (an unknown base image).
    stored: setting -> value, as `go env -w` left it for this user; None when it is not known.
    user_from, workdir_from: the instruction that set it, None when the base did.
    memory: see gorewrite.memo.
    """

    env: Versions[str | None] = field(default_factory=lambda: Versions({}))
    declared: Versions[Instruction] = field(default_factory=lambda: Versions({}))
    args: Versions[str | None] = field(default_factory=lambda: Versions({}))
    stored: Versions[str | None] = field(default_factory=lambda: Versions({}))
    workdir: str | None = None
    workdir_from: Instruction | None = None
    user: str | None = None
    user_from: Instruction | None = None
    shell: tuple[str, ...] = DEFAULT_SHELL
    memory: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of_image(cls, image: Image) -> State:
        """The state right after `FROM image`."""
        return cls(env=Versions(image.env), workdir=image.workdir, user=image.user)

    def changed(self, **fields: Any) -> State:
        """A copy with some fields replaced and nothing remembered. (dataclasses.replace takes
        longer than all else that an ENV costs.)"""
        made = State.__new__(State)
        vars(made).update(vars(self), memory={}, **fields)
        return made

    def lookup(self, name: str) -> str | None:
        """The value of a variable; None when not known, also of one that nothing here sets: the
        base image may."""
        if name in self.env:
            return self.env[name]
        if name in self.args:
            return self.args[name]
        return None

    def expand(self, raw: str) -> str | None:
        """`raw` with quotes removed and variables put in; None when one is not known."""
        return expand(raw, self.lookup)

    def path(self, raw: str) -> str | None:
        """An absolute, normalised path for a destination in this state."""
        value = self.expand(raw)
        if value is None:
            return None
        return join(self.workdir, value)

    @property
    def shell_env(self) -> Mapping[str, str | None]:
        """What a RUN's shell sees: ARGs below ENVs, below them the HOME of root. That of another
        user is in /etc/passwd (runc)."""
        return ChainMap(cast(Any, self.env), cast(Any, self.args), cast(Any, self.implied))

    @property
    def go_env(self) -> Mapping[str, str | None]:
        """The settings that a go command of a RUN sees."""
        return seen_by_go(self.shell_env, self.stored)

    @property
    def implied(self) -> dict[str, str | None]:
        """What the builder sets by itself: HOME, as far as the user is known."""
        return {"HOME": "/root"} if self.is_root else {}

    @property
    def posix_shell(self) -> bool:
        """Whether shell-form commands are read by a POSIX shell."""
        name = self.shell[0].replace("\\", "/").rpartition("/")[2] if self.shell else ""
        return name in ("sh", "bash", "ash", "dash", "ksh", "zsh", "busybox")

    @property
    def is_root(self) -> bool | None:
        """Whether the user is root; None when not known."""
        return is_root(self.user)


@lru_cache(maxsize=64)
def is_root(user: str | None) -> bool | None:
    """Whether a USER is root; None when not known."""
    return None if user is None else user.partition(":")[0] in ("", "0", "root")


@lru_cache(maxsize=4096)
def join(workdir: str | None, path: str) -> str | None:
    """`path` made absolute against `workdir`; None when that is needed and not known."""
    if not path.startswith("/"):
        if workdir is None:
            return None
        path = f"{workdir}/{path}"
    return posixpath.normpath("/" + path.lstrip("/"))


class Outside(NamedTuple):
    """Where ARG takes values from, besides its own default.

    given: what a caller sets, None for what is not plain; globals: the ARGs before the first FROM.
    """

    given: Mapping[str, str | None]
    globals: Mapping[str, str | None]


def after(state: State, instruction: Instruction, outside: Outside) -> State:
    """The state after an instruction."""
    if instruction.keyword not in CONFIGURING:
        return state
    # Asked of each instruction whenever facts are new, so it is remembered by hand.
    key: Hashable = instruction
    if instruction.keyword == "ARG" and (outside.given or outside.globals):
        key = (instruction, *outside.given.items(), None, *outside.globals.items())
    known: State | None = state.memory.get(key)
    if known is None:
        known = state.memory[key] = _after(state, instruction, outside)
    return known


@remembered
def stage_on(state: State) -> State:
    """The state right after a FROM that names a stage with this state at its end."""
    # ARGs do not cross FROM (Dockerfile reference, "Scope").
    return state.changed(args=Versions({}))


#: What `after` knows.
CONFIGURING = frozenset(["ENV", "ARG", "WORKDIR", "USER", "SHELL"])


def _after(state: State, instruction: Instruction, outside: Outside) -> State:
    match instruction.keyword:
        case "ENV":
            env = {key: state.expand(raw or "") for key, raw in pairs(instruction)}
            declared = dict.fromkeys(env, instruction)
            return state.changed(
                env=state.env.updated(env), declared=state.declared.updated(declared)
            )
        case "ARG":
            # A bare ARG takes the global default of the same name.
            args = {
                key: outside.globals.get(key) if raw is None else state.expand(raw)
                for key, raw in pairs(instruction)
            }
            args |= {key: outside.given[key] for key in args.keys() & outside.given.keys()}
            return state.changed(args=state.args.updated(args))
        case "WORKDIR":
            return state.changed(workdir=state.path(instruction.rest), workdir_from=instruction)
        case "USER":
            user = state.expand(instruction.rest)
            # What is stored, is so below the home of the user.
            same = user == state.user or (is_root(user) and state.is_root)
            stored = state.stored if same else Versions({})
            return state.changed(user=user, user_from=instruction, stored=stored)
    return state.changed(shell=instruction.json or ())  # SHELL


def state_of(stage: StageFacts, instruction: Instruction) -> State:
    """The state before an instruction of a stage or of one that it is built on."""
    return next(m.states[instruction] for m in stage.lineage if instruction in m.states)

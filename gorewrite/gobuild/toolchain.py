"""The Go toolchain as one `go` command finds it: its version, a C compiler, cgo on or off.

Rules: cmd/go `internal/cfg` (CGO_ENABLED counts when it is 0 or 1, else cgo is on for a native
build); https://go.dev/doc/go1.20#cgo (off without a C compiler); docker-library/golang: the
Debian images have gcc, the alpine ones have none.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import NamedTuple

from gorewrite import shell
from gorewrite.dockerfile import Instruction, pairs
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import StageFacts
from gorewrite.golang.versions import GoVersion, parse_version, supports
from gorewrite.memo import remembered
from gorewrite.stage.images import Image
from gorewrite.stage.packages import bare_name
from gorewrite.stage.runs import Invocation, Run


class CgoSetting(NamedTuple):
    """Whether cgo is on for a command.

    value: None when it cannot be told. explicit: CGO_ENABLED is set, be it to an unknown value.
    assumed: it is the default of an ARG, so that a caller may choose otherwise.
    """

    value: bool | None
    because: Evidence
    explicit: bool = False
    assumed: bool = False


def go_version(stage: StageFacts, invocation: Invocation | None = None) -> GoVersion | None:
    """The Go version of a stage, the least it can be; None when it is not known.

    The image's tag tells; for another image the `go` line of the command's go.mod does.
    """
    base = stage.base
    if isinstance(base, Image) and base.go is not None:
        return base.go.version
    module = stage.module_of(invocation) if invocation is not None else None
    return parse_version(module.go) if module is not None and module.go else None


@remembered
def cgo_setting(stage: StageFacts, invocation: Invocation) -> CgoSetting:
    """Whether cgo is on for a `go build` or `go install` of the stage or of its parents."""
    env = invocation.go.env
    if invocation.step.sourced:
        return CgoSetting(None, at(stage, invocation), explicit=True)
    if "CGO_ENABLED" in env:
        value = env["CGO_ENABLED"]
        if value is None or value in ("0", "1"):
            where, assumed = _where_set(stage, invocation, value)
            return CgoSetting(None if value is None else value == "1", where, True, assumed)
    return _default(stage, invocation)


def _default(stage: StageFacts, invocation: Invocation) -> CgoSetting:
    """cgo when nobody sets it."""
    env = invocation.go.env
    place = at(stage, invocation)
    goos, goarch = env.get("GOOS", "linux"), env.get("GOARCH", "")
    if goos not in ("linux", "", None):
        return CgoSetting(False, place)
    compiler, where = c_compiler(stage, invocation)
    if compiler is False:
        auto = supports(go_version(stage, invocation), "cgo-auto")
        text = f"{where.text}; without a C compiler Go 1.20 and newer leave cgo off"
        if auto is None:
            return CgoSetting(None, where)
        return CgoSetting(not auto, Evidence(where.path, where.line, text) if auto else where)
    if goarch != "" or goos is None:
        return CgoSetting(None, place)  # Off when cross-compiling, which the builder decides.
    return CgoSetting(compiler, where)


def _where_set(
    stage: StageFacts, invocation: Invocation, value: str | None
) -> tuple[Evidence, bool]:
    """Where CGO_ENABLED gets its value, and whether that is only an ARG's default."""
    facts, state, text = stage.facts, invocation.run.state, invocation.run.text
    found = text.find("CGO_ENABLED")
    if found < 0 and state.go_env.get("CGO_ENABLED", "") == value:
        declared = state.declared.get("CGO_ENABLED")
        if declared is not None:
            return facts.at(declared), False
        for member in stage.lineage:
            for instruction in member.stage.instructions:
                if instruction.keyword == "ARG" and "CGO_ENABLED" in dict(pairs(instruction)):
                    return facts.at(instruction), True
        for run in (run for member in stage.lineage for run in member.runs):
            if "CGO_ENABLED" in run.body.commands.stored:
                return facts.at(run.instruction), False
    offset = invocation.run.line_at(found) if found >= 0 else invocation.line_offset
    line = text[max(found, 0) :].split(maxsplit=1)[0].rstrip(";&")
    assumed = value is None or state.args.get("CGO_ENABLED") == value
    assumed = assumed and "CGO_ENABLED" not in state.env
    return facts.at(invocation.run.instruction, line, offset), assumed


@remembered
def at(stage: StageFacts, invocation: Invocation) -> Evidence:
    """The go command as evidence, its own line."""
    words = invocation.words
    text = " ".join(invocation.run.text[words[0].start : words[-1].end].split())
    return stage.facts.at(invocation.run.instruction, text, invocation.line_offset)


def names(text: str) -> frozenset[str]:
    """The words of a text: a table of names."""
    return frozenset(text.split())


# --- the C compiler ---------------------------------------------------------------------------

#: Packages that bring gcc (Alpine 3.20 and Debian 12 dependencies); Go looks for no other
#: compiler on Linux unless CC names one.
_COMPILERS = names(
    "gcc g++ build-base build-essential alpine-sdk go golang golang-go rust cargo gfortran "
    "gcc-c++ gcc-gnat crystal nim ghc dpkg-dev"
)
#: Headers only.
_NO_COMPILER = names("musl-dev libc-dev libc6-dev linux-headers protobuf-dev")
#: Commands that may run or install anything. All others are not known to bring a compiler.
_ANYTHING = re.compile(
    r"sh|bash|ash|dash|zsh|source|\.|eval|perl|ruby|python[\d.]*|nix-.*|xx-.*|brew|ansible.*"
)
_PROGRAM_PLACES = names(
    "/ /usr /usr/bin /usr/local /usr/local/bin /usr/local/sbin /usr/sbin /bin /sbin"
)


def c_compiler(stage: StageFacts, invocation: Invocation) -> tuple[bool | None, Evidence]:
    """Whether the command finds a C compiler, with evidence; None when it cannot be told."""
    root = stage.lineage[0].stage.from_
    place = stage.facts.at(root)
    base = stage.base
    if "CC" in invocation.go.env:
        return None, Evidence(place.path, place.line, "CC names a C compiler")
    found: bool | None = None
    if isinstance(base, Image) and base.go is not None:
        if base.go.distro == "debian":
            return True, Evidence(place.path, place.line, f"{base.ref.text} has gcc")
        found = False if base.go.distro == "alpine" else None
    elif isinstance(base, Image) and base.family == "alpine":
        found = False
    if found is False:
        text = f"{base.ref.text if isinstance(base, Image) else root.rest} has no C compiler"
        place = Evidence(place.path, place.line, text)
    ahead = _ahead(stage)[invocation.run.instruction]
    if ahead.sure is not None:
        return True, ahead.sure
    brings, where = _brings_compiler(stage, ahead.run, invocation.words[0].start)
    if brings:
        return True, where
    maybe = ahead.maybe or (where if brings is None else None)
    if found is False and maybe is not None:
        found, place = None, maybe
    copied = _copied_programs(stage)
    if found is False and copied is not None:
        return None, copied
    return found, place


class _Ahead(NamedTuple):
    """A RUN, and where those ahead of it bring a C compiler for sure, and where maybe."""

    run: Run
    sure: Evidence | None
    maybe: Evidence | None


@remembered
def _ahead(stage: StageFacts) -> Mapping[Instruction, _Ahead]:
    """Each RUN of the lineage -> what is ahead of it."""
    found: dict[Instruction, _Ahead] = {}
    sure: Evidence | None = None
    maybe: Evidence | None = None
    for member in stage.lineage:
        for run in member.runs:
            found[run.instruction] = _Ahead(run, sure, maybe)
            brings, where = _brings_compiler(stage, run)
            if brings:
                sure = sure or where
            elif brings is None:
                maybe = maybe or where
    return found


def _brings_compiler(
    stage: StageFacts, run: Run, limit: int | None = None
) -> tuple[bool | None, Evidence]:
    """Whether a RUN installs a C compiler, ahead of an offset in its text."""
    place = stage.facts.at(run.instruction)
    if isinstance(run.script, Unknown):
        return None, place
    unknown = False
    for step in run.steps:
        if limit is not None and step.command.start >= limit:
            break
        inner = shell.unwrapped(step)
        argv = inner.argv
        command = shell.package_command(argv) if argv else None
        if command is not None and command.action == "install":
            names = {bare_name(package) for package in command.packages}
            if names & _COMPILERS:
                return True, _step_at(stage, run, step)
            clang = any(name.startswith(("clang", "llvm", "gcc")) for name in names)
            headers = any(n.endswith(("-dev", "-devel")) and n not in _NO_COMPILER for n in names)
            unknown = unknown or command.unknown or clang or headers
        elif argv and not _harmless(stage, run, inner, argv[0]):
            unknown = True
        if unknown:
            place = _step_at(stage, run, step)
    return (None if unknown else False), place


def _harmless(stage: StageFacts, run: Run, step: shell.Step, name: str | None) -> bool:
    """Whether a command that is no package manager surely installs no compiler."""
    if name is None:
        return False
    argv = step.argv
    script = name if "/" in name else None
    if _ANYTHING.fullmatch(posixpath.basename(name)):
        script = argv[1] if len(argv) > 1 else None
        if script is None or script.startswith("-"):
            return False
    if script is None:
        return True
    source = stage.source_of(step.path(script) or "", run.instruction)
    data = stage.facts.project.context.read(source) if source is not None else None
    if data is None:
        return step.path(script) in stage.output_paths or name.startswith("/usr/")
    return re.search(rb"\b(apk|apt|apt-get|gcc|build-base)\b", data) is None


def _copied_programs(stage: StageFacts) -> Evidence | None:
    """A COPY from another image that lays whole directories of programs over the stage."""
    for placed in stage.placed:
        if placed.origin == "stage" and placed.path in _PROGRAM_PLACES and placed.directory is None:
            return stage.facts.at(placed.instruction)
    return None


def _step_at(stage: StageFacts, run: Run, step: shell.Step) -> Evidence:
    command = step.command
    text = run.text[command.start : command.end].partition("\n")[0]
    return stage.facts.at(run.instruction, text, run.line_at(command.start))

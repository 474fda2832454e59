"""What speaks against a build flag: each rule answers with its evidence, or None.

Sources: cmd/go and the packages net, os/user, time and runtime/debug of the standard library;
docker-library/golang (the alpine image has no tzdata); README of Delve and of eBPF agents.
"""

from __future__ import annotations

import re

from gorewrite import shell
from gorewrite.dockerfile import Instruction
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import StageFacts
from gorewrite.gobuild.toolchain import at, names
from gorewrite.golang.needs import ProgramNeeds
from gorewrite.memo import remembered
from gorewrite.runtime.programs import Needs, main_packages
from gorewrite.stage.entry import read_entry
from gorewrite.stage.images import Image
from gorewrite.stage.outputs import outputs_of
from gorewrite.stage.packages import bare_name
from gorewrite.stage.runs import Invocation


@remembered
def related(stage: StageFacts) -> tuple[StageFacts, ...]:
    """The stages that what a stage builds may end up in, and those it is built on."""
    found = set(stage.lineage)
    grown = True
    while grown:
        grown = False
        for other in stage.facts.stages:
            takes = other.takes_from & found or set(other.lineage) & (found - set(stage.lineage))
            if other not in found and (takes or stage in other.lineage):
                found.add(other)
                grown = True
    return tuple(sorted(found, key=lambda member: member.index))


def may_ship(stage: StageFacts) -> bool:
    """Whether an image that somebody builds may hold what the stage builds.

    The last stage and every stage that no other uses are such images, unless they are for
    development or tests, where symbols and paths are of use. A stage that is only mounted
    (`RUN --mount=from=tools`) holds tools of the build.
    """
    carries = {stage}
    for other in stage.facts.stages[stage.index + 1 :]:
        if other.parent in carries or not carries.isdisjoint(other.copied_from):
            carries.add(other)
    return any(_ships(each) for each in carries if each.is_final or not each.referenced)


@remembered
def _ships(stage: StageFacts) -> bool:
    refusal = read_entry(stage, services=()).refusal
    develops = refusal is not None and refusal[0] == "dev-or-test-image"
    return not develops or _mention(stage, _DEBUGGER) is not None  # See debug_build.


_FIPS_IMAGE = re.compile(
    r"(?i)fips|boring|go-toolset|mcr\.microsoft\.com/.*golang|openshift.*golang|ocp/.*golang"
)
#: Distributions whose packages of Go are the toolchain of Red Hat (github.com/golang-fips/go).
_RED_HAT = re.compile(r"\bubi\d*\b|\brhel|centos|rockylinux|almalinux|oraclelinux")
_FIPS_EXPERIMENT = re.compile(r"boringcrypto|systemcrypto|opensslcrypto|cngcrypto")


def fips(stage: StageFacts, invocation: Invocation) -> Evidence | None:
    """A toolchain or experiment that swaps Go's cryptography for a certified C library.

    With cgo off such a build succeeds and silently uses the standard one.
    """
    base = stage.base
    root = stage.lineage[0].stage.from_
    if isinstance(base, Image) and _FIPS_IMAGE.search(base.ref.text):
        return stage.facts.at(root)
    red_hat = isinstance(base, Image) and _RED_HAT.search(base.ref.repository)
    for member, instruction, name in _packages(stage):
        if name.startswith("go-toolset") or (red_hat and name in ("golang", "golang-bin")):
            return member.facts.at(instruction)
    experiment = invocation.go.env.get("GOEXPERIMENT", "")
    tags = " ".join(invocation.go.tags or ())
    if experiment is None or _FIPS_EXPERIMENT.search(experiment):
        return env_place(stage, invocation, "GOEXPERIMENT")
    return at(stage, invocation) if re.search(r"fips|boringcrypto", tags) else None


_RESOLVER_ENV = re.compile(r"(?:LOCALDOMAIN|RES_OPTIONS|HOSTALIASES)=.|GODEBUG=.*\bnetdns=cgo")
_NSS = re.compile(r"(?m)^[^#\n]*(?:mdns|sss|ldap|winbind|wins|myhostname|resolve\b)")


def resolver(stage: StageFacts, invocation: Invocation, needs: Needs) -> Evidence | None:
    """A sign that host or user names come from where only the C library looks.

    Go's own resolver knows files and DNS (package net, "Name Resolution"); its own os/user reads
    /etc/passwd alone.
    """
    if "netcgo" in (invocation.go.tags or ()):
        return at(stage, invocation)
    for each in needs:
        if isinstance(each, ProgramNeeds) and each.resolver:
            return each.resolver[0]
    module = stage.module_of(invocation)
    if module is not None and "netdns=cgo" in " ".join(module.godebug):
        line = stage.facts.project.context.evidence_line(module.path, "netdns=cgo")
        return Evidence(module.path, line, "godebug netdns=cgo")
    return _other_resolver(stage)


@remembered
def _other_resolver(stage: StageFacts) -> Evidence | None:
    for member in related(stage):
        for name, instruction in member.end.declared.items():
            if _RESOLVER_ENV.match(f"{name}={member.end.env.get(name) or ''}"):
                return stage.facts.at(instruction)
        for service in member.services:
            for text, where in service.environment:
                if _RESOLVER_ENV.match(text):
                    return where
        source = member.source_of("/etc/nsswitch.conf") or ""
        data = stage.facts.project.context.read(source) if source else None
        found = _NSS.search(data.decode("utf-8", "replace")) if data is not None else None
        if found is not None:
            line = stage.facts.project.context.evidence_line(source, found[0])
            return Evidence(source, line, found[0].strip())
        for instruction in member.stage.instructions:
            if _changes_nss(instruction, data is None):
                return stage.facts.at(instruction)
    return None


def _changes_nss(instruction: Instruction, unread: bool) -> bool:
    """unread: whether nsswitch.conf does not come from the build context."""
    text = instruction.logical if instruction.keyword in ("RUN", "COPY", "ADD") else ""
    if "nss" not in text and "libpam" not in text:
        return False
    if instruction.keyword == "RUN":
        packages = re.search(r"\blib(nss|pam)-(ldap|sss|mdns|winbind|myhostname|resolve)", text)
        # `hosts: files dns` on alpine is there for Go's own resolver.
        return bool(packages or ("nsswitch.conf" in text and _NSS.search(text)))
    return unread and "nsswitch.conf" in text


_CGO_ENV = re.compile(
    r"CGO_(C|CPP|CXX|LD|FF?)+LAGS|CGO_\w+_(ALLOW|DISALLOW)|PKG_CONFIG_PATH|CC|CXX"
)
_HEADERS = names(
    "musl-dev libc-dev libc6-dev linux-headers linux-libc-dev protobuf-dev libprotobuf-dev "
    "libprotoc-dev python3-dev"
)
_CGO_TAGS = re.compile(r"musl|dynamic|cgo|sqlite_\w+|libsqlite3|libvips|ckzg|static_wasmer")


def cgo_hint(stage: StageFacts, invocation: Invocation) -> Evidence | None:
    """A sign that the owner builds with a C library: evidence against a "pure" analysis.

    A compiler alone is none; it is there for `go test -race` and from old times just as well.
    """
    go = invocation.go
    for name in go.env:
        if _CGO_ENV.fullmatch(name):
            place = env_place(stage, invocation, name)
            return Evidence(place.path, place.line, f"{name} is for C code")
    for tag in go.tags or ():
        if _CGO_TAGS.fullmatch(tag):
            place = at(stage, invocation)
            return Evidence(place.path, place.line, f"-tags {tag} is for C code")
    for member in related(stage):
        if member.end.env.get("LD_PRELOAD", "") != "":
            place = member.facts.at(member.end.declared["LD_PRELOAD"])
            return Evidence(place.path, place.line, "LD_PRELOAD is for a dynamic binary")
    for member, instruction, name in _packages(stage):
        if name.endswith(("-dev", "-devel")) and name not in _HEADERS:
            return Evidence(*_place(member, instruction), f"installs {name}")
    return None


@remembered
def _packages(stage: StageFacts) -> tuple[tuple[StageFacts, Instruction, str], ...]:
    """The distribution packages that the stage and those it is built on install."""
    found = []
    for member in stage.lineage:
        for run in member.runs:
            for step in run.steps:
                argv = shell.unwrapped(step).argv
                command = shell.package_command(argv) if argv else None
                if command is not None and command.action == "install":
                    found += [(member, run.instruction, bare_name(p)) for p in command.packages]
    return tuple(found)


def _place(stage: StageFacts, instruction: Instruction) -> tuple[str, int]:
    evidence = stage.facts.at(instruction)
    return evidence.path, evidence.line


def env_place(stage: StageFacts, invocation: Invocation, name: str) -> Evidence:
    """Where a variable of the command is set."""
    declared = invocation.run.state.declared.get(name)
    if declared is not None:
        return stage.facts.at(declared)
    place = at(stage, invocation)
    return Evidence(place.path, place.line, f"{name}={invocation.go.env.get(name) or '…'}")


# --- symbols and paths ------------------------------------------------------------------------

_NO_OPTIMIZATION = re.compile(r"(^|[\s='\"])-(N|l)\b")
#: Debuggers, and those who take the debug information out for one.
_DEBUGGER = re.compile(
    r"\b(?:dlv|delve|gdb|dump_syms|symupload)\b|--only-keep-debug\b"
    r"|\bsentry-cli\s(?:.*\s)?(?:debug-files|upload-dif|difutil|dif)\b"
    r"|\bdatadog-ci\s+elf-symbols\b|\bparca-debuginfo\b"
)
_AGENT = re.compile(r"(?i)\b(dynatrace|oneagent|beyla|coroot|odigos|pixie)\b")


def debug_build(stage: StageFacts, invocation: Invocation) -> Evidence | None:
    """A sign that the binary is made for a debugger."""
    flag = invocation.go.flag("gcflags")
    if flag is not None:
        written = invocation.words[flag.value_index].text
        if flag.value is None or _NO_OPTIMIZATION.search(flag.value):
            place = at(stage, invocation)
            text = written if "gcflags" in written else f"-gcflags {written}"
            return Evidence(place.path, place.line, text)
    return _mention(stage, _DEBUGGER)


def symbol_reader(stage: StageFacts, needs: Needs) -> Evidence | None:
    """Somebody who reads the binary's symbols: the program, or an agent beside it."""
    for each in needs:
        if not isinstance(each, Unknown) and each.symbols:
            return each.symbols[0]
    return _mention(stage, _AGENT)


@remembered
def _mention(stage: StageFacts, pattern: re.Pattern[str]) -> Evidence | None:
    for member in related(stage):
        for instruction in member.stage.instructions:
            wanted = instruction.keyword in ("RUN", "CMD", "ENTRYPOINT", "ENV", "COPY", "ADD")
            found = pattern.search(instruction.rest) if wanted else None
            if found is not None:
                line = instruction.line_at(instruction.rest_start + found.start())
                text = instruction.source.splitlines()[line].strip()
                return stage.facts.at(instruction, text, line)
    return None


def against_trimpath(stage: StageFacts, needs: Needs) -> tuple[str, str, Evidence] | None:
    """(refusal code, message, evidence) when the program would miss what -trimpath takes."""
    for each in needs:
        found = () if isinstance(each, Unknown) else (*each.caller_paths, *each.toolchain_paths)
        if found:
            message = "no -trimpath: the program finds files by the path of its sources"
            return "runtime-caller-paths", message, found[0]
    settings = _build_settings(stage, needs)
    if settings is not None:
        message = "no -trimpath: the program reads build settings that it leaves out"
        return "build-settings", message, settings
    zones = _zones_from_goroot(stage, needs)
    if zones is not None:
        message = "no -trimpath: time zones come from GOROOT; install tzdata in the final image"
        return "tz-from-goroot", message, zones
    return None


def _build_settings(stage: StageFacts, needs: Needs) -> Evidence | None:
    """Code that reads the linker or cgo flags from its build information.

    -trimpath leaves them out of it (cmd/go `load.Package.setBuildInfo`, go.dev/issue/52372).
    """
    context = stage.facts.project.context
    for each in needs:
        for evidence in () if isinstance(each, Unknown) else each.build_info:
            data = context.read(evidence.path) or b""
            if re.search(rb'["`](-ldflags|-gcflags|CGO_\w*)["`]', data):
                return evidence
    return None


def _zones_from_goroot(stage: StageFacts, needs: Needs) -> Evidence | None:
    """Time zones that the program can only get from GOROOT, which -trimpath hides from it.

    golang:alpine has no tzdata; time.LoadLocation then reads $GOROOT/lib/time/zoneinfo.zip, and
    runtime.GOROOT() is empty in a binary built with -trimpath (https://go.dev/doc/go1.19).
    """
    final = stage.facts.final
    shipped = _ships_goroot(final, stage)
    if shipped is None or _brings_zones(final):
        return None
    if "TZ" in final.end.declared:
        return stage.facts.at(final.end.declared["TZ"])
    for each in needs:
        if isinstance(each, Unknown):
            return shipped
        for evidence in (*each.time_zones, *each.local_time):
            return evidence
    return None


@remembered
def _brings_zones(final: StageFacts) -> bool:
    """Whether the final image has time zones of its own."""
    if "ZONEINFO" in final.end.env:
        return True
    if any(name in ("tzdata", "tzdata-legacy") for _, _, name in _packages(final)):
        return True
    return any((placed.path or "").startswith("/usr/share/zoneinfo") for placed in final.placed)


def _ships_goroot(final: StageFacts, stage: StageFacts) -> Evidence | None:
    """Where the final image gets its GOROOT from, when its time zones can only be there."""
    copied = _copies_goroot(final)
    if copied is not None:
        return copied
    base = final.base
    root = final.lineage[0].stage.from_
    if isinstance(base, Image) and base.go is not None:
        return stage.facts.at(root) if base.go.distro == "alpine" else None
    unknown = isinstance(base, Unknown) or base.family in ("other", "golang")
    return stage.facts.at(root) if unknown and stage in final.lineage else None


@remembered
def _copies_goroot(final: StageFacts) -> Evidence | None:
    """Where a GOROOT is copied from another stage."""
    for placed in final.placed:
        kept = (placed.path or "").startswith("/usr/local/go")
        if kept and placed.origin == "stage" and placed.source.startswith("/usr/local/go"):
            return final.facts.at(placed.instruction)
    return None


def builds_own_code(stage: StageFacts, invocation: Invocation) -> bool:
    """Whether a command writes programs of this repository."""
    go = invocation.go
    if go.kind not in ("build", "install") or go.versioned or go.output == "/dev/null":
        return False
    if go.flag("n") is not None or outputs_of(stage, invocation) == ():
        return False
    local = all(
        package is None or package.startswith((".", "/", "$")) or package.endswith(".go")
        for package in go.packages
    )
    if go.uncertain:
        return go.kind == "build"
    return local or not isinstance(main_packages(stage, invocation), Unknown)


def compiled_for(stage: StageFacts, invocation: Invocation) -> Evidence | None:
    """The later build with -trimpath that packages are compiled ahead for: `go build std`, `go
    build ./pkg/...`. Without the same flag, which is part of what names them in the build cache,
    it compiles them anew (buildActionID of cmd/go). None when there is none.
    """
    go = invocation.go
    if go.kind not in ("build", "install") or go.versioned or go.uncertain or go.output:
        return None
    writes = go.packages != ("std",) and outputs_of(stage, invocation) != ()
    if writes or go.setting("trimpath") != "":
        return None
    behind = stage.invocations.index(invocation) + 1
    for other in (each for each in stage.family if stage in each.lineage):
        for later in other.invocations[behind if other is stage else 0 :]:
            if later.go.setting("trimpath") == "true" and builds_own_code(other, later):
                return at(other, later)
    return None

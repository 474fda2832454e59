"""Whether Go's build cache can be shared where cgo may be on.

"The build cache does not detect changes to C libraries imported with cgo" (`go help cache`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from gorewrite import shell
from gorewrite.dockerfile import from_parts
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import StageFacts
from gorewrite.gobuild.gouse import MODULES_ONLY, GoUse
from gorewrite.gobuild.toolchain import cgo_setting
from gorewrite.runtime.programs import main_packages, package_needs
from gorewrite.stage.images import Image
from gorewrite.stage.runs import Invocation

_COMPILERS = re.compile(r"(?:build-base|build-essential|alpine-sdk|musl-dev|gcc|g\+\+|clang)\b.*")
#: Packages that only bring a compiler and the C library itself.
_NO_LIBRARY = re.compile(
    r"(?:musl|libc|libc6|linux-libc|glibc|libstdc\+\+(?:-\d+)?)-dev(?:el)?\b.*|linux-headers\b.*"
)
_LIBRARY = re.compile(r".*-dev(?:el)?(?:[=~<>].*)?")


def identity(stages: Sequence[StageFacts], uses: Sequence[GoUse]) -> str | Unknown:
    """The `id=` of the build cache: "" where cgo plays no part, else one that names the image.

    Unknown when C libraries are installed, or when the image has no fixed name.
    """
    if _without_cgo(stages, uses):
        return ""
    for stage in stages:
        library = _library(stage)
        if library is not None:
            return Unknown(
                "the cache cannot see changes of the C libraries that are installed; "
                "mount one by hand with an id= that names their versions",
                (library,),
            )
    from_ = stages[0].stage.from_
    base = stages[0].base
    reference = from_parts(from_).image.text
    if "$" in reference or not isinstance(base, Image):
        why = "cgo may be on, and the image that would have to name the cache is a variable"
        return Unknown(why, (stages[0].facts.at(from_),))
    tag = base.ref.tag or (base.ref.digest or "latest").removeprefix("sha256:")[:12]
    return f"go-build-{tag}"


def _without_cgo(stages: Sequence[StageFacts], uses: Sequence[GoUse]) -> bool:
    """Whether cgo is off everywhere, or the program is known to import none of it."""
    base = stages[0].base
    bare = isinstance(base, Image) and base.libc == "musl" and base.family in ("golang", "alpine")
    if bare and not any(_compiler(stage) for stage in stages):
        return True
    builds = []
    others = False
    for use in uses:
        others = others or bool(use.through) or use.maybe
        for invocation in use.invocations:
            if invocation.go.kind in MODULES_ONLY or invocation.go.versioned:
                continue
            off = cgo_setting(use.stage, invocation).value is False
            if invocation.go.kind in ("build", "install"):
                if not (off or _pure(use.stage, invocation)):
                    return False
                builds.append((use.stage, invocation))
            elif not off:
                others = True
    # Tests, scripts and tools are taken to compile what the programs import, cgo on.
    return not others or (bool(builds) and all(_pure(*build) for build in builds))


def _pure(stage: StageFacts, invocation: Invocation) -> bool:
    """Whether the programs of a build are the same with and without cgo."""
    packages = main_packages(stage, invocation)
    if isinstance(packages, Unknown) or not packages:
        return False
    found = [package_needs(stage, invocation, directory, None) for directory in packages]
    return all(not isinstance(needs, Unknown) and needs.cgo.verdict == "pure" for needs in found)


def _installed(stage: StageFacts) -> list[tuple[str, Evidence]]:
    found = []
    for run in stage.runs:
        for step in run.steps:
            argv = shell.unwrapped(step).argv
            if argv and (argv[0] or "").startswith("xx-ap"):  # For the platform of the image.
                argv = ((argv[0] or "").removeprefix("xx-"), *argv[1:])
            command = shell.package_command(argv)
            if command is not None and command.action == "install":
                at = stage.facts.at(run.instruction, None, run.line_at(step.command.start))
                found += [(package, at) for package in command.packages]
    return found


def _compiler(stage: StageFacts) -> bool:
    return any(_COMPILERS.fullmatch(package) for package, _ in _installed(stage))


#: Where compilers and linkers look, and where libraries are unpacked.
_SYSTEM: Final = re.compile(
    r"/(?:usr(?:/local)?|lib\w*/.+|(?:usr(?:/local)?|opt/.+)/(?:include|lib\w*)(?:/.+)?)"
)
#: What installs a library that no package manager knows.
_BY_HAND: Final = re.compile(
    r"\b(?:make|ninja|meson|cmake|b2|scons)\b[^\n;&|]*\binstall\b|\b(?:dpkg\s+-i|ldconfig)\b"
    r"|\btar\b[^\n;&|]*(?:-C|--directory)[ =]*/(?:usr(?:/local)?|opt\S*)?/?(?=\s|$)"
    r"|/(?:usr|opt)/[\w./-]*(?:include|lib)\b"
)


def _library(stage: StageFacts) -> Evidence | None:
    """Where a library comes in that is no part of the image."""
    for package, evidence in _installed(stage):
        if _LIBRARY.fullmatch(package) and not _NO_LIBRARY.fullmatch(package):
            return Evidence(evidence.path, evidence.line, package)
    for placed in stage.placed:
        if _SYSTEM.fullmatch(placed.path or ""):
            return stage.facts.at(placed.instruction)
    by_hand = (run for run in stage.runs if _BY_HAND.search(run.text))
    return next((stage.facts.at(run.instruction) for run in by_hand), None)

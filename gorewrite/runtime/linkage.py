"""How the binary of a go command is linked: what it needs to start at all.

A dynamic binary on a base without its C library fails with "no such file or directory", so
"static" needs proof. Rules: cmd/go and cmd/link (`-buildmode`, `-linkmode`), the packages net and
os/user (tags netgo, osusergo), github.com/ebitengine/purego (dynamic though cgo is off).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import StageFacts
from gorewrite.gobuild.toolchain import CgoSetting, at, c_compiler, cgo_setting
from gorewrite.golang.catalogue import CgoModule, modules
from gorewrite.golang.needs import ProgramNeeds
from gorewrite.stage.images import Image
from gorewrite.stage.runs import Invocation

Kind = Literal["static", "glibc", "musl", "unknown"]


class Linkage(NamedTuple):
    """What a binary needs to be started.

    kind: "static" needs nothing; "glibc" and "musl" need that C library; "unknown" is static or
        needs the C library of the image that builds it (or an unknown one).
    because: the evidence, the deciding one first; never empty.
    cxx: the binary needs the C++ library (libstdc++) too, or libgcc.
    assumed: the answer rests on the default of an ARG.
    """

    kind: Kind
    because: tuple[Evidence, ...]
    cxx: bool = False
    assumed: bool = False


def linkage(stage: StageFacts, invocation: Invocation, needs: ProgramNeeds | Unknown) -> Linkage:
    """How the binaries of a `go build` or `go install` of the stage's lineage are linked.

    needs: what the program needs, as `programs.needs_of` tells.
    """
    setting = cgo_setting(stage, invocation)
    kind, because = _kind(stage, invocation, needs, setting)
    cxx = tuple(_cxx(stage, needs)) if kind != "static" and setting.value is not False else ()
    return Linkage(kind, (*because, *cxx), bool(cxx), setting.assumed)


def _kind(
    stage: StageFacts,
    invocation: Invocation,
    needs: ProgramNeeds | Unknown,
    setting: CgoSetting,
) -> tuple[Kind, tuple[Evidence, ...]]:
    go = invocation.go
    dynamic = _libc(stage)
    place = at(stage, invocation)
    if go.uncertain:
        return "unknown", (Evidence(place.path, place.line, go.uncertain[0]),)
    mode = go.setting("buildmode")
    if mode is None:
        return "unknown", (Evidence(place.path, place.line, "-buildmode is not known"),)
    library = library_mode(invocation) or external_linking(invocation)
    if library or mode not in ("", "default", "exe"):
        if _static_musl(stage, invocation, setting, needs):
            return "static", (place,)
        return dynamic, (place,)
    if not isinstance(needs, Unknown) and needs.shared_libraries:
        return dynamic, needs.shared_libraries
    if setting.value is False:
        loader = _possible_loader(stage, invocation, needs)
        return ("unknown", (loader,)) if loader else ("static", (setting.because,))
    pure = not isinstance(needs, Unknown) and needs.cgo.verdict == "pure"
    # An experiment may link certified cryptography, which needs the C library (boringcrypto).
    plain = not sanitizer(invocation) and go.env.get("GOEXPERIMENT", "") == ""
    if pure and {"netgo", "osusergo"} <= set(go.tags or ()) and plain:
        return "static", (place,)
    if setting.value is None:
        return "unknown", (setting.because,)
    proof = () if isinstance(needs, Unknown) or needs.cgo.verdict != "cgo" else needs.cgo.evidence
    return dynamic, (*proof, setting.because)


def library_mode(invocation: Invocation) -> str | None:
    """The flag with which the build makes a library or plugin, or a program that needs one."""
    mode = invocation.go.setting("buildmode")
    if mode in ("plugin", "c-shared", "c-archive", "shared", "archive"):
        return f"-buildmode={mode}"
    return "-linkshared" if invocation.go.setting("linkshared") == "true" else None


_EXTERNAL = re.compile(r"-linkmode[= ]['\"]?external")
_STATIC = re.compile(r"-extldflags[= ]?['\"\\]*[^'\"]*-static(?![-\w])")


def external_linking(invocation: Invocation) -> bool:
    """Whether the C compiler is asked to link."""
    return _EXTERNAL.search(link_text(invocation)) is not None


def sanitizer(invocation: Invocation) -> str | None:
    """The flag of a build that needs cgo for its instrumentation (`-race` …)."""
    for name in ("race", "msan", "asan"):
        if invocation.go.setting(name) not in ("", "false", "0"):
            return f"-{name}"
    return None


def link_text(invocation: Invocation) -> str:
    """The linker flags as far as they can be read; of an unknown value the text as written."""
    flag = invocation.go.flag("ldflags")
    if flag is None or flag.value is not None:
        return invocation.go.setting("ldflags") or ""
    return invocation.words[flag.value_index].text


def _libc(stage: StageFacts) -> Kind:
    base = stage.base
    libc = base.libc if isinstance(base, Image) else None
    return libc or "unknown"


def _static_musl(
    stage: StageFacts, invocation: Invocation, setting: CgoSetting, needs: ProgramNeeds | Unknown
) -> bool:
    """`-linkmode external -extldflags -static` with gcc on musl: the one static build with cgo.

    `-static` alone proves nothing: without C code of its own Go links internally and ignores it.
    With glibc the resolver and NSS still load libraries at run time.
    """
    text = link_text(invocation)
    asked = external_linking(invocation) and _STATIC.search(text)
    plain = invocation.go.setting("buildmode") in ("", "default", "exe")
    loads = isinstance(needs, Unknown) or bool(needs.shared_libraries or needs.plugins)
    if not asked or not plain or loads or setting.value is False or _libc(stage) != "musl":
        return False
    return c_compiler(stage, invocation)[0] is True


def _possible_loader(
    stage: StageFacts, invocation: Invocation, needs: ProgramNeeds | Unknown
) -> Evidence | None:
    """A requirement that may load shared libraries although cgo is off.

    Since go 1.17 go.mod lists every module of the build (Go modules reference, "Lazy module
    loading"), so none of them there is proof. Without a go.mod only the sources can tell.
    """
    module = stage.module_of(invocation)
    if module is None:
        return at(stage, invocation) if isinstance(needs, Unknown) else None
    names = {require.path: require for require in module.requires}
    for path, require in names.items():
        found = modules().find(path)
        if found is None or not isinstance(found[1], CgoModule) or found[1].outcome != "D":
            continue
        if _explained(path, names):
            continue
        return Evidence(module.path, require.line, f"{path} may load shared libraries")
    return None


#: Modules that require a loader which they use on other systems only.
_ELSEWHERE = {"github.com/ebitengine/purego": re.compile(r"github\.com/shirou/gopsutil(/v\d+)?")}


def _explained(path: str, names: Mapping[str, object]) -> bool:
    known = _ELSEWHERE.get(path)
    return known is not None and any(known.fullmatch(name) for name in names)


def c_modules(needs: ProgramNeeds) -> Iterator[tuple[str, str]]:
    """(module, its `libraries`) of the modules with C code that a program imports."""
    for module in sorted(needs.modules):
        found = modules().find(module)
        if found is not None and isinstance(found[1], CgoModule) and found[1].libraries:
            yield module, found[1].libraries


def _cxx(stage: StageFacts, needs: ProgramNeeds | Unknown) -> Iterator[Evidence]:
    if isinstance(needs, Unknown) or needs.cgo.verdict == "pure":
        return
    if needs.cgo.verdict == "unknown":
        yield Evidence("", 0, "what nobody knows may be C++")
    for module, _ in c_modules(needs):
        yield Evidence("", 0, f"{module} has C++ code, or Rust")
    tree = stage.facts.project.context
    for directory in needs.packages:
        for name in tree.listdir(directory):
            path = posixpath.normpath(posixpath.join(directory, name))
            if name.endswith((".cc", ".cpp", ".cxx", ".swigcxx")):
                yield Evidence(path, 0, "C++ source of the program")
            elif name.endswith(".go") and b"-lstdc++" in (tree.read(path) or b""):
                yield Evidence(path, tree.evidence_line(path, "-lstdc++"), "links -lstdc++")

"""Which flags the go commands know, and which of them take a value.

Source: `go help build`, `go help testflag`, `go help mod` … and the flag definitions in
`cmd/go/internal/*` of Go 1.10 to 1.27. Flags that were removed since are kept: old files use them.
"""

from __future__ import annotations

import re
from typing import Final


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BUILD_SWITCHES = _names(
    "a n x v i race msan asan cover linkshared modcacherw trimpath work buildvcs json"
)
_BUILD_VALUES = _names(
    "C p asmflags buildmode compiler covermode coverpkg gccgoflags gcflags installsuffix ldflags"
    " mod modfile overlay pgo pkgdir tags toolexec debug-actiongraph debug-runtime-trace"
    " debug-trace"
)
_TEST_SWITCHES = _names("artifacts benchmem c failfast fullpath short")
_TEST_VALUES = _names(
    "bench benchtime blockprofile blockprofilerate count coverprofile cpu cpuprofile exec fuzz"
    " fuzzminimizetime fuzztime list memprofile memprofilerate mutexprofile"
    " mutexprofilefraction o outputdir parallel run shuffle skip timeout trace vet"
)
_MOD_COMMON = _names("C modfile overlay")

SWITCHES: Final[dict[str, frozenset[str]]] = {
    "build": _BUILD_SWITCHES,
    "install": _BUILD_SWITCHES,
    "run": _BUILD_SWITCHES,
    "test": _BUILD_SWITCHES | _TEST_SWITCHES,
    "get": _BUILD_SWITCHES | _names("d t u f fix insecure tool"),
    "generate": _BUILD_SWITCHES,
    "clean": _BUILD_SWITCHES | _names("r cache testcache modcache fuzzcache"),
    "list": _BUILD_SWITCHES | _names("m u e deps find test export compiled versions retracted"),
    "vet": _BUILD_SWITCHES | _names("fix diff"),
    "fmt": _names("n x"),
    "env": _names("json u w x n changed"),
    "version": _names("m v json"),
    "tool": _names("n x modcacherw"),
    "mod download": _names("x json modcacherw"),
    "mod tidy": _names("v x e diff modcacherw"),
    "mod vendor": _names("v e modcacherw"),
    "mod verify": _names("modcacherw"),
    "mod graph": _names("x modcacherw"),
    "mod why": _names("m vendor modcacherw"),
    "mod init": _names("modcacherw"),
    "mod edit": _names("fmt print json n x modcacherw"),
    "work init": _names("modcacherw"),
    "work use": _names("r modcacherw"),
    "work sync": _names("modcacherw"),
    "work vendor": _names("v e modcacherw"),
    "work edit": _names("fmt print json modcacherw"),
    "telemetry": frozenset(),
    "help": frozenset(),
    "bug": frozenset(),
}
"""Flags without a value, by command. A command that is not a key here has flags nobody listed."""

_VALUES: dict[str, frozenset[str]] = {
    "build": _BUILD_VALUES | {"o"},
    "install": _BUILD_VALUES,
    "run": _BUILD_VALUES | {"exec"},
    "test": _BUILD_VALUES | _TEST_VALUES,
    "get": _BUILD_VALUES,
    "generate": _BUILD_VALUES | {"run", "skip"},
    "clean": _BUILD_VALUES,
    "list": _BUILD_VALUES | {"f", "reuse"},
    "vet": _BUILD_VALUES | {"vettool", "c"},
    "fmt": _names("C mod"),
    "tool": _names("C modfile overlay"),
    "mod download": _MOD_COMMON | {"reuse"},
    "mod tidy": _MOD_COMMON | {"go", "compat"},
    "mod vendor": _MOD_COMMON | {"o"},
    "mod graph": _MOD_COMMON | {"go"},
    "mod edit": _MOD_COMMON
    | _names(
        "module go toolchain require droprequire exclude dropexclude replace dropreplace retract"
        " dropretract tool droptool godebug dropgodebug ignore dropignore"
    ),
    "work edit": _names("C go toolchain use dropuse replace dropreplace godebug dropgodebug"),
    "work vendor": _names("C o"),
}

# Since Go 1.8 `go test -test.run x` is the same as `go test -run x`.
_FLAG = re.compile(r"--?([^-=][^=]*)(?:=(.*))?", re.DOTALL)


def split_flag(word: str) -> tuple[str, str | None] | None:
    """Split `-name`, `--name`, `-name=value` into name and value; None when it is no flag.

    Rule: package flag: one or two dashes, `-` alone and `--` are no flags.
    """
    match = _FLAG.fullmatch(word)
    return (match[1].removeprefix("test."), match[2]) if match else None


def takes_value(kind: str, name: str) -> bool | None:
    """Does flag `name` of the command take a value? None when the command does not know it."""
    if name in _VALUES.get(kind, _names("C")):
        return True
    if name in SWITCHES.get(kind, ()):
        return False
    return None

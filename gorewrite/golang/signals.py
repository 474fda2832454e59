"""Signals of what the image must hold, found by name: time zones, certificates, users, …

Each is a function of a package (alias-aware, in blanked code), an import, or a string literal.
Sources of the rules: the documentation of the standard library packages named here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gorewrite.evidence import Evidence
from gorewrite.golang.catalogue import RuntimeNeed, by_package, runtime_needs, unversioned
from gorewrite.golang.closure import Closure
from gorewrite.golang.source import SourceFile
from gorewrite.memo import remembered

# (import path, exported name) -> field of ProgramNeeds.
_USES = {
    ("time", "LoadLocation"): "time_zones",
    ("time", "Local"): "local_time",
    ("os", "CreateTemp"): "temp_files",
    ("os", "MkdirTemp"): "temp_files",
    ("os", "TempDir"): "temp_files",
    ("io/ioutil", "TempFile"): "temp_files",
    ("io/ioutil", "TempDir"): "temp_files",
    ("os", "UserHomeDir"): "home",
    ("os", "UserConfigDir"): "home",
    ("os", "UserCacheDir"): "home",
    ("runtime", "GOROOT"): "toolchain_paths",
    ("runtime/debug", "ReadBuildInfo"): "build_info",
    ("debug/buildinfo", "Read"): "build_info",
    ("debug/buildinfo", "ReadFile"): "build_info",
    ("mime", "TypeByExtension"): "mime_types",
    ("mime", "ExtensionsByType"): "mime_types",
    ("net/http", "FileServer"): "mime_types",
    ("net/http", "FileServerFS"): "mime_types",
    ("net/http", "ServeContent"): "mime_types",
    ("net/http", "ServeFile"): "mime_types",
    ("net/http", "ServeFileFS"): "mime_types",
    ("os", "Executable"): "self_path",
    ("net", "LookupPort"): "services",
    ("net/http", "Get"): "tls",
    ("net/http", "Post"): "tls",
    ("net/http", "PostForm"): "tls",
    ("net/http", "Head"): "tls",
    ("net/http", "Client"): "tls",
    ("net/http", "DefaultClient"): "tls",
    ("net/http", "NewRequest"): "tls",
    ("net/http", "NewRequestWithContext"): "tls",
    ("net/http", "DefaultTransport"): "tls",
    ("net/http", "Transport"): "tls",
}
# Methods whose name says enough, whatever the receiver (net/http, gin, echo, fiber).
_METHODS = {
    "ParseMultipartForm": "temp_files",
    "FormFile": "temp_files",
    "MultipartForm": "temp_files",
    "MultipartReader": "temp_files",
    # github.com/uptrace/bun/migrate: the directory of the source file that calls it.
    "DiscoverCaller": "caller_paths",
}
_IMPORTS = {
    "crypto/tls": "tls",
    "os/user": "users",
    "plugin": "plugins",
    "go/build": "toolchain_paths",
    "go/importer": "toolchain_paths",
    "golang.org/x/tools/go/packages": "toolchain_paths",
    "debug/elf": "symbols",
    "debug/gosym": "symbols",
    "debug/dwarf": "symbols",
}
# Packages that bring root certificates.
_ROOTS = ("golang.org/x/crypto/x509roots/fallback", "github.com/breml/rootcerts")
# What tells the path that a source file had when it was built.
_CALLERS = frozenset(("runtime", name) for name in ("Caller", "CallersFrames", "FuncForPC"))
_NAMES = by_package([*_USES, ("os", "Args"), *_CALLERS])
_METHOD_NAMES = frozenset(name.encode() for name in _METHODS)
_NO_ZONE = re.compile(rb'\s*\(\s*"(?:UTC|Local)?"\s*\)')
_FIRST_ELEMENT = re.compile(rb"\s*\[\s*0\s*\]")
# A function that gives back the file name of runtime.Caller: `_, f, _, _ := …; return f`.
_TELLS_FILE = re.compile(
    rb"(?m)^func\s+(?:\([^)]*\)\s*)?(\w+)\((?:(?!^}).)*?"
    rb"\w+\s*,\s*(\w+)\s*,\s*\w+\s*,\s*\w+\s*:?=\s*\w+\s*\.\s*Caller\s*\("
    rb"(?:(?!^}).)*?\breturn\s+(?:\w+\s*,\s*)*\2\b",
    re.S,
)
_HOME = re.compile(rb'(?:Getenv|LookupEnv)\s*\(\s*"(HOME|USER|SHELL)"')
# `_, f, _, _ := runtime.Caller`, and what a name is given to: `root = f`, `app{root: f}`.
_FILE_OF_CALLER = re.compile(
    rb"\w+\s*,\s*(\w+)\s*,\s*\w+\s*,\s*\w+\s*(:?=)\s*\w+\s*\.\s*Caller\s*\("
)
_GIVEN = rb"(\w+)\s*[:=]\s*%s\b"
_PATHS = frozenset({"path", "path/filepath"})
# What makes a directory of the path of a file; loggers want its last element.
_PATH_WORK = re.compile(
    rb"\b\w+\s*\.\s*(?P<of>Dir|Join|Abs|Rel)\b"
    rb"|\w\s*,\s*_\s*:?=\s*\w+\s*\.\s*Split\b"
    rb"|\[\s*:\s*strings\s*\.\s*LastIndex|\bstrings\s*\.\s*TrimSuffix\s*\(\s*\w+\s*,"
)
_DIRECTORY_OF = rb"\b\w+\s*\.\s*(?P<of>Dir|Join|Abs|Rel)\s*\(\s*(?:\w+\s*\.\s*)*(?:%s)\b"
# What string literals tell: (bytes worth a look, pattern over the literal with quotes, field).
_LITERALS = (
    (b"/tmp/", re.compile(rb'^["`]/tmp/'), "temp_files"),
    (b"/proc/self/exe", re.compile(rb'^["`]/proc/self/exe["`]'), "self_path"),
    (b"https://", re.compile(rb'^["`]https://'), "tls"),
    (b"TZ=", re.compile(rb"\bTZ="), "time_zones"),
    (b"CRON_TZ=", re.compile(rb"CRON_TZ="), "time_zones"),
    (b"loc=", re.compile(rb"[?&]loc=(?!Local\b|UTC\b)"), "time_zones"),
    (b"imeZone=", re.compile(rb"\b[Tt]imeZone=(?!UTC\b)"), "time_zones"),
    (b"netdns=", re.compile(rb"\bnetdns=cgo"), "resolver"),
    (b":http", re.compile(rb'^["`][^"`/]*:https?["`]$'), "services"),
)
# `//go:debug netdns=cgo` of a main package (https://go.dev/doc/godebug).
_DEBUG = re.compile(rb"(?m)^//go:debug[ \t]+netdns=cgo")
_TAG = re.compile(rb'\b(?:env|envconfig|env-default):"([A-Za-z_]\w*)')

Found = dict[str, list[Evidence]]


def find_signals(closure: Closure) -> tuple[Found, set[str]]:
    """Signals by ProgramNeeds field, and environment variables named in struct tags."""
    found: Found = {}
    environment: set[str] = set()
    for file in closure.own_files:
        signals, variables = _file_signals(file)
        for name, place in signals:
            found.setdefault(name, []).append(place)
        environment |= variables
    found.setdefault("caller_paths", []).extend(_told_source_paths(closure))
    found["caller_paths"] += _kept_source_paths(closure)
    for path, place in closure.standard.items():
        if path in _IMPORTS and (path in closure.used_by or path == "plugin"):
            found.setdefault(_IMPORTS[path], []).append(place)
    for path, place in closure.imported.items():
        if path in _IMPORTS:
            found.setdefault(_IMPORTS[path], []).append(place)
        for name in needed[1].needs if (needed := need_of(closure, path)) else ():
            found.setdefault(name, []).append(place)
    if "time/tzdata" in closure.standard:
        found.pop("time_zones", None)
    if "tls" in found and any(unversioned(path).startswith(_ROOTS) for path in closure.used_by):
        found.pop("tls")
    return found, environment


def need_of(closure: Closure, path: str) -> tuple[str, RuntimeNeed] | None:
    """(prefix, what it needs) of an imported package, where the program uses it so."""
    found = runtime_needs().find(path)
    users = closure.used_by.get(path, ()) if found and found[1].unless else ()
    spared = found is not None and any(found[1].unless & file.selected for file in users)
    return None if spared else found


def _told_source_paths(closure: Closure) -> Iterator[Evidence]:
    """Where a path is built from what a helper of its own tells, which asks runtime.Caller."""
    helpers = {helper for file in closure.used_by.get("runtime", ()) for helper in _tellers(file)}
    if not helpers:
        return
    called = re.compile(rb"\b(?:" + b"|".join(sorted(helpers)) + rb")\s*\(")
    for file in closure.own_files:
        for call in called.finditer(file.code):
            if _makes_a_path(file, call.start()):
                yield file.evidence(call.start())


def _kept_source_paths(closure: Closure) -> Iterator[Evidence]:
    """Where a package builds a path from what runtime.Caller told another declaration of it."""
    for file in closure.used_by.get("runtime", ()):
        names = _keepers(file)
        if names:
            directory_of = re.compile(_DIRECTORY_OF % b"|".join(names))
            for other in closure.unit_by_file[file.path].files:
                for work in directory_of.finditer(other.code):
                    if other.operand_package(work.start("of")) in _PATHS:
                        yield other.evidence(work.start())


@remembered
def _keepers(file: SourceFile) -> tuple[bytes, ...]:
    """The variables and fields of a package in which a file keeps what runtime.Caller tells it."""
    if b"Caller" not in file.selected:
        return ()
    found: set[bytes] = set()
    for told in _FILE_OF_CALLER.finditer(file.code):
        name, declared = told[1], told[2] == b":="
        given = re.compile(_GIVEN % name)
        around = file.declaration_range(told.start())
        found.update(each[1] for each in given.finditer(file.code, *around))
        found.update(() if declared else (name,))
    return tuple(sorted(found - {b"_"}))


@remembered
def _tellers(file: SourceFile) -> tuple[bytes, ...]:
    """The functions of a file that tell the file name that runtime.Caller gives them."""
    if b"Caller" not in file.selected:
        return ()
    return tuple(told[1] for told in _TELLS_FILE.finditer(file.code))


@remembered
def _file_signals(file: SourceFile) -> tuple[tuple[tuple[str, Evidence], ...], frozenset[str]]:
    """Of one file: (field of ProgramNeeds, place) of each signal, the variables in struct tags."""
    found = []
    names = [_NAMES[path] for path in file.imported if path in _NAMES]
    for start, encoded in file.selections(_METHOD_NAMES.union(*names)):
        use = encoded.decode()
        package = file.operand_package(start)
        name = _METHODS.get(use) if package is None else _use(file, package, use, start)
        if name is not None:
            found.append((name, file.evidence(start)))
    for needle, pattern, name in _LITERALS:
        if needle in file.data:
            for start, end in file.strings:
                if pattern.search(file.data[start:end]):
                    found.append((name, file.evidence(start)))
                    break
    directive = _DEBUG.search(file.data) if b"//go:debug" in file.data else None
    if directive is not None:
        found.append(("resolver", file.evidence(directive.start())))
    for match in _HOME.finditer(file.data):
        if file.code[match.start()] == file.data[match.start()]:
            found.append(("home", file.evidence(match.start())))
    return tuple(found), _tags(file)


def _use(file: SourceFile, package: str, name: str, start: int) -> str | None:
    """The field that a use of `package.name` belongs to."""
    end = start + len(name)
    if (package, name) == ("time", "LoadLocation") and _NO_ZONE.match(file.data, end):
        return None
    if (package, name) == ("os", "Args"):
        return "self_path" if _FIRST_ELEMENT.match(file.code, end) else None
    if (package, name) in _CALLERS:
        if (
            name == "FuncForPC"
            and b"FileLine" not in file.code[slice(*file.declaration_range(start))]
        ):
            return None  # The name of a function is that of its package, wherever that was built.
        # Loggers ask for the file name only; a path built from it is another matter.
        return "caller_paths" if _makes_a_path(file, start) else None
    return _USES.get((package, name))


def _makes_a_path(file: SourceFile, start: int) -> bool:
    """Whether the declaration around an offset takes the directory of a path, or puts one
    together."""
    return any(
        work["of"] is None or file.operand_package(work.start("of")) in _PATHS
        for work in _PATH_WORK.finditer(file.code, *file.declaration_range(start))
    )


def _tags(file: SourceFile) -> frozenset[str]:
    """Environment variables bound by struct tags (caarlos0/env, envconfig, cleanenv)."""
    if b'env:"' not in file.data and b'envconfig:"' not in file.data:
        return frozenset()
    return frozenset(
        tag[1].decode()
        for start, end in file.strings
        if file.data[start : start + 1] == b"`"
        for tag in _TAG.finditer(file.data, start, end)
    )

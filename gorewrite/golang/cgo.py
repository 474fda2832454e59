"""The cgo verdict: can the program be built with CGO_ENABLED=0 and stay the same program?

Three-valued, because a wrong "pure" is an outage (go-sqlite3 compiles and then fails at run
time) while a wrong "unknown" only costs some megabytes.

pure needs all of:

1. no own package uses cgo (`import "C"`, SWIG), none imported is missing from the tree;
2. every package imported from another module is known: its files were read (vendor directory,
   module cache) and so were those it imports, or its module is listed in data/pure_modules.toml.
   A listed module vouches for its whole dependency closure (`closure = true`), so requirements
   marked `// indirect` need no look: they come in through listed modules. One with
   `closure = false` vouches for its own packages only; then every requirement must be listed;
3. no requirement marked `// indirect` is on the cgo list (data/cgo_modules.toml), unless a
   direct requirement that this program does not import is known to bring it. With `go 1.17`
   or later go.mod lists every module that provides packages to the build (Go modules
   reference, "Lazy module loading"); a listed one that nothing explains may be part of it.

With cgo switched off by the build itself only shared-library loaders (outcome D) matter.
"""

from __future__ import annotations

from functools import lru_cache

from gorewrite.evidence import Evidence
from gorewrite.golang.catalogue import CgoModule, PureModule, modules, unversioned
from gorewrite.golang.closure import Closure, Unit
from gorewrite.golang.gomod import Require
from gorewrite.golang.needs import Cgo

_MOST_EVIDENCE = 8


def verdict(closure: Closure, tags: frozenset[str], cgo: bool | None) -> Cgo:
    """The verdict: proof of "cgo", obstacles that leave it "unknown", or the rule behind "pure"."""
    proof: list[Evidence] = []
    doubt: list[Evidence] = []
    if cgo is not False:
        for unit in closure.units.values():
            _sources(unit, proof, doubt, tags)
        if "netcgo" in tags:
            proof.append(Evidence("", 0, "build tag netcgo asks for the C resolver (package net)"))
    weak = _imports(closure, tags, cgo, proof, doubt)
    if proof:
        return Cgo("cgo", _some(proof))
    if cgo is False:
        why = "CGO_ENABLED=0 leaves every cgo file out of the build"
        return Cgo("pure", (Evidence("", 0, why),))
    for unknown in (*closure.missing, *closure.problems):
        doubt += [Evidence(place.path, place.line, unknown.why) for place in unknown.evidence]
    if closure.truncated:
        doubt.append(Evidence("", 0, "the program has more files than were read"))
    if not closure.units or not any(unit.files for unit in closure.units.values()):
        doubt.append(Evidence("", 0, "no Go file of the program can be read"))
    doubt += _requirements(closure, tags, weak)
    if doubt:
        return Cgo("unknown", _some(doubt))
    return Cgo("pure", (_summary(closure),))


def shared_libraries(closure: Closure, tags: frozenset[str]) -> tuple[Evidence, ...]:
    """Imports that load shared libraries although cgo is off, and linker directives that do."""
    found = []
    for path, place in closure.imported.items():
        known = _listed(path, tags)
        if isinstance(known, CgoModule) and known.outcome == "D":
            found.append(place)
    for file in closure.own_files:
        if b"//go:cgo_import_dynamic" in file.data:
            found.append(file.evidence(file.data.index(b"//go:cgo_import_dynamic")))
    return tuple(found)


def _sources(
    unit: Unit, proof: list[Evidence], doubt: list[Evidence], tags: frozenset[str]
) -> None:
    """What the files of one readable package say."""
    places = unit.c_code
    if not places:
        return
    listed = _listed(unit.package.path, tags)
    if not unit.own and (
        unit.fallback or (isinstance(listed, CgoModule) and listed.outcome == "F")
    ):
        # Builds either way, but not the same implementation: not ours to switch.
        doubt += places
    else:
        proof += places


def _imports(
    closure: Closure,
    tags: frozenset[str],
    cgo: bool | None,
    proof: list[Evidence],
    doubt: list[Evidence],
) -> bool:
    """Judge imported packages by the lists; returns whether one vouches for itself only."""
    weak = False
    for path, place in closure.imported.items():
        known = _listed(path, tags)
        external = path in closure.externals
        match known:
            case CgoModule(outcome="F"):
                doubt.append(_place(place, f"{path} has a cgo and a pure implementation"))
            case CgoModule(outcome="D"):
                proof.append(_place(place, f"{path} loads shared libraries without cgo too"))
            case CgoModule():
                if cgo is not False:
                    instead = f"; {known.alternative} does not" if known.alternative else ""
                    proof.append(_place(place, f"{path} needs cgo{instead}"))
            case PureModule():
                weak = weak or (external and not known.closure)
                module = closure.externals[path][0].module if external else ""
                fork = closure.resolver.forks.get(module)
                if fork is not None and not isinstance(_listed(fork, tags), PureModule):
                    doubt.append(_place(place, f"{path} is replaced by {fork}, which is not known"))
            case None:
                if external:
                    module = closure.externals[path][0].module
                    doubt.append(_place(place, f"{module} is not known to be free of cgo"))
    return weak


def _requirements(closure: Closure, tags: frozenset[str], weak: bool) -> list[Evidence]:
    """Requirements of go.mod that nothing visible explains."""
    main = closure.resolver.main
    if main is None or closure.resolver.vendored or not _lists_what_is_built(main.go):
        return []
    imported = {unversioned(path) for path in closure.imported}
    explained = {
        unversioned(path)
        for require in main.requires
        if not require.indirect and not _used(require, imported)
        for path in _brings(require, tags)
    }
    found = []
    for require in main.requires:
        if not require.indirect or require.path in closure.resolver.modules:
            continue
        known = _listed(require.path, tags)
        place = Evidence(main.path, require.line, f"{require.path} {require.version}")
        if isinstance(known, CgoModule) and unversioned(require.path) not in explained:
            found.append(_place(place, f"{require.path} may need cgo and is required indirectly"))
        elif weak and known is None:
            found.append(_place(place, f"{require.path} is not known to be free of cgo"))
    return found


def _lists_what_is_built(go: str | None) -> bool:
    """Whether go.mod lists every module of the build, and only those (go 1.17 and later).

    Before, `// indirect` lines came and went with the tests of dependencies.
    """
    numbers = (go or "1.16").split(".")
    return len(numbers) > 1 and numbers[1].isdigit() and int(numbers[1]) >= 17


def _used(require: Require, imported: set[str]) -> bool:
    prefix = unversioned(require.path)
    return any(path == prefix or path.startswith(prefix + "/") for path in imported)


def _brings(require: Require, tags: frozenset[str]) -> tuple[str, ...]:
    known = _listed(require.path, tags)
    return known.brings if isinstance(known, CgoModule) else ()


@lru_cache(maxsize=4096)
def _listed(path: str, tags: frozenset[str]) -> CgoModule | PureModule | None:
    """The entry of the longest listed prefix, with build tags taken into account."""
    found = modules().find(path)
    if found is None:
        return None
    entry = found[1]
    if isinstance(entry, CgoModule):
        if entry.pure_tags and entry.pure_tags <= tags:
            return PureModule(True)
        if entry.only_tags and not entry.only_tags & tags:
            return PureModule(True)
    return entry


def _summary(closure: Closure) -> Evidence:
    read = sum(len(unit.files) for unit in closure.units.values())
    listed = len({external.module for external, _ in closure.externals.values()})
    text = f"no cgo in the Go files ({read} read)"
    text += f" and other modules ({listed} known to be free of it)" if listed else ""
    return Evidence("", 0, text)


def _place(place: Evidence, text: str) -> Evidence:
    return Evidence(place.path, place.line, text)


def _some(found: list[Evidence]) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys(found))[:_MOST_EVIDENCE]

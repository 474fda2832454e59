"""What a Go program needs at run time, from its sources.

`analyse` follows the imports of one main package through everything that is at hand and puts
the answers of the other modules together. It never runs Go and never guesses: what cannot be
told is in the result as such.
"""

from __future__ import annotations

import posixpath
from pathlib import Path
from typing import TYPE_CHECKING

from gorewrite.evidence import Evidence
from gorewrite.golang import cgo as cgo_rules
from gorewrite.golang.calls import find_calls
from gorewrite.golang.closure import Closure, follow
from gorewrite.golang.embeds import embeds
from gorewrite.golang.mentions import find_mentions
from gorewrite.golang.needs import Cgo, Embed, Executes, FileRead, ProgramNeeds, Verdict
from gorewrite.golang.signals import find_signals, need_of
from gorewrite.memo import remembered

if TYPE_CHECKING:
    from gorewrite.context import SourceTree

__all__ = ["Cgo", "Embed", "Executes", "FileRead", "ProgramNeeds", "Verdict", "analyse"]


def analyse(
    tree: SourceTree,
    package_dir: str,
    *,
    tags: frozenset[str] = frozenset(),
    cgo: bool | None = None,
    goarch: str = "amd64",
    linked: frozenset[str] = frozenset(),
    modcache: Path | None = None,
) -> ProgramNeeds:
    """What the main package in `package_dir` needs, with every package of its own it imports.

    tree: the build context as the builder sees it. tags: values of `-tags`. cgo: whether the
    build has cgo on, None when that is not known. linked: names of variables that the linker sets
    (`-X`), to what is not known. modcache: GOMODCACHE, when there is one:
    modules found in it are read instead of looked up in the lists of known modules.
    What was found is kept in the tree, which must not change while it is analysed.
    """
    return _analysed(tree, posixpath.normpath(package_dir), tags, cgo, goarch, linked, modcache)


@remembered
def _analysed(
    tree: SourceTree,
    package_dir: str,
    tags: frozenset[str],
    cgo: bool | None,
    goarch: str,
    linked: frozenset[str],
    modcache: Path | None,
) -> ProgramNeeds:
    closure = _followed(tree, package_dir, tags, goarch, None, modcache)
    if cgo is not None and closure.mixed:
        closure = _followed(tree, package_dir, tags, goarch, cgo, modcache)
    needs = _needs(tree, closure, tags, linked)
    return needs._replace(cgo=cgo_rules.verdict(closure, tags, cgo))


_followed = remembered(follow)


@remembered
def _needs(
    tree: SourceTree, closure: Closure, tags: frozenset[str], linked: frozenset[str]
) -> ProgramNeeds:
    """All that follows from the files; the verdict about cgo is still open."""
    calls = find_calls(closure, linked)
    signals, environment = find_signals(closure)
    if "timetzdata" in tags:
        signals.pop("time_zones", None)
    extra = _module_needs(closure, calls.reads, calls.executes)
    signals.setdefault("home", []).extend(calls.home)
    places = {
        name: tuple(dict.fromkeys(found)) for name, found in signals.items() if name in _SIGNALS
    }
    main = closure.main
    units = [unit for unit in closure.units.values() if unit.package.module.tree is tree]
    return ProgramNeeds(
        packages=tuple(sorted({unit.package.directory for unit in units})),
        modules=frozenset(_modules(closure)),
        cgo=Cgo("unknown"),
        reads=tuple(calls.reads.values()),
        executes=tuple(calls.executes.values()),
        embeds=tuple(embed for unit in units for embed in embeds(unit)),
        shared_libraries=cgo_rules.shared_libraries(closure, tags),
        extra=tuple(extra),
        mentions=(*calls.given, *find_mentions(closure)),
        environment=frozenset(calls.environment | environment),
        dynamic=tuple(calls.dynamic),
        missing=tuple(closure.missing),
        not_main=main is None or main.name != "main",
        problems=tuple(closure.problems),
        **places,
    )


_SIGNALS = frozenset(
    [
        "time_zones",
        "local_time",
        "tls",
        "users",
        "temp_files",
        "home",
        "caller_paths",
        "toolchain_paths",
        "plugins",
        "build_info",
        "mime_types",
        "self_path",
        "symbols",
        "services",
        "resolver",
    ]
)


def _modules(closure: Closure) -> set[str]:
    """External modules that are imported, vendored and cached ones included."""
    found = {external.module for external, _ in closure.externals.values()}
    for unit in closure.units.values():
        if not unit.own:
            found.add(unit.package.module.path)
    return found


def _module_needs(
    closure: Closure,
    reads: dict[tuple[object, ...], FileRead],
    executes: dict[tuple[object, ...], Executes],
) -> list[Evidence]:
    """Add what imported modules open and start by themselves; returns the rest in words."""
    extra: list[Evidence] = []
    for path, place in closure.imported.items():
        found = need_of(closure, path)
        if found is None:
            continue
        need = found[1]
        for name in need.reads:
            reads.setdefault((name,), FileRead(name, "stat", False, place))
        for program in need.programs:
            executes.setdefault((program,), Executes(program, place))
        if need.extra:
            extra.append(Evidence(place.path, place.line, f"{found[0]}: {need.extra}"))
    return extra

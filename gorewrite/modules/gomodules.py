"""The Go module that a go command works on, as it lies in the image.

Rules: Go modules reference, "go.mod files", "Workspaces", "Vendoring". Paths are followed
through COPY, so a module may lie elsewhere in the image than in the build context.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from typing import NamedTuple

from gorewrite.evidence import Evidence
from gorewrite.facts import StageFacts
from gorewrite.gobuild.toolchain import go_version
from gorewrite.golang.gomod import GoMod, GoWork, Replace, parse_gomod, parse_gowork, vendored
from gorewrite.golang.targets import ignores_modules
from gorewrite.golang.versions import GoVersion, parse_version, supports
from gorewrite.memo import remembered
from gorewrite.stage.runs import Invocation
from gorewrite.stage.views import View


class PlacedModule(NamedTuple):
    """A module (and its workspace, if any) that was copied from the context.

    directory: where its go.mod lies in the image; workspace_directory: where its go.work does.
    """

    mod: GoMod
    directory: str
    workspace: GoWork | None = None
    workspace_directory: str = ""

    @property
    def directories(self) -> tuple[str, ...]:
        """The image directories with code of its own: its root and local replacements."""
        replaced = [
            posixpath.normpath(posixpath.join(top, replace.new))
            for top, replaces in (
                (self.directory, self.mod.replaces),
                (self.workspace_directory, self.workspace.replaces if self.workspace else ()),
            )
            for replace in replaces
            if replace.local
        ]
        return (self.root, *replaced)

    @property
    def root(self) -> str:
        """The image directory in which `go mod download` fetches all of it."""
        return self.workspace_directory if self.workspace else self.directory


@dataclass(frozen=True, slots=True)
class ModuleFiles:
    """The files that `go mod download` needs: context path -> image path, in order.

    mods: the go.mod files among them.
    """

    files: dict[str, str] = field(default_factory=dict)
    mods: list[GoMod] = field(default_factory=list)


@remembered
def module_at(view: View, directory: str, *, workspace: bool = True) -> PlacedModule | None:
    """The module that go finds from an image directory upward; None when it is not a copy of
    one in the context. workspace: whether go.work counts (GOWORK=off)."""
    found = _upward(view, directory, "go.mod")
    mod = _read_mod(view, found[0]) if found is not None else None
    work = _upward(view, directory, "go.work") if workspace else None
    data = view.tree.read(work[0]) if work is not None else None
    parsed = parse_gowork(data, work[0]) if work is not None and data is not None else None
    if not isinstance(parsed, GoWork) or work is None:
        return PlacedModule(mod, found[1]) if mod is not None and found is not None else None
    if mod is not None and found is not None:
        return PlacedModule(mod, found[1], parsed, work[1])
    # At the root of a workspace there need be no go.mod: any member will do.
    for use in parsed.uses:
        path = posixpath.normpath(posixpath.join(work[1], use))
        source = view.source_of(posixpath.join(path, "go.mod"))
        mod = _read_mod(view, source) if source is not None else None
        if mod is not None:
            return PlacedModule(mod, path, parsed, work[1])
    return None


def _read_mod(view: View, source: str) -> GoMod | None:
    data = view.tree.read(source)
    mod = parse_gomod(data, source) if data is not None else None
    return mod if isinstance(mod, GoMod) else None


def _upward(view: View, directory: str, name: str) -> tuple[str, str] | None:
    while True:
        source = view.source_of(f"{directory.rstrip('/')}/{name}")
        if source is not None and view.tree.kind(source) == "file":
            return source, directory
        if directory == "/":
            return None
        directory = posixpath.dirname(directory)


@remembered
def module_of(stage: StageFacts, invocation: Invocation) -> PlacedModule | None:
    """The module of a go command of this stage, None when it is not known or a tool's."""
    directory = invocation.go.directory
    if directory is None or invocation.go.versioned:
        return None
    # Workspaces came with Go 1.18; an unknown version is taken for a newer one.
    works = supports(go_version(stage), "workspaces") is not False
    unset = invocation.go.env.get("GOWORK", "") == ""
    view = stage.view(invocation.run.instruction)
    return module_at(view, directory, workspace=works and unset)


def spares_cache(stage: StageFacts, invocation: Invocation) -> bool:
    """Whether a go command has its modules elsewhere than in the module cache: in the vendor
    directory, or in GOPATH by a go that ignores go.mod."""
    version = go_version(stage, invocation)
    minor = version.minor if version is not None else None
    go = invocation.go
    if not go.versioned and ignores_modules(go.env, minor, go.directory or "") is not None:
        return True
    return go.setting("mod") == "vendor" or is_vendored(stage, invocation)


def is_vendored(stage: StageFacts, invocation: Invocation) -> bool:
    """Whether a go command takes its modules from a vendor directory of the context."""
    module = module_of(stage, invocation)
    if module is None:
        return False
    view = stage.view(invocation.run.instruction)
    return uses_vendor(view, module, invocation.go.setting("mod"))


def uses_vendor(view: View, module: PlacedModule, mode: str | None) -> bool:
    """Whether go takes a module's dependencies from its vendor directory.

    mode: the value of -mod, "" for none. By default that is so from `go 1.14` in go.mod on
    (`go help modules`); a workspace has its vendor directory beside go.work since Go 1.22.
    """
    top = module.workspace.directory if module.workspace else module.mod.directory
    if mode in ("mod", "readonly", None) or not vendored(view.tree, top):
        return False
    if view.source_of(posixpath.join(module.root, "vendor/modules.txt")) is None:
        return False
    stated = module.workspace.go if module.workspace else module.mod.go
    version = parse_version(stated or "1.11")
    floor = GoVersion(1, 22, 0) if module.workspace else GoVersion(1, 14, 0)
    return mode == "vendor" or (version is not None and version >= floor)


class Incomplete(Exception):
    """Why the files of a module cannot all be named: `code` is the refusal's."""

    def __init__(self, code: str, message: str, evidence: Evidence) -> None:
        super().__init__(message)
        self.code = code
        self.evidence = evidence


def needed_files(view: View, module: PlacedModule) -> ModuleFiles:
    """Every file that `go mod download` reads for a module. Raises Incomplete.

    view: what the instruction that runs go sees, by which all of them have been copied.
    """
    needed = ModuleFiles()
    reader = _Files(view, needed)
    if module.workspace is None:
        reader.module(module.mod, module.directory)
        return needed
    reader.add(module.workspace_directory, "go.work")
    reader.add(module.workspace_directory, "go.work.sum")
    for use in module.workspace.uses:
        reader.member(module.workspace, module.workspace_directory, use)
    reader.replaced(module.workspace.replaces, module.workspace_directory, module.workspace.path)
    return needed


class _Files:
    def __init__(self, view: View, needed: ModuleFiles) -> None:
        self.view = view
        self.needed = needed

    def add(self, directory: str, name: str) -> str | None:
        """Takes a file that the image has at a place; its context path, None without one."""
        path = posixpath.normpath(posixpath.join(directory, name))
        source = self.view.source_of(path)
        if source is None or self.view.tree.kind(source) != "file":
            return None
        self._check_links(source)
        self.needed.files.setdefault(source, path)
        return source

    def _check_links(self, source: str) -> None:
        """A directory cannot be made where the source copy brings a link to one (BuildKit: "cannot
        replace to directory … with file"). What a COPY names itself, it follows."""
        above = posixpath.dirname(source)
        while above:
            named = any(placed.source == above for placed in self.view.copies.bringing(source))
            if self.view.tree.is_link(above) and not named:
                message = (
                    f"{above} is a link, in whose place a COPY of {source} makes a directory; "
                    "name what it stands for in go.mod or go.work"
                )
                raise Incomplete("odd-path", message, Evidence(above, 0, "a symbolic link"))
            above = posixpath.dirname(above)

    def module(self, mod: GoMod, directory: str) -> None:
        self.add(directory, "go.mod")
        self.add(directory, "go.sum")
        self.needed.mods.append(mod)
        self.replaced(mod.replaces, directory, mod.path)

    def member(self, work: GoWork, directory: str, use: str) -> None:
        path = posixpath.normpath(posixpath.join(directory, use))
        source = None if use.startswith("/") else self.add(path, "go.mod")
        mod = _read_mod(self.view, source) if source is not None else None
        if mod is None:
            line = self.view.tree.evidence_line(work.path, use)
            raise Incomplete(
                "workspace-incomplete",
                f"go.work uses {use}, whose go.mod is not in the build context or not copied; "
                "copy it, too",
                Evidence(work.path, line, f"use {use}"),
            )
        self.module(mod, path)

    def _missing(self, path: str) -> str:
        """Why a directory of the image has no go.mod from the context, and what to do."""
        origins = [placed.origin for placed in self.view.copies.over(path)]
        if "stage" in origins:
            return "which comes from another stage or image; hoist the download by hand"
        if "context" in origins:
            return "which is not there: left out by the ignore file, or a submodule not checked out"
        return "which is not in the build context or not copied; build from a directory above"

    def replaced(self, replaces: tuple[Replace, ...], directory: str, file: str) -> None:
        """The go.mod of each module that a `replace` takes from a directory.

        Replacements of other modules than the main ones are ignored by go, so one level will do.
        """
        for replace in replaces:
            if not replace.local:
                continue
            path = posixpath.normpath(posixpath.join(directory, replace.new))
            found = None if replace.new.startswith("/") else self.add(path, "go.mod")
            if found is None:
                raise Incomplete(
                    "replace-outside-context",
                    f"{replace.old} is replaced by {replace.new}, {self._missing(path)}",
                    Evidence(file, replace.line, f"replace {replace.old} => {replace.new}"),
                )
            self.add(path, "go.sum")

"""What the RUNs of a stage leave behind that a runtime image may need.

Each simple command is put into one class: it builds, it installs packages, it creates
users, it writes files at known paths, it generates files below its working directory, it
leaves nothing, or what it does is not known. Rule: hazards of splitting a stage, "what a
RUN does to the file system is lost unless it is carried over".
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gorewrite import shell
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import StageFacts
from gorewrite.golang.commands import installed_tools
from gorewrite.stage.images import Image
from gorewrite.stage.layout import tops, under
from gorewrite.stage.links import Link
from gorewrite.stage.packagesources import installer, is_file, options
from gorewrite.stage.runs import Run
from gorewrite.stage.scope import join

#: Options of `install` that take the next word: mode, owner, group.
_MODE = re.compile(r"-[a-zA-Z]*[mog]")
#: Commands that change nothing that a runtime image needs.
_NOTHING = frozenset(
    (
        "rmdir getent df date ldd nproc umask trap wait yes sync shift local unalias alias "
        "md5sum gpg apt-key apt-mark apt-cache ldconfig hash command addgroup"
    ).split()
)
#: Commands of `find -exec` after which nothing is there that was not there before.
_HARMLESS = frozenset("cat chgrp chmod chown echo grep ls md5sum rm sha256sum strip test".split())
#: Tools that write below their working directory and nowhere else that a program reads.
_GENERATORS = frozenset(
    [
        "make",
        "npm",
        "npx",
        "yarn",
        "pnpm",
        "node",
        "bun",
        "vite",
        "webpack",
        "protoc",
        "buf",
        "swag",
        "wire",
        "sqlc",
        "templ",
        "mockgen",
        "mockery",
        "gqlgen",
        "upx",
        "strip",
        "golangci-lint",
        "staticcheck",
        "gosec",
        "govulncheck",
        "task",
        "mage",
        "packr",
        "packr2",
        "statik",
        "go-bindata",
        "easyjson",
        "stringer",
        "ent",
        "rice",
        "esbuild",
        "tailwindcss",
        "sass",
        "hugo",
        "gotestsum",
        "ginkgo",
        "gofmt",
        "goimports",
        "oapi-codegen",
        "swagger",
        "git",
        "go-licenses",
        "revive",
        "tsc",
    ]
)
#: Places whose content a runtime image brings itself or that only a build uses.
_BUILD_PLACES = (
    "/tmp",
    "/var/tmp",
    "/root/.cache",
    "/go/pkg",
    "/go/src",
    "/usr/local/go",
    "/var/cache",
    "/var/lib/apt",
    "/root/.ssh",
    "/root/.netrc",
    "/root/.gitconfig",
    "/dev",
    "/root/.npm",
    "/etc/apt",
    "/usr/share/keyrings",
    # Mounted by the engine while a RUN is run: nothing of it gets into a layer.
    "/etc/hosts",
    "/etc/hostname",
    "/etc/resolv.conf",
    "/var/log/apt",
)
_BELOW_BUILD_PLACES = tuple(f"{place}/" for place in _BUILD_PLACES)
_BIN = frozenset({"/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/local/sbin", "/go/bin"})


@dataclass
class Inventory:
    """What the RUNs of a lineage leave behind.

    packages: package -> (manager, where); options: of them, those that say where it comes from;
    recommends: those that apt installs together with what they recommend; users, groups: created by
    name -> where; written: absolute path -> where, outside of build places; owned: paths whose
    owner or mode was changed; generators: commands that write below their working directory, with
    it; unknown: commands whose effects are not known; tools: absolute path of `go install`ed
    commands of other modules -> where; certificates: where update-ca-certificates runs; moved:
    destination -> source of `mv`, `cp`, `install`, `ln`; links: the symbolic links among what is
    written; removed: what `rm` and `mv` take away (a directory stands for all below it);
    directories: what `mkdir` and `install -d` make; filled: what others write, or write into;
    cloned: what `git clone` makes; reports: what `go test` writes for people, which a program
    hardly reads.
    """

    packages: dict[str, tuple[str, Evidence]] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    recommends: set[str] = field(default_factory=set)
    users: dict[str, tuple[shell.UserCommand, Evidence]] = field(default_factory=dict)
    written: dict[str, Evidence] = field(default_factory=dict)
    owned: dict[str, Evidence] = field(default_factory=dict)
    generators: list[tuple[str | None, Evidence]] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)
    tools: dict[str, Evidence] = field(default_factory=dict)
    certificates: list[Evidence] = field(default_factory=list)
    moved: dict[str, str] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    removed: dict[str, Evidence] = field(default_factory=dict)
    directories: set[str] = field(default_factory=set)
    filled: set[str] = field(default_factory=set)
    cloned: dict[str, Evidence] = field(default_factory=dict)
    reports: dict[str, Evidence] = field(default_factory=dict)

    def origin(self, path: str) -> str:
        """The path under which a file was first written, before `mv` and `cp`."""
        seen: set[str] = set()
        while path in self.moved and path not in seen:
            seen.add(path)
            path = self.moved[path]
        return path

    def gone(self, path: str) -> bool:
        """Whether a path was removed or moved away."""
        return not tops(path).isdisjoint(self.removed)

    def written_below(self, top: str) -> bool:
        """Whether something was written, or may have been generated, at or below a path."""
        return any(under(path, top) for path in self.written) or any(
            cwd is None or under(cwd, top) or under(top, cwd) for cwd, _ in self.generators
        )


def take(stage: StageFacts) -> Inventory:
    """The inventory of a stage and of the stages it is built on."""
    inventory = Inventory()
    for member in stage.lineage:
        for run in member.runs:
            if isinstance(run.script, Unknown):
                at = member.facts.at(run.instruction)
                inventory.unknown.append(Unknown(run.script.why, (at,)))
                continue
            for step in run.steps:
                _Reader(inventory, member, run, shell.unwrapped(step)).read()
    return inventory


class _Reader(NamedTuple):
    inventory: Inventory
    stage: StageFacts
    run: Run
    step: shell.Step

    def read(self) -> None:
        argv = self.step.argv
        if not argv:
            self._writes("")  # A redirection alone, or assignments.
            return
        name = posixpath.basename(argv[0] or "")
        package = shell.package_command(self.step.unmatched)
        if package is not None:
            self._packages(package)
            return
        user = shell.user_command(argv)
        if user is not None:
            if user.name is None:
                self._unknown(name, "the user's name is not known")
            else:
                self.inventory.users[user.name] = (user, self._at())
            return
        match name:
            case "go":
                self._go()
            case "chown" | "chmod" | "chgrp" | "setcap":
                for path in shell.writes(self.step):
                    if name == "setcap":
                        self._unknown(name, "not every builder copies capabilities of files")
                    elif path is None:
                        self._unknown(name, "its target is not known")
                    else:
                        self.inventory.owned[path] = self._at()
                        self._made_on_the_way(path)
            case "update-ca-certificates":
                self.inventory.certificates.append(self._at())
            case _ if name in _GENERATORS:
                self.inventory.generators.append((self.step.cwd, self._at()))
                if argv[:2] == ("git", "clone"):
                    cloned = ((path, self._at()) for path in shell.writes(self.step) if path)
                    self.inventory.cloned.update(cloned)
            case "rm":
                self._removes(argv[1:])
            case "find":
                self._found()
            case _ if name in _NOTHING:
                pass
            case "mv" | "cp" | "install" | "ln":
                self._moves(name, argv[1:])
                self._writes(name)
                if name == "ln":
                    self._links(argv[1:])
            case _:
                self._writes(name)
        if self._makes_directories():
            made = (path for path in shell.writes(self.step) if path)
            self.inventory.directories.update(p for p in made if not self._build_place(p))

    def _writes(self, name: str) -> None:
        paths = shell.writes(self.step)
        held = self.step.path(self.step.argv[0]) if self.step.argv else None
        if None in paths and (held in self.stage.output_paths or self._own_tool()):
            # A program of the build itself, such as a generator.
            self.inventory.generators.append((self.step.cwd, self._at()))
            return
        for path in paths:
            if path is None and not installer(self.run, self.step, name):
                self._unknown(name, "what it leaves behind is not known")
            elif path is None:
                continue
            elif not self._build_place(path):
                self.inventory.written.setdefault(path, self._at())
                if not self._makes_directories():
                    self.inventory.filled.add(path)

    def _found(self) -> None:
        """What `find … -exec` runs: at most something below its working directory, if its words
        name nothing else."""
        for command in shell.executed_by_find(tuple(word or "" for word in self.step.argv))[1]:
            if command[0] not in _HARMLESS:
                elsewhere = any(str(word).startswith(("/", "..")) for word in command[1:])
                self.inventory.generators.append((None if elsewhere else self.step.cwd, self._at()))

    def _makes_directories(self) -> bool:
        argv = self.step.argv
        name = posixpath.basename(argv[0] or "") if argv else ""
        return name == "mkdir" or (name == "install" and "-d" in argv)

    def _own_tool(self) -> bool:
        """Whether the command is found in PATH because go built it there."""
        name = (self.step.argv[0] or "") if self.step.argv else ""
        built = {*self.stage.output_paths, *self.inventory.tools}
        places = (self.step.env.get("PATH") or "").split(":")
        return "/" not in name and any(f"{place}/{name}" in built for place in places)

    def _build_place(self, path: str) -> bool:
        """Whether a path belongs to the build: caches, and GOPATH outside the work directory."""
        if path in _BUILD_PLACES or path.startswith(_BELOW_BUILD_PLACES):
            return True
        return under(path, "/go") and not under(path, self.stage.end.workdir or "/nowhere")

    def _removes(self, words: Sequence[str | None]) -> None:
        for word, text in zip(words, self.step.command.words[1:], strict=False):
            if word is None:
                # `rm -rf dir/*`: all below the directory, as far as it can be told.
                word = text.text.partition("*")[0].rpartition("/")[0]
                if not text.globs or "$" in word or "`" in word:
                    self._unknown("rm", "what it removes is not known")
                    continue
            path = self.step.path(word or ".")
            if path is not None and not (word or "").startswith("-"):
                self.inventory.removed[path] = self._at()

    def _moves(self, name: str, words: Sequence[str | None]) -> None:
        """`mv a b`: the one form in which a binary changes its place."""
        before = ("", *(word or "" for word in words))
        operands = [
            word
            for word, option in zip(words, before, strict=False)
            if (word is None or not word.startswith("-"))
            and not (name == "install" and _MODE.fullmatch(option))
        ]
        if len(operands) != 2 or None in operands:
            return
        source, target = operands[0] or "", operands[1] or ""
        old, new = self.step.path(source), self.step.path(target)
        if old is None or new is None:
            return
        if target.endswith("/") or target in (".", "..") or new in self.stage.directories | _BIN:
            new = posixpath.join(new, posixpath.basename(old))
        self.inventory.moved[new] = old
        self.inventory.removed.pop(new, None)
        if name == "mv":
            self.inventory.removed[old] = self._at()

    def _made_on_the_way(self, path: str) -> None:
        """`mkdir -p a/b && chown x a` makes a directory `a` whose owner counts."""
        if not self._build_place(path) and any(
            under(written, path) and written != path for written in self.inventory.written
        ):
            self.inventory.written.setdefault(path, self._at())

    def _links(self, words: Sequence[str | None]) -> None:
        """`ln -s target path`; the target is relative to where the link is."""
        options = [word for word in words if word is not None and word.startswith("-")]
        if not any(o == "--symbolic" or (o[1:2] != "-" and "s" in o) for o in options):
            return
        operands = [word for word in words if word is None or not word.startswith("-")]
        target = operands[0] if len(operands) == 2 else None
        for path in shell.writes(self.step):
            if path is None:
                continue
            if len(operands) == 2 and operands[1] and self._directory(operands[1], path):
                path = posixpath.join(path, posixpath.basename(target or ""))
            stands_for = join(posixpath.dirname(path), target) if target else None
            self.inventory.links[path] = Link(stands_for, self._at())
            if stands_for is not None:
                self.inventory.moved[path] = stands_for

    def _directory(self, written: str, path: str) -> bool:
        return not written.endswith("/") and path in self.stage.directories

    def _packages(self, command: shell.PackageCommand) -> None:
        if command.manager == "npm" and not {"-g", "--global"} & set(command.options):
            # node_modules, and whatever the scripts of package.json make.
            elsewhere = any(option.startswith(("-C", "--prefix")) for option in command.options)
            self.inventory.generators.append((None if elsewhere else self.step.cwd, self._at()))
        elif command.action == "install":
            if command.unknown:
                self._unknown(command.manager, "which packages it installs is not known")
            for package in command.packages:
                if command.manager in ("apk", "apt") and is_file(package):
                    self._unknown(command.manager, f"what {package} brings is not known")
                    continue
                self.inventory.packages[package] = (command.manager, self._at())
                self.inventory.options[package] = options(command)
                if command.manager == "apt" and "--no-install-recommends" not in command.options:
                    self.inventory.recommends.add(package)
            if command.manager in ("pip", "npm"):
                self._unknown(command.manager, "it installs programs of another language")
        elif command.action == "remove":
            for package in command.packages:
                self.inventory.packages.pop(package, None)

    def _go(self) -> None:
        for invocation in self.run.invocations:
            if invocation.words[0].start != self.step.command.words[0].start:
                continue
            if invocation.go.kind in ("generate", "run"):
                self.inventory.generators.append((self.step.cwd, self._at()))
            report = invocation.go.flag("coverprofile")
            path = join(invocation.go.directory, report.value) if report and report.value else None
            if path is not None:
                self.inventory.reports[path] = self._at()
            base = self.stage.base
            minor = base.go.version.minor if isinstance(base, Image) and base.go else None
            tools = installed_tools(invocation.go, go_minor=minor)
            if not isinstance(tools, Unknown):
                for tool in tools:
                    self.inventory.tools[tool.path] = self._at()

    def _unknown(self, name: str | None, why: str) -> None:
        what = f"{name}: {why}" if name else why
        self.inventory.unknown.append(Unknown(what, (self._at(),)))

    def _at(self) -> Evidence:
        offset = self.run.line_at(self.step.command.start)
        text = self.run.text[self.step.command.start : self.step.command.end].partition("\n")[0]
        return self.stage.facts.at(self.run.instruction, text, offset)

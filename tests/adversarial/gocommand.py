"""What `go` does in the model: a binary is a text that names all it was made of."""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from typing import TYPE_CHECKING

from tests.adversarial.disk import Entry, Failure

if TYPE_CHECKING:
    from tests.adversarial.commands import Shell

_IMPORT = re.compile(r'^\s*(?:import\s+)?(?:\w+\s+|_\s+)?"([\w./-]+)"$', re.MULTILINE)
_EMBED = re.compile(r"^//go:embed (.+)$", re.MULTILINE)
_REQUIRE = re.compile(r"^\s*(?:require\s+)?([\w.-]+\.[\w./-]+) (v[\w.+-]+)", re.MULTILINE)
_REPLACE = re.compile(r"^replace (\S+) => (\S+)$", re.MULTILINE)
_USE = re.compile(r"^\s*(?:use\s+)?(\.\S*)$", re.MULTILINE)
_NAME = re.compile(r"^module (\S+)", re.MULTILINE)
_STAMP = re.compile(r"-X[ =]'?([\w./-]+=[^\s'\"]*)")
_MAJOR = re.compile(r"v[0-9]+$")
MODULES = "/go/pkg/mod"
CACHE = "/root/.cache/go-build"


def go(shell: Shell, words: list[str]) -> str:
    """Runs a command of go."""
    match words:
        case ["build" | "install", *rest]:
            _build(shell, words[0], rest)
        case ["mod", "download" | "tidy" | "vendor", *_]:
            module = _module(shell, shell.directory)
            _fetch(shell, module, vendored=False)
        case ["test" | "vet" | "generate", *_]:
            module = _module(shell, shell.directory)
            _fetch(shell, module)
        case ["version" | "env" | "clean" | "fmt", *_]:
            return "go version\n"
        case _:
            raise Failure(f"go {words}")
    return ""


def _module(shell: Shell, directory: str) -> str:
    """The directory of the module that a directory is in."""
    top = directory
    while shell.disk.text(posixpath.join(top, "go.mod")) is None:
        if top == "/":
            raise Failure(f"go: go.mod file not found in {directory} or any parent directory")
        top = posixpath.dirname(top)
    return top


def _workspace(shell: Shell, module: str) -> dict[str, str]:
    """The members of the workspace that a module is built in: module path -> directory."""
    top = module
    while (text := shell.disk.text(posixpath.join(top, "go.work"))) is None:
        if top == "/":
            return {}
        top = posixpath.dirname(top)
    if shell.variables.get("GOWORK") == "off":
        return {}
    members = {}
    for used in _USE.findall(text):
        directory = posixpath.normpath(posixpath.join(top, used))
        member = shell.disk.text(posixpath.join(directory, "go.mod"))
        if member is None:
            raise Failure(f"go: cannot load module {used} listed in go.work file: no such file")
        members[_NAME.findall(member)[0]] = directory
    if module not in members.values():
        raise Failure(f"{module} is not in the modules listed in go.work")
    return members


def _beside(shell: Shell, module: str) -> dict[str, str]:
    """Modules that a module takes from the disk: module path -> directory."""
    text = shell.disk.text(posixpath.join(module, "go.mod")) or ""
    replaced = {
        path: posixpath.normpath(posixpath.join(module, target))
        for path, target in _REPLACE.findall(text)
    }
    return {**replaced, **_workspace(shell, module)}


def _fetch(shell: Shell, module: str, vendored: bool = True) -> None:
    """Downloads the required modules that are not there yet. vendored: whether those in vendor/
    will do."""
    text = shell.disk.text(posixpath.join(module, "go.mod")) or ""
    beside = _beside(shell, module)
    if vendored and shell.disk.is_dir(posixpath.join(module, "vendor")):
        return
    for path, version in _REQUIRE.findall(text):
        if path in beside:
            if shell.disk.text(posixpath.join(beside[path], "go.mod")) is None:
                raise Failure(f"go: {path}: reading {beside[path]}/go.mod: no such file")
            continue
        place = f"{MODULES}/{path}@{version}"
        if shell.disk.is_dir(place):
            continue
        if not shell.network:
            raise Failure(f"go: {path}@{version}: no network")
        if path.startswith("git.example.com/") and not _credentials(shell):
            raise Failure(f"go: {path}@{version}: could not read Username")
        sums = shell.disk.text(posixpath.join(module, "go.sum"))
        if sums is None or path not in sums:
            raise Failure(f"go: {path}@{version}: missing go.sum entry")
        shell.disk.make(place, shell.owner)
        shell.disk.put(f"{place}/schema.sql", Entry("file", f"schema of {path}", shell.owner))
    shell.disk.make(CACHE, shell.owner)


def _credentials(shell: Shell) -> bool:
    return shell.disk.text("/root/.netrc") is not None


def _build(shell: Shell, kind: str, rest: list[str]) -> None:
    output, packages, flags = None, [], {"tags": "", "ldflags": "", "mod": ""}
    index = 0
    while index < len(rest):
        word = rest[index]
        name, equals, value = word.lstrip("-").partition("=")
        if not word.startswith("-"):
            packages.append(word)
        elif name in ("o", "tags", "ldflags", "installsuffix", "gcflags", "p", "mod"):
            if not equals:
                index += 1
                value = rest[index]
            if name == "o":
                output = value
            flags[name] = value
        index += 1
    for package in packages or ["."]:
        for directory in _matching(shell, package):
            _one(shell, kind, directory, output, flags, len(packages) > 1 or "..." in package)


def _matching(shell: Shell, package: str) -> list[str]:
    if package.endswith(".go"):
        return [posixpath.dirname(shell.path(package))]
    if not package.endswith("/..."):
        return [shell.path(package)]
    top = shell.path(package[:-4])
    found = {posixpath.dirname(p) for p in shell.disk.below(top) if p.endswith(".go")}
    mains = [d for d in sorted(found) if "package main" in _sources(shell, d)]
    return [d for d in mains if "/vendor/" not in d]


def _sources(shell: Shell, directory: str) -> str:
    files = [
        path
        for path in shell.disk.below(directory)
        if posixpath.dirname(path) == shell.disk.resolve(directory)
        and path.endswith(".go")
        and not path.endswith("_test.go")
    ]
    if not files:
        raise Failure(f"no Go files in {directory}")
    return "".join(shell.disk.text(path) or "" for path in files)


def _one(
    shell: Shell, kind: str, directory: str, output: str | None, flags: dict[str, str], many: bool
) -> None:
    module = _module(shell, directory)
    _fetch(shell, module)
    made = _parts(shell, module, directory, set())
    source = "".join(text for name, text in made.items() if name.endswith("package"))
    text = shell.disk.text(posixpath.join(module, "go.mod")) or ""
    path = re.search(r"^module (\S+)", text, re.MULTILINE)
    default = posixpath.basename(directory) if directory != module else ""
    if not default:
        names = [
            name for name in (path[1] if path else "main").split("/") if not _MAJOR.match(name)
        ]
        default = names[-1]
    enabled = shell.variables.get("CGO_ENABLED") or ("1" if shell.image.find("gcc") else "0")
    own = 'import "C"' in source
    if own and enabled == "0":
        raise Failure("build constraints exclude all Go files")
    if enabled == "1" and not shell.image.find("gcc"):
        raise Failure("cgo: C compiler gcc not found")
    if own and shell.image.distro == "alpine" and shell.disk.at("/usr/lib/musl-dev") is None:
        raise Failure("fatal error: stdlib.h: no such file")
    dynamic = enabled == "1" and (own or '"net/http"' in source or '"os/user"' in source)
    static = dynamic and "-static" in flags["ldflags"]
    digest = hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()[:16]
    binary = {
        "package": posixpath.relpath(directory, module),
        "made of": digest,
        "stamps": sorted(_STAMP.findall(flags["ldflags"])),
        "tags": flags["tags"],
        "libc": list(shell.image.libc or ()) if dynamic and not static else [],
        "trimmed": "-trimpath" in shell.variables.get("GOFLAGS", "") or "trimpath" in flags,
        "embedded": {name: text for name, text in made.items() if name.startswith("embed ")},
    }
    if kind == "install":
        place = posixpath.join(shell.variables.get("GOBIN") or "/go/bin", default)
    else:
        place = shell.path(output or default)
        if (output or "").endswith("/") or shell.disk.is_dir(place):
            shell.disk.make(place, shell.owner)
            place = posixpath.join(place, default)
    if many and kind == "build" and (output is None or not shell.disk.is_dir(shell.path(output))):
        return  # Several packages are built and thrown away.
    entry = Entry("file", "binary " + json.dumps(binary, sort_keys=True), shell.owner)
    shell.disk.make(posixpath.dirname(place), shell.owner)
    shell.disk.put(place, entry)


def _parts(shell: Shell, module: str, directory: str, seen: set[str]) -> dict[str, str]:
    """All that a package is made of: its sources, what they embed, what they import."""
    if directory in seen:
        return {}
    seen.add(directory)
    source = _sources(shell, directory)
    name = posixpath.relpath(directory, module)
    made = {f"{name} package": source}
    for patterns in _EMBED.findall(source):
        for pattern in patterns.split():
            found = shell.disk.glob(posixpath.join(directory, pattern.removeprefix("all:")))
            files = [
                p
                for top in found
                for p in ([top] if shell.disk.text(top) is not None else shell.disk.below(top))
            ]
            texts = {p: shell.disk.text(p) for p in files if shell.disk.text(p) is not None}
            if not texts:
                raise Failure(f"pattern {pattern}: no matching files found")
            made |= {f"embed {posixpath.relpath(p, directory)}": t or "" for p, t in texts.items()}
    text = shell.disk.text(posixpath.join(module, "go.mod")) or ""
    path = re.search(r"^module (\S+)", text, re.MULTILINE)
    prefix = path[1] if path else "main"
    for imported in _IMPORT.findall(source):
        if imported.startswith(prefix + "/"):
            inner = posixpath.join(module, imported[len(prefix) + 1 :])
            made |= _parts(shell, module, inner, seen)
    beside = _beside(shell, module)
    for other, directory in beside.items():
        if f'"{other}"' in source:
            parts = _parts(shell, directory, directory, seen)
            made |= {f"{other} {key}": value for key, value in parts.items()}
    if '"example.com/lib"' in source and "example.com/lib" not in beside:
        raise Failure("no required module provides package example.com/lib")
    return made

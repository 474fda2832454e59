"""What the commands of RUNs and scripts do to an image."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Sequence

from tests.adversarial import gocommand
from tests.adversarial.bases import Image, add, package_files
from tests.adversarial.disk import Disk, Entry, Failure
from tests.adversarial.shell import commands


class Shell:
    """A running shell. network: whether it reaches the network."""

    def __init__(self, image: Image, variables: dict[str, str], network: bool = True) -> None:
        self.image, self.disk = image, image.disk
        self.variables = dict(variables)
        self.directory = image.workdir
        self.owner = image.number(image.user)
        self.network = network
        self.strict = False
        #: What `exec` in a script replaces the shell with.
        self.replaced: tuple[str, ...] | None = None
        #: What was started: path, arguments, what it is made of, environment, directory.
        self.programs: list[tuple[str, tuple[str, ...], str, dict[str, str], str]] = []

    def run(self, text: str) -> None:
        """Runs a script. Raises Failure when it ends with another status than 0."""
        failed: Failure | None = None
        for joint, words, output, read in commands(text, lambda name: self.variables.get(name, "")):
            if self.replaced is not None:
                return
            if (joint == "||") == (failed is None) and joint in ("&&", "||"):
                continue
            if failed is not None and joint == ";" and self.strict:
                raise failed
            try:
                if read is not None and self.disk.text(self.path(read)) is None:
                    raise Failure(f"{read}: no such file")
                said = self.command(list(words))
                failed = None
                if output is not None:
                    self._into(output, said)
            except Failure as error:
                failed = error
        if failed is not None:
            raise failed

    def path(self, written: str) -> str:
        home = self.image.accounts().get(self.image.user.partition(":")[0], (0, "/root"))[1]
        if written == "~" or written.startswith("~/"):
            written = home + written[1:]
        return posixpath.normpath(posixpath.join(self.directory, written))

    def _into(self, output: str, said: str) -> None:
        if output == "/dev/null":
            return
        directory = self.disk.at(posixpath.dirname(self.path(output)))
        allowed = directory is None or self.owner in (0, directory.owner) or directory.mode & 0o002
        if not allowed:
            raise Failure(f"{output}: permission denied")
        self.disk.put(self.path(output), Entry("file", said, self.owner, 0o644))

    def command(self, words: list[str]) -> str:
        """Runs one command; returns what it writes to its standard output."""
        kept = dict(self.variables)
        assigned = 0
        while words and re.match(r"[A-Za-z_][A-Za-z0-9_]*=", words[0]):
            name, _, value = words.pop(0).partition("=")
            self.variables[name] = value
            assigned += 1
        if not words:
            return ""
        try:
            return self._command(words[0], words[1:])
        finally:
            if assigned:
                self.variables = kept

    def _command(self, name: str, words: list[str]) -> str:
        builtin = getattr(self, f"_do_{name}", None)
        if builtin is not None:
            said: str = builtin(words)
            return said
        found = self._found(name)
        handler = _HANDLERS.get(posixpath.basename(found))
        text = self.disk.text(found) or ""
        if handler is not None and text.startswith("of the image"):
            return handler(self, words)
        if text.startswith(("#!", "binary ")):
            self.script([name, *words])
            return ""
        return f"output of {posixpath.basename(found)} {' '.join(words)}"

    def _found(self, name: str) -> str:
        places = self.variables.get("PATH", "").split(":")
        paths = [name] if "/" in name else [posixpath.join(top, name) for top in places]
        for path in map(self.path, paths):
            if self.disk.text(path) is not None:
                return path
        raise Failure(f"{name}: not found")

    def script(self, words: list[str]) -> None:
        """Starts a script or a program of the service, and waits for it."""
        path = self._found(words[0])
        text = self.disk.text(path) or ""
        if text.startswith("binary "):
            binary = text.removeprefix("binary ")
            self._load(binary)
            started = (path, tuple(words[1:]), binary, dict(self.variables), self.directory)
            self.programs.append(started)
            return
        if not text.startswith("#!"):
            return
        self._found(text[2:].split("\n")[0].split()[0])
        if text.startswith("#!/usr/bin/env "):
            self._found(text.split("\n")[0].split()[1])
        inner = Shell(self.image, {**self.variables, "@": "\0".join(words[1:])}, self.network)
        inner.directory, inner.programs = self.directory, self.programs
        inner.run(text)
        self.replaced = inner.replaced

    def _load(self, binary: str) -> None:
        """Raises Failure when a binary needs a C library that the image does not have."""
        wanted = json.loads(binary)["libc"]
        has = self.image.libc
        if wanted and (has is None or has[0] != wanted[0] or has[1] < wanted[1]):
            raise Failure("no such file or directory: the loader of a dynamic binary")

    # --- builtins ---

    def _do_cd(self, words: list[str]) -> str:
        target = self.path(words[0])
        if not self.disk.is_dir(target):
            raise Failure(f"cd: {target}: no such directory")
        self.directory = target
        return ""

    def _do_set(self, words: list[str]) -> str:
        self.strict |= any("e" in word for word in words if word.startswith("-"))
        return ""

    def _do_export(self, words: list[str]) -> str:
        self.variables |= {word.partition("=")[0]: word.partition("=")[2] for word in words}
        return ""

    def _do_exec(self, words: list[str]) -> str:
        self.replaced = tuple(words)
        return ""

    def _do_exit(self, words: list[str]) -> str:
        raise Failure(f"exit {words}")

    def _do_echo(self, words: list[str]) -> str:
        return " ".join(words) + "\n"


Handler = Callable[[Shell, list[str]], str]


def _plain(words: Sequence[str]) -> list[str]:
    return [word for word in words if not word.startswith("-")]


def _sources(shell: Shell, words: Sequence[str]) -> list[str]:
    found = [path for word in words for path in shell.disk.glob(shell.path(word))]
    if not found:
        raise Failure(f"{words}: no such file or directory")
    return found


def _mkdir(shell: Shell, words: list[str]) -> str:
    for word in _plain(words):
        path = shell.path(word)
        if "-p" not in words and shell.disk.at(path) is not None:
            raise Failure(f"mkdir: {path}: file exists")
        if "-p" not in words and not shell.disk.is_dir(posixpath.dirname(path)):
            raise Failure(f"mkdir: {path}: no such directory")
        shell.disk.make(path, shell.owner)
    return ""


def _target(disk: Disk, source: str, target: str) -> str:
    return posixpath.join(target, posixpath.basename(source)) if disk.is_dir(target) else target


def copy_tree(disk: Disk, source: Disk, path: str, target: str, owner: int | None) -> None:
    """Copies what lies at a path to a target. owner: of all, None when it is kept."""
    entry = source.at(path)
    if entry is None:
        raise Failure(f"{path}: no such file or directory")
    own = entry.owner if owner is None else owner
    if entry.kind == "file":
        disk.put(target, entry._replace(owner=own))
        return
    if not disk.is_dir(target):
        disk.make(target, own)
    top = source.resolve(path).rstrip("/")
    for found in list(source.below(path)):
        inner = source.entries[found]
        own = inner.owner if owner is None else owner
        place = target.rstrip("/") + found[len(top) :]
        if inner.kind == "dir":
            disk.make(place, own)
            disk.change(place, owner=own, mode=inner.mode)
        else:
            disk.put(place, inner._replace(owner=own))


def _cp(shell: Shell, words: list[str]) -> str:
    *sources, last = _plain(words)
    kept = None if any(w in ("-a", "-p") for w in words) else shell.owner
    for source in _sources(shell, sources):
        if shell.disk.is_dir(source) and not any("r" in w or "R" in w or "a" in w for w in words):
            raise Failure(f"cp: {source} is a directory")
        target = _target(shell.disk, source, shell.path(last))
        copy_tree(shell.disk, shell.disk.copy(), source, target, kept)
    return ""


def _mv(shell: Shell, words: list[str]) -> str:
    *sources, last = _plain(words)
    for source in _sources(shell, sources):
        target = _target(shell.disk, source, shell.path(last))
        copy_tree(shell.disk, shell.disk.copy(), source, target, None)
        shell.disk.remove(source)
    return ""


def _rm(shell: Shell, words: list[str]) -> str:
    for word in _plain(words):
        for path in shell.disk.glob(shell.path(word)):
            shell.disk.remove(path)
    return ""


def _touch(shell: Shell, words: list[str]) -> str:
    for word in _plain(words):
        if shell.disk.at(shell.path(word)) is None:
            shell.disk.put(shell.path(word), Entry("file", "", shell.owner, 0o644))
    return ""


def _ln(shell: Shell, words: list[str]) -> str:
    target, name = _plain(words)
    name = _target(shell.disk, target, shell.path(name))
    if any("f" in word for word in words if word.startswith("-")):
        shell.disk.remove(name)
    shell.disk.put(name, Entry("link", target, shell.owner))
    return ""


def _chown(shell: Shell, words: list[str]) -> str:
    user, *paths = _plain(words)
    number = shell.image.number(user)
    for path in _sources(shell, paths):
        shell.disk.change(path, owner=number)
        if any("R" in word for word in words if word.startswith("-")):
            for found in list(shell.disk.below(path)):
                shell.disk.entries[found] = shell.disk.entries[found]._replace(owner=number)
    return ""


def _chmod(shell: Shell, words: list[str]) -> str:
    mode, *paths = _plain(words)
    for path in _sources(shell, paths):
        if mode.isdigit():
            shell.disk.change(path, mode=int(mode, 8))
    return ""


def _cat(shell: Shell, words: list[str]) -> str:
    texts = [shell.disk.text(shell.path(word)) for word in words]
    if None in texts:
        raise Failure(f"cat {words}: no such file")
    return "".join(text or "" for text in texts)


def _test(shell: Shell, words: list[str]) -> str:
    words = [word for word in words if word != "]"]
    match words:
        case ["-f", path] if shell.disk.text(shell.path(path)) is not None:
            return ""
        case ["-d", path] if shell.disk.is_dir(shell.path(path)):
            return ""
        case ["-e", path] if shell.disk.at(shell.path(path)) is not None:
            return ""
        case ["-n", text] if text:
            return ""
    raise Failure(f"test {words}: false")


def _false(shell: Shell, words: list[str]) -> str:
    raise Failure("false")


def _fetch(shell: Shell, words: list[str]) -> str:
    """curl and wget: what an address has is its own name."""
    if not shell.network:
        raise Failure("no network")
    address = next(word for word in words if "://" in word)
    content = f"fetched from {address}"
    names = [words[i + 1] for i, w in enumerate(words[:-1]) if re.fullmatch(r"-\w*[oO]", w)]
    output = next((n for n in names if "://" not in n), None)
    if output is None:
        return content
    shell.disk.put(shell.path(output), Entry("file", content, shell.owner, 0o644))
    return ""


def _install_packages(shell: Shell, words: list[str]) -> str:
    if shell.owner:
        raise Failure("packages are installed by root")
    plain = _plain(words)
    if not plain or plain[0] not in ("add", "install"):
        return ""
    for package in plain[1:]:
        for path in package_files(package, shell.image.distro):
            add(shell.disk, path)
    return ""


def _adduser(shell: Shell, words: list[str]) -> str:
    """adduser and useradd, with the options that the generator uses."""
    options = set(words)
    words = list(words)
    number = next(
        (int(words.pop(i + 1)) for i, w in enumerate(words) if w in ("-u", "--uid")), None
    )
    for index, word in enumerate(words):
        if word in ("-G", "-g", "-s", "-h", "--home", "--shell", "--gecos", "--ingroup"):
            words[index + 1] = "-"
    name = _plain(words)[0]
    if name in shell.image.accounts():
        raise Failure(f"{name}: the user exists")
    system = bool(options & {"-S", "--system", "-r"})
    taken = {found for found, _ in shell.image.accounts().values()}
    if number is None:
        number = next(n for n in range(100 if system else 1000, 60000) if n not in taken)
    home = f"/home/{name}"
    for table in ("/etc/passwd", "/etc/group"):
        text = (shell.disk.text(table) or "") + f"{name}:{number}:{home}\n"
        shell.disk.put(table, Entry("file", text, 0, 0o644))
    if not options & {"-H", "-M", "--no-create-home"} and not (
        shell.image.distro == "debian" and not options & {"-m", "--create-home"}
    ):
        shell.disk.make(home, number)
        shell.disk.change(home, owner=number)
    return ""


def _nothing(shell: Shell, words: list[str]) -> str:
    return ""


def _npm(shell: Shell, words: list[str]) -> str:
    """npm run build: makes dist/ of all that lies in src/."""
    if words[:2] != ["run", "build"]:
        return ""
    parts = [shell.disk.text(path) or "" for path in shell.disk.below(shell.path("src"))]
    shell.disk.make(shell.path("dist"), shell.owner)
    built = Entry("file", "built of " + "".join(parts), shell.owner, 0o644)
    shell.disk.put(shell.path("dist/app.js"), built)
    return ""


def _go(shell: Shell, words: list[str]) -> str:
    return gocommand.go(shell, words)


_HANDLERS: dict[str, Handler] = {
    "mkdir": _mkdir,
    "cp": _cp,
    "mv": _mv,
    "rm": _rm,
    "touch": _touch,
    "ln": _ln,
    "chown": _chown,
    "chmod": _chmod,
    "cat": _cat,
    "test": _test,
    "[": _test,
    "true": _nothing,
    "false": _false,
    "curl": _fetch,
    "wget": _fetch,
    "apk": _install_packages,
    "apt-get": _install_packages,
    "apt": _install_packages,
    "adduser": _adduser,
    "useradd": _adduser,
    "addgroup": _nothing,
    "groupadd": _nothing,
    "go": _go,
    "npm": _npm,
}

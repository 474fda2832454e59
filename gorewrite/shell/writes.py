"""What a simple command creates or changes in the file system, as far as its words tell.

The readings follow the manual pages of GNU coreutils 9.5, busybox 1.37, curl 8, GNU Wget 1.25,
GNU tar 1.35, Info-ZIP unzip 6, OpenSSL 3, git 2 and SQLite 3; option letters that only some of them
know are read alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from gorewrite.memo import remembered
from gorewrite.shell.step import Step, unwrapped

Argument: TypeAlias = str | None

# Commands that change nothing but what their redirections name.
_HARMLESS = frozenset(
    [
        ":",
        "[",
        "[[",
        "base64",
        "basename",
        "cat",
        "cd",
        "cmp",
        "command",
        "cut",
        "date",
        "diff",
        "dirname",
        "du",
        "echo",
        "envsubst",
        "egrep",
        "env",
        "exit",
        "export",
        "expr",
        "false",
        "fgrep",
        "file",
        "grep",
        "head",
        "hash",
        "id",
        "jq",
        "ls",
        "printenv",
        "printf",
        "pushd",
        "popd",
        "pwd",
        "read",
        "readlink",
        "realpath",
        "return",
        "set",
        "seq",
        "sha1sum",
        "sha256sum",
        "sha512sum",
        "sleep",
        "sort",
        "ssh-keyscan",
        "stat",
        "tail",
        "test",
        "tr",
        "true",
        "type",
        "uname",
        "uniq",
        "unset",
        "wc",
        "which",
        "whoami",
        *"arch cksum getcap hostname kill locale lsb_release nm objdump ps readelf shopt".split(),
        *"stty tput tree ulimit".split(),
    ]
)
_DEVICES = ("/dev/", "/proc/self/fd/")
# Directories every base image has: `cp app /usr/bin` puts the file into it.
_DIRECTORIES = frozenset(
    [
        "/",
        "/bin",
        "/sbin",
        "/etc",
        "/lib",
        "/opt",
        "/root",
        "/home",
        "/srv",
        "/tmp",
        "/usr",
        "/usr/bin",
        "/usr/lib",
        "/usr/local",
        "/usr/local/bin",
        "/usr/local/lib",
        "/usr/local/sbin",
        "/usr/sbin",
        "/usr/share",
        "/var",
        "/var/lib",
        "/var/log",
        "/go",
        "/go/bin",
    ]
)


@remembered
def writes(step: Step) -> tuple[str | None, ...]:
    """The absolute paths that the command of `step` creates or changes, wrappers taken off.

    A path that is a directory may stand for anything below it (`tar -C /opt`, `chown -R`). A
    copy to a destination that is no well-known directory and has no trailing slash is listed
    under the destination itself. None is in the tuple when something written cannot be told: a
    path that is not known, or a command whose effects are not known here. () means nothing.
    """
    step = unwrapped(step)
    found: list[str | None] = []
    argv = step.argv
    name = (argv[0] or "").rpartition("/")[2] if argv else ":"
    reader = _READERS.get(name)
    if reader:
        found += (_absolute(step, path) for path in reader(argv[1:]))
    elif name not in _HARMLESS:
        found.append(None)
    for redirect in step.command.redirects:
        if redirect.is_output and redirect.target:
            fields = redirect.target.fields(step.variables) or (None,)
            found += (_absolute(step, target) for target in fields)
    return tuple(
        dict.fromkeys(path for path in found if path is None or not path.startswith(_DEVICES))
    )


def _absolute(step: Step, path: Argument) -> str | None:
    if path is None or path.startswith("~"):
        return None
    return step.path(path)


@dataclass(slots=True)
class _Read:
    """Options and operands of a command line."""

    options: list[tuple[str, Argument]]
    operands: list[Argument]

    def values(self, *names: str) -> list[Argument]:
        return [value for name, value in self.options if name in names]

    def has(self, *names: str) -> bool:
        return any(name in names for name, _ in self.options)


def _read(arguments: Sequence[Argument], letters: str, words: str = "") -> _Read:
    """`letters` and `words`: short and long options that take a value (getopt_long(3))."""
    found = _Read([], [])
    long_options = {"--" + word for word in words.split()}
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        if argument == "--":
            found.operands += rest
            break
        if argument is None or not argument.startswith("-") or argument == "-":
            found.operands.append(argument)
        elif argument.startswith("--"):
            name, equals, value = argument.partition("=")
            if equals:
                found.options.append((name, value))
            elif name in long_options:
                found.options.append((name, rest.pop(0) if rest else None))
            else:
                found.options.append((name, ""))
        else:
            _read_cluster(argument, letters, rest, found)
    return found


def _read_cluster(argument: str, letters: str, rest: list[Argument], found: _Read) -> None:
    for at, letter in enumerate(argument[1:], 2):
        if letter in letters:
            following = rest.pop(0) if at == len(argument) and rest else None
            found.options.append(("-" + letter, argument[at:] or following))
            return
        found.options.append(("-" + letter, ""))


def _operands(letters: str = "", words: str = "") -> Callable[[Sequence[Argument]], list[Argument]]:
    return lambda arguments: _read(arguments, letters, words).operands


def _into(directory: Argument, source: Argument) -> Argument:
    if directory is None or source is None:
        return None
    name = source.rstrip("/").rpartition("/")[2]
    return f"{directory}/{name}" if name not in {"", ".", ".."} else directory


def _copied(letters: str, words: str) -> Callable[[Sequence[Argument]], list[Argument]]:
    """cp, mv, ln, install: sources, then a file or a directory."""

    def reader(arguments: Sequence[Argument]) -> list[Argument]:
        read = _read(arguments, letters, words)
        sources = read.operands
        if read.has("-d", "--directory") and "o" in letters:
            return sources
        if read.has("--parents"):
            return [None]
        targets = read.values("-t", "--target-directory")
        if targets:
            return [_into(targets[-1], source) for source in sources]
        if len(sources) == 1 and "S" in letters and read.has("-s"):
            return [_into(".", sources[0])]
        if len(sources) < 2:
            return [None]
        *sources, last = sources
        if read.has("-T", "--no-target-directory") or last is None:
            return [last]
        inside = last.endswith(("/", "/.", "/..")) or last in {".", ".."}
        if inside or last in _DIRECTORIES or len(sources) > 1:
            return [_into(last, source) for source in sources]
        return [last]

    return reader


def _changed(arguments: Sequence[Argument]) -> list[Argument]:
    """chmod, chown, chgrp: a mode or owner, then files; `-x` is a mode."""
    options = {"R", "v", "f", "c", "h", "H", "L", "P"}
    operands = [
        a
        for a in arguments
        if a is None or not (a.startswith("--") or (a[:1] == "-" and set(a[1:]) <= options))
    ]
    referred = any(a and a.startswith("--reference") for a in arguments)
    return operands if referred else operands[1:]


def _curl(arguments: Sequence[Argument]) -> list[Argument]:
    read = _read(
        arguments,
        "AbcCdDeEFhHKmoPQrtTuUwxXyYz",
        "output output-dir header data user retry retry-delay retry-max-time connect-timeout "
        "max-time proto proto-redir proxy cacert cert key request url user-agent dump-header",
    )
    directory = (read.values("--output-dir") or [""])[-1]
    files = [_below(directory, file) for file in read.values("-o", "--output") if file != "-"]
    files += read.values("-D", "--dump-header", "-c", "--cookie-jar")
    if read.has("-O", "--remote-name", "--remote-name-all"):
        urls = [*read.operands, *read.values("--url")]
        files += [_below(directory, _remote_name(url)) for url in urls] or [None]
    return files


def _wget(arguments: Sequence[Argument]) -> list[Argument]:
    read = _read(
        arguments,
        "aOoPtTUeiBQwADRIXl",
        "output-document output-file directory-prefix tries timeout header user password "
        "user-agent execute input-file",
    )
    files = read.values("-O", "--output-document")
    logs = read.values("-o", "-a", "--output-file")
    if files:
        return [file for file in [files[-1], *logs] if file != "-"]
    if read.has("--spider"):
        return logs
    directory = (read.values("-P", "--directory-prefix") or [""])[-1]
    if read.has("-r", "-m", "-i", "--recursive", "--mirror", "--input-file"):
        return [directory or ".", *logs]
    return [*(_below(directory, _remote_name(url)) for url in read.operands), *logs]


def _below(directory: Argument, name: Argument) -> Argument:
    if not directory or name is None or name.startswith("/"):
        return None if directory is None else name
    return f"{directory}/{name}"


def _remote_name(url: Argument) -> Argument:
    if url is None:
        return None
    return url.partition("?")[0].partition("#")[0].rpartition("/")[2] or None


def _tar(arguments: Sequence[Argument]) -> list[Argument]:
    first, *rest = arguments or (None,)
    if first is not None and not first.startswith("-"):
        # The old form: the letters' values follow in their order (tar(1), Traditional usage).
        values = [letter for letter in first if letter in "fCbXTgIV"]
        dashed = [
            part
            for letter, value in zip(values, rest, strict=False)
            for part in (f"-{letter}", value)
        ]
        flags = "".join(letter for letter in first if letter not in values)
        arguments = [f"-{flags}", *dashed, *rest[len(values) :]]
    read = _read(arguments, "fCbXTgIVHKN", "file directory exclude transform owner group mode")
    if read.has("-t", "--list", "-O", "--to-stdout"):
        return []
    if read.has("-x", "--extract", "--get"):
        directories = read.values("-C", "--directory")
        return directories or ["."]
    files = read.values("-f", "--file")
    return [file for file in files if file != "-"] if files else [None]


def _unzip(arguments: Sequence[Argument]) -> list[Argument]:
    read = _read(arguments, "dxP")
    if read.has("-l", "-p", "-t", "-v", "-Z", "-c"):
        return []
    return [*read.values("-d")] or ["."]


def _sed(arguments: Sequence[Argument]) -> list[Argument]:
    read = _read(arguments, "efl", "expression file")
    if not read.has("-i", "--in-place"):
        return []
    scripted = read.has("-e", "-f", "--expression", "--file")
    return read.operands if scripted else read.operands[1:]


def _openssl(arguments: Sequence[Argument]) -> list[Argument]:
    """What `openssl req`, `genrsa`, `x509` … write (openssl(1)); None where none of it is named."""
    outputs = ("-out", "-keyout")
    pairs = zip(arguments, [*arguments[1:], None], strict=True)
    found = [value for option, value in pairs if option in outputs]
    silent = bool(arguments) and arguments[0] in ("version", "rand", "dgst")
    return found or ([] if silent else [None])


def _ssh_keygen(arguments: Sequence[Argument]) -> list[Argument]:
    files = _read(arguments, "fNtbCmPaE").values("-f")
    return [path for file in files for path in (file, f"{file}.pub" if file else None)] or [None]


def _git(arguments: Sequence[Argument]) -> list[Argument]:
    """`git clone` makes a directory; what else git does to a work tree is not told."""
    if not arguments or arguments[0] != "clone":
        return [None]
    words = "branch origin upload-pack config depth jobs reference filter"
    operands = _read(arguments[1:], "boucj", words).operands
    if len(operands) != 1:
        return operands[1:2] or [None]
    name = _remote_name(operands[0].rstrip("/") if operands[0] else None)
    return [name.removesuffix(".git") if name else None]


def _sqlite(arguments: Sequence[Argument]) -> list[Argument]:
    # Its long options have one dash, too (sqlite3(1)).
    dashed = [f"-{a}" if a and re.match(r"-\w", a) else a for a in arguments]
    read = _read(dashed, "", "cmd init separator nullvalue newline")
    return [file for file in read.operands[:1] if file != ":memory:"]


_READERS: dict[str, Callable[[Sequence[Argument]], list[Argument]]] = {
    "mkdir": _operands("m", "mode"),
    "rmdir": _operands(),
    "touch": _operands("drt", "date reference time"),
    "truncate": _operands("sr", "size reference"),
    "rm": _operands(),
    "tee": _operands(),
    "cp": _copied("St", "suffix target-directory"),
    "mv": _copied("St", "suffix target-directory"),
    "ln": _copied("St", "suffix target-directory"),
    "install": _copied("Stmog", "suffix target-directory mode owner group"),
    "chmod": _changed,
    "chown": _changed,
    "chgrp": _changed,
    "curl": _curl,
    "wget": _wget,
    "tar": _tar,
    "unzip": _unzip,
    "sed": _sed,
    "git": _git,
    "openssl": _openssl,
    "sqlite3": _sqlite,
    "ssh-keygen": _ssh_keygen,
}

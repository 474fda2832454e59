"""The go command line: which word is what.

Rules: `go help build` and package flag. Flags end at the first word that is none (`go test`,
`go vet` excepted); `-C` comes first; the last of repeated flags wins.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from gorewrite.golang.goflags import SWITCHES, split_flag, takes_value
from gorewrite.golang.ldflags import split
from gorewrite.memo import cached_property

Role = Literal["go", "verb", "flag", "value", "end", "package", "argument"]

# Wrapper binaries of golang.org/dl (`go1.22.3`) are the go command too, and so is `xx-go`, which
# sets GOOS, GOARCH and the C compiler for the platform of the image (github.com/tonistiigi/xx).
_GO = re.compile(r"xx-go|go(1\.\d+(\.\d+)?((beta|rc)\d+)?)?")
_NESTED = ("mod", "work")
# Known though no flag of theirs is listed.
_OTHER = ("doc", "fix", "mod", "work")
_RAW_FLAG = re.compile(r"""["']?--?([A-Za-z][\w.-]*)=""")
# The shell puts names of files in for `*.go`.
_RAW_POSITIONAL = re.compile(r"""["']?[\w./@]|\*[\w./*]*\.go$""")
#: A module by its path, with a version.
_VERSIONED = re.compile(r"\w[\w.~/-]*@")


@dataclass(frozen=True, slots=True)
class GoFlag:
    """A flag as written. `name` without dashes; `index`: its word in argv.

    value: "true" for a switch without `=`, None when it is not known.
    separate: the value is the next word (`-o FILE`) and not part of this one (`-o=FILE`).
    """

    name: str
    value: str | None
    index: int
    separate: bool

    @property
    def value_index(self) -> int:
        """Index in argv of the word that holds the value."""
        return self.index + 1 if self.separate else self.index


@dataclass(frozen=True, eq=False)
class GoCommand:
    """One go command. It compares by identity, so that what follows from it can be remembered.

    kind: "build", "mod download", …; "" when the verb is missing or not known.
    argv: the words from `go` on, None for one that is not known; roles: what each of them is.
    packages: package arguments (files of a file list, modules of `go get`), None where unknown;
        a version may be as it is written.
    cwd, env: of the shell at this point, values None if unknown.
    uncertain: why the reading cannot be relied on; () when every word is understood.
    """

    kind: str
    argv: tuple[str | None, ...]
    roles: tuple[Role, ...]
    flags: tuple[GoFlag, ...]
    packages: tuple[str | None, ...]
    cwd: str | None
    env: Mapping[str, str | None]
    uncertain: tuple[str, ...]

    def flag(self, name: str) -> GoFlag | None:
        """Return the flag that counts: the last one of that name on the command line."""
        return self._by_name.get(name)

    @cached_property
    def _by_name(self) -> Mapping[str, GoFlag]:
        return {flag.name: flag for flag in self.flags}

    def setting(self, name: str) -> str | None:
        """Return a flag's value from the command line, else from GOFLAGS, else "".

        None: it is set but not known. Rule: "latest match on the command line wins", and the
        command line wins over GOFLAGS (`go help environment`).
        """
        flag = self.flag(name)
        if flag is not None:
            return flag.value
        if "GOFLAGS" not in self.env:
            return ""
        goflags = self.goflags
        return None if goflags is None else goflags.get(name, "")

    @cached_property
    def goflags(self) -> Mapping[str, str] | None:
        """The flags set by GOFLAGS; None when it is not known or does not parse."""
        text = self.env.get("GOFLAGS", "")
        if text == "":
            return {}
        words = split(text) if text is not None else None
        if words is None:
            return None
        pairs = [split_flag(word) for word in words]
        return {p[0]: "true" if p[1] is None else p[1] for p in pairs if p is not None}

    @property
    def output(self) -> str | None:
        """The value of `-o` on the command line; None without one or when it is not known."""
        flag = self.flag("o")
        return flag.value if flag else None

    @property
    def chdir(self) -> str | None:
        """The value of `-C` as written; None without one or when it is not known."""
        flag = self.flag("C")
        return flag.value if flag else None

    @cached_property
    def directory(self) -> str | None:
        """The absolute directory the command works in: cwd changed by `-C`; None if unknown."""
        flag = self.flag("C")
        if self.cwd is None or flag is None:
            return self.cwd
        if flag.value is None:
            return None
        return posixpath.normpath(posixpath.join(self.cwd, flag.value))

    @cached_property
    def tags(self) -> tuple[str, ...] | None:
        """The build tags of `-tags` (comma list since Go 1.13, spaces before); None if unknown."""
        value = self.setting("tags")
        if value is None:
            return None
        if '"' in value or "'" in value:
            return split(value)
        return tuple(re.split(r"[,\s]+", value.strip(", \t\n"))) if value.strip(", \t\n") else ()

    @property
    def insertion(self) -> int:
        """The index in argv before which new flags go: after the verb and after `-C`."""
        index = max((i for i, r in enumerate(self.roles) if r in ("go", "verb")), default=0) + 1
        first = self.flag("C")
        return max(index, first.value_index + 1) if first else index

    @cached_property
    def versioned(self) -> bool:
        """Does it name packages with a version (`go install x@v1.2.3`): a tool, not own code?"""
        return any(
            "@" in p and not p.startswith((".", "/")) for p in self.packages if p is not None
        )


def names_go(word: str | None) -> bool:
    """Whether the first word of a command, None when it is not known, is the go command."""
    return word is not None and _GO.fullmatch(posixpath.basename(word)) is not None


def parse_go(
    argv: Sequence[str | None],
    cwd: str | None,
    env: Mapping[str, str | None],
    raw: Sequence[str] = (),
) -> GoCommand | None:
    """Read a go command line; None when argv[0] is not the go command.

    argv: words after expansion, None where a word is not known. raw: the same words as written;
    they let `-ldflags="-X main.v=$V"` be read as that flag although its value is not known.
    """
    if not argv or not names_go(argv[0]):
        return None
    if (argv[0] or "").endswith("xx-go"):
        env = {**env, "GOOS": None, "GOARCH": None}
    reader = _Reader(tuple(argv), tuple(raw))
    reader.read()
    return GoCommand(
        reader.kind,
        reader.argv,
        tuple(reader.roles),
        tuple(reader.flags),
        tuple(reader.packages),
        cwd,
        env,
        tuple(dict.fromkeys(reader.uncertain)),
    )


class _Reader:
    def __init__(self, argv: tuple[str | None, ...], raw: tuple[str, ...]) -> None:
        self.argv = argv
        self.raw = raw if len(raw) == len(argv) else ()
        self.at = 1
        self.kind = ""
        self.roles: list[Role] = ["go"]
        self.flags: list[GoFlag] = []
        self.packages: list[str | None] = []
        self.uncertain: list[str] = []

    def read(self) -> None:
        if self.at < len(self.argv):
            self._chdir()
        self._verb()
        if self.kind:
            self._chdir()
        while self.at < len(self.argv):
            if self._flag():
                continue
            self._positional()

    def _take(self, role: Role) -> str | None:
        self.roles.append(role)
        self.at += 1
        return self.argv[self.at - 1]

    def _chdir(self) -> None:
        """`-C dir` is read right after `go` or after the verb (cmd/go `handleChdirFlag`)."""
        flag = self._split(self.at) if self.at < len(self.argv) else None
        if flag is not None and flag[0] == "C" and not self.flags:
            self._take_flag(flag, value=True)

    def _verb(self) -> None:
        if self.at >= len(self.argv):
            return
        verb = self._take("verb")
        if verb in _NESTED and self.at < len(self.argv):
            nested = self._take("verb")
            verb = f"{verb} {nested}" if nested is not None else None
        if verb is None:
            self.uncertain.append("the go command is not known")
        elif verb in SWITCHES or verb in _OTHER:
            self.kind = verb
        else:
            self.uncertain.append(f"go {verb} is no go command known here")

    def _split(self, index: int) -> tuple[str, str | None] | None:
        """Name and value of the flag at a word; the value is None for none and for unknown."""
        word = self.argv[index]
        if word is not None:
            return split_flag(word)
        match = _RAW_FLAG.match(self.raw[index]) if self.raw else None
        return (match[1], None) if match else None

    def _flag(self) -> bool:
        """Read a flag with its value; False when the word is none or flags have ended."""
        if "end" in self.roles or (self.packages and self.kind not in ("test", "vet")):
            return False
        if self.argv[self.at] == "--":
            self._take("end")
            return True
        flag = self._split(self.at)
        if flag is None:
            return False
        if self.kind == "test" and flag[0] == "args":
            self._take("end")
            return True
        value = takes_value(self.kind, flag[0])
        if value is None:
            self.uncertain.append(f"unknown flag -{flag[0]} of go {self.kind}")
        if flag[0] == "C":
            self.uncertain.append("-C must be the first flag")
        self._take_flag(flag, value=bool(value))
        return True

    def _take_flag(self, flag: tuple[str, str | None], *, value: bool) -> None:
        index = self.at
        name, text = flag
        word = self._take("flag")
        if text is not None or word is None:
            self.flags.append(GoFlag(name, text, index, False))
        elif not value:
            self.flags.append(GoFlag(name, "true", index, False))
        elif self.at < len(self.argv):
            self.flags.append(GoFlag(name, self._take("value"), index, True))
        else:
            self.uncertain.append(f"flag -{name} needs a value")

    def _positional(self) -> None:
        word, index = self.argv[self.at], self.at
        started = bool(self.packages)
        if word is None and not self._is_positional(index):
            # `$FLAGS` may be one flag, several words or none.
            self.uncertain.append(f"word {index} is not known")
        elif (
            word is not None and split_flag(word) and started and self.kind in ("build", "install")
        ):
            self.uncertain.append(f"{word} stands behind the packages and is no flag there")
        if self._for_program(started):
            self._take("argument")
        else:
            self.packages.append(self._package())

    def _package(self) -> str | None:
        """An argument that is a package; one whose version alone is not known as it is written."""
        text = self.raw[self.at].strip("\"'") if self.raw else ""
        word = self._take("package")
        return text if word is None and _VERSIONED.match(text) else word

    def _is_positional(self, index: int) -> bool:
        return bool(self.raw) and bool(_RAW_POSITIONAL.match(self.raw[index]))

    def _for_program(self, started: bool) -> bool:
        """Is the word for the program that is run? `go run` takes files or one package first."""
        if self.kind == "test":
            return "end" in self.roles
        if self.kind == "run" and started:
            word, last = self.argv[self.at], self.packages[-1]
            return not (word and word.endswith(".go") and last and last.endswith(".go"))
        return self.kind in ("env", "help", "") or (self.kind == "tool" and started)

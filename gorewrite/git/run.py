"""The git command: whatever a repository or its environment says, it asks nobody, runs no hook."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from gorewrite.forge.secrets import one_line

#: In a git hook these name another repository, or this one relative to another directory.
_PLACES: Final = frozenset(
    "GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_PREFIX GIT_COMMON_DIR GIT_NAMESPACE "
    "GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_QUARANTINE_PATH "
    "GIT_CEILING_DIRECTORIES GIT_REPLACE_REF_BASE GIT_SHALLOW_FILE GIT_LITERAL_PATHSPECS "
    "GIT_CURL_VERBOSE".split()
)
#: What a configuration may not bring about: a program that is run, a file that is written
#: elsewhere or made otherwise, a wait for the disk where all is thrown away again.
_CONFIGURATION: Final = (
    ("core.hooksPath", os.devnull),
    ("core.fsmonitor", "false"),
    ("core.sparseCheckout", "false"),
    ("core.splitIndex", "false"),
    ("core.untrackedCache", "false"),
    ("core.quotePath", "false"),
    ("core.fsync", "none"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("advice.pushUpdateRejected", "false"),
)
_ALWAYS: Final = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_MERGE_AUTOEDIT": "no",
    "GIT_EDITOR": ":",
}


class GitError(Exception):
    """Git failed. The text is one line without secrets.

    output: what it wrote to stdout; server: what the server of a push said besides, one line.
    """

    def __init__(self, text: str, output: bytes = b"", server: str = "") -> None:
        super().__init__(text)
        self.output = output
        self.server = server


class Git:
    """Git in one directory.

    environment: further variables; network: gives those for commands that talk to a remote, asked
    each time, as tokens end (see gorewrite.forge.tokens.git_environment).
    """

    def __init__(
        self,
        directory: Path,
        environment: Mapping[str, str] | None = None,
        network: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self.directory = directory
        self.environment = dict(environment or {})
        self._network = network

    def run(
        self, *args: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None
    ) -> bytes:
        """What a git command writes to stdout.

        environment: further variables for this command alone. Raises GitError.
        """
        settings = [word for pair in _CONFIGURATION for word in ("-c", "=".join(pair))]
        variables = {**self.environment, **(environment or {})}
        try:
            done = subprocess.run(
                ["git", *settings, *args],
                cwd=self.directory,
                env=clean_environment(variables),
                input=stdin,
                capture_output=True,
            )
        except OSError as error:
            raise GitError(f"git cannot be run: {error.strerror}; install it") from None
        if done.returncode:
            lines = done.stderr.decode("utf-8", "replace").splitlines()
            lines = [line.strip() for line in lines if line.strip()]
            server = (each.removeprefix("remote: ") for each in lines if each.startswith("remote:"))
            said = one_line(f"git {_command(args)}: {_said(lines)}")
            raise GitError(said, done.stdout, one_line(next(server, "")))
        return done.stdout

    def talk(self, *args: str) -> bytes:
        """The same for a command that talks to a remote. Raises GitError."""
        return self.run(*args, environment=self._network())

    def text(self, *args: str, stdin: bytes = b"") -> str:
        """As `run`, as text without the line's end. Raises GitError."""
        return os.fsdecode(self.run(*args, stdin=stdin)).rstrip("\n")


def clean_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """The environment of this process for git: what would lead it elsewhere, or have it write down
    what it sends, is left out."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in _PLACES and not name.startswith("GIT_TRACE")
    }
    return {**inherited, **_ALWAYS, **variables}


def _command(args: Sequence[str]) -> str:
    """Which of git's commands it is, after the settings before it."""
    words = iter(args)
    for word in words:
        if word != "-c":
            return word
        next(words)
    return ""


def _said(lines: Sequence[str]) -> str:
    """The line of git's messages that says what is wrong."""
    for start in ("fatal: ", "error: ", "remote: "):
        for line in lines:
            if line.startswith(start):
                return line.removeprefix(start)
    return lines[-1] if lines else "failed without a word"

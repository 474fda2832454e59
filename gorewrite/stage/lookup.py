"""Which words of a command line name files of a stage's image."""

from __future__ import annotations

import posixpath
from collections.abc import Container, Sequence

from gorewrite.contract import TOOLCHAIN_PATHS
from gorewrite.facts import StageFacts
from gorewrite.stage.commands import INIT, SHELLS, runs_as_given
from gorewrite.stage.origins import first_source
from gorewrite.stage.scope import State, join


class Lookup:
    """Finds programs as the shell does, in a state that changes with `cd`.

    made: further absolute paths that RUNs are known to create.
    """

    def __init__(self, stage: StageFacts, made: Container[str]) -> None:
        self.stage, self.made = stage, made
        self.state: State = stage.end
        self._places: dict[tuple[State, str], str | None] = {}

    def is_file(self, word: str) -> bool:
        """Whether the word names a file that the stage is known to hold."""
        path = self.resolve(word)
        return path is not None and self.held(path)

    def installed(self, word: str) -> bool:
        """Whether the word names a tool that `go install` brought, not what the stage builds."""
        path = self.resolve(word) or ""
        return posixpath.dirname(path) in TOOLCHAIN_PATHS and not self.stage.holds(path)

    def held(self, path: str) -> bool:
        """Whether the stage is known to hold an absolute path."""
        return self.stage.holds(path) or path in self.made

    def resolve(self, word: str) -> str | None:
        """The absolute path of a program; None for one that is found in no known place."""
        key = self.state, word
        if key not in self._places:
            self._places[key] = self._resolved(word)
        return self._places[key]

    def _resolved(self, word: str) -> str | None:
        if "/" in word:
            return join(self.state.workdir, word)
        for directory in (self.state.env.get("PATH") or "").split(":"):
            path = posixpath.join(directory, word)
            if self.held(path):
                return path
        return None

    def starts(self, word: str) -> bool:
        """Whether a command line may begin with the word."""
        return word in SHELLS or posixpath.basename(word) in INIT or self.is_file(word)

    def runs(self, word: str, text: str) -> bool:
        """Whether `exec "$@"` in a script with that text runs the word that it is given."""
        return self.starts(word) or runs_as_given(word, text)

    def behind_own(self, given: Sequence[str], text: str) -> Sequence[str]:
        """What `exec "$@"` runs of the words that a script is given: all of them; where its text
        takes words of its own, those behind `--`, or those from the first that is a program."""
        if not given or self.starts(given[0]) or "shift" not in text:
            return given
        if "--" in given:
            return given[list(given).index("--") + 1 :]
        for index, word in enumerate(given):
            if word.startswith("-"):
                break
            if self._is_program(word):
                return given[index:]
        return given

    def _is_program(self, word: str) -> bool:
        """Whether a word names a program or a script, and no file that a program reads."""
        path = self.resolve(word)
        source = first_source(self.stage, path) if path is not None else None
        data = self.stage.facts.project.context.read(source) if source is not None else None
        return path in self.stage.output_paths or (data or b"")[:2] == b"#!"

"""Follows command lines through init wrappers, shells and shell scripts from the build context,
down to programs that are files of the image."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Container, Sequence
from dataclasses import replace

from gorewrite import shell
from gorewrite.contract import TOOLCHAIN_PATHS, build_only
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import StageFacts
from gorewrite.stage.commands import (
    DAEMONS,
    DEV_TOOLS,
    INIT,
    ITSELF,
    SHELLS,
    STARTERS,
    Entry,
    behind_init,
    behind_shell,
    entered,
    files_of,
    functions_in,
    gives_arguments,
    moves,
    no_service,
    units_in,
    wrapped,
)
from gorewrite.stage.lookup import Lookup
from gorewrite.stage.origins import first_source, heredoc
from gorewrite.stage.scope import join
from gorewrite.stage.standsfor import stands_for


class Follower(Lookup):
    """Follows commands, and notes in `entry` what they run and need."""

    def __init__(self, stage: StageFacts, made: Container[str]) -> None:
        super().__init__(stage, made)
        #: The words that the script which is read is given.
        self.given: tuple[str, ...] = ()
        #: Where scripts run the words that they are given, by whether there were any.
        self.runs_arguments: dict[bool, Evidence] = {}
        #: The path of that script, its text, and the functions that it and what it takes in define.
        self.script: str | None = None
        self.text = ""
        self.functions: set[str] = set()
        self.entry = Entry()

    def _refuse(self, code: str, message: str, evidence: Evidence) -> None:
        if self.entry.refusal is None:
            self.entry.refusal = (code, message, evidence)

    def _line(
        self, words: list[str], evidence: Evidence, *, top: bool = False, direct: bool = False
    ) -> None:
        """A command line that an instruction or a caller gives as words."""
        self.entry.called(shell.calls_behind(tuple(words)) if words else (), evidence)
        self._argv(words, evidence, top=top, direct=direct)

    def _argv(
        self, words: list[str], evidence: Evidence, *, top: bool = False, direct: bool = False
    ) -> None:
        """One command line given as words. direct: it is one of the image, whose first word can
        be written in another way."""
        if not words:
            self._refuse("no-entrypoint", "the command is empty", evidence)
            return
        name = posixpath.basename(words[0])
        if top and self._not_a_service(words, name, evidence):
            return
        own = self.is_file(words[0])
        if name in INIT and not own:
            self.entry.tools.setdefault(name, evidence)
            self._argv(behind_init(words), evidence, top=top)
        elif not own and (behind := self._behind_wrappers(words, evidence)):
            self._argv(behind, evidence, top=top)
        elif name in SHELLS and words[0] in (name, f"/bin/{name}", f"/usr/bin/{name}"):
            self.entry.shell.append(evidence)
            if name == "bash":
                self.entry.bash.append(evidence)
            if words[0] != name:
                self.entry.paths[words[0]] = evidence
            text, rest = behind_shell(words)
            if text and rest:
                self._text(rest[0], evidence)
            elif rest:
                self._program(rest[0], evidence, script=True, given=rest[1:])
        elif name in DAEMONS and not own:
            self._not_a_service(words, name, evidence)
        else:
            self.entry.arguments += [(word, evidence) for word in words[1:]]
            self._program(words[0], evidence, direct=direct, given=words[1:])

    def _behind_wrappers(self, words: list[str], evidence: Evidence) -> list[str]:
        command, behind = wrapped(words)
        self._wrappers(command, evidence)
        return behind

    def _wrappers(self, command: shell.Command | None, evidence: Evidence) -> None:
        for name in shell.wrappers(command) if command is not None else ():
            if not shell.is_builtin(name):
                self.entry.tools.setdefault(name, evidence)

    def _not_a_service(self, words: list[str], name: str, evidence: Evidence) -> bool:
        refused = no_service(words, name)
        if refused and not (self.is_file(words[0]) and not self.installed(words[0])):
            self._refuse(*refused, evidence)
        return self.entry.refusal is not None

    def _program(
        self,
        word: str,
        evidence: Evidence,
        *,
        script: bool = False,
        direct: bool = False,
        given: Sequence[str] = (),
    ) -> None:
        """A program that is started. script: a shell reads it; given: the words behind it."""
        if word == "$@":
            self._arguments(evidence)
            return
        if "$" in word or "`" in word:
            self._refuse(
                "entrypoint-unknown", f"which program runs is decided at run time: {word}", evidence
            )
            return
        path = join(self.state.workdir, word) if script else self.resolve(word)
        if path is None and "/" in word:
            why = f"which program {word} is depends on WORKDIR, which only the caller knows"
            self._refuse("entrypoint-unknown", f"{why}; give its argument a default", evidence)
            return
        if path is None:
            self.entry.tools.setdefault(word, evidence)
            return
        over = self.stage.copies.over(path)
        copied = any(placed.path == path and placed.unseen for placed in over)
        of_system = path.startswith(("/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/"))
        if of_system and not copied and not self.held(path):
            self.entry.tools.setdefault(posixpath.basename(path), evidence)
            if "/" in word:
                self.entry.paths.setdefault(path, evidence)
            return
        if "/" not in word and not direct and posixpath.dirname(path) in TOOLCHAIN_PATHS:
            self.entry.looked_up.setdefault(path, evidence)
        if path in self.entry.programs:
            return
        self.entry.programs[path] = evidence
        source = first_source(self.stage, path)
        data = self.stage.facts.project.context.read(source) if source is not None else None
        if source is None:
            self._written_here(path, given, evidence)
        elif data is None:
            self._refuse("entrypoint-script", f"{source} cannot be read", evidence)
        elif data[:4] != b"\x7fELF":
            text = data.decode("utf-8", "surrogateescape").replace("\r\n", "\n")  # Or it fails.
            self._script(path, source, text, given, evidence)

    def _written_here(self, path: str, given: Sequence[str], evidence: Evidence) -> None:
        """A file that no one else made but an instruction: of a heredoc the text is known."""
        found = heredoc(self.stage, path)
        if found is not None:
            self._script(path, None, found[1], given, self.stage.facts.at(found[0]))
        elif path not in self.stage.output_paths and path.endswith((".sh", ".bash")):
            why = f"the text of {path} is not in the build context; COPY the script from there"
            self._refuse("entrypoint-script", why, evidence)

    def _script(
        self, path: str, source: str | None, text: str, given: Sequence[str], evidence: Evidence
    ) -> None:
        """A script that is started with `given`. source: in the context; None: not from there."""
        first = text.partition("\n")[0]
        interpreter = first[2:].split() if first.startswith("#!") else ["/bin/sh"]
        names = {posixpath.basename(word) for word in interpreter}
        here = Evidence(source, 1, first) if source is not None else evidence
        if not names & SHELLS:
            why = f"{source or path} is run by {' '.join(interpreter)}; start the program itself"
            self._refuse("entrypoint-script", why, here)
            return
        self.entry.scripts[path] = source or ""
        self.entry.paths.setdefault(interpreter[0], here)
        self.entry.shell.append(here)
        if "bash" in names:
            self.entry.bash.append(here)
        before = self.given, self.script, self.text, self.functions
        self.given = tuple(w for word in given for w in (self.given if word == "$@" else (word,)))
        self.script, self.text, self.functions = path, text, set()
        self._text(text, evidence, source)
        self.given, self.script, self.text, self.functions = before

    def _text(self, text: str, evidence: Evidence, source: str | None = None) -> None:
        """Shell text: a shell-form command or a script from the context."""
        script = shell.parse(text)
        if isinstance(script, shell.Opaque):
            where = Evidence(source, 1, script.why) if source else evidence
            what = source or "the command's shell text"
            self._refuse("entrypoint-script", f"{what} cannot be read: {script.why}", where)
            return
        self.functions |= functions_in(script)
        before = self.state
        own, certain = ({*map(id, units)} for units in (script.units(), moves(script)))
        for unit in units_in(script):
            at = evidence
            if source is not None:
                line = text.count("\n", 0, unit.start) + 1
                at = Evidence(source, line, text[unit.start : unit.end].partition("\n")[0])
            named = self.entry.arguments, self.entry.written
            for noted, paths in zip(named, files_of(unit), strict=True):
                noted += ((path, at) for path in paths)
            if isinstance(unit, shell.Command):
                self._called(unit, at)
            written = entered(unit, self.script, self.state.env)
            if written is not None and id(unit) in own:  # What $(…) changes stays inside.
                directory = join(self.state.workdir, written) or written
                self.entry.entered.append((directory, at))
                if id(unit) in certain and "$" not in directory and "`" not in directory:
                    self.state = replace(self.state, workdir=directory)
        self.state = before

    def _called(self, command: shell.Command, evidence: Evidence) -> None:
        self._wrappers(command, evidence)
        calls = tuple(shell.calls_of(command))
        self.entry.called(calls, evidence)
        for call in calls[1:] if not STARTERS.isdisjoint(c.name for c in calls) else ():
            if isinstance(call.words[0], str) and call.words[0] not in self.functions:
                self._program(call.words[0], evidence)
        (first,) = shell.unwrap(command)
        words = [word.value for word in command.words[first:]]
        if words and words[0] is None:
            words[0] = self._by_environment(command.words[first], evidence)
        if not words or words == ["exec"]:  # Which only redirects.
            return
        called = words[0]
        if called is None:
            self._computed(command.words[first].text, evidence)
        elif shell.is_builtin(called) and called not in ("exec", "eval", ".", "source"):
            return
        elif called in ("eval", ".", "source"):
            self._takes_in(command.words[first:], evidence)
        elif called not in self.functions:
            raw = (word.text for word in command.words[first:])
            known = [
                word if word is not None else self._written(text)
                for word, text in zip(words, raw, strict=True)
            ]
            if called in DEV_TOOLS and not (self.is_file(called) and not self.installed(called)):
                self._not_a_service(known, posixpath.basename(called), evidence)
            else:
                self._argv(known, evidence)

    def _by_environment(self, word: shell.Word, evidence: Evidence) -> str | None:
        """What a program stands for by the ENV of the image, when the text that is read does not
        set the variables in it itself; None otherwise. Callers may choose another name by them."""
        for name in word.variables:
            own = name in self.stage.end.declared and not build_only(name)
            if not own or re.search(rf"\b{name}=|\bread\b[^\n;]*\b{name}\b", self.text):
                return None
        found = word.expand(self.stage.end.env)
        if found is not None and "$" in word.text.rpartition("/")[2]:
            why = f"which program runs depends on {word.text}, which is {found} by itself"
            self.entry.doubts.append(Unknown(why, (evidence,)))
        return found

    def _computed(self, text: str, evidence: Evidence) -> None:
        """A command whose first word is made when the script runs."""
        if gives_arguments(text, self.text):
            self._arguments(evidence)
            return
        if text in ITSELF and self.script is not None:
            return  # Which is being read.
        paths = stands_for(self.stage, self.state, self.text, self.script, text)
        if paths is None:
            why = f"which program runs is decided at run time: {text}"
            self._refuse("entrypoint-unknown", why, evidence)
            return
        self.entry.mounted += [] if paths else [evidence]
        for path in paths:
            self._program(path, evidence)

    def _takes_in(self, words: Sequence[shell.Word], evidence: Evidence) -> None:
        """`. file`, `eval text`."""
        paths: list[str] | None = None
        if words[0].value != "eval" and len(words) > 1:
            file, written = words[1].value, words[1].text
            paths = [file] if file is not None else None
            if file is None:
                paths = stands_for(self.stage, self.state, self.text, self.script, written)
        if paths == []:
            self.entry.mounted.append(evidence)
        elif paths is None or not all(self._sourced(path, evidence) for path in paths):
            named = " ".join(word.text for word in words[:2])
            self._refuse("entrypoint-script", f"{named} runs text that is not known", evidence)

    def _written(self, text: str) -> str:
        """What is known of a word that a script computes."""
        if text in ITSELF and self.script is not None:
            return self.script
        return "$@" if gives_arguments(text, self.text) else "$"

    def _sourced(self, file: str, evidence: Evidence) -> bool:
        """Follows a file that a script takes in; False when its text is not known."""
        path = join(self.state.workdir, file) if "/" in file else None
        if path is None:
            return False
        source, text = self.stage.source_of(path), None
        if source is not None:
            data = self.stage.facts.project.context.read(source)
            text = data.decode("utf-8", "surrogateescape") if data is not None else None
        elif (found := heredoc(self.stage, path)) is not None:
            evidence, text = self.stage.facts.at(found[0]), found[1]
        if text is not None and path not in self.entry.programs:
            self.entry.programs[path] = evidence
            self.entry.scripts[path] = source or ""
            self._text(text, evidence, source)
        return text is not None

    def _arguments(self, evidence: Evidence) -> None:
        """`exec "$@"` in a script: it runs the words that it is given."""
        self.runs_arguments[bool(self.given)] = evidence
        given, self.given = self.given, ()  # A script that is given itself ends here.
        run = self.behind_own(given, self.text)
        if run and self.runs(run[0], self.text) and self.resolve(run[0]) not in self.entry.programs:
            self._line(list(run), evidence)

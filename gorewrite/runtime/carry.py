"""Which files a runtime stage takes over from the stage that built the program.

The exact files when the sources name all of them; otherwise the whole work directory
("keep-tree"), which holds whatever the program may look for there.
"""

from __future__ import annotations

import itertools
import posixpath
from collections.abc import Iterator

from gorewrite.contract import build_only
from gorewrite.dockerfile import Instruction
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import StageFacts
from gorewrite.golang.needs import FileRead, ProgramNeeds
from gorewrite.runtime.around import (
    beside,
    brought,
    built_from,
    copied_on,
    empty_around,
    filled,
    for_callers,
    generated,
    held,
    holds_files,
    kept_empty,
    known_part,
    lost_by_repeating,
    may_make,
    of_users,
    own_work_directory,
    repeated,
    sources_at,
    spread,
    unmade,
    unpacked,
    unseen,
    volumes,
    written_to,
)
from gorewrite.runtime.carried import Carry
from gorewrite.runtime.configured import configured
from gorewrite.runtime.elsewhere import put_elsewhere, unpacked_tools, untold
from gorewrite.runtime.leftout import left_out
from gorewrite.runtime.linkage import Linkage
from gorewrite.runtime.named import Named, parts
from gorewrite.runtime.owner import keep_owners
from gorewrite.runtime.programs import Program
from gorewrite.runtime.requirements import Requirements
from gorewrite.stage.layout import under
from gorewrite.stage.links import settle
from gorewrite.stage.outputs import named_outputs
from gorewrite.stage.places import ACCOUNTS, COMMAND_PLACES, NO_TREE


def carry(stage: StageFacts, needs: Requirements) -> Carry:
    """Works out what the runtime stage of `stage` must hold."""
    return _Carrier(stage, needs).work()


class _Carrier:
    def __init__(self, stage: StageFacts, needs: Requirements) -> None:
        self.stage, self.needs, self.carry = stage, needs, Carry()
        self.inventory, self.workdir = needs.inventory, stage.end.workdir or known_part(stage)
        self.top = self.workdir  # what a tree is kept of; programs may reach above their directory
        self.named = Named(stage, self.inventory, self.workdir)

    def work(self) -> Carry:
        self._binaries()
        self._written()
        for words, where in self._named():
            for word in parts(words):
                self._named_file(word, where)
        whole = self._unpacked() + untold(self.stage, self.needs, self.workdir)
        for program in self.needs.programs:
            if isinstance(program.needs, Unknown):
                whole += program.needs.evidence or (self.stage.facts.at(self.stage.stage.from_),)
                continue
            for unknown in (*program.needs.dynamic, *program.needs.problems):
                whole += unknown.evidence or (Evidence("", 0, unknown.why),)
            for read in program.needs.reads:
                whole += self._read(read)
            if program.needs.caller_paths:
                whole += self._at_its_sources(program, program.needs.caller_paths)
            for text, where in self.named.mentioned(program.needs):
                self._named_file(text, where)
            self._beside(program.path, program.needs)
        if not self.needs.programs:
            whole.append(Evidence("", 0, "the sources of the program are not known"))
        named = configured(self.stage, self.needs, self.carry.files, self.workdir)
        for path, where in itertools.chain(named, self.named.linked(self.carry.files)):
            self._named_file(path, where)
        links, lost = settle(self.stage, self.inventory, self.carry.files, self.workdir)
        self.carry.doubts += lost
        whole += [*links, *own_work_directory(self.stage, self.needs, self.workdir)]
        whole += left_out(self.stage, self.needs, self._named(), self.carry, self.workdir)
        if whole:
            self._keep_tree(whole)
        for path, where in of_users(self.stage, self.needs, self.workdir):
            self.carry.files.setdefault(path, where)
        keep_owners(self.carry, self.stage, self.inventory)
        return self.carry

    # --- exact files ---

    def _binaries(self) -> None:
        copied = copied_on(self.needs)
        for path, (invocation, _) in self.stage.output_paths.items():
            if not (path in copied or self.inventory.gone(path) or path.startswith("/tmp/")):
                self.carry.files[path] = self._at(invocation.run.instruction)
        for path, where in self.needs.entry.programs.items():
            origin = self.inventory.origin(path)
            held = (
                origin in self.stage.output_paths
                or self._held(path)
                or path in self.inventory.tools
                or path in self.inventory.written
            )
            if held:
                self.carry.files.setdefault(path, where)
            elif may_make(self.stage, self.inventory, self.workdir, path):
                self.carry.files.setdefault(path, where)
                why = f"{path} is built by a command that is not followed"
                reason = named_outputs(self.stage).get(path)
                self.carry.doubts.append(Unknown(f"{why}: {reason}" if reason else why, (where,)))
            else:
                self._refuse(*unmade(self.stage, path), (where,))
        names = {tool.rpartition("/")[2] for tool in self.needs.tools}
        for path, where in self.inventory.tools.items():
            if path.rpartition("/")[2] in names:
                self.carry.files[path] = where
                self.needs.tools.pop(path.rpartition("/")[2], None)
        for path, where in unpacked_tools(self.needs).items():
            self.carry.files[path] = where
            self.carry.doubts.append(
                Unknown(f"whether a RUN unpacks {path} is not known", (where,))
            )
            self.needs.entry.programs[path] = self.needs.tools.pop(posixpath.basename(path))
            self.needs.linkages += (Linkage("unknown", (where,)),)

    def _written(self) -> None:
        """What RUNs put outside of the build's own places."""
        guess = bool(self.needs.any_command)
        names = (*self.needs.tools, *self.needs.entry.programs)
        called = {name.rpartition("/")[2] for name in names}
        for path, where in self.inventory.written.items():
            if self.inventory.gone(path) or path in self.stage.output_paths:
                continue
            command = path.startswith(COMMAND_PLACES)
            used = guess or path.rpartition("/")[2] in called
            if command and not (used or for_callers(self.stage, self.inventory, path)):
                continue
            if path in NO_TREE or path == self.workdir or sources_at(self.stage, path):
                continue
            if command and self.inventory.origin(path) not in self.stage.output_paths:
                why = f"{path} is brought by a command that is not followed"
                self.carry.doubts.append(Unknown(why, (where,)))
            self.carry.files.setdefault(path, where)
        self.carry.doubts += self.inventory.unknown
        for path, where in put_elsewhere(self.stage, self.needs, self.workdir).items():
            self.carry.files.setdefault(path, where)

    def _unpacked(self) -> list[Evidence]:
        """Carries the directories into which ADD unpacks archives and repositories, whatever they
        hold; returns the evidence when that is the tree."""
        whole: list[Evidence] = []
        for placed in unpacked(self.stage):
            where = self._at(placed.instruction)
            if placed.path is None or placed.path in NO_TREE:
                why = f"what ADD unpacks from {placed.source} is not known"
                self.carry.doubts.append(Unknown(why, (where,)))
            elif under(placed.path, self.workdir):
                whole.append(where)
            else:
                self.carry.files.setdefault(placed.path, where)
        return whole

    def _named(self) -> Iterator[tuple[str, Evidence]]:
        """Words that may name a file: arguments of commands, values of ENV and of compose."""
        yield from self.needs.entry.arguments
        yield from (e for e in self.needs.entry.entered if self._absolute(e[0]) != self.workdir)
        yield from volumes(self.stage, self.workdir)
        for service in self.stage.services:
            yield from service.environment
        for name, instruction in self.stage.end.declared.items():
            value = self.stage.end.env.get(name)
            if not value or name == "PATH":
                continue
            # A path that the program makes of what it reads is dynamic, which is seen.
            whole = under(self.workdir, self._absolute(value)) and not self.needs.userland
            if name in self.needs.environment or not (build_only(name) or whole):
                yield value, self._at(instruction)

    def _named_file(self, word: str, where: Evidence) -> None:
        value = word.partition("=")[2] if word.startswith("-") and "=" in word else word
        value = value.removeprefix("file://")
        if not value or value.startswith("-") or "://" in value or value in (".", "/"):
            return
        path = self._absolute(value)
        if self.inventory.gone(path):
            return
        top = self._brought(path)
        if top is not None and not under(self.workdir, top):
            self.carry.files.setdefault(top, where)
            return
        held = self._held(path) and path not in self.stage.output_paths
        held |= path in self.inventory.tools
        if held or (filled(self.stage, path) and not under(self.workdir, path)):
            self.carry.files.setdefault(path, where)
        elif top := empty_around(self.stage, self.inventory, self.workdir, path):
            self.carry.files.setdefault(top, where)

    def _beside(self, path: str, needs: ProgramNeeds) -> None:
        for top in beside(self.stage, self.workdir, path, needs):
            if top not in NO_TREE:
                self.carry.files.setdefault(top, needs.self_path[0])
            else:
                why = f"{path} looks for files beside itself, in {top}"
                self.carry.doubts.append(Unknown(why, needs.self_path[:1]))

    def _at_its_sources(self, program: Program, because: tuple[Evidence, ...]) -> list[Evidence]:
        """Carries the sources whose paths are compiled in, to where they were built; returns the
        evidence when some are in the tree."""
        places = built_from(self.stage, program)
        if isinstance(places, Unknown):
            self._refuse("runtime-caller-paths", places.why, because)
            return []
        whole: list[Evidence] = []
        for place in places:
            if under(place, self.workdir):
                whole = [because[0]]
            else:
                whole += self._directory(place, because[0])
        return whole

    def _read(self, read: FileRead) -> list[Evidence]:
        """Carries the file of one read; returns the evidence when only the whole tree will do."""
        if read.default is not None:
            self._literal(read.default, read)
        if read.start is not None:
            self._beginning(read.start, read)
        if read.path is not None:
            return self._literal(read.path, read)
        if read.kind != "write":
            return [read.evidence]
        if read.start is None:
            for there in kept_empty(self.stage, self.inventory, self.workdir):
                self.carry.files.setdefault(there, read.evidence)
        return []

    def _creates(self, path: str, where: Evidence) -> None:
        for there in written_to(self.stage, self.inventory, self.workdir, path):
            self.carry.files.setdefault(there, where)

    def _beginning(self, written: str, read: FileRead) -> None:
        """Carries the directory that a path computed at run time is known to begin with."""
        path = self._absolute(written)
        if not self._held(path) and not written.endswith("/"):
            path = posixpath.dirname(path)
        if read.kind == "write":
            self._creates(f"{path}/*", read.evidence)
        elif under(self.workdir, path):
            self._reaches(path)
        elif self._held(path):
            self.carry.files.setdefault(path, read.evidence)

    def _reaches(self, path: str) -> None:
        """The program looks into its work directory or a directory above it."""
        if under(self.top, path) and path not in NO_TREE:
            self.top = path

    def _literal(self, written: str, read: FileRead) -> list[Evidence]:
        path = self._absolute(written.removeprefix("file://"))
        marked = any(mark in posixpath.basename(path) for mark in "*?[")
        if marked or read.kind in ("glob", "config"):
            return self._pattern(path, read)
        if path in ACCOUNTS:
            self.carry.files |= dict.fromkeys(ACCOUNTS, read.evidence)
            return []
        if read.kind == "write":
            self._creates(path, read.evidence)
            return []
        if under(self.workdir, path):
            # `.` or a parent of it: all that is there.
            self._reaches(path)
            return [read.evidence] if holds_files(self.stage, self.inventory, self.top) else []
        if (top := self._brought(path)) is not None:
            return self._directory(top, read.evidence)
        if self._held(path):
            self.carry.files.setdefault(path, read.evidence)
            return []
        return self._generated(path, read)

    def _generated(self, path: str, read: FileRead) -> list[Evidence]:
        """Carries what single copies put together or a RUN may have unpacked; returns the evidence
        when it is in the tree."""
        if filled(self.stage, path) and not self.inventory.gone(path):
            return self._directory(path, read.evidence)
        for clone in self.inventory.cloned:
            if under(path, clone) and not self.inventory.gone(clone):
                return self._directory(clone, read.evidence)
        if (top := spread(self.inventory, self.workdir, path)) is not None:
            why = f"whether a RUN unpacks {top} is not known"
            self.carry.doubts.append(Unknown(why, (read.evidence,)))
            if read.required:
                self.carry.files.setdefault(top, read.evidence)
            return []
        return [read.evidence] if generated(self.inventory, self.workdir, path) else []

    def _directory(self, path: str, where: Evidence) -> list[Evidence]:
        """Carries a directory; returns the evidence when it holds the work directory."""
        if under(self.workdir, path):
            self._reaches(path)
            return [where]
        self.carry.files.setdefault(path, where)
        return []

    def _pattern(self, path: str, read: FileRead) -> list[Evidence]:
        directory, _, name = path.rpartition("/")
        while any(mark in directory for mark in "*?["):
            directory, _, name = directory.rpartition("/")
        directory = directory or "/"
        if under(self.workdir, directory) and directory != self.workdir:
            self._reaches(directory)
            return [read.evidence]
        for there in unseen(self.stage, directory, name):
            self.carry.files.setdefault(there, read.evidence)
        if (top := self._brought(directory)) is not None:
            return self._directory(top, read.evidence)
        source = None if self.inventory.gone(directory) else self.stage.source_of(directory)
        if source is None:
            return self._generated(directory, read)
        if directory != self.workdir and read.kind != "config":
            self.carry.files.setdefault(directory, read.evidence)
            return []
        pattern = posixpath.normpath(posixpath.join(source, name))
        for match in self.stage.facts.project.context.glob(pattern):
            found = posixpath.join(directory, posixpath.basename(match))
            if self._held(found):
                self.carry.files.setdefault(found, read.evidence)
        made = read.required and generated(self.inventory, self.workdir, directory)
        return [read.evidence] if made else []

    # --- the whole tree ---

    def _keep_tree(self, whole: list[Evidence]) -> None:
        self.carry.tree_because = list(dict.fromkeys(whole))
        gone = self.inventory.gone(self.top)
        if gone or not holds_files(self.stage, self.inventory, self.top):
            return
        caches = [self.stage.end.env.get(n) for n in ("GOPATH", "GOMODCACHE", "GOCACHE")]
        if self.top not in NO_TREE and not any(
            cache and under(cache, self.top) for cache in caches
        ):
            self.carry.tree = self.top
            return
        unpacked = self.top in self.inventory.filled  # What its files are called is not known.
        if self.inventory.generators or self.inventory.unknown or unpacked:
            self._refuse(
                "runtime-files-unknown",
                f"the program may read files below {self.top}, which also holds the toolchain; "
                "set a WORKDIR of its own",
                tuple(whole[:3]),
            )
            return
        found = repeated(self.stage, self.top)
        if isinstance(found, Unknown):
            self._refuse("runtime-files-unknown", found.why, found.evidence)
            return
        files, (self.carry.replay, more) = self.carry.files, found
        files |= {path: where for path, where in more.items() if path not in files}
        self.carry.doubts += lost_by_repeating(self.stage, self.inventory, self.top, files)

    # --- small things ---

    def _absolute(self, path: str) -> str:
        return posixpath.normpath(posixpath.join(self.workdir, path))

    def _held(self, path: str) -> bool:
        return held(self.stage, self.inventory, path)

    def _brought(self, path: str) -> str | None:
        return None if self.inventory.gone(path) else brought(self.stage, path)

    def _at(self, instruction: Instruction) -> Evidence:
        return self.stage.facts.at(instruction)

    def _refuse(self, code: str, message: str, because: tuple[Evidence, ...]) -> None:
        if self.carry.refusal is None:
            self.carry.refusal = (code, message, because)

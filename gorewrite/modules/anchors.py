"""Above which instruction a download of modules belongs, and the WORKDIR that moves there, too."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from gorewrite.dockerfile import Instruction, copy_parts, pairs, variables
from gorewrite.optout import opt_out
from gorewrite.stage.layout import under

if TYPE_CHECKING:
    from gorewrite.modules.hoisting import Job

AUTH_FILE = re.compile(
    r"(?:^|/)(?:\.?_?netrc|\.gitconfig|\.ssh|id_\w+|.*\.(?:pem|crt|cer)|\.config/go(?:/env)?|go/go\.env)$"
)
_SECRET_ARG = re.compile(r"(?i)\w*(?:token|netrc|ssh|passw|user|secret|_key|proxy)\w*|GO[A-Z1]+")
_METADATA = frozenset("CMD ENTRYPOINT EXPOSE HEALTHCHECK LABEL MAINTAINER STOPSIGNAL".split())


def named_in(text: str) -> frozenset[str]:
    """The names of the variables in a text, the shell's or the builder's."""
    return frozenset(re.findall(r"\$\{?(\w+)", text))


def anchor_of(job: Job) -> Instruction:
    """Up from the source copy over ARGs that the download does not use, whose changes would run it
    again (BuildKit: an ARG is part of the key of every later RUN), and over copies of other files
    of the project; over what lies between these and does not matter to it, and over the WORKDIR,
    which can stand above them just as well."""
    if any(opt_out(c) is not None for c in job.stage.stage.comments_above(job.source)):
        return job.source
    instructions = job.stage.stage.instructions
    index = instructions.index(job.source)
    used = variables(job.source.flag("chown") or "") | job.used
    for other in instructions[index:]:
        if "go env" in other.rest or (other.keyword == "ENV" and job.steers(other)):
            used |= named_in(other.rest)
    found, entered = index, False
    for number in range(index - 1, -1, -1):
        instruction = instructions[number]
        if instruction.keyword == "WORKDIR" and not entered and _enters(job, instruction):
            entered = True
        elif _may_follow(job, instruction, used, entered):
            found = number
        elif instruction.keyword == "ARG" or not _passes(job, instruction):
            break
    return instructions[found]


def _may_follow(job: Job, instruction: Instruction, used: frozenset[str], entered: bool) -> bool:
    """Whether an instruction may as well stand behind the download, which gains by it.

    entered: whether a WORKDIR below it moves up.
    """
    if instruction.keyword == "ARG":
        names = {name for name, _ in pairs(instruction)}
        return not names & used and not any(_SECRET_ARG.fullmatch(name) for name in names)
    if instruction.keyword not in ("COPY", "ADD") or entered:
        return False
    found = [p for p in job.stage.placed if p.instruction is instruction]
    return all(
        p.origin == "context"
        and p.directory is not None
        and p.path is not None
        and under(p.path, job.module.root)
        and not AUTH_FILE.search(p.source)
        and not re.search(r"(?:^|/)go\.(?:mod|sum|work)", p.source)
        for p in found
    ) and bool(found)


def _passes(job: Job, instruction: Instruction) -> bool:
    """Whether a download is the same ahead of an instruction and behind it."""
    if instruction.keyword == "ENV":
        return not job.steers(instruction)
    return instruction.keyword == "ARG" or instruction.keyword in _METADATA


def work_directory_of(job: Job) -> Instruction | None:
    """The WORKDIR of the module's directory behind the anchor that may as well stand ahead of it,
    for nothing between them is relative to it or makes that directory."""
    instructions = job.stage.stage.instructions
    for instruction in instructions[instructions.index(job.anchor) :]:
        if instruction.keyword == "WORKDIR":
            moved = job.stage.states[instruction].workdir != job.module.root
            return instruction if moved and _enters(job, instruction) else None
        if instruction.keyword in ("COPY", "ADD"):
            if not _is_absolute(job, instruction):
                return None
        elif not _passes(job, instruction):
            return None
    return None


def _enters(job: Job, instruction: Instruction) -> bool:
    """Whether a WORKDIR is that of the module, wherever it stands, and may be moved."""
    path = instruction.rest
    here = path.startswith("/") and posixpath.normpath(path) == job.module.root
    comments = job.stage.stage.comments_above(instruction)
    return here and all(opt_out(comment) is None for comment in comments)


def _is_absolute(job: Job, copy: Instruction) -> bool:
    """Whether a copy does the same in any work directory, and where it is made before."""
    placed = [p for p in job.stage.placed if p.instruction is copy]
    into = copy_parts(copy).dest.endswith("/") or all(p.directory is True for p in placed)
    return copy_parts(copy).dest.startswith("/") and into and copy.flag("chown") is None

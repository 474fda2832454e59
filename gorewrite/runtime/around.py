"""What lies around a program, and is carried over though neither its sources nor its command
name it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from gorewrite import shell
from gorewrite.dockerfile import Instruction
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import StageFacts
from gorewrite.golang.needs import ProgramNeeds
from gorewrite.runtime.requirements import Requirements
from gorewrite.stage.images import Image
from gorewrite.stage.inventory import Inventory
from gorewrite.stage.layout import Placed, under
from gorewrite.stage.places import COMMAND_PLACES, LACKING, NO_TREE

_CERTIFICATES, _BUNDLE = "/usr/local/share/ca-certificates", "/etc/ssl/certs/ca-certificates.crt"
#: What Debian, Alpine and distroless have, with the same numbers.
_USERS, _GROUPS = ("", "root", "nobody"), ("", "root")
#: Where what is copied serves the build, or the machine that it runs on.
_OF_THE_BUILD = (
    "/go/",
    "/tmp/",
    "/root/",
    "/usr/local/go/",
    "/etc/apt/",
    "/etc/ssl/",
    _CERTIFICATES,
)


def certificates(stage: StageFacts, inventory: Inventory) -> dict[str, Evidence]:
    """Certificates of a company: the bundle that update-ca-certificates made of them, and what
    lies in /etc/ssl, where Go reads every file (crypto/x509)."""
    found: dict[str, Evidence] = {}
    if inventory.certificates and (
        any(stage.copies.below(_CERTIFICATES))
        or any(under(path, _CERTIFICATES) for path in inventory.written)
    ):
        found[_BUNDLE] = inventory.certificates[0]
    for placed in stage.copies.below("/etc/ssl"):
        assert placed.path is not None, "what is below a path has one"
        found[placed.path] = stage.facts.at(placed.instruction)
    return found


def apart(stage: StageFacts, needs: Requirements, workdir: str) -> dict[str, Evidence]:
    """What was copied to a place outside of the work directory and is nothing that a build reads,
    where the programs open files whose names only their caller knows."""
    read = [program.needs for program in needs.programs]
    if read and not any(isinstance(n, Unknown) or n.dynamic for n in read):
        return {}
    found: dict[str, Evidence] = {}
    for placed in stage.placed:
        path = landing(placed) if placed.origin == "stage" else placed.path
        if path is None or placed.origin == "remote" or needs.inventory.gone(path):
            continue
        hidden = "/." in path  # Credentials, mostly.
        if hidden or path in NO_TREE or path.startswith((*COMMAND_PLACES, *_OF_THE_BUILD)):
            continue
        related = under(path, workdir) or under(workdir, path)
        if not related and not (placed.origin == "context" and _compiled(stage, placed.source)):
            found[path] = stage.facts.at(placed.instruction)
    return found


def _compiled(stage: StageFacts, source: str) -> bool:
    """Whether a file or directory of the context is there for a build."""
    context = stage.facts.project.context
    names = context.walk(source) if context.kind(source) == "dir" else (source,)
    return any(
        name.endswith((".go", "go.mod", "go.sum", "go.work", ".c", ".proto")) for name in names
    )


def named_user(stage: StageFacts) -> Evidence | None:
    """Where USER names a user or a group that not every base image has."""
    user, _, group = (stage.end.user or "").partition(":")
    common = (user in _USERS or user.isdecimal()) and (group in _GROUPS or group.isdecimal())
    where = stage.end.user_from
    return stage.facts.at(where) if where is not None and not common else None


def sources_at(stage: StageFacts, path: str) -> bool:
    """Whether a directory that RUN made only holds what the build compiled."""
    return any(placed.origin == "context" for placed in stage.copies.below(path))


def of_the_system(stage: StageFacts, directory: str) -> bool:
    """Whether a directory, into which a program may write, is there in the base image alone."""
    base = stage.base
    if not isinstance(base, Image) or base.family not in ("golang", "debian", "ubuntu", "alpine"):
        return False
    return (
        directory in LACKING
        and not under(stage.end.workdir or "/", directory)
        and not any(stage.copies.below(directory))
    )


def unpacked(stage: StageFacts) -> Iterator[Placed]:
    """Where ADD unpacks archives and repositories, whatever they hold."""
    return (p for p in stage.placed if p.origin == "remote" and p.directory)


def landing(placed: Placed) -> str | None:
    """A path that is there once something was copied from another stage: of what is a file or a
    directory, nobody knows which, the directory that it was copied into."""
    if placed.path is None or placed.directory is not None:
        return placed.path
    around, name = posixpath.split(placed.path)
    into = name == posixpath.basename(placed.source) and "." not in name
    return placed.path if not into or around in NO_TREE else around


def brought(stage: StageFacts, path: str) -> str | None:
    """What to copy for a path that a copy from another stage may have brought; None without one.

    What lies in a directory of another stage is not known, so it is copied whole.
    """
    for placed in reversed(stage.placed):
        top = landing(placed) if placed.origin == "stage" else None
        if top is not None and under(path, top) and placed.directory is not False:
            return top
    return None


def holds_files(stage: StageFacts, inventory: Inventory, top: str) -> bool:
    """Whether anything was put below a work directory at all, or it is someone's own."""
    placed = (p.path for p in stage.placed)
    owned = {user.made_home for user, _ in inventory.users.values()}
    return (
        any(path is None or under(path, top) or under(top, path) for path in placed)
        or inventory.written_below(top)
        or top in owned.union(inventory.owned)
    )


def repeated(
    stage: StageFacts, top: str
) -> tuple[list[Instruction], dict[str, Evidence]] | Unknown:
    """(copies from the context to repeat in place of a directory, what other stages brought
    there and is copied by itself); Unknown where something comes from nobody knows where."""
    copies: dict[Instruction, None] = {}
    files: dict[str, Evidence] = {}
    for placed in stage.placed:
        made = placed.origin == "stage"
        path = landing(placed) if made else placed.path
        where = stage.facts.at(placed.instruction)
        if path is None or placed.origin == "remote" or (made and path in (top, *NO_TREE)):
            return Unknown("where its files come from is not known", (where,))
        if made and under(path, top):
            files[path] = where
        elif not made and (under(path, top) or under(top, path)):
            copies[placed.instruction] = None
    return list(copies), files


def beside(stage: StageFacts, workdir: str, path: str, needs: ProgramNeeds) -> Iterator[str]:
    """Directories with files of the context around a program that finds files by its own path:
    the one that it lies in, and `..` of a `bin`. Those of the work directory are not among them.
    """
    if not needs.self_path or all(read.path is not None for read in needs.reads):
        return
    around = posixpath.dirname(path)
    for top in (around, posixpath.dirname(around)) if around.endswith("bin") else (around,):
        if under(workdir, top) or under(top, workdir):
            continue
        if any(placed.origin == "context" for placed in stage.copies.below(top)):
            yield top


def filled(stage: StageFacts, path: str) -> bool:
    """Whether a directory was put together from copies, and is not one of the system."""
    copies = stage.copies.below(path) if path not in NO_TREE else ()
    return any(placed.origin != "remote" for placed in copies)


def for_callers(stage: StageFacts, inventory: Inventory, path: str) -> bool:
    """Whether a command was fetched that no RUN uses: a probe, or a tool for people."""
    if path in inventory.links or inventory.origin(path) in stage.output_paths:
        return False
    name = posixpath.basename(path)
    runs = (run for member in stage.lineage for run in member.runs)
    steps = (shell.unwrapped(step).argv for run in runs for step in run.steps)
    return all(posixpath.basename(argv[0] or "") != name for argv in steps if argv)


def generated(inventory: Inventory, workdir: str, path: str) -> bool:
    """Whether a command that RUN starts may have made a path below the work directory, or did."""
    directories = (cwd for cwd, _ in inventory.generators) if under(path, workdir) else ()
    return any(
        cwd is None or under(cwd, workdir) or under(workdir, cwd) for cwd in directories
    ) or any(under(path, top) for top in inventory.written)


def lost_by_repeating(
    stage: StageFacts, inventory: Inventory, top: str, files: dict[str, Evidence]
) -> Iterator[Unknown]:
    """Owners and modes below `top` that RUNs set, and that repeated copies do not have.

    files: what is copied from the builder by itself, and keeps them.
    """
    for path, where in inventory.owned.items():
        related = under(path, top) or under(top, path)
        source = stage.source_of(path) if path in files else None
        alone = source is not None and stage.facts.project.context.kind(source) == "file"
        if related and not alone and path not in stage.output_paths:
            yield Unknown(f"what a RUN makes of {path} is lost: the copies are repeated", (where,))


def known_part(stage: StageFacts) -> str:
    """The directory above the first unknown part of WORKDIR: `/srv` of `/srv/$SERVICE`."""
    instruction = stage.end.workdir_from
    written = instruction.rest if instruction is not None else ""
    return written.partition("$")[0].rpartition("/")[0] or "/"

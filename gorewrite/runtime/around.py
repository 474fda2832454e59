"""What lies around a program, and is carried over though neither its sources nor its command
name it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from gorewrite import shell
from gorewrite.context.globs import match
from gorewrite.contract import volumes_of
from gorewrite.dockerfile import Instruction, copy_parts
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import StageFacts
from gorewrite.golang.needs import ProgramNeeds
from gorewrite.memo import remembered
from gorewrite.modules.gomodules import module_of
from gorewrite.runtime.programs import Program
from gorewrite.runtime.requirements import Requirements
from gorewrite.stage.images import Image
from gorewrite.stage.inventory import Inventory
from gorewrite.stage.layout import Placed, tops, under
from gorewrite.stage.places import COMMAND_PLACES, LACKING, NO_TREE, OF_DEBIAN, SYSTEM
from gorewrite.stage.scope import join

#: Files by which a directory is in git that is empty otherwise.
_KEEPERS = frozenset({".gitignore", ".gitkeep", ".keep", ".placeholder"})
#: What a library makes, when there is no such file: it hardly reads it.
_MADE = re.compile(
    r"(?:\./)?(?:[\w-]+/)*[\w-]+\.(?:db|sqlite3?|bolt|log|pid|sock|cache|lock|dat|idx|kv)|\./[\w-]+/?"
)
#: What becomes another user by way of PAM, which asks /etc/shadow whether the account is valid
#: (pam_unix(8)).
_BY_PAM = frozenset({"su", "sudo"})
#: What Debian, Alpine and distroless have, with the same numbers.
_USERS, _GROUPS = ("", "root", "nobody"), ("", "root")


def named_user(stage: StageFacts) -> Evidence | None:
    """Where USER names a user or a group that not every base image has."""
    user, _, group = (stage.end.user or "").partition(":")
    common = (user in _USERS or user.isdecimal()) and (group in _GROUPS or group.isdecimal())
    where = stage.end.user_from
    return stage.facts.at(where) if where is not None and not common else None


def of_users(
    stage: StageFacts, needs: Requirements, workdir: str
) -> Iterator[tuple[str, Evidence]]:
    """Users that RUNs create come along with their home directories, those of the base image that
    others lack by their names."""
    users = needs.inventory.users
    where = next((at for _, at in users.values()), None) or named_user(stage)
    if where is None:
        return
    yield from dict.fromkeys(("/etc/passwd", "/etc/group"), where).items()
    user = (stage.end.user or "").partition(":")[0]
    # A script may go on as another user (gosu, su-exec), and so do these by themselves.
    becomes = not needs.tools.keys().isdisjoint(_BY_PAM)
    if users and becomes:
        yield "/etc/shadow", where
    for name, (created, at) in users.items():
        others = bool(needs.entry.scripts) or becomes
        if created.made_home not in (None, workdir) and (name == user or others):
            yield created.made_home or "", at


def sources_at(stage: StageFacts, path: str) -> bool:
    """Whether a directory that RUN made only holds what the build compiled."""
    return any(placed.origin == "context" for placed in stage.copies.below(path))


def of_the_system(stage: StageFacts, directory: str) -> bool:
    """Whether a directory, into which a program may write, is there in the base image alone."""
    base = stage.base
    if not isinstance(base, Image) or base.family not in ("golang", "debian", "ubuntu", "alpine"):
        return False
    debian = base.libc == "glibc" and directory in OF_DEBIAN
    return (
        (directory in LACKING or debian)
        and not under(stage.end.workdir or "/", directory)
        and not any(stage.copies.below(directory))
    )


def held(stage: StageFacts, inventory: Inventory, path: str) -> bool:
    """Whether a COPY or a RUN put a path there, and nothing took it away."""
    made = path in inventory.written or path in inventory.reports
    return not inventory.gone(path) and (made or stage.holds(path))


def written_to(stage: StageFacts, inventory: Inventory, workdir: str, path: str) -> Iterator[str]:
    """What to copy for a file that a program creates or appends to."""
    # What is there is opened, a database with the files that sqlite keeps beside it.
    for there in (path, f"{path}-wal", f"{path}-shm"):
        if not under(workdir, there) and held(stage, inventory, there):
            yield there
    directory = posixpath.dirname(path)
    lost = held(stage, inventory, directory) or of_the_system(stage, directory)
    if not under(workdir, directory) and lost:
        yield directory


def kept_empty(stage: StageFacts, inventory: Inventory, workdir: str) -> Iterator[str]:
    """The directories that were copied and hold nothing but what makes git keep them: they are
    there for a program to write into."""
    context = stage.facts.project.context
    for placed in stage.placed:
        if placed.origin != "context" or not placed.directory:
            continue
        found = [posixpath.split(path) for path in context.walk(placed.source)]
        filled = {top for top, name in found if name not in _KEEPERS}
        filled = {above for top in filled for above in tops(top)}
        for top in dict.fromkeys(top for top, name in found if name in _KEEPERS):
            there = placed.image_path(top) if top and top not in filled else None
            if there and not under(workdir, there) and held(stage, inventory, there):
                yield there


def empty_around(stage: StageFacts, inventory: Inventory, workdir: str, path: str) -> str | None:
    """The directory of a file that is not there, when it was copied and holds nothing, or only
    what makes git keep it; None when it is another."""
    directory = posixpath.dirname(path)
    source = None if under(workdir, directory) else stage.source_of(directory)
    if source is None or not held(stage, inventory, directory):
        return None
    names = (posixpath.basename(each) for each in stage.facts.project.context.walk(source))
    return directory if all(name in _KEEPERS for name in names) else None


def unmade(stage: StageFacts, path: str) -> tuple[str, str]:
    """(code, message) for what the image runs and no command is seen to make."""
    commands = (each.go for member in stage.lineage for each in member.invocations)
    if any(go.kind == "test" and go.flag("c") for go in commands):
        why = "the image runs tests, which `go test -c` builds; build a production image by itself"
        return "dev-or-test-image", why
    why = f"no command that is understood creates {path}, which the image runs; "
    return "output-path-unresolved", why + "name the output with `go build -o`"


def copied_on(needs: Requirements) -> set[str]:
    """The binaries that the image runs where they were copied to, not where they were built."""
    programs = needs.entry.programs.keys()
    return {needs.inventory.origin(path) for path in programs} - programs


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
    named = "/" + copy_parts(placed.instruction).dest.removeprefix("./").lstrip("/")
    if placed.path.endswith(named) and not around.endswith(named):
        return placed.path  # It is there by this name, whatever it is.
    return placed.path if not into or around in NO_TREE else around


def volumes(stage: StageFacts, workdir: str) -> Iterator[tuple[str, Evidence]]:
    """The paths of VOLUMEs, apart from the work directory and what holds it. They begin with what
    the image has there, and other containers may mount them (Docker documentation, "Volumes")."""
    for member in stage.lineage:
        for instruction, state in member.states.items():
            if instruction.keyword == "VOLUME":
                for path in volumes_of(instruction, state):
                    if not under(workdir, path):
                        yield path, member.facts.at(instruction)


def brought(stage: StageFacts, path: str) -> str | None:
    """What to copy for a path that a copy from another stage, or of what is not in the checkout,
    may have brought; None without one.

    What lies in such a directory is not known, so it is copied whole.
    """
    return next((top for top in _unseen_tops(stage) if under(path, top)), None)


@remembered
def _unseen_tops(stage: StageFacts) -> tuple[str, ...]:
    """Where copies of what is not looked into lie, the last one first."""
    found = (
        landing(placed)
        for placed in reversed(stage.placed)
        if (placed.origin == "stage" or placed.unseen) and placed.directory is not False
    )
    return tuple(top for top in found if top is not None)


def unseen(stage: StageFacts, directory: str, name: str) -> Iterator[str]:
    """The files right in a directory that are copied by a name which a pattern matches, and are
    not in the checkout."""
    for placed in stage.copies.below(directory):
        if placed.unseen and placed.path is not None:
            top, own = posixpath.split(placed.path)
            if top == directory and match(name, own):
                yield placed.path


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


def built_from(stage: StageFacts, program: Program) -> tuple[str, ...] | Unknown:
    """The directories of the image with the sources of a program that finds files by their paths;
    none where they were never in this image."""
    run = program.invocation.run
    built = next((member for member in stage.lineage if run in member.runs), None)
    if built is None:
        return ()
    module = module_of(built, program.invocation)
    if module is None or not NO_TREE.isdisjoint(module.directories):
        return Unknown(
            "the program finds files through the path of its sources when it was built; "
            "embed them or take their directory from the configuration"
        )
    return module.directories


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
    return any(placed.origin != "remote" or not placed.directory for placed in copies)


def may_make(stage: StageFacts, inventory: Inventory, workdir: str, path: str) -> bool:
    """Whether a build of unknown sources, a make or a script may have written a path."""
    for invocation, _ in stage.outputs:
        go = invocation.go
        if go.output and join(go.directory, go.output) == path:
            return True
    likely = under(path, workdir) or path.startswith(COMMAND_PLACES)
    around = posixpath.dirname(path)
    return likely and bool(
        inventory.unknown
        or any(under(each, around) for each in inventory.written.keys() - inventory.directories)
        or any(
            cwd is None or under(cwd, around) or under(around, cwd)
            for cwd, _ in inventory.generators
        )
        or any(isinstance(outputs, Unknown) for _, outputs in stage.outputs)
    )


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
    ) or any(
        under(path, top) and (under(top, workdir) or under(workdir, top))
        for top in inventory.filled
    )


def spread(inventory: Inventory, workdir: str, path: str) -> str | None:
    """What to copy for a path below a directory of the system into which a RUN unpacks something:
    the first part of it that is no such directory. None where none does."""
    if under(path, workdir) or path in SYSTEM:
        return None
    into = inventory.written.keys() - inventory.directories
    if not any(top in SYSTEM and under(path, top) for top in into):
        return None
    while (above := posixpath.dirname(path)) not in SYSTEM:
        path = above
    return path


def own_work_directory(stage: StageFacts, needs: Requirements, workdir: str) -> list[Evidence]:
    """A user other than root writes into the work directory, whose owner then matters."""
    end = stage.end
    if end.is_root or end.user_from is None:
        return []
    known = [p.needs for p in needs.programs if not isinstance(p.needs, Unknown)]
    written = [(r.path, r.evidence) for n in known for r in n.reads if r.kind == "write"]
    for path, where in (*written, *needs.entry.written):
        if path is None or under(posixpath.normpath(posixpath.join(workdir, path)), workdir):
            return [stage.facts.at(end.user_from), where]
    owned = next((at for top, at in needs.inventory.owned.items() if under(workdir, top)), None)
    placed = end.workdir_from
    if placed is not None and owned is None:
        member = next((m for m in stage.lineage if placed in m.states), stage)
        owned = None if member.states[placed].is_root else stage.facts.at(placed)
    for text, where in (m for n in known for m in n.mentions) if owned is not None else ():
        there = posixpath.normpath(posixpath.join(workdir, text))
        if _MADE.fullmatch(text) and not held(stage, needs.inventory, there):
            return [owned or where, where]
    return []


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

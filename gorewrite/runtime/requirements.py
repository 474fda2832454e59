"""What a runtime image must bring for the programs of a stage to run as before.

Joins the command (`entry`), the RUNs (`inventory`), the Go sources (`programs`) and the
linkage of the binaries into one `Requirements`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gorewrite import shell
from gorewrite.context import Context
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import StageFacts
from gorewrite.golang.needs import ProgramNeeds
from gorewrite.memo import cached_property, lasting, remembered
from gorewrite.runtime import remotes
from gorewrite.runtime.linkage import Linkage, c_modules
from gorewrite.runtime.programs import Program, programs
from gorewrite.shell import Call
from gorewrite.stage import busybox, packages
from gorewrite.stage.commands import INIT, Entry, last
from gorewrite.stage.entry import read_entry
from gorewrite.stage.inventory import Inventory, take
from gorewrite.stage.layout import tops, under
from gorewrite.stage.origins import first_source, heredoc
from gorewrite.stage.outputs import named_outputs
from gorewrite.stage.places import COMMAND_PLACES
from gorewrite.stage.scope import join

if TYPE_CHECKING:
    from gorewrite.callers.running import Service

#: Absolute paths that the container engine, a mount or any base image provides.
_PROVIDED = (
    "/proc",
    "/sys",
    "/dev",
    "/tmp",
    "/run",
    "/var/run",
    "/etc/hosts",
    "/etc/resolv.conf",
    "/etc/hostname",
    "/etc/passwd",
    "/etc/group",
    "/etc/ssl",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/services",
    "/etc/nsswitch.conf",
    "/usr/share/zoneinfo",
    "/etc/os-release",
)
_SHARED = re.compile(r"\.so(?:\.\d+)*$")
_SYSTEM = (
    *("/usr", "/lib", "/bin", "/sbin", "/lib64", "/opt", "/var/lib"),
    # Tables of a distribution that distroless lacks.
    *("/etc/shells", "/etc/login.defs", "/etc/shadow", "/etc/gshadow", "/etc/fstab"),
    *("/etc/profile", "/etc/environment", "/etc/ld.so.conf", "/etc/ld.so.cache"),
    *("/etc/alternatives", "/etc/apk", "/etc/apt", "/etc/dpkg", "/etc/alpine-release"),
)


@dataclass
class Requirements:
    """The needs of everything that a stage's image runs.

    linkages: of each binary; shell, bash: why one is needed; tools: commands that no file
    of the stage provides -> why; calls: the command lines that are known, and where;
    explicit: packages that the Dockerfile installs and that the image keeps -> (manager,
    where); libraries: `-dev` packages whose shared libraries a cgo program may load;
    time_zones, mime_types: why they are needed;
    any_command: where a program is started whose name is not known;
    doubts: what lowers the safety of any image chosen here.
    """

    entry: Entry
    inventory: Inventory
    programs: tuple[Program, ...]
    linkages: tuple[Linkage, ...] = ()
    shell: tuple[Evidence, ...] = ()
    bash: tuple[Evidence, ...] = ()
    tools: dict[str, Evidence] = field(default_factory=dict)
    calls: list[tuple[Call, Evidence]] = field(default_factory=list)
    explicit: dict[str, tuple[str, Evidence]] = field(default_factory=dict)
    libraries: dict[str, tuple[str, Evidence]] = field(default_factory=dict)
    time_zones: tuple[Evidence, ...] = ()
    mime_types: tuple[Evidence, ...] = ()
    any_command: tuple[Evidence, ...] = ()
    doubts: list[Unknown] = field(default_factory=list)

    @property
    def static(self) -> bool:
        """Whether every binary is proven to need no C library."""
        return bool(self.linkages) and all(link.kind == "static" for link in self.linkages)

    @property
    def cxx(self) -> bool:
        return any(link.cxx or link.kind == "unknown" for link in self.linkages)

    @property
    def because(self) -> tuple[Evidence, ...]:
        """Evidence for the linkage, without repeats."""
        return tuple(dict.fromkeys(e for link in self.linkages for e in link.because))

    @property
    def beyond_busybox(self) -> dict[str, Evidence]:
        """Commands that busybox has, called in a way that it is not known to understand."""
        found: dict[str, Evidence] = {}
        called = set()
        for call, where in self.calls:
            name = call.name or ""
            called.add(name)
            if packages.in_image(name, "alpine") and not busybox.does(call):
                found.setdefault(name, where)
        for tool, where in self.tools.items():
            if packages.in_image(tool, "alpine") and tool not in called:
                found.setdefault(tool, where)
        return found

    @cached_property
    def environment(self) -> frozenset[str]:
        """The environment variables that the sources read."""
        known = (program.needs for program in self.programs)
        found = (need for need in known if not isinstance(need, Unknown))
        return frozenset(name for need in found for name in need.environment)

    @property
    def userland(self) -> tuple[Evidence, ...]:
        """Why the image needs more than the files of the program: a shell, commands, packages."""
        found = [*self.shell, *self.bash, *self.tools.values(), *self.any_command]
        found += [where for _, where in self.explicit.values()]
        found += [where for _, where in self.libraries.values()]
        return tuple(dict.fromkeys(found))


def requirements(stage: StageFacts, services: Sequence[Service] | None = None) -> Requirements:
    """Reads what the image of a stage needs at run time.

    services: the compose services that count, None for all that run the stage.
    """
    services = stage.services if services is None else services
    inventory, built = take(stage), programs(stage)
    made = {*inventory.written, *inventory.moved, *inventory.tools, *named_outputs(stage)}
    executed = [
        (found.program, found.evidence)
        for program in built
        if not isinstance(program.needs, Unknown)
        for found in program.needs.executes
        if found.program is not None and not found.builtin
    ]
    entry = read_entry(stage, made, services, executed)
    needs = Requirements(entry, inventory, built)
    links = [program.linkage for program in built]
    started = [path for path in entry.programs if path not in entry.scripts]
    known = {program.path for program in built}
    for path in started:
        if inventory.origin(path) not in known:
            where = entry.programs[path]
            links.append(Linkage("unknown", (where,), False))
            if _may_be_a_script(stage, inventory, path):
                why = f"what {path} is, and what it needs itself, is not known"
                needs.doubts.append(Unknown(why, (where,)))
    needs.doubts += entry.doubts
    needs.linkages = tuple(links)
    needs.shell, needs.bash = tuple(entry.shell), tuple(entry.bash)
    needs.tools, needs.calls = dict(entry.tools), list(entry.calls)
    _sources(needs, stage)
    remotes.settle(needs, stage)
    _shared_objects(needs, stage)
    for path, where in entry.entered:
        if join(stage.end.workdir or "/", path) != stage.end.workdir:
            why = f"a script changes to {path}, where what it starts looks for files"
            needs.doubts.append(Unknown(why, (where,)))
    if needs.any_command:
        why = "the program starts a command whose name is not known"
        needs.doubts.append(Unknown(why, needs.any_command))
    if entry.mounted:
        why = "a script runs what it finds in a directory that is mounted"
        needs.doubts.append(Unknown(why, tuple(entry.mounted)))
        needs.any_command = (*needs.any_command, *entry.mounted)
    for service in services:
        needs.doubts += _service_doubts(service, stage, inventory)
    stated = [line.evidence for s in services if (line := s.entrypoint or s.command) is not None]
    if stated and last(stage, "ENTRYPOINT") is None and last(stage, "CMD") is None:
        why = "only its callers say what the image runs"
        needs.doubts.append(Unknown(why, tuple(stated)))
    _packages(needs)
    return needs


def _may_be_a_script(stage: StageFacts, inventory: Inventory, path: str) -> bool:
    """Whether a file that is started was made or brought in a way that hides what it is."""
    if path in inventory.tools or first_source(stage, path) or heredoc(stage, path):
        return False  # Built by go; or read, where a script would have been followed.
    made = path in inventory.written and not path.startswith(COMMAND_PLACES)
    return (made or stage.holds(path)) and posixpath.basename(path) not in INIT


def _service_doubts(
    service: Service, stage: StageFacts, inventory: Inventory
) -> tuple[Unknown, ...]:
    """What a compose service leaves open about the image that it needs."""
    doubts = list(service.uncertain)
    place, user = service.working_dir, service.user
    if place is not None and place.text.rstrip("/") != stage.end.workdir:
        why = f"{service.said} runs in {place.text}, whose files are not followed"
        doubts.append(Unknown(why, (place.evidence,)))
    name = user.text.partition(":")[0] if user is not None else ""
    known = name.isdigit() or name in ("", "root", "nobody") or name in inventory.users
    if user is not None and not known:
        why = f"{service.said} runs as {name}, who may not be in another image"
        doubts.append(Unknown(why, (user.evidence,)))
    return tuple(doubts)


def _sources(needs: Requirements, stage: StageFacts) -> None:
    """What the Go sources say."""
    zones: list[Evidence] = []
    mime: list[Evidence] = []
    for program in needs.programs:
        read = program.needs
        if isinstance(read, Unknown):
            needs.doubts.append(read)
            continue
        zones += (*read.time_zones, *read.local_time)
        mime += read.mime_types
        for executed in read.executes:
            if executed.program is None:
                needs.any_command = (*needs.any_command, executed.evidence)
                continue
            call = Call((executed.program, *executed.arguments), executed.builtin)
            needs.calls.append((call, executed.evidence))
            if not executed.builtin:
                _executed(needs, stage, executed.program, executed.evidence)
        _system_files(needs, stage, read)
        for evidence in read.extra:
            if "able to write" in evidence.text and stage.end.is_root:
                continue  # root may write wherever the directory exists, as before.
            needs.doubts.append(Unknown(evidence.text, (evidence,)))
    if "TZ" in stage.end.env:
        zones.append(stage.facts.at(stage.end.declared["TZ"]))
    zones += [at for s in stage.services for text, at in s.environment if text.startswith("TZ=")]
    needs.time_zones = tuple(zones)
    needs.mime_types = tuple(mime)


def _system_files(needs: Requirements, stage: StageFacts, read: ProgramNeeds) -> None:
    """Files of the base image that the program opens by their absolute path."""
    made = (*needs.inventory.written, *needs.inventory.cloned)
    for file in read.reads:
        path = file.path
        if path is None or not path.startswith("/") or not file.required or stage.holds(path):
            continue
        above = tops(path)
        if not above.isdisjoint(_SYSTEM) and above.isdisjoint((*_PROVIDED, *made)):
            why = f"the program reads {path} of the base image"
            needs.doubts.append(Unknown(why, (file.evidence,)))


def _executed(needs: Requirements, stage: StageFacts, program: str, where: Evidence) -> None:
    name = program.rpartition("/")[2]
    if name in ("go", "gofmt", "gcc", "cc", "g++", "ld"):
        if needs.entry.refusal is None:
            needs.entry.refusal = (
                "needs-toolchain-at-runtime",
                f"the program itself runs {name}, so it needs the toolchain",
                where,
            )
        return
    path = program if program.startswith("/") else None
    if (path and stage.holds(path)) or any(
        started.rpartition("/")[2] == name for started in needs.entry.programs
    ):
        return  # Of the image itself.
    if "/" in program and not program.startswith(("/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/")):
        return  # A file of its own tree: carried with the runtime files or never there.
    if name in ("sh", "ash", "dash"):
        needs.shell = (*needs.shell, where)
    elif name == "bash":
        needs.bash = (*needs.bash, where)
    needs.tools.setdefault(name, where)
    if path is not None:
        needs.entry.paths.setdefault(path, where)


@remembered
@lasting
def _library_below(context: Context, directory: str) -> str | None:
    """The first shared object in a directory of the build context, which services may share."""
    return next((name for name in context.walk(directory) if _SHARED.search(name)), None)


def _shared_objects(needs: Requirements, stage: StageFacts) -> None:
    """Libraries that no package brings: what they need themselves is not known."""
    end = stage.end
    for name in ("LD_PRELOAD", "LD_LIBRARY_PATH"):
        if not needs.static and end.env.get(name, "") != "":
            why = f"what the libraries of {name} need is not known"
            needs.doubts.append(Unknown(why, (stage.facts.at(end.declared[name]),)))
            return
    read = [program.needs for program in needs.programs]
    if all(isinstance(n, ProgramNeeds) and n.cgo.verdict == "pure" for n in read):
        return
    known = (n for n in read if isinstance(n, ProgramNeeds) and not needs.static)
    for module, brought in (found for n in known for found in c_modules(n)):
        if brought != "c++":
            why = f"{module} is linked with {brought} of the module cache, which stays behind"
            needs.doubts.append(Unknown(why, (stage.facts.at(stage.stage.from_),)))
            return
    for placed in stage.placed:
        within = placed.origin == "context" and placed.directory
        library = placed.source if _SHARED.search(placed.source) else None
        if within:
            library = _library_below(stage.facts.project.context, placed.source)
        if library is not None:
            why = f"which libraries {library} needs is not known"
            needs.doubts.append(Unknown(why, (stage.facts.at(placed.instruction),)))
            return
    for run in (run for member in stage.lineage for run in member.runs):
        if any(_installs_libraries(step, run.text) for step in run.steps):
            why = "which libraries a RUN installs is not known"
            needs.doubts.append(Unknown(why, (stage.facts.at(run.instruction),)))
            return


def _installs_libraries(step: shell.Step, text: str) -> bool:
    """Whether a command of a RUN puts libraries where the loader looks."""
    if shell.unwrapped(step).argv[:1] in (("ldconfig",), ("/sbin/ldconfig",)):
        return True
    if re.search(r"\bgo[\d.$]", text):
        return False  # The archive of Go itself goes to /usr/local.
    places = ("/usr/local/lib", "/usr/lib", "/lib", "/lib64")
    return any(
        path == "/usr/local" or any(under(path, place) for place in places)
        for path in shell.writes(step)
        if path is not None
    )


def _packages(needs: Requirements) -> None:
    """Sorts the packages that the Dockerfile installs into those that stay."""
    guess = bool(needs.any_command)
    dynamic = not needs.static
    for package, (manager, where) in needs.inventory.packages.items():
        match packages.kind(package):
            case "runtime":
                needs.explicit[package] = (manager, where)
            case ("ambiguous" | "build") as sort:
                used = any(packages.brings([package], tool) for tool in needs.tools)
                bash = packages.bare_name(package) == "bash" and needs.bash
                if used or bash or (guess and sort == "ambiguous"):
                    needs.explicit[package] = (manager, where)
            case "library" if dynamic:
                needs.libraries[package] = (manager, where)

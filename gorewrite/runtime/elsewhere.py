"""What a Dockerfile puts outside of the work directory for whoever looks there: the system, its
packages, libraries at home."""

from __future__ import annotations

import posixpath
import re

from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import StageFacts
from gorewrite.memo import cached_property
from gorewrite.runtime.around import landing
from gorewrite.runtime.named import parts
from gorewrite.runtime.remotes import known_hosts
from gorewrite.runtime.requirements import Requirements
from gorewrite.stage import packages
from gorewrite.stage.commands import INIT
from gorewrite.stage.inventory import Inventory
from gorewrite.stage.layout import Placed, tops, under
from gorewrite.stage.places import COMMAND_PLACES, NO_TREE

#: What builds look for at home: git, ssh, go, npm and shells.
_FOR_BUILDS = re.compile(
    r"/\.(?:ssh|netrc|gitconfig|git-credentials|config/(?:git|go)|npmrc|yarnrc|cache|npm|gnupg|cargo"
    r"|bashrc|bash_profile|profile|ashrc)(?:[./]|$)"
)
#: Files for builds, tests and people, by their names.
_BUILDING = re.compile(
    r"(?i)\.|\..*|.*[Mm]akefile|.*\.(?:mk|md|proto|mod|sum|work|lock|c|h|s|rs|py|sh)|Dockerfile.*"
    r"|Taskfile.*|Jenkinsfile|LICENSE.*|package(?:-lock)?\.json|(?:sqlc|buf|gqlgen)[\w.]*\.ya?ml"
    r"|(?:docs?|scripts|test|tests|testdata|hack|tools|proto|protos|vendor|deploy|docker)"
)
_WORDS = re.compile(r"[\s'\"=:,;()&|<>/]+")
#: Programs that only do what their arguments say.
_TOLD = frozenset(
    (
        "aws-env chamber dockerize envconsul grpc-health-probe grpc_health_probe grpcurl "
        "vault-env wait-for wait-for-it wait4x"
    ).split()
)
_CERTIFICATES, _BUNDLE = "/usr/local/share/ca-certificates", "/etc/ssl/certs/ca-certificates.crt"
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


def put_elsewhere(stage: StageFacts, needs: Requirements, workdir: str) -> dict[str, Evidence]:
    """All that is carried though nothing names it, by its place."""
    builds = _Builds(stage, needs)
    return {
        **certificates(stage, needs.inventory),
        **apart(stage, needs, workdir, builds),
        **by_name(stage, needs, workdir, builds),
        **at_home(stage, needs.inventory),
        **known_hosts(needs, stage),
    }


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


def apart(
    stage: StageFacts, needs: Requirements, workdir: str, builds: _Builds
) -> dict[str, Evidence]:
    """What was copied to a place outside of the work directory and is nothing that a build reads.

    Of another stage only where the programs open files whose names only their caller knows, or
    where shells, packages, C libraries and programs of others look for their own.
    """
    others = _dynamic(needs) or needs.userland or not needs.static or strangers(needs)
    found: dict[str, Evidence] = {}
    for placed in stage.placed:
        path = _place(placed)
        if path is None or needs.inventory.gone(path):
            continue
        if placed.origin == "remote" and placed.directory:
            continue  # See `unpacked`.
        if placed.origin == "stage" and not others:
            continue
        hidden = "/." in path  # Credentials, mostly.
        if hidden or path in NO_TREE or path.startswith((*COMMAND_PLACES, *_OF_THE_BUILD)):
            continue
        related = under(path, workdir) or under(workdir, path)
        if related or not (placed.origin == "stage" or builds.leave(placed, bool(others))):
            continue
        found[path] = stage.facts.at(placed.instruction)
    return found


def by_name(
    stage: StageFacts, needs: Requirements, workdir: str, builds: _Builds
) -> dict[str, Evidence]:
    """The data that is copied into the work directory by its own name, not with everything; where
    the programs open whatever they like, all of that directory comes."""
    if _dynamic(needs):
        return {}
    return {
        placed.path: stage.facts.at(placed.instruction)
        for placed in stage.placed
        if placed.origin == "context"
        and (placed.directory is not None or placed.unseen)
        and placed.path is not None
        and placed.path != workdir
        and under(placed.path, workdir)
        and not needs.inventory.gone(placed.path)
        and builds.leave(placed)
    }


def _dynamic(needs: Requirements) -> bool:
    """Whether the programs open files whose names only their caller knows."""
    read = [program.needs for program in needs.programs]
    return not read or any(isinstance(n, Unknown) or n.dynamic for n in read)


class _Builds:
    """What the builds of a stage read of what is copied into it."""

    def __init__(self, stage: StageFacts, needs: Requirements) -> None:
        self.stage, self.needs = stage, needs

    def leave(self, placed: Placed, whatever: bool = False) -> bool:
        """Whether a copy from the context, or of an address, brings what no build reads: no
        sources, nothing embedded, nothing that a RUN names (unless `whatever` counts)."""
        source, name = placed.source, posixpath.basename(placed.source)
        known = _BUILDING.fullmatch(name) or source in self._embedded or name in self._named
        if known and not whatever:
            return False
        return placed.origin != "context" or not _compiled(self.stage, source)

    @cached_property
    def _embedded(self) -> frozenset[str]:
        """The files that are embedded, and the directories above them."""
        known = (p.needs for p in self.needs.programs if not isinstance(p.needs, Unknown))
        files = {file for found in known for embed in found.embeds for file in embed.files}
        return frozenset(top for file in files for top in tops(file))

    @cached_property
    def _named(self) -> frozenset[str]:
        """The words of RUNs, and the parts of the paths among them."""
        texts = (run.text for member in self.stage.lineage for run in member.runs)
        return frozenset(word for text in texts for word in _WORDS.split(text))


def at_home(stage: StageFacts, inventory: Inventory) -> dict[str, Evidence]:
    """What was copied into hidden directories at home and serves no build: `/root/.aws`,
    `/root/.postgresql`. Libraries look there by themselves."""
    found: dict[str, Evidence] = {}
    homes = ("/root", *(user.made_home for user, _ in inventory.users.values() if user.made_home))
    for placed in stage.placed:
        path = _place(placed)
        if path is None or inventory.gone(path) or _FOR_BUILDS.search(path):
            continue
        if any(path.startswith(f"{home}/.") for home in homes):
            found[path] = stage.facts.at(placed.instruction)
    return found


def strangers(needs: Requirements) -> dict[str, Evidence]:
    """The programs that the image runs and that neither the repository builds nor a package brings:
    installed by go, fetched, unpacked; without those that are known to read nothing by themselves.
    """
    built = {program.path for program in needs.programs}
    return {
        path: where
        for path, where in needs.entry.programs.items()
        if path not in needs.entry.scripts
        and needs.inventory.origin(path) not in built
        and posixpath.basename(path) not in INIT | _TOLD
    }


def untold(stage: StageFacts, needs: Requirements, workdir: str) -> list[Evidence]:
    """Where one of the strangers is started that no argument tells what to read: it may look for
    anything in its work directory, as `goose up` does. A health check asks an address."""
    found = []
    for path, where in strangers(needs).items():
        name = posixpath.basename(path)
        words = [w for call, _ in needs.calls if call.name == name for w in call.words[1:]]
        named = (
            posixpath.join(workdir, part) for w in words if isinstance(w, str) for part in parts(w)
        )
        probe = where.text.upper().startswith("HEALTHCHECK")
        if not probe and not any(stage.holds(posixpath.normpath(each)) for each in named):
            found.append(where)
    return found


def unpacked_tools(needs: Requirements) -> dict[str, Evidence]:
    """Commands that no package is known to bring, where a RUN unpacks something into one of the
    places of commands: `tar -xzf tool.tar.gz -C /usr/local/bin`."""
    into = needs.inventory.written.keys() - needs.inventory.directories
    place = next((top for top in sorted(into) if f"{top}/" in COMMAND_PLACES), None)
    return {
        f"{place}/{tool}": where
        for tool, where in needs.tools.items()
        if place is not None and not packages.known(tool)
    }


def _place(placed: Placed) -> str | None:
    """Where a copy lies; a directory of another stage by the place of its contents."""
    return landing(placed) if placed.origin == "stage" else placed.path


def _compiled(stage: StageFacts, source: str) -> bool:
    """Whether a file or directory of the context is there for a build."""
    context = stage.facts.project.context
    names = context.walk(source) if context.kind(source) == "dir" else (source,)
    return any(
        name.endswith((".go", "go.mod", "go.sum", "go.work", ".c", ".proto")) for name in names
    )

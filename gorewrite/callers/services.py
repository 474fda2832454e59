"""Who runs what a Dockerfile builds: compose services, and the host's files they put over it.

A bounded reading of the places where teams keep compose files: the Dockerfile's directory, the
build context, their parents, and the usual directories below the top. What is found is there;
what is not found proves nothing. Source: Compose specification.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gorewrite.callers import places
from gorewrite.callers.formats import format_of
from gorewrite.callers.index import Index
from gorewrite.callers.model import BuildCall
from gorewrite.callers.places import above
from gorewrite.context.ignorefile import IgnoreError, IgnoreFile
from gorewrite.evidence import Evidence, Unknown
from gorewrite.files import kind_of, names_in, real
from gorewrite.memo import remembered
from gorewrite.stage.layout import relative, under

if TYPE_CHECKING:
    from gorewrite.callers.running import HostMount, Service

_COMPOSE_PLACES: Final = tuple(
    "build compose deploy deployment deployments dev docker docker-compose infra local ops scripts "
    "test".split()
)
_MOST_DIRECTORIES: Final = 50


@dataclass(frozen=True)
class Callers:
    """Who builds and runs one Dockerfile, read when it is first asked for.

    context_root: without links in its path; index: who builds what in its repository.
    """

    dockerfile: Path
    repository: Path
    context_root: Path
    index: Index

    @cached_property
    def services(self) -> tuple[Service, ...]:
        """The compose services that run what it builds, and other callers told as such."""
        from gorewrite.callers.runcalls import runs

        place = place_of(self.dockerfile)
        found = services(place, self.context_root, self.index)
        return (*found, *runs(place, self.index, found))

    @cached_property
    def targets(self) -> tuple[tuple[str, Evidence], ...]:
        """(stage as callers name it, where) of the explicit targets."""
        return self.index.targets(self.dockerfile)

    @cached_property
    def live_sync(self) -> tuple[Evidence, ...]:
        """Where skaffold or Tilt copies files into its running containers."""
        return self.syncing((), final=True)

    def syncing(self, names: Iterable[str], *, final: bool) -> tuple[Evidence, ...]:
        """Where they copy files into running containers of a stage: as for `running`."""
        found = self.index.syncs(self.dockerfile)
        wanted = frozenset(names)
        return tuple(at for target, at in found if (target in wanted if target else final))

    @cached_property
    def inline(self) -> Evidence | None:
        """Where a compose file builds a Dockerfile that stands in it from the same context."""
        root = Path(real(self.context_root))
        for file in _compose_files(place_of(self.dockerfile), root, self.index):
            from gorewrite.callers.compose import read_compose

            for service in read_compose(file, self.index.repository).values():
                build = service.build
                if build is None or not (build.remote and build.plain):
                    continue
                if _directory_at(service.directory, build.context or ".") == root:
                    return build.evidence
        return None

    @cached_property
    def building(self) -> tuple[BuildCall, ...]:
        """The calls that build it, or may."""
        index = self.index
        return (*index.building(self.dockerfile), *index.may_build(self.dockerfile))

    def leaving_out(self, path: str) -> Evidence | None:
        """A caller that leaves a path out of the context, besides what the ignore file does."""
        for call in self.index.building(self.dockerfile):
            try:
                if IgnoreFile.parse("\n".join(call.ignores)).excludes(path):
                    return call.evidence
            except IgnoreError:
                return call.evidence
        return None

    def targeting(self, names: Iterable[str]) -> tuple[Evidence, ...]:
        """Where a stage is built by one of its names: its own in lower case, its number."""
        wanted = frozenset(names)
        return tuple(where for name, where in self.targets if name in wanted)

    def running(self, names: Iterable[str], *, final: bool) -> tuple[Service, ...]:
        """The services that run a stage: those that target it, for the last one also those
        without a target."""
        wanted = frozenset(names)
        return tuple(
            service
            for service in self.services
            if (service.target.text.lower() in wanted if service.target else final)
        )


def services(dockerfile: Path, context_root: Path, index: Index) -> tuple[Service, ...]:
    """The compose services that run what this Dockerfile builds. No path has links in it.

    Those that build it, those of the same name in another compose file of that directory (it is
    meant to be merged: compose.override.yaml), and those whose `image` one of them builds.
    A compose file that is not understood and lies in the Dockerfile's directory or in the
    context root gives a service with nothing but a doubt.
    """
    wanted, top = dockerfile, index.repository
    files = _compose_files(wanted, context_root, index)
    if not files:
        return ()
    # Not at the top: a start without compose files need not load their reader.
    from gorewrite.callers.compose import read_compose

    near = {wanted.parent, context_root}
    every: dict[Path, dict[str, Service]] = {}
    for file in files:
        every[file] = {
            name: _extended(service, file, top, 0)
            for name, service in read_compose(file, top).items()
        }
    building: dict[tuple[Path, str], Service] = {}
    for file, members in every.items():
        for name, service in members.items():
            if _builds(index, service, wanted, near):
                building.setdefault((file.parent, name), service)
    images = {service.image for service in building.values() if service.image}
    found: list[Service] = []
    for file, members in every.items():
        for name, service in members.items():
            base = building.get((file.parent, name))
            if not name:
                found += [service] if file.parent in near else []
            elif base is not None and base is not service and not _names_a_file(service):
                found.append(service.over(base))
            elif _builds(index, service, wanted, near) or (
                service.build is None and service.image in images
            ):
                found.append(service)
    return tuple(found)


def _compose_files(dockerfile: Path, context_root: Path, index: Index) -> list[Path]:
    """Bounded and without repeats; in a directory the plain names come before the overrides."""
    # Commands of other files start compose, too.
    building = sorted(
        {
            call.file
            for call in index.building(dockerfile)
            if (form := format_of(call.file)) is not None and form.reader == "composefile"
        }
    )
    root = index.inside(context_root)
    further = {*above(f"{root}/Dockerfile")} if root is not None else set()
    further.update(file.rpartition("/")[0] for file in building)
    further.update(_COMPOSE_PLACES)
    further.difference_update(above(index.inside(dockerfile) or ""))
    named = (*index.compose_files(dockerfile), *index.compose_in(sorted(further)))
    found = [index.repository / file for file in dict.fromkeys((*named, *building))]
    return sorted(
        found,
        key=lambda file: (len(file.parts), file.parent, len(file.stem), file.name),
    )


def place_of(dockerfile: Path) -> Path:
    """A Dockerfile that is a link is built where the link is, not where it points to."""
    directory = real(dockerfile.parent)
    plain = directory == str(dockerfile.parent)
    return dockerfile if plain else Path(directory, dockerfile.name)


def _directory_at(base: Path, written: str) -> Path | None:
    """The directory that a caller in `base` names; None when it is not known or not there."""
    if not places.is_plain(written):
        return None
    path = Path(real(base / written))
    return path if kind_of(path) == "dir" else None


def _extended(service: Service, file: Path, top: Path, depth: int) -> Service:
    """The service with what it extends put in (Compose specification, "Extends")."""
    if service.extends is None:
        return service
    from gorewrite.callers.compose import read_compose

    other, name = service.extends
    source = file if other is None else Path(real(file.parent / other))
    base = read_compose(source, top).get(name) if depth < 5 else None
    if base is None:
        why = f"service {service.name} extends {name}, which is not found"
        return service._replace(uncertain=(*service.uncertain, Unknown(why, (service.evidence,))))
    base = _extended(base, source, top, depth + 1)
    merged = service.over(base)
    # A context is relative to the file that names it.
    inherits = service.build is None and base.build is not None
    return merged._replace(directory=base.directory) if inherits else merged


def _names_a_file(service: Service) -> bool:
    build = service.build
    return build is not None and (build.context is not None or build.dockerfile is not None)


def _builds(index: Index, service: Service, wanted: Path, near: set[Path]) -> bool:
    """Whether the service itself says that it builds the Dockerfile; when that depends on its
    caller, whether it stands beside it."""
    build = service.build
    if build is None or build.remote:
        return False
    if not build.plain:
        name = build.dockerfile if build.dockerfile and "$" not in build.dockerfile else None
        return service.directory in near and (name is None or Path(name).name == wanted.name)
    return _built(index, service.directory, build.context or ".", build.dockerfile) == wanted


@remembered
def _built(index: Index, directory: Path, context: str, dockerfile: str | None) -> Path | None:
    """The Dockerfile that is built in a context that a caller in a directory names."""
    root = _directory_at(directory, context)
    return place_of(root / (dockerfile or "Dockerfile")) if root is not None else None


def hiding_mount(
    service: Service, workdir: str, programs: Iterable[str], context_root: Path, repository: Path
) -> HostMount | None:
    """The mount that puts sources of the host over what the image was built for: over one of
    `programs`, or sources over the work directory. Then the container needs the toolchain."""
    for mount in service.mounts:
        if mount.target == "/":
            continue
        over = mount.target is None or under(workdir, mount.target)
        if mount.target is not None and any(under(path, mount.target) for path in programs):
            if mount.kind == "bind":
                return mount
            over = True
        inside = relative(workdir, mount.target) if mount.target is not None else None
        if over and _holds_sources(mount, inside or ".", Path(real(context_root)), repository):
            return mount
    return None


def _holds_sources(mount: HostMount, inside: str, context_root: Path, repository: Path) -> bool:
    """Whether Go sources lie in a mounted directory, in what it puts at the work directory
    (`inside` of it) or right below that. One outside of the repository is not looked into."""
    host = mount.host
    if host is None:
        return True
    if context_root.is_relative_to(host):
        return True
    if not host.is_relative_to(Path(real(repository))):
        return False
    below = sorted(p for p in _entries(host / inside) if kind_of(p) == "dir")
    return any(
        entry.name == "go.mod" or entry.suffix == ".go"
        for directory in (host, host / inside, *below[:_MOST_DIRECTORIES])
        for entry in _entries(directory)
    )


def _entries(directory: Path) -> list[Path]:
    return [directory / name for name, _ in names_in(str(directory))]

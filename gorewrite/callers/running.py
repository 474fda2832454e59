"""How callers run an image: the vocabulary of a compose service, which all callers are told in.

Source: the Compose specification (services, merge).
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Final, Literal, NamedTuple

from gorewrite.evidence import Evidence, Unknown

#: Variables of the libraries that a program is linked with, which it need not read by itself: time
#: zones, and who resolves names (packages time, net; resolv.conf(5)).
TELLING: Final = frozenset({"TZ", "GODEBUG", "LOCALDOMAIN", "RES_OPTIONS", "HOSTALIASES"})


def split(text: str) -> tuple[str, ...]:
    """The words of a command line; () where a quote is left open."""
    try:
        return tuple(shlex.split(text))
    except ValueError:
        return ()


class Stated(NamedTuple):
    """Text that a caller gives, and where."""

    text: str
    evidence: Evidence


class CommandLine(NamedTuple):
    """The words of a command that a caller gives, and where; no words where it clears one."""

    words: tuple[str, ...]
    evidence: Evidence


class HostMount(NamedTuple):
    """A directory or file of the host that lies over one of the image, or is kept in step.

    source: as written; host: None when it is not known; target: absolute path in the container,
    None when not known; kind: a bind mount, or the `sync` of develop.watch.
    """

    source: str
    host: Path | None
    target: str | None
    kind: Literal["bind", "sync"]
    evidence: Evidence


class Build(NamedTuple):
    """The `build` of a service as written; None for what is not given or not known.

    plain: whether context and Dockerfile are known; remote: it builds no file of a directory.
    """

    context: str | None
    dockerfile: str | None
    plain: bool
    remote: bool
    evidence: Evidence


class Service(NamedTuple):
    """A compose service, as far as it says how its image is built and run.

    directory: what its relative paths are relative to. command, entrypoint: None where the
    image's own is used. healthcheck: `("CMD-SHELL", text)`, `("CMD", …)` or `("NONE",)`; hooks:
    what else runs in the container, as `("CMD", …)`. container: what it is called.
    environment: `NAME=value` of those that are `TELLING`, values that may be paths, and the places
    of volumes that other services mount, too. extends: (file or None for its own,
    service). uncertain: what of it could not be read.
    """

    name: str
    directory: Path
    evidence: Evidence
    build: Build | None = None
    image: str | None = None
    extends: tuple[str | None, str] | None = None
    target: Stated | None = None
    command: CommandLine | None = None
    entrypoint: CommandLine | None = None
    healthcheck: CommandLine | None = None
    hooks: tuple[CommandLine, ...] = ()
    container: str | None = None
    mounts: tuple[HostMount, ...] = ()
    environment: tuple[Stated, ...] = ()
    working_dir: Stated | None = None
    user: Stated | None = None
    uncertain: tuple[Unknown, ...] = ()

    @property
    def said(self) -> str:
        """The service in a sentence. A name with blanks, which compose has none of, is that."""
        return self.name if " " in self.name else f"service {self.name}"

    def over(self, base: Service) -> Service:
        """This service as an addition to `base` (Compose specification, "Merge"): its own values
        win, mounts are added, a later one to the same path replaces."""
        own = {mount.target for mount in self.mounts if mount.target}
        below = tuple(mount for mount in base.mounts if mount.target not in own)
        return self._replace(
            build=self.build or base.build,
            image=self.image or base.image,
            target=self.target or base.target,
            command=self.command or base.command,
            entrypoint=self.entrypoint or base.entrypoint,
            healthcheck=self.healthcheck or base.healthcheck,
            hooks=(*base.hooks, *self.hooks),
            container=self.container or base.container,
            mounts=(*below, *self.mounts),
            environment=(*base.environment, *self.environment),
            working_dir=self.working_dir or base.working_dir,
            user=self.user or base.user,
            uncertain=tuple(dict.fromkeys((*base.uncertain, *self.uncertain))),
        )


def container_of(path: str, directory: Path, where: Evidence) -> Service:
    """A container that a file starts, of which nothing else is said yet.

    path: the file, as it is shown; directory: what relative paths are relative to.
    """
    return Service(f"a container of {path}", directory, where)

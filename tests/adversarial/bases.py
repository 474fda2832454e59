"""Base images: what generated services and their rewrites are built on."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field, replace
from functools import cache

from tests.adversarial.disk import Disk, Entry, Failure

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_COMMON = (
    "[ ash awk basename cat chgrp chmod chown chroot cp cut date dirname env expr false find grep "
    "head hostname id kill ln ls mkdir mktemp mv nice printf ps pwd readlink rm rmdir sed sh sleep "
    "sort stat su tail tar tee test timeout touch tr true uname uniq wc which whoami xargs yes"
).split()
_ONLY = {
    "debian": ["bash", "dash", "getent", "useradd", "groupadd", "apt-get", "apt", "perl"],
    "alpine": ["adduser", "addgroup", "apk", "wget", "nc", "ping", "unzip", "vi", "crond", "ip"],
}
_GOLANG = {
    "debian": ["git", "curl", "wget", "make", "gcc", "g++", "ssh", "python3", "unzip", "hg"],
    "alpine": [],
}
#: Package -> commands and files that it brings, by distribution where they differ.
_PACKAGES = {
    "bash": ["/bin/bash"],
    "curl": ["/usr/bin/curl"],
    "wget": ["/usr/bin/wget"],
    "git": ["/usr/bin/git"],
    "make": ["/usr/bin/make"],
    "gcc": ["/usr/bin/gcc"],
    "build-base": ["/usr/bin/gcc", "/usr/bin/make", "/usr/lib/musl-dev"],
    "build-essential": ["/usr/bin/gcc", "/usr/bin/make"],
    "musl-dev": ["/usr/lib/musl-dev"],
    "jq": ["/usr/bin/jq"],
    "ffmpeg": ["/usr/bin/ffmpeg", "/usr/bin/ffprobe"],
    "tzdata": ["/usr/share/zoneinfo/Europe/Berlin"],
    "ca-certificates": ["/etc/ssl/certs/ca-certificates.crt"],
    "openssh-client": ["/usr/bin/ssh"],
    "openssh-client-default": ["/usr/bin/ssh"],
    "tini": ["/usr/bin/tini"],
    "dumb-init": ["/usr/bin/dumb-init"],
    "su-exec": ["/sbin/su-exec"],
    "gosu": ["/usr/sbin/gosu"],
    "mailcap": ["/etc/mime.types"],
    "media-types": ["/etc/mime.types"],
}
_VERSIONS = {"buster": 28, "bullseye": 31, "bookworm": 36, "trixie": 41}


@dataclass
class Image:
    """What a stage is at some point. user: as written; libc: (name, version) or None."""

    disk: Disk
    env: dict[str, str] = field(default_factory=lambda: {"PATH": _PATH})
    workdir: str = "/"
    user: str = ""
    entrypoint: list[str] | str = field(default_factory=list)
    cmd: list[str] | str = field(default_factory=list)
    health: list[str] | str | None = None
    shell: tuple[str, ...] = ("/bin/sh", "-c")
    distro: str = ""
    libc: tuple[str, int] | None = None
    exposed: frozenset[str] = frozenset()
    labels: dict[str, str] = field(default_factory=dict)
    volumes: frozenset[str] = frozenset()
    signal: str = ""

    def copy(self) -> Image:
        return replace(self, disk=self.disk.copy(), env=dict(self.env), labels=dict(self.labels))

    def accounts(self) -> dict[str, tuple[int, str]]:
        """Name -> (number, home)."""
        text = self.disk.text("/etc/passwd") or ""
        rows = [line.split(":") for line in text.splitlines()]
        return {row[0]: (int(row[1]), row[2]) for row in rows}

    def number(self, user: str) -> int:
        """The number of an account. Raises Failure for one that is not there."""
        name = user.partition(":")[0]
        if not name:
            return 0
        if name.isdigit():
            return int(name)
        if name not in self.accounts():
            raise Failure(f"unable to find user {name}: no matching entries in passwd file")
        return self.accounts()[name][0]

    def find(self, command: str) -> str | None:
        """Where a command is found."""
        if "/" in command:
            places = [posixpath.join(self.workdir, command)]
        else:
            places = [posixpath.join(top, command) for top in self.env["PATH"].split(":")]
        return next((path for path in places if self.disk.text(path) is not None), None)


def package_files(name: str, distro: str) -> list[str]:
    """What an installed package brings."""
    name = re.split("[=~@<>]", name)[0]
    if name == "tini" and distro == "alpine":
        return ["/sbin/tini"]
    return _PACKAGES.get(name, [f"/usr/share/doc/{name}"])


def add(disk: Disk, path: str, content: str = "", mode: int = 0o755) -> None:
    disk.make(posixpath.dirname(path))
    disk.put(path, Entry("file", content or f"of the image: {posixpath.basename(path)}", 0, mode))


@cache
def _base(reference: str) -> Image:
    name, _, tag = reference.partition("@")[0].rpartition("/")[2].partition(":")
    disk = Disk()
    if reference == "scratch":
        return Image(disk)
    disk.make("/tmp")
    disk.change("/tmp", mode=0o1777)
    users = {"root": (0, "/root"), "nobody": (65534, "/nonexistent")}
    if "distroless/" in reference:
        return _distroless(disk, users, name, tag)
    if name not in ("golang", "alpine", "debian", "node", "nginx"):
        raise Failure(f"{reference}: no such image")
    alpine = name == "alpine" or "alpine" in tag
    distro = "alpine" if alpine else "debian"
    for command in (*_COMMON, *_ONLY[distro]):
        add(disk, f"/bin/{command}")
    suite = next((s for s in _VERSIONS if s in tag), "trixie")
    image = Image(disk, distro=distro, libc=("musl", 1) if alpine else ("glibc", _VERSIONS[suite]))
    if alpine:
        users["nobody"] = (65534, "/")
        add(disk, "/etc/ssl/certs/ca-certificates.crt")
    _passwd(disk, users)
    disk.make("/root")
    for place in ("/usr/local/bin", "/var/lib", "/home", "/opt", "/srv", "/etc", "/var/log"):
        disk.make(place)
    if name == "golang":
        _golang(image)
    if name == "node":
        add(disk, "/usr/local/bin/npm")
        add(disk, "/usr/local/bin/node")
    return image


def _golang(image: Image) -> None:
    disk = image.disk
    for command in _GOLANG[image.distro]:
        add(disk, f"/usr/bin/{command}")
    if image.distro == "debian":
        add(disk, "/etc/mime.types")
        add(disk, "/usr/share/zoneinfo/Europe/Berlin")
    add(disk, "/etc/ssl/certs/ca-certificates.crt")
    add(disk, "/usr/local/go/bin/go")
    add(disk, "/usr/local/go/lib/time/zoneinfo.zip")
    disk.make("/go/bin")
    disk.make("/go/src")
    image.workdir = "/go"
    image.env |= {
        "PATH": f"/go/bin:/usr/local/go/bin:{_PATH}",
        "GOPATH": "/go",
        "GOTOOLCHAIN": "local",
        "GOLANG_VERSION": "1.24",
    }


def _distroless(disk: Disk, users: dict[str, tuple[int, str]], name: str, tag: str) -> Image:
    users |= {"nonroot": (65532, "/home/nonroot")}
    _passwd(disk, users)
    disk.make("/root")
    disk.make("/home")
    disk.make("/home/nonroot", 65532)
    add(disk, "/etc/ssl/certs/ca-certificates.crt")
    add(disk, "/usr/share/zoneinfo/Europe/Berlin")
    add(disk, "/etc/mime.types")
    kind, _, suite = name.partition("-")
    libc = None
    if kind != "static":
        libc = ("glibc", {"debian11": 31, "debian12": 36, "debian13": 41}[suite])
    image = Image(disk, libc=libc)
    image.env["SSL_CERT_FILE"] = "/etc/ssl/certs/ca-certificates.crt"
    if "nonroot" in tag:
        image.user, image.workdir = "65532", "/home/nonroot"
    return image


def _passwd(disk: Disk, users: dict[str, tuple[int, str]]) -> None:
    text = "".join(f"{name}:{number}:{home}\n" for name, (number, home) in users.items())
    add(disk, "/etc/passwd", text, 0o644)
    add(disk, "/etc/group", text, 0o644)


def base(reference: str) -> Image:
    """A fresh copy of a base image. Raises Failure when it is not known."""
    return _base(reference).copy()

"""What is known of base images without pulling them: family, C library, environment.

Sources: docker-library/golang `Dockerfile-linux.template` and buildpack-deps (golang),
GoogleContainerTools/distroless `static.bzl`, `base`, `cc` (distroless), Docker Official
Images (alpine, debian, ubuntu). An image that is not listed is `other`: nothing is
assumed of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, NamedTuple

from gorewrite.evidence import Unknown
from gorewrite.golang.versions import GoImage, golang_image
from gorewrite.stage.places import OF_DEBIAN, OF_GO, SYSTEM

Family = Literal[
    "golang", "alpine", "debian", "ubuntu", "distroless", "busybox", "scratch", "other"
]
Libc = Literal["glibc", "musl"]

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_HUB = ("docker.io/", "index.docker.io/", "registry-1.docker.io/")
#: Registries that serve the Docker Official Images under another name.
_MIRRORS = ("public.ecr.aws/docker/", "mirror.gcr.io/")

#: A mirror of the official images keeps their names: `registry.example.com/golang`,
#: `harbor.example.com/dockerhub/library/golang`. Another publisher's `golang` is another image.
_MIRRORED = re.compile(
    r"^[^/]*[.:][^/]*/(?:[^/]*(?:library|docker|hub|mirror|proxy|cache|remote)[^/]*/)*[^/]+$"
)


class ImageRef(NamedTuple):
    """An image reference: `repository` has the registry, `name` is its last component."""

    text: str
    repository: str
    tag: str | None
    digest: str | None

    @classmethod
    def parse(cls, text: str) -> ImageRef:
        """Splits `repository[:tag][@digest]`; never fails, an odd text is a repository."""
        rest, _, digest = text.partition("@")
        head, slash, last = rest.rpartition("/")
        last, _, tag = last.partition(":")
        return cls(text, head + slash + last, tag or None, digest or None)

    @property
    def name(self) -> str:
        return self.repository.rpartition("/")[2]

    @property
    def prefix(self) -> str:
        """What stands before the image's own name, with its `/`: "" on Docker Hub."""
        return self.repository[: -len(self.name)] if self.name else self.repository

    @property
    def plain(self) -> str:
        """As people write it: without Docker Hub's names and the default tag."""
        bare = self.text.removeprefix(_HUB[0]).removeprefix("library/")
        return bare.removesuffix(":latest")

    @property
    def official(self) -> bool:
        """Whether this names a Docker Official Image on Docker Hub."""
        prefix = self.prefix
        for hub in _HUB:
            prefix = prefix.removeprefix(hub)
        return prefix in ("", "library/")

    @property
    def public(self) -> bool:
        """Whether it comes from Docker Hub or a public registry that needs no log-in."""
        return (
            "." not in self.repository.partition("/")[0]
            and ":" not in self.repository.partition("/")[0]
        ) or self.repository.startswith(
            (
                *_HUB,
                *_MIRRORS,
                "gcr.io/distroless/",
                "registry.k8s.io/",
                "quay.io/",
                "ghcr.io/",
                "mcr.microsoft.com/",
                "public.ecr.aws/",
                "cgr.dev/",
            )
        )


@dataclass(frozen=True, slots=True)
class Image:
    """What a base image is known to hold.

    libc: None when unknown or when it has none; suite: Debian suite or Alpine version
    ("bookworm", "3.20"); has_shell: None when unknown; env, workdir, user: the image's
    configuration, None when unknown; known: False when nothing may be assumed but, where it is
    `configured`, that.
    """

    ref: ImageRef
    family: Family
    libc: Libc | None = None
    suite: str | None = None
    has_shell: bool | None = None
    env: Mapping[str, str | None] = field(default_factory=dict)
    workdir: str | None = "/"
    user: str | None = "0"
    go: GoImage | None = None

    @property
    def known(self) -> bool:
        return self.family != "other"

    @property
    def configured(self) -> bool:
        """Whether its environment, as far as it is for the go command, and its user are known."""
        return self.workdir is not None

    @property
    def directories(self) -> frozenset[str]:
        """Directories of the system that it is known to have: `COPY app /usr/local/bin`."""
        if self.family not in ("golang", "alpine", "debian", "ubuntu"):
            return frozenset()
        found = SYSTEM if self.family == "golang" else SYSTEM - OF_GO
        return found - OF_DEBIAN if self.libc == "musl" else found


_GOLANG_ENV = {
    "PATH": f"/go/bin:/usr/local/go/bin:{DEFAULT_PATH}",
    "GOPATH": "/go",
    "GOTOOLCHAIN": "local",
    "GOLANG_VERSION": None,
}
#: Root file systems of distributions: they have root, `/` and nothing that steers Go. Sources:
#: docker-library/official-images, the catalogs of Red Hat, SUSE and Chainguard, bitnami/minideb.
_DISTRIBUTIONS = re.compile(
    r"amazonlinux|public\.ecr\.aws/amazonlinux/amazonlinux|(?:rockylinux/)?rockylinux|almalinux"
    r"|oraclelinux|centos|quay\.io/centos/centos|(?:registry\.fedoraproject\.org/|quay\.io/fedora/)?"
    r"fedora|archlinux(?:/archlinux)?|opensuse/(?:leap|tumbleweed)|photon|bitnami/minideb"
    r"|(?:registry\.access\.redhat\.com/|registry\.redhat\.io/)ubi\d+(?:/ubi(?:-minimal|-micro)?)?"
    r"|registry\.suse\.com/bci/bci-\w+|cgr\.dev/chainguard/wolfi-base"
)
#: Suites of Ubuntu releases, for matching C libraries.
_UBUNTU = {"18.04": "bionic", "20.04": "focal", "22.04": "jammy", "24.04": "noble"}


@lru_cache(maxsize=1024)
def describe(text: str) -> Image:
    """What the image that `text` names is known to hold."""
    ref = ImageRef.parse(text)
    if text == "scratch":
        return Image(ref, "scratch", has_shell=False, env={"PATH": DEFAULT_PATH})
    bare = ref.repository
    for hub in (*_HUB, *_MIRRORS):
        bare = bare.removeprefix(hub)
    bare = bare.removeprefix("library/")
    env = {"PATH": DEFAULT_PATH}
    if "distroless/" in ref.repository:
        return _distroless(ref, env)
    match bare if not _MIRRORED.search(bare) else ref.name:
        case "golang":
            return _golang(ref)
        case "alpine":
            version = re.match(r"\d+\.\d+", ref.tag or "")
            return Image(ref, "alpine", "musl", version.group() if version else None, True, env)
        case "debian":
            suite = re.match(r"(?:oldstable|stable|testing|[a-z]+|\d+)", ref.tag or "stable")
            return Image(ref, "debian", "glibc", _debian(suite.group() if suite else ""), True, env)
        case "ubuntu":
            return Image(ref, "ubuntu", "glibc", _ubuntu(ref.tag or "latest"), True, env)
        case "busybox":
            return Image(ref, "busybox", None, None, True, env)
    if _DISTRIBUTIONS.fullmatch(bare):
        return Image(ref, "other", env=env)
    return Image(ref, "other", env={}, workdir=None, user=None)


def _ubuntu(tag: str) -> str | None:
    word = tag.partition("-")[0]  # `noble-20240605`
    if word in ("latest", "rolling", "devel"):
        return None
    return _UBUNTU.get(word, word if word.isalpha() else None)


def _debian(word: str) -> str | None:
    numbers = {"10": "buster", "11": "bullseye", "12": "bookworm", "13": "trixie"}
    if word in ("stable", "oldstable", "testing", "latest", ""):
        return None
    return numbers.get(word, word)


def _golang(ref: ImageRef) -> Image:
    go = golang_image(ref.tag or "latest")
    if isinstance(go, Unknown):
        # Which Go an old `golang:alpine3.10` holds is not certain, but what it is made of is.
        alpine = re.fullmatch(r"alpine(\d+\.\d+)", ref.tag or "")
        suite = alpine[1] if alpine else None
        made: Libc | None = "musl" if alpine else None
        shell = True if alpine else None
        return Image(ref, "golang", made, suite, shell, _GOLANG_ENV, "/go", "0", None)
    libc: Libc | None = "musl" if go.distro == "alpine" else "glibc"
    return Image(ref, "golang", libc, go.suite, True, _GOLANG_ENV, "/go", "0", go)


def _distroless(ref: ImageRef, env: dict[str, str]) -> Image:
    kind, _, suite = ref.name.partition("-")
    tag = ref.tag or "latest"
    nonroot = "nonroot" in tag
    return Image(
        ref,
        "distroless",
        None if kind == "static" else "glibc",
        {"debian11": "bullseye", "debian12": "bookworm", "debian13": "trixie"}.get(suite),
        "debug" in tag,
        {**env, "SSL_CERT_FILE": "/etc/ssl/certs/ca-certificates.crt"},
        "/home/nonroot" if nonroot else "/",
        "65532" if nonroot else "0",
    )

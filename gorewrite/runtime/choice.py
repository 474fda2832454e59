"""Chooses the runtime image: the lightest one that holds what the program needs.

Order of the choice (hazards of the runtime base, "Decision order"): a shell, tools or
packages need a distribution's image; otherwise the C library decides between distroless
static, base and cc; what the user configured comes before all of it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import NamedTuple, get_args

from gorewrite.config import Config
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import StageFacts
from gorewrite.runtime.requirements import Requirements
from gorewrite.stage import packages
from gorewrite.stage.images import Image, describe
from gorewrite.stage.packages import Distro
from gorewrite.stage.scope import is_root

#: For a static binary whose builder says nothing about an Alpine version; supported until
#: November 2027 (https://alpinelinux.org/releases/).
DEFAULT_ALPINE = "3.23"
#: Debian suites by age. A binary runs with a C library as old as its own or newer.
_SUITES = ("jessie", "stretch", "buster", "bullseye", "bookworm", "trixie")
#: Those whose packages are in Debian's archive alone, so that apt-get finds none
#: (https://github.com/debuerreotype/docker-debian-artifacts/issues/245).
_ARCHIVED = frozenset({"wheezy", "jessie", "stretch", "buster"})


class Runtime(NamedTuple):
    """A runtime image.

    image: what is known of it; install: packages to add, sorted; because: why this one;
    doubts: what makes the choice one to review.
    """

    image: Image
    install: tuple[str, ...]
    because: tuple[Evidence, ...]
    doubts: tuple[Unknown, ...] = ()

    @property
    def distro(self) -> Distro | None:
        match self.image.family:
            case "alpine":
                return "alpine"
            case "debian" | "ubuntu":
                return "debian"
        return None


class NoRuntime(NamedTuple):
    """Why no image fits: a refusal's code and message."""

    code: str
    message: str
    because: tuple[Evidence, ...] = ()


def departures(stage: StageFacts, image: Image) -> tuple[frozenset[str], tuple[Unknown, ...]]:
    """What differs when `image` takes the place of a stage's base: contract fields, and doubts.

    An image that the user named and that is not known is the user's word for what it holds; one
    with a user of its own changes whose files the program can write. What a base that is not
    known sets cannot be written again.
    """
    end, base = stage.end, stage.base
    if not image.known:
        return frozenset({"env", "user"}), ()
    if isinstance(base, Image) and not base.known:
        why = f"what {base.ref.text} sets (ENV, USER, ENTRYPOINT) is not known and stays behind"
        return frozenset({"env", "user", "workdir"}), (Unknown(why),)
    own = end.user_from is not None and not end.is_root
    if own or is_root(image.user) == end.is_root:
        return frozenset(), ()
    why = f"the program runs as user {image.user} of {image.ref.text}, no longer as root"
    return frozenset({"user"}), (Unknown(why),)


def choose(needs: Requirements, builder: Image, config: Config) -> Runtime | NoRuntime:
    """The runtime image for programs that were built on `builder`."""
    wanted = config.runtime
    if wanted == "scratch":
        return _scratch(needs, builder)
    if wanted not in ("auto", "distroless", "alpine"):
        return _configured(needs, builder, describe(wanted))
    if needs.userland or wanted == "alpine":
        if wanted == "distroless":
            return NoRuntime(
                "needs-userland",
                "distroless has no shell, commands or packages; use --runtime auto",
                needs.userland,
            )
        return _distribution(needs, builder, config, prefer_alpine=wanted == "alpine")
    return _distroless(needs, builder, config)


def _distroless(needs: Requirements, builder: Image, config: Config) -> Runtime | NoRuntime:
    doubts: list[Unknown] = []
    if needs.static:
        kind, suite = "static", config.distroless_suite
    elif builder.libc == "musl":
        return _distribution(needs, builder, config, prefer_alpine=True)
    elif builder.libc == "glibc":
        kind = "cc" if needs.cxx else "base"
        if builder.suite not in _SUITES and builder.family in ("debian", "ubuntu"):
            return _distribution(needs, builder, config, prefer_alpine=False)
        suite = config.distroless_suite
        if builder.suite not in _SUITES:
            doubts.append(_unknown_suite(builder))
        elif builder.suite == "trixie":
            suite = "debian13"
    else:
        return _unknown_libc(needs, builder)
    ref = f"gcr.io/distroless/{kind}-{suite}"
    if config.registry_prefix:
        ref = f"{config.registry_prefix.rstrip('/')}/distroless/{kind}-{suite}"
    return Runtime(describe(ref), (), needs.because, (*doubts, *_policy(builder, config)))


def _distribution(
    needs: Requirements, builder: Image, config: Config, *, prefer_alpine: bool
) -> Runtime | NoRuntime:
    managers = {manager for manager, _ in (*needs.explicit.values(), *needs.libraries.values())}
    if managers - {"apk", "apt"}:
        return NoRuntime(
            "foreign-packages",
            f"packages are installed by {', '.join(sorted(managers))}; name a --runtime image",
            needs.userland,
        )
    distro: Distro
    if not needs.static:
        if builder.libc is None:
            return _unknown_libc(needs, builder)
        distro = "alpine" if builder.libc == "musl" else "debian"
        if prefer_alpine and distro == "debian" and config.runtime == "alpine":
            return NoRuntime(
                "libc-mismatch",
                "a binary built with glibc does not run on alpine; build it there, or without cgo",
                needs.because,
            )
    elif managers:
        distro = "alpine" if managers == {"apk"} else "debian"
    else:
        distro = "alpine" if prefer_alpine or _fits_alpine(needs, builder) else "debian"
    if ("apt" in managers) != (distro == "debian") and managers:
        return NoRuntime("libc-mismatch", f"its packages are not those of {distro}", needs.userland)
    return plain(needs, builder, config, distro)


def plain(
    needs: Requirements, builder: Image, config: Config, distro: Distro
) -> Runtime | NoRuntime:
    """The plain image of a distribution, in the release that `builder` is made of, and what to
    install in it."""
    doubts: list[Unknown] = []
    image = _reference(distro, builder, config)
    install = _kept(needs, image)
    beyond = needs.beyond_busybox if distro == "alpine" and builder.libc != "musl" else {}
    for tool, where in needs.tools.items():
        if packages.brings(needs.explicit, tool):
            continue
        provider = _provider(tool, distro)
        if tool in beyond:
            provider = packages.package_for(tool, distro) or provider
        built = [p.path for p in needs.programs if posixpath.basename(p.path) == tool]
        if provider is None and built:
            why = f"{tool} is not found in PATH, the build writes {built[0]}; start it by that path"
            return NoRuntime("tool-unknown", why, (where,))
        if provider is None and needs.explicit and needs.entry.programs:
            why = f"no package is known that brings {tool}; one that the Dockerfile installs may"
            doubts.append(Unknown(why, (where,)))
        elif provider is None:
            tool, where = next(_nowhere(needs), (tool, where))
            return NoRuntime(
                "tool-unknown",
                f"no package is known that brings {tool}; COPY it into the image, "
                "or name a --runtime image that has it",
                (where,),
            )
        elif provider:
            install.add(provider)
    if strange := [tool for tool in beyond if not packages.package_for(tool, distro)]:
        why = f"busybox is not known to understand how {', '.join(sorted(strange))} is called"
        doubts.append(Unknown(why, tuple(beyond[tool] for tool in strange)))
    elsewhere = _elsewhere(needs) if distro == "alpine" and builder.libc != "musl" else {}
    if elsewhere:
        why = f"alpine is not known to have {', '.join(sorted(elsewhere))}"
        doubts.append(Unknown(why, tuple(elsewhere.values())))
    if image.suite is None and distro == "debian" and not needs.static:
        doubts.append(_unknown_suite(builder))
    if (
        builder.suite in _ARCHIVED
        and image.suite != builder.suite
        and (needs.explicit or needs.libraries)
    ):
        why = f"packages of {builder.suite} may have other names in {image.suite}"
        doubts.append(Unknown(f"{why}; apt-get finds none of {builder.suite} any more"))
    if needs.bash and distro == "alpine" and not packages.brings(install, "bash"):
        install.add("bash")
    compilers = {packages.bare_name(name) for name in needs.inventory.packages}
    if distro == "alpine" and needs.cxx and compilers & {"g++", "build-base"}:
        install.add("libstdc++")
    install |= _provided(needs, builder, distro, install)
    gnu = needs.beyond_busybox.values() if distro == "debian" and needs.static else ()
    because = (*gnu, *needs.userland, *needs.because)
    return Runtime(image, tuple(sorted(install)), because, (*doubts, *_policy(builder, config)))


def _fits_alpine(needs: Requirements, builder: Image) -> bool:
    """Whether alpine has every command, and does for its calls what the builder's would do."""
    if any(_provider(tool, "alpine") is None for tool in needs.tools):
        return False
    if builder.libc == "musl":
        return True
    if _elsewhere(needs) and not any(_provider(t, "debian") is None for t in needs.tools):
        return False
    gnu = [tool for tool in needs.beyond_busybox if not packages.package_for(tool, "alpine")]
    if any(_provider(tool, "debian") is None for tool in needs.tools):
        return True  # With a doubt about the other calls.
    return not gnu and not needs.any_command


def _elsewhere(needs: Requirements) -> dict[str, Evidence]:
    """The paths of commands that alpine has at another place, or is not known to have there."""
    paths = needs.entry.paths.items()
    return {path: where for path, where in paths if not packages.lies_at(path, "alpine")}


def _provider(tool: str, distro: Distro) -> str | None:
    """The package to install for a command: "" when the image has it, None when unknown."""
    if packages.in_image(tool, distro):
        return ""
    return packages.package_for(tool, distro)


def _nowhere(needs: Requirements) -> Iterator[tuple[str, Evidence]]:
    """The commands that neither distribution has."""
    for tool, where in needs.tools.items():
        if not packages.brings(needs.explicit, tool) and not any(
            _provider(tool, distro) is not None for distro in get_args(Distro)
        ):
            yield tool, where


def _kept(needs: Requirements, image: Image) -> set[str]:
    """What the Dockerfile installs and the image keeps; of a library only what programs load."""
    loaded = {packages.library_of(package, image.suite) for package in needs.libraries}
    return {*needs.explicit, *loaded}


def _provided(needs: Requirements, builder: Image, distro: Distro, install: set[str]) -> set[str]:
    """What distroless has, these images lack, and the program had or needs."""
    wanted = {packages.bare_name(name) for name in needs.inventory.packages}
    # That a program makes no TLS connection can hardly be shown, and golang images have these.
    found = {"ca-certificates"}
    if needs.time_zones or "tzdata" in wanted:
        found.add("tzdata")
    if needs.mime_types and (builder.libc != "musl" or "mailcap" in wanted):
        # Debian's golang images have these types by way of python, Alpine's have none.
        found.add("mailcap" if distro == "alpine" else "media-types")
    return {name for name in found if name not in {packages.bare_name(p) for p in install}}


def _reference(distro: Distro, builder: Image, config: Config) -> Image:
    """alpine or debian in the builder's release, from the builder's registry."""
    if distro == builder.family == "alpine":
        return builder
    prefix = config.registry_prefix.rstrip("/") + "/" if config.registry_prefix else ""
    if not prefix and builder.family in ("golang", "debian", "alpine", "ubuntu"):
        prefix = builder.ref.prefix
    if distro == "alpine":
        version = builder.suite if builder.libc == "musl" and builder.suite else None
        floating = builder.libc == "musl" and version is None
        return describe(f"{prefix}alpine:{version or ('latest' if floating else DEFAULT_ALPINE)}")
    if builder.family == "ubuntu":
        return builder
    if builder.family == "debian":
        return _slim(builder)
    kept = builder.libc == "glibc" and builder.suite not in _ARCHIVED
    suite = builder.suite if kept else _SUITES[-1]
    return describe(f"{prefix}debian:{suite + '-slim' if suite else 'stable-slim'}")


#: Tags of debian that there are with `-slim`, too: `bookworm`, `12.5`, `bookworm-20240110`.
_SLIMMED = re.compile(r"(?:[a-z]+|\d+(?:\.\d+)?)(?:-\d{8})?")


def _slim(debian: Image) -> Image:
    """The variant without documentation and translations (docker-library/docs, debian)."""
    tag = "stable" if debian.ref.tag in (None, "latest") else debian.ref.tag or ""
    if debian.suite in _ARCHIVED or debian.ref.digest or not _SLIMMED.fullmatch(tag):
        return debian
    return describe(f"{debian.ref.repository}:{tag}-slim")


def _scratch(needs: Requirements, builder: Image) -> Runtime | NoRuntime:
    if needs.userland:
        return NoRuntime(
            "needs-userland", "scratch has no shell, commands or packages", needs.userland
        )
    if not needs.static:
        return NoRuntime(
            "not-static", "the binary is not proven to run without a C library", needs.because
        )
    installed = {packages.bare_name(name) for name in needs.inventory.packages}
    if needs.time_zones and builder.libc == "musl" and "tzdata" not in installed:
        why = "scratch has no time zones, and neither has the builder; apk add tzdata there"
        return NoRuntime("scratch-lacks", why, needs.time_zones)
    for program in needs.programs:
        read = program.needs
        if isinstance(read, Unknown):
            return NoRuntime("sources-unknown", read.why, read.evidence)
        lacking = (*read.temp_files, *read.mime_types, *read.services)
        if lacking:
            return NoRuntime("scratch-lacks", "scratch has no /tmp and no /etc tables", lacking)
    return Runtime(describe("scratch"), (), needs.because)


def _configured(needs: Requirements, builder: Image, image: Image) -> Runtime | NoRuntime:
    """The image that the user named. What is not known of it is the user's word."""
    if needs.userland and image.has_shell is False:
        return NoRuntime(
            "needs-userland", f"{image.ref.text} has no shell, commands or packages", needs.userland
        )
    if not needs.static and image.known and image.libc != builder.libc:
        return NoRuntime(
            "libc-mismatch",
            f"the binary is linked with {builder.libc or 'an unknown C library'}, "
            f"{image.ref.text} has {image.libc or 'none'}",
            needs.because,
        )
    if not needs.static and _age(image) < _age(builder):
        return NoRuntime(
            "libc-mismatch",
            f"the C library of {image.ref.text} is older than that of {builder.ref.text}",
            needs.because,
        )
    distro: Distro = "alpine" if image.family == "alpine" else "debian"
    install: set[str] = set()
    if image.family in ("alpine", "debian", "ubuntu"):
        install = _kept(needs, image)
        install |= {p for tool in needs.tools if (p := _provider(tool, distro))}
        install |= _provided(needs, builder, distro, install)
    rule = Evidence("", 0, f"--runtime {image.ref.text}")
    return Runtime(image, tuple(sorted(install)), (rule, *needs.because))


def _age(image: Image) -> int:
    """The place of its Debian suite in time; the last one when it is not known."""
    return _SUITES.index(image.suite) if image.suite in _SUITES else len(_SUITES)


def _policy(builder: Image, config: Config) -> tuple[Unknown, ...]:
    """Doubts that come from where images may be pulled and how they are pinned."""
    doubts = []
    if builder.ref.digest:
        doubts.append(
            Unknown(f"{builder.ref.repository} is pinned by digest, the new base image is not")
        )
    if not builder.ref.public and not config.registry_prefix:
        doubts.append(
            Unknown(
                f"{builder.ref.repository} comes from a registry of its own; set registry-prefix "
                "to the mirror that has the runtime image"
            )
        )
    return tuple(doubts)


def _unknown_suite(builder: Image) -> Unknown:
    return Unknown(f"which Debian release {builder.ref.text} is built on is not certain")


def _unknown_libc(needs: Requirements, builder: Image) -> NoRuntime:
    return NoRuntime(
        "libc-unknown",
        f"the binary is not proven static and the C library of {builder.ref.text} is not known; "
        "name a --runtime image",
        needs.because,
    )

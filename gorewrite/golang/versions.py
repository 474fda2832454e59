"""Go versions: what a version brings, and what the tags of the official golang image hold.

Sources: Go release notes (https://go.dev/doc/devel/release, https://go.dev/doc/go1.N) for the
floors; the history of github.com/docker-library/golang (`versions.json` and
`generate-stackbrew-library.sh`, up to 2026-08-19, Go 1.27.0) for images. A tag keeps what was
the default on the last day it was published, so patch releases decide.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import total_ordering
from typing import Final, Literal, NamedTuple

from gorewrite.evidence import Unknown

_FINAL: Final = 1 << 16


@total_ordering
@dataclass(frozen=True, slots=True)
class GoVersion:
    """A Go version, ordered. patch: None when only 1.N is said, taken for the newest of its line.

    stage: below zero for betas (-200 + n) and release candidates (-100 + n), else 0.
    """

    major: int
    minor: int
    patch: int | None = None
    stage: int = 0

    def __lt__(self, other: GoVersion) -> bool:
        return self._key < other._key

    @property
    def _key(self) -> tuple[int, int, int, int]:
        patch = _FINAL if self.patch is None and not self.stage else self.patch or 0
        return self.major, self.minor, self.stage, patch

    def __str__(self) -> str:
        text = f"{self.major}.{self.minor}"
        if self.stage:
            base, name = (-100, "rc") if self.stage > -150 else (-200, "beta")
            return f"{text}{name}{self.stage - base}"
        return text if self.patch is None else f"{text}.{self.patch}"


_VERSION = re.compile(r"(?:go)?(\d+)\.(\d+)(?:\.(\d+))?(?:(beta|rc)(\d+))?(?:[-+ ].*)?")


def parse_version(text: str) -> GoVersion | None:
    """Read `1.22`, `1.22.3`, `go1.22rc1`; suffixes behind `-`, `+` or a space are ignored."""
    match = _VERSION.fullmatch(text.strip())
    if match is None:
        return None
    major, minor, patch, kind, number = match.groups()
    stage = int(number) - (100 if kind == "rc" else 200) if kind else 0
    return GoVersion(int(major), int(minor), int(patch) if patch else None, stage)


Feature = Literal[
    "content-staleness",
    "modules",
    "trimpath",
    "output-directory",
    "comma-tags",
    "auto-vendor",
    "modcacherw",
    "tzdata",
    "gomodcache",
    "embed",
    "mod-readonly",
    "install-version",
    "lazy-loading",
    "workspaces",
    "buildvcs",
    "goamd64",
    "get-no-install",
    "goroot-empty",
    "cgo-auto",
    "chdir",
    "cover-build",
    "toolchain",
    "pgo-auto",
    "s-implies-w",
    "work-vendor",
    "vcs-version",
    "tool-directive",
    "fips140",
]

FEATURES: Final[Mapping[Feature, int]] = {
    "content-staleness": 10,  # the build cache; `-a -installsuffix cgo` is obsolete
    "modules": 11,  # go.mod, GOFLAGS, go mod download
    "trimpath": 13,
    "output-directory": 13,  # -o DIR
    "comma-tags": 13,
    "auto-vendor": 14,  # -mod=vendor by default, with `go 1.14` in go.mod
    "modcacherw": 14,
    "tzdata": 15,  # time/tzdata, tag timetzdata
    "gomodcache": 15,
    "embed": 16,
    "mod-readonly": 16,  # -mod=readonly by default
    "install-version": 16,  # go install pkg@version
    "lazy-loading": 17,
    "workspaces": 18,
    "buildvcs": 18,
    "goamd64": 18,
    "get-no-install": 18,
    "goroot-empty": 19,  # runtime.GOROOT() == "" under -trimpath
    "cgo-auto": 20,  # cgo off without a C compiler
    "chdir": 20,  # -C
    "cover-build": 20,
    "toolchain": 21,  # strict `go` line, GOTOOLCHAIN
    "pgo-auto": 21,  # default.pgo
    "s-implies-w": 22,
    "work-vendor": 22,
    "vcs-version": 24,  # Main.Version from the VCS tag
    "tool-directive": 24,
    "fips140": 24,  # GOFIPS140
}
"""Feature -> N of the first Go 1.N that has it (hazards catalogue §11, Go release notes)."""


def supports(version: GoVersion | None, feature: Feature) -> bool | None:
    """Does this Go have the feature? None when the version is not known.

    Betas and release candidates count as their release: features are in by then.
    """
    if version is None:
        return None
    return version.major > 1 or version.minor >= FEATURES[feature]


NEWEST: Final = GoVersion(1, 27, 0)
"""The newest release when the tables below were written; tags without a version have no less."""


class GoImage(NamedTuple):
    """What a tag of the official golang image stands for.

    version: the Go version; for a floating tag (`latest`, `1`, `alpine`, `1-bookworm`) the least
    it can be. floating: the tag names no 1.N and moves on with every release.
    distro: what it is based on. suite: Debian suite ("bookworm"), alpine version ("3.20") or
    Windows variant ("windowsservercore-ltsc2022"), None when the tag does not say and it is not
    certain. written: the suite stands in the tag itself.
    """

    tag: str
    version: GoVersion
    floating: bool
    distro: Literal["debian", "alpine", "windows"]
    suite: str | None
    written: bool


# First patch release that was last published with this Debian suite as default, per 1.N.
# 1.23.12 is left out: trixie and the end of 1.23 came on one day (2025-08-12).
_DEBIAN: Final[Mapping[int, tuple[tuple[int, str | None], ...]]] = {
    7: ((0, "jessie"),),
    8: ((0, "jessie"),),
    9: ((0, "stretch"),),
    10: ((0, "stretch"),),
    11: ((0, "stretch"), (12, "buster")),
    12: ((0, "stretch"), (7, "buster")),
    13: ((0, "buster"),),
    14: ((0, "buster"),),
    15: ((0, "buster"),),
    16: ((0, "buster"), (7, "bullseye")),
    17: ((0, "bullseye"),),
    18: ((0, "bullseye"),),
    19: ((0, "bullseye"), (10, "bookworm")),
    20: ((0, "bullseye"), (5, "bookworm")),
    21: ((0, "bookworm"),),
    22: ((0, "bookworm"),),
    23: ((0, "bookworm"), (12, None)),
    24: ((0, "bookworm"), (6, "trixie")),
    25: ((0, "trixie"),),
    26: ((0, "trixie"),),
    27: ((0, "trixie"),),
}
# The same for `-alpine` without a version; before Go 1.14.7 the history is not exact enough.
_ALPINE: Final[Mapping[int, tuple[tuple[int, str | None], ...]]] = {
    14: ((0, None), (7, "3.12"), (13, "3.13")),
    15: ((0, "3.12"), (6, "3.13"), (13, "3.14")),
    16: ((0, "3.13"), (5, "3.14"), (10, "3.15")),
    17: ((0, "3.14"), (3, "3.15"), (10, "3.16")),
    18: ((0, "3.15"), (2, "3.16"), (8, "3.17")),
    19: ((0, "3.16"), (3, "3.17"), (9, "3.18")),
    20: ((0, "3.17"), (4, "3.18"), (12, "3.19")),
    21: ((0, "3.18"), (5, "3.19"), (10, "3.20")),
    22: ((0, "3.19"), (3, "3.20"), (10, "3.21")),
    23: ((0, "3.20"), (4, "3.21"), (9, "3.22")),
    24: ((0, "3.21"), (3, "3.22"), (11, "3.23")),
    25: ((0, "3.22"), (5, "3.23"), (11, "3.24")),
    26: ((0, "3.23"), (4, "3.24")),
    27: ((0, "3.24"),),
}
# Suites that are built no more: `golang:<suite>` stays at the last Go it was built with.
_FROZEN: Final[Mapping[str, GoVersion]] = {
    "stretch": GoVersion(1, 18, 3),
    "buster": GoVersion(1, 20, 5),
    "bullseye": GoVersion(1, 24, 6),
    "alpine3.12": GoVersion(1, 16, 5),
    "alpine3.13": GoVersion(1, 17, 3),
    "alpine3.14": GoVersion(1, 18, 2),
    "alpine3.15": GoVersion(1, 19, 3),
    "alpine3.16": GoVersion(1, 20, 4),
    "alpine3.17": GoVersion(1, 21, 5),
    "alpine3.18": GoVersion(1, 22, 3),
    "alpine3.19": GoVersion(1, 23, 4),
    "alpine3.20": GoVersion(1, 24, 3),
    "alpine3.21": GoVersion(1, 25, 5),
    "alpine3.22": GoVersion(1, 26, 4),
}
_SUPPORTED: Final = ("bookworm", "trixie", "alpine3.23", "alpine3.24")

_TAG = re.compile(
    r"(?:(?P<version>1(?:\.\d+(?:\.\d+)?(?:-?(?:beta|rc)\d*)?)?|latest|rc)(?:-(?=\w)|$))?"
    r"(?P<variant>(?:alpine(?:3\.\d+)?|windowsservercore(?:-[\w.]+)?|nanoserver(?:-[\w.]+)?"
    r"|wheezy|jessie|stretch|buster|bullseye|bookworm|trixie))?"
)


def golang_image(tag: str) -> GoImage | Unknown:
    """Read a tag of the official golang image: Go version, base and its release.

    Unknown for tags the image never had (`1.22-slim`, `tip`, `2.0`) and for old variants whose Go
    is not certain. The digest of a reference, if there is one, is the caller's.
    """
    match = _TAG.fullmatch(tag) if tag else None
    if match is None:
        return Unknown(f"golang:{tag} is no tag of the official image known here")
    written, variant = match["version"] or "", match["variant"] or ""
    if not written and not variant:
        return Unknown("golang: has no tag")
    version = _tag_version(written)
    floating = version is None
    if version is None and variant in _FROZEN:
        version, floating = _FROZEN[variant], False
    elif version is None:
        base = variant.removesuffix("alpine")
        if base and base not in _SUPPORTED and not variant.startswith(("windows", "nano")):
            return Unknown(f"which Go golang:{tag} holds is not known")
        version = NEWEST
    return _image(tag, version, floating, variant)


def _tag_version(text: str) -> GoVersion | None:
    """The version a tag names; None for `latest`, `1`, `rc` and tags of a variant alone."""
    if "." not in text:
        return None
    head, dash, pre = text.partition("-")
    # `1.23-rc` moves through the candidates of 1.23.
    if dash and not pre[-1:].isdigit():
        pre += "1"
    return parse_version(head + pre)


def _image(tag: str, version: GoVersion, floating: bool, variant: str) -> GoImage:
    if variant.startswith(("windows", "nano")):
        return GoImage(tag, version, floating, "windows", variant, "-" in variant)
    if variant.startswith("alpine"):
        release = variant.removeprefix("alpine")
        suite = release or _default(_ALPINE, version)
        return GoImage(tag, version, floating, "alpine", suite, bool(release))
    suite = variant or _default(_DEBIAN, version)
    return GoImage(tag, version, floating, "debian", suite, bool(variant))


def _default(
    table: Mapping[int, tuple[tuple[int, str | None], ...]], version: GoVersion
) -> str | None:
    """The default of a version in a table; None when it is not certain."""
    steps = table.get(version.minor, ()) if version.major == 1 else ()
    if version.stage:
        # Candidates lived through the same changes at other dates.
        names = {name for _, name in steps}
        return names.pop() if len(names) == 1 and version.minor not in (17, 25) else None
    patch = _FINAL if version.patch is None else version.patch
    fitting = [name for first, name in steps if first <= patch]
    return fitting[-1] if fitting else None

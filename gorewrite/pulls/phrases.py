"""What changes do, in words for people who never heard of gorewrite."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

#: What somebody gets from a change, the most wanted first.
Gain = Literal["image", "rebuild", "binary", "context", "layers", "flags", "buildkit", "other"]


class Phrase(NamedTuple):
    """One transform in plain words.

    does: what is different, a clause; why: what for, a sentence.
    """

    does: str
    why: str


PHRASES: Final[Mapping[str, Phrase]] = {
    "split-stages": Phrase(
        "The image is split off from the build",
        "The Go toolchain and its caches stay behind in the build stage.",
    ),
    "slim-base": Phrase(
        "A smaller base image",
        "The program needs no shell and no package manager to run.",
    ),
    "hoist-modules": Phrase(
        "Go modules are downloaded in a layer of their own",
        "An edit of the sources does not download them again.",
    ),
    "cache-mounts": Phrase(
        "The builder keeps Go's caches",
        "A rebuild compiles and downloads only what is new; the caches are not part of the image.",
    ),
    "build-flags": Phrase(
        "Leaner flags for `go build`",
        "Symbols, paths of the build machine and the C library stay out where nothing needs them.",
    ),
    "clean-packages": Phrase(
        "No package index in the image",
        "What only the package manager reads is not shipped.",
    ),
    "merge-runs": Phrase(
        "Fewer layers",
        "Set-up steps that belong together are one layer.",
    ),
    "dockerignore": Phrase(
        "Less is sent to the builder",
        "What no build reads can no longer make a cached step run again.",
    ),
    "enable-buildkit": Phrase(
        "BuildKit is switched on where the image is built",
        "Cache mounts need it; Docker uses it by default from version 23 on.",
    ),
}

_RANKS: Final = {name: rank for rank, name in enumerate(PHRASES)}
_GAINS: Final[Mapping[str, Gain]] = {
    "split-stages": "image",
    "slim-base": "image",
    "clean-packages": "image",
    "hoist-modules": "rebuild",
    "cache-mounts": "rebuild",
    "dockerignore": "context",
    "merge-runs": "layers",
    "enable-buildkit": "buildkit",
}
#: Transform -> what it lets expect, the most wanted first.
_EXPECTED: Final[Mapping[str, str]] = {
    "split-stages": "an image without the Go toolchain (some hundreds of megabytes)",
    "slim-base": "an image without the shell and the packages of its old base",
    "cache-mounts": "rebuilds that compile and download only what is new",
    "hoist-modules": "no download of modules after an edit of the sources",
}
#: Gain -> of one Dockerfile, of several.
_TITLES: Final[Mapping[Gain, tuple[str, str]]] = {
    "image": ("smaller image", "smaller images"),
    "rebuild": ("cached rebuilds", "cached rebuilds"),
    "binary": ("smaller binary", "smaller binaries"),
    "context": ("leaner build context", "leaner build contexts"),
    "layers": ("fewer layers", "fewer layers"),
    "flags": ("leaner build flags", "leaner build flags"),
    "buildkit": ("build with BuildKit", "build with BuildKit"),
    "other": ("improved Dockerfile", "improved Dockerfiles"),
}
#: Gain -> what one Dockerfile is given, what several are.
_GIVEN: Final[Mapping[Gain, tuple[str, str]]] = {
    "image": ("a **smaller image**", "**smaller images**"),
    "rebuild": ("**faster rebuilds**", "**faster rebuilds**"),
    "binary": ("a **smaller binary**", "**smaller binaries**"),
    "context": ("a **leaner build context**", "**leaner build contexts**"),
    "layers": ("**fewer layers**", "**fewer layers**"),
    "flags": ("**leaner build flags**", "**leaner build flags**"),
    "buildkit": ("**builds with BuildKit**", "**builds with BuildKit**"),
    "other": ("an **improved build**", "**improved builds**"),
}
_ORDER: Final = tuple(_TITLES)
#: Gains that go without saying where the other one is had.
_SAID_WITH: Final[tuple[tuple[Gain, Gain], ...]] = (
    ("binary", "image"),
    ("flags", "binary"),
    ("flags", "image"),
)


def phrase(transform: str) -> Phrase:
    """What a transform does; of a user's own only its name is known."""
    return PHRASES.get(transform, Phrase(f"`{transform}`", ""))


def applied(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The changes of a Dockerfile that its patch holds, the most wanted first."""
    found = [change for change in document.get("changes", ()) if change["applied"]]
    return sorted(found, key=lambda change: _RANKS.get(change["transform"], len(_RANKS)))


def transforms(documents: Iterable[Mapping[str, Any]]) -> Mapping[str, int]:
    """Transform → how many of the Dockerfiles it changes, the most frequent first."""
    counts = Counter(
        name for document in documents for name in {c["transform"] for c in applied(document)}
    )
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def gains(documents: Sequence[Mapping[str, Any]]) -> tuple[Gain, ...]:
    """What at least half of the Dockerfiles get, or what most of them do; most wanted first."""
    counts = Counter[Gain]()
    for document in documents:
        counts.update({_gain(change) for change in applied(document)})
    for less, more in _SAID_WITH:
        if counts[more] * 2 >= len(documents):
            del counts[less]
    common = [gain for gain in _ORDER if counts[gain] and counts[gain] * 2 >= len(documents)]
    if not common and counts:
        common = [max(_ORDER, key=lambda gain: counts[gain])]
    useful = [gain for gain in common if gain != "buildkit"]
    return tuple(useful or common or ("other",))


def _gain(change: Mapping[str, Any]) -> Gain:
    if change["transform"] == "build-flags":
        return "binary" if "-s -w" in change["message"] else "flags"
    return _GAINS.get(change["transform"], "other")


def title(gain: Gain, number: int) -> str:
    """A gain for the title of a pull request. number: of Dockerfiles."""
    return _TITLES[gain][number != 1]


def given(found: Sequence[Gain], number: int) -> str:
    """`a **smaller image** and **faster rebuilds**`, of the gains of a number of Dockerfiles."""
    return joined([_GIVEN[gain][number != 1] for gain in found or ("other",)])


def expected(documents: Sequence[Mapping[str, Any]]) -> str:
    """What may be expected of at least half of the Dockerfiles, as clauses; "" for nothing."""
    counts = transforms(documents)
    common = {name for name, number in counts.items() if number * 2 >= len(documents)}
    said = [text for name, text in _EXPECTED.items() if name in common]
    return joined(said[:2])


def joined(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join((", ".join(parts[:-1]), parts[-1])) if len(parts) > 1 else "".join(parts)


def remarks(documents: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What a maintainer would want to have been told, as sentences in Markdown."""

    def affected(test: Callable[[Mapping[str, Any]], bool]) -> str:
        """How many of the Dockerfiles a sentence is about; "" for none of them."""
        number = sum(any(map(test, applied(document))) for document in documents)
        if number == len(documents):
            return " " if number else ""
        return f" of {number:,} of the {len(documents):,} Dockerfiles " if number else ""

    if which := affected(_loses_shell):
        yield (
            f"The new image{which}has no shell: `docker exec … sh` finds none, `kubectl debug` "
            "brings one along."
        )
    if which := affected(lambda change: "-s -w" in change["message"]):
        yield (
            f"The binary{which}has no symbol table and no debug information: stack traces and "
            "Go's pprof work as before, a debugger such as delve does not."
        )
    if affected(lambda change: change["transform"] == "cache-mounts"):
        yield (
            "Cache mounts need BuildKit, with which Docker builds by default from version 23 on, "
            "or Podman from version 4 on."
        )


def _loses_shell(change: Mapping[str, Any]) -> bool:
    """Whether a change puts the program on an image without a shell."""
    onto = change["message"].partition(" instead of ")[0]
    named = "distroless" in onto or "stage on scratch" in onto
    return named and change["transform"] in ("split-stages", "slim-base")

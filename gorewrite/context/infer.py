"""The build context of a Dockerfile: which directory it is, and what a build sees of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from gorewrite.callers import places
from gorewrite.callers.index import Index, StatedContext, read_index
from gorewrite.context.globs import BadPattern, has_wildcard, is_pattern, relative
from gorewrite.context.sourcetree import Context
from gorewrite.evidence import Evidence
from gorewrite.files import kind_of, real

_ASIDE: Final = re.compile(
    r"builds?|ci|containers?|deploy|deployments?|\.?docker|dockerfiles?|\.devops|images|infra|ops"
    r"|package|packaging"
)
"""Names of directories that hold Dockerfiles and no sources of their own."""

_MOST_LOOKED_AT: Final = 5000

_REMOTE: Final = re.compile(r"[a-z]+://|git@|<<")
_LOCAL_REPLACE_OUT: Final = re.compile(rb"=>\s*\"?\.\./")


class ContextGuess(NamedTuple):
    """The inferred root of a build context.

    root: the directory; certain: whether the evidence leaves no other; why: one clause;
    candidates: every directory it may be, `root` first; evidence: the callers that name it.
    """

    root: Path
    certain: bool
    why: str
    candidates: tuple[Path, ...]
    evidence: tuple[Evidence, ...] = ()


def infer_context(
    dockerfile: Path,
    repository: Path,
    copy_sources: Sequence[str],
    given: Path | None = None,
    mentions: Sequence[str] = (),
    index: Index | None = None,
) -> ContextGuess:
    """Find the context that `dockerfile` is built in.

    repository: the highest directory that it can be, without links in its path.
    copy_sources: what COPY and ADD take from the context, as written; remote sources, heredocs,
        words with variables and `**` (of --parents) tell nothing and are passed over.
    given: what the user says; taken as it is.
    mentions: further paths in the context that the build names (the package of `go build
        ./cmd/server`); they tell candidates apart but rule none out alone.
    index: who builds what in the repository; None to read its callers for this one question.

    In order: the user; callers that name a context; the one directory that has every COPY source;
    the directory of the Go module.
    """
    if given is not None:
        root = Path(real(given))
        return ContextGuess(root, True, "given by the user", (root,))
    top = repository
    here = Path(real(dockerfile.parent))
    directories = places.parents_within(here, top) or (here,)
    sources = _local(copy_sources)
    index = read_index(top) if index is None else index
    stated = index.contexts(dockerfile)
    if stated:
        return _stated(index, stated, sources, mentions, top)
    if len(directories) == 1:
        return _only(index, directories[0], sources)
    return _by_sources(index, directories, sources, mentions, top)


def _stated(
    index: Index,
    stated: tuple[StatedContext, ...],
    sources: tuple[str, ...],
    mentions: Sequence[str],
    top: Path,
) -> ContextGuess:
    """What callers name. Of several contexts, those that miss what is copied from them cannot be
    built in."""
    able = roots = tuple(dict.fromkeys(each.root for each in stated))
    if len(roots) > 1:
        plain = [source for source in sources if not has_wildcard(source)]
        able = tuple(root for root in roots if not _missing(index, root, plain))
    if len(able) == 1:
        named = tuple(each.evidence for each in stated if each.root == able[0])
        return ContextGuess(able[0], True, f"named by {named[0]}", able, named)
    why = f"callers name different contexts: {', '.join(_shown(r, top) for r in roots)}"
    ordered = tuple(dict.fromkeys((*_fitting(index, roots, sources, mentions), *roots)))
    return ContextGuess(ordered[0], False, why, ordered, tuple(each.evidence for each in stated))


def _local(copy_sources: Sequence[str]) -> tuple[str, ...]:
    """The sources that say something about the context, as paths relative to it."""
    paths = (
        relative(source)
        for source in copy_sources
        if "$" not in source and "**" not in source and not _REMOTE.match(source)
    )
    return tuple(dict.fromkeys(path for path in paths if path != "."))


def _only(index: Index, directory: Path, sources: tuple[str, ...]) -> ContextGuess:
    from gorewrite.context.gitignore import ignored  # It needs globs of this package itself.

    missing = _missing(index, directory, sources)
    if sources and len(missing) == len(sources):
        if all(ignored(directory, directory / source) for source in missing):
            why = f"the only directory there is; git leaves {missing[0]} out of it"
            return ContextGuess(directory, True, why, (directory,))
        why = f"the only directory there is, but it has no {missing[0]}"
        return ContextGuess(directory, False, why, (directory,))
    return ContextGuess(directory, True, "the only directory there is", (directory,))


def _by_sources(
    index: Index,
    directories: tuple[Path, ...],
    sources: tuple[str, ...],
    mentions: Sequence[str],
    top: Path,
) -> ContextGuess:
    fitting = _fitting(index, directories, sources, mentions)
    if not fitting:
        fewest = min(len(_missing(index, each, sources)) for each in directories)
        nearest = [each for each in directories if len(_missing(index, each, sources)) == fewest]
        root = _by_module(index, tuple(nearest), top).root
        why = f"no directory up to the repository root has {_missing(index, root, sources)[0]}"
        return ContextGuess(root, False, why, (root, *(d for d in directories if d != root)))
    if len(fitting) == 1:
        told = [path for path in (*sources, *mentions) if relative(path) != "."]
        why = f"{_shown(fitting[0], top)} alone has {_listed(told)}"
        return ContextGuess(fitting[0], True, why, fitting)
    return _by_module(index, fitting, top)


def _fitting(
    index: Index, directories: tuple[Path, ...], sources: tuple[str, ...], mentions: Sequence[str]
) -> tuple[Path, ...]:
    """Those with every COPY source; among them, where any does, those with more of the rest.

    BuildKit lets a wildcard match nothing, so one that does rules a directory out only while
    another directory is left.
    """
    wildcards = [source for source in sources if has_wildcard(source)]
    plain = [source for source in sources if not has_wildcard(source)]
    fitting = tuple(each for each in directories if not _missing(index, each, plain))
    for further in (wildcards, [relative(mention) for mention in mentions]):
        fitting = tuple(each for each in fitting if not _missing(index, each, further)) or fitting
    return fitting


def _missing(index: Index, directory: Path, sources: Sequence[str]) -> list[str]:
    if not sources:
        return []
    context = _at(index, directory)
    missing = []
    for source in sources:
        try:
            if not (context.glob(source) if is_pattern(source) else context.kind(source)):
                missing.append(source)
        except BadPattern:
            continue
    return missing


def _at(index: Index, directory: Path) -> Context:
    """What lies in a directory: those above a Dockerfile are above many of a repository."""
    context: Context = index.near.answer(directory, lambda: Context(directory))
    context.trim()
    return context


def _by_module(index: Index, fitting: tuple[Path, ...], top: Path) -> ContextGuess:
    """Choose among directories that fit equally: the one that is, or has to be, the Go module's."""
    modules = [each for each in fitting if kind_of(f"{each}/go.mod") == "file"]
    if not modules:
        root = next((each for each in fitting if _has_go_files(index, each)), fitting[0])
        others = [each for each in fitting if each != root]
        certain = _has_go_files(index, root) and root == fitting[0]
        certain = certain and not any(_has_go_files(index, each) for each in others)
        why = "it has the Go files" if certain else "no COPY source and no go.mod tells it apart"
        return _guess(root, certain, f"{_shown(root, top)}: {why}", fitting)
    root = modules[0]
    nearer = fitting[: fitting.index(root)]
    where = f"{_shown(root, top)} has the nearest go.mod"
    if nearer and _has_go_files_below(index, nearer[-1]):
        return _guess(root, False, f"{where}, but there are Go files nearer", fitting)
    if _reaches_out(index, root):
        return _guess(root, False, f"{where}, which replaces a module by one outside", fitting)
    if any(kind_of(f"{each}/go.work") == "file" for each in fitting if each != root):
        return _guess(root, False, f"{where}, but there is a go.work above", fitting)
    if not nearer:
        return _guess(root, True, f"{_shown(root, top)} has the Dockerfile and a go.mod", fitting)
    if len(modules) == 1 or (len(nearer) == 1 and _ASIDE.fullmatch(nearer[0].name)):
        return _guess(root, True, where, fitting)
    return _guess(root, False, f"{where}, but {_shown(modules[1], top)} has one too", fitting)


def _guess(root: Path, certain: bool, why: str, fitting: tuple[Path, ...]) -> ContextGuess:
    others = () if certain else tuple(each for each in fitting if each != root)
    return ContextGuess(root, certain, why, (root, *others))


def _has_go_files(index: Index, directory: Path) -> bool:
    return any(name.endswith(".go") for name in _at(index, directory).listdir("."))


def _has_go_files_below(index: Index, directory: Path) -> bool:
    """Whether some Go file is found anywhere below; looking no further than a bound says yes."""

    def look() -> bool:
        walk = Context(directory).walk(limit=_MOST_LOOKED_AT)
        return any(path.endswith(".go") for path in walk) or walk.truncated

    found: bool = index.near.answer((_has_go_files_below, directory), look)
    return found


def _reaches_out(index: Index, directory: Path) -> bool:
    return bool(_LOCAL_REPLACE_OUT.search(_at(index, directory).read("go.mod") or b""))


def _shown(directory: Path, top: Path) -> str:
    below = f"{str(top).rstrip('/')}/"
    shown = str(directory)
    return shown[len(below) :] if shown.startswith(below) else "."


def _listed(paths: Sequence[str]) -> str:
    shown = ", ".join(paths[:3])
    return f"{shown}, …" if len(paths) > 3 else shown

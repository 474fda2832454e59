"""The repositories of a campaign: from a list, from a forge, or from a directory of clones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from gorewrite import pathglobs
from gorewrite.campaign.definition import CampaignError, Definition
from gorewrite.campaign.stages import checked
from gorewrite.forge.address import without_user
from gorewrite.forge.model import Hub, Repository
from gorewrite.git.run import Git, GitError

#: A repository with this topic is left alone, whoever lists it.
OPTED_OUT: Final = "no-gorewrite"
_SCHEMES: Final = frozenset({"https", "http", "ssh", "git", "file"})
_SCP: Final = re.compile(r"(?:\w[\w.-]*@)?\w[\w.-]*:(?!//)(?P<path>[^\s:]+)")
_PATH: Final = re.compile(r"\w[\w.-]*(?:/[\w.][\w.-]*)+")


class Listed(NamedTuple):
    """A repository. name: owner/name, or what else tells it from others; url: for git; branch: ""
    for the default one."""

    name: str
    url: str
    branch: str = ""


#: Opens a forge to list what is below an owner.
HubOf = Callable[[str], Hub]


def listed(
    definition: Definition, hub: HubOf, passed_over: Callable[[str, str], None]
) -> Iterator[Listed]:
    """The repositories of a campaign, each once, as they come.

    passed_over: told the name of each that is not taken, and why. Raises CampaignError for a list
    that cannot be read; ForgeError.
    """
    denied = tuple(_denied(definition.deny)) if definition.deny else ()
    seen: dict[str, str] = {}
    for each, why in _every(definition, hub):
        why = why or _left_out(definition, denied, each.name)
        if why:
            passed_over(each.name, why)
            continue
        name = each.name
        if seen.get(name, each.url) != each.url:
            name = f"{urlsplit(each.url).netloc.rpartition('@')[2]}/{name}"
        if name not in seen:
            seen[name] = each.url
            yield each._replace(name=name)


def _every(definition: Definition, hub: HubOf) -> Iterator[tuple[Listed, str]]:
    """(a repository, why it is not taken by what its forge says; "" when it is)."""
    base = definition.base
    if definition.repos:
        for each in in_file(Path(definition.repos), definition):
            yield each._replace(branch=base), ""
    if definition.clones:
        for each in in_directory(Path(definition.clones), remote=definition.pr):
            yield each if base == "" else each._replace(branch=base), ""
    for owner in definition.org:
        for found in hub(owner).repositories(owner):
            yield Listed(found.path, found.clone_url, base), unwanted(found, definition)


def unwanted(repository: Repository, definition: Definition) -> str:
    """Why a repository is not taken by what its forge says; "" when it is."""
    if OPTED_OUT in repository.topics:
        return f"it has the topic {OPTED_OUT}"
    if repository.archived and not definition.archived:
        return "it is archived"
    if repository.fork and not definition.forks:
        return "it is a fork"
    if definition.topics and not set(definition.topics) & set(repository.topics):
        return "it has none of the topics"
    return ""


def _left_out(definition: Definition, denied: tuple[str, ...], name: str) -> str:
    if pathglobs.any_matches(denied, name):
        return "it is on the deny list"
    if definition.match and not pathglobs.any_matches(definition.match, name):
        return "--match takes others"
    if pathglobs.any_matches(definition.exclude, name):
        return "--exclude leaves it out"
    return ""


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """(number, text) of lines that are neither empty nor comments. Raises CampaignError."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise CampaignError(f"{path}: cannot be read: {why}") from None
    for number, line in enumerate(text.split("\n"), 1):
        line = re.sub(r"(^|\s)#.*", "", line).strip()
        if line:
            yield number, line


def _denied(path: str) -> Iterator[str]:
    for number, glob in _lines(Path(path)):
        try:
            yield checked(glob)
        except ValueError as error:
            raise CampaignError(f"{path}:{number}: {error}") from None


def in_file(path: Path, definition: Definition) -> Iterator[Listed]:
    """The repositories that a file names, a line each: a URL, or owner/name on the forge.

    Raises CampaignError.
    """
    for number, line in _lines(path):
        try:
            yield _of(line, definition, path.parent)
        except ValueError as error:
            raise CampaignError(f"{path}:{number}: {error}") from None


def _of(text: str, definition: Definition, here: Path) -> Listed:
    """A repository by what a person writes for it. Raises ValueError."""
    parts = urlsplit(text)
    if parts.scheme in _SCHEMES and "://" in text:
        if parts.password is not None or (parts.username and parts.scheme.startswith("http")):
            raise ValueError("a URL with credentials; tokens come from the environment")
        name = parts.path.strip("/").removesuffix(".git")
        if not name:
            raise ValueError(f"{text}: no repository")
        return Listed(name, text)
    if scp := _SCP.fullmatch(text):
        return Listed(scp["path"].strip("/").removesuffix(".git"), text)
    if text.startswith(("/", "./", "../")):
        place = (here / text).resolve()
        return Listed(place.name, place.as_uri())
    if _PATH.fullmatch(text):
        return Listed(text, f"{_web(definition)}/{text}.git")
    raise ValueError(f"{text}: neither a URL nor owner/name")


def _web(definition: Definition) -> str:
    """Where the repositories of the forge lie for git. Raises ForgeError, ValueError."""
    from gorewrite.forge.address import hub_address

    kind = "auto" if definition.forge == "none" else definition.forge
    return hub_address("", kind=kind, api=definition.forge_url).web.rstrip("/")


def in_directory(directory: Path, *, remote: bool) -> Iterator[Listed]:
    """The clones in a directory, which are read and never written.

    Planned is the tip of the base branch as the clone knows it from its remote; of one without a
    remote, of what is checked out. remote: fetch it from there instead, as pull requests need it.
    Raises CampaignError.
    """
    try:
        places = sorted(each for each in directory.iterdir() if (each / ".git").exists())
    except OSError as error:
        raise CampaignError(f"{directory}: cannot be read: {error.strerror}") from None
    if not places:
        raise CampaignError(f"{directory}: there are no clones in it")
    for place in places:
        place = place.resolve()
        url = _said(place, "remote", "get-url", "origin")
        if remote and url:
            yield _remote_of(place, url)
        else:
            yield Listed(place.name, place.as_uri(), _base_of(place))


def _remote_of(place: Path, url: str) -> Listed:
    try:
        # A token that a checkout left there is not taken, nor kept: they come from the environment.
        return _of(without_user(url), Definition(), place)
    except ValueError as error:
        raise CampaignError(f"{place}: its remote: {error}") from None


def _base_of(place: Path) -> str:
    """The full name of the branch that pull requests of a clone would be for."""
    known = _said(place, "symbolic-ref", "-q", "refs/remotes/origin/HEAD")
    names = (known, "refs/remotes/origin/main", "refs/remotes/origin/master")
    for name in names:
        if name and _said(place, "rev-parse", "-q", "--verify", f"{name}^{{commit}}"):
            return name
    return _said(place, "symbolic-ref", "-q", "HEAD") or "HEAD"


def _said(place: Path, *args: str) -> str:
    """What git says in a clone; "" when it fails."""
    try:
        return Git(place).text(*args)
    except GitError:
        return ""


def some(repositories: Iterable[Listed], part: tuple[int, int] | None) -> Iterator[Listed]:
    """Those of a shard. part: (I, N); None for all."""
    from gorewrite.campaign.stages import share_of

    for each in repositories:
        if part is None or int(share_of(each.name, "shard") * part[1]) + 1 == part[0]:
            yield each

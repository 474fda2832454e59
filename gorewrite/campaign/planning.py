"""One repository, from its URL to the groups of its pull requests: in any process, on any machine.

Nothing is written but a throw-away clone. A repository in which no Dockerfile can be costs one
request and its list of files.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gorewrite.campaign.tables import Found
from gorewrite.git.checkout import CloneError
from gorewrite.git.clone import Clone, Network, Tip, promising, tip_of
from gorewrite.pulls.branches import PREFIX
from gorewrite.pulls.model import Group, Grouping
from gorewrite.pulls.settings import PullSettings

if TYPE_CHECKING:
    from gorewrite.pulls.planning import Scan


_NONE: Final = "there is no Dockerfile"


class Failure(NamedTuple):
    """Why nothing was planned. cause: without what is this repository's own, so that failures can
    be counted by it; text: one line; transient: whether trying again later may help."""

    cause: str
    text: str
    transient: bool = False


class Request(NamedTuple):
    """What is planned, the same for all repositories of a campaign.

    The first four as the options of the command line, "" and () for what was not said; by: how
    Dockerfiles are grouped, None to choose; campaign: its name; digest: of all that decides a plan;
    forge, forge_url, ca_file: as the options, for those who have to find a token; clones: a
    directory to clone in, "" for a temporary one; keep: whether clones are left there.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    runtime: str = ""
    review: bool = False
    by: Grouping | None = None
    campaign: str = ""
    digest: str = ""
    forge: str = "auto"
    forge_url: str = ""
    ca_file: str = ""
    clones: str = ""
    keep: bool = False


class Job(NamedTuple):
    """A repository to plan. name, url, branch: as listed; known: the commit of which all is known
    already, "" for none; variables: of git, which carry the token; None to look for one here."""

    name: str
    url: str
    branch: str
    request: Request
    known: str = ""
    variables: Mapping[str, str] | None = None


class Result(NamedTuple):
    """What becomes of a job.

    failure: None where all went well; nothing: why there is nothing to plan, "" where there is;
    unchanged: whether the branch is where it was known to be; tip: of the branch, None where that
    was not reached; ours: whether there are branches of gorewrite; found: None with failure, and
    where it is unchanged; kept, why: see gorewrite.pulls.publish.Publishing; settings: what the
    repository wants its pull requests to be like; files: JSON of its part of the report, named from
    the root of the repository; log: what is to be kept in its log, a line each.
    """

    name: str
    failure: Failure | None = None
    nothing: str = ""
    unchanged: bool = False
    tip: Tip | None = None
    ours: bool = False
    found: Found | None = None
    groups: tuple[Group, ...] = ()
    kept: frozenset[str] = frozenset()
    why: tuple[tuple[str, str], ...] = ()
    settings: PullSettings = PullSettings()
    files: bytes = b"[]"
    log: tuple[str, ...] = ()


def planned(job: Job) -> Result:
    """Clones and plans a repository. Whatever goes wrong is a failure of this repository."""
    from gorewrite.forge.secrets import one_line

    began = time.process_time()
    try:
        result = _planned(job)
    except CloneError as error:
        text = str(error)
        return Result(job.name, Failure(cause_of(text, job), text, error.transient))
    except Exception as error:
        text = one_line(f"{type(error).__name__}: {error}")
        return Result(job.name, Failure("internal error", f"internal error: {text}"))
    if result.found is not None:
        cpu = time.process_time() - began + _children()
        result = result._replace(found=result.found._replace(cpu=cpu))
    return result


def _children() -> float:
    """Seconds of CPU that git took, in a process of its own for this repository."""
    import resource

    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def cause_of(text: str, job: Job) -> str:
    """A failure without the URL and the branch that it names."""
    shown = text.replace(job.url, "URL")
    return shown.replace(job.branch, "BRANCH") if job.branch else shown


def _planned(job: Job) -> Result:
    network = _network(job)
    tip, ours = tip_of(job.url, job.branch, network, also=f"refs/heads/{PREFIX}*")
    if tip is None:
        return Result(job.name, nothing="it is empty", found=_found(job))
    if tip.commit == job.known:
        return Result(job.name, unchanged=True, tip=tip, ours=ours)
    with _directory(job) as directory:
        clone = Clone(directory, job.url, tip.ref, network)
        clone.fetch_trees()
        fetched = clone.fetched()
        if not promising(clone.entries()):
            tip = tip._replace(commit=clone.commit)
            found = _found(job, clone.commit, fetched=fetched)
            return Result(job.name, nothing=_NONE, tip=tip, ours=ours, found=found)
        clone.fetch_files()
        fetched += clone.fetched()
        clone.check_out()
        tip = tip._replace(commit=clone.commit)
        return _in_clone(job, clone, tip, fetched)._replace(ours=ours)


def _in_clone(job: Job, clone: Clone, tip: Tip, fetched: int) -> Result:
    """Plans a repository that is checked out."""
    from gorewrite.config import ConfigError
    from gorewrite.discovery import DiscoveryError
    from gorewrite.fleet.settings import Settings
    from gorewrite.pulls.groups import groups_of
    from gorewrite.pulls.owners import read_owners
    from gorewrite.pulls.planning import scan
    from gorewrite.pulls.settings import settings_at

    request, root = job.request, clone.directory
    settings = Settings(request.select, request.ignore, request.runtime, request.review)
    try:
        pulls = settings_at(root)
        owners = read_owners(root, _kind(job))
        scanned = scan(root, settings, request.by, owners)
    except (ConfigError, DiscoveryError) as error:
        text = str(error).replace(f"{os.path.realpath(root)}/", "").replace(f"{root}/", "")
        return Result(job.name, Failure("its configuration cannot be used", text), tip=tip)
    files = [*(each.document for each in scanned.planned), *scanned.others, *_failed(scanned)]
    if not files:
        found = _found(job, tip.commit, fetched=fetched)
        return Result(job.name, nothing=_NONE, tip=tip, found=found)
    found = Found(
        tip.commit,
        request.digest,
        len(files),
        len(scanned.planned),
        len(scanned.failed),
        fetched,
        0.0,
    )
    return Result(
        job.name,
        tip=tip,
        found=found,
        groups=tuple(groups_of(scanned.planned, scanned.others, scanned.grouper)),
        kept=scanned.kept(request.campaign),
        why=tuple(scanned.why(request.campaign).items()),
        settings=pulls,
        files=json.dumps([_portable(file, scanned, request) for file in files]).encode(),
        log=tuple(str(failure) for failure in scanned.failed),
    )


def _found(job: Job, commit: str = "", fetched: int = 0) -> Found:
    """That there is nothing to plan."""
    return Found(commit, job.request.digest, 0, 0, 0, fetched, 0.0)


def _failed(scanned: Scan) -> Iterator[dict[str, Any]]:
    """The Dockerfiles that could not be planned, as the JSON report has them."""
    for failure in scanned.failed:
        error = {"line": failure.line, "message": failure.text}
        yield {"path": failure.path, "changed": False, "error": error}


def _portable(file: Mapping[str, Any], scanned: Scan, request: Request) -> dict[str, Any]:
    """What the report says of a file, without the place of the clone, and with the branch."""
    found = dict(file)
    if context := found.get("context"):
        found["context"] = {**context, "root": context["directory"]}
    if found["changed"]:
        found["branch"] = scanned.grouper.branch(request.campaign, found["path"])
    return found


def _network(job: Job) -> Network:
    """The variables that git needs to reach the repository. Raises CloneError."""
    if job.variables is not None:
        variables = job.variables
        if token := variables.get("GOREWRITE_GIT_TOKEN"):
            from gorewrite.forge.secrets import hide

            hide(token, variables.get("GOREWRITE_GIT_USER", ""))
        return lambda: variables
    return credentials(job.url, job.request)


def credentials(url: str, request: Request) -> Network:
    """What gives git the token of this machine's environment for a repository.

    Without a token git is on its own, which is enough for SSH and for what is public.
    """
    from gorewrite.forge.address import address_of
    from gorewrite.forge.model import ForgeError
    from gorewrite.forge.tokens import git_environment, token_for

    try:
        address = address_of(url, kind=request.forge, api=request.forge_url)
        token = token_for(address, named=request.forge_url)
    except ForgeError:
        token = None
    ca_file = Path(request.ca_file) if request.ca_file else None
    return lambda: git_environment(token, url, ca_file=ca_file)


def _kind(job: Job) -> str:
    """The forge whose CODEOWNERS counts; "none" where that is not known."""
    from gorewrite.forge.address import address_of
    from gorewrite.forge.model import ForgeError

    try:
        return address_of(job.url, kind=job.request.forge, api=job.request.forge_url).kind
    except ForgeError:
        return "none"


@contextmanager
def _directory(job: Job) -> Iterator[Path]:
    """A directory for the clone."""
    from gorewrite.campaign.definition import file_name

    if job.request.clones:
        directory = Path(job.request.clones) / file_name(job.name)
    else:
        directory = Path(tempfile.mkdtemp(prefix="gorewrite-"))
    try:
        yield directory / job.name.rpartition("/")[2] if not job.request.clones else directory
    finally:
        if not (job.request.keep and job.request.clones):
            shutil.rmtree(directory, ignore_errors=True)

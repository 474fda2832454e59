"""Who runs an image by its name: `docker run`, `docker exec` and `kubectl` lines, manifests.

A bounded reading; what is found is there, what is not found proves nothing. Each is told as a
compose service without a build, since it means the same: another command for the image, or a
command that is run beside it.
Manifests are looked for in gorewrite.callers.naming.
Sources: `docker run`, `docker compose run` and `exec`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from gorewrite import files
from gorewrite.callers import commandtexts, naming, places
from gorewrite.callers.commandtexts import LISTED
from gorewrite.callers.formats import format_of
from gorewrite.callers.index import Index
from gorewrite.callers.model import Source, bare_image
from gorewrite.callers.naming import alike
from gorewrite.callers.reading import text_of
from gorewrite.evidence import Evidence
from gorewrite.memo import remembered

if TYPE_CHECKING:
    from gorewrite.callers.runcommands import Names
    from gorewrite.callers.running import Service

_RUN: Final = re.compile(
    r"\b(?:docker|podman|nerdctl)(?:-compose|\s+compose|\s+container)?\s+(?:-\S+\s+(?:\S+\.ya?ml\s+)?)*"
    r"(?P<verb>run|exec|create|cp)\s+(?P<arguments>.*)"
)
_SUBSTITUTED: Final = re.compile(
    r"\$\((?:(?:docker|podman|nerdctl)[ -](?:ps\b[^()]*\bname=[\"']?(?P<name>[\w.-]+)"
    r"|compose\b[^()]*\bps\b[^()]*?(?P<service>[\w.-]+)(?=\)))[^()]*|[^()]*)\)"
)
_TAGGED: Final = re.compile(r"(?:-t|--tag)[= ]+[\"']?((?:\{\{.*?\}\}|[^\s\"'])+)")
_METADATA: Final = re.compile(
    r"docker/metadata-action@[^\n]*\n(?:.*\n)*?.*?\bimages:\s*[|>]?-?\s*([\w./:@$-]+)"
)
_KUBECTL: Final = re.compile(r"\b(?:kubectl|oc)\s.{0,500}?\b(?:exec|run|cp|rsync)\b")
#: Nobody writes a longer command.
_LONGEST_LINE: Final = 10_000
#: The files that `platforms` reads.
_PLATFORMS: Final = (
    "action.yml",
    "action.yaml",
    "fly.toml",
    "heroku.yml",
    "render.yaml",
    ".devcontainer.json",
    "Jenkinsfile",
)
_DEVCONTAINER: Final = "devcontainer.json"
#: Tools whose files say what they build, and what is run in that.
_TOLD: Final = ("copilot", "devspace")


def runs(dockerfile: Path, index: Index, services: Iterable[Service]) -> tuple[Service, ...]:
    """What the callers of the image of a Dockerfile run in it, apart from compose `services`.

    dockerfile: in a directory without links in its path.
    """
    top, here = index.repository, dockerfile.parent
    services = tuple(services)
    images = {bare_image(s.image) for s in services if s.image}
    images |= {tag for call in index.building(dockerfile) for tag in call.tags}
    own = {image.rpartition("/")[2] for image in images if "$" not in image}
    own |= {here.name, module_name(here)} - {""}
    known = own | {top.name, _module_at_top(index)} - {""}
    told = tuple(naming.from_manifests(index, index.inside(here) or "", images, known))
    named = {name for s in (*services, *told) for name in (s.name, s.container) if name}
    found = list(_from_commands(dockerfile, index, images | named, own, known))
    found += _from_calls(dockerfile, index)
    found += _from_platforms(dockerfile, here, index)
    found += naming.from_builders(index, dockerfile)
    found += naming.from_dockerfiles(index, dockerfile, images)
    found += told
    # A compose file that builds it may name it by its image alone, too.
    before = {service.evidence for service in services}
    return tuple(run for run in found if run.evidence not in before)


def _from_commands(
    dockerfile: Path, index: Index, names: set[str], own: set[str], pods: set[str]
) -> Iterator[Service]:
    """What `docker run` and its like run in the image.

    names: of the image and of services of compose; own: the last parts of what it may be called;
    pods: what its pods may be called.
    """
    for file in index.runners(dockerfile):
        said = _said(index, file)
        if said:
            from gorewrite.callers.runcommands import Names

            written = names | _written(index, file, dockerfile)
            exact = {alike(name) for name in written}
            directory = index.repository / _start(index, file)
            yield from _commands_of(said, directory, Names(exact, own), pods)


def _written(index: Index, file: str, dockerfile: Path) -> set[str]:
    """What a file that builds the image calls it, with the variables of its own that stand there
    (`{{.IMAGE}}`, `${{ env.IMAGE }}`): all over the file they stand for the same."""
    spans = [call.span for call in index.building(dockerfile) if call.file == file]
    data = text_of(index.repository / file).encode() if spans else b""
    text = "\n".join(data[start:end].decode("utf-8", "replace") for start, end in spans)
    found = _TAGGED.findall(text)
    if ".outputs." in text:  # Of docker/metadata-action, which is given the names.
        found += _METADATA.findall(data.decode("utf-8", "replace"))
    return {bare_image(naming.closed(name)) for name in found}


def _from_platforms(dockerfile: Path, here: Path, index: Index) -> Iterator[Service]:
    """What platforms run that build the Dockerfile themselves, by files beside it and at the top
    of the repository."""
    top = index.repository
    beside = _platform_files(here) if here != top else ()
    told = {call.file for call in index.building(dockerfile) if call.tool in _TOLD}
    named = dict.fromkeys((*index.platform_files(dockerfile), *sorted(told)))
    others = ((top / path, text_of(top / path)) for path in named)
    for file, text in (*beside, *_platform_files_at_top(index), *others):
        from gorewrite.callers import platforms

        yield from platforms.runs(file, text, dockerfile, top)


def _from_calls(dockerfile: Path, index: Index) -> Iterator[Service]:
    """What callers that build the image start in its containers themselves."""
    from gorewrite.callers.running import CommandLine, Stated, container_of

    for call in index.building(dockerfile):
        if call.entrypoint:
            directory = index.repository / posixpath.dirname(call.file)
            yield container_of(call.file, directory, call.evidence)._replace(
                target=Stated(call.target, call.evidence) if call.target else None,
                entrypoint=CommandLine(call.entrypoint, call.evidence),
            )


def _platform_files(directory: Path) -> tuple[tuple[Path, str], ...]:
    """(path, text) of the files of platforms in a directory."""
    found = [directory / name for name in files.among(directory, _PLATFORMS)]
    beside = directory / ".devcontainer"
    if files.kind_of(beside) == "dir":
        # One in each directory below, where there are several.
        found.append(beside / _DEVCONTAINER)
        found += [beside / name / _DEVCONTAINER for name, _ in files.names_in(str(beside))]
    return tuple((file, text) for file in found if (text := text_of(file)))


@remembered
def _platform_files_at_top(index: Index) -> tuple[tuple[Path, str], ...]:
    return _platform_files(index.repository)


@remembered
def _module_at_top(index: Index) -> str:
    with files.unrecorded():
        name = module_name(index.repository)
    # The go.mod of the whole repository changes with every requirement, the name in it does not.
    files.answered("module", str(index.repository), name)
    return name


def module_name(directory: Path) -> str:
    """The last part of the path of the module in a directory, "" without one."""
    file = f"{directory}/go.mod"
    text = text_of(file)
    found = re.search(r"(?m)^module\s+\"?([^\s\"]+)", text)
    return re.sub(r"/v\d+$", "", found[1]).rpartition("/")[2] if found else ""


class _Line(NamedTuple):
    """A line that runs containers, with what is known of its variables put in.

    docker: its commands of an engine; kubectl: the line and its commands where that is called,
    which may find its pod by further ones.
    """

    evidence: Evidence
    docker: tuple[str, ...]
    kubectl: tuple[str, ...]


@remembered
def _said(index: Index, file: str) -> tuple[_Line, ...]:
    """The lines of a file that run containers, or take files out of them."""
    text = text_of(index.repository / file)
    if not any(each.search(text) for each in (_RUN, _KUBECTL, LISTED)):
        return ()
    put_in = _put_in(file, text, index.repository)
    here = places.absolute(_start(index, file))
    found = []
    for number, line in commandtexts.lines(text):
        if len(line) > _LONGEST_LINE:
            continue
        plainly = alike(put_in(line)).replace(here, ".")
        commands = tuple(commandtexts.commands(plainly))
        docker = tuple(filter(_RUN.search, commands))
        kubectl = tuple(dict.fromkeys((plainly, *commands))) if _KUBECTL.search(plainly) else ()
        if docker or kubectl:
            found.append(_Line(Evidence(file, number, line[:200]), docker, kubectl))
    return tuple(found)


def _start(index: Index, file: str) -> str:
    """The directory that the commands of a file are taken to run in."""
    return index.starts.get(file, posixpath.dirname(file) or ".")


def _put_in(shown: str, text: str, top: Path) -> Callable[[str], str]:
    """Puts the values of variables into a line of a caller, where its reader knows them."""
    form = format_of(shown)
    if form is None or form.reader != "makefile":
        return str
    from gorewrite.callers.makefile import plainly

    start = posixpath.dirname(shown) or "."
    source = Source(shown, text.encode(), start, lambda path: text_of(top / path).encode() or None)
    return plainly(source)


def _commands_of(
    said: Iterable[_Line], directory: Path, names: Names, pods: set[str]
) -> Iterator[Service]:
    """What the commands of a script, a recipe, a CI file or a unit run in the image.

    directory: in which they run; pods: what its pods may be called.
    """
    from gorewrite.callers.runcommands import kubectl_of

    #: What the containers of the image are called in this file.
    called: set[str] = set()
    for line in said:
        for command in line.kubectl:
            yield from kubectl_of(command, names.exact | pods, pods, directory, line.evidence)
        for command in line.docker:
            yield from _command(command, names, called, directory, line.evidence)


def _container(substitution: re.Match[str]) -> str:
    """What stands for `$(…)`: a container that is looked for by its name, else a variable."""
    named = substitution["name"] or substitution["service"]
    return named or ("${PWD}" if re.search(r"\bpwd\b", substitution[0]) else "${_}")


def _command(
    command: str, names: Names, called: set[str], directory: Path, evidence: Evidence
) -> Iterator[Service]:
    """What one command runs in the image, or takes out of it. called: see `_commands_of`."""
    from gorewrite.callers.runcommands import containers, copied_of, parsed, run_of, words_of

    found = _RUN.search(command)
    if found is None:
        return
    if found["verb"] == "cp":
        yield from copied_of(found["arguments"], names, called, directory, evidence)
        return
    try:
        words = words_of(_SUBSTITUTED.sub(_container, found["arguments"]))
    except ValueError:
        return
    if words and words[-1].endswith(")") and "(" not in words[-1]:
        words[-1] = words[-1][:-1]  # Of `$(docker run …)`.
    beside = found["verb"] == "exec"
    run = parsed(words, names)
    if run.image is None or not (names.mean(run.image) or (beside and run.image in called)):
        return
    if not beside:
        called |= containers(command[: found.start()], run)
    yield from run_of(run, beside, directory, evidence)

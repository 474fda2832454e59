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
from typing import TYPE_CHECKING, Final

from gorewrite import files
from gorewrite.callers import naming
from gorewrite.callers.formats import format_of
from gorewrite.callers.index import Index
from gorewrite.callers.model import Source, bare_image
from gorewrite.callers.naming import alike
from gorewrite.callers.reading import text_of
from gorewrite.evidence import Evidence
from gorewrite.memo import remembered

if TYPE_CHECKING:
    from gorewrite.callers.compose import Service

_RUN: Final = re.compile(
    r"\b(?:docker|podman|nerdctl)(?:-compose|\s+compose|\s+container)?\s+(?:-\S+\s+(?:\S+\.ya?ml\s+)?)*"
    r"(?P<verb>run|exec|create|cp)\s+(?P<arguments>.*)"
)
_TAGGED: Final = re.compile(r"(?:-t|--tag)[= ]+[\"']?((?:\{\{.*?\}\}|[^\s\"'])+)")
_METADATA: Final = re.compile(
    r"docker/metadata-action@[^\n]*\n(?:.*\n)*?.*?\bimages:\s*[|>]?-?\s*([\w./:@$-]+)"
)
_COMMAND: Final = re.compile(r"""(?:[^'"|&;]|'[^']*'|"(?:\\.|[^"\\])*")+""")
_KUBECTL: Final = re.compile(r"\b(?:kubectl|oc)\s.*\b(?:exec|run)\b")
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


def runs(dockerfile: Path, index: Index, services: Iterable[Service]) -> tuple[Service, ...]:
    """What the callers of the image of a Dockerfile run in it, apart from compose `services`.

    dockerfile: in a directory without links in its path.
    """
    top, here = index.repository, dockerfile.parent
    services = tuple(services)
    images = {bare_image(s.image) for s in services if s.image}
    images |= {tag for call in index.building(dockerfile) for tag in call.tags}
    names = images | {service.name for service in services if service.name}
    known = {image.rpartition("/")[2] for image in images if "$" not in image}
    known |= {here.name, top.name, module_name(here), _module_at_top(index)} - {""}
    found = [
        run
        for file in index.runners(dockerfile)
        if any(_starts(index, file))
        for run in _commands_of(top / file, top, names | _written(index, file, dockerfile), known)
    ]
    found += _from_platforms(dockerfile, here, index)
    found += naming.from_builders(index, dockerfile)
    found += naming.from_dockerfiles(index, dockerfile, images)
    found += naming.from_manifests(index, index.inside(here) or "", images, known)
    # A compose file that builds it may name it by its image alone, too.
    told = {service.evidence for service in services}
    return tuple(run for run in found if run.evidence not in told)


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
    others = ((top / path, text_of(top / path)) for path in index.platform_files(dockerfile))
    for file, text in (*beside, *_platform_files_at_top(index), *others):
        from gorewrite.callers import platforms

        yield from platforms.runs(file, text, dockerfile, top)


def _platform_files(directory: Path) -> tuple[tuple[Path, str], ...]:
    """(path, text) of the files of platforms in a directory."""
    found = [directory / name for name in files.among(directory, _PLATFORMS)]
    if files.kind_of(f"{directory}/.devcontainer") == "dir":
        found.append(directory / ".devcontainer" / _DEVCONTAINER)
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


def _command_lines(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """(line of its beginning, text) of each line that is no comment, continuations joined."""
    joined, first = "", 1
    for n, line in enumerate(lines, 1):
        first = first if joined else n
        joined += line.removesuffix("\\").strip() + " "
        if line.endswith("\\"):
            continue
        text, joined = joined.strip(), ""
        if not text.startswith("#"):
            yield first, text


def _commands(line: str) -> list[str]:
    """The simple commands of a line: what stands between operators outside of quotes."""
    return [found[0] for found in _COMMAND.finditer(line)]


@remembered
def _starts(index: Index, file: str) -> tuple[bool, bool]:
    """Whether `docker run` and its like stand in a file, and `kubectl`."""
    text = text_of(index.repository / file)
    return _RUN.search(text) is not None, _KUBECTL.search(text) is not None


def _put_in(shown: str, text: str, top: Path) -> Callable[[str], str]:
    """Puts the values of variables into a line of a caller, where its reader knows them."""
    form = format_of(shown)
    if form is None or form.reader != "makefile":
        return str
    from gorewrite.callers.makefile import plainly

    start = posixpath.dirname(shown) or "."
    source = Source(shown, text.encode(), start, lambda path: text_of(top / path).encode() or None)
    return plainly(source)


def _commands_of(file: Path, top: Path, names: set[str], known: set[str]) -> Iterator[Service]:
    """What the commands of a script, a recipe, a CI file or a unit run in the image."""
    text = text_of(file)
    docker, kubectl = bool(names) and _RUN.search(text), _KUBECTL.search(text)
    if not docker and not kubectl:
        return
    from gorewrite.callers.runcommands import containers, copied_of, kubectl_of, run_of, words_of

    shown = file.relative_to(top).as_posix() if file.is_relative_to(top) else file.name
    put_in = _put_in(shown, text, top)
    names = {alike(name) for name in names}
    #: What the containers of the image are called in this file.
    called: set[str] = set()
    for line, command_line in _command_lines(text.split("\n")):
        evidence = Evidence(shown, line, command_line[:200])
        plainly = alike(put_in(command_line))
        if kubectl:
            yield from kubectl_of(plainly, names | known, known, file.parent, evidence)
        for command in _commands(plainly) if docker else ():
            found = _RUN.search(command)
            if found is None:
                continue
            if found["verb"] == "cp":
                given = names, called
                yield from copied_of(found["arguments"], *given, file.parent, evidence)
                continue
            try:
                words = words_of(found["arguments"])
            except ValueError:
                continue
            if words and words[-1].endswith(")") and "(" not in words[-1]:
                words[-1] = words[-1][:-1]  # Of `$(docker run …)`.
            if found["verb"] in ("run", "create"):
                called |= containers(command[: found.start()], words, names)
                yield from run_of(words, names, False, file.parent, evidence)
            else:
                yield from run_of(words, names | called, True, file.parent, evidence)

"""Who runs an image by its name: `docker run`, `docker exec` and `kubectl` lines, manifests.

A bounded reading; what is found is there, what is not found proves nothing. Each is told as a
compose service without a build, since it means the same: another command for the image, or a
command that is run beside it.
Sources: `docker run`, `docker compose run` and `exec`; Helm documentation, "Charts".
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gorewrite import files
from gorewrite.callers.formats import COMPOSE_NAME, DOCKERFILE, MANIFESTS, PLATFORM, format_of
from gorewrite.callers.index import Index, Naming
from gorewrite.callers.model import Source, bare_image
from gorewrite.callers.reading import LARGEST_FILE
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
#: The top directories that hold manifests of images built elsewhere in the repository.
_PLACES: Final = re.compile(
    r"k8s|\.?kube|\.?deploy|manifest|\.?helm|charts?\b|kustom|infra|ops\b|config|argo|gitops|install"
)
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
_CONTAINER: Final = re.compile(r"-[ \t]+name:[ \t]*([\w.-]+)")
_SERVICES: Final = re.compile(r"(?m)^services:[ \t]*$")
_EXPRESSION: Final = re.compile(r"\$\{\{.*?\}\}")
#: Before the names of images that Dockerfiles begin with or copy from.
_FROM: Final = "FROM "
_DEVCONTAINER: Final = "devcontainer.json"
_MOST_MANIFESTS: Final = 10_000
_IMAGE: Final = re.compile(
    r"(?i)[\"']?\b(?:image|repository|container)[\"']?[ \t]*[:=][ \t]*[\"']?"
    r"((?:\$\{[^}]*\}|[\w.$()/:@{-])+)"
)


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
    found += _from_builders(index, dockerfile)
    found += _from_dockerfiles(index, dockerfile, images)
    return (*found, *_from_manifests(index, index.inside(here) or "", images, known))


def _written(index: Index, file: str, dockerfile: Path) -> set[str]:
    """What a file that builds the image calls it, with the variables of its own that stand there
    (`{{.IMAGE}}`, `${{ env.IMAGE }}`): all over the file they stand for the same."""
    spans = [call.span for call in index.building(dockerfile) if call.file == file]
    data = _read(index.repository / file).encode() if spans else b""
    text = "\n".join(data[start:end].decode("utf-8", "replace") for start, end in spans)
    found = _TAGGED.findall(text)
    if ".outputs." in text:  # Of docker/metadata-action, which is given the names.
        found += _METADATA.findall(data.decode("utf-8", "replace"))
    return {bare_image(_closed(name)) for name in found}


def _closed(text: str) -> str:
    """With the blanks in `{{ … }}` left out, which are none between words."""
    return re.sub(r"\{\{.*?\}\}", lambda found: re.sub(r"\s", "", found[0]), text)


def _from_builders(index: Index, dockerfile: Path) -> Iterator[Service]:
    """What CI files run in an image that they have built under a name with variables: in the same
    file these stand for the same."""
    built = {
        (call.file, _variables(tag))
        for call in index.building(dockerfile)
        for tag in call.tags
        if "$" in tag and call.file.endswith(MANIFESTS)
    }
    for file, name in sorted(built):
        yield from (run for image, run in _runs_in(index, file) if _variables(image) == name)


def _from_dockerfiles(index: Index, dockerfile: Path, images: set[str]) -> Iterator[Service]:
    """What other Dockerfiles do with the image. One that begins with an image of its own name, as
    that of a better `golang`, is no user of itself, and neither are others of its base."""
    for of in sorted(images):
        named = index.manifests.get(_FROM + of.rpartition("/")[2], ())
        paths = dict.fromkeys(path for image, path in named if image == of)
        if index.inside(dockerfile) in paths:
            continue
        for path in paths:
            yield from (run for image, run in _runs_in(index, path) if image == of)


def _from_platforms(dockerfile: Path, here: Path, index: Index) -> Iterator[Service]:
    """What platforms run that build the Dockerfile themselves, by files beside it and at the top
    of the repository."""
    top = index.repository
    beside = _platform_files(here) if here != top else ()
    others = ((top / path, _read(top / path)) for path in index.platform_files(dockerfile))
    for file, text in (*beside, *_platform_files_at_top(index), *others):
        from gorewrite.callers import platforms

        yield from platforms.runs(file, text, dockerfile, top)


def _platform_files(directory: Path) -> tuple[tuple[Path, str], ...]:
    """(path, text) of the files of platforms in a directory."""
    found = [directory / name for name in files.among(directory, _PLATFORMS)]
    if files.kind_of(f"{directory}/.devcontainer") == "dir":
        found.append(directory / ".devcontainer" / _DEVCONTAINER)
    return tuple((file, text) for file in found if (text := _read(file)))


@remembered
def _platform_files_at_top(index: Index) -> tuple[tuple[Path, str], ...]:
    return _platform_files(index.repository)


def _from_manifests(
    index: Index, here: str, images: set[str], known: set[str]
) -> Iterator[Service]:
    """What manifests run in an image of one of these names.

    images: as callers name it, which counts anywhere; known: the last parts of what it may be
    called, which count in manifests below its own directory `here` and in the usual places.
    """
    manifests = index.manifests
    if files.recorded():
        begun = (_FROM + image.rpartition("/")[2] for image in images)
        for name in (*known, *begun, *([] if here else [""])):
            told = manifests_told(index, name)
            files.answered(f"manifests {index.repository}", name, told, index.manifests_stamp)
    if not here:
        usual = {
            image
            for name, every in manifests.items()
            for image, path in every
            if "/" in image and _near(path, None) and not name.startswith(_FROM)
        }
        if len(usual) == 1:
            known = known | {image.rpartition("/")[2] for image in usual}  # The one there is.
    for name in sorted(known):
        paths = dict.fromkeys(
            path for image, path in manifests.get(name, ()) if image in images or _near(path, here)
        )
        for path in paths:
            for image, run in _runs_in(index, path):
                if image.rpartition("/")[2] == name:
                    yield run


def _near(path: str, here: str | None) -> bool:
    """Whether a manifest stands below a directory, or in one of the usual places at the top."""
    if path.startswith("."):
        return False
    first, slash, _ = path.partition("/")
    if not slash or (_PLACES.match(first) and path.count("/") < 7):
        return True
    return here is not None and (not here or path.startswith(here + "/"))


def manifests_told(index: Index, name: str) -> object:
    """What a Dockerfile is told of the manifests with images of a name, "" for all there are."""
    if name:
        return tuple(index.manifests.get(name, ()))
    return sorted(each for each in index.manifests.items() if not each[0].startswith(_FROM))


def read_manifests(index: Index) -> Naming:
    """See Index.manifests."""
    found: dict[str, list[tuple[str, str]]] = {}
    paths = (
        f"{directory}/{name}" if directory else name
        for directory in sorted(index.names, key=lambda place: (place.count("/"), place))
        for name in index.names[directory]
        if not COMPOSE_NAME.fullmatch(name) and not PLATFORM.fullmatch(name)
    )
    for path in islice(paths, _MOST_MANIFESTS):
        before = _FROM if DOCKERFILE.fullmatch(path.rpartition("/")[2]) else ""
        for image in _images_in(index, path):
            found.setdefault(before + image.rpartition("/")[2], []).append((image, path))
    return {name: tuple(each) for name, each in found.items()}


def _images_in(index: Index, path: str) -> Iterable[str]:
    """The images that a manifest names; for a template of Helm, those of its chart's values."""
    text = _read(index.repository / path)
    if DOCKERFILE.fullmatch(path.rpartition("/")[2]):
        from gorewrite.callers import bases

        return bases.images(text)
    found = {bare_image(name) for name in _IMAGE.findall(text)}
    if not found and "containers:" in text:  # A patch of Kustomize.
        found.update(_CONTAINER.findall(text))
    values = _values_of(index, path) if "{{" in text else None
    if values is not None:
        found.update(_images_in(index, values))
    return sorted(image for image in found if "{" not in image or "${" in image)


def _values_of(index: Index, path: str) -> str | None:
    """The values.yaml of the chart that a template belongs to."""
    chart, templates, _ = path.rpartition("/templates/")
    there = templates and "values.yaml" in index.names.get(chart, ())
    return f"{chart}/values.yaml" if there else None


@remembered
def _runs_in(index: Index, path: str) -> tuple[tuple[str, Service], ...]:
    """(image without its tag, what a container of it runs) of a manifest."""
    from gorewrite.callers import helm, manifests, yamlnodes

    file = index.repository / path
    text = _read(file)
    if DOCKERFILE.fullmatch(path.rpartition("/")[2]):
        from gorewrite.callers import bases

        return tuple(bases.runs(path, text, file.parent))
    if "/templates/" in path and "{{" in text:
        values = _values_of(index, path)
        documents = yamlnodes.read(_read(index.repository / values)) if values else ()
        first = documents[0] if documents else None
        text = helm.rendered(text, first if isinstance(first, yamlnodes.Mapping) else None)
    found = tuple(manifests.runs(path, text, file.parent))
    if not found and _SERVICES.search(text):  # A stack, or a compose file by another name.
        from gorewrite.callers.compose import read_compose

        services = read_compose(file, index.repository).values()
        found = tuple((bare_image(each.image), each) for each in services if each.image)
    return found


def _variables(text: str) -> str:
    """With the variables of a shell, of make and of GitHub's expressions written in one way, as
    one word each."""
    text = _EXPRESSION.sub(lambda found: re.sub(r"[^${}\w.-]+", "", found[0]), text)
    text = re.sub(r"\$\((\w+)\)", r"${\1}", _closed(text).replace("$$", "$"))
    return re.sub(r"\$(\w+)", r"${\1}", text)


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
    text = _read(file)
    found = re.search(r"(?m)^module\s+\"?([^\s\"]+)", text)
    return re.sub(r"/v\d+$", "", found[1]).rpartition("/")[2] if found else ""


def _read(file: Path | str) -> str:
    if files.kind_of(file) != "file":
        return ""  # A pipe would be waited for.
    try:
        data = files.read(file, LARGEST_FILE)
    except OSError:
        return ""
    return data.decode("utf-8", "replace") if len(data) <= LARGEST_FILE else ""


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
    text = _read(index.repository / file)
    return _RUN.search(text) is not None, _KUBECTL.search(text) is not None


def _put_in(shown: str, text: str, top: Path) -> Callable[[str], str]:
    """Puts the values of variables into a line of a caller, where its reader knows them."""
    form = format_of(shown)
    if form is None or form.reader != "makefile":
        return str
    from gorewrite.callers.makefile import plainly

    start = posixpath.dirname(shown) or "."
    source = Source(shown, text.encode(), start, lambda path: _read(top / path).encode() or None)
    return plainly(source)


def _commands_of(file: Path, top: Path, names: set[str], known: set[str]) -> Iterator[Service]:
    """What the commands of a script, a recipe, a CI file or a unit run in the image."""
    text = _read(file)
    docker, kubectl = bool(names) and _RUN.search(text), _KUBECTL.search(text)
    if not docker and not kubectl:
        return
    from gorewrite.callers.runcommands import containers, copied_of, kubectl_of, run_of, words_of

    shown = file.relative_to(top).as_posix() if file.is_relative_to(top) else file.name
    put_in = _put_in(shown, text, top)
    names = {_variables(name) for name in names}
    #: What the containers of the image are called in this file.
    called: set[str] = set()
    for line, command_line in _command_lines(text.split("\n")):
        evidence = Evidence(shown, line, command_line[:200])
        plainly = _variables(put_in(command_line))
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

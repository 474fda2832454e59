"""Which manifests, compose files and Dockerfiles name an image, and what they run in it.

Those that build it are asked by its name as they give it. Others are asked by what it may be
called: the name of its directory or module, in the places that may mean it.
Source: Helm documentation, "Charts".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gorewrite import files
from gorewrite.callers.formats import COMPOSE_NAME, DOCKERFILE, MANIFESTS, PLATFORM
from gorewrite.callers.index import Index, Naming
from gorewrite.callers.model import bare_image
from gorewrite.callers.reading import text_of
from gorewrite.memo import remembered

if TYPE_CHECKING:
    from gorewrite.callers.running import Service

#: The top directories that hold manifests of images built elsewhere in the repository.
_PLACES: Final = re.compile(
    r"k8s|\.?kube|\.?deploy|manifest|\.?helm|charts?\b|kustom|infra|ops\b|config|argo|gitops|install"
)
#: Where containers are told by their own names: patches, definitions of tasks.
_BY_NAME: Final = re.compile(r"containers\b|(?i:container_?definition|docker_container)")
_CI: Final = re.compile(r"\.(?:github/workflows|gitea|forgejo|gitlab|circleci|woodpecker|drone)\b")
_CONTAINER: Final = re.compile(
    r"(?i)(?<![\w.])[\"']?(?:container_)?name[\"']?[ \t]*[:=][ \t]*[\"']?([\w.-]+)"
)
_SERVICES: Final = re.compile(r"(?m)^services:[ \t]*$")
_OPEN: Final = re.compile(r"(?<!\$)\{")
_EXPRESSION: Final = re.compile(r"\$\{\{.*?\}\}")
#: Before the names of images that Dockerfiles begin with or copy from.
_FROM: Final = "FROM "
_MOST_MANIFESTS: Final = 10_000
_IMAGE: Final = re.compile(
    r"(?i)[\"']?\b(?:image|repository|container)[\"']?[ \t]*[:=][ \t]*[\"']?"
    r"((?:\$\{[^}]*\}|\{\{[^{}]*\}\}|[\w.$()/:@{-])+)"
)


def from_manifests(index: Index, here: str, images: set[str], known: set[str]) -> Iterator[Service]:
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
    if not here and not any(_near(path, here) for n in known for _, path in manifests.get(n, ())):
        known = known | _usual(manifests)
    for name in sorted(known):
        paths = dict.fromkeys(
            path
            for image, path in manifests.get(name, ())
            if image in images or _near(path, here) or _in_ci(path, image, here)
        )
        for path in paths:
            for image, run in _runs_in(index, path):
                if image.rpartition("/")[2] == name:
                    yield run


def _usual(manifests: Naming) -> set[str]:
    """The last part of the name of the one image that manifests in the usual places run."""
    found = {
        image
        for name, every in manifests.items()
        for image, path in every
        if "/" in image and _near(path, None) and not name.startswith(_FROM)
        # Compose files and Terraform name brokers and databases beside it.
        if path.endswith((".yml", ".yaml")) and not _is_compose(path)
    }
    return {image.rpartition("/")[2] for image in found} if len(found) == 1 else set()


def _near(path: str, here: str | None) -> bool:
    """Whether a manifest stands below a directory, or in one of the usual places at the top."""
    if path.startswith("."):
        return False
    first, slash, _ = path.partition("/")
    if not slash or (_PLACES.match(first) and path.count("/") < 7):
        return True
    return here is not None and (not here or path.startswith(here + "/"))


def _in_ci(path: str, image: str, here: str) -> bool:
    """Whether a CI file names an image with its registry or owner, in which jobs run: that of the
    repository, or of a directory with its name."""
    named = not here or here.rpartition("/")[2] == image.rpartition("/")[2]
    return named and "/" in image and _CI.match(path) is not None


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
        if not PLATFORM.fullmatch(name)
    )
    for path in islice(paths, _MOST_MANIFESTS):
        before = _FROM if DOCKERFILE.fullmatch(path.rpartition("/")[2]) else ""
        for image in _images_in(index, path):
            found.setdefault(before + image.rpartition("/")[2], []).append((image, path))
    return {name: tuple(each) for name, each in found.items()}


def _images_in(index: Index, path: str) -> Iterable[str]:
    """The images that a manifest names; for a template of Helm, those of its chart's values."""
    text = text_of(index.repository / path)
    if DOCKERFILE.fullmatch(path.rpartition("/")[2]):
        from gorewrite.callers import bases

        return bases.images(text)
    named = map(bare_image, _IMAGE.findall(text))
    found = {image for image in named if not _OPEN.search(image.rpartition("/")[2])}
    listed = not path.endswith((".yml", ".yaml"))
    chart = _chart(path)
    if (listed or chart or not found) and (".json" in path or _BY_NAME.search(text)):
        found.update((*_CONTAINER.findall(text), *filter(None, [chart])))
    values = _values_of(index, path) if "{{" in text or not found else None
    if values is not None:
        found.update(_images_in(index, values))
    return sorted(found)


def _values_of(index: Index, path: str) -> str | None:
    """The values.yaml of the chart that a template belongs to, or further values beside it."""
    chart, templates, _ = path.rpartition("/templates/")
    if not templates:
        chart, _, name = path.rpartition("/")
        if not re.match(r"values[.-]", name) or name == "values.yaml":
            return None
    there = "values.yaml" in index.names.get(chart, ())
    return f"{chart}/values.yaml".lstrip("/") if there else None


def _chart(path: str) -> str:
    """The directory of the chart that a template belongs to, which has its name."""
    return path.rpartition("/templates/")[0].rpartition("/")[2]


@remembered
def _runs_in(index: Index, path: str) -> tuple[tuple[str, Service], ...]:
    """(image without its tag, what a container of it runs) of a manifest."""
    from gorewrite.callers import helm, manifests, yamlnodes

    file = index.repository / path
    text = text_of(file)
    if DOCKERFILE.fullmatch(path.rpartition("/")[2]):
        from gorewrite.callers import bases

        return tuple(bases.runs(path, text, file.parent))
    values = _values_of(index, path)
    documents = yamlnodes.read(text_of(index.repository / values)) if values else ()
    first = next((top for top in documents if isinstance(top, yamlnodes.Mapping)), None)
    if "/templates/" in path and "{{" in text:
        text, first = helm.rendered(text, first, _chart(path)), None
    compose = _is_compose(path)
    found = () if compose else tuple(manifests.runs(path, text, file.parent, first))
    # A stack is a compose file by another name.
    if compose or (not found and _SERVICES.search(text)):
        from gorewrite.callers.compose import read_compose

        # What a compose file builds is told of the Dockerfile that it names.
        services = [
            service
            for service in read_compose(file, index.repository).values()
            if not (compose and service.build)
        ]
        found = tuple((bare_image(each.image), each) for each in services if each.image)
    return found


def _is_compose(path: str) -> bool:
    return COMPOSE_NAME.fullmatch(path.rpartition("/")[2]) is not None


def alike(text: str) -> str:
    """With the variables of a shell, of make and of GitHub's expressions written in one way, as
    one word each."""
    text = _EXPRESSION.sub(lambda found: re.sub(r"[^${}\w.-]+", "", found[0]), text)
    text = re.sub(r"\$\((\w+)\)", r"${\1}", closed(text).replace("$$", "$"))
    return re.sub(r"\$(\w+)", r"${\1}", text)


def from_builders(index: Index, dockerfile: Path) -> Iterator[Service]:
    """What CI files run in an image that they have built under a name with variables: in the same
    file these stand for the same."""
    built = {
        (call.file, alike(tag))
        for call in index.building(dockerfile)
        for tag in call.tags
        if "$" in tag and call.file.endswith(MANIFESTS)
    }
    for file, name in sorted(built):
        yield from (run for image, run in _runs_in(index, file) if alike(image) == name)


def from_dockerfiles(index: Index, dockerfile: Path, images: set[str]) -> Iterator[Service]:
    """What other Dockerfiles do with the image. One that begins with an image of its own name, as
    that of a better `golang`, is no user of itself, and neither are others of its base."""
    for of in sorted(images):
        named = index.manifests.get(_FROM + of.rpartition("/")[2], ())
        paths = dict.fromkeys(path for image, path in named if image == of)
        if index.inside(dockerfile) in paths:
            continue
        for path in paths:
            yield from (run for image, run in _runs_in(index, path) if image == of)


def closed(text: str) -> str:
    """With the blanks in `{{ … }}` left out, which are none between words."""
    return re.sub(r"\{\{.*?\}\}", lambda found: re.sub(r"\s", "", found[0]), text)

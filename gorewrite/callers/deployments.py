"""Files that deploy, and say what is built for that: DevSpace, werf, Okteto, Copilot, Render, Fly,
SAM, App Engine, Kamal, Heroku.

Sources: DevSpace docs, "images"; werf.io, werf.yaml, "dockerfile: PATH … relative to context"
(werf/werf issue 5305); Okteto manifest, "build"; AWS Copilot, manifest, `image.build`, whose
context is the directory of the Dockerfile; Render, blueprint, `dockerfilePath`; Fly, fly.toml,
`[build]`, whose context is the directory of the file; AWS SAM, `Metadata` of a function, which
docker-py builds (aws-sam-cli issue 3972); App Engine, `runtime: custom`, which Cloud Build builds
as `gcloud builds submit` does; Kamal, `builder`, which is buildx; Heroku, heroku.yml,
`build.docker` (its builder knows no mounts: ONSdigital/dis-wagtail pull request 12).
"""

from __future__ import annotations

import posixpath
import tomllib
from collections.abc import Iterator
from typing import Final, NamedTuple

from gorewrite.callers import ci, places
from gorewrite.callers.excerpt import Document
from gorewrite.callers.model import BuildCall, Builder, Source
from gorewrite.callers.yamlnodes import Mapping, Node, Scalar, read


class _Form(NamedTuple):
    """How a tool says what it builds. at: the keys down to the builds, `*` for each of several;
    context, dockerfile, target, args: their keys; inside: whether the Dockerfile is looked for in
    the context."""

    tool: str
    at: tuple[str, ...]
    context: str = "context"
    dockerfile: str = "dockerfile"
    target: str = "target"
    args: str = "args"
    inside: bool = False
    builder: Builder = Builder.DEFAULT


_SAM: Final = _Form(
    "SAM",
    ("Resources", "*", "Metadata"),
    "DockerContext",
    "Dockerfile",
    "DockerBuildTarget",
    "DockerBuildArgs",
    inside=True,
    builder=Builder.NEVER,
)
#: Whose context is the directory of the Dockerfile.
_BESIDE: Final = frozenset({"copilot", "Heroku"})
#: By the first word of the file's name.
_FORMS: Final = {
    "devspace": _Form("devspace", ("images", "*"), args="buildArgs"),
    "werf": _Form("werf", (), inside=True, builder=Builder.BUILDKIT),
    "okteto": _Form("okteto", ("build", "*"), inside=True, builder=Builder.BUILDKIT),
    "manifest": _Form("copilot", ("image", "build")),
    "deploy": _Form("kamal", ("builder",), builder=Builder.BUILDKIT),
    "heroku": _Form("Heroku", ("build", "docker", "*"), builder=Builder.NEVER),
    "template": _SAM,
    "sam": _SAM,
    "app": _Form("App Engine", (), builder=Builder.NEVER),
    "render": _Form(
        "render", ("services", "*"), "dockerContext", "dockerfilePath", builder=Builder.BUILDKIT
    ),
}


def calls(source: Source) -> Iterator[BuildCall]:
    """The builds that a file names."""
    document = Document(source.path, source.data)
    name = posixpath.basename(source.path)
    if name.endswith(".toml"):
        yield from _fly(source, document)
        return
    form = _FORMS[name.partition(".")[0].partition("-")[0]]
    for top in read(document.text):
        synced = set(_synced(top))
        for node in _down(top, form.at):
            call = _call(source, document, form, node)
            if call is not None:
                image = node.text("image") if isinstance(node, Mapping) else None
                yield call._replace(syncs=image in synced)


def _synced(top: Node) -> Iterator[str]:
    """The images into whose containers DevSpace copies files, unless it replaces them."""
    for node in _down(top, ("dev", "*")):
        if isinstance(node, Mapping) and node.get("sync") and not node.get("devImage"):
            yield node.text("imageSelector") or ""


def _down(node: Node | None, keys: tuple[str, ...]) -> Iterator[Node]:
    """The nodes at the end of some keys."""
    if not keys:
        yield from [node] if node is not None else []
    elif isinstance(node, Mapping) and keys[0] != "*":
        yield from _down(node.get(keys[0]), keys[1:])
    elif isinstance(node, Mapping):
        for _, _, value in node.items:
            yield from _down(value, keys[1:])
    elif keys[0] == "*":
        for value in getattr(node, "items", ()):
            yield from _down(value, keys[1:])


def _call(source: Source, document: Document, form: _Form, node: Node) -> BuildCall | None:
    if isinstance(node, Scalar) and form.tool in _BESIDE:
        return _built(source, document, form, node.line, ("", node.text), node.start, node.end)
    if not isinstance(node, Mapping):
        return None
    if form.tool == "App Engine":
        if node.text("runtime") != "custom":
            return None
        line = node.line_of("runtime")
        return _built(source, document, form, line, ("", ""), node.start, node.end)
    root, file = node.text(form.context), node.text(form.dockerfile)
    build = node.mapping("build")
    if root is None and file is None and form.tool != "devspace":
        return None
    if node.get("custom") is not None or build.get("custom") is not None:
        return None  # A command builds.
    line = node.line_of(form.dockerfile if file is not None else form.context)
    call = _built(source, document, form, line, (root or "", file or ""), node.start, node.end)
    args = (
        (n, v.text if isinstance(v, Scalar) else None) for n, _, v in node.mapping(form.args).items
    )
    if form.tool == "devspace":
        call = _by_devspace(call, node, document)
    return call._replace(target=node.text(form.target), args=tuple(args))


def _by_devspace(call: BuildCall, node: Mapping, document: Document) -> BuildCall:
    """With its builder: without more, the API of the engine, as with skaffold (DevSpace,
    pkg/devspace/build/builder/docker)."""
    build = node.mapping("build")  # Up to version 5.
    given = {key: owner for owner in (node, build) for key, _, _ in owner.items}
    docker = (given.get("docker") or node).mapping("docker")
    if "buildKit" in given or docker.text("useBuildKit") == "true":
        return call._replace(builder=Builder.BUILDKIT)
    if "kaniko" not in given and (docker.text("useCli") == "true" or docker.sequence("args")):
        return call
    line = given["kaniko"].line_of("kaniko") if "kaniko" in given else call.line
    return call._replace(builder=Builder.NEVER, builder_because=ci.at(document, line))


def _built(
    source: Source,
    document: Document,
    form: _Form,
    line: int,
    written: tuple[str, str],
    start: int,
    end: int,
) -> BuildCall:
    root, file = written
    beside = places.join(source.start, file or "Dockerfile")
    context = places.join(source.start, root or ".")
    if form.tool in _BESIDE and not root:
        context = posixpath.dirname(beside) or "." if beside is not None else None
    inside = places.join(context, file or "Dockerfile")
    return BuildCall(
        form.tool,
        source.path,
        line,
        document.text_of(line),
        document.trimmed(start, end),
        context,
        inside if form.inside else beside,
        written,
        builder=form.builder,
        builder_because=ci.at(document, line) if form.builder is Builder.NEVER else None,
    )


def _fly(source: Source, document: Document) -> Iterator[BuildCall]:
    try:
        build = tomllib.loads(document.text).get("build", {})
    except (ValueError, UnicodeError):
        return
    if not isinstance(build, dict) or "image" in build or "builder" in build:
        return
    file, args = build.get("dockerfile", ""), build.get("args", {})
    lines = document.text.split("\n")
    line = next((n for n, text in enumerate(lines, 1) if text.startswith("[build]")), 1)
    form = _Form("fly", (), builder=Builder.BUILDKIT)
    call = _built(source, document, form, line, ("", str(file)), 0, len(document.text))
    named = args.items() if isinstance(args, dict) else ()
    target = build.get("build-target")
    yield call._replace(
        target=target if isinstance(target, str) else None,
        args=tuple((name, str(value)) for name, value in named),
    )

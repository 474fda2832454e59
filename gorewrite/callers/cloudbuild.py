"""Google Cloud Build: the steps of a build configuration.

Source: Cloud Build docs, "Build configuration file schema" (steps, args, dir, env, script,
substitutions). The checkout is `/workspace`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gorewrite.callers import buildcommand, ci, places
from gorewrite.callers.buildcommand import Argument
from gorewrite.callers.excerpt import Document
from gorewrite.callers.model import BuildCall, Builder, Source
from gorewrite.callers.shellscript import Setting, commands
from gorewrite.callers.yamlnodes import Mapping, Scalar, read

_VARIABLE: Final = re.compile(r"\$\$|\$\{?(\w+)\}?")
_WORKSPACE: Final = re.compile(r"(^|[=:])(?:dir://)?/workspace(?=/|$)")


def calls(source: Source) -> Iterator[BuildCall]:
    """The builds of the steps of a configuration."""
    document = Document(source.path, source.data)
    documents = read(document.text)
    top = documents[0] if documents else None
    if not isinstance(top, Mapping):
        return
    substitutions = ci.variables(top.get("substitutions"))
    general = ci.variables(top.mapping("options").get("env"))
    for step in top.sequence("steps"):
        if isinstance(step, Mapping):
            yield from _step(document, source, top, step, substitutions, general)


def _step(
    document: Document,
    source: Source,
    top: Mapping,
    step: Mapping,
    substitutions: dict[str, str | None],
    general: dict[str, str | None],
) -> Iterator[BuildCall]:
    directory = places.join(source.start, _put_in(step.text("dir") or ".", substitutions))
    cwd = places.absolute(directory) if directory is not None else None
    env = {**general, **ci.variables(step.get("env"))}
    texts = [item for item in step.sequence("args") if isinstance(item, Scalar)]
    entry = (step.text("entrypoint") or "").rpartition("/")[2]
    shell = texts[1:] if entry in ("bash", "sh") and len(texts) > 1 else ()
    for scalar in (step.get("script"), *shell):
        if isinstance(scalar, Scalar):
            text = ci.substituted(
                ci.excerpt(document, scalar),
                _VARIABLE,
                lambda found: "$" if not found[1] else substitutions.get(found[1], found[0]),
            )
            yield from commands(text, Setting(cwd, {**env, **substitutions}), source)
    name = step.text("name") or ""
    program = _program(name, entry)
    if program is None or shell:
        return
    words = [Argument(program, program), *(_argument(scalar, substitutions) for scalar in texts)]
    build = buildcommand.read(words, cwd, env)
    if build is None:
        return
    builder, because = build.builder, step.line_of("name")
    if builder is Builder.DEFAULT:
        builder = _of_image(name)
    elif "BUILDKIT" in build.because:
        setting = step.get("env") or top.mapping("options").get("env")
        because = setting.line if setting is not None else because
    yield build.call(
        ci.at(document, step.line_of("args")),
        document.trimmed(step.start, step.end),
        builder,
        None if builder is Builder.DEFAULT else ci.at(document, because),
    )


def _of_image(name: str) -> Builder:
    """The builder of the Docker command in an image; Google's own has 20.10 unless tagged."""
    own = re.fullmatch(r"gcr\.io/cloud-builders/docker(?::(\d+)[^@]*)?(?:@.*)?", name)
    if own is not None:
        return ci.of_version(int(own[1] or 20))
    return ci.docker_image(name) or Builder.DEFAULT


def _program(image: str, entrypoint: str) -> str | None:
    """The command that an image of a step runs, of those that build."""
    if "kaniko-project/executor" in image:
        return "/kaniko/executor"
    name = re.sub(r"[:@].*", "", image.rpartition("/")[2])
    names = (entrypoint, name) if entrypoint else (name,)
    return next((each for each in names if each in ("docker", "podman", "buildah", "gcloud")), None)


def _argument(scalar: Scalar, substitutions: dict[str, str | None]) -> Argument:
    value = _WORKSPACE.sub(rf"\1{places.ROOT}", _put_in(scalar.text, substitutions))
    return Argument(scalar.text, None if "$" in value else value)


def _put_in(text: str, substitutions: dict[str, str | None]) -> str:
    """With the defaults of substitutions put in; others stay as they are written."""

    def value(found: re.Match[str]) -> str:
        known = substitutions.get(found[1] or "")
        return found[0] if known is None else known

    return _VARIABLE.sub(value, text)

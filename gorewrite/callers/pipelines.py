"""CI files whose steps are plain lists of commands: Bitbucket, Travis, Drone, Buildkite and others.

Each mapping with such a list is a shell that starts in the checkout. Sources: Bitbucket Pipelines
YAML reference; Travis CI job lifecycle; Drone and Woodpecker plugins docker and kaniko
(`settings`); Buildkite command steps; Semaphore jobs; AWS CodeBuild buildspec reference (phases).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gorewrite.callers import ci, places
from gorewrite.callers.excerpt import Document
from gorewrite.callers.model import BuildCall, Builder, Source, bare_image
from gorewrite.callers.shellscript import Setting, commands
from gorewrite.callers.yamlnodes import Mapping, mappings, read

_SCRIPTS: Final = (
    "before_install install before_script script command commands after_success before_deploy "
    "build_script build deploy"
).split()
#: Part of a plugin's image -> (tool, builder).
_PLUGINS: Final = {
    "kaniko": ("kaniko", Builder.NEVER),
    "buildx": ("plugin docker", Builder.BUILDKIT),
}
_ENVIRONMENTS: Final = ("env", "environment", "variables", "env_vars")


def calls(source: Source) -> Iterator[BuildCall]:
    """The builds of all lists of commands in a file."""
    document = Document(source.path, source.data)
    for top in read(document.text):
        general: dict[str, str | None] = {}
        for key in _ENVIRONMENTS:
            general |= ci.variables(top.get(key)) if isinstance(top, Mapping) else {}
        for node in mappings(top):
            scripts = [node.get(key) for key in _SCRIPTS]
            text = ci.script(document, scripts)
            if text is not None:
                known = dict(general)
                for key in _ENVIRONMENTS:
                    known |= ci.variables(node.get(key))
                yield from commands(text, Setting(places.ROOT, known), source)
            builds = re.search("docker|kaniko", node.text("image") or "")
            if builds is not None and node.get("settings") is not None:
                yield _plugin(document, node, node.mapping("settings"))


def _plugin(document: Document, step: Mapping, settings: Mapping) -> BuildCall:
    """A step of Drone or Woodpecker that builds by its settings."""
    written = (settings.text("context") or "", settings.text("dockerfile") or "")
    context = places.join(".", written[0] or ".")
    line = settings.line_of("dockerfile" if written[1] else "context")
    image = step.text("image") or ""
    known = (tool for tool in _PLUGINS if tool in image)
    tool, builder = _PLUGINS.get(next(known, ""), ("plugin docker", Builder.DEFAULT))
    because = ci.at(document, step.line_of("image")) if builder is not Builder.DEFAULT else None
    return BuildCall(
        tool,
        document.path,
        line,
        document.text_of(line)[:200],
        document.trimmed(step.start, step.end),
        context,
        places.join(".", written[1] or "Dockerfile"),
        written,
        settings.text("target"),
        tags=(bare_image(repository),) if (repository := settings.text("repo")) else (),
        platforms=_platforms(settings),
        builder=builder,
        builder_because=because,
    )


def _platforms(settings: Mapping) -> tuple[str, ...]:
    """A list, or one text with commas."""
    found = ci.scalars(settings.get("platforms"))
    return tuple(name for scalar in found for name in scalar.text.split(",") if name)
